// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Executes what two implementations of the core must agree on, instruction by instruction.
//!
//! Every result decides which way branches go, so that whoever gets one wrong is somewhere
//! else soon. There is no peripheral in it: it runs on any Cortex-M4 with memory at 0 and
//! at 0x2000_0000.

#![no_std]
#![no_main]

#[path = "../host.rs"]
#[allow(dead_code)]
mod host;

use core::arch::asm;
use core::fmt::Write;
use core::hint::black_box;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering};
use cortex_m_rt::{ExceptionFrame, entry, exception};
// The vector table of interrupts.
use embassy_nrf as _;

static HASH: AtomicU32 = AtomicU32::new(0x1234_5678);
static EXCEPTIONS: AtomicU32 = AtomicU32::new(0);

/// Takes a branch or not for each bit of the four bytes together.
#[inline(never)]
fn decide(value: u32) {
    let value = value ^ value >> 16;
    let value = (value ^ value >> 8) & 0xFF;
    // SAFETY: registers only.
    unsafe {
        asm!(
            "2: lsrs {v}, {v}, #1",
            "bcc 3f",
            "nop",
            "3: bne 2b",
            v = inout(reg) value => _,
        );
    }
}

fn result(value: u32) {
    let hash = HASH.load(Ordering::Relaxed).rotate_left(5) ^ value;
    let hash = hash.wrapping_mul(0x9E37_79B1);
    HASH.store(hash, Ordering::Relaxed);
    decide(value);
}

const OPERANDS: [u32; 12] = [
    0,
    1,
    0xFFFF_FFFF,
    0x8000_0000,
    0x7FFF_FFFF,
    0x8000_7FFF,
    0x7FFF_8000,
    0x0080_FF7F,
    0x8001_8001,
    0x1234_5678,
    0xFEDC_BA98,
    0x0000_0020,
];

/// Two operands, result and flags.
macro_rules! two {
    ($($text:literal),* $(,)?) => {
        for a in OPERANDS {
            for b in OPERANDS {
                $({
                    let (r, flags): (u32, u32);
                    // SAFETY: registers and flags only.
                    unsafe {
                        asm!(
                            "msr APSR_nzcvqg, {c}",
                            $text,
                            "@ {r} {a} {b}",
                            "mrs {f}, APSR",
                            c = in(reg) b & 0x200F_0000,
                            f = out(reg) flags,
                            r = inout(reg) 0x5555_AAAA_u32 => r,
                            a = in(reg) a,
                            b = in(reg) b,
                        );
                    }
                    result(r);
                    result(flags);
                })*
            }
        }
    };
}

/// Three operands.
macro_rules! three {
    ($($text:literal),* $(,)?) => {
        for a in OPERANDS {
            for b in OPERANDS {
                $({
                    let (r, flags): (u32, u32);
                    // SAFETY: registers and flags only.
                    unsafe {
                        asm!(
                            "msr APSR_nzcvqg, {z}",
                            $text,
                            "@ {r} {a} {b} {c}",
                            "mrs {f}, APSR",
                            z = in(reg) 0,
                            f = out(reg) flags,
                            r = out(reg) r,
                            a = in(reg) a,
                            b = in(reg) b,
                            c = in(reg) a.rotate_left(7) ^ b,
                        );
                    }
                    result(r);
                    result(flags);
                })*
            }
        }
    };
}

/// A pair of registers and two operands.
macro_rules! long {
    ($($text:literal),* $(,)?) => {
        for a in OPERANDS {
            for b in OPERANDS {
                $({
                    let (low, high): (u32, u32);
                    // SAFETY: registers only.
                    unsafe {
                        asm!(
                            $text,
                            "@ {l} {h} {a} {b}",
                            l = inout(reg) b ^ 0x0F0F_0F0F => low,
                            h = inout(reg) a.rotate_left(3) => high,
                            a = in(reg) a,
                            b = in(reg) b,
                        );
                    }
                    result(low);
                    result(high);
                })*
            }
        }
    };
}

