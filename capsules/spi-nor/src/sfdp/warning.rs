// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a part's tables say that can't be true, and what was made of it.

use crate::sfdp::mode::Mode;
use crate::sfdp::table::TableKind;

/// One finding. None of them keeps the part from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Warning {
    /// There are more parameter headers than are looked at.
    TooManyHeaders,
    /// The first parameter header is not the basic table's, as it should be.
    BasicTableNotFirst,
    /// The table's major revision is unknown; it is left out.
    UnknownRevision(TableKind),
    /// The table has no dwords; it is left out.
    EmptyTable(TableKind),
    /// The table points outside of the 24-bit SFDP address space; it is left out.
    WildPointer(TableKind),
    /// The table lies over the SFDP headers; it is left out.
    OverlapsHeaders(TableKind),
    /// The first table lies over the second; if the first is wanted, it is left out.
    Overlap(TableKind, TableKind),
    /// The table does not begin at a dword boundary. It is read all the same.
    UnalignedPointer(TableKind),
    /// The table is longer than what is read of it.
    LongTable(TableKind),
    /// The table is all ones, or says nothing; it is left out.
    BlankTable(TableKind),
    /// The table could not be decoded; it is left out.
    BadTable(TableKind),
    /// The table's bytes are not in the dump; it is left out.
    MissingTable(TableKind),
    /// A read mode is said to exist, but its opcode is 00h or FFh; it is left out.
    ReadWithoutOpcode(Mode),
    /// An erase type (1 to 4) has a size but opcode 00h or FFh; it is left out.
    EraseWithoutOpcode(u8),
    /// An erase type (1 to 4) has a size that no address space holds; it is left out.
    EraseSizeAbsurd(u8),
    /// An erase type (1 to 4) is larger than the part; it is left out.
    EraseLargerThanPart(u8),
    /// Two erase types of different size share an opcode, and no sector map says
    /// where which one holds; both are left out.
    EraseOpcodeShared(u8),
    /// Dword 1 and the erase types disagree on the 4 KiB erase opcode; the erase
    /// types are believed.
    LegacyEraseDiffers,
    /// Suspend is said to exist, but an opcode is 00h or FFh; it is left out.
    SuspendWithoutOpcode,
    /// Deep power-down is said to exist, but an opcode is 00h or FFh; it is left out.
    PowerDownWithoutOpcode,
    /// The address bytes field of dword 1 has its reserved value; the size decides.
    ReservedAddressBytes,
    /// The quad enable code is reserved; four lines are not used.
    ReservedQuadEnable,
    /// Table and id differ in the size; the id's, in bytes, is here. The smaller one is
    /// used: a too large one would wrap around and hit other data.
    SizeDiffersFromId(u32),
    /// The part claims 4-byte addressing, but 3 bytes reach all of it; 3 are used.
    FourByteClaimIgnored,
    /// The part claims that 3 address bytes are all it has, but is too large for it;
    /// 4 are used.
    ThreeByteClaimIgnored,
    /// No known way leads beyond the first 16 MiB; the rest is not used.
    UpperPartUnreachable,
    /// The quad enable code is not one that this maker's parts have; the maker's is
    /// used.
    QuadEnableDiffersFromMaker,
    /// It is not known how four lines are enabled; they are not used.
    QuadEnableUnknown,
    /// The tables carry no times; conservative ones are used.
    TimesAssumed,
    /// The tables carry no page size; 256 bytes are used.
    PageSizeAssumed,
    /// The table's times are those of a power mode that the part is not in after
    /// power-up; longer ones are used.
    TimesOfOtherPowerMode,
    /// The part has no SFDP tables; all is known from its id.
    KnownFromIdOnly,
    /// The id is not of the usual form, so nothing was compared with it.
    IdNotUnderstood,
}

/// Who is told of findings. A kernel has nobody to show them to, and what takes no note of them
/// ([`()`](unit)) costs no code and no memory.
pub trait Note: Copy + Default {
    /// Whether what nothing but a report shows is worth finding out.
    const IS_KEPT: bool;

    /// Takes one down.
    fn push(&mut self, warning: Warning);
}

impl Note for () {
    const IS_KEPT: bool = false;

    fn push(&mut self, _warning: Warning) {}
}

impl Note for Warnings {
    const IS_KEPT: bool = true;

    fn push(&mut self, warning: Warning) {
        Warnings::push(self, warning);
    }
}

/// Distinct warnings, in the order in which they were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Warnings {
    list: [Option<Warning>; Warnings::CAPACITY],
    lost: u16,
}

impl Warnings {
    /// How many are kept.
    pub const CAPACITY: usize = 20;

    /// None yet.
    pub const fn new() -> Warnings {
        Warnings {
            list: [None; Warnings::CAPACITY],
            lost: 0,
        }
    }

    /// Adds one, unless it is there already.
    pub fn push(&mut self, warning: Warning) {
        for slot in &mut self.list {
            match slot {
                Some(known) if *known == warning => return,
                Some(_) => {}
                None => {
                    *slot = Some(warning);
                    return;
                }
            }
        }
        self.lost = self.lost.saturating_add(1);
    }

    /// Adds all of `other`.
    pub fn append(&mut self, other: &Warnings) {
        for warning in other.iter() {
            self.push(warning);
        }
        self.lost = self.lost.saturating_add(other.lost);
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = Warning> + '_ {
        self.list.iter().copied().flatten()
    }

    /// Whether `warning` is among them.
    pub fn contains(&self, warning: Warning) -> bool {
        self.iter().any(|known| known == warning)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// How many found no room.
    pub const fn lost(&self) -> u16 {
        self.lost
    }
}

impl Default for Warnings {
    fn default() -> Warnings {
        Warnings::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_once_and_what_has_no_room_is_counted() {
        let mut warnings = Warnings::new();
        assert!(warnings.is_empty());
        for _ in 0..3 {
            warnings.push(Warning::TimesAssumed);
        }
        assert_eq!(warnings.iter().count(), 1);
        for size in 0..Warnings::CAPACITY as u32 {
            warnings.push(Warning::SizeDiffersFromId(size));
        }
        assert_eq!(warnings.iter().count(), Warnings::CAPACITY);
        assert_eq!(warnings.lost(), 1);
        assert!(warnings.contains(Warning::TimesAssumed));
        assert!(!warnings.contains(Warning::TooManyHeaders));
    }
}
