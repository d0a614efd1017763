// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! System calls about the process's own memory (TRD104, section 4.6).

use crate::errorcode::ErrorCode;
use crate::process::Process;
use crate::syscall::SyscallReturn;
use crate::utilities::capability_ptr::{CapabilityPtr, CapabilityPtrPermissions};

pub(crate) fn memop(process: &dyn Process, operand: usize, argument: usize) -> SyscallReturn {
    match operand {
        0 => match process.brk(argument as *const u8) {
            Ok(_) => SyscallReturn::Success,
            Err(_) => SyscallReturn::Failure(ErrorCode::NOMEM),
        },
        1 => match process.sbrk(argument as isize) {
            Ok(old_break) => SyscallReturn::SuccessPtr(old_break),
            Err(_) => SyscallReturn::Failure(ErrorCode::NOMEM),
        },
        2..=5 => SyscallReturn::SuccessPtr(memory_bound(process, operand)),
        6 => SyscallReturn::SuccessAddr(process.get_addresses().sram_grant_start),
        7 => SyscallReturn::SuccessU32(process.number_writeable_flash_regions() as u32),
        8 | 9 => writeable_flash_bound(process, operand, argument),
        10 => {
            process.update_stack_start_pointer(argument as *const u8);
            SyscallReturn::Success
        }
        11 => {
            process.update_heap_start_pointer(argument as *const u8);
            SyscallReturn::Success
        }
        _ => SyscallReturn::Failure(ErrorCode::NOSUPPORT),
    }
}

/// Start (2) and end (3) of the process's memory, start (4) and end (5) of its flash.
fn memory_bound(process: &dyn Process, operand: usize) -> CapabilityPtr {
    let addresses = process.get_addresses();
    let (address, base, end, permissions) = match operand {
        2 => (
            addresses.sram_start,
            addresses.sram_start,
            addresses.sram_app_brk,
            CapabilityPtrPermissions::ReadWrite,
        ),
        3 => (
            addresses.sram_end,
            addresses.sram_start,
            addresses.sram_end,
            CapabilityPtrPermissions::ReadWrite,
        ),
        4 => (
            addresses.flash_start,
            addresses.flash_start,
            addresses.flash_end,
            CapabilityPtrPermissions::Execute,
        ),
        _ => (
            addresses.flash_end,
            addresses.flash_start,
            addresses.flash_end,
            CapabilityPtrPermissions::Execute,
        ),
    };
    // SAFETY: the bounds are the process's own, and only that process gets the pointer.
    unsafe {
        CapabilityPtr::new_with_authority(
            address as *const (),
            base,
            end.saturating_sub(base),
            permissions,
        )
    }
}

/// Start (8) and end (9) of a flash region the app may write.
fn writeable_flash_bound(process: &dyn Process, operand: usize, region: usize) -> SyscallReturn {
    let (offset, size) = process.get_writeable_flash_region(region);
    if size == 0 {
        return SyscallReturn::Failure(ErrorCode::FAIL);
    }
    let start = process.get_addresses().flash_start.wrapping_add(offset);
    let address = if operand == 8 {
        start
    } else {
        start.wrapping_add(size)
    };
    // SAFETY: the region is the process's own, and only that process gets the pointer.
    SyscallReturn::SuccessPtr(unsafe {
        CapabilityPtr::new_with_authority(
            address as *const (),
            start,
            size,
            CapabilityPtrPermissions::ReadWrite,
        )
    })
}
