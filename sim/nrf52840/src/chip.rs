// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The peripherals, side by side.

use crate::adc::Adc;
use crate::clock::Clock;
use crate::flash::{Controller, SIZE, USER};
use crate::gpio::Port;
use crate::gpiote::Gpiote;
use crate::harmless;
use crate::rtc::Rtc;
use crate::spim::Spim;
use crate::time::{cycle_at_ns, ns_at_cycle};
use crate::uarte::Uarte;
use emulated_cortex_m::{Devices, Memory, Width};
use qspi_models::{DmaError, DmaMemory, Qspi};

const CLOCK: u32 = 0x4000_0000;
const UARTE: u32 = 0x4000_2000;
const GPIOTE: u32 = 0x4000_6000;
const ADC: u32 = 0x4000_7000;
const NVMC: u32 = 0x4001_E000;
const QSPI: u32 = 0x4002_9000;
const GPIO: u32 = 0x5000_0000;
const RTCS: [u32; 3] = [0x4000_B000, 0x4001_1000, 0x4002_4000];
const SPIMS: [u32; 4] = [0x4000_3000, 0x4000_4000, 0x4002_3000, 0x4002_F000];
const XIP: std::ops::Range<u32> = 0x1200_0000..0x1A00_0000;

/// A peripheral's interrupt line has the number of its page.
fn line(base: u32) -> u64 {
    1 << (base >> 12 & 0x3F)
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

pub(crate) struct Chip {
    pub(crate) qspi: Qspi,
    pub(crate) uarte: Uarte,
    clock: Clock,
    rtcs: [Rtc; 3],
    spims: [Spim; 4],
    ports: [Port; 2],
    gpiote: Gpiote,
    adc: Adc,
    nvmc: Controller,
    ram: Ram,
    /// Time when the core's cycles were 0.
    epoch_ns: u64,
    now_ns: u64,
}

impl Chip {
    pub(crate) fn new(qspi: Qspi, ram: Memory, flash: Memory, user: Memory) -> Self {
        let mut chip = Self {
            qspi,
            uarte: Uarte::new(),
            clock: Clock::new(),
            rtcs: [Rtc::new(3), Rtc::new(4), Rtc::new(4)],
            spims: std::array::from_fn(|_| Spim::new()),
            ports: [Port::p0(), Port::p1()],
            gpiote: Gpiote::new(),
            adc: Adc::new(),
            nvmc: Controller::new(flash, user),
            ram: Ram(ram),
            epoch_ns: 0,
            now_ns: 0,
        };
        // Out of reset the internal oscillator is the clock.
        chip.qspi.set_hfxo_stable(0, false, &mut chip.ram);
        chip
    }

    /// Time at a cycle of the core that runs now.
    pub(crate) fn ns_at(&self, cycle: u64) -> u64 {
        self.epoch_ns + ns_at_cycle(cycle)
    }

    /// The first cycle of that core that is not before this time. The end of time stays that.
    pub(crate) fn cycle_at(&self, ns: u64) -> u64 {
        if ns == u64::MAX {
            return u64::MAX;
        }
        cycle_at_ns(ns.saturating_sub(self.epoch_ns))
    }

    /// All peripherals are as after a reset, and the core's cycles count from 0 again. The flash
    /// behind the QSPI peripheral notices nothing.
    pub(crate) fn reset(&mut self, keeps_power: bool) {
        self.qspi.reset(self.now_ns, &mut self.ram);
        self.qspi.set_hfxo_stable(self.now_ns, false, &mut self.ram);
        self.uarte.reset();
        if keeps_power {
            self.clock.soft_reset();
        } else {
            self.clock = Clock::new();
        }
        self.rtcs = [Rtc::new(3), Rtc::new(4), Rtc::new(4)];
        self.spims = std::array::from_fn(|_| Spim::new());
        self.ports = [Port::p0(), Port::p1()];
        self.gpiote = Gpiote::new();
        self.adc = Adc::new();
        self.nvmc.reset();
        self.epoch_ns = self.now_ns;
    }

    /// Addresses of DMA that went nowhere.
    pub(crate) fn take_strays(&mut self) -> Vec<u32> {
        let mut strays = self.uarte.take_strays();
        strays.extend(self.adc.take_strays());
        for spim in &mut self.spims {
            strays.extend(spim.take_strays());
        }
        strays
    }

    /// Time passes with nobody looking.
    pub(crate) fn wait_until(&mut self, ns: u64) {
        self.now_ns = self.now_ns.max(ns);
        self.qspi.advance(self.now_ns, &mut self.ram);
        self.epoch_ns = self.now_ns;
    }

    fn load_word(&mut self, address: u32) -> Option<u32> {
        let (page, offset) = (address & !0xFFF, address & 0xFFF);
        let now = self.now_ns;
        let found = match page {
            CLOCK => self.clock.load(offset),
            UARTE => self.uarte.load(offset),
            GPIOTE => self.gpiote.load(offset),
            ADC => self.adc.load(offset),
            NVMC => self.nvmc.load(offset),
            QSPI => Some(self.qspi.read_register(now, offset, &mut self.ram)),
            GPIO => self.ports.iter().find_map(|port| port.load(offset)),
            _ => {
                let rtc = RTCS.iter().position(|&base| base == page);
                let spim = SPIMS.iter().position(|&base| base == page);
                match (rtc, spim) {
                    (Some(n), _) => self.rtcs[n].load(now, offset),
                    (_, Some(n)) => self.spims[n].load(offset),
                    _ => None,
                }
            }
        };
        found.or_else(|| harmless::find(address)?.reads)
    }

    fn store_word(&mut self, address: u32, value: u32) -> Option<()> {
        let (page, offset) = (address & !0xFFF, address & 0xFFF);
        let (now, ram) = (self.now_ns, &self.ram.0);
        let found = match page {
            CLOCK => {
                let found = self.clock.store(now, offset, value);
                self.clocks_changed();
                found
            }
            UARTE => self.uarte.store(now, offset, value, ram),
            GPIOTE => self.gpiote.store(offset, value),
            ADC => self.adc.store(now, offset, value),
            NVMC => self.nvmc.store(offset, value),
            QSPI => {
                self.qspi.write_register(now, offset, value, &mut self.ram);
                Some(())
            }
            GPIO => self
                .ports
                .iter_mut()
                .find_map(|port| port.store(offset, value)),
            _ if address < SIZE as u32 || page == USER => self.nvmc.program(address, value),
            _ => {
                let rtc = RTCS.iter().position(|&base| base == page);
                let spim = SPIMS.iter().position(|&base| base == page);
                match (rtc, spim) {
                    (Some(n), _) => self.rtcs[n].store(now, offset, value),
                    (_, Some(n)) => self.spims[n].store(now, offset, value),
                    _ => None,
                }
            }
        };
        found.or_else(|| harmless::find(address).map(|_| ()))
    }

    fn clocks_changed(&mut self) {
        let (now, slow) = (self.now_ns, self.clock.has_slow_clock());
        for rtc in &mut self.rtcs {
            rtc.set_clocked(now, slow);
        }
        let crystal = self.clock.has_crystal();
        self.qspi.set_hfxo_stable(now, crystal, &mut self.ram);
    }
}

impl Devices for Chip {
    fn load(&mut self, cycle: u64, address: u32, width: Width) -> Option<u32> {
        self.advance(cycle);
        if XIP.contains(&address) {
            // Registers are words; memory behind the window is not.
            let mut bytes = [0; 4];
            let length = width.bytes() as usize;
            let (now, offset) = (self.now_ns, address - XIP.start);
            self.qspi
                .read_xip(now, offset, &mut bytes[..length], &mut self.ram);
            return Some(u32::from_le_bytes(bytes));
        }
        match width {
            Width::Word => self.load_word(address),
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
        self.now_ns = self.ns_at(cycle);
        let (now, ram) = (self.now_ns, &self.ram.0);
        self.uarte.advance(now, ram);
        self.adc.advance(now, ram);
        for spim in &mut self.spims {
            spim.advance(now, ram);
        }
        self.clock.advance(now);
        self.clocks_changed();
        for rtc in &mut self.rtcs {
            rtc.advance(now);
        }
        self.qspi.advance(now, &mut self.ram);
    }

    fn next_event(&self) -> Option<u64> {
        let fixed = [
            self.clock.next_event(),
            self.uarte.next_event(),
            self.adc.next_event(),
            self.qspi.next_event(),
        ];
        let rtcs = self.rtcs.iter().map(Rtc::next_event);
        let spims = self.spims.iter().map(Spim::next_event);
        fixed
            .into_iter()
            .chain(rtcs)
            .chain(spims)
            .flatten()
            .min()
            .map(|ns| self.cycle_at(ns))
    }

    fn lines(&self) -> u64 {
        let fixed = [
            (CLOCK, self.clock.line()),
            (UARTE, self.uarte.line()),
            (GPIOTE, self.gpiote.line()),
            (ADC, self.adc.line()),
            (QSPI, self.qspi.irq()),
        ];
        let rtcs = RTCS.into_iter().zip(self.rtcs.iter().map(Rtc::line));
        let spims = SPIMS.into_iter().zip(self.spims.iter().map(Spim::line));
        fixed
            .into_iter()
            .chain(rtcs)
            .chain(spims)
            .filter(|(_, high)| *high)
            .fold(0, |lines, (base, _)| lines | line(base))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flash::PAGE;
    use qspi_models::Nor;
    use qspi_models::nor::part;

    fn chip() -> Chip {
        let flash = Nor::new(part("MX25R6435F").unwrap());
        Chip::new(
            Qspi::new(flash),
            Memory::ram(0x2000_0000, 0x1000),
            Memory::rom(0, vec![0xFF; SIZE]),
            Memory::rom(USER, vec![0xFF; PAGE]),
        )
    }

    #[test]
    fn what_is_not_modelled_does_not_answer() {
        let mut chip = chip();
        // TIMER0, RNG, a hole in UARTE0, the DMA of nothing, flash that is not writable.
        for address in [0x4000_8504, 0x4000_D504, 0x4000_2518, 0x4003_0000, 0x1000] {
            assert_eq!(chip.load(0, address, Width::Word), None, "{address:#x}");
            assert_eq!(chip.store(0, address, Width::Word, 1), None, "{address:#x}");
        }
        assert_eq!(chip.load(0, UARTE + 0x500, Width::Byte), None);
        assert_eq!(chip.load(0, 0x4000_053C, Width::Word), None, "written only");
        assert_eq!(chip.store(0, 0x4000_053C, Width::Word, 1), Some(()));
    }

    #[test]
    fn lines_have_the_numbers_of_their_peripherals() {
        assert_eq!(line(QSPI), 1 << 41);
        assert_eq!(line(RTCS[1]), 1 << 17);
        let mut chip = chip();
        chip.store(0, CLOCK + 0x304, Width::Word, 1).unwrap();
        chip.store(0, CLOCK, Width::Word, 1).unwrap();
        assert_eq!(chip.lines(), 0);
        let due = chip.next_event().unwrap();
        chip.advance(due);
        assert_eq!(chip.lines(), 1);
        chip.reset(true);
        assert_eq!(chip.lines(), 0);
        assert_eq!(chip.load(0, CLOCK + 0x400, Width::Word), Some(4));
    }
}
