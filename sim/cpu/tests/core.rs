// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The core from outside, on machine code written out by hand.

use emulated_cortex_m::{
    Access, Cpu, Devices, Fault, Memory, NoDevices, Permission, Region, Stop, Traps, Width,
};
use std::cell::RefCell;
use std::rc::Rc;

const RAM: u32 = 0x2000_0000;
const STACK: u32 = RAM + 0x1000;
const CODE: u32 = 0x100;

/// A core at the first of these instructions.
fn core_with(code: &[u16], devices: Box<dyn Devices>, traps: Traps) -> Cpu {
    let mut rom = vec![0xFF; 0x1000];
    rom[..4].copy_from_slice(&STACK.to_le_bytes());
    rom[4..8].copy_from_slice(&(CODE | 1).to_le_bytes());
    // Handlers of all other exceptions and of lines 0 to 7.
    for number in 2..24 {
        let handler = 0x801 + 0x20 * number as u32;
        rom[4 * number..4 * number + 4].copy_from_slice(&handler.to_le_bytes());
        // bkpt #number, bx lr
        let at = handler as usize - 1;
        rom[at..at + 4].copy_from_slice(&[number as u8, 0xBE, 0x70, 0x47]);
    }
    for (n, half) in code.iter().enumerate() {
        let at = CODE as usize + 2 * n;
        rom[at..at + 2].copy_from_slice(&half.to_le_bytes());
    }
    let memories = vec![Memory::rom(0, rom), Memory::ram(RAM, 0x1000)];
    let mut cpu = Cpu::new(memories, devices, traps);
    assert!(cpu.reset_to_vectors());
    cpu
}

fn core(code: &[u16]) -> Cpu {
    core_with(code, Box::new(NoDevices), Traps::Vectored)
}

/// A device with one register that reads as the cycle, and a line that rises at a cycle and
/// falls when the register is written.
struct Timer {
    rises: Option<u64>,
    high: bool,
}

impl Devices for Timer {
    fn load(&mut self, cycle: u64, address: u32, width: Width) -> Option<u32> {
        (address == 0x4000_0000 && width == Width::Word).then_some(cycle as u32)
    }

    fn store(&mut self, _: u64, address: u32, _: Width, _: u32) -> Option<()> {
        self.high = false;
        (address == 0x4000_0000).then_some(())
    }

    fn advance(&mut self, cycle: u64) {
        if self.rises.is_some_and(|at| at <= cycle) {
            self.rises = None;
            self.high = true;
        }
    }

    fn next_event(&self) -> Option<u64> {
        self.rises
    }

    fn lines(&self) -> u64 {
        u64::from(self.high) << 2
    }
}

fn timer(rises: u64) -> Rc<RefCell<Timer>> {
    Rc::new(RefCell::new(Timer {
        rises: Some(rises),
        high: false,
    }))
}

/// movs r0, #4; ldr r1, =0xE000E100; str r0, [r1]: line 2 on.
const ENABLE_LINE_2: [u16; 6] = [0x2004, 0xF24E, 0x1100, 0xF2CE, 0x0100, 0x6008];

#[test]
fn instructions_are_counted_one_by_one() {
    // movs r0, #5; movs r1, #2; subs r2, r0, r1; bkpt #7
    let mut cpu = core(&[0x2005, 0x2102, 0x1A42, 0xBE07]);
    assert_eq!(cpu.run(2), Stop::Budget);
    assert_eq!(cpu.run(100), Stop::Breakpoint(7));
    assert_eq!(cpu.register(2), 3);
    assert_eq!(cpu.instructions(), 4);
    assert_eq!(cpu.registers().pc, CODE + 8);
}

#[test]
fn a_sleeping_core_is_woken_by_its_interrupt() {
    let timer = timer(1_000);
    let mut code = ENABLE_LINE_2.to_vec();
    // wfi; bkpt #1
    code.extend([0xBF30, 0xBE01]);
    let mut cpu = core_with(&code, Box::new(Rc::clone(&timer)), Traps::Vectored);
    assert_eq!(cpu.run(100), Stop::Breakpoint(18));
    assert_eq!(cpu.interrupts(), 1);
    assert!(cpu.cycles() >= 1_000 && cpu.slept() > 900);
    assert!(cpu.instructions() < 20);
    timer.borrow_mut().high = false;
    assert_eq!(cpu.run(100), Stop::Breakpoint(1));
}

