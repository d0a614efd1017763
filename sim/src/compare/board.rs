// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A board with a baseline's driver on it. All else is as on ours.

use super::driver::{Going, NaiveDriver};
use super::flash::{BUFFER_SIZE, NaiveFlash};
use super::policy::Baseline;
use crate::alarm::SimAlarm;
use crate::arena::Block;
use crate::board::{AppSpec, Settings};
use crate::breach::{Breach, Breaches};
use crate::chance::Chance;
use crate::chip::{Boundary, Probe, SimChip, SliceTimer};
use crate::explore::subject::Subject;
use crate::ledger::Ledger;
use crate::machine::Machine;
use crate::residents::{self, APP_STACK, Resident};
use crate::resources::Resources;
use crate::turns::Turns;
use kernel::deferred_call::DeferredCall;
use kernel::hil::time::Alarm;
use kernel::platform::SyscallDriverLookup;
use kernel::platform::chip::Chip;
use kernel::process::ShortId;
use kernel::syscall::SyscallDriver;
use kernel::{Kernel, capabilities, create_capability};
use qspi_models::{Violation, registers};
use spi_nor::driver::DRIVER_NUM;
use spi_nor::region::Region;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::rc::Rc;
use tock_host_platform::coroutine::CoroutineBoundary;
use tock_host_platform::{Arena, ProcessMemory, process_slots};

/// More passes of the kernel loop than any teardown takes.
const MOST_PASSES: u32 = 20_000;
/// MX25R: configuration register 2, high performance.
const HIGH_PERFORMANCE: (usize, u8) = (2, 0x02);

struct Drivers {
    driver: &'static NaiveDriver,
}

impl SyscallDriverLookup for Drivers {
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        f((driver_num == DRIVER_NUM).then_some(self.driver as &dyn SyscallDriver))
    }
}

/// The board.
pub struct NaiveBoard<P> {
    kernel: &'static Kernel,
    chip: &'static SimChip,
    resources: &'static Resources<Drivers, Turns>,
    turns: &'static Turns,
    driver: &'static NaiveDriver,
    flash: &'static NaiveFlash,
    residents: Vec<Resident>,
    machine: Rc<Machine>,
    breaches: Rc<Breaches>,
    ledger: Rc<Ledger>,
    unheld_passes: u64,
    policy: PhantomData<P>,
    // Dropped in this order, after `Drop::drop` has reset the thread.
    _arena: Arena,
    _memories: Vec<ProcessMemory>,
    _block: Block,
}

