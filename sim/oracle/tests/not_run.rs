// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where a tool is missing, the scripts say so and end with 3, which CI takes for NOT RUN.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder of programs, and nothing else on the path.
struct Programs(PathBuf);

impl Programs {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let programs = Self(folder);
        for name in ["bash", "env", "dirname", "sed", "ls", "id"] {
            let path = std::env::split_paths(&std::env::var_os("PATH").unwrap())
                .map(|folder| folder.join(name))
                .find(|path| path.exists())
                .unwrap();
            symlink(path, programs.0.join(name)).unwrap();
        }
        programs
    }

    fn script(self, name: &str, text: &str) -> Self {
        let path = self.0.join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    fn run(&self, tool: &str, arguments: &[&str]) -> Output {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        Command::new(root.join("tools").join(tool))
            .args(arguments)
            .env("PATH", &self.0)
            .output()
            .unwrap()
    }
}

/// A compiler for the host alone: no target, no nightly.
const HOST_ONLY: &str = r#"
case "$1" in
    +nightly) exit 1 ;;
    *) echo /nowhere ;;
esac"#;

fn assert_not_run(output: &Output, wanted: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    for wanted in wanted {
        assert!(said.contains(wanted), "{said:?} lacks {wanted:?}");
    }
    assert!(output.stdout.is_empty());
}

#[test]
fn without_the_embedded_library_it_says_how_to_get_it() {
    let programs = Programs::new("no-library").script("rustc", HOST_ONLY);
    let hints = [
        "rustup target add thumbv7em-none-eabi",
        "rustup toolchain install nightly --component rust-src",
    ];
    assert_not_run(&programs.run("oracle", &[]), &hints);
    assert_not_run(&programs.run("oracle", &["--mutants"]), &hints);
    let programs = programs.script("qemu-system-arm", "exit 1");
    assert_not_run(&programs.run("cross-check-core", &[]), &hints);
}

#[test]
fn without_qemu_it_says_so() {
    let programs = Programs::new("no-qemu").script("rustc", HOST_ONLY);
    let output = programs.run("cross-check-core", &[]);
    assert_not_run(&output, &["qemu-system-arm", "apt-get install"]);
}

#[test]
fn without_apps_it_says_so() {
    let programs = Programs::new("no-apps");
    let output = programs.run("run-tabs", &["/nowhere"]);
    assert_not_run(&output, &["/nowhere", "make tabs"]);
}
