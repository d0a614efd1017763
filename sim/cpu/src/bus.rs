// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where loads, stores and fetches go.

use crate::devices::Devices;
use crate::exceptions::SYS_TICK;
use crate::fault::{Access, Fault};
use crate::instructions::Sleep;
use crate::memory::Memory;
use crate::system_control::SystemControl;
use armagnac::memory::{
    Env, MemoryAccessError, MemoryInterface, MemoryReadResult, MemoryWriteResult,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Bytes of an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 1.
    Byte,
    /// 2.
    Half,
    /// 4.
    Word,
}

impl Width {
    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Width::Byte => 1,
            Width::Half => 2,
            Width::Word => 4,
        }
    }
}

/// The timer of the core.
const TIMER: std::ops::Range<u32> = 0xE000_E010..0xE000_E020;

/// NVIC_ICPR0 to 15 (DDI 0403E, B3.4).
const CLEAR_PENDING: std::ops::Range<u32> = 0xE000_E280..0xE000_E2C0;

/// The private peripheral bus: never asked of the memory protection unit.
const PRIVATE: std::ops::Range<u32> = 0xE000_0000..0xE010_0000;

/// Who asks, and when.
#[derive(Clone, Copy)]
pub(crate) struct Asker {
    pub(crate) privileged: bool,
    pub(crate) cycle: u64,
}

/// Memory, peripherals and the core's own registers.
pub struct Bus {
    memories: Vec<Memory>,
    devices: RefCell<Box<dyn Devices>>,
    pub(crate) system: SystemControl,
    /// What the instruction under way failed with.
    pub(crate) fault: Cell<Option<Fault>>,
    pub(crate) sleep: Cell<Sleep>,
    pub(crate) breakpoint: Cell<Option<u8>>,
    pub(crate) call: Cell<Option<u8>>,
    pub(crate) exclusive: Cell<Option<u32>>,
    /// Registers that are stacked go nowhere: there was no room for them.
    pub(crate) discards: Cell<bool>,
    /// An exception is being entered: what the core reads by itself is its vector.
    pub(crate) entering: Cell<bool>,
    /// What an exception that returned could not get its registers back for.
    pub(crate) unstacking: Cell<Option<Fault>>,
    /// Registers that it read by now.
    unstacked: Cell<u32>,
    /// When the peripherals are to be looked at again.
    due: Cell<u64>,
}

impl Bus {
    pub(crate) fn new(
        memories: Vec<Memory>,
        devices: Box<dyn Devices>,
        priority_bits: u32,
    ) -> Rc<Self> {
        Rc::new(Self {
            memories,
            devices: RefCell::new(devices),
            system: SystemControl::new(priority_bits),
            fault: Cell::new(None),
            sleep: Cell::new(Sleep::Awake),
            breakpoint: Cell::new(None),
            call: Cell::new(None),
            exclusive: Cell::new(None),
            discards: Cell::new(false),
            entering: Cell::new(false),
            unstacking: Cell::new(None),
            unstacked: Cell::new(0),
            due: Cell::new(0),
        })
    }

    /// Copies bytes out of memory, past the protection. False if they are not all there.
    #[must_use]
    pub fn peek(&self, address: u32, into: &mut [u8]) -> bool {
        self.memories
            .iter()
            .any(|memory| memory.peek(address, into))
    }

    /// Lets the program reach the first `length` bytes of the memory at `base`, and no more of it.
    /// False if there is no such memory.
    #[must_use]
    pub fn confine(&self, base: u32, length: usize) -> bool {
        let memory = self.memories.iter().find(|memory| memory.base() == base);
        if let Some(memory) = memory {
            memory.set_reach(length);
        }
        memory.is_some()
    }

    #[inline]
    pub(crate) fn due(&self) -> u64 {
        self.due.get()
    }

    /// Lets the peripherals see the time, and their lines be seen.
    pub(crate) fn look_at_devices(&self, cycle: u64) {
        let mut devices = self.devices.borrow_mut();
        devices.advance(cycle);
        self.system.exceptions.see_lines(devices.lines());
        if self.system.timer.advance(cycle) {
            self.system.exceptions.pend(SYS_TICK);
        }
        let due = [devices.next_event(), self.system.timer.next_event()];
        self.due
            .set(due.into_iter().flatten().min().unwrap_or(u64::MAX));
    }

