// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Table and diagram of the operation in `doc/state-machines.md` are the code's.
//!
//! The script's state is more than its stage. So it is driven through all that can come back,
//! for all kinds of operation, and each step is put under a name: stage and what came back.
//! Steps of the same name have to lead to the same.

#[path = "../../../doc/documented.rs"]
mod documented;

use documented::{Edge, Section, shared_rows};
use qspi_hil::{AddressWidth, Operation, Template};
use spi_nor::error::Error;
use spi_nor::opcode;
use spi_nor::operation::{
    Begin, Beside, Follow, Kind, Next, OperationScript, Recipe, Stage, verdict,
};
use spi_nor::part::FourByteMode;
use spi_nor::script::{Act, Input};
use spi_nor::status_register::{FSR_ERASE_FAILED, FSR_PROGRAM_FAILED, FSR_PROTECTION};
use spi_nor::status_register::{Poll, WEL, WIP};
use std::collections::HashSet;

const REFUSALS: [qspi_hil::Error; 9] = [
    qspi_hil::Error::Unsupported,
    qspi_hil::Error::Misaligned,
    qspi_hil::Error::Empty,
    qspi_hil::Error::TooLong,
    qspi_hil::Error::OutOfReach,
    qspi_hil::Error::AddressOverflow,
    qspi_hil::Error::SurplusBuffer,
    qspi_hil::Error::ClockUnavailable,
    qspi_hil::Error::Hardware,
];

/// One step of a script, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    stage: &'static str,
    came_back: &'static str,
    next: &'static str,
    act: String,
}

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued => "Queued",
        Stage::CheckingLock => "CheckingLock",
        Stage::EnteringSecured => "EnteringSecured",
        Stage::EnablingFourByte => "EnablingFourByte",
        Stage::EnteringFourByte => "EnteringFourByte",
        Stage::EnablingWrite => "EnablingWrite",
        Stage::CheckingWriteEnable => "CheckingWriteEnable",
        Stage::Transferring => "Transferring",
        Stage::Busy => "Busy",
        Stage::Polling => "Polling",
        Stage::Confirming => "Confirming",
        Stage::EnablingNext => "EnablingNext",
        Stage::CheckingNext => "CheckingNext",
        Stage::Queueing => "Queueing",
        Stage::Withdrawing => "Withdrawing",
        Stage::ClearingFailure(_) => "ClearingFailure",
        Stage::LeavingSecured(_) => "LeavingSecured",
        Stage::Done => "Done",
    }
}

