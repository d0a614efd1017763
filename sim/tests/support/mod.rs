// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What the fault tests share: a bench to boot a board on, apps that note how their
//! operations ended, and kernel users that do.

// Each test program uses a part of it.
#![allow(dead_code)]

use kernel::hil::flash::{self as hil_flash, HasClient};
use nrf52840_qspi::Divider;
use qspi_models::nor::{InMemory, PartSpec, part, parts};
use qspi_models::{Nor, Qspi, Violation};
use spi_nor::flash::{FlashFace, PAGE_SIZE, Page};
use spi_nor::lifecycle::State;
use spi_nor::region::{Access, Grants};
use std::cell::{Cell, RefCell};
use std::num::NonZeroU32;
use std::rc::Rc;
use tock_qspi::board::{AfterFault, AppSpec, Board, Settings, SimDevice};
use tock_qspi::breach::Breach;
use tock_qspi::console::Recorder;
use tock_qspi::machine::Machine;
use tock_qspi::setup::{self, Pace};
use userland_rt::alarm;
use userland_rt::flash::{self, Error};
use userland_rt::system_call::exit_terminate;

pub use userland_rt::ErrorCode;

/// Bytes of each app's region; app number n has the n-th.
pub const REGION: u32 = 0x1_0000;
/// Bytes of a sector.
pub const SECTOR: u32 = 4096;
/// Range of the kernel's flash user.
pub const FLASH: (u32, u32) = (0x8_0000, 0x4000);
/// Range of the kernel's storage user.
pub const STORAGE: (u32, u32) = (0x9_0000, 0x4000);

/// The part that a board knows which has as little as there can be.
pub const KNOWN_PART: &str = "MX25R6435F";

/// Those of `parts` that the board comes up with: all of them, or the one that it knows.
pub fn known(parts: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
    let is_known = |part: &&str| !cfg!(feature = "minimal") || *part == KNOWN_PART;
    let parts: Vec<&str> = parts.into_iter().filter(is_known).collect();
    assert!(!parts.is_empty(), "nothing would be tested");
    parts
}

/// Of all that the model knows.
pub fn all_known() -> impl Iterator<Item = &'static PartSpec> {
    known(parts().iter().map(|part| part.name))
        .into_iter()
        .filter_map(part)
}

/// The program's own board with that part on it.
pub fn shipped(name: &str) -> Settings {
    let part = part(name).expect("a known part");
    let sink = Rc::new(Recorder::default());
    setup::settings(part, Box::new(InMemory), Pace::Typical, sink)
}

/// One that rests sooner, and switches to apps faster.
pub fn settings(name: &str) -> Settings {
    Settings {
        idle_us: 10_000,
        switch_ns: 100,
        ..shipped(name)
    }
}

/// An app that may do anything in its region (first byte, bytes), and ends after this.
pub fn app(number: u32, (start, length): (u32, u32), main: impl FnMut() + 'static) -> AppSpec {
    let main = RefCell::new(main);
    AppSpec {
        name: format!("app-{number}"),
        id: NonZeroU32::MIN.saturating_add(number),
        main: Box::new(move || {
            (main.borrow_mut())();
            exit_terminate(0);
        }),
        region: Some((start, length, Access::ReadWrite)),
        after_fault: AfterFault::Stop,
    }
}

/// Whether these are pages only that the controller has sent by itself after a WREN of its own which
/// the part did not hear.
pub fn are_unheard_pages(breaches: &[(u64, Breach)]) -> bool {
    breaches.iter().all(|(_, breach)| {
        let unheard = matches!(
            breach,
            Breach::Hardware(Violation::NotWriteEnabled {
                opcode: 0x02 | 0x32 | 0x38
            })
        );
        unheard && !cfg!(feature = "minimal")
    })
}

/// How an operation of an app ended.
pub type Outcome = Result<(), Error>;

/// It was accepted and ended in this, after `done` bytes.
pub const fn ended(code: ErrorCode, done: u32) -> Outcome {
    Err(Error::Ended { code, done })
}

/// It was refused.
pub const fn refused(code: ErrorCode) -> Outcome {
    Err(Error::Refused(code))
}

