// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps that end in mid-operation.

use super::{AT_THE_CONSOLE, Lab, TO_THE_END, Verdict, judge, same};
use crate::emulator::Clock;
use crate::figures;
use crate::image::Options;
use crate::report::Report;

/// Apps that end by themselves with an operation outstanding: the name, how, and whether the
/// hardware was at it.
pub const ENDING: [(&str, &str, u64); 6] = [
    ("die-exit-open", "Terminated", 0),
    ("die-exit-read", "Terminated", 1),
    ("die-exit-program", "Terminated", 1),
    ("die-exit-closing", "Terminated", 1),
    ("die-fault-read", "Faulted", 1),
    ("die-fault-erase", "Faulted", 1),
];

/// Runs one of [`ENDING`], with a neighbour.
///
/// # Errors
///
/// It ends otherwise, or the neighbour notices.
pub fn ends(lab: &Lab, (app, state, in_flight): (&str, &str, u64)) -> Verdict {
    let bench = lab.bench()?;
    let run = bench.run(&[app, "churn-a"], TO_THE_END)?;
    run.app_is(app, "state", state)?;
    if state == "Terminated" {
        run.app_is(app, "code", "Some(Some(0))")?;
    }
    run.passed("churn-a")?;
    run.all_told_but(1)?;
    // With the flash to itself the operation is at the hardware when the app ends.
    let run = bench.run(&[app], TO_THE_END)?;
    run.app_is(app, "state", state)?;
    run.all_told_but(1)?;
    run.outlived_by(in_flight)
}

/// The lease of an app that ends with nothing outstanding goes, and the part with it.
///
/// # Errors
///
/// It does not.
pub fn holding_a_lease(lab: &Lab) -> Verdict {
    let run = lab.bench()?.run(&["holder"], TO_THE_END)?;
    run.passed("holder")?;
    run.all_told_but(0)?;
    // Once to identify the part, once for the app.
    same("power_downs", run.report.number("device.power_downs")?, 2)
}

/// With nobody to sweep the leases of the dead the part stays on, and this suite finds it out:
/// what the other scenarios look at is what the sweep does, and nothing else does it.
///
/// # Errors
///
/// It is not found out.
pub fn without_a_sweep(lab: &Lab) -> Verdict {
    let options = Options {
        unswept: true,
        ..TO_THE_END
    };
    let ended = lab
        .bench()?
        .start(&["holder"], options, Clock::Eager)?
        .end()?;
    let report = Report::read(&ended.said)?;
    same("kept", report.kept, false)?;
    same("the status", ended.status, 1)?;
    for (name, wanted) in [
        ("driver.leases", 0),
        ("driver.unswept", 1),
        ("registers.off", 0),
        ("device.power_ups", 2),
        ("device.power_downs", 1),
    ] {
        same(name, report.number(name)?, wanted)?;
    }
    Ok(())
}

/// An app that faults on the MPU in mid-read is stopped, and takes nobody with it.
///
/// # Errors
///
/// It does.
pub fn mpu_fault_stopped(lab: &Lab) -> Verdict {
    let bench = lab.bench()?;
    let run = bench.run(&["fault-mpu", "churn-a"], TO_THE_END)?;
    run.app_is("fault-mpu", "state", "Faulted")?;
    run.app_is("fault-mpu", "restarts", "0")?;
    run.passed("churn-a")?;
    run.all_told_but(1)?;
    // With the flash to itself the read is at the hardware when the app ends.
    let run = bench.run(&["fault-mpu"], TO_THE_END)?;
    run.all_told_but(1)?;
    run.outlived_by(1)
}

/// The same, restarted each time: every life is a stranger's.
///
/// # Errors
///
/// One is not.
pub fn mpu_fault_restarted(lab: &Lab) -> Verdict {
    let options = Options {
        restart: true,
        ..TO_THE_END
    };
    let bench = lab.bench()?;
    let run = bench.run(&["fault-mpu", "churn-a"], options)?;
    run.app_is("fault-mpu", "state", "Faulted")?;
    run.app_is("fault-mpu", "restarts", "5")?;
    run.passed("churn-a")?;
    run.all_told_but(6)?;
    let run = bench.run(&["fault-mpu"], options)?;
    run.all_told_but(6)?;
    run.outlived_by(6)
}

