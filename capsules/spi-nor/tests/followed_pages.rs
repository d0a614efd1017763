// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A page that takes the place of another one begins as if there had been none before.

use qspi_hil::{AddressWidth, Operation, Template};
use spi_nor::features::Full;
use spi_nor::opcode;
use spi_nor::operation::{Follow, Kind, OperationScript, Recipe};
use spi_nor::pace::Pace;
use spi_nor::script::{Act, Input};
use spi_nor::status_register::{Poll, WEL, WIP};

fn page(address: u32, length: usize, enables_write: bool) -> Recipe {
    Recipe {
        kind: Kind::Program,
        operation: Operation {
            template: Template::addressed(opcode::PP, AddressWidth::Three),
            address,
        },
        length,
        typical_us: 800,
        maximum_us: 4_000,
        poll: Poll::StatusRegister,
        four_byte_mode: None,
        enables_write,
        waits_for_quiet: false,
        beside: None,
        unlocked: 0,
    }
}

fn pace(page: &Recipe) -> Pace {
    Pace::new(page.typical_us, page.maximum_us)
}

/// Goes on until the script hands over. The first look behind WREN, if `is_noisy`, finds the part busy.
fn hands_over(script: &mut OperationScript, is_noisy: bool) {
    let mut is_noisy = is_noisy;
    let mut act = script.next(Input::Done(&[]));
    let mut latch = false;
    while script.hands_over().is_none() {
        script.set_follow(Follow::Enabled);
        let status = [if !latch {
            0
        } else if std::mem::take(&mut is_noisy) {
            WEL | WIP
        } else {
            WEL
        }];
        act = match act {
            Act::Pause(_) => script.next(Input::Elapsed),
            Act::Command(operation) => {
                latch |= operation.template.opcode == opcode::WREN;
                script.next(Input::Done(&[]))
            }
            Act::Receive(_, 1) => {
                let act = script.next(Input::Done(&status));
                // Looked at once more, and sent WREN anew.
                latch &= !matches!(act, Act::Pause(_));
                act
            }
            Act::EnableAndReceive(_, 1) => {
                let status = [if std::mem::take(&mut is_noisy) {
                    WEL | WIP
                } else {
                    WEL
                }];
                script.next(Input::Done(&status))
            }
            other => panic!("{other:?}"),
        };
    }
}

#[test]
fn nothing_is_left_of_the_page_before() {
    for (enables_write, is_noisy) in [(false, false), (false, true), (true, false), (true, true)] {
        let first = page(0, 256, enables_write);
        let mut script = OperationScript::new(first);
        script.follow::<Full>(&first, pace(&first), WEL);
        hands_over(&mut script, is_noisy);
        assert_eq!(script.is_enabled(), is_noisy, "it was noisy, or was not");
        let next = page(256, 44, enables_write);
        let followed = script.follow::<Full>(&next, pace(&next), WEL);
        let mut fresh = OperationScript::new(next);
        let begun = fresh.follow::<Full>(&next, pace(&next), WEL);
        assert_eq!((script, followed), (fresh, begun));
    }
}
