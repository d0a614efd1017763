// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Lines for whoever runs the app.

use userland_rt::system_call::exit_terminate;

/// Completion code of an app whose console failed.
pub const MUTE: u32 = 2;
/// Completion code of an app that found something wrong, and has said what.
pub const WRONG: u32 = 1;

/// Prints a line, or ends the app.
#[macro_export]
macro_rules! say {
    ($($argument:tt)*) => {
        if userland_rt::println!($($argument)*).is_err() {
            userland_rt::system_call::exit_terminate($crate::say::MUTE);
        }
    };
}

/// Says what is wrong, and ends the app.
pub fn give_up(what: core::fmt::Arguments<'_>) -> ! {
    say!("WRONG {what}");
    exit_terminate(WRONG)
}
