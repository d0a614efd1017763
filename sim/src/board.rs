// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The board: the shipped drivers on the simulated machine, and apps on top.

use crate::alarm::SimAlarm;
use crate::alarm_driver::{self, AlarmDriver};
use crate::allowed::is_allowed;
use crate::arena::{BLOCK_SIZE, Block};
use crate::breach::{Breach, Breaches};
use crate::chance::Chance;
use crate::chip::{Boundary, Interrupt, SimChip, SliceTimer};
use crate::console::{self, Console, Sink};
use crate::ledger::Ledger;
use crate::machine::Machine;
use crate::residents::{self, APP_STACK, Resident};
use crate::resources::Resources;
use crate::surroundings::{Hfxo, HfxoLine, SimFence, SimPads, SimPort};
use crate::tab::boundary::Emulated;
use crate::tab::bundle::Binary;
use crate::tab::place::Place;
use crate::tab::strace::Strace;
use crate::turns::Turns;
use kernel::deferred_call::{DeferredCall, DeferredCallClient};
use kernel::hil::time::Alarm;
use kernel::platform::SyscallDriverLookup;
use kernel::platform::chip::Chip;
use kernel::process::{ProcessId, ShortId, State};
use kernel::syscall::SyscallDriver;
use kernel::{Kernel, capabilities, create_capability};
use nrf52840_qspi::{AddressMode, Config, Divider, Pin, Pins, Qspi};
use qspi_hil::Controller;
use qspi_models::Violation;
use spi_nor::client::{Client, Seat};
use spi_nor::device::{self, Device, Observer, RestClient};
use spi_nor::driver::{self, Driver};
use spi_nor::flash::FlashFace;
use spi_nor::lifecycle;
use spi_nor::region::{Access, Region};
use spi_nor::region_face::RegionFace;
use spi_nor::storage::{self, StorageFace};
use spi_nor::sweeping_scheduler::SweepingScheduler;
use std::cell::{Cell, RefCell};
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_host_platform::coroutine::{CoroutineBoundary, Teardown};
use tock_host_platform::{Arena, LoadError, ProcessMemory, process_slots, trace, trace_line};

/// The controller as this board has it.
pub type SimQspi = Qspi<'static, SimPort, SimFence>;
/// The device as this board has it.
pub type SimDevice = Device<'static, SimQspi, SimAlarm<'static>, SimFeatures>;
/// The driver as this board has it.
pub type SimDriver = Driver<'static, SimFeatures>;

/// What of the device the board has.
#[cfg(not(feature = "minimal"))]
pub type SimFeatures = spi_nor::features::Full;
/// What of the device the board has: as little as there can be.
#[cfg(feature = "minimal")]
pub type SimFeatures = spi_nor::features::Minimal<spi_nor::fixed_parts::Mx25r6435f>;

/// Bytes of each of the device's buffers: a 4 KiB read of any alignment in one transfer.
pub const BUFFER_SIZE: usize = 4096 + 8;
/// What three address bytes reach.
const THREE_BYTE_REACH: u32 = 1 << 24;

/// What the board is made of.
pub struct Settings {
    /// The peripheral, with its flash.
    pub qspi: qspi_models::Qspi,
    /// SCK.
    pub divider: Divider,
    /// How long the part stays powered with nothing to do, in µs.
    pub idle_us: u32,
    /// Bytes of each of the device's two buffers, a multiple of four.
    pub buffer_bytes: usize,
    /// What a switch to an app costs, in ns.
    pub switch_ns: u64,
    /// Where apps print.
    pub sink: Rc<dyn Sink>,
    /// What becomes of the frames of an app that dies.
    pub app_teardown: Teardown,
    /// Start and length of the range of the kernel's flash user, if there is one.
    pub flash_range: Option<(u32, u32)>,
    /// Start and length of the range of the kernel's storage user, if there is one.
    pub storage_range: Option<(u32, u32)>,
}

/// What happens to an app that faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFault {
    /// It stays dead.
    Stop,
    /// It is restarted.
    Restart,
}

