// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The workloads that are measured.

use super::case::{Beside, Case, Order, Work};

const fn read(name: &'static str, bytes: u32, operations: u32) -> Case {
    Case::new(name, Work::Read, bytes, operations)
}

const fn scattered(case: Case) -> Case {
    Case {
        order: Order::Scattered,
        ..case
    }
}

const fn skewed(case: Case) -> Case {
    Case { skew: 1, ..case }
}

const fn by(case: Case, processes: u32) -> Case {
    Case { processes, ..case }
}

const fn beside(case: Case, beside: Beside, every_us: u32) -> Case {
    Case {
        beside,
        every_us,
        ..case
    }
}

/// MX25R6435F in its ultra-low-power mode, which takes 8 MHz.
const fn low_power(case: Case) -> Case {
    Case {
        clock_hz: 8_000_000,
        ..case
    }
}

const fn on(part: &'static str, case: Case) -> Case {
    Case { part, ..case }
}

/// All of them.
pub const CASES: &[Case] = &[
    read("read 1 B", 1, 400),
    read("read 16 B", 16, 400),
    scattered(read("read 16 B, scattered", 16, 400)),
    read("read 64 B", 64, 400),
    read("read 256 B", 256, 400),
    scattered(read("read 256 B, scattered", 256, 400)),
    skewed(read("read 256 B, unaligned", 256, 400)),
    skewed(scattered(read(
        "read 256 B, unaligned, scattered",
        256,
        400,
    ))),
    read("read 1 KiB", 1024, 200),
    read("read 4 KiB", 4096, 200),
    scattered(read("read 4 KiB, scattered", 4096, 200)),
    read("read 64 KiB", 65536, 64),
    Case {
        // With the room for alignment twice what a board has.
        buffer: 8176,
        ..read("read 64 KiB, buffers of 8176 B", 65536, 16)
    },
    Case {
        buffer: 16384,
        ..read("read 64 KiB, buffers of 16 KiB", 65536, 64)
    },
    Case {
        buffer: 16384,
        ..read("read 4 KiB, buffers of 16 KiB", 4096, 200)
    },
    on("W25Q128JV", read("read 64 KiB, W25Q128JV", 65536, 16)),
    skewed(read("read 64 KiB, unaligned", 65536, 16)),
    low_power(read("read 64 KiB, 8 MHz", 65536, 8)),
    // Long enough for many turns: where the CPU is the bottleneck, upstream's scheduler gives each
    // process 10 ms before it comes to the next one.
    by(read("read 256 B, 4 readers", 256, 2000), 4),
    by(
        scattered(read("read 256 B, 4 readers, scattered", 256, 2000)),
        4,
    ),
    by(read("read 256 B, 2 readers", 256, 2000), 2),
    by(read("read 256 B, 32 readers", 256, 10_000), 32),
    by(read("read 4 KiB, 2 readers", 4096, 50), 2),
    by(read("read 4 KiB, 32 readers", 4096, 20), 32),
    Case::new("program 16 B", Work::Program, 16, 200),
    Case::new("program 256 B", Work::Program, 256, 200),
    Case::new("program 4 KiB", Work::Program, 4096, 16),
    Case::new("program 64 KiB", Work::Program, 65536, 2),
    low_power(Case::new(
        "program 64 KiB, low power",
        Work::Program,
        65536,
        2,
    )),
    on(
        "W25Q128JV",
        Case::new("program 64 KiB, W25Q128JV", Work::Program, 65536, 2),
    ),
    Case::new("erase 4 KiB", Work::Erase, 4096, 16),
    Case::new("erase 64 KiB", Work::Erase, 65536, 4),
    Case::new("erase 4 MiB", Work::Erase, 4 << 20, 1),
    low_power(Case::new("erase 1 MiB, low power", Work::Erase, 1 << 20, 1)),
    beside(
        scattered(read("read 256 B every 5 ms beside erase 64 KiB", 256, 400)),
        Beside::Erase,
        5_000,
    ),
    beside(
        scattered(read("read 256 B beside erase 64 KiB", 256, 2000)),
        Beside::Erase,
        0,
    ),
    beside(
        scattered(read("read 256 B every 5 ms beside program", 256, 400)),
        Beside::Program,
        5_000,
    ),
    low_power(beside(
        scattered(read(
            "read 256 B every 5 ms beside program, low power",
            256,
            200,
        )),
        Beside::Program,
        5_000,
    )),
];
