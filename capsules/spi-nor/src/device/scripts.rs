// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Where scripts are while they run.

use super::{Device, Script};
use crate::bring_up::BringUp;
use crate::features::Features;
use crate::identity::Identity;
use crate::operation::OperationScript;
use crate::script::Input;
use crate::shut_down::ShutDown;
use crate::unlock::Unlock;
use kernel::hil::time::Alarm;
use qspi_hil::Controller;

/// The scripts of which one runs at a time: they share their memory. None of them is needed once
/// another one is begun.
#[derive(Hash)]
pub(super) enum Scripts<I: Identity> {
    Nothing,
    BringUp(BringUp<I>),
    Operation(OperationScript),
    Unlock(Unlock),
    ShutDown(ShutDown),
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// Puts `operation` in the place of the script before. In place: the largest one is far larger.
    pub(super) fn put_operation(&self, operation: OperationScript) {
        self.scripts
            .map(|scripts| *scripts = Scripts::Operation(operation));
    }

    /// The same with a shut-down, which begins.
    pub(super) fn run_shut_down(&self, script: ShutDown) {
        self.scripts
            .map(|scripts| *scripts = Scripts::ShutDown(script));
        self.run(Script::ShutDown);
    }

    pub(super) fn run(&self, script: Script) {
        self.script.set(Some(script));
        self.continue_with(Input::Begin);
    }

    /// Something of bring-up, if that was begun last.
    pub(super) fn bring_up<R>(&self, of: impl FnOnce(&mut BringUp<F::Identity>) -> R) -> Option<R> {
        self.scripts.and_then(|scripts| {
            let Scripts::BringUp(bring_up) = scripts else {
                return None;
            };
            Some(of(bring_up))
        })
    }

    /// The same of an operation.
    pub(super) fn operation<R>(&self, of: impl FnOnce(&mut OperationScript) -> R) -> Option<R> {
        self.scripts.and_then(|scripts| {
            let Scripts::Operation(operation) = scripts else {
                return None;
            };
            Some(of(operation))
        })
    }

    /// The same of a write to the protection bits.
    pub(super) fn unlock<R>(&self, of: impl FnOnce(&mut Unlock) -> R) -> Option<R> {
        if !F::ASIDES {
            return None;
        }
        self.scripts.and_then(|scripts| {
            let Scripts::Unlock(unlock) = scripts else {
                return None;
            };
            Some(of(unlock))
        })
    }
}
