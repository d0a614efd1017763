// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Output of bytes.

/// Takes bytes for output.
pub trait BinaryWrite {
    /// Outputs from the front of `buffer` and returns how many bytes it took.
    #[allow(clippy::result_unit_err)]
    fn write_buffer(&mut self, buffer: &[u8]) -> Result<usize, ()>;
}
