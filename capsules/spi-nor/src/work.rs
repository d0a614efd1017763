// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A client's request, piece by piece.
//!
//! What an app can ask for beyond the bare operation is done here, by more requests to the device:
//! before an erase, what is blank already is looked for; after a program or an erase, all of it is
//! read back. These are reads as any other: they wait their turn, are cancelled by a detach, and are
//! nobody's once the app is dead.

use crate::aside::Aside;
use crate::client::Request;
use crate::error::Error;
use crate::features::Features;
use crate::record::Kind;

/// Where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the array, at an address of the part.
    Array,
    /// In the area beside it.
    Otp,
    /// In the unique id.
    UniqueId,
    /// In the protection bits: cleared, or put back.
    Protection {
        /// Cleared.
        cleared: bool,
    },
}

/// How more is done than is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Options(u8);

impl Options {
    /// Nothing more.
    pub const NONE: Options = Options(0);
    /// What was programmed or erased is read back.
    pub const VERIFY: Options = Options(1 << 0);
    /// What is blank is not erased.
    pub const SKIP_BLANK: Options = Options(1 << 1);

    /// Of the number that an app gives. `None` if there is no such option.
    pub const fn from_number(number: usize) -> Option<Options> {
        match number {
            0..=3 => Some(Options(number as u8)),
            _ => None,
        }
    }

    /// Both.
    pub const fn and(self, other: Options) -> Options {
        Options(self.0 | other.0)
    }

    /// Whether all of `other` is among these.
    pub const fn has(self, other: Options) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What is being done. Offsets are from the request's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// What was asked for, up to here. All from here to `next` is blank.
    Doing { until: u32, next: u32 },
    /// The bytes before this one are looked at: those that are not blank begin at what is done, and
    /// end with the sector before this one's.
    Looking { at: u32 },
    /// The bytes before this one are as they are to be.
    Verifying { at: u32 },
}

/// A request that waits or is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Work {
    kind: Kind,
    place: Place,
    address: u32,
    length: u32,
    done: u32,
    options: Options,
    phase: Phase,
}

/// What came of a bite of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There is more to be done.
    GoesOn,
    /// It is over.
    Over(Result<(), Error>),
}

const fn is_blank(data: &[u8]) -> bool {
    let mut rest = data;
    while let [first, others @ ..] = rest {
        if *first != 0xFF {
            return false;
        }
        rest = others;
    }
    true
}

impl Work {
    /// `length` bytes from `address` on.
    pub const fn new(
        kind: Kind,
        place: Place,
        address: u32,
        length: u32,
        options: Options,
    ) -> Work {
        let skips = options.has(Options::SKIP_BLANK)
            && matches!((kind, place), (Kind::Erase, Place::Array));
        Work {
            kind,
            place,
            address,
            length,
            done: 0,
            options,
            phase: if skips {
                Phase::Looking { at: 0 }
            } else {
                Phase::Doing {
                    until: length,
                    next: length,
                }
            },
        }
    }

    /// What the app asked for.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Bytes that the app asked for.
    pub const fn length(&self) -> u32 {
        self.length
    }

    /// Bytes that are done.
    pub const fn done(&self) -> u32 {
        self.done
    }

    /// Where it stopped, as an app counts whose region begins at `start`.
    pub const fn stopped_at<F: Features>(&self, start: u32) -> u32 {
        let address = self.address.saturating_add(self.done);
        match (self.kind, self.place::<F>()) {
            (Kind::Open, _) => 0,
            (_, Place::Array) => address.saturating_sub(start),
            (_, Place::Otp | Place::UniqueId | Place::Protection { .. }) => address,
        }
    }

    /// The byte of the app's buffer that comes next.
    pub const fn offset<F: Features>(&self) -> u32 {
        match self.phase::<F>() {
            Phase::Doing { .. } => self.done,
            Phase::Looking { at } | Phase::Verifying { at } => at,
        }
    }

