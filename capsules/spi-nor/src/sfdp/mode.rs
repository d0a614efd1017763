// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How many lines each phase of a command uses.

/// Lines of opcode, address and data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// 1-1-1.
    M111,
    /// 1-1-2.
    M112,
    /// 1-2-2.
    M122,
    /// 2-2-2, the part being in its two-line mode.
    M222,
    /// 1-1-4.
    M114,
    /// 1-4-4.
    M144,
    /// 4-4-4, the part being in QPI mode.
    M444,
    /// 1-1-8.
    M118,
    /// 1-8-8.
    M188,
}

impl Mode {
    /// As JESD216 writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::M111 => "1-1-1",
            Mode::M112 => "1-1-2",
            Mode::M122 => "1-2-2",
            Mode::M222 => "2-2-2",
            Mode::M114 => "1-1-4",
            Mode::M144 => "1-4-4",
            Mode::M444 => "4-4-4",
            Mode::M118 => "1-1-8",
            Mode::M188 => "1-8-8",
        }
    }

    /// Lines of the opcode.
    pub const fn opcode_lines(self) -> u8 {
        match self {
            Mode::M222 => 2,
            Mode::M444 => 4,
            Mode::M111
            | Mode::M112
            | Mode::M122
            | Mode::M114
            | Mode::M144
            | Mode::M118
            | Mode::M188 => 1,
        }
    }

    /// Lines of the address.
    pub const fn address_lines(self) -> u8 {
        match self {
            Mode::M111 | Mode::M112 | Mode::M114 | Mode::M118 => 1,
            Mode::M122 | Mode::M222 => 2,
            Mode::M144 | Mode::M444 => 4,
            Mode::M188 => 8,
        }
    }

    /// Lines of the data.
    pub const fn data_lines(self) -> u8 {
        match self {
            Mode::M111 => 1,
            Mode::M112 | Mode::M122 | Mode::M222 => 2,
            Mode::M114 | Mode::M144 | Mode::M444 => 4,
            Mode::M118 | Mode::M188 => 8,
        }
    }

    /// Whether lines IO2 and IO3 carry data, so that a part with a quad enable bit
    /// must have it set.
    pub const fn needs_quad(self) -> bool {
        self.data_lines() == 4
    }
}

/// One way to read the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadMode {
    /// Lines of each phase.
    pub mode: Mode,
    /// Opcode with a 3-byte address, or with the address width of the mode that the
    /// part is in.
    pub opcode: u8,
    /// Opcode that always takes a 4-byte address, if the part has it.
    pub opcode_4b: Option<u8>,
    /// Clocks of the mode byte. Never send 0xAx there: it latches continuous read.
    pub mode_clocks: u8,
    /// Clocks to wait after the mode byte.
    pub dummy_clocks: u8,
}

impl ReadMode {
    /// All clocks between address and data.
    pub const fn wait_clocks(&self) -> u8 {
        self.mode_clocks.saturating_add(self.dummy_clocks)
    }
}