/// An app.
pub struct AppSpec {
    /// What it is called.
    pub name: String,
    /// Its short id.
    pub id: NonZeroU32,
    /// What it does. Runs on the app's own stack, anew in each life.
    pub main: Box<dyn Fn()>,
    /// Its region: start, length, access.
    pub region: Option<(u32, u32, Access)>,
    /// What happens if it faults.
    pub after_fault: AfterFault,
}

/// An app that is machine code.
pub struct TabSpec {
    /// What it is called.
    pub name: String,
    /// Its short id.
    pub id: NonZeroU32,
    /// Its code.
    pub binary: Binary,
    /// Where that lies.
    pub place: Place,
    /// Its region: start, length, access.
    pub region: Option<(u32, u32, Access)>,
    /// What happens if it faults.
    pub after_fault: AfterFault,
}

struct QspiLine {
    machine: Rc<Machine>,
    qspi: &'static SimQspi,
    device: &'static SimDevice,
}

impl Interrupt for QspiLine {
    fn is_pending(&self) -> bool {
        self.machine.qspi_irq()
    }

    fn handle(&self) {
        let ended = self.device.counters().ended;
        self.machine.set_prepared(self.device.has_prepared());
        self.qspi.handle_interrupt();
        self.machine.set_prepared(false);
        if self.device.counters().ended != ended {
            self.machine.pay(|cost| cost.end);
        }
    }
}

impl Interrupt for &'static SimAlarm<'static> {
    fn is_pending(&self) -> bool {
        SimAlarm::is_pending(self)
    }

    fn handle(&self) {
        self.handle_interrupt();
    }
}

impl Interrupt for &'static AlarmDriver {
    fn is_pending(&self) -> bool {
        AlarmDriver::is_pending(self)
    }

    fn handle(&self) {
        self.handle_interrupt();
    }
}

type SimScheduler = SweepingScheduler<'static, Turns, SimFeatures>;

struct Drivers {
    driver: &'static SimDriver,
    console: &'static Console,
    alarm: &'static AlarmDriver,
}

impl SyscallDriverLookup for Drivers {
    fn with_driver<F, R>(&self, driver_num: usize, f: F) -> R
    where
        F: FnOnce(Option<&dyn SyscallDriver>) -> R,
    {
        match driver_num {
            driver::DRIVER_NUM => f(Some(self.driver)),
            console::DRIVER_NUM => f(Some(self.console)),
            alarm_driver::DRIVER_NUM => f(Some(self.alarm)),
            _ => f(None),
        }
    }
}

/// Keeps what the device tells the board.
#[derive(Default)]
struct Listener {
    detached: Cell<Option<Result<(), spi_nor::error::Error>>>,
    transitions: RefCell<Vec<(lifecycle::State, lifecycle::Event, lifecycle::State)>>,
}

impl RestClient for Listener {
    fn detached(&self, result: Result<(), spi_nor::error::Error>) {
        self.detached.set(Some(result));
    }
}

impl Observer for Listener {
    fn transition(&self, from: lifecycle::State, event: lifecycle::Event, to: lifecycle::State) {
        trace_line!("device: {from:?}, {event:?}: {to:?}");
        self.transitions.borrow_mut().push((from, event, to));
    }
}

/// What an app is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppStatus {
    /// Its name.
    pub name: String,
    /// Its id in this life.
    pub id: ProcessId,
    /// Whether it still can run.
    pub alive: bool,
    /// Whether a fault was its end. To the kernel that is a termination like others.
    pub faulted: bool,
    /// How it ended, if it ever did.
    pub completion: Option<Option<u32>>,
}

