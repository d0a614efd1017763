// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! tockloader, by way of `tools/tockloader`.

use crate::error::Error;
use crate::program::output_of;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How tockloader is run for a board.
#[derive(Clone, Debug)]
pub struct Tockloader {
    /// The program and its first arguments.
    pub program: Vec<String>,
    /// The board's name.
    pub board: String,
    /// How to reach the board: options, such as `--jlink`.
    pub link: Vec<String>,
}

impl Tockloader {
    /// Runs it for the image of a flash at `image`.
    pub fn on_image(program: &[String], board: &str, image: &Path) -> Tockloader {
        Tockloader {
            program: program.into(),
            board: board.into(),
            link: vec!["--flash-file".into(), image.display().to_string()],
        }
    }

    /// Installs `tabs` beside what is there.
    ///
    /// # Errors
    ///
    /// What it says.
    pub fn install(&self, tabs: &[PathBuf]) -> Result<(), Error> {
        self.run("install", &[], tabs).map(drop)
    }

    /// Installs `tabs` in place of what is there.
    ///
    /// # Errors
    ///
    /// What it says.
    pub fn install_only(&self, tabs: &[PathBuf]) -> Result<(), Error> {
        self.run("install", &["--erase"], tabs).map(drop)
    }

    /// Removes the app called `name`.
    ///
    /// # Errors
    ///
    /// What it says.
    pub fn uninstall(&self, name: &str) -> Result<(), Error> {
        self.run("uninstall", &[], &[name.into()]).map(drop)
    }

    /// The names of the apps that are there, in the order of flash.
    ///
    /// # Errors
    ///
    /// What it says.
    pub fn list(&self) -> Result<Vec<String>, Error> {
        let names = self.run("list", &["--quiet"], &[])?;
        Ok(names.split_whitespace().map(String::from).collect())
    }

    fn run(&self, command: &str, options: &[&str], what: &[PathBuf]) -> Result<String, Error> {
        let Some((program, first)) = self.program.split_first() else {
            return Err("there is no tockloader".into());
        };
        output_of(
            Command::new(program)
                .args(first)
                .arg(command)
                .args(["--board", &self.board])
                .args(&self.link)
                .args(options)
                .args(what),
        )
    }
}
