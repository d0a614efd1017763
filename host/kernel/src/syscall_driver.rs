// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a driver offers to processes.

use crate::errorcode::ErrorCode;
use crate::process::{self, ProcessId};
use crate::processbuffer::UserspaceReadableProcessBuffer;
use crate::syscall::SyscallReturn;

/// What a command returns: the part of [`SyscallReturn`] a driver may choose from.
pub struct CommandReturn(SyscallReturn);

/// Gives `CommandReturn` a constructor, a test and a getter per variant with values.
macro_rules! command_return_variants {
    ($(
        $(#[$doc:meta])*
        $variant:ident: $new:ident($($field:ident: $kind:ty),+), $is:ident, $get:ident -> $got:ty;
    )*) => {
        impl CommandReturn {
            $(
                $(#[$doc])*
                pub fn $new($($field: $kind),+) -> Self {
                    CommandReturn(SyscallReturn::$variant($($field),+))
                }

                #[doc = concat!("Whether [`CommandReturn::", stringify!($new), "`] made this.")]
                pub fn $is(&self) -> bool {
                    matches!(self.0, SyscallReturn::$variant(..))
                }

                #[doc = concat!(
                    "What [`CommandReturn::", stringify!($new), "`] was given, if it made this."
                )]
                pub fn $get(&self) -> Option<$got> {
                    match self.0 {
                        #[allow(unused_parens)]
                        SyscallReturn::$variant($($field),+) => Some(($($field),+)),
                        _ => None,
                    }
                }
            )*
        }
    };
}

command_return_variants! {
    /// Refused.
    Failure: failure(rc: ErrorCode), is_failure, get_failure -> ErrorCode;
    /// Refused, with a value.
    FailureU32: failure_u32(rc: ErrorCode, data0: u32),
        is_failure_u32, get_failure_u32 -> (ErrorCode, u32);
    /// Refused, with two values.
    FailureU32U32: failure_u32_u32(rc: ErrorCode, data0: u32, data1: u32),
        is_failure_2_u32, get_failure_2_u32 -> (ErrorCode, u32, u32);
    /// Refused, with a wide value.
    FailureU64: failure_u64(rc: ErrorCode, data0: u64),
        is_failure_u64, get_failure_u64 -> (ErrorCode, u64);
    /// Done or accepted, with a value.
    SuccessU32: success_u32(data0: u32), is_success_u32, get_success_u32 -> u32;
    /// Done or accepted, with two values.
    SuccessU32U32: success_u32_u32(data0: u32, data1: u32),
        is_success_2_u32, get_success_2_u32 -> (u32, u32);
    /// Done or accepted, with three values.
    SuccessU32U32U32: success_u32_u32_u32(data0: u32, data1: u32, data2: u32),
        is_success_3_u32, get_success_3_u32 -> (u32, u32, u32);
    /// Done or accepted, with a wide value.
    SuccessU64: success_u64(data0: u64), is_success_u64, get_success_u64 -> u64;
    /// Done or accepted, with a value and a wide value.
    SuccessU32U64: success_u32_u64(data0: u32, data1: u64),
        is_success_u32_u64, get_success_u32_u64 -> (u32, u64);
}

impl CommandReturn {
    /// Done or accepted.
    pub fn success() -> Self {
        CommandReturn(SyscallReturn::Success)
    }

    /// Whether [`CommandReturn::success`] made this.
    pub fn is_success(&self) -> bool {
        matches!(self.0, SyscallReturn::Success)
    }

    pub(crate) fn into_inner(self) -> SyscallReturn {
        self.0
    }
}

impl From<Result<(), ErrorCode>> for CommandReturn {
    fn from(result: Result<(), ErrorCode>) -> Self {
        match result {
            Ok(()) => CommandReturn::success(),
            Err(error) => CommandReturn::failure(error),
        }
    }
}

impl From<process::Error> for CommandReturn {
    fn from(error: process::Error) -> Self {
        CommandReturn::failure(error.into())
    }
}

/// A driver as the kernel sees it.
#[allow(unused_variables)]
pub trait SyscallDriver {
    /// Do what the process asks. Number 0 asks whether the driver is there.
    fn command(
        &self,
        command_num: usize,
        r2: usize,
        r3: usize,
        process_id: ProcessId,
    ) -> CommandReturn {
        CommandReturn::failure(ErrorCode::NOSUPPORT)
    }

    /// Take a buffer the process goes on reading, and give back the one held before.
    ///
    /// # Errors
    ///
    /// The driver's own code, with the buffer just passed; `NOSUPPORT` unless implemented.
    fn allow_userspace_readable(
        &self,
        app: ProcessId,
        which: usize,
        slice: UserspaceReadableProcessBuffer,
    ) -> Result<UserspaceReadableProcessBuffer, (UserspaceReadableProcessBuffer, ErrorCode)> {
        Err((slice, ErrorCode::NOSUPPORT))
    }

    /// Enter the driver's grant for that process and do nothing in it.
    ///
    /// # Errors
    ///
    /// What entering returned.
    fn allocate_grant(&self, process_id: ProcessId) -> Result<(), process::Error>;
}
