// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How a test says what it found.
//!
//! `TEST start NAME`, then a line `ok CASE` or `FAIL CASE: why` each, then
//! `TEST PASS NAME` or `TEST FAIL NAME`. The app's completion code is 0 for a
//! pass, [`FAILED`] for a fail and [`MUTE`] if the console did not work.

use crate::failure::Failure;
use core::fmt::Display;
use userland_rt::system_call::exit_terminate;
use userland_rt::{console, println};

/// Completion code of a test that failed.
pub const FAILED: u32 = 1;
/// Completion code of a test that could not print.
pub const MUTE: u32 = 2;

/// One thing that must hold.
pub struct Case {
    /// Its name, with underscores.
    pub name: &'static str,
    /// Finds out.
    pub run: fn() -> Result<(), Failure>,
}

/// The case of each named function, under the function's name.
#[macro_export]
macro_rules! cases {
    ($($function:path),* $(,)?) => {
        &[$($crate::report::Case {
            name: ::core::stringify!($function),
            run: $function,
        }),*]
    };
}

/// Runs all `cases` and prints. Says whether all passed.
///
/// # Errors
///
/// The console's.
pub fn suite(name: &str, cases: &[&[Case]]) -> Result<bool, console::Error> {
    println!("TEST start {name}")?;
    let mut passed = true;
    for case in cases.iter().copied().flatten() {
        match (case.run)() {
            Ok(()) => println!("ok {}", case.name)?,
            Err(failure) => {
                passed = false;
                println!("FAIL {}: {failure}", case.name)?;
            }
        }
    }
    verdict(name, passed)
}

/// Runs one `job` and prints its summary. Says whether it passed.
///
/// # Errors
///
/// The console's.
pub fn job<S: Display>(
    name: &str,
    job: impl FnOnce() -> Result<S, Failure>,
) -> Result<bool, console::Error> {
    println!("TEST start {name}")?;
    let passed = match job() {
        Ok(summary) => {
            println!("ok {name}: {summary}")?;
            true
        }
        Err(failure) => {
            println!("FAIL {name}: {failure}")?;
            false
        }
    };
    verdict(name, passed)
}

fn verdict(name: &str, passed: bool) -> Result<bool, console::Error> {
    println!("TEST {} {name}", if passed { "PASS" } else { "FAIL" })?;
    Ok(passed)
}

/// Ends the app with the completion code for `result`.
pub fn finish(result: Result<bool, console::Error>) -> ! {
    exit_terminate(match result {
        Ok(true) => 0,
        Ok(false) => FAILED,
        Err(_) => MUTE,
    })
}
