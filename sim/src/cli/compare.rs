// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `compare`.

use super::arguments;
use super::exit::Failure;
use super::find_part;
use super::kernels;
use super::output::{print, print_json};
use crate::compare::cases::{self, CASES, Case};
use crate::compare::policy::{POLICIES, Policy};
use crate::compare::trial::{Effort, Trial, replay, trial};
use crate::explore::schedule::Schedule;
use crate::table::table;
use crate::text::{Grouped, Ms};
use comfy_table::CellAlignment;
use serde::Serialize;
use std::thread::available_parallelism;

/// As JSON.
#[derive(Serialize)]
struct Report {
    part: &'static str,
    ok: bool,
    trials: Vec<Trial>,
}

/// As JSON.
#[derive(Serialize)]
struct Replayed {
    policy: char,
    workload: &'static str,
    schedule: String,
    ok: bool,
    breaches: Vec<String>,
    timeline: Vec<String>,
}

fn policies(chosen: Option<&String>) -> Result<Vec<Policy>, Failure> {
    match chosen {
        None => Ok(POLICIES.to_vec()),
        Some(letter) => Ok(vec![letter.parse().map_err(Failure::input)?]),
    }
}

fn chosen_cases(chosen: Option<&String>) -> Result<Vec<Case>, Failure> {
    match chosen {
        None => Ok(CASES.to_vec()),
        Some(name) => Ok(vec![cases::find(name).map_err(Failure::input)?]),
    }
}

/// Whether ours kept the contract, and each baseline that was tried broke it in some case, unless
/// there was none that could make it.
fn is_as_expected(policies: &[Policy], cases: &[Case], trials: &[Trial]) -> bool {
    policies.iter().all(|policy| {
        let own = |trial: &&Trial| trial.policy == policy.letter();
        let fails = trials.iter().filter(own).any(|trial| trial.failed > 0);
        let should = cases.iter().any(|case| !case.spares.contains(policy));
        match policy {
            Policy::Ours => !fails,
            Policy::AtOnce | Policy::FlagAndSleep | Policy::CountAndWait | Policy::Lazy => {
                fails || !should
            }
        }
    })
}

fn off(trial: &Trial) -> String {
    if trial.never_off > 0 {
        "never".to_owned()
    } else {
        Ms(trial.longest_off_ns).to_string()
    }
}

fn broken(trial: &Trial) -> String {
    if trial.failed == 0 {
        return "none".to_owned();
    }
    let rules = trial.breaches.iter();
    let rules: Vec<String> = rules
        .map(|(rule, runs)| format!("{rule} {}", Grouped(*runs)))
        .collect();
    rules.join(", ")
}

/// `compare`.
///
/// # Errors
/// Input of no use; a baseline that does not fail, or ours if it does.
pub fn compare(arguments: &arguments::Compare) -> Result<(), Failure> {
    kernels::needs_boards("compare")?;
    let part = find_part(&arguments.common.part)?;
    if let Some(schedule) = &arguments.replay {
        return run_again(arguments, schedule);
    }
    let jobs = match arguments.common.jobs {
        Some(0) => return Err(Failure::input("--jobs 0: at least one thread is needed")),
        Some(jobs) => jobs,
        None => available_parallelism().map_or(1, usize::from),
    };
    let effort = Effort {
        part,
        jobs,
        limit: arguments.limit,
    };
    let policies = policies(arguments.policy.as_ref())?;
    let cases = chosen_cases(arguments.workload.as_ref())?;
    let mut trials = Vec::new();
    for case in &cases {
        for policy in &policies {
            trials.push(trial(*policy, case, case.bounds, effort));
        }
    }
    let ok = is_as_expected(&policies, &cases, &trials);
    if arguments.common.json {
        let part = part.name;
        print_json(&Report { part, ok, trials })?;
    } else {
        tell(&trials, part.name)?;
    }
    if ok {
        Ok(())
    } else {
        Err(Failure::run(
            "a baseline kept the contract, which shows nothing, or this project broke it",
        ))
    }
}

fn tell(trials: &[Trial], part: &str) -> Result<(), Failure> {
    let mut table = table();
    table.set_header([
        "workload",
        "policy",
        "schedules",
        "failed",
        "runs that broke a rule",
        "revoked to off",
        "lost",
    ]);
    for trial in trials {
        let lost = trial.lost_operations + trial.lost_buffers;
        table.add_row([
            trial.workload.to_owned(),
            format!("({}) {}", trial.policy, trial.name),
            format!(
                "{}{}",
                Grouped(trial.schedules),
                if trial.exhaustive { "" } else { "+" }
            ),
            Grouped(trial.failed).to_string(),
            broken(trial),
            off(trial),
            Grouped(lost).to_string(),
        ]);
    }
    for column in [2, 3, 5, 6] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    print(&table.trim_fmt())?;
    print("")?;
    for case in CASES {
        if trials.iter().any(|trial| trial.workload == case.name) {
            print(&format!("{:<10}  {}", case.name, case.what))?;
        }
    }
    print("lost: operations that never ended though their owner lived, and buffers")?;
    for trial in trials {
        let Some(failing) = &trial.failing else {
            continue;
        };
        print(&format!(
            "\n({}) {}, {}:",
            trial.policy, trial.name, trial.workload
        ))?;
        for what in &trial.what {
            print(&format!("  BREACH of {what}"))?;
        }
        let part = if part == crate::setup::DEFAULT_PART {
            String::new()
        } else {
            format!(" PART={part}")
        };
        print(&format!(
            "  make compare POLICY={} SCHEDULE={failing}{part}",
            trial.policy
        ))?;
    }
    Ok(())
}

fn run_again(arguments: &arguments::Compare, schedule: &str) -> Result<(), Failure> {
    let Some(policy) = &arguments.policy else {
        return Err(Failure::input("--replay: say --policy, too"));
    };
    let part = find_part(&arguments.common.part)?;
    let policy: Policy = policy.parse().map_err(Failure::input)?;
    let parsed: Schedule = schedule.parse().map_err(Failure::input)?;
    let case = match &arguments.workload {
        Some(name) => cases::find(name),
        None => cases::with_bounds(parsed.bounds),
    };
    let case = case.map_err(Failure::input)?;
    let story = replay(policy, part, &case, &parsed);
    if story.run.misfit {
        return Err(Failure::input(format!(
            "{schedule}: the schedule asks for something that can't happen there; is it of \
             another policy, workload, part or version?"
        )));
    }
    let ok = story.run.breaches.is_empty();
    if arguments.common.json {
        print_json(&Replayed {
            policy: policy.letter(),
            workload: case.name,
            schedule: parsed.to_string(),
            ok,
            breaches: story.breaches(),
            timeline: story.lines,
        })?;
    } else {
        print(&story.text())?;
    }
    if ok {
        Ok(())
    } else {
        Err(Failure::run("the contract was broken"))
    }
}
