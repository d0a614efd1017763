// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Return values, TRD104 section 3.3.

use crate::ErrorCode;
use crate::class::{FAILURE, FAILURE_LAST, SUCCESS, SUCCESS_2_U32, SUCCESS_3_U32, SUCCESS_U32};

/// The four registers that a system call returned. Each method takes the one
/// success variant that the call may have; any other is
/// [`ErrorCode::BadReturn`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Returned {
    registers: [usize; 4],
}

impl Returned {
    /// What `registers`, r0 to r3, say.
    pub const fn new(registers: [usize; 4]) -> Returned {
        Returned { registers }
    }

    /// A success without a value.
    ///
    /// # Errors
    ///
    /// What the kernel returned, or [`ErrorCode::BadReturn`].
    pub fn success(self) -> Result<(), ErrorCode> {
        self.expect(SUCCESS)
    }

    /// A success with one value.
    ///
    /// # Errors
    ///
    /// As [`Returned::success`].
    pub fn success_u32(self) -> Result<u32, ErrorCode> {
        self.expect(SUCCESS_U32)?;
        self.u32_in(1)
    }

    /// A success with two values.
    ///
    /// # Errors
    ///
    /// As [`Returned::success`].
    pub fn success_2_u32(self) -> Result<(u32, u32), ErrorCode> {
        self.expect(SUCCESS_2_U32)?;
        Ok((self.u32_in(1)?, self.u32_in(2)?))
    }

    /// A success with three values.
    ///
    /// # Errors
    ///
    /// As [`Returned::success`].
    pub fn success_3_u32(self) -> Result<(u32, u32, u32), ErrorCode> {
        self.expect(SUCCESS_3_U32)?;
        Ok((self.u32_in(1)?, self.u32_in(2)?, self.u32_in(3)?))
    }

    /// A success with one value of the machine's width: an address from memop.
    ///
    /// # Errors
    ///
    /// As [`Returned::success`].
    pub fn success_word(self) -> Result<usize, ErrorCode> {
        self.expect(SUCCESS_U32)?;
        Ok(self.registers[1])
    }

    /// A success with two values of the machine's width: what subscribe and
    /// allow return, a pointer and its companion.
    ///
    /// # Errors
    ///
    /// As [`Returned::success`].
    pub fn success_2_words(self) -> Result<(usize, usize), ErrorCode> {
        self.expect(SUCCESS_2_U32)?;
        Ok((self.registers[1], self.registers[2]))
    }

    fn expect(self, variant: usize) -> Result<(), ErrorCode> {
        match self.registers[0] {
            found if found == variant => Ok(()),
            // Any failure variant: besides its own, a call may end in the plain
            // one, for a driver that does not exist or a call filtered out.
            FAILURE..=FAILURE_LAST => Err(ErrorCode::from_code(self.u32_in(1)?)),
            _ => Err(ErrorCode::BadReturn),
        }
    }

    fn u32_in(self, register: usize) -> Result<u32, ErrorCode> {
        u32::try_from(self.registers[register]).map_err(|_| ErrorCode::BadReturn)
    }
}
