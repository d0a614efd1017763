// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How long to wait between two looks at a busy part, and when to give up.

/// The longest single pause. Alarms count in ticks of limited width; a chip erase
/// takes minutes.
const LONGEST_PAUSE_US: u32 = 1_000_000;

/// The shortest pause: about one tick of a 32 kHz alarm.
const SHORTEST_PAUSE_US: u32 = 32;

/// Pauses for one wait.
///
/// The first one is the part's typical time, since nothing is to be seen before; later ones
/// are an eighth of it. The wait is over when the pauses add up to the part's maximum. Their
/// sum is what counts, not a clock: a counter may wrap during a long erase, and a late alarm
/// only adds time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pace {
    waited_us: u32,
    typical_us: u32,
    maximum_us: u32,
}

impl Pace {
    /// For something that takes `typical_us`, and never more than `maximum_us`.
    pub const fn new(typical_us: u32, maximum_us: u32) -> Pace {
        Pace {
            waited_us: 0,
            typical_us,
            maximum_us,
        }
    }

    /// The next pause in µs. `None` if the maximum has passed: the part is overdue.
    pub fn next_us(&mut self) -> Option<u32> {
        if self.waited_us >= self.maximum_us {
            return None;
        }
        let wish = if self.waited_us < self.typical_us {
            self.typical_us - self.waited_us
        } else {
            self.typical_us / 8
        };
        let pause = wish.clamp(SHORTEST_PAUSE_US, LONGEST_PAUSE_US);
        self.waited_us = self.waited_us.saturating_add(pause);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_the_typical_time_then_eighths_of_it_then_no_more() {
        let mut pace = Pace::new(800, 1000);
        assert_eq!(pace.next_us(), Some(800));
        assert_eq!(pace.next_us(), Some(100));
        assert_eq!(pace.next_us(), Some(100));
        assert_eq!(pace.next_us(), None);
        assert_eq!(pace.next_us(), None);
    }

    #[test]
    fn the_maximum_is_always_waited_for() {
        for (typical, maximum) in [(0, 1), (40, 40), (52_000_000, 312_000_000), (5, 1_000_000)] {
            let mut pace = Pace::new(typical, maximum);
            let mut sum = 0u64;
            while let Some(pause) = pace.next_us() {
                assert!(pause > 0 && pause <= LONGEST_PAUSE_US);
                sum += u64::from(pause);
            }
            assert!(sum >= u64::from(maximum));
        }
    }

    #[test]
    fn the_counter_saturates() {
        let mut pace = Pace::new(u32::MAX, u32::MAX);
        let mut pauses = 0;
        while pace.next_us().is_some() {
            pauses += 1;
        }
        assert!(pauses >= 4_294);
    }
}
