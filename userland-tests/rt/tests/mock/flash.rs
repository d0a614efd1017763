// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The SPI-NOR flash driver, by its document.

use super::Board;
use super::process::{Buffer, Process};
use super::registers::{
    ALREADY, BUSY, INVAL, NODEVICE, NOSUPPORT, RESERVE, SIZE, failure, success, success_2,
    success_3,
};

pub const DRIVER: usize = 0x50005;
pub const SECTOR: usize = 4096;
const PAGE: usize = 256;
/// Bytes of one step of a read.
const PIECE: usize = 500;
/// The rest of the part, that other apps have.
const OTHERS: usize = 16 * SECTOR;

/// The commands that end in an upcall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    Open = 3,
    Read = 5,
    Program = 6,
    Erase = 7,
}

impl Command {
    fn of(number: usize) -> Option<Command> {
        match number {
            3 => Some(Command::Open),
            5 => Some(Command::Read),
            6 => Some(Command::Program),
            7 => Some(Command::Erase),
            _ => None,
        }
    }

    fn upcall(self) -> usize {
        match self {
            Command::Open => 0,
            Command::Read => 1,
            Command::Program => 2,
            Command::Erase => 3,
        }
    }
}

/// One thing that this driver does wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Flaw {
    /// A command that is to be refused with `code` is refused with another.
    RefusesWith {
        command: usize,
        code: usize,
        instead: usize,
    },
    /// A command that is to be refused with `code` is accepted, and ends well
    /// without doing anything.
    Accepts { command: usize, code: usize },
    /// A command that is to be refused with `code` is, and is carried out in
    /// spite of it as far as there is memory for it.
    RefusesAndDoes { command: usize, code: usize },
    /// After any refusal but BUSY the driver stays busy for ever.
    WedgesOnRefusal,
    /// Addresses, and address + length, are computed in this many bits.
    AddressBits(u32),
    /// A read of this address has a bit flipped.
    CorruptsRead(usize),
    /// Reads return the byte after the right one if the address is odd.
    ReadsOddShifted,
    /// Reads stop one byte early, and say nothing of it.
    ReadsOneShort,
    /// Program replaces instead of AND.
    ProgramReplaces,
    /// Program past a page's end goes to the page's start.
    ProgramWrapsInPage,
    /// Program leaves this address as it was.
    ProgramSkips(usize),
    /// Program also clears a bit of the byte before the first.
    ProgramTouchesBefore,
    /// Erase leaves this address as it was.
    EraseSkips(usize),
    /// Erase takes the sector after the last one, too.
    EraseTakesNext,
    /// Erase takes the sector before the first one, too.
    EraseTakesPrevious,
    /// An operation of length 0 ends in an error.
    ZeroLengthFails,
    /// An operation of length 0 never ends.
    ZeroLengthHangs,
    /// Program and erase of length 0 do one unit.
    ZeroLengthDoesSomething,
    /// This command's upcall says one byte less.
    SaysOneLess(Command),
    /// This command's upcall comes twice.
    UpcallTwice(Command),
    /// This command's upcall never comes.
    UpcallNever(Command),
    /// This command ends in this status.
    EndsWith(Command, usize),
    /// The upcalls of read and program are mixed up.
    WrongUpcallNumber,
    /// Region has this length.
    RegionLength(usize),
    /// Region has this access.
    RegionAccess(usize),
    /// Geometry has this sector, page and size.
    Geometry(usize, usize, usize),
    /// Geometry stays unknown.
    GeometryNeverKnown,
    /// Opening is refused with this.
    OpenRefused(usize),
    /// Opening while open is refused.
    OpenOnlyOnce,
    /// Close says Ok() always.
    CloseIsAlwaysOk,
    /// Close never finds a lease.
    CloseNeverFindsLease,
    /// An operation takes no lease.
    UseTakesNoLease,
    /// Close with an operation outstanding drops it: no upcall.
    CloseDropsOperation,
    /// Close with an operation outstanding leaves the lease.
    CloseForgotten,
    /// After a close, an operation finds that the region is gone.
    CloseIsForEver,
    /// A buffer that was taken back is used all the same.
    UsesRevokedBuffer,
    /// A buffer that was taken back stops the operation without an error.
    RevokedIsSuccess,
    /// A buffer that was taken back makes the operation hang.
    RevokedHangs,
    /// Command 0 fails.
    ExistsFails,
    /// Subscribe numbers and allow numbers have no bound.
    NumbersUnbounded,
}

