// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Plans cover their range exactly once, and nothing else.

mod sfdp_support;

use proptest::prelude::*;
use sfdp_support::{check_plans, dump, part_of};
use spi_nor::bite;
use spi_nor::error::Error;
use spi_nor::geometry::{EraseType, Geometry, RangeError};
use spi_nor::plan::{ErasePlan, Granularity, PlanError, ProgramPlan, ReadPlan, Transfer};
use spi_nor::sfdp::times::Times;

const TIMES: Times = Times {
    typ_us: 1,
    max_us: 2,
};

const fn erase_type(size_bytes: u32) -> EraseType {
    EraseType {
        opcode: 0x20,
        opcode_4b: None,
        size_bytes,
        times: TIMES,
    }
}

/// A part with these erase types everywhere.
fn uniform(size_bytes: u32, page_bytes: u32, sizes: &[u32]) -> Geometry {
    let mut erase = [None; 4];
    for (slot, size) in erase.iter_mut().zip(sizes) {
        *slot = Some(erase_type(*size));
    }
    Geometry::new(size_bytes, page_bytes, erase, None).unwrap()
}

fn mx25r() -> Geometry {
    part_of(&dump("MX25R6435F_c22817.hex")).unwrap().geometry
}

fn sst26() -> Geometry {
    part_of(&dump("SST26VF064B_bf2643.hex")).unwrap().geometry
}

/// Addresses and sizes in KiB of an erase.
fn steps(geometry: &Geometry, address: u32, length: u32) -> Vec<(u32, u32)> {
    ErasePlan::new(geometry, address, length)
        .unwrap()
        .map(|step| (step.address / 1024, step.erase_type.size_bytes / 1024))
        .collect()
}

#[test]
fn the_largest_erase_that_fits_is_used() {
    let geometry = mx25r();
    assert_eq!(steps(&geometry, 0, 4096), [(0, 4)]);
    assert_eq!(steps(&geometry, 0, 64 << 10), [(0, 64)]);
    assert_eq!(
        steps(&geometry, 28 << 10, 104 << 10),
        [(28, 4), (32, 32), (64, 64), (128, 4)]
    );
    assert_eq!(steps(&geometry, 0, 0), []);
    assert_eq!(steps(&geometry, 8 << 20, 0), []);
    assert_eq!(steps(&geometry, 0, 8 << 20).len(), 128);
    // N25Q has no 32 KiB erase.
    let geometry = part_of(&dump("N25Q064A_20ba17.hex")).unwrap().geometry;
    assert_eq!(steps(&geometry, 32 << 10, 32 << 10).len(), 8);
    // No larger step than the caller can wait for.
    let limited = ErasePlan::limited(&mx25r(), 0, 128 << 10, 32 << 10)
        .unwrap()
        .count();
    assert_eq!(limited, 4);
}

#[test]
fn regions_are_honoured() {
    let geometry = sst26();
    assert_eq!(
        steps(&geometry, 0, 192 << 10),
        [
            (0, 8),
            (8, 8),
            (16, 8),
            (24, 8),
            (32, 32),
            (64, 64),
            (128, 64)
        ]
    );
    assert_eq!(
        steps(&geometry, 4 << 10, 36 << 10),
        [(4, 4), (8, 8), (16, 8), (24, 8), (32, 4), (36, 4)]
    );
    assert_eq!(
        steps(&geometry, (8192 - 68) << 10, 68 << 10),
        [
            (8124, 4),
            (8128, 32),
            (8160, 8),
            (8168, 8),
            (8176, 8),
            (8184, 8)
        ]
    );
}

#[test]
fn what_can_not_be_erased_is_refused_by_name() {
    let geometry = mx25r();
    let error = |address, length| ErasePlan::new(&geometry, address, length).unwrap_err();
    assert_eq!(
        error(1, 4096),
        PlanError::AddressUnaligned { unit_bytes: 4096 }
    );
    assert_eq!(error(0, 4095), PlanError::EndUnaligned { unit_bytes: 4096 });
    assert_eq!(
        error(4096, u32::MAX),
        PlanError::Range(RangeError::Overflow)
    );
    assert_eq!(
        error((8 << 20) - 4096, 8192),
        PlanError::Range(RangeError::OutOfRange)
    );
    assert_eq!(
        ErasePlan::limited(&geometry, 0, 4096, 4095).unwrap_err(),
        PlanError::NoErase
    );
    // An erase type that has no opcode now.
    let mut geometry = geometry;
    geometry.unavailable = 0b001;
    assert_eq!(
        ErasePlan::new(&geometry, 4096, 32768).unwrap_err(),
        PlanError::AddressUnaligned { unit_bytes: 32768 }
    );
    geometry.unavailable = 0b111;
    assert_eq!(
        ErasePlan::new(&geometry, 0, 65536).unwrap_err(),
        PlanError::NoErase
    );
    // Without the smallest erase, inner borders of regions can be in the way.
    let mut geometry = sst26();
    geometry.unavailable = 0b0011;
    assert_eq!(
        ErasePlan::new(&geometry, 0, 8 << 20).unwrap_err(),
        PlanError::NoErase
    );
}

