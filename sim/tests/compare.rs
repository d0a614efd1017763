// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The comparison is fair, shows what it is said to show, and shows it again.

use assert_cmd::Command;
use qspi_models::nor::{PartSpec, part};
use serde_json::Value;
use std::sync::Mutex;
use tock_qspi::board::Board;
use tock_qspi::compare::board::NaiveBoard;
use tock_qspi::compare::cases::{CASES, Case, find};
use tock_qspi::compare::policy::{AtOnce, CountAndWait, FlagAndSleep, Lazy, POLICIES, Policy};
use tock_qspi::compare::trial::{Effort, Trial, replay, trial};
use tock_qspi::explore::bounds::Bounds;
use tock_qspi::explore::schedule::Schedule;
use tock_qspi::explore::search::{Options, Report, rules_of, search_with};
use tock_qspi::explore::subject::Subject;
use tock_qspi::explore::world::World;
use tock_qspi::ledger::Counts;

fn mx25r() -> &'static PartSpec {
    part("MX25R6435F").expect("the part on the nRF52840DK is known")
}

fn case(name: &str) -> Case {
    find(name).expect("there is such a case")
}

fn bounds(case: &Case, deaths: u8, detaches: u8) -> Bounds {
    Bounds {
        deaths,
        detaches,
        ..case.bounds
    }
}

/// All schedules within the bounds.
fn all_of(policy: Policy, case: &Case, bounds: Bounds) -> Trial {
    let effort = Effort {
        part: mx25r(),
        jobs: 2,
        limit: 0,
    };
    let trial = trial(policy, case, bounds, effort);
    assert!(trial.exhaustive, "{policy}, {}", case.name);
    trial
}

/// It fails, and its schedule is run again with the same outcome.
fn assert_fails(trial: &Trial, policy: Policy, case: &Case, rule: &str) {
    let who = format!("{policy}, {}", case.name);
    assert!(
        trial.breaches.contains_key(rule),
        "{who}: {:?}",
        trial.breaches
    );
    let schedule = trial.failing.as_deref().expect("one is told");
    let schedule: Schedule = schedule.parse().expect("it is read as it is written");
    let first = replay(policy, mx25r(), case, &schedule);
    let again = replay(policy, mx25r(), case, &schedule);
    assert!(!first.run.misfit, "{who}: {schedule}");
    assert!(
        rules_of(&first.run).contains(rule),
        "{who}: {schedule} breaks {:?}, not {rule}",
        rules_of(&first.run)
    );
    assert_eq!(first.run, again.run, "{who}: {schedule}");
    assert_eq!(first.lines, again.lines, "{who}: {schedule}");
}

#[test]
fn without_a_death_or_a_detach_all_are_faultless() {
    for case in CASES {
        for policy in POLICIES {
            let trial = all_of(policy, &case, bounds(&case, 0, 0));
            assert_eq!(trial.failed, 0, "{policy}, {}: {:?}", case.name, trial.what);
        }
    }
}

/// What the apps got done in the run in which nothing special happens.
fn done<B: Subject>(case: &Case) -> Counts {
    let mut world = World::<B>::with_workload(mx25r(), bounds(case, 0, 0), case.workload);
    let mut total = Counts::default();
    let run = world.run(&[], None, None, |board, _| total = board.ledger().total());
    assert!(run.breaches.is_empty(), "{:?}", run.breaches);
    total
}

#[test]
fn baselines_get_as_much_done_as_ours() {
    for case in CASES {
        let ours = done::<Board>(&case);
        assert!(ours.accepted > 0 && ours.delivered == ours.accepted && ours.failed == 0);
        assert!(ours.read + ours.programmed + ours.erased > 0);
        assert_eq!(done::<NaiveBoard<AtOnce>>(&case), ours, "{}", case.name);
        assert_eq!(done::<NaiveBoard<FlagAndSleep>>(&case), ours);
        assert_eq!(done::<NaiveBoard<CountAndWait>>(&case), ours);
        assert_eq!(done::<NaiveBoard<Lazy>>(&case), ours);
    }
}

