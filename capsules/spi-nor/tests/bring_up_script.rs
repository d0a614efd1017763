// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The bring-up script, with a part that is a few registers.

use qspi_hil::{AddressWidth, Granularity, Lines, Template};
use spi_nor::bring_up::BringUp;
use spi_nor::error::Error;
use spi_nor::fixed_parts::{Gd25q16c, Mx25l3233f, Mx25r6435f};
use spi_nor::identity::{Fixed, FixedPart, Identity, Kept};
use spi_nor::profile::{Profile, Wires};
use spi_nor::script::{Act, Input};
use std::path::Path;

/// A controller that can put anything with three address bytes on the wires.
struct AllWires {
    fastest_hz: u32,
    quad: bool,
}

impl Wires for AllWires {
    fn supports(&self, template: &Template) -> bool {
        template.address != AddressWidth::Four && (self.quad || !template.lines.needs_quad_enable())
    }

    fn granularity(&self, _: &Template) -> Granularity {
        Granularity::BYTE
    }

    fn longest_data(&self, _: &Template) -> usize {
        4096
    }

    fn fastest_clock_hz(&self) -> u32 {
        self.fastest_hz
    }
}

const FAST: AllWires = AllWires {
    fastest_hz: 32_000_000,
    quad: true,
};

/// What a script has come to, begun with `known`.
fn outcome<I: Identity>(
    script: &BringUp<I>,
    known: Option<Profile>,
    wires: &AllWires,
) -> Option<Profile> {
    let kept = I::Kept::EMPTY;
    if let Some(known) = known {
        kept.put(&known);
    }
    script.settle(&kept, wires).ok()?;
    kept.get()
}

/// A part, as far as bring-up can see it.
struct Fake {
    sfdp: Vec<u8>,
    ids: Vec<[u8; 3]>,
    status: u8,
    status_2: u8,
    configuration: [u8; 2],
    /// Bits of status, status 2 and configuration 2 that can't be set.
    stuck: [u8; 3],
    busy_answers: u32,
    all_ones: bool,
    /// WEL.
    latched: bool,
    /// Whether WREN is heard.
    deaf_to_write_enable: bool,
    /// Bits that are inverted in one answer: which answer, which bits.
    noise: Option<(usize, u8)>,
    answers: usize,
    sent: Vec<u8>,
    waited_us: u64,
}

fn sfdp_of(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/sfdp")
        .join(file);
    std::fs::read_to_string(path)
        .expect("a test vector")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|byte| u8::from_str_radix(byte, 16).expect("hex"))
        .collect()
}

impl Fake {
    fn new(file: &str, id: [u8; 3]) -> Fake {
        Fake {
            sfdp: sfdp_of(file),
            ids: vec![id],
            status: 0,
            status_2: 0,
            configuration: [0; 2],
            stuck: [0; 3],
            busy_answers: 0,
            all_ones: false,
            latched: false,
            deaf_to_write_enable: false,
            noise: None,
            answers: 0,
            sent: Vec::new(),
            waited_us: 0,
        }
    }

    fn mx25r() -> Fake {
        Fake::new("MX25R6435F_c22817.hex", [0xC2, 0x28, 0x17])
    }

    fn command(&mut self, opcode: u8) {
        self.sent.push(opcode);
        self.latched = opcode == 0x06 && !self.deaf_to_write_enable;
    }

    fn receive(&mut self, opcode: u8, address: u32, length: usize) -> Vec<u8> {
        let mut answer = self.answer(opcode, address, length);
        if let Some((at, bits)) = self.noise
            && at == self.answers
        {
            for byte in &mut answer {
                *byte ^= bits;
            }
        }
        self.answers += 1;
        answer
    }

    fn answer(&mut self, opcode: u8, address: u32, length: usize) -> Vec<u8> {
        if self.all_ones {
            return vec![0xFF; length];
        }
        match opcode {
            0x05 if self.busy_answers > 0 => {
                self.busy_answers -= 1;
                vec![self.status | 1]
            }
            0x05 => vec![self.status | u8::from(self.latched) << 1],
            0x35 => vec![self.status_2],
            0x15 => self.configuration.to_vec(),
            0x9F => {
                let id = self.ids[0];
                if self.ids.len() > 1 {
                    self.ids.remove(0);
                }
                id.to_vec()
            }
            0x5A => (address as usize..address as usize + length)
                .map(|index| self.sfdp.get(index).copied().unwrap_or(0xFF))
                .collect(),
            other => panic!("bring-up reads nothing with {other:02x}"),
        }
    }