/// What apps and the test tell each other.
#[derive(Default)]
pub struct Lab {
    machine: RefCell<Option<Rc<Machine>>>,
    device: Cell<Option<&'static SimDevice>>,
    notes: RefCell<Vec<(&'static str, Outcome)>>,
    signals: Cell<u32>,
    /// For tests that count something of their own.
    pub tally: Cell<u32>,
}

impl Lab {
    /// Does something to the peripheral, now.
    pub fn qspi<R>(&self, work: impl FnOnce(&mut Qspi) -> R) -> R {
        let machine = self.machine.borrow().clone();
        machine.expect("the board is up").with_qspi(work)
    }

    /// Does something to the part, now.
    pub fn nor<R>(&self, work: impl FnOnce(&mut Nor) -> R) -> R {
        self.qspi(|qspi| work(qspi.flash_mut()))
    }

    /// Simulated time in ns.
    pub fn now_ns(&self) -> u64 {
        let machine = self.machine.borrow().clone();
        machine.expect("the board is up").now_ns()
    }

    /// The device.
    pub fn device(&self) -> &'static SimDevice {
        self.device.get().expect("the board is up")
    }

    /// Notes an outcome and passes it on.
    pub fn note(&self, what: &'static str, outcome: Outcome) -> Outcome {
        self.notes.borrow_mut().push((what, outcome));
        outcome
    }

    /// All that was noted since the last call.
    pub fn take_notes(&self) -> Vec<(&'static str, Outcome)> {
        self.notes.take()
    }

    /// How much was noted.
    pub fn noted(&self) -> usize {
        self.notes.borrow().len()
    }

    /// Lets one [`wait_for_signal`](Self::wait_for_signal) go on.
    pub fn signal(&self) {
        self.signals.set(self.signals.get() + 1);
    }

    /// An app waits for the test.
    pub fn wait_for_signal(&self) {
        while self.signals.get() == 0 {
            let _ = alarm::sleep_ms(1);
        }
        self.signals.set(self.signals.get() - 1);
    }

    /// An app opens.
    pub fn open(&self) -> Outcome {
        self.note("open", flash::open())
    }

    /// An app reads 64 bytes.
    pub fn read(&self, address: u32) -> Outcome {
        self.note("read", flash::read(address, &mut [0; 64]))
    }

    /// An app programs 300 bytes, so two pages or three.
    pub fn program(&self, address: u32) -> Outcome {
        // What is shared has to be the app's own memory: its stack.
        let mut data = [0; 300];
        fill(address, &mut data);
        self.note("program", flash::program(address, &data))
    }

    /// An app erases a sector.
    pub fn erase(&self, address: u32) -> Outcome {
        self.note("erase", flash::erase(address, SECTOR))
    }

    /// An app erases, programs and reads back: all is well, or the step that is not.
    pub fn works(&self) -> Outcome {
        let outcome = everything_works();
        self.note("works", outcome)
    }
}

/// Bytes that depend on where they are.
pub fn fill(address: u32, data: &mut [u8]) {
    for (index, byte) in data.iter_mut().enumerate() {
        *byte = ((address as usize + index) as u8).wrapping_mul(31) ^ 0x5A;
    }
}

/// The same, not for apps: it is on the heap.
pub fn pattern(address: u32, length: usize) -> Vec<u8> {
    let mut data = vec![0; length];
    fill(address, &mut data);
    data
}

fn everything_works() -> Outcome {
    flash::erase(0, 2 * SECTOR)?;
    let mut data = [0; 600];
    fill(SECTOR - 100, &mut data);
    flash::program(SECTOR - 100, &data)?;
    let mut found = [0; 600];
    flash::read(SECTOR - 100, &mut found)?;
    if found == data {
        Ok(())
    } else {
        Err(Error::Count { done: 0 })
    }
}

/// A board to be.
pub struct Bench {
    settings: Settings,
    lab: Rc<Lab>,
    apps: Vec<AppSpec>,
}

impl Bench {
    /// With this part.
    pub fn new(part: &str) -> Bench {
        Bench {
            settings: settings(part),
            lab: Rc::default(),
            apps: Vec::new(),
        }
    }

    /// Does something to the peripheral before it is powered.
    pub fn qspi(mut self, work: impl FnOnce(&mut Qspi)) -> Bench {
        work(&mut self.settings.qspi);
        self
    }