    /// The timer of the core sees the time before it is asked something.
    fn look_at_timer(&self, cycle: u64) {
        if self.system.timer.advance(cycle) {
            self.system.exceptions.pend(SYS_TICK);
        }
        self.due.set(0);
    }

    /// Whether an exception finds room for the registers that it stacks.
    pub(crate) fn takes_stacked(&self, stack: u32, asker: Asker) -> Result<(), Fault> {
        for word in 0..8 {
            let address = stack.wrapping_add(4 * word);
            let access = Access::Write;
            self.check(address, Width::Word, access, asker)?;
            let there = self
                .memories
                .iter()
                .any(|memory| memory.is_writable() && memory.load::<4>(address).is_some());
            if !there {
                return Err(Fault::Bus { address, access });
            }
        }
        Ok(())
    }

    fn protects(&self, address: u32, access: Access, asker: Asker) -> Result<(), Fault> {
        let mpu = &self.system.mpu;
        if mpu.enabled()
            && !PRIVATE.contains(&address)
            && !mpu.allows(address, access, asker.privileged)
        {
            return Err(Fault::Protection { address, access });
        }
        Ok(())
    }

    /// The first and the last byte: regions are at least 32 bytes long.
    fn check(&self, address: u32, width: Width, access: Access, asker: Asker) -> Result<(), Fault> {
        if self.system.mpu.enabled() {
            self.protects(address, access, asker)?;
            let last = address.wrapping_add(width.bytes() - 1);
            if last & !31 != address & !31 {
                self.protects(last, access, asker)?;
            }
        }
        Ok(())
    }

    #[inline]
    fn load_memory(&self, address: u32, width: Width) -> Option<u32> {
        for memory in &self.memories {
            let value = match width {
                Width::Byte => memory.load::<1>(address).map(|[byte]| u32::from(byte)),
                Width::Half => memory
                    .load(address)
                    .map(|bytes| u32::from(u16::from_le_bytes(bytes))),
                Width::Word => memory.load(address).map(u32::from_le_bytes),
            };
            if value.is_some() {
                return value;
            }
        }
        None
    }

    fn store_memory(&self, address: u32, width: Width, value: u32) -> Option<bool> {
        let bytes = value.to_le_bytes();
        let bytes = &bytes[..width.bytes() as usize];
        self.memories
            .iter()
            .find_map(|memory| memory.store(address, bytes))
    }

    pub(crate) fn load(&self, address: u32, width: Width, asker: Asker) -> Result<u32, Fault> {
        let aligned = address.is_multiple_of(width.bytes());
        if !aligned && self.system.traps_unaligned() {
            return Err(Fault::Unaligned { address });
        }
        self.check(address, width, Access::Read, asker)?;
        if let Some(value) = self.load_memory(address, width) {
            return Ok(value);
        }
        if !aligned {
            return Err(Fault::Unaligned { address });
        }
        let fault = Fault::Bus {
            address,
            access: Access::Read,
        };
        if PRIVATE.contains(&address) {
            if !asker.privileged {
                return Err(fault);
            }
            if TIMER.contains(&address) {
                self.look_at_timer(asker.cycle);
            }
            let word = self.system.load(address & !3).ok_or(fault)?;
            let shifted = word >> (8 * (address & 3));
            return Ok(match width {
                Width::Byte => shifted & 0xFF,
                Width::Half => shifted & 0xFFFF,
                Width::Word => word,
            });
        }
        let value = self
            .devices
            .borrow_mut()
            .load(asker.cycle, address, width)
            .ok_or(fault)?;
        // What was read may have changed something, its line for instance.
        self.due.set(0);
        Ok(value)
    }