#[test]
fn a_line_that_stays_high_interrupts_again() {
    let timer = timer(20);
    let mut code = ENABLE_LINE_2.to_vec();
    // b .
    code.push(0xE7FE);
    let mut cpu = core_with(&code, Box::new(Rc::clone(&timer)), Traps::Vectored);
    for _ in 0..3 {
        assert_eq!(cpu.run(100), Stop::Breakpoint(18));
    }
    // While the handler runs, its line is not pending again.
    timer.borrow_mut().high = false;
    assert_eq!(cpu.run(100), Stop::Budget);
    assert_eq!(cpu.interrupts(), 3);
}

#[test]
fn a_line_that_is_high_can_not_be_cleared() {
    // A kernel that clears what came while it served the last one must not lose it.
    let mut code = vec![0xB672];
    code.extend(ENABLE_LINE_2);
    // cpsid i before, ten nops, str.w r0, [r1, #0x180]; cpsie i; b .
    code.extend([0xBF00; 10]);
    code.extend([0xF8C1, 0x0180, 0xB662, 0xE7FE]);
    let mut cpu = core_with(&code, Box::new(timer(8)), Traps::Vectored);
    assert_eq!(cpu.run(100), Stop::Breakpoint(18));
    assert!(cpu.cycles() < 50, "it has nothing else to wait for");
}

#[test]
fn primask_keeps_interrupts_out_and_not_the_core_asleep() {
    let mut code = ENABLE_LINE_2.to_vec();
    // cpsid i; wfi; bkpt #1; cpsie i; nop; bkpt #2
    code.extend([0xB672, 0xBF30, 0xBE01, 0xB662, 0xBF00, 0xBE02]);
    let mut cpu = core_with(&code, Box::new(timer(500)), Traps::Vectored);
    assert_eq!(cpu.run(100), Stop::Breakpoint(1));
    assert_eq!(cpu.interrupts(), 0);
    assert_eq!(cpu.run(100), Stop::Breakpoint(18));
}

#[test]
fn nothing_to_wait_for_is_said() {
    let mut cpu = core(&[0xBF30]);
    assert_eq!(cpu.run(100), Stop::SleepsForEver);
}

#[test]
fn a_stray_load_is_a_hard_fault_unless_bus_faults_are_on() {
    // movs r0, #0x60; lsls r0, r0, #24; ldr r1, [r0]
    let mut cpu = core(&[0x2060, 0x0600, 0x6801]);
    assert_eq!(cpu.run(100), Stop::Breakpoint(3));
    let mut code = vec![
        // movw r1, #0xED24; movt r1, #0xE000; mov.w r0, #0x20000; str r0, [r1]
        0xF64E, 0x5124, 0xF2CE, 0x0100, 0xF44F, 0x3000, 0x6008,
    ];
    code.extend([0x2060, 0x0600, 0x6801]);
    let mut cpu = core(&code);
    assert_eq!(cpu.run(100), Stop::Breakpoint(5));
}

#[test]
fn a_fault_in_a_fault_handler_is_a_lockup() {
    // bx to an address without memory, twice: the handler's vector is fine, its code is not.
    let mut rom = vec![0; 0x200];
    rom[..4].copy_from_slice(&STACK.to_le_bytes());
    rom[4..8].copy_from_slice(&0x101_u32.to_le_bytes());
    // HardFault at 0x111: udf #0.
    rom[12..16].copy_from_slice(&0x111_u32.to_le_bytes());
    rom[0x100..0x102].copy_from_slice(&0xDE01_u16.to_le_bytes());
    rom[0x110..0x114].copy_from_slice(&[0x00, 0xBF, 0x00, 0xDE]);
    let memories = vec![Memory::rom(0, rom), Memory::ram(RAM, 0x1000)];
    let mut cpu = Cpu::new(memories, Box::new(NoDevices), Traps::Vectored);
    assert!(cpu.reset_to_vectors());
    let instruction = 0xDE00;
    assert_eq!(cpu.run(100), Stop::Lockup(Fault::Undefined { instruction }));
    assert_eq!(cpu.registers().pc, 0x112);
}

