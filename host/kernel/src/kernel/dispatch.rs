// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What each system call does (TRD104, section 4).

use crate::errorcode::ErrorCode;
use crate::grant;
use crate::kernel::Kernel;
use crate::memop;
use crate::platform::chip::Chip;
use crate::platform::platform::{KernelResources, SyscallDriverLookup, SyscallFilter};
use crate::process::Process;
use crate::syscall::{Syscall, SyscallReturn, YieldVariant};
use crate::syscall_driver::{CommandReturn, SyscallDriver};
use crate::upcall::{Upcall, UpcallId};
use crate::utilities::capability_ptr::CapabilityPtr;
use crate::utilities::machine_register::MachineRegister;

impl Kernel {
    pub(super) fn handle_syscall<KR: KernelResources<C>, C: Chip>(
        &self,
        resources: &KR,
        process: &dyn Process,
        syscall: Syscall,
    ) {
        process.debug_syscall_called(syscall);

        let driver_number = match syscall {
            Syscall::Yield { yield_type } => return do_yield(process, yield_type),
            Syscall::Exit {
                which,
                completion_code,
            } => return do_exit(process, which, completion_code),
            Syscall::Memop { operand, arg0 } => {
                let result = memop::memop(process, operand, arg0);
                return process.set_syscall_return_value(result);
            }
            Syscall::Subscribe { driver_number, .. }
            | Syscall::Command { driver_number, .. }
            | Syscall::ReadWriteAllow { driver_number, .. }
            | Syscall::UserspaceReadableAllow { driver_number, .. }
            | Syscall::ReadOnlyAllow { driver_number, .. } => driver_number,
        };

        // Only calls to drivers are filtered.
        if let Err(error) = resources.syscall_filter().filter_syscall(process, &syscall) {
            return process.set_syscall_return_value(SyscallReturn::Failure(error));
        }
        let result = resources
            .syscall_driver_lookup()
            .with_driver(driver_number, |driver| {
                call_driver(process, driver, syscall)
            });
        // Last of all, whatever the driver did to the process: this sets it running again.
        process.set_syscall_return_value(result);
    }
}

fn do_yield(process: &dyn Process, yield_type: YieldVariant) {
    match yield_type {
        YieldVariant::NoWait { ptr } => {
            let has_tasks = process.has_tasks();
            // SAFETY: no reference into the process's memory is alive here. A bad address is
            // ignored.
            unsafe { process.set_byte(ptr, u8::from(has_tasks)) };
            if has_tasks {
                process.set_yielded_state();
            }
        }
        YieldVariant::Wait => process.set_yielded_state(),
        YieldVariant::WaitFor {
            driver_number,
            subdriver_number,
        } => process.set_yielded_for_state(UpcallId {
            driver_num: driver_number,
            subscribe_num: subdriver_number,
        }),
    }
}

fn do_exit(process: &dyn Process, which: usize, completion_code: usize) {
    // Codes are 32 bits wide.
    let completion_code = Some(completion_code as u32);
    match which {
        0 => process.terminate(completion_code),
        1 => process.try_restart(completion_code),
        _ => process.set_syscall_return_value(SyscallReturn::Failure(ErrorCode::NOSUPPORT)),
    }
}

