// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Data structures that need no heap.

pub mod list;
pub mod queue;
pub mod ring_buffer;
