// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The alarm driver (`doc/syscalls/00000_alarm.md` of Tock).

use crate::ErrorCode;
use crate::system_call::command;
use crate::upcall::watch;

/// The driver's number.
pub const DRIVER: u32 = 0x0;

const FREQUENCY: u32 = 1;
const NOW: u32 = 2;
const STOP: u32 = 3;
const SET_RELATIVE: u32 = 5;
const EXPIRED: u32 = 0;

// The counter wraps, so an alarm can't be set further ahead than the driver can
// tell future from past.
const LONGEST_TICKS: u32 = u32::MAX / 2;

/// How fast the counter counts, in Hz.
///
/// # Errors
///
/// NODEVICE without the driver.
pub fn frequency_hz() -> Result<u32, ErrorCode> {
    command(DRIVER, FREQUENCY, 0, 0).success_u32()
}

/// The counter, in ticks. It wraps.
///
/// # Errors
///
/// NODEVICE without the driver.
pub fn now_ticks() -> Result<u32, ErrorCode> {
    command(DRIVER, NOW, 0, 0).success_u32()
}

/// Sets the alarm `ticks` from now. Returns the counter that it will expire at.
///
/// # Errors
///
/// The driver's refusal.
pub fn set_relative(ticks: u32) -> Result<u32, ErrorCode> {
    command(DRIVER, SET_RELATIVE, ticks, 0).success_u32()
}

/// Stops the alarm.
///
/// # Errors
///
/// ALREADY if none is set.
pub fn stop() -> Result<(), ErrorCode> {
    command(DRIVER, STOP, 0, 0).success()
}

/// Waits for `ticks` of the counter.
///
/// # Errors
///
/// The driver's refusal.
pub fn sleep_ticks(ticks: u32) -> Result<(), ErrorCode> {
    watch(DRIVER, EXPIRED, |arrivals| {
        set_relative(ticks)?;
        arrivals.wait();
        Ok(())
    })?
}

/// Waits for at least `duration_ms`.
///
/// # Errors
///
/// The driver's refusal.
pub fn sleep_ms(duration_ms: u32) -> Result<(), ErrorCode> {
    let ticks_of = |ms: u64, hz: u32| (ms * u64::from(hz)).div_ceil(1000);
    let mut left = ticks_of(u64::from(duration_ms), frequency_hz()?);
    while left > 0 {
        let now = u32::try_from(left)
            .unwrap_or(LONGEST_TICKS)
            .min(LONGEST_TICKS);
        sleep_ticks(now)?;
        left -= u64::from(now);
    }
    Ok(())
}