#[inline(never)]
fn arithmetic() {
    two!(
        "adds {r}, {a}, {b}",
        "adcs {r}, {a}, {b}",
        "subs {r}, {a}, {b}",
        "sbcs {r}, {a}, {b}",
        "rsbs {r}, {a}, {b}",
        "rsbs {r}, {a}, #0",
        "ands {r}, {a}, {b}",
        "bics {r}, {a}, {b}",
        "orrs {r}, {a}, {b}",
        "orns {r}, {a}, {b}",
        "eors {r}, {a}, {b}",
        "mvns {r}, {a}",
        "adds {r}, {a}, {b}, lsl #3",
        "subs {r}, {a}, {b}, asr #31",
        "ands {r}, {a}, {b}, ror #9",
        "eors {r}, {a}, {b}, rrx",
        "orrs {r}, {a}, {b}, lsr #32",
        "adds {r}, {a}, #0xFF00FF00",
        "subs {r}, {a}, #0x00AB00AB",
        "ands {r}, {a}, #0x1FE0",
        "addw {r}, {a}, #4095",
        "subw {r}, {a}, #1234",
        "lsls {r}, {a}, {b}",
        "lsrs {r}, {a}, {b}",
        "asrs {r}, {a}, {b}",
        "rors {r}, {a}, {b}",
        "lsls {r}, {a}, #31",
        "lsrs {r}, {a}, #32",
        "asrs {r}, {a}, #32",
        "rors {r}, {a}, #1",
        "rrxs {r}, {a}",
        "adds {r}, {a}, {b}, asr #32",
        "adcs {r}, {a}, {b}, asr #32",
        "subs {r}, {a}, {b}, lsr #32",
        "sbcs {r}, {a}, {b}, ror #31",
        "rsbs {r}, {a}, {b}, asr #32",
        "ands {r}, {a}, {b}, asr #32",
        "orns {r}, {a}, {b}, asr #32",
        "mvns {r}, {b}, asr #32",
        "mvns {r}, {b}, rrx",
        "adcs {r}, {a}, {b}, rrx",
        "bics {r}, {a}, {b}, lsl #31",
        "movs {r}, {b}, lsl #1",
        "cmp {a}, {b}, asr #32",
        "cmn {a}, {b}, lsl #4",
        "tst {a}, {b}, asr #32",
        "teq {a}, {b}, ror #17",
        "mov {r}, sp\nadd.w {r}, {r}, {b}, lsl #2\nsub.w {r}, {r}, {b}, lsl #2\nsub.w {r}, sp, {r}",
        "cmp {a}, {b}",
        "cmn {a}, {b}",
        "tst {a}, {b}",
        "teq {a}, {b}",
        "tst {a}, #0xF0000000",
        "mul {r}, {a}, {b}",
        "udiv {r}, {a}, {b}",
        "sdiv {r}, {a}, {b}",
    );
}

#[inline(never)]
fn bits() {
    two!(
        "clz {r}, {a}",
        "rbit {r}, {a}",
        "rev {r}, {a}",
        "rev16 {r}, {a}",
        "revsh {r}, {a}",
        "bfi {r}, {a}, #3, #11",
        "bfc {r}, #7, #9",
        "ubfx {r}, {a}, #5, #27",
        "sbfx {r}, {a}, #9, #1",
        "movw {r}, #0xBEEF",
        "movt {r}, #0xDEAD",
        "sxtb {r}, {a}",
        "sxth {r}, {a}",
        "uxtb {r}, {a}",
        "uxth {r}, {a}",
        "sxtb.w {r}, {a}, ror #8",
        "uxth.w {r}, {a}, ror #24",
        "ssat {r}, #9, {a}",
        "ssat {r}, #17, {a}, lsl #3",
        "usat {r}, #13, {a}, asr #5",
        "usat16 {r}, #5, {a}",
    );
}

