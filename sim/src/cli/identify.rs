// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! `identify`.

use super::arguments;
use super::exit::Failure;
use super::output::{print, print_json};
use crate::identify::{identify as of_dump, parse_hex};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// More than any SFDP area: 24 address bits, each byte as two digits and a space.
const LONGEST: u64 = 3 << 24;

/// Says what a part is.
///
/// # Errors
/// A file that can't be read, is no hex dump, or holds tables that can't be believed.
pub fn identify(arguments: &arguments::Identify) -> Result<(), Failure> {
    let name = arguments.file.display();
    let text = read(&arguments.file)
        .map_err(|error| Failure::input(format!("cannot read {name}: {error}")))?;
    let dump = parse_hex(&text).map_err(|error| Failure::input(format!("{name}: {error}")))?;
    let report = of_dump(&dump).map_err(|error| Failure::input(format!("{name}: {error}")))?;
    if arguments.json {
        print_json(&report)
    } else {
        print(report.to_string().trim_end())
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin())
    } else {
        Box::new(fs::File::open(path)?)
    };
    let length = input.take(LONGEST + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST {
        return Err(io::Error::other("longer than any SFDP area"));
    }
    Ok(text)
}
