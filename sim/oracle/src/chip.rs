// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The nRF52840 as far as start code, clocks and the QSPI peripheral need it.

use emulated_cortex_m::{Devices, Memory, Width};
use qspi_models::nor::part;
use qspi_models::{DmaError, DmaMemory, Nor, Qspi, Wiring};
use std::collections::BTreeMap;

/// The part on the nRF52840DK.
const PART: &str = "MX25R6435F";

const QSPI: u32 = 0x4002_9000;
const QSPI_LINE: u64 = 1 << 41;
const XIP: u32 = 0x1200_0000;
const XIP_END: u32 = 0x1A00_0000;

const CLOCK: u32 = 0x4000_0000;
const TEMP: u32 = 0x4000_C000;
const GPIO: u32 = 0x5000_0000;

const TASKS_HFCLKSTART: u32 = CLOCK;
const TASKS_HFCLKSTOP: u32 = CLOCK + 0x004;
const TASKS_LFCLKSTART: u32 = CLOCK + 0x008;
const EVENTS_HFCLKSTARTED: u32 = CLOCK + 0x100;
const EVENTS_LFCLKSTARTED: u32 = CLOCK + 0x104;

/// Typical start-up times of the crystal and of the slow RC oscillator (PS, CLOCK chapter), ns.
const CRYSTAL_NS: u64 = 360_000;
const SLOW_CLOCK_NS: u64 = 600_000;

/// First address of RAM.
pub(crate) const RAM: u32 = 0x2000_0000;
pub(crate) const RAM_SIZE: usize = 256 << 10;
const FLASH_SIZE: usize = 1 << 20;

/// Time in ns at a cycle: the core runs at 64 MHz.
#[must_use]
pub fn ns_at_cycle(cycle: u64) -> u64 {
    cycle * 125 / 8
}

/// The first cycle that is not before this time.
#[must_use]
pub fn cycle_at_ns(ns: u64) -> u64 {
    (ns * 8).div_ceil(125)
}

struct Ram(Memory);

impl DmaMemory for Ram {
    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), DmaError> {
        if self.0.peek(address, into) {
            Ok(())
        } else {
            Err(DmaError { address })
        }
    }

    fn write(&mut self, address: u32, bytes: &[u8]) -> Result<(), DmaError> {
        if self.0.poke(address, bytes) {
            Ok(())
        } else {
            Err(DmaError { address })
        }
    }
}

/// Peripherals and RAM.
pub struct Chip {
    /// The peripheral, with its flash.
    pub qspi: Qspi,
    ram: Ram,
    /// Registers that only keep what is written.
    plain: BTreeMap<u32, u32>,
    crystal_due_ns: Option<u64>,
    slow_clock_due_ns: Option<u64>,
    now_ns: u64,
}

impl Chip {
    /// A nRF52840DK whose flash is as delivered: erased, with its quad enable bit clear.
    #[must_use]
    pub fn new(ram: Memory) -> Option<Self> {
        let mut qspi = Qspi::new(Nor::new(part(PART)?));
        qspi.set_wiring(Wiring::NRF52840DK);
        qspi.set_observing(false);
        let mut chip = Self {
            qspi,
            ram: Ram(ram),
            plain: BTreeMap::new(),
            crystal_due_ns: None,
            slow_clock_due_ns: None,
            now_ns: 0,
        };
        // Out of reset the internal oscillator is the clock.
        chip.qspi.set_hfxo_stable(0, false, &mut chip.ram);
        Some(chip)
    }

    /// Memories of the chip: flash with a program, RAM and the two information blocks.
    #[must_use]
    pub fn memories(program: &[(u32, Vec<u8>)], ram: &Memory) -> Option<Vec<Memory>> {
        let flash = Memory::rom(0, vec![0xFF; FLASH_SIZE]);
        let fits = program
            .iter()
            .all(|(address, bytes)| flash.poke(*address, bytes));
        let factory = Memory::rom(0x1000_0000, vec![0xFF; 0x1000]);
        // INFO.PART and INFO.VARIANT: nRF52840, AAD0.
        let known = factory.poke(0x1000_0100, &0x0005_2840_u32.to_le_bytes())
            && factory.poke(0x1000_0104, &0x4141_4430_u32.to_le_bytes());
        let user = Memory::rom(0x1000_1000, vec![0xFF; 0x1000]);
        // The reset pin is set up, as by the first boot of any program built with the driver.
        let pin = 18_u32.to_le_bytes();
        let set = user.poke(0x1000_1200, &pin) && user.poke(0x1000_1204, &pin);
        (fits && known && set).then(|| vec![ram.clone(), flash, factory, user])
    }

    fn is_plain(address: u32) -> bool {
        matches!(
            address,
            CLOCK..0x4000_1000 | TEMP..0x4000_D000 | GPIO..0x5000_1000
        )
    }

