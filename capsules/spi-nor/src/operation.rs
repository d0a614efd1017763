// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! One read, program or erase, from its beginning to the quiet array.
//!
//! "Outstanding" has two halves. The transfer's end frees the memory; WIP = 0 makes
//! the array quiet. A program or an erase is over after both.
//!
//! Table and diagram are in `doc/state-machines.md`, compared with the script by a test.

use crate::error::Error;
use crate::features::{Features, Full};
use crate::identity::Identity;
use crate::opcode;
use crate::pace::Pace;
use crate::part::FourByteMode;
use crate::script::{Act, Input};
use crate::status_register::{FlagVerdict, Poll, WEL, WIP, flag_verdict};
use qspi_hil::Operation;

/// What kind of operation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Array to memory.
    Read,
    /// Memory to array, 1 to 0 only.
    Program,
    /// Array to all ones.
    Erase,
}

/// What an answer that is not busy says about a program or an erase.
///
/// # Errors
/// [`Error::NotExecuted`] if the write enable latch is still set: the part resets it at
/// the end of every program and erase, so it never began one. [`Error::BlockProtected`]
/// and [`Error::ArrayFailure`] if the part says so.
pub const fn verdict(poll: Poll, answer: u8) -> Result<(), Error> {
    match poll {
        Poll::StatusRegister if answer & WEL != 0 => Err(Error::NotExecuted),
        Poll::StatusRegister => Ok(()),
        // No flags read all ones, but an open line does: it tells nothing of protection.
        Poll::FlagStatusRegister if answer == 0xFF => Err(Error::ArrayFailure),
        Poll::FlagStatusRegister => match flag_verdict(answer) {
            FlagVerdict::Good => Ok(()),
            FlagVerdict::Protected => Err(Error::BlockProtected),
            FlagVerdict::EraseFailed | FlagVerdict::ProgramFailed => Err(Error::ArrayFailure),
        },
    }
}

/// What an operation beside the array needs more than one of the array's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Beside {
    /// Commands that enter and leave the mode in which the area is seen in place of the array.
    pub secured: Option<(u8, u8)>,
    /// Register, and the bits of it that are set once the area can't be changed any more.
    pub lock: Option<(u8, u8)>,
}

/// All that one operation needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// What kind it is.
    pub kind: Kind,
    /// What the wires show.
    pub operation: Operation,
    /// Bytes of data; 0 for an erase.
    pub length: usize,
    /// Typical time of the array in µs.
    pub typical_us: u32,
    /// Longest time of the array in µs.
    pub maximum_us: u32,
    /// How to ask whether it is done.
    pub poll: Poll,
    /// 4-byte mode, if this operation needs the part in it. It is entered before each anew: a
    /// part that has lost it, by a reset of its own, would take the address for another.
    pub four_byte_mode: Option<FourByteMode>,
    /// The controller sends WREN by itself before the look at the latch.
    pub enables_write: bool,
    /// The controller takes it over while the part is busy, and puts it on the wires after a WREN as
    /// soon as the part is quiet.
    pub waits_for_quiet: bool,
    /// For what is not in the array.
    pub beside: Option<Beside>,
    /// Bits of status register 1 that were cleared before, and are set again in a part that has reset
    /// by itself: it would not do what it is told, and not say so.
    pub unlocked: u8,
}

impl Recipe {
    const fn secured(&self) -> Option<(u8, u8)> {
        match self.beside {
            Some(beside) => beside.secured,
            None => None,
        }
    }

    const fn lock(&self) -> Option<(u8, u8)> {
        match self.beside {
            Some(beside) => beside.lock,
            None => None,
        }
    }
}

/// Where the operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Not begun.
    Queued,
    /// The register with the lock bits is read.
    CheckingLock,
    /// The command is on the wires that puts the area beside the array in its place.
    EnteringSecured,
    /// WREN is on the wires, for EN4B only.
    EnablingFourByte,
    /// EN4B is on the wires.
    EnteringFourByte,
    /// WREN is on the wires.
    EnablingWrite,
    /// RDSR: did WREN set the latch?
    CheckingWriteEnable,
    /// Data or erase command is on the wires: DMA owns the buffer.
    Transferring,
    /// The array works; waiting to look.
    Busy,
    /// The array may still work; looking.
    Polling,
    /// It looked quiet; looking once more, since a single answer may be noise.
    Confirming,
    /// It looked quiet; WREN for the page that comes next is on the wires.
    EnablingNext,
    /// RDSR: did WREN set the latch, and is the part still quiet?
    CheckingNext,
    /// The page that comes next is the controller's, which waits until the part is quiet.
    Queueing,
    /// WRDI: the page that was to come next does not come.
    Withdrawing,
    /// The part reported a failure; its flags are being cleared.
    ClearingFailure(Error),
    /// The command is on the wires that puts the array back in its place.
    LeavingSecured(Result<(), Error>),
    /// Over.
    Done,
}

