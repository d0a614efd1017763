// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which part it is, and how it is used.
//!
//! A board that may find any part reads its tables ([`ByTables`]). One whose part is soldered to it
//! may give the facts itself ([`Fixed`]), and then carries none of the code that finds them out.

use crate::discovery::Discovery;
use crate::error::Error;
use crate::facts::{Certain, Facts, Told};
use crate::part::{Part, PartError};
use crate::parts_by_id::{self, JedecId};
use crate::profile::{Profile, Wires, wants_quad};
use crate::protection::Protection;
use crate::script::{Act, Input};
use crate::status_register::QuadEnable;
use core::cell::Cell;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use kernel::utilities::cells::MapCell;

/// What has to be set in the part's registers before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// How four lines are enabled.
    pub quad_enable: QuadEnable,
    /// Whether they are to be.
    pub wants_quad: bool,
    /// Whether the part has to be put into its fast mode.
    pub wants_performance: bool,
    /// Opcode that has to clear a protection that is set at power-up.
    pub global_unlock: Option<u8>,
}

impl Needs {
    /// Nothing.
    pub const NOTHING: Needs = Needs {
        quad_enable: QuadEnable::Unknown,
        wants_quad: false,
        wants_performance: false,
        global_unlock: None,
    };

    /// What this profile relies on.
    pub const fn of(profile: &Profile) -> Needs {
        Needs {
            quad_enable: profile.registers,
            wants_quad: profile.quad_enable.is_some(),
            wants_performance: profile.high_performance,
            global_unlock: None,
        }
    }

    /// Whether a profile that relies on these can be used.
    ///
    /// # Errors
    /// [`Error::RegisterNotKept`] if a register has not what it needs.
    pub const fn met(&self, has_quad: bool, has_performance: bool) -> Result<(), Error> {
        if self.wants_quad && !has_quad || self.wants_performance && !has_performance {
            Err(Error::RegisterNotKept)
        } else {
            Ok(())
        }
    }
}

/// Where the profile of a part is kept while the part is known.
pub trait Kept {
    /// It is not known.
    const EMPTY: Self;

    /// Whether it is known.
    fn is_some(&self) -> bool;

    /// It is not known any more.
    fn forget(&self);

    /// From now on it is known.
    fn put(&self, profile: &Profile);

    /// A copy.
    fn get(&self) -> Option<Profile>;

    /// Something of it that does not change: not what is protected.
    fn fact<R>(&self, of: impl FnOnce(&Profile) -> R) -> Option<R>;

    /// What is write-protected. Nothing is known of a part that is not known itself, and not to be
    /// asked from inside of [`fact`](Kept::fact).
    fn protection(&self) -> Protection;

    /// From now on this is write-protected, if the part is known.
    fn protect(&self, protection: Protection);
}

impl Kept for MapCell<Profile> {
    const EMPTY: MapCell<Profile> = MapCell::empty();

    fn is_some(&self) -> bool {
        MapCell::is_some(self)
    }

    fn forget(&self) {
        self.take();
    }

    fn put(&self, profile: &Profile) {
        MapCell::put(self, *profile);
    }

    fn get(&self) -> Option<Profile> {
        MapCell::map(self, |profile| *profile)
    }

    fn fact<R>(&self, of: impl FnOnce(&Profile) -> R) -> Option<R> {
        MapCell::map(self, |profile| of(profile))
    }

    fn protection(&self) -> Protection {
        MapCell::map_or(self, Protection::Unknown, |profile| profile.protection)
    }

    fn protect(&self, protection: Protection) {
        MapCell::map(self, |profile| profile.protection = protection);
    }
}

/// The profile of a [`FixedPart`], which lies in flash: what is protected now, if the part is there.
pub struct KeptInFlash<P>(Cell<Option<Protection>>, PhantomData<P>);

impl<P: FixedPart> Kept for KeptInFlash<P> {
    const EMPTY: KeptInFlash<P> = KeptInFlash(Cell::new(None), PhantomData);

