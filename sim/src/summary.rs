// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What a board did, in numbers.

use crate::board::Board;
use crate::ledger::Counts;
use crate::table::table;
use crate::text::{Bytes, Grouped, Ms, percent};
use crate::watcher::Totals;
use comfy_table::CellAlignment;
use serde::Serialize;
use std::fmt;

/// Bytes per second that four lines at 32 MHz carry.
const BUS_LIMIT: u64 = 16_000_000;

/// One app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppSummary {
    /// Its name.
    pub name: String,
    /// Operations that the driver accepted.
    pub operations: u64,
    /// Callbacks that are owed for them: none for those whose owner died.
    pub callbacks_owed: u64,
    /// Callbacks that came.
    pub callbacks_delivered: u64,
    /// Operations whose owner died before the callback.
    pub orphaned: u64,
    /// Operations that ended in an error.
    pub failed: u64,
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes programmed.
    pub programmed_bytes: u64,
    /// Bytes erased.
    pub erased_bytes: u64,
    /// Times that it was restarted.
    pub restarts: u64,
    /// How it ended.
    pub end: End,
}

/// How an app ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "how")]
pub enum End {
    /// By itself.
    Exited {
        /// With this completion code.
        code: u32,
    },
    /// Somebody terminated it.
    Terminated,
    /// It faulted.
    Faulted,
    /// It has not.
    Running,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Exited { code } => write!(f, "exited with {code}"),
            End::Terminated => write!(f, "terminated"),
            End::Faulted => write!(f, "faulted"),
            End::Running => write!(f, "running"),
        }
    }
}

/// The board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Simulated time, in ns.
    pub simulated_ns: u64,
    /// Time that the controller was enabled, in ns.
    pub controller_on_ns: u64,
    /// Times that it was enabled.
    pub power_ups: u32,
    /// Time with the bus clock running, in ns.
    pub bus_clocking_ns: u64,
    /// Bytes that the array was read or programmed with.
    pub bus_bytes: u64,
    /// What four lines at 32 MHz carry in that time, in bytes.
    pub bus_limit_bytes: u64,
    /// Time that the flash's array was busy, in ns.
    pub array_busy_ns: u64,
    /// Times that memory was lent to the DMA.
    pub buffers_lent: u64,
    /// Times that it came back.
    pub buffers_returned: u64,
    /// Pieces of operations that were begun on the device.
    pub pieces_begun: u32,
    /// Pieces that ended.
    pub pieces_ended: u32,
    /// System calls.
    pub system_calls: u64,
    /// Passes of the kernel loop.
    pub passes: u64,
    /// Each app.
    pub apps: Vec<AppSummary>,
}

impl Summary {
    /// Of `board`, of which `totals` were seen.
    pub fn of(board: &Board, totals: Totals) -> Summary {
        let bus = board.machine.with_qspi(|qspi| qspi.bus_use());
        let counters = board.device().counters();
        let apps: Vec<AppSummary> = board
            .apps()
            .into_iter()
            .enumerate()
            .map(|(index, app)| {
                let Counts {
                    accepted,
                    delivered,
                    died,
                    failed,
                    read,
                    programmed,
                    erased,
                    restarts,
                } = board.counts(index);
                AppSummary {
                    name: app.name,
                    operations: accepted,
                    callbacks_owed: accepted - died,
                    callbacks_delivered: delivered,
                    orphaned: died,
                    failed,
                    read_bytes: read,
                    programmed_bytes: programmed,
                    erased_bytes: erased,
                    restarts,
                    end: match (app.alive, app.faulted, app.completion) {
                        (true, _, _) => End::Running,
                        (false, true, _) => End::Faulted,
                        (false, false, Some(Some(code))) => End::Exited { code },
                        (false, false, Some(None) | None) => End::Terminated,
                    },
                }
            })
            .collect();
        let bus_bytes = apps
            .iter()
            .map(|app| app.read_bytes + app.programmed_bytes)
            .sum();
        Summary {
            simulated_ns: board.machine.now_ns(),
            controller_on_ns: bus.enabled_ns,
            power_ups: counters.power_ups,
            bus_clocking_ns: bus.clocking_ns,
            bus_bytes,
            bus_limit_bytes: (u128::from(bus.enabled_ns) * u128::from(BUS_LIMIT) / 1_000_000_000)
                as u64,
            array_busy_ns: totals.busy_ns,
            buffers_lent: totals.lent,
            buffers_returned: totals.returned,
            pieces_begun: counters.begun,
            pieces_ended: counters.ended,
            system_calls: board.boundary().system_calls(),
            passes: board.steps(),
            apps,
        }
    }

