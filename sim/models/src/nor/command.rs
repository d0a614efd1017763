// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Opcodes and the shape of the frames that carry them.

use super::otp::Area;
use super::part::{Family, FourByte, PartSpec};
use super::sfdp_image::SfdpImage;
use super::timing::Timing;
use crate::Lanes;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    WriteEnable,
    WriteDisable,
    VolatileWriteEnable,
    /// Status 1 to 3 or a configuration register, by index.
    ReadRegisters(usize),
    ReadSecurity,
    ReadFlags,
    ClearFlags,
    ReadVolatileConfiguration,
    /// Registers from this index on.
    WriteRegisters(usize),
    Read,
    Program,
    Erase,
    ChipErase,
    ReadId,
    ReadUniqueId,
    ReadSfdp,
    DeepPowerDown,
    Release,
    ResetEnable,
    Reset,
    EnterFourByte,
    ExitFourByte,
    Suspend,
    Resume,
    Unlock,
    /// Security registers.
    ReadOtp,
    ProgramOtp,
    EraseOtp,
    /// Secured OTP takes the array's place, and gives it back.
    EnterSecured,
    LeaveSecured,
}

/// Address bytes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    None,
    /// Always three.
    Three,
    /// Always four.
    Four,
    /// Three or four, as the part's mode says.
    ByMode,
}

/// A command and the shape of its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) kind: Kind,
    pub(crate) address: Address,
    pub(crate) address_lanes: Lanes,
    /// Clocks between address and data, mode clocks included.
    pub(crate) wait_clocks: u32,
    /// Whether the first byte in them holds mode bits.
    pub(crate) has_mode: bool,
    pub(crate) data_lanes: Lanes,
}

const fn plain(kind: Kind) -> Command {
    Command {
        kind,
        address: Address::None,
        address_lanes: Lanes::One,
        wait_clocks: 0,
        has_mode: false,
        data_lanes: Lanes::One,
    }
}

const fn addressed(kind: Kind, address: Address, wait_clocks: u32) -> Command {
    Command {
        address,
        wait_clocks,
        ..plain(kind)
    }
}

const fn wide(kind: Kind, address_lanes: Lanes, wait_clocks: u32, data_lanes: Lanes) -> Command {
    Command {
        address: Address::ByMode,
        address_lanes,
        wait_clocks,
        data_lanes,
        ..plain(kind)
    }
}

/// The commands of one part.
#[derive(Debug)]
pub(crate) struct CommandSet {
    commands: [Option<Command>; 256],
}

impl CommandSet {
    pub(crate) fn get(&self, opcode: u8) -> Option<Command> {
        self.commands[usize::from(opcode)]
    }

    pub(crate) fn new(part: &PartSpec, sfdp: &SfdpImage, timing: &Timing) -> Self {
        let mut set = Self {
            commands: [None; 256],
        };
        set.add_common();
        set.add_array(part, sfdp, timing);
        set.add_registers(part.family);
        match Area::of(part) {
            Some(Area::Registers) => {
                set.add(0x48, addressed(Kind::ReadOtp, Address::Three, 8));
                set.add(0x42, addressed(Kind::ProgramOtp, Address::Three, 0));
                set.add(0x44, addressed(Kind::EraseOtp, Address::Three, 0));
            }
            Some(Area::Mode(_)) => {
                set.add(0xB1, plain(Kind::EnterSecured));
                set.add(0xC1, plain(Kind::LeaveSecured));
            }
            None => {}
        }
        if part.deep_power_down.is_some() {
            set.add(0xB9, plain(Kind::DeepPowerDown));
            set.add(0xAB, plain(Kind::Release));
        }
        if let Some(suspend) = part.suspend {
            for &opcode in suspend.suspend {
                set.add(opcode, plain(Kind::Suspend));
            }
            for &opcode in suspend.resume {
                set.add(opcode, plain(Kind::Resume));
            }
        }
        if part.four_byte != FourByte::None {
            set.add(0xB7, plain(Kind::EnterFourByte));
            set.add(0xE9, plain(Kind::ExitFourByte));
        }
        if part.four_byte == FourByte::ModeAndOpcodes {
            set.add_four_byte_opcodes();
        }
        set
    }

    fn add(&mut self, opcode: u8, command: Command) {
        self.commands[usize::from(opcode)] = Some(command);
    }

    fn add_common(&mut self) {
        self.add(0x06, plain(Kind::WriteEnable));
        self.add(0x04, plain(Kind::WriteDisable));
        self.add(0x05, plain(Kind::ReadRegisters(0)));
        self.add(0x01, plain(Kind::WriteRegisters(0)));
        self.add(0x9F, plain(Kind::ReadId));
        self.add(0x5A, addressed(Kind::ReadSfdp, Address::Three, 8));
        self.add(0x66, plain(Kind::ResetEnable));
        self.add(0x99, plain(Kind::Reset));
    }