    /// Whether its bytes are in the array, and end by `size`.
    pub const fn fits<F: Features>(&self, size: u32) -> bool {
        match (self.place::<F>(), self.address.checked_add(self.length)) {
            (Place::Array, Some(end)) => end <= size,
            (Place::Array, None) => false,
            (Place::Otp | Place::UniqueId | Place::Protection { .. }, _) => true,
        }
    }

    /// Whether what is read is what was asked for.
    pub const fn is_read(&self) -> bool {
        matches!(self.kind, Kind::Read)
    }

    /// Whether its next piece may be in flight before this one has ended: each follows from the
    /// one before.
    pub const fn is_straight<F: Features>(&self) -> bool {
        match self.phase::<F>() {
            Phase::Doing { .. } | Phase::Verifying { .. } => true,
            Phase::Looking { .. } => false,
        }
    }

    /// Where its bytes are.
    const fn place<F: Features>(&self) -> Place {
        if F::ASIDES { self.place } else { Place::Array }
    }

    const fn phase<F: Features>(&self) -> Phase {
        if F::OPTIONS {
            self.phase
        } else {
            Phase::Doing {
                until: self.length,
                next: self.length,
            }
        }
    }

    /// What is asked of the device next, of which `sector` is the unit of erase.
    pub fn request<F: Features>(&self, sector: u32) -> Request {
        let (kind, from, to) = match self.phase::<F>() {
            Phase::Doing { until, .. } => (self.kind, self.done, until),
            Phase::Verifying { at } => (Kind::Read, at, self.length),
            Phase::Looking { at } => (Kind::Read, at, self.sector_end(at, sector)),
        };
        let address = self.address.saturating_add(from);
        let length = to.saturating_sub(from);
        match (self.place::<F>(), kind) {
            (Place::Protection { cleared: true }, _) => Request::Aside(Aside::Unlock),
            (Place::Protection { cleared: false }, _) => Request::Aside(Aside::Relock),
            (Place::UniqueId, _) => Request::Aside(Aside::UniqueId { length }),
            (_, Kind::Open) => Request::Open,
            (Place::Array, Kind::Read) => Request::Read { address, length },
            (Place::Array, Kind::Program) => Request::Program { address, length },
            (Place::Array, Kind::Erase) => Request::Erase { address, length },
            (Place::Otp, Kind::Read) => Request::Aside(Aside::ReadOtp { address, length }),
            (Place::Otp, Kind::Program) => Request::Aside(Aside::ProgramOtp { address, length }),
            (Place::Otp, Kind::Erase) => Request::Aside(Aside::EraseOtp { address, length }),
        }
    }

    /// The end of the sector that the byte at offset `at` is in.
    fn sector_end(&self, at: u32, sector: u32) -> u32 {
        let address = self.address.saturating_add(at);
        // Not `%`: the compiler can't know that a sector is a power of two, and would add a panic.
        let into = address & sector.saturating_sub(1);
        at.saturating_add(sector.saturating_sub(into))
            .min(self.length)
    }

    fn sector_start(&self, at: u32, sector: u32) -> u32 {
        let address = self.address.saturating_add(at);
        at.saturating_sub(address & sector.saturating_sub(1))
    }

    /// What the app asked for is done for `count` more bytes.
    pub fn advance<F: Features>(&mut self, count: u32) -> Outcome {
        match self.phase::<F>() {
            Phase::Doing { until, next } => {
                self.done = self.done.saturating_add(count);
                if self.done < until {
                    Outcome::GoesOn
                } else {
                    self.look_on::<F>(next)
                }
            }
            Phase::Looking { .. } | Phase::Verifying { .. } => Outcome::Over(Err(Error::Failed)),
        }
    }