impl<P: Baseline> NaiveBoard<P> {
    fn new(mut settings: Settings, apps: Vec<AppSpec>) -> NaiveBoard<P> {
        residents::prepare();
        // SAFETY: everything that is allocated stays inside the board, which resets the
        // thread's kernel state before it drops the arena.
        let arena = unsafe { Arena::new() };
        let block = Block::take();
        let memory_capability = create_capability!(capabilities::MemoryAllocationCapability);
        // The factory has set the part up.
        let (register, value) = HIGH_PERFORMANCE;
        settings.qspi.flash_mut().set_register(register, value);
        let machine = Rc::new(Machine::new(settings.qspi));
        machine.set_whole_ticks(true);
        let breaches = Rc::new(Breaches::default());
        let ledger = Rc::new(Ledger::new(&machine, &breaches));
        let slots = process_slots(&arena, apps.len());
        let kernel: &'static Kernel = arena.alloc(Kernel::new(slots));
        let boundary = Boundary::new(
            CoroutineBoundary::new(APP_STACK, settings.app_teardown),
            &machine,
            settings.switch_ns,
        );
        boundary.set_probe(Rc::clone(&ledger) as Rc<dyn Probe>);
        let chip: &'static SimChip = arena.alloc(SimChip::new(&machine, boundary));

        let flash_alarm: &'static SimAlarm = arena.alloc(SimAlarm::new(&machine));
        let alarm: &'static SimAlarm = arena.alloc(SimAlarm::new(&machine));
        let flash: &'static NaiveFlash =
            arena.alloc(NaiveFlash::new(&machine, flash_alarm, settings.divider));
        let regions: Vec<Region> = apps
            .iter()
            .filter_map(|app| {
                app.region.map(|(start, length, access)| Region {
                    app: ShortId::Fixed(app.id),
                    start,
                    length,
                    access,
                })
            })
            .collect();
        let regions: &'static Vec<Region> = arena.alloc(regions);
        // SAFETY: the only slice of this block.
        let buffer = unsafe { block.slice(0, BUFFER_SIZE) };
        let driver: &'static NaiveDriver = arena.alloc(NaiveDriver::new(
            P::POLICY,
            flash,
            alarm,
            &machine,
            kernel.create_grant(DRIVER_NUM, &memory_capability),
            regions,
            buffer,
        ));
        flash_alarm.set_alarm_client(flash);
        alarm.set_alarm_client(driver);
        flash.set_client(driver);
        let turns: &'static Turns = arena.alloc(Turns::new(slots));
        let resources: &'static Resources<Drivers, Turns> = arena.alloc(Resources {
            drivers: Drivers { driver },
            scheduler: turns,
            timer: SliceTimer::new(&machine),
        });
        chip.add_interrupt(Rc::new(flash));
        chip.add_interrupt(Rc::new(flash_alarm));
        chip.add_interrupt(Rc::new(alarm));

        let mut residents = Vec::new();
        let mut memories = Vec::new();
        for app in apps {
            let (resident, memory) = Resident::load(&arena, kernel, slots, chip, app);
            ledger.open(resident.memory, &resident.name, resident.region, &[]);
            residents.push(resident);
            memories.push(memory);
        }
        NaiveBoard {
            kernel,
            chip,
            resources,
            turns,
            driver,
            flash,
            residents,
            machine,
            breaches,
            ledger,
            unheld_passes: 0,
            policy: PhantomData,
            _arena: arena,
            _memories: memories,
            _block: block,
        }
    }

    fn boundary(&self) -> &Boundary {
        self.chip.userspace_kernel_boundary()
    }

    fn array(&self, start: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.machine
            .with_qspi(|qspi| qspi.flash_mut().peek(start, &mut bytes));
        bytes
    }

    fn report_violations(&self) {
        for violation in self.machine.with_qspi(|qspi| qspi.take_violations()) {
            // An app may program ones over zeros: the result is the AND of both.
            if !matches!(violation.what, Violation::ProgramSetsBits { .. }) {
                self.breaches
                    .report(violation.at, Breach::Hardware(violation.what));
            }
        }
    }
}

impl<P: Baseline> Subject for NaiveBoard<P> {
    fn boot(settings: Settings, apps: Vec<AppSpec>) -> NaiveBoard<P> {
        NaiveBoard::new(settings, apps)
    }

    fn machine(&self) -> &Machine {
        &self.machine
    }

    fn breaches(&self) -> &Breaches {
        &self.breaches
    }

    fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn set_chance(&self, chance: &Rc<dyn Chance>) {
        self.chip.set_chance(Rc::clone(chance));
        self.boundary().set_chance(Rc::clone(chance));
        self.turns.set_chance(Rc::clone(chance));
    }

    fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.machine.fingerprint(hasher);
        self.driver.fingerprint(hasher);
        self.unheld_passes.min(2).hash(hasher);
        for resident in &self.residents {
            resident.fingerprint(self.boundary(), hasher);
        }
    }

    fn step(&mut self) {
        self.driver.sweep();
        let main_loop = create_capability!(capabilities::MainLoopCapability);
        self.kernel.kernel_loop_operation::<_, _, 0>(
            self.resources,
            self.chip,
            None,
            false,
            &main_loop,
        );
        self.report_violations();
        let unheld = self.leases() == 0 && self.driver.is_idle();
        self.unheld_passes = if unheld { self.unheld_passes + 1 } else { 0 };
        // The pass in which the last lease vanishes, and the one that sweeps.
        if self.unheld_passes == 2 {
            self.breaches
                .report(self.machine.now_ns(), Breach::HeldForTheDead);
        }
    }

    fn wait_for_interrupt(&self) {
        while self.machine.sleep() && !self.chip.has_pending_interrupts() {}
    }

    fn has_kernel_work(&self) -> bool {
        self.chip.has_pending_interrupts() || DeferredCall::has_tasks()
    }

    fn has_ready_process(&self) -> bool {
        self.residents
            .iter()
            .any(|resident| resident.process.ready())
    }

    fn alive(&self) -> impl Iterator<Item = bool> {
        self.residents.iter().map(Resident::is_alive)
    }

    fn is_stuck(&self) -> bool {
        self.chip.is_stuck()
    }

    fn nudge(&self) {
        self.chip.nudge();
    }

    fn terminate(&mut self, index: usize) {
        let resident = &self.residents[index];
        self.ledger.died(resident.memory);
        resident.process.terminate(None);
    }

    fn stop(&mut self, index: usize) {
        self.residents[index].process.stop();
    }

    fn resume(&mut self, index: usize) {
        self.residents[index].process.resume();
    }

    fn detach(&mut self) -> bool {
        self.driver.detach()
    }

    fn attach(&mut self) -> bool {
        self.driver.attach()
    }

    fn is_attached(&self) -> bool {
        self.driver.is_attached()
    }

    fn is_detaching(&self) -> bool {
        self.driver.is_detaching()
    }

    fn is_busy(&self) -> bool {
        self.driver.is_busy()
    }

    fn is_at_rest(&self) -> bool {
        self.driver.is_off()
    }

    fn leases(&self) -> usize {
        self.driver.leases()
    }

    fn state(&self) -> String {
        match self.driver.going() {
            Going::No => format!("{:?}", self.flash.step()),
            going => format!("{:?}, {going:?}", self.flash.step()),
        }
    }

    fn come_to_rest(&mut self) {
        for index in 0..self.residents.len() {
            self.terminate(index);
        }
        self.nudge();
        for _ in 0..MOST_PASSES {
            if self.is_over() && !self.has_kernel_work() {
                break;
            }
            // What is a wreck stays one: who wants a sound board makes a new one.
            if self.is_stuck() {
                break;
            }
            self.step();
        }
        self.attach();
    }

    fn renew(&mut self) {
        let start = create_capability!(capabilities::ProcessStartCapability);
        for resident in &self.residents {
            resident.process.terminate(None);
            let content = resident.region.map_or_else(Vec::new, |owned| {
                self.array(owned.start, owned.length as usize)
            });
            self.ledger.reopen(resident.memory, &content);
            resident.process.start(&start);
        }
        self.unheld_passes = 0;
        self.chip.nudge();
    }

    fn settle(&mut self) {
        self.report_violations();
        let report = |breach| self.breaches.report(self.machine.now_ns(), breach);
        if self.is_detaching() {
            report(Breach::LostDetach);
        }
        let enabled = self.machine.read_register(registers::ENABLE as usize) != 0;
        if enabled || !self.is_at_rest() {
            report(Breach::StillOn);
        }
        if !self.driver.has_buffer() {
            report(Breach::LostBuffer);
        }
        self.ledger
            .settle(|start, length| self.array(start, length));
    }

    fn may_recover(&self) -> bool {
        let flash_busy = self.machine.with_qspi(|qspi| qspi.flash().is_busy());
        self.is_at_rest() && self.driver.has_buffer() && !self.is_detaching() && !flash_busy
    }
}

impl<P> Drop for NaiveBoard<P> {
    fn drop(&mut self) {
        residents::leave(&self.residents);
    }
}
