// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The entry of each app. Which of them an app is, its link says.

use userland_cases::app::APPS;
use userland_rt::system_call::exit_terminate;

macro_rules! entries {
    ($($entry:ident $name:literal)*) => {
        $(
            /// The app of that name.
            #[unsafe(no_mangle)]
            pub extern "C" fn $entry() -> ! {
                const MAIN: fn() = main_of($name);
                MAIN();
                exit_terminate(0)
            }
        )*
        const ENTRIES: usize = [$($name),*].len();
    };
}

entries! {
    app_basic "basic"
    app_bad_input_rw "bad-input-rw"
    app_bad_input_ro "bad-input-ro"
    app_bad_input_none "bad-input-none"
    app_log_writer "log-writer"
    app_bulk_reader "bulk-reader"
    app_bulk_verifier "bulk-verifier"
    app_dump "dump"
    app_die_exit_open "die-exit-open"
    app_die_exit_read "die-exit-read"
    app_die_exit_program "die-exit-program"
    app_die_exit_closing "die-exit-closing"
    app_die_restart_program "die-restart-program"
    app_die_fault_erase "die-fault-erase"
    app_die_fault_read "die-fault-read"
    app_die_spin_read "die-spin-read"
    app_die_never_collect "die-never-collect"
}

const _: () = assert!(ENTRIES == APPS.len(), "an app has no entry");

const fn main_of(name: &str) -> fn() {
    let mut index = 0;
    while index < APPS.len() {
        if same(APPS[index].name, name) {
            return APPS[index].main;
        }
        index += 1;
    }
    panic!("there is no such app")
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut index = 0;
    while index < one.len() && index < other.len() && one[index] == other[index] {
        index += 1;
    }
    index == one.len() && index == other.len()
}
