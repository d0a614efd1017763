// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One app on the whole stack.

mod support;

use spi_nor::region::Access;
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_qspi::board::{AfterFault, AppSpec, Board, Settings};
use tock_qspi::console::Recorder;

fn board(part: &str, apps: Vec<AppSpec>) -> (Board, Rc<Recorder>) {
    let recorder = Rc::new(Recorder::default());
    let settings = Settings {
        sink: recorder.clone(),
        ..support::settings(part)
    };
    (Board::new(settings, apps), recorder)
}

fn app(name: &str, id: u32, region: Option<(u32, u32, Access)>) -> AppSpec {
    let main = userland_cases::app::find(name).expect("a known app").main;
    AppSpec {
        name: name.to_owned(),
        id: NonZeroU32::new(id).expect("not 0"),
        main: Box::new(main),
        region,
        after_fault: AfterFault::Stop,
    }
}

#[test]
fn basic_cases() {
    let (mut board, recorder) = board(
        "MX25R6435F",
        vec![app("basic", 1, Some((0, 0x10_000, Access::ReadWrite)))],
    );
    let over = board.run_until(2_000_000, Board::is_over);
    let printed = String::from_utf8_lossy(&recorder.all()).into_owned();
    println!("{printed}");
    println!(
        "{} steps, {} ms, state {:?}, fault {:?}, device {:?}, driver {:?}, qspi {:?}",
        board.steps(),
        board.machine.now_ns() / 1_000_000,
        board.device().state(),
        board.device().last_fault(),
        board.device().counters(),
        board.driver().counters(),
        board.qspi().counters(),
    );
    board.settle();
    for (at, breach) in board.breaches.all() {
        println!("{at}: {breach}");
    }
    println!("{:?}", board.apps());
    assert!(over);
    assert_eq!(board.breaches.count(), 0);
    assert!(printed.contains("TEST PASS"));
}
