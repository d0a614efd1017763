// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A port that records every access and answers what the test says. It is no model of
//! the peripheral: nothing happens in it by itself.

use crate::log::{self, Step};
use nrf52840_qspi::Port;
use std::cell::Cell;

/// Offsets, from the register description.
pub mod offset {
    pub const ACTIVATE: usize = 0x000;
    pub const READSTART: usize = 0x004;
    pub const WRITESTART: usize = 0x008;
    pub const ERASESTART: usize = 0x00C;
    pub const DEACTIVATE: usize = 0x010;
    pub const ANOMALY_122: usize = 0x054;
    pub const EVENTS_READY: usize = 0x100;
    pub const INTENSET: usize = 0x304;
    pub const INTENCLR: usize = 0x308;
    pub const ENABLE: usize = 0x500;
    pub const READ_SRC: usize = 0x504;
    pub const READ_DST: usize = 0x508;
    pub const READ_CNT: usize = 0x50C;
    pub const WRITE_DST: usize = 0x510;
    pub const WRITE_SRC: usize = 0x514;
    pub const WRITE_CNT: usize = 0x518;
    pub const ERASE_PTR: usize = 0x51C;
    pub const ERASE_LEN: usize = 0x520;
    pub const PSEL: [usize; 6] = [0x524, 0x528, 0x530, 0x534, 0x538, 0x53C];
    pub const IFCONFIG0: usize = 0x544;
    pub const IFCONFIG1: usize = 0x600;
    pub const STATUS: usize = 0x604;
    pub const CINSTRCONF: usize = 0x634;
    pub const CINSTRDAT0: usize = 0x638;
    pub const CINSTRDAT1: usize = 0x63C;
    pub const IFTIMING: usize = 0x640;
}
use offset::*;

/// The port.
pub struct Chip {
    /// EVENTS_READY.
    pub event: Cell<u32>,
    /// STATUS.READY.
    pub at_rest: Cell<bool>,
    /// What CINSTRDAT0 and 1 hold.
    pub data: [Cell<u32>; 2],
    pub ifconfig0: Cell<u32>,
    pub ifconfig1: Cell<u32>,
    pub iftiming: Cell<u32>,
}

impl Chip {
    pub fn new() -> Chip {
        Chip {
            event: Cell::new(0),
            at_rest: Cell::new(false),
            data: [Cell::new(0), Cell::new(0)],
            ifconfig0: Cell::new(0),
            ifconfig1: Cell::new(0x0004_0480),
            iftiming: Cell::new(0x200),
        }
    }
}

// SAFETY: there is no DMA here at all.
unsafe impl Port for Chip {
    fn read(&self, offset: usize) -> u32 {
        log::push(Step::Read(offset));
        match offset {
            EVENTS_READY => self.event.get(),
            // The status register's byte is there to be ignored.
            STATUS => 0xA500_0000 | u32::from(self.at_rest.get()) << 3,
            IFCONFIG0 => self.ifconfig0.get(),
            IFCONFIG1 => self.ifconfig1.get(),
            IFTIMING => self.iftiming.get(),
            CINSTRDAT0 => self.data[0].get(),
            CINSTRDAT1 => self.data[1].get(),
            _ => panic!("read of {offset:#x}, which the driver has no use for"),
        }
    }

    fn write(&self, offset: usize, value: u32) {
        log::push(Step::Write(offset, value));
        match offset {
            EVENTS_READY => self.event.set(value),
            IFCONFIG0 => self.ifconfig0.set(value),
            IFCONFIG1 => self.ifconfig1.set(value),
            IFTIMING => self.iftiming.set(value),
            CINSTRDAT0 => self.data[0].set(value),
            CINSTRDAT1 => self.data[1].set(value),
            ACTIVATE | READSTART | WRITESTART | ERASESTART | DEACTIVATE | CINSTRCONF => {
                self.at_rest.set(false);
            }
            ANOMALY_122 | INTENSET | INTENCLR | ENABLE | READ_SRC | READ_DST | READ_CNT
            | WRITE_DST | WRITE_SRC | WRITE_CNT | ERASE_PTR | ERASE_LEN => {}
            _ if PSEL.contains(&offset) => {}
            _ => panic!("write of {offset:#x}, which is no register"),
        }
    }
}
