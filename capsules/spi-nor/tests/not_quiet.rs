// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! C4: a script that ends while the array may still work must end in a fault, since only a
//! fault keeps the device from "Ended", that is from the next operation or from power-down.

use qspi_hil::{AddressWidth, Error as Refusal, Operation, Template};
use spi_nor::error::Error;
use spi_nor::operation::{Kind, OperationScript, Recipe};
use spi_nor::script::{Act, Input};
use spi_nor::status_register::Poll;

const ERASE: Recipe = Recipe {
    kind: Kind::Erase,
    operation: Operation {
        template: Template::addressed(0x20, AddressWidth::Three),
        address: 0x1000,
    },
    length: 0,
    typical_us: 48_000,
    maximum_us: 384_000,
    poll: Poll::StatusRegister,
    four_byte_mode: None,
};

fn is_fault(act: Act) -> bool {
    match act {
        Act::Finished(Err(error)) => error.is_fault(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_refusal_while_the_array_works_is_a_fault() {
    for refusal in [
        Refusal::Unsupported,
        Refusal::OutOfReach,
        Refusal::TooLong,
        Refusal::Misaligned,
        Refusal::Hardware,
        Refusal::ClockUnavailable,
    ] {
        let mut script = OperationScript::new(ERASE);
        script.next(Input::Begin);
        script.next(Input::Done(&[]));
        script.next(Input::Done(&[0x02]));
        script.next(Input::Done(&[]));
        // The erase is running. The status read is refused.
        script.next(Input::Elapsed);
        let act = script.next(Input::Refused(refusal));
        assert!(is_fault(act), "{refusal:?}: ended as if quiet");
    }
}

/// WIP = 1 before the operation: nothing is known to be quiet.
#[test]
fn a_part_that_is_busy_before_the_operation_is_a_fault() {
    let mut script = OperationScript::new(ERASE);
    script.next(Input::Begin);
    script.next(Input::Done(&[]));
    let act = script.next(Input::Done(&[0x01]));
    assert!(is_fault(act), "{:?}", Error::WriteEnableIgnored);
}
