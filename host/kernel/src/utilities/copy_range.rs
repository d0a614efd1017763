// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A range that can be copied.

use core::ops::Range;

/// [`Range`] as a plain pair of bounds, which makes it `Copy`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct CopyRange<Idx> {
    /// The first index.
    pub start: Idx,
    /// One past the last index.
    pub end: Idx,
}

impl<Idx> From<Range<Idx>> for CopyRange<Idx> {
    fn from(r: Range<Idx>) -> Self {
        let Range { start, end } = r;
        CopyRange { start, end }
    }
}

impl<Idx> From<CopyRange<Idx>> for Range<Idx> {
    fn from(c: CopyRange<Idx>) -> Self {
        c.start..c.end
    }
}
