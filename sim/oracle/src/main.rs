// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Runs the oracle's firmware and says what it showed.

use clap::Parser;
use qspi_oracle::{Claim, Report, run};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Runs a driver that is used on silicon against the model of the peripheral
///
/// The exit code is 0 if every check of the firmware held, what it says of the flash is so,
/// it did nothing that no correct driver does, and every run was like the first; 1 if not;
/// 2 if it could not be run.
#[derive(Debug, Parser)]
#[command(name = "oracle", version)]
struct Arguments {
    /// The firmware, an ELF file
    #[arg(value_name = "FIRMWARE")]
    firmware: PathBuf,
    /// How often to run it
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Instructions after which it hangs
    #[arg(long, value_name = "NUMBER", default_value_t = 200_000_000)]
    limit: u64,
    /// Fewer checks than these are wrong
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    checks: usize,
    /// So many million instructions a second have to be reached by one of the runs
    #[arg(long, value_name = "NUMBER", default_value_t = 0.0)]
    speed: f64,
    /// Say what is wrong in one line, and nothing else
    #[arg(long)]
    terse: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match all_runs(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(text) => {
            eprintln!("oracle: {text}");
            ExitCode::from(2)
        }
    }
}

/// Time that this program has of a processor where the system tells, so that others on the machine
/// make no difference, and time on the wall elsewhere.
struct Stopwatch {
    wall: Instant,
    processor_ns: Option<u64>,
}

impl Stopwatch {
    fn start() -> Self {
        Self {
            wall: Instant::now(),
            processor_ns: Self::processor_ns(),
        }
    }

    /// Linux: time on the processor is the first number.
    fn processor_ns() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
        text.split_whitespace().next()?.parse().ok()
    }

    fn seconds(&self) -> f64 {
        match (self.processor_ns, Self::processor_ns()) {
            (Some(start), Some(end)) if end > start => (end - start) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

fn all_runs(arguments: &Arguments) -> Result<bool, String> {
    let named = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let elf =
        std::fs::read(&arguments.firmware).map_err(|error| named(&arguments.firmware, &error))?;
    let mut first: Option<Report> = None;
    let mut fastest = 0.0_f64;
    for number in 1..=arguments.runs {
        let start = Stopwatch::start();
        let report =
            run(&elf, arguments.limit).map_err(|error| named(&arguments.firmware, &error))?;
        let seconds = start.seconds();
        fastest = fastest.max(report.instructions as f64 / seconds / 1e6);
        let made = report.claims.len();
        let wrong = report.first_wrong().or_else(|| {
            (made < arguments.checks).then(|| format!("{made} checks, not {}", arguments.checks))
        });
        if arguments.terse {
            if let Some(wrong) = &wrong {
                println!("{wrong}");
            }
        } else {
            if number == 1 {
                tell(&report, wrong.as_deref());
            }
            tell_figures(number, &report, seconds);
        }
        if wrong.is_some() {
            return Ok(false);
        }
        match &first {
            None => first = Some(report),
            Some(first) if *first == report => {}
            Some(_) => {
                println!("WRONG: run {number} is not like the first");
                return Ok(false);
            }
        }
    }
    if fastest < arguments.speed {
        let wanted = arguments.speed;
        println!("WRONG: {fastest:.1} million instructions/s at best, not {wanted}");
        return Ok(false);
    }
    if !arguments.terse {
        println!("oracle: all is well, {} equal runs", arguments.runs);
    }
    Ok(true)
}

fn tell(report: &Report, wrong: Option<&str>) {
    for (claim, holds) in &report.claims {
        let text = match claim {
            Claim::Held(name) | Claim::Failed(name) => name.clone(),
            Claim::Array {
                address, length, ..
            } => format!("array-holds-{length}-bytes-at-{address:#x}"),
            Claim::Erased { address, length } => {
                format!("array-is-erased-for-{length}-bytes-at-{address:#x}")
            }
            Claim::Asleep(true) => "part-sleeps".to_owned(),
            Claim::Asleep(false) => "part-is-awake".to_owned(),
            Claim::Other(text) => text.clone(),
        };
        println!("{} {text}", if *holds { "ok  " } else { "FAIL" });
    }
    for violation in &report.violations {
        println!("FAIL {:?} at {} ns", violation.what, violation.at);
    }
    if let Some(wrong) = wrong {
        println!("WRONG: {wrong}");
    }
}

fn tell_figures(number: u32, report: &Report, seconds: f64) {
    println!(
        "run {number}: {} of {} checks held, {} violations, {} instructions, {} interrupts, \
         {:.3} ms simulated ({:.3} ms asleep), {:.1} million instructions/s",
        report.held(),
        report.claims.len(),
        report.violations.len(),
        report.instructions,
        report.interrupts,
        report.time_ns as f64 / 1e6,
        report.slept_ns as f64 / 1e6,
        report.instructions as f64 / seconds / 1e6,
    );
}
