// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Splitting a range into what the part and the controller can do at once.
//!
//! Each plan is an iterator. It is checked as a whole when it is made, so that a
//! range that can't be carried out is refused before anything is touched. A plan of
//! no bytes is a plan of no steps.

use crate::geometry::{EraseType, Geometry, RangeError};

/// What a controller wants of the addresses and lengths on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granularity {
    /// Addresses and lengths are multiples of this, a power of two.
    pub align_bytes: u32,
    /// The longest transfer, in bytes; the client's buffer may be the limit.
    pub max_bytes: u32,
}

impl Granularity {
    /// No wish but the length.
    pub const fn bytes(max_bytes: u32) -> Granularity {
        Granularity {
            align_bytes: 1,
            max_bytes,
        }
    }

    /// The longest aligned transfer, if there is one.
    const fn longest(self) -> Option<u32> {
        if !self.align_bytes.is_power_of_two() || self.max_bytes < self.align_bytes {
            return None;
        }
        Some(round_down(self.max_bytes, self.align_bytes))
    }
}

/// Why there is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// The range is not inside the part.
    Range(RangeError),
    /// The alignment is not a power of two, not a divisor of page and part, or
    /// longer than the longest transfer.
    Granularity,
    /// An erase begins in the middle of an erase unit of this many bytes.
    AddressUnaligned {
        /// What the address has to be a multiple of.
        unit_bytes: u32,
    },
    /// An erase ends in the middle of an erase unit of this many bytes.
    EndUnaligned {
        /// What address + length has to be a multiple of.
        unit_bytes: u32,
    },
    /// Nothing can be erased there.
    NoErase,
}

impl From<RangeError> for PlanError {
    fn from(error: RangeError) -> PlanError {
        PlanError::Range(error)
    }
}

/// `value` without what is over a multiple of `unit`, a power of two.
const fn round_down(value: u32, unit: u32) -> u32 {
    value & !(unit - 1)
}

/// What is left of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rest {
    start: u32,
    at: u32,
    end: u32,
}

impl Rest {
    fn new(geometry: &Geometry, address: u32, length: u32) -> Result<Rest, PlanError> {
        geometry.check_range(address, length)?;
        Ok(Rest {
            start: address,
            at: address,
            end: address.saturating_add(length),
        })
    }
}

/// One transfer, of a read or a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Address on the bus, aligned.
    pub bus_address: u32,
    /// Bytes on the bus, aligned.
    pub bus_bytes: u32,
    /// Where its data is in the client's buffer.
    pub data_offset: u32,
    /// How many bytes of it are the client's.
    pub data_bytes: u32,
    /// Bytes on the bus before the client's: FFh in a program, to be dropped in a
    /// read.
    pub head_bytes: u32,
    /// Bytes on the bus after the client's.
    pub tail_bytes: u32,
}

impl Transfer {
    /// What stands for a command to the `bytes` bytes at `address` that carries none of them.
    pub const fn without_data(address: u32, bytes: u32) -> Transfer {
        Transfer {
            bus_address: address,
            bus_bytes: 0,
            data_offset: 0,
            data_bytes: bytes,
            head_bytes: 0,
            tail_bytes: 0,
        }
    }
}

/// The first transfer of a range: of a program if it must not cross a multiple of `page_bytes`, of a
/// read otherwise.
///
/// # Errors
/// [`PlanError::Range`], also for a range of no bytes, and [`PlanError::Granularity`].
pub fn first_transfer(
    geometry: &Geometry,
    address: u32,
    length: u32,
    granularity: Granularity,
    page_bytes: Option<u32>,
) -> Result<Transfer, PlanError> {
    Transfers::new(geometry, address, length, granularity, page_bytes)?
        .next()
        .ok_or(PlanError::Range(RangeError::OutOfRange))
}

/// Aligned transfers that together carry a range.
#[derive(Clone, Copy, Debug)]
struct Transfers {
    rest: Rest,
    align_bytes: u32,
    longest: u32,
    /// No transfer crosses a multiple of this. `None`: nothing is in the way.
    page_bytes: Option<u32>,
}

impl Transfers {
    fn new(
        geometry: &Geometry,
        address: u32,
        length: u32,
        granularity: Granularity,
        page_bytes: Option<u32>,
    ) -> Result<Transfers, PlanError> {
        let rest = Rest::new(geometry, address, length)?;
        let longest = granularity.longest().ok_or(PlanError::Granularity)?;
        let align_bytes = granularity.align_bytes;
        if !geometry.size_bytes.is_multiple_of(align_bytes) || align_bytes > geometry.page_bytes {
            return Err(PlanError::Granularity);
        }
        Ok(Transfers {
            rest,
            align_bytes,
            longest,
            page_bytes,
        })
    }

    fn next(&mut self) -> Option<Transfer> {
        let Rest { start, at, end } = self.rest;
        if at >= end {
            return None;
        }
        let bus_address = round_down(at, self.align_bytes);
        // The part ends before 32 bits do: what is beyond them is beyond its end.
        let mut limit = bus_address.saturating_add(self.longest);
        if let Some(page_bytes) = self.page_bytes {
            limit = limit.min(round_down(at, page_bytes).saturating_add(page_bytes));
        }
        let data_end = end.min(limit);
        // Not `next_multiple_of`, which panics at 0: the unit is a power of two, see `Granularity`,
        // and the part is a multiple of it.
        let unit_mask = self.align_bytes.saturating_sub(1);
        let bus_end = data_end.saturating_add(unit_mask) & !unit_mask;
        self.rest.at = data_end;
        Some(Transfer {
            bus_address,
            bus_bytes: bus_end.saturating_sub(bus_address),
            data_offset: at - start,
            data_bytes: data_end - at,
            head_bytes: at - bus_address,
            tail_bytes: bus_end.saturating_sub(data_end),
        })
    }

