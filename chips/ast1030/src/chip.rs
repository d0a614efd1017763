// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The core, and where the peripherals are. The only module with `unsafe` in it.

use crate::interrupts;
use crate::timers::TimerRegisters;
use crate::uart::UartRegisters;
use core::fmt::Write;
use cortexm4f::{
    CortexM4F, CortexMVariant, initialize_ram_jump_to_main, nvic, unhandled_interrupt,
};
use kernel::platform::chip::{Chip, InterruptService};
use kernel::utilities::StaticRef;

/// The console's UART: a 16550 with its registers 4 bytes apart.
// SAFETY: the address is UART5's, for as long as there is a chip.
pub const UART5: StaticRef<UartRegisters> =
    unsafe { StaticRef::new(0x7E78_4000 as *const UartRegisters) };

/// The eight timers.
// SAFETY: the address is the timers', for as long as there is a chip.
pub const TIMERS: StaticRef<TimerRegisters> =
    unsafe { StaticRef::new(0x7E78_2000 as *const TimerRegisters) };

unsafe extern "C" {
    // The end of the kernel's stack. Not a function: the core reads its address.
    fn _estack();
}

#[cfg_attr(
    all(target_arch = "arm", target_os = "none"),
    unsafe(link_section = ".vectors")
)]
#[cfg_attr(all(target_arch = "arm", target_os = "none"), used)]
/// The core's own exceptions.
pub static BASE_VECTORS: [unsafe extern "C" fn(); 16] = {
    let mut vectors: [unsafe extern "C" fn(); 16] = [unhandled_interrupt; 16];
    vectors[0] = _estack;
    vectors[1] = initialize_ram_jump_to_main;
    vectors[3] = CortexM4F::HARD_FAULT_HANDLER;
    vectors[11] = CortexM4F::SVC_HANDLER;
    vectors[15] = CortexM4F::SYSTICK_HANDLER;
    vectors
};

#[cfg_attr(
    all(target_arch = "arm", target_os = "none"),
    unsafe(link_section = ".irqs")
)]
#[cfg_attr(all(target_arch = "arm", target_os = "none"), used)]
/// External interrupts.
pub static INTERRUPT_VECTORS: [unsafe extern "C" fn(); interrupts::COUNT] =
    [CortexM4F::GENERIC_ISR; interrupts::COUNT];

/// The chip. `I` passes interrupts on to the board's drivers.
pub struct Ast1030<'a, I: InterruptService> {
    mpu: cortexm4f::mpu::MPU,
    boundary: cortexm4f::syscall::SysCall,
    service: &'a I,
}

impl<'a, I: InterruptService> Ast1030<'a, I> {
    /// The chip.
    ///
    /// # Safety
    ///
    /// To be called once, on an AST1030.
    pub unsafe fn new(service: &'a I) -> Ast1030<'a, I> {
        Ast1030 {
            // SAFETY: once, as the caller promises.
            mpu: unsafe { cortexm4f::mpu::new() },
            // SAFETY: as above.
            boundary: unsafe { cortexm4f::syscall::SysCall::new() },
            service,
        }
    }
}

impl<I: InterruptService> Chip for Ast1030<'_, I> {
    type MPU = cortexm4f::mpu::MPU;
    type UserspaceKernelBoundary = cortexm4f::syscall::SysCall;
    type ThreadIdProvider = cortexm4f::thread_id::CortexMThreadIdProvider;

    fn init() {
        nvic::disable_all();
        nvic::clear_all_pending();
        nvic::enable_all();
    }

    fn service_pending_interrupts(&self) {
        while let Some(number) = nvic::next_pending() {
            let line = nvic::Nvic::new(number);
            if !self.service.service_interrupt(number) {
                panic!("nobody handles interrupt {number}");
            }
            // The alarm clears its own before it serves it: a pulse that comes meanwhile must
            // not be cleared with the one before.
            if number != interrupts::ALARM {
                line.clear_pending();
            }
            line.enable();
        }
    }

    fn has_pending_interrupts(&self) -> bool {
        nvic::has_pending()
    }

    fn mpu(&self) -> &Self::MPU {
        &self.mpu
    }

    fn userspace_kernel_boundary(&self) -> &Self::UserspaceKernelBoundary {
        &self.boundary
    }

    fn sleep(&self) {
        // SAFETY: the kernel calls this when there is nothing to do but wait.
        unsafe { cortexm4f::support::wfi() }
    }

    fn with_interrupts_disabled<F, R>(&self, f: F) -> R
    where
        F: FnOnce() -> R,
    {
        cortexm4f::support::with_interrupts_disabled(f)
    }

    unsafe fn print_state(_this: Option<&Self>, writer: &mut dyn Write) {
        // SAFETY: the caller is about to give up, as it promises.
        unsafe { CortexM4F::print_cortexm_state(writer) }
    }
}
