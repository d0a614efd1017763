// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Custom instructions: any single-line command, without DMA.
//!
//! After the opcode the wires carry a *stream* of bytes: address, dummy bytes, data.
//! The peripheral moves up to eight of them at a time, in both directions at once: the byte
//! that comes in takes the place of the byte that goes out. A longer stream goes as a long frame:
//! the opcode alone, then chunk after chunk, with CSN held low (CINSTRCONF.LFEN) until
//! the chunk that carries LFSTOP.

use crate::hardware::{Port, clear_ready};
use crate::registers::{CINSTRCONF, Registers};
use qspi_hil::{Data, Operation, Template};
use tock_registers::interfaces::{Readable, Writeable};

/// The most stream bytes that one instruction carries.
pub const CHUNK: usize = 8;

/// The most data bytes that the driver accepts. A chunk costs an interrupt, so this is not for
/// bulk data; SFDP tables, ids and security registers fit.
pub const LONGEST_DATA: usize = 4096;

/// How far an exchange is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Progress {
    /// The opcode of a long frame is next, or on the wires.
    Opcode,
    /// The chunk that begins here is next, or on the wires.
    Chunk(u16),
    /// Everything is through.
    Over,
}

/// One instruction to be written to the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Stream bytes to send.
    pub bytes: [u8; CHUNK],
    /// How many of them, at most [`CHUNK`].
    pub count: usize,
    /// Whether it is part of a long frame.
    pub long: bool,
    /// Whether it ends one.
    pub stop: bool,
}

/// A command on its way. It is copied for each frame, so it is small.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exchange {
    address: u32,
    opcode: u8,
    data: Data,
    /// Bytes of the address, and with the dummy bytes.
    width: u8,
    header: u8,
    total: u16,
    progress: Progress,
    after_write_enable: bool,
}

impl Exchange {
    /// The stream's length for `length` bytes of data.
    pub fn stream_length(template: &Template, length: usize) -> usize {
        Self::header_length(template) + length
    }

    fn header_length(template: &Template) -> usize {
        template.address.bytes() + usize::from(template.dummy_clocks / 8)
    }

    /// Begins, after a WREN that the peripheral sends if `after_write_enable`.
    pub fn new(operation: Operation, length: usize, after_write_enable: bool) -> Exchange {
        let Operation { template, address } = operation;
        let header = Self::header_length(&template);
        // No more than LONGEST_DATA.
        let total = header + length;
        Exchange {
            address,
            opcode: template.opcode,
            data: template.data,
            width: template.address.bytes() as u8,
            header: header as u8,
            total: total as u16,
            after_write_enable,
            progress: if total <= CHUNK {
                Progress::Chunk(0)
            } else {
                Progress::Opcode
            },
        }
    }

    fn is_long(&self) -> bool {
        self.total() > CHUNK
    }

    fn total(&self) -> usize {
        self.total.into()
    }

    /// Whether its data goes out.
    pub fn sends_data(&self) -> bool {
        self.data == Data::Out
    }

    /// Whether everything is through.
    pub fn is_over(&self) -> bool {
        self.progress == Progress::Over
    }

    /// The header's byte at `position`: the address, most significant byte first,
    /// then dummy bytes. Those are 0: as a mode byte, 0 keeps no part in
    /// continuous-read mode.
    fn header_byte(&self, position: usize) -> u8 {
        let behind = usize::from(self.width).saturating_sub(position);
        match behind.checked_sub(1) {
            Some(bytes) => (self.address >> ((8 * bytes as u32) & 31)) as u8,
            None => 0,
        }
    }

