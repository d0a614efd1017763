// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Commands that the tests use, and what the driver makes of them.

use crate::bench::{Bench, pins};
use nrf52840_qspi::{AddressMode, Config};
use qspi_hil::{AddressWidth, Controller, Data, Granularity, Lines, Operation, Template};

const fn template(opcode: u8, lines: Lines, dummy_clocks: u8, data: Data) -> Template {
    Template {
        opcode,
        address: AddressWidth::Three,
        lines,
        dummy_clocks,
        data,
    }
}

pub const READ: Template = template(0x03, Lines::Single, 0, Data::In);
pub const FAST_READ: Template = template(0x0B, Lines::Single, 8, Data::In);
pub const READ_2O: Template = template(0x3B, Lines::DualOutput, 8, Data::In);
pub const READ_2IO: Template = template(0xBB, Lines::DualIo, 4, Data::In);
pub const READ_4O: Template = template(0x6B, Lines::QuadOutput, 8, Data::In);
pub const READ_4IO: Template = template(0xEB, Lines::QuadIo, 6, Data::In);
pub const READ_SFDP: Template = template(0x5A, Lines::Single, 8, Data::In);
pub const PROGRAM: Template = template(0x02, Lines::Single, 0, Data::Out);
pub const PROGRAM_2O: Template = template(0xA2, Lines::DualOutput, 0, Data::Out);
pub const PROGRAM_4O: Template = template(0x32, Lines::QuadOutput, 0, Data::Out);
pub const PROGRAM_4IO: Template = template(0x38, Lines::QuadIo, 0, Data::Out);
pub const ERASE_SECTOR: Template = Template::addressed(0x20, AddressWidth::Three);
pub const ERASE_BLOCK: Template = Template::addressed(0xD8, AddressWidth::Three);
pub const ERASE_HALF_BLOCK: Template = Template::addressed(0x52, AddressWidth::Three);
pub const ERASE_CHIP: Template = Template::bare(0xC7);

pub const fn at(template: Template, address: u32) -> Operation {
    Operation { template, address }
}

const WORDS: Granularity = Granularity {
    address: 4,
    length: 4,
    buffer: 4,
};

#[test]
fn engines_demand_words() {
    let bench = Bench::new();
    for template in [
        FAST_READ,
        READ_2O,
        READ_2IO,
        READ_4O,
        READ_4IO,
        PROGRAM,
        PROGRAM_2O,
        PROGRAM_4O,
        PROGRAM_4IO,
    ] {
        assert!(bench.qspi.supports(&template));
        assert_eq!(bench.qspi.granularity(&template), WORDS, "{template:x?}");
    }
    assert_eq!(bench.qspi.longest_data(&PROGRAM), 256);
}

#[test]
fn single_line_commands_of_all_sorts_are_shown_byte_by_byte() {
    let bench = Bench::new();
    for template in [
        READ,
        READ_SFDP,
        ERASE_HALF_BLOCK,
        ERASE_CHIP,
        Template::bare(0x06),
        Template::register_in(0x9F),
        Template::register_out(0x01),
        // Four address bytes, where the engines send three.
        Template {
            address: AddressWidth::Four,
            ..template(0x13, Lines::Single, 0, Data::In)
        },
        Template {
            address: AddressWidth::Four,
            ..PROGRAM
        },
    ] {
        assert!(bench.qspi.supports(&template), "{template:x?}");
        assert_eq!(bench.qspi.granularity(&template), Granularity::BYTE);
    }
    assert_eq!(bench.qspi.longest_data(&ERASE_CHIP), 0);
    assert_eq!(bench.qspi.longest_data(&READ), 4096);
}

#[test]
fn what_the_wires_cant_show_is_not_supported() {
    let bench = Bench::new();
    for template in [
        // Dummy clocks that the engine doesn't send.
        Template {
            dummy_clocks: 10,
            ..READ_4IO
        },
        // More lines than a custom instruction has.
        Template {
            opcode: 0xEC,
            ..READ_4IO
        },
        Template {
            address: AddressWidth::Four,
            ..READ_4IO
        },
        // Not a whole number of bytes.
        Template {
            dummy_clocks: 4,
            ..FAST_READ
        },
        // An opcode with the lines of another.
        Template {
            lines: Lines::QuadIo,
            ..PROGRAM_4O
        },
    ] {
        assert!(!bench.qspi.supports(&template), "{template:x?}");
        assert_eq!(bench.qspi.longest_data(&template), 0);
        assert_eq!(bench.qspi.longest_us(&template, 4), 0);
    }
}

#[test]
fn engines_send_four_address_bytes_if_configured() {
    let bench = Bench::with(Config {
        address_mode: AddressMode::Four,
        ..Config::new(pins())
    });
    let four = Template {
        address: AddressWidth::Four,
        ..READ_4IO
    };
    assert_eq!(bench.qspi.granularity(&four), WORDS);
    assert!(!bench.qspi.supports(&READ_4IO));
    let program = Template {
        address: AddressWidth::Four,
        ..PROGRAM
    };
    assert_eq!(bench.qspi.granularity(&program), WORDS);
    // Three address bytes are a custom instruction's then: SFDP has never more.
    assert_eq!(bench.qspi.granularity(&READ_SFDP), Granularity::BYTE);
}
