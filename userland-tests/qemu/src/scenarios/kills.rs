// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The emulator is killed at moments that nobody foresees, and the board is switched on
//! again: what was acknowledged is there.

use super::{Lab, Verdict};
use crate::array::Array;
use crate::emulator::Clock;
use crate::figures;
use crate::image::Options;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Range;
use std::time::Duration;
use userland_cases::pattern;

/// As the app `journal` has it.
const PAGE: u32 = 256;
const PAGES_OF_A_SECTOR: u32 = 16;
const SLOTS: u32 = 16 * PAGES_OF_A_SECTOR;
const SEED: u32 = 0x0a11_0000;

/// From when the board has booted to when it is killed, in ms.
const LIFE_MS: Range<u64> = 0..700;
/// From when the emulator is started to when it is killed, for one in ten.
const BOOT_MS: Range<u64> = 0..300;

fn page(number: u32) -> Vec<u8> {
    let mut page = vec![0; PAGE as usize];
    pattern::fill(SEED ^ number, 0, &mut page);
    page[..4].copy_from_slice(&number.to_le_bytes());
    page[4..8].copy_from_slice(&(!number).to_le_bytes());
    page
}

/// What the app has said so far: which number is in which slot.
#[derive(Default)]
struct Promised {
    slots: BTreeMap<u32, u32>,
    /// Runs that got as far as saying something.
    spoke: u32,
}

impl Promised {
    /// Reads what a run said.
    fn hear(&mut self, said: &str) -> Verdict {
        let last = self.slots.values().max().copied();
        let mut heard = false;
        // A line that was cut short says nothing.
        for line in said.split_inclusive('\n') {
            let Some(line) = line.strip_suffix('\n') else {
                continue;
            };
            if line.contains("WRONG") {
                return Err(line.into());
            }
            let number = |word: &str| -> Option<u32> { line.strip_prefix(word)?.parse().ok() };
            if let Some(found) = number("FOUND ") {
                heard = true;
                if Some(found) < last {
                    return Err(format!("found {found}, but {last:?} was acknowledged").into());
                }
            } else if let Some(first) = number("ERASING ") {
                if !heard && last.is_some() {
                    return Err(format!("nothing was found, but {last:?} was acknowledged").into());
                }
                heard = true;
                for number in first..first + PAGES_OF_A_SECTOR {
                    self.slots.remove(&(number % SLOTS));
                }
            } else if let Some(done) = number("ACK ") {
                self.slots.insert(done % SLOTS, done);
            }
        }
        self.spoke += u32::from(heard);
        Ok(())
    }

    /// Compares with the array.
    fn check(&self, array: &Array) -> Result<u64, Box<dyn Error>> {
        for (slot, number) in &self.slots {
            let found = array.bytes("journal", slot * PAGE, PAGE as usize)?;
            if found != page(*number) {
                return Err(format!("page {number} was acknowledged and is not there").into());
            }
        }
        Ok(self.slots.len() as u64 * u64::from(PAGE))
    }
}

/// Kills the emulator so many times.
///
/// # Errors
///
/// Something that was acknowledged is not there.
pub fn survived(lab: &Lab, kills: u32, seed: u64) -> Verdict {
    let mut random = SmallRng::seed_from_u64(seed);
    let bench = lab.bench()?;
    let mut promised = Promised::default();
    let endless = Options::default();
    for kill in 1..=kills {
        let mut board = bench.start(&["journal", "churn-a"], endless, Clock::Paced)?;
        let life = if random.random_ratio(1, 10) {
            BOOT_MS
        } else {
            board.expect("entering the main loop")?;
            LIFE_MS
        };
        let said = board.kill_after(Duration::from_millis(random.random_range(life)))?;
        promised
            .hear(&said)
            .map_err(|error| format!("kill {kill} of seed {seed}: {error}\n{said}"))?;
        let bytes = promised
            .check(&bench.array)
            .map_err(|error| format!("kill {kill} of seed {seed}: {error}\n{said}"))?;
        figures::add(|sums| {
            sums.kills += 1;
            sums.bytes += bytes;
        });
    }
    // Kills that all came before the app began would say nothing.
    if promised.spoke * 2 < kills || promised.slots.is_empty() {
        return Err(format!("the app got to work in {} of {kills} runs", promised.spoke).into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Promised;

    #[test]
    fn what_is_acknowledged_is_promised_until_it_is_erased() {
        let mut promised = Promised::default();
        promised
            .hear("TEST start journal\nERASING 0\nACK 0\nACK 1\nACK 2")
            .unwrap();
        assert_eq!(promised.slots.len(), 2, "the last line was cut short");
        promised.hear("FOUND 2\nACK 3\n").unwrap();
        assert_eq!(promised.slots.get(&3), Some(&3));
        promised.hear("FOUND 3\nERASING 256\n").unwrap();
        assert!(promised.slots.is_empty());
    }

    #[test]
    fn what_is_lost_is_found_out() {
        let mut promised = Promised::default();
        promised.hear("ERASING 0\nACK 0\nACK 1\n").unwrap();
        assert!(promised.hear("FOUND 0\n").is_err());
        assert!(promised.hear("ERASING 0\n").is_err());
        assert!(promised.hear("FOUND 1\n").is_ok());
        assert!(promised.hear("").is_ok(), "killed before it spoke");
    }
}
