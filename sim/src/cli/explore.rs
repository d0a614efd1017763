// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `explore`, `random` and `replay`.

use super::arguments;
use super::exit::Failure;
use super::find_part;
use super::kernels;
use super::output::{print, print_json};
use crate::board::Board;
use crate::explore::bounds::Bounds;
use crate::explore::replay::{self, replay as again};
use crate::explore::schedule::Schedule;
use crate::explore::{random as at_random, search};
use crate::text::{Grouped, Ms};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::thread::available_parallelism;
use std::time::Duration;

/// Binary logarithm of the bytes of a fingerprint.
const FINGERPRINT_BITS: u32 = 3;

fn jobs(wanted: Option<usize>) -> Result<usize, Failure> {
    match wanted {
        Some(0) => Err(Failure::input("--jobs 0: at least one thread is needed")),
        Some(jobs) => Ok(jobs),
        None => Ok(available_parallelism().map_or(1, usize::from)),
    }
}

fn options(
    common: &arguments::Schedules,
    bounds: Bounds,
    keep_going: bool,
) -> Result<search::Options, Failure> {
    if !(1..=4).contains(&bounds.processes) {
        return Err(Failure::input(format!(
            "--processes {}: there can be 1 to 4",
            bounds.processes
        )));
    }
    if bounds.operations == 0 {
        return Err(Failure::input(
            "--operations 0: there would be nothing to interrupt",
        ));
    }
    Ok(search::Options {
        part: find_part(&common.part)?,
        bounds,
        jobs: jobs(common.jobs)?,
        prune: true,
        seen_bits: 0,
        limit: 0,
        keep_going,
    })
}

fn bar(shown: bool, total: Option<u64>) -> ProgressBar {
    if !shown {
        return ProgressBar::hidden();
    }
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{bar:32} {human_pos} of {human_len} operations, {per_sec}, {eta} left",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {human_pos} schedules, {per_sec}, {msg}",
        ),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// What a breach is told with: how to see it again.
fn tell_failing(failing: Option<&String>, what: &[String], part: &str) -> Result<(), Failure> {
    let Some(schedule) = failing else {
        return Ok(());
    };
    for line in what {
        print(&format!("BREACH of {line}"))?;
    }
    let part = if part == crate::setup::DEFAULT_PART {
        String::new()
    } else {
        format!(" PART={part}")
    };
    print(&format!("make replay SCHEDULE={schedule}{part}"))
}

fn verdict(is_kept: bool) -> Result<(), Failure> {
    if is_kept {
        Ok(())
    } else {
        Err(Failure::run("the contract was broken"))
    }
}

fn of_rules(breaches: &BTreeMap<&'static str, u64>) -> String {
    if breaches.is_empty() {
        return "no breach".to_owned();
    }
    let rules: Vec<String> = breaches
        .iter()
        .map(|(rule, runs)| format!("{rule} in {} runs", Grouped(*runs)))
        .collect();
    rules.join(", ")
}

/// `explore`.
///
/// # Errors
/// Bounds that make no sense, or a breach.
pub fn explore(arguments: &arguments::Explore) -> Result<(), Failure> {
    kernels::needs_boards("explore")?;
    let bounds = Bounds {
        processes: arguments.processes,
        operations: arguments.operations,
        deaths: arguments.deaths,
        detaches: arguments.detaches,
        stops: arguments.stops,
        stalls: arguments.stalls,
        faults: arguments.faults,
    };
    let options = search::Options {
        prune: !arguments.no_prune,
        seen_bits: 20 + arguments.memory.max(1).ilog2() - FINGERPRINT_BITS,
        limit: arguments.limit,
        ..options(&arguments.common, bounds, arguments.keep_going)?
    };
    let bar = bar(!arguments.common.json, None);
    let report = search::search::<Board>(options, |schedules, states| {
        bar.set_position(schedules);
        bar.set_message(format!("{states} states"));
    });
    bar.finish_and_clear();
    if arguments.common.json {
        print_json(&report)?;
    } else {
        let rate = report.schedules * 1000 / report.elapsed_ms.max(1);
        print(&format!(
            "bounds               {bounds}: {} processes, {} operations each, {} deaths, {} detaches, {} stops, {} stalls, {} faults\n\
             schedules            {}, {} pruned\n\
             distinct states      {}{}\n\
             deepest              {} choices, {} passes of the kernel loop\n\
             revoked to off       at most {}\n\
             time                 {:.1} s on {} threads, {} schedules a second\n\
             result               {}, {}",
            bounds.processes,
            bounds.operations,
            bounds.deaths,
            bounds.detaches,
            bounds.stops,
            bounds.stalls,
            bounds.faults,
            Grouped(report.schedules),
            Grouped(report.pruned),
            Grouped(report.states),
            if report.states_left_out > 0 {
                format!(
                    ", and {} met that there was no room for",
                    Grouped(report.states_left_out)
                )
            } else {
                String::new()
            },
            report.deepest,
            report.most_passes,
            Ms(report.longest_off_ns),
            report.elapsed_ms as f64 / 1000.0,
            options.jobs,
            Grouped(rate),
            if report.exhaustive {
                "every schedule was tried"
            } else {
                "NOT every schedule was tried"
            },
            of_rules(&report.breaches),
        ))?;
        tell_failing(report.failing.as_ref(), &report.what, options.part.name)?;
    }
    verdict(report.breaches.is_empty())
}

