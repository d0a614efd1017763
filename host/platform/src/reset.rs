// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One board after the other in one thread.

/// Forget what the kernel keeps per thread. For use before a board is built and before its arena is
/// dropped.
///
/// With upstream's kernel it is kept per program, and nothing can be forgotten: this does nothing.
pub fn reset_thread() {
    #[cfg(not(feature = "upstream"))]
    kernel::host::reset_thread();
}
