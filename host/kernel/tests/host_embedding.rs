// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The host-only interface: loading, coroutines, inspection, registers.

mod common;

use std::cell::Cell;
use std::num::NonZeroU32;
use std::panic::catch_unwind;
use std::ptr::NonNull;
use std::rc::Rc;

use common::app::address;
use common::board::STACK;
use common::{App, Board, log, logged};
use kernel::ErrorCode;
use kernel::host::{BufferView, SubscriptionView, unload_process};
use kernel::process::{Error, ShortId, State};
use kernel::syscall::{CommandReturn, Syscall, SyscallReturn, YieldVariant};
use tock_host_platform::abi::{FAILURE, SUCCESS, decode, encode};
use tock_host_platform::coroutine::{Teardown, in_app, syscall};
use tock_host_platform::policies::StopFaultPolicy;
use tock_host_platform::{Flash, LoadError, ProcessMemory, ProcessSpec, load_process};

// Never inlined, so that it has one address.
#[inline(never)]
extern "C-unwind" fn upcall(_: usize, _: usize, _: usize, _: usize) {}

fn wait_for_ever(app: App) {
    loop {
        app.yield_wait();
    }
}

extern "C-unwind" fn returns(_: usize, _: usize, _: usize, _: usize) {
    log("first function");
}

#[test]
fn a_first_function_that_returns_faults() {
    let board = Board::new();
    board.set_init_fn(returns);
    let process = board.load("app", |_| {});
    board.run();
    assert_eq!(logged(), ["first function"]);
    assert_eq!(process.get_state(), State::Faulted);
}

#[test]
fn the_first_function_gets_the_bounds() {
    let board = Board::new();
    let process = board.load("app", |app| {
        log(format!(
            "{:x?}",
            (
                app.flash_start,
                app.memory_start,
                app.memory_len,
                app.app_break
            )
        ));
        // Its variables lie in its own memory.
        let here = 0u8;
        let here = (&raw const here).addr();
        assert!((app.memory_start..app.app_break).contains(&here));
        wait_for_ever(app);
    });
    let addresses = process.get_addresses();
    board.run();
    assert_eq!(
        logged(),
        [format!(
            "{:x?}",
            (
                addresses.flash_non_protected_start,
                addresses.sram_start,
                addresses.sram_end - addresses.sram_start,
                addresses.sram_app_brk,
            )
        )]
    );
    assert_eq!(process.get_state(), State::Yielded);
}

#[test]
fn a_panicking_app_is_a_fault_and_harms_nobody() {
    let board = Board::new();
    let process = board.load("app", |_| panic!("a bug in the app"));
    let other = board.load("other", wait_for_ever);
    board.run();
    assert_eq!(process.get_state(), State::Faulted);
    assert_eq!(other.get_state(), State::Yielded);
    assert!(!in_app());
}

#[test]
fn a_panic_in_an_upcall_is_a_fault() {
    extern "C-unwind" fn panics(_: usize, _: usize, _: usize, _: usize) {
        panic!("a bug in an upcall");
    }
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        app.subscribe(1, 0, address(panics), 0);
        wait_for_ever(app);
    });
    board.run();
    driver.schedule(process.processid(), 0, 0).unwrap();
    board.run();
    assert_eq!(process.get_state(), State::Faulted);
}

#[test]
fn a_system_call_outside_an_app_panics() {
    assert!(catch_unwind(|| syscall(0, [0; 4])).is_err());
}

#[test]
fn an_interrupted_switch_loses_nothing() {
    let (board, driver) = Board::with_driver();
    driver.on_command(|_, _, _, _, _| CommandReturn::success());
    let process = board.load("app", |app| {
        assert_eq!(app.command(1, 1, 0, 0), [SUCCESS, 0, 0, 0]);
        log("returned");
        wait_for_ever(app);
    });
    // Before the first function, with the slice going on: nothing is seen of it.
    board.chip.boundary().interrupt_next_switch();
    board.run();
    assert_eq!(logged(), ["returned"]);
    // Before the app sees the value of its command.
    process.try_restart(None);
    let boundary = board.chip.boundary();
    driver.on_command(move |_, _, _, _, _| {
        boundary.interrupt_next_switch();
        CommandReturn::success()
    });
    board.run();
    assert_eq!(process.debug_timeslice_expiration_count(), 0);
    assert_eq!(logged(), ["returned"]);
}

/// Makes a system call when it is dropped.
struct Guard(Rc<Cell<usize>>);

impl Drop for Guard {
    fn drop(&mut self) {
        let refused = [FAILURE, usize::from(ErrorCode::FAIL), 0, 0];
        assert_eq!(syscall(2, [1, 1, 0, 0]), refused);
        self.0.set(self.0.get() + 1);
    }
}