#[test]
fn disabling_at_once_fails() {
    for case in CASES {
        let trial = all_of(Policy::AtOnce, &case, bounds(&case, 0, 1));
        assert_fails(&trial, Policy::AtOnce, &case, "C4");
    }
    // A death is enough.
    let case = case("slow-read");
    let trial = all_of(Policy::AtOnce, &case, bounds(&case, 1, 0));
    assert_fails(&trial, Policy::AtOnce, &case, "C4");
}

#[test]
fn a_sleep_is_enough_until_something_takes_longer() {
    let policy = Policy::FlagAndSleep;
    let typical = case("typical");
    assert!(typical.spares.contains(&policy));
    for (deaths, detaches) in [(1, 0), (0, 1)] {
        let trial = all_of(policy, &typical, bounds(&typical, deaths, detaches));
        assert_eq!(trial.failed, 0, "{:?}", trial.what);
        assert!(trial.schedules > 100, "{}", trial.schedules);
        // It always takes that long, whether or not there is anything to wait for.
        assert!((299_000_000..301_000_000).contains(&trial.longest_off_ns));
    }
    for name in ["slow-erase", "slow-read"] {
        let case = case(name);
        assert!(!case.spares.contains(&policy));
        let trial = all_of(policy, &case, bounds(&case, 0, 1));
        assert_fails(&trial, policy, &case, "C4");
    }
}

#[test]
fn the_controllers_idle_bit_is_not_the_flashs() {
    let policy = Policy::CountAndWait;
    for case in CASES {
        let trial = all_of(policy, &case, bounds(&case, 0, 1));
        assert_fails(&trial, policy, &case, "C4");
    }
    let case = case("slow-read");
    let trial = all_of(policy, &case, bounds(&case, 0, 1));
    // The wait was given up.
    assert!(trial.longest_off_ns > 499_000_000);
}

#[test]
fn a_buffer_in_the_closure_of_a_dead_process_is_lost() {
    let policy = Policy::Lazy;
    let typical = case("typical");
    let trial = all_of(policy, &typical, bounds(&typical, 1, 0));
    assert_fails(&trial, policy, &typical, "C2");
    assert!(trial.lost_buffers > 0 && trial.lost_operations > 0);
    // Nobody switches off for the dead.
    for rule in ["C7", "C9", "C12"] {
        assert!(trial.breaches.contains_key(rule), "{:?}", trial.breaches);
    }
    assert!(trial.never_off > 0);
    let trial = all_of(policy, &typical, bounds(&typical, 0, 1));
    assert_fails(&trial, policy, &typical, "C4");
}

#[test]
fn ours_keeps_the_contract() {
    for case in CASES {
        for (deaths, detaches) in [(1, 0), (0, 1)] {
            // `make compare` tries larger ones; here are builds that are not optimized.
            let small = Bounds {
                processes: 1,
                ..bounds(&case, deaths, detaches)
            };
            let trial = all_of(Policy::Ours, &case, small);
            assert!(trial.schedules > 100, "{}", trial.schedules);
            assert_eq!(trial.failed, 0, "{}: {:?}", case.name, trial.what);
            assert_eq!(trial.never_off + trial.lost_operations, 0);
        }
    }
}

/// What is found with pruning and without.
fn searched<B: Subject>(case: &Case, bounds: Bounds, prune: bool) -> (Report, u64) {
    let options = Options {
        part: mx25r(),
        bounds,
        jobs: 2,
        prune,
        seen_bits: 20,
        limit: 0,
        keep_going: true,
    };
    let longest = Mutex::new(0);
    let watch = |_: &[u8], run: &tock_qspi::explore::world::Run| {
        let mut longest = longest.lock().expect("nobody panics");
        *longest = run.longest_off_ns.max(*longest);
    };
    let (report, _) = search_with::<B>(options, case.workload, watch, |_, _| {});
    (report, longest.into_inner().expect("nobody panics"))
}

