// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Types and macros that drivers and boards share.

pub mod binary_write;
pub mod capability_ptr;
pub mod copy_range;
pub mod copy_slice;
pub mod dma_slice;
pub mod helpers;
pub mod io_write;
pub mod leasable_buffer;
pub mod machine_register;
pub mod math;
pub mod mut_imut_buffer;
pub mod peripheral_management;
pub mod single_thread_value;
pub mod slice_uninit;
pub mod static_init;
pub mod storage_volume;

mod map_cell;
mod numeric_cell_ext;
mod optional_cell;
mod static_ref;
mod take_cell;

pub use self::static_ref::StaticRef;

/// The register interface of the `tock-registers` crate.
pub mod registers {
    pub use tock_registers::fields::{Field, FieldValue};
    pub use tock_registers::interfaces;
    pub use tock_registers::registers::InMemoryRegister;
    pub use tock_registers::registers::{Aliased, ReadOnly, ReadWrite, WriteOnly};
    pub use tock_registers::{LocalRegisterCopy, RegisterLongName};
    pub use tock_registers::{register_bitfields, register_structs};
}

/// Cells: interior mutability for code that shares `&self` with callbacks.
pub mod cells {
    pub use super::map_cell::MapCell;
    pub use super::numeric_cell_ext::NumericCellExt;
    pub use super::optional_cell::OptionalCell;
    pub use super::take_cell::TakeCell;
}
