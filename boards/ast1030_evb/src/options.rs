// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a run is to be like, said by whoever loads the SRAM.
//!
//! The loader may put 4 words at [`ADDRESS`]: [`MAGIC`], flags, the number of detaches,
//! and the seed of the moments that they come at. Without the first word the board is what
//! a board is: a process console, and a kernel that runs for ever.

/// Where they are: between the apps and the RAM, see `layout.ld`.
pub const ADDRESS: usize = 0x8_FF00;
/// "SPIO".
const MAGIC: u32 = 0x4F49_5053;

/// What a run is to be like.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The kernel ends when all apps have.
    pub end: bool,
    /// There is a process console.
    pub console: bool,
    /// An app that faults is restarted, five times at most.
    pub restart: bool,
    /// Flash and controller are QEMU's, which [leaves things out](crate::emulated) and may
    /// count other lengths.
    pub emulated: bool,
    /// Upstream's flash driver runs at the other chip select, the CPU's work is counted, and
    /// wires take no time.
    pub measure: bool,
    /// Nobody sweeps the leases of the dead, which has to be found out.
    pub unswept: bool,
    /// How often the flash is detached and attached again, and a seed.
    pub storm: Option<(u32, u32)>,
}

impl Options {
    const USUAL: Options = Options {
        end: false,
        console: true,
        restart: false,
        emulated: false,
        measure: false,
        unswept: false,
        storm: None,
    };

    /// What the loader said with these words.
    pub fn of([magic, flags, rounds, seed]: [u32; 4]) -> Options {
        if magic != MAGIC {
            return Options::USUAL;
        }
        let flag = |bit: u32| flags & 1 << bit != 0;
        Options {
            end: flag(0),
            console: flag(1),
            restart: flag(2),
            emulated: flag(3),
            measure: flag(4),
            unswept: flag(5),
            storm: (rounds > 0).then_some((rounds, seed)),
        }
    }
}
