// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Which app gets which part of the flash.

use super::exit::Failure;
use crate::text::Bytes;
use serde::Serialize;
use spi_nor::region::Access;

const SECTOR: u32 = 4096;

/// The region of one app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Region {
    /// First byte in the part.
    pub start: u32,
    /// Bytes.
    pub length: u32,
    /// Whether the app may program and erase.
    pub writable: bool,
}

impl Region {
    /// As the driver says it.
    pub fn access(&self) -> Access {
        if self.writable {
            Access::ReadWrite
        } else {
            Access::ReadOnly
        }
    }
}

/// A region for each of `apps`: what `wanted` says of it, else an equal share. An app has
/// none only if `wanted` says so.
///
/// # Errors
/// Text that is no region, of an app that is not run, outside of the part, or regions
/// that overlap where one of them may be changed.
pub fn share(
    apps: &[String],
    wanted: &[String],
    size: u32,
    write: bool,
) -> Result<Vec<Option<Region>>, Failure> {
    let count = u32::try_from(apps.len()).unwrap_or(u32::MAX).max(1);
    let equal = size / count / SECTOR * SECTOR;
    if equal == 0 {
        return Err(Failure::input("there are more apps than sectors"));
    }
    let mut regions: Vec<Option<Region>> = (0..count)
        .map(|index| {
            Some(Region {
                start: index * equal,
                length: if count == 1 { size } else { equal },
                writable: write,
            })
        })
        .collect();
    if wanted.is_empty() {
        return Ok(regions);
    }
    let mut said = vec![false; apps.len()];
    for text in wanted {
        let (name, region) = parse(text, write)?;
        let index = apps.iter().position(|app| app == name).ok_or_else(|| {
            Failure::input(format!(
                "--region {text}: no app is run as {name:?}; there are {}",
                apps.join(", ")
            ))
        })?;
        if said[index] {
            return Err(Failure::input(format!("two regions are given for {name}")));
        }
        let end = region.map_or(0, |region| {
            u64::from(region.start) + u64::from(region.length)
        });
        if end > u64::from(size) {
            return Err(Failure::input(format!(
                "--region {text}: it ends at {end:#x}, the part at {size:#x}"
            )));
        }
        said[index] = true;
        regions[index] = region;
    }
    if let Some(index) = said.iter().position(|said| !said) {
        return Err(Failure::input(format!(
            "--region is given for some apps, but not for {}",
            apps[index]
        )));
    }
    let placed = |(index, region): (usize, &Option<Region>)| Some((index, (*region)?));
    for (index, one) in regions.iter().enumerate().filter_map(placed) {
        let others = regions.iter().enumerate().skip(index + 1);
        for (other_index, other) in others.filter_map(placed) {
            let apart =
                one.start + one.length <= other.start || other.start + other.length <= one.start;
            if !apart && (one.writable || other.writable) {
                return Err(Failure::input(format!(
                    "the regions of {} and {} overlap, and one of them may be changed",
                    apps[index], apps[other_index]
                )));
            }
        }
    }
    Ok(regions)
}

