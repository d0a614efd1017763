// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How a board sets up the parts it is made of.

/// Everything needed to set up one part of a board: a driver, a virtualiser, a
/// peripheral.
///
/// The configuration goes into the component's constructor, the memory for the
/// result into [`finalize`](Component::finalize). A component never takes
/// static memory by itself (no [`static_init!`](crate::static_init) inside), so
/// that a board may use one twice.
pub trait Component {
    /// The memory the result is made in, as the component's `*_component_static!`
    /// macro hands it out.
    type StaticInput;

    /// What comes out, mostly a `&'static` reference.
    type Output;

    /// Puts the part together in `static_memory`. Called once for each component.
    fn finalize(self, static_memory: Self::StaticInput) -> Self::Output;
}
