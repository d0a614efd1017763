// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Whose an executed instruction is.

use crate::Problem;
use crate::image::{Frame, Image};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Whose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// Our driver of the controller, and what the board gives it.
    Chip,
    /// The capsule, the driver of system calls included.
    Capsule,
    /// Bytes between the device's buffer and the app's.
    Copy,
    /// Upstream's kernel.
    Kernel,
    /// Upstream's for the core: exceptions, switches, the MPU.
    Arch,
    /// Upstream's drivers of the chip.
    ChipUpstream,
    /// Upstream's capsules: the alarm's virtualizer.
    CapsuleUpstream,
    /// The board.
    Board,
    /// The app.
    App,
}

impl Share {
    /// All of them.
    pub const ALL: [Share; 9] = [
        Share::Chip,
        Share::Capsule,
        Share::Copy,
        Share::Kernel,
        Share::Arch,
        Share::ChipUpstream,
        Share::CapsuleUpstream,
        Share::Board,
        Share::App,
    ];

    /// For tables.
    pub fn title(self) -> &'static str {
        match self {
            Share::Chip => "chip driver",
            Share::Capsule => "capsule",
            Share::Copy => "copy",
            Share::Kernel => "kernel",
            Share::Arch => "arch",
            Share::ChipUpstream => "upstream's chip",
            Share::CapsuleUpstream => "upstream's capsules",
            Share::Board => "board",
            Share::App => "app",
        }
    }
}

/// Where apps begin.
const APPS: u32 = 0x4_0000;

/// Small things that are inlined into whoever uses them, and are that one's choice.
const TOOLS: [&str; 6] = [
    "/library/",
    "/compiler-builtins/",
    "/tock/kernel/src/utilities/",
    "/tock/kernel/src/collections/",
    "/tock-cells/",
    "/tock-register",
];

fn is_tool(file: &str) -> bool {
    file.is_empty() || TOOLS.iter().any(|tool| file.contains(tool))
}

/// What moves bytes between a process's memory and a slice.
fn copies(frame: &Frame) -> bool {
    let is_copy = |name: &str| frame.function.contains(name);
    (frame.file.ends_with("kernel/src/processbuffer.rs")
        && (is_copy("copy_from_slice") || is_copy("copy_to_slice")))
        || frame.file.ends_with("capsules/spi-nor/src/copying.rs")
}

fn of_file(file: &str) -> Share {
    let is_in = |place: &str| file.contains(place);
    if is_in("/tock/kernel/") {
        Share::Kernel
    } else if is_in("/tock/arch/") {
        Share::Arch
    } else if is_in("/tock/chips/") {
        Share::ChipUpstream
    } else if is_in("/tock/capsules/") {
        Share::CapsuleUpstream
    } else if is_in("/tock/") {
        Share::Board
    } else if is_in("/capsules/spi-nor/") || is_in("/hil/src/") {
        Share::Capsule
    } else if is_in("/chips/nrf52840-qspi/") || is_in("/boards/nrf52840_components/") {
        Share::Chip
    } else {
        Share::Board
    }
}

/// Whose an instruction with this source is, from the innermost level outwards, and where in it.
/// `None` if only its caller can say.
fn of_frames(frames: &[Frame]) -> Option<(Share, String)> {
    let frame = frames.iter().find(|frame| !is_tool(&frame.file))?;
    let share = if frames.iter().any(copies) {
        Share::Copy
    } else {
        of_file(&frame.file)
    };
    Some((share, place(frame)))
}

/// The function, and its file from the crate on.
fn place(frame: &Frame) -> String {
    let file = frame.file.rsplit("/tock-qspi/").next().unwrap_or("");
    let name = frame.function.split('<').next_back().unwrap_or("");
    let name = if name.contains("::") {
        name
    } else {
        &frame.function
    };
    let last: Vec<&str> = name.rsplit("::").take(3).collect();
    let name: Vec<&str> = last.into_iter().rev().collect();
    format!("{} ({file})", name.join("::"))
}

/// Counts of instructions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By whose they are.
    pub by_share: BTreeMap<Share, u64>,
    /// By function.
    pub by_place: BTreeMap<(Share, String), u64>,
}

/// Knows whose each address is.
pub struct Shares<'i> {
    image: &'i Image,
    known: HashMap<u32, Option<(Share, String)>>,
}

