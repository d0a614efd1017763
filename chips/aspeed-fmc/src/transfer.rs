// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which way a command goes, and what that demands.
//!
//! - **DMA** has array reads and page programs: what moves much data. The controller sends
//!   opcode, address and dummy bytes by itself. Addresses, lengths and buffers are
//!   multiples of 4.
//! - **User mode** has everything else, on one line: the driver shifts the bytes itself.
//!   An access to the window takes as long as its byte is on the wire, so the CPU is kept
//!   for that time; [`LONGEST_COMMAND`] bounds it.

use crate::config::Config;
use crate::hardware::{RAM, WORD};
use qspi_hil::{AddressWidth, Data, Error, Granularity, Lines, Operation, Template};

/// The most data bytes of a command in user mode.
pub const LONGEST_COMMAND: usize = 256;
/// The most dummy bytes that the controller sends by itself.
const MOST_DUMMIES: u8 = 7;
/// What a program must not cross.
pub const PAGE: u32 = 256;
/// Time for the interrupt and the deferred call to be served, in µs.
const KERNEL_US: u64 = 50;

/// Who puts a command on the wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The driver, byte by byte.
    Command,
    /// The DMA, flash to memory, with so many dummy bytes.
    Read(u8),
    /// The DMA, memory to flash.
    Program,
}

/// The engine for `template`, if there is one.
pub fn engine(template: &Template, config: &Config) -> Option<Engine> {
    if !config.lines.allow(template.lines) {
        return None;
    }
    match (template.opcode, template.data) {
        // Array reads with three and with four address bytes.
        (
            0x03 | 0x0B | 0x3B | 0xBB | 0x6B | 0xEB | 0x13 | 0x0C | 0x3C | 0xBC | 0x6C | 0xEC,
            Data::In,
        ) if template.address != AddressWidth::None => dummy_bytes(template).map(Engine::Read),
        // Page programs.
        (0x02 | 0x32 | 0x38 | 0x12 | 0x34 | 0x3E, Data::Out)
            if template.address != AddressWidth::None && template.dummy_clocks == 0 =>
        {
            Some(Engine::Program)
        }
        _ => (template.lines == Lines::Single && template.dummy_clocks.is_multiple_of(8))
            .then_some(Engine::Command),
    }
}

/// Dummies are sent as whole bytes, on the address's lines.
fn dummy_bytes(template: &Template) -> Option<u8> {
    let bits = u32::from(template.dummy_clocks) * template.lines.address();
    let bytes = u8::try_from(bits / 8).ok()?;
    (bits.is_multiple_of(8) && bytes <= MOST_DUMMIES).then_some(bytes)
}

impl Engine {
    /// What it demands.
    pub fn granularity(self) -> Granularity {
        match self {
            Engine::Command => Granularity::BYTE,
            Engine::Read(_) | Engine::Program => Granularity {
                address: 4,
                length: WORD,
                buffer: WORD,
            },
        }
    }

    /// The most data of one operation.
    pub fn longest_data(self, template: &Template) -> usize {
        match (self, template.data) {
            (Engine::Command, Data::None) => 0,
            (Engine::Command, Data::In | Data::Out) => LONGEST_COMMAND,
            (Engine::Read(_), _) => RAM.end,
            // The controller would go on, and the flash would not.
            (Engine::Program, _) => PAGE as usize,
        }
    }

    /// Refuses what the engine can't do. `length` is that of the buffer's active
    /// range. What depends on where the buffer is, is checked apart.
    pub fn check(
        self,
        operation: &Operation,
        length: Option<usize>,
        config: &Config,
    ) -> Result<(), Error> {
        let Operation { template, address } = operation;
        let length = match (template.data, length) {
            (Data::None, Some(_)) => return Err(Error::SurplusBuffer),
            (Data::None, None) => 0,
            (Data::In | Data::Out, None | Some(0)) => return Err(Error::Empty),
            (Data::In | Data::Out, Some(length)) => length,
        };
        if !template.address.holds(*address, length) {
            return Err(Error::AddressOverflow);
        }
        let granularity = self.granularity();
        if !address.is_multiple_of(granularity.address)
            || !length.is_multiple_of(granularity.length)
        {
            return Err(Error::Misaligned);
        }
        let longest = match self {
            Engine::Program => PAGE.saturating_sub(address % PAGE) as usize,
            Engine::Command | Engine::Read(_) => self.longest_data(template),
        };
        if length > longest {
            return Err(Error::TooLong);
        }
        let end = u64::from(*address).saturating_add(length as u64);
        match self {
            // The DMA works through the window, and beyond it is another flash.
            Engine::Read(_) | Engine::Program if end > u64::from(config.window) => {
                Err(Error::AddressOverflow)
            }
            Engine::Command | Engine::Read(_) | Engine::Program => Ok(()),
        }
    }