    pub(crate) fn store(
        &self,
        address: u32,
        width: Width,
        value: u32,
        asker: Asker,
    ) -> Result<(), Fault> {
        let aligned = address.is_multiple_of(width.bytes());
        if !aligned && self.system.traps_unaligned() {
            return Err(Fault::Unaligned { address });
        }
        self.check(address, width, Access::Write, asker)?;
        let fault = Fault::Bus {
            address,
            access: Access::Write,
        };
        // What is there and not writable may be flash, with a controller that lets it be written.
        if self.store_memory(address, width, value) == Some(true) {
            return Ok(());
        }
        if !aligned {
            return Err(Fault::Unaligned { address });
        }
        if PRIVATE.contains(&address) {
            if !asker.privileged {
                return Err(fault);
            }
            if TIMER.contains(&address) {
                self.look_at_timer(asker.cycle);
            }
            if CLEAR_PENDING.contains(&address) {
                // A line that is high makes it pending again at once.
                self.due.set(0);
            }
            return match width {
                Width::Word => self.system.store(address, value),
                Width::Byte => self.system.store_byte(address, value as u8),
                Width::Half => None,
            }
            .ok_or(fault);
        }
        self.devices
            .borrow_mut()
            .store(asker.cycle, address, width, value)
            .ok_or(fault)?;
        self.due.set(0);
        Ok(())
    }

    fn fetch(&self, address: u32, asker: Asker) -> Result<u16, Fault> {
        let access = Access::Fetch;
        self.protects(address, access, asker)?;
        self.memories
            .iter()
            .filter(|memory| memory.is_executable())
            .find_map(|memory| memory.load(address))
            .map(u16::from_le_bytes)
            .ok_or(Fault::Bus { address, access })
    }
}

/// What the emulated core sees by itself: fetches, vectors and stacked registers. Loads and
/// stores of instructions don't come this way.
pub(crate) struct View(pub(crate) Rc<Bus>);

impl View {
    /// Everything up to the system control space, which is the core's own.
    pub(crate) const SIZE: u32 = 0xE000_E000;

    /// A register of an exception that returns. The emulated core can't end a return halfway, nor
    /// take one to where it can't go: so it gets registers that do no harm, and the fault comes after.
    fn unstack(&self, address: u32, asker: Asker) -> u32 {
        const HARMLESS: u32 = 1 << 24;
        const PROGRAM_STATUS: u32 = 7;
        const EXCEPTION: u32 = 0x1FF;
        let bus = &self.0;
        let index = bus.unstacked.get();
        bus.unstacked.set((index + 1) % 8);
        if bus.unstacking.get().is_some() {
            return HARMLESS;
        }
        match bus.load(address, Width::Word, asker) {
            Ok(status)
                if index == PROGRAM_STATUS
                    && status & EXCEPTION != 0
                    && bus.system.exceptions.depth() == 1 =>
            {
                bus.unstacking.set(Some(Fault::InvalidState));
                HARMLESS
            }
            Ok(value) => value,
            Err(fault) => {
                bus.unstacking.set(Some(fault));
                HARMLESS
            }
        }
    }

    fn keep<T>(&self, result: Result<T, Fault>) -> Result<T, MemoryAccessError> {
        result.map_err(|fault| {
            self.0.fault.set(Some(fault));
            MemoryAccessError::Illegal
        })
    }
}

fn asker(env: &Env) -> Asker {
    Asker {
        privileged: env.privileged,
        cycle: env.cycles,
    }
}

impl MemoryInterface for View {
    #[inline]
    fn read_u16le(&mut self, address: u32, env: &mut Env) -> MemoryReadResult<u16> {
        self.keep(self.0.fetch(address, asker(env)))
    }

    /// Vectors and unstacking. The emulated core reads vectors before it has taken its
    /// privileges, so the protection is not asked for these.
    fn read_u32le(&mut self, address: u32, env: &mut Env) -> MemoryReadResult<u32> {
        if !self.0.entering.get() {
            return Ok(self.unstack(address, asker(env)));
        }
        let asker = Asker {
            privileged: true,
            ..asker(env)
        };
        self.keep(self.0.load(address, Width::Word, asker))
    }

    /// Stacking.
    fn write_u32le(&mut self, address: u32, value: u32, env: &mut Env) -> MemoryWriteResult {
        if self.0.discards.get() {
            return Ok(());
        }
        self.keep(self.0.store(address, Width::Word, value, asker(env)))
    }

    fn size(&self) -> u32 {
        Self::SIZE
    }
}