#[test]
fn calls_and_faults_can_be_reported() {
    // movs r0, #9; svc #3; udf #5
    let code = [0x2009, 0xDF03, 0xDE05];
    let mut cpu = core_with(&code, Box::new(NoDevices), Traps::Reported);
    assert_eq!(cpu.run(100), Stop::Call(3));
    assert_eq!((cpu.register(0), cpu.registers().pc), (9, CODE + 4));
    let instruction = 0xDE05;
    assert_eq!(cpu.run(100), Stop::Fault(Fault::Undefined { instruction }));
    assert_eq!(cpu.registers().pc, CODE + 4);
}

/// A core without privileges that may execute its code and use 256 bytes of RAM.
fn confined(code: &[u16]) -> Cpu {
    let mut cpu = core_with(code, Box::new(timer(u64::MAX)), Traps::Reported);
    cpu.registers_mut().control.set_privileged_bit(true);
    cpu.protect(&[
        Region::new(0, 0x1000, Permission::ReadExecute).unwrap(),
        Region::new(RAM, 0x100, Permission::ReadWrite).unwrap(),
    ]);
    cpu.registers_mut().r0 = RAM;
    cpu.registers_mut().msp = RAM + 0x100;
    cpu
}

#[test]
fn a_confined_program_keeps_to_its_memory() {
    let outside = |code: &[u16]| {
        let mut cpu = confined(code);
        let before = cpu.registers().pc;
        match cpu.run(100) {
            Stop::Fault(fault) => (fault, cpu.registers().pc.wrapping_sub(before)),
            stop => panic!("{stop:?}"),
        }
    };
    let fault = |address, access| Fault::Protection { address, access };
    // str r1, [r0, #124]; ldr r1, [r0, #124]: within. Then str.w r1, [r0, #256].
    assert_eq!(
        outside(&[0x67C1, 0x6FC1, 0xF8C0, 0x1100]),
        (fault(RAM + 0x100, Access::Write), 4)
    );
    // str.w r1, [r0, #254]: half of it is outside.
    assert_eq!(
        outside(&[0xF8C0, 0x10FE]),
        (fault(RAM + 0x101, Access::Write), 0)
    );
    // movs r0, #0; str r0, [r0]
    assert_eq!(outside(&[0x2000, 0x6000]), (fault(0, Access::Write), 2));
    // movs r0, #0x40; lsls r0, r0, #24; ldr r1, [r0]: a peripheral.
    assert_eq!(
        outside(&[0x2040, 0x0600, 0x6801]),
        (fault(0x4000_0000, Access::Read), 4)
    );
    // movs r0, #0xE0; lsls r0, r0, #24; adds r0, #8...: the core's own registers.
    assert_eq!(
        outside(&[0xF24E, 0x1000, 0xF2CE, 0x0000, 0x6801]).0,
        Fault::Bus {
            address: 0xE000_E100,
            access: Access::Read
        }
    );
    // adds r0, #1; bx r0: RAM is not executed.
    assert_eq!(outside(&[0x3001, 0x4700]).0, fault(RAM, Access::Fetch));
    // bx r0, even: no such state.
    assert_eq!(outside(&[0x2020, 0x4700]).0, Fault::InvalidState);
    // push with the stack at its end: sub sp, #0x100 ; push {r0}
    assert_eq!(outside(&[0xB0C0, 0xB401]).0, fault(RAM - 4, Access::Write));
    // cpsid i and msr CONTROL do nothing without privileges: str far away still fails.
    assert_eq!(
        outside(&[0x2100, 0xF381, 0x8814, 0xF8C0, 0x1100]).0,
        fault(RAM + 0x100, Access::Write)
    );
}

#[test]
fn what_fails_changes_nothing() {
    // ldmia r0!, {r1-r4} with only the first two words inside.
    let mut cpu = confined(&[0xC81E]);
    cpu.registers_mut().r0 = RAM + 0xF8;
    let before = *cpu.registers();
    assert!(matches!(cpu.run(10), Stop::Fault(Fault::Protection { .. })));
    assert_eq!(*cpu.registers(), before);
}

#[test]
fn a_jump_to_an_even_address_is_a_fault_that_a_handler_sees() {
    // movs r0, #0x20; bx r0: UsageFault is not enabled, so a HardFault.
    let mut cpu = core(&[0x2020, 0x4700]);
    assert_eq!(cpu.run(100), Stop::Breakpoint(3));
    let failures = cpu.take_failures();
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].fault, Fault::InvalidState);
}

