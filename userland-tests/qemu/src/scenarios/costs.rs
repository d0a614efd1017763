// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What operations cost the CPU, in instructions from the system call to the upcall.

use super::{Lab, TO_THE_END, Verdict};
use crate::array::Array;
use crate::image::Options;
use std::error::Error;
use std::fmt::Write;

/// As the app `measure` has it.
const ROUNDS: f64 = 16.0;
/// What an instruction takes, see [`Clock`](crate::emulator::Clock).
const INSTRUCTIONS_PER_US: f64 = 250.0;
/// How far two runs may be apart.
const TOLERANCE: f64 = 0.1;

/// The cost of one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// Which driver's, which operation, and how many bytes.
    pub what: [String; 3],
    /// Instructions.
    pub all: f64,
    /// Those of them that shifted bytes.
    pub shifting: f64,
}

/// Counts.
///
/// # Errors
///
/// The run did not end well, or its lines can't be read.
pub fn count(lab: &Lab) -> Result<Vec<Cost>, Box<dyn Error>> {
    let mut bench = lab.bench()?;
    bench.other = Some(Array::erased(&bench.folder().join("other"))?);
    let options = Options {
        measure: true,
        ..TO_THE_END
    };
    let run = bench.run(&["measure"], options)?;
    run.passed("measure")?;
    run.all_told_but(0)?;
    read(&run.said)
}

fn read(said: &str) -> Result<Vec<Cost>, Box<dyn Error>> {
    let rate = said
        .lines()
        .find_map(|line| line.strip_prefix("RATE "))
        .and_then(|line| line.split_once(' '))
        .ok_or("no rate")?;
    let (counts, us): (f64, f64) = (rate.0.parse()?, rate.1.parse()?);
    let instructions = |counted: &str| -> Result<f64, Box<dyn Error>> {
        Ok(counted.parse::<f64>()? * us / counts * INSTRUCTIONS_PER_US / ROUNDS)
    };
    let mut costs = Vec::new();
    for line in said.lines().filter_map(|line| line.strip_prefix("COST ")) {
        let words: Vec<&str> = line.split(' ').collect();
        let [path, operation, bytes, all, shifting] = words[..] else {
            return Err(format!("COST {line}").into());
        };
        costs.push(Cost {
            what: [path.into(), operation.into(), bytes.into()],
            all: instructions(all)?,
            shifting: instructions(shifting)?,
        });
    }
    if costs.is_empty() {
        return Err("no costs".into());
    }
    Ok(costs)
}

/// As a table.
pub fn table(costs: &[Cost]) -> String {
    let mut table = String::from(
        "| driver | operation | bytes | instructions | of them shifting bytes |\n\
         |---|---|---:|---:|---:|\n",
    );
    for Cost {
        what: [path, operation, bytes],
        all,
        shifting,
    } in costs
    {
        // Writing to a string can't fail.
        let _written = writeln!(
            table,
            "| {path} | {operation} | {bytes} | {all:.0} | {shifting:.0} |"
        );
    }
    table
}

/// Two runs count the same, within [`TOLERANCE`].
///
/// # Errors
///
/// They do not.
pub fn twice_the_same(lab: &Lab) -> Verdict {
    let (one, other) = (count(lab)?, count(lab)?);
    if one.len() != other.len() {
        return Err(format!("{} and {} costs", one.len(), other.len()).into());
    }
    for (one, other) in one.iter().zip(&other) {
        let apart = (one.all - other.all).abs() / one.all;
        if one.what != other.what || apart > TOLERANCE {
            return Err(format!("{one:?} and {other:?}").into());
        }
    }
    println!("{}", table(&one));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn counts_become_instructions() {
        let costs = read("RATE 5000 100\nCOST ours read 1 1600 320\n").unwrap();
        // 50 counts a µs, 5 instructions a count, 16 rounds.
        assert_eq!(costs[0].all, 500.0);
        assert_eq!(costs[0].shifting, 100.0);
        assert_eq!(costs[0].what, ["ours", "read", "1"]);
        assert!(read("RATE 5000 100\n").is_err());
        assert!(read("COST ours read 1 1600 320\n").is_err());
    }
}
