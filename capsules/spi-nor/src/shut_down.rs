// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Putting the part to sleep, before the controller is disabled.

use crate::error::Error;
use crate::features::{Features, Full};
use crate::opcode;
use crate::pace::Pace;
use crate::part::{FourByteMode, RESET_BUSY_US};
use crate::script::{Act, Input};
use crate::status_register::{RegisterWrite, WIP};

/// What has to be undone, and how the part sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Farewell {
    /// 4-byte address mode, if the part was put into it.
    pub leave_four_byte: Option<FourByteMode>,
    /// Writes that put back what was changed in registers until the next power-up.
    pub put_back: [Option<RegisterWrite>; 2],
    /// Opcode of deep power-down and the µs it takes, if the part has it.
    pub deep_power_down: Option<(u8, u32)>,
    /// How long the part may be busy, in µs, although nothing was begun.
    pub patience_us: u32,
}

/// Time in µs to the first look again at a part that is busy and should not be.
const LOOK_AGAIN_US: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Looking,
    Looked,
    EnablingReset,
    Resetting,
    ComingUp,
    EnablingPutBack,
    PuttingBack,
    EnablingFourByteExit,
    LeavingFourByte,
    EnteringPowerDown,
    FallingAsleep,
    Asleep,
}

/// The script. Teardown always ends: a command that the controller refuses is
/// passed over, since the controller is about to be disabled anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShutDown {
    stage: Stage,
    farewell: Farewell,
    refused: Option<qspi_hil::Error>,
    /// It was busy although it should have been quiet.
    is_late: bool,
    pace: Pace,
}

impl ShutDown {
    /// For a part with this farewell, which should be quiet. If it is not it is reset: a busy
    /// part would not hear that it is to sleep.
    pub const fn new(farewell: Farewell) -> ShutDown {
        ShutDown {
            stage: Stage::Looking,
            farewell,
            refused: None,
            is_late: false,
            pace: Pace::new(LOOK_AGAIN_US, farewell.patience_us),
        }
    }

    /// For a part that does not come to an end: it is reset instead. The reset also
    /// leaves all modes.
    pub fn rescue() -> ShutDown {
        ShutDown {
            stage: Stage::EnablingReset,
            farewell: Farewell::default(),
            refused: None,
            is_late: false,
            pace: Pace::new(0, 0),
        }
    }

    fn write<F: Features>(&self) -> Option<RegisterWrite> {
        if !F::ASIDES {
            return None;
        }
        let [first, second] = self.farewell.put_back;
        first.or(second)
    }

    fn leave_four_byte<F: Features>(&self) -> Option<FourByteMode> {
        if F::BY_MODE {
            self.farewell.leave_four_byte
        } else {
            None
        }
    }

    fn take_write<F: Features>(&mut self) -> Option<RegisterWrite> {
        if !F::ASIDES {
            return None;
        }
        let [first, second] = &mut self.farewell.put_back;
        first.take().or_else(|| second.take())
    }

    /// The next act.
    pub fn next(&mut self, input: Input<'_>) -> Act {
        self.next_of::<Full>(input)
    }

