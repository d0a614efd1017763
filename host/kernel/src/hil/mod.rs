// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Interfaces to hardware that do not depend on a chip (TRD 3, TRD 105).

pub mod flash;
pub mod nonvolatile_storage;
pub mod time;

/// Something that is set up with one value.
pub trait Controller {
    /// The value.
    type Config;

    /// Sets it up.
    fn configure(&self, _: Self::Config);
}