    const fn left(&self) -> u32 {
        self.rest.end - self.rest.at
    }
}

/// The page programs of a range. No step crosses a page. Head and tail are to be
/// filled with FFh, which leaves the array as it is.
#[derive(Clone, Debug)]
pub struct ProgramPlan(Transfers);

impl ProgramPlan {
    /// For `length` bytes from `address` on.
    ///
    /// # Errors
    /// [`PlanError::Range`], [`PlanError::Granularity`].
    pub fn new(
        geometry: &Geometry,
        address: u32,
        length: u32,
        granularity: Granularity,
    ) -> Result<ProgramPlan, PlanError> {
        let page_bytes = Some(geometry.page_bytes);
        Transfers::new(geometry, address, length, granularity, page_bytes).map(ProgramPlan)
    }

    /// Bytes of the client's that are not in a step yet.
    pub const fn left_bytes(&self) -> u32 {
        self.0.left()
    }
}

impl Iterator for ProgramPlan {
    type Item = Transfer;

    fn next(&mut self) -> Option<Transfer> {
        self.0.next()
    }
}

/// The reads of a range. Head and tail are to be dropped.
#[derive(Clone, Debug)]
pub struct ReadPlan(Transfers);

impl ReadPlan {
    /// For `length` bytes from `address` on.
    ///
    /// # Errors
    /// [`PlanError::Range`], [`PlanError::Granularity`].
    pub fn new(
        geometry: &Geometry,
        address: u32,
        length: u32,
        granularity: Granularity,
    ) -> Result<ReadPlan, PlanError> {
        Transfers::new(geometry, address, length, granularity, None).map(ReadPlan)
    }

    /// Bytes of the client's that are not in a step yet.
    pub const fn left_bytes(&self) -> u32 {
        self.0.left()
    }
}

impl Iterator for ReadPlan {
    type Item = Transfer;

    fn next(&mut self) -> Option<Transfer> {
        self.0.next()
    }
}

/// One erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EraseStep {
    /// Address, a multiple of the type's size.
    pub address: u32,
    /// How.
    pub erase_type: EraseType,
}

/// The erases of a range: each as large as fits, and no byte outside of the range.
#[derive(Clone, Debug)]
pub struct ErasePlan<'g> {
    geometry: &'g Geometry,
    rest: Rest,
    largest_bytes: u32,
}

impl<'g> ErasePlan<'g> {
    /// For `length` bytes from `address` on.
    ///
    /// # Errors
    /// [`PlanError`], but not [`PlanError::Granularity`].
    pub fn new(
        geometry: &'g Geometry,
        address: u32,
        length: u32,
    ) -> Result<ErasePlan<'g>, PlanError> {
        ErasePlan::limited(geometry, address, length, u32::MAX)
    }

    /// As [`ErasePlan::new`], with no step larger than `largest_bytes`: a small step
    /// keeps others waiting for a shorter time.
    ///
    /// # Errors
    /// As [`ErasePlan::new`].
    pub fn limited(
        geometry: &'g Geometry,
        address: u32,
        length: u32,
        largest_bytes: u32,
    ) -> Result<ErasePlan<'g>, PlanError> {
        let plan = ErasePlan {
            geometry,
            rest: Rest::new(geometry, address, length)?,
            largest_bytes,
        };
        let Rest { start, end, .. } = plan.rest;
        if start == end {
            return Ok(plan);
        }
        // The inner borders of regions are looked at, too: they are aligned to the
        // smallest erase type that the part has, which may be unavailable now.
        let touched = geometry
            .regions
            .iter()
            .filter(|region| region.start < end && start < region.end);
        for region in touched {
            let unit_bytes = geometry
                .smallest_in(&region)
                .map(|smallest| smallest.size_bytes)
                .filter(|unit_bytes| *unit_bytes <= largest_bytes)
                .ok_or(PlanError::NoErase)?;
            if !start.max(region.start).is_multiple_of(unit_bytes) {
                return Err(PlanError::AddressUnaligned { unit_bytes });
            }
            if !end.min(region.end).is_multiple_of(unit_bytes) {
                return Err(PlanError::EndUnaligned { unit_bytes });
            }
        }
        Ok(plan)
    }

    /// Bytes that are not in a step yet.
    pub const fn left_bytes(&self) -> u32 {
        self.rest.end - self.rest.at
    }
}

impl Iterator for ErasePlan<'_> {
    type Item = EraseStep;

    fn next(&mut self) -> Option<EraseStep> {
        let Rest { at, end, .. } = self.rest;
        if at >= end {
            return None;
        }
        let region = self.geometry.region_at(at)?;
        let room = end.min(region.end) - at;
        let erase_type = self
            .geometry
            .erase_types_in(&region)
            .take_while(|erase_type| {
                erase_type.size_bytes <= room && erase_type.size_bytes <= self.largest_bytes
            })
            .filter(|erase_type| at.is_multiple_of(erase_type.size_bytes))
            .last()?;
        self.rest.at = at.saturating_add(erase_type.size_bytes);
        Some(EraseStep {
            address: at,
            erase_type,
        })
    }
}
