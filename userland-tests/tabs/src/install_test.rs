// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Installs apps in the image of a board's flash with tockloader, and looks at what
//! a kernel would find there.

use crate::boards::{Board, Place, Sizes};
use crate::bundle::binaries;
use crate::error::{Doing, Error};
use crate::image::installed;
use crate::tockloader::Tockloader;
use std::fs;
use std::path::{Path, PathBuf};

/// Where things are.
pub struct Test<'b> {
    /// The board's name.
    pub name: &'b str,
    /// The board.
    pub board: &'b Board,
    /// Sizes of its places.
    pub sizes: Sizes,
    /// The image, which is made anew.
    pub image: PathBuf,
    /// The folder of the TABs.
    pub tabs: &'b Path,
    /// How tockloader is run.
    pub tockloader: Tockloader,
}

/// What was done to the image.
#[derive(Default, Debug)]
pub struct Done {
    /// Headers that were read from it.
    pub headers: usize,
    /// Bytes of apps that were compared.
    pub bytes: usize,
}

impl Test<'_> {
    /// Installs, lists and uninstalls `apps`, of which there have to be more than
    /// the board has places.
    ///
    /// # Errors
    ///
    /// What is not as it should be.
    pub fn run(&self, apps: &[String]) -> Result<Done, Error> {
        let places = self.board.flash.places as usize;
        let (Some(fit), Some(too_many)) = (apps.get(..places), apps.get(places)) else {
            return Err("there are too few apps to fill the board".into());
        };
        let [one, two, three, rest @ ..] = fit else {
            return Err("the board has too few places".into());
        };
        let mut done = Done::default();
        let end = self.board.flash.apps + self.board.flash.places * self.sizes.flash;
        let kernel = vec![0xa5; self.board.flash.apps as usize];
        let mut erased = kernel.clone();
        erased.resize(end as usize, 0xff);
        fs::write(&self.image, erased).doing(self.image.display())?;

        self.install(&[one, two])?;
        self.holds(&[one, two], &mut done)?;
        // Beside what is there.
        self.install(&[three])?;
        self.holds(&[one, two, three], &mut done)?;
        self.tockloader.uninstall(two)?;
        self.holds(&[one, three], &mut done)?;
        // Into the gap.
        self.install(&[two])?;
        self.holds(&[one, two, three], &mut done)?;
        let rest: Vec<&String> = rest.iter().collect();
        self.install(&rest)?;
        let all: Vec<&String> = fit.iter().collect();
        self.holds(&all, &mut done)?;
        if self.install(&[too_many]).is_ok() {
            return Err(format!(
                "{too_many} was installed, and there is no place for it"
            ));
        }
        self.holds(&all, &mut done)?;
        let image = self.read()?;
        if image.get(..kernel.len()) != Some(&kernel[..]) {
            return Err("the kernel was overwritten".into());
        }
        Ok(done)
    }

    fn install(&self, apps: &[&String]) -> Result<(), Error> {
        let tabs: Vec<PathBuf> = apps.iter().map(|name| self.tab_of(name)).collect();
        self.tockloader.install(&tabs)
    }

    fn tab_of(&self, name: &str) -> PathBuf {
        self.tabs.join(format!("{name}.tab"))
    }

    fn read(&self) -> Result<Vec<u8>, Error> {
        fs::read(&self.image).doing(self.image.display())
    }

    /// The image holds exactly `apps`, in this order: tockloader says so, and so does
    /// what is in it. Each is in a place of this board, and is what its TAB has for
    /// that place; their RAM is in the same order, as a kernel gives it out.
    fn holds(&self, apps: &[&String], done: &mut Done) -> Result<(), Error> {
        let listed = self.tockloader.list()?;
        if !listed.iter().eq(apps.iter().copied()) {
            return Err(format!(
                "{}: {listed:?} are listed, not {apps:?}",
                self.name
            ));
        }
        let image = self.read()?;
        let found = installed(&image, 0, self.board.flash.apps)
            .map_err(|(at, error)| format!("{}: at {at:#x}: {error}", self.name))?;
        let names: Vec<&String> = found.iter().map(|(_, app)| &app.name).collect();
        if names != apps {
            return Err(format!(
                "{}: {names:?} are installed, not {apps:?}",
                self.name
            ));
        }
        let mut ram_from = 0;
        for (installed, app) in &found {
            let (ram, code) = app.fixed.ok_or("an app for any address")?;
            let wrong = |what: &str| format!("{}, {}: {what}", self.name, app.name);
            let place = Place {
                flash: installed.at,
                ram,
            };
            if !self.board.places(self.sizes).any(|one| one == place) {
                return Err(wrong("it is in no place of the board"));
            }
            if code != installed.at + installed.header.header_size as u32 + app.protected {
                return Err(wrong("its code is not where it was linked for"));
            }
            if ram < ram_from {
                return Err(wrong("its RAM is before that of the app before it"));
            }
            ram_from = ram + self.sizes.ram;
            let file = format!("{}.tbf", place.file_stem(&self.board.arch, self.sizes));
            let binary = binaries(&self.tab_of(&app.name))?
                .into_iter()
                .find_map(|(name, binary)| (name == file).then_some(binary))
                .ok_or_else(|| wrong("its TAB has no binary for its place"))?;
            if image
                .get(installed.at as usize..)
                .and_then(|rest| rest.get(..binary.len()))
                != Some(&binary[..])
            {
                return Err(wrong("it is not what its TAB has"));
            }
            done.headers += 1;
            done.bytes += binary.len();
        }
        Ok(())
    }
}