    fn write(&mut self, opcode: u8, data: &[u8]) {
        let [stuck, stuck_2, stuck_configuration] = self.stuck;
        assert!(self.latched, "WREN before {opcode:02x}");
        self.latched = false;
        match opcode {
            0x01 => {
                self.status = data[0] & !stuck;
                match data.len() {
                    1 => {}
                    2 => self.status_2 = data[1] & !stuck_2,
                    3 => self.configuration = [data[1], data[2] & !stuck_configuration],
                    other => panic!("{other} bytes"),
                }
            }
            0x31 => self.status_2 = data[0] & !stuck_2,
            other => panic!("bring-up writes nothing with {other:02x}"),
        }
    }

    fn run(&mut self, known: Option<Profile>, wires: &AllWires) -> Result<BringUp, Error> {
        self.run_by(known, wires)
    }

    fn run_by<I: Identity>(
        &mut self,
        known: Option<Profile>,
        wires: &AllWires,
    ) -> Result<BringUp<I>, Error> {
        self.sent.clear();
        let mut script = BringUp::new();
        script.restart(known.as_ref(), 10_000_000, false);
        let mut act = script.next(Input::Begin, wires);
        for _ in 0..100_000 {
            act = match act {
                Act::Command(operation) => {
                    self.command(operation.template.opcode);
                    script.next(Input::Done(&[]), wires)
                }
                Act::Send(operation, small) => {
                    self.sent.push(operation.template.opcode);
                    self.write(operation.template.opcode, small.as_slice());
                    script.next(Input::Done(small.as_slice()), wires)
                }
                Act::Receive(operation, length) => {
                    let opcode = operation.template.opcode;
                    self.sent.push(opcode);
                    let data = self.receive(opcode, operation.address, length);
                    script.next(Input::Done(&data), wires)
                }
                Act::Pause(pause_us) => {
                    self.waited_us += u64::from(pause_us);
                    script.next(Input::Elapsed, wires)
                }
                Act::Finished(result) => return result.map(|()| script),
                Act::EnableAndReceive(..) | Act::Read(..) | Act::Program(..) | Act::Queue => {
                    panic!("bring-up leaves the array alone")
                }
            };
        }
        panic!("bring-up does not end: {:02x?}", self.sent)
    }

    fn profile(&mut self, known: Option<Profile>, wires: &AllWires) -> Profile {
        let script = self.run(known, wires).expect("it comes up");
        outcome(&script, known, wires).expect("with a profile")
    }
}

#[test]
fn an_unknown_part_is_woken_reset_and_believed_after_two_ids() {
    let mut part = Fake::mx25r();
    let profile = part.profile(None, &FAST);
    assert_eq!(part.sent[..7], [0xAB, 0x05, 0x66, 0x99, 0x05, 0x9F, 0x9F]);
    assert_eq!(profile.dimensions.size, 8 << 20);
    assert_eq!(profile.dimensions.sector, 4096);
    assert_eq!(profile.read.opcode, 0xEB);
    assert_eq!(profile.read.lines, Lines::QuadIo);
    assert_eq!(profile.read.dummy_clocks, 6);
    assert_eq!(profile.program.opcode, 0x38);
    assert_eq!(part.status & 0x40, 0x40, "quad enabled");
    assert_eq!(part.configuration[1] & 2, 2, "high performance");
    assert!(profile.high_performance);
    assert_eq!(profile.clock_limit_hz, u32::MAX);
    assert_eq!(profile.program_times.page.typ_us, 896);
}

#[test]
fn a_slow_board_leaves_the_part_in_its_cheap_mode() {
    let slow = AllWires {
        fastest_hz: 8_000_000,
        quad: true,
    };
    let mut part = Fake::mx25r();
    let profile = part.profile(None, &slow);
    assert!(!part.sent.contains(&0x15));
    assert_eq!(part.configuration, [0, 0]);
    assert_eq!(profile.clock_limit_hz, 8_000_000);
    assert!(profile.program_times.page.typ_us >= 3_000);
}

