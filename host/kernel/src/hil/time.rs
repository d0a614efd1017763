// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Counters, alarms and timers (TRD 105).

use crate::ErrorCode;
use core::fmt;

/// The value of a counter that wraps from `2^width - 1` to 0.
pub trait Ticks: Clone + Copy + From<u32> + fmt::Debug + Ord + PartialOrd + Eq {
    /// How many bits the counter has.
    fn width() -> u32;

    /// The value, cut off at the width of `usize`.
    fn into_usize(self) -> usize;

    /// How many bits the counter is short of a `usize`.
    fn usize_padding() -> u32 {
        usize::BITS.saturating_sub(Self::width())
    }

    /// The value shifted up so that it wraps where a `usize` does. It counts
    /// at [`usize_left_justified_scale_freq`](Ticks::usize_left_justified_scale_freq).
    fn into_usize_left_justified(self) -> usize {
        self.into_usize() << Self::usize_padding()
    }

    /// The rate, in Hz, of a left-justified counter of frequency `F`.
    fn usize_left_justified_scale_freq<F: Frequency>() -> u32 {
        F::frequency() << Self::usize_padding()
    }

    /// The value, cut off at 32 bits.
    fn into_u32(self) -> u32;

    /// How many bits the counter is short of 32.
    fn u32_padding() -> u32 {
        u32::BITS.saturating_sub(Self::width())
    }

    /// The value shifted up so that it wraps where a `u32` does. It counts at
    /// [`u32_left_justified_scale_freq`](Ticks::u32_left_justified_scale_freq).
    fn into_u32_left_justified(self) -> u32 {
        self.into_u32() << Self::u32_padding()
    }

    /// The rate, in Hz, of a left-justified counter of frequency `F`.
    fn u32_left_justified_scale_freq<F: Frequency>() -> u32 {
        F::frequency() << Self::u32_padding()
    }

    /// The sum, wrapped at the counter's width.
    fn wrapping_add(self, other: Self) -> Self;

    /// The difference, wrapped at the counter's width.
    fn wrapping_sub(self, other: Self) -> Self;

    /// Whether a counter that starts from `start` gets to this value before it
    /// gets to `end`.
    fn within_range(self, start: Self, end: Self) -> bool;

    /// The last value before the counter wraps.
    fn max_value() -> Self;

    /// Half of the counter's range, `2^(width - 1)`.
    fn half_max_value() -> Self;

    /// `val`, or the largest value if `val` does not fit.
    fn from_or_max(val: u64) -> Self;

    /// The value times `numerator` over `denominator`, rounded down, and
    /// `u32::MAX` if that is more.
    fn saturating_scale(self, numerator: u32, denominator: u32) -> u32;
}

/// How fast a counter counts.
pub trait Frequency {
    /// The rate in Hz.
    fn frequency() -> u32;
}

/// Something that tells the time.
pub trait Time {
    /// How fast time counts.
    type Frequency: Frequency;
    /// A point in time.
    type Ticks: Ticks;

    /// What time it is.
    fn now(&self) -> Self::Ticks;
}

/// Conversion between ticks and units of time. All of it rounds down; what is
/// too large becomes the largest value there is.
pub trait ConvertTicks<T: Ticks> {
    /// `s` seconds in ticks.
    fn ticks_from_seconds(&self, s: u32) -> T;

    /// `ms` milliseconds in ticks.
    fn ticks_from_ms(&self, ms: u32) -> T;

    /// `us` microseconds in ticks.
    fn ticks_from_us(&self, us: u32) -> T;

    /// `tick` in seconds.
    fn ticks_to_seconds(&self, tick: T) -> u32;

    /// `tick` in milliseconds.
    fn ticks_to_ms(&self, tick: T) -> u32;

    /// `tick` in microseconds.
    fn ticks_to_us(&self, tick: T) -> u32;
}

fn ticks_from<T: Time + ?Sized>(count: u32, per_second: u64) -> T::Ticks {
    let ticks = u64::from(T::Frequency::frequency()) * u64::from(count);
    T::Ticks::from_or_max(ticks / per_second)
}

impl<T: Time + ?Sized> ConvertTicks<<T as Time>::Ticks> for T {
    fn ticks_from_seconds(&self, s: u32) -> <T as Time>::Ticks {
        ticks_from::<T>(s, 1)
    }

    fn ticks_from_ms(&self, ms: u32) -> <T as Time>::Ticks {
        ticks_from::<T>(ms, 1_000)
    }