#[derive(Clone, Copy)]
struct Running {
    command: Command,
    address: usize,
    length: usize,
    done: usize,
    /// As it was when the operation was accepted, for the flaw of using it later.
    buffer: Buffer,
    pretends: bool,
}

pub struct Flash {
    exists: bool,
    region: Vec<u8>,
    /// What lies after the region and belongs to others.
    others: Vec<u8>,
    access: usize,
    flaws: Vec<Flaw>,
    checks_reversed: bool,
    identified: bool,
    leased: bool,
    closing: bool,
    wedged: bool,
    accepted: u32,
    running: Option<Running>,
}

impl Flash {
    pub fn new(board: &Board) -> Flash {
        Flash {
            exists: board.has_flash,
            region: board.region.clone(),
            others: vec![0x5a; OTHERS],
            access: board.access,
            flaws: board.flaws.clone(),
            checks_reversed: board.checks_reversed,
            identified: false,
            leased: false,
            closing: false,
            wedged: false,
            accepted: 0,
            running: None,
        }
    }

    pub fn exists(&self) -> bool {
        self.exists
    }

    pub fn outstanding(&self) -> Option<Command> {
        self.running.map(|running| running.command)
    }

    pub fn leased(&self) -> bool {
        self.leased
    }

    pub fn accepted(&self) -> u32 {
        self.accepted
    }

    pub fn into_region(self) -> Vec<u8> {
        self.region
    }

