// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Noise at the look that the next page's WREN comes before.

use qspi_hil::{AddressWidth, Operation, Template};
use spi_nor::error::Error;
use spi_nor::features::Full;
use spi_nor::opcode;
use spi_nor::operation::{Follow, Kind, OperationScript, Recipe};
use spi_nor::script::{Act, Input};
use spi_nor::status_register::{Poll, WEL, WIP};

fn page(poll: Poll, enables_write: bool) -> Recipe {
    Recipe {
        kind: Kind::Program,
        operation: Operation {
            template: Template::addressed(opcode::PP, AddressWidth::Three),
            address: 0,
        },
        length: 256,
        typical_us: 800,
        maximum_us: 4_000,
        poll,
        four_byte_mode: None,
        enables_write,
        waits_for_quiet: false,
        beside: None,
        unlocked: 0,
    }
}

/// A part that is quiet, heard WREN, and whose WIP bit came back wrong once behind it. What the
/// script sends from there on, and how it ends, with `followed` at the later looks.
fn one_wrong_bit(poll: Poll, enables_write: bool, followed: bool) -> (Vec<Act>, bool) {
    let page = page(poll, enables_write);
    let mut script = OperationScript::new(page);
    script.follow::<Full>(&page, *OperationScript::new(page).pace(), WEL);
    assert!(matches!(script.next(Input::Done(&[])), Act::Pause(_)));
    script.set_follow(Follow::Enabled);
    let mut act = script.next(Input::Elapsed);
    let (mut latch, mut is_noisy, mut acts) = (false, true, Vec::new());
    loop {
        acts.push(act);
        let input = match act {
            Act::Command(operation) if operation.template.opcode == opcode::WREN => {
                latch = true;
                Input::Done(&[])
            }
            Act::Command(operation) if operation.template.opcode == opcode::WRDI => {
                latch = false;
                Input::Done(&[])
            }
            Act::Command(_) => Input::Done(&[]),
            Act::Pause(_) => Input::Elapsed,
            Act::Receive(operation, 1) if operation.template.opcode == opcode::RDFSR => {
                Input::Done(&[0x80])
            }
            Act::Receive(_, 1) | Act::EnableAndReceive(_, 1) => {
                latch |= matches!(act, Act::EnableAndReceive(_, _));
                let is_wrong = latch && std::mem::take(&mut is_noisy);
                if is_wrong {
                    script.set_follow(if followed {
                        Follow::Enabled
                    } else {
                        Follow::Later
                    });
                }
                match (latch, is_wrong) {
                    (true, true) => Input::Done(&[WEL | WIP]),
                    (true, false) => Input::Done(&[WEL]),
                    (false, _) => Input::Done(&[0]),
                }
            }
            _ => return (acts, latch),
        };
        act = script.next(input);
    }
}

#[test]
fn one_wrong_wip_does_not_make_a_page_fail_that_was_programmed() {
    for enables_write in [false, true] {
        for followed in [false, true] {
            for poll in [Poll::StatusRegister, Poll::FlagStatusRegister] {
                let (acts, _) = one_wrong_bit(poll, enables_write, followed);
                let last = acts.last().copied();
                assert_eq!(
                    last,
                    Some(Act::Finished(Ok(()))),
                    "{poll:?} {enables_write} {followed}: {:?}",
                    Error::NotExecuted
                );
            }
        }
    }
}

#[test]
fn one_wrong_wip_does_not_leave_the_latch_set_if_the_next_page_does_not_come() {
    for enables_write in [false, true] {
        for poll in [Poll::StatusRegister, Poll::FlagStatusRegister] {
            let (acts, latch) = one_wrong_bit(poll, enables_write, false);
            assert!(!latch, "{poll:?} {enables_write}: {acts:?}");
        }
    }
}
