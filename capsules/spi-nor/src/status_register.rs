// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Status registers: their bits, and what to write to them.

use crate::opcode;
use crate::sfdp::bfpt::QuadEnableCode;

/// Status register 1: write in progress.
pub const WIP: u8 = 1 << 0;
/// Status register 1: write enable latch.
pub const WEL: u8 = 1 << 1;
/// Status register 1: quad enable, where it is here (Macronix, ISSI).
pub const SR1_QUAD_ENABLE: u8 = 1 << 6;
/// Status register 1: the register itself is write-protected while WP# is low.
pub const STATUS_PROTECT: u8 = 1 << 7;
/// Status register 2: quad enable, where it is here (Winbond, GigaDevice, Puya).
pub const SR2_QUAD_ENABLE: u8 = 1 << 1;
/// Status register 2: quad enable of parts with quad enable code 3.
pub const SR2_QUAD_ENABLE_CODE_3: u8 = 1 << 7;
/// Macronix configuration register, second byte: high performance instead of
/// ultra-low power (MX25R).
pub const CR2_HIGH_PERFORMANCE: u8 = 1 << 1;

/// Flag status register: ready.
pub const FSR_READY: u8 = 1 << 7;
/// Flag status register: an erase is suspended.
pub const FSR_ERASE_SUSPENDED: u8 = 1 << 6;
/// Flag status register: an erase failed.
pub const FSR_ERASE_FAILED: u8 = 1 << 5;
/// Flag status register: a program failed.
pub const FSR_PROGRAM_FAILED: u8 = 1 << 4;
/// Flag status register: a program is suspended.
pub const FSR_PROGRAM_SUSPENDED: u8 = 1 << 2;
/// Flag status register: a protected sector was touched.
pub const FSR_PROTECTION: u8 = 1 << 1;
/// Flag status register: four address bytes are in use.
pub const FSR_FOUR_BYTE: u8 = 1 << 0;

/// What a write to a non-volatile register takes, typically and at most, in µs. No
/// table tells; the known parts stay well below. Unverified on silicon.
pub const REGISTER_WRITE_US: (u32, u32) = (2_000, 500_000);

/// The register that says whether the part is busy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Poll {
    /// WIP of the status register: 1 is busy.
    #[default]
    StatusRegister,
    /// Bit 7 of the flag status register: 0 is busy.
    FlagStatusRegister,
}

impl Poll {
    /// Opcode that reads it.
    pub const fn opcode(self) -> u8 {
        match self {
            Poll::StatusRegister => opcode::RDSR,
            Poll::FlagStatusRegister => opcode::RDFSR,
        }
    }

    /// Whether `value` says busy.
    pub const fn is_busy(self, value: u8) -> bool {
        match self {
            Poll::StatusRegister => value & WIP != 0,
            Poll::FlagStatusRegister => value & FSR_READY == 0,
        }
    }
}

/// What the flag status register says about the last program or erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagVerdict {
    /// It went well.
    Good,
    /// The erase failed.
    EraseFailed,
    /// The program failed.
    ProgramFailed,
    /// The sector is protected.
    Protected,
}

/// Verdict of a flag status register value. Protection comes first: it is the cause
/// of the failure that is flagged with it.
pub const fn flag_verdict(value: u8) -> FlagVerdict {
    if value & FSR_PROTECTION != 0 {
        FlagVerdict::Protected
    } else if value & FSR_ERASE_FAILED != 0 {
        FlagVerdict::EraseFailed
    } else if value & FSR_PROGRAM_FAILED != 0 {
        FlagVerdict::ProgramFailed
    } else {
        FlagVerdict::Good
    }
}

