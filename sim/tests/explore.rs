// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The explorer: what it tries, that pruning loses nothing, and what it once found.

use qspi_models::nor::{PartSpec, part};
use spi_nor::region::Grants;
use tock_qspi::board::Board;
use tock_qspi::explore::apps::Task;
use tock_qspi::explore::random::{random, random_with};
use tock_qspi::explore::schedule::Schedule;
use tock_qspi::explore::search::{Options, Report, search, search_with};
use tock_qspi::explore::workload::Workload;
use tock_qspi::explore::world::World;

fn the_part() -> &'static PartSpec {
    part("MX25R6435F").expect("a known part")
}

fn options(bounds: &str) -> Options {
    Options {
        part: the_part(),
        bounds: bounds.parse().expect("bounds"),
        jobs: 2,
        prune: true,
        seen_bits: 20,
        limit: 0,
        keep_going: true,
    }
}

fn explored(options: Options) -> Report {
    let report = search::<Board>(options, |_, _| {});
    assert!(report.exhaustive, "{report:#?}");
    assert!(report.breaches.is_empty(), "{report:#?}");
    assert_eq!(report.states_left_out, 0);
    report
}

#[test]
fn no_order_breaks_the_contract_within_small_bounds() {
    for (bounds, at_least) in [
        ("p1o3d1t1s0l0f0", 1_000),
        ("p2o1d1t0s0l0f0", 1_000),
        ("p2o1d0t1s0l0f0", 1_000),
        ("p1o2d1t0s1l0f0", 100),
        ("p1o2d0t0s0l2f0", 100),
        ("p1o2d0t1s0l1f0", 100),
    ] {
        let report = explored(options(bounds));
        // Bounds in which hardly anything can happen would show nothing.
        assert!(report.schedules >= at_least, "{bounds}: {report:#?}");
    }
}