#[test]
fn a_known_part_is_checked_and_not_read_again() {
    let mut part = Fake::mx25r();
    let profile = part.profile(None, &FAST);
    let again = part.profile(Some(profile), &FAST);
    assert_eq!(
        part.sent,
        [0xAB, 0x05, 0x9F, 0x9F, 0x05, 0x15, 0x05],
        "no reset, no tables, nothing written"
    );
    assert_eq!(again.read, profile.read);
}

#[test]
fn a_known_part_that_forgot_its_mode_is_told_again() {
    let mut part = Fake::mx25r();
    let profile = part.profile(None, &FAST);
    part.configuration = [0, 0];
    part.status = 0;
    part.profile(Some(profile), &FAST);
    assert_eq!(part.configuration[1] & 2, 2);
    assert_eq!(part.status & 0x40, 0x40);
}

#[test]
fn another_part_in_its_place_is_noticed() {
    let mut part = Fake::mx25r();
    let profile = part.profile(None, &FAST);
    part.ids = vec![[0xC2, 0x28, 0x14]];
    assert_eq!(
        part.run(Some(profile), &FAST).err(),
        Some(Error::UnstableId)
    );
}

#[test]
fn the_second_status_register_is_written_with_the_first() {
    let mut part = Fake::new("GD25Q16C_c84015_DERIVED.hex", [0xC8, 0x40, 0x15]);
    let profile = part.profile(None, &FAST);
    assert_eq!(part.status_2, 2);
    assert_eq!(profile.program.opcode, 0x32);
    assert_eq!(profile.dimensions.size, 2 << 20);
    assert!(!profile.high_performance);
}

#[test]
fn quad_that_does_not_stick_is_done_without() {
    let mut part = Fake::new("W25Q128JV_ef4018.hex", [0xEF, 0x40, 0x18]);
    part.stuck[1] = 2;
    let script = part.run(None, &FAST).expect("it comes up");
    assert_eq!(script.shortfall(), Some(Error::RegisterNotKept));
    let profile = outcome(&script, None, &FAST).expect("with a profile");
    assert!(!profile.read.lines.needs_quad_enable());
    assert_eq!(profile.program.opcode, 0x02);
    assert_eq!(profile.quad_enable, None);
}

#[test]
fn the_fast_mode_that_does_not_stick_limits_the_clock() {
    let mut part = Fake::mx25r();
    part.stuck[2] = 2;
    let script = part.run(None, &FAST).expect("it comes up");
    assert_eq!(script.shortfall(), Some(Error::RegisterNotKept));
    let profile = outcome(&script, None, &FAST).expect("with a profile");
    assert_eq!(profile.clock_limit_hz, 8_000_000);
}

#[test]
fn a_controller_without_four_lines_writes_no_quad_bit() {
    let two_lines = AllWires {
        fastest_hz: 32_000_000,
        quad: false,
    };
    let mut part = Fake::new("W25Q128JV_ef4018.hex", [0xEF, 0x40, 0x18]);
    let profile = part.profile(None, &two_lines);
    assert_eq!(profile.read.opcode, 0xBB);
    assert_eq!(part.status_2, 0);
}

#[test]
fn absent_parts_are_asked_out_of_their_modes_first() {
    let mut part = Fake::mx25r();
    part.all_ones = true;
    assert_eq!(part.run(None, &FAST).err(), Some(Error::NotFound));
    let leaving = part.sent.windows(3).any(|sent| sent == [0xFF, 0x66, 0x99]);
    assert!(leaving, "{:02x?}", part.sent);
    assert!(part.waited_us < 100_000, "no long wait for nothing");
}

#[test]
fn ids_of_zeros_or_ones_and_ids_that_change_are_refused() {
    for (ids, error) in [
        (vec![[0; 3]], Error::NotFound),
        (vec![[0xFF; 3]], Error::NotFound),
        (
            vec![[0xC2, 0x28, 0x17], [0xC2, 0x28, 0x16]],
            Error::UnstableId,
        ),
    ] {
        let mut part = Fake::mx25r();
        part.ids = ids;
        assert_eq!(part.run(None, &FAST).err(), Some(error));
    }
}

#[test]
fn a_part_that_is_busy_from_before_is_waited_for_but_not_for_ever() {
    let mut part = Fake::mx25r();
    part.busy_answers = 500;
    part.profile(None, &FAST);
    let reset = part.sent.iter().position(|opcode| *opcode == 0x66);
    assert_eq!(reset, Some(502), "not reset in the middle of its work");

    let mut part = Fake::mx25r();
    part.busy_answers = u32::MAX;
    assert_eq!(part.run(None, &FAST).err(), Some(Error::NoAnswer));
    assert!(part.waited_us >= 10_000_000);
}

