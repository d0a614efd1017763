// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How long to wait between two looks at a busy part, and when to give up.

use core::num::NonZeroU16;

/// The longest single pause. Alarms count in ticks of limited width; a chip erase
/// takes minutes.
const LONGEST_PAUSE_US: u32 = 1_000_000;

/// The shortest pause: about one tick of a 32 kHz alarm.
const SHORTEST_PAUSE_US: u32 = 32;

/// The second pause is this part of the expected time, and each later one twice as long.
const SECOND: u32 = 512;

/// No later pause is a larger part of the expected time.
const LARGEST: u32 = 8;

/// A part that is still busy at the expected time is looked at again at once, once for each so many
/// µs that were expected.
///
/// An alarm is coarser. The nRF52840's counts 31 µs, and upstream wants ten of these at least,
/// while a look takes 18 µs of its CPU in a kernel built for size. So three looks cover what an alarm
/// is late by, and a second pause is hardly ever needed.
const PER_LOOK_US: u32 = 256;

/// No more of such looks than this.
const MOST_LOOKS: u32 = 3;

/// So much before the end of a page, in µs, the controller is given the next one, if it waits itself.
///
/// Reads that come meanwhile wait as well, so it is no more than what an alarm of 32 kHz is late by: two
/// ticks, and the kernel's way from there to the look.
const LEAD_US: u32 = 96;

/// So much before it if it is to be seen whether the controller waits, in µs.
const TRIAL_LEAD_US: u32 = 192;

/// A controller that takes so much longer than a page's own transfer has waited, in µs.
pub const WAITED_US: u32 = 60;

/// How many more looks at once fill the time, if the controller is not given anything in the end.
const LOOKS_IN_LEAD: u8 = 4;

/// Pauses for one wait.
///
/// The first one is the expected time, since nothing is to be seen before; later ones are short
/// at first. The wait is over when the pauses add up to the part's maximum. Their sum is what
/// counts, not a clock: a counter may wrap during a long erase, and a late alarm only adds time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pace {
    waited_us: u32,
    /// The part was still busy when the expected time had passed.
    late: bool,
    /// Looks at once that may still come.
    looks: u8,
    /// One of them has come.
    looked: bool,
    back_off_us: u32,
    expected_us: u32,
    /// The end is expected so much after that.
    lead_us: u32,
    maximum_us: u32,
    /// What the maximum may still grow by.
    allowance_us: u32,
}

impl Pace {
    /// For something that is expected to take `expected_us`, and never takes more than
    /// `maximum_us`, whatever is expected.
    pub const fn new(expected_us: u32, maximum_us: u32) -> Pace {
        let expected_us = if expected_us < maximum_us {
            expected_us
        } else {
            maximum_us
        };
        Pace {
            waited_us: 0,
            late: false,
            looks: looks(expected_us),
            looked: false,
            back_off_us: expected_us / SECOND,
            expected_us,
            lead_us: 0,
            maximum_us,
            allowance_us: maximum_us,
        }
    }

    /// The same, but the first look comes somewhat before the end, to find the part busy; even earlier
    /// if it is to be seen whether the controller [waits](WAITED_US).
    pub const fn leading(expected_us: u32, maximum_us: u32, is_trial: bool) -> Pace {
        let lead_us = if is_trial { TRIAL_LEAD_US } else { LEAD_US };
        let pace = Pace::new(expected_us.saturating_sub(lead_us), maximum_us);
        Pace {
            looks: pace.looks + LOOKS_IN_LEAD,
            lead_us,
            ..pace
        }
    }

    /// After what time the end is expected, in µs.
    pub const fn end_us(&self) -> u32 {
        self.expected_us.saturating_add(self.lead_us)
    }

    /// How long after the first look the end is expected, in µs.
    pub const fn lead_us(&self) -> u32 {
        self.lead_us
    }

    /// The last pause was cut short by this many µs.
    pub const fn cut_us(&mut self, left_us: u32) {
        self.waited_us = self.waited_us.saturating_sub(left_us);
    }

    /// So many µs of what was waited for may have been in vain. All such time together is no longer
    /// than the maximum was at first: a part that never ends is found out.
    pub fn allow_us(&mut self, more_us: u32) {
        let more_us = more_us.min(self.allowance_us);
        self.allowance_us -= more_us;
        self.maximum_us = self.maximum_us.saturating_add(more_us);
    }

    /// Whether the end came about when it was expected.
    pub const fn is_punctual(&self) -> bool {
        !self.late
    }

    /// How much longer it may take, in µs, counting the present pause as waited for.
    pub const fn left_us(&self) -> u32 {
        self.maximum_us.saturating_sub(self.waited_us)
    }

    /// Whether a part that is still busy is to be looked at again at once, without a pause.
    pub const fn looks_again(&mut self) -> bool {
        let is_due = self.waited_us >= self.expected_us && !self.late && self.looks > 0;
        if is_due {
            self.looks -= 1;
            self.looked = true;
        }
        is_due
    }