    /// The longest time in µs until the callback, with SCK at `hz`. More data than the
    /// engine takes counts as the most that it does.
    pub fn longest_us(self, template: &Template, length: usize, hz: u32) -> u32 {
        let length = length.min(self.longest_data(template));
        let clocks = template.clocks(length);
        let us = clocks
            .saturating_mul(1_000_000)
            .div_ceil(u64::from(hz.max(1)))
            .saturating_add(KERNEL_US);
        u32::try_from(us).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DataLines;

    const FAST_READ: Template = Template {
        opcode: 0x0B,
        address: AddressWidth::Three,
        lines: Lines::Single,
        dummy_clocks: 8,
        data: Data::In,
    };
    const PROGRAM: Template = Template {
        opcode: 0x02,
        dummy_clocks: 0,
        data: Data::Out,
        ..FAST_READ
    };

    fn at(template: Template, address: u32) -> Operation {
        Operation { template, address }
    }

    #[test]
    fn data_by_dma_and_commands_by_hand() {
        let of = |template| engine(&template, &Config::new());
        assert_eq!(of(FAST_READ), Some(Engine::Read(1)));
        assert_eq!(of(PROGRAM), Some(Engine::Program));
        assert_eq!(of(Template::bare(0x06)), Some(Engine::Command));
        assert_eq!(of(Template::register_in(0x9F)), Some(Engine::Command));
        let sfdp = Template {
            opcode: 0x5A,
            ..FAST_READ
        };
        assert_eq!(of(sfdp), Some(Engine::Command));
        let odd = Template {
            dummy_clocks: 7,
            ..FAST_READ
        };
        assert_eq!(of(odd), None);
    }

    #[test]
    fn the_board_says_how_many_lines_there_are() {
        let quad = Template {
            opcode: 0xEB,
            lines: Lines::QuadIo,
            dummy_clocks: 6,
            ..FAST_READ
        };
        let with = |lines| {
            engine(
                &quad,
                &Config {
                    lines,
                    ..Config::new()
                },
            )
        };
        assert_eq!(with(DataLines::One), None);
        assert_eq!(with(DataLines::Two), None);
        // 6 clocks on four lines are 3 bytes.
        assert_eq!(with(DataLines::Four), Some(Engine::Read(3)));
    }

    #[test]
    fn a_program_ends_with_its_page() {
        for offset in (0..256).step_by(4) {
            let operation = at(PROGRAM, 0x7700 + offset);
            let check = |length| Engine::Program.check(&operation, Some(length), &Config::new());
            let rest = 256 - offset as usize;
            assert_eq!(check(rest), Ok(()), "{offset}");
            assert_eq!(check(rest + 4), Err(Error::TooLong), "{offset}");
        }
    }

    #[test]
    fn a_read_ends_with_the_window() {
        let four = Template {
            opcode: 0x0C,
            address: AddressWidth::Four,
            ..FAST_READ
        };
        let check = |address, length| {
            Engine::Read(1).check(&at(four, address), Some(length), &Config::new())
        };
        assert_eq!(check((32 << 20) - 8, 8), Ok(()));
        assert_eq!(check((32 << 20) - 4, 8), Err(Error::AddressOverflow));
        assert_eq!(check(u32::MAX - 3, 4), Err(Error::AddressOverflow));
    }

    #[test]
    fn refusals() {
        let check = |operation, length| Engine::Read(1).check(&operation, length, &Config::new());
        assert_eq!(check(at(FAST_READ, 0), None), Err(Error::Empty));
        assert_eq!(check(at(FAST_READ, 0), Some(0)), Err(Error::Empty));
        assert_eq!(check(at(FAST_READ, 2), Some(4)), Err(Error::Misaligned));
        assert_eq!(check(at(FAST_READ, 0), Some(6)), Err(Error::Misaligned));
        assert_eq!(
            check(at(FAST_READ, 0), Some(RAM.end + 4)),
            Err(Error::TooLong)
        );
        let surplus = Engine::Command.check(&at(Template::bare(6), 0), Some(1), &Config::new());
        assert_eq!(surplus, Err(Error::SurplusBuffer));
    }

    #[test]
    fn the_clock_counts() {
        // 40 clocks before the data, 32 of data.
        assert_eq!(
            Engine::Read(1).longest_us(&FAST_READ, 4, 1_000_000),
            72 + 50
        );
        assert_eq!(Engine::Read(1).longest_us(&FAST_READ, 4, 0), 72_000_050);
    }
}