#[test]
fn a_program_is_split_at_pages_and_padded() {
    let granularity = Granularity {
        align_bytes: 4,
        max_bytes: 1024,
    };
    let steps: Vec<Transfer> = ProgramPlan::new(&mx25r(), 0x0FE, 7, granularity)
        .unwrap()
        .collect();
    assert_eq!(
        steps,
        [
            Transfer {
                bus_address: 0x0FC,
                bus_bytes: 4,
                data_offset: 0,
                data_bytes: 2,
                head_bytes: 2,
                tail_bytes: 0,
            },
            Transfer {
                bus_address: 0x100,
                bus_bytes: 8,
                data_offset: 2,
                data_bytes: 5,
                head_bytes: 0,
                tail_bytes: 3,
            },
        ]
    );
}

#[test]
fn a_read_is_split_at_the_buffer() {
    let granularity = Granularity {
        align_bytes: 4,
        max_bytes: 10,
    };
    let steps: Vec<(u32, u32, u32, u32)> = ReadPlan::new(&mx25r(), 3, 14, granularity)
        .unwrap()
        .map(|step| {
            (
                step.bus_address,
                step.bus_bytes,
                step.head_bytes,
                step.tail_bytes,
            )
        })
        .collect();
    assert_eq!(steps, [(0, 8, 3, 0), (8, 8, 0, 0), (16, 4, 0, 3)]);
}

#[test]
fn ranges_and_granularities_are_checked() {
    let geometry = mx25r();
    let new = |address, length, align_bytes, max_bytes| {
        let granularity = Granularity {
            align_bytes,
            max_bytes,
        };
        let read = ReadPlan::new(&geometry, address, length, granularity).map(|_| ());
        let program = ProgramPlan::new(&geometry, address, length, granularity).map(|_| ());
        assert_eq!(read, program);
        read
    };
    assert_eq!(new(0, 8 << 20, 4, 4), Ok(()));
    assert_eq!(
        new((8 << 20) - 1, 2, 4, 4),
        Err(PlanError::Range(RangeError::OutOfRange))
    );
    assert_eq!(
        new(u32::MAX, u32::MAX, 4, 4),
        Err(PlanError::Range(RangeError::Overflow))
    );
    for (align_bytes, max_bytes) in [(0, 4), (3, 12), (4, 3), (4, 0), (512, 512)] {
        assert_eq!(
            new(0, 1, align_bytes, max_bytes),
            Err(PlanError::Granularity),
            "{align_bytes} {max_bytes}"
        );
    }
    assert_eq!(
        ReadPlan::new(&geometry, 5, 0, Granularity::bytes(1))
            .unwrap()
            .next(),
        None
    );
}

/// Geometries, uniform and not.
fn geometries() -> impl Strategy<Value = Geometry> {
    let sizes =
        proptest::sample::subsequence(vec![256u32, 4096, 8192, 32768, 65536, 262_144], 1..=4);
    let random = (sizes, 0u32..=9, 1u32..40).prop_map(|(sizes, page, blocks)| {
        let largest = *sizes.last().unwrap();
        // A part is a whole number of pages.
        uniform(largest * blocks, (1 << page).min(largest), &sizes)
    });
    prop_oneof![random, Just(sst26()), Just(mx25r())]
}

/// A range inside the part, or a little beyond.
fn ranges() -> impl Strategy<Value = (Geometry, u32, u32)> {
    geometries().prop_flat_map(|geometry| {
        let size = geometry.size_bytes;
        (Just(geometry), 0..=size, 0u32..=5000)
    })
}