    /// The next pause in µs. `None` if the maximum has passed: the part is overdue.
    pub fn next_us(&mut self) -> Option<u32> {
        if self.waited_us >= self.maximum_us {
            return None;
        }
        let wish = if self.waited_us < self.expected_us {
            self.expected_us - self.waited_us
        } else {
            let wish = self.back_off_us.min(self.expected_us / LARGEST);
            self.back_off_us = self.back_off_us.saturating_mul(2);
            self.late = true;
            wish
        };
        let pause = wish.clamp(SHORTEST_PAUSE_US, LONGEST_PAUSE_US);
        self.waited_us = self.waited_us.saturating_add(pause);
        Some(pause)
    }
}

const fn looks(expected_us: u32) -> u8 {
    let looks = expected_us / PER_LOOK_US;
    if looks < MOST_LOOKS {
        looks as u8
    } else {
        MOST_LOOKS as u8
    }
}

/// What was learned about how long the part takes, as a share of what its tables say is typical:
/// tables speak of one mode of the part, and of a young one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lesson(NonZeroU16);

/// By this part of the expected time the next look is earlier.
const EARLIER: u32 = 256;

/// By this part of the expected time, at most, it is later.
const LATER: u32 = 8;

/// By this part it is earlier after a trial that has failed.
const TRIAL: u32 = 16;

/// By this part, at most, it is later after a controller had to wait.
const SOMEWHAT_LATER: u32 = 64;

/// A controller that had to wait for longer than this was given the page too early, in µs.
const LONGEST_QUEUE_US: u32 = 128;

/// One that had to wait for longer than this, in µs, could not be used for reads for too long.
const TOO_LONG_QUEUE_US: u32 = 400;

/// One, as a share.
const ONE: u32 = 4096;

/// Between a quarter and fifteen times of what is typical: what is outside was a hiccup.
const LEAST: u32 = ONE / 4;
const MOST: u32 = 15 * ONE;

impl Default for Lesson {
    fn default() -> Lesson {
        Lesson::NONE
    }
}

impl Lesson {
    /// Nothing was learned yet: the tables are believed.
    pub const NONE: Lesson = Lesson::of(ONE);

    const fn of(share: u32) -> Lesson {
        Lesson(match NonZeroU16::new(share as u16) {
            Some(share) => share,
            None => NonZeroU16::MIN,
        })
    }

    /// What to expect of something that typically takes `typical_us`, in µs.
    pub const fn expected_us(self, typical_us: u32) -> u32 {
        let expected = typical_us as u64 * self.0.get() as u64 / ONE as u64;
        if expected > u32::MAX as u64 {
            u32::MAX
        } else {
            expected as u32
        }
    }

    /// After `pace` has waited for something that typically takes `typical_us`. What was quiet
    /// after the expected time may have been for long, so the next look is a little earlier. What
    /// was busy then, and quiet at one of the looks at once, was looked at just in time.
    pub fn after(self, pace: &Pace, typical_us: u32) -> Lesson {
        let now = u32::from(self.0.get());
        let share = if !pace.late && pace.looked {
            now
        } else if !pace.late {
            now - now / EARLIER
        } else {
            let share = u64::from(pace.waited_us) * u64::from(ONE) / u64::from(typical_us.max(1));
            // One that was slow, once, says little about the next one.
            let share = u32::try_from(share).unwrap_or(u32::MAX);
            share.min(now + now / LATER)
        };
        Lesson::of(share.clamp(LEAST, MOST))
    }

    /// After a [trial](Pace::leading) in which the controller was not seen to wait: perhaps the end came
    /// too soon for that.
    pub const fn after_trial(self) -> Lesson {
        let now = self.0.get() as u32;
        let share = now - now / TRIAL;
        if share < LEAST {
            self
        } else {
            Lesson::of(share)
        }
    }