#[inline(never)]
fn side_by_side() {
    two!(
        "sadd8 {r}, {a}, {b}",
        "sadd16 {r}, {a}, {b}",
        "sasx {r}, {a}, {b}",
        "ssub8 {r}, {a}, {b}",
        "ssub16 {r}, {a}, {b}",
        "ssax {r}, {a}, {b}",
        "qadd8 {r}, {a}, {b}",
        "qadd16 {r}, {a}, {b}",
        "qasx {r}, {a}, {b}",
        "qsub8 {r}, {a}, {b}",
        "qsub16 {r}, {a}, {b}",
        "qsax {r}, {a}, {b}",
        "shadd8 {r}, {a}, {b}",
        "shadd16 {r}, {a}, {b}",
        "shasx {r}, {a}, {b}",
        "shsub8 {r}, {a}, {b}",
        "shsub16 {r}, {a}, {b}",
        "shsax {r}, {a}, {b}",
    );
    two!(
        "uadd8 {r}, {a}, {b}",
        "uadd16 {r}, {a}, {b}",
        "uasx {r}, {a}, {b}",
        "usub8 {r}, {a}, {b}",
        "usub16 {r}, {a}, {b}",
        "usax {r}, {a}, {b}",
        "uqadd8 {r}, {a}, {b}",
        "uqadd16 {r}, {a}, {b}",
        "uqasx {r}, {a}, {b}",
        "uqsub8 {r}, {a}, {b}",
        "uqsub16 {r}, {a}, {b}",
        "uqsax {r}, {a}, {b}",
        "uhadd8 {r}, {a}, {b}",
        "uhadd16 {r}, {a}, {b}",
        "uhasx {r}, {a}, {b}",
        "uhsub8 {r}, {a}, {b}",
        "uhsub16 {r}, {a}, {b}",
        "uhsax {r}, {a}, {b}",
        "sel {r}, {a}, {b}",
    );
}

#[inline(never)]
fn packing() {
    two!(
        "qadd {r}, {a}, {b}",
        "qsub {r}, {a}, {b}",
        "qdadd {r}, {a}, {b}",
        "qdsub {r}, {a}, {b}",
        "pkhbt {r}, {a}, {b}",
        "pkhbt {r}, {a}, {b}, lsl #5",
        "pkhtb {r}, {a}, {b}, asr #7",
        "pkhtb {r}, {a}, {b}, asr #32",
        "sxtab {r}, {a}, {b}, ror #8",
        "sxtah {r}, {a}, {b}, ror #16",
        "uxtab {r}, {a}, {b}",
        "uxtah {r}, {a}, {b}, ror #24",
        "sxtab16 {r}, {a}, {b}, ror #8",
        "uxtab16 {r}, {a}, {b}",
        "sxtb16 {r}, {a}",
        "uxtb16 {r}, {a}, ror #16",
    );
}

#[inline(never)]
fn multiplication() {
    three!(
        "mla {r}, {a}, {b}, {c}",
        "mls {r}, {a}, {b}, {c}",
        "smlabb {r}, {a}, {b}, {c}",
        "smlabt {r}, {a}, {b}, {c}",
        "smlatb {r}, {a}, {b}, {c}",
        "smlatt {r}, {a}, {b}, {c}",
        "smulbb {r}, {a}, {b}",
        "smultb {r}, {a}, {b}",
        "smlawb {r}, {a}, {b}, {c}",
        "smlawt {r}, {a}, {b}, {c}",
        "smulwb {r}, {a}, {b}",
        "smlad {r}, {a}, {b}, {c}",
        "smladx {r}, {a}, {b}, {c}",
        "smlsd {r}, {a}, {b}, {c}",
        "smlsdx {r}, {a}, {b}, {c}",
        "smuad {r}, {a}, {b}",
        "smusdx {r}, {a}, {b}",
        "smmla {r}, {a}, {b}, {c}",
        "smmlar {r}, {a}, {b}, {c}",
        "smmls {r}, {a}, {b}, {c}",
        "smmlsr {r}, {a}, {b}, {c}",
        "smmul {r}, {a}, {b}",
        "smmulr {r}, {a}, {b}",
        "usad8 {r}, {a}, {b}",
        "usada8 {r}, {a}, {b}, {c}",
    );
    long!(
        "umull {l}, {h}, {a}, {b}",
        "smull {l}, {h}, {a}, {b}",
        "umlal {l}, {h}, {a}, {b}",
        "smlal {l}, {h}, {a}, {b}",
        "umaal {l}, {h}, {a}, {b}",
        "smlalbb {l}, {h}, {a}, {b}",
        "smlalbt {l}, {h}, {a}, {b}",
        "smlaltb {l}, {h}, {a}, {b}",
        "smlaltt {l}, {h}, {a}, {b}",
        "smlald {l}, {h}, {a}, {b}",
        "smlaldx {l}, {h}, {a}, {b}",
        "smlsld {l}, {h}, {a}, {b}",
        "smlsldx {l}, {h}, {a}, {b}",
    );
}

