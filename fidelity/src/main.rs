// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The program `tock-qspi`, on upstream's kernel.
use std::process::ExitCode;

fn main() -> ExitCode {
    tock_qspi::cli::main()
}