    fn is_some(&self) -> bool {
        self.0.get().is_some()
    }

    fn forget(&self) {
        self.0.set(None);
    }

    fn put(&self, profile: &Profile) {
        self.0.set(Some(profile.protection));
    }

    #[inline(never)]
    fn get(&self) -> Option<Profile> {
        Some(Profile {
            protection: self.0.get()?,
            ..P::PROFILE
        })
    }

    fn fact<R>(&self, of: impl FnOnce(&Profile) -> R) -> Option<R> {
        self.is_some().then(|| of(const { &P::PROFILE }))
    }

    fn protection(&self) -> Protection {
        self.0.get().unwrap_or(Protection::Unknown)
    }

    fn protect(&self, protection: Protection) {
        if self.is_some() {
            self.0.set(Some(protection));
        }
    }
}

/// Where the facts about a part come from, once its id has read the same twice.
pub trait Identity: Hash {
    /// Where its profile is kept.
    type Kept: Kept;

    /// Where what is known of it is while it is brought up.
    type Facts: Facts;

    /// How the only part is used that there can be, if the board has told that.
    const ONLY: Option<&'static Profile> = None;

    /// Nothing is known yet.
    const NEW: Self;

    /// Opcode that has to clear a protection that is set at power-up, if a part with this id has
    /// one. Its block protection bits mean something else.
    fn global_unlock(id: JedecId) -> Option<u8>;

    /// What a part with this id is called, for people.
    fn name(id: JedecId) -> &'static str;

    /// From the start again, in place.
    fn restart(&mut self);

    /// The next act, `None` when there is nothing more to ask.
    ///
    /// # Errors
    /// [`Error::UnstableId`] if the part contradicts itself.
    fn next(&mut self, input: Input<'_>) -> Result<Option<Act>, Error>;

    /// What has to be set, all questions having been answered.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::UnknownPart`].
    fn needs(&self, id: JedecId, wires: &dyn Wires) -> Result<Needs, Error>;

    /// Tells how the part is used. `has_quad`: four lines are enabled.
    ///
    /// # Errors
    /// [`Error::UnknownPart`] if the controller can do nothing with this part,
    /// [`Error::RegisterNotKept`] if it can't be used without what a register did not keep.
    fn profile(
        &self,
        id: JedecId,
        wires: &dyn Wires,
        has_quad: bool,
        has_performance: bool,
        tell: impl FnOnce(&Profile),
    ) -> Result<(), Error>;
}

/// By SFDP tables and, where these have gaps, by the id.
#[derive(Clone, Copy, Debug)]
pub struct ByTables {
    discovery: Discovery,
    /// Checksum of the tables as they were read first.
    first: Option<u32>,
}

/// Where it is, without what the tables say: that is the same each time.
impl Hash for ByTables {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.discovery.sum(), self.first).hash(hasher);
    }
}

impl ByTables {
    /// The part. Not kept, since it is needed twice, and large.
    #[inline(never)]
    fn part(&self, id: JedecId, is_fast: bool) -> Result<Part<()>, PartError> {
        let found = self.discovery.found();
        let basic = found.basic();
        let mut part = match &basic {
            Ok(basic) => {
                let (four_byte, map) = (found.four_byte.as_ref(), found.sector_map.as_ref());
                Part::of_tables(Some(id), basic, four_byte, map)
            }
            Err(_) => Err(PartError::Unknown(id)),
        };
        // Tables that contradict themselves are no better than none.
        if part.is_err() {
            part = Part::of_id(id);
        }
        if is_fast && let (Ok(part), Ok(basic)) = (&mut part, &basic) {
            part.assume_high_performance(basic);
        }
        part
    }
}

impl Identity for ByTables {
    type Kept = MapCell<Profile>;
    type Facts = Told;

    const NEW: ByTables = ByTables {
        discovery: Discovery::new(),
        first: None,
    };