/// How four lines are enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuadEnable {
    /// They always are.
    Always,
    /// Status register 1 bit 6, written with 01h and one byte.
    Sr1Bit6,
    /// Status register 2 bit 1, written with 01h and two bytes, read with 35h.
    ///
    /// Codes 1 and 4 do not promise 35h. The parts known here that have these codes
    /// answer it; one that does not fails the verification. Unverified on silicon.
    Sr2Bit1LongWrite,
    /// Status register 2 bit 1, written with 31h and one byte, read with 35h.
    Sr2Bit1OwnWrite,
    /// Status register 2 bit 7, written with 3Eh and one byte, read with 3Fh.
    Sr2Bit7,
    /// Not known; four lines must not be used.
    Unknown,
}

impl QuadEnable {
    /// Of the table's code.
    pub const fn from_code(code: QuadEnableCode) -> QuadEnable {
        match code {
            QuadEnableCode::None => QuadEnable::Always,
            QuadEnableCode::Sr1Bit6 => QuadEnable::Sr1Bit6,
            QuadEnableCode::Sr2Bit7 => QuadEnable::Sr2Bit7,
            QuadEnableCode::Sr2Bit1ClearedByShortWrite
            | QuadEnableCode::Sr2Bit1
            | QuadEnableCode::Sr2Bit1Readable => QuadEnable::Sr2Bit1LongWrite,
            QuadEnableCode::Sr2Bit1OwnWrite => QuadEnable::Sr2Bit1OwnWrite,
            QuadEnableCode::Reserved => QuadEnable::Unknown,
        }
    }

    /// Opcode that reads status register 2, where it matters.
    pub const fn sr2_opcode(self) -> Option<u8> {
        match self {
            QuadEnable::Sr2Bit1LongWrite | QuadEnable::Sr2Bit1OwnWrite => Some(opcode::RDSR2),
            QuadEnable::Sr2Bit7 => Some(opcode::RDSR2_CODE_3),
            QuadEnable::Always | QuadEnable::Sr1Bit6 | QuadEnable::Unknown => None,
        }
    }

    /// The step that enables four lines. `sr2` is read with
    /// [`QuadEnable::sr2_opcode`]; where that is `None` it does not matter.
    /// `write_enable` is 06h, or 50h for parts with a volatile copy.
    pub const fn enable(self, sr1: u8, sr2: u8, write_enable: u8) -> Step {
        let (read, value, bit) = match self {
            QuadEnable::Always => return Step::NothingToDo,
            QuadEnable::Unknown => return Step::Impossible,
            QuadEnable::Sr1Bit6 => (opcode::RDSR, sr1, SR1_QUAD_ENABLE),
            QuadEnable::Sr2Bit1LongWrite | QuadEnable::Sr2Bit1OwnWrite => {
                (opcode::RDSR2, sr2, SR2_QUAD_ENABLE)
            }
            QuadEnable::Sr2Bit7 => (opcode::RDSR2_CODE_3, sr2, SR2_QUAD_ENABLE_CODE_3),
        };
        if value & bit != 0 {
            return Step::NothingToDo;
        }
        let wanted = value | bit;
        let (opcode, data, length) = match self {
            QuadEnable::Sr1Bit6 => (opcode::WRSR, [writable(wanted), 0, 0], 1),
            QuadEnable::Sr2Bit1OwnWrite => (opcode::WRSR2, [wanted, 0, 0], 1),
            QuadEnable::Sr2Bit7 => (opcode::WRSR2_CODE_3, [wanted, 0, 0], 1),
            QuadEnable::Sr2Bit1LongWrite | QuadEnable::Always | QuadEnable::Unknown => {
                (opcode::WRSR, [writable(sr1), wanted, 0], 2)
            }
        };
        Step::Write(RegisterWrite {
            write_enable,
            opcode,
            data,
            length,
            verify: Verify {
                opcode: read,
                index: 0,
                mask: bit,
                value: bit,
            },
        })
    }
}

