// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Several apps on one part.

use super::{Lab, TO_THE_END, Verdict};

/// Two apps share the part; the array then holds what both say.
///
/// # Errors
///
/// It does not.
pub fn two(lab: &Lab) -> Verdict {
    let run = lab.bench()?.run(&["churn-a", "churn-b"], TO_THE_END)?;
    run.passed("churn-a")?;
    run.passed("churn-b")?;
    run.all_told_but(0)
}

/// As many as there is room for, upstream's storage among them.
///
/// # Errors
///
/// One of them does not pass.
pub fn eight(lab: &Lab) -> Verdict {
    let apps = [
        "basic",
        "bad-input-rw",
        "bad-input-ro",
        "log-writer",
        "bulk-verifier",
        "churn-a",
        "churn-b",
        "isolated",
    ];
    let run = lab.bench()?.run(&apps, TO_THE_END)?;
    for app in apps {
        run.passed(app)?;
    }
    run.all_told_but(0)
}