/// When the page after this one goes to the controller, if one is ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Follow {
    /// After this one is over.
    #[default]
    Later,
    /// WREN for it comes between the two looks that find this one ended.
    Enabled,
    /// At once: the controller waits for the end of this one.
    Queued,
}

/// What comes of an operation that is over, but for what is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Next {
    /// WREN was sent for the next page, with this status after it: that page is to begin, or this one
    /// to [withdraw](OperationScript::withdraw).
    Enabled(u8),
    /// The next page was put on the wires when this one had ended.
    Started,
    /// It is not over: the controller alone found the part quiet before, and what the part says now
    /// does not show that it has heard of this page, which is to be
    /// [repeated](OperationScript::repeat).
    Lost,
}

/// How a page was put on the wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Begin {
    /// After a look that found the part quiet, and the latch set.
    Looked,
    /// By a controller that had waited for the end of the page before. Nobody has seen the part busy
    /// since.
    Queued,
    /// The same, and the part was seen busy.
    Seen,
    /// By one that was not seen to wait: what is seen then may be the page before.
    Doubted,
}

/// The script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OperationScript {
    stage: Stage,
    recipe: Recipe,
    pace: Pace,
    follow: Follow,
    hands_over: Option<Next>,
    begin: Begin,
    /// WREN for the next page was sent, but a look behind it found the part busy: the latch may be
    /// set for either reason.
    is_enabled: bool,
}

impl OperationScript {
    /// For this recipe.
    pub const fn new(recipe: Recipe) -> OperationScript {
        let pace = Pace::new(recipe.typical_us, recipe.maximum_us);
        OperationScript::at(recipe, pace)
    }

    /// For this recipe, looked at in this pace.
    pub const fn at(recipe: Recipe, pace: Pace) -> OperationScript {
        OperationScript {
            stage: Stage::Queued,
            pace,
            recipe,
            follow: Follow::Later,
            hands_over: None,
            begin: Begin::Looked,
            is_enabled: false,
        }
    }

    /// In the place of one that is over, or was not begun: for this recipe and a part that was sent WREN
    /// for it and has answered `status` since, looked at in this pace. Its first act.
    pub fn follow<F: Features>(&mut self, recipe: &Recipe, pace: Pace, status: u8) -> Act {
        self.renew(recipe, pace);
        self.stage = Stage::CheckingWriteEnable;
        self.next_of::<F>(Input::Done(&[status]))
    }

    /// In the place of one that is over: for this recipe, which the controller has put on the wires
    /// when that one had ended, or should have. Its first act.
    pub fn follow_queued(&mut self, recipe: &Recipe, pace: Pace, begin: Begin) -> Act {
        self.renew(recipe, pace);
        self.begin = begin;
        self.wait()
    }

    /// It was [lost](Next::Lost), and its bytes are in the buffer again: as if it had not begun.
    pub fn repeat(&mut self) -> Act {
        self.begin = Begin::Looked;
        self.hands_over = None;
        self.pace = Pace::new(self.pace.end_us(), self.recipe.maximum_us);
        let (stage, act) = self.start();
        self.stage = stage;
        act
    }

    fn renew(&mut self, recipe: &Recipe, new_pace: Pace) {
        // Not a new one, which would be made elsewhere and then copied.
        let OperationScript {
            stage: _,
            recipe: ours,
            pace,
            follow,
            hands_over,
            begin,
            is_enabled,
        } = self;
        *ours = *recipe;
        *pace = new_pace;
        *follow = Follow::Later;
        *hands_over = None;
        *begin = Begin::Looked;
        *is_enabled = false;
    }

    /// When the next page goes to the controller, of what
    /// [`may_be_followed`](OperationScript::may_be_followed) says of the input that comes next.
    pub const fn set_follow(&mut self, follow: Follow) {
        self.follow = follow;
    }

    /// How a page that is ready may follow after this input: if the part is quiet, WREN for it may be
    /// sent before another look. If it is busy, and no part that has reset by itself, the controller
    /// may be given the page.
    pub fn may_be_followed(&self, input: &Input<'_>) -> Follow {
        let recipe = &self.recipe;
        // The mode of what is beside the array is left first, and so is doubt.
        let is_alone = recipe.beside.is_some() || self.begin == Begin::Doubted;
        if !matches!(self.stage, Stage::Polling) || is_alone {
            return Follow::Later;
        }
        match input.first() {
            Some(status) if !recipe.poll.is_busy(status) && self.begin != Begin::Queued => {
                Follow::Enabled
            }
            Some(status)
                if recipe.waits_for_quiet
                    && recipe.poll == Poll::StatusRegister
                    && status & (WIP | recipe.unlocked) == WIP
                    && status != 0xFF
                    && !self.is_enabled =>
            {
                Follow::Queued
            }
            Some(_) | None => Follow::Later,
        }
    }

