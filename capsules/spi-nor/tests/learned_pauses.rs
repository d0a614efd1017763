// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One operation that was slow says little about the next.

use spi_nor::pace::{Lesson, Pace};

/// One operation that ends after `real_us`: when that is seen, and what is learned.
fn once(lesson: &mut Lesson, real_us: u32, typical_us: u32, maximum_us: u32) -> u32 {
    let mut pace = Pace::new(lesson.expected_us(typical_us), maximum_us);
    let mut waited_us = 0;
    while waited_us < real_us {
        waited_us += pace.next_us().expect("it ends before the maximum");
    }
    *lesson = lesson.after(&pace, typical_us);
    waited_us
}

/// MX25R6435F: a page takes 0.9 ms, once 5.4 ms. The next 100 pages.
#[test]
fn one_slow_program_does_not_slow_down_those_after_it() {
    let mut lesson = Lesson::NONE;
    once(&mut lesson, 5_300, 896, 5_400);
    let seen: u32 = (0..100).map(|_| once(&mut lesson, 896, 896, 5_400)).sum();
    assert!(
        seen < 2 * 100 * 896,
        "{seen} µs for {} µs of work",
        100 * 896
    );
}
