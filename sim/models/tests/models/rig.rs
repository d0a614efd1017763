// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A peripheral, a flash, some memory and a clock, for the tests.

use qspi_models::nor::part;
use qspi_models::registers::*;
use qspi_models::{DmaError, DmaMemory, Lanes, Nor, Observation, Qspi, Timed, Violation, Wiring};

pub const RAM: u32 = 0x2000_0000;
pub const RAM_SIZE: u32 = 0x4_0000;

/// Memory at the place where the chip has its RAM.
pub struct Ram {
    pub bytes: Vec<u8>,
    pub reads: u32,
    pub writes: u32,
}

impl Ram {
    pub fn new() -> Self {
        Self {
            bytes: vec![0; RAM_SIZE as usize],
            reads: 0,
            writes: 0,
        }
    }

    fn range(&self, addr: u32, length: usize) -> Result<std::ops::Range<usize>, DmaError> {
        let start = addr
            .checked_sub(RAM)
            .filter(|&s| s as usize + length <= self.bytes.len())
            .ok_or(DmaError { address: addr })? as usize;
        Ok(start..start + length)
    }

    pub fn at(&mut self, addr: u32, length: usize) -> &mut [u8] {
        let range = self.range(addr, length).unwrap();
        &mut self.bytes[range]
    }
}

impl DmaMemory for Ram {
    fn read(&mut self, addr: u32, buf: &mut [u8]) -> Result<(), DmaError> {
        self.reads += 1;
        buf.copy_from_slice(&self.bytes[self.range(addr, buf.len())?]);
        Ok(())
    }

    fn write(&mut self, addr: u32, data: &[u8]) -> Result<(), DmaError> {
        self.writes += 1;
        let range = self.range(addr, data.len())?;
        self.bytes[range].copy_from_slice(data);
        Ok(())
    }
}

pub struct Rig {
    pub qspi: Qspi,
    pub ram: Ram,
    pub now: u64,
}

/// READOC and WRITEOC of the single-line and of the four-line setting.
pub const SINGLE: u32 = 0;
pub const QUAD_MACRONIX: u32 = 4 | 3 << 3;
pub const QUAD_WINBOND: u32 = 4 | 2 << 3;
/// SCKFREQ for 8 MHz.
pub const MHZ_8: u32 = 3;
pub const MHZ_32: u32 = 0;

impl Rig {
    /// A fresh peripheral with the part `name`.
    pub fn fresh(name: &str) -> Self {
        let mut qspi = Qspi::new(Nor::new(part(name).unwrap()));
        qspi.set_wiring(Wiring::NRF52840DK);
        Self {
            qspi,
            ram: Ram::new(),
            now: 0,
        }
    }

    /// The development kit's part, connected, at 8 MHz on single lines, CSN gap
    /// of one unit, activated.
    pub fn active() -> Self {
        Self::active_with("MX25R6435F", SINGLE, MHZ_8)
    }

    pub fn active_with(name: &str, ifconfig0: u32, sckfreq: u32) -> Self {
        let mut rig = Self::fresh(name);
        rig.activate(ifconfig0, sckfreq);
        rig
    }

    /// As `active_with`, with quad enable and the fast mode set before.
    pub fn quad(name: &str, ifconfig0: u32, sckfreq: u32) -> Self {
        let mut rig = Self::fresh(name);
        let flash = rig.qspi.flash_mut();
        flash.set_register(0, 0x40);
        flash.set_register(1, 0x02);
        flash.set_register(2, 0x02);
        rig.activate(ifconfig0, sckfreq);
        rig
    }

    pub fn activate(&mut self, ifconfig0: u32, sckfreq: u32) {
        self.connect();
        self.write(IFCONFIG0, ifconfig0);
        self.write(IFCONFIG1, 0x0004_0401 | sckfreq << 28);
        self.write(ENABLE, 1);
        self.run(TASKS_ACTIVATE);
    }

    pub fn connect(&mut self) {
        let wiring = Wiring::NRF52840DK;
        for (offset, pin) in [PSEL_SCK, PSEL_CSN, PSEL_IO0, PSEL_IO1, PSEL_IO2, PSEL_IO3]
            .into_iter()
            .zip([wiring.sck, wiring.csn].into_iter().chain(wiring.io))
        {
            self.write(offset, pin);
        }
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        self.qspi
            .write_register(self.now, offset, value, &mut self.ram);
    }

    pub fn read(&mut self, offset: u32) -> u32 {
        self.qspi.read_register(self.now, offset, &mut self.ram)
    }

    /// Lets `ns` pass, event by event.
    pub fn pass(&mut self, ns: u64) {
        let until = self.now + ns;
        while let Some(at) = self.qspi.next_event().filter(|&at| at <= until) {
            self.qspi.advance(at, &mut self.ram);
        }
        self.now = until;
        self.qspi.advance(until, &mut self.ram);
    }

    /// Clears the event, writes a task register and returns the time until READY.
    pub fn run(&mut self, task: u32) -> u64 {
        self.write(EVENTS_READY, 0);
        self.write(task, 1);
        self.until_ready().expect("READY comes")
    }

