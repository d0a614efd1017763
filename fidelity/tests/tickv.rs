// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Upstream's TicKV capsule, executed on upstream's kernel, on our flash, on the simulated board,
//! with power cuts.
//!
//! A board's life is a process: this program runs itself with `life`, what is to be done and files
//! for what the array holds before and after. Without arguments it tells stories of many lives.

use capsules_extra::sip_hash::SipHasher24;
use capsules_extra::tickv::{KVSystem, KVSystemClient, TicKVKeyType, TicKVSystem};
use kernel::ErrorCode;
use kernel::deferred_call::DeferredCallClient;
use kernel::hil::flash::HasClient;
use kernel::hil::hasher::Hasher;
use kernel::utilities::leasable_buffer::SubSliceMut;
use qspi_models::nor::{FaultTimes, FlashFault, InMemory, part};
use qspi_models::{FlashOperation, PowerState};
use spi_nor::flash::{FlashFace, PAGE_SIZE, Page};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::rc::Rc;
use tock_qspi::board::Board;
use tock_qspi::console::Recorder;
use tock_qspi::setup::{Pace, settings};

/// Where the store lies, and how many regions it has.
const START: u32 = 0x4_0000;
const REGIONS: usize = 4;
const LENGTH: usize = REGIONS * PAGE_SIZE;
/// Bytes that a value is read into.
const LONGEST: usize = 2048;
/// More passes of the kernel loop than anything takes.
const PASSES: u64 = 2_000_000;

type Store = TicKVSystem<'static, FlashFace<'static>, SipHasher24<'static>, PAGE_SIZE>;

/// What is asked of the store. As text: `+key:length`, `?key`, `-key`, `gc`, `#name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Append(u64, usize),
    Get(u64),
    Invalidate(u64),
    Collect,
    /// A name is hashed into a key, which is told.
    Hash(&'static str),
}

impl Step {
    fn text(self) -> String {
        match self {
            Step::Append(key, length) => format!("+{key}:{length}"),
            Step::Get(key) => format!("?{key}"),
            Step::Invalidate(key) => format!("-{key}"),
            Step::Collect => "gc".to_owned(),
            Step::Hash(name) => format!("#{name}"),
        }
    }

    fn parse(text: &'static str) -> Step {
        let number = |text: &str| text.parse().expect("a key");
        match text.split_at(1) {
            ("+", rest) => {
                let (key, length) = rest.split_once(':').expect("key:length");
                Step::Append(number(key), length.parse().expect("a length"))
            }
            ("?", key) => Step::Get(number(key)),
            ("-", key) => Step::Invalidate(number(key)),
            ("#", name) => Step::Hash(name),
            _ => Step::Collect,
        }
    }
}

/// The value of a key: other ones have others.
fn value(key: u64, length: usize) -> Vec<u8> {
    (0..length)
        .map(|index| (key as usize * 37 + index * 11 + index / 251) as u8)
        .collect()
}

/// A number for what a value holds.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What the store's user is told.
#[derive(Default)]
struct User {
    ended: RefCell<Option<String>>,
}

impl User {
    fn note(&self, result: Result<(), ErrorCode>, what: &str) {
        let ended = match result {
            Ok(()) => format!("ok {what}"),
            Err(error) => format!("{error:?} {what}"),
        };
        let before = self.ended.replace(Some(ended));
        assert_eq!(before, None, "one callback for each operation");
    }
}

impl KVSystemClient<TicKVKeyType> for User {
    fn generate_key_complete(
        &self,
        result: Result<(), ErrorCode>,
        _unhashed: SubSliceMut<'static, u8>,
        key: &'static mut TicKVKeyType,
    ) {
        self.note(result, &u64::from_be_bytes(*key).to_string());
    }

    fn append_key_complete(
        &self,
        result: Result<(), ErrorCode>,
        _key: &'static mut TicKVKeyType,
        value: SubSliceMut<'static, u8>,
    ) {
        assert!(value.len() > 0);
        self.note(result, "");
    }