fn destructors_run(teardown: Teardown) -> usize {
    let board = Board::with_teardown(teardown);
    let driver = board.driver(1);
    driver.on_command(|_, _, _, _, _| panic!("a dead app reached a driver"));
    let dropped = Rc::new(Cell::new(0));
    let process = board.load("app", {
        let dropped = dropped.clone();
        move |app| {
            let _guard = Guard(dropped.clone());
            wait_for_ever(app);
        }
    });
    board.run();
    // A dead process stays suspended; a restart discards its frames.
    process.terminate(None);
    assert_eq!(dropped.get(), 0);
    board.start(process);
    let after_restart = dropped.get();
    board.run();
    drop(board);
    assert_eq!(dropped.get(), 2 * after_restart);
    dropped.get()
}

#[test]
fn frames_of_a_dead_process_are_forgotten_or_unwound() {
    assert_eq!(destructors_run(Teardown::Forget), 0);
    assert_eq!(destructors_run(Teardown::Unwind), 2);
}

#[test]
fn an_unloaded_process_is_gone_and_its_slot_is_free() {
    let (board, driver) = Board::with_driver();
    let short_id = ShortId::Fixed(NonZeroU32::new(0x51).unwrap());
    board.set_short_id(short_id);
    let process = board.load("app", wait_for_ever);
    board.run();
    let id = process.processid();
    assert!(id.short_app_id() == short_id);
    assert!(unload_process(board.kernel, ShortId::LocallyUnique).is_none());
    assert!(unload_process(board.kernel, short_id) == Some(id));
    assert!(!board.finds(id));
    assert_eq!(driver.grant.enter(id, |_, _| {}), Err(Error::NoSuchApp));
    assert!(unload_process(board.kernel, short_id).is_none());
    let next = board.load("next", wait_for_ever);
    assert!(board.slots[0].get().is_some());
    assert!(board.slots[1].get().is_none());
    assert_eq!(next.processid().id(), 1);
    assert_eq!(board.run(), 1);
}

#[test]
fn a_view_shows_what_the_kernel_keeps() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", |app| {
        let at = app.memory_start + 512;
        app.subscribe(1, 1, address(upcall), 7);
        app.allow_ro(1, 0, at, 4);
        app.allow_rw(1, 1, at + 8, 8);
        app.yield_wait_for(1, 0);
    });
    board.run();
    process.stop();
    driver.schedule(process.processid(), 1, 3).unwrap();
    let at = process.get_addresses().sram_start + 512;
    // While the grant is entered, too.
    let view = driver
        .grant
        .enter(process.processid(), |_, _| process.standard().host_view())
        .unwrap();
    assert_eq!(view.name, "app");
    assert_eq!(view.queue.len(), 1);
    assert!(!view.ready);
    let [grant] = &view.grants[..] else {
        panic!("{:?}", view.grants);
    };
    assert_eq!((grant.number, grant.driver_num), (0, 1));
    let none = SubscriptionView {
        function: 0,
        appdata: 0,
    };
    let subscribed = SubscriptionView {
        function: address(upcall),
        appdata: 7,
    };
    assert_eq!(grant.subscriptions, [none, subscribed, none]);
    let buffer = |address, len| BufferView { address, len };
    assert_eq!(grant.read_only, [buffer(at, 4)]);
    assert_eq!(grant.read_write, [buffer(0, 0), buffer(at + 8, 8)]);
}

#[test]
fn printing_a_process_names_its_grants() {
    let (board, driver) = Board::with_driver();
    let process = board.load("app", wait_for_ever);
    board.run();
    driver.grant.enter(process.processid(), |_, _| {}).unwrap();
    let mut printed = String::new();
    process.print_full_process(&mut printed);
    assert!(printed.contains("process app"));
    assert!(printed.contains("grant 0 of driver 0x1"));
    assert!(printed.contains("coroutine suspended"));
}

fn load(board: &Board, memory: NonNull<[u8]>) -> Result<(), LoadError> {
    let spec = ProcessSpec {
        name: "app",
        short_id: ShortId::LocallyUnique,
        memory,
        flash: Flash::program_image(),
        init_fn: returns as *const (),
        minimum_ram: 0,
        fault_policy: &StopFaultPolicy {},
        storage_permissions: &(),
    };
    // SAFETY: the process never runs, and `returns` has the right type.
    let loaded = unsafe {
        load_process::<_, ()>(&board.arena, board.kernel, board.slots, board.chip, &spec)
    };
    loaded.map(|_| ())
}

