// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The userland cases: every app alone, every app that dies among others that do not, and the tour.

use crate::build::{Built, Programs};
use crate::compare::{Compared, files};
use crate::report::Report;
use crate::work::for_each;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
use userland_cases::app::APPS;

/// The part, and its size in bytes.
const PART: (&str, u64) = ("P25Q16H", 2 << 20);

/// Apps that do not end by themselves are ended after so long, in simulated s.
const LIMIT: &str = "1";
/// Others take at most so long, in simulated s.
const PATIENCE: &str = "120";

/// A command line.
struct Case {
    name: String,
    arguments: Vec<String>,
    /// Whether the flash is a FAT volume.
    fat: bool,
    has_flash: bool,
    /// How the program ends on a kernel that is right.
    code: i32,
}

/// Compares them all.
///
/// # Errors
/// If they can't be run.
pub fn compare(programs: &Programs, scratch: &Path, report: &mut Report) -> Result<(), String> {
    let cases = all();
    eprintln!("fidelity: {} userland cases", cases.len());
    let results = for_each(&cases, |case| one(programs, scratch, case));
    for (case, result) in cases.iter().zip(results) {
        let (outputs, compared) = result?;
        let [host, upstream] = outputs;
        // Two kernels that are wrong alike are not right.
        if host.status.code() != Some(case.code) || compared.lines == 0 {
            return Err(format!(
                "{}: {}, not {}, and {} lines: {}",
                case.name,
                host.status,
                case.code,
                compared.lines,
                String::from_utf8_lossy(&host.stderr)
            ));
        }
        report.cases.add(&case.name, compared);
        if (host.status, &host.stdout) != (upstream.status, &upstream.stdout) {
            report.cases.differ(format!(
                "{}: what it printed, or how it ended: {} and {}",
                case.name, host.status, upstream.status
            ));
        }
    }
    Ok(())
}

fn all() -> Vec<Case> {
    let endless = ["die-restart-program", "die-spin-read", "die-never-collect"];
    // The program says with 1 that an app did not end as apps should.
    let code = |app: &str| i32::from(endless.contains(&app) || app.starts_with("die-fault-"));
    let mut cases = Vec::new();
    for app in APPS {
        let mut arguments: Vec<String> = vec!["--app".into(), app.name.into()];
        match app.name {
            "bad-input-ro" => {
                arguments.extend(["--region".into(), format!("{}=0:65536:ro", app.name)])
            }
            "bad-input-none" => arguments.extend(["--region".into(), format!("{}=none", app.name)]),
            // What it does takes as long as the region is large.
            "dump" => arguments.extend(["--region".into(), format!("{}=0:65536", app.name)]),
            _ => {}
        }
        let limit = if endless.contains(&app.name) {
            LIMIT
        } else {
            PATIENCE
        };
        arguments.extend(["--limit".into(), limit.into()]);
        cases.push(Case {
            name: app.name.into(),
            arguments,
            fat: app.name == "fat-list",
            has_flash: true,
            code: code(app.name),
        });
    }
    for app in APPS.iter().filter(|app| app.name.starts_with("die-")) {
        let limit = if endless.contains(&app.name) {
            LIMIT
        } else {
            PATIENCE
        };
        let names = ["log-writer", app.name, "bulk-verifier"];
        let mut arguments: Vec<String> = vec!["--limit".into(), limit.into()];
        for name in names {
            arguments.extend(["--app".into(), name.into()]);
        }
        cases.push(Case {
            name: names.join(" + "),
            arguments,
            fat: false,
            has_flash: true,
            code: code(app.name),
        });
    }
    cases.push(Case {
        name: "the tour".into(),
        arguments: Vec::new(),
        fat: false,
        has_flash: false,
        code: 0,
    });
    cases
}

/// What both programs printed, and their traces.
type Outcome = Result<([Output; 2], Compared), String>;

fn one(programs: &Programs, scratch: &Path, case: &Case) -> Outcome {
    let mut outputs = Vec::new();
    let mut traces = Vec::new();
    for (kernel, built) in [("host", &programs.host), ("upstream", &programs.upstream)] {
        let trace = scratch.join(format!("{kernel} {}", case.name));
        outputs.push(run(built, &trace, case)?);
        traces.push(trace);
    }
    let compared = files(&traces[0], &traces[1])?;
    for trace in traces {
        // They are large.
        fs::remove_file(trace).map_err(|error| error.to_string())?;
    }
    let outputs = outputs
        .try_into()
        .map_err(|_| "there are two kernels".to_owned())?;
    Ok((outputs, compared))
}

fn run(built: &Built, trace: &Path, case: &Case) -> Result<Output, String> {
    let mut command = Command::new(&built.board);
    let image = trace.with_extension("img");
    if case.has_flash {
        make_image(&image, case.fat).map_err(|error| format!("{}: {error}", image.display()))?;
        command
            .args(["run", "--write", "--part", PART.0, "--flash"])
            .arg(&image);
    } else {
        command.arg("tour");
    }
    command
        .args(&case.arguments)
        .env("TOCK_TRACE", trace)
        .output()
        .map_err(|error| error.to_string())
}

/// An erased flash, or one with a FAT volume.
fn make_image(path: &Path, fat: bool) -> std::io::Result<()> {
    fs::write(path, vec![0xFF; PART.1 as usize])?;
    if !fat {
        return Ok(());
    }
    let mut file = File::options().read(true).write(true).open(path)?;
    fatfs::format_volume(&mut file, fatfs::FormatVolumeOptions::new())?;
    let volume = fatfs::FileSystem::new(file, fatfs::FsOptions::new())?;
    let root = volume.root_dir();
    for (name, content) in [("A.TXT", "a file"), ("B.TXT", "another")] {
        std::io::Write::write_all(&mut root.create_file(name)?, content.as_bytes())?;
    }
    Ok(())
}
