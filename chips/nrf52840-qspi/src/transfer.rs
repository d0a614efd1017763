// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which of the peripheral's engines shows a template on the wires, and what it
//! demands.
//!
//! | engine | opcodes | data |
//! |---|---|---|
//! | READSTART | 0B 3B BB 6B EB, with 8 8 4 8 6 dummy clocks | DMA, words |
//! | WRITESTART | 02 A2 32 38 | DMA, words, one page |
//! | ERASESTART | 20 D8 | none |
//! | custom instruction | any, on a single line | bytes |
//!
//! A template that is no engine's, by its opcode, its address width or its dummy
//! clocks, is shown by custom instruction if it is single-line. The engines send WREN
//! by themselves, and read the status register until WIP = 0 before they begin.

use crate::config::{Config, Divider};
use crate::custom_instruction::{CHUNK, Exchange, LONGEST_DATA};
use crate::hardware::WORD;
use qspi_hil::{Data, Error, Granularity, Lines, Operation, Template};

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// READSTART.
    Read,
    /// WRITESTART.
    Program,
    /// ERASESTART.
    Erase,
    /// A custom instruction.
    Instruct,
}

/// An engine and its setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    /// READSTART with this READOC.
    Read(u32),
    /// WRITESTART with this WRITEOC.
    Program(u32),
    /// ERASESTART of 4 KiB.
    EraseSector,
    /// ERASESTART of 64 KiB.
    EraseBlock,
    /// Custom instructions.
    Instruct,
}

/// The most bytes that READ.CNT and WRITE.CNT hold, of which 4 divides.
pub(crate) const LONGEST_DMA: usize = 0x3_FFFC;

/// How long ACTIVATE may take with the pins disconnected, in µs. Generous: no number
/// is published.
pub(crate) const ACTIVATION_US: u32 = 1000;

/// How long an interrupt may take to be served, in µs.
const INTERRUPT_US: u32 = 50;

/// For silicon that raises WRITESTART's READY only after the page is programmed, in
/// µs. Drivers agree that it comes before, but no document says so.
const PROGRAM_US: u32 = 10_000;

/// Clocks of the peripheral's own look at the status register.
const RDSR_CLOCKS: u32 = 16;

/// Clocks of the peripheral's own WREN.
const WREN_CLOCKS: u32 = 8;

/// Whose business `template` is. `None` if it can't be shown.
pub(crate) fn engine(template: &Template, config: &Config) -> Option<Engine> {
    let native = if template.address == config.address_mode.width() {
        native(template)
    } else {
        None
    };
    let plain = template.lines == Lines::Single && template.dummy_clocks.is_multiple_of(8);
    native.or(plain.then_some(Engine::Instruct))
}

/// The engine that has `template`, if the address width fits.
fn native(template: &Template) -> Option<Engine> {
    let (engine, lines, dummy_clocks, data) = match template.opcode {
        0x0B => (Engine::Read(0), Lines::Single, 8, Data::In),
        0x3B => (Engine::Read(1), Lines::DualOutput, 8, Data::In),
        0xBB => (Engine::Read(2), Lines::DualIo, 4, Data::In),
        0x6B => (Engine::Read(3), Lines::QuadOutput, 8, Data::In),
        0xEB => (Engine::Read(4), Lines::QuadIo, 6, Data::In),
        0x02 => (Engine::Program(0), Lines::Single, 0, Data::Out),
        0xA2 => (Engine::Program(1), Lines::DualOutput, 0, Data::Out),
        0x32 => (Engine::Program(2), Lines::QuadOutput, 0, Data::Out),
        0x38 => (Engine::Program(3), Lines::QuadIo, 0, Data::Out),
        0x20 => (Engine::EraseSector, Lines::Single, 0, Data::None),
        0xD8 => (Engine::EraseBlock, Lines::Single, 0, Data::None),
        _ => return None,
    };
    let fits =
        template.lines == lines && template.dummy_clocks == dummy_clocks && template.data == data;
    fits.then_some(engine)
}

impl Engine {
    /// What it demands.
    pub fn granularity(self) -> Granularity {
        match self {
            Engine::Read(_) | Engine::Program(_) => Granularity {
                address: 4,
                length: WORD,
                buffer: WORD,
            },
            Engine::EraseSector | Engine::EraseBlock => Granularity {
                address: 4,
                ..Granularity::BYTE
            },
            Engine::Instruct => Granularity::BYTE,
        }
    }

    /// The most data of one operation.
    pub fn longest_data(self, template: &Template, config: &Config) -> usize {
        match (self, template.data) {
            (Engine::Read(_), _) => LONGEST_DMA,
            // The peripheral would go on with the next page by itself, but nobody would see each
            // of them begin, and whoever wants to read would wait for all.
            (Engine::Program(_), _) => config.page_size.bytes() as usize,
            (Engine::EraseSector | Engine::EraseBlock, _) | (Engine::Instruct, Data::None) => 0,
            (Engine::Instruct, Data::In | Data::Out) => LONGEST_DATA,
        }
    }

