// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Addresses and lengths that are not in the region, or not on a sector.

use super::ground::{Ground, MINE, refused};
use crate::cases;
use crate::check::{SECTOR, content, erase, granted, open, program};
use crate::failure::Failure;
use crate::report::Case;
use userland_rt::ErrorCode;
use userland_rt::flash::{self, Operation};
use userland_rt::share;

/// All of them.
pub const CASES: &[Case] = cases![
    read_past_the_end,
    program_past_the_end,
    erase_past_the_end,
    erase_across_the_end,
    read_with_overflowing_end,
    program_with_overflowing_end,
    erase_with_overflowing_end,
    address_bits_that_the_part_lacks,
    erase_from_inside_a_sector,
    erase_of_part_of_a_sector,
    region_of_another,
];

const BUFFER: u32 = 16;

fn read_past_the_end() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    let end = ground.length;
    for (address, length) in [(end, 1), (end - 1, 2), (end - 15, 16), (end + 1, 0)] {
        refuse_read("read past the end", address, length)?;
    }
    ground.still_works()
}

fn program_past_the_end() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    let end = ground.length;
    for (address, length) in [(end, 1), (end - 1, 2), (end - 15, 16), (end + 1, 0)] {
        refuse_program("program past the end", address, length)?;
    }
    ground.still_works()
}

fn erase_past_the_end() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for address in [ground.length, ground.length + SECTOR] {
        refuse_erase("erase past the end", address, SECTOR)?;
    }
    ground.still_works()
}

fn erase_across_the_end() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    let end = ground.length;
    for (address, length) in [(end - SECTOR, 2 * SECTOR), (0, end + SECTOR)] {
        refuse_erase("erase across the end", address, length)?;
    }
    ground.still_works()
}

fn read_with_overflowing_end() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    // The ends are 2^32, 2^32 + 1 and 2^32 + 8.
    for (address, length) in [(u32::MAX, 1), (u32::MAX, 2), (u32::MAX - 7, 16)] {
        refuse_read("read with an end over 32 bits", address, length)?;
    }
    ground.still_works()
}

fn program_with_overflowing_end() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for (address, length) in [(u32::MAX, 1), (u32::MAX, 2), (u32::MAX - 7, 16)] {
        refuse_program("program with an end over 32 bits", address, length)?;
    }
    ground.still_works()
}

fn erase_with_overflowing_end() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    let last = 0_u32.wrapping_sub(SECTOR);
    for (address, length) in [(last, SECTOR), (last, 2 * SECTOR), (SECTOR, last)] {
        refuse_erase("erase with an end over 32 bits", address, length)?;
    }
    ground.still_works()
}

fn address_bits_that_the_part_lacks() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for bit in [24, 25, 26, 27, 28, 31] {
        let address = 1 << bit;
        if ground.length <= address {
            refuse_read("read with a high address bit", address, BUFFER)?;
            refuse_program("program with a high address bit", address, BUFFER)?;
            refuse_erase("erase with a high address bit", address, SECTOR)?;
        } else if address < ground.length - SECTOR {
            // So large a region has this address: it must not be that of the
            // region's start, where the mark shows what happened. In the last
            // sector there is the other mark, laid after the first, which shows
            // the same.
            erase("erase with a high address bit", address, SECTOR)?;
            program("program with a high address bit", address, &[0x00; 64])?;
            content("programmed there", address, 64, |_| 0x00)?;
        }
    }
    ground.still_works()
}

fn erase_from_inside_a_sector() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for offset in [1, 4, 256, SECTOR / 2, SECTOR - 1] {
        refuse_erase("erase from inside a sector", offset, SECTOR)?;
        refuse_erase("erase from inside a sector", MINE + offset, SECTOR)?;
    }
    ground.still_works()
}

fn erase_of_part_of_a_sector() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    for length in [1, 4, 256, SECTOR - 1, SECTOR + 1, 2 * SECTOR - 256] {
        refuse_erase("erase of part of a sector", 0, length)?;
    }
    ground.still_works()
}

fn region_of_another() -> Result<(), Failure> {
    let ground = Ground::lay()?;
    open("open")?;
    let size = granted("geometry", flash::geometry())?.size;
    // The rest of the part is others': its start, its middle and its end, as
    // addresses of this region and of the part.
    let rest = size.saturating_sub(ground.length);
    for beyond in [0, rest / 2 / SECTOR * SECTOR, size - SECTOR] {
        let address = ground.length.saturating_add(beyond);
        refuse_read("read of another's region", address, BUFFER)?;
        refuse_program("program of another's region", address, BUFFER)?;
        refuse_erase("erase of another's region", address, SECTOR)?;
    }
    ground.still_works()
}

fn refuse_read(what: &'static str, address: u32, length: u32) -> Result<(), Failure> {
    let mut buffer = [0; BUFFER as usize];
    granted(
        "sharing a buffer",
        share::read_write(flash::DRIVER, flash::DESTINATION, &mut buffer, |_| {
            refused(what, Operation::Read, ErrorCode::Invalid, || {
                flash::start_read(address, length)
            })
        }),
    )?
}

fn refuse_program(what: &'static str, address: u32, length: u32) -> Result<(), Failure> {
    let buffer = [0; BUFFER as usize];
    granted(
        "sharing a buffer",
        share::read_only(flash::DRIVER, flash::SOURCE, &buffer, |_| {
            refused(what, Operation::Program, ErrorCode::Invalid, || {
                flash::start_program(address, length)
            })
        }),
    )?
}

fn refuse_erase(what: &'static str, address: u32, length: u32) -> Result<(), Failure> {
    refused(what, Operation::Erase, ErrorCode::Invalid, || {
        flash::start_erase(address, length)
    })
}