    fn ticks_from_us(&self, us: u32) -> <T as Time>::Ticks {
        ticks_from::<T>(us, 1_000_000)
    }

    fn ticks_to_seconds(&self, tick: <T as Time>::Ticks) -> u32 {
        tick.saturating_scale(1, T::Frequency::frequency())
    }

    fn ticks_to_ms(&self, tick: <T as Time>::Ticks) -> u32 {
        tick.saturating_scale(1_000, T::Frequency::frequency())
    }

    fn ticks_to_us(&self, tick: <T as Time>::Ticks) -> u32 {
        tick.saturating_scale(1_000_000, T::Frequency::frequency())
    }
}

/// A time that stands still: `now` always returns the same.
pub trait Timestamp: Time {}

/// Is called when a counter wraps.
pub trait OverflowClient {
    /// The counter went back to 0.
    fn overflow(&self);
}

/// A counter that can be started and stopped.
pub trait Counter<'a>: Time {
    /// Starts counting. `OFF`: what it runs from is off. `FAIL`: it does not
    /// run, for another reason.
    fn start(&self) -> Result<(), ErrorCode>;

    /// Stops counting. `BUSY`: its use does not allow it. `FAIL`: it still runs,
    /// for another reason.
    fn stop(&self) -> Result<(), ErrorCode>;

    /// Sets the counter to 0. `FAIL`: it is not 0.
    fn reset(&self) -> Result<(), ErrorCode>;

    /// Whether it counts.
    fn is_running(&self) -> bool;
}