    fn add_array(&mut self, part: &PartSpec, sfdp: &SfdpImage, timing: &Timing) {
        self.add(0x03, addressed(Kind::Read, Address::ByMode, 0));
        self.add(0x0B, addressed(Kind::Read, Address::ByMode, 8));
        for (address, data) in [
            (Lanes::One, Lanes::Two),
            (Lanes::Two, Lanes::Two),
            (Lanes::One, Lanes::Four),
            (Lanes::Four, Lanes::Four),
        ] {
            if let Some((opcode, wait)) = sfdp.read_mode(address, data) {
                let command = Command {
                    // Mode bits are looked at where they share the address's lines.
                    has_mode: address != Lanes::One,
                    ..wide(Kind::Read, address, wait, data)
                };
                self.add(opcode, command);
            }
        }
        self.add(0x02, addressed(Kind::Program, Address::ByMode, 0));
        let quad = |address| wide(Kind::Program, address, 0, Lanes::Four);
        match part.family {
            Family::Macronix | Family::MacronixR => self.add(0x38, quad(Lanes::Four)),
            Family::Winbond | Family::GigaDevice | Family::Puya => self.add(0x32, quad(Lanes::One)),
            Family::Issi => {
                self.add(0x32, quad(Lanes::One));
                self.add(0x38, quad(Lanes::One));
            }
            Family::Micron => {
                self.add(0x32, quad(Lanes::One));
                self.add(0x38, quad(Lanes::Four));
                self.add(0xA2, wide(Kind::Program, Lanes::One, 0, Lanes::Two));
            }
            Family::Sst => self.add(0x32, quad(Lanes::Four)),
        }
        for erase in &timing.erases {
            self.add(erase.opcode, addressed(Kind::Erase, Address::ByMode, 0));
        }
        self.add(0xC7, plain(Kind::ChipErase));
        if part.family != Family::Micron {
            self.add(0x60, plain(Kind::ChipErase));
        }
    }

    fn add_registers(&mut self, family: Family) {
        match family {
            Family::Macronix | Family::MacronixR => {
                self.add(0x15, plain(Kind::ReadRegisters(1)));
                self.add(0x2B, plain(Kind::ReadSecurity));
            }
            Family::Winbond | Family::Puya => {
                self.add(0x35, plain(Kind::ReadRegisters(1)));
                self.add(0x15, plain(Kind::ReadRegisters(2)));
                self.add(0x31, plain(Kind::WriteRegisters(1)));
                self.add(0x11, plain(Kind::WriteRegisters(2)));
                self.add(0x50, plain(Kind::VolatileWriteEnable));
                self.add(0x4B, addressed(Kind::ReadUniqueId, Address::None, 32));
            }
            Family::GigaDevice => {
                self.add(0x35, plain(Kind::ReadRegisters(1)));
                self.add(0x50, plain(Kind::VolatileWriteEnable));
                self.add(0x4B, addressed(Kind::ReadUniqueId, Address::None, 32));
            }
            Family::Issi => self.add(0x50, plain(Kind::VolatileWriteEnable)),
            Family::Micron => {
                self.add(0x70, plain(Kind::ReadFlags));
                self.add(0x50, plain(Kind::ClearFlags));
                self.add(0x85, plain(Kind::ReadVolatileConfiguration));
            }
            Family::Sst => {
                self.add(0x35, plain(Kind::ReadRegisters(1)));
                self.add(0x98, plain(Kind::Unlock));
            }
        }
    }

    /// Opcodes with four address bytes (JESD216F, four-byte address instruction table).
    fn add_four_byte_opcodes(&mut self) {
        for (three, four) in [
            (0x03, 0x13),
            (0x0B, 0x0C),
            (0x3B, 0x3C),
            (0xBB, 0xBC),
            (0x6B, 0x6C),
            (0xEB, 0xEC),
            (0x02, 0x12),
            (0x32, 0x34),
            (0x38, 0x3E),
            (0x20, 0x21),
            (0x52, 0x5C),
            (0xD8, 0xDC),
        ] {
            if let Some(command) = self.get(three) {
                self.add(
                    four,
                    Command {
                        address: Address::Four,
                        ..command
                    },
                );
            }
        }
    }
}

/// The opcode with three address bytes that erases as much as `opcode`.
pub(crate) fn three_byte_erase(opcode: u8) -> u8 {
    match opcode {
        0x21 => 0x20,
        0x5C => 0x52,
        0xDC => 0xD8,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parts::{part, parts};
    use super::*;

    fn set(name: &str) -> CommandSet {
        let part = part(name).unwrap();
        CommandSet::new(part, &part.sfdp_image(), &part.timing())
    }

    #[test]
    fn quad_programs_differ_by_manufacturer() {
        assert!(set("MX25R6435F").get(0x32).is_none());
        assert_eq!(
            set("MX25R6435F").get(0x38).unwrap().address_lanes,
            Lanes::Four
        );
        assert!(set("W25Q128JV").get(0x38).is_none());
        assert_eq!(
            set("W25Q128JV").get(0x32).unwrap().address_lanes,
            Lanes::One
        );
        assert_eq!(
            set("SST26VF064B").get(0x32).unwrap().address_lanes,
            Lanes::Four
        );
    }

    #[test]
    fn the_same_opcode_means_different_things() {
        assert_eq!(
            set("W25Q128JV").get(0x50).unwrap().kind,
            Kind::VolatileWriteEnable
        );
        assert_eq!(set("MT25QU256A").get(0x50).unwrap().kind, Kind::ClearFlags);
        assert_eq!(
            set("W25Q128JV").get(0x15).unwrap().kind,
            Kind::ReadRegisters(2)
        );
        assert_eq!(
            set("MX25R6435F").get(0x15).unwrap().kind,
            Kind::ReadRegisters(1)
        );
    }

    #[test]
    fn only_parts_that_have_them_take_four_byte_opcodes() {
        assert!(set("W25Q128JV").get(0x13).is_none());
        assert!(set("W25Q128JV").get(0xB7).is_none());
        assert_eq!(set("IS25WP256").get(0x21).unwrap().address, Address::Four);
        assert_eq!(three_byte_erase(0x21), 0x20);
    }

    #[test]
    fn every_part_reads_and_programs_on_one_line() {
        for spec in parts() {
            let set = set(spec.name);
            assert_eq!(set.get(0x0B).unwrap().wait_clocks, 8, "{}", spec.name);
            assert_eq!(set.get(0x02).unwrap().kind, Kind::Program, "{}", spec.name);
            assert_eq!(set.get(0x20).unwrap().kind, Kind::Erase, "{}", spec.name);
        }
    }
}
