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
pub(super) enum Scripts<I: Identity> {
    BringUp(BringUp<I>),
    Operation(OperationScript),
    Unlock(Unlock),
    ShutDown(ShutDown),
}

impl<'a, C: Controller<'a>, A: Alarm<'a>, F: Features> Device<'a, C, A, F> {
    /// Begins `script`, which is put in the place of the one before.
    pub(super) fn run_anew(&self, script: Script, scripts: Scripts<F::Identity>) {
        self.scripts.put(scripts);
        self.run(script);
    }

    pub(super) fn run(&self, script: Script) {
        self.script.set(Some(script));
        self.continue_with(Input::Begin);
    }

    /// Something of bring-up, if that was begun last.
    pub(super) fn bring_up<R>(&self, of: impl FnOnce(&mut BringUp<F::Identity>) -> R) -> Option<R> {
        self.scripts
            .map(|scripts| match scripts {
                Scripts::BringUp(bring_up) => Some(of(bring_up)),
                Scripts::Operation(_) | Scripts::Unlock(_) | Scripts::ShutDown(_) => None,
            })
            .flatten()
    }

    /// The same of an operation.
    pub(super) fn operation<R>(&self, of: impl FnOnce(&mut OperationScript) -> R) -> Option<R> {
        self.scripts
            .map(|scripts| match scripts {
                Scripts::Operation(operation) => Some(of(operation)),
                Scripts::BringUp(_) | Scripts::Unlock(_) | Scripts::ShutDown(_) => None,
            })
            .flatten()
    }

    /// The same of a write to the protection bits.
    pub(super) fn unlock<R>(&self, of: impl FnOnce(&mut Unlock) -> R) -> Option<R> {
        if !F::ASIDES {
            return None;
        }
        self.scripts
            .map(|scripts| match scripts {
                Scripts::Unlock(unlock) => Some(of(unlock)),
                Scripts::BringUp(_) | Scripts::Operation(_) | Scripts::ShutDown(_) => None,
            })
            .flatten()
    }

    /// The same of a shut-down.
    pub(super) fn shut_down<R>(&self, of: impl FnOnce(&mut ShutDown) -> R) -> Option<R> {
        self.scripts
            .map(|scripts| match scripts {
                Scripts::ShutDown(shut_down) => Some(of(shut_down)),
                Scripts::BringUp(_) | Scripts::Operation(_) | Scripts::Unlock(_) => None,
            })
            .flatten()
    }
}