/// A board.
pub struct Board {
    kernel: &'static Kernel,
    chip: &'static SimChip,
    resources: &'static Resources<Drivers, SimScheduler>,
    turns: &'static Turns,
    device: &'static SimDevice,
    driver: &'static SimDriver,
    qspi: &'static SimQspi,
    pads: &'static SimPads,
    hfxo: &'static Hfxo<'static>,
    alarm: &'static SimAlarm<'static>,
    listener: &'static Listener,
    flash: Option<&'static FlashFace<'static>>,
    storage: Option<&'static StorageFace<'static>>,
    regions: Vec<&'static RegionFace<'static>>,
    residents: Vec<Resident>,
    /// Its machine.
    pub machine: Rc<Machine>,
    /// What went wrong.
    pub breaches: Rc<Breaches>,
    /// What is owed.
    pub ledger: Rc<Ledger>,
    detaching: bool,
    detach_result: Option<Result<(), spi_nor::error::Error>>,
    unheld_passes: u64,
    steps: u64,
    // Dropped in this order, after `Drop::drop` has reset the thread.
    _arena: Arena,
    _memories: Vec<ProcessMemory>,
    _places: Vec<Place>,
    _blocks: (Block, Option<Block>),
}

fn pin(number: u8) -> Pin {
    Pin::new(0, number).expect("the nRF52840 has P0.00 to P0.31")
}

/// The nRF52840DK's pins.
fn pins() -> Pins {
    Pins {
        sck: pin(19),
        csn: pin(17),
        io0: pin(20),
        io1: pin(21),
        io2: pin(22),
        io3: pin(23),
    }
}

impl Board {
    /// Powers a board up. Nothing has run yet, and the device is attached.
    ///
    /// # Panics
    /// If the host can't give the memory.
    pub fn new(settings: Settings, apps: Vec<AppSpec>) -> Board {
        Self::with_tabs(settings, apps, Vec::new())
            .unwrap_or_else(|error| unreachable!("there are no TABs, but: {error}"))
    }

