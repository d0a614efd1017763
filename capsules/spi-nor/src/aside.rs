// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What is asked of the part beside reading, programming and erasing ranges of its array.

use crate::bite::{self, Plan};
use crate::error::Error;
use crate::geometry::Geometry;
use crate::opcode;
use crate::operation::{Beside, Kind, Recipe};
use crate::otp::{self, Area, Way};
use crate::plan::{ProgramPlan, Transfer};
use crate::profile::{Profile, Standing, Wires};
use crate::unlock::Unlock;
use qspi_hil::{Operation, Template};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aside {
    /// `length` bytes of the unique id.
    UniqueId {
        /// Bytes, up to [`otp::UNIQUE_ID_BYTES`].
        length: u32,
    },
    /// Bytes of the area beside the array, see [`otp`].
    ReadOtp {
        /// Byte address in the area.
        address: u32,
        /// Bytes, not 0.
        length: u32,
    },
    /// Bytes to the area beside the array.
    ProgramOtp {
        /// Byte address in the area.
        address: u32,
        /// Bytes, not 0.
        length: u32,
    },
    /// Whole units of the area beside the array.
    EraseOtp {
        /// Byte address in the area.
        address: u32,
        /// Bytes, not 0.
        length: u32,
    },
    /// The block protection bits are cleared.
    Unlock,
    /// The block protection bits are put back as they were before they were cleared.
    Relock,
    /// The whole array is erased at once. Nobody reads meanwhile.
    EraseChip,
}

impl Aside {
    /// Bytes that it is about, 0 if that is not known before.
    pub const fn length(&self) -> u32 {
        match *self {
            Aside::UniqueId { length }
            | Aside::ReadOtp { length, .. }
            | Aside::ProgramOtp { length, .. }
            | Aside::EraseOtp { length, .. } => length,
            Aside::Unlock | Aside::Relock | Aside::EraseChip => 0,
        }
    }

    /// What is left of it after the first `done` bytes.
    pub fn after(&self, done: u32) -> Aside {
        let rest =
            |address: u32, length: u32| (address.saturating_add(done), length.saturating_sub(done));
        match *self {
            Aside::ReadOtp { address, length } => {
                let (address, length) = rest(address, length);
                Aside::ReadOtp { address, length }
            }
            Aside::ProgramOtp { address, length } => {
                let (address, length) = rest(address, length);
                Aside::ProgramOtp { address, length }
            }
            Aside::EraseOtp { address, length } => {
                let (address, length) = rest(address, length);
                Aside::EraseOtp { address, length }
            }
            Aside::UniqueId { .. } | Aside::Unlock | Aside::Relock | Aside::EraseChip => *self,
        }
    }
}

/// How it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not at all: it is done.
    Nothing,
    /// By one operation.
    Operate(Recipe, Plan),
    /// By writes to registers.
    Write(Unlock),
}

/// Locks of the three security registers in status register 2.
const FIRST_LOCK: u8 = 1 << 3;
/// Locks of secured OTP in the security register: the factory's, and the customer's.
const SECURED_LOCKS: u8 = 0b11;

/// The next step of `aside`, with a buffer of `capacity` bytes.
///
/// # Errors
/// [`Error::Unsupported`] if the part or the controller has no such thing, [`Error::OutOfRange`],
/// [`Error::Misaligned`], [`Error::BlockProtected`].
pub fn plan(
    aside: Aside,
    profile: &Profile,
    standing: &Standing,
    wires: &dyn Wires,
    capacity: usize,
) -> Result<Step, Error> {
    let known = (profile, standing);
    match aside {
        Aside::UniqueId { length } => {
            if !otp::has_unique_id(profile.id) {
                return Err(Error::Unsupported);
            }
            let area = Area {
                size: otp::UNIQUE_ID_BYTES as u32,
                way: Way::Registers,
            };
            let mut step = transfer(Kind::Read, area, (0, length), known, wires, capacity)?;
            step.0.operation = Operation {
                template: supported(otp::READ_UNIQUE_ID, wires)?,
                address: 0,
            };
            Ok(Step::Operate(step.0, step.1))
        }
        Aside::ReadOtp { address, length } => {
            let range = (address, length);
            let step = transfer(Kind::Read, area(profile)?, range, known, wires, capacity)?;
            Ok(Step::Operate(step.0, step.1))
        }
        Aside::ProgramOtp { address, length } => {
            let range = (address, length);
            let area = area(profile)?;
            let step = transfer(Kind::Program, area, range, known, wires, capacity)?;
            Ok(Step::Operate(step.0, step.1))
        }
        Aside::EraseOtp { address, length } => {
            let area = area(profile)?;
            let unit = area.erase_unit();
            if unit == 0 {
                return Err(Error::Unsupported);
            }
            if !address.is_multiple_of(unit) || !length.is_multiple_of(unit) {
                return Err(Error::Misaligned);
            }
            inside(area, address, length)?;
            let template = supported(otp::ERASE, wires)?;
            // As a sector: the tables have no time of their own for it.
            let times = profile.geometry.erase.iter().flatten();
            let times = times.map(|erase_type| erase_type.times);
            let longest = times.max().ok_or(Error::Unsupported)?;
            let times = (longest.typ_us, longest.max_us);
            let range = (area.bus_address(address), unit);
            let (mut recipe, plan) = erase(template, range, known, times, wires);
            recipe.beside = beside(area, Kind::Erase, address);
            Ok(Step::Operate(recipe, plan))
        }
        Aside::Unlock => Ok(Step::Write(Unlock::new(profile.bits(), [0; 2]))),
        Aside::Relock => Ok(standing.unlocked.map_or(Step::Nothing, |unlocked| {
            Step::Write(Unlock::new(profile.bits(), unlocked.registers))
        })),
        Aside::EraseChip => {
            if standing.protection.touches(0, profile.geometry.size_bytes) {
                return Err(Error::BlockProtected);
            }
            let template = supported(Template::bare(profile.chip_erase_opcode), wires)?;
            let times = profile.chip_erase.saturating_us();
            let times = (times.typ_us, times.max_us);
            let range = (0, profile.geometry.size_bytes);
            let (recipe, plan) = erase(template, range, known, times, wires);
            Ok(Step::Operate(recipe, plan))
        }
    }
}

