// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which app is meant by a name.
//!
//! A board with upstream's `AppIdAssignerNames` gives each app a [`ShortId`] made of its name.
//! Tables that name apps are made at compile time, so the same is computed here, once more.

use core::num::NonZeroU32;
use kernel::process::ShortId;

/// The ShortId of the app called `name`: the name's CRC as of POSIX's cksum, without the length.
pub const fn of_name(name: &str) -> ShortId {
    let mut bytes = name.as_bytes();
    let mut crc: u32 = 0;
    while let [first, rest @ ..] = bytes {
        crc ^= (*first as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc & 0x8000_0000 != 0;
            crc <<= 1;
            if carry {
                crc ^= 0x04C1_1DB7;
            }
            bit += 1;
        }
        bytes = rest;
    }
    match NonZeroU32::new(!crc) {
        Some(id) => ShortId::Fixed(id),
        None => ShortId::LocallyUnique,
    }
}

#[cfg(test)]
mod tests {
    use super::of_name;
    use core::num::NonZeroU32;
    use kernel::process::ShortId;
    use kernel::utilities::helpers::crc32_posix;

    #[test]
    fn as_upstream_assigns_it() {
        for name in [
            "",
            "basic",
            "die-restart-program",
            "\u{7f}\u{e9}",
            "a b c d e f g",
        ] {
            let assigned: ShortId = NonZeroU32::new(crc32_posix(name.as_bytes())).into();
            assert!(of_name(name) == assigned, "{name}");
        }
    }

    #[test]
    fn names_differ() {
        assert!(of_name("basic") != of_name("basic "));
    }
}
