// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Content that says where it belongs.

/// The byte that belongs to `address` under `seed`. Neighbours, pages and
/// sectors all differ, so a byte in a wrong place is seen.
pub const fn byte(seed: u32, address: u32) -> u8 {
    let mixed = mix(address.wrapping_mul(0x9e37_79b1) ^ seed.wrapping_mul(0x85eb_ca6b));
    (mixed >> 24) as u8
}

/// Fills `bytes` with what belongs to `address` and on.
pub fn fill(seed: u32, address: u32, bytes: &mut [u8]) {
    for (byte_address, byte_there) in (address..).zip(bytes) {
        *byte_there = byte(seed, byte_address);
    }
}

/// The `step`th length of a sequence: 1 to `longest`, in no order.
pub const fn length(seed: u32, step: u32, longest: u32) -> u32 {
    1 + mix(step.wrapping_mul(0xc2b2_ae35) ^ seed) % longest
}

const fn mix(value: u32) -> u32 {
    let mut mixed = value;
    mixed ^= mixed >> 15;
    mixed = mixed.wrapping_mul(0x2c1b_3c6d);
    mixed ^= mixed >> 12;
    mixed = mixed.wrapping_mul(0x297a_2d39);
    mixed ^ (mixed >> 15)
}