fn assert_pruning_hides_nothing<B: Subject>(case: &Case, bounds: Bounds) {
    let (with, longest_with) = searched::<B>(case, bounds, true);
    let (without, longest_without) = searched::<B>(case, bounds, false);
    assert!(with.exhaustive && without.exhaustive);
    assert!(with.schedules < without.schedules);
    assert_eq!(with.states, without.states);
    assert_eq!(longest_with, longest_without);
    let rules = |report: &Report| report.breaches.keys().copied().collect::<Vec<_>>();
    assert_eq!(rules(&with), rules(&without));
}

#[test]
fn pruning_hides_nothing_of_the_baselines() {
    let case = case("typical");
    let one = Bounds {
        processes: 1,
        ..bounds(&case, 1, 1)
    };
    let two = Bounds {
        operations: 1,
        ..bounds(&case, 1, 0)
    };
    for small in [one, two] {
        assert_pruning_hides_nothing::<NaiveBoard<AtOnce>>(&case, small);
        assert_pruning_hides_nothing::<NaiveBoard<FlagAndSleep>>(&case, small);
        assert_pruning_hides_nothing::<NaiveBoard<CountAndWait>>(&case, small);
        assert_pruning_hides_nothing::<NaiveBoard<Lazy>>(&case, small);
    }
}

fn program(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tock-qspi"))
        .arg("compare")
        .args(arguments)
        .output()
        .expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_program_prints_a_table_and_runs_schedules_again() {
    let few = ["--workload", "slow-read", "--limit", "300"];
    let (code, out, err) = program(&[&few[..], &["--policy", "d"]].concat());
    assert_eq!(code, Some(0), "{out}{err}");
    let after = |prefix| {
        out.lines()
            .find_map(|line| line.trim().strip_prefix(prefix))
    };
    let again = after("make compare POLICY=d SCHEDULE=").expect("a line that runs it again");
    let breach = after("BREACH of ").expect("what went wrong");
    let (rule, _) = breach.split_once(':').expect("the rule comes first");
    let (code, out, _) = program(&["--policy", "d", "--replay", again]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains(&format!("BREACH of {rule}: ")), "{out}");
    let (code, out, _) = program(&["--policy", "e", "--replay", "p1o1d1t1s0l0f0@"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("0 breaches"), "{out}");
}

#[test]
fn json_has_the_fields_that_the_help_names() {
    let few = ["--workload", "slow-read", "--limit", "300", "--json"];
    let (code, out, err) = program(&[&few[..], &["--policy", "d"]].concat());
    assert_eq!(code, Some(0), "{out}{err}");
    let report: Value = serde_json::from_str(&out).expect("JSON");
    let keys = |value: &Value| -> Vec<String> {
        let object = value.as_object().expect("an object");
        object.keys().cloned().collect()
    };
    let (_, help, _) = program(&["--help"]);
    let trials = report["trials"].as_array().expect("a list");
    assert_eq!(trials.len(), 1);
    for key in [keys(&report), keys(&trials[0])].concat() {
        assert!(help.contains(&format!("`{key}`")), "{key}: {help}");
    }
    assert_eq!(report["ok"], true);
    assert!(trials[0]["failed"].as_u64() > Some(0));
}

#[test]
fn what_cannot_be_is_refused() {
    for wrong in [
        &["--policy", "x"][..],
        &["--workload", "x"],
        &["--part", "x"],
        &["--jobs", "0"],
        &["--replay", "p1o1d1t1s0l0f0@"],
        &["--policy", "a", "--replay", "p4o9d1t1s0l0f0@"],
        &["--policy", "a", "--replay", "p1o1d1t1s0l0f0@1.99"],
    ] {
        let (code, out, err) = program(wrong);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{wrong:?}: {err}");
    }
}
