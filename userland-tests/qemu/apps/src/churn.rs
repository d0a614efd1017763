// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Erases, programs and reads sectors of its region in no order, whatever becomes of the
//! device meanwhile: what is cancelled or refused it does again. It ends when it has done
//! [`CALM`] sectors without an interruption, and says what the region then has to hold.

use crate::say;
use crate::say::give_up;
use userland_cases::check::SECTOR;
use userland_cases::pattern;
use userland_rt::ErrorCode;
use userland_rt::alarm;
use userland_rt::flash::{self, Error};

/// Sectors used.
const SECTORS: usize = 32;
/// Sectors in a row without an interruption.
const CALM: u32 = 40;

struct Churn {
    name: &'static str,
    seed: u32,
    /// What was programmed last into each sector: 0 is nothing.
    generations: [u16; SECTORS],
    interruptions: u32,
}

/// What a sector holds.
fn content_seed(seed: u32, generation: u16) -> u32 {
    seed << 16 | u32::from(generation)
}

impl Churn {
    /// Does it until it works. Says whether it worked at once.
    fn insist(&mut self, mut operation: impl FnMut() -> Result<(), Error>) -> bool {
        let mut at_once = true;
        loop {
            let error = match operation() {
                Ok(()) => return at_once,
                Err(error) => error,
            };
            at_once = false;
            self.interruptions += 1;
            match error {
                Error::Refused(ErrorCode::Off)
                | Error::Ended {
                    code: ErrorCode::Cancel,
                    ..
                } => {}
                other => give_up(format_args!("{}: {other}", self.name)),
            }
            // The device is detached. That does not take long.
            if alarm::sleep_ms(1).is_err() {
                give_up(format_args!("{}: no alarm", self.name));
            }
        }
    }

    /// Erases, programs and reads back.
    fn renew(&mut self, sector: usize, buffer: &mut [u8; SECTOR as usize]) -> bool {
        let address = sector as u32 * SECTOR;
        let generation = self.generations[sector].wrapping_add(1);
        let seed = content_seed(self.seed, generation);
        let mut calm = true;
        // A program that was cut short may only be completed on erased flash or with the same
        // bytes, and it is the same bytes.
        calm &= self.insist(|| flash::erase(address, SECTOR));
        pattern::fill(seed, address, buffer);
        calm &= self.insist(|| flash::program(address, &buffer[..]));
        self.generations[sector] = generation;
        calm & self.verify(sector, buffer)
    }

    fn verify(&mut self, sector: usize, buffer: &mut [u8; SECTOR as usize]) -> bool {
        let address = sector as u32 * SECTOR;
        let seed = content_seed(self.seed, self.generations[sector]);
        buffer.fill(0);
        let calm = self.insist(|| flash::read(address, &mut buffer[..]));
        for (at, found) in (address..).zip(buffer.iter()) {
            let expected = pattern::byte(seed, at);
            if *found != expected {
                give_up(format_args!(
                    "{}: byte {at:#x}: expected {expected:#04x}, found {found:#04x}",
                    self.name
                ));
            }
        }
        calm
    }
}

/// Does it.
pub fn run(name: &'static str, seed: u32) {
    let mut churn = Churn {
        name,
        seed,
        generations: [0; SECTORS],
        interruptions: 0,
    };
    let mut buffer = [0; SECTOR as usize];
    say!("TEST start {name}");
    let mut calm = 0;
    let mut step = 0;
    while calm < CALM {
        step += 1;
        let sector = pattern::length(seed, step, SECTORS as u32) as usize - 1;
        let at_once = churn.renew(sector, &mut buffer);
        calm = if at_once { calm + 1 } else { 0 };
    }
    for sector in 0..SECTORS {
        let generation = churn.generations[sector];
        if generation != 0 {
            churn.verify(sector, &mut buffer);
            let seed = content_seed(seed, generation);
            say!("HOLDS {name} {} {SECTOR} {seed}", sector as u32 * SECTOR);
        }
    }
    say!(
        "ok {name}: {step} sectors, {} interruptions",
        churn.interruptions
    );
    say!("TEST PASS {name}");
}