/// How much may happen in one run of `random`.
pub(super) fn bounds_of_random(faults: bool) -> Bounds {
    Bounds {
        processes: 3,
        operations: 40,
        deaths: 4,
        detaches: 2,
        stops: 2,
        stalls: 4,
        faults: if faults { 3 } else { 0 },
    }
}

/// `random`.
///
/// # Errors
/// Bounds that make no sense, or a breach.
pub fn random(arguments: &arguments::Random) -> Result<(), Failure> {
    kernels::needs_boards("random")?;
    let bounds = bounds_of_random(!arguments.no_faults);
    let options = options(&arguments.common, bounds, arguments.keep_going)?;
    let bar = bar(!arguments.common.json, Some(arguments.ops));
    let report =
        at_random::random::<Board>(&options, arguments.seed, arguments.ops, |operations| {
            bar.set_position(operations);
        });
    bar.finish_and_clear();
    if arguments.common.json {
        print_json(&report)?;
    } else {
        let faults: Vec<String> = report
            .faults
            .iter()
            .map(|(name, times)| format!("{name} {}", Grouped(*times)))
            .collect();
        print(&format!(
            "seed                 {}\n\
             runs                 {} within {bounds}\n\
             operations           {}, {} of them with an owner that died\n\
             faults               {}\n\
             simulated time       {} s\n\
             revoked to off       at most {}\n\
             time                 {:.1} s on {} threads\n\
             result               {}",
            report.seed,
            Grouped(report.runs),
            Grouped(report.operations),
            Grouped(report.orphaned),
            if faults.is_empty() {
                "none".to_owned()
            } else {
                faults.join(", ")
            },
            Grouped(report.simulated_ms / 1000),
            Ms(report.longest_off_ns),
            report.elapsed_ms as f64 / 1000.0,
            options.jobs,
            of_rules(&report.breaches),
        ))?;
        tell_failing(report.failing.as_ref(), &report.what, options.part.name)?;
    }
    verdict(report.breaches.is_empty())
}

/// `replay`.
///
/// # Errors
/// A schedule that can't be read or does not fit, or a breach.
pub fn replay(arguments: &arguments::Replay) -> Result<(), Failure> {
    let part = find_part(&arguments.part)?;
    let schedule: Schedule = arguments.schedule.parse().map_err(Failure::input)?;
    let story = again(part, &schedule);
    if story.run.misfit {
        return Err(Failure::input(format!(
            "{}: the schedule asks for something that can't happen there; \
             is it of another version, or of another part than {}?",
            arguments.schedule, part.name
        )));
    }
    for (path, what) in [
        (&arguments.vcd, replay::vcd as fn(&replay::Story) -> _),
        (&arguments.svg, replay::svg),
    ] {
        if let Some(path) = path {
            std::fs::write(path, what(&story)).map_err(|error| {
                Failure::input(format!("cannot write {}: {error}", path.display()))
            })?;
        }
    }
    if arguments.json {
        print_json(&story.report())?;
    } else {
        print(story.text().trim_end())?;
    }
    verdict(story.run.breaches.is_empty())
}
