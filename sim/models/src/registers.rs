// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The register block: offsets, reset values and write masks (SVD; PS, QSPI chapter).

/// TASKS_ACTIVATE.
pub const TASKS_ACTIVATE: u32 = 0x000;
/// TASKS_READSTART.
pub const TASKS_READSTART: u32 = 0x004;
/// TASKS_WRITESTART.
pub const TASKS_WRITESTART: u32 = 0x008;
/// TASKS_ERASESTART.
pub const TASKS_ERASESTART: u32 = 0x00C;
/// TASKS_DEACTIVATE.
pub const TASKS_DEACTIVATE: u32 = 0x010;
/// The undocumented register that anomaly 122's workaround writes 1 to.
pub const ANOMALY_122: u32 = 0x054;
/// EVENTS_READY.
pub const EVENTS_READY: u32 = 0x100;
/// INTEN.
pub const INTEN: u32 = 0x300;
/// INTENSET.
pub const INTENSET: u32 = 0x304;
/// INTENCLR.
pub const INTENCLR: u32 = 0x308;
/// ENABLE.
pub const ENABLE: u32 = 0x500;
/// READ.SRC, flash address.
pub const READ_SRC: u32 = 0x504;
/// READ.DST, RAM address.
pub const READ_DST: u32 = 0x508;
/// READ.CNT, bytes.
pub const READ_CNT: u32 = 0x50C;
/// WRITE.DST, flash address.
pub const WRITE_DST: u32 = 0x510;
/// WRITE.SRC, RAM address.
pub const WRITE_SRC: u32 = 0x514;
/// WRITE.CNT, bytes.
pub const WRITE_CNT: u32 = 0x518;
/// ERASE.PTR, flash address.
pub const ERASE_PTR: u32 = 0x51C;
/// ERASE.LEN: 0 for 4 KiB, 1 for 64 KiB, 2 for all.
pub const ERASE_LEN: u32 = 0x520;
/// PSEL.SCK.
pub const PSEL_SCK: u32 = 0x524;
/// PSEL.CSN.
pub const PSEL_CSN: u32 = 0x528;
/// PSEL.IO0.
pub const PSEL_IO0: u32 = 0x530;
/// PSEL.IO1.
pub const PSEL_IO1: u32 = 0x534;
/// PSEL.IO2.
pub const PSEL_IO2: u32 = 0x538;
/// PSEL.IO3.
pub const PSEL_IO3: u32 = 0x53C;
/// XIPOFFSET.
pub const XIPOFFSET: u32 = 0x540;
/// IFCONFIG0.
pub const IFCONFIG0: u32 = 0x544;
/// IFCONFIG1.
pub const IFCONFIG1: u32 = 0x600;
/// STATUS.
pub const STATUS: u32 = 0x604;
/// DPMDUR.
pub const DPMDUR: u32 = 0x614;
/// ADDRCONF.
pub const ADDRCONF: u32 = 0x624;
/// CINSTRCONF.
pub const CINSTRCONF: u32 = 0x634;
/// CINSTRDAT0.
pub const CINSTRDAT0: u32 = 0x638;
/// CINSTRDAT1.
pub const CINSTRDAT1: u32 = 0x63C;
/// IFTIMING.
pub const IFTIMING: u32 = 0x640;

const WORDS: usize = 0x644 / 4;

/// IFCONFIG0.DPMENABLE.
pub(crate) const DPMENABLE: u32 = 1 << 7;
/// IFCONFIG1.DPMEN.
pub(crate) const DPMEN: u32 = 1 << 24;

/// How a register answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Task,
    /// Has state elsewhere than in the register file.
    Live,
    ReadOnly,
    /// Keeps the bits of the mask.
    Plain {
        reset: u32,
        mask: u32,
    },
}

const fn plain(mask: u32) -> Access {
    Access::Plain { reset: 0, mask }
}

const ALL: u32 = 0xFFFF_FFFF;

