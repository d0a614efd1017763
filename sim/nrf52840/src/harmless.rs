// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Registers without a model that are read or written all the same, because nothing depends on it.

/// Such a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Harmless {
    /// Its address.
    pub address: u32,
    /// What it is called.
    pub name: &'static str,
    /// What it reads as; `None` if it is only written.
    pub reads: Option<u32>,
    /// Why nothing depends on it.
    pub why: &'static str,
}

const fn written(address: u32, name: &'static str, why: &'static str) -> Harmless {
    Harmless {
        address,
        name,
        reads: None,
        why,
    }
}

/// All of them. Any other register without a model is a bus fault and named.
pub const HARMLESS: &[Harmless] = &[
    written(
        0x4000_053C,
        "CLOCK, hidden",
        "anomaly 31: calibration of the slow RC oscillator, whose times here are typical ones",
    ),
    written(
        0x4000_05A0,
        "CLOCK, hidden",
        "anomaly 37: speed of the radio's encryption, which is not here",
    ),
    written(
        0x4000_0EE4,
        "POWER, hidden",
        "anomaly 108: RAM after sleep, which here keeps its contents",
    ),
    written(
        0x4000_5610,
        "NFCT, hidden",
        "anomaly 57: amplitude of the NFC antenna, which is not here",
    ),
    written(0x4000_5614, "NFCT, hidden", "anomaly 57"),
    written(0x4000_5618, "NFCT, hidden", "anomaly 57"),
    written(0x4000_5688, "NFCT, hidden", "anomaly 57"),
    written(
        0x4001_3540,
        "COMP, hidden",
        "anomaly 12: reference of the comparator, which is not here",
    ),
    written(
        0x4007_C074,
        "hidden",
        "anomaly 16: RAM after sleep, which here keeps its contents",
    ),
];

/// The one at this address.
pub(crate) fn find(address: u32) -> Option<&'static Harmless> {
    HARMLESS.iter().find(|register| register.address == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once_and_has_a_reason() {
        for (n, register) in HARMLESS.iter().enumerate() {
            assert!(register.address.is_multiple_of(4) && !register.why.is_empty());
            assert!(!register.name.is_empty());
            let later = &HARMLESS[n + 1..];
            assert!(later.iter().all(|other| other.address > register.address));
        }
        assert_eq!(find(0x4000_0000), None);
    }

    #[test]
    fn the_documentation_has_the_same_table() {
        let text = include_str!("../../../doc/firmware.md");
        for register in HARMLESS {
            let row = format!(
                "| `{:#010x}` | {} | {} |",
                register.address, register.name, register.why
            );
            assert!(text.contains(&row), "doc/firmware.md lacks {row}");
        }
        let rows = text
            .lines()
            .filter(|line| line.starts_with("| `0x"))
            .count();
        assert_eq!(rows, HARMLESS.len(), "doc/firmware.md has more");
    }
}