    /// The same on a board with these features. What these exclude is not linked.
    pub fn next_of<F: Features>(&mut self, input: Input<'_>) -> Act {
        if let Input::Refused(error) = input {
            self.refused = Some(error);
        }
        loop {
            match self.stage {
                Stage::Looking => {
                    self.stage = Stage::Looked;
                    return Act::register(opcode::RDSR, 1);
                }
                Stage::Looked => {
                    let busy = input.status().is_some_and(|status| status & WIP != 0);
                    if !busy {
                        self.stage = Stage::EnablingPutBack;
                    } else if let Some(pause_us) = self.pace.next_us() {
                        self.stage = Stage::Looking;
                        return Act::Pause(pause_us);
                    } else {
                        self.is_late = true;
                        self.stage = Stage::EnablingReset;
                    }
                }
                Stage::EnablingReset => {
                    self.stage = Stage::Resetting;
                    return Act::bare(opcode::RSTEN);
                }
                Stage::Resetting => {
                    self.stage = Stage::ComingUp;
                    return Act::bare(opcode::RST);
                }
                Stage::ComingUp => {
                    // It is not sent to sleep: after a reset it may take no clock as fast as this.
                    self.stage = Stage::Asleep;
                    return Act::Pause(RESET_BUSY_US);
                }
                Stage::EnablingPutBack => match self.write::<F>() {
                    Some(write) => {
                        self.stage = Stage::PuttingBack;
                        return Act::bare(write.write_enable);
                    }
                    None => self.stage = Stage::EnablingFourByteExit,
                },
                Stage::PuttingBack => {
                    // And once more: is it quiet, and is there another one?
                    self.stage = Stage::Looking;
                    if let Some(write) = self.take_write::<F>() {
                        return Act::write_register(&write);
                    }
                }
                Stage::EnablingFourByteExit => {
                    self.stage = Stage::LeavingFourByte;
                    if let Some(FourByteMode {
                        write_enable: true, ..
                    }) = self.leave_four_byte::<F>()
                    {
                        return Act::bare(opcode::WREN);
                    }
                }
                Stage::LeavingFourByte => {
                    self.stage = Stage::EnteringPowerDown;
                    if let Some(mode) = self.leave_four_byte::<F>() {
                        return Act::bare(mode.exit);
                    }
                }
                Stage::EnteringPowerDown => match self.farewell.deep_power_down {
                    Some((opcode, _)) => {
                        self.stage = Stage::FallingAsleep;
                        return Act::bare(opcode);
                    }
                    None => self.stage = Stage::Asleep,
                },
                Stage::FallingAsleep => {
                    self.stage = Stage::Asleep;
                    if let Some((_, enter_us)) = self.farewell.deep_power_down {
                        return Act::Pause(enter_us.max(1));
                    }
                }
                Stage::Asleep => {
                    return Act::Finished(match self.refused {
                        None if self.is_late => Err(Error::NoAnswer),
                        None => Ok(()),
                        Some(error) => Err(Error::Controller(error)),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Small;
    use qspi_hil::{Operation, Template};

    fn four_byte(write_enable: bool) -> FourByteMode {
        FourByteMode {
            enter: 0xB7,
            exit: 0xE9,
            write_enable,
        }
    }

    #[test]
    fn sleeps_and_waits_for_the_sleep() {
        let mut script = ShutDown::new(Farewell {
            leave_four_byte: Some(four_byte(false)),
            deep_power_down: Some((0xB9, 10)),
            patience_us: 0,
            ..Farewell::default()
        });
        look(&mut script);
        assert_eq!(script.next(Input::Done(&[0x40])), Act::bare(0xE9));
        assert_eq!(script.next(Input::Done(&[])), Act::bare(0xB9));
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(10));
        assert_eq!(script.next(Input::Elapsed), Act::Finished(Ok(())));
    }

    #[test]
    fn a_part_that_wants_a_write_enable_before_it_leaves_gets_one() {
        let mut script = ShutDown::new(Farewell {
            leave_four_byte: Some(four_byte(true)),
            deep_power_down: None,
            patience_us: 0,
            ..Farewell::default()
        });
        look(&mut script);
        assert_eq!(script.next(Input::Done(&[0])), Act::bare(0x06));
        assert_eq!(script.next(Input::Done(&[])), Act::bare(0xE9));
        assert_eq!(script.next(Input::Done(&[])), Act::Finished(Ok(())));
    }

    #[test]
    fn a_part_without_power_down_ends_at_once() {
        let mut script = ShutDown::new(Farewell::default());
        look(&mut script);
        assert_eq!(script.next(Input::Done(&[0])), Act::Finished(Ok(())));
    }

    fn look(script: &mut ShutDown) {
        assert_eq!(script.next(Input::Begin), Act::register(0x05, 1));
    }

    #[test]
    fn registers_are_put_back_before_all_else() {
        let write = |opcode, byte| Some(RegisterWrite::new(0x50, opcode, [byte, 0, 0], 1));
        let mut script = ShutDown::new(Farewell {
            put_back: [write(0x01, 0x04), write(0x31, 0x40)],
            deep_power_down: Some((0xB9, 10)),
            ..Farewell::default()
        });
        look(&mut script);
        for (opcode, byte) in [(0x01, 0x04), (0x31, 0x40)] {
            assert_eq!(script.next(Input::Done(&[0])), Act::bare(0x50));
            assert_eq!(
                script.next(Input::Done(&[])),
                Act::Send(
                    Operation::plain(Template::register_out(opcode)),
                    Small::new(&[byte])
                )
            );
            assert_eq!(script.next(Input::Done(&[])), Act::register(0x05, 1));
        }
        assert_eq!(script.next(Input::Done(&[0])), Act::bare(0xB9));
    }

    #[test]
    fn a_part_that_is_not_quiet_is_reset_and_told_of() {
        let mut script = ShutDown::new(Farewell {
            leave_four_byte: None,
            deep_power_down: Some((0xB9, 10)),
            patience_us: 0,
            ..Farewell::default()
        });
        look(&mut script);
        assert_eq!(script.next(Input::Done(&[0x03])), Act::bare(0x66));
        assert_eq!(script.next(Input::Done(&[])), Act::bare(0x99));
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(RESET_BUSY_US));
        assert_eq!(
            script.next(Input::Elapsed),
            Act::Finished(Err(Error::NoAnswer))
        );
    }

    #[test]
    fn a_part_that_is_busy_for_a_moment_is_waited_for() {
        let mut script = ShutDown::new(Farewell {
            leave_four_byte: None,
            deep_power_down: Some((0xB9, 10)),
            patience_us: 1000,
            ..Farewell::default()
        });
        look(&mut script);
        assert!(matches!(script.next(Input::Done(&[0x01])), Act::Pause(_)));
        assert_eq!(script.next(Input::Elapsed), Act::register(0x05, 1));
        assert_eq!(script.next(Input::Done(&[0x00])), Act::bare(0xB9));
    }

    #[test]
    fn an_open_line_is_not_busy() {
        let mut script = ShutDown::new(Farewell {
            leave_four_byte: None,
            deep_power_down: Some((0xB9, 10)),
            patience_us: 0,
            ..Farewell::default()
        });
        look(&mut script);
        assert_eq!(script.next(Input::Done(&[0xFF])), Act::bare(0xB9));
    }

    #[test]
    fn a_rescue_resets_and_waits() {
        let mut script = ShutDown::rescue();
        assert_eq!(script.next(Input::Begin), Act::bare(0x66));
        assert_eq!(script.next(Input::Done(&[])), Act::bare(0x99));
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(RESET_BUSY_US));
        assert_eq!(script.next(Input::Elapsed), Act::Finished(Ok(())));
    }

    #[test]
    fn a_refusal_is_reported_and_does_not_stop_the_teardown() {
        let mut script = ShutDown::new(Farewell {
            leave_four_byte: Some(four_byte(false)),
            deep_power_down: None,
            patience_us: 0,
            ..Farewell::default()
        });
        look(&mut script);
        assert_eq!(script.next(Input::Done(&[0])), Act::bare(0xE9));
        assert_eq!(
            script.next(Input::Refused(qspi_hil::Error::Hardware)),
            Act::Finished(Err(Error::Controller(qspi_hil::Error::Hardware)))
        );
    }
}