/// What came back to `script`, as the documents call it. `waited_us` is the sum of all pauses so far.
fn came_back(
    recipe: &Recipe,
    script: &OperationScript,
    input: &Input<'_>,
    waited_us: u32,
    follow: Follow,
) -> &'static str {
    let (stage, is_enabled) = (script.stage(), script.is_enabled());
    let looks_again = { *script.pace() }.looks_again();
    let verdict = |poll, status| match poll {
        Poll::StatusRegister if is_enabled => Ok(()),
        poll => verdict(poll, status),
    };
    let kind = match (recipe.kind, stage) {
        (Kind::Read, _) => "read",
        (
            Kind::Program | Kind::Erase,
            Stage::Queued | Stage::EnteringFourByte | Stage::CheckingLock | Stage::EnteringSecured,
        ) if recipe.enables_write => "program or erase: at once",
        (Kind::Program | Kind::Erase, _) => "program or erase",
    };
    let status = match input {
        Input::Refused(_) => return "refused",
        Input::Elapsed => return "elapsed",
        Input::Begin | Input::Done(_) => input.first(),
    };
    match (stage, status) {
        (Stage::Queued, _) => match (recipe.four_byte_mode, recipe.beside) {
            (Some(mode), _) if mode.write_enable => "4-byte mode after WREN",
            (Some(_), _) => "4-byte mode",
            (None, Some(beside)) if beside.lock.is_some() => "has a lock",
            (None, Some(_)) => "secured",
            (None, None) => kind,
        },
        (Stage::CheckingLock, None | Some(0xFF)) => "all ones or nothing",
        (Stage::CheckingLock, Some(register)) if register & LOCKS != 0 => "locked",
        (Stage::CheckingLock, Some(_)) if is_secured(recipe) => "secured",
        (
            Stage::CheckingLock
            | Stage::EnteringSecured
            | Stage::EnteringFourByte
            | Stage::Transferring,
            _,
        ) => kind,
        (Stage::CheckingWriteEnable, None | Some(0xFF)) => "all ones or nothing",
        (Stage::CheckingWriteEnable, Some(status)) => match (status & WEL, status & WIP) {
            (_, WIP) => "busy",
            (WEL, _) if status & recipe.unlocked != 0 => "locked again",
            (WEL, _) => "WEL",
            (_, _) => "no WEL",
        },
        (Stage::Polling | Stage::Confirming | Stage::CheckingNext, None) => "nothing",
        (Stage::Polling, Some(_)) if follow == Follow::Queued => "busy before a page",
        (Stage::Polling | Stage::Confirming, Some(status)) if recipe.poll.is_busy(status) => {
            if looks_again && stage == Stage::Polling {
                "busy near the end"
            } else if waited_us < recipe.maximum_us {
                "busy"
            } else {
                "busy for too long"
            }
        }
        (Stage::Polling, Some(status))
            if follow == Follow::Enabled && verdict(recipe.poll, status).is_ok() =>
        {
            if recipe.enables_write {
                "quiet before a page: at once"
            } else {
                "quiet before a page"
            }
        }
        (Stage::Polling, Some(_)) => "quiet",
        (Stage::CheckingNext, Some(status)) => match (status & WEL, status & WIP) {
            (_, WIP) if waited_us < recipe.maximum_us => "busy",
            (_, WIP) => "busy for too long",
            (WEL, _) => "WEL",
            (_, _) => "no WEL",
        },
        (Stage::Confirming, Some(status)) if is_enabled && verdict(recipe.poll, status).is_ok() => {
            "quiet after WREN for a page"
        }
        (Stage::Confirming, Some(status)) if script.is_lost(verdict(recipe.poll, status)) => {
            "quiet but lost"
        }
        (Stage::Confirming, Some(status)) => {
            let failures = FSR_PROTECTION | FSR_ERASE_FAILED | FSR_PROGRAM_FAILED;
            match recipe.poll {
                Poll::StatusRegister if status & WEL != 0 => "quiet with WEL",
                Poll::FlagStatusRegister if status & failures != 0 => "quiet with failure",
                Poll::StatusRegister | Poll::FlagStatusRegister => "quiet",
            }
        }
        (
            Stage::EnablingFourByte
            | Stage::EnablingWrite
            | Stage::Busy
            | Stage::EnablingNext
            | Stage::Queueing
            | Stage::Withdrawing
            | Stage::ClearingFailure(_)
            | Stage::LeavingSecured(_)
            | Stage::Done,
            _,
        ) => "done",
    }
}

/// Bits that lock, in any register.
const LOCKS: u8 = 0b11;

fn is_secured(recipe: &Recipe) -> bool {
    recipe.beside.is_some_and(|beside| beside.secured.is_some())
}

const LOOK: Template = Template::register_in(opcode::RDSR);

fn bare(opcode: u8) -> Act {
    Act::Command(Operation::plain(Template::bare(opcode)))
}

fn receive(opcode: u8) -> Act {
    Act::Receive(Operation::plain(Template::register_in(opcode)), 1)
}

/// The act, as the documents call it. Every detail of it is compared on the way.
fn act_name(
    recipe: &Recipe,
    from: Stage,
    after: &OperationScript,
    input: &Input<'_>,
    act: Act,
) -> String {
    let (to, hands_over) = (after.stage(), after.hands_over());
    let transfer = match recipe.kind {
        Kind::Read => Act::Read(recipe.operation, recipe.length),
        Kind::Program => Act::Program(recipe.operation, recipe.length),
        Kind::Erase => Act::Command(recipe.operation),
    };
    let enter = recipe.four_byte_mode.map(|mode| bare(mode.enter));
    match (act, to) {
        (Act::Finished(Ok(())), _) if hands_over == Some(Next::Lost) => "not over".to_owned(),
        (Act::Finished(Ok(())), _) if hands_over.is_some() => "over, the next page".to_owned(),
        (Act::Queue, Stage::Queueing) => "the next page, for the controller".to_owned(),
        (Act::Finished(Ok(())), _) if matches!(from, Stage::LeavingSecured(_)) => {
            assert_eq!(from, Stage::LeavingSecured(Ok(())));
            "over or failed, as it was".to_owned()
        }
        (Act::Finished(Ok(())), _) => "over".to_owned(),
        (Act::Finished(Err(error)), _) => match (from, input) {
            (_, Input::Refused(refusal)) if error == Error::Controller(*refusal) => {
                "failed: what the controller said".to_owned()
            }
            (Stage::LeavingSecured(kept), _) if kept == Err(error) => {
                "over or failed, as it was".to_owned()
            }
            (Stage::ClearingFailure(kept), _) if kept == error => {
                "failed: what the part said".to_owned()
            }
            _ => format!("failed: {error:?}"),
        },
        (Act::Pause(pause_us), _) if pause_us > 0 => "pause".to_owned(),
        (act, Stage::Transferring) if act == transfer => "transfer".to_owned(),
        (act, Stage::Polling | Stage::Confirming) if act == receive(recipe.poll.opcode()) => {
            "ask".to_owned()
        }
        (act, _) if act == receive(opcode::RDSR) => "RDSR".to_owned(),
        (act, _) if act == bare(opcode::WREN) => "WREN".to_owned(),
        (act, _) if act == Act::EnableAndReceive(Operation::plain(LOOK), 1) => {
            "WREN and RDSR".to_owned()
        }
        (act, _) if act == bare(opcode::WRDI) => "WRDI".to_owned(),
        (act, _) if act == bare(opcode::CLFSR) => "CLFSR".to_owned(),
        (act, _) if Some(act) == enter => "EN4B".to_owned(),
        (act, Stage::CheckingLock) if act == receive(opcode::RDSCUR) => {
            "look for the lock".to_owned()
        }
        (act, Stage::EnteringSecured) if act == bare(opcode::ENSO) => "ENSO".to_owned(),
        (act, Stage::LeavingSecured(_)) if act == bare(opcode::EXSO) => "EXSO".to_owned(),
        (act, to) => panic!("{from:?} to {to:?}: {act:?}"),
    }
}

