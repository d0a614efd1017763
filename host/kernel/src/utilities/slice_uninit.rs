// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Slices of memory that is not initialised yet.

use core::mem::MaybeUninit;

/// `buffer` as memory to be initialised.
pub fn mut_slice_as_maybeuninit<T>(buffer: &mut [T]) -> &mut [MaybeUninit<T>] {
    let length = buffer.len();
    // SAFETY: `MaybeUninit<T>` has the layout of `T`, and the reference goes on
    // for as long as `buffer` is borrowed.
    unsafe { core::slice::from_raw_parts_mut(buffer.as_mut_ptr().cast(), length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_same_memory() {
        let mut memory = [1u8, 2];
        mut_slice_as_maybeuninit(&mut memory)[1].write(7);
        assert_eq!(memory, [1, 7]);
    }
}