    /// The same, with apps that are machine code after those that are part of this program.
    ///
    /// # Errors
    /// The kernel has no room for what it keeps of an app.
    ///
    /// # Panics
    /// If the host can't give the memory.
    pub fn with_tabs(
        settings: Settings,
        apps: Vec<AppSpec>,
        tabs: Vec<TabSpec>,
    ) -> Result<Board, LoadError> {
        residents::prepare();

        // SAFETY: everything that is allocated stays inside the board, which resets the
        // thread's kernel state before it drops the arena.
        let arena = unsafe { Arena::new() };
        let block = Block::take();
        let memory_capability = create_capability!(capabilities::MemoryAllocationCapability);

        let machine = Rc::new(Machine::new(settings.qspi));
        let breaches = Rc::new(Breaches::default());
        let ledger = Rc::new(Ledger::new(&machine, &breaches));

        let slots = process_slots(&arena, apps.len() + tabs.len());
        let kernel: &'static Kernel = arena.alloc(Kernel::new(slots));
        let boundary = Boundary::new(
            CoroutineBoundary::new(APP_STACK, settings.app_teardown),
            &machine,
            settings.switch_ns,
        );
        boundary.set_probe(Rc::clone(&ledger) as Rc<dyn crate::chip::Probe>);
        let chip: &'static SimChip = arena.alloc(SimChip::new(&machine, boundary));

        let pads: &'static SimPads = arena.alloc(SimPads::default());
        let hfxo: &'static Hfxo = arena.alloc(Hfxo::new(&machine));
        // The board's maker knows how large a part is soldered on.
        let size = machine.with_qspi(|qspi| qspi.flash().part().size);
        let config = Config {
            divider: settings.divider,
            address_mode: if size > THREE_BYTE_REACH {
                AddressMode::Four
            } else {
                AddressMode::Three
            },
            ..Config::new(pins())
        };
        let qspi: &'static SimQspi = arena.alloc(Qspi::new(
            SimPort(Rc::clone(&machine)),
            SimFence,
            config,
            pads,
            hfxo,
        ));
        hfxo.set_client(qspi);

        let device_alarm: &'static SimAlarm = arena.alloc(SimAlarm::new(&machine));
        // SAFETY: the only slice of this block.
        let buffer = unsafe { block.slice(0, settings.buffer_bytes) };
        let device: &'static SimDevice = arena.alloc(Device::with_features(
            qspi,
            device_alarm,
            buffer,
            device::Config {
                idle_us: settings.idle_us,
            },
        ));
        let more = (2 * settings.buffer_bytes > BLOCK_SIZE).then(Block::take);
        let second = match &more {
            // SAFETY: as above; it begins where the other one has ended.
            None => unsafe { block.slice(settings.buffer_bytes, settings.buffer_bytes) },
            // SAFETY: as above.
            Some(more) => unsafe { more.slice(0, settings.buffer_bytes) },
        };
        device.add_buffer(second);
        device_alarm.set_alarm_client(device);
        qspi.set_client(device);
        device.register();
        let listener: &'static Listener = arena.alloc(Listener::default());
        device.set_rest_client(listener);
        device.set_observer(listener);

        let regions: Vec<Region> = apps
            .iter()
            .map(|app| (app.id, app.region))
            .chain(tabs.iter().map(|tab| (tab.id, tab.region)))
            .filter_map(|(id, region)| {
                region.map(|(start, length, access)| Region {
                    app: ShortId::Fixed(id),
                    start,
                    length,
                    access,
                })
            })
            .collect();
        let regions: &'static Vec<Region> = arena.alloc(regions);
        let driver: &'static SimDriver = arena.alloc(Driver::new(
            device,
            kernel.create_grant(driver::DRIVER_NUM, &memory_capability),
            regions,
            arena.alloc(driver::Owners::<{ driver::SLOTS }>::new()),
        ));
        device.add_client(arena.alloc(Seat::new(driver)));
        let flash: Option<&'static FlashFace> = settings.flash_range.map(|(start, length)| {
            let face: &'static FlashFace = arena.alloc(FlashFace::new(device, start, length));
            device.add_client(arena.alloc(Seat::new(face)));
            face
        });
        let storage: Option<&'static StorageFace> =
            settings.storage_range.map(|(start, length)| {
                let sector = arena.alloc([0; storage::SECTOR_SIZE]);
                let face: &'static StorageFace =
                    arena.alloc(StorageFace::new(device, sector, start, length));
                device.add_client(arena.alloc(Seat::new(face)));
                face
            });

        let console: &'static Console = arena.alloc(Console::new(
            kernel.create_grant(console::DRIVER_NUM, &memory_capability),
            settings.sink,
        ));
        let alarm: &'static AlarmDriver = arena.alloc(AlarmDriver::new(
            kernel.create_grant(alarm_driver::DRIVER_NUM, &memory_capability),
            &machine,
        ));
        let turns: &'static Turns = arena.alloc(Turns::new(slots));
        let scheduler: &'static SimScheduler = arena.alloc(SweepingScheduler::new(turns, driver));
        let resources: &'static Resources<Drivers, SimScheduler> = arena.alloc(Resources {
            drivers: Drivers {
                driver,
                console,
                alarm,
            },
            scheduler,
            timer: SliceTimer::new(&machine),
        });

        chip.add_interrupt(Rc::new(QspiLine {
            machine: Rc::clone(&machine),
            qspi,
            device,
        }));
        chip.add_interrupt(Rc::new(HfxoLine(hfxo)));
        chip.add_interrupt(Rc::new(device_alarm));
        chip.add_interrupt(Rc::new(alarm));

        let mut board = Board {
            kernel,
            chip,
            resources,
            turns,
            device,
            driver,
            qspi,
            pads,
            hfxo,
            alarm: device_alarm,
            listener,
            flash,
            storage,
            regions: Vec::new(),
            residents: Vec::new(),
            machine,
            breaches,
            ledger,
            detaching: false,
            detach_result: None,
            unheld_passes: 0,
            steps: 0,
            _arena: arena,
            _memories: Vec::new(),
            _places: Vec::new(),
            _blocks: (block, more),
        };
        for app in apps {
            board.load(app);
        }
        for tab in tabs {
            board.load_tab(tab)?;
        }
        board
            .device
            .attach()
            .expect("a board that was never detached can be attached");
        Ok(board)
    }

    fn load(&mut self, app: AppSpec) {
        let (resident, memory) = Resident::load(
            &self._arena,
            self.kernel,
            self.turns.slots(),
            self.chip,
            app,
        );
        self.admit(resident);
        self._memories.push(memory);
    }

    fn load_tab(&mut self, tab: TabSpec) -> Result<(), LoadError> {
        let resident = Resident::load_tab(
            &self._arena,
            self.kernel,
            self.turns.slots(),
            self.chip,
            &tab,
        )?;
        self.admit(resident);
        self._places.push(tab.place);
        Ok(())
    }

    fn admit(&mut self, resident: Resident) {
        let owned = resident.region;
        let content = owned.map_or_else(Vec::new, |owned| {
            self.array(owned.start, owned.length as usize)
        });
        self.ledger
            .open(resident.memory, &resident.name, owned, &content);
        self.residents.push(resident);
    }

    /// Writes a line for each system call, result, upcall and fault from here on.
    pub fn trace_system_calls(&self, to: Box<dyn std::io::Write>) {
        let names = self
            .residents
            .iter()
            .map(|resident| (resident.memory, resident.name.clone()))
            .collect();
        self.boundary().set_tracer(Rc::new(Strace::new(names, to)));
    }

    /// The app number `index`, if it is machine code.
    pub fn emulated(&self, index: usize) -> Option<Rc<Emulated>> {
        self.boundary()
            .apps()
            .emulated(self.residents[index].memory)
    }

    /// Has `chance` decide what could go either way.
    pub fn set_chance(&self, chance: &Rc<dyn Chance>) {
        self.chip.set_chance(Rc::clone(chance));
        self.boundary().set_chance(Rc::clone(chance));
        self.turns.set_chance(Rc::clone(chance));
    }

    /// All that decides what happens next, the array's content apart.
    pub fn fingerprint(&self, hasher: &mut impl Hasher) {
        self.machine.fingerprint(hasher);
        self.qspi.fingerprint(hasher);
        self.device.fingerprint(hasher);
        self.driver.fingerprint(hasher);
        for face in &self.regions {
            face.fingerprint(hasher);
        }
        (self.detaching, self.detach_result).hash(hasher);
        for resident in &self.residents {
            resident.fingerprint(self.boundary(), hasher);
        }
    }

    /// Gives every app a new life on a device at rest, and the ledger a new start.
    pub fn renew(&mut self) {
        let start = create_capability!(capabilities::ProcessStartCapability);
        for resident in &self.residents {
            resident.process.terminate(None);
            let content = self.ledger.region(resident.memory);
            let content = content.map_or_else(Vec::new, |owned| {
                self.array(owned.start, owned.length as usize)
            });
            self.ledger.reopen(resident.memory, &content);
            resident.process.start(&start);
        }
        self.listener.transitions.borrow_mut().clear();
        self.detach_result = None;
        self.unheld_passes = 0;
        self.chip.nudge();
    }

    /// What the array holds, read from outside.
    pub fn array(&self, start: u32, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.machine
            .with_qspi(|qspi| qspi.flash_mut().peek(start, &mut bytes));
        bytes
    }

    /// One pass of the kernel loop.
    pub fn step(&mut self) {
        let main_loop = create_capability!(capabilities::MainLoopCapability);
        self.kernel.kernel_loop_operation::<_, _, 0>(
            self.resources,
            self.chip,
            None,
            false,
            &main_loop,
        );
        self.steps += 1;
        for resident in &self.residents {
            trace::look(&*resident.process);
        }
        self.check();
    }

    /// What must hold after every pass.
    fn check(&mut self) {
        let now = self.machine.now_ns();
        for violation in self.machine.with_qspi(|qspi| qspi.take_violations()) {
            if self.allows(&violation.what) {
                continue;
            }
            self.breaches
                .report(violation.at, Breach::Hardware(violation.what));
        }
        let impossible = self.device.counters().impossible + self.qspi.counters().impossible;
        if impossible > 0 {
            self.breaches
                .report(now, Breach::Impossible { count: impossible });
        }
        let unheld = self.device.state() == lifecycle::State::Ready && self.leases() == 0;
        self.unheld_passes = if unheld { self.unheld_passes + 1 } else { 0 };
        // The pass in which the last lease vanishes, and the one that sweeps.
        if self.unheld_passes == 2 {
            self.breaches.report(now, Breach::HeldForTheDead);
        }
        // A client may have detached the device from inside a callback.
        if let Some(result) = self.listener.detached.take() {
            self.detaching = false;
            self.detach_result = Some(result);
        }
    }

    /// What the models object to, and may be done all the same.
    fn allows(&self, what: &Violation) -> bool {
        let is_outstanding = matches!(
            self.device.state(),
            lifecycle::State::Busy | lifecycle::State::Draining
        );
        match what {
            // Every part is woken before it is known what part it is. One that can't sleep
            // doesn't know the opcode, and ignores it.
            Violation::UnknownOpcode { opcode } => {
                let sleeps =
                    |qspi: &mut qspi_models::Qspi| qspi.flash().part().deep_power_down.is_some();
                *opcode == spi_nor::opcode::RDPD && !self.machine.with_qspi(sleeps)
            }
            _ => is_allowed(what, is_outstanding),
        }
    }

    /// Leases of the living, kernel users included.
    pub fn leases(&self) -> usize {
        self.driver.living_leases()
            + self.flash.map_or(0, Client::leases)
            + self.storage.map_or(0, Client::leases)
            + self.regions.iter().map(|face| face.leases()).sum::<usize>()
    }

    /// Passes of the kernel loop so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Steps until `done` says so. False if the machine fell asleep for ever before,
    /// or `limit` steps were made.
    pub fn run_until(&mut self, limit: u64, mut done: impl FnMut(&Board) -> bool) -> bool {
        self.chip.nudge();
        for _ in 0..limit {
            if done(self) {
                return true;
            }
            if self.chip.is_stuck() {
                return false;
            }
            self.step();
        }
        done(self)
    }

    /// Whether no app will ever run again, and the controller is off.
    pub fn is_over(&self) -> bool {
        self.alive().all(|alive| !alive) && self.is_at_rest()
    }

    /// Whether no app will ever run again, and the part is known and the controller off, or the
    /// device has failed.
    pub fn is_over_and_known(&self) -> bool {
        self.is_over() && self.is_at_rest_and_known() && !self.has_kernel_work()
    }

    /// Whether interrupts or deferred calls are pending.
    pub fn has_kernel_work(&self) -> bool {
        self.chip.has_pending_interrupts() || DeferredCall::has_tasks()
    }

    /// Whether a process could run now.
    pub fn has_ready_process(&self) -> bool {
        self.residents
            .iter()
            .any(|resident| resident.process.ready())
    }

    /// Which apps can still run.
    pub fn alive(&self) -> impl Iterator<Item = bool> + '_ {
        self.residents.iter().map(Resident::is_alive)
    }

    /// Time passes until an interrupt is pending, or nothing will ever happen.
    pub fn wait_for_interrupt(&self) {
        while self.machine.sleep() && !self.chip.has_pending_interrupts() {}
    }

    /// Whether the lifecycle is in Off or Failed.
    pub fn is_at_rest(&self) -> bool {
        matches!(
            self.device.state(),
            lifecycle::State::Off | lifecycle::State::Failed
        )
    }

    /// Whether it is at rest, and the part was identified or could not be.
    pub fn is_at_rest_and_known(&self) -> bool {
        let known = self.device.profile().is_some() || self.device.last_fault().is_some();
        self.is_at_rest() && known
    }

    /// All apps.
    pub fn apps(&self) -> Vec<AppStatus> {
        self.residents
            .iter()
            .map(|resident| AppStatus {
                name: resident.name.clone(),
                id: resident.process.processid(),
                alive: resident.is_alive(),
                faulted: resident.process.get_state() == State::Faulted,
                completion: resident.process.get_completion_code(),
            })
            .collect()
    }

    /// What was counted for the app number `index`.
    pub fn counts(&self, index: usize) -> crate::ledger::Counts {
        self.ledger.counts(self.residents[index].memory)
    }

    /// What the app number `index` waits for.
    pub fn outstanding(&self, index: usize) -> Option<crate::ledger::Outstanding> {
        self.ledger.outstanding(self.residents[index].memory)
    }

    /// Terminates an app, as a user at the process console does.
    pub fn terminate(&mut self, index: usize) {
        let resident = &self.residents[index];
        self.ledger.died(resident.memory);
        resident.process.terminate(None);
    }

    /// Stops an app, which can be resumed.
    pub fn stop(&mut self, index: usize) {
        self.residents[index].process.stop();
    }

    /// Resumes a stopped app.
    pub fn resume(&mut self, index: usize) {
        self.residents[index].process.resume();
    }

    /// Detaches the device. False if that is under way or done already.
    pub fn detach(&mut self) -> bool {
        let accepted = self.device.detach().is_ok();
        self.detaching |= accepted;
        accepted
    }

    /// Whether a detach is under way.
    pub fn is_detaching(&self) -> bool {
        self.detaching
    }

    /// How the last detach ended that has ended.
    pub fn detach_result(&self) -> Option<Result<(), spi_nor::error::Error>> {
        self.detach_result
    }

    /// Attaches the device. False while a detach is under way.
    pub fn attach(&mut self) -> bool {
        self.device.attach().is_ok()
    }

    /// The kernel's flash, if the settings gave it a range.
    pub fn flash(&self) -> Option<&'static FlashFace<'static>> {
        self.flash
    }

    /// The kernel's storage, if the settings gave it a range.
    pub fn storage(&self) -> Option<&'static StorageFace<'static>> {
        self.storage
    }

    /// One more kernel client of the device, with `length` bytes from `start` on.
    pub fn add_region(
        &mut self,
        start: u32,
        length: u32,
        access: Access,
    ) -> &'static RegionFace<'static> {
        let face: &'static RegionFace =
            self._arena
                .alloc(RegionFace::new(self.device, start, length, access));
        self.device.add_client(self._arena.alloc(Seat::new(face)));
        self.regions.push(face);
        face
    }

    /// Keeps something for as long as the board lives.
    #[allow(clippy::mut_from_ref)]
    pub fn keep<T: 'static>(&self, value: T) -> &'static mut T {
        self._arena.alloc(value)
    }

    /// The device.
    pub fn device(&self) -> &'static SimDevice {
        self.device
    }

    /// The device's alarm.
    pub fn alarm(&self) -> &'static SimAlarm<'static> {
        self.alarm
    }

    /// The crystal oscillator.
    pub fn hfxo(&self) -> &'static Hfxo<'static> {
        self.hfxo
    }

    /// The microcontroller.
    pub fn chip(&self) -> &'static SimChip {
        self.chip
    }

    /// The system-call driver.
    pub fn driver(&self) -> &'static SimDriver {
        self.driver
    }

    /// The controller's driver.
    pub fn qspi(&self) -> &SimQspi {
        self.qspi
    }

    /// The switch to apps.
    pub fn boundary(&self) -> &Boundary {
        use kernel::platform::chip::Chip;
        self.chip.userspace_kernel_boundary()
    }

    /// Whether the CPU sleeps for ever.
    pub fn is_stuck(&self) -> bool {
        self.chip.is_stuck()
    }

    /// Lifecycle transitions since the last call.
    pub fn take_transitions(&self) -> Vec<(lifecycle::State, lifecycle::Event, lifecycle::State)> {
        self.listener.transitions.take()
    }

    /// What must hold when all is over: nobody is owed anything, nothing is held,
    /// everything is off, and the array holds what was acknowledged.
    pub fn settle(&mut self) {
        let now = self.machine.now_ns();
        let report = |breach| self.breaches.report(now, breach);
        if self.detaching {
            report(Breach::LostDetach);
        }
        if !self.is_at_rest() {
            report(Breach::StillOn);
        }
        // As long as it never was on, its pins are as after reset.
        let left_unparked = self.device.counters().power_ups > 0 && !self.pads.is_parked();
        if self.machine.read_register(0x500) & 1 != 0 || left_unparked {
            report(Breach::StillOn);
        }
        if !self.device.holds_buffer() && !self.qspi.has_quarantine() {
            report(Breach::LostBuffer);
        }
        let held = self.driver.living_leases();
        let living = self.apps().iter().filter(|app| app.alive).count();
        if held > living {
            report(Breach::WrongLeases { held, living });
        }
        self.ledger
            .settle(|start, length| self.array(start, length));
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        residents::leave(&self.residents);
    }
}
