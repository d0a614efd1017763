// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Two traces, line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// Equal lines that are shown before the first one that differs.
const CONTEXT: usize = 12;

/// Lines that are compared, and how many were.
pub struct Compared {
    /// Lines that are equal.
    pub lines: u64,
    /// The first that are not, in words.
    pub difference: Option<String>,
}

/// Compares two traces in files.
///
/// # Errors
/// If one can't be read.
pub fn files(host: &Path, upstream: &Path) -> Result<Compared, String> {
    let open = |path: &Path| {
        File::open(path)
            .map(BufReader::new)
            .map_err(|error| format!("{}: {error}", path.display()))
    };
    lines(open(host)?, open(upstream)?).map_err(|error| error.to_string())
}

/// Compares two traces.
///
/// # Errors
/// If one can't be read.
pub fn lines(mut host: impl BufRead, mut upstream: impl BufRead) -> io::Result<Compared> {
    let mut before: Vec<Vec<u8>> = Vec::new();
    let mut count = 0;
    let (mut one, mut other) = (Vec::new(), Vec::new());
    loop {
        one.clear();
        other.clear();
        host.read_until(b'\n', &mut one)?;
        upstream.read_until(b'\n', &mut other)?;
        if one != other {
            return Ok(Compared {
                lines: count,
                difference: Some(words(&before, &one, &other)),
            });
        }
        if one.is_empty() {
            return Ok(Compared {
                lines: count,
                difference: None,
            });
        }
        count += 1;
        if before.len() == CONTEXT {
            before.rotate_left(1);
            before.pop();
        }
        before.push(one.clone());
    }
}

fn words(before: &[Vec<u8>], host: &[u8], upstream: &[u8]) -> String {
    let told = |line: &[u8]| match line {
        [] => "(the end)".to_owned(),
        line => String::from_utf8_lossy(line).trim_end().to_owned(),
    };
    let mut text = String::new();
    for line in before {
        text += &format!("           {}\n", told(line));
    }
    text += &format!("  host     {}\n  upstream {}", told(host), told(upstream));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(host: &str, upstream: &str) -> Compared {
        lines(host.as_bytes(), upstream.as_bytes()).unwrap()
    }

    #[test]
    fn equal_traces_are_counted() {
        let same = compared("a\nb\n", "a\nb\n");
        assert_eq!((same.lines, same.difference), (2, None));
        let empty = compared("", "");
        assert_eq!((empty.lines, empty.difference), (0, None));
    }

    #[test]
    fn the_first_difference_is_told_with_what_came_before() {
        let other = compared("a\nb\nc\n", "a\nx\nc\n");
        assert_eq!(other.lines, 1);
        assert_eq!(
            other.difference.unwrap(),
            "           a\n  host     b\n  upstream x"
        );
    }

    #[test]
    fn a_trace_that_ends_early_differs() {
        let shorter = compared("a\n", "a\nb\n");
        assert_eq!(
            shorter.difference.unwrap(),
            "           a\n  host     (the end)\n  upstream b"
        );
        assert!(compared("a\n", "a").difference.is_some());
    }

    #[test]
    fn context_is_bounded() {
        let many: String = (0..100).map(|number| format!("{number}\n")).collect();
        let difference = compared(&many, &format!("{many}x\n")).difference.unwrap();
        assert_eq!(difference.lines().count(), CONTEXT + 2);
        assert!(difference.starts_with("           88\n"));
    }
}
