// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How the program ends when not all went well.

use std::process::ExitCode;

/// Why.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The input is of no use: one line says why. Exit code 2.
    Input(String),
    /// The run was not what it should be, and that was said, or is said by this line.
    /// Exit code 1.
    Run(Option<String>),
}

impl Failure {
    /// Input of no use. What others said about it comes in one line.
    pub fn input(why: impl Into<String>) -> Failure {
        Failure::Input(one_line(&why.into()))
    }

    /// A run that went wrong.
    pub fn run(why: impl Into<String>) -> Failure {
        Failure::Run(Some(one_line(&why.into())))
    }

    /// Tells standard error.
    pub fn report(self) -> ExitCode {
        let (line, code) = match self {
            Failure::Input(line) => (Some(line), 2),
            Failure::Run(line) => (line, 1),
        };
        if let Some(line) = line {
            eprintln!("tock-qspi: {line}");
        }
        ExitCode::from(code)
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line() {
        assert_eq!(
            Failure::input("a\n  b\r\nc"),
            Failure::Input("a b c".to_owned())
        );
    }
}
