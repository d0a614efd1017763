// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

use crate::rig::*;
use qspi_models::registers::*;
use qspi_models::{Direction, FlashOperation, Observation, Outcome, Task, Violation};

/// One read of the status register at 8 MHz, and the CSN gap after it.
const POLL: u64 = 16 * 125;
const GAP: u64 = 63;
const MS: u64 = 1_000_000;

#[test]
fn activate_polls_the_status_register_once() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.connect();
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.write(ENABLE, 1);
    let took = rig.run(TASKS_ACTIVATE);
    assert_eq!(took, rig.qspi.silicon.activate_ns + POLL);
    let frames: Vec<_> = rig
        .observations()
        .into_iter()
        .filter(|o| matches!(o, Observation::Bus { .. }))
        .collect();
    assert_eq!(
        frames,
        [Observation::Bus {
            opcode: Some(0x05),
            address: None,
            bytes: 1,
            duration_ns: POLL
        }]
    );
    rig.no_violations();
}

#[test]
fn activate_without_pins_always_ends() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.qspi.flash_mut().put_to_sleep(0);
    rig.write(ENABLE, 1);
    assert_eq!(rig.run(TASKS_ACTIVATE), rig.qspi.silicon.activate_ns);
    assert_eq!(rig.read(STATUS) >> 24, 0);
    rig.no_violations();
}

#[test]
fn activate_with_pins_waits_for_a_busy_flash() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.connect();
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.qspi.flash_mut().set_busy(0, Some(10 * MS));
    rig.write(ENABLE, 1);
    let took = rig.run(TASKS_ACTIVATE);
    // The status register is read back to back: READY comes within one read
    // and a bit of the end.
    assert!(took >= 10 * MS, "{took}");
    assert!(took <= 10 * MS + 2 * (POLL + GAP), "{took}");
    rig.no_violations();
}

#[test]
fn activate_with_an_absent_flash_never_ends() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.connect();
    rig.qspi.flash_mut().faults.lines = qspi_models::nor::Lines::ReadOnes;
    rig.write(ENABLE, 1);
    rig.write(TASKS_ACTIVATE, 1);
    assert_eq!(rig.until_ready(), None);
    assert_eq!(rig.read(STATUS), 0xFF00_0000);
}

#[test]
fn activate_sends_the_address_mode_instruction() {
    let mut rig = Rig::fresh("IS25WP256");
    rig.connect();
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.write(ADDRCONF, 0xB7 | 1 << 24 | 1 << 26 | 1 << 27);
    rig.write(ENABLE, 1);
    rig.run(TASKS_ACTIVATE);
    assert!(rig.qspi.flash().is_four_byte());
    let opcodes: Vec<_> = rig
        .observations()
        .into_iter()
        .filter_map(|o| match o {
            Observation::Bus { opcode, .. } => opcode,
            _ => None,
        })
        .collect();
    assert_eq!(opcodes, [0x05, 0x06, 0xB7, 0x05]);
    rig.no_violations();
}

#[test]
fn a_read_takes_its_poll_its_head_and_its_bytes() {
    for (ifconfig0, head, per_byte) in [(0, 40, 8), (1, 40, 4), (2, 24, 4), (3, 40, 2), (4, 20, 2)]
    {
        for sckfreq in [MHZ_8, 1, MHZ_32] {
            let mut rig = Rig::quad("MX25R6435F", ifconfig0, sckfreq);
            let mut expected = vec![0; 256];
            for (index, byte) in expected.iter_mut().enumerate() {
                *byte = (index as u8).wrapping_mul(7) ^ 0x5A;
            }
            rig.qspi.flash_mut().poke(0x12340, &expected);
            rig.set_up_read(0x12340, RAM + 64, 256);
            // The gap since the activation's last frame has passed.
            rig.pass(1_000);
            let took = rig.run(TASKS_READSTART);
            let period_ps = 31_250 * u64::from(sckfreq + 1);
            let poll = (16 * period_ps).div_ceil(1_000);
            let frame = ((head + 256 * per_byte) * period_ps).div_ceil(1_000);
            assert_eq!(took, poll + GAP + frame, "{ifconfig0} {sckfreq}");
            assert_eq!(rig.ram.at(RAM + 64, 256), expected, "{ifconfig0} {sckfreq}");
            rig.no_violations();
        }
    }
}

