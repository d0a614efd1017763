// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Everything wrong that an app can ask for. Each case checks the exact error,
//! that nothing was changed, and that the next operation works.
//!
//! There are three suites, since an app has one region: one that it may change,
//! one that it may only read, or none.

pub mod buffer;
pub mod ground;
pub mod interface;
pub mod lease;
pub mod no_region;
pub mod one_at_a_time;
pub mod range;
pub mod read_only;

use crate::report::Case;

/// For an app that may change its region.
pub const WITH_REGION: &[&[Case]] = &[
    range::CASES,
    one_at_a_time::CASES,
    buffer::CASES,
    lease::CASES,
    interface::CASES,
];

/// For an app that may only read its region.
pub const WITH_READ_ONLY_REGION: &[&[Case]] = &[read_only::CASES];

/// For an app without a region.
pub const WITHOUT_REGION: &[&[Case]] = &[no_region::CASES];
