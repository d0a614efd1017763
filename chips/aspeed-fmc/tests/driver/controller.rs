// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A controller: registers, a DMA that ends when it is told to, and what was shifted.

use aspeed_fmc::Port;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};

const INTR: usize = 0x08;
const CTRL0: usize = 0x10;
const DMA_CTRL: usize = 0x80;
const DMA_FLASH: usize = 0x84;
const DMA_RAM: usize = 0x88;
const DMA_LEN: usize = 0x8C;
const DONE: u32 = 1 << 11;
const GRANTED: u32 = 3 << 30;

/// What the flash holds at an address.
pub fn content(address: u32) -> u8 {
    (address.wrapping_mul(0x9E37_79B1) >> 24) as u8
}

/// How a controller differs from the chip's.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// A transfer is over when it is started, as in QEMU.
    pub at_once: bool,
    /// DMA_LEN holds whole words, and counts bytes from 1, as in QEMU up to 8.
    pub counts_words: bool,
}

/// The controller.
#[derive(Default)]
pub struct Fake {
    registers: RefCell<BTreeMap<usize, u32>>,
    manner: Manner,
    /// Grants are not given for so many looks.
    pub grant_after: Cell<u32>,
    /// What is shifted in.
    pub answers: RefCell<VecDeque<u8>>,
    /// What was shifted out, a list for each time that the flash was selected.
    pub shifted: RefCell<Vec<Vec<u8>>>,
    /// What was programmed: address and bytes.
    pub programmed: RefCell<Vec<(u32, Vec<u8>)>>,
    /// Values of CTRL0 when transfers were started.
    pub controls: RefCell<Vec<u32>>,
    running: Cell<bool>,
}

impl Fake {
    /// One of that manner.
    pub fn of(manner: Manner) -> Fake {
        Fake {
            manner,
            ..Fake::default()
        }
    }

    /// The value of a register.
    pub fn value(&self, offset: usize) -> u32 {
        self.registers.borrow().get(&offset).copied().unwrap_or(0)
    }

    /// The values of all registers that were written to.
    pub fn values(&self) -> BTreeMap<usize, u32> {
        self.registers.borrow().clone()
    }

    fn put(&self, offset: usize, value: u32) {
        self.registers.borrow_mut().insert(offset, value);
    }

    /// Whether the interrupt line is up.
    pub fn interrupts(&self) -> bool {
        let intr = self.value(INTR);
        intr & DONE != 0 && intr & 1 << 3 != 0
    }

    /// Whether a transfer runs.
    pub fn is_running(&self) -> bool {
        self.running.get()
    }

    /// The transfer ends.
    pub fn finish(&self) {
        assert!(self.running.replace(false), "nothing runs");
        let flash = self.value(DMA_FLASH) & 0x0FFF_FFFF;
        let ram = (self.value(DMA_RAM) & 0x000F_FFFF) as usize;
        let length = self.value(DMA_LEN) as usize;
        let length = if self.manner.counts_words {
            length
        } else {
            length + 1
        };
        if self.value(DMA_CTRL) & 2 == 0 {
            for (index, address) in (flash..).take(length).enumerate() {
                // SAFETY: the driver has lent this memory, and has not got it back.
                unsafe { ((ram + index) as *mut u8).write_volatile(content(address)) };
            }
        } else {
            let bytes = (0..length)
                // SAFETY: as above.
                .map(|index| unsafe { ((ram + index) as *const u8).read_volatile() })
                .collect();
            self.programmed.borrow_mut().push((flash, bytes));
        }
        self.put(INTR, self.value(INTR) | DONE);
    }

    /// The interrupt line goes up, for no reason.
    pub fn raise(&self) {
        self.put(INTR, 1 << 3 | DONE);
    }

    fn write_dma_control(&self, value: u32) {
        let now = self.value(DMA_CTRL);
        match value {
            0xAEED_0000 => self.put(DMA_CTRL, now | 1 << 31),
            0xDEEA_0000 => self.put(DMA_CTRL, now & !GRANTED),
            0 => {
                self.put(DMA_CTRL, now & GRANTED);
                self.put(INTR, self.value(INTR) & !DONE);
                assert!(!self.running.get(), "a running transfer is aborted");
            }
            _ => {
                assert_eq!(now & GRANTED, GRANTED, "not granted");
                assert!(!self.running.replace(true), "it runs already");
                self.controls.borrow_mut().push(self.value(CTRL0));
                self.put(DMA_CTRL, now & GRANTED | value);
                if self.manner.at_once {
                    self.finish();
                }
            }
        }
    }
}

// SAFETY: lent memory is touched in `finish` only, before the bit is set.
unsafe impl Port for Fake {
    fn read(&self, offset: usize) -> u32 {
        if offset == DMA_CTRL && self.value(DMA_CTRL) & GRANTED == 1 << 31 {
            match self.grant_after.get() {
                0 => self.put(DMA_CTRL, self.value(DMA_CTRL) | GRANTED),
                more => self.grant_after.set(more - 1),
            }
        }
        self.value(offset)
    }

    fn write(&self, offset: usize, value: u32) {
        match offset {
            DMA_CTRL => self.write_dma_control(value),
            DMA_LEN if self.manner.counts_words => self.put(DMA_LEN, value & !3),
            INTR => {
                assert!(
                    !self.running.get(),
                    "in QEMU the end of the DMA could go with it"
                );
                self.put(INTR, self.value(INTR) & DONE | value & !DONE);
            }
            CTRL0 => {
                let selected = |value: u32| value & 0b111 == 0b011;
                if selected(value) && !selected(self.value(CTRL0)) {
                    self.shifted.borrow_mut().push(Vec::new());
                }
                self.put(CTRL0, value);
            }
            _ => self.put(offset, value),
        }
    }

    fn shift_in(&self) -> u8 {
        assert_eq!(self.value(CTRL0) & 0b111, 0b011, "not selected");
        self.answers.borrow_mut().pop_front().unwrap_or(0xFF)
    }

    fn shift_out(&self, byte: u8) {
        assert_eq!(self.value(CTRL0) & 0b111, 0b011, "not selected");
        let mut shifted = self.shifted.borrow_mut();
        shifted.last_mut().unwrap().push(byte);
    }
}
