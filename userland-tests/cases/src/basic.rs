// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the driver promises to an app that may program and erase.
//!
//! Uses its whole region; at least [`LEAST_SECTORS`] sectors.

use crate::cases;
use crate::check::{
    ERASED, PAGE, SECTOR, bytes, code, content, erase, granted, no_lease, open, program, range,
    read, region_length, value,
};
use crate::failure::Failure;
use crate::pattern;
use crate::report::Case;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Access, Ended, Operation};
use userland_rt::share;
use userland_rt::system_call::{yield_no_wait, yield_wait_for};
use userland_rt::upcall::Arrivals;

/// What the cases need.
pub const LEAST_SECTORS: u32 = 4;

/// All of them.
pub const CASES: &[Case] = cases![
    exists,
    region_may_be_changed,
    open_makes_geometry_known,
    open_twice_is_allowed,
    close_twice_is_already,
    use_takes_a_lease,
    erase_sets_exactly_its_sectors,
    program_reads_back,
    program_is_an_and,
    any_alignment_and_length,
    page_crossing,
    sector_crossing,
    first_and_last_byte,
    zero_length_does_nothing,
    whole_sector_at_once,
    erase_of_many_sectors,
    one_upcall_for_each_operation,
    wait_for_gets_the_upcall,
];

const SEED: u32 = 0x0b_a51c;
/// The sector that most cases use. It has neighbours on both sides.
const MINE: u32 = SECTOR;

fn exists() -> Result<(), Failure> {
    granted("exists", flash::exists())
}

fn region_may_be_changed() -> Result<(), Failure> {
    region_length(LEAST_SECTORS)?;
    let region = granted("region", flash::region())?;
    value(
        "access",
        Access::ReadProgramErase as u32,
        region.access as u32,
    )
}

fn open_makes_geometry_known() -> Result<(), Failure> {
    let length = region_length(LEAST_SECTORS)?;
    open("open")?;
    let geometry = granted("geometry", flash::geometry())?;
    value("sector", SECTOR, geometry.sector)?;
    range("page", 1, SECTOR, geometry.page)?;
    value("pages of a sector left over", 0, SECTOR % geometry.page)?;
    range("size of the part", length, u32::MAX, geometry.size)
}

fn open_twice_is_allowed() -> Result<(), Failure> {
    no_lease()?;
    open("first open")?;
    open("second open")?;
    // Two opens are one lease.
    granted("close", flash::close())?;
    code("second close", Err(ErrorCode::Already), flash::close())
}

fn close_twice_is_already() -> Result<(), Failure> {
    no_lease()?;
    code(
        "close without open",
        Err(ErrorCode::Already),
        flash::close(),
    )?;
    open("open")?;
    granted("close", flash::close())?;
    code("second close", Err(ErrorCode::Already), flash::close())
}

fn use_takes_a_lease() -> Result<(), Failure> {
    no_lease()?;
    read("read without open", 0, &mut [0; 8])?;
    granted("close after read", flash::close())?;
    erase("erase without open", MINE, SECTOR)?;
    granted("close after erase", flash::close())?;
    program("program without open", MINE, &[0x55])?;
    granted("close after program", flash::close())?;
    code("second close", Err(ErrorCode::Already), flash::close())
}

fn erase_sets_exactly_its_sectors() -> Result<(), Failure> {
    erase("clearing three sectors", 0, 3 * SECTOR)?;
    let mut page = [0; PAGE as usize];
    for address in (0..3 * SECTOR).step_by(PAGE as usize) {
        pattern::fill(SEED, address, &mut page);
        program("filling three sectors", address, &page)?;
    }
    erase("erase", MINE, SECTOR)?;
    let belongs = |address| pattern::byte(SEED, address);
    content("sector before the erased one", 0, SECTOR, belongs)?;
    content("erased sector", MINE, SECTOR, |_| ERASED)?;
    content("sector after the erased one", 2 * SECTOR, SECTOR, belongs)
}

fn program_reads_back() -> Result<(), Failure> {
    erase("erase", MINE, SECTOR)?;
    let mut data = [0; PAGE as usize];
    pattern::fill(SEED, MINE, &mut data);
    program("program", MINE, &data)?;
    content("programmed page", MINE, PAGE, |address| {
        pattern::byte(SEED, address)
    })?;
    content("the rest of the sector", MINE + PAGE, SECTOR - PAGE, |_| {
        ERASED
    })
}

fn program_is_an_and() -> Result<(), Failure> {
    erase("erase", MINE, SECTOR)?;
    let layers = [0b1111_0110, 0b1010_1111, 0b1111_1111, 0b0011_1110];
    let mut left = ERASED;
    for layer in layers {
        program("one more layer", MINE + 7, &[layer; 20])?;
        left &= layer;
        content("AND of the layers", MINE + 7, 20, |_| left)?;
    }
    content("before it", MINE, 7, |_| ERASED)?;
    content("after it", MINE + 27, 100, |_| ERASED)
}

