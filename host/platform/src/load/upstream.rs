// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Loading into upstream's kernel, which reads applications from flash.
//!
//! Each app gets a header of its own that says: flash reaches from here to the end of what the app
//! may use, and the first function lies there. See [`crate::flash`] for where the headers lie.

use super::tbf::Header;
use super::{LoadError, ProcessSpec};
use crate::Arena;
use core::cell::Cell;
use core::hash::Hasher;
use core::marker::PhantomData;
use core::ops::Deref;
use kernel::capabilities::ProcessManagementCapability;
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::platform::chip::Chip;
use kernel::process::{
    Process, ProcessBinary, ProcessCheckerMachine, ProcessLoadError, ProcessLoadingAsync,
    ProcessLoadingAsyncClient, ProcessSlot, ProcessStandardDebug, SequentialProcessLoaderMachine,
    ShortId,
};
use kernel::process_checker::{
    AppCredentialsPolicy, AppCredentialsPolicyClient, AppUniqueness, Compress,
};
use kernel::{ErrorCode, Kernel};
use tock_tbf::types::TbfFooterV2Credentials;

/// A loaded process on chip `C` that keeps debug records of type `D`.
pub struct Loaded<C: Chip + 'static, D: ProcessStandardDebug + 'static> {
    process: &'static dyn Process,
    kind: PhantomData<(C, D)>,
}

impl<C: Chip, D: ProcessStandardDebug> Loaded<C, D> {
    /// A digest of what is in its queue, for those who enumerate states. See
    /// [`QUEUES_ARE_SEEN`](crate::QUEUES_ARE_SEEN).
    pub fn queue_fingerprint(&self, hasher: &mut impl Hasher) {
        hasher.write_usize(self.process.pending_tasks());
    }
}

impl<C: Chip, D: ProcessStandardDebug> Deref for Loaded<C, D> {
    type Target = dyn Process;

    fn deref(&self) -> &Self::Target {
        self.process
    }
}

struct Manager;
// SAFETY: whoever loads processes into a kernel of its own may manage them.
unsafe impl ProcessManagementCapability for Manager {}

/// Asks for no credentials.
struct NoCredentials;

impl<'a> AppCredentialsPolicy<'a> for NoCredentials {
    fn set_client(&self, _client: &'a dyn AppCredentialsPolicyClient<'a>) {}

    fn require_credentials(&self) -> bool {
        false
    }

    fn check_credentials(
        &self,
        credentials: TbfFooterV2Credentials,
        region: &'a [u8],
    ) -> Result<(), (ErrorCode, TbfFooterV2Credentials, &'a [u8])> {
        Err((ErrorCode::NOSUPPORT, credentials, region))
    }
}

/// Every app has the one id that was asked for, and differs from all others.
struct Identity(ShortId);

impl AppUniqueness for Identity {
    fn different_identifier(&self, _: &ProcessBinary, _: &ProcessBinary) -> bool {
        true
    }

    fn different_identifier_process(&self, _: &ProcessBinary, _: &dyn Process) -> bool {
        true
    }

    fn different_identifier_processes(&self, _: &dyn Process, _: &dyn Process) -> bool {
        true
    }
}

impl Compress for Identity {
    fn to_short_id(&self, _: &ProcessBinary) -> ShortId {
        self.0
    }
}

/// Keeps what the loader tells.
#[derive(Default)]
struct Outcome {
    error: Cell<Option<LoadError>>,
    finished: Cell<bool>,
}

impl ProcessLoadingAsyncClient for Outcome {
    fn process_loaded(&self, result: Result<(), ProcessLoadError>) {
        if let Err(error) = result {
            self.error.set(Some(match error {
                ProcessLoadError::NotEnoughMemory => LoadError::NotEnoughMemory,
                ProcessLoadError::NoProcessSlot => LoadError::NoSlot,
                _ => LoadError::Refused,
            }));
        }
    }

    fn process_loading_finished(&self) {
        self.finished.set(true);
    }
}

/// # Safety
///
/// That of [`super::load_process`].
///
/// # Panics
///
/// If a deferred call is pending: the loader works in one, and would have to run the other as well.
pub(super) unsafe fn load<C: Chip, D: ProcessStandardDebug>(
    arena: &Arena,
    kernel: &'static Kernel,
    slots: &'static [ProcessSlot],
    chip: &'static C,
    spec: &ProcessSpec<C, D>,
) -> Result<Loaded<C, D>, LoadError> {
    assert!(
        !DeferredCall::has_tasks(),
        "processes are loaded while no deferred call is pending"
    );
    let index = slots
        .iter()
        .position(|slot| slot.get().is_none())
        .ok_or(LoadError::NoSlot)?;
    let flash = app_flash(spec).ok_or(LoadError::Refused)?;
    // SAFETY: the caller's promise.
    let memory = unsafe { &mut *spec.memory.as_ptr() };

    let checker = &*arena.alloc(ProcessCheckerMachine::new(arena.alloc(NoCredentials)));
    let binaries = arena.alloc([const { None }; 1]);
    let loader = &*arena.alloc(SequentialProcessLoaderMachine::<C, D>::new(
        checker,
        binaries,
        kernel,
        chip,
        flash,
        memory,
        spec.fault_policy,
        spec.storage_permissions,
        arena.alloc(Identity(spec.short_id)),
        &Manager,
    ));
    let outcome = &*arena.alloc(Outcome::default());
    checker.set_client(loader);
    loader.register();
    loader.set_client(outcome);
    loader.start();
    while DeferredCall::has_tasks() {
        DeferredCall::service_next_pending();
    }
    if let Some(error) = outcome.error.get() {
        return Err(error);
    }
    match slots[index].get() {
        Some(process) if outcome.finished.get() => Ok(Loaded {
            process,
            kind: PhantomData,
        }),
        Some(_) | None => Err(LoadError::Refused),
    }
}

/// The app's flash with a header in front. `None` if a header can't say where it is.
fn app_flash<C: Chip, D: ProcessStandardDebug>(spec: &ProcessSpec<C, D>) -> Option<&'static [u8]> {
    let place = spec.flash.header_place()?;
    let start = place.addr().get();
    let from_start = |address: usize| u32::try_from(address.checked_sub(start)?).ok();
    let header = Header {
        name: spec.name,
        total_size: from_start(spec.flash.end())?,
        protected_size: from_start(spec.flash.visible_start())?,
        init_fn: from_start(spec.init_fn.addr())?,
        minimum_ram: u32::try_from(spec.minimum_ram).ok()?,
    };
    let bytes = header.bytes()?;
    // SAFETY: the place is this header's alone, and large enough for any.
    unsafe {
        place
            .as_ptr()
            .copy_from_nonoverlapping(bytes.as_ptr(), bytes.len())
    };
    // SAFETY: from the place to the end of the flash all is mapped and readable; none of it is
    // written while the process lives.
    Some(unsafe { core::slice::from_raw_parts(place.as_ptr(), spec.flash.end() - start) })
}