/// `jump` at [`CODE`] + 4, with this in r0, and four breakpoints behind it.
fn jumps(jump: u16, r0: u32) -> Cpu {
    assert!(r0 < 0x800);
    let constant = (r0 >> 8 << 12 | r0 & 0xFF) as u16;
    core(&[0xF240, constant, jump, 0xBE41, 0xBE42, 0xBE43, 0xBE44])
}

#[test]
fn a_computed_jump_takes_an_even_address_as_well_as_an_odd_one() {
    // mov pc, r0; add pc, r0: bit 0 of what is written is ignored, and the state stays (DDI 0403E
    // A7.7.77 and A7.7.4: ALUWritePC). Compilers end jump tables with it.
    for (jump, r0) in [(0x4687, CODE + 12), (0x4487, 4)] {
        for bit in [0, 1] {
            let mut cpu = jumps(jump, r0 | bit);
            assert_eq!(cpu.run(10), Stop::Breakpoint(0x44), "{jump:#x} {bit}");
            assert_eq!(cpu.instructions(), 3);
            assert!(cpu.take_failures().is_empty());
        }
    }
    // add pc, sp
    let mut cpu = jumps(0x44EF, 0);
    cpu.registers_mut().msp = 4;
    assert_eq!(cpu.run(10), Stop::Breakpoint(0x44));
    // add pc, pc means nothing.
    assert_eq!(jumps(0x44FF, 0).run(10), Stop::Breakpoint(3));
}

#[test]
fn a_computed_jump_can_be_the_last_of_a_conditional_block() {
    let code = |block: u16, jump: u16| {
        // movs r0, #0; cmp r0, r0; movw r0, #CODE + 0x10; the block; the jump
        let mut code = vec![0x2000, 0x4280, 0xF240, 0x1010, block, jump];
        code.extend([0xBE41, 0xBE42, 0xBE43]);
        code
    };
    // it eq; moveq pc, r0, and it ne; movne pc, r0
    assert_eq!(core(&code(0xBF08, 0x4687)).run(10), Stop::Breakpoint(0x43));
    assert_eq!(core(&code(0xBF18, 0x4687)).run(10), Stop::Breakpoint(0x41));
    // itt eq: first of two, which means nothing.
    assert_eq!(core(&code(0xBF04, 0x4687)).run(10), Stop::Breakpoint(3));
}

#[test]
fn a_breakpoint_without_a_debugger_is_a_fault() {
    let mut cpu = core(&[0xBE01]);
    assert_eq!(cpu.run(100), Stop::Breakpoint(1));
    assert_eq!(cpu.refuse_breakpoint(1), None);
    assert_eq!(cpu.run(100), Stop::Breakpoint(3));
    // In the handler of a HardFault there is nothing that it could become.
    assert!(matches!(cpu.refuse_breakpoint(3), Some(Stop::Lockup(_))));
}

#[test]
fn a_process_stack_that_is_none_ends_in_a_handler() {
    for stack in [
        0_u32,
        0x10,
        0xE000_E410,
        0xE000_E620,
        0xE000_ED20,
        0xFFFF_FFFC,
    ] {
        let half = |value: u32| {
            let value = value as u16;
            [
                value >> 12 | (value >> 11 & 1) << 10,
                (value >> 8 & 7) << 12 | value & 0xFF,
            ]
        };
        let ([low, low_more], [high, high_more]) = (half(stack), half(stack >> 16));
        let mut cpu = core(&[
            // movw r0, movt r0, msr psp, r0; movs r1, #3; msr control, r1: no privileges.
            0xF240 | low,
            low_more,
            0xF2C0 | high,
            high_more,
            0xF380,
            0x8809,
            0x2103,
            0xF381,
            0x8814,
            // svc #0
            0xDF00,
        ]);
        let stop = cpu.run(100);
        assert!(
            matches!(stop, Stop::Breakpoint(3 | 11)),
            "{stack:#x}: {stop:?}"
        );
        let expected = stack.wrapping_sub(32) & !7;
        assert_eq!(cpu.registers().psp & !7, expected, "{stack:#x}");
    }
}