/// Conditions, one instruction and several at a time.
#[inline(never)]
fn conditions() {
    two!(
        "cmp {a}, {b}\nit eq\nmoveq {r}, #1",
        "cmp {a}, {b}\nite ne\nmovne {r}, #2\nmoveq {r}, #3",
        "cmp {a}, {b}\nitt cs\nmovcs {r}, #4\naddcs {r}, {r}, #1",
        "cmp {a}, {b}\nitete mi\nmovmi {r}, #6\nmovpl {r}, #7\naddmi {r}, {r}, #1\naddpl {r}, {r}, #2",
        "cmp {a}, {b}\nitt vs\nmovvs {r}, #10\nmvnvs {r}, {r}",
        "cmp {a}, {b}\nitee hi\nmovhi {r}, #12\nmovls {r}, #13\naddls {r}, {r}, {a}",
        "cmp {a}, {b}\nittte ge\nmovge {r}, #14\naddge {r}, {r}, {b}\nlslge {r}, {r}, #1\nmovlt {r}, #15",
        "cmp {a}, {b}\nite gt\nsubgt {r}, {a}, {b}\nsuble {r}, {b}, {a}",
    );
}

#[repr(align(8))]
struct Room([u8; 256]);

#[inline(never)]
fn memory() {
    let mut room = Room([0; 256]);
    for (n, byte) in room.0.iter_mut().enumerate() {
        *byte = (n as u8).wrapping_mul(37) ^ 0xA5;
    }
    let base = room.0.as_mut_ptr();
    macro_rules! access {
        ($($text:literal),* $(,)?) => {
            for offset in [8_u32, 9, 10, 11, 40] {
                $({
                    let (r, s, p): (u32, u32, u32);
                    // SAFETY: each stays within the room.
                    unsafe {
                        asm!(
                            $text,
                            "@ {r} {s} {p} {o}",
                            r = inout(reg) 0x89AB_CDEF_u32 => r,
                            s = inout(reg) 0x0123_4567_u32 => s,
                            p = inout(reg) base as u32 + 64 => p,
                            o = in(reg) offset,
                        );
                    }
                    result(r);
                    result(s);
                    result(p.wrapping_sub(base as u32));
                })*
            }
        };
    }
    access!(
        "ldr {r}, [{p}]",
        "ldr {r}, [{p}, #20]",
        "ldr {r}, [{p}, {o}]",
        "ldr {r}, [{p}, {o}, lsl #1]",
        "ldr {r}, [{p}, #-12]!",
        "ldr {r}, [{p}], #13",
        "ldrb {r}, [{p}, {o}]",
        "ldrh {r}, [{p}, {o}]",
        "ldrsb {r}, [{p}, {o}]",
        "ldrsh {r}, [{p}, {o}]",
        "ldrb.w {r}, [{p}, #-3]!",
        "ldrsh.w {r}, [{p}], #5",
        "ldrsb.w {r}, [{p}, #100]",
        "ldrt {r}, [{p}, #8]",
        "str {r}, [{p}, {o}]",
        "strh {r}, [{p}, {o}]",
        "strb {s}, [{p}, {o}]",
        "str {r}, [{p}, #-4]!",
        "strh.w {s}, [{p}], #-6",
        "strb.w {r}, [{p}, {o}, lsl #2]",
        "ldrd {r}, {s}, [{p}, #16]",
        "ldrd {r}, {s}, [{p}], #-8",
        "strd {s}, {r}, [{p}, #-24]!",
        "ldr {r}, [{p}, {o}]",
        "stmdb {p}!, {{r0-r3}}\nldmia {p}!, {{r0-r3}}",
        "push {{r4-r7}}\npop {{r4-r7}}",
        "ldrex {r}, [{p}]\nstrex {s}, {r}, [{p}]",
        "strex {s}, {r}, [{p}]",
        "ldrex {r}, [{p}, #8]\nclrex\nstrex {s}, {r}, [{p}, #8]",
        "adr {r}, 5f\nldr {r}, [{r}]\nb 6f\n.p2align 2\n5: .word 0x13579BDF\n6:",
        "ldr {r}, 5f\nb 6f\n.p2align 2\n5: .word 0x2468ACE0\n6:",
    );
    for byte in room.0 {
        result(u32::from(byte));
    }
}

