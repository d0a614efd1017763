// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Components: SPI-NOR flash on a Tock board in a few lines.
//!
//! They are used as upstream's are: `XComponent::new(..).finalize(x_component_static!(..))`.
//! `doc/porting.md` shows a whole board.

#![no_std]
#![forbid(unsafe_code)]

pub mod flash;
pub mod isolated_storage;
pub mod region;
pub mod report;
pub mod short_id;
pub mod spi_nor;
pub mod storage;
pub mod sweeping_scheduler;
pub mod test_regions;