    /// What comes of it, if that is not told to its client alone.
    pub const fn hands_over(&self) -> Option<Next> {
        self.hands_over
    }

    /// Whether the latch says nothing any more of how this page has ended: WREN for the next one was
    /// sent after a look that found it ended well, and may have been heard.
    pub const fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Whether it is [`Next::Lost`] if the part is quiet with this verdict.
    pub fn is_lost(&self, verdict: Result<(), Error>) -> bool {
        match (self.begin, verdict) {
            (Begin::Looked, _) | (Begin::Seen, Ok(())) => false,
            (Begin::Queued | Begin::Doubted, Ok(())) => true,
            (Begin::Queued | Begin::Seen | Begin::Doubted, Err(error)) => {
                error == Error::NotExecuted
            }
        }
    }

    /// The next page does not come: the latch is reset.
    pub const fn withdraw(&mut self) -> Act {
        self.hands_over = None;
        self.stage = Stage::Withdrawing;
        Act::bare(opcode::WRDI)
    }

    /// Where it is.
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Its pauses.
    pub const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// What it does.
    pub const fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// In a pause of which `left_us` are left, the operation was suspended, and has been resumed:
    /// what is left is waited for. The last `lost_us` before may have brought it no further.
    pub fn resumed(&mut self, left_us: u32, lost_us: u32) -> Act {
        self.pace.cut_us(left_us);
        self.pace.allow_us(lost_us);
        // Its time may be over, but nobody has looked since.
        let (stage, act) = match self.pace.next_us() {
            Some(pause_us) => (Stage::Busy, Act::Pause(pause_us)),
            None => (Stage::Polling, ask(self.recipe.poll)),
        };
        self.stage = stage;
        act
    }

    /// In a pause of which `left_us` are left: it is cut short, to `for_us` from now on.
    pub fn shortened(&mut self, left_us: u32, for_us: u32) -> Act {
        self.pace.cut_us(left_us.saturating_sub(for_us));
        Act::Pause(for_us)
    }

    /// The next act.
    pub fn next(&mut self, input: Input<'_>) -> Act {
        self.next_of::<Full>(input)
    }

    /// The same on a board with these features. What these exclude is not linked.
    pub fn next_of<F: Features>(&mut self, input: Input<'_>) -> Act {
        let (stage, act) = match input {
            Input::Refused(error) => finished(Err(self.refused(error))),
            Input::Begin | Input::Done(_) | Input::Elapsed => self.step::<F>(input.first()),
        };
        if let Act::Finished(result) = act
            && let Some(leave) = self.leaves::<F>(result)
        {
            self.stage = Stage::LeavingSecured(result);
            return Act::bare(leave);
        }
        self.stage = stage;
        act
    }

    /// Whatever the end of it is, the array is put back in its place first, by this command. A part
    /// that has to be reset leaves all modes anyway.
    fn leaves<F: Features>(&self, result: Result<(), Error>) -> Option<u8> {
        if !F::ASIDES {
            return None;
        }
        let entered = match self.stage {
            Stage::Queued | Stage::CheckingLock | Stage::LeavingSecured(_) | Stage::Done => None,
            Stage::EnteringSecured
            | Stage::EnablingFourByte
            | Stage::EnteringFourByte
            | Stage::EnablingWrite
            | Stage::CheckingWriteEnable
            | Stage::Transferring
            | Stage::Busy
            | Stage::Polling
            | Stage::Confirming
            | Stage::EnablingNext
            | Stage::CheckingNext
            | Stage::Queueing
            | Stage::Withdrawing
            | Stage::ClearingFailure(_) => self.recipe.secured(),
        };
        match (result, entered) {
            (Err(error), _) if error.is_fault() => None,
            (Ok(()) | Err(_), entered) => entered.map(|(_, leave)| leave),
        }
    }

    /// Once the array works, not to be able to ask is not to know that it is quiet. And in the
    /// array's place there must be nothing else.
    const fn refused(&self, error: qspi_hil::Error) -> Error {
        match self.stage {
            Stage::Busy
            | Stage::Polling
            | Stage::Confirming
            | Stage::EnablingNext
            | Stage::CheckingNext
            | Stage::Queueing
            | Stage::LeavingSecured(_) => Error::NoAnswer,
            Stage::Queued
            | Stage::CheckingLock
            | Stage::EnteringSecured
            | Stage::EnablingFourByte
            | Stage::EnteringFourByte
            | Stage::EnablingWrite
            | Stage::CheckingWriteEnable
            | Stage::Transferring
            | Stage::Withdrawing
            | Stage::ClearingFailure(_)
            | Stage::Done => Error::Controller(error),
        }
    }

    fn lock<F: Features>(&self) -> Option<(u8, u8)> {
        if F::ASIDES { self.recipe.lock() } else { None }
    }

