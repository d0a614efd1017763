// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The apps by name.

use crate::check::SECTOR;
use crate::report::{self, Case, finish};
use crate::tour::bulk_reader::BulkReader;
use crate::tour::bulk_verifier::BulkVerifier;
use crate::tour::log_writer::LogWriter;
use crate::{bad_input, basic, die, dump};
use userland_rt::flash;

/// An app.
pub struct App {
    /// What it is called.
    pub name: &'static str,
    /// What it does and needs, in a line.
    pub summary: &'static str,
    /// Does it, and ends the process: with completion code 0 if it went well, 1
    /// if it found a failure, 2 if the console failed. Those called `die-` say in
    /// [`die`] how they end.
    pub main: fn(),
}

/// All of them.
pub const APPS: &[App] = &[
    App {
        name: "basic",
        summary: "what the driver promises; needs a region it may change",
        main: || suite("basic", &[basic::CASES]),
    },
    App {
        name: "bad-input-rw",
        summary: "every wrong request; needs a region it may change",
        main: || suite("bad-input-rw", bad_input::WITH_REGION),
    },
    App {
        name: "bad-input-ro",
        summary: "changing what may only be read; needs a read-only region",
        main: || suite("bad-input-ro", bad_input::WITH_READ_ONLY_REGION),
    },
    App {
        name: "bad-input-none",
        summary: "using a flash without a region in it",
        main: || suite("bad-input-none", bad_input::WITHOUT_REGION),
    },
    App {
        name: "log-writer",
        summary: "a queue of records and a table; goes on where an earlier run stopped",
        main: || {
            finish(report::job("log-writer", || {
                LogWriter {
                    rounds: 3,
                    records: 40,
                    kept: 5,
                    seed: 0x10c,
                }
                .run()
            }))
        },
    },
    App {
        name: "bulk-reader",
        summary: "reads the region, up to 256 KiB of it, twice",
        main: || {
            finish(report::job("bulk-reader", || {
                BulkReader {
                    start: 0,
                    length: length_up_to(64),
                    rounds: 2,
                    expected: None,
                }
                .run()
            }))
        },
    },
    App {
        name: "bulk-verifier",
        summary: "erases, programs and compares the region, up to 64 KiB of it, twice",
        main: || {
            finish(report::job("bulk-verifier", || {
                BulkVerifier {
                    start: 0,
                    sectors: length_up_to(16) / SECTOR,
                    rounds: 2,
                    seed: 0xb01c,
                }
                .run()
            }))
        },
    },
    #[cfg(feature = "fat")]
    App {
        name: "fat-list",
        summary: "lists the FAT volume that fills the region",
        main: || finish(report::job("fat-list", crate::fat_list::run)),
    },
    App {
        name: "dump",
        summary: "writes the region's bytes to the console",
        main: || {
            finish(match dump::run() {
                Ok(_) => Ok(true),
                Err(crate::failure::Failure::Console(error)) => Err(error),
                // Not a word about it: the output is bytes.
                Err(_) => Ok(false),
            })
        },
    },
    App {
        name: "die-exit-open",
        summary: "exits while an open is outstanding",
        main: die::exit_during_open,
    },
    App {
        name: "die-exit-read",
        summary: "exits while a read is outstanding",
        main: die::exit_during_read,
    },
    App {
        name: "die-exit-program",
        summary: "exits while a program is outstanding",
        main: die::exit_during_program,
    },
    App {
        name: "die-exit-closing",
        summary: "exits while an erase is outstanding that it closed on",
        main: die::exit_while_closing,
    },
    App {
        name: "die-restart-program",
        summary: "restarts while a program is outstanding, again and again",
        main: die::restart_during_program,
    },
    App {
        name: "die-fault-erase",
        summary: "faults while an erase is outstanding",
        main: die::fault_during_erase,
    },
    App {
        name: "die-fault-read",
        summary: "faults while a read is outstanding",
        main: die::fault_during_read,
    },
    App {
        name: "die-spin-read",
        summary: "never waits again with a read outstanding",
        main: die::spin_during_read,
    },
    App {
        name: "die-never-collect",
        summary: "reads on and on and takes no upcall",
        main: die::never_collect,
    },
];

/// The app called `name`.
pub fn find(name: &str) -> Option<&'static App> {
    APPS.iter().find(|app| app.name == name)
}

fn suite(name: &str, cases: &[&[Case]]) -> ! {
    finish(report::suite(name, cases))
}

/// The region's length in bytes, or that of `sectors` if it is longer. An app
/// without a region learns that from its first operation.
fn length_up_to(sectors: u32) -> u32 {
    flash::region().map_or(SECTOR, |region| {
        region.length.clamp(SECTOR, sectors * SECTOR)
    })
}