impl<'i> Shares<'i> {
    /// Of this image's code.
    pub fn new(image: &'i Image) -> Shares<'i> {
        Shares {
            image,
            known: HashMap::new(),
        }
    }

    /// The function at an address.
    pub fn function(&self, address: u32) -> &str {
        if address >= APPS {
            return "an app";
        }
        let found = self.image.function_at(u64::from(address));
        found.map_or("no function", |function| &function.name)
    }

    fn of(&mut self, address: u32) -> Result<Option<(Share, String)>, Problem> {
        if address >= APPS {
            return Ok(Some((Share::App, "app".to_owned())));
        }
        if let Some(known) = self.known.get(&address) {
            return Ok(known.clone());
        }
        // What the linker's optimizer found in several functions says of one of them that it is its.
        let is_shared = self
            .image
            .function_at(u64::from(address))
            .is_some_and(|function| function.name.starts_with("OUTLINED_FUNCTION"));
        let found = if is_shared {
            None
        } else {
            of_frames(&self.image.frames(u64::from(address))?)
        };
        self.known.insert(address, found.clone());
        Ok(found)
    }

    /// Counts what was executed, in its order. What belongs to nobody, as the library's functions
    /// for moving memory, belongs to whoever executed before it.
    pub fn count(&mut self, trace: &[u32]) -> Result<Counts, Problem> {
        let mut counts = Counts::default();
        let mut last = (Share::App, "app".to_owned());
        for &address in trace {
            let at = match self.of(address)? {
                Some(found) => {
                    last = found;
                    last.clone()
                }
                None => {
                    let called = self.image.function_at(u64::from(address));
                    let called = called.map_or("", |function| &function.name);
                    let called = called.split("FUNCTION").next().unwrap_or("");
                    (last.0, format!("{called} < {}", last.1))
                }
            };
            *counts.by_share.entry(at.0).or_default() += 1;
            *counts.by_place.entry(at).or_default() += 1;
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(file: &str, function: &str) -> Frame {
        Frame {
            file: file.to_owned(),
            line: 1,
            function: function.to_owned(),
        }
    }

    fn share(frames: &[Frame]) -> Option<Share> {
        of_frames(frames).map(|(share, _)| share)
    }

    #[test]
    fn cells_are_whose_they_are_in() {
        let cell = frame("/rust/library/core/src/cell.rs", "get");
        let map_cell = frame("/tock-qspi/tock/kernel/src/utilities/cells.rs", "take");
        let device = frame("/tock-qspi/capsules/spi-nor/src/device/mod.rs", "go");
        let chip = frame("/tock-qspi/chips/nrf52840-qspi/src/qspi.rs", "begin");
        assert_eq!(
            share(&[cell, map_cell, device.clone()]),
            Some(Share::Capsule)
        );
        assert_eq!(share(&[chip, device]), Some(Share::Chip));
        assert_eq!(share(&[]), None);
    }

    #[test]
    fn grants_are_the_kernels_wherever_they_are_inlined() {
        let grant = frame("/tock-qspi/tock/kernel/src/grant.rs", "enter");
        let driver = frame("/tock-qspi/capsules/spi-nor/src/driver.rs", "command");
        assert_eq!(share(&[grant, driver]), Some(Share::Kernel));
        let switch = frame("/tock-qspi/tock/arch/cortex-m/src/syscall.rs", "switch");
        assert_eq!(share(&[switch]), Some(Share::Arch));
        let alarm = frame(
            "/tock-qspi/tock/capsules/core/src/virtualizers/virtual_alarm.rs",
            "fired",
        );
        assert_eq!(share(&[alarm]), Some(Share::CapsuleUpstream));
    }

    #[test]
    fn copies_are_apart() {
        let buffers = "/tock-qspi/tock/kernel/src/processbuffer.rs";
        let driver = frame("/tock-qspi/capsules/spi-nor/src/driver.rs", "hand_over");
        let copy = frame(buffers, "copy_from_slice_or_err");
        let enter = frame(buffers, "mut_enter");
        assert_eq!(share(&[copy, driver.clone()]), Some(Share::Copy));
        assert_eq!(share(&[enter, driver]), Some(Share::Kernel));
    }
}
