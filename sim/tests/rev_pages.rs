// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Review: what a follow-up page may cost the page before it.

use qspi_models::nor::{FaultTimes, FlashFault, InMemory, part};
use spi_nor::region::Access;
use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_qspi::board::{AfterFault, AppSpec, Board};
use tock_qspi::console::Recorder;
use tock_qspi::setup::{Pace, settings};
use userland_rt::flash;
use userland_rt::system_call::exit_terminate;

const BYTES: usize = 1500;

type Result = std::result::Result<(), flash::Error>;

fn board(name: &str, told: &Rc<RefCell<Vec<Result>>>) -> Board {
    let told = Rc::clone(told);
    let settings = settings(
        part(name).expect("a known part"),
        Box::new(InMemory),
        Pace::Typical,
        Rc::new(Recorder::default()),
    );
    let main = move || {
        told.borrow_mut().push(flash::program(0, &[0x5A; BYTES]));
        exit_terminate(0);
    };
    let app = AppSpec {
        name: "app".into(),
        id: NonZeroU32::MIN,
        main: Box::new(main),
        region: Some((0, 0x10000, Access::ReadWrite)),
        after_fault: AfterFault::Stop,
    };
    Board::new(settings, vec![app])
}

/// WIP reads 1 for a while after the part was quiet: at the second look as well, which the next
/// page's WREN, heard, has come before. Page and request go on; nothing is told as not executed.
#[test]
fn a_wip_that_returns_behind_the_next_wren() {
    let mut failed = Vec::new();
    for name in ["MX25R6435F", "W25Q128JV", "MT25QU256A"] {
        for step in 0..240 {
            let after_ns = step * 500;
            let told = Rc::default();
            let mut board = board(name, &told);
            assert!(board.run_until(1_000_000, |board| board.device().profile().is_some()));
            board.machine.with_qspi(|qspi| {
                let fault = FlashFault::WipReturns {
                    after_ns,
                    for_ns: 200_000,
                };
                qspi.flash_mut().faults.arm(fault, FaultTimes::Count(1));
            });
            assert!(board.run_until(1_000_000, Board::is_over));
            board.settle();
            if told.borrow()[..] != [Ok(())] {
                failed.push((name, after_ns, told.borrow().clone()));
            }
        }
    }
    assert_eq!(failed, []);
}
