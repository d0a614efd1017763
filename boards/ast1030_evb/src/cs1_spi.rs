// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Chip select 1 of the FMC as an SPI bus, for upstream's flash driver, beside which ours is
//! measured. Bytes are shifted by the CPU.

use crate::busy::Busy;
use core::cell::Cell;
use kernel::ErrorCode;
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::gpio::{Configuration, Configure, FloatingState, Input, Output};
use kernel::hil::spi::{ClockPhase, ClockPolarity, SpiMaster, SpiMasterClient};
use kernel::utilities::StaticRef;
use kernel::utilities::cells::OptionalCell;
use kernel::utilities::leasable_buffer::SubSliceMut;
use kernel::utilities::registers::interfaces::{ReadWriteable, Readable, Writeable};
use kernel::utilities::registers::{ReadWrite, register_bitfields, register_structs};

register_structs! {
    /// What of the FMC's registers is chip select 1's.
    pub Registers {
        (0x00 => conf: ReadWrite<u32, CONF::Register>),
        (0x04 => _reserved),
        (0x14 => ctrl1: ReadWrite<u32, CTRL::Register>),
        (0x18 => @END),
    }
}

/// Its window, which is the same byte everywhere in user mode.
pub type Window = ReadWrite<u8>;

register_bitfields![u32,
    CONF [
        WRITE_ENABLE1 OFFSET(17) NUMBITS(1) []
    ],
    CTRL [
        USER OFFSET(0) NUMBITS(2) [],
        DESELECT OFFSET(2) NUMBITS(1) []
    ]
];

/// A pin that there is not, for write protect and hold.
pub enum NoPin {}

impl Input for NoPin {
    fn read(&self) -> bool {
        match *self {}
    }
}

impl Output for NoPin {
    fn set(&self) {}
    fn clear(&self) {}
    fn toggle(&self) -> bool {
        match *self {}
    }
}

impl Configure for NoPin {
    fn configuration(&self) -> Configuration {
        match *self {}
    }
    fn make_output(&self) -> Configuration {
        match *self {}
    }
    fn disable_output(&self) -> Configuration {
        match *self {}
    }
    fn make_input(&self) -> Configuration {
        match *self {}
    }
    fn disable_input(&self) -> Configuration {
        match *self {}
    }
    fn deactivate_to_low_power(&self) {}
    fn set_floating_state(&self, _: FloatingState) {}
    fn floating_state(&self) -> FloatingState {
        match *self {}
    }
}

/// A transfer that is over.
struct Ended {
    write: SubSliceMut<'static, u8>,
    read: Option<SubSliceMut<'static, u8>>,
    length: usize,
}

/// The bus.
pub struct Cs1Spi {
    registers: StaticRef<Registers>,
    window: StaticRef<Window>,
    busy: &'static Busy,
    client: OptionalCell<&'static dyn SpiMasterClient>,
    deferred_call: DeferredCall,
    ended: OptionalCell<Ended>,
    holds: Cell<bool>,
}

/// Chip select, of which there is one.
#[derive(Clone, Copy)]
pub struct Cs1;

impl kernel::hil::spi::cs::IntoChipSelect<Cs1, kernel::hil::spi::cs::ActiveLow> for Cs1 {
    fn into_cs(self) -> Cs1 {
        self
    }
}

impl Cs1Spi {
    /// The bus.
    pub fn new(
        registers: StaticRef<Registers>,
        window: StaticRef<Window>,
        busy: &'static Busy,
    ) -> Cs1Spi {
        Cs1Spi {
            registers,
            window,
            busy,
            client: OptionalCell::empty(),
            deferred_call: DeferredCall::new(),
            ended: OptionalCell::empty(),
            holds: Cell::new(false),
        }
    }

    fn select(&self, selected: bool) {
        let deselect = if selected {
            CTRL::DESELECT::CLEAR
        } else {
            CTRL::DESELECT::SET
        };
        self.registers.ctrl1.write(CTRL::USER.val(3) + deselect);
    }

    /// User mode has one direction at a time. What upstream's driver reads, it reads after
    /// what it writes: opcode and address.
    fn shift(&self, write: &[u8], read: Option<&mut [u8]>) {
        const HEADER: usize = 4;
        let Some(read) = read else {
            for byte in write {
                self.window.set(*byte);
            }
            return;
        };
        let length = write.len().min(read.len());
        // A status register follows its opcode, an array's content the address.
        let header = if length > HEADER { HEADER } else { 1 };
        for (index, (out, slot)) in write.iter().zip(read).enumerate() {
            if index < header {
                self.window.set(*out);
                *slot = 0;
            } else {
                *slot = self.window.get();
            }
        }
    }
}

impl DeferredCallClient for Cs1Spi {
    fn handle_deferred_call(&self) {
        if let Some(ended) = self.ended.take() {
            self.client
                .map(|client| client.read_write_done(ended.write, ended.read, Ok(ended.length)));
        }
    }

    fn register(&'static self) {
        self.deferred_call.register(self);
    }
}

impl SpiMaster<'static> for Cs1Spi {
    type ChipSelect = Cs1;

    fn init(&self) -> Result<(), ErrorCode> {
        self.registers.conf.modify(CONF::WRITE_ENABLE1::SET);
        self.select(false);
        Ok(())
    }

    fn set_client(&self, client: &'static dyn SpiMasterClient) {
        self.client.set(client);
    }

    fn is_busy(&self) -> bool {
        self.ended.is_some()
    }

    fn read_write_bytes(
        &self,
        write: SubSliceMut<'static, u8>,
        mut read: Option<SubSliceMut<'static, u8>>,
    ) -> Result<
        (),
        (
            ErrorCode,
            SubSliceMut<'static, u8>,
            Option<SubSliceMut<'static, u8>>,
        ),
    > {
        if self.is_busy() {
            return Err((ErrorCode::BUSY, write, read));
        }
        let length = read
            .as_ref()
            .map_or(write.len(), |read| read.len().min(write.len()));
        self.select(true);
        self.busy.shift(|| {
            self.shift(
                write.as_slice(),
                read.as_mut().map(SubSliceMut::as_mut_slice),
            );
        });
        if !self.holds.get() {
            self.select(false);
        }
        self.ended.set(Ended {
            write,
            read,
            length,
        });
        self.deferred_call.set();
        Ok(())
    }

    fn write_byte(&self, _: u8) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn read_byte(&self) -> Result<u8, ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn read_write_byte(&self, _: u8) -> Result<u8, ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn specify_chip_select(&self, _: Cs1) -> Result<(), ErrorCode> {
        Ok(())
    }

    fn set_rate(&self, rate: u32) -> Result<u32, ErrorCode> {
        Ok(rate)
    }

    fn get_rate(&self) -> u32 {
        0
    }

    fn set_polarity(&self, polarity: ClockPolarity) -> Result<(), ErrorCode> {
        match polarity {
            ClockPolarity::IdleLow => Ok(()),
            ClockPolarity::IdleHigh => Err(ErrorCode::NOSUPPORT),
        }
    }

    fn get_polarity(&self) -> ClockPolarity {
        ClockPolarity::IdleLow
    }

    fn set_phase(&self, phase: ClockPhase) -> Result<(), ErrorCode> {
        match phase {
            ClockPhase::SampleLeading => Ok(()),
            ClockPhase::SampleTrailing => Err(ErrorCode::NOSUPPORT),
        }
    }

    fn get_phase(&self) -> ClockPhase {
        ClockPhase::SampleLeading
    }

    fn hold_low(&self) {
        self.holds.set(true);
    }

    fn release_low(&self) {
        self.holds.set(false);
    }
}