#[test]
fn a_read_owes_its_memory_from_start_to_end() {
    let mut rig = Rig::active();
    rig.set_up_read(0, RAM + 0x100, 4096);
    rig.write(EVENTS_READY, 0);
    rig.observed();
    rig.write(TASKS_READSTART, 1);
    assert_eq!(rig.qspi.owed_memory(), Some((RAM + 0x100, 4096)));
    let start = rig.now;
    let took = rig.until_ready().unwrap();
    assert_eq!(rig.qspi.owed_memory(), None);
    let seen: Vec<_> = rig
        .observed()
        .into_iter()
        .filter(|o| {
            matches!(
                o.what,
                Observation::DmaStarted { .. }
                    | Observation::DmaEnded { .. }
                    | Observation::ReadySet { .. }
                    | Observation::TaskTriggered { .. }
            )
        })
        .map(|o| (o.at, o.what))
        .collect();
    let direction = Direction::ToMemory;
    let address = RAM + 0x100;
    assert_eq!(
        seen,
        [
            (
                start,
                Observation::TaskTriggered {
                    task: Task::Read,
                    accepted: true
                }
            ),
            (
                start,
                Observation::DmaStarted {
                    direction,
                    address,
                    length: 4096
                }
            ),
            (
                start + took,
                Observation::DmaEnded {
                    direction,
                    address,
                    length: 4096,
                    moved: 4096
                }
            ),
            (start + took, Observation::ReadySet { injected: false }),
        ]
    );
}

#[test]
fn memory_fills_as_the_bytes_arrive() {
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.set_up_read(0, RAM, 1024);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_READSTART, 1);
    // Poll, gap, 40 clocks of head, then 100 bytes of eight clocks.
    rig.pass(POLL + GAP + 40 * 125 + 100 * 8 * 125);
    let filled = rig.ram.at(RAM, 1024).iter().filter(|&&b| b == 0xFF).count();
    assert_eq!(filled, 100);
    assert!(rig.ram.at(RAM, 100).iter().all(|&b| b == 0xFF));
    rig.until_ready().unwrap();
    assert!(rig.ram.at(RAM, 1024).iter().all(|&b| b == 0xFF));
}

#[test]
fn a_read_right_after_an_erase_waits_for_it() {
    let mut rig = Rig::active();
    rig.set_up_erase(0x1000, 0);
    let started = rig.run(TASKS_ERASESTART);
    assert!(started < MS);
    rig.set_up_read(0x1000, RAM, 4);
    let took = rig.run(TASKS_READSTART);
    assert!(took > 57 * MS && took < 59 * MS, "{took}");
    assert_eq!(rig.ram.at(RAM, 4), [0xFF; 4]);
    rig.no_violations();
}

#[test]
fn an_erase_is_ready_at_once_and_done_later() {
    let mut rig = Rig::active();
    rig.qspi.flash_mut().poke(0x1000, &[0; 0x2000]);
    rig.pass(1_000);
    rig.set_up_erase(0x1ABC, 0);
    let took = rig.run(TASKS_ERASESTART);
    assert_eq!(took, POLL + GAP + 8 * 125 + GAP + 32 * 125);
    assert_eq!(rig.custom(0x05, &[0])[0], 0x03);
    let mut byte = [0xAA];
    rig.qspi.flash_mut().peek(0x1000, &mut byte);
    assert_eq!(byte, [0]);
    rig.until_idle();
    assert_eq!(rig.custom(0x05, &[0])[0], 0x00);
    let mut sector = vec![0; 0x1001];
    rig.qspi.flash_mut().peek(0x1000, &mut sector);
    assert!(sector[..0x1000].iter().all(|&b| b == 0xFF));
    assert_eq!(sector[0x1000], 0);
    assert_eq!(rig.qspi.flash().wear(0x1000), 1);
    assert_eq!(rig.qspi.flash().wear(0x2000), 0);
    rig.no_violations();
}