#[test]
fn an_exclusive_store_is_lost_to_an_exception() {
    // ldrexb r1, [r0]; svc #0; strexb r2, r1, [r0]; bkpt #1, at an odd address.
    let code = [0xE8D0, 0x1F4F, 0xDF00, 0xE8C0, 0x1F42, 0xBE01];
    let mut cpu = core(&code);
    cpu.registers_mut().r0 = RAM + 3;
    assert_eq!(cpu.run(100), Stop::Breakpoint(11));
    assert_eq!(cpu.run(100), Stop::Breakpoint(1));
    assert_eq!(cpu.register(2), 1);
    let mut cpu = core(&[0xE8D0, 0x1F4F, 0xE8C0, 0x1F42, 0xBE01]);
    cpu.registers_mut().r0 = RAM + 3;
    assert_eq!(cpu.run(100), Stop::Breakpoint(1));
    assert_eq!(cpu.register(2), 0);
}

#[test]
fn a_reset_is_reported() {
    // ldr r1, =0xE000ED0C; ldr r0, =0x05FA0004; str r0, [r1]
    let mut cpu = core(&[
        0xF64E, 0x510C, 0xF2CE, 0x0100, 0x2004, 0xF2C0, 0x50FA, 0x6008,
    ]);
    assert_eq!(cpu.run(100), Stop::Reset);
}

/// What no core has is a fault, whatever it is, and never the end of the host.
#[test]
fn no_code_ends_the_host() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 16) as u32
    };
    let code = Memory::rom(CODE, vec![0; 8]);
    let fresh = || {
        let memories = vec![code.clone(), Memory::ram(RAM, 0x100)];
        Cpu::new(memories, Box::new(NoDevices), Traps::Reported)
    };
    let mut cpu = fresh();
    let mut ended: Vec<(u16, u16)> = Vec::new();
    for first in 0..=0xFFFF_u16 {
        // All that has 16 bits, and some of each that has 32.
        let times = if first >> 11 < 0b11101 { 1 } else { 40 };
        for _ in 0..times {
            let second = random() as u16;
            let halves = [first, second, 0xBF00].map(u16::to_le_bytes);
            assert!(code.poke(CODE, halves.as_flattened()));
            let registers = cpu.registers_mut();
            *registers = Default::default();
            [registers.r0, registers.r1, registers.r2, registers.r3] =
                std::array::from_fn(|_| random());
            registers.r4 = RAM + (random() & 0xFC);
            registers.msp = RAM + 0x80;
            registers.pc = CODE;
            registers.psr.set(random() & 0xF80F_0000 | 1 << 24);
            registers.control.set_privileged_bit(true);
            cpu.wake();
            let run = std::panic::AssertUnwindSafe(|| cpu.run(3));
            if std::panic::catch_unwind(run).is_err() {
                ended.push((first, second));
                cpu = fresh();
            }
        }
    }
    let _ = std::panic::take_hook();
    let shown = &ended[..ended.len().min(40)];
    assert!(ended.is_empty(), "{} codes, {shown:04x?}", ended.len());
}

#[test]
fn the_timer_of_the_core_interrupts() {
    // r1 = 0xE000E010; SYST_RVR = 99, SYST_CVR = 0, SYST_CSR = 7; b .
    let mut cpu = core(&[
        0xF24E, 0x0110, 0xF2CE, 0x0100, 0x2063, 0x6048, 0x2000, 0x6088, 0x2007, 0x6008, 0xE7FE,
    ]);
    assert_eq!(cpu.run(1000), Stop::Breakpoint(15));
    let first = cpu.cycles();
    assert_eq!(cpu.run(1000), Stop::Breakpoint(15));
    assert_eq!(cpu.cycles() - first, 100);
    assert_eq!(cpu.interrupts(), 0, "it is no line");
}