    fn load_word(&mut self, address: u32) -> Option<u32> {
        match address {
            QSPI..0x4002_A000 => Some(self.qspi.read_register(
                self.now_ns,
                address - QSPI,
                &mut self.ram,
            )),
            XIP..XIP_END => {
                let mut bytes = [0; 4];
                self.qspi
                    .read_xip(self.now_ns, address - XIP, &mut bytes, &mut self.ram);
                Some(u32::from_le_bytes(bytes))
            }
            _ if Self::is_plain(address) => Some(self.plain.get(&address).copied().unwrap_or(0)),
            _ => None,
        }
    }

    fn store_word(&mut self, address: u32, value: u32) -> Option<()> {
        match address {
            QSPI..0x4002_A000 => {
                self.qspi
                    .write_register(self.now_ns, address - QSPI, value, &mut self.ram);
            }
            TASKS_HFCLKSTART => {
                self.crystal_due_ns.get_or_insert(self.now_ns + CRYSTAL_NS);
            }
            TASKS_HFCLKSTOP => {
                self.crystal_due_ns = None;
                self.qspi.set_hfxo_stable(self.now_ns, false, &mut self.ram);
            }
            TASKS_LFCLKSTART => {
                self.slow_clock_due_ns
                    .get_or_insert(self.now_ns + SLOW_CLOCK_NS);
            }
            _ if Self::is_plain(address) => {
                self.plain.insert(address, value);
            }
            _ => return None,
        }
        Some(())
    }
}

impl Devices for Chip {
    fn load(&mut self, cycle: u64, address: u32, width: Width) -> Option<u32> {
        self.advance(cycle);
        match width {
            Width::Word => self.load_word(address),
            // Registers are words; memory behind the window is not.
            Width::Byte | Width::Half if (XIP..XIP_END).contains(&address) => {
                let word = self.load_word(address & !3)? >> (8 * (address & 3));
                Some(word & ((1 << (8 * width.bytes())) - 1))
            }
            Width::Byte | Width::Half => None,
        }
    }

    fn store(&mut self, cycle: u64, address: u32, width: Width, value: u32) -> Option<()> {
        self.advance(cycle);
        match width {
            Width::Word => self.store_word(address, value),
            Width::Byte | Width::Half => None,
        }
    }

    fn advance(&mut self, cycle: u64) {
        self.now_ns = ns_at_cycle(cycle);
        if self.crystal_due_ns.is_some_and(|due| due <= self.now_ns) {
            self.crystal_due_ns = None;
            self.plain.insert(EVENTS_HFCLKSTARTED, 1);
            self.qspi.set_hfxo_stable(self.now_ns, true, &mut self.ram);
        }
        if self.slow_clock_due_ns.is_some_and(|due| due <= self.now_ns) {
            self.slow_clock_due_ns = None;
            self.plain.insert(EVENTS_LFCLKSTARTED, 1);
        }
        self.qspi.advance(self.now_ns, &mut self.ram);
    }

    fn next_event(&self) -> Option<u64> {
        [
            self.crystal_due_ns,
            self.slow_clock_due_ns,
            self.qspi.next_event(),
        ]
        .into_iter()
        .flatten()
        .min()
        .map(cycle_at_ns)
    }

    fn lines(&self) -> u64 {
        if self.qspi.irq() { QSPI_LINE } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_reached_at_its_time_and_not_before() {
        for ns in [0, 1, 15, 16, 31, 125, 1_000_000_007] {
            let cycle = cycle_at_ns(ns);
            assert!(ns_at_cycle(cycle) >= ns, "{ns}");
            if cycle > 0 {
                assert!(ns_at_cycle(cycle - 1) < ns, "{ns}");
            }
        }
    }

    #[test]
    fn the_crystal_starts_when_it_is_asked_to() {
        let mut chip = Chip::new(Memory::ram(RAM, RAM_SIZE)).unwrap();
        chip.store(0, TASKS_HFCLKSTART, Width::Word, 1).unwrap();
        let due = chip.next_event().unwrap();
        chip.advance(due - 1);
        let event = EVENTS_HFCLKSTARTED;
        assert_eq!(chip.load(due - 1, event, Width::Word), Some(0));
        assert_eq!(chip.load(due, event, Width::Word), Some(1));
    }

    #[test]
    fn where_nothing_is_modelled_nothing_answers() {
        let mut chip = Chip::new(Memory::ram(RAM, RAM_SIZE)).unwrap();
        assert_eq!(chip.load(0, 0x4002_8000, Width::Word), None);
        assert_eq!(chip.load(0, QSPI, Width::Byte), None);
        assert_eq!(chip.store(0, 0x4FFF_FFFC, Width::Word, 0), None);
    }
}