/// What operations of this kind beside the array need more.
fn besides(kind: Kind) -> Vec<Beside> {
    let lock = match kind {
        Kind::Read => None,
        Kind::Program | Kind::Erase => Some((opcode::RDSCUR, LOCKS)),
    };
    [None, Some((opcode::ENSO, opcode::EXSO))]
        .map(|secured| Beside { secured, lock })
        .into_iter()
        .filter(|beside| beside.secured.is_some() || beside.lock.is_some())
        .collect()
}

fn recipes() -> impl Iterator<Item = Recipe> {
    let modes = [
        None,
        Some(FourByteMode {
            enter: opcode::EN4B,
            exit: opcode::EX4B,
            write_enable: false,
        }),
        Some(FourByteMode {
            enter: opcode::EN4B,
            exit: opcode::EX4B,
            write_enable: true,
        }),
    ];
    let kinds = [
        (Kind::Read, 0x03, 64),
        (Kind::Program, 0x02, 64),
        (Kind::Erase, 0x20, 0),
    ];
    let polls = [Poll::StatusRegister, Poll::FlagStatusRegister];
    kinds.into_iter().flat_map(move |(kind, opcode, length)| {
        polls.into_iter().flat_map(move |poll| {
            let beside = besides(kind).into_iter().map(|beside| (None, Some(beside)));
            let modes = modes
                .into_iter()
                .map(|mode| (mode, None))
                .chain(beside)
                .flat_map(|(mode, beside)| [(mode, beside, false), (mode, beside, true)]);
            let waits = [false, poll == Poll::StatusRegister && kind == Kind::Program];
            let locks = modes.map(|mode| (mode, 0)).chain(
                [false, true]
                    .into_iter()
                    .map(|enables_write| ((None, None, enables_write), 0x1C)),
            );
            let waits = waits.into_iter().take(if waits[1] { 2 } else { 1 });
            let recipes = locks.flat_map(move |lock| waits.clone().map(move |waits| (lock, waits)));
            recipes.map(
                move |(((four_byte_mode, beside, enables_write), unlocked), waits_for_quiet)| {
                    Recipe {
                        beside,
                        unlocked,
                        waits_for_quiet,
                        kind,
                        operation: Operation {
                            template: Template::addressed(opcode, AddressWidth::Three),
                            address: 0x1000,
                        },
                        length,
                        typical_us: 2_000,
                        maximum_us: 4_000,
                        poll,
                        four_byte_mode,
                        enables_write,
                    }
                },
            )
        })
    })
}

/// What ends an operation ends a secured one only after its mode was left.
fn secured_name(name: &str) -> &'static str {
    format!("{name}: secured").leak()
}

fn note(steps: &mut Vec<Step>, step: Step) {
    let known = steps
        .iter()
        .find(|known| (known.stage, known.came_back) == (step.stage, step.came_back));
    match known {
        Some(known) => assert_eq!(*known, step, "one name, two ways"),
        None => steps.push(step),
    }
}

