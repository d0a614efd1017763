// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the processes do: a few small operations, whatever becomes of them.

use super::workload::Workload;
use crate::board::{AfterFault, AppSpec};
use spi_nor::region::Access;
use std::cell::Cell;
use std::num::NonZeroU32;
use std::rc::Rc;
use userland_rt::flash;
use userland_rt::system_call::exit_terminate;

/// Where the region of process `index` begins by default, in bytes.
pub fn region_start(index: usize) -> u32 {
    Workload::DEFAULT.region_start(index)
}

/// Bytes of a region: one sector.
pub const REGION: u32 = 4096;

/// Bytes of a read or a program.
pub const SMALL: usize = 4;

/// Bytes of a read in two bites.
const IN_TWO: usize = 4096 + 64;

/// Bytes of a read that is no shorter than what is read ahead.
const PIECE: usize = 1024;

/// Bytes of a long read.
pub const LONG: usize = 320 * 1024;

/// What a region holds at the start of each run.
pub fn content(index: usize) -> [u8; SMALL] {
    [0xF0, 0x0F, index as u8, 0xFF]
}

/// What an app does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Reads a few bytes.
    Read,
    /// Reads many bytes.
    ReadLong,
    /// Reads a little more than the device's buffer holds, at an odd address.
    ReadInTwo,
    /// Reads a few bytes, then those behind them, and so on: three reads.
    ReadOn,
    /// Reads three times as much as is read ahead at least, piece behind piece.
    ReadRow,
    /// Erases all of the region.
    EraseAll,
    /// Programs a few bytes.
    Program,
    /// Programs bytes of three pages.
    ProgramOn,
    /// Programs bytes of five pages.
    ProgramRow,
    /// Erases a sector.
    Erase,
    /// Programs a few bytes, and has them read back.
    ProgramVerified,
    /// Erases all of the region but what is blank, and has it read back.
    EraseSparing,
    /// Reads a few bytes of the security area.
    ReadSecurity,
    /// Programs a few bytes of the security area.
    ProgramSecurity,
    /// Erases a unit of the security area.
    EraseSecurity,
    /// Clears the write protection of the part.
    Unlock,
    /// Puts the write protection back.
    Relock,
}

fn perform(task: Task) {
    // What an operation ends in is the ledger's business.
    let _ = match task {
        Task::Read => flash::read(0, &mut [0; SMALL]),
        Task::ReadLong => flash::read(0, &mut [0; LONG]),
        Task::ReadInTwo => flash::read(1, &mut [0; IN_TWO]),
        Task::ReadOn => (0..3).try_for_each(|piece| {
            let mut buffer = [0; SMALL];
            flash::read(piece * SMALL as u32, &mut buffer)
        }),
        Task::ReadRow => (0..3).try_for_each(|piece| {
            let mut buffer = [0; PIECE];
            flash::read(piece * PIECE as u32, &mut buffer)
        }),
        Task::Program => flash::program(0, &[0x3C; SMALL]),
        Task::ProgramOn => flash::program(250, &[0x3C; 300]),
        Task::ProgramRow => flash::program(250, &[0x3C; 800]),
        Task::Erase => flash::erase(0, REGION),
        Task::EraseAll => flash::erase(0, 2 * REGION),
        // Where it is blank, or was programmed so before.
        Task::ProgramVerified => {
            with_options(flash::VERIFY, || flash::program(256, &[0x3C; SMALL]))
        }
        Task::EraseSparing => with_options(flash::SKIP_BLANK | flash::VERIFY, || {
            flash::erase(0, 2 * REGION)
        }),
        Task::ReadSecurity => flash::read_security(0, &mut [0; SMALL]),
        Task::ProgramSecurity => flash::program_security(0, &[0x3C; SMALL]),
        Task::EraseSecurity => flash::erase_security(0, 256),
        Task::Unlock => flash::unlock(),
        Task::Relock => flash::relock(),
    };
}

fn with_options(
    options: u32,
    work: impl FnOnce() -> Result<(), flash::Error>,
) -> Result<(), flash::Error> {
    flash::set_options(options).map_err(flash::Error::Setup)?;
    let outcome = work();
    flash::set_options(0).map_err(flash::Error::Setup)?;
    outcome
}

/// Process `index`, which does so many operations in its first life and one in each later.
/// `lives` counts them.
pub fn app(workload: &Workload, index: usize, operations: u8, lives: &Rc<Cell<u32>>) -> AppSpec {
    let lives = Rc::clone(lives);
    let Workload { tasks, closes, .. } = *workload;
    AppSpec {
        name: format!("app-{}", (b'a' + index as u8) as char),
        id: NonZeroU32::MIN.saturating_add(index as u32),
        main: Box::new(move || {
            let first = lives.replace(lives.get() + 1) == 0;
            let count = if first { usize::from(operations) } else { 1 };
            for step in 0..count {
                perform(tasks[(index + step) % tasks.len()]);
            }
            if closes {
                let _ = flash::close();
            }
            exit_terminate(0);
        }),
        region: Some((
            workload.region_start(index),
            workload.region,
            Access::ReadWriteAnd(workload.grants),
        )),
        after_fault: if index.is_multiple_of(2) {
            AfterFault::Restart
        } else {
            AfterFault::Stop
        },
    }
}