    /// Refuses what the engine can't do. `length` is that of the buffer's active
    /// range. What depends on where the buffer is, is checked when it is lent.
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
            Engine::Program(_) => {
                let page = config.page_size.bytes();
                page.saturating_sub(address & (page - 1)) as usize
            }
            Engine::Read(_) | Engine::EraseSector | Engine::EraseBlock | Engine::Instruct => {
                self.longest_data(template, config)
            }
        };
        if length > longest {
            return Err(Error::TooLong);
        }
        Ok(())
    }

    /// The longest time in µs until READY, with a flash that is not busy and a clock that is
    /// `divider`'s. More data than the engine takes counts as the most that it does.
    pub fn longest_us(
        self,
        template: &Template,
        length: usize,
        config: &Config,
        divider: Divider,
    ) -> u32 {
        let length = length.min(self.longest_data(template, config));
        // No more than 2 Mi clocks of data, and a header: no 64 bits are needed, nor are divisions.
        let wires = template.clocks(length) as u32;
        let (clocks, commands, interrupts, extra_us) = match self {
            Engine::Read(_) => (RDSR_CLOCKS + wires, 2, 1, 0),
            Engine::Program(_) => (RDSR_CLOCKS + WREN_CLOCKS + wires, 3, 1, PROGRAM_US),
            Engine::EraseSector | Engine::EraseBlock => {
                (RDSR_CLOCKS + WREN_CLOCKS + wires, 3, 1, 0)
            }
            Engine::Instruct => {
                let chunks = Exchange::stream_length(template, length).div_ceil(CHUNK) as u32;
                let detour_us = if config.xip_used {
                    ACTIVATION_US + INTERRUPT_US
                } else {
                    0
                };
                (wires, 1, 1 + chunks, detour_us)
            }
        };
        // SCKDELAY counts 62.5 ns: sixteen of them are a µs.
        let gaps_us = (commands * u32::from(config.sck_delay)).div_ceil(16);
        let extra_us = gaps_us + interrupts * INTERRUPT_US + extra_us;
        divider.us(clocks).saturating_add(extra_us)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pins::{Pin, Pins};
    use qspi_hil::AddressWidth;

    fn config() -> Config {
        let [sck, csn, io0, io1, io2, io3] =
            [0, 1, 2, 3, 4, 5].map(|pin| Pin::new(1, pin).unwrap());
        Config::new(Pins {
            sck,
            csn,
            io0,
            io1,
            io2,
            io3,
        })
    }

    const READ_4IO: Template = Template {
        opcode: 0xEB,
        address: AddressWidth::Three,
        lines: Lines::QuadIo,
        dummy_clocks: 6,
        data: Data::In,
    };

    #[test]
    fn the_dma_counter_bounds_a_read() {
        let operation = Operation::plain(READ_4IO);
        let check = |length| Engine::Read(4).check(&operation, Some(length), &config());
        assert_eq!(check(262_140), Ok(()));
        assert_eq!(check(262_144), Err(Error::TooLong));
        assert_eq!(check(262_143), Err(Error::Misaligned));
    }

    #[test]
    fn a_program_ends_with_its_page() {
        let template = Template {
            opcode: 0x02,
            lines: Lines::Single,
            dummy_clocks: 0,
            data: Data::Out,
            ..READ_4IO
        };
        for offset in (0..256).step_by(4) {
            let operation = Operation {
                template,
                address: 0x7700 + offset,
            };
            let rest = 256 - offset as usize;
            let check = |length| Engine::Program(0).check(&operation, Some(length), &config());
            assert_eq!(check(rest), Ok(()), "{offset}");
            assert_eq!(check(rest + 4), Err(Error::TooLong), "{offset}");
        }
    }

    #[test]
    fn the_slowest_of_the_longest() {
        let config = Config {
            sck_delay: 255,
            ..config()
        };
        let longest =
            |length| Engine::Read(4).longest_us(&READ_4IO, length, &config, Divider::MHZ_2);
        let beyond = longest(usize::MAX);
        let longest = longest(LONGEST_DMA);
        assert!(longest > 262_140 && longest < 270_000);
        assert_eq!(beyond, longest, "no operation is longer");
    }

    #[test]
    fn the_clock_and_the_gaps_count() {
        let slow = Config {
            sck_delay: 160,
            ..config()
        };
        // 16 + 24 clocks at 2 MHz, two gaps of 10 us, one interrupt.
        let template = Template {
            opcode: 0x0B,
            address: AddressWidth::None,
            lines: Lines::Single,
            dummy_clocks: 8,
            data: Data::In,
        };
        assert_eq!(
            Engine::Read(0).longest_us(&template, 1, &slow, Divider::MHZ_2),
            20 + 20 + 50
        );
    }
}