/// A counter that reports when it wraps.
#[deprecated(note = "has no known user upstream and is to be removed there")]
pub trait CounterOverflow<'a>: Counter<'a> {
    /// Makes `client` the one that is called.
    fn set_overflow_client(&self, client: &'a dyn OverflowClient);
}

/// Is called when an alarm fires.
pub trait AlarmClient {
    /// The alarm's time has come, and the alarm is disarmed.
    fn alarm(&self);
}

/// Calls its client at a point in time.
pub trait Alarm<'a>: Time {
    /// Makes `client` the one that is called.
    fn set_alarm_client(&self, client: &'a dyn AlarmClient);

    /// Arms the alarm for `reference + dt`. It may fire late, and never fires
    /// early. `reference` is a time in the past: an alarm is due at once if more
    /// than `dt` has passed since.
    fn set_alarm(&self, reference: Self::Ticks, dt: Self::Ticks);

    /// What the alarm was last set to.
    fn get_alarm(&self) -> Self::Ticks;

    /// Disarms the alarm. `FAIL`: the client will be called all the same.
    fn disarm(&self) -> Result<(), ErrorCode>;

    /// Whether the alarm is armed. It may be disarmed with its callback still to
    /// come.
    fn is_armed(&self) -> bool;

    /// The shortest `dt` there can be; a shorter one is taken for it.
    fn minimum_dt(&self) -> Self::Ticks;
}

/// Is called when a timer fires.
pub trait TimerClient {
    /// The interval has passed.
    fn timer(&self);
}

/// Calls its client after an interval, or at intervals.
pub trait Timer<'a>: Time {
    /// Makes `client` the one that is called.
    fn set_timer_client(&self, client: &'a dyn TimerClient);

    /// Calls the client once, after `interval` or somewhat later, in place of
    /// what was asked for before. Returns the interval it will take.
    fn oneshot(&self, interval: Self::Ticks) -> Self::Ticks;

    /// Calls the client at every `interval`, in place of what was asked for
    /// before. Returns the interval it will take.
    fn repeating(&self, interval: Self::Ticks) -> Self::Ticks;

    /// The interval last asked for.
    fn interval(&self) -> Option<Self::Ticks>;

    /// Whether a single call was asked for last.
    fn is_oneshot(&self) -> bool;

    /// Whether repeated calls were asked for last.
    fn is_repeating(&self) -> bool;

    /// How long it is to the next call.
    fn time_remaining(&self) -> Option<Self::Ticks>;

    /// Whether there will be a call.
    fn is_enabled(&self) -> bool;

    /// Stops the timer. `FAIL`: the client will be called all the same.
    fn cancel(&self) -> Result<(), ErrorCode>;
}

macro_rules! frequency {
    ($($(#[$attribute:meta])* $Name:ident = $hz:literal, $words:literal;)+) => {
        $(
            #[doc = $words]
            $(#[$attribute])*
            pub enum $Name {}

            impl Frequency for $Name {
                fn frequency() -> u32 {
                    $hz
                }
            }
        )+
    };
}

frequency! {
    #[derive(Debug)]
    Freq600MHz = 600_000_000, "600 MHz";
    #[derive(Debug)]
    Freq100MHz = 100_000_000, "100 MHz";
    #[derive(Debug)]
    Freq16MHz = 16_000_000, "16 MHz";
    Freq10MHz = 10_000_000, "10 MHz";
    #[derive(Debug)]
    Freq1MHz = 1_000_000, "1 MHz";
    #[derive(Debug)]
    Freq32KHz = 32_768, "32.768 kHz";
    #[derive(Debug)]
    Freq16KHz = 16_000, "16 kHz";
    #[derive(Debug)]
    Freq1KHz = 1_000, "1 kHz";
}

// A value is kept below 2^width, so that the derived order is that of numbers.
macro_rules! ticks {
    ($Name:ident, $Inner:ty, $width:literal, $mask:expr, $words:literal) => {
        #[doc = $words]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $Name($Inner);

        impl From<u32> for $Name {
            /// What does not fit is cut off.
            fn from(val: u32) -> Self {
                $Name(val as $Inner & $mask)
            }
        }

        impl Ticks for $Name {
            fn width() -> u32 {
                $width
            }

            fn into_usize(self) -> usize {
                self.0 as usize
            }

            fn into_u32(self) -> u32 {
                self.0 as u32
            }

            fn wrapping_add(self, other: Self) -> Self {
                $Name(self.0.wrapping_add(other.0) & $mask)
            }

            fn wrapping_sub(self, other: Self) -> Self {
                $Name(self.0.wrapping_sub(other.0) & $mask)
            }

            fn within_range(self, start: Self, end: Self) -> bool {
                self.wrapping_sub(start) < end.wrapping_sub(start)
            }

            fn max_value() -> Self {
                $Name($mask)
            }

            fn half_max_value() -> Self {
                $Name($mask / 2 + 1)
            }

            fn from_or_max(val: u64) -> Self {
                $Name(<$Inner>::try_from(val).map_or($mask, |val| val.min($mask)))
            }

            fn saturating_scale(self, numerator: u32, denominator: u32) -> u32 {
                let product = u64::from(self.0).saturating_mul(u64::from(numerator));
                u32::try_from(product / u64::from(denominator)).unwrap_or(u32::MAX)
            }
        }
    };
}

ticks!(Ticks64, u64, 64, u64::MAX, "A counter of 64 bits.");
ticks!(Ticks32, u32, 32, u32::MAX, "A counter of 32 bits.");
ticks!(Ticks24, u32, 24, Ticks24::MASK, "A counter of 24 bits.");
ticks!(Ticks16, u16, 16, u16::MAX, "A counter of 16 bits.");

impl Ticks24 {
    /// The bits such a counter has.
    pub const MASK: u32 = 0x00FF_FFFF;
}

impl Ticks64 {
    /// The value.
    pub fn into_u64(self) -> u64 {
        self.0
    }
}

impl From<u64> for Ticks64 {
    fn from(val: u64) -> Self {
        Ticks64(val)
    }
}

impl Ticks16 {
    /// The value.
    pub fn into_u16(self) -> u16 {
        self.0
    }
}

impl From<u16> for Ticks16 {
    fn from(val: u16) -> Self {
        Ticks16(val)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::marker::PhantomData;

    struct Clock<F, T>(PhantomData<(F, T)>);

    impl<F: Frequency, T: Ticks> Time for Clock<F, T> {
        type Frequency = F;
        type Ticks = T;

        fn now(&self) -> T {
            T::from(0)
        }
    }

    fn clock<F: Frequency, T: Ticks>() -> Clock<F, T> {
        Clock(PhantomData)
    }

    fn wraps_at_its_width<T: Ticks>(width: u32) {
        assert_eq!(T::width(), width);
        let (zero, one) = (T::from(0), T::from(1));
        assert_eq!(T::max_value().wrapping_add(one), zero);
        assert_eq!(zero.wrapping_sub(one), T::max_value());
        assert_eq!(T::half_max_value().wrapping_add(T::half_max_value()), zero);
        assert_eq!(T::max_value().into_usize() as u64, u64::MAX >> (64 - width));
        assert!(zero < one && one < T::max_value());

        // From 5 before the wrap to 5 after it.
        let (start, end) = (zero.wrapping_sub(T::from(5)), T::from(5));
        assert!(start.within_range(start, end));
        assert!(zero.within_range(start, end));
        assert!(T::from(4).within_range(start, end));
        assert!(!end.within_range(start, end));
        assert!(!T::from(6).within_range(start, end));
        assert!(!start.wrapping_sub(one).within_range(start, end));
        assert!(!start.within_range(start, start));
    }

    #[test]
    fn counters_wrap_at_their_width() {
        wraps_at_its_width::<Ticks64>(64);
        wraps_at_its_width::<Ticks32>(32);
        wraps_at_its_width::<Ticks24>(24);
        wraps_at_its_width::<Ticks16>(16);
    }

    #[test]
    fn values_are_cut_off_and_justified() {
        assert_eq!(Ticks24::from(0x1200_0003).into_u32(), 3);
        assert_eq!(Ticks16::from(0x0001_0003u32).into_u16(), 3);
        assert_eq!(Ticks64::from((1u64 << 32) + 3).into_u32(), 3);
        assert_eq!(Ticks64::from((1u64 << 32) + 3).into_u64(), (1 << 32) + 3);

        assert_eq!(Ticks24::u32_padding(), 8);
        assert_eq!(Ticks24::max_value().into_u32_left_justified(), 0xFFFF_FF00);
        assert_eq!(
            Ticks24::u32_left_justified_scale_freq::<Freq16KHz>(),
            16_000 << 8
        );
        assert_eq!(Ticks64::u32_padding(), 0);
        assert_eq!(Ticks16::usize_padding(), usize::BITS - 16);
        assert_eq!(
            Ticks16::from(1u16).into_usize_left_justified(),
            1 << (usize::BITS - 16)
        );
        assert_eq!(
            Ticks64::usize_left_justified_scale_freq::<Freq1KHz>(),
            1_000
        );
    }

    #[test]
    fn too_large_a_number_becomes_the_largest() {
        assert_eq!(Ticks16::from_or_max(0x1_0001), Ticks16::max_value());
        assert_eq!(Ticks24::from_or_max(0x0100_0001), Ticks24::max_value());
        assert_eq!(Ticks24::from_or_max(0x00FF_FFFE).into_u32(), 0x00FF_FFFE);
        assert_eq!(Ticks32::from_or_max(1 << 32), Ticks32::max_value());
        assert_eq!(Ticks64::from_or_max(u64::MAX), Ticks64::max_value());
    }

    #[test]
    fn units_of_time() {
        let c = clock::<Freq1MHz, Ticks64>();
        assert_eq!(c.now().into_u64(), 0);
        assert_eq!(c.ticks_from_seconds(1 << 31).into_u64(), 1_000_000 << 31);
        assert_eq!(c.ticks_from_ms(3).into_u64(), 3_000);
        assert_eq!(c.ticks_from_us(3).into_u64(), 3);
        assert_eq!(c.ticks_to_seconds((1_999_999u64).into()), 1);
        assert_eq!(c.ticks_to_ms((1_999_999u64).into()), 1_999);
        assert_eq!(c.ticks_to_us((1_999_999u64).into()), 1_999_999);
        assert_eq!(c.ticks_to_us(u64::MAX.into()), u32::MAX);

        let c = clock::<Freq32KHz, Ticks32>();
        assert_eq!(c.ticks_from_us(100).into_u32(), 3);
        assert_eq!(c.ticks_to_us(3u32.into()), 91);
        assert_eq!(c.ticks_from_seconds(1 << 17), Ticks32::max_value());

        let c = clock::<Freq1KHz, Ticks16>();
        assert_eq!(c.ticks_from_us(999).into_u32(), 0);
        assert_eq!(c.ticks_from_seconds(65).into_u32(), 65_000);
        assert_eq!(c.ticks_from_seconds(66), Ticks16::max_value());
    }

    #[test]
    fn units_of_time_through_a_trait_object() {
        let c: &dyn Time<Frequency = Freq16MHz, Ticks = Ticks24> = &clock();
        assert_eq!(c.ticks_from_us(2).into_u32(), 32);
        assert_eq!(c.ticks_to_us(32u32.into()), 2);
    }

    #[test]
    fn frequencies() {
        assert_eq!(Freq600MHz::frequency(), 600_000_000);
        assert_eq!(Freq100MHz::frequency(), 100_000_000);
        assert_eq!(Freq10MHz::frequency(), 10_000_000);
        assert_eq!(Freq32KHz::frequency(), 32_768);
    }
}
