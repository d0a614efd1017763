// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What went wrong, for people.

use std::fmt::Display;

/// What went wrong, as a sentence.
pub type Error = String;

/// Says what was being done when something went wrong.
pub trait Doing<T> {
    /// Puts `what` before the reason.
    ///
    /// # Errors
    ///
    /// The reason, if there is one.
    fn doing(self, what: impl Display) -> Result<T, Error>;
}

impl<T, E: Display> Doing<T> for Result<T, E> {
    fn doing(self, what: impl Display) -> Result<T, Error> {
        self.map_err(|error| format!("{what}: {error}"))
    }
}
