// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What is not known about the silicon, as switches.
//!
//! Each default is the best guess or the case that is harder on a driver; the
//! text at each field says which. None is verified on silicon.

/// When READY of WRITESTART comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadyOfWrite {
    /// When the last page was sent; its program still runs.
    BeforeLastProgram,
    /// When the status register has shown WIP = 0 after the last page.
    AfterLastProgram,
}

/// What a START task or custom instruction does while another task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartWhileBusy {
    /// Nothing.
    Ignored,
    /// The running task stops with no READY and the new one starts.
    Replaces,
}

/// What a flash address that is no multiple of 4 does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnalignedAddress {
    /// It is sent as it is.
    PassedThrough,
    /// Its low two bits are cleared.
    Masked,
}

/// What DEACTIVATE or ENABLE = 0 does to a transfer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStop {
    /// CSN goes high and DMA stops at the word reached.
    Stops,
    /// The transfer, its DMA included, runs to its end; READY does not come.
    RunsOn,
}

/// Switches for what no source states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silicon {
    /// Default `BeforeLastProgram`: PS53 says "when the transfer is complete", and
    /// every driver polls WIP afterwards.
    pub ready_of_write: ReadyOfWrite,
    /// Default `true`: Nordic's support says that RDSR comes before each operation, and between two
    /// pages of one WRITESTART it has to. If `false`, the first page is sent whatever the part does.
    pub first_page_waits: bool,
    /// Default `Ignored`: no evidence.
    pub start_while_busy: StartWhileBusy,
    /// Default `PassedThrough`: PebbleOS passes unaligned flash addresses; the
    /// register description says "word-aligned".
    pub unaligned_flash_address: UnalignedAddress,
    /// Default `Stops`: no evidence.
    pub on_stop: OnStop,
    /// Default `false`: PS53 says DEACTIVATE gives no READY, the register
    /// description says any task does.
    pub ready_on_deactivate: bool,
    /// Default `false`: embassy-nrf notes that entering deep power-down gives none.
    pub ready_on_deep_power_down_enter: bool,
    /// Default `false`: STATUS.SREG then keeps what the peripheral polled last.
    /// PebbleOS relies on it following the part while idle.
    pub sreg_follows_flash: bool,
    /// Time from ACTIVATE to its first action, ns. Default 1000: no evidence.
    pub activate_ns: u64,
    /// Time from any other task to its first action, ns. Default 0: no evidence.
    pub task_ns: u64,
    /// The byte sent in the mode clocks of 0xEB. Default 0x00, which no part
    /// takes for continuous read: no evidence beyond the parts that work.
    pub mode_byte: u8,
}

impl Default for Silicon {
    fn default() -> Self {
        Self {
            ready_of_write: ReadyOfWrite::BeforeLastProgram,
            first_page_waits: true,
            start_while_busy: StartWhileBusy::Ignored,
            unaligned_flash_address: UnalignedAddress::PassedThrough,
            on_stop: OnStop::Stops,
            ready_on_deactivate: false,
            ready_on_deep_power_down_enter: false,
            sreg_follows_flash: false,
            activate_ns: 1_000,
            task_ns: 0,
            mode_byte: 0x00,
        }
    }
}
