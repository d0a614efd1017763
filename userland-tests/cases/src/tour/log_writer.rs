// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Keeps a log and a table, as an app with records would: a `sequential-storage`
//! queue in the first half of the region, a map in the second.
//!
//! What an earlier run left is checked first, so it can be killed or lose its
//! power anywhere and be run again.

use crate::check::value;
use crate::failure::Failure;
use crate::pattern;
use core::fmt;
use core::ops::Range;
use sequential_storage::Error;
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};
use sequential_storage::queue::{QueueConfig, QueueStorage};
use userland_rt::block_on::block_on;
use userland_rt::storage::{self, SECTOR, Storage};

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct LogWriter {
    /// How many times.
    pub rounds: u32,
    /// Records pushed in each round.
    pub records: u32,
    /// Records left in the queue at the end of a round, for the next run.
    pub kept: u32,
    /// What the records' content comes from. Another run with another seed takes
    /// what it finds for damaged.
    pub seed: u32,
}

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// How many times.
    pub rounds: u32,
    /// Records found from an earlier run.
    pub found: u32,
    /// Table entries found from an earlier run.
    pub entries_found: u32,
    /// Records pushed.
    pub pushed: u32,
    /// Records popped and compared, those found included.
    pub popped: u32,
    /// Table entries stored and compared.
    pub entries: u32,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rounds, {} records pushed, {} popped ({} from before), {} entries ({} from before)",
            self.rounds, self.pushed, self.popped, self.found, self.entries, self.entries_found
        )
    }
}

/// Entries of the table.
const KEYS: u8 = 8;
/// Longest record in bytes.
const LONGEST: usize = 64;

type Queue<'s> = QueueStorage<&'s mut Storage, Cache<Uncached, Uncached, Uncached>>;
type Map<'s> = MapStorage<u8, &'s mut Storage, Cache<Uncached, Uncached, Uncached, u8>>;
use sequential_storage::cache::Uncached;

impl LogWriter {
    /// Does it.
    ///
    /// # Errors
    ///
    /// What failed, which record is missing, or which byte differs.
    pub fn run(&self) -> Result<Summary, Failure> {
        let mut storage = Storage::open().map_err(Failure::Storage)?;
        let half = storage.length() / SECTOR / 2 * SECTOR;
        let halves = Halves {
            queue: 0..half,
            map: half..storage.length(),
        };
        let mut summary = Summary {
            rounds: self.rounds,
            found: 0,
            entries_found: 0,
            pushed: 0,
            popped: 0,
            entries: 0,
        };
        let mut next = self.take_over(&mut storage, &halves, &mut summary)?;
        let mut oldest = next;
        for _ in 0..self.rounds {
            let until = next + self.records;
            self.push(&mut storage, &halves, next..until)?;
            summary.pushed += self.records;
            next = until;
            let pop_until = next.saturating_sub(self.kept).max(oldest);
            self.pop(&mut storage, &halves, oldest..pop_until)?;
            summary.popped += pop_until - oldest;
            oldest = pop_until;
            summary.entries += self.table(&mut storage, &halves, next)?;
        }
        storage.close().map_err(Failure::Storage)?;
        Ok(summary)
    }

    /// Pops what an earlier run left and checks the table that it left. Returns
    /// the number after its last record.
    fn take_over(
        &self,
        storage: &mut Storage,
        halves: &Halves,
        summary: &mut Summary,
    ) -> Result<u32, Failure> {
        let mut next = None;
        let mut queue = halves.queue(storage)?;
        let mut buffer = [0; LONGEST];
        while let Some(record) = block_on(queue.pop(&mut buffer))
            .map_err(store("popping a record from before", next.unwrap_or(0)))?
        {
            let number = number_of(record)?;
            value(
                "number of a record from before",
                next.unwrap_or(number),
                number,
            )?;
            self.check_record(number, record)?;
            next = Some(number.wrapping_add(1));
            summary.found += 1;
            summary.popped += 1;
        }
        let mut map = halves.map(storage)?;
        for key in 0..KEYS {
            let entry = block_on(map.fetch_item::<&[u8]>(&mut buffer, &key))
                .map_err(store("fetching an entry from before", u32::from(key)))?;
            if let Some(entry) = entry {
                self.check_entry(key, number_of(entry)?, entry)?;
                summary.entries_found += 1;
            }
        }
        Ok(next.unwrap_or(0))
    }

    fn push(
        &self,
        storage: &mut Storage,
        halves: &Halves,
        numbers: Range<u32>,
    ) -> Result<(), Failure> {
        let mut queue = halves.queue(storage)?;
        for number in numbers {
            let mut record = [0; LONGEST];
            let record = self.record(number, &mut record);
            block_on(queue.push(record, false)).map_err(store("pushing record", number))?;
        }
        Ok(())
    }