    fn get_value_complete(
        &self,
        result: Result<(), ErrorCode>,
        _key: &'static mut TicKVKeyType,
        value: SubSliceMut<'static, u8>,
    ) {
        let told = format!("{} {:x}", value.len(), digest(value.as_slice()));
        self.note(result, if result.is_ok() { &told } else { "" });
    }

    fn invalidate_key_complete(
        &self,
        result: Result<(), ErrorCode>,
        _key: &'static mut TicKVKeyType,
    ) {
        self.note(result, "");
    }

    fn garbage_collect_complete(&self, result: Result<(), ErrorCode>) {
        self.note(result, "");
    }
}

fn leak<T>(value: T) -> &'static mut T {
    Box::leak(Box::new(value))
}

/// Starts a step. Refused: why.
fn start(store: &'static Store, step: Step) -> Result<(), ErrorCode> {
    match step {
        Step::Append(key, length) => store
            .append_key(
                leak(key.to_be_bytes()),
                SubSliceMut::new(value(key, length).leak()),
            )
            .map_err(|(_, _, error)| error),
        Step::Get(key) => store
            .get_value(
                leak(key.to_be_bytes()),
                SubSliceMut::new(vec![0; LONGEST].leak()),
            )
            .map_err(|(_, _, error)| error),
        Step::Invalidate(key) => store
            .invalidate_key(leak(key.to_be_bytes()))
            .map_err(|(_, error)| error),
        Step::Collect => store.garbage_collect(),
        Step::Hash(name) => store
            .generate_key(
                SubSliceMut::new(name.as_bytes().to_vec().leak()),
                leak([0; 8]),
            )
            .map_err(|(_, _, error)| error),
    }
}

/// One life of a board. The last step is cut, if `cut` says so. What came of each step, and what the
/// array holds in the end.
fn live(content: Option<Vec<u8>>, steps: &[Step], cut: Option<FlashFault>) -> (String, Vec<u8>) {
    let part = part("MX25R6435F").expect("a known part");
    let recorder = Rc::new(Recorder::default());
    let mut settings = settings(part, Box::new(InMemory), Pace::Typical, recorder);
    settings.flash_range = Some((START, LENGTH as u32));
    settings.qspi.set_observing(false);
    if let Some(content) = content {
        settings.qspi.flash_mut().poke(START, &content);
    }
    let mut board = Board::new(settings, Vec::new());
    let hasher: &'static SipHasher24 = leak(SipHasher24::new());
    hasher.register();
    let flash = board.flash().expect("it has a range");
    let store: &'static Store = leak(TicKVSystem::new(
        flash,
        hasher,
        leak([0; PAGE_SIZE]),
        leak(Page::default()),
        0,
        LENGTH,
    ));
    flash.set_client(store);
    hasher.set_client(store);
    let user: &'static User = leak(User::default());
    store.set_client(user);
    store.initialise();

    let mut log = String::new();
    let erased = Cell::new(flash.record().erased_bytes);
    for (index, step) in steps.iter().enumerate() {
        if index + 1 == steps.len()
            && let Some(fault) = cut
        {
            // What was begun before is over.
            assert!(board.run_until(PASSES, Board::is_at_rest_and_known));
            let times = FaultTimes::Count(1);
            board
                .machine
                .with_qspi(|qspi| qspi.flash_mut().faults.arm(fault, times));
        }
        if let Err(error) = start(store, *step) {
            writeln!(log, "refused {error:?}").expect("a string");
            continue;
        }
        let is_off = |board: &Board| {
            board
                .machine
                .with_qspi(|qspi| qspi.flash().power_state() == PowerState::Off)
        };
        let came = board.run_until(PASSES, |board| {
            user.ended.borrow().is_some() || is_off(board)
        });
        assert!(came, "{step:?} never ends: {log}");
        if is_off(&board) {
            writeln!(log, "cut").expect("a string");
            break;
        }
        let ended = user.ended.take().expect("it has ended");
        let now = flash.record().erased_bytes;
        let erases = (now - erased.replace(now)) / PAGE_SIZE as u32;
        writeln!(log, "{ended}, {erases} erased").expect("a string");
    }
    if !log.ends_with("cut\n") {
        assert!(board.run_until(PASSES, Board::is_at_rest_and_known));
        board.settle();
        assert_eq!(board.breaches.all(), []);
    }
    let content = board.array(START, LENGTH);
    (log, content)
}

