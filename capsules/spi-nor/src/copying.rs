// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Bytes between the device's buffer and a process.
//!
//! The kernel's own copies are loops over bytes: five instructions for each in a kernel that is
//! built for size, more than the wires take for it. Here compilers see four bytes that are loaded
//! together and stored together, and make words of them.

use core::cell::Cell;
use kernel::processbuffer::{ReadableProcessByte, ReadableProcessSlice, WriteableProcessSlice};

/// Bytes of a word.
const WORD: usize = 4;
/// Bytes of one pass: the loop's own instructions count for as many.
const PASS: usize = 4 * WORD;

#[inline(always)]
fn put([first, second, third, last]: &[Cell<u8>; WORD], from: &[u8; WORD]) {
    let [a, b, c, d] = *from;
    first.set(a);
    second.set(b);
    third.set(c);
    last.set(d);
}

#[inline(always)]
fn get(to: &mut [u8; WORD], [a, b, c, d]: &[ReadableProcessByte; WORD]) {
    *to = [a.get(), b.get(), c.get(), d.get()];
}

/// Copies `data` into a process's buffer. False, and nothing is copied, if they are not as long as
/// each other.
#[inline(never)]
pub fn to_process(part: &WriteableProcessSlice, data: &[u8]) -> bool {
    let to = part.iter().as_slice();
    if to.len() != data.len() {
        return false;
    }
    let (passes, rest) = to.as_chunks::<PASS>();
    let (data_passes, data_rest) = data.as_chunks::<PASS>();
    for (to, from) in passes.iter().zip(data_passes) {
        if let ([a, b, c, d], [first, second, third, last]) = (to.as_chunks().0, from.as_chunks().0)
        {
            put(a, first);
            put(b, second);
            put(c, third);
            put(d, last);
        }
    }
    for (to, from) in rest.iter().zip(data_rest) {
        to.set(*from);
    }
    true
}

/// Copies a process's buffer into `room`. False, and nothing is copied, if they are not as long as
/// each other.
#[inline(never)]
pub fn from_process(part: &ReadableProcessSlice, room: &mut [u8]) -> bool {
    let from = part.iter().as_slice();
    if from.len() != room.len() {
        return false;
    }
    let (passes, rest) = from.as_chunks::<PASS>();
    let (room_passes, room_rest) = room.as_chunks_mut::<PASS>();
    for (to, from) in room_passes.iter_mut().zip(passes) {
        if let ([a, b, c, d], [first, second, third, last]) =
            (to.as_chunks_mut().0, from.as_chunks().0)
        {
            get(a, first);
            get(b, second);
            get(c, third);
            get(d, last);
        }
    }
    for (to, from) in room_rest.iter_mut().zip(rest) {
        *to = from.get();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_from_every_offset_is_copied_whole_and_alone() {
        let source: [u8; 80] = core::array::from_fn(|n| n as u8 ^ 0xA5);
        for offset in 0..5 {
            for length in 0..70 {
                let data = &source[offset..offset + length];
                let mut there = [0u8; 80];
                let part: &mut [u8] = &mut there[offset..offset + length];
                assert!(to_process((&mut *part).into(), data));
                let mut expected = [0u8; 80];
                expected[offset..offset + length].copy_from_slice(data);
                assert_eq!(there, expected);

                let mut back = [0u8; 80];
                assert!(from_process(
                    data.into(),
                    &mut back[offset..offset + length]
                ));
                assert_eq!(back, expected);
            }
        }
    }

    #[test]
    fn other_lengths_are_not_copied() {
        let mut room = [7u8; 20];
        assert!(!to_process((&mut room[..]).into(), &[1; 19]));
        assert!(!from_process((&[1u8; 21][..]).into(), &mut room));
        assert_eq!(room, [7; 20]);
    }
}
