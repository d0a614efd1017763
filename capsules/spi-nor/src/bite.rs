// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How much of a request is done in one turn.
//!
//! A read takes what fits into the buffer, a program what fits into the page, an
//! erase the largest unit that fits. Between two bites others have their turn.

use crate::client::Request;
use crate::error::Error;
use crate::features::Features;
use crate::geometry::{EraseType, Geometry};
use crate::operation::{Kind, Recipe};
use crate::plan::{self, ErasePlan, Granularity, PlanError, Transfer};
use crate::profile::{Profile, Standing, Wires};
use qspi_hil::{Operation, Template};

/// What the end of the buffer is aligned to.
const ALIGNMENT: usize = 4;

/// Bytes at the end of the buffer that a program leaves alone: a status register is
/// read there between loading the data and sending it.
const STATUS_ROOM: usize = ALIGNMENT;

/// The next lower aligned offset.
pub const fn round_down(offset: usize) -> usize {
    offset & !(ALIGNMENT - 1)
}

/// Copies as much as there is room for, and can't panic: the compiler does not see that the
/// lengths are the same where they are.
pub fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Fills `to` with what is in `from` at `start`. False if that is not enough.
pub fn fill(to: &mut [u8], from: &[u8], start: usize) -> bool {
    let end = start.checked_add(to.len());
    let source = end.and_then(|end| from.get(start..end));
    source.map(|source| copy(to, source)).is_some()
}

/// Where the client's bytes are in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    /// Bytes before them.
    pub head: usize,
    /// How many of the request's bytes this bite does.
    pub count: u32,
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Error {
        match error {
            PlanError::Range(_) => Error::OutOfRange,
            PlanError::AddressUnaligned { .. }
            | PlanError::EndUnaligned { .. }
            | PlanError::NoErase => Error::Misaligned,
            PlanError::Granularity => Error::Controller(qspi_hil::Error::Misaligned),
        }
    }
}

/// The first bite of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Address on the bus, aligned.
    pub bus_address: u32,
    /// Bytes on the bus, aligned.
    pub bus_bytes: u32,
    /// Where the client's are.
    pub plan: Plan,
}

/// The first bite of a read: what [`ReadPlan`](crate::plan::ReadPlan) says, without a plan of the rest.
///
/// # Errors
/// [`Error::OutOfRange`], or what the controller can't do.
#[inline(always)]
pub fn plan_read(
    geometry: &Geometry,
    address: u32,
    length: u32,
    granularity: Granularity,
) -> Result<Read, Error> {
    let end = match address.checked_add(length) {
        Some(end) if end <= geometry.size_bytes && length > 0 => end,
        Some(_) | None => return Err(Error::OutOfRange),
    };
    let unit = granularity.align_bytes;
    let mask = unit.wrapping_sub(1);
    let longest = granularity.max_bytes & !mask;
    let is_possible = unit.is_power_of_two()
        && unit <= geometry.page_bytes
        && geometry.size_bytes & mask == 0
        && longest > 0;
    if !is_possible {
        return Err(PlanError::Granularity.into());
    }
    let bus_address = address & !mask;
    let data_end = end.min(bus_address.saturating_add(longest));
    let bus_end = data_end.saturating_add(mask) & !mask;
    Ok(Read {
        bus_address,
        bus_bytes: bus_end.wrapping_sub(bus_address),
        plan: Plan {
            head: address.wrapping_sub(bus_address) as usize,
            count: data_end.wrapping_sub(address),
        },
    })
}

