// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Apps that use the flash as apps do: to log, to read in bulk, to write in bulk.

pub mod bulk_reader;
pub mod bulk_verifier;
pub mod log_writer;