#[test]
fn registers_without_room_on_the_stack_are_a_fault_of_the_stack() {
    // MemManage on; svc #0.
    let code = [
        0xF64E, 0x5124, 0xF2CE, 0x0100, 0xF44F, 0x3080, 0x6008, 0xDF00, 0xBE01,
    ];
    let mut cpu = core(&code);
    assert_eq!(cpu.run(4), Stop::Budget);
    cpu.protect(&[
        Region::new(0, 0x1000, Permission::ReadExecute).unwrap(),
        Region::new(RAM, 0x100, Permission::ReadWrite).unwrap(),
    ]);
    let registers = cpu.registers_mut();
    registers.control.set_privileged_bit(true);
    registers.control.set_spsel(true);
    registers.psp = RAM + 0x110;
    // Frames are 32 bytes: half of this one would be outside.
    let mut before = [0; 0x20];
    assert!(cpu.bus().peek(RAM + 0xF0, &mut before));
    assert_eq!(cpu.run(10), Stop::Breakpoint(4));
    let mut after = [1; 0x20];
    assert!(cpu.bus().peek(RAM + 0xF0, &mut after));
    assert_eq!(before, after);
    let failures = cpu.take_failures();
    let fault = Fault::Protection {
        address: RAM + 0x100,
        access: Access::Write,
    };
    assert_eq!((failures.len(), failures[0].fault), (1, fault));
    assert!(!failures[0].privileged);
}

#[test]
fn the_vector_table_can_lie_elsewhere() {
    // str r2, [r3]; r1 = 0xE000ED08; VTOR = RAM; svc #0.
    let mut cpu = core(&[
        0x601A, 0xF64E, 0x5108, 0xF2CE, 0x0100, 0xF04F, 0x5000, 0x6008, 0xDF00,
    ]);
    // Calls get the handler of PendSV.
    cpu.registers_mut().r2 = 0x801 + 0x20 * 14;
    cpu.registers_mut().r3 = RAM + 4 * 11;
    assert_eq!(cpu.run(100), Stop::Breakpoint(14));
}

#[test]
fn flash_is_stored_to_where_a_controller_takes_it() {
    struct Controller(Rc<RefCell<Vec<(u32, u32)>>>);
    impl Devices for Controller {
        fn load(&mut self, _: u64, _: u32, _: Width) -> Option<u32> {
            None
        }
        fn store(&mut self, _: u64, address: u32, _: Width, value: u32) -> Option<()> {
            self.0.borrow_mut().push((address, value));
            (value == 7).then_some(())
        }
        fn advance(&mut self, _: u64) {}
        fn next_event(&self) -> Option<u64> {
            None
        }
        fn lines(&self) -> u64 {
            0
        }
    }
    let seen = Rc::new(RefCell::new(Vec::new()));
    // movs r0, #7; movs r1, #0x80; str r0, [r1]; adds r0, #1; str r0, [r1]
    let code = [0x2007, 0x2180, 0x6008, 0x3001, 0x6008];
    let devices = Box::new(Controller(Rc::clone(&seen)));
    let mut cpu = core_with(&code, devices, Traps::Reported);
    let fault = Fault::Bus {
        address: 0x80,
        access: Access::Write,
    };
    assert_eq!(cpu.run(10), Stop::Fault(fault));
    assert_eq!(*seen.borrow(), [(0x80, 7), (0x80, 8)]);
}

#[test]
fn what_a_kernel_executes_for_a_call_is_counted() {
    // svc #2; b .
    let mut cpu = core(&[0xDF02, 0xE7FE]);
    cpu.set_profiling();
    cpu.registers_mut().control.set_privileged_bit(true);
    assert_eq!(cpu.run(100), Stop::Breakpoint(11));
    assert_eq!(cpu.run(5), Stop::Budget);
    let profile = cpu.profile().unwrap();
    let calls = &profile.calls()[&2];
    // bkpt and bx.
    assert_eq!((calls.count(), calls.least()), (1, 2));
    assert_eq!(profile.unprivileged(), 1 + 4);
}

#[test]
fn a_return_to_where_there_is_no_stack_is_a_fault() {
    // svc #0, whose handler (bkpt, bx lr) finds its frame gone.
    let mut cpu = core(&[0xDF00, 0xBE01]);
    assert_eq!(cpu.run(10), Stop::Breakpoint(11));
    cpu.registers_mut().msp = RAM + 0x1000;
    assert_eq!(cpu.run(10), Stop::Breakpoint(3));
    assert_eq!(cpu.registers().msp, RAM + 0x1000, "it stays where it is");
    let fault = cpu.take_failures()[0].fault;
    assert!(matches!(fault, Fault::Bus { address, .. } if address == RAM + 0x1000));
}
