// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! UART5, a 16550 with FIFOs.

use core::cell::Cell;
use kernel::ErrorCode;
use kernel::hil::uart::{
    Configure, Error, Parameters, Parity, Receive, ReceiveClient, StopBits, Transmit,
    TransmitClient, Width,
};
use kernel::utilities::StaticRef;
use kernel::utilities::cells::{OptionalCell, TakeCell};
use kernel::utilities::registers::interfaces::{ReadWriteable, Readable, Writeable};
use kernel::utilities::registers::{ReadOnly, ReadWrite, register_bitfields, register_structs};

register_structs! {
    /// A 16550, its registers 4 bytes apart.
    pub UartRegisters {
        /// Data; the divisor's low byte while LINE.DIVISOR_ACCESS.
        (0x00 => data: ReadWrite<u32>),
        /// Interrupt enable; the divisor's high byte while LINE.DIVISOR_ACCESS.
        (0x04 => interrupt_enable: ReadWrite<u32, INTERRUPT::Register>),
        /// Read: interrupt identification. Write: FIFO control.
        (0x08 => fifo: ReadWrite<u32, FIFO::Register>),
        (0x0C => line: ReadWrite<u32, LINE::Register>),
        (0x10 => modem: ReadWrite<u32>),
        (0x14 => status: ReadOnly<u32, STATUS::Register>),
        (0x18 => @END),
    }
}

register_bitfields![u32,
    INTERRUPT [
        RECEIVED OFFSET(0) NUMBITS(1) [],
        SENT OFFSET(1) NUMBITS(1) []
    ],
    FIFO [
        ENABLE OFFSET(0) NUMBITS(1) [],
        CLEAR_RECEIVE OFFSET(1) NUMBITS(1) [],
        CLEAR_SEND OFFSET(2) NUMBITS(1) []
    ],
    LINE [
        /// Bits of a character, less 5.
        LENGTH OFFSET(0) NUMBITS(2) [],
        TWO_STOP_BITS OFFSET(2) NUMBITS(1) [],
        PARITY OFFSET(3) NUMBITS(1) [],
        EVEN_PARITY OFFSET(4) NUMBITS(1) [],
        DIVISOR_ACCESS OFFSET(7) NUMBITS(1) []
    ],
    STATUS [
        RECEIVED OFFSET(0) NUMBITS(1) [],
        OVERRUN OFFSET(1) NUMBITS(1) [],
        PARITY_ERROR OFFSET(2) NUMBITS(1) [],
        FRAMING_ERROR OFFSET(3) NUMBITS(1) [],
        /// The send FIFO is empty.
        FIFO_SENT OFFSET(5) NUMBITS(1) [],
        /// All is on the wire.
        ALL_SENT OFFSET(6) NUMBITS(1) []
    ]
];

/// What the divisor divides, in Hz: 24 MHz / 13 / 16.
const CLOCK_HZ: u32 = 24_000_000 / 13 / 16;
/// Characters that the send FIFO takes.
const FIFO_DEPTH: usize = 16;

/// A buffer on its way.
#[derive(Clone, Copy, Default)]
struct Progress {
    done: usize,
    length: usize,
}

/// The UART.
pub struct Uart<'a> {
    registers: StaticRef<UartRegisters>,
    transmit_client: OptionalCell<&'a dyn TransmitClient>,
    receive_client: OptionalCell<&'a dyn ReceiveClient>,
    sending: TakeCell<'static, [u8]>,
    sent: Cell<Progress>,
    send_result: Cell<Result<(), ErrorCode>>,
    receiving: TakeCell<'static, [u8]>,
    received: Cell<Progress>,
    receive_aborted: Cell<bool>,
}

impl Uart<'_> {
    /// The UART with these registers.
    pub fn new(registers: StaticRef<UartRegisters>) -> Self {
        Uart {
            registers,
            transmit_client: OptionalCell::empty(),
            receive_client: OptionalCell::empty(),
            sending: TakeCell::empty(),
            sent: Cell::new(Progress::default()),
            send_result: Cell::new(Ok(())),
            receiving: TakeCell::empty(),
            received: Cell::new(Progress::default()),
            receive_aborted: Cell::new(false),
        }
    }

    /// To be called when [`interrupts::UART5`](crate::interrupts::UART5) is pending.
    pub fn handle_interrupt(&self) {
        // Reading it is what ends a "sent" interrupt.
        self.registers.fifo.get();
        self.receive();
        self.send();
    }

    /// Sends, waiting for the hardware, whatever is on its way. For the last words of a
    /// kernel.
    pub fn send_now(&self, bytes: &[u8]) {
        for byte in bytes {
            while !self.registers.status.is_set(STATUS::FIFO_SENT) {}
            self.registers.data.set(u32::from(*byte));
        }
        while !self.registers.status.is_set(STATUS::ALL_SENT) {}
    }

    /// Whether a buffer is being sent.
    pub fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    fn fill_fifo(&self) {
        let mut progress = self.sent.get();
        self.sending.map(|buffer| {
            let rest = buffer
                .get(progress.done..progress.length)
                .unwrap_or_default();
            for byte in rest.iter().take(FIFO_DEPTH) {
                self.registers.data.set(u32::from(*byte));
                progress.done += 1;
            }
        });
        self.sent.set(progress);
    }

    fn send(&self) {
        if self.sending.is_none() {
            // Enabled by an aborted reception. It has to change to interrupt again.
            self.registers
                .interrupt_enable
                .modify(INTERRUPT::SENT::CLEAR);
            return;
        }
        if !self.registers.status.is_set(STATUS::FIFO_SENT) {
            return;
        }
        let progress = self.sent.get();
        if progress.done < progress.length {
            self.fill_fifo();
            return;
        }
        self.registers
            .interrupt_enable
            .modify(INTERRUPT::SENT::CLEAR);
        let result = self.send_result.replace(Ok(()));
        if let Some(buffer) = self.sending.take() {
            self.transmit_client
                .map(|client| client.transmitted_buffer(buffer, progress.done, result));
        }
    }

    fn receive(&self) {
        let mut progress = self.received.get();
        let mut error = Error::None;
        while self.receiving.is_some()
            && !self.receive_aborted.get()
            && progress.done < progress.length
        {
            let status = self.registers.status.extract();
            if !status.is_set(STATUS::RECEIVED) {
                break;
            }
            if status.is_set(STATUS::OVERRUN) {
                error = Error::OverrunError;
            } else if status.is_set(STATUS::PARITY_ERROR) {
                error = Error::ParityError;
            } else if status.is_set(STATUS::FRAMING_ERROR) {
                error = Error::FramingError;
            }
            let byte = self.registers.data.get() as u8;
            self.receiving.map(|buffer| {
                if let Some(slot) = buffer.get_mut(progress.done) {
                    *slot = byte;
                }
            });
            progress.done += 1;
        }
        self.received.set(progress);
        let aborted = self.receive_aborted.get();
        if progress.done < progress.length && !aborted {
            return;
        }
        let Some(buffer) = self.receiving.take() else {
            return;
        };
        self.receive_aborted.set(false);
        self.registers
            .interrupt_enable
            .modify(INTERRUPT::RECEIVED::CLEAR);
        let (result, error) = if aborted {
            (Err(ErrorCode::CANCEL), Error::Aborted)
        } else if error == Error::None {
            (Ok(()), error)
        } else {
            (Err(ErrorCode::FAIL), error)
        };
        self.receive_client
            .map(|client| client.received_buffer(buffer, progress.done, result, error));
    }
}

