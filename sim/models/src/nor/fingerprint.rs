// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A part's state as a digest, its array apart.

use super::Nor;
use super::operation::Operation;
use crate::fingerprint::ahead;
use std::hash::{Hash, Hasher};

impl Nor {
    pub(crate) fn fingerprint(&self, hasher: &mut impl Hasher) {
        std::mem::discriminant(&self.power).hash(hasher);
        self.power
            .until()
            .map(|at| ahead(at, self.now))
            .hash(hasher);
        let flags = [
            self.write_enabled,
            self.volatile_write_enabled,
            self.reset_enabled,
            self.four_byte,
            self.continuous_read,
            self.four_line_commands,
            self.unlocked,
            self.otp.secured,
            self.failed.program,
            self.failed.erase,
            self.failed.protection,
            self.frame.is_some(),
        ];
        flags.hash(hasher);
        self.registers.live().hash(hasher);
        for operation in [&self.operation, &self.suspended].into_iter().flatten() {
            self.operation_fingerprint(operation, hasher);
        }
        if let Some(phantom) = &self.phantom {
            ahead(phantom.from, self.now).hash(hasher);
            phantom.until.map(|at| ahead(at, self.now)).hash(hasher);
        }
    }

    fn operation_fingerprint(&self, operation: &Operation, hasher: &mut impl Hasher) {
        (operation.kind, operation.address, operation.length).hash(hasher);
        (&operation.change, operation.effect).hash(hasher);
        ahead(operation.ends_at(), self.now).hash(hasher);
        operation
            .cut()
            .map(|(at, _)| ahead(at, self.now))
            .hash(hasher);
        operation
            .suspends_at
            .map(|at| ahead(at, self.now))
            .hash(hasher);
    }
}