proptest! {
    #[test]
    fn transfers_cover_exactly_once(
        (geometry, address, length) in ranges(),
        align in 0u32..=6,
        max_bytes in 0u32..=2000,
    ) {
        let granularity = Granularity { align_bytes: 1 << align, max_bytes };
        let inside = address.checked_add(length).is_some_and(|end| end <= geometry.size_bytes);
        let plan = ProgramPlan::new(&geometry, address, length, granularity);
        match plan {
            Ok(_) => {
                prop_assert!(inside);
                check_plans(&geometry, address, length, granularity);
            }
            Err(PlanError::Range(_)) => prop_assert!(!inside),
            Err(PlanError::Granularity) => prop_assert!(
                max_bytes < 1 << align || geometry.page_bytes < 1 << align
            ),
            Err(error) => prop_assert!(false, "{error:?}"),
        }
    }

    #[test]
    fn the_first_bite_of_a_read_is_the_plans_first_transfer(
        (geometry, address, length) in ranges(),
        align in 0u32..=6,
        max_bytes in 0u32..=2000,
    ) {
        let granularity = Granularity { align_bytes: 1 << align, max_bytes };
        let first = bite::plan_read(&geometry, address, length, granularity);
        let plan = ReadPlan::new(&geometry, address, length, granularity);
        match plan.map(|mut plan| plan.next()) {
            Ok(Some(transfer)) => {
                let read = first.unwrap();
                prop_assert_eq!(read.bus_address, transfer.bus_address);
                prop_assert_eq!(read.bus_bytes, transfer.bus_bytes);
                prop_assert_eq!(read.plan.head, transfer.head_bytes as usize);
                prop_assert_eq!(read.plan.count, transfer.data_bytes);
            }
            // A request of no bytes has no bite.
            Ok(None) => prop_assert_eq!(first, Err(Error::OutOfRange)),
            Err(error) => prop_assert_eq!(first, Err(error.into())),
        }
    }

    #[test]
    fn at_the_end_of_a_large_part(below in 0u32..3000, length in 0u32..4000, align in 0u32..=3) {
        let size = 1u32 << 31;
        let geometry = uniform(size, 256, &[4096, 65536]);
        let granularity = Granularity { align_bytes: 1 << align, max_bytes: 512 };
        let address = size - below;
        if length <= below {
            check_plans(&geometry, address, length, granularity);
        } else {
            prop_assert_eq!(
                ReadPlan::new(&geometry, address, length, granularity).unwrap_err(),
                PlanError::Range(RangeError::OutOfRange)
            );
        }
    }

    #[test]
    fn erases_cover_exactly_once(
        geometry in geometries(),
        from in any::<u32>(),
        to in any::<u32>(),
        aligned in any::<bool>(),
        limit in 8u32..=20,
    ) {
        let unit = if aligned { geometry.erase_unit_bytes().unwrap() } else { 1 };
        let from = from % (geometry.size_bytes + 1) / unit * unit;
        let to = to % (geometry.size_bytes + 1) / unit * unit;
        let (start, end) = (from.min(to), from.max(to));
        let largest = 1 << limit;
        match ErasePlan::limited(&geometry, start, end - start, largest) {
            Ok(plan) => {
                prop_assert_eq!(plan.left_bytes(), end - start);
                let mut at = start;
                for step in plan {
                    let size = step.erase_type.size_bytes;
                    prop_assert_eq!(step.address, at);
                    prop_assert_eq!(at % size, 0);
                    prop_assert!(size <= largest);
                    // It holds in all of the bytes that it erases.
                    let region = geometry.region_at(at).unwrap();
                    prop_assert!(at + size <= region.end);
                    prop_assert!(geometry.erase_types_in(&region).any(|known| known == step.erase_type));
                    // None larger would have fitted.
                    for larger in geometry.erase_types_in(&region) {
                        if larger.size_bytes > size && larger.size_bytes <= largest {
                            let fits = at % larger.size_bytes == 0
                                && larger.size_bytes <= end.min(region.end) - at;
                            prop_assert!(!fits);
                        }
                    }
                    at += size;
                }
                prop_assert_eq!(at, end);
            }
            Err(PlanError::NoErase) => prop_assert!(largest < geometry.erase_unit_bytes().unwrap()),
            Err(PlanError::AddressUnaligned { unit_bytes }) => prop_assert!(start % unit_bytes != 0),
            Err(PlanError::EndUnaligned { unit_bytes }) => prop_assert!(end % unit_bytes != 0),
            Err(error) => prop_assert!(false, "{error:?}"),
        }
    }
}
