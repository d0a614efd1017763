// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What apps must print: the files in `expect/`, and whether a console has had it.
//!
//! Each line of a file must come, in this order; `*` in it stands for anything. Other
//! lines may come between them, from the kernel and from other apps.

use crate::error::{Doing, Error};
use std::path::Path;

/// What one app must print.
#[derive(Clone, Debug)]
pub struct Expected {
    app: String,
    lines: Vec<String>,
}

impl Expected {
    /// What the app called `name` must print, from the folder `expect`.
    ///
    /// # Errors
    ///
    /// There is no such file, or its last line is not the one that tests end with.
    pub fn read(expect: &Path, name: &str) -> Result<Expected, Error> {
        let path = expect.join(format!("{name}.txt"));
        let text = std::fs::read_to_string(&path).doing(path.display())?;
        Expected::parse(name, &text).doing(path.display())
    }

    /// What the app called `name` must print, from what such a file says.
    ///
    /// # Errors
    ///
    /// Its last line is not the one that tests end with.
    pub fn parse(name: &str, text: &str) -> Result<Expected, Error> {
        let lines: Vec<String> = text.lines().map(String::from).collect();
        let sentinel = sentinel(name);
        if lines.last() != Some(&sentinel) {
            return Err(format!("the last line has to be {sentinel}"));
        }
        let app = name.into();
        Ok(Expected { app, lines })
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// The line that an app ends with that has passed.
fn sentinel(app: &str) -> String {
    format!("TEST PASS {app}")
}

/// What a console has shown so far.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// There is more to come.
    Waiting,
    /// All was there.
    Passed,
    /// What was wrong.
    Failed(String),
}

/// Follows a console.
#[derive(Clone, Debug)]
pub struct Follower {
    waiting: Vec<(Expected, usize)>,
    unfinished: Vec<u8>,
}

impl Follower {
    /// Waits for all that is `expected`.
    pub fn new(expected: Vec<Expected>) -> Follower {
        Follower {
            waiting: expected.into_iter().map(|one| (one, 0)).collect(),
            unfinished: Vec::new(),
        }
    }

    /// Takes what the console shows next.
    pub fn take(&mut self, bytes: &[u8]) -> Verdict {
        self.unfinished.extend_from_slice(bytes);
        while let Some(end) = self.unfinished.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unfinished.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(why) = self.line(line.trim_end()) {
                return Verdict::Failed(why);
            }
        }
        if self.waiting.is_empty() {
            Verdict::Passed
        } else {
            Verdict::Waiting
        }
    }

    /// What has not come, for when there is no more time.
    pub fn missing(&self) -> String {
        let missing: Vec<String> = self
            .waiting
            .iter()
            .filter_map(|(expected, next)| {
                let line = expected.lines.get(*next)?;
                Some(format!("{}: no line {line:?}", expected.app))
            })
            .collect();
        missing.join(", ")
    }

    fn line(&mut self, line: &str) -> Option<String> {
        if is_bad(line) {
            return Some(format!("the console says: {line}"));
        }
        for (expected, next) in &mut self.waiting {
            if expected
                .lines
                .get(*next)
                .is_some_and(|pattern| fits(pattern, line))
            {
                *next += 1;
            } else if line == sentinel(&expected.app) {
                let missing = expected.lines.get(*next)?;
                return Some(format!("{line}, but there was no line {missing:?}"));
            }
        }
        self.waiting
            .retain(|(expected, next)| *next < expected.lines.len());
        None
    }
}

/// A case or a test that failed, an app or a kernel that panicked.
fn is_bad(line: &str) -> bool {
    ["FAIL ", "TEST FAIL ", "PANIC: "]
        .iter()
        .any(|start| line.starts_with(start))
        || line.contains("panicked at")
}

/// Whether `line` is `pattern`, with anything for each `*`.
fn fits(pattern: &str, line: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == line;
    };
    line.strip_prefix(first).is_some_and(|line| {
        (0..=line.len())
            .filter_map(|from| line.get(from..))
            .any(|line| fits(rest, line))
    })
}

#[cfg(test)]
mod tests {
    use super::{Expected, Follower, Verdict, fits};

    fn follower() -> Follower {
        let one = "TEST start one\nok a\nok b: * bytes, * more\nTEST PASS one\n";
        let two = "TEST start two\nTEST PASS two\n";
        Follower::new(vec![
            Expected::parse("one", one).unwrap(),
            Expected::parse("two", two).unwrap(),
        ])
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(fits("ok b: * bytes, * more", "ok b: 12 bytes, 3 more"));
        assert!(fits("*", ""));
        assert!(!fits("ok b: * bytes", "ok b: 12 bytes "));
        assert!(!fits("ok b: 12 bytes", "ok b: 13 bytes"));
        assert!(!fits("ok b: * bytes", "ok b: 12 byteß"));
    }

    #[test]
    fn passes_with_lines_of_others_between() {
        let mut follower = follower();
        let text = "Tock\r\nTEST start two\r\nTEST start one\r\nok a\r\nTEST PASS two\r\n";
        assert_eq!(follower.take(text.as_bytes()), Verdict::Waiting);
        assert_eq!(follower.take(b"ok b: 1 bytes, 2 mo"), Verdict::Waiting);
        assert_eq!(follower.take(b"re\nTEST PASS one"), Verdict::Waiting);
        assert_eq!(follower.missing(), "one: no line \"TEST PASS one\"");
        assert_eq!(follower.take(b"\n"), Verdict::Passed);
    }

    #[test]
    fn a_pass_without_all_its_lines_fails() {
        let verdict = follower().take(b"TEST start one\nok a\nTEST PASS one\n");
        assert!(matches!(verdict, Verdict::Failed(why) if why.contains("ok b")));
    }

    #[test]
    fn failures_fail() {
        for line in [
            "FAIL a: read: expected 1, found 2",
            "TEST FAIL one",
            "PANIC: at 3",
            "thread panicked at x.rs:1",
        ] {
            let verdict = follower().take(format!("TEST start one\n{line}\n").as_bytes());
            assert!(matches!(verdict, Verdict::Failed(why) if why.contains(line)));
        }
    }

    #[test]
    fn silence_is_no_pass() {
        assert_eq!(follower().take(b""), Verdict::Waiting);
        assert_eq!(follower().take(b"TEST start one\n"), Verdict::Waiting);
    }

    #[test]
    fn a_file_without_its_sentinel_is_refused() {
        assert!(Expected::parse("one", "TEST start one\n").is_err());
        assert!(Expected::parse("one", "TEST PASS two\n").is_err());
        assert!(Expected::parse("one", "").is_err());
    }
}
