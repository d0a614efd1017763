// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The SRAM as a boot loader would leave it: kernel, apps, options.

use object::{Object, ObjectSegment, SegmentFlags};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use userland_tabs::boards::{Boards, Place, Sizes};
use userland_tabs::bundle::binaries;

/// The board's name in boards.toml.
const BOARD: &str = "ast1030_evb";
/// Where the options are, see the board's `layout.ld` and `options.rs`.
const OPTIONS: usize = 0x8_FF00;
const MAGIC: u32 = 0x4F49_5053;
/// Where the RAM of the kernel begins: what is loaded ends here.
const LOADED: usize = 0x9_0000;

/// What a run is to be like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The kernel ends when all apps have.
    pub end: bool,
    /// There is a process console.
    pub console: bool,
    /// An app that faults is restarted.
    pub restart: bool,
    /// Upstream's flash driver runs beside ours, and the CPU's work is counted.
    pub measure: bool,
    /// Nobody sweeps the leases of the dead.
    pub unswept: bool,
    /// How often the flash is detached and attached again, and a seed.
    pub storm: Option<(u32, u32)>,
}

impl Options {
    /// As the board reads them. Flash and controller are always QEMU's here.
    fn words(self) -> [u32; 4] {
        let flags = [
            self.end,
            self.console,
            self.restart,
            true,
            self.measure,
            self.unswept,
        ];
        let flags = (0..)
            .zip(flags)
            .map(|(bit, set)| u32::from(set) << bit)
            .sum();
        let (rounds, seed) = self.storm.unwrap_or_default();
        [MAGIC, flags, rounds, seed]
    }
}

/// What images are made of.
pub struct Parts {
    /// The kernel's ELF file.
    pub kernel: PathBuf,
    /// The folders that TABs are in.
    pub tabs: Vec<PathBuf>,
    places: Vec<Place>,
    sizes: Sizes,
}

impl Parts {
    /// `boards` is the file boards.toml.
    ///
    /// # Errors
    ///
    /// It can't be read, or does not name the board.
    pub fn new(
        kernel: PathBuf,
        tabs: Vec<PathBuf>,
        boards: &Path,
    ) -> Result<Parts, Box<dyn Error>> {
        let boards = Boards::read(boards)?;
        let sizes = boards.place;
        let board = boards
            .board
            .get(BOARD)
            .ok_or_else(|| format!("there is no board {BOARD}"))?;
        Ok(Parts {
            kernel,
            tabs,
            places: board.places(sizes).collect(),
            sizes,
        })
    }

    /// The image with `apps` in this order.
    ///
    /// # Errors
    ///
    /// A file can't be read, an app is not there, or there are too many.
    pub fn image(&self, apps: &[&str], options: Options) -> Result<Vec<u8>, Box<dyn Error>> {
        if apps.len() > self.places.len() {
            return Err(format!("{} apps, {} places", apps.len(), self.places.len()).into());
        }
        let mut image = self.kernel_image()?;
        for (index, (app, place)) in apps.iter().zip(&self.places).enumerate() {
            let binary = self.binary(app, *place)?;
            let room = self.sizes.flash as usize;
            let start = place.flash as usize;
            let mut place_of = vec![0; room];
            place_of
                .get_mut(..binary.len())
                .ok_or_else(|| format!("{app} is too long"))?
                .copy_from_slice(&binary);
            // The kernel goes from app to app by their sizes.
            let rest = room - binary.len();
            if rest > 0 && index + 1 < apps.len() {
                let padding = padding(u32::try_from(rest)?);
                place_of[binary.len()..][..padding.len()].copy_from_slice(&padding);
            }
            image[start..start + room].copy_from_slice(&place_of);
        }
        for (index, word) in options.words().into_iter().enumerate() {
            image[OPTIONS + 4 * index..][..4].copy_from_slice(&word.to_le_bytes());
        }
        Ok(image)
    }

    fn kernel_image(&self) -> Result<Vec<u8>, Box<dyn Error>> {
        let bytes = fs::read(&self.kernel)
            .map_err(|error| format!("{}: {error}", self.kernel.display()))?;
        let elf = object::File::parse(&*bytes)?;
        let mut image = vec![0; LOADED];
        for segment in elf.segments() {
            let data = segment.data()?;
            let SegmentFlags::Elf { .. } = segment.flags() else {
                return Err("the kernel is no ELF file".into());
            };
            // Code and constants lie where they are loaded; what follows goes with them.
            let at = usize::try_from(segment.address())?;
            if !data.is_empty() {
                image
                    .get_mut(at..at + data.len())
                    .ok_or("the kernel does not fit in")?
                    .copy_from_slice(data);
            }
        }
        Ok(image)
    }

    fn binary(&self, app: &str, place: Place) -> Result<Vec<u8>, Box<dyn Error>> {
        let tab = self
            .tabs
            .iter()
            .map(|folder| folder.join(format!("{app}.tab")))
            .find(|tab| tab.is_file())
            .ok_or_else(|| format!("there is no {app}.tab"))?;
        let file = format!("{}.tbf", place.file_stem("cortex-m4", self.sizes));
        binaries(&tab)?
            .into_iter()
            .find(|(name, _)| *name == file)
            .map(|(_, binary)| binary)
            .ok_or_else(|| format!("{} has no {file}", tab.display()).into())
    }
}

/// A header that is no app's: the kernel steps over `length` bytes, its own included.
fn padding(length: u32) -> [u8; 16] {
    let words = [16 << 16 | 2, length, 0];
    let checksum = words.iter().fold(0, |sum, word| sum ^ word);
    let mut header = [0; 16];
    for (place, word) in header
        .chunks_exact_mut(4)
        .zip(words.into_iter().chain([checksum]))
    {
        place.copy_from_slice(&u32::to_le_bytes(word));
    }
    header
}

#[cfg(test)]
mod tests {
    use super::{Options, padding};
    use userland_tabs::tbf::Header;

    #[test]
    fn padding_is_a_header_without_an_app() {
        let header = Header::parse(&padding(0x1234)).unwrap();
        assert_eq!(header.total_size, 0x1234);
        assert!(header.app.is_none());
    }

    #[test]
    fn options_are_the_words_that_the_board_reads() {
        let options = Options {
            end: true,
            restart: true,
            storm: Some((7, 9)),
            ..Options::default()
        };
        assert_eq!(options.words(), [0x4F49_5053, 0b1101, 7, 9]);
        assert_eq!(Options::default().words()[1..], [0b1000, 0, 0]);
    }
}
