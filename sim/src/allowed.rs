// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the models object to, and the stack may do all the same.

use qspi_models::Violation;

/// Whether it may. `is_outstanding`: there may be an operation whose end has not been seen yet.
pub fn is_allowed(what: &Violation, is_outstanding: bool) -> bool {
    match what {
        // An app may program ones over zeros: the result is the AND of both.
        Violation::ProgramSetsBits { .. } => true,
        // Whether the part has suspended or has ended is not to be seen, so it is resumed
        // either way. It ignores what it has no use for.
        Violation::NothingToSuspend { .. } => is_outstanding,
        _ => false,
    }
}
