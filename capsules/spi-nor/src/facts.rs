// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What bring-up has to know of the part: told by it, or by the board.

use crate::identity::{FixedPart, Needs};
use crate::part::FourByteMode;
use crate::parts_by_id::JedecId;
use crate::profile::Profile;
use crate::protection::Scheme;
use crate::status_register::QuadEnable;
use core::fmt;
use core::marker::PhantomData;

/// What of the profile is needed before the end.
#[derive(Clone, Copy, Debug)]
pub struct Noted {
    /// 4-byte mode, if it is used.
    pub four_byte_mode: Option<FourByteMode>,
    /// Which bits protect blocks.
    pub scheme: Scheme,
    /// Of how large a part, if nobody doubts it.
    pub certain_size: Option<u32>,
}

impl Noted {
    const NOTHING: Noted = Noted {
        four_byte_mode: None,
        scheme: Scheme::of(JedecId([0; 3]), QuadEnable::Unknown),
        certain_size: None,
    };

    /// Of this profile.
    pub const fn of(profile: &Profile) -> Noted {
        Noted {
            four_byte_mode: profile.four_byte_mode,
            scheme: profile.bits().scheme,
            certain_size: profile.certain_size(),
        }
    }
}

/// How deep power-down is left, and the µs that takes.
type Wake = Option<(u8, u32)>;

const fn wake_of(profile: &Profile) -> Wake {
    match profile.power_down {
        Some(sleep) => Some((sleep.exit, sleep.exit_delay_us)),
        None => None,
    }
}

/// Where the facts are while the part is brought up. Where the board has told them they are
/// constants, and what the part has no use for is not linked.
pub trait Facts: Copy + fmt::Debug {
    /// None yet.
    const NOTHING: Self;

    /// The part is this one, and known since before.
    fn know(&mut self, profile: &Profile);

    /// The part needs this.
    fn need(&mut self, needs: Needs);

    /// The part will be used so.
    fn note(&mut self, noted: Noted);

    /// The id of a part that is known since before.
    fn id(&self) -> JedecId;

    /// How it is woken. `None`: it does not sleep.
    fn wake(&self) -> Wake;

    /// What has to be set in the part's registers.
    fn needs(&self) -> Needs;

    /// What of the profile is needed before the end.
    fn noted(&self) -> Noted;
}

/// Told by the part.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    id: JedecId,
    wake: Wake,
    needs: Needs,
    noted: Noted,
}

impl Facts for Told {
    const NOTHING: Told = Told {
        id: JedecId([0; 3]),
        wake: None,
        needs: Needs::NOTHING,
        noted: Noted::NOTHING,
    };

    fn know(&mut self, profile: &Profile) {
        *self = Told {
            id: profile.id,
            wake: wake_of(profile),
            needs: Needs::of(profile),
            noted: Noted::of(profile),
        };
    }

    fn need(&mut self, needs: Needs) {
        self.needs = needs;
    }

    fn note(&mut self, noted: Noted) {
        self.noted = noted;
    }

    fn id(&self) -> JedecId {
        self.id
    }

    fn wake(&self) -> Wake {
        self.wake
    }

    fn needs(&self) -> Needs {
        self.needs
    }

    fn noted(&self) -> Noted {
        self.noted
    }
}

/// Told by the board.
pub struct Certain<P>(PhantomData<P>);

impl<P> Clone for Certain<P> {
    fn clone(&self) -> Certain<P> {
        *self
    }
}

impl<P> Copy for Certain<P> {}

impl<P: FixedPart> fmt::Debug for Certain<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(P::NAME)
    }
}

impl<P: FixedPart> Facts for Certain<P> {
    const NOTHING: Certain<P> = Certain(PhantomData);

    fn know(&mut self, _profile: &Profile) {}

    fn need(&mut self, _needs: Needs) {}

    fn note(&mut self, _noted: Noted) {}

    fn id(&self) -> JedecId {
        const { P::PROFILE.id }
    }

    #[inline(always)]
    fn wake(&self) -> Wake {
        const { wake_of(&P::PROFILE) }
    }

    #[inline(always)]
    fn needs(&self) -> Needs {
        const {
            Needs {
                global_unlock: P::GLOBAL_UNLOCK,
                ..Needs::of(&P::PROFILE)
            }
        }
    }

    #[inline(always)]
    fn noted(&self) -> Noted {
        const { Noted::of(&P::PROFILE) }
    }
}
