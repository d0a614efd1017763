// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What goes wrong with the hardware.

use crate::breach::Breach;
use qspi_models::nor::{FaultTimes, FlashFault};
use qspi_models::{DmaStop, Qspi, ReadyFault, Task, Violation};
use spi_nor::opcode;

/// A fault that strikes the next task of the peripheral, or the next operation of the part, that it
/// is about.
///
/// Faults that nobody could notice are not among them: a program that changes nothing and says
/// it did, a DMA that stops half-way and says it ended. They are for the app to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// READY does not come.
    ReadyMissing,
    /// READY comes late, yet before the deadline.
    ReadyLate,
    /// READY comes after the deadline.
    ReadyTooLate,
    /// READY comes before the end, and at the end.
    ReadyEarly,
    /// READY comes twice.
    ReadyTwice,
    /// READY comes with nothing behind it.
    ReadyStale,
    /// ACTIVATE never ends.
    ActivateHangs,
    /// The DMA stops half-way, and nothing ends.
    DmaStops,
    /// WREN is not heard.
    WriteEnableIgnored,
    /// WIP stays 1 for ever.
    WipStuck,
    /// WIP becomes 0, and 1 again for a while.
    WipReturns,
    /// The part loses its state.
    PartResets,
}

/// All of them.
pub const FAULTS: [Fault; 12] = [
    Fault::ReadyMissing,
    Fault::ReadyLate,
    Fault::ReadyTooLate,
    Fault::ReadyEarly,
    Fault::ReadyTwice,
    Fault::ReadyStale,
    Fault::ActivateHangs,
    Fault::DmaStops,
    Fault::WriteEnableIgnored,
    Fault::WipStuck,
    Fault::WipReturns,
    Fault::PartResets,
];

/// A fault that was armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed {
    /// Which.
    pub fault: Fault,
    /// Breaches before it, of which it is innocent.
    pub breaches_before: usize,
    /// Whether a reset of the part would have been noticed by nobody but who reads: an operation
    /// was in flight, or the part forgets in a reset how fast it may be read.
    pub reads_at_risk: bool,
}

impl Armed {
    /// Whether the breach number `index` of `all`, each with its time in ns, is its own doing.
    pub fn excuses(&self, index: usize, all: &[(u64, Breach)]) -> bool {
        let Some((at, breach)) = all.get(index) else {
            return false;
        };
        // A controller that waits to put a page on the wires has to be stopped by force.
        let is_stopped = || {
            let running = Task::Write;
            let stopped = Breach::Hardware(Violation::DeactivateWhileBusy { running });
            all.contains(&(*at, stopped))
        };
        index >= self.breaches_before
            && (self.fault.excuses(breach, self.reads_at_risk)
                || self.fault == Fault::WipStuck
                    && matches!(
                        breach,
                        Breach::Hardware(
                            Violation::DeactivateWhileBusy { .. }
                                | Violation::DisableWhileFlashBusy
                        )
                    )
                    && is_stopped())
    }
}

/// More than any deadline of an operation on four bytes, in ns.
const BEYOND_DEADLINES_NS: u64 = 20_000_000;