fn parse(text: &str, write: bool) -> Result<(&str, Option<Region>), Failure> {
    let wrong = |why: &str| {
        Failure::input(format!(
            "--region {text}: {why}; the form is APP=START:LENGTH[:ro|rw] or APP=none"
        ))
    };
    let (name, rest) = text.split_once('=').ok_or_else(|| wrong("there is no ="))?;
    if rest == "none" {
        return Ok((name, None));
    }
    let fields: Vec<&str> = rest.split(':').collect();
    let (start, length, writable) = match fields.as_slice() {
        [start, length] => (start, length, write),
        [start, length, "ro"] => (start, length, false),
        [start, length, "rw"] => (start, length, true),
        [_, _, _] => return Err(wrong("the access is neither ro nor rw")),
        _ => return Err(wrong("there are not two or three fields after the =")),
    };
    let multiple = |field: &str, what: &str| match number(field) {
        None => Err(wrong(&format!("{what} {field:?} is not a number"))),
        Some(value) if value % SECTOR != 0 => Err(wrong(&format!(
            "{what} is not a multiple of {}",
            Bytes(u64::from(SECTOR))
        ))),
        Some(value) => Ok(value),
    };
    let start = multiple(start, "the start")?;
    let length = multiple(length, "the length")?;
    if length == 0 {
        return Err(wrong("the length is 0"));
    }
    Ok((
        name,
        Some(Region {
            start,
            length,
            writable,
        }),
    ))
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        // A sign is no digit.
        Some(digits) if digits.starts_with(|first: char| first.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok()
        }
        Some(_) => None,
        None if text.starts_with(|first: char| first.is_ascii_digit()) => text.parse().ok(),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn refused(wanted: &[&str]) -> String {
        let result = share(&names(&["a", "b"]), &names(wanted), 1 << 20, true);
        match result {
            Err(Failure::Input(why)) => why,
            other => panic!("{wanted:?}: {other:?}"),
        }
    }

    #[test]
    fn one_app_has_it_all() {
        let regions = share(&names(&["a"]), &[], 1 << 20, false).unwrap();
        assert_eq!(
            regions,
            [Some(Region {
                start: 0,
                length: 1 << 20,
                writable: false
            })]
        );
    }

    #[test]
    fn several_have_whole_sectors() {
        let regions = share(&names(&["a", "b", "c"]), &[], 1 << 20, true).unwrap();
        for (index, region) in (0..).zip(&regions) {
            let region = region.unwrap();
            assert_eq!(region.length, 85 * SECTOR);
            assert_eq!(region.start, index * region.length);
            assert!(region.writable);
        }
    }

    #[test]
    fn what_is_said_counts() {
        let wanted = names(&["b=0x10000:4096:ro", "a=0:0x2000"]);
        let regions = share(&names(&["a", "b"]), &wanted, 1 << 20, true).unwrap();
        let (a, b) = (regions[0].unwrap(), regions[1].unwrap());
        assert_eq!((a.start, a.length), (0, 0x2000));
        assert!(a.writable);
        assert_eq!((b.start, b.length), (0x10000, 4096));
        assert!(!b.writable);
    }

    #[test]
    fn an_app_may_have_none() {
        let wanted = names(&["a=none", "b=0:4096"]);
        let regions = share(&names(&["a", "b"]), &wanted, 1 << 20, true).unwrap();
        assert_eq!(regions[0], None);
        assert!(regions[1].is_some());
        let both = names(&["a=none", "b=none"]);
        assert_eq!(
            share(&names(&["a", "b"]), &both, 1 << 20, true).unwrap(),
            [None, None]
        );
    }

    #[test]
    fn readers_may_share() {
        let wanted = names(&["a=0:4096:ro", "b=0:8192:ro"]);
        assert!(share(&names(&["a", "b"]), &wanted, 1 << 20, true).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (wanted, why) in [
            (&["a"][..], "there is no ="),
            (&["a=0"], "two or three fields"),
            (&["a=0:4096:rx"], "neither ro nor rw"),
            (&["a=x:4096"], "not a number"),
            (&["a=+0:4096"], "not a number"),
            (&["a=0x+0:4096"], "not a number"),
            (&["a=1:4096"], "not a multiple"),
            (&["a=0:4095"], "not a multiple"),
            (&["a=0:0"], "the length is 0"),
            (&["c=0:4096"], "no app is run as"),
            (&["a=0x100000:4096"], "the part at 0x100000"),
            (&["a=4294963200:4294963200"], "the part at 0x100000"),
            (&["a=0:4096", "a=4096:4096"], "two regions"),
            (&["a=none", "a=0:4096"], "two regions"),
            (&["a=none"], "not for b"),
            (&["a=none:ro"], "not a number"),
            (&["a=0:4096"], "not for b"),
            (&["a=0:8192", "b=4096:4096:ro"], "overlap"),
        ] {
            let said = refused(wanted);
            assert!(said.contains(why), "{wanted:?}: {said}");
        }
    }
}