#[test]
fn protection_is_seen_where_its_bits_are() {
    let mut part = Fake::mx25r();
    part.status = 0x20;
    assert!(part.profile(None, &FAST).is_protected(), "BP3 beside QE");

    let mut part = Fake::new("W25Q128JV_ef4018.hex", [0xEF, 0x40, 0x18]);
    part.status = 0x20;
    assert!(!part.profile(None, &FAST).is_protected(), "TB alone");
    part.status = 0x04;
    assert!(part.profile(None, &FAST).is_protected(), "BP0");
}

#[test]
fn a_part_that_comes_up_locked_is_unlocked() {
    let mut part = Fake::new("SST26VF064B_bf2643.hex", [0xBF, 0x26, 0x43]);
    let profile = part.profile(None, &FAST);
    let unlocked = part.sent.windows(2).any(|sent| sent == [0x06, 0x98]);
    assert!(unlocked, "{:02x?}", part.sent);
    assert!(!profile.is_protected());
    assert_eq!(profile.dimensions.sector, 4096);
}

#[test]
fn without_tables_the_id_has_to_do() {
    let mut part = Fake::mx25r();
    part.sfdp.clear();
    let profile = part.profile(None, &FAST);
    assert_eq!(profile.dimensions.size, 8 << 20);

    let mut part = Fake::mx25r();
    part.sfdp.clear();
    part.ids = vec![[0x12, 0x34, 0x56]];
    assert_eq!(part.run(None, &FAST).err(), Some(Error::UnknownPart));
}

#[test]
fn a_part_beyond_16_mib_is_used_as_far_as_three_bytes_reach() {
    let mut part = Fake::new("W25Q256JWM_ef8019.hex", [0xEF, 0x80, 0x19]);
    let profile = part.profile(None, &FAST);
    assert_eq!(profile.dimensions.size, 16 << 20);
    assert_eq!(profile.width, AddressWidth::Three);
    assert_eq!(profile.four_byte_mode, None);
}

#[test]
fn a_part_that_may_come_up_from_a_reset_is_left_alone_first() {
    let mut script: BringUp = BringUp::new();
    script.restart(None, 1_000_000, true);
    assert_eq!(script.next(Input::Begin, &FAST), Act::Pause(30_000));
    let wake = script.next(Input::Elapsed, &FAST);
    assert!(matches!(wake, Act::Command(operation) if operation.template.opcode == 0xAB));
}

#[test]
fn a_refusal_of_the_controller_ends_it_at_every_step() {
    let mut part = Fake::mx25r();
    part.run(None, &FAST).expect("it comes up");
    let steps = part.sent.len();
    for refused in 0..steps {
        let mut part = Fake::mx25r();
        let mut script: BringUp = BringUp::new();
        script.restart(None, 1_000_000, false);
        let mut act = script.next(Input::Begin, &FAST);
        let mut step = 0;
        let result = loop {
            let input: Vec<u8> = match act {
                Act::Pause(_) => {
                    act = script.next(Input::Elapsed, &FAST);
                    continue;
                }
                Act::Finished(result) => break result,
                Act::Command(operation) => {
                    part.command(operation.template.opcode);
                    Vec::new()
                }
                Act::Send(operation, small) => {
                    part.write(operation.template.opcode, small.as_slice());
                    small.as_slice().to_vec()
                }
                Act::Receive(operation, length) => {
                    part.receive(operation.template.opcode, operation.address, length)
                }
                Act::EnableAndReceive(..) | Act::Read(..) | Act::Program(..) | Act::Queue => {
                    panic!("bring-up leaves the array alone")
                }
            };
            act = if step == refused {
                script.next(Input::Refused(qspi_hil::Error::Hardware), &FAST)
            } else {
                script.next(Input::Done(&input), &FAST)
            };
            step += 1;
        };
        assert_eq!(
            result,
            Err(Error::Controller(qspi_hil::Error::Hardware)),
            "step {refused}"
        );
        assert!(outcome(&script, None, &FAST).is_none());
    }
}

