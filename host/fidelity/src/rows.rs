// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The rows of kernel behaviour: tests that are built with either kernel, each run in a process of
//! its own, since upstream's kernel has one board in a program.

use crate::build::{Built, Programs};
use crate::compare::files;
use crate::report::Report;
use crate::tickv;
use crate::work::for_each;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Tests of what upstream's kernel has not, or does in the embedder.
const HOST_ONLY: [&str; 4] = [
    "host_embedding",
    "host_many_boards",
    "leaf_deferred_call_reset",
    "leaf_many_boards",
];

/// Compares them all.
///
/// # Errors
/// If they can't be run, or not the same ones were built.
pub fn compare(programs: &Programs, scratch: &Path, report: &mut Report) -> Result<(), String> {
    let names = |built: &Built| -> BTreeSet<String> { built.tests.keys().cloned().collect() };
    let mut expected = names(&programs.host);
    for name in HOST_ONLY {
        if !expected.remove(name) {
            return Err(format!("{name} is not among the tests any more"));
        }
    }
    let mut found = names(&programs.upstream);
    if !found.remove(tickv::NAME) {
        return Err(format!("{} is not among the tests any more", tickv::NAME));
    }
    if expected != found {
        return Err(format!(
            "not the same tests were built: {expected:?} and {found:?}"
        ));
    }
    let mut rows = Vec::new();
    for name in &expected {
        let host = &programs.host.tests[name];
        let upstream = &programs.upstream.tests[name];
        let tests = listed(host)?;
        if tests.is_empty() || tests != listed(upstream)? {
            return Err(format!("{name} has not the same tests on both"));
        }
        rows.extend(tests.into_iter().map(|test| (name, test, host, upstream)));
    }
    eprintln!("fidelity: {} rows", rows.len());
    let results = for_each(&rows, |(name, test, host, upstream)| {
        // Whoever makes no board leaves them empty.
        let traces =
            ["host", "upstream"].map(|kernel| scratch.join(format!("{kernel}-{name}-{test}")));
        let failures = [("host", host), ("upstream", upstream)]
            .into_iter()
            .zip(&traces)
            .filter_map(|((kernel, program), trace)| {
                run(program, test, trace)
                    .err()
                    .map(|error| format!("{name}::{test} on the {kernel} kernel: {error}"))
            })
            .collect::<Vec<_>>();
        (failures, files(&traces[0], &traces[1]))
    });
    for ((name, test, ..), (failures, compared)) in rows.iter().zip(results) {
        for failure in failures {
            report.rows.differ(failure);
        }
        report.rows.add(&format!("{name}::{test}"), compared?);
    }
    Ok(())
}

/// The names of a program's tests.
fn listed(program: &Path) -> Result<Vec<String>, String> {
    let output = Command::new(program)
        .arg("--list")
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(str::to_owned)
        .collect())
}

fn run(program: &Path, test: &str, trace: &Path) -> Result<(), String> {
    File::create(trace).map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .args(["--exact", test, "--test-threads=1"])
        .env("TOCK_TRACE", trace)
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    if output.status.success() && text.contains("1 passed") {
        return Ok(());
    }
    let why = text
        .lines()
        .skip_while(|line| !line.contains("panicked"))
        .take(4)
        .collect::<Vec<_>>()
        .join("\n  ");
    Err(format!("{}\n  {why}", output.status))
}
