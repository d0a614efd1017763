// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What operations cost on the target: an image is executed on an emulated nRF52840, instruction by
//! instruction, from an app's system call to its upcall.

mod app;
mod case;
mod run;
mod share;

use crate::Problem;
use crate::image::Image;
use crate::output;
use case::{CASES, Case};
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use emulated_cortex_m::Image as Loaded;
use run::Ran;
use serde::Serialize;
use share::{Share, Shares};
use std::collections::BTreeMap;
use std::path::Path;

/// What came of a case, for one operation.
#[derive(Debug, Serialize)]
struct Outcome {
    case: &'static Case,
    /// Instructions, by whose they are.
    instructions: BTreeMap<Share, f64>,
    /// Of the chip driver and the capsule.
    ours: f64,
    /// All but those of the copy.
    without_copy: f64,
    all: f64,
    least: u64,
    most: u64,
    us: f64,
    limit_percent: f64,
    gap_us: f64,
    start_us: f64,
    end_us: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top: Vec<Place>,
}

/// A function.
#[derive(Debug, Serialize)]
struct Place {
    share: Share,
    place: String,
    instructions: f64,
}

fn outcome(case: &'static Case, ran: &Ran, top: usize) -> Outcome {
    let each = |count: u64| count as f64 / ran.operations as f64;
    let instructions: BTreeMap<Share, f64> = ran
        .counts
        .by_share
        .iter()
        .map(|(share, count)| (*share, each(*count)))
        .collect();
    let of = |share: Share| instructions.get(&share).copied().unwrap_or(0.0);
    let all: f64 = instructions.values().sum();
    let mut places: Vec<Place> = ran
        .counts
        .by_place
        .iter()
        .map(|((share, place), count)| Place {
            share: *share,
            place: place.clone(),
            instructions: each(*count),
        })
        .collect();
    places.sort_by(|one, other| other.instructions.total_cmp(&one.instructions));
    places.truncate(top);
    Outcome {
        case,
        ours: of(Share::Chip) + of(Share::Capsule),
        without_copy: all - of(Share::Copy),
        all,
        least: ran.extremes.0,
        most: ran.extremes.1,
        us: ran.us_each,
        limit_percent: ran.limit_percent,
        gap_us: ran.gap_us,
        start_us: ran.start_us,
        end_us: ran.end_us,
        instructions,
        top: places,
    }
}

fn table(outcomes: &[Outcome]) -> Table {
    let mut table = Table::new();
    let titles = Share::ALL.map(Share::title);
    let header = ["", "ours", "all but copy", "all"]
        .into_iter()
        .chain(titles)
        .chain(["µs", "limit %", "gap µs", "start µs", "end µs"]);
    table.load_preset(ASCII_MARKDOWN).set_header(header);
    for outcome in outcomes {
        let whole = |number: f64| format!("{number:.0}");
        let shares = Share::ALL.map(|share| {
            let count = outcome.instructions.get(&share).copied().unwrap_or(0.0);
            whole(count)
        });
        let mut row = vec![
            outcome.case.name.to_owned(),
            whole(outcome.ours),
            whole(outcome.without_copy),
            whole(outcome.all),
        ];
        row.extend(shares);
        row.push(format!("{:.1}", outcome.us));
        row.push(format!("{:.1}", outcome.limit_percent));
        row.push(format!("{:.1}", outcome.gap_us));
        row.push(format!("{:.1}", outcome.start_us));
        row.push(format!("{:.1}", outcome.end_us));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Measures the cases with `only` in their names, and prints what came of it.
pub fn print(path: &Path, only: &str, top: usize, json: bool) -> Result<(), Problem> {
    let image = Image::read(path)?;
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let loaded =
        Loaded::from_elf(&bytes).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut shares = Shares::new(&image);
    let mut outcomes = Vec::new();
    for case in CASES.iter().filter(|case| case.name.contains(only)) {
        let ran = run::measure(&loaded, &mut shares, case)
            .map_err(|problem| format!("{}: {problem}", path.display()))?;
        outcomes.push(outcome(case, &ran, top));
    }
    if json {
        return output::print(serde_json::to_string_pretty(&outcomes)?);
    }
    output::print(table(&outcomes))?;
    for outcome in outcomes.iter().filter(|outcome| !outcome.top.is_empty()) {
        output::print(format_args!("\n{}", outcome.case.name))?;
        for place in &outcome.top {
            let title = place.share.title();
            let count = place.instructions;
            output::print(format_args!("{count:8.1}  {title:20} {}", place.place))?;
        }
    }
    Ok(())
}
