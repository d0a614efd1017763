// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Fault policies under the names upstream's `capsules_system::process_policies` gives them.

use kernel::process::{FaultAction, Process, ProcessFaultPolicy};

/// A fault panics the kernel.
pub struct PanicFaultPolicy {}

impl ProcessFaultPolicy for PanicFaultPolicy {
    fn action(&self, _: &dyn Process) -> FaultAction {
        FaultAction::Panic
    }
}

/// A fault leaves the process dead.
pub struct StopFaultPolicy {}

impl ProcessFaultPolicy for StopFaultPolicy {
    fn action(&self, _: &dyn Process) -> FaultAction {
        FaultAction::Stop
    }
}

/// A fault leaves the process dead and is reported.
pub struct StopWithDebugFaultPolicy {}

impl ProcessFaultPolicy for StopWithDebugFaultPolicy {
    fn action(&self, process: &dyn Process) -> FaultAction {
        kernel::debug!(
            "Process {} faulted and was stopped.",
            process.get_process_name()
        );
        FaultAction::Stop
    }
}

/// A fault restarts the process, however often.
pub struct RestartFaultPolicy {}

impl ProcessFaultPolicy for RestartFaultPolicy {
    fn action(&self, _: &dyn Process) -> FaultAction {
        FaultAction::Restart
    }
}

/// A fault restarts the process and is reported.
pub struct RestartWithDebugFaultPolicy {}

impl ProcessFaultPolicy for RestartWithDebugFaultPolicy {
    fn action(&self, process: &dyn Process) -> FaultAction {
        kernel::debug!(
            "Process {} faulted and will be restarted.",
            process.get_process_name()
        );
        FaultAction::Restart
    }
}

/// The action while no more restarts than `threshold` are counted, whatever caused them.
fn restart_up_to(threshold: usize, process: &dyn Process, afterwards: FaultAction) -> FaultAction {
    if process.get_restart_count() <= threshold {
        FaultAction::Restart
    } else {
        afterwards
    }
}

/// A fault restarts the process up to a number of times, then leaves it dead.
pub struct ThresholdRestartFaultPolicy {
    threshold: usize,
}

impl ThresholdRestartFaultPolicy {
    /// The process may have been restarted `threshold` times and is still restarted once more.
    pub const fn new(threshold: usize) -> ThresholdRestartFaultPolicy {
        ThresholdRestartFaultPolicy { threshold }
    }
}

impl ProcessFaultPolicy for ThresholdRestartFaultPolicy {
    fn action(&self, process: &dyn Process) -> FaultAction {
        restart_up_to(self.threshold, process, FaultAction::Stop)
    }
}

/// A fault restarts the process up to a number of times, then panics the kernel.
pub struct ThresholdRestartThenPanicFaultPolicy {
    threshold: usize,
}

impl ThresholdRestartThenPanicFaultPolicy {
    /// The process may have been restarted `threshold` times and is still restarted once more.
    pub const fn new(threshold: usize) -> ThresholdRestartThenPanicFaultPolicy {
        ThresholdRestartThenPanicFaultPolicy { threshold }
    }
}

impl ProcessFaultPolicy for ThresholdRestartThenPanicFaultPolicy {
    fn action(&self, process: &dyn Process) -> FaultAction {
        restart_up_to(self.threshold, process, FaultAction::Panic)
    }
}
