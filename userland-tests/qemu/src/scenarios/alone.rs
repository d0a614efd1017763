// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One app at a time.

use super::{Lab, TO_THE_END, Verdict, same};
use crate::array::region_of;
use crate::figures;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use userland_cases::pattern;

/// Apps that say themselves whether they passed.
pub const JUDGES: [&str; 6] = [
    "basic",
    "bad-input-rw",
    "bad-input-ro",
    "bad-input-none",
    "bulk-reader",
    "bulk-verifier",
];

/// Runs one of [`JUDGES`].
///
/// # Errors
///
/// It did not pass.
pub fn passes(lab: &Lab, app: &str) -> Verdict {
    let run = lab.bench()?.run(&[app], TO_THE_END)?;
    run.passed(app)?;
    run.all_told_but(0)
}

/// A log goes on where it was when the board was switched off.
///
/// # Errors
///
/// It does not.
pub fn log_goes_on(lab: &Lab) -> Verdict {
    let bench = lab.bench()?;
    for from_before in ["(0 from before)", "(5 from before)", "(5 from before)"] {
        let run = bench.run(&["log-writer"], TO_THE_END)?;
        run.passed("log-writer")?;
        run.all_told_but(0)?;
        if !run.said.contains(from_before) {
            return Err(format!("not {from_before}:\n{}", run.said).into());
        }
    }
    Ok(())
}

/// What an app writes to the console is what is in the array.
///
/// # Errors
///
/// It is not.
pub fn dump_is_the_array(lab: &Lab) -> Verdict {
    const LENGTH: usize = 0x1_0000;
    let bench = lab.bench()?;
    // Bytes that a terminal leaves alone.
    let content: String = (0..LENGTH as u32)
        .map(|at| char::from(b'!' + pattern::byte(7, at) % 90))
        .collect();
    OpenOptions::new()
        .write(true)
        .open(&bench.array.path)?
        .write_all_at(content.as_bytes(), region_of("dump"))?;
    let run = bench.run(&["dump"], TO_THE_END)?;
    run.all_told_but(0)?;
    run.app_is("dump", "code", "Some(Some(0))")?;
    if !run.said.contains(&content) {
        return Err(format!("the region's content is not in\n{}", run.said).into());
    }
    figures::add(|sums| sums.bytes += LENGTH as u64);
    Ok(())
}

/// Upstream's isolated storage on top of our stack keeps what an app wrote.
///
/// # Errors
///
/// It does not.
pub fn isolated_storage(lab: &Lab) -> Verdict {
    let bench = lab.bench()?;
    for number in 1..=3 {
        let run = bench.run(&["isolated"], TO_THE_END)?;
        run.passed("isolated")?;
        if !run.said.contains(&format!("ok isolated: run {number},")) {
            return Err(format!("not run {number}:\n{}", run.said).into());
        }
    }
    Ok(())
}

/// The same run is the same, to the last count.
///
/// # Errors
///
/// It is not.
pub fn twice_the_same(lab: &Lab) -> Verdict {
    let said = |_| -> Result<String, Box<dyn std::error::Error>> {
        Ok(lab.bench()?.run(&["churn-a", "basic"], TO_THE_END)?.said)
    };
    let (one, other) = (said(1)?, said(2)?);
    same("what was said", one, other)
}
