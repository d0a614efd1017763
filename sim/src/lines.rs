// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps' console output as lines of the timeline.

use crate::console::Sink;
use kernel::ProcessId;
use kernel::process::ShortId;
use std::cell::RefCell;

/// Which app of a board a process is: apps have the short ids 1, 2, 3...
pub fn index_of(process: ProcessId) -> Option<usize> {
    match process.short_app_id() {
        ShortId::Fixed(id) => usize::try_from(id.get()).ok()?.checked_sub(1),
        ShortId::LocallyUnique => None,
    }
}

/// Bytes of each app, given out line by line.
#[derive(Default)]
pub struct Lines {
    unfinished: RefCell<Vec<(usize, Vec<u8>)>>,
    finished: RefCell<Vec<(usize, String)>>,
}

impl Lines {
    /// Lines that were finished since the last call, with the app's index.
    pub fn take(&self) -> Vec<(usize, String)> {
        self.finished.take()
    }

    /// What was printed with no newline after it.
    pub fn take_rest(&self) -> Vec<(usize, String)> {
        self.unfinished
            .take()
            .into_iter()
            .filter(|(_, bytes)| !bytes.is_empty())
            .map(|(index, bytes)| (index, String::from_utf8_lossy(&bytes).into_owned()))
            .collect()
    }

    fn add(&self, index: usize, bytes: &[u8]) {
        let mut unfinished = self.unfinished.borrow_mut();
        let position = unfinished.iter().position(|(of, _)| *of == index);
        let position = position.unwrap_or_else(|| {
            unfinished.push((index, Vec::new()));
            unfinished.len() - 1
        });
        let line = &mut unfinished[position].1;
        for byte in bytes {
            if *byte == b'\n' {
                let text = String::from_utf8_lossy(line).into_owned();
                self.finished.borrow_mut().push((index, text));
                line.clear();
            } else {
                line.push(*byte);
            }
        }
    }
}

impl Sink for Lines {
    fn print(&self, process: ProcessId, bytes: &[u8]) {
        if let Some(index) = index_of(process) {
            self.add(index, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_two_apps_do_not_mix() {
        let lines = Lines::default();
        lines.add(0, b"one ");
        lines.add(1, b"uno\ndos");
        lines.add(0, b"two\n");
        assert_eq!(
            lines.take(),
            [(1, "uno".to_owned()), (0, "one two".to_owned())]
        );
        assert_eq!(lines.take(), []);
        assert_eq!(lines.take_rest(), [(1, "dos".to_owned())]);
    }
}