    fn pop(
        &self,
        storage: &mut Storage,
        halves: &Halves,
        numbers: Range<u32>,
    ) -> Result<(), Failure> {
        let mut queue = halves.queue(storage)?;
        for number in numbers {
            let mut buffer = [0; LONGEST];
            let record = block_on(queue.pop(&mut buffer))
                .map_err(store("popping record", number))?
                .ok_or(Failure::Missing {
                    what: "record",
                    number,
                })?;
            value("number of a record", number, number_of(record)?)?;
            self.check_record(number, record)?;
        }
        Ok(())
    }

    /// Stores an entry under each key, twice so that the first is out of date, and
    /// reads them back. One key is removed.
    fn table(&self, storage: &mut Storage, halves: &Halves, base: u32) -> Result<u32, Failure> {
        let mut map = halves.map(storage)?;
        let mut buffer = [0; LONGEST];
        let mut stored = 0;
        for pass in 0..2 {
            for key in 0..KEYS {
                let number = entry_number(base, pass, key);
                let entry = self.entry(key, number);
                block_on(map.store_item::<&[u8]>(&mut buffer, &key, &&entry[..]))
                    .map_err(store("storing entry", u32::from(key)))?;
                stored += 1;
            }
        }
        let removed = (base % u32::from(KEYS)) as u8;
        block_on(map.remove_item(&mut buffer, &removed))
            .map_err(store("removing entry", u32::from(removed)))?;
        for key in 0..KEYS {
            let entry = block_on(map.fetch_item::<&[u8]>(&mut buffer, &key))
                .map_err(store("fetching entry", u32::from(key)))?;
            match entry {
                None if key == removed => {}
                None => {
                    return Err(Failure::Missing {
                        what: "entry",
                        number: u32::from(key),
                    });
                }
                Some(entry) => {
                    value("entries of a removed key", 0, u32::from(key == removed))?;
                    let number = entry_number(base, 1, key);
                    value("number of an entry", number, number_of(entry)?)?;
                    self.check_entry(key, number, entry)?;
                }
            }
        }
        Ok(stored)
    }

    fn record<'b>(&self, number: u32, room: &'b mut [u8; LONGEST]) -> &'b [u8] {
        let length = record_length(self.seed, number);
        let record = &mut room[..length];
        pattern::fill(self.seed ^ number, 0, record);
        record[..4].copy_from_slice(&number.to_le_bytes());
        record
    }

    fn check_record(&self, number: u32, found: &[u8]) -> Result<(), Failure> {
        let mut expected = [0; LONGEST];
        let expected = self.record(number, &mut expected);
        same("record", expected, found)
    }

    fn entry(&self, key: u8, number: u32) -> [u8; 12] {
        let mut entry = [0; 12];
        pattern::fill(self.seed ^ number, u32::from(key), &mut entry);
        entry[..4].copy_from_slice(&number.to_le_bytes());
        entry
    }

    fn check_entry(&self, key: u8, number: u32, found: &[u8]) -> Result<(), Failure> {
        same("entry", &self.entry(key, number), found)
    }
}

struct Halves {
    queue: Range<u32>,
    map: Range<u32>,
}

impl Halves {
    fn queue<'s>(&self, storage: &'s mut Storage) -> Result<Queue<'s>, Failure> {
        let config =
            QueueConfig::try_new(self.queue.clone()).map_err(|_| too_small(&self.queue))?;
        Ok(QueueStorage::new(storage, config, Cache::new_uncached()))
    }

    fn map<'s>(&self, storage: &'s mut Storage) -> Result<Map<'s>, Failure> {
        let config = MapConfig::try_new(self.map.clone()).map_err(|_| too_small(&self.map))?;
        Ok(MapStorage::new(storage, config, Cache::new_uncached()))
    }
}

fn too_small(half: &Range<u32>) -> Failure {
    Failure::Range {
        what: "half of the region",
        least: 2 * SECTOR,
        most: u32::MAX,
        found: half.end - half.start,
    }
}

/// 4 to [`LONGEST`] bytes.
fn record_length(seed: u32, number: u32) -> usize {
    3 + pattern::length(seed, number, LONGEST as u32 - 3) as usize
}

fn entry_number(base: u32, pass: u32, key: u8) -> u32 {
    base * 100 + pass * 50 + u32::from(key)
}

fn number_of(found: &[u8]) -> Result<u32, Failure> {
    match found {
        [a, b, c, d, ..] => Ok(u32::from_le_bytes([*a, *b, *c, *d])),
        short => Err(Failure::Range {
            what: "length of a record",
            least: 4,
            most: LONGEST as u32,
            found: short.len() as u32,
        }),
    }
}

fn same(what: &'static str, expected: &[u8], found: &[u8]) -> Result<(), Failure> {
    value(what, expected.len() as u32, found.len() as u32)?;
    crate::check::bytes(what, 0, found, |offset| expected[offset as usize])
}

fn store(what: &'static str, number: u32) -> impl FnOnce(Error<storage::Error>) -> Failure {
    move |error| Failure::Store {
        what,
        number,
        error,
    }
}