#[test]
fn the_other_erases_take_their_own_time() {
    let mut rig = Rig::active();
    rig.set_up_erase(0x2_1234, 1);
    rig.run(TASKS_ERASESTART);
    assert_eq!(rig.until_idle(), 1_080 * MS);
    assert_eq!(rig.qspi.flash().wear(0x2_F000), 1);
    assert_eq!(rig.qspi.flash().wear(0x3_0000), 0);
    rig.set_up_erase(0, 2);
    rig.run(TASKS_ERASESTART);
    assert_eq!(rig.until_idle(), 118_000 * MS);
    assert_eq!(rig.qspi.flash().wear(0x2_F000), 2);
    rig.no_violations();
}

#[test]
fn a_write_is_split_at_pages_of_the_flash() {
    let mut rig = Rig::active();
    let data: Vec<u8> = (0..600u32).map(|n| n as u8 | 1).collect();
    rig.ram.at(RAM, 600).copy_from_slice(&data);
    rig.set_up_write(0x1F0, RAM, 600);
    rig.observed();
    rig.run(TASKS_WRITESTART);
    // The last page still programs.
    assert!(rig.qspi.flash().is_busy());
    rig.until_idle();
    let mut back = vec![0; 600];
    rig.qspi.flash_mut().peek(0x1F0, &mut back);
    assert_eq!(back, data);
    let programs: Vec<_> = rig
        .observations()
        .into_iter()
        .filter_map(|o| match o {
            Observation::BusyStarted {
                operation: FlashOperation::Program,
                address,
                length,
            } => Some((address, length)),
            _ => None,
        })
        .collect();
    assert_eq!(
        programs,
        [(0x1F0, 16), (0x200, 256), (0x300, 256), (0x400, 72)]
    );
    rig.no_violations();
}

#[test]
fn a_page_size_of_512_wraps_in_a_part_with_256() {
    let mut rig = Rig::active_with("MX25R6435F", 1 << 12, MHZ_8);
    rig.ram.at(RAM, 512).fill(0x11);
    rig.set_up_write(0, RAM, 512);
    rig.run(TASKS_WRITESTART);
    rig.until_idle();
    assert_eq!(rig.take(), [Violation::ProgramWrapsInPage { address: 0 }]);
    let mut back = vec![0; 512];
    rig.qspi.flash_mut().peek(0, &mut back);
    assert!(back[..256].iter().all(|&b| b == 0x11));
    assert!(back[256..].iter().all(|&b| b == 0xFF));
}

#[test]
fn write_time_is_bus_and_all_but_the_last_program() {
    let mut rig = Rig::quad("MX25R6435F", QUAD_MACRONIX, MHZ_32);
    rig.pass(1_000);
    rig.set_up_write(0, RAM, 4096);
    let took = rig.run(TASKS_WRITESTART);
    // High-performance mode: fifteen programs of 896 µs, sixteen frames.
    let programs = 15 * 896_000;
    let frame = ((14 + 512) * 31_250u64).div_ceil(1_000);
    assert!(took > programs + 16 * frame, "{took}");
    assert!(took < programs + 16 * (frame + 5_000), "{took}");
    assert_eq!(rig.until_idle(), 896_000);
    rig.no_violations();
}

