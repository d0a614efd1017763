// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `boards.toml`: the boards, and the places that apps are linked for.

use crate::error::{Doing, Error};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Boards {
    /// What all places have in common.
    pub place: Sizes,
    /// The boards by name.
    pub board: BTreeMap<String, Board>,
}

/// Sizes in bytes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// Flash of an app, its header included.
    pub flash: u32,
    /// RAM of an app, what the kernel keeps there for it included.
    pub ram: u32,
    /// Flash that the header has.
    pub header: u32,
    /// RAM that the app has.
    pub stack: u32,
}

/// A board.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// For people.
    pub description: String,
    /// What tockloader calls the CPU.
    pub arch: String,
    /// Its flash for apps.
    pub flash: Flash,
    /// Its RAM for apps.
    pub ram: Ram,
    /// tockloader's options to speak to it.
    #[serde(default)]
    pub tockloader: Vec<String>,
    /// What tockloader is told about JLinkExe.
    #[serde(default)]
    pub jlink: Option<toml::Table>,
    /// What tockloader is told about OpenOCD.
    #[serde(default)]
    pub openocd: Option<toml::Table>,
    /// Where its console comes out.
    #[serde(default)]
    pub serial: Option<Serial>,
    /// Commands that reset it; the first whose program is there is taken.
    #[serde(default)]
    pub reset: Vec<Vec<String>>,
}

/// Flash for apps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flash {
    /// Where it begins.
    pub apps: u32,
    /// How many places there are.
    pub places: u32,
    /// What is erased at once, in bytes.
    pub page: u32,
}

/// RAM for apps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ram {
    /// Where it begins.
    pub apps: u32,
}

/// A serial port.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serial {
    /// USB vendors and products that have it.
    pub usb: Vec<[u16; 2]>,
    /// In bits per second.
    pub baud: u32,
}

/// Where an app is linked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// Where its flash begins, with the header.
    pub flash: u32,
    /// Where its RAM begins.
    pub ram: u32,
}

impl Place {
    /// Where the app's code begins.
    pub fn code(self, sizes: Sizes) -> u32 {
        self.flash + sizes.header
    }

    /// The addresses of code and constants.
    pub fn code_range(self, sizes: Sizes) -> Range<u32> {
        self.code(sizes)..self.flash + sizes.flash
    }

    /// The addresses of the memory that is the app's own.
    pub fn ram_range(self, sizes: Sizes) -> Range<u32> {
        self.ram..self.ram + sizes.stack
    }

    /// What its file is called in a TAB, without the extension. The addresses are
    /// what the header says.
    pub fn file_stem(self, arch: &str, sizes: Sizes) -> String {
        format!("{arch}.{:#010x}.{:#010x}", self.code(sizes), self.ram)
    }
}

impl Board {
    /// Its places, in the order of flash.
    pub fn places(&self, sizes: Sizes) -> impl Iterator<Item = Place> {
        let (flash, ram) = (self.flash.apps, self.ram.apps);
        (0..self.flash.places).map(move |number| Place {
            flash: flash + number * sizes.flash,
            ram: ram + number * sizes.ram,
        })
    }
}

impl Boards {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// It can't be read, or its places don't fit an MPU or each other.
    pub fn read(path: &Path) -> Result<Boards, Error> {
        let text = std::fs::read_to_string(path).doing(path.display())?;
        let boards: Boards = toml::from_str(&text).doing(path.display())?;
        boards.check().doing(path.display())?;
        Ok(boards)
    }

    /// The board called `name`.
    ///
    /// # Errors
    ///
    /// There is none, and which there are.
    pub fn find(&self, name: &str) -> Result<&Board, Error> {
        self.board.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.board.keys().map(String::as_str).collect();
            format!("there is no board {name}, but {}", names.join(", "))
        })
    }

    /// All places of all boards of `arch`, each once.
    pub fn places(&self, arch: &str) -> Vec<Place> {
        let mut places: Vec<Place> = self
            .board
            .values()
            .filter(|board| board.arch == arch)
            .flat_map(|board| board.places(self.place))
            .collect();
        places.sort();
        places.dedup();
        places
    }

    /// What CPUs there are.
    pub fn archs(&self) -> Vec<&str> {
        let mut archs: Vec<&str> = self.board.values().map(|board| &*board.arch).collect();
        archs.sort_unstable();
        archs.dedup();
        archs
    }

    fn check(&self) -> Result<(), Error> {
        let Sizes {
            flash,
            ram,
            header,
            stack,
        } = self.place;
        if !flash.is_power_of_two() || !ram.is_power_of_two() {
            return Err("places must have a power of two of bytes".into());
        }
        if header >= flash || header % 8 != 0 || stack >= ram || stack % 8 != 0 {
            return Err("header and stack must be multiples of 8 within their place".into());
        }
        for (name, board) in &self.board {
            if board.flash.apps % flash != 0 || board.ram.apps % ram != 0 {
                return Err(format!("{name}: places must be aligned to their size"));
            }
            if board.flash.page == 0 || flash % board.flash.page != 0 {
                return Err(format!(
                    "{name}: places must be whole pages, and a page some bytes"
                ));
            }
            let count = u64::from(board.flash.places);
            let end = |apps: u32, size: u32| u64::from(apps) + count * u64::from(size);
            let reach = u64::from(u32::MAX) + 1;
            if count == 0
                || end(board.flash.apps, flash) > reach
                || end(board.ram.apps, ram) > reach
            {
                return Err(format!(
                    "{name}: places must be at least one, and end below 4 GiB"
                ));
            }
        }
        Ok(())
    }
}
