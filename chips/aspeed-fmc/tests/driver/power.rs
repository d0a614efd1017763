// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! On and off.

use crate::bench::{Bench, CLOCK_HZ, Told};
use crate::controller::Manner;
use aspeed_fmc::State;
use qspi_hil::Controller;

const CONF: usize = 0x00;
const SEG0: usize = 0x30;
const WRITE_ENABLE: u32 = 1 << 16;

#[test]
fn nothing_is_touched_before_the_first_enable() {
    let bench = Bench::new(Manner::default());
    assert_eq!(bench.driver.state(), State::Off);
    assert_eq!(bench.driver.read_back(), [0; 3]);
    assert!(bench.fake.shifted.borrow().is_empty());
}

#[test]
fn enable_sets_up_and_tells_later() {
    let mut bench = Bench::new(Manner::default());
    bench.enable();
    assert!(bench.told().is_empty());
    assert_eq!(bench.fake.value(CONF) & WRITE_ENABLE, WRITE_ENABLE);
    // 32 MiB end with unit 63 of 512 KiB.
    assert_eq!(bench.fake.value(SEG0), 63 << 19);
    bench.settle();
    assert!(matches!(bench.told()[..], [Told::Enabled(None)]));
    assert!(
        bench.fake.shifted.borrow().is_empty(),
        "the flash is not touched"
    );
    assert_eq!(bench.driver.clock_hz(), CLOCK_HZ);
}

#[test]
fn disable_can_be_read_back_any_number_of_times() {
    let mut bench = Bench::on(Manner::default());
    for _ in 0..100 {
        bench.disable();
        assert_eq!(bench.driver.state(), State::Off);
        let [conf, intr, dma] = bench.driver.read_back();
        assert_eq!([conf & WRITE_ENABLE, intr, dma], [0; 3]);
        bench.enable();
        bench.settle();
        assert!(matches!(bench.told()[..], [Told::Enabled(None)]));
    }
    assert_eq!(bench.driver.counters().enabled, 101);
}
