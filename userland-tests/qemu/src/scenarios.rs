// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What is tried.

use crate::array::Array;
use crate::emulator::{Clock, Emulator, Ended, Machine};
use crate::figures;
use crate::image::{Options, Parts};
use crate::report::Report;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub mod alone;
pub mod costs;
pub mod deaths;
pub mod kills;
pub mod storm;
pub mod together;

/// What a scenario comes to.
pub type Verdict = Result<(), Box<dyn Error>>;

/// Where scenarios are run.
pub struct Lab {
    /// What images are made of.
    pub parts: Parts,
    /// qemu-system-arm.
    pub qemu: PathBuf,
}

/// Options of a run that ends with its apps.
pub const TO_THE_END: Options = Options {
    end: true,
    console: false,
    restart: false,
    measure: false,
    unswept: false,
    storm: None,
};

/// Options of one with a process console, too.
pub const AT_THE_CONSOLE: Options = Options {
    console: true,
    ..TO_THE_END
};

/// A board on the bench: its flash keeps what is in it.
pub struct Bench<'l> {
    lab: &'l Lab,
    folder: TempDir,
    /// The flash's array.
    pub array: Array,
    /// That of another flash, if there is one.
    pub other: Option<Array>,
}

/// A run that is over, and its report.
pub struct Run {
    /// All that was said.
    pub said: String,
    /// What the kernel counted.
    pub report: Report,
}

impl Lab {
    /// A board with an erased flash.
    ///
    /// # Errors
    ///
    /// There is no room for it.
    pub fn bench(&self) -> Result<Bench<'_>, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let array = Array::erased(&folder.path().join("array"))?;
        Ok(Bench {
            lab: self,
            folder,
            array,
            other: None,
        })
    }
}

impl Bench<'_> {
    /// Switches the board on.
    ///
    /// # Errors
    ///
    /// The image can't be made, or QEMU not be started.
    pub fn start(
        &self,
        apps: &[&str],
        options: Options,
        clock: Clock,
    ) -> Result<Emulator, Box<dyn Error>> {
        let image = self.folder.path().join("image");
        fs::write(&image, self.lab.parts.image(apps, options)?)?;
        let emulator = Emulator::start(&self.machine(image, clock))?;
        figures::add(|sums| {
            sums.boots += 1;
            sums.apps += apps.len() as u64;
        });
        Ok(emulator)
    }

    fn machine(&self, image: PathBuf, clock: Clock) -> Machine {
        Machine {
            qemu: self.lab.qemu.clone(),
            image,
            array: self.array.path.clone(),
            other: self.other.as_ref().map(|other| other.path.clone()),
            clock,
        }
    }

    /// Runs `apps` to their end.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start) and [`judge`].
    pub fn run(&self, apps: &[&str], options: Options) -> Result<Run, Box<dyn Error>> {
        let ended = self.start(apps, options, Clock::Eager)?.end()?;
        let run = judge(ended)?;
        let bytes = self.array.compare(&run.said)?;
        figures::add(|sums| sums.bytes += bytes);
        Ok(run)
    }

    /// Where the board's files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// What holds for every run that ended by itself: the kernel found nothing wrong, and the
/// controller was disabled when the last lease was gone, as its registers said.
///
/// # Errors
///
/// It does not hold.
pub fn judge(ended: Ended) -> Result<Run, Box<dyn Error>> {
    let report = Report::read(&ended.said)?;
    let fails = |what: &str| -> Verdict { Err(format!("{what}\n{}", ended.said).into()) };
    if ended.status != 0 || !report.kept {
        fails("the kernel found something wrong")?;
    }
    if ended.said.contains("WRONG ") || ended.said.contains("FAIL ") {
        fails("an app found something wrong")?;
    }
    for (name, wanted) in [
        ("registers.off", 1),
        ("driver.leases", 0),
        ("driver.unswept", 0),
        ("device.buffer", 1),
        ("device.impossible", 0),
        ("device.forced_stops", 0),
        ("fmc.impossible", 0),
        ("fmc.forced_stops", 0),
        ("fmc.quarantine", 0),
    ] {
        same(name, report.number(name)?, wanted)?;
    }
    for (one, other) in [
        ("device.begun", "device.ended"),
        ("device.power_ups", "device.power_downs"),
        ("fmc.started", "fmc.completed"),
    ] {
        same(one, report.number(one)?, report.number(other)?)?;
    }
    let operations = report.number("driver.accepted")?;
    figures::add(|sums| sums.operations += operations);
    Ok(Run {
        said: ended.said,
        report,
    })
}

impl Run {
    /// Every operation ended in an upcall but `dead` of them, whose app had ended before.
    ///
    /// # Errors
    ///
    /// It is another number.
    pub fn all_told_but(&self, dead: u64) -> Verdict {
        let accepted = self.report.number("driver.accepted")?;
        let delivered = self.report.number("driver.delivered")?;
        figures::add(|sums| sums.deaths += dead);
        same("operations without an upcall", accepted - delivered, dead)
    }

    /// So many operations were at the hardware when their app ended.
    ///
    /// # Errors
    ///
    /// It is another number.
    pub fn outlived_by(&self, operations: u64) -> Verdict {
        same(
            "operations that outlived their app",
            self.report.number("driver.orphaned")?,
            operations,
        )
    }

    /// The app said that it passed, and ended with 0.
    ///
    /// # Errors
    ///
    /// It did not.
    pub fn passed(&self, app: &str) -> Verdict {
        let line = format!("TEST PASS {app}");
        if !self.said.lines().any(|said| said.ends_with(&line)) {
            return Err(format!("{app} did not pass:\n{}", self.said).into());
        }
        self.app_is(app, "state", "Terminated")?;
        self.app_is(app, "code", "Some(Some(0))")
    }

    /// What the kernel reported of the app.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn app_is(&self, app: &str, what: &str, wanted: &str) -> Verdict {
        let found = self.report.app(app, what)?;
        if found == wanted {
            Ok(())
        } else {
            Err(format!("{what} of {app} is {found}, not {wanted}:\n{}", self.said).into())
        }
    }
}

/// Compares.
///
/// # Errors
///
/// They differ.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Verdict {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("{what}: {found:?}, not {wanted:?}").into())
    }
}
