// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Writes numbered pages, round and round in its region, and says which are there. It can
//! be killed at any moment: what it has said holds for whoever looks at the flash, and for the
//! next run, which goes on after the last page that it finds.
//!
//! - `ERASING n`: the sector of page n is about to be erased, for page n and what follows.
//! - `ACK n`: page n is there.
//! - `FOUND n`: page n is the last of an earlier run.

use crate::say;
use crate::say::give_up;
use userland_cases::check::{PAGE, SECTOR};
use userland_cases::pattern;
use userland_rt::flash;

/// Pages of a sector.
const PAGES: u32 = SECTOR / PAGE;
/// Sectors used.
const SECTORS: u32 = 16;
/// What pages are filled with comes from this and the page's number.
const SEED: u32 = 0x0a11_0000;

type Page = [u8; PAGE as usize];

fn address(number: u32) -> u32 {
    number % (SECTORS * PAGES) * PAGE
}

/// The page of that number: the number, its complement, and bytes that come of it.
fn page(number: u32) -> Page {
    let mut page = [0; PAGE as usize];
    pattern::fill(SEED ^ number, 0, &mut page);
    page[..4].copy_from_slice(&number.to_le_bytes());
    page[4..8].copy_from_slice(&(!number).to_le_bytes());
    page
}

fn read(at: u32, bytes: &mut [u8]) {
    if let Err(error) = flash::read(at, bytes) {
        give_up(format_args!("journal: reading {at:#x}: {error}"));
    }
}

/// The number of a whole page.
fn number_of(at: u32, found: &[u8]) -> Option<u32> {
    let number = u32::from_le_bytes([found[0], found[1], found[2], found[3]]);
    (number != u32::MAX && address(number) == at && found == page(number)).then_some(number)
}

fn last() -> Option<u32> {
    let mut sector = [0; SECTOR as usize];
    let mut last = None;
    for start in (0..SECTORS * SECTOR).step_by(SECTOR as usize) {
        read(start, &mut sector);
        let pages = (start..)
            .step_by(PAGE as usize)
            .zip(sector.chunks(PAGE as usize));
        last = last.max(pages.filter_map(|(at, found)| number_of(at, found)).max());
    }
    last
}

/// Does it.
pub fn run() {
    say!("TEST start journal");
    let last = last();
    if let Some(number) = last {
        say!("FOUND {number}");
    }
    let mut number = last.map_or(0, |number| number + 1);
    // A page that was cut short can't be programmed again.
    let mut found = [0; PAGE as usize];
    read(address(number), &mut found);
    if !number.is_multiple_of(PAGES) && found.iter().any(|byte| *byte != 0xFF) {
        number = number.next_multiple_of(PAGES);
    }
    loop {
        if number.is_multiple_of(PAGES) {
            say!("ERASING {number}");
            if let Err(error) = flash::erase(address(number), SECTOR) {
                give_up(format_args!("journal: erasing for {number}: {error}"));
            }
        }
        if let Err(error) = flash::program(address(number), &page(number)) {
            give_up(format_args!("journal: programming {number}: {error}"));
        }
        say!("ACK {number}");
        number += 1;
    }
}