/// Exclusive accesses of bytes and halfwords, at addresses that are no multiples of 4.
#[inline(never)]
fn atomics() {
    static BYTES: [AtomicU8; 4] = [const { AtomicU8::new(7) }; 4];
    static HALVES: [AtomicU16; 2] = [const { AtomicU16::new(9) }; 2];
    for round in 0..5 {
        for byte in &BYTES {
            result(u32::from(byte.fetch_add(round, Ordering::SeqCst)));
        }
        for half in &HALVES {
            result(u32::from(
                half.fetch_xor(u16::from(round) << 6, Ordering::SeqCst),
            ));
        }
    }
}

#[exception]
fn SVCall() {
    EXCEPTIONS.fetch_add(1, Ordering::Relaxed);
}

#[exception]
fn PendSV() {
    EXCEPTIONS.fetch_add(0x100, Ordering::Relaxed);
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    host::say!("HardFault at {:#x}", frame.pc());
    host::exit(false)
}

#[inline(never)]
fn exceptions() {
    // SAFETY: calls and masks; handlers keep registers.
    unsafe {
        asm!("svc #3");
        result(EXCEPTIONS.load(Ordering::Relaxed));
        asm!("cpsid i");
        cortex_m::peripheral::SCB::set_pendsv();
        cortex_m::asm::isb();
        result(EXCEPTIONS.load(Ordering::Relaxed));
        let masked: u32;
        asm!("mrs {}, PRIMASK", out(reg) masked);
        result(masked);
        asm!("msr PRIMASK, {}", in(reg) 0);
        cortex_m::asm::isb();
        result(EXCEPTIONS.load(Ordering::Relaxed));
        // The lowest priority for PendSV, and everything from there on masked.
        let scb = cortex_m::peripheral::SCB::PTR;
        (*scb).shpr[10].write(0xE0);
        result(u32::from((*scb).shpr[10].read()) & 0xE0);
        asm!("msr BASEPRI, {}", in(reg) 0xC0);
        cortex_m::peripheral::SCB::set_pendsv();
        cortex_m::asm::isb();
        result(EXCEPTIONS.load(Ordering::Relaxed));
        let base: u32;
        asm!("msr BASEPRI_MAX, {}", in(reg) 0xE0);
        asm!("mrs {}, BASEPRI", out(reg) base);
        result(base);
        asm!("msr BASEPRI, {}", in(reg) 0);
        cortex_m::asm::isb();
        result(EXCEPTIONS.load(Ordering::Relaxed));
        cortex_m::peripheral::SCB::set_pendsv();
        cortex_m::asm::isb();
        asm!("sev", "wfe", "nop");
    }
    result(EXCEPTIONS.load(Ordering::Relaxed));
}

