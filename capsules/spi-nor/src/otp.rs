// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Memory beside the array: security registers (Winbond, GigaDevice), secured OTP (Macronix), and
//! the unique id.
//!
//! Clients see one area from address 0 on. Security registers can be erased as long as nobody has
//! locked them for good, secured OTP never. Nothing here locks anything: that can't be undone.
//!
//! Sources: flashrom's tables of parts, Linux' `drivers/mtd/spi-nor`, Macronix' application note
//! AN0218, Particle's driver. Parts that these do not name have none. Unverified on silicon.

use crate::opcode;
use crate::parts_by_id::JedecId;
use qspi_hil::{AddressWidth, Data, Template};

/// Bytes of the unique id that is read. Some parts would go on.
pub const UNIQUE_ID_BYTES: usize = 8;

/// How an area is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By opcodes of its own, register by register.
    Registers,
    /// As the array, between two commands. A part that resets by itself in between does what is
    /// meant for the area to the array, and nothing tells: whoever grants programs of such an area
    /// trusts the part's supply. Unverified on silicon.
    Mode,
}

/// An area beside the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Bytes.
    pub size: u32,
    /// How it is reached.
    pub way: Way,
}

/// Bytes of a security register that all of the parts have.
pub const REGISTER: u32 = 256;
/// From where to where the registers lie: the first has number 1.
const REGISTER_STEP: u32 = 0x1000;

/// Commands that enter and leave secured OTP.
pub const SECURED: (u8, u8) = (opcode::ENSO, opcode::EXSO);

impl Area {
    /// Of the part with this id.
    pub const fn of(id: JedecId) -> Option<Area> {
        let (size, way) = match id.0 {
            [0xEF, 0x40 | 0x70, 0x15..=0x18] | [0xC8, 0x40, 0x15..=0x17] => {
                (3 * REGISTER, Way::Registers)
            }
            [0xC2, 0x28, _] => (1024, Way::Mode),
            [0xC2, 0x20, 0x16 | 0x18] => (512, Way::Mode),
            _ => return None,
        };
        Some(Area { size, way })
    }

    /// What erases are multiples of, in bytes; 0 if nothing can be erased.
    pub const fn erase_unit(&self) -> u32 {
        match self.way {
            Way::Registers => REGISTER,
            Way::Mode => 0,
        }
    }

    /// The address on the wires.
    pub const fn bus_address(&self, address: u32) -> u32 {
        match self.way {
            Way::Registers => (address / REGISTER + 1) * REGISTER_STEP + address % REGISTER,
            Way::Mode => address,
        }
    }

    /// Bytes from `address` to the end of its register or page.
    pub const fn room(address: u32) -> u32 {
        REGISTER - address % REGISTER
    }
}

/// Whether the part with this id tells a unique id.
pub const fn has_unique_id(id: JedecId) -> bool {
    matches!(
        Area::of(id),
        Some(Area {
            way: Way::Registers,
            ..
        })
    )
}

/// A read on one line with a dummy byte behind the address.
const fn read(opcode: u8) -> Template {
    Template {
        dummy_clocks: 8,
        data: Data::In,
        ..Template::addressed(opcode, AddressWidth::Three)
    }
}

/// Reads a security register.
pub const READ: Template = read(opcode::READ_SECURITY);
/// Reads the unique id. Its four dummy bytes are an address of 0 and one more.
pub const READ_UNIQUE_ID: Template = read(opcode::READ_UNIQUE_ID);
/// Programs a security register.
pub const PROGRAM: Template = Template {
    data: Data::Out,
    ..Template::addressed(opcode::PROGRAM_SECURITY, AddressWidth::Three)
};
/// Erases a security register.
pub const ERASE: Template = Template::addressed(opcode::ERASE_SECURITY, AddressWidth::Three);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_lie_4_kib_apart() {
        let area = Area::of(JedecId::new(0xEF_4018)).unwrap();
        assert_eq!(area.size, 768);
        assert_eq!(area.bus_address(0), 0x1000);
        assert_eq!(area.bus_address(255), 0x10FF);
        assert_eq!(area.bus_address(256), 0x2000);
        assert_eq!(area.bus_address(767), 0x30FF);
        assert_eq!(Area::room(256), 256);
        assert_eq!(Area::room(767), 1);
    }

    #[test]
    fn secured_otp_begins_at_0_and_stays() {
        let area = Area::of(JedecId::new(0xC2_2817)).unwrap();
        assert_eq!((area.size, area.erase_unit()), (1024, 0));
        assert_eq!(area.bus_address(1000), 1000);
        assert!(!has_unique_id(JedecId::new(0xC2_2817)));
        assert_eq!(Area::of(JedecId::new(0xC2_2016)).unwrap().size, 512);
    }

    #[test]
    fn parts_without_a_source_have_none() {
        for id in [0x9D_7019, 0x20_BB19, 0xBF_2643, 0x85_6015, 0xEF_4021] {
            assert_eq!(Area::of(JedecId::new(id)), None);
            assert!(!has_unique_id(JedecId::new(id)));
        }
    }
}