    fn four_byte_mode<F: Features>(&self) -> Option<FourByteMode> {
        if F::BY_MODE {
            self.recipe.four_byte_mode
        } else {
            None
        }
    }

    fn poll<F: Features>(&self) -> Poll {
        match F::Identity::ONLY {
            Some(profile) => profile.poll,
            None => self.recipe.poll,
        }
    }

    #[inline(always)]
    fn step<F: Features>(&mut self, answer: Option<u8>) -> (Stage, Act) {
        let poll = self.poll::<F>();
        match self.stage {
            Stage::Queued => match (self.lock::<F>(), self.four_byte_mode::<F>()) {
                (Some((register, _)), _) => (Stage::CheckingLock, Act::register(register, 1)),
                (None, None) => self.enter::<F>(),
                (None, Some(mode)) if mode.write_enable => {
                    (Stage::EnablingFourByte, Act::bare(opcode::WREN))
                }
                (None, Some(mode)) => (Stage::EnteringFourByte, Act::bare(mode.enter)),
            },
            Stage::CheckingLock if F::ASIDES => match (answer, self.recipe.lock()) {
                (None | Some(0xFF), _) => finished(Err(Error::NotFound)),
                (Some(register), Some((_, locks))) if register & locks != 0 => {
                    finished(Err(Error::BlockProtected))
                }
                (Some(_), _) => self.enter::<F>(),
            },
            Stage::EnteringSecured => self.start(),
            Stage::EnablingFourByte => match self.four_byte_mode::<F>() {
                Some(mode) => (Stage::EnteringFourByte, Act::bare(mode.enter)),
                None => finished(Err(Error::Failed)),
            },
            Stage::EnteringFourByte => self.start(),
            Stage::EnablingWrite => (Stage::CheckingWriteEnable, Act::register(opcode::RDSR, 1)),
            Stage::CheckingWriteEnable => match answer {
                Some(status)
                    if F::ASIDES
                        && status & WEL != 0
                        && status & WIP == 0
                        && status & self.recipe.unlocked != 0 =>
                {
                    finished(Err(Error::BlockProtected))
                }
                Some(status) if status & WEL != 0 && status & WIP == 0 => {
                    (Stage::Transferring, self.transfer())
                }
                Some(0xFF) | None => finished(Err(Error::NotFound)),
                // Nothing of ours keeps it busy, so nothing tells when it would end.
                Some(status) if status & WIP != 0 => finished(Err(Error::NoAnswer)),
                Some(_) => finished(Err(Error::WriteEnableIgnored)),
            },
            Stage::Transferring => match self.recipe.kind {
                Kind::Read => finished(Ok(())),
                Kind::Program | Kind::Erase => self.pause(),
            },
            Stage::Busy => (Stage::Polling, ask(poll)),
            Stage::Polling => match answer {
                Some(status) if poll.is_busy(status) => {
                    self.see_busy(status);
                    if F::PIPELINES && self.follow == Follow::Queued {
                        (Stage::Queueing, Act::Queue)
                    } else if self.pace.looks_again() {
                        (Stage::Polling, ask(poll))
                    } else {
                        self.pause()
                    }
                }
                Some(status)
                    if F::PIPELINES
                        && self.follow == Follow::Enabled
                        && self.verdict(poll, status).is_ok() =>
                {
                    if self.recipe.enables_write {
                        (Stage::CheckingNext, Act::enable_and_look())
                    } else {
                        (Stage::EnablingNext, Act::bare(opcode::WREN))
                    }
                }
                Some(_) => (Stage::Confirming, ask(poll)),
                None => finished(Err(Error::NotFound)),
            },
            Stage::Confirming => match answer {
                Some(status) if poll.is_busy(status) => {
                    self.see_busy(status);
                    self.pause()
                }
                Some(status) => match self.verdict(poll, status) {
                    verdict if F::PIPELINES && self.is_lost(verdict) => {
                        self.hands_over = Some(Next::Lost);
                        finished(Ok(()))
                    }
                    Ok(()) if F::PIPELINES && self.is_enabled => {
                        (Stage::Withdrawing, Act::bare(opcode::WRDI))
                    }
                    Err(error) if poll == Poll::FlagStatusRegister => {
                        (Stage::ClearingFailure(error), Act::bare(opcode::CLFSR))
                    }
                    verdict => finished(verdict),
                },
                None => finished(Err(Error::NotFound)),
            },
            Stage::EnablingNext if F::PIPELINES => {
                (Stage::CheckingNext, Act::register(opcode::RDSR, 1))
            }
            Stage::CheckingNext if F::PIPELINES => match answer {
                None => finished(Err(Error::NotFound)),
                // A busy part hears no WREN.
                Some(status) if status & WIP != 0 => {
                    self.is_enabled = true;
                    self.pause()
                }
                // Whether WREN was heard is the next page's affair.
                Some(status) => {
                    self.hands_over = Some(Next::Enabled(status));
                    finished(Ok(()))
                }
            },
            Stage::Queueing if F::PIPELINES => {
                self.hands_over = Some(Next::Started);
                finished(Ok(()))
            }
            Stage::Withdrawing => finished(Ok(())),
            Stage::ClearingFailure(error) => finished(Err(error)),
            Stage::LeavingSecured(result) => finished(result),
            Stage::Done => finished(Ok(())),
            // What this board has no use for is nowhere to be got at.
            Stage::CheckingLock | Stage::EnablingNext | Stage::CheckingNext | Stage::Queueing => {
                finished(Err(Error::Failed))
            }
        }
    }

