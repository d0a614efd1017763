// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The array of the flash, looked at from outside.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use userland_cases::app::APPS;
use userland_cases::pattern;

/// Bytes of the part.
const SIZE: usize = 32 << 20;

/// The board's regions, as its `main.rs` has them.
const SHARED_START: u64 = 0x20_0000;
const SHARED_LENGTH: u64 = 0x1_0000;
const OWN_START: u64 = 0x80_0000;
const OWN_LENGTH: u64 = 0x4_0000;
const OWN_APPS: [&str; 7] = [
    "churn-a",
    "churn-b",
    "erase-on",
    "journal",
    "measure",
    "fault-mpu",
    "holder",
];

/// Where an app's region begins.
///
/// # Panics
///
/// It has none.
pub fn region_of(app: &str) -> u64 {
    if let Some(index) = OWN_APPS.iter().position(|own| *own == app) {
        return OWN_START + index as u64 * OWN_LENGTH;
    }
    let with_region = APPS
        .iter()
        .map(|app| app.name)
        .filter(|name| *name != "bad-input-none" && *name != "fat-list");
    let index = with_region.take_while(|name| *name != app).count();
    assert!(
        APPS.iter().any(|known| known.name == app),
        "{app} has no region"
    );
    SHARED_START + index as u64 * SHARED_LENGTH
}

/// The array's file.
pub struct Array {
    /// Where it is.
    pub path: PathBuf,
}

impl Array {
    /// An erased one.
    ///
    /// # Errors
    ///
    /// The file can't be written.
    pub fn erased(path: &Path) -> Result<Array, Box<dyn Error>> {
        File::create(path)?.write_all(&vec![0xFF; SIZE])?;
        Ok(Array { path: path.into() })
    }

    /// Bytes of an app's region.
    ///
    /// # Errors
    ///
    /// The file can't be read.
    pub fn bytes(&self, app: &str, address: u32, length: usize) -> Result<Vec<u8>, Box<dyn Error>> {
        let mut bytes = vec![0; length];
        File::open(&self.path)?.read_exact_at(&mut bytes, region_of(app) + u64::from(address))?;
        Ok(bytes)
    }

    /// Compares with what apps said in lines `HOLDS app address length seed`. Returns how many
    /// bytes that were.
    ///
    /// # Errors
    ///
    /// A byte is another one, or a line can't be read.
    pub fn compare(&self, said: &str) -> Result<u64, Box<dyn Error>> {
        let mut compared = 0;
        for line in said.lines().filter_map(|line| line.strip_prefix("HOLDS ")) {
            let words: Vec<&str> = line.split(' ').collect();
            let [app, address, length, seed] = words[..] else {
                return Err(format!("HOLDS {line}").into());
            };
            let (address, seed) = (address.parse()?, seed.parse()?);
            let found = self.bytes(app, address, length.parse()?)?;
            for (at, byte) in (address..).zip(&found) {
                let expected = pattern::byte(seed, at);
                if *byte != expected {
                    return Err(format!(
                        "{app}: byte {at:#x} is {byte:#04x} in the array, not {expected:#04x}"
                    )
                    .into());
                }
            }
            compared += found.len() as u64;
        }
        Ok(compared)
    }
}
