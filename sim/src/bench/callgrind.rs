// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Instructions by whose code they are, from what Callgrind writes.

use serde::Serialize;
use std::collections::HashMap;

/// Instructions, by whose code they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Instructions {
    /// The chip's driver.
    pub chip: f64,
    /// The capsule, the system-call driver included.
    pub capsule: f64,
    /// Copies between the device's buffer and processes.
    pub copy: f64,
    /// The kernel on the host. Upstream's is another.
    pub kernel: f64,
}

/// Whose code.
#[derive(Clone, Copy)]
enum Owner {
    Chip,
    Capsule,
    Copy,
    Kernel,
    Simulator,
}

fn owner(file: &str, function: &str) -> Owner {
    let is_in = |place: &str| file.contains(place);
    // Only the simulator asks for it, after each pass.
    if function.contains("living_leases")
        || (function.contains("sweeping_scheduler") && !is_in("capsules/spi-nor/"))
    {
        // What the scheduler's wrapper delegates to is the simulator's.
        Owner::Simulator
    } else if is_in("sim/src/") || is_in("host/platform/") {
        Owner::Simulator
    } else if is_in("kernel/src/processbuffer.rs") || function.contains("copy_from_slice") {
        Owner::Copy
    } else if is_in("chips/nrf52840-qspi/")
        || (!is_in("host/kernel/") && function.contains("nrf52840_qspi::"))
    {
        Owner::Chip
    } else if is_in("capsules/spi-nor/") || is_in("hil/src/") {
        Owner::Capsule
    } else if is_in("host/kernel/") {
        Owner::Kernel
    } else if function.contains("spi_nor::") {
        Owner::Capsule
    } else if function.contains("kernel::") {
        Owner::Kernel
    } else {
        Owner::Simulator
    }
}

/// Callgrind writes a name once, and its number after that.
#[derive(Default)]
struct Names(HashMap<String, String>);

impl Names {
    fn resolve(&mut self, text: &str) -> String {
        let Some((number, name)) = text.split_once(')') else {
            return text.to_owned();
        };
        if !name.is_empty() {
            let name = name.trim_start().to_owned();
            self.0.insert(number.to_owned(), name);
        }
        self.0.get(number).cloned().unwrap_or_default()
    }
}

/// Sums up the instructions of each owner's own code, without what it calls.
pub fn sum(report: &str) -> Instructions {
    let (mut files, mut functions) = (Names::default(), Names::default());
    let (mut file, mut function) = (String::new(), String::new());
    let mut sum = Instructions::default();
    let mut of_call = false;
    for line in report.lines() {
        if let Some((key, value)) = line.split_once('=') {
            match key {
                "fl" | "fi" | "fe" => file = files.resolve(value),
                "fn" => function = functions.resolve(value),
                "cfi" | "cfl" => {
                    files.resolve(value);
                }
                "cfn" => {
                    functions.resolve(value);
                }
                "calls" => of_call = true,
                _ => {}
            }
            continue;
        }
        if !line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            continue;
        }
        // The line after `calls` has the cost of what was called.
        if std::mem::take(&mut of_call) {
            continue;
        }
        let cost = line.split(' ').nth(1).and_then(|cost| cost.parse().ok());
        let cost: f64 = cost.unwrap_or(0.0);
        match owner(&file, &function) {
            Owner::Chip => sum.chip += cost,
            Owner::Capsule => sum.capsule += cost,
            Owner::Copy => sum.copy += cost,
            Owner::Kernel => sum.kernel += cost,
            Owner::Simulator => {}
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_instructions_are_summed_and_those_of_calls_are_not() {
        let report = "\
events: Ir
fl=(1) capsules/spi-nor/src/device/mod.rs
fn=(1) spi_nor::device::go
10 5
+3 2
cfi=(2) chips/nrf52840-qspi/src/qspi.rs
cfn=(2) start
calls=1 20
12 1000
fl=(2)
fn=(2)
20 30
fi=(3) library/core/src/cell.rs
7 1
fn=(3) spi_nor::driver::command
8 4
fl=(4) host/kernel/src/processbuffer.rs
fn=(4) copy
9 100
fl=(5) sim/src/board.rs
fn=(5) step
1 999
totals: 2141
";
        let expected = Instructions {
            chip: 30.0,
            capsule: 11.0,
            copy: 100.0,
            kernel: 0.0,
        };
        assert_eq!(sum(report), expected);
    }
}