/// On the other stack, through a call.
#[inline(never)]
fn stacks() {
    static mut STACK: [u64; 64] = [0; 64];
    let top = (&raw const STACK) as u32 + 512;
    let (psp, control): (u32, u32);
    // SAFETY: the stack is this function's alone; SP is what it was at the end.
    unsafe {
        asm!(
            "msr PSP, {top}",
            "movs {t}, #2",
            "msr CONTROL, {t}",
            "isb",
            "push {{r0-r3}}",
            "svc #9",
            "mrs {c}, CONTROL",
            "mrs {p}, PSP",
            "pop {{r0-r3}}",
            "movs {t}, #0",
            "msr CONTROL, {t}",
            "isb",
            top = in(reg) top,
            t = out(reg) _,
            c = out(reg) control,
            p = out(reg) psp,
        );
    }
    result(control);
    result(top - psp);
    result(EXCEPTIONS.load(Ordering::Relaxed));
}

/// Jumps to what was computed, with bit 0 and without; each goes past what would tell.
#[inline(never)]
fn jumps() {
    macro_rules! jump {
        ($($text:literal),* $(,)?) => {
            for bit in [0, 1] {
                $({
                    let r: u32;
                    // SAFETY: registers only, and each jump ends at the label.
                    unsafe {
                        asm!(
                            $text,
                            "adds.w {r}, {r}, #100",
                            ".p2align 2",
                            "7: adds {r}, {r}, #1",
                            "@ {t} {bit}",
                            r = inout(reg) 0_u32 => r,
                            t = out(reg) _,
                            bit = in(reg) bit,
                        );
                    }
                    result(r);
                })*
            }
        };
    }
    jump!(
        ".p2align 2\nadr.w {t}, 7f\norr {t}, {t}, {bit}\nmov pc, {t}",
        ".p2align 2\nadd.w {t}, {bit}, #4\nadd pc, {t}\nnop",
        ".p2align 2\nadr.w {t}, 7f\norr {t}, {t}, {bit}\ncmp {bit}, #0\nit eq\nmoveq pc, {t}",
        ".p2align 2\nadr.w {t}, 7f\norr {t}, {t}, #1\nbx {t}",
    );
}

/// What compilers make of ordinary code.
#[inline(never)]
fn ordinary() {
    let mut numbers: [u32; 64] = [0; 64];
    let mut state = 0x2545_F491_u32;
    for number in &mut numbers {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        *number = state;
    }
    black_box(&mut numbers).sort_unstable();
    for pair in numbers.windows(2) {
        result(u32::from(pair[0] <= pair[1]));
    }
    for (n, &number) in numbers.iter().enumerate() {
        let wide = u64::from(number) * 0x1_0000_0001 + n as u64;
        let quotient = black_box(wide) / black_box(u64::from(numbers[63 - n]) | 1);
        let signed = (black_box(wide) as i64).wrapping_neg() % black_box(i64::from(n as i32) + 3);
        result(quotient as u32);
        result((signed >> 3) as u32);
        let float = black_box(number as f32) * 1.5 - 3.25e7;
        result(float.to_bits());
        result(match black_box(number % 11) {
            0 => 17,
            1 => 3,
            2 => 250,
            3 => 99,
            4 => 1000,
            5 => 77,
            6 => 5,
            7 => 1,
            8 => 44,
            _ => 0,
        });
    }
    let mut text = Text {
        bytes: [0; 96],
        length: 0,
    };
    let _ = write!(
        text,
        "{:>12}|{:#010x}|{:?}|{:.3}",
        numbers[7], numbers[9], "é\n", 2.5e-3_f32
    );
    for &byte in &text.bytes[..text.length] {
        result(u32::from(byte));
    }
}

struct Text {
    bytes: [u8; 96],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        for byte in s.bytes() {
            if let Some(slot) = self.bytes.get_mut(self.length) {
                *slot = byte;
                self.length += 1;
            }
        }
        Ok(())
    }
}

#[entry]
fn main() -> ! {
    arithmetic();
    bits();
    side_by_side();
    packing();
    multiplication();
    conditions();
    memory();
    atomics();
    exceptions();
    stacks();
    jumps();
    ordinary();
    host::say!(
        "hash {:#010x}, exceptions {:#x}",
        HASH.load(Ordering::Relaxed),
        EXCEPTIONS.load(Ordering::Relaxed)
    );
    host::exit(true)
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    host::say!("PANIC {info}");
    host::exit(false)
}