/// The same in a process of its own.
struct Lives {
    scratch: std::path::PathBuf,
    count: Cell<u32>,
}

impl Lives {
    fn live(
        &self,
        content: Option<&[u8]>,
        steps: &[Step],
        cut: Option<(FlashOperation, u32)>,
    ) -> (Vec<String>, Vec<u8>) {
        self.count.set(self.count.get() + 1);
        let [before, after] = ["before", "after"].map(|name| self.scratch.join(name));
        let _ = std::fs::remove_file(&before);
        if let Some(content) = content {
            std::fs::write(&before, content).expect("there is room");
        }
        let program = std::env::current_exe().expect("it has a name");
        let mut command = Command::new(program);
        command.arg("life").arg(&before).arg(&after);
        command.arg(match cut {
            None => "-".to_owned(),
            Some((FlashOperation::Erase, bytes)) => format!("erase:{bytes}"),
            Some((_, bytes)) => format!("program:{bytes}"),
        });
        command.args(steps.iter().map(|step| step.text()));
        let output = command.output().expect("it runs");
        assert!(
            output.status.success(),
            "{steps:?}, {cut:?}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        let log = String::from_utf8(output.stdout).expect("text");
        let lines = log.lines().map(str::to_owned).collect();
        (lines, std::fs::read(&after).expect("it was written"))
    }

    /// The last of some steps is cut at each place. What the array holds then, and where it was cut.
    fn cuts(
        &self,
        content: &[u8],
        step: Step,
        during: FlashOperation,
        places: impl Iterator<Item = u32>,
    ) -> Vec<(u32, Vec<u8>)> {
        let mut all = Vec::new();
        for place in places {
            let (log, left) = self.live(Some(content), &[step], Some((during, place)));
            if log != ["cut"] {
                break;
            }
            all.push((place, left));
        }
        all
    }
}

fn got(key: u64, length: usize) -> String {
    let bytes = value(key, length);
    format!("ok {length} {:x}, 0 erased", digest(&bytes))
}

/// Keys of the same region, as the store finds it.
const fn key(region: u64, number: u64) -> u64 {
    number * 0x1_0000 + 0x100 + region
}

/// Values of these lengths are kept under these keys from the first life on.
const KEPT: [(u64, usize); 5] = [
    (key(0, 1), 100),
    (key(1, 1), 900),
    (key(1, 2), 300),
    (key(3, 1), 2000),
    (key(3, 2), 17),
];
const DOOMED: [(u64, usize); 2] = [(key(2, 1), 700), (key(2, 2), 1200)];

/// Asks for all that is kept.
fn all_kept() -> Vec<Step> {
    KEPT.map(|(key, _)| Step::Get(key)).to_vec()
}

fn assert_kept(log: &[String], what: &str) {
    let expected = KEPT.map(|(key, length)| got(key, length));
    assert_eq!(log[..KEPT.len()], expected, "{what}");
}

const WRITTEN: &str = "ok , 0 erased";
const BROKEN: &str = "FAIL , 0 erased";
const MISSING: &str = "NOSUPPORT , 0 erased";

fn stories(lives: &Lives) {
    // A part that holds something else: all regions are erased, once.
    let foreign = vec![0xA5; LENGTH];
    let (log, content) = lives.live(
        Some(&foreign),
        &[
            Step::Hash("name"),
            Step::Get(key(1, 1)),
            Step::Get(key(1, 1)),
        ],
        None,
    );
    assert!(
        log[0].starts_with("ok ") && log[0] != "ok 0, 0 erased",
        "{log:?}"
    );
    assert_eq!(
        log[1..],
        [format!("NOSUPPORT , {REGIONS} erased"), MISSING.to_owned()]
    );

    // Put and get, invalidate, and again in another life. Nothing is erased for it.
    let mut steps: Vec<Step> = KEPT
        .iter()
        .chain(&DOOMED)
        .map(|(key, length)| Step::Append(*key, *length))
        .collect();
    steps.extend(all_kept());
    steps.extend([Step::Append(KEPT[1].0, 5), Step::Get(key(3, 9))]);
    let (log, content) = lives.live(Some(&content), &steps, None);
    let stored = KEPT.len() + DOOMED.len();
    assert_eq!(log[..stored], vec![WRITTEN; stored]);
    assert_kept(&log[stored..], "in the same life");
    assert_eq!(log[stored + KEPT.len()..], [MISSING, MISSING]);
    let (log, _) = lives.live(Some(&content), &all_kept(), None);
    assert_kept(&log, "in the next life");
    let base = content;
    println!("tickv: put and get over lives: {} keys, no erase", stored);

    // The power goes at every byte of what an append programs.
    let (fresh, length) = (key(1, 7), 200);
    let cut = lives.cuts(
        &base,
        Step::Append(fresh, length),
        FlashOperation::Program,
        0..=256,
    );
    assert!(cut.len() > 40, "{} places", cut.len());
    // Behind the two objects of this region: each has a header and a checksum.
    let place_of_fresh = PAGE_SIZE + KEPT[1].1 + KEPT[2].1 + 2 * (11 + 4);
    assert_eq!(base[place_of_fresh - 1..][..2].last(), Some(&0xFF));
    let mut ends = BTreeMap::new();
    for (place, left) in &cut {
        let what = format!("append cut after {place}");
        let mut steps = all_kept();
        steps.extend([
            Step::Get(fresh),
            Step::Append(key(1, 8), 60),
            Step::Get(key(1, 8)),
            Step::Append(key(0, 8), 60),
            Step::Get(key(0, 8)),
        ]);
        let (log, _) = lives.live(Some(left), &steps, None);
        assert_kept(&log, &what);
        let [of_fresh, appended, found, elsewhere, found_elsewhere] = &log[KEPT.len()..] else {
            panic!("{what}: {log:?}");
        };
        // It is there or it is not, and if it is broken that is found out.
        let end = if *of_fresh == got(fresh, length) {
            "there"
        } else if *of_fresh == MISSING {
            "not there"
        } else {
            assert_eq!(of_fresh, BROKEN, "{what}");
            "found to be broken"
        };
        // The store itself takes nothing into a region any more in which the first byte of an
        // object is half programmed.
        let is_torn = ![0xFF, 0x01].contains(&left[place_of_fresh]);
        if is_torn {
            assert_eq!([appended, found], [BROKEN; 2], "{what}");
        } else {
            assert_eq!([appended, found], [WRITTEN, &got(key(1, 8), 60)], "{what}");
        }
        assert_eq!(
            [elsewhere, found_elsewhere],
            [WRITTEN, &got(key(0, 8), 60)],
            "{what}"
        );
        let entry = (
            end,
            if is_torn {
                ", and the region is closed"
            } else {
                ""
            },
        );
        *ends.entry(entry).or_insert(0) += 1;
    }
    println!(
        "tickv: an append cut after {} numbers of bytes: what was there is there; the new one is",
        cut.len()
    );
    for ((end, and), count) in ends {
        println!("tickv: {count:>8} times {end}{and}");
    }

    // An invalidation, which is a bit.
    let cut = lives.cuts(
        &base,
        Step::Invalidate(DOOMED[0].0),
        FlashOperation::Program,
        0..=256,
    );
    assert!(!cut.is_empty());
    let doomed = got(DOOMED[0].0, DOOMED[0].1);
    for (place, left) in &cut {
        let what = format!("invalidation cut after {place}");
        let mut steps = all_kept();
        steps.extend([Step::Get(DOOMED[0].0), Step::Get(DOOMED[1].0)]);
        let (log, _) = lives.live(Some(left), &steps, None);
        assert_kept(&log, &what);
        assert!(
            [doomed.as_str(), MISSING].contains(&log[KEPT.len()].as_str()),
            "{what}"
        );
        assert_eq!(log[KEPT.len() + 1], got(DOOMED[1].0, DOOMED[1].1), "{what}");
    }
    println!("tickv: an invalidation cut at {} bytes", cut.len());

    // Garbage: a region in which nothing is valid is erased.
    let (log, rubbish) = lives.live(
        Some(&base),
        &DOOMED.map(|(key, _)| Step::Invalidate(key)),
        None,
    );
    assert_eq!(log, [WRITTEN, WRITTEN]);
    let mut steps = vec![Step::Collect];
    steps.extend(all_kept());
    steps.push(Step::Append(DOOMED[0].0, 1900));
    steps.push(Step::Get(DOOMED[0].0));
    let (log, _) = lives.live(Some(&rubbish), &steps, None);
    assert_eq!(log[0], "ok , 1 erased");
    assert_kept(&log[1..], "after a collection");
    assert_eq!(
        log[1 + KEPT.len()..],
        [WRITTEN.to_owned(), got(DOOMED[0].0, 1900)]
    );

    // The power goes in that erase: it is done again, and what is put there is whole.
    let places = (0..PAGE_SIZE as u32)
        .step_by(64)
        .flat_map(|place| [place, place + 13]);
    let cut = lives.cuts(&rubbish, Step::Collect, FlashOperation::Erase, places);
    assert!(cut.len() > 100, "{} places", cut.len());
    let start_of_rubbish = 2 * PAGE_SIZE;
    let mut torn = 0;
    for (place, left) in &cut {
        let what = format!("collection cut after {place}");
        let mut steps = all_kept();
        steps.extend([Step::Append(key(2, 5), 1500), Step::Get(key(2, 5))]);
        // The first byte is half erased: the store takes nothing into the region any more, and a
        // collection that comes upon it is never told of its end.
        let is_torn = ![0xFF, 0x01].contains(&left[start_of_rubbish]);
        if !is_torn {
            steps.extend([Step::Collect, Step::Get(key(2, 5))]);
        }
        let (log, _) = lives.live(Some(left), &steps, None);
        assert_kept(&log, &what);
        match &log[KEPT.len()..] {
            [appended, found, collected, again] if !is_torn => {
                assert!(appended.starts_with("ok "), "{what}: {appended}");
                assert!(collected.starts_with("ok "), "{what}: {collected}");
                assert_eq!([found, again], [&got(key(2, 5), 1500); 2], "{what}");
            }
            [appended, found] if is_torn => {
                torn += 1;
                assert_eq!([appended, found], [BROKEN; 2], "{what}");
            }
            log => panic!("{what}: {log:?}"),
        }
    }
    println!(
        "tickv: a collection cut after {} numbers of bytes, {torn} of which close the region",
        cut.len()
    );
}

fn main() -> ExitCode {
    let arguments: Vec<&'static str> = std::env::args()
        .skip(1)
        .map(|argument| &*argument.leak())
        .collect();
    if let ["life", before, after, cut, steps @ ..] = arguments.as_slice() {
        let cut = cut
            .split_once(':')
            .map(|(kind, bytes)| FlashFault::PowerCut {
                during: match kind {
                    "erase" => FlashOperation::Erase,
                    _ => FlashOperation::Program,
                },
                after_bytes: bytes.parse().expect("bytes"),
            });
        let steps: Vec<Step> = steps.iter().map(|text| Step::parse(text)).collect();
        let (log, content) = live(std::fs::read(before).ok(), &steps, cut);
        print!("{log}");
        std::fs::write(Path::new(after), content).expect("there is room");
        return ExitCode::SUCCESS;
    }
    let scratch = std::env::temp_dir().join(format!("tickv-{}", std::process::id()));
    std::fs::create_dir_all(&scratch).expect("there is room");
    let lives = Lives {
        scratch: scratch.clone(),
        count: Cell::new(0),
    };
    stories(&lives);
    let _ = std::fs::remove_dir_all(scratch);
    println!("tickv: {} lives of a board", lives.count.get());
    ExitCode::SUCCESS
}
