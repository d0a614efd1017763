// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A schedule as a line of text.
//!
//! The bounds, then what was chosen where it was not the first alternative:
//! `p2o3d1t1s0l0f0@5.1,17.2` takes alternative 1 at choice 5 and alternative 2 at choice 17.

use super::bounds::Bounds;
use std::fmt;
use std::str::FromStr;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What may happen in it.
    pub bounds: Bounds,
    /// The alternative at each choice. After the last the first one is taken.
    pub choices: Vec<u8>,
}

/// More choices than any run has.
const MOST_CHOICES: usize = 1_000_000;

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@", self.bounds)?;
        let mut separator = "";
        for (index, choice) in self.choices.iter().enumerate().filter(|(_, c)| **c != 0) {
            write!(f, "{separator}{index}.{choice}")?;
            separator = ",";
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Schedule, String> {
        let (bounds, rest) = text
            .split_once('@')
            .ok_or_else(|| format!("{text:?} is no schedule: there is no @ after the bounds"))?;
        let bounds = bounds.parse()?;
        let mut choices = Vec::new();
        for choice in rest.split(',').filter(|choice| !choice.is_empty()) {
            let wrong = || format!("{choice:?} is no choice; one looks like 17.2");
            let (index, taken) = choice.split_once('.').ok_or_else(wrong)?;
            let index: usize = index.parse().map_err(|_| wrong())?;
            if index < choices.len() || index > MOST_CHOICES {
                return Err(format!("choice {choice} is out of order"));
            }
            choices.resize(index, 0);
            choices.push(taken.parse().map_err(|_| wrong())?);
        }
        Ok(Schedule { bounds, choices })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_as_it_is_written() {
        for choices in [vec![], vec![1], vec![0, 0, 3, 0, 2]] {
            let schedule = Schedule {
                bounds: Bounds::DEFAULT,
                choices,
            };
            assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        let bounds = Bounds::DEFAULT;
        for wrong in [
            "",
            "p2",
            "@1.1",
            &format!("{bounds}@x"),
            &format!("{bounds}@5.1,4.1"),
            &format!("{bounds}@99999999999.1"),
        ] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
    }
}