fn area(profile: &Profile) -> Result<Area, Error> {
    Area::of(profile.id).ok_or(Error::Unsupported)
}

fn inside(area: Area, address: u32, length: u32) -> Result<(), Error> {
    match address.checked_add(length) {
        Some(end) if end <= area.size && length > 0 => Ok(()),
        Some(_) | None => Err(Error::OutOfRange),
    }
}

fn supported(template: Template, wires: &dyn Wires) -> Result<Template, Error> {
    if wires.supports(&template) {
        Ok(template)
    } else {
        Err(Error::Unsupported)
    }
}

/// What has to be so before something at `address` of the area.
fn beside(area: Area, kind: Kind, address: u32) -> Option<Beside> {
    let (secured, lock) = match area.way {
        Way::Registers => {
            let lock = FIRST_LOCK.checked_shl(address / otp::REGISTER).unwrap_or(0);
            (None, (opcode::RDSR2, lock))
        }
        Way::Mode => (Some(otp::SECURED), (opcode::RDSCUR, SECURED_LOCKS)),
    };
    let lock = match kind {
        Kind::Read => None,
        Kind::Program | Kind::Erase => Some(lock),
    };
    (secured.is_some() || lock.is_some()).then_some(Beside { secured, lock })
}

fn transfer(
    kind: Kind,
    area: Area,
    (address, length): (u32, u32),
    known: (&Profile, &Standing),
    wires: &dyn Wires,
    capacity: usize,
) -> Result<(Recipe, Plan), Error> {
    let (profile, _) = known;
    let template = match (area.way, kind) {
        (Way::Registers, Kind::Read | Kind::Erase) => otp::READ,
        (Way::Registers, Kind::Program) => otp::PROGRAM,
        (Way::Mode, Kind::Read | Kind::Erase) => profile.read,
        (Way::Mode, Kind::Program) => profile.program,
    };
    inside(area, address, length)?;
    let template = supported(template, wires)?;
    // No transfer crosses from one register into the next.
    let geometry = Geometry {
        size_bytes: area.size,
        page_bytes: otp::REGISTER,
        ..profile.geometry
    };
    let granularity = bite::granularity(wires, &template, bite::room(capacity));
    let transfer = ProgramPlan::new(&geometry, address, length, granularity)?
        .next()
        .ok_or(Error::OutOfRange)?;
    let (times, enables_write) = match kind {
        Kind::Program => (
            profile.program_us(transfer.bus_bytes),
            wires.enables_write(),
        ),
        Kind::Read | Kind::Erase => ((0, 0), false),
    };
    let (mut recipe, plan) =
        bite::transferred(kind, template, &transfer, known, times, enables_write);
    recipe.operation.address = area.bus_address(transfer.bus_address);
    recipe.four_byte_mode = None;
    recipe.beside = beside(area, kind, address);
    Ok((recipe, plan))
}

fn erase(
    template: Template,
    (bus_address, bytes): (u32, u32),
    known: (&Profile, &Standing),
    times: (u32, u32),
    wires: &dyn Wires,
) -> (Recipe, Plan) {
    let (kind, enables_write) = (Kind::Erase, wires.enables_write());
    let transfer = Transfer::without_data(bus_address, bytes);
    let (mut recipe, plan) =
        bite::transferred(kind, template, &transfer, known, times, enables_write);
    recipe.four_byte_mode = None;
    (recipe, plan)
}
