// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Serial Flash Discoverable Parameters (JESD216, JESD216A to F).
//!
//! Decoding goes in the steps in which a driver gets the bytes over the bus:
//!
//! 1. [`header::SfdpHeader::parse`]: 8 bytes from SFDP address 0 tell how many
//!    parameter headers follow.
//! 2. [`table::TableList`]: takes the parameter headers one by one, and
//!    [`table::TableList::finish`] says which tables to read, from where, and how much.
//! 3. [`bfpt::Bfpt::decode`], [`four_byte::FourByteTable::decode`],
//!    [`sector_map::SectorMap::decode`] each take the bytes of one table.
//!
//! No input makes any of it panic. What a table says that can't be true is left
//! out and reported as a [`warning::Warning`].

pub mod bfpt;
pub mod dwords;
pub mod four_byte;
pub mod header;
pub mod mode;
pub mod regions;
pub mod sector_map;
pub mod table;
pub mod times;
pub mod warning;
