// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the tests of the program from outside share.

// Each test program uses a part of it.
#![allow(dead_code)]

pub mod machine_code;

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::thread;
use tempfile::TempDir;

/// The smallest part: its images are quick to write and to compare.
pub const PART: &str = "MX25R8035F";
/// Bytes of it.
pub const SIZE: usize = 1 << 20;
/// Bytes of a sector.
pub const SECTOR: usize = 4096;

/// The program.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tock-qspi"));
    // Lines are wrapped at the width of the terminal, if the environment says one.
    command.env_remove("COLUMNS");
    command
}

/// What the program answers to `arguments`.
pub fn answer(arguments: &[&str]) -> Output {
    program().args(arguments).output().expect("it starts")
}

/// Standard output, as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("standard output is UTF-8")
}

/// Standard error, as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("standard error is UTF-8")
}

/// Standard output, as JSON.
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

/// Input of no use was answered as promised: exit code 2, one line on standard error
/// that has all of `words` in it, and nothing on standard output.
#[track_caller]
pub fn assert_refused(output: &Output, words: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(stdout(output), "", "{said}");
    assert!(
        said.ends_with('\n') && said.lines().count() == 1,
        "not one line: {said:?}"
    );
    let line = said.trim();
    let rest = line.strip_prefix("tock-qspi: ");
    assert!(rest.is_some_and(|rest| !rest.is_empty()), "{said:?}");
    for word in words {
        assert!(line.contains(word), "{word:?} is not in {line:?}");
    }
}

/// A command line that is none was answered as promised. The parser's answers have more
/// than one line: what is wrong, and how it is right.
#[track_caller]
pub fn assert_not_understood(output: &Output, words: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(stdout(output), "", "{said}");
    assert!(said.starts_with("error: "), "{said:?}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said:?}");
    }
}

/// A folder with images in it, gone at the end.
pub struct Folder {
    folder: TempDir,
}

impl Folder {
    /// An empty one, that other users may look into.
    pub fn new() -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("it is ours");
        Folder { folder }
    }

    /// A name in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A name in it, as an argument.
    pub fn name(&self, name: &str) -> String {
        text(&self.path(name)).to_owned()
    }

    /// A file in it.
    pub fn file(&self, name: &str, content: &[u8]) -> String {
        fs::write(self.path(name), content).expect("it is ours");
        self.name(name)
    }

    /// An image of [`PART`] in it.
    pub fn image(&self, name: &str) -> Image {
        self.image_of(name, noise(SIZE))
    }

    /// An image with this content in it.
    pub fn image_of(&self, name: &str, content: Vec<u8>) -> Image {
        let path = self.file(name, &content);
        let modified = times(Path::new(&path));
        Image {
            path,
            content,
            modified,
        }
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().expect("the path is UTF-8")
}

/// Bytes without any order, the same each time: what is neither erased nor zero.
pub fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

fn times(path: &Path) -> (i64, i64) {
    let found = fs::metadata(path).expect("it is there");
    (found.mtime(), found.mtime_nsec())
}

/// An image, and what was in it at first.
pub struct Image {
    /// Its name, as an argument.
    pub path: String,
    /// What was in it at first.
    pub content: Vec<u8>,
    modified: (i64, i64),
}

impl Image {
    /// What is in it now.
    pub fn now(&self) -> Vec<u8> {
        fs::read(&self.path).expect("it is there")
    }

    /// Nobody wrote to it, not even the same bytes.
    #[track_caller]
    pub fn assert_untouched(&self) {
        assert!(self.now() == self.content, "{} was changed", self.path);
        assert_eq!(times(Path::new(&self.path)), self.modified, "{}", self.path);
    }

    /// Numbers of the sectors that differ from what was in it at first.
    pub fn changed_sectors(&self) -> Vec<usize> {
        let now = self.now();
        assert_eq!(now.len(), self.content.len(), "{}", self.path);
        now.chunks(SECTOR)
            .zip(self.content.chunks(SECTOR))
            .enumerate()
            .filter(|(_, (now, before))| now != before)
            .map(|(number, _)| number)
            .collect()
    }
}

/// What the program answers to a user whom permissions mean something to: for root they
/// do not, so it is run as nobody then, from a copy that nobody can reach.
pub fn answer_without_privileges(folder: &Folder, arguments: &[&str]) -> Output {
    const NOBODY: u32 = 65534;
    let root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let mut command = if root {
        let copy = folder.path("tock-qspi");
        fs::copy(env!("CARGO_BIN_EXE_tock-qspi"), &copy).expect("it can be read");
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).expect("it is ours");
        let mut command = std::process::Command::new(copy);
        command.uid(NOBODY).gid(NOBODY);
        command
    } else {
        std::process::Command::new(env!("CARGO_BIN_EXE_tock-qspi"))
    };
    command.args(arguments);
    loop {
        match command.output() {
            // Another test's thread forked while the copy was being written, and has it open
            // until it executes something itself.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::yield_now(),
            result => return result.expect("it starts"),
        }
    }
}

/// Lets everybody do with a file or a folder only what `mode` says.
pub fn permit(path: &str, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}