impl Fault {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Fault::ReadyMissing => "READY missing",
            Fault::ReadyLate => "READY late",
            Fault::ReadyTooLate => "READY after the deadline",
            Fault::ReadyEarly => "READY early",
            Fault::ReadyTwice => "READY twice",
            Fault::ReadyStale => "READY stale",
            Fault::ActivateHangs => "ACTIVATE hangs",
            Fault::DmaStops => "DMA stops half-way",
            Fault::WriteEnableIgnored => "WREN ignored",
            Fault::WipStuck => "WIP never clears",
            Fault::WipReturns => "WIP returns",
            Fault::PartResets => "part resets",
        }
    }

    /// Whether `breach` is the fault's own doing: what the model objects to because the hardware was
    /// stopped by force, or because the part had lost what it was told.
    pub fn excuses(self, breach: &Breach, reads_at_risk: bool) -> bool {
        let Breach::Hardware(violation) = breach else {
            // A part that resets by itself says afterwards that it is quiet.
            return self == Fault::PartResets
                && reads_at_risk
                && matches!(breach, Breach::WrongContent { .. });
        };
        match self {
            Fault::ReadyLate | Fault::ReadyEarly | Fault::ReadyTwice | Fault::ReadyStale => false,
            Fault::ReadyMissing | Fault::ReadyTooLate | Fault::ActivateHangs | Fault::DmaStops => {
                matches!(
                    violation,
                    Violation::DeactivateWhileBusy { .. }
                        | Violation::DisableWhileBusy { .. }
                        | Violation::DisableWhileFlashBusy
                        | Violation::LongFrameOpen
                        | Violation::MalformedCommand { .. }
                        | Violation::CommandWhileBusy {
                            opcode: opcode::RDPD
                        }
                )
            }
            Fault::WriteEnableIgnored => matches!(violation, Violation::NotWriteEnabled { .. }),
            // Nothing but a wake-up and a reset may be tried on a part that does not become quiet.
            Fault::WipStuck => matches!(
                violation,
                Violation::CommandWhileBusy {
                    opcode: opcode::RDPD | opcode::RSTEN | opcode::RST
                }
            ),
            // It said that it is quiet, and was not: any command may be the next.
            Fault::WipReturns => matches!(violation, Violation::CommandWhileBusy { .. }),
            Fault::PartResets => matches!(
                violation,
                Violation::CommandDuringReset { .. }
                    | Violation::NotWriteEnabled { .. }
                    | Violation::ClockTooFast { .. }
                    // A read that comes meanwhile waits for it in the controller, beyond the deadline.
                    | Violation::DeactivateWhileBusy { .. }
                    | Violation::DisableWhileBusy { .. }
                    // It did not hear the 66h before.
                    | Violation::MalformedCommand {
                        opcode: opcode::RST
                    }
            ),
        }
    }

    /// Arms it.
    pub fn arm(self, qspi: &mut Qspi, now: u64) {
        let ready = |qspi: &mut Qspi, fault| qspi.faults.ready(None, fault);
        let flash = |qspi: &mut Qspi, fault| {
            qspi.flash_mut().faults.arm(fault, FaultTimes::Count(1));
        };
        match self {
            Fault::ReadyMissing => ready(qspi, ReadyFault::Swallow),
            Fault::ReadyLate => ready(
                qspi,
                ReadyFault::Delay {
                    by_ns: 500_000,
                    survives_disable: false,
                },
            ),
            Fault::ReadyTooLate => ready(
                qspi,
                ReadyFault::Delay {
                    by_ns: BEYOND_DEADLINES_NS,
                    survives_disable: true,
                },
            ),
            Fault::ReadyEarly => ready(
                qspi,
                ReadyFault::Early {
                    after_ns: 100,
                    and_at_end: true,
                },
            ),
            Fault::ReadyTwice => ready(qspi, ReadyFault::Duplicate { after_ns: 40_000 }),
            Fault::ReadyStale => qspi.schedule_ready(now + 10_000),
            Fault::ActivateHangs => qspi.faults.activate_hangs(1),
            Fault::DmaStops => qspi.faults.dma_stops(DmaStop {
                after_bytes: 0,
                task_ends: false,
            }),
            Fault::WriteEnableIgnored => flash(qspi, FlashFault::WriteEnableIgnored),
            Fault::WipStuck => flash(qspi, FlashFault::WipStuck { for_ns: None }),
            Fault::WipReturns => flash(
                qspi,
                FlashFault::WipReturns {
                    after_ns: 50_000,
                    for_ns: 2_000_000,
                },
            ),
            Fault::PartResets => qspi.flash_mut().hardware_reset(now),
        }
    }
}