    fn enter<F: Features>(&self) -> (Stage, Act) {
        match self.recipe.secured() {
            Some((enter, _)) if F::ASIDES => (Stage::EnteringSecured, Act::bare(enter)),
            Some(_) | None => self.start(),
        }
    }

    fn start(&self) -> (Stage, Act) {
        match self.recipe.kind {
            Kind::Read => (Stage::Transferring, self.transfer()),
            Kind::Program | Kind::Erase if self.recipe.enables_write => {
                (Stage::CheckingWriteEnable, Act::enable_and_look())
            }
            Kind::Program | Kind::Erase => (Stage::EnablingWrite, Act::bare(opcode::WREN)),
        }
    }

    fn transfer(&self) -> Act {
        match self.recipe.kind {
            Kind::Read => Act::Read(self.recipe.operation, self.recipe.length),
            Kind::Program => Act::Program(self.recipe.operation, self.recipe.length),
            Kind::Erase => Act::Command(self.recipe.operation),
        }
    }

    fn verdict(&self, poll: Poll, status: u8) -> Result<(), Error> {
        match poll {
            Poll::StatusRegister if self.is_enabled => Ok(()),
            poll => verdict(poll, status),
        }
    }

    fn see_busy(&mut self, status: u8) {
        if self.begin == Begin::Queued && status != 0xFF {
            self.begin = Begin::Seen;
        }
    }

    fn wait(&mut self) -> Act {
        let (stage, act) = self.pause();
        self.stage = stage;
        act
    }

    fn pause(&mut self) -> (Stage, Act) {
        match self.pace.next_us() {
            Some(pause_us) => (Stage::Busy, Act::Pause(pause_us)),
            None => finished(Err(Error::NoAnswer)),
        }
    }
}

const fn ask(poll: Poll) -> Act {
    Act::register(poll.opcode(), 1)
}

const fn finished(result: Result<(), Error>) -> (Stage, Act) {
    (Stage::Done, Act::Finished(result))
}

#[cfg(test)]
mod tests {
    use super::*;
    use qspi_hil::{AddressWidth, Template};

    const ERASE: Recipe = Recipe {
        kind: Kind::Erase,
        operation: Operation {
            template: Template::addressed(0x20, AddressWidth::Three),
            address: 0x1000,
        },
        length: 0,
        typical_us: 48_000,
        maximum_us: 384_000,
        poll: Poll::StatusRegister,
        four_byte_mode: None,
        enables_write: false,
        waits_for_quiet: false,
        beside: None,
        unlocked: 0,
    };

    #[test]
    fn a_controller_that_enables_by_itself_saves_commands() {
        let recipe = Recipe {
            enables_write: true,
            ..PAGE
        };
        let look = Act::EnableAndReceive(Operation::plain(Template::register_in(0x05)), 1);
        let mut script = OperationScript::new(recipe);
        assert_eq!(script.next(Input::Begin), look);
        let transfer = Act::Program(PAGE.operation, 256);
        assert_eq!(script.next(Input::Done(&[0x02])), transfer);
        script.next(Input::Done(&[]));
        script.set_follow(Follow::Enabled);
        script.next(Input::Elapsed);
        assert_eq!(script.next(Input::Done(&[0x00])), look);
        assert_eq!(script.next(Input::Done(&[0x02])), Act::Finished(Ok(())));
        assert_eq!(script.hands_over(), Some(Next::Enabled(0x02)));
    }