/// The first bite of `request`, with a buffer of `capacity` bytes. `read` is what
/// [`granularity`] says of the profile's reads.
///
/// # Errors
/// [`Error::OutOfRange`], [`Error::Misaligned`], or what the controller can't do.
pub fn plan<F: Features>(
    request: &Request,
    profile: &Profile,
    standing: &Standing,
    wires: &dyn Wires,
    capacity: usize,
    read: Granularity,
) -> Result<(Recipe, Plan), Error> {
    let (kind, template, transfer, (typical_us, maximum_us)) = match *request {
        // What is one transfer and nothing else is planned by `plan_read`.
        Request::Read { .. } if !F::BY_MODE => return Err(Error::Failed),
        Request::Open | Request::Aside(_) => return Err(Error::OutOfRange),
        Request::Read { address, length } => {
            let geometry = &profile.geometry;
            let transfer = plan::first_transfer(geometry, address, length, read, None)?;
            (Kind::Read, profile.read, transfer, (0, 0))
        }
        Request::Program { address, length } => {
            writable(standing, address, length)?;
            let geometry = &profile.geometry;
            let granularity = granularity(wires, &profile.program, room(capacity));
            let page = Some(geometry.page_bytes);
            let transfer = plan::first_transfer(geometry, address, length, granularity, page)?;
            let times = profile.program_us(transfer.bus_bytes);
            (Kind::Program, profile.program, transfer, times)
        }
        Request::Erase { address, length } => {
            writable(standing, address, length)?;
            let step = ErasePlan::new(&profile.geometry, address, length)?
                .next()
                .ok_or(Error::OutOfRange)?;
            let EraseType {
                size_bytes, times, ..
            } = step.erase_type;
            let template = profile.erase_template(&step.erase_type);
            let transfer = Transfer::without_data(step.address, size_bytes);
            let times = (times.typ_us, times.max_us);
            (Kind::Erase, template, transfer, times)
        }
    };
    let enables_write = kind != Kind::Read && wires.enables_write();
    let times = (typical_us, maximum_us);
    let (recipe, plan) = transferred(
        kind,
        template,
        &transfer,
        (profile, standing),
        times,
        enables_write,
    );
    let waits_for_quiet = F::PIPELINES && kind == Kind::Program && wires.waits_for_quiet(&template);
    let recipe = Recipe {
        waits_for_quiet,
        ..recipe
    };
    Ok((recipe, plan))
}

/// What a buffer of `capacity` bytes has room for beside a status register.
pub(crate) fn room(capacity: usize) -> usize {
    round_down(capacity.saturating_sub(STATUS_ROOM))
}

/// Nothing is begun of a request that can't be carried out as a whole.
fn writable(standing: &Standing, address: u32, length: u32) -> Result<(), Error> {
    if standing.protection.touches(address, length) {
        Err(Error::BlockProtected)
    } else {
        Ok(())
    }
}

/// What the controller demands of transfers of `template` with a buffer of `capacity` bytes.
pub fn granularity(wires: &dyn Wires, template: &Template, capacity: usize) -> Granularity {
    let wish = wires.granularity(template);
    let longest = wires.longest_data(template).min(capacity);
    Granularity {
        align_bytes: wish
            .address
            .max(u32::try_from(wish.length).unwrap_or(u32::MAX)),
        max_bytes: u32::try_from(longest).unwrap_or(u32::MAX),
    }
}

/// The recipe of a transfer, and where the client's bytes are in it.
pub(crate) fn transferred(
    kind: Kind,
    template: Template,
    transfer: &Transfer,
    (profile, standing): (&Profile, &Standing),
    (typical_us, maximum_us): (u32, u32),
    enables_write: bool,
) -> (Recipe, Plan) {
    let recipe = Recipe {
        kind,
        operation: Operation {
            template,
            address: transfer.bus_address,
        },
        length: transfer.bus_bytes as usize,
        typical_us,
        maximum_us,
        poll: profile.poll,
        four_byte_mode: profile.mode_before(kind),
        enables_write,
        waits_for_quiet: false,
        beside: None,
        unlocked: standing.unlocked_bits(profile),
    };
    let plan = Plan {
        head: transfer.head_bytes as usize,
        count: transfer.data_bytes,
    };
    (recipe, plan)
}
