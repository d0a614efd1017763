// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Tables as this program prints them.

use comfy_table::presets::NOTHING;
use comfy_table::{Table, TableComponent};

/// An empty one: columns apart, a line under the header, nothing else.
pub fn table() -> Table {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_style(TableComponent::HeaderLines, '-')
        .set_style(TableComponent::MiddleHeaderIntersections, '-');
    table
}