    fn until_polling(script: &mut OperationScript) {
        assert!(
            matches!(script.next(Input::Begin), Act::Command(op) if op.template.opcode == 0x06)
        );
        assert!(
            matches!(script.next(Input::Done(&[])), Act::Receive(op, 1) if op.template.opcode == 0x05)
        );
        assert_eq!(
            script.next(Input::Done(&[0x02])),
            Act::Command(ERASE.operation)
        );
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(48_000));
        assert!(matches!(script.next(Input::Elapsed), Act::Receive(_, 1)));
    }

    #[test]
    fn an_erase_is_over_after_two_quiet_answers() {
        let mut script = OperationScript::new(ERASE);
        until_polling(&mut script);
        // First a few looks at once.
        for _ in 0..3 {
            assert_eq!(script.next(Input::Done(&[0x03])), Act::register(0x05, 1));
        }
        assert_eq!(script.next(Input::Done(&[0x03])), Act::Pause(93));
        assert!(matches!(script.next(Input::Elapsed), Act::Receive(_, 1)));
        assert!(matches!(
            script.next(Input::Done(&[0x00])),
            Act::Receive(_, 1)
        ));
        assert_eq!(script.next(Input::Done(&[0x00])), Act::Finished(Ok(())));
    }

    #[test]
    fn a_wip_that_returns_is_waited_for_again() {
        let mut script = OperationScript::new(ERASE);
        until_polling(&mut script);
        assert!(matches!(
            script.next(Input::Done(&[0x00])),
            Act::Receive(_, 1)
        ));
        assert_eq!(script.next(Input::Done(&[0x01])), Act::Pause(93));
    }

    #[test]
    fn a_wip_that_never_clears_ends_at_the_maximum() {
        let mut script = OperationScript::new(ERASE);
        until_polling(&mut script);
        let mut waited = 48_000;
        let result = loop {
            match script.next(Input::Done(&[0x03])) {
                Act::Pause(pause) => {
                    waited += pause;
                    script.next(Input::Elapsed);
                }
                Act::Receive(_, 1) => {}
                Act::Finished(result) => break result,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(result, Err(Error::NoAnswer));
        assert!(waited >= ERASE.maximum_us);
    }

    #[test]
    fn nothing_is_given_up_after_a_resume_without_a_look() {
        let mut script = OperationScript::new(Recipe {
            typical_us: ERASE.maximum_us,
            ..ERASE
        });
        script.next(Input::Begin);
        script.next(Input::Done(&[]));
        script.next(Input::Done(&[0x02]));
        assert_eq!(
            script.next(Input::Done(&[])),
            Act::Pause(ERASE.maximum_us),
            "all of its time in one pause"
        );
        assert_eq!(script.resumed(0, 0), Act::register(0x05, 1));
        assert_eq!(script.stage(), Stage::Polling);
        let mut quiet = script;
        assert_eq!(quiet.next(Input::Done(&[0])), Act::register(0x05, 1));
        assert_eq!(quiet.next(Input::Done(&[0])), Act::Finished(Ok(())));
        // A few looks at once, and then it is overdue.
        let last = (0..8).map(|_| script.next(Input::Done(&[0x01])));
        let ended = Act::Finished(Err(Error::NoAnswer));
        assert!(last.into_iter().any(|act| act == ended));
    }

    #[test]
    fn write_enable_ignored_starts_nothing() {
        for (status, error) in [(0x00, Error::WriteEnableIgnored), (0xFF, Error::NotFound)] {
            let mut script = OperationScript::new(ERASE);
            script.next(Input::Begin);
            script.next(Input::Done(&[]));
            assert_eq!(
                script.next(Input::Done(&[status])),
                Act::Finished(Err(error))
            );
        }
    }

    #[test]
    fn a_latch_that_stays_set_means_not_executed() {
        let mut script = OperationScript::new(ERASE);
        until_polling(&mut script);
        script.next(Input::Done(&[0x02]));
        assert_eq!(
            script.next(Input::Done(&[0x02])),
            Act::Finished(Err(Error::NotExecuted))
        );
    }

    #[test]
    fn a_reported_failure_is_cleared_before_it_is_told() {
        let mut script = OperationScript::new(Recipe {
            poll: Poll::FlagStatusRegister,
            ..ERASE
        });
        until_polling(&mut script);
        script.next(Input::Done(&[0xA0]));
        assert!(
            matches!(script.next(Input::Done(&[0xA0])), Act::Command(op) if op.template.opcode == 0x50)
        );
        assert_eq!(
            script.next(Input::Done(&[])),
            Act::Finished(Err(Error::ArrayFailure))
        );
    }

    const PAGE: Recipe = Recipe {
        kind: Kind::Program,
        length: 256,
        ..ERASE
    };

    /// That page, with WREN sent for it, and its first act.
    fn enabled(status: u8) -> (OperationScript, Act) {
        let fresh = OperationScript::new(PAGE);
        let mut script = fresh;
        let act = script.follow::<Full>(&PAGE, *fresh.pace(), status);
        (script, act)
    }

    /// A page with another one behind it, after a look that found it quiet.
    fn enabling_next() -> OperationScript {
        let (mut script, act) = enabled(0x02);
        assert_eq!(act, Act::Program(PAGE.operation, 256));
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(48_000));
        script.set_follow(Follow::Enabled);
        script.next(Input::Elapsed);
        assert_eq!(script.next(Input::Done(&[0x00])), Act::bare(opcode::WREN));
        assert_eq!(script.next(Input::Done(&[])), Act::register(0x05, 1));
        script
    }

    #[test]
    fn with_a_page_behind_it_the_second_look_is_the_one_for_the_latch() {
        let mut script = enabling_next();
        assert_eq!(script.next(Input::Done(&[0x02])), Act::Finished(Ok(())));
        assert_eq!(script.hands_over(), Some(Next::Enabled(0x02)));
        assert_eq!(script.withdraw(), Act::bare(0x04));
        assert_eq!(script.next(Input::Done(&[])), Act::Finished(Ok(())));
        assert_eq!(script.hands_over(), None);
    }

    const WAITED_WITH: Recipe = Recipe {
        waits_for_quiet: true,
        ..PAGE
    };

    /// A page that is looked at, with one behind it that the controller may be given.
    fn looked_at(recipe: Recipe) -> OperationScript {
        let mut script = OperationScript::new(recipe);
        script.follow::<Full>(&recipe, *OperationScript::new(recipe).pace(), 0x02);
        script.next(Input::Done(&[]));
        script.next(Input::Elapsed);
        script
    }

    #[test]
    fn a_page_goes_to_the_controller_while_the_part_is_seen_busy_and_itself() {
        let unlocked = Recipe {
            unlocked: 0x1C,
            ..WAITED_WITH
        };
        for (recipe, status, follow) in [
            (WAITED_WITH, 0x03, Follow::Queued),
            (WAITED_WITH, 0x01, Follow::Queued),
            (WAITED_WITH, 0x00, Follow::Enabled),
            (WAITED_WITH, 0x02, Follow::Enabled),
            // Nobody there.
            (WAITED_WITH, 0xFF, Follow::Later),
            (PAGE, 0x03, Follow::Later),
            (unlocked, 0x43, Follow::Queued),
            // It has reset by itself.
            (unlocked, 0x0B, Follow::Later),
        ] {
            let script = looked_at(recipe);
            assert_eq!(script.may_be_followed(&Input::Done(&[status])), follow);
        }
        let flags = Recipe {
            poll: Poll::FlagStatusRegister,
            ..WAITED_WITH
        };
        let follow = looked_at(flags).may_be_followed(&Input::Done(&[0x01]));
        assert_eq!(follow, Follow::Later);
    }

    /// A page that the controller has put on the wires, at the look near its end.
    fn queued(begin: Begin) -> OperationScript {
        let mut script = looked_at(WAITED_WITH);
        script.set_follow(Follow::Queued);
        assert_eq!(script.next(Input::Done(&[0x03])), Act::Queue);
        assert_eq!(script.next(Input::Done(&[])), Act::Finished(Ok(())));
        assert_eq!(script.hands_over(), Some(Next::Started));
        let pace = Pace::new(800, 4_000);
        let act = script.follow_queued(&WAITED_WITH, pace, begin);
        assert_eq!(act, Act::Pause(800));
        assert_eq!(script.next(Input::Elapsed), Act::register(0x05, 1));
        script
    }

    #[test]
    fn a_page_that_was_seen_busy_has_been_heard() {
        let mut script = queued(Begin::Queued);
        assert_eq!(script.next(Input::Done(&[0x03])), Act::register(0x05, 1));
        assert_eq!(script.next(Input::Done(&[0x00])), Act::register(0x05, 1));
        assert_eq!(script.next(Input::Done(&[0x00])), Act::Finished(Ok(())));
        assert_eq!(script.hands_over(), None);
    }

    #[test]
    fn a_page_that_is_quiet_and_was_not_seen_busy_is_repeated() {
        // Never heard; heard, but not carried out; and nobody there at the look between.
        for statuses in [&[0x00u8, 0x00] as &[u8], &[0x02, 0x02], &[0xFF, 0x00, 0x00]] {
            let mut script = queued(Begin::Queued);
            let last = statuses
                .iter()
                .map(|status| script.next(Input::Done(&[*status])));
            assert_eq!(last.last(), Some(Act::Finished(Ok(()))));
            assert_eq!(script.hands_over(), Some(Next::Lost), "{statuses:?}");
            assert_eq!(script.repeat(), Act::bare(opcode::WREN));
            assert_eq!(script.next(Input::Done(&[])), Act::register(0x05, 1));
            let transfer = Act::Program(PAGE.operation, 256);
            assert_eq!(script.next(Input::Done(&[0x02])), transfer);
            assert_eq!(script.next(Input::Done(&[])), Act::Pause(800));
            // Now it says by its latch what it did not do.
            script.next(Input::Elapsed);
            script.next(Input::Done(&[0x02]));
            let ended = script.next(Input::Done(&[0x02]));
            assert_eq!(ended, Act::Finished(Err(Error::NotExecuted)));
        }
    }

    #[test]
    fn a_page_in_doubt_is_repeated_though_the_part_was_seen_busy() {
        let mut script = queued(Begin::Doubted);
        let busy = Input::Done(&[0x03]);
        assert_eq!(script.may_be_followed(&busy), Follow::Later);
        assert_eq!(script.next(busy), Act::register(0x05, 1));
        assert_eq!(script.may_be_followed(&Input::Done(&[0])), Follow::Later);
        script.next(Input::Done(&[0x00]));
        assert_eq!(script.next(Input::Done(&[0x00])), Act::Finished(Ok(())));
        assert_eq!(script.hands_over(), Some(Next::Lost));
    }

    #[test]
    fn one_noisy_look_does_not_repeat_a_page() {
        let mut script = queued(Begin::Queued);
        assert_eq!(script.next(Input::Done(&[0x00])), Act::register(0x05, 1));
        assert!(matches!(script.next(Input::Done(&[0x03])), Act::Pause(_)));
        script.next(Input::Elapsed);
        script.next(Input::Done(&[0x00]));
        assert_eq!(script.next(Input::Done(&[0x00])), Act::Finished(Ok(())));
        assert_eq!(script.hands_over(), None);
    }

    #[test]
    fn what_the_controller_refuses_while_the_array_works_is_a_fault() {
        let mut script = looked_at(WAITED_WITH);
        script.set_follow(Follow::Queued);
        script.next(Input::Done(&[0x03]));
        let refused = script.next(Input::Refused(qspi_hil::Error::Hardware));
        assert_eq!(refused, Act::Finished(Err(Error::NoAnswer)));
        assert_eq!(script.hands_over(), None);
    }

    #[test]
    fn with_a_page_behind_it_a_wip_that_returns_is_waited_for_again() {
        for status in [0x01, 0x03] {
            let mut script = enabling_next();
            assert_eq!(script.next(Input::Done(&[status])), Act::Pause(93));
            assert_eq!(script.hands_over(), None);
        }
    }

    #[test]
    fn with_a_page_behind_it_what_is_wrong_is_found_as_well() {
        // No latch: this page has ended well, and the next one can't begin.
        let mut script = enabling_next();
        assert_eq!(script.next(Input::Done(&[0x00])), Act::Finished(Ok(())));
        assert_eq!(script.hands_over(), Some(Next::Enabled(0x00)));
        let (_, act) = enabled(0x00);
        assert_eq!(act, Act::Finished(Err(Error::WriteEnableIgnored)));
        // A latch from before is confirmed, as ever.
        let (mut script, _) = enabled(0x02);
        script.next(Input::Done(&[]));
        script.set_follow(Follow::Enabled);
        script.next(Input::Elapsed);
        assert_eq!(script.next(Input::Done(&[0x02])), Act::register(0x05, 1));
        let confirmed = script.next(Input::Done(&[0x02]));
        assert_eq!(confirmed, Act::Finished(Err(Error::NotExecuted)));
        // Nobody there, or noise: as busy as at any other look.
        let confirmed = enabling_next().next(Input::Done(&[0xFF]));
        assert_eq!(confirmed, Act::Pause(93));
        // Nothing to be asked by.
        let refused = enabling_next().next(Input::Refused(qspi_hil::Error::Hardware));
        assert_eq!(refused, Act::Finished(Err(Error::NoAnswer)));
    }

    #[test]
    fn a_refusal_ends_it_at_every_stage() {
        let mut script = OperationScript::new(ERASE);
        for _ in 0..4 {
            let mut refused = script;
            assert_eq!(
                refused.next(Input::Refused(qspi_hil::Error::Hardware)),
                Act::Finished(Err(Error::Controller(qspi_hil::Error::Hardware)))
            );
            script.next(Input::Done(&[0x02]));
        }
    }

    // C4: a script that ends while the array may still work must end in a fault, since only a
    // fault keeps the device from "Ended", that is from the next operation or from power-down.

    fn is_fault(act: Act) -> bool {
        match act {
            Act::Finished(Err(error)) => error.is_fault(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_while_the_array_works_is_a_fault() {
        for refusal in [
            qspi_hil::Error::Unsupported,
            qspi_hil::Error::OutOfReach,
            qspi_hil::Error::TooLong,
            qspi_hil::Error::Misaligned,
            qspi_hil::Error::Hardware,
            qspi_hil::Error::ClockUnavailable,
        ] {
            let mut script = OperationScript::new(ERASE);
            script.next(Input::Begin);
            script.next(Input::Done(&[]));
            script.next(Input::Done(&[0x02]));
            script.next(Input::Done(&[]));
            // The erase is running. The status read is refused.
            script.next(Input::Elapsed);
            let act = script.next(Input::Refused(refusal));
            assert!(is_fault(act), "{refusal:?}: ended as if quiet");
        }
    }

    /// WIP = 1 before the operation: nothing is known to be quiet.
    #[test]
    fn a_part_that_is_busy_before_the_operation_is_a_fault() {
        let mut script = OperationScript::new(ERASE);
        script.next(Input::Begin);
        script.next(Input::Done(&[]));
        let act = script.next(Input::Done(&[0x01]));
        assert!(is_fault(act), "{:?}", Error::WriteEnableIgnored);
    }
}
