// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `apps.toml`: the apps, and what their headers say.

use crate::error::{Doing, Error};
use crc::{CRC_32_CKSUM, Crc};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Their names.
    pub apps: Vec<String>,
    /// Their version.
    pub version: u32,
    /// Major and least minor number of the kernel.
    pub kernel: [u16; 2],
    /// The drivers that they speak to.
    pub drivers: Vec<String>,
    /// What is not so for some of them.
    #[serde(default)]
    pub only: BTreeMap<String, Only>,
    /// The drivers by name.
    pub driver: BTreeMap<String, Driver>,
}

/// What is only so for one app.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// The drivers that it speaks to.
    pub drivers: Vec<String>,
}

/// A driver.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Driver {
    /// Its number.
    pub number: u32,
    /// The commands that apps give it.
    pub commands: Vec<u32>,
}

impl Manifest {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// It can't be read, or names what it does not have.
    pub fn read(path: &Path) -> Result<Manifest, Error> {
        let text = std::fs::read_to_string(path).doing(path.display())?;
        let manifest: Manifest = toml::from_str(&text).doing(path.display())?;
        if let Some(name) = manifest
            .only
            .keys()
            .find(|name| !manifest.apps.contains(name))
        {
            return Err(format!("{}: there is no app {name}", path.display()));
        }
        for name in &manifest.apps {
            manifest.permissions(name).doing(path.display())?;
        }
        Ok(manifest)
    }

    /// The commands that the app called `name` may give, as (driver, command).
    ///
    /// # Errors
    ///
    /// It speaks to a driver that is not known.
    pub fn permissions(&self, name: &str) -> Result<Vec<(u32, u32)>, Error> {
        let drivers = match self.only.get(name) {
            Some(only) => &only.drivers,
            None => &self.drivers,
        };
        let mut permissions = Vec::new();
        for name in drivers {
            let driver = self
                .driver
                .get(name)
                .ok_or_else(|| format!("there is no driver {name}"))?;
            let commands = driver.commands.iter();
            permissions.extend(commands.map(|command| (driver.number, *command)));
        }
        Ok(permissions)
    }
}

/// The ShortId of the app called `name`: what Tock's assigner of ids by name makes
/// of it. It is never 0 for the names that there are.
pub fn short_id(name: &str) -> u32 {
    Crc::<u32>::new(&CRC_32_CKSUM).checksum(name.as_bytes())
}

/// What the library calls the entry of the app called `name`.
pub fn entry_symbol(name: &str) -> String {
    format!("app_{}", name.replace('-', "_"))
}