    /// Time until READY, if it comes at all.
    pub fn until_ready(&mut self) -> Option<u64> {
        let from = self.now;
        while self.read(EVENTS_READY) == 0 {
            self.now = self.now.max(self.qspi.next_event()?);
            self.qspi.advance(self.now, &mut self.ram);
        }
        Some(self.now - from)
    }

    /// Waits until the flash is no longer busy and returns how long that took.
    pub fn until_idle(&mut self) -> u64 {
        let from = self.now;
        while self.qspi.flash().is_busy() {
            self.now = self.qspi.next_event().expect("busy ends");
            self.qspi.advance(self.now, &mut self.ram);
        }
        self.now - from
    }

    pub fn set_up_read(&mut self, flash: u32, memory: u32, count: u32) {
        self.write(READ_SRC, flash);
        self.write(READ_DST, memory);
        self.write(READ_CNT, count);
    }

    pub fn set_up_write(&mut self, flash: u32, memory: u32, count: u32) {
        self.write(WRITE_DST, flash);
        self.write(WRITE_SRC, memory);
        self.write(WRITE_CNT, count);
    }

    pub fn set_up_erase(&mut self, flash: u32, length: u32) {
        self.write(ERASE_PTR, flash);
        self.write(ERASE_LEN, length);
    }

    /// Sends a custom instruction and returns what came back.
    pub fn custom(&mut self, opcode: u8, data: &[u8]) -> Vec<u8> {
        self.custom_with(opcode, data, 3 << 12)
    }

    /// As `custom`, with these bits of CINSTRCONF from bit 12 up.
    pub fn custom_with(&mut self, opcode: u8, data: &[u8], flags: u32) -> Vec<u8> {
        let mut words = [0u8; 8];
        words[..data.len()].copy_from_slice(data);
        let (low, high) = words.split_at(4);
        self.write(CINSTRDAT0, u32::from_le_bytes(low.try_into().unwrap()));
        self.write(CINSTRDAT1, u32::from_le_bytes(high.try_into().unwrap()));
        self.write(EVENTS_READY, 0);
        let length = data.len() as u32 + 1;
        self.write(CINSTRCONF, u32::from(opcode) | length << 8 | flags);
        self.until_ready().expect("READY comes");
        let mut answer = self.read(CINSTRDAT0).to_le_bytes().to_vec();
        answer.extend(self.read(CINSTRDAT1).to_le_bytes());
        answer.truncate(data.len());
        answer
    }

    pub fn take(&mut self) -> Vec<Violation> {
        let timed = self.qspi.take_violations();
        timed.into_iter().map(|v| v.what).collect()
    }

    pub fn observed(&mut self) -> Vec<Timed<Observation>> {
        self.qspi.take_observations()
    }

    pub fn observations(&mut self) -> Vec<Observation> {
        self.observed().into_iter().map(|o| o.what).collect()
    }

    pub fn no_violations(&mut self) {
        assert_eq!(self.take(), []);
    }
}

/// A part driven without the peripheral.
pub struct Bare {
    pub nor: Nor,
    pub now: u64,
    pub hz: u32,
}

impl Bare {
    pub fn new(name: &str) -> Self {
        Self {
            nor: Nor::new(part(name).unwrap()),
            now: 0,
            hz: 8_000_000,
        }
    }

    /// One single-line frame: sends `out`, then takes `count` bytes. Takes 1 µs.
    pub fn frame(&mut self, out: &[u8], count: usize) -> Vec<u8> {
        self.nor.select(self.now, self.hz);
        self.nor.send(out, Lanes::One);
        let mut answer = vec![0; count];
        if count > 0 {
            self.nor.receive(&mut answer, Lanes::One);
        }
        self.now += 1_000;
        self.nor.deselect(self.now);
        answer
    }

    pub fn status(&mut self) -> u8 {
        self.frame(&[0x05], 1)[0]
    }

    /// A command with a three-byte address.
    pub fn addressed(&mut self, opcode: u8, address: u32, data: &[u8]) {
        let mut out = vec![opcode];
        out.extend(&address.to_be_bytes()[1..]);
        out.extend(data);
        self.frame(&out, 0);
    }

    pub fn read(&mut self, address: u32, count: usize) -> Vec<u8> {
        let bytes = address.to_be_bytes();
        self.frame(&[0x03, bytes[1], bytes[2], bytes[3]], count)
    }

    /// WREN, then a command with a three-byte address; returns the busy time.
    pub fn modify(&mut self, opcode: u8, address: u32, data: &[u8]) -> u64 {
        self.frame(&[0x06], 0);
        self.addressed(opcode, address, data);
        self.until_idle()
    }

    pub fn until_idle(&mut self) -> u64 {
        let from = self.now;
        while self.nor.is_busy() {
            self.now = self.nor.next_event().expect("busy ends");
            self.nor.advance(self.now);
        }
        self.now - from
    }

    pub fn pass(&mut self, ns: u64) {
        self.now += ns;
        self.nor.advance(self.now);
    }

    pub fn take(&mut self) -> Vec<Violation> {
        let timed = self.nor.take_violations();
        timed.into_iter().map(|v| v.what).collect()
    }
}