#[test]
fn what_cannot_be_loaded_is_refused() {
    let memory = ProcessMemory::new(128 * 1024).unwrap();
    let board = Board::new();
    let whole = memory.region();
    let part = |offset: usize, len| {
        // SAFETY: within the region.
        NonNull::slice_from_raw_parts(unsafe { whole.cast::<u8>().add(offset) }, len)
    };
    assert_eq!(load(&board, part(8, 65536)), Err(LoadError::Misaligned));
    assert_eq!(load(&board, part(0, 65536 + 8)), Err(LoadError::Misaligned));
    assert_eq!(
        load(&board, part(0, STACK)),
        Err(LoadError::NotEnoughMemory)
    );
    for _ in 0..board.slots.len() {
        assert_eq!(load(&board, whole), Ok(()));
    }
    assert_eq!(load(&board, whole), Err(LoadError::NoSlot));
    for error in [LoadError::NoSlot, LoadError::NotEnoughMemory] {
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn process_memory_is_zeroed_and_page_aligned() {
    let mut memory = ProcessMemory::new(5000).unwrap();
    let region = memory.region();
    assert_eq!(region.len() % 4096, 0);
    assert!(region.len() >= 5000);
    assert!(region.cast::<u8>().addr().get().is_multiple_of(4096));
    // SAFETY: ours, and no process uses it.
    unsafe {
        let bytes = region.cast::<u8>();
        assert_eq!(bytes.add(4999).read(), 0);
        bytes.write_bytes(0xFF, region.len());
        memory.clear();
        let cleared = std::slice::from_raw_parts(bytes.as_ptr(), region.len());
        assert!(cleared.iter().all(|byte| *byte == 0));
    }
}

static CONSTANT: [u8; 4] = [1, 2, 3, 4];

#[test]
fn the_program_image_holds_code_and_constants_but_no_variables() {
    let image = Flash::program_image();
    let holds = |address: usize| (image.visible_start()..image.end()).contains(&address);
    assert!(holds(address(upcall)));
    assert!(holds(CONSTANT.as_ptr().addr()));
    assert!(holds("a literal".as_ptr().addr()));
    let on_stack = 0u8;
    assert!(!holds((&raw const on_stack).addr()));
    let on_heap = Box::new(0u8);
    assert!(!holds((&raw const *on_heap).addr()));
}

#[test]
fn system_calls_are_decoded_as_trd104_says() {
    assert_eq!(
        decode(0, [0, 0x100, 0, 0]),
        Some(Syscall::Yield {
            yield_type: YieldVariant::NoWait {
                ptr: std::ptr::with_exposed_provenance_mut(0x100)
            }
        })
    );
    assert_eq!(
        decode(0, [2, 5, 6, 0]),
        Some(Syscall::Yield {
            yield_type: YieldVariant::WaitFor {
                driver_number: 5,
                subdriver_number: 6
            }
        })
    );
    assert_eq!(
        decode(2, [1, 2, 3, 4]),
        Some(Syscall::Command {
            driver_number: 1,
            subdriver_number: 2,
            arg0: 3,
            arg1: 4
        })
    );
    assert_eq!(
        decode(6, [1, 9, 0, 0]),
        Some(Syscall::Exit {
            which: 1,
            completion_code: 9
        })
    );
    let numbered = decode(4, [1, 2, 0x100, 4]).unwrap();
    assert!(matches!(numbered, Syscall::ReadOnlyAllow { .. }));
    assert_eq!(numbered.driver_number(), Some(1));
    assert_eq!(numbered.subdriver_number(), Some(2));
    assert_eq!(decode(5, [1, 2, 0, 0]).unwrap().driver_number(), None);
    assert_eq!(decode(0, [3, 0, 0, 0]), None);
    assert_eq!(decode(8, [0; 4]), None);
}

#[test]
fn returns_are_encoded_as_trd104_says() {
    let busy = usize::from(ErrorCode::BUSY);
    let cases = [
        (SyscallReturn::Failure(ErrorCode::BUSY), [0, busy, 0, 0]),
        (
            SyscallReturn::FailureU32(ErrorCode::BUSY, 5),
            [1, busy, 5, 0],
        ),
        (
            SyscallReturn::FailureU32U32(ErrorCode::BUSY, 5, 6),
            [2, busy, 5, 6],
        ),
        (
            SyscallReturn::FailureU64(ErrorCode::BUSY, 0x1_0000_0002),
            [3, busy, 2, 1],
        ),
        (SyscallReturn::Success, [128, 0, 0, 0]),
        (SyscallReturn::SuccessU32(5), [129, 5, 0, 0]),
        (SyscallReturn::SuccessU32U32(5, 6), [130, 5, 6, 0]),
        (SyscallReturn::SuccessU64(0x1_0000_0002), [131, 2, 1, 0]),
        (SyscallReturn::SuccessU32U32U32(5, 6, 7), [132, 5, 6, 7]),
        (
            SyscallReturn::SuccessU32U64(5, 0x1_0000_0002),
            [133, 5, 2, 1],
        ),
        (
            SyscallReturn::SuccessAddr(0xFFFF_0000_1111),
            [129, 0xFFFF_0000_1111, 0, 0],
        ),
        (SyscallReturn::YieldWaitFor(7, 8, 9), [7, 8, 9, 0]),
    ];
    for (value, registers) in cases {
        assert_eq!(encode(value), registers, "{value:?}");
    }
}
