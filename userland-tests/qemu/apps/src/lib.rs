// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps that are run by `userland-tests/qemu`, which reads what they print.

#![no_std]

mod churn;
mod erase_on;
mod fault_mpu;
mod holder;
mod isolated;
mod journal;
mod measure;
mod say;

use userland_rt::system_call::exit_terminate;

macro_rules! entries {
    ($($entry:ident $main:expr;)*) => {
        $(
            /// The app of that name.
            #[unsafe(no_mangle)]
            pub extern "C" fn $entry() -> ! {
                $main;
                exit_terminate(0)
            }
        )*
    };
}

entries! {
    app_churn_a churn::run("churn-a", 0xa);
    app_churn_b churn::run("churn-b", 0xb);
    app_erase_on erase_on::run();
    app_journal journal::run();
    app_fault_mpu fault_mpu::run();
    app_holder holder::run();
    app_isolated isolated::run();
    app_measure measure::run();
}