/// The step that puts a Macronix MX25R into high-performance mode (`true`) or back
/// into ultra-low power. `cr` are the two bytes that 15h reads. The bit is volatile.
///
/// The part takes 8, 16 or 24 bits after 01h and rejects any other number of clocks.
pub const fn select_performance(high: bool, sr1: u8, cr: [u8; 2]) -> Step {
    let [cr1, cr2] = cr;
    let value = if high { CR2_HIGH_PERFORMANCE } else { 0 };
    if cr2 & CR2_HIGH_PERFORMANCE == value {
        return Step::NothingToDo;
    }
    Step::Write(RegisterWrite {
        write_enable: opcode::WREN,
        opcode: opcode::WRSR,
        data: [writable(sr1), cr1, cr2 & !CR2_HIGH_PERFORMANCE | value],
        length: 3,
        verify: Verify {
            opcode: opcode::RDCR,
            index: 1,
            mask: CR2_HIGH_PERFORMANCE,
            value,
        },
    })
}

/// Status register 1 without the bits that only the part sets.
const fn writable(sr1: u8) -> u8 {
    sr1 & !(WIP | WEL)
}

/// What to do to a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is as it should be. Not writing it saves wear: most are non-volatile.
    NothingToDo,
    /// Write it, wait until the part is not busy, verify.
    Write(RegisterWrite),
    /// It is not known how.
    Impossible,
}

/// A register write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RegisterWrite {
    /// Opcode to send before: 06h, or 50h for a volatile write.
    pub write_enable: u8,
    /// Opcode.
    pub opcode: u8,
    data: [u8; 3],
    length: u8,
    /// How to see that it worked.
    pub verify: Verify,
}

impl RegisterWrite {
    /// The first `length` bytes of `data`. Whoever sends this sees for himself whether it worked.
    pub const fn new(write_enable: u8, opcode: u8, data: [u8; 3], length: u8) -> RegisterWrite {
        RegisterWrite {
            write_enable,
            opcode,
            data,
            length,
            verify: Verify {
                opcode: opcode::RDSR,
                index: 0,
                mask: 0,
                value: 0,
            },
        }
    }

    /// The data bytes, one to three.
    pub fn data(&self) -> &[u8] {
        self.data
            .get(..usize::from(self.length))
            .unwrap_or(&self.data)
    }
}

/// What a register must read after it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verify {
    /// Opcode that reads it.
    pub opcode: u8,
    /// Which of the bytes read, counted from 0.
    pub index: u8,
    /// Which bits of it.
    pub mask: u8,
    /// What they must be.
    pub value: u8,
}

impl Verify {
    /// How many bytes to read.
    pub const fn length(&self) -> usize {
        self.index as usize + 1
    }