#[test]
fn no_register_is_written_without_the_latch() {
    let mut part = Fake::mx25r();
    part.deaf_to_write_enable = true;
    let script = part.run(None, &FAST).expect("it comes up");
    assert_eq!(script.shortfall(), Some(Error::RegisterNotKept));
    assert!(!part.sent.contains(&0x01));
    let profile = outcome(&script, None, &FAST).expect("with a profile");
    assert!(!profile.read.lines.needs_quad_enable());
    assert!(!profile.high_performance);
}

#[test]
fn noise_in_one_answer_is_neither_written_back_nor_believed() {
    let parts: [fn() -> Fake; 3] = [
        Fake::mx25r,
        || Fake::new("W25Q128JV_ef4018.hex", [0xEF, 0x40, 0x18]),
        || Fake::new("GD25Q16C_c84015_DERIVED.hex", [0xC8, 0x40, 0x15]),
    ];
    for new in parts {
        let mut clean = new();
        let expected = clean.profile(None, &FAST);
        for at in 0..clean.answers {
            for bits in (0..8).map(|bit| 1 << bit).chain([0xFF]) {
                let mut part = new();
                part.noise = Some((at, bits));
                let result = part.run(None, &FAST);
                // Nothing but the bits that were to be set.
                assert_eq!(part.status & !0x40, 0, "answer {at}, bits {bits:02x}");
                assert_eq!(part.status_2 & !0x02, 0, "answer {at}, bits {bits:02x}");
                assert_eq!(part.configuration[0], 0, "answer {at}, bits {bits:02x}");
                assert_eq!(
                    part.configuration[1] & !0x02,
                    0,
                    "answer {at}, bits {bits:02x}"
                );
                if let Some(profile) = result.ok().and_then(|script| outcome(&script, None, &FAST))
                {
                    // Times differ where the fast mode was done without.
                    assert_eq!(profile.geometry.regions, expected.geometry.regions);
                    assert_eq!(profile.dimensions, expected.dimensions);
                    assert_eq!(profile.poll, expected.poll);
                }
            }
        }
    }
}

/// A part that the board knows, which comes up as its tables would have it, but without them.
fn comes_up_as_by_its_tables<P: FixedPart>(new: fn() -> Fake) {
    let by_tables = new().profile(None, &FAST);
    let mut part = new();
    part.sfdp.clear();
    let script = part.run_by::<Fixed<P>>(None, &FAST).expect("it comes up");
    assert!(!part.sent.contains(&0x5A), "{}", P::NAME);
    assert_eq!(part.sent[..7], [0xAB, 0x05, 0x66, 0x99, 0x05, 0x9F, 0x9F]);
    let profile = outcome(&script, None, &FAST).expect("with a profile");
    assert_eq!(format!("{profile:?}"), format!("{by_tables:?}"));
    assert_eq!(script.shortfall(), None);
    let (mut other, mut deaf) = (new(), new());

    // What is protected is told, and kept for the next greeting.
    let (mut protected, mut told) = (new(), new());
    (protected.status, told.status) = (0x0C, 0x0C);
    let script = protected
        .run_by::<Fixed<P>>(None, &FAST)
        .expect("it comes up");
    let locked = outcome(&script, None, &FAST).expect("with a profile");
    assert!(locked.is_protected(), "{}", P::NAME);
    assert_eq!(locked.protection, told.profile(None, &FAST).protection);

    // Another part is not taken for it.
    other.ids = vec![[0xEF, 0x40, 0x15]];
    let refused = other.run_by::<Fixed<P>>(None, &FAST).map(|_| ());
    assert_eq!(refused, Err(Error::UnknownPart));

    // One that does not keep its bits is not used as if it had.
    deaf.deaf_to_write_enable = true;
    let refused = deaf.run_by::<Fixed<P>>(None, &FAST).map(|_| ());
    assert_eq!(refused, Err(Error::RegisterNotKept));

    // What was known before is as it was.
    let woken = part.profile(Some(profile), &FAST);
    assert_eq!(format!("{woken:?}"), format!("{by_tables:?}"));
}

#[test]
fn a_part_that_the_board_knows_is_as_its_tables_say() {
    comes_up_as_by_its_tables::<Mx25r6435f>(Fake::mx25r);
    comes_up_as_by_its_tables::<Mx25l3233f>(|| {
        Fake::new("MX25L3233F_c22016.hex", [0xC2, 0x20, 0x16])
    });
    comes_up_as_by_its_tables::<Gd25q16c>(|| {
        Fake::new("GD25Q16C_c84015_DERIVED.hex", [0xC8, 0x40, 0x15])
    });
}
