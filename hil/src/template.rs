// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What an operation looks like on the wires.

/// How many address bytes follow the opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressWidth {
    /// The command has no address.
    None,
    /// 24 bits, most significant byte first. Reaches 16 MiB.
    Three,
    /// 32 bits, most significant byte first.
    Four,
}

impl AddressWidth {
    /// Address bytes on the wires.
    pub const fn bytes(self) -> usize {
        match self {
            AddressWidth::None => 0,
            AddressWidth::Three => 3,
            AddressWidth::Four => 4,
        }
    }

    /// Whether `length` bytes from `address` on can be named with this width.
    pub const fn holds(self, address: u32, length: usize) -> bool {
        let end = address as u64 + length as u64;
        match self {
            AddressWidth::None => address == 0,
            AddressWidth::Three => end <= 1 << 24,
            AddressWidth::Four => end <= 1 << 32,
        }
    }
}

/// How many data lines opcode, address and data use: JESD216 writes 1-4-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lines {
    /// 1-1-1: everything on IO0 out, IO1 in.
    Single,
    /// 1-1-2.
    DualOutput,
    /// 1-2-2.
    DualIo,
    /// 1-1-4.
    QuadOutput,
    /// 1-4-4.
    QuadIo,
}

impl Lines {
    /// Lines that carry the address.
    pub const fn address(self) -> u32 {
        match self {
            Lines::Single | Lines::DualOutput | Lines::QuadOutput => 1,
            Lines::DualIo => 2,
            Lines::QuadIo => 4,
        }
    }

    /// Lines that carry the data.
    pub const fn data(self) -> u32 {
        match self {
            Lines::Single => 1,
            Lines::DualOutput | Lines::DualIo => 2,
            Lines::QuadOutput | Lines::QuadIo => 4,
        }
    }

    /// Whether the flash must have its quad enable bit set for this.
    pub const fn needs_quad_enable(self) -> bool {
        matches!(self, Lines::QuadOutput | Lines::QuadIo)
    }
}

/// The data phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Data {
    /// No data: the command ends after opcode and address.
    None,
    /// Flash to buffer.
    In,
    /// Buffer to flash.
    Out,
}

/// One command of the flash, without its address value and its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Template {
    /// The first byte on the wires.
    pub opcode: u8,
    /// Address bytes after the opcode.
    pub address: AddressWidth,
    /// Lines of each phase.
    pub lines: Lines,
    /// Clocks between address and data, mode clocks included. The mode byte, where
    /// a part wants one, is sent as anything but 0xAx, so that no part stays in
    /// continuous-read mode.
    pub dummy_clocks: u8,
    /// Direction of the data phase.
    pub data: Data,
}

impl Template {
    /// A command of the opcode alone.
    pub const fn bare(opcode: u8) -> Template {
        Template {
            opcode,
            address: AddressWidth::None,
            lines: Lines::Single,
            dummy_clocks: 0,
            data: Data::None,
        }
    }

    /// A command that reads a register: opcode, then data in on one line.
    pub const fn register_in(opcode: u8) -> Template {
        Template {
            data: Data::In,
            ..Template::bare(opcode)
        }
    }

    /// A command that writes a register: opcode, then data out on one line.
    pub const fn register_out(opcode: u8) -> Template {
        Template {
            data: Data::Out,
            ..Template::bare(opcode)
        }
    }

    /// A command of opcode and address, as an erase is.
    pub const fn addressed(opcode: u8, address: AddressWidth) -> Template {
        Template {
            address,
            ..Template::bare(opcode)
        }
    }

    /// Clocks on the wires for `length` bytes of data.
    pub const fn clocks(&self, length: usize) -> u64 {
        // Lines are powers of two, and a shift is far less than a division of 64 bits.
        let address = (self.address.bytes() as u32 * 8) >> self.lines.address().trailing_zeros();
        let data = (length as u64).saturating_mul(8) >> self.lines.data().trailing_zeros();
        data + (8 + address + self.dummy_clocks as u32) as u64
    }
}

/// A template and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// What the wires show.
    pub template: Template,
    /// Byte address in the flash; 0 where the template has no address.
    pub address: u32,
}

impl Operation {
    /// A command without an address.
    pub const fn plain(template: Template) -> Operation {
        Operation {
            template,
            address: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_where_their_width_ends() {
        assert!(AddressWidth::Three.holds(0xFF_FFFF, 1));
        assert!(!AddressWidth::Three.holds(0xFF_FFFF, 2));
        assert!(AddressWidth::Four.holds(0xFFFF_FFFF, 1));
        assert!(!AddressWidth::Four.holds(0xFFFF_FFFF, 2));
        assert!(AddressWidth::None.holds(0, 9));
        assert!(!AddressWidth::None.holds(1, 0));
    }

    #[test]
    fn clocks_of_known_commands() {
        let read_4io = Template {
            opcode: 0xEB,
            address: AddressWidth::Three,
            lines: Lines::QuadIo,
            dummy_clocks: 6,
            data: Data::In,
        };
        assert_eq!(read_4io.clocks(256), 20 + 512);
        let fast_read = Template {
            opcode: 0x0B,
            lines: Lines::Single,
            dummy_clocks: 8,
            ..read_4io
        };
        assert_eq!(fast_read.clocks(1), 40 + 8);
        assert_eq!(Template::bare(0x06).clocks(0), 8);
    }
}