#[test]
fn data_is_fetched_as_it_is_sent() {
    let mut rig = Rig::active();
    rig.pass(1_000);
    rig.ram.at(RAM, 256).fill(0x11);
    rig.set_up_write(0, RAM, 256);
    rig.write(EVENTS_READY, 0);
    rig.write(TASKS_WRITESTART, 1);
    rig.pass(POLL + GAP + 8 * 125 + GAP + 32 * 125 + 64 * 1_000);
    // A driver that lets go of the buffer too early sends what is put there.
    rig.ram.at(RAM, 256).fill(0x22);
    rig.until_ready().unwrap();
    rig.until_idle();
    let mut back = [0; 256];
    rig.qspi.flash_mut().peek(0, &mut back);
    assert_eq!(back[..64], [0x11; 64]);
    assert_eq!(back[64..], [0x22; 192]);
}

#[test]
fn reads_wrap_at_the_end_of_the_part() {
    let mut rig = Rig::active();
    rig.qspi.flash_mut().poke(0, &[1, 2, 3, 4]);
    rig.qspi.flash_mut().poke((8 << 20) - 4, &[5, 6, 7, 8]);
    rig.set_up_read((8 << 20) - 4, RAM, 8);
    rig.run(TASKS_READSTART);
    assert_eq!(rig.ram.at(RAM, 8), [5, 6, 7, 8, 1, 2, 3, 4]);
    assert_eq!(rig.take(), [Violation::BeyondEnd { end: (8 << 20) + 4 }]);
}

#[test]
fn four_address_bytes_reach_beyond_16_mib() {
    let mut rig = Rig::active_with("IS25WP256", 1 << 6, MHZ_8);
    rig.custom(0xB7, &[]);
    rig.qspi.flash_mut().poke(0x180_0000, &[0xC3; 4]);
    rig.set_up_read(0x180_0000, RAM, 4);
    rig.run(TASKS_READSTART);
    assert_eq!(rig.ram.at(RAM, 4), [0xC3; 4]);
    rig.set_up_erase(0x180_0000, 0);
    rig.run(TASKS_ERASESTART);
    rig.until_idle();
    rig.ram.at(RAM, 4).fill(0x3C);
    rig.set_up_write(0x180_0000, RAM, 4);
    rig.run(TASKS_WRITESTART);
    rig.until_idle();
    let mut back = [0; 4];
    rig.qspi.flash_mut().peek(0x180_0000, &mut back);
    assert_eq!(back, [0x3C; 4]);
    rig.no_violations();
}

#[test]
fn three_address_bytes_do_not_reach_beyond_16_mib() {
    let mut rig = Rig::active_with("IS25WP256", 0, MHZ_8);
    rig.qspi.flash_mut().poke(0x180_0000, &[0xC3; 4]);
    rig.qspi.flash_mut().poke(0x80_0000, &[0x99; 4]);
    rig.set_up_read(0x180_0000, RAM, 4);
    rig.run(TASKS_READSTART);
    assert_eq!(rig.ram.at(RAM, 4), [0x99; 4]);
    assert_eq!(rig.take(), [Violation::BeyondEnd { end: 0x180_0004 }]);
}

#[test]
fn address_widths_that_disagree_give_noise() {
    // Four bytes sent to a part that takes three.
    let mut rig = Rig::active_with("IS25WP256", 1 << 6, MHZ_8);
    rig.qspi.flash_mut().poke(0, &[0x77; 16]);
    rig.set_up_read(0, RAM, 16);
    rig.run(TASKS_READSTART);
    assert_ne!(rig.ram.at(RAM, 16), [0x77; 16]);
    assert_eq!(rig.take(), [Violation::WrongFraming { opcode: 0x0B }]);
    // Three bytes sent to a part that takes four.
    let mut rig = Rig::active_with("IS25WP256", 0, MHZ_8);
    rig.qspi.flash_mut().set_four_byte(true);
    rig.set_up_read(0, RAM, 16);
    rig.run(TASKS_READSTART);
    assert!(
        rig.take()
            .contains(&Violation::WrongFraming { opcode: 0x0B })
    );
}