/// The register at `offset`, if there is one.
pub(crate) fn access(offset: u32) -> Option<Access> {
    Some(match offset {
        TASKS_ACTIVATE | TASKS_READSTART | TASKS_WRITESTART | TASKS_ERASESTART
        | TASKS_DEACTIVATE | ANOMALY_122 => Access::Task,
        EVENTS_READY | INTEN | INTENSET | INTENCLR | ENABLE => Access::Live,
        STATUS => Access::ReadOnly,
        READ_SRC | READ_DST | WRITE_DST | WRITE_SRC | ERASE_PTR | XIPOFFSET => plain(ALL),
        READ_CNT | WRITE_CNT => plain(0x3_FFFC),
        ERASE_LEN => plain(0x3),
        PSEL_SCK | PSEL_CSN | PSEL_IO0 | PSEL_IO1 | PSEL_IO2 | PSEL_IO3 | DPMDUR => Access::Plain {
            reset: ALL,
            mask: ALL,
        },
        IFCONFIG0 => plain(0x10FF),
        IFCONFIG1 => Access::Plain {
            reset: 0x0004_0480,
            mask: ALL,
        },
        ADDRCONF => Access::Plain {
            reset: 0xB7,
            mask: 0x0FFF_FFFF,
        },
        CINSTRCONF => Access::Plain {
            reset: 0x2000,
            mask: 0x3_FFFF,
        },
        CINSTRDAT0 | CINSTRDAT1 => plain(ALL),
        IFTIMING => Access::Plain {
            reset: 0x200,
            mask: 0x700,
        },
        _ => return None,
    })
}

/// Whether a value has a field that the register does not define.
pub(crate) fn is_reserved(offset: u32, value: u32) -> bool {
    match offset {
        ERASE_LEN => value > 2,
        IFCONFIG0 => value & 7 > 4 || value >> 3 & 7 > 3,
        EVENTS_READY => value != 0,
        _ => false,
    }
}

/// Whether a change under a running task takes the ground from under it.
pub(crate) fn configures(offset: u32) -> bool {
    matches!(
        offset,
        PSEL_SCK
            | PSEL_CSN
            | PSEL_IO0
            | PSEL_IO1
            | PSEL_IO2
            | PSEL_IO3
            | XIPOFFSET
            | IFCONFIG0
            | IFCONFIG1
            | ADDRCONF
            | CINSTRDAT0
            | CINSTRDAT1
            | IFTIMING
            | DPMDUR
    )
}

/// What the plain registers hold.
#[derive(Debug)]
pub(crate) struct RegisterFile {
    words: [u32; WORDS],
}

impl RegisterFile {
    pub(crate) fn new() -> Self {
        let mut words = [0; WORDS];
        for (offset, word) in (0u32..).step_by(4).zip(words.iter_mut()) {
            if let Some(Access::Plain { reset, .. }) = access(offset) {
                *word = reset;
            }
        }
        Self { words }
    }

    pub(crate) fn get(&self, offset: u32) -> u32 {
        self.words.get(offset as usize / 4).copied().unwrap_or(0)
    }

    pub(crate) fn set(&mut self, offset: u32, value: u32) {
        if let Some(word) = self.words.get_mut(offset as usize / 4) {
            *word = value;
        }
    }

    /// SCK, CSN and IO0 to IO3.
    pub(crate) fn pins(&self) -> [u32; 6] {
        [PSEL_SCK, PSEL_CSN, PSEL_IO0, PSEL_IO1, PSEL_IO2, PSEL_IO3].map(|offset| self.get(offset))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reset_values() {
        let file = RegisterFile::new();
        assert_eq!(file.get(PSEL_SCK), 0xFFFF_FFFF);
        assert_eq!(file.get(PSEL_IO3), 0xFFFF_FFFF);
        assert_eq!(file.get(DPMDUR), 0xFFFF_FFFF);
        assert_eq!(file.get(IFCONFIG1), 0x0004_0480);
        assert_eq!(file.get(ADDRCONF), 0xB7);
        assert_eq!(file.get(CINSTRCONF), 0x2000);
        assert_eq!(file.get(IFTIMING), 0x200);
        assert_eq!(file.get(IFCONFIG0), 0);
        assert_eq!(file.get(READ_CNT), 0);
    }

    #[test]
    fn holes_are_no_registers() {
        for offset in [
            0x014, 0x104, 0x30C, 0x52C, 0x548, 0x608, 0x618, 0x644, 0x502,
        ] {
            assert_eq!(access(offset), None, "{offset:#x}");
        }
        let registers = (0..0x1000).filter(|&o| access(o).is_some()).count();
        // 34 documented ones and the one of anomaly 122.
        assert_eq!(registers, 35);
    }

    #[test]
    fn undefined_field_values_are_reserved() {
        assert!(is_reserved(ERASE_LEN, 3));
        assert!(!is_reserved(ERASE_LEN, 2));
        assert!(is_reserved(IFCONFIG0, 5));
        assert!(is_reserved(IFCONFIG0, 4 << 3));
        assert!(!is_reserved(IFCONFIG0, 4 | 3 << 3));
    }
}