    /// What to write next, with `data` as the operation's buffer. `None` if everything
    /// is through.
    pub fn frame(&self, data: &[u8]) -> Option<Frame> {
        let start = match self.progress {
            Progress::Opcode => {
                return Some(Frame {
                    bytes: [0; CHUNK],
                    count: 0,
                    long: true,
                    stop: false,
                });
            }
            Progress::Chunk(start) => usize::from(start),
            Progress::Over => return None,
        };
        let count = self.total().saturating_sub(start).min(CHUNK);
        let mut bytes = [0; CHUNK];
        for (position, byte) in (start..).zip(bytes.iter_mut().take(count)) {
            *byte = match position.checked_sub(self.header.into()) {
                None => self.header_byte(position),
                Some(index) => match self.data {
                    Data::Out => data.get(index).copied().unwrap_or(0),
                    Data::In | Data::None => 0,
                },
            };
        }
        Some(Frame {
            bytes,
            count,
            long: self.is_long(),
            stop: self.is_long() && start + count == self.total(),
        })
    }

    /// The frame is through, and `received` came in for it. What of that is data goes
    /// to `data`, the operation's buffer.
    pub fn collect(&mut self, received: [u8; CHUNK], data: &mut [u8]) {
        let start = match self.progress {
            Progress::Opcode => {
                self.progress = Progress::Chunk(0);
                return;
            }
            Progress::Chunk(start) => usize::from(start),
            Progress::Over => return,
        };
        let end = self.total().min(start + CHUNK);
        if self.data == Data::In {
            for (position, byte) in (start..end).zip(received) {
                if let Some(place) = position
                    .checked_sub(self.header.into())
                    .and_then(|index| data.get_mut(index))
                {
                    *place = byte;
                }
            }
        }
        self.progress = if end == self.total() {
            Progress::Over
        } else {
            Progress::Chunk(end as u16)
        };
    }

    /// Puts `frame` on the wires. The write of CINSTRCONF starts it.
    pub fn send<P: Port>(&self, registers: &Registers<P>, frame: &Frame) {
        let [b0, b1, b2, b3, b4, b5, b6, b7] = frame.bytes;
        if frame.count > 0 {
            registers
                .cinstrdat0()
                .set(u32::from_le_bytes([b0, b1, b2, b3]));
        }
        if frame.count > 4 {
            registers
                .cinstrdat1()
                .set(u32::from_le_bytes([b4, b5, b6, b7]));
        }
        let mut instruction = CINSTRCONF::OPCODE.val(self.opcode.into())
            + CINSTRCONF::LENGTH.val(frame.count as u32 + 1)
            // Low, they would protect, hold or reset the flash.
            + CINSTRCONF::LIO2::SET
            + CINSTRCONF::LIO3::SET;
        // No WIPWAIT: this is how a busy flash is asked whether it still is.
        if self.after_write_enable && self.is_at_start() {
            instruction += CINSTRCONF::WREN::SET;
        }
        if frame.long {
            instruction += CINSTRCONF::LFEN::SET;
        }
        if frame.stop {
            instruction += CINSTRCONF::LFSTOP::SET;
        }
        clear_ready(registers);
        registers.cinstrconf().write(instruction);
    }

    /// Whether the flash was sent nothing of it yet.
    fn is_at_start(&self) -> bool {
        match self.progress {
            Progress::Opcode => true,
            Progress::Chunk(start) => start == 0 && !self.is_long(),
            Progress::Over => false,
        }
    }

    /// What came in for the frame that is on the wires.
    pub fn receive<P: Port>(&self, registers: &Registers<P>) -> [u8; CHUNK] {
        let wanted = match self.data {
            Data::In => self.underway(),
            Data::None | Data::Out => 0,
        };
        let low = if wanted > 0 {
            registers.cinstrdat0().get()
        } else {
            0
        };
        let high = if wanted > 4 {
            registers.cinstrdat1().get()
        } else {
            0
        };
        (u64::from(high) << 32 | u64::from(low)).to_le_bytes()
    }

    /// How many stream bytes are on the wires.
    fn underway(&self) -> usize {
        match self.progress {
            Progress::Opcode | Progress::Over => 0,
            Progress::Chunk(start) => self.total().saturating_sub(start.into()).min(CHUNK),
        }
    }
}