/// An app is terminated at the process console in mid-erase.
///
/// # Errors
///
/// The erase, the lease or the neighbour is not what it has to be after it.
pub fn terminated_in_mid_erase(lab: &Lab) -> Verdict {
    let bench = lab.bench()?;
    let mut board = bench.start(&["erase-on", "churn-a"], AT_THE_CONSOLE, Clock::Paced)?;
    board.expect("ERASING 2\r?\n")?;
    board.type_line("terminate erase-on")?;
    board.expect("Process erase-on terminated")?;
    let run = judge(board.end()?)?;
    run.app_is("erase-on", "state", "Terminated")?;
    run.passed("churn-a")?;
    run.all_told_but(1)?;
    let bytes = bench.array.compare(&run.said)?;
    figures::add(|sums| sums.bytes += bytes);
    Ok(())
}

/// An app that is stopped at the console in mid-erase is not dead: it gets its upcall when it
/// goes on.
///
/// # Errors
///
/// It does not.
pub fn stopped_in_mid_erase(lab: &Lab) -> Verdict {
    let bench = lab.bench()?;
    let mut board = bench.start(&["erase-on"], AT_THE_CONSOLE, Clock::Paced)?;
    board.expect("ERASING 2\r?\n")?;
    board.type_line("stop erase-on")?;
    board.expect("Process erase-on stopped")?;
    board.type_line("start erase-on")?;
    board.expect("Process erase-on resumed")?;
    board.expect("ERASING 4\r?\n")?;
    board.type_line("terminate erase-on")?;
    board.expect("Process erase-on terminated")?;
    let run = judge(board.end()?)?;
    run.all_told_but(1)
}

/// An app that exits and restarts at once, again and again, with a program outstanding.
///
/// # Errors
///
/// A life finds something of the one before, or the neighbour notices.
pub fn restarts_at_once(lab: &Lab) -> Verdict {
    const RESTARTS: u64 = 25;
    let bench = lab.bench()?;
    let app = "die-restart-program";
    let mut board = bench.start(&[app, "churn-a"], AT_THE_CONSOLE, Clock::Paced)?;
    board.expect("TEST PASS churn-a")?;
    loop {
        board.type_line("list")?;
        let found = board.expect(&format!(r"{app}\s+\d+\s+\d+\s+(\d+)\s+\d+/"))?;
        let restarts: u64 = found.get(1).ok_or("no number")?.parse()?;
        if restarts >= RESTARTS {
            break;
        }
        board.expect(r"tock\$ ")?;
    }
    board.type_line(&format!("terminate {app}"))?;
    board.expect(&format!("Process {app} terminated"))?;
    let run = judge(board.end()?)?;
    run.passed("churn-a")?;
    let restarts: u64 = run.report.app(app, "restarts")?.parse()?;
    // Each life left one operation behind, the last one perhaps none.
    let accepted = run.report.number("driver.accepted")?;
    let delivered = run.report.number("driver.delivered")?;
    let untold = accepted - delivered;
    if untold != restarts && untold != restarts + 1 {
        return Err(format!("{restarts} restarts, {untold} operations untold").into());
    }
    figures::add(|sums| sums.deaths += untold);
    Ok(())
}

/// An app that would go on for ever with an operation outstanding, until it is terminated.
///
/// # Errors
///
/// It can't be, or leaves something behind.
pub fn goes_on_until_terminated(lab: &Lab, app: &str) -> Verdict {
    let bench = lab.bench()?;
    let mut board = bench.start(&[app, "churn-a"], AT_THE_CONSOLE, Clock::Paced)?;
    board.expect("TEST PASS churn-a")?;
    board.type_line(&format!("terminate {app}"))?;
    board.expect(&format!("Process {app} terminated"))?;
    let run = judge(board.end()?)?;
    run.app_is(app, "state", "Terminated")?;
    run.passed("churn-a")?;
    // What is outstanding, or was not collected, depends on the moment; that it is little does not.
    let untold = run.report.number("driver.accepted")? - run.report.number("driver.delivered")?;
    if untold > 1 {
        return Err(format!("{untold} operations without an upcall").into());
    }
    figures::add(|sums| sums.deaths += untold);
    Ok(())
}