    pub fn command(
        &mut self,
        number: usize,
        argument_1: usize,
        argument_2: usize,
        process: &mut Process,
    ) -> [usize; 4] {
        let refusal = match number {
            0 if self.has(Flaw::ExistsFails) => return failure(NOSUPPORT),
            0 => return success(),
            1 => return self.region_command(),
            2 => return self.geometry_command(),
            4 => return self.close(),
            3 if self.open_refused().is_some() => self.open_refused(),
            _ => match Command::of(number) {
                None => Some(NOSUPPORT),
                Some(command) => self.refusal(command, argument_1, argument_2, process),
            },
        };
        let Some(code) = refusal else {
            if let Some(command) = Command::of(number) {
                self.start(command, argument_1, argument_2, process, false);
            }
            return success();
        };
        for flaw in self.flaws.clone() {
            match flaw {
                Flaw::RefusesWith {
                    command,
                    code: right,
                    instead,
                } if command == number && right == code => return failure(instead),
                Flaw::Accepts {
                    command,
                    code: right,
                } if command == number && right == code => {
                    if let (Some(command), None) = (Command::of(number), self.running) {
                        self.start(command, argument_1, argument_2, process, true);
                    }
                    return success();
                }
                Flaw::RefusesAndDoes {
                    command,
                    code: right,
                } if command == number && right == code => self.do_all(number, argument_1),
                _ => {}
            }
        }
        if self.has(Flaw::WedgesOnRefusal) && code != BUSY {
            self.wedged = true;
        }
        failure(code)
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    fn open_refused(&self) -> Option<usize> {
        self.flaws.iter().find_map(|flaw| match flaw {
            Flaw::OpenRefused(code) => Some(*code),
            _ => None,
        })
    }

    fn region_command(&self) -> [usize; 4] {
        let mut length = if self.access == 0 {
            0
        } else {
            self.region.len()
        };
        let mut access = self.access;
        for flaw in &self.flaws {
            match flaw {
                Flaw::RegionLength(wrong) => length = *wrong,
                Flaw::RegionAccess(wrong) => access = *wrong,
                _ => {}
            }
        }
        success_2(length, access)
    }

    fn geometry_command(&self) -> [usize; 4] {
        if !self.identified || self.has(Flaw::GeometryNeverKnown) {
            return failure(RESERVE);
        }
        for flaw in &self.flaws {
            if let Flaw::Geometry(sector, page, size) = flaw {
                return success_3(*sector, *page, *size);
            }
        }
        success_3(SECTOR, PAGE, self.region.len() + self.others.len())
    }

    fn close(&mut self) -> [usize; 4] {
        if self.has(Flaw::CloseIsAlwaysOk) {
            self.leased = false;
            return success();
        }
        if !self.leased || self.closing || self.has(Flaw::CloseNeverFindsLease) {
            return failure(ALREADY);
        }
        if self.running.is_none() {
            self.leased = false;
            if self.has(Flaw::CloseIsForEver) {
                self.access = 0;
            }
        } else if self.has(Flaw::CloseDropsOperation) {
            self.running = None;
            self.leased = false;
        } else if !self.has(Flaw::CloseForgotten) {
            self.closing = true;
        }
        success()
    }

    fn refusal(
        &self,
        command: Command,
        address: usize,
        length: usize,
        process: &Process,
    ) -> Option<usize> {
        let mut checks = Vec::new();
        // A close that waits for an operation gives RESERVE, although that
        // operation is outstanding: "Until then new operations get RESERVE."
        if self.closing {
            return Some(RESERVE);
        }
        if self.running.is_some() || self.wedged {
            checks.push(BUSY);
        }
        if self.access == 0 {
            checks.push(NODEVICE);
        } else if command != Command::Open {
            if self.narrowed(address + length) > self.region.len() {
                checks.push(INVAL);
            }
            if command == Command::Erase
                && (!address.is_multiple_of(SECTOR) || !length.is_multiple_of(SECTOR))
            {
                checks.push(INVAL);
            }
            if command != Command::Read && self.access == 1 {
                checks.push(NOSUPPORT);
            }
            let shared = self.shared(command, process);
            if command != Command::Erase && shared.length < length {
                checks.push(SIZE);
            }
        } else if self.leased && self.has(Flaw::OpenOnlyOnce) {
            checks.push(ALREADY);
        }
        if self.checks_reversed {
            checks.pop()
        } else {
            checks.first().copied()
        }
    }

    fn narrowed(&self, address: usize) -> usize {
        self.flaws.iter().fold(address, |address, flaw| match flaw {
            Flaw::AddressBits(bits) => address & ((1 << bits) - 1),
            _ => address,
        })
    }

    fn shared(&self, command: Command, process: &Process) -> Buffer {
        match command {
            Command::Read => process.read_write(DRIVER, 0),
            Command::Program => process.read_only(DRIVER, 0),
            Command::Open | Command::Erase => Buffer::default(),
        }
    }

    fn start(
        &mut self,
        command: Command,
        address: usize,
        length: usize,
        process: &Process,
        pretends: bool,
    ) {
        self.accepted += 1;
        if command == Command::Open || !self.has(Flaw::UseTakesNoLease) {
            self.leased = true;
        }
        let (address, length) = match command {
            Command::Open => (0, 0),
            Command::Read | Command::Program | Command::Erase => (self.narrowed(address), length),
        };
        self.running = Some(Running {
            command,
            address,
            length,
            done: 0,
            buffer: self.shared(command, process),
            pretends,
        });
    }

    /// One piece of the running operation. False if none is running.
    pub fn step(&mut self, process: &mut Process) -> bool {
        let Some(mut running) = self.running else {
            return false;
        };
        self.identified = true;
        if running.pretends {
            running.done = running.length;
            self.end(running, 0, process);
            return true;
        }
        if running.length == 0 && running.command != Command::Open {
            if self.has(Flaw::ZeroLengthHangs) {
                return false;
            }
            if self.has(Flaw::ZeroLengthDoesSomething) {
                match running.command {
                    Command::Program => self.put(running.address, 0),
                    Command::Erase => self.erase_sector(running.address / SECTOR),
                    Command::Open | Command::Read => {}
                }
            }
            let status = if self.has(Flaw::ZeroLengthFails) {
                SIZE
            } else {
                0
            };
            self.end(running, status, process);
            return true;
        }
        let mut shared = self.shared(running.command, process);
        let needs_buffer = matches!(running.command, Command::Read | Command::Program);
        if needs_buffer && shared.length < running.length {
            if self.has(Flaw::RevokedHangs) {
                return false;
            }
            if self.has(Flaw::UsesRevokedBuffer) {
                shared = running.buffer;
            } else {
                let status = if self.has(Flaw::RevokedIsSuccess) {
                    0
                } else {
                    SIZE
                };
                self.end(running, status, process);
                return true;
            }
        }
        let at = running.address + running.done;
        let left = running.length - running.done;
        let count = match running.command {
            Command::Open => 0,
            Command::Read => {
                let count = left.min(PIECE);
                let bytes = self.read_piece(at, count);
                let written = if self.has(Flaw::ReadsOneShort) && count == left {
                    count - 1
                } else {
                    count
                };
                shared.write(running.done, &bytes[..written]);
                count
            }
            Command::Program => {
                let page_end = (at / PAGE + 1) * PAGE;
                let count = if self.has(Flaw::ProgramWrapsInPage) {
                    left.min(PAGE)
                } else {
                    left.min(page_end - at)
                };
                let bytes = shared.read(running.done, count);
                self.program_piece(at, page_end, &bytes, running.done == 0);
                count
            }
            Command::Erase => {
                self.erase_sector(at / SECTOR);
                if self.has(Flaw::EraseTakesPrevious) && running.done == 0 && at >= SECTOR {
                    self.erase_sector(at / SECTOR - 1);
                }
                if self.has(Flaw::EraseTakesNext) && left == SECTOR {
                    self.erase_sector(at / SECTOR + 1);
                }
                SECTOR
            }
        };
        running.done += count;
        if running.done >= running.length {
            self.end(running, 0, process);
        } else {
            self.running = Some(running);
        }
        true
    }

    fn end(&mut self, running: Running, status: usize, process: &mut Process) {
        self.running = None;
        if self.closing {
            self.closing = false;
            self.leased = false;
        }
        let mut status = status;
        let mut done = running.done;
        let mut number = running.command.upcall();
        let mut times = 1;
        for flaw in &self.flaws {
            match flaw {
                Flaw::SaysOneLess(command) if *command == running.command => {
                    done = done.saturating_sub(1);
                }
                Flaw::UpcallTwice(command) if *command == running.command => times = 2,
                Flaw::UpcallNever(command) if *command == running.command => times = 0,
                Flaw::EndsWith(command, wrong) if *command == running.command => status = *wrong,
                Flaw::WrongUpcallNumber if number == 1 || number == 2 => number = 3 - number,
                _ => {}
            }
        }
        for _ in 0..times {
            process.schedule(DRIVER, number, [status, done, 0]);
        }
    }

    fn read_piece(&self, at: usize, count: usize) -> Vec<u8> {
        let shift = usize::from(self.has(Flaw::ReadsOddShifted) && !at.is_multiple_of(2));
        (at..at + count)
            .map(|address| {
                let byte = self.get(address + shift);
                if self.has(Flaw::CorruptsRead(address)) {
                    byte ^ 0x10
                } else {
                    byte
                }
            })
            .collect()
    }

    fn program_piece(&mut self, at: usize, page_end: usize, bytes: &[u8], first: bool) {
        for (n, byte) in bytes.iter().enumerate() {
            let mut address = at + n;
            if address >= page_end && self.has(Flaw::ProgramWrapsInPage) {
                address -= PAGE;
            }
            if !self.has(Flaw::ProgramSkips(address)) {
                self.put(address, *byte);
            }
        }
        if first && at > 0 && self.has(Flaw::ProgramTouchesBefore) {
            self.put(at - 1, 0xfe);
        }
    }

    fn get(&self, address: usize) -> u8 {
        match address.checked_sub(self.region.len()) {
            None => self.region[address],
            Some(beyond) => self.others[beyond % OTHERS],
        }
    }

    fn put(&mut self, address: usize, byte: u8) {
        let replaces = self.has(Flaw::ProgramReplaces);
        if let Some(cell) = self.region.get_mut(address) {
            *cell = if replaces { byte } else { *cell & byte };
        }
    }

    fn erase_sector(&mut self, sector: usize) {
        let skipped: Vec<usize> = self
            .flaws
            .iter()
            .filter_map(|flaw| match flaw {
                Flaw::EraseSkips(address) => Some(*address),
                _ => None,
            })
            .collect();
        let start = sector * SECTOR;
        for address in start..start + SECTOR {
            if let Some(cell) = self.region.get_mut(address)
                && !skipped.contains(&address)
            {
                *cell = 0xff;
            }
        }
    }

    fn do_all(&mut self, number: usize, address: usize) {
        // An address beyond the region wraps to its start: a driver that forgets
        // a check is not kind enough to miss.
        let address = if address < self.region.len() {
            address
        } else {
            0
        };
        match Command::of(number) {
            Some(Command::Program) => {
                for n in 0..16 {
                    self.put((address + n) % self.region.len(), 0);
                }
            }
            Some(Command::Erase) => self.erase_sector(address / SECTOR),
            Some(Command::Open | Command::Read) | None => {}
        }
    }

    pub fn numbers_unbounded(&self) -> bool {
        self.has(Flaw::NumbersUnbounded)
    }
}