    /// After the part was busy at a look [before its end](Pace::leading), and the controller has
    /// waited for `waited_us` from then on until it was quiet: the lesson, and whether the end came
    /// about when it was expected.
    pub fn after_queue(self, waited_us: u32, typical_us: u32) -> (Lesson, bool) {
        let now = u32::from(self.0.get());
        let late_us = waited_us.saturating_sub(LONGEST_QUEUE_US);
        let late = u64::from(late_us) * u64::from(ONE) / u64::from(typical_us.max(1));
        let late = u32::try_from(late).unwrap_or(u32::MAX);
        // It may be the CPU that was late, and if not, looks tell more.
        let share = now + late.min(now / SOMEWHAT_LATER);
        let lesson = Lesson::of(share.min(MOST));
        (lesson, waited_us <= TOO_LONG_QUEUE_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_the_expected_time_then_short_ones_that_double() {
        let mut pace = Pace::new(51_200, 80_000);
        let pauses: [Option<u32>; 7] = core::array::from_fn(|_| pace.next_us());
        let expected = [51_200, 100, 200, 400, 800, 1_600, 3_200].map(Some);
        assert_eq!(pauses, expected);
    }

    #[test]
    fn no_pause_is_longer_than_the_maximum_though_more_is_expected() {
        let mut pace = Pace::new(5_280, 3_000);
        assert_eq!(pace.next_us(), Some(3_000));
        pace.cut_us(1_000);
        assert_eq!(pace.next_us(), Some(1_000));
        assert_eq!(pace.next_us(), None);
    }

    #[test]
    fn what_was_cut_off_is_waited_for_later() {
        let mut pace = Pace::new(800, 1000);
        assert_eq!(pace.next_us(), Some(800));
        pace.cut_us(300);
        assert_eq!(pace.next_us(), Some(300));
        assert_eq!(pace.next_us(), Some(32));
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

    /// A part that takes `real_us`, again and again: how late its end is seen, and at which look.
    fn learn(real_us: u32, typical_us: u32) -> (u32, u32) {
        let mut lesson = Lesson::default();
        let mut seen = (0, 0);
        for _ in 0..200 {
            let mut pace = Pace::new(lesson.expected_us(typical_us), 100 * typical_us);
            let (mut waited_us, mut looks) = (0, 0);
            while waited_us < real_us {
                waited_us += pace.next_us().expect("it ends before the maximum");
                looks += 1;
            }
            lesson = lesson.after(&pace, typical_us);
            seen = (waited_us - real_us, looks);
        }
        seen
    }

    #[test]
    fn after_a_while_the_end_is_seen_soon_whatever_the_tables_say() {
        for (real_us, typical_us) in [(3_113, 896), (896, 896), (700, 896), (1_080_000, 480_000)] {
            let (late_us, looks) = learn(real_us, typical_us);
            assert!(
                late_us <= (real_us / 32).max(64),
                "{real_us}: {late_us} µs late"
            );
            assert!(looks <= 5, "{real_us}: {looks} looks");
        }
    }

    #[test]
    fn looks_at_once_are_few_and_come_at_the_expected_time_only() {
        for (expected_us, looks) in [(100, 0), (896, 3), (3_113, 3), (48_000, 3)] {
            let mut pace = Pace::new(expected_us, 1_000_000);
            assert!(!pace.looks_again());
            pace.next_us();
            let mut found = 0;
            while pace.looks_again() {
                found += 1;
            }
            assert_eq!(found, looks, "{expected_us}");
            let lesson = Lesson::default().after(&pace, expected_us);
            assert_eq!(lesson == Lesson::default(), looks > 0, "just in time");
            pace.next_us();
            assert!(!pace.looks_again());
        }
    }

    #[test]
    fn a_look_before_the_end_is_followed_by_enough_at_once() {
        let mut pace = Pace::leading(896, 5_000, false);
        assert_eq!(pace.next_us(), Some(896 - LEAD_US));
        let mut looks = 0;
        while pace.looks_again() {
            looks += 1;
        }
        assert_eq!(looks, MOST_LOOKS + u32::from(LOOKS_IN_LEAD));
        let mut trial = Pace::leading(896, 5_000, true);
        assert_eq!(trial.next_us(), Some(896 - TRIAL_LEAD_US));
        let mut short = Pace::leading(LEAD_US / 2, 5_000, true);
        assert_eq!(short.next_us(), Some(SHORTEST_PAUSE_US));
    }

    #[test]
    fn whoever_gave_too_late_to_see_it_wait_gives_earlier() {
        let lesson = Lesson::default().after_trial();
        assert_eq!(lesson.expected_us(1024), 1024 - 64);
        let least = Lesson::of(LEAST);
        assert_eq!(least.after_trial(), least);
    }

    #[test]
    fn whoever_gave_too_early_gives_later() {
        let lesson = Lesson::default();
        assert_eq!(lesson.after_queue(LONGEST_QUEUE_US, 1024), (lesson, true));
        let (later, is_punctual) = lesson.after_queue(LONGEST_QUEUE_US + 8, 1024);
        assert_eq!((later.expected_us(1024), is_punctual), (1024 + 8, true));
        let (later, is_punctual) = lesson.after_queue(10_000, 1024);
        assert_eq!((later.expected_us(1024), is_punctual), (1024 + 16, false));
        let most = Lesson::of(MOST);
        assert_eq!(most.after_queue(u32::MAX, 0), (most, false));
    }

    #[test]
    fn a_hiccup_does_not_ruin_it() {
        let mut slow = Pace::new(1000, u32::MAX);
        while slow.waited_us < 1_000_000 {
            slow.next_us();
        }
        let lesson = Lesson::default().after(&slow, 1000);
        assert_eq!(lesson.expected_us(1000), 1125);
    }

    #[test]
    fn what_is_learned_has_bounds() {
        let mut slow = Pace::new(1000, u32::MAX);
        while slow.waited_us < 1_000_000 {
            slow.next_us();
        }
        let mut lesson = Lesson::default();
        for _ in 0..100 {
            lesson = lesson.after(&slow, 1000);
        }
        assert_eq!(lesson.expected_us(1000), 15_000);
        let quick = Pace::new(1, 100);
        for _ in 0..2000 {
            lesson = lesson.after(&quick, 1000);
        }
        assert_eq!(lesson.expected_us(1000), 250);
    }

    #[test]
    fn what_may_have_been_in_vain_is_bounded() {
        let mut pace = Pace::new(100, 1000);
        for _ in 0..100 {
            pace.allow_us(90);
        }
        assert_eq!(pace.left_us(), 2000);
    }
}
