// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Makes a TAB of an app's ELF files, and reads what is in a TAB.

use crate::boards::{Boards, Place};
use crate::error::{Doing, Error};
use crate::link::Linker;
use crate::manifest::{Manifest, short_id};
use crate::program::output_of;
use crate::slot_check::{Checked, check};
use crate::tbf::{Header, LONGEST_HEADER};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

/// RAM that elf2tab adds for what the kernel keeps for an app, in bytes.
const GRANTS: u32 = 1024;

/// What TABs are made with and from.
pub struct Bundler {
    /// The boards.
    pub boards: Boards,
    /// The apps.
    pub manifest: Manifest,
    /// What links them.
    pub linker: Linker,
    /// elf2tab.
    pub elf2tab: PathBuf,
    /// The folder that the TABs go to.
    pub folder: PathBuf,
}

/// A TAB that was made.
pub struct Made {
    /// The app's name.
    pub name: String,
    /// How many places it has been linked for.
    pub places: usize,
    /// What the check of its first place saw.
    pub checked: Checked,
    /// Addresses that were followed, in all places together.
    pub addresses: usize,
    /// Bytes of the binary of its first place that are used.
    pub used: u32,
    /// Bytes of flash that it takes.
    pub total: u32,
}

impl Bundler {
    /// Makes the TAB of the app called `name`.
    ///
    /// # Errors
    ///
    /// A tool's, what is wrong with an ELF, or with what came of it.
    pub fn make(&self, name: &str) -> Result<Made, Error> {
        let sizes = self.boards.place;
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).doing(folder.display())?;
        let mut places: Vec<(String, Place)> = Vec::new();
        for arch in self.boards.archs() {
            let of_arch = self.boards.places(arch);
            places.extend(
                of_arch
                    .iter()
                    .map(|place| (place.file_stem(arch, sizes), *place)),
            );
        }
        let elf_of = |stem: &str| folder.join(format!("{stem}.elf"));
        let mut checks = Vec::new();
        for (stem, place) in &places {
            let elf = elf_of(stem);
            self.linker.link(name, *place, sizes, &elf)?;
            let bytes = fs::read(&elf).doing(elf.display())?;
            let checked = check(&bytes, *place, sizes).map_err(|faults| {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                format!("{}:\n{}", elf.display(), faults.join("\n"))
            })?;
            checks.push(checked);
        }
        let tab = self.tab_of(name);
        let elves: Vec<PathBuf> = places.iter().map(|(stem, _)| elf_of(stem)).collect();
        self.bundle(name, &elves, &tab)?;
        let binaries = binaries(&tab)?;
        if binaries.len() != places.len() {
            return Err(format!("{} has {} binaries", tab.display(), binaries.len()));
        }
        let mut first = None;
        for ((stem, place), (file, binary)) in places.iter().zip(&binaries) {
            if *file != format!("{stem}.tbf") {
                return Err(format!("{} has {file}, not {stem}", tab.display()));
            }
            let header = self
                .check_binary(name, *place, binary)
                .doing(format!("{file} in {}", tab.display()))?;
            first.get_or_insert(header);
        }
        let (Some(header), Some(checked)) = (first, checks.first()) else {
            return Err("there is no place to link for".into());
        };
        Ok(Made {
            name: name.into(),
            places: places.len(),
            checked: *checked,
            addresses: checks.iter().map(|checked| checked.addresses).sum(),
            used: header
                .app
                .and_then(|app| app.end)
                .unwrap_or(header.total_size),
            total: header.total_size,
        })
    }

    /// Where the TAB of the app called `name` is.
    pub fn tab_of(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.tab"))
    }

    fn bundle(&self, name: &str, elves: &[PathBuf], tab: &Path) -> Result<(), Error> {
        let id = short_id(name).to_string();
        let [major, minor] = self.manifest.kernel;
        let mut command = Command::new(&self.elf2tab);
        command
            .arg("--deterministic")
            .args(["--package-name", name])
            .args(["--app-version", &self.manifest.version.to_string()])
            .args(["--app-heap", "0", "--kernel-heap", &GRANTS.to_string()])
            .args(["--kernel-major", &major.to_string()])
            .args(["--kernel-minor", &minor.to_string()])
            .args(["--short-id", &id, "--write_id", &id])
            .args(["--read_ids", &id, "--access_ids", &id]);
        let permissions = self.manifest.permissions(name)?;
        if !permissions.is_empty() {
            let written = permissions
                .iter()
                .map(|(driver, command)| format!("{driver},{command}"));
            command.arg("--permissions").args(written);
        }
        command.arg("--output-file").arg(tab).args(elves);
        let text = output_of(&mut command)?;
        // It has no other way to say that something is odd.
        match text.lines().find(|line| line.contains("Warning")) {
            Some(warning) => Err(format!("elf2tab, of {name}: {warning}")),
            None => Ok(()),
        }
    }

    /// Whether a kernel will find in `binary` what was meant.
    fn check_binary(&self, name: &str, place: Place, binary: &[u8]) -> Result<Header, Error> {
        let sizes = self.boards.place;
        let header = Header::parse(binary).map_err(|error| error.to_string())?;
        let app = header.app.as_ref().ok_or("it is padding")?;
        let expect = |what: &str, right: bool| match right {
            true => Ok(()),
            false => Err(format!("{what} is wrong: {header:x?}")),
        };
        expect("enabled", header.enabled)?;
        expect("name", app.name == name)?;
        expect("header size", header.header_size <= LONGEST_HEADER)?;
        expect("total size", header.total_size as usize == binary.len())?;
        expect("total size", header.total_size <= sizes.flash)?;
        expect("total size", header.total_size.is_power_of_two())?;
        expect(
            "addresses",
            app.fixed == Some((place.ram, place.code(sizes))),
        )?;
        // `_start` is the first of the code.
        let protected = sizes.header - header.header_size as u32;
        expect("protected size", app.protected == protected)?;
        expect("entry", app.entry & !1 == protected)?;
        expect("RAM", app.ram == sizes.stack + GRANTS)?;
        let id = short_id(name);
        expect("ShortId", app.short_id == Some(id))?;
        let storage = app.storage.as_ref().ok_or("it has no storage ids")?;
        expect(
            "storage ids",
            storage.write == id && storage.read == [id] && storage.access == [id],
        )?;
        let [major, minor] = self.manifest.kernel;
        expect("kernel version", app.kernel == Some((major, minor)))?;
        let mut granted = Vec::new();
        for (driver, offset, mask) in &app.permissions {
            let commands = (0..64).filter(|bit| mask >> bit & 1 != 0);
            granted.extend(commands.map(|bit| (*driver, offset * 64 + bit)));
        }
        granted.sort_unstable();
        let mut wanted = self.manifest.permissions(name)?;
        wanted.sort_unstable();
        expect("permissions", granted == wanted)?;
        Ok(header)
    }
}

/// The binaries in a TAB, with their file names, in the TAB's order.
///
/// # Errors
///
/// It can't be read.
pub fn binaries(tab: &Path) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let file = fs::File::open(tab).doing(tab.display())?;
    let mut archive = tar::Archive::new(file);
    let mut binaries = Vec::new();
    for entry in archive.entries().doing(tab.display())? {
        let mut entry = entry.doing(tab.display())?;
        let name = entry
            .path()
            .doing(tab.display())?
            .to_string_lossy()
            .into_owned();
        if !name.ends_with(".tbf") {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).doing(tab.display())?;
        binaries.push((name, bytes));
    }
    Ok(binaries)
}
