// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a checker outside the kernel may look at. Everything is copied; looking changes nothing.

use crate::grant::{self, SavedBuffer};
use crate::platform::chip::Chip;
use crate::process::{Process, ProcessId, ProcessStandard, ProcessStandardDebug, State, Task};

/// A process as it is now.
#[derive(Clone)]
pub struct ProcessView {
    /// Its name.
    pub name: &'static str,
    /// The present incarnation.
    pub id: ProcessId,
    /// What it is doing.
    pub state: State,
    /// Whether a scheduler would pick it.
    pub ready: bool,
    /// How often it was restarted.
    pub restart_count: usize,
    /// How it ended, if it ever did.
    pub completion_code: Option<Option<u32>>,
    /// Its queue, oldest first.
    pub queue: Vec<Task>,
    /// Its grants that have memory; none if it is dead.
    pub grants: Vec<GrantView>,
}

/// A grant of one process.
#[derive(Clone, Debug)]
pub struct GrantView {
    /// Its number: the order in which grants were created.
    pub number: usize,
    /// Its driver.
    pub driver_num: usize,
    /// Where it begins.
    pub address: usize,
    /// What the process subscribed, by number.
    pub subscriptions: Vec<SubscriptionView>,
    /// What it shares for reading, by number.
    pub read_only: Vec<BufferView>,
    /// What it shares for reading and writing, by number.
    pub read_write: Vec<BufferView>,
}

/// A subscription; all zeros if there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionView {
    /// Address of the function.
    pub function: usize,
    /// The app's data for it.
    pub appdata: usize,
}

/// A shared buffer; all zeros if there never was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferView {
    /// Its first address.
    pub address: usize,
    /// Its length in bytes.
    pub len: usize,
}

impl From<SavedBuffer> for BufferView {
    fn from(saved: SavedBuffer) -> Self {
        BufferView {
            address: saved.ptr.addr(),
            len: saved.len,
        }
    }
}

impl<C: Chip, D: ProcessStandardDebug> ProcessStandard<'_, C, D> {
    /// **Host only**: the process as it is now.
    pub fn host_view(&self) -> ProcessView {
        ProcessView {
            name: self.get_process_name(),
            id: self.processid(),
            state: self.get_state(),
            ready: self.ready(),
            restart_count: self.get_restart_count(),
            completion_code: self.get_completion_code(),
            queue: self.queued_tasks(),
            grants: self.grant_views(),
        }
    }

    fn grant_views(&self) -> Vec<GrantView> {
        self.allocated_grants()
            .into_iter()
            .map(|(number, driver_num, memory)| {
                // SAFETY: the grant is allocated; only raw reads happen, so it may be entered.
                let part = unsafe { grant::copy_kernel_part(memory) };
                GrantView {
                    number,
                    driver_num,
                    address: memory.addr().get(),
                    subscriptions: part
                        .upcalls
                        .iter()
                        .map(|saved| SubscriptionView {
                            function: saved.fn_ptr.addr(),
                            appdata: saved.appdata.as_usize(),
                        })
                        .collect(),
                    read_only: part.allow_ro.into_iter().map(BufferView::from).collect(),
                    read_write: part.allow_rw.into_iter().map(BufferView::from).collect(),
                }
            })
            .collect()
    }
}
