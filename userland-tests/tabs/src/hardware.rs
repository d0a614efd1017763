// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Runs apps on a board that is connected, and follows its console.

use crate::boards::{Board, Serial};
use crate::error::{Doing, Error};
use crate::expect::{Expected, Follower, Verdict};
use crate::program::{is_there, output_of};
use crate::tockloader::Tockloader;
use serde::Deserialize;
use serialport::{ClearBuffer, SerialPort, SerialPortType};
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// `runs.toml`: what is run together.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runs {
    /// In this order.
    pub run: Vec<Run>,
}

/// What is on the board at the same time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// Apps that die. They print nothing.
    #[serde(default)]
    pub dying: Vec<String>,
    /// Apps that print what `expect/` says.
    pub apps: Vec<String>,
}

impl Runs {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// It can't be read.
    pub fn read(path: &Path) -> Result<Runs, Error> {
        let text = fs::read_to_string(path).doing(path.display())?;
        toml::from_str(&text).doing(path.display())
    }
}

/// The port that the board's console comes out of, or why there is none.
///
/// # Errors
///
/// No port with the board's USB ids, and which there are.
pub fn find_port(serial: &Serial) -> Result<String, Error> {
    let ports = serialport::available_ports().doing("looking for serial ports")?;
    let mut matching: Vec<(u8, &String)> = ports
        .iter()
        .filter_map(|port| match &port.port_type {
            SerialPortType::UsbPort(usb) if serial.usb.contains(&[usb.vid, usb.pid]) => {
                Some((usb.interface.unwrap_or(0), &port.port_name))
            }
            _ => None,
        })
        .collect();
    // A debugger may have several; the console is on the first.
    matching.sort();
    if let Some((_, name)) = matching.first() {
        return Ok((*name).clone());
    }
    let wanted: Vec<String> = serial
        .usb
        .iter()
        .map(|[vendor, product]| format!("{vendor:04x}:{product:04x}"))
        .collect();
    let there: Vec<&str> = ports.iter().map(|port| &*port.port_name).collect();
    Err(format!(
        "no serial port is that of USB {}; there are: {}",
        wanted.join(" or "),
        match there.is_empty() {
            true => "none".into(),
            false => there.join(", "),
        }
    ))
}

/// A board that is connected.
pub struct Connected<'b> {
    /// The board.
    pub board: &'b Board,
    /// Its console's port.
    pub port: String,
    /// In bits per second.
    pub baud: u32,
    /// How apps get there.
    pub tockloader: Tockloader,
    /// The folder of the TABs.
    pub tabs: &'b Path,
    /// The folder `expect`.
    pub expect: PathBuf,
    /// The folder for what the console has shown.
    pub logs: PathBuf,
    /// How long a run may take.
    pub patience: Duration,
}

impl Connected<'_> {
    /// Runs `run`: only its apps, from a reset on.
    ///
    /// # Errors
    ///
    /// A tool's, or what the console should have shown and did not.
    pub fn run(&self, run: &Run) -> Result<(), Error> {
        let expected = run
            .apps
            .iter()
            .map(|name| Expected::read(&self.expect, name))
            .collect::<Result<Vec<_>, _>>()?;
        if expected.is_empty() {
            return Err("nothing is expected of it".into());
        }
        let tabs: Vec<PathBuf> = run
            .dying
            .iter()
            .chain(&run.apps)
            .map(|name| self.tabs.join(format!("{name}.tab")))
            .collect();
        self.tockloader.install_only(&tabs)?;
        // The installation may have let them run. What counts is what comes now.
        let console = self.listen()?;
        self.reset()?;
        let mut shown = Vec::new();
        let result = self.follow(&console, Follower::new(expected), &mut shown);
        let log = self.logs.join(format!("{}.log", run.name));
        fs::create_dir_all(&self.logs).doing(self.logs.display())?;
        fs::write(&log, &shown).doing(log.display())?;
        result.doing(format!(
            "{} ({} bytes in {})",
            run.name,
            shown.len(),
            log.display()
        ))
    }

    fn follow(
        &self,
        console: &Receiver<Result<Vec<u8>, Error>>,
        mut follower: Follower,
        shown: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + self.patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match console.recv_timeout(left) {
                Ok(bytes) => {
                    let bytes = bytes?;
                    shown.extend_from_slice(&bytes);
                    match follower.take(&bytes) {
                        Verdict::Waiting => {}
                        Verdict::Passed => return Ok(()),
                        Verdict::Failed(why) => return Err(why),
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let seconds = self.patience.as_secs();
                    return Err(format!("after {seconds} s: {}", follower.missing()));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err("the console is gone".into());
                }
            }
        }
    }

    /// Listens from now on, in a thread of its own: a reset takes longer than a port
    /// can hold what comes.
    fn listen(&self) -> Result<Receiver<Result<Vec<u8>, Error>>, Error> {
        let port = serialport::new(&self.port, self.baud)
            .timeout(Duration::from_millis(100))
            .open()
            .doing(&self.port)?;
        port.clear(ClearBuffer::Input).doing(&self.port)?;
        let (sender, receiver) = channel();
        thread::spawn(move || listen(port, &sender));
        Ok(receiver)
    }

    fn reset(&self) -> Result<(), Error> {
        let reset = self
            .board
            .reset
            .iter()
            .find(|command| command.first().is_some_and(|program| is_there(program)));
        let Some([program, arguments @ ..]) = reset.map(Vec::as_slice) else {
            let programs: Vec<&str> = self
                .board
                .reset
                .iter()
                .filter_map(|command| command.first().map(String::as_str))
                .collect();
            return Err(format!(
                "to reset it, one of these is needed: {}",
                programs.join(", ")
            ));
        };
        output_of(Command::new(program).args(arguments)).map(drop)
    }
}

fn listen(mut port: Box<dyn SerialPort>, sender: &Sender<Result<Vec<u8>, Error>>) {
    let mut buffer = [0; 1024];
    loop {
        let news = match port.read(&mut buffer) {
            Ok(0) => Err("it ended".into()),
            Ok(count) => Ok(buffer[..count].to_vec()),
            // Silence. Whoever listened may have gone.
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        };
        let ended = news.is_err();
        if sender.send(news).is_err() || ended {
            return;
        }
    }
}
