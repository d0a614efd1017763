// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the kernel keeps for the app: subscriptions, buffers, queued upcalls.

use super::registers::{INVAL, failure_2, success_2};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

type Number = (usize, usize);

/// Address and length in the app.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Buffer {
    pub address: usize,
    pub length: usize,
}

impl Buffer {
    /// Writes `bytes` at `offset`.
    pub fn write(self, offset: usize, bytes: &[u8]) {
        assert!(offset + bytes.len() <= self.length, "outside of the buffer");
        let to = std::ptr::with_exposed_provenance_mut::<u8>(self.address + offset);
        // SAFETY: the app shared these bytes for writing and has not run since the
        // fake looked at what is shared.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
    }

    /// Reads `length` bytes at `offset`.
    pub fn read(self, offset: usize, length: usize) -> Vec<u8> {
        assert!(offset + length <= self.length, "outside of the buffer");
        let from = std::ptr::with_exposed_provenance::<u8>(self.address + offset);
        let mut bytes = vec![0; length];
        // SAFETY: the app shared these bytes and has not run since the fake looked
        // at what is shared.
        unsafe { std::ptr::copy_nonoverlapping(from, bytes.as_mut_ptr(), length) };
        bytes
    }
}

struct Queued {
    number: Number,
    function: usize,
    values: [usize; 3],
    data: usize,
}

pub struct Process {
    /// Where its memory is: buffers must lie in it.
    memory: Range<usize>,
    subscribed: HashMap<Number, (usize, usize)>,
    read_write: HashMap<Number, Buffer>,
    read_only: HashMap<Number, Buffer>,
    queue: VecDeque<Queued>,
}

impl Process {
    pub fn new(memory: Range<usize>) -> Process {
        Process {
            memory,
            subscribed: HashMap::new(),
            read_write: HashMap::new(),
            read_only: HashMap::new(),
            queue: VecDeque::new(),
        }
    }

    /// Whether the app may share these bytes for writing. Constants, which it may
    /// share for reading, lie elsewhere.
    fn owns(&self, address: usize, length: usize) -> bool {
        length == 0 || (self.memory.contains(&address) && address + length <= self.memory.end)
    }

    pub fn subscribe(
        &mut self,
        driver: usize,
        number: usize,
        function: usize,
        data: usize,
    ) -> [usize; 4] {
        let number = (driver, number);
        self.queue
            .retain(|queued| queued.number != number || queued.function == 0);
        let (function, data) = self
            .subscribed
            .insert(number, (function, data))
            .unwrap_or_default();
        success_2(function, data)
    }

    pub fn allow_read_write(
        &mut self,
        driver: usize,
        number: usize,
        address: usize,
        length: usize,
    ) -> [usize; 4] {
        if !self.owns(address, length) {
            return failure_2(INVAL, address, length);
        }
        let before = self
            .read_write
            .insert((driver, number), Buffer { address, length })
            .unwrap_or_default();
        success_2(before.address, before.length)
    }

    pub fn allow_read_only(
        &mut self,
        driver: usize,
        number: usize,
        address: usize,
        length: usize,
    ) -> [usize; 4] {
        let before = self
            .read_only
            .insert((driver, number), Buffer { address, length })
            .unwrap_or_default();
        success_2(before.address, before.length)
    }

    pub fn read_write(&self, driver: usize, number: usize) -> Buffer {
        self.read_write
            .get(&(driver, number))
            .copied()
            .unwrap_or_default()
    }

    pub fn read_only(&self, driver: usize, number: usize) -> Buffer {
        self.read_only
            .get(&(driver, number))
            .copied()
            .unwrap_or_default()
    }

    pub fn schedule(&mut self, driver: usize, number: usize, values: [usize; 3]) {
        let number = (driver, number);
        let (function, data) = self.subscribed.get(&number).copied().unwrap_or_default();
        self.queue.push_back(Queued {
            number,
            function,
            values,
            data,
        });
    }

    /// The next upcall that has a function. Those without are thrown away.
    pub fn take_next(&mut self) -> Option<(usize, [usize; 4])> {
        while let Some(queued) = self.queue.pop_front() {
            if queued.function != 0 {
                let [a, b, c] = queued.values;
                return Some((queued.function, [a, b, c, queued.data]));
            }
        }
        None
    }

    /// The oldest upcall of this number, whether or not it has a function.
    pub fn take(&mut self, driver: usize, number: usize) -> Option<[usize; 3]> {
        let at = self
            .queue
            .iter()
            .position(|queued| queued.number == (driver, number))?;
        self.queue.remove(at).map(|queued| queued.values)
    }

    pub fn write_flag(&self, address: usize, flag: bool) {
        if address != 0 {
            Buffer { address, length: 1 }.write(0, &[u8::from(flag)]);
        }
    }

    pub fn is_sharing(&self) -> bool {
        self.read_write
            .values()
            .chain(self.read_only.values())
            .any(|buffer| buffer.length != 0)
    }

    pub fn is_subscribed(&self) -> bool {
        self.subscribed.values().any(|(function, _)| *function != 0)
    }

    pub fn queued(&self) -> usize {
        self.queue.len()
    }
}