    /// All up to `next` is done.
    fn look_on<F: Features>(&mut self, next: u32) -> Outcome {
        if self.kind != Kind::Open {
            self.done = next;
        }
        if next < self.length {
            self.phase = Phase::Looking { at: next };
            return Outcome::GoesOn;
        }
        let changes = self.kind.changes();
        if F::OPTIONS && changes && self.options.has(Options::VERIFY) && self.length > 0 {
            self.phase = Phase::Verifying { at: 0 };
            return Outcome::GoesOn;
        }
        Outcome::Over(Ok(()))
    }

    /// This was read that the app has not asked for. `differs` says at which byte it is not what the
    /// app has programmed.
    pub fn looked<F: Features>(
        &mut self,
        data: &[u8],
        sector: u32,
        differs: impl FnOnce(u32, &[u8]) -> Option<u32>,
    ) -> Outcome {
        let count = data.len() as u32;
        match self.phase::<F>() {
            Phase::Doing { .. } => Outcome::Over(Err(Error::Failed)),
            Phase::Verifying { at } => {
                let wrong = match self.kind {
                    Kind::Program => differs(at, data),
                    Kind::Open | Kind::Read | Kind::Erase => {
                        let first = data.iter().position(|byte| *byte != 0xFF);
                        first.map(|index| index as u32)
                    }
                };
                if let Some(index) = wrong {
                    self.done = at.saturating_add(index);
                    return Outcome::Over(Err(Error::Mismatch));
                }
                let at = at.saturating_add(count);
                self.phase = Phase::Verifying { at };
                if at < self.length {
                    Outcome::GoesOn
                } else {
                    Outcome::Over(Ok(()))
                }
            }
            Phase::Looking { at } => {
                let end = self.sector_end(at, sector);
                let looked = at.saturating_add(count);
                let (at, run_ends) = if !is_blank(data) {
                    // The rest of it need not be looked at.
                    (end, end == self.length)
                } else if looked < end {
                    (looked, false)
                } else {
                    let start = self.sector_start(at, sector);
                    if self.done < start {
                        self.phase = Phase::Doing {
                            until: start,
                            next: end,
                        };
                        return Outcome::GoesOn;
                    }
                    return self.look_on::<F>(end);
                };
                self.phase = if run_ends {
                    Phase::Doing {
                        until: at,
                        next: at,
                    }
                } else {
                    Phase::Looking { at }
                };
                Outcome::GoesOn
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::features::Full;
    use std::vec;
    use std::vec::Vec;

    const SECTOR: u32 = 16;

    /// An array, what was done to it, and how many bytes it reads at a time.
    struct Part {
        array: Vec<u8>,
        piece: usize,
        erased: Vec<(u32, u32)>,
        read: u32,
        keeps: bool,
    }

    impl Part {
        fn new(array: Vec<u8>, piece: usize) -> Part {
            Part {
                array,
                piece,
                erased: Vec::new(),
                read: 0,
                keeps: true,
            }
        }

        fn run(&mut self, mut work: Work, source: &[u8]) -> (Result<(), Error>, u32) {
            for _ in 0..1000 {
                let outcome = match work.request::<Full>(SECTOR) {
                    Request::Read { address, length } => {
                        let start = address as usize;
                        let count = self.piece.min(length as usize);
                        self.read += count as u32;
                        let data = &self.array[start..start + count];
                        work.looked::<Full>(data, SECTOR, |at, data| {
                            let source = &source[at as usize..at as usize + data.len()];
                            let same = data.iter().zip(source).position(|(a, b)| a != b);
                            same.map(|index| index as u32)
                        })
                    }
                    Request::Erase { address, length } => {
                        assert!(address.is_multiple_of(SECTOR) && length > 0);
                        // One sector or two at a time, as a planner would.
                        let count = if length >= 2 * SECTOR && address.is_multiple_of(2 * SECTOR) {
                            2 * SECTOR
                        } else {
                            SECTOR
                        };
                        self.erased.push((address, count));
                        if self.keeps {
                            let start = address as usize;
                            self.array[start..start + count as usize].fill(0xFF);
                        }
                        work.advance::<Full>(count)
                    }
                    Request::Program { address, length } => {
                        let count = length.min(7);
                        for index in 0..count {
                            let from = source[(work.offset::<Full>() + index) as usize];
                            self.array[(address + index) as usize] &= from;
                        }
                        work.advance::<Full>(count)
                    }
                    other => panic!("{other:?}"),
                };
                if let Outcome::Over(result) = outcome {
                    return (result, work.done());
                }
            }
            panic!("it does not end");
        }
    }

    fn erase(address: u32, length: u32, options: Options) -> Work {
        Work::new(Kind::Erase, Place::Array, address, length, options)
    }

    #[test]
    fn every_pattern_of_blank_sectors_is_erased_where_it_is_not_blank() {
        let both = Options::SKIP_BLANK.and(Options::VERIFY);
        for pattern in 0..64u32 {
            for piece in [1, 5, 16, 40] {
                for byte in [0usize, 7, 15] {
                    let mut array = vec![0xFF; 8 * 16];
                    for sector in (0..6).filter(|sector| pattern >> sector & 1 == 1) {
                        array[(sector + 1) * 16 + byte] = 0x7F;
                    }
                    // What is around is nobody's business.
                    array[15] = 0;
                    array[7 * 16] = 0;
                    let mut part = Part::new(array, piece);
                    let outcome = part.run(erase(16, 96, both), &[]);
                    assert_eq!(outcome, (Ok(()), 96), "{pattern:b} {piece} {byte}");
                    let mut expected = vec![0xFF; 8 * 16];
                    expected[15] = 0;
                    expected[7 * 16] = 0;
                    assert_eq!(part.array, expected);
                    let erased: u32 = part.erased.iter().map(|(_, count)| count).sum();
                    assert_eq!(erased, pattern.count_ones() * 16, "{pattern:b}");
                }
            }
        }
    }

    #[test]
    fn sectors_in_a_row_are_erased_as_one() {
        let mut part = Part::new(vec![0; 64], 16);
        let outcome = part.run(erase(0, 64, Options::SKIP_BLANK), &[]);
        assert_eq!(outcome, (Ok(()), 64));
        assert_eq!(part.erased, [(0, 32), (32, 32)]);
        assert_eq!(part.read, 64, "each byte is looked at once at most");
    }

    #[test]
    fn an_erase_that_did_nothing_is_found_out() {
        let mut part = Part::new(vec![0; 64], 10);
        part.keeps = false;
        part.array[..18].fill(0xFF);
        let outcome = part.run(erase(0, 64, Options::VERIFY), &[]);
        assert_eq!(outcome, (Err(Error::Mismatch), 18));
    }

    #[test]
    fn a_program_is_compared_byte_by_byte() {
        let source: Vec<u8> = (0..50).collect();
        let program = Work::new(Kind::Program, Place::Array, 3, 50, Options::VERIFY);
        let mut part = Part::new(vec![0xFF; 64], 9);
        assert_eq!(part.run(program, &source), (Ok(()), 50));
        let mut part = Part::new(vec![0xFF; 64], 9);
        // A bit that is 0 already stays so.
        part.array[3 + 41] = 0xFE;
        assert_eq!(part.run(program, &source), (Err(Error::Mismatch), 41));
    }

    #[test]
    fn without_options_nothing_is_read() {
        let mut part = Part::new(vec![0; 64], 9);
        assert_eq!(
            part.run(erase(0, 64, Options::default()), &[]),
            (Ok(()), 64)
        );
        assert_eq!(part.read, 0);
    }

    #[test]
    fn only_what_exists_is_an_option() {
        assert_eq!(Options::from_number(4), None);
        assert_eq!(Options::from_number(usize::MAX), None);
        let all = Options::from_number(3).unwrap();
        assert!(all.has(Options::VERIFY) && all.has(Options::SKIP_BLANK));
        assert!(!Options::VERIFY.has(Options::SKIP_BLANK));
    }
}
