// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Reproducible noise: the same seed and index always give the same bits.

/// One step of the SplitMix64 output function over `seed` and `index`.
///
/// A function of its arguments rather than a generator, so that what one fault
/// draws does not depend on how many others were drawn before it.
pub(crate) fn noise(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One byte of noise.
pub(crate) fn noise_byte(seed: u64, index: u64) -> u8 {
    (noise(seed, index) >> 24) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_arguments_give_the_same_bits_and_others_do_not() {
        assert_eq!(noise(7, 3), noise(7, 3));
        assert_ne!(noise(7, 3), noise(7, 4));
        assert_ne!(noise(7, 3), noise(8, 3));
    }

    #[test]
    fn bytes_cover_the_whole_range() {
        let mut seen = [false; 256];
        for index in 0..10_000 {
            seen[usize::from(noise_byte(1, index))] = true;
        }
        assert!(seen.iter().all(|&hit| hit));
    }
}
