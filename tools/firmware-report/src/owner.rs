// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Whose code it is.

/// Folders of this project that end up in a kernel, as they are in debug information.
const FOLDERS: [&str; 6] = [
    "/capsules/spi-nor/",
    "/chips/aspeed-fmc/",
    "/chips/nrf52840-qspi/",
    "/hil/src/",
    "/boards/components/",
    "/boards/nrf52840_components/",
];

/// Files of ours that hand everything on to what they wrap, which is inlined into them.
const WRAPPERS: [&str; 2] = [
    "/capsules/spi-nor/src/sweeping_scheduler.rs",
    "/boards/nrf52840_components/src/interrupts.rs",
];

/// Whether a source file is ours. Upstream's, which lie in tock/, have folders of such names too.
pub fn is_our_file(file: &str) -> bool {
    !file.contains("/tock/") && FOLDERS.iter().any(|folder| file.contains(folder))
}

/// Whether it is the Rust library's.
fn is_library(file: &str) -> bool {
    file.is_empty() || file.contains("/library/core/") || file.contains("/compiler-builtins/")
}

/// Whose an instruction is, by the files that its source is in, from the innermost outwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'f> {
    /// We wrote it, or called the library for it.
    Ours {
        /// Our file.
        file: &'f str,
        /// Which of the levels that is.
        level: usize,
    },
    /// Upstream wrote it, and it was inlined into ours.
    ThroughUs {
        /// Our file.
        file: &'f str,
        /// Which of the levels that is.
        level: usize,
        /// Upstream's file.
        upstream: &'f str,
    },
    /// It would be there without us, or is made for a type of ours by somebody else.
    Theirs,
}

impl<'f> Owner<'f> {
    /// Of an instruction with this source.
    pub fn of(files: &[&'f str]) -> Owner<'f> {
        let ours = files.iter().position(|file| is_our_file(file));
        let inner = files.iter().find(|file| !is_library(file));
        match (ours.map(|level| (level, files[level])), inner) {
            (Some((level, file)), Some(inner)) if *inner == file => Owner::Ours { file, level },
            (Some((_, file)), _) if WRAPPERS.iter().any(|wrapper| file.ends_with(wrapper)) => {
                Owner::Theirs
            }
            (Some((level, file)), Some(upstream)) => Owner::ThroughUs {
                file,
                level,
                upstream,
            },
            (Some((level, file)), None) => Owner::Ours { file, level },
            (None, _) => Owner::Theirs,
        }
    }
}

/// Crates of this project that end up in a kernel.
const CRATES: [&str; 6] = [
    "spi_nor",
    "aspeed_fmc",
    "nrf52840_qspi",
    "qspi_hil",
    "spi_nor_components",
    "nrf52840_qspi_components",
];

/// Whether a type or a function is ours, by its name: one of our crates comes first in it, but for
/// what it is wrapped in to be a static.
pub fn is_our_name(name: &str) -> bool {
    let name = name.trim_start_matches(|c: char| !c.is_alphanumeric());
    let name = name
        .strip_prefix("core::mem::maybe_uninit::MaybeUninit<")
        .unwrap_or(name);
    CRATES.iter().any(|krate| {
        name.strip_prefix(krate)
            .is_some_and(|rest| rest.starts_with("::"))
    })
}

#[cfg(test)]
mod tests {
    use super::{Owner, is_our_name};

    const DEVICE: &str = "/tock-qspi/capsules/spi-nor/src/device/mod.rs";
    const SWEEPER: &str = "/tock-qspi/capsules/spi-nor/src/sweeping_scheduler.rs";
    const GRANT: &str = "/tock-qspi/tock/kernel/src/grant.rs";
    const CORE: &str = "/rust/lib/rustlib/src/rust/library/core/src/option.rs";

    #[test]
    fn what_we_wrote_is_ours() {
        let device = |level| Owner::Ours {
            file: DEVICE,
            level,
        };
        assert_eq!(Owner::of(&[DEVICE]), device(0));
        assert_eq!(Owner::of(&[CORE, CORE, DEVICE, GRANT]), device(2));
    }

    #[test]
    fn upstream_inlined_into_ours_comes_through_us() {
        let through = Owner::ThroughUs {
            file: DEVICE,
            level: 2,
            upstream: GRANT,
        };
        assert_eq!(Owner::of(&[CORE, GRANT, DEVICE]), through);
    }

    #[test]
    fn the_rest_is_theirs() {
        assert_eq!(Owner::of(&[]), Owner::Theirs);
        assert_eq!(Owner::of(&[CORE, GRANT]), Owner::Theirs);
        assert_eq!(Owner::of(&[GRANT, SWEEPER, GRANT]), Owner::Theirs);
        let similar = "/tock-qspi/tock/boards/components/src/led.rs";
        assert_eq!(Owner::of(&[similar]), Owner::Theirs);
    }

    #[test]
    fn what_a_wrapper_does_itself_is_ours() {
        let owner = Owner::of(&[SWEEPER, GRANT]);
        assert_eq!(
            owner,
            Owner::Ours {
                file: SWEEPER,
                level: 0
            }
        );
    }

    #[test]
    fn names() {
        assert!(is_our_name("<spi_nor::device::Device<A, B>>::perform"));
        assert!(is_our_name(
            "(core::mem::maybe_uninit::MaybeUninit<spi_nor::driver::Driver>, bool)"
        ));
        assert!(!is_our_name("<Grant<spi_nor::driver::App>>::enter"));
        assert!(!is_our_name("spi_normal::enter"));
    }
}
