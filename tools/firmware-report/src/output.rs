// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Standard output, of which the reader may be gone.

use crate::Problem;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Prints `text` and a newline. A reader who has gone has seen enough.
pub fn print(text: impl Display) -> Result<(), Problem> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(format!("cannot write to standard output: {error}").into()),
        Ok(()) => Ok(()),
    }
}