fn call_driver(
    process: &dyn Process,
    driver: Option<&dyn SyscallDriver>,
    syscall: Syscall,
) -> SyscallReturn {
    match syscall {
        Syscall::Command {
            subdriver_number,
            arg0,
            arg1,
            ..
        } => SyscallReturn::from_command_return(match driver {
            Some(driver) => driver.command(subdriver_number, arg0, arg1, process.processid()),
            None => CommandReturn::failure(ErrorCode::NODEVICE),
        }),
        Syscall::Subscribe {
            driver_number,
            subdriver_number,
            upcall_ptr,
            appdata,
        } => subscribe(
            process,
            driver,
            UpcallId {
                driver_num: driver_number,
                subscribe_num: subdriver_number,
            },
            upcall_ptr,
            appdata,
        ),
        Syscall::ReadWriteAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => {
            let exchanged = present(driver).and_then(|driver| {
                let buffer = process.build_readwrite_process_buffer(allow_address, allow_size)?;
                exchange(process, driver, buffer, |buffer| {
                    grant::allow_rw(process, driver_number, subdriver_number, buffer)
                })
                .map_err(|(_, error)| error)
            });
            match exchanged {
                Ok(previous) => {
                    let (ptr, len) = previous.consume();
                    SyscallReturn::AllowReadWriteSuccess(ptr, len)
                }
                Err(error) => {
                    SyscallReturn::AllowReadWriteFailure(error, allow_address, allow_size)
                }
            }
        }
        Syscall::ReadOnlyAllow {
            driver_number,
            subdriver_number,
            allow_address,
            allow_size,
        } => {
            let exchanged = present(driver).and_then(|driver| {
                let buffer = process.build_readonly_process_buffer(allow_address, allow_size)?;
                exchange(process, driver, buffer, |buffer| {
                    grant::allow_ro(process, driver_number, subdriver_number, buffer)
                })
                .map_err(|(_, error)| error)
            });
            match exchanged {
                Ok(previous) => {
                    let (ptr, len) = previous.consume();
                    SyscallReturn::AllowReadOnlySuccess(ptr, len)
                }
                Err(error) => SyscallReturn::AllowReadOnlyFailure(error, allow_address, allow_size),
            }
        }
        Syscall::UserspaceReadableAllow {
            subdriver_number,
            allow_address,
            allow_size,
            ..
        } => userspace_readable_allow(process, driver, subdriver_number, allow_address, allow_size),
        Syscall::Yield { .. } | Syscall::Memop { .. } | Syscall::Exit { .. } => {
            unreachable!("handled without a driver")
        }
    }
}

fn present(driver: Option<&dyn SyscallDriver>) -> Result<&dyn SyscallDriver, ErrorCode> {
    driver.ok_or(ErrorCode::NODEVICE)
}

/// Store something in the driver's grant. `NOMEM` may mean that the driver has no grant in this
/// process yet: then it is asked to allocate it, once. If it only says that it did, the second
/// attempt ends in `NOMEM` as well.
fn exchange<V>(
    process: &dyn Process,
    driver: &dyn SyscallDriver,
    value: V,
    store: impl Fn(V) -> Result<V, (V, ErrorCode)>,
) -> Result<V, (V, ErrorCode)> {
    match store(value) {
        Err((value, ErrorCode::NOMEM)) if driver.allocate_grant(process.processid()).is_ok() => {
            store(value)
        }
        result => result,
    }
}

fn subscribe(
    process: &dyn Process,
    driver: Option<&dyn SyscallDriver>,
    upcall_id: UpcallId,
    upcall_ptr: CapabilityPtr,
    appdata: MachineRegister,
) -> SyscallReturn {
    let upcall = Upcall::new(process.processid(), upcall_id, appdata, upcall_ptr);
    let function_is_valid = upcall_ptr.map_or(true, |function| {
        process.is_valid_upcall_function_pointer(function.as_ptr())
    });
    if !function_is_valid {
        return upcall.into_subscribe_failure(ErrorCode::INVAL);
    }
    let Some(driver) = driver else {
        return upcall.into_subscribe_failure(ErrorCode::NODEVICE);
    };
    match exchange(process, driver, upcall, |upcall| {
        grant::subscribe(process, upcall)
    }) {
        Ok(previous) => {
            // The app must not be called at a function it has just replaced.
            process.remove_pending_upcalls(upcall_id);
            previous.into_subscribe_success()
        }
        Err((upcall, error)) => upcall.into_subscribe_failure(error),
    }
}

/// The one kind of buffer the driver keeps itself.
fn userspace_readable_allow(
    process: &dyn Process,
    driver: Option<&dyn SyscallDriver>,
    which: usize,
    address: *mut u8,
    size: usize,
) -> SyscallReturn {
    let built = present(driver).and_then(|driver| {
        let buffer = process.build_readwrite_process_buffer(address, size)?;
        Ok((driver, buffer))
    });
    let (driver, buffer) = match built {
        Ok(built) => built,
        Err(error) => return SyscallReturn::UserspaceReadableAllowFailure(error, address, size),
    };
    match driver.allow_userspace_readable(process.processid(), which, buffer) {
        Ok(previous) => {
            let (ptr, len) = previous.consume();
            SyscallReturn::UserspaceReadableAllowSuccess(ptr, len)
        }
        Err((rejected, error)) => {
            let (ptr, len) = rejected.consume();
            SyscallReturn::UserspaceReadableAllowFailure(error, ptr, len)
        }
    }
}
