// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Builds the programs, with one kernel and with the other.

use crate::COMMIT;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The tests that compare with upstream, in both of cargo's profiles.
const PROFILES: [&[&str]; 2] = [&[], &["--release", "--test", "leaf_deferred_call"]];

/// What was built with one kernel.
pub struct Built {
    /// The simulated board.
    pub board: PathBuf,
    /// The tests of kernel behaviour: name, with the profile if it is not the default, and program.
    pub tests: BTreeMap<String, PathBuf>,
}

/// What was built with the host kernel and with upstream's.
pub struct Programs {
    /// With the host's.
    pub host: Built,
    /// With upstream's.
    pub upstream: Built,
}

/// Builds all.
///
/// # Errors
/// If there is no checkout, or something can't be built.
pub fn build(tock: &Path) -> Result<Programs, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .ok_or("this program was built outside its project")?;
    if !tock.join("kernel/Cargo.toml").is_file() {
        return Err(format!(
            "there is no Tock checkout at {0}. To have one:\n    \
             git clone https://github.com/tock/tock {0}\n    \
             git -C {0} checkout {COMMIT}",
            tock.display()
        ));
    }
    let tock = std::path::absolute(tock).map_err(|error| error.to_string())?;
    warn_of_other_commit(&tock);
    let upstream = [
        "--manifest-path".to_owned(),
        root.join("fidelity/Cargo.toml").display().to_string(),
        "--config".to_owned(),
        patch("kernel", &tock.join("kernel")),
        "--config".to_owned(),
        patch("tock-tbf", &tock.join("libraries/tock-tbf")),
        "--config".to_owned(),
        patch("capsules-system", &tock.join("capsules/system")),
        "--config".to_owned(),
        patch("capsules-extra", &tock.join("capsules/extra")),
    ];
    let host = [
        "--manifest-path".to_owned(),
        root.join("Cargo.toml").display().to_string(),
        "--locked".to_owned(),
    ];
    Ok(Programs {
        host: one("host", &host, "tock-qspi", &["-p", "kernel"])?,
        upstream: one("upstream", &upstream, "tock-qspi-upstream", &[])?,
    })
}

fn patch(name: &str, path: &Path) -> String {
    // TOML's literal strings have no escapes.
    format!("patch.crates-io.{name}.path='{}'", path.display())
}

fn warn_of_other_commit(tock: &Path) {
    let git = Command::new("git")
        .arg("-C")
        .arg(tock)
        .args(["rev-parse", "HEAD"])
        .output();
    if let Ok(output) = git
        && output.status.success()
    {
        let head = String::from_utf8_lossy(&output.stdout);
        if head.trim() != COMMIT {
            eprintln!(
                "fidelity: the checkout is at {}, and this project is written against {COMMIT}",
                head.trim()
            );
        }
    }
}

/// What cargo tells of something that it built.
#[derive(Deserialize)]
struct Message {
    executable: Option<PathBuf>,
    target: Option<Target>,
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    rendered: Option<String>,
    level: String,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

fn one(kernel: &str, place: &[String], board: &str, package: &[&str]) -> Result<Built, String> {
    eprintln!("fidelity: building with the {kernel} kernel");
    let release = [
        "build",
        "--release",
        "--package",
        package_of(board),
        "--bin",
        board,
    ];
    let board_program = cargo(&release, place)?
        .into_iter()
        .find(|(target, _)| target.name == board && target.kind == ["bin"])
        .ok_or_else(|| format!("cargo did not say where {board} is"))?
        .1;
    let mut tests = BTreeMap::new();
    for profile in PROFILES {
        let arguments = [&["test", "--no-run"], package, profile].concat();
        let suffix = if profile.is_empty() { "" } else { " (release)" };
        for (target, program) in cargo(&arguments, place)? {
            if target.kind == ["test"] {
                tests.insert(target.name + suffix, program);
            }
        }
    }
    Ok(Built {
        board: board_program,
        tests,
    })
}

/// The package that has the program: they are called alike.
fn package_of(board: &str) -> &str {
    board
}

fn cargo(arguments: &[&str], place: &[String]) -> Result<Vec<(Target, PathBuf)>, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .args(place)
        .args(["--quiet", "--message-format", "json"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run cargo: {error}"))?;
    let mut built = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let message: Message = serde_json::from_str(line)
            .map_err(|error| format!("cargo said what can't be read: {error}: {line}"))?;
        // Warnings are upstream's own.
        if let Some(text) = message.message.filter(|said| said.level == "error")
            && let Some(text) = text.rendered
        {
            eprint!("{text}");
        }
        if let (Some(executable), Some(target)) = (message.executable, message.target) {
            built.push((target, executable));
        }
    }
    if !output.status.success() {
        return Err(format!("cargo {} failed", arguments.join(" ")));
    }
    Ok(built)
}
