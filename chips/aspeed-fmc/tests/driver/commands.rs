// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Commands in user mode.

use crate::bench::{Bench, at, buffer};
use crate::controller::Manner;
use qspi_hil::{AddressWidth, Data, Error, Lines, Operation, Template};

#[test]
fn a_register_is_read() {
    let bench = Bench::on(Manner::default());
    bench.fake.answers.borrow_mut().extend([0xEF, 0x40, 0x19]);
    let id = Operation::plain(Template::register_in(0x9F));
    bench.start(id, Some(buffer(3))).unwrap();
    assert!(bench.told().is_empty(), "the deferred call tells");
    bench.settle();
    let (result, data) = bench.done();
    assert_eq!(result, Ok(()));
    assert_eq!(data.unwrap().as_slice(), [0xEF, 0x40, 0x19]);
    assert_eq!(*bench.fake.shifted.borrow(), [vec![0x9F]]);
    assert!(!bench.fake.is_running());
}

#[test]
fn an_address_goes_with_its_most_significant_byte_first() {
    let bench = Bench::on(Manner::default());
    for (width, bytes) in [
        (AddressWidth::Three, vec![0x20, 0x02, 0x03, 0x04]),
        (AddressWidth::Four, vec![0x21, 0x01, 0x02, 0x03, 0x04]),
    ] {
        let erase = at(Template::addressed(bytes[0], width), 0x0102_0304);
        let erase = if width == AddressWidth::Three {
            at(erase.template, 0x0002_0304)
        } else {
            erase
        };
        bench.start(erase, None).unwrap();
        bench.settle();
        assert_eq!(bench.done().0, Ok(()));
        assert_eq!(bench.fake.shifted.borrow().last(), Some(&bytes));
    }
}

#[test]
fn dummy_bytes_come_before_the_data() {
    let bench = Bench::on(Manner::default());
    let sfdp = Template {
        opcode: 0x5A,
        address: AddressWidth::Three,
        lines: Lines::Single,
        dummy_clocks: 8,
        data: Data::In,
    };
    bench.fake.answers.borrow_mut().extend(*b"SFDP");
    bench.start(at(sfdp, 0x30), Some(buffer(4))).unwrap();
    bench.settle();
    assert_eq!(bench.done().1.unwrap().as_slice(), b"SFDP");
    assert_eq!(*bench.fake.shifted.borrow(), [vec![0x5A, 0, 0, 0x30, 0]]);
}

#[test]
fn a_register_is_written() {
    let bench = Bench::on(Manner::default());
    let mut data = buffer(2);
    data.as_mut_slice().copy_from_slice(&[0x12, 0x34]);
    let write = Operation::plain(Template::register_out(0x01));
    bench.start(write, Some(data)).unwrap();
    bench.settle();
    assert_eq!(bench.done().0, Ok(()));
    assert_eq!(*bench.fake.shifted.borrow(), [vec![0x01, 0x12, 0x34]]);
}

#[test]
fn a_refusal_gives_everything_back() {
    let bench = Bench::on(Manner::default());
    let bare = Operation::plain(Template::bare(0x06));
    let (error, data) = bench.start(bare, Some(buffer(4))).unwrap_err();
    assert_eq!(error, Error::SurplusBuffer);
    assert_eq!(data.unwrap().len(), 4);
    let quad = Template {
        lines: Lines::QuadOutput,
        ..Template::register_in(0x9F)
    };
    let (error, _) = bench
        .start(Operation::plain(quad), Some(buffer(4)))
        .unwrap_err();
    assert_eq!(error, Error::Unsupported);
    assert!(bench.told().is_empty());
    bench.start(bare, None).unwrap();
    bench.settle();
    assert_eq!(bench.done().0, Ok(()));
}