    /// Does something to the part before it is powered.
    pub fn nor(mut self, work: impl FnOnce(&mut Nor)) -> Bench {
        work(self.settings.qspi.flash_mut());
        self
    }

    /// The bus clock.
    pub fn divider(mut self, divider: Divider) -> Bench {
        self.settings.divider = divider;
        self
    }

    /// The idle time.
    pub fn idle_us(mut self, idle_us: u32) -> Bench {
        self.settings.idle_us = idle_us;
        self
    }

    /// What a switch to an app costs.
    pub fn switch_ns(mut self, switch_ns: u64) -> Bench {
        self.settings.switch_ns = switch_ns;
        self
    }

    /// The kernel's flash and storage users have their ranges.
    pub fn with_kernel_users(mut self) -> Bench {
        self.settings.flash_range = Some(FLASH);
        self.settings.storage_range = Some(STORAGE);
        self
    }

    /// One more app.
    pub fn app(mut self, main: impl Fn(&Lab) + 'static) -> Bench {
        let lab = Rc::clone(&self.lab);
        self.push(Box::new(move || main(&lab)), AfterFault::Stop);
        self
    }

    /// One more app, that is restarted if it faults.
    pub fn undying_app(mut self, main: impl Fn(&Lab) + 'static) -> Bench {
        let lab = Rc::clone(&self.lab);
        self.push(Box::new(move || main(&lab)), AfterFault::Restart);
        self
    }

    /// One of the apps of `userland-cases`.
    pub fn case(mut self, name: &str) -> Bench {
        let main = userland_cases::app::find(name).expect("a known app").main;
        self.push(Box::new(main), AfterFault::Stop);
        self
    }

    /// One more app, to which its board grants this.
    pub fn granted(mut self, grants: Grants, main: impl Fn(&Lab) + 'static) -> Bench {
        let lab = Rc::clone(&self.lab);
        self.push(Box::new(move || main(&lab)), AfterFault::Stop);
        if let Some(AppSpec {
            region: Some((_, _, access)),
            ..
        }) = self.apps.last_mut()
        {
            *access = Access::ReadWriteAnd(grants);
        }
        self
    }

    fn push(&mut self, main: Box<dyn Fn()>, after_fault: AfterFault) {
        let index = self.apps.len() as u32;
        self.apps.push(AppSpec {
            name: format!("app {index}"),
            id: NonZeroU32::new(index + 1).expect("not 0"),
            main,
            region: Some((index * REGION, REGION, Access::ReadWrite)),
            after_fault,
        });
    }

    /// Powers it up.
    pub fn boot(self) -> Trial {
        let recorder = Rc::new(Recorder::default());
        let settings = Settings {
            sink: recorder.clone(),
            ..self.settings
        };
        let board = Board::new(settings, self.apps);
        // Nobody looks at the stream, and long tests would drown in it.
        board.machine.with_qspi(|qspi| qspi.set_observing(false));
        *self.lab.machine.borrow_mut() = Some(Rc::clone(&board.machine));
        self.lab.device.set(Some(board.device()));
        Trial {
            board,
            lab: self.lab,
            recorder,
            limit: 1_000_000,
        }
    }
}

/// A board under test.
pub struct Trial {
    /// The board.
    pub board: Board,
    /// What its apps note.
    pub lab: Rc<Lab>,
    /// What they print.
    pub recorder: Rc<Recorder>,
    /// Passes of the kernel loop after which a wait has failed.
    pub limit: u64,
}

impl Trial {
    fn describe(&self) -> String {
        format!(
            "{} ms, {} steps, {:?}, fault {:?}, {:?}, {:?}, {:?}, apps {:?}, waiting {:?}, noted {:?}, breaches {:?}",
            self.board.machine.now_ns() / 1_000_000,
            self.board.steps(),
            self.board.device().state(),
            self.board.device().last_fault(),
            self.board.device().counters(),
            self.board.qspi().counters(),
            self.board.driver().counters(),
            self.board.apps(),
            self.board.ledger.waiting(),
            self.lab.notes.borrow(),
            self.board.breaches.all(),
        )
    }

