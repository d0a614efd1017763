// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! QEMU, and what is said on the board's serial port.

use expectrl::process::Healthcheck;
use expectrl::process::unix::WaitStatus;
use expectrl::session::OsSession;
use expectrl::{AsyncExpect, Eof, Regex, Session};
use futures_lite::future::block_on;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(180);

/// What time is in the machine. An instruction always takes 4 ns, a good 200 MHz, so that a
/// busy host makes the machine late for its user and not for itself: with the host's own clock
/// it would miss deadlines of a ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Waiting takes as long as it does. For whoever types or kills.
    Paced,
    /// Waiting takes no time at all. Without input the same happens in every run.
    Eager,
}

/// What is run.
pub struct Machine {
    /// qemu-system-arm.
    pub qemu: PathBuf,
    /// The SRAM, see [`crate::image`].
    pub image: PathBuf,
    /// The array of the flash, and that of another one at the next chip select.
    pub array: PathBuf,
    /// See `array`.
    pub other: Option<PathBuf>,
    /// What time is.
    pub clock: Clock,
}

impl Machine {
    /// The command that starts it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.qemu);
        command
            .args(["-M", "ast1030-evb,fmc-model=w25q256"])
            .args(["-display", "none", "-monitor", "none", "-serial", "stdio"])
            .arg("-semihosting")
            .arg("-kernel")
            .arg(&self.image)
            .arg("-drive")
            .arg(drive(&self.array, 0));
        if let Some(other) = &self.other {
            command.arg("-drive").arg(drive(other, 1));
        }
        command.arg("-icount").arg(match self.clock {
            Clock::Paced => "shift=2,align=off,sleep=on",
            Clock::Eager => "shift=2,align=off,sleep=off",
        });
        command
    }
}

fn drive(array: &Path, chip_select: u8) -> String {
    // A comma in a name is doubled.
    let name = array.display().to_string().replace(',', ",,");
    format!("file={name},if=mtd,index={chip_select},format=raw")
}

/// A run that ended by itself.
pub struct Ended {
    /// The emulator's status.
    pub status: i32,
    /// All that was said.
    pub said: String,
}

/// A run.
pub struct Emulator {
    session: OsSession,
    said: Vec<u8>,
}

impl Emulator {
    /// Starts `machine`.
    ///
    /// # Errors
    ///
    /// QEMU can't be started.
    pub fn start(machine: &Machine) -> Result<Emulator, Box<dyn Error>> {
        let mut session = Session::spawn(machine.command())
            .map_err(|error| format!("{}: {error}", machine.qemu.display()))?;
        session.set_expect_timeout(Some(PATIENCE));
        Ok(Emulator {
            session,
            said: Vec::new(),
        })
    }

    /// Waits until something is said. Returns what matched, and its groups.
    ///
    /// # Errors
    ///
    /// It is not said in time, or QEMU has ended.
    pub fn expect(&mut self, pattern: &str) -> Result<Vec<String>, Box<dyn Error>> {
        match block_on(self.session.expect(Regex(pattern))) {
            Ok(found) => {
                self.said.extend_from_slice(found.as_bytes());
                Ok(found.matches().map(text).collect())
            }
            Err(error) => {
                Err(format!("{pattern:?} was not said ({error}), but\n{}", self.rest()).into())
            }
        }
    }

    /// Types a line.
    ///
    /// # Errors
    ///
    /// QEMU has ended.
    pub fn type_line(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        Ok(block_on(self.session.send(format!("{line}\r")))?)
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// It does not come in time.
    pub fn end(mut self) -> Result<Ended, Box<dyn Error>> {
        match block_on(self.session.expect(Eof)) {
            Ok(found) => self.said.extend_from_slice(found.as_bytes()),
            Err(error) => {
                return Err(format!("no end ({error}), but\n{}", self.rest()).into());
            }
        }
        match self.session.get_process().wait()? {
            WaitStatus::Exited(_, status) => Ok(Ended {
                status,
                said: text(&self.said),
            }),
            other => Err(format!("{other:?}, after\n{}", text(&self.said)).into()),
        }
    }

    /// Lets it run for so long, and kills it, wherever it is. Returns all that was said.
    ///
    /// # Errors
    ///
    /// It ended by itself.
    pub fn kill_after(mut self, time: Duration) -> Result<String, Box<dyn Error>> {
        self.session.set_expect_timeout(Some(time));
        match block_on(self.session.expect(Eof)) {
            Err(expectrl::Error::ExpectTimeout) => {}
            Ok(found) => return Err(format!("it ended: {}", text(found.as_bytes())).into()),
            Err(error) => return Err(error.into()),
        }
        self.session
            .get_process_mut()
            .kill(expectrl::process::unix::Signal::SIGKILL)?;
        self.session.set_expect_timeout(Some(PATIENCE));
        let rest = block_on(self.session.expect(Eof))?;
        self.said.extend_from_slice(rest.as_bytes());
        Ok(text(&self.said))
    }

    /// Whether it still runs.
    ///
    /// # Errors
    ///
    /// The system does not say.
    pub fn is_alive(&self) -> Result<bool, Box<dyn Error>> {
        Ok(self.session.get_process().is_alive()?)
    }

    /// What was said, up to now.
    fn rest(&mut self) -> String {
        self.session
            .set_expect_timeout(Some(Duration::from_millis(1)));
        // Matches what there is.
        if let Ok(found) = block_on(self.session.expect(Regex("(?s).+"))) {
            self.said.extend_from_slice(found.as_bytes());
        }
        text(&self.said)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\r', "")
}