/// Every step of every script, in the order in which a script comes to them.
fn steps() -> Vec<Step> {
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    let mut steps: Vec<Step> = Vec::new();
    for recipe in recipes() {
        let mut met = HashSet::new();
        let fresh = OperationScript::new(recipe);
        let mut ahead = vec![(fresh, Follow::Later, None, 0)];
        if recipe.kind == Kind::Program && recipe.beside.is_none() {
            ahead.push((fresh, Follow::Enabled, None, 0));
        }
        if recipe.waits_for_quiet && recipe.beside.is_none() {
            ahead.push((fresh, Follow::Queued, None, 0));
        }
        while let Some((script, wish, last, waited_us)) = ahead.pop() {
            if !met.insert((script, wish)) {
                continue;
            }
            // What can come back depends on what was asked for last.
            let inputs: Vec<Input<'_>> = match last {
                None => vec![Input::Begin],
                Some(Act::Finished(_)) => continue,
                Some(Act::Pause(_)) => vec![Input::Elapsed],
                Some(Act::Receive(_, _) | Act::EnableAndReceive(_, _)) => {
                    std::iter::once(Input::Done(&[]))
                        .chain(bytes.chunks(1).map(Input::Done))
                        .chain(REFUSALS.map(Input::Refused))
                        .collect()
                }
                Some(_) => std::iter::once(Input::Done(&[]))
                    .chain(REFUSALS.map(Input::Refused))
                    .collect(),
            };
            for input in inputs {
                let mut after = script;
                let possible = script.may_be_followed(&input);
                let follow = if wish == possible {
                    wish
                } else {
                    Follow::Later
                };
                after.set_follow(follow);
                let act = after.next(input);
                let name = came_back(&recipe, &script, &input, waited_us, follow);
                let step = Step {
                    stage: stage_name(script.stage()),
                    came_back: match after.stage() {
                        Stage::LeavingSecured(_) => secured_name(name),
                        _ => name,
                    },
                    next: stage_name(after.stage()),
                    act: act_name(&recipe, script.stage(), &after, &input, act),
                };
                let pause_us = match act {
                    Act::Pause(pause_us) => pause_us,
                    _ => 0,
                };
                ahead.push((after, wish, Some(act), waited_us + pause_us));
                if after.is_enabled() {
                    ahead.push((after, Follow::Later, Some(act), waited_us + pause_us));
                }
                note(&mut steps, step);
                let Some(next) = after.hands_over() else {
                    continue;
                };
                let mut led_on = after;
                let (name, act) = match next {
                    Next::Enabled(_) => ("the next page does not come", led_on.withdraw()),
                    Next::Started => {
                        let act = led_on.follow_queued(&recipe, *fresh.pace(), Begin::Queued);
                        ("the next page has begun", act)
                    }
                    Next::Lost if recipe.enables_write => {
                        ("the page is repeated: at once", led_on.repeat())
                    }
                    Next::Lost => ("the page is repeated", led_on.repeat()),
                };
                let step = Step {
                    stage: stage_name(after.stage()),
                    came_back: name,
                    next: stage_name(led_on.stage()),
                    act: act_name(&recipe, after.stage(), &led_on, &input, act),
                };
                let waited_us = match act {
                    Act::Pause(pause_us) => pause_us,
                    _ => 0,
                };
                ahead.push((led_on, wish, Some(act), waited_us));
                note(&mut steps, step);
            }
        }
    }
    let order = [
        "Queued",
        "CheckingLock",
        "EnteringSecured",
        "EnablingFourByte",
        "EnteringFourByte",
        "EnablingWrite",
        "CheckingWriteEnable",
        "Transferring",
        "Busy",
        "Polling",
        "Confirming",
        "EnablingNext",
        "CheckingNext",
        "Queueing",
        "Done",
        "Withdrawing",
        "ClearingFailure",
        "LeavingSecured",
    ];
    let rank = |step: &Step| {
        let stage = order.iter().position(|stage| *stage == step.stage);
        (step.came_back.starts_with("refused"), stage, step.came_back)
    };
    for stage in order {
        assert!(
            steps.iter().any(|step| step.stage == stage),
            "no script comes to {stage}"
        );
    }
    steps.sort_by_key(rank);
    steps
}

fn section() -> Section {
    Section::of("state-machines.md", "## The operation")
}

#[test]
fn the_documented_table_is_what_the_script_does() {
    let heading = ["stage", "what came back", "next stage", "act"];
    let rows = steps().into_iter().map(|step| {
        let words = [step.stage, step.came_back, step.next].map(str::to_owned);
        let [stage, came_back, next] = words;
        [stage, came_back, next, step.act]
    });
    let expected = shared_rows(heading, rows);
    section().assert_table(&expected);
}

#[test]
fn the_documented_diagram_is_what_the_script_does() {
    let expected: Vec<Edge> = steps()
        .into_iter()
        .map(|step| Edge {
            from: step.stage.to_owned(),
            to: step.next.to_owned(),
            event: step.came_back.to_owned(),
        })
        .collect();
    section().assert_diagram("Queued", &expected);
}
