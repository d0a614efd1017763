// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! CINSTRCONF: what one write to it asks for.

/// The fields of CINSTRCONF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CustomInstruction {
    pub(crate) opcode: u8,
    /// Opcode and data bytes; 1 to 9 are defined.
    pub(crate) length: u32,
    pub(crate) lio3: bool,
    pub(crate) waits: bool,
    pub(crate) write_enable: bool,
    pub(crate) long_frame: bool,
    pub(crate) stop: bool,
}

impl CustomInstruction {
    pub(crate) fn from_register(value: u32) -> Self {
        let bit = |n: u32| value >> n & 1 == 1;
        Self {
            opcode: value as u8,
            length: value >> 8 & 0xF,
            lio3: bit(13),
            waits: bit(14),
            write_enable: bit(15),
            long_frame: bit(16),
            stop: bit(17),
        }
    }

    pub(crate) fn has_valid_length(self) -> bool {
        (1..=9).contains(&self.length)
    }

    /// Bytes exchanged after the opcode.
    pub(crate) fn data_length(self) -> usize {
        self.length.saturating_sub(1).min(8) as usize
    }

    /// Whether CSN goes high at the end.
    pub(crate) fn ends_frame(self) -> bool {
        !self.long_frame || self.stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reset_value_keeps_io3_high() {
        let reset = CustomInstruction::from_register(0x2000);
        assert!(reset.lio3);
        assert!(!reset.has_valid_length());
    }

    #[test]
    fn fields_are_where_the_register_has_them() {
        let all = CustomInstruction::from_register(0x9F | 4 << 8 | 0xF << 12 | 3 << 16);
        assert_eq!((all.opcode, all.length, all.data_length()), (0x9F, 4, 3));
        assert!(all.waits && all.write_enable && all.long_frame && all.stop && all.ends_frame());
        let open = CustomInstruction::from_register(0x5A | 1 << 8 | 1 << 16);
        assert!(!open.ends_frame());
        assert!(CustomInstruction::from_register(9 << 8).has_valid_length());
        assert!(!CustomInstruction::from_register(10 << 8).has_valid_length());
    }
}
