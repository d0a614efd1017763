// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a process records for whoever looks into a fault.

use core::cell::Cell;

use crate::syscall::Syscall;

/// A place for records about a process. `()` records nothing.
///
/// A getter returns what was set, or `None` (zero for a count) if nothing was.
pub trait ProcessStandardDebug: Default {
    /// Flash address the app was linked for.
    fn set_fixed_address_flash(&self, address: u32);
    /// Flash address the app was linked for.
    fn get_fixed_address_flash(&self) -> Option<u32>;
    /// Memory address the app was linked for.
    fn set_fixed_address_ram(&self, address: u32);
    /// Memory address the app was linked for.
    fn get_fixed_address_ram(&self) -> Option<u32>;
    /// Start of the heap.
    fn set_app_heap_start_pointer(&self, ptr: *const u8);
    /// Start of the heap.
    fn get_app_heap_start_pointer(&self) -> Option<*const u8>;
    /// Top of the stack.
    fn set_app_stack_start_pointer(&self, ptr: *const u8);
    /// Top of the stack.
    fn get_app_stack_start_pointer(&self) -> Option<*const u8>;
    /// Lowest stack pointer.
    fn set_app_stack_min_pointer(&self, ptr: *const u8);
    /// Lowest stack pointer.
    fn get_app_stack_min_pointer(&self) -> Option<*const u8>;
    /// A stack pointer, recorded if it is the lowest so far.
    fn set_new_app_stack_min_pointer(&self, ptr: *const u8);

    /// The last system call.
    fn set_last_syscall(&self, syscall: Syscall);
    /// The last system call.
    fn get_last_syscall(&self) -> Option<Syscall>;
    /// Forget the last system call.
    fn reset_last_syscall(&self);

    /// Count a system call.
    fn increment_syscall_count(&self);
    /// System calls counted.
    fn get_syscall_count(&self) -> usize;
    /// Count system calls from zero.
    fn reset_syscall_count(&self);

    /// Count a lost upcall.
    fn increment_dropped_upcall_count(&self);
    /// Lost upcalls counted.
    fn get_dropped_upcall_count(&self) -> usize;
    /// Count lost upcalls from zero.
    fn reset_dropped_upcall_count(&self);

    /// Count a used-up time slice.
    fn increment_timeslice_expiration_count(&self);
    /// Used-up time slices counted.
    fn get_timeslice_expiration_count(&self) -> usize;
    /// Count used-up time slices from zero.
    fn reset_timeslice_expiration_count(&self);
}

/// Records everything.
#[derive(Default)]
pub struct ProcessStandardDebugFull {
    fixed_address_flash: Cell<Option<u32>>,
    fixed_address_ram: Cell<Option<u32>>,
    heap_start: Cell<Option<*const u8>>,
    stack_start: Cell<Option<*const u8>>,
    stack_min: Cell<Option<*const u8>>,
    last_syscall: Cell<Option<Syscall>>,
    syscalls: Cell<usize>,
    dropped_upcalls: Cell<usize>,
    timeslice_expirations: Cell<usize>,
}

fn increment(counter: &Cell<usize>) {
    counter.set(counter.get().wrapping_add(1));
}

impl ProcessStandardDebug for ProcessStandardDebugFull {
    fn set_fixed_address_flash(&self, address: u32) {
        self.fixed_address_flash.set(Some(address));
    }
    fn get_fixed_address_flash(&self) -> Option<u32> {
        self.fixed_address_flash.get()
    }
    fn set_fixed_address_ram(&self, address: u32) {
        self.fixed_address_ram.set(Some(address));
    }
    fn get_fixed_address_ram(&self) -> Option<u32> {
        self.fixed_address_ram.get()
    }
    fn set_app_heap_start_pointer(&self, ptr: *const u8) {
        self.heap_start.set(Some(ptr));
    }
    fn get_app_heap_start_pointer(&self) -> Option<*const u8> {
        self.heap_start.get()
    }
    fn set_app_stack_start_pointer(&self, ptr: *const u8) {
        self.stack_start.set(Some(ptr));
    }
    fn get_app_stack_start_pointer(&self) -> Option<*const u8> {
        self.stack_start.get()
    }
    fn set_app_stack_min_pointer(&self, ptr: *const u8) {
        self.stack_min.set(Some(ptr));
    }
    fn get_app_stack_min_pointer(&self) -> Option<*const u8> {
        self.stack_min.get()
    }
    fn set_new_app_stack_min_pointer(&self, ptr: *const u8) {
        if self.stack_min.get().is_none_or(|lowest| ptr < lowest) {
            self.stack_min.set(Some(ptr));
        }
    }

    fn set_last_syscall(&self, syscall: Syscall) {
        self.last_syscall.set(Some(syscall));
    }
    fn get_last_syscall(&self) -> Option<Syscall> {
        self.last_syscall.get()
    }
    fn reset_last_syscall(&self) {
        self.last_syscall.set(None);
    }

    fn increment_syscall_count(&self) {
        increment(&self.syscalls);
    }
    fn get_syscall_count(&self) -> usize {
        self.syscalls.get()
    }
    fn reset_syscall_count(&self) {
        self.syscalls.set(0);
    }

    fn increment_dropped_upcall_count(&self) {
        increment(&self.dropped_upcalls);
    }
    fn get_dropped_upcall_count(&self) -> usize {
        self.dropped_upcalls.get()
    }
    fn reset_dropped_upcall_count(&self) {
        self.dropped_upcalls.set(0);
    }

    fn increment_timeslice_expiration_count(&self) {
        increment(&self.timeslice_expirations);
    }
    fn get_timeslice_expiration_count(&self) -> usize {
        self.timeslice_expirations.get()
    }
    fn reset_timeslice_expiration_count(&self) {
        self.timeslice_expirations.set(0);
    }
}

impl ProcessStandardDebug for () {
    fn set_fixed_address_flash(&self, _address: u32) {}
    fn get_fixed_address_flash(&self) -> Option<u32> {
        None
    }
    fn set_fixed_address_ram(&self, _address: u32) {}
    fn get_fixed_address_ram(&self) -> Option<u32> {
        None
    }
    fn set_app_heap_start_pointer(&self, _ptr: *const u8) {}
    fn get_app_heap_start_pointer(&self) -> Option<*const u8> {
        None
    }
    fn set_app_stack_start_pointer(&self, _ptr: *const u8) {}
    fn get_app_stack_start_pointer(&self) -> Option<*const u8> {
        None
    }
    fn set_app_stack_min_pointer(&self, _ptr: *const u8) {}
    fn get_app_stack_min_pointer(&self) -> Option<*const u8> {
        None
    }
    fn set_new_app_stack_min_pointer(&self, _ptr: *const u8) {}
    fn set_last_syscall(&self, _syscall: Syscall) {}
    fn get_last_syscall(&self) -> Option<Syscall> {
        None
    }
    fn reset_last_syscall(&self) {}
    fn increment_syscall_count(&self) {}
    fn get_syscall_count(&self) -> usize {
        0
    }
    fn reset_syscall_count(&self) {}
    fn increment_dropped_upcall_count(&self) {}
    fn get_dropped_upcall_count(&self) -> usize {
        0
    }
    fn reset_dropped_upcall_count(&self) {}
    fn increment_timeslice_expiration_count(&self) {}
    fn get_timeslice_expiration_count(&self) -> usize {
        0
    }
    fn reset_timeslice_expiration_count(&self) {}
}