#[test]
fn sck_delay_spaces_the_frames() {
    let mut rig = Rig::active();
    rig.write(IFCONFIG1, 0x3004_0480);
    rig.pass(100_000);
    rig.set_up_read(0, RAM, 4);
    let slow = rig.run(TASKS_READSTART);
    assert_eq!(slow, POLL + 8_000 + (40 + 32) * 125);
    rig.write(IFCONFIG1, 0x3004_0400);
    rig.pass(100_000);
    assert_eq!(rig.run(TASKS_READSTART), slow - 8_000);
}

#[test]
fn bus_use_counts_clocking_and_enabled_time() {
    let mut rig = Rig::fresh("MX25R6435F");
    rig.connect();
    rig.write(IFCONFIG1, 0x3004_0401);
    rig.pass(5_000);
    rig.write(ENABLE, 1);
    rig.run(TASKS_ACTIVATE);
    rig.pass(1_000);
    rig.set_up_read(0, RAM, 64);
    rig.run(TASKS_READSTART);
    let used = rig.qspi.bus_use();
    assert_eq!(used.clocking_ns, 2 * POLL + (40 + 512) * 125);
    assert_eq!(used.enabled_ns, rig.now - 5_000);
    rig.write(TASKS_DEACTIVATE, 1);
    rig.write(ANOMALY_122, 1);
    rig.write(ENABLE, 0);
    rig.pass(10_000);
    assert_eq!(rig.qspi.bus_use(), used);
    rig.write(ENABLE, 1);
    rig.pass(7_000);
    assert_eq!(rig.qspi.bus_use().enabled_ns, used.enabled_ns + 7_000);
}

#[test]
fn endless_polling_keeps_the_bus_clocking() {
    let mut rig = Rig::active();
    rig.set_up_erase(0, 0);
    rig.run(TASKS_ERASESTART);
    let before = rig.qspi.bus_use().clocking_ns;
    rig.observed();
    rig.set_up_read(0, RAM, 4);
    let took = rig.run(TASKS_READSTART);
    let clocked = rig.qspi.bus_use().clocking_ns - before;
    // All of it but the gaps between reads of the status register.
    let share = POLL as f64 / (POLL + GAP) as f64;
    assert!((clocked as f64 / took as f64 - share).abs() < 0.001);
    let polls = rig.observations().into_iter().find_map(|o| match o {
        Observation::Polled { polls, .. } => Some(polls),
        _ => None,
    });
    let expected = 58 * MS / (POLL + GAP);
    assert!(polls.unwrap().abs_diff(expected) <= 3, "{polls:?}");
}

#[test]
fn observations_come_in_time_order() {
    let mut rig = Rig::active();
    rig.set_up_write(0, RAM, 2048);
    rig.run(TASKS_WRITESTART);
    rig.set_up_erase(0, 0);
    rig.run(TASKS_ERASESTART);
    rig.set_up_read(0, RAM, 512);
    rig.run(TASKS_READSTART);
    rig.until_idle();
    let times: Vec<u64> = rig.observed().iter().map(|o| o.at).collect();
    assert!(times.len() > 50);
    assert!(times.is_sorted());
}

#[test]
fn busy_periods_are_observed() {
    let mut rig = Rig::active();
    rig.observed();
    rig.set_up_erase(0x3000, 0);
    rig.run(TASKS_ERASESTART);
    rig.until_idle();
    let seen = rig.observed();
    let started = seen
        .iter()
        .find(|o| {
            o.what
                == Observation::BusyStarted {
                    operation: FlashOperation::Erase,
                    address: 0x3000,
                    length: 4096,
                }
        })
        .unwrap();
    let ended = seen
        .iter()
        .find(|o| {
            o.what
                == Observation::BusyEnded {
                    operation: FlashOperation::Erase,
                    outcome: Outcome::Done,
                }
        })
        .unwrap();
    assert_eq!(ended.at - started.at, 58 * MS);
}

#[test]
fn the_stream_can_be_switched_off() {
    let mut rig = Rig::active();
    rig.observed();
    rig.qspi.set_observing(false);
    rig.set_up_read(0, RAM, 64);
    rig.run(TASKS_READSTART);
    assert_eq!(rig.observed(), []);
}