fn any_alignment_and_length() -> Result<(), Failure> {
    const GUARD: u8 = 0xa5;
    const SLOT: u32 = 16;
    erase("erase", MINE, SECTOR)?;
    for step in 0..64_u32 {
        // All of 4 offsets in flash by 4 in memory, lengths 1 to 11.
        let address = MINE + step * SLOT + step % 4;
        let in_memory = (step / 4 % 4) as usize;
        let length = step % 11 + 1;
        let taken = in_memory..in_memory + length as usize;

        let mut data = [0; 16];
        pattern::fill(SEED, address, &mut data[taken.clone()]);
        program("program at any alignment", address, &data[taken.clone()])?;

        let mut found = [GUARD; 16];
        read("read at any alignment", address, &mut found[taken.clone()])?;
        bytes(
            "read at any alignment",
            address,
            &found[taken.clone()],
            |address| pattern::byte(SEED, address),
        )?;
        bytes("memory before the buffer", 0, &found[..taken.start], |_| {
            GUARD
        })?;
        bytes("memory after the buffer", 0, &found[taken.end..], |_| GUARD)?;
    }
    content("all slots together", MINE, 64 * SLOT, |address| {
        let step = (address - MINE) / SLOT;
        let start = MINE + step * SLOT + step % 4;
        if (start..start + step % 11 + 1).contains(&address) {
            pattern::byte(SEED, address)
        } else {
            ERASED
        }
    })
}

fn page_crossing() -> Result<(), Failure> {
    erase("erase", MINE, SECTOR)?;
    // Over one boundary, over two, and from a boundary over one.
    let pieces = [
        (MINE + PAGE - 3, 7),
        (MINE + 3 * PAGE - 1, PAGE + 2),
        (MINE + 6 * PAGE, PAGE + 1),
    ];
    let mut data = [0; 2 * PAGE as usize];
    for (address, length) in pieces {
        let data = &mut data[..length as usize];
        pattern::fill(SEED, address, data);
        program("program over a page's end", address, data)?;
    }
    content("sector with pieces over pages", MINE, SECTOR, |address| {
        let inside = pieces
            .iter()
            .any(|(start, length)| (*start..start + length).contains(&address));
        if inside {
            pattern::byte(SEED, address)
        } else {
            ERASED
        }
    })
}

fn sector_crossing() -> Result<(), Failure> {
    erase("erase of two sectors", MINE, 2 * SECTOR)?;
    content("two erased sectors", MINE, 2 * SECTOR, |_| ERASED)?;
    let start = 2 * SECTOR - 5;
    let mut data = [0; 11];
    pattern::fill(SEED, start, &mut data);
    program("program over a sector's end", start, &data)?;
    content("around the sector's end", start - 20, 51, |address| {
        if (start..start + 11).contains(&address) {
            pattern::byte(SEED, address)
        } else {
            ERASED
        }
    })?;
    erase("erase of the first sector", MINE, SECTOR)?;
    content("end of the first sector", start, 5, |_| ERASED)?;
    content("start of the second sector", 2 * SECTOR, 6, |address| {
        pattern::byte(SEED, address)
    })
}

fn first_and_last_byte() -> Result<(), Failure> {
    let length = region_length(LEAST_SECTORS)?;
    erase("erase of the first sector", 0, SECTOR)?;
    erase("erase of the last sector", length - SECTOR, SECTOR)?;
    program("program of the first byte", 0, &[0x12])?;
    program("program of the last byte", length - 1, &[0x34])?;
    content("first byte", 0, 1, |_| 0x12)?;
    content("after the first byte", 1, 16, |_| ERASED)?;
    content("before the last byte", length - 17, 16, |_| ERASED)?;
    content("last byte", length - 1, 1, |_| 0x34)
}

fn zero_length_does_nothing() -> Result<(), Failure> {
    erase("erase", MINE, SECTOR)?;
    let mut data = [0; PAGE as usize];
    pattern::fill(SEED, MINE, &mut data);
    program("program", MINE, &data)?;

    read("read of nothing", MINE, &mut [])?;
    program("program of nothing", MINE, &[])?;
    erase("erase of nothing", MINE, 0)?;
    // The buffer is longer than what is asked for.
    let mut buffer = [0x77; 4];
    let ended = granted(
        "sharing a buffer",
        share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
            run(Operation::Read, || flash::start_read(MINE, 0))
        }),
    )??;
    code("read of nothing with a buffer", Ok(()), ended.status)?;
    value("bytes read", 0, ended.done)?;
    bytes("buffer of a read of nothing", 0, &buffer, |_| 0x77)?;
    let ended = granted(
        "sharing a buffer",
        share::read_only(flash::DRIVER, flash::SOURCE, &[0; 4], |_| {
            run(Operation::Program, || flash::start_program(MINE, 0))
        }),
    )??;
    code("program of nothing with a buffer", Ok(()), ended.status)?;
    value("bytes programmed", 0, ended.done)?;

    content("programmed page", MINE, PAGE, |address| {
        pattern::byte(SEED, address)
    })
}

