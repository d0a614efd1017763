// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `bench`.

use super::arguments;
use super::exit::Failure;
use super::output::{print, print_json};
use crate::bench::case::{Beside, Case, Work};
use crate::bench::cases::CASES;
use crate::bench::costs::MEASURED;
use crate::bench::instructions::{Counted, count};
use crate::bench::measure::measure;
use crate::bench::peer::{self, Plain};
use crate::bench::plot;
use crate::bench::result::Outcome;
use crate::cost::Cost;
use crate::table::table;
use comfy_table::CellAlignment;
use serde::Serialize;

/// As JSON.
#[derive(Serialize)]
struct Report {
    ok: bool,
    cost: Cost,
    outcomes: Vec<Outcome>,
    counted: Vec<Counted>,
    plain: Vec<Plain>,
}

/// Measures.
///
/// # Errors
/// [`Failure`] if an operation failed, or the contract was broken.
pub fn bench(arguments: &arguments::Bench) -> Result<(), Failure> {
    let cost = Cost {
        clock_hz: arguments.cpu_mhz * 1_000_000,
        ..MEASURED
    };
    let cases = chosen(arguments);
    if let (Some(only), true) = (&arguments.only, cases.is_empty()) {
        let names: Vec<&str> = CASES.iter().map(|case| case.name).collect();
        return Err(Failure::input(format!(
            "no case is named like {only:?}; there are: {}",
            names.join("; ")
        )));
    }
    let outcomes: Vec<Outcome> = cases.iter().map(|case| measure(case, cost)).collect();
    let counted = if arguments.instructions {
        counted(&cases)?
    } else {
        Vec::new()
    };
    // Whose instructions are being counted does nothing else.
    let plain = match arguments.operations {
        Some(_) => Vec::new(),
        None => plain(&outcomes, cost),
    };
    let failed: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.failures > 0)
        .map(|outcome| outcome.case.name)
        .collect();
    let ok = failed.is_empty();
    if let Some(file) = &arguments.plot {
        let picture = plot::plot(&outcomes);
        std::fs::write(file, picture)
            .map_err(|error| Failure::input(format!("cannot write {}: {error}", file.display())))?;
    }
    let message = (!ok).then(|| format!("operations failed: {}", failed.join(", ")));
    if arguments.json {
        print_json(&Report {
            ok,
            cost,
            outcomes,
            counted,
            plain,
        })?;
    } else {
        print(&text(&outcomes))?;
        print(&beside_plain(&plain))?;
        if arguments.instructions {
            print(&instructions(&counted))?;
        }
    }
    message.map_or(Ok(()), |message| Err(Failure::run(message)))
}

fn chosen(arguments: &arguments::Bench) -> Vec<Case> {
    let wanted = |case: &&Case| {
        let part_of = arguments.only.as_ref();
        let whole = arguments.case.as_ref();
        part_of.is_none_or(|only| case.name.contains(only))
            && whole.is_none_or(|name| case.name == name)
    };
    let mut cases: Vec<Case> = CASES.iter().filter(wanted).copied().collect();
    if let Some(operations) = arguments.operations {
        for case in &mut cases {
            case.operations = operations;
        }
    }
    cases
}

/// Those of which few operations are enough.
fn counted(cases: &[Case]) -> Result<Vec<Counted>, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::run(format!("cannot find this program: {error}")))?;
    cases
        .iter()
        .filter(|case| case.beside == Beside::Nothing && case.bytes <= 4096)
        .map(|case| {
            count(&program, case)
                .map_err(|error| Failure::run(format!("cannot count instructions: {error}")))
        })
        .collect()
}

/// The same reads, the plain way: at upstream's clock, and at ours.
fn plain(outcomes: &[Outcome], cost: Cost) -> Vec<Plain> {
    let is_like = |case: &Case| {
        case.work == Work::Read
            && case.processes == 1
            && case.beside == Beside::Nothing
            && case.every_us == 0
    };
    let clocks = |outcome: &Outcome| [peer::UPSTREAM_HZ, outcome.case.clock_hz];
    outcomes
        .iter()
        .filter(|outcome| is_like(&outcome.case))
        .flat_map(|outcome| clocks(outcome).map(|clock_hz| (outcome, clock_hz)))
        .map(|(outcome, clock_hz)| {
            let rate = peer::measure(&outcome.case, clock_hz, cost);
            Plain {
                case: outcome.case.name,
                clock_hz,
                bytes_per_second: rate,
                ours_times: outcome.bytes_per_second / rate,
            }
        })
        .collect()
}

fn beside_plain(plain: &[Plain]) -> String {
    let mut table = table();
    table.set_header(["the plain way", "SCK MHz", "MB/s", "ours, times"]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for of in plain {
        table.add_row([
            of.case.to_owned(),
            format!("{:.0}", f64::from(of.clock_hz) / 1e6),
            format!("{:.4}", of.bytes_per_second / 1e6),
            format!("{:.1}", of.ours_times),
        ]);
    }
    table.to_string()
}

fn instructions(counted: &[Counted]) -> String {
    let mut table = table();
    table.set_header([
        "instructions of",
        "chip",
        "capsule",
        "both",
        "copy",
        "kernel",
    ]);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for Counted { case, each } in counted {
        let [chip, capsule, copy, kernel] = [each.chip, each.capsule, each.copy, each.kernel];
        let numbers = [chip, capsule, chip + capsule, copy, kernel];
        let numbers = numbers.map(|number| format!("{number:.0}"));
        table.add_row(std::iter::once((*case).to_owned()).chain(numbers));
    }
    table.to_string()
}

fn text(outcomes: &[Outcome]) -> String {
    let head = [
        "case",
        "MB/s",
        "bus %",
        "array %",
        "p50 µs",
        "p99 µs",
        "max µs",
        "transfers",
        "polls",
        "their bus %",
        "CPU %",
        "all CPU %",
        "on µs",
        "Jain",
        "beside max ms",
    ];
    let mut table = table();
    table.set_header(head);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for outcome in outcomes {
        table.add_row([
            outcome.case.name.to_owned(),
            format!("{:.3}", outcome.bytes_per_second / 1e6),
            format!("{:.1}", outcome.bus_percent),
            format!("{:.1}", outcome.array_percent),
            format!("{:.0}", outcome.latency.p50_us),
            format!("{:.0}", outcome.latency.p99_us),
            format!("{:.0}", outcome.latency.max_us),
            format!("{:.2}", outcome.transfers_each),
            format!("{:.2}", outcome.polls_each),
            format!("{:.2}", outcome.polling_bus_percent),
            format!("{:.2}", outcome.polling_cpu_percent),
            format!("{:.1}", outcome.cpu_percent),
            format!("{:.0}", outcome.enabled_us_each),
            format!("{:.3}", outcome.jain),
            format!("{:.1}", outcome.beside_max_us / 1e3),
        ]);
    }
    table.to_string()
}