impl Configure for Uart<'_> {
    fn configure(&self, parameters: Parameters) -> Result<(), ErrorCode> {
        if parameters.hw_flow_control {
            return Err(ErrorCode::NOSUPPORT);
        }
        let divisor = CLOCK_HZ
            .checked_add(parameters.baud_rate / 2)
            .and_then(|hz| hz.checked_div(parameters.baud_rate))
            .filter(|divisor| (1..=0xFFFF).contains(divisor))
            .ok_or(ErrorCode::INVAL)?;
        let length = match parameters.width {
            Width::Six => 1,
            Width::Seven => 2,
            Width::Eight => 3,
        };
        let stop = match parameters.stop_bits {
            StopBits::One => LINE::TWO_STOP_BITS::CLEAR,
            StopBits::Two => LINE::TWO_STOP_BITS::SET,
        };
        let parity = match parameters.parity {
            Parity::None => LINE::PARITY::CLEAR,
            Parity::Odd => LINE::PARITY::SET,
            Parity::Even => LINE::PARITY::SET + LINE::EVEN_PARITY::SET,
        };
        let line = LINE::LENGTH.val(length) + stop + parity;
        self.registers.line.write(LINE::DIVISOR_ACCESS::SET);
        self.registers.data.set(divisor & 0xFF);
        self.registers.interrupt_enable.set(divisor >> 8);
        self.registers.line.write(line);
        self.registers.interrupt_enable.set(0);
        self.registers
            .fifo
            .write(FIFO::ENABLE::SET + FIFO::CLEAR_RECEIVE::SET + FIFO::CLEAR_SEND::SET);
        Ok(())
    }
}

impl<'a> Transmit<'a> for Uart<'a> {
    fn set_transmit_client(&self, client: &'a dyn TransmitClient) {
        self.transmit_client.set(client);
    }

    fn transmit_buffer(
        &self,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if self.sending.is_some() {
            return Err((ErrorCode::BUSY, buffer));
        }
        if length == 0 || length > buffer.len() {
            return Err((ErrorCode::SIZE, buffer));
        }
        self.sent.set(Progress { done: 0, length });
        self.sending.replace(buffer);
        // With an empty FIFO this interrupts at once.
        self.registers.interrupt_enable.modify(INTERRUPT::SENT::SET);
        Ok(())
    }

    fn transmit_word(&self, _word: u32) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn transmit_abort(&self) -> Result<(), ErrorCode> {
        if self.sending.is_none() {
            return Ok(());
        }
        let progress = self.sent.get();
        self.sent.set(Progress {
            length: progress.done,
            ..progress
        });
        self.send_result.set(Err(ErrorCode::CANCEL));
        Err(ErrorCode::BUSY)
    }
}

impl<'a> Receive<'a> for Uart<'a> {
    fn set_receive_client(&self, client: &'a dyn ReceiveClient) {
        self.receive_client.set(client);
    }

    fn receive_buffer(
        &self,
        buffer: &'static mut [u8],
        length: usize,
    ) -> Result<(), (ErrorCode, &'static mut [u8])> {
        if self.receiving.is_some() {
            return Err((ErrorCode::BUSY, buffer));
        }
        if length == 0 || length > buffer.len() {
            return Err((ErrorCode::SIZE, buffer));
        }
        self.received.set(Progress { done: 0, length });
        self.receiving.replace(buffer);
        self.registers
            .interrupt_enable
            .modify(INTERRUPT::RECEIVED::SET);
        Ok(())
    }

    fn receive_word(&self) -> Result<(), ErrorCode> {
        Err(ErrorCode::NOSUPPORT)
    }

    fn receive_abort(&self) -> Result<(), ErrorCode> {
        if self.receiving.is_none() {
            return Ok(());
        }
        self.receive_aborted.set(true);
        // The callback comes with the next interrupt: an empty send FIFO is one.
        self.registers.interrupt_enable.modify(INTERRUPT::SENT::SET);
        Err(ErrorCode::BUSY)
    }
}
