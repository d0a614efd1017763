// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! System calls in four registers: TRD104's encoding for 32-bit machines (section 3), with
//! registers as wide as a pointer.
//!
//! Values of 64 bits are split into two registers, low half first, as on a 32-bit machine;
//! addresses and lengths take one register each.

use kernel::ErrorCode;
use kernel::syscall::{Syscall, SyscallClass, SyscallReturn, YieldVariant};
use kernel::utilities::capability_ptr::CapabilityPtr;

/// Return variant "failure" (TRD104, 3.2), and so on.
pub const FAILURE: usize = 0;
/// Return variant.
pub const FAILURE_U32: usize = 1;
/// Return variant.
pub const FAILURE_U32_U32: usize = 2;
/// Return variant.
pub const FAILURE_U64: usize = 3;
/// Return variant.
pub const SUCCESS: usize = 128;
/// Return variant.
pub const SUCCESS_U32: usize = 129;
/// Return variant.
pub const SUCCESS_U32_U32: usize = 130;
/// Return variant.
pub const SUCCESS_U64: usize = 131;
/// Return variant.
pub const SUCCESS_U32_U32_U32: usize = 132;
/// Return variant.
pub const SUCCESS_U32_U64: usize = 133;

/// The system call in these registers, or `None` if there is no such class or yield.
pub fn decode(class: u8, registers: [usize; 4]) -> Option<Syscall> {
    let [r0, r1, r2, r3] = registers;
    Some(match SyscallClass::try_from(class).ok()? {
        SyscallClass::Yield => Syscall::Yield {
            yield_type: match r0 {
                0 => YieldVariant::NoWait {
                    ptr: core::ptr::with_exposed_provenance_mut(r1),
                },
                1 => YieldVariant::Wait,
                2 => YieldVariant::WaitFor {
                    driver_number: r1,
                    subdriver_number: r2,
                },
                _ => return None,
            },
        },
        SyscallClass::Subscribe => Syscall::Subscribe {
            driver_number: r0,
            subdriver_number: r1,
            upcall_ptr: CapabilityPtr::from(r2),
            appdata: r3.into(),
        },
        SyscallClass::Command => Syscall::Command {
            driver_number: r0,
            subdriver_number: r1,
            arg0: r2,
            arg1: r3,
        },
        SyscallClass::ReadWriteAllow => Syscall::ReadWriteAllow {
            driver_number: r0,
            subdriver_number: r1,
            allow_address: core::ptr::with_exposed_provenance_mut(r2),
            allow_size: r3,
        },
        SyscallClass::ReadOnlyAllow => Syscall::ReadOnlyAllow {
            driver_number: r0,
            subdriver_number: r1,
            allow_address: core::ptr::with_exposed_provenance(r2),
            allow_size: r3,
        },
        SyscallClass::UserspaceReadableAllow => Syscall::UserspaceReadableAllow {
            driver_number: r0,
            subdriver_number: r1,
            allow_address: core::ptr::with_exposed_provenance_mut(r2),
            allow_size: r3,
        },
        SyscallClass::Memop => Syscall::Memop {
            operand: r0,
            arg0: r1,
        },
        SyscallClass::Exit => Syscall::Exit {
            which: r0,
            completion_code: r1,
        },
    })
}

/// The registers a process finds after its system call.
pub fn encode(value: SyscallReturn) -> [usize; 4] {
    let wide = |value: u32| value as usize;
    let low = |value: u64| value as u32 as usize;
    let high = |value: u64| (value >> 32) as usize;
    let failed = |variant, error: ErrorCode, r2, r3| [variant, usize::from(error), r2, r3];
    match value {
        SyscallReturn::Failure(error) => failed(FAILURE, error, 0, 0),
        SyscallReturn::FailureU32(error, value) => failed(FAILURE_U32, error, wide(value), 0),
        SyscallReturn::FailureU32U32(error, value0, value1) => {
            failed(FAILURE_U32_U32, error, wide(value0), wide(value1))
        }
        SyscallReturn::FailureU64(error, value) => {
            failed(FAILURE_U64, error, low(value), high(value))
        }
        SyscallReturn::Success => [SUCCESS, 0, 0, 0],
        SyscallReturn::SuccessU32(value) => [SUCCESS_U32, wide(value), 0, 0],
        SyscallReturn::SuccessU32U32(value0, value1) => {
            [SUCCESS_U32_U32, wide(value0), wide(value1), 0]
        }
        SyscallReturn::SuccessU32U32U32(value0, value1, value2) => [
            SUCCESS_U32_U32_U32,
            wide(value0),
            wide(value1),
            wide(value2),
        ],
        SyscallReturn::SuccessU64(value) => [SUCCESS_U64, low(value), high(value), 0],
        SyscallReturn::SuccessU32U64(value0, value1) => {
            [SUCCESS_U32_U64, wide(value0), low(value1), high(value1)]
        }
        SyscallReturn::SuccessAddr(address) => [SUCCESS_U32, address, 0, 0],
        SyscallReturn::SuccessPtr(pointer) => [SUCCESS_U32, pointer.addr(), 0, 0],
        SyscallReturn::AllowReadWriteSuccess(ptr, len)
        | SyscallReturn::UserspaceReadableAllowSuccess(ptr, len) => {
            [SUCCESS_U32_U32, ptr.addr(), len, 0]
        }
        SyscallReturn::AllowReadWriteFailure(error, ptr, len)
        | SyscallReturn::UserspaceReadableAllowFailure(error, ptr, len) => {
            failed(FAILURE_U32_U32, error, ptr.addr(), len)
        }
        SyscallReturn::AllowReadOnlySuccess(ptr, len) => [SUCCESS_U32_U32, ptr.addr(), len, 0],
        SyscallReturn::AllowReadOnlyFailure(error, ptr, len) => {
            failed(FAILURE_U32_U32, error, ptr.addr(), len)
        }
        SyscallReturn::SubscribeSuccess(function, data) => {
            [SUCCESS_U32_U32, function.addr(), data, 0]
        }
        SyscallReturn::SubscribeFailure(error, function, data) => {
            failed(FAILURE_U32_U32, error, function.addr(), data)
        }
        SyscallReturn::YieldWaitFor(value0, value1, value2) => [value0, value1, value2, 0],
    }
}
