// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! GPIO ports, with nothing on their pins but what pulls.

const DIRECTION: u32 = 1;
const INPUT_OFF: u32 = 1 << 1;
const PULL: u32 = 3 << 2;
const PULL_UP: u32 = 3 << 2;
/// PIN_CNF out of reset: an input that is not connected.
const RESET: u32 = INPUT_OFF;

/// One port. Offsets are those within the first one's page.
pub(crate) struct Port {
    first: u32,
    first_pin: u32,
    pins: u32,
    out: u32,
    detect_mode: u32,
    configurations: [u32; 32],
}

impl Port {
    /// P0, 32 pins.
    pub(crate) fn p0() -> Self {
        Self::new(0x504, 0x700, 32)
    }

    /// P1, 16 pins.
    pub(crate) fn p1() -> Self {
        Self::new(0x804, 0xA00, 16)
    }

    fn new(first: u32, first_pin: u32, pins: u32) -> Self {
        Self {
            first,
            first_pin,
            pins,
            out: 0,
            detect_mode: 0,
            configurations: [RESET; 32],
        }
    }

    fn collect(&self, bit: impl Fn(usize, u32) -> bool) -> u32 {
        self.configurations[..self.pins as usize]
            .iter()
            .enumerate()
            .filter(|&(n, &configuration)| bit(n, configuration))
            .fold(0, |bits, (n, _)| bits | 1 << n)
    }

    fn directions(&self) -> u32 {
        self.collect(|_, configuration| configuration & DIRECTION != 0)
    }

    /// A pin that nothing drives or pulls up reads 0.
    fn input(&self) -> u32 {
        self.collect(|n, configuration| {
            let level = if configuration & DIRECTION != 0 {
                self.out >> n & 1 == 1
            } else {
                configuration & PULL == PULL_UP
            };
            configuration & INPUT_OFF == 0 && level
        })
    }

    fn set_directions(&mut self, which: u32, value: u32) {
        for (n, configuration) in self.configurations.iter_mut().enumerate() {
            if which >> n & 1 == 1 {
                *configuration = *configuration & !DIRECTION | value >> n & 1;
            }
        }
    }

    fn pin(&self, offset: u32) -> Option<usize> {
        let n = offset.checked_sub(self.first_pin)? / 4;
        (n < self.pins).then_some(n as usize)
    }

    pub(crate) fn load(&self, offset: u32) -> Option<u32> {
        if let Some(n) = self.pin(offset) {
            return Some(self.configurations[n]);
        }
        Some(match offset.checked_sub(self.first)? {
            0x00..=0x08 => self.out,
            0x0C => self.input(),
            0x10..=0x18 => self.directions(),
            // LATCH: no pin ever changes by itself.
            0x1C => 0,
            0x20 => self.detect_mode,
            _ => return None,
        })
    }

    pub(crate) fn store(&mut self, offset: u32, value: u32) -> Option<()> {
        if let Some(n) = self.pin(offset) {
            self.configurations[n] = value;
            return Some(());
        }
        match offset.checked_sub(self.first)? {
            0x00 => self.out = value,
            0x04 => self.out |= value,
            0x08 => self.out &= !value,
            0x10 => self.set_directions(u32::MAX, value),
            0x14 => self.set_directions(value, value),
            0x18 => self.set_directions(value, 0),
            0x1C => {}
            0x20 => self.detect_mode = value & 1,
            _ => return None,
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_see_pulls_and_outputs_themselves() {
        let mut port = Port::p0();
        assert_eq!(port.load(0x510), Some(0));
        port.store(0x700 + 4 * 11, PULL_UP).unwrap();
        assert_eq!(port.load(0x510), Some(1 << 11));
        port.store(0x518, 1 << 3).unwrap();
        port.store(0x508, 1 << 3).unwrap();
        assert_eq!(port.load(0x510), Some(1 << 11), "its input is off");
        port.store(0x70C, DIRECTION).unwrap();
        assert_eq!(port.load(0x510), Some(1 << 11 | 1 << 3));
        assert_eq!(port.load(0x514), Some(1 << 3));
        port.store(0x50C, 1 << 3).unwrap();
        assert_eq!(port.load(0x504), Some(0));
    }

    #[test]
    fn the_second_port_has_sixteen_pins() {
        let mut port = Port::p1();
        assert_eq!(port.load(0xA3C), Some(RESET));
        assert_eq!(port.load(0xA40), None);
        port.store(0x814, u32::MAX).unwrap();
        assert_eq!(port.load(0x814), Some(0xFFFF));
        assert_eq!(port.load(0x504), None);
    }
}