fn whole_sector_at_once() -> Result<(), Failure> {
    let mut sector = [0; SECTOR as usize];
    erase("erase", MINE, SECTOR)?;
    pattern::fill(SEED + 1, MINE, &mut sector);
    program("program of a sector", MINE, &sector)?;
    for (address, byte) in (MINE..).zip(&mut sector) {
        *byte = !pattern::byte(SEED + 1, address);
    }
    read("read of a sector", MINE, &mut sector)?;
    bytes("read of a sector", MINE, &sector, |address| {
        pattern::byte(SEED + 1, address)
    })
}

fn erase_of_many_sectors() -> Result<(), Failure> {
    let length = region_length(LEAST_SECTORS)?;
    // Over 64 KiB where there is room, from an address that no block starts at,
    // so that all sizes of erase get their turn. One sector is left at each end.
    let count = (length / SECTOR - 2).min(18);
    let marks = [1, PAGE, SECTOR / 2 + 3, SECTOR - 2];
    erase("clearing the sector before", 0, SECTOR)?;
    erase("clearing the sector after", (count + 1) * SECTOR, SECTOR)?;
    for sector in 0..count + 2 {
        for mark in marks {
            program("mark", sector * SECTOR + mark, &[0x00])?;
        }
    }
    erase("erase of many sectors", SECTOR, count * SECTOR)?;
    content("many erased sectors", SECTOR, count * SECTOR, |_| ERASED)?;
    for sector in [0, count + 1] {
        for mark in marks {
            content("mark beside them", sector * SECTOR + mark, 1, |_| 0x00)?;
        }
    }
    Ok(())
}

fn one_upcall_for_each_operation() -> Result<(), Failure> {
    let mut buffer = [0; 300];
    once("upcalls of open", Operation::Open, flash::start_open)?;
    once("upcalls of erase", Operation::Erase, || {
        flash::start_erase(MINE, SECTOR)
    })?;
    granted(
        "sharing a buffer",
        share::read_only(flash::DRIVER, flash::SOURCE, &buffer, |_| {
            once("upcalls of program", Operation::Program, || {
                flash::start_program(MINE + 1, 300)
            })
        }),
    )??;
    granted(
        "sharing a buffer",
        share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
            once("upcalls of read", Operation::Read, || {
                flash::start_read(MINE + 1, 300)
            })
        }),
    )?
}

fn wait_for_gets_the_upcall() -> Result<(), Failure> {
    // Nothing is subscribed: yield-wait-for needs no function.
    granted("erase", flash::start_erase(MINE, SECTOR))?;
    let values = yield_wait_for(flash::DRIVER, Operation::Erase.upcall());
    code(
        "values of the upcall",
        Ok(()),
        ErrorCode::from_status(values[0] as u32),
    )?;
    value("bytes erased", SECTOR, values[1] as u32)?;
    value("third value of the upcall", 0, values[2] as u32)?;
    content("erased sector", MINE, SECTOR, |_| ERASED)
}

/// Runs an operation and returns how it ended.
fn run(
    operation: Operation,
    start: impl FnOnce() -> Result<(), ErrorCode>,
) -> Result<Ended, Failure> {
    watched(operation, |arrivals| {
        granted("starting an operation", start())?;
        Ok(Ended::from_values(arrivals.wait()))
    })
}

/// Runs an operation to its upcall, and another one of another kind, after which
/// the first must still have had only that one.
fn once(
    what: &'static str,
    operation: Operation,
    start: impl FnOnce() -> Result<(), ErrorCode>,
) -> Result<(), Failure> {
    watched(operation, |arrivals| {
        granted("starting an operation", start())?;
        let ended = Ended::from_values(arrivals.wait());
        code("how the operation ended", Ok(()), ended.status)?;
        match operation {
            Operation::Read => erase("erase after a read", 2 * SECTOR, SECTOR)?,
            Operation::Open | Operation::Program | Operation::Erase => {
                read("read after it", 2 * SECTOR, &mut [0; 8])?;
            }
        }
        while yield_no_wait() {}
        value(what, 1, arrivals.count())
    })
}

fn watched<R>(
    operation: Operation,
    body: impl FnOnce(&Arrivals) -> Result<R, Failure>,
) -> Result<R, Failure> {
    granted("subscribing", flash::watch_operation(operation, body))?
}