    fn global_unlock(id: JedecId) -> Option<u8> {
        parts_by_id::habits(id).global_unlock
    }

    fn name(id: JedecId) -> &'static str {
        parts_by_id::known(id).map_or("unlisted part", |part| part.name)
    }

    fn restart(&mut self) {
        self.discovery.restart();
        self.first = None;
    }

    /// As the id, the tables have to read the same twice: what they say is used until the
    /// next identification.
    fn next(&mut self, input: Input<'_>) -> Result<Option<Act>, Error> {
        if let Some(act) = self.discovery.next(input) {
            return Ok(Some(act));
        }
        let sum = self.discovery.sum();
        match self.first {
            None => {
                self.first = Some(sum);
                self.discovery.restart();
                Ok(self.discovery.next(Input::Begin))
            }
            Some(before) if before != sum => Err(Error::UnstableId),
            Some(_) => Ok(None),
        }
    }

    fn needs(&self, id: JedecId, wires: &dyn Wires) -> Result<Needs, Error> {
        let part = self.part(id, false)?;
        Ok(Needs {
            quad_enable: part.quad_enable,
            wants_quad: wants_quad(&part, wires),
            wants_performance: part
                .ultra_low_power
                .is_some_and(|slow| wires.fastest_clock_hz() > slow.max_clock_hz),
            global_unlock: part.global_unlock,
        })
    }

    fn profile(
        &self,
        id: JedecId,
        wires: &dyn Wires,
        has_quad: bool,
        has_performance: bool,
        tell: impl FnOnce(&Profile),
    ) -> Result<(), Error> {
        let part = self.part(id, has_performance)?;
        match Profile::choose(id, &part, wires, has_quad, has_performance) {
            Some(profile) => {
                tell(&profile);
                Ok(())
            }
            None => Err(Error::UnknownPart),
        }
    }
}

/// A part that the board knows.
pub trait FixedPart {
    /// What it is called.
    const NAME: &'static str;

    /// How it is used, with the id that it must have. What the profile relies on (four lines, the
    /// fast mode) is set as for any part, but it is not used in any other way.
    const PROFILE: Profile;

    /// Opcode that has to clear a protection that is set at power-up.
    const GLOBAL_UNLOCK: Option<u8> = None;
}

/// By the board: nothing but the id is asked for.
pub struct Fixed<P>(PhantomData<P>);

impl<P> Hash for Fixed<P> {
    fn hash<H: Hasher>(&self, _hasher: &mut H) {}
}

impl<P: FixedPart> Identity for Fixed<P> {
    type Kept = KeptInFlash<P>;
    type Facts = Certain<P>;

    const ONLY: Option<&'static Profile> = Some(&P::PROFILE);

    const NEW: Fixed<P> = Fixed(PhantomData);

    fn global_unlock(_id: JedecId) -> Option<u8> {
        P::GLOBAL_UNLOCK
    }

    fn name(_id: JedecId) -> &'static str {
        P::NAME
    }

    fn restart(&mut self) {}

    fn next(&mut self, _input: Input<'_>) -> Result<Option<Act>, Error> {
        Ok(None)
    }

    fn needs(&self, id: JedecId, _wires: &dyn Wires) -> Result<Needs, Error> {
        if id != const { P::PROFILE.id } {
            return Err(Error::UnknownPart);
        }
        Ok(Needs {
            global_unlock: P::GLOBAL_UNLOCK,
            ..Needs::of(const { &P::PROFILE })
        })
    }

    fn profile(
        &self,
        _id: JedecId,
        _wires: &dyn Wires,
        has_quad: bool,
        has_performance: bool,
        tell: impl FnOnce(&Profile),
    ) -> Result<(), Error> {
        let profile = const { &P::PROFILE };
        Needs::of(profile).met(has_quad, has_performance)?;
        tell(profile);
        Ok(())
    }
}