    /// For people.
    pub fn tables(&self) -> String {
        let mut apps = table();
        apps.set_header([
            "app",
            "operations",
            "orphaned",
            "callbacks owed",
            "delivered",
            "failed",
            "read",
            "programmed",
            "erased",
            "restarts",
            "end",
        ]);
        for app in &self.apps {
            apps.add_row([
                app.name.clone(),
                Grouped(app.operations).to_string(),
                Grouped(app.orphaned).to_string(),
                Grouped(app.callbacks_owed).to_string(),
                Grouped(app.callbacks_delivered).to_string(),
                Grouped(app.failed).to_string(),
                Bytes(app.read_bytes).to_string(),
                Bytes(app.programmed_bytes).to_string(),
                Bytes(app.erased_bytes).to_string(),
                Grouped(app.restarts).to_string(),
                app.end.to_string(),
            ]);
        }
        let sum = |field: fn(&AppSummary) -> u64| self.apps.iter().map(field).sum::<u64>();
        apps.add_row([
            "all".to_owned(),
            Grouped(sum(|app| app.operations)).to_string(),
            Grouped(sum(|app| app.orphaned)).to_string(),
            Grouped(sum(|app| app.callbacks_owed)).to_string(),
            Grouped(sum(|app| app.callbacks_delivered)).to_string(),
            Grouped(sum(|app| app.failed)).to_string(),
            Bytes(sum(|app| app.read_bytes)).to_string(),
            Bytes(sum(|app| app.programmed_bytes)).to_string(),
            Bytes(sum(|app| app.erased_bytes)).to_string(),
            Grouped(sum(|app| app.restarts)).to_string(),
            String::new(),
        ]);
        for column in 1..=9 {
            if let Some(column) = apps.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }

        let mut board = table();
        let mut row = |what: &str, value: String, remark: String| {
            board.add_row([what.to_owned(), value, remark]);
        };
        row(
            "simulated time",
            Ms(self.simulated_ns).to_string(),
            String::new(),
        );
        row(
            "controller on",
            Ms(self.controller_on_ns).to_string(),
            format!(
                "{} of the time, powered up {} times",
                percent(self.controller_on_ns, self.simulated_ns),
                self.power_ups
            ),
        );
        row(
            "bus clocking",
            Ms(self.bus_clocking_ns).to_string(),
            format!(
                "{} of the time that the controller was on",
                percent(self.bus_clocking_ns, self.controller_on_ns)
            ),
        );
        row(
            "data",
            Bytes(self.bus_bytes).to_string(),
            format!(
                "{} of the limit, 16 MB/s while on",
                percent(self.bus_bytes, self.bus_limit_bytes)
            ),
        );
        row(
            "array busy",
            Ms(self.array_busy_ns).to_string(),
            percent(self.array_busy_ns, self.simulated_ns) + " of the time",
        );
        row(
            "buffers lent to DMA",
            Grouped(self.buffers_lent).to_string(),
            format!("{} came back", Grouped(self.buffers_returned)),
        );
        row(
            "pieces of work begun",
            Grouped(u64::from(self.pieces_begun)).to_string(),
            format!("{} ended", Grouped(u64::from(self.pieces_ended))),
        );
        row(
            "system calls",
            Grouped(self.system_calls).to_string(),
            format!("in {} passes of the kernel loop", Grouped(self.passes)),
        );
        if let Some(column) = board.column_mut(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        format!("{}\n\n{}", apps.trim_fmt(), board.trim_fmt())
    }
}
