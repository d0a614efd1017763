// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Putting the part to sleep, before the controller is disabled.

use crate::error::Error;
use crate::opcode;
use crate::part::{FourByteMode, RESET_BUSY_US};
use crate::script::{Act, Input};
use qspi_hil::{Operation, Template};

/// What has to be undone, and how the part sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Farewell {
    /// 4-byte address mode, if the part was put into it.
    pub leave_four_byte: Option<FourByteMode>,
    /// Opcode of deep power-down and the µs it takes, if the part has it.
    pub deep_power_down: Option<(u8, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    EnablingReset,
    Resetting,
    ComingUp,
    EnablingFourByteExit,
    LeavingFourByte,
    EnteringPowerDown,
    FallingAsleep,
    Asleep,
}

/// The script. Teardown always ends: a command that the controller refuses is
/// passed over, since the controller is about to be disabled anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutDown {
    stage: Stage,
    farewell: Farewell,
    refused: Option<qspi_hil::Error>,
}

impl ShutDown {
    /// For a part with this farewell.
    pub const fn new(farewell: Farewell) -> ShutDown {
        ShutDown {
            stage: Stage::EnablingFourByteExit,
            farewell,
            refused: None,
        }
    }

    /// For a part that does not come to an end: it is reset instead. The reset also
    /// leaves all modes.
    pub fn rescue() -> ShutDown {
        ShutDown {
            stage: Stage::EnablingReset,
            farewell: Farewell::default(),
            refused: None,
        }
    }

    /// The next act.
    pub fn next(&mut self, input: Input<'_>) -> Act {
        if let Input::Refused(error) = input {
            self.refused = Some(error);
        }
        loop {
            match self.stage {
                Stage::EnablingReset => {
                    self.stage = Stage::Resetting;
                    return bare(opcode::RSTEN);
                }
                Stage::Resetting => {
                    self.stage = Stage::ComingUp;
                    return bare(opcode::RST);
                }
                Stage::ComingUp => {
                    self.stage = Stage::Asleep;
                    return Act::Pause(RESET_BUSY_US);
                }
                Stage::EnablingFourByteExit => {
                    self.stage = Stage::LeavingFourByte;
                    if let Some(FourByteMode {
                        write_enable: true, ..
                    }) = self.farewell.leave_four_byte
                    {
                        return bare(opcode::WREN);
                    }
                }
                Stage::LeavingFourByte => {
                    self.stage = Stage::EnteringPowerDown;
                    if let Some(mode) = self.farewell.leave_four_byte {
                        return bare(mode.exit);
                    }
                }
                Stage::EnteringPowerDown => match self.farewell.deep_power_down {
                    Some((opcode, _)) => {
                        self.stage = Stage::FallingAsleep;
                        return bare(opcode);
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
                        None => Ok(()),
                        Some(error) => Err(Error::Controller(error)),
                    });
                }
            }
        }
    }
}

fn bare(opcode: u8) -> Act {
    Act::Command(Operation::plain(Template::bare(opcode)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        });
        assert_eq!(script.next(Input::Begin), bare(0xE9));
        assert_eq!(script.next(Input::Done(&[])), bare(0xB9));
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(10));
        assert_eq!(script.next(Input::Elapsed), Act::Finished(Ok(())));
    }

    #[test]
    fn a_part_that_wants_a_write_enable_before_it_leaves_gets_one() {
        let mut script = ShutDown::new(Farewell {
            leave_four_byte: Some(four_byte(true)),
            deep_power_down: None,
        });
        assert_eq!(script.next(Input::Begin), bare(0x06));
        assert_eq!(script.next(Input::Done(&[])), bare(0xE9));
        assert_eq!(script.next(Input::Done(&[])), Act::Finished(Ok(())));
    }

    #[test]
    fn a_part_without_power_down_ends_at_once() {
        let mut script = ShutDown::new(Farewell::default());
        assert_eq!(script.next(Input::Begin), Act::Finished(Ok(())));
    }

    #[test]
    fn a_rescue_resets_and_waits() {
        let mut script = ShutDown::rescue();
        assert_eq!(script.next(Input::Begin), bare(0x66));
        assert_eq!(script.next(Input::Done(&[])), bare(0x99));
        assert_eq!(script.next(Input::Done(&[])), Act::Pause(RESET_BUSY_US));
        assert_eq!(script.next(Input::Elapsed), Act::Finished(Ok(())));
    }

    #[test]
    fn a_refusal_is_reported_and_does_not_stop_the_teardown() {
        let mut script = ShutDown::new(Farewell {
            leave_four_byte: Some(four_byte(false)),
            deep_power_down: None,
        });
        script.next(Input::Begin);
        assert_eq!(
            script.next(Input::Refused(qspi_hil::Error::Hardware)),
            Act::Finished(Err(Error::Controller(qspi_hil::Error::Hardware)))
        );
    }
}