    /// Steps until `done`.
    pub fn run_until(&mut self, done: impl FnMut(&Board) -> bool) {
        let reached = self.board.run_until(self.limit, done);
        assert!(reached, "never came so far: {}", self.describe());
    }

    /// Steps until so much is noted.
    pub fn run_until_noted(&mut self, count: usize) {
        let lab = Rc::clone(&self.lab);
        self.run_until(|_| lab.noted() >= count);
    }

    /// Steps until the lifecycle is there.
    pub fn run_until_state(&mut self, state: State) {
        self.run_until(|board| board.device().state() == state);
    }

    /// Steps until no app lives and the controller is off.
    pub fn run_to_end(&mut self) {
        self.run_until(Board::is_over);
    }

    /// A few passes more, for what is left to be told.
    pub fn idle_along(&mut self) {
        for _ in 0..5 {
            self.board.step();
        }
    }

    /// Attaches the device again after a failure, and lets the app go on.
    pub fn recover(&mut self) {
        assert!(self.board.attach(), "{}", self.describe());
        self.lab.signal();
    }

    /// The end: what every board must show, but for breaches that are `caused` by what
    /// the test did to the hardware. Returns those.
    pub fn finish_but(mut self, caused: impl Fn(&Breach) -> bool) -> Vec<Breach> {
        self.board.settle();
        // The model's own register, not the driver's idea of it.
        assert_eq!(
            self.board.machine.read_register(0x500) & 1,
            0,
            "{}",
            self.describe()
        );
        let (expected, others): (Vec<Breach>, Vec<Breach>) = self
            .board
            .breaches
            .all()
            .into_iter()
            .map(|(_, breach)| breach)
            .partition(caused);
        assert_eq!(others, Vec::new(), "{}", self.describe());
        expected
    }

    /// The end, with no breach at all.
    pub fn finish(self) {
        self.finish_but(|_| false);
    }

    /// The end, in Off.
    pub fn finish_off(self) {
        assert_eq!(
            self.board.device().state(),
            State::Off,
            "{}",
            self.describe()
        );
        self.finish();
    }

    /// The board's bytes of app `index`'s region.
    pub fn region(&self, index: u32, start: u32, length: usize) -> Vec<u8> {
        self.board.array(index * REGION + start, length)
    }
}

/// What a kernel user does inside its callbacks.
pub type Inside = Box<dyn Fn(&FlashUser)>;

/// A kernel user of the flash face.
#[derive(Default)]
pub struct FlashUser {
    /// Its face.
    pub face: Cell<Option<&'static FlashFace<'static>>>,
    /// Its page, while it is its own.
    pub page: Cell<Option<&'static mut Page>>,
    /// How its operations ended.
    pub ended: RefCell<Vec<(&'static str, Result<(), hil_flash::Error>)>>,
    /// Done inside each callback.
    pub inside: RefCell<Option<Inside>>,
}

impl FlashUser {
    fn note(&self, what: &'static str, result: Result<(), hil_flash::Error>) {
        self.ended.borrow_mut().push((what, result));
        let inside = self.inside.borrow_mut().take();
        if let Some(inside) = inside {
            inside(self);
            let mut place = self.inside.borrow_mut();
            if place.is_none() {
                *place = Some(inside);
            }
        }
    }

    /// On this board.
    pub fn on(board: &Board) -> (&'static FlashFace<'static>, &'static FlashUser) {
        let face = board.flash().expect("it has a range");
        let user: &'static FlashUser = board.keep(FlashUser::default());
        user.face.set(Some(face));
        user.page.set(Some(board.keep(Page([0; PAGE_SIZE]))));
        face.set_client(user);
        (face, user)
    }
}

impl hil_flash::Client<FlashFace<'static>> for FlashUser {
    fn read_complete(&self, page: &'static mut Page, result: Result<(), hil_flash::Error>) {
        self.page.set(Some(page));
        self.note("read", result);
    }

    fn write_complete(&self, page: &'static mut Page, result: Result<(), hil_flash::Error>) {
        self.page.set(Some(page));
        self.note("write", result);
    }

    fn erase_complete(&self, result: Result<(), hil_flash::Error>) {
        self.note("erase", result);
    }
}