    /// Whether `answer` is as it must be. An answer of all ones is not: no register
    /// reads so, but an absent part does.
    pub fn holds(&self, answer: &[u8]) -> bool {
        answer
            .get(usize::from(self.index))
            .is_some_and(|byte| *byte != 0xFF && byte & self.mask == self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sfdp::bfpt::QuadEnableCode as Code;

    /// A part with two status registers that behaves as its code says.
    struct Registers {
        code: Code,
        sr1: u8,
        sr2: u8,
    }

    impl Registers {
        fn write(&mut self, opcode: u8, data: &[u8]) {
            match (opcode, data) {
                (0x01, [sr1]) => {
                    self.sr1 = *sr1;
                    if self.code == Code::Sr2Bit1ClearedByShortWrite {
                        self.sr2 = 0;
                    }
                }
                (0x01, [sr1, sr2]) => {
                    self.sr1 = *sr1;
                    self.sr2 = *sr2;
                }
                (0x31, [sr2]) if self.code == Code::Sr2Bit1OwnWrite => self.sr2 = *sr2,
                (0x3E, [sr2]) if self.code == Code::Sr2Bit7 => self.sr2 = *sr2,
                (opcode, data) => panic!("{:?} has no {opcode:02x} {data:02x?}", self.code),
            }
        }

        fn read(&self, opcode: u8) -> u8 {
            match opcode {
                0x05 => self.sr1,
                0x35 | 0x3F => self.sr2,
                opcode => panic!("no register is read with {opcode:02x}"),
            }
        }

        fn quad(&self) -> bool {
            match self.code {
                Code::None => true,
                Code::Sr1Bit6 => self.sr1 & 0x40 != 0,
                Code::Sr2Bit7 => self.sr2 & 0x80 != 0,
                Code::Sr2Bit1ClearedByShortWrite
                | Code::Sr2Bit1
                | Code::Sr2Bit1Readable
                | Code::Sr2Bit1OwnWrite => self.sr2 & 0x02 != 0,
                Code::Reserved => false,
            }
        }
    }

    const CODES: [Code; 7] = [
        Code::None,
        Code::Sr2Bit1ClearedByShortWrite,
        Code::Sr1Bit6,
        Code::Sr2Bit7,
        Code::Sr2Bit1,
        Code::Sr2Bit1Readable,
        Code::Sr2Bit1OwnWrite,
    ];

    #[test]
    fn every_code_enables_and_touches_no_other_bit() {
        for code in CODES {
            for sr1 in 0..=255u8 {
                for sr2 in [0x00, 0x40, 0x3D, 0x02, 0x80, 0xFF] {
                    let mut part = Registers { code, sr1, sr2 };
                    let was_quad = part.quad();
                    let method = QuadEnable::from_code(code);
                    match method.enable(part.sr1, part.sr2, 0x06) {
                        Step::NothingToDo => assert!(was_quad),
                        Step::Write(write) => {
                            assert!(!was_quad, "{code:?} rewrites what is set");
                            part.write(write.opcode, write.data());
                            assert!(part.quad(), "{code:?}");
                            let answer = part.read(write.verify.opcode);
                            assert_eq!(write.verify.holds(&[answer]), answer != 0xFF);
                            let bits_1 = if code == Code::Sr1Bit6 { 0x40 } else { 0 };
                            assert_eq!(part.sr1 & !bits_1 & !3, sr1 & !bits_1 & !3);
                            assert_eq!(
                                part.sr2 & !0x82,
                                sr2 & !0x82,
                                "{code:?} changes other bits"
                            );
                            assert_eq!(method.enable(part.sr1, part.sr2, 0x06), Step::NothingToDo);
                        }
                        Step::Impossible => panic!("{code:?}"),
                    }
                }
            }
        }
        assert_eq!(
            QuadEnable::from_code(Code::Reserved).enable(0, 0, 6),
            Step::Impossible
        );
    }

    #[test]
    fn performance_is_the_third_byte() {
        let Step::Write(write) = select_performance(true, 0x43, [0x10, 0x00]) else {
            panic!("a write is due");
        };
        assert_eq!(
            (write.opcode, write.data()),
            (0x01, &[0x40, 0x10, 0x02][..])
        );
        assert_eq!(write.verify.length(), 2);
        assert!(write.verify.holds(&[0x10, 0x02]));
        assert!(!write.verify.holds(&[0x10, 0x00]));
        assert!(!write.verify.holds(&[0x10]));
        assert!(!write.verify.holds(&[0xFF, 0xFF]));
        assert_eq!(select_performance(true, 0, [0, 2]), Step::NothingToDo);
        assert_eq!(select_performance(false, 0, [0, 0]), Step::NothingToDo);
        assert!(matches!(
            select_performance(false, 0, [7, 3]),
            Step::Write(write) if write.data() == [0, 7, 1]
        ));
    }

    #[test]
    fn polling() {
        assert!(Poll::StatusRegister.is_busy(0x03));
        assert!(!Poll::StatusRegister.is_busy(0x02));
        assert!(Poll::FlagStatusRegister.is_busy(0x00));
        assert!(!Poll::FlagStatusRegister.is_busy(0x80));
        assert_eq!(Poll::FlagStatusRegister.opcode(), 0x70);
        assert_eq!(flag_verdict(0x80), FlagVerdict::Good);
        assert_eq!(flag_verdict(0xA0), FlagVerdict::EraseFailed);
        assert_eq!(flag_verdict(0x90), FlagVerdict::ProgramFailed);
        assert_eq!(flag_verdict(0xA2), FlagVerdict::Protected);
    }
}