/// Reads of several bites, reads ahead, and reads beside an erase in two units. All orders would take
/// hours: these are the first so many.
#[test]
fn no_order_of_reads_without_a_pause_breaks_the_contract() {
    let cases: [(&str, &'static [Task]); 10] = [
        ("p2o1d1t1s0l0f0", &[Task::ReadInTwo]),
        ("p2o1d1t1s0l0f0", &[Task::ReadOn]),
        ("p2o1d1t1s0l0f0", &[Task::ReadOn, Task::EraseAll]),
        ("p2o1d1t1s0l0f0", &[Task::ReadInTwo, Task::Program]),
        ("p2o1d0t0s0l0f1", &[Task::ReadOn, Task::EraseAll]),
        ("p1o1d1t1s0l0f1", &[Task::ReadInTwo]),
        ("p2o1d1t1s0l0f0", &[Task::ReadRow]),
        ("p2o1d1t1s0l0f0", &[Task::ReadRow, Task::EraseAll]),
        ("p1o2d1t1s1l1f0", &[Task::ReadRow, Task::Program]),
        ("p1o1d1t0s0l0f1", &[Task::ReadRow]),
    ];
    for (bounds, tasks) in cases {
        let workload = Workload {
            tasks,
            region: 8192,
            ..Workload::DEFAULT
        };
        let options = Options {
            limit: 4_000,
            ..options(bounds)
        };
        let (report, _) = search_with::<Board>(options, workload, |_, _| {}, |_, _| {});
        assert!(report.breaches.is_empty(), "{tasks:?} {report:#?}");
        let enough = report.exhaustive || report.schedules >= options.limit;
        assert!(enough, "{tasks:?} {report:#?}");
    }
}

/// Programs of several pages, of which the next one is ready before the present one ends. All orders
/// would take hours: these are the first so many.
#[test]
fn no_order_of_pages_without_a_pause_breaks_the_contract() {
    let cases: [(&str, &'static [Task]); 9] = [
        ("p1o1d1t1s0l0f0", &[Task::ProgramRow]),
        ("p2o1d1t1s0l0f0", &[Task::ProgramRow, Task::ReadOn]),
        ("p1o1d1t1s1l1f0", &[Task::ProgramRow]),
        ("p1o1d1t0s0l0f1", &[Task::ProgramRow]),
        ("p1o1d1t1s0l0f0", &[Task::ProgramOn]),
        ("p2o1d1t1s0l0f0", &[Task::ProgramOn]),
        ("p2o1d1t1s0l0f0", &[Task::ProgramOn, Task::ReadOn]),
        ("p1o1d1t1s1l1f0", &[Task::ProgramOn]),
        ("p1o1d1t0s0l0f1", &[Task::ProgramOn]),
    ];
    for (bounds, tasks) in cases {
        for name in ["MX25R6435F", "MT25QU256A"] {
            let workload = Workload {
                tasks,
                region: 8192,
                ..Workload::DEFAULT
            };
            let options = Options {
                part: part(name).expect("a known part"),
                limit: 4_000,
                ..options(bounds)
            };
            let (report, _) = search_with::<Board>(options, workload, |_, _| {}, |_, _| {});
            println!(
                "{name} {bounds} {tasks:?}: {} {}",
                report.schedules, report.exhaustive
            );
            assert!(report.breaches.is_empty(), "{name} {tasks:?} {report:#?}");
            let enough = report.exhaustive || report.schedules >= options.limit;
            assert!(enough, "{name} {tasks:?} {report:#?}");
        }
    }
}

/// What is asked of the part beside its array, and looks at what was done; with deaths, detaches and
/// faults. Where all orders would take long, these are the first so many.
#[test]
fn no_order_of_what_is_beside_the_array_breaks_the_contract() {
    let macronix: [&'static [Task]; 3] = [
        &[Task::ProgramVerified, Task::EraseSparing],
        &[Task::ReadSecurity, Task::ProgramSecurity],
        &[Task::ProgramSecurity, Task::Read],
    ];
    let winbond: [&'static [Task]; 2] = [
        &[Task::Unlock, Task::Relock],
        &[Task::ProgramSecurity, Task::EraseSecurity],
    ];
    let macronix = macronix.map(|tasks| ("MX25R6435F", tasks, 0));
    let winbond = winbond.map(|tasks| ("W25Q128JV", tasks, 0x1C));
    for (name, tasks, status) in macronix.into_iter().chain(winbond) {
        for bounds in ["p1o2d1t1s0l0f0", "p2o1d1t0s0l0f0", "p1o2d0t0s0l0f1"] {
            let workload = Workload {
                tasks,
                region: 8192,
                grants: Grants::UNLOCK.and(Grants::READ_OTP).and(Grants::WRITE_OTP),
                status,
                ..Workload::DEFAULT
            };
            let options = Options {
                part: part(name).expect("a known part"),
                limit: 3_000,
                ..options(bounds)
            };
            let (report, _) = search_with::<Board>(options, workload, |_, _| {}, |_, _| {});
            assert!(report.breaches.is_empty(), "{tasks:?} {bounds} {report:#?}");
            assert!(report.schedules >= 50, "{tasks:?} {bounds} {report:#?}");
            println!(
                "{name} {tasks:?} {bounds}: {} schedules, all: {}",
                report.schedules, report.exhaustive
            );
        }
    }
}

#[test]
fn no_fault_breaks_the_contract_within_small_bounds() {
    for bounds in ["p1o3d0t0s0l0f1", "p1o1d1t0s0l0f1", "p1o1d0t1s0l0f1"] {
        let report = explored(options(bounds));
        assert!(report.schedules >= 1_000, "{bounds}: {report:#?}");
    }
}

/// Pruning leaves schedules out, and must leave no state out.
#[test]
fn with_and_without_pruning_the_same_states_are_met() {
    for bounds in ["p1o1d1t0s0l0f0", "p1o1d0t1s0l0f0", "p1o2d0t0s0l0f0"] {
        let pruned = explored(options(bounds));
        let all = explored(Options {
            prune: false,
            ..options(bounds)
        });
        assert_eq!(pruned.states, all.states, "{bounds}");
        assert!(pruned.schedules * 4 < all.schedules, "{bounds}");
        assert_eq!((pruned.pruned > 0, all.pruned), (true, 0));
    }
}

/// Threads share what they have seen, so states must not depend on which board they are
/// met on.
#[test]
fn one_thread_meets_the_same_states_as_two() {
    let bounds = "p1o2d0t1s0l0f0";
    let one = explored(Options {
        jobs: 1,
        ..options(bounds)
    });
    assert_eq!(one.states, explored(options(bounds)).states);
}

#[test]
fn a_schedule_is_the_same_run_each_time() {
    let schedule: Schedule = "p2o2d1t1s0l0f0@3.1,20.2,33.1".parse().expect("a schedule");
    let run = || {
        World::<Board>::new(the_part(), schedule.bounds).run(
            &schedule.choices,
            None,
            None,
            |_, _| {},
        )
    };
    let first = run();
    assert_eq!(first, run());
    // On a board that has run something else before, too.
    let mut world = World::<Board>::new(the_part(), schedule.bounds);
    world.run(&[0, 1, 0, 1, 1], None, None, |_, _| {});
    assert_eq!(first, world.run(&schedule.choices, None, None, |_, _| {}));
}

#[test]
fn random_orders_with_all_faults_keep_the_contract() {
    let report = random::<Board>(&options("p3o40d4t2s2l4f3"), 7, 8_000, |_| {});
    assert!(report.breaches.is_empty(), "{report:#?}");
    assert!(report.operations >= 8_000);
    // Each fault was armed, and deaths hit operations.
    assert_eq!(report.faults.len(), 12, "{report:#?}");
    assert!(report.orphaned * 10 > report.operations, "{report:#?}");
}

/// What is tried with rows of pages is what it is about.
#[test]
fn rows_of_pages_are_given_to_the_controller_early() {
    let workload = Workload {
        tasks: &[Task::ProgramRow],
        region: 8192,
        ..Workload::DEFAULT
    };
    let bounds = "p1o1d0t0s0l0f0".parse().expect("bounds");
    let mut queued = 0;
    World::<Board>::with_workload(the_part(), bounds, workload).run(&[], None, None, |board, _| {
        queued = board.device().counters().queued;
    });
    assert!(queued >= 2, "{queued}");
}

/// The same of apps that read on and on, beside others that program and erase: what is read ahead is
/// taken over, or lost to a fault, at any moment.
#[test]
fn random_orders_of_reads_in_a_row_keep_the_contract() {
    for tasks in [
        &[Task::ReadRow] as &[Task],
        &[
            Task::ReadRow,
            Task::ReadRow,
            Task::ProgramOn,
            Task::EraseAll,
        ],
        &[Task::ReadRow, Task::ProgramRow, Task::EraseAll],
    ] {
        let workload = Workload {
            tasks,
            region: 8192,
            ..Workload::DEFAULT
        };
        let bounds = options("p3o40d4t2s2l4f3");
        let report = random_with::<Board>(&bounds, workload, 11, 4_000, |_| {});
        assert!(report.breaches.is_empty(), "{tasks:?} {report:#?}");
        assert!(report.operations >= 4_000, "{tasks:?}");
        assert!(report.orphaned * 10 > report.operations, "{report:#?}");
    }
}

/// Schedules that broke the contract once. Their choices may mean something else by now; what
/// they found has tests of its own where it could be told apart.
#[test]
fn what_broke_the_contract_once_does_not_any_more() {
    for once in [
        // A part that became busy again between the two greetings was disabled.
        "p3o40d4t2s2l4f3@6.7,16.3,23.18,26.17,27.3,32.15,47.2,66.2,87.1,189.1",
        // A CPU that came late twice within one long frame took it for hung.
        "p3o40d4t2s2l4f3@14.17,18.1,24.18,61.18,78.2,99.4,107.1,120.1,126.1",
        // Four hundred seconds of patience with a part that nothing had been begun in.
        "p3o40d4t2s2l4f3@43.18,60.1,67.7,87.18,92.8",
        // A controller that was stopped while it sent RST: the part was spoken to as it came up.
        "p3o40d4t2s2l4f3@23.2,73.3,79.4,92.17,104.8",
    ] {
        let schedule: Schedule = once.parse().expect("a schedule");
        let run = World::<Board>::new(the_part(), schedule.bounds).run(
            &schedule.choices,
            None,
            None,
            |_, _| {},
        );
        assert_eq!(run.breaches, [], "{once}");
    }
}
