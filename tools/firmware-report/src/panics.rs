// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The ways from our code to a panic.
//!
//! All of the linked code is looked at for direct branches to functions of `core` that end in a
//! panic. A site counts if we wrote it, wherever it was inlined; and if upstream wrote it and it was
//! inlined into ours, since it is we who have to keep from it. See [`crate::owner`].
//!
//! So does a call of ours to a function of upstream's that is not inlined and may panic, however deep
//! down. Indirect calls are not followed.

use crate::Problem;
use crate::image::{Frame, Image};
use crate::output;
use crate::owner::{Owner, is_our_file, is_our_name};
use crate::thumb::branches;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::path::{Path, PathBuf};

/// A call from our code to what may panic. Without lines, which change with every comment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Our file, or our function if the compiler forgot the file.
    pub place: String,
    /// Upstream's file that was inlined there, if the call is in that.
    pub through: String,
    /// What is called.
    pub called: String,
}

/// A function of `core` that a panic starts in.
fn is_panic(name: &str) -> bool {
    let name = name.trim_start_matches('<');
    name.starts_with("core::panicking::") || name.contains("::panic_handler")
}

/// Functions that may end in a panic: those that panics start in, what calls them, and so on.
fn may_panic(image: &Image, calls: &[Call]) -> BTreeSet<u64> {
    let mut found: BTreeSet<u64> = image
        .functions()
        .filter(|function| is_panic(&function.name))
        .map(|function| function.address)
        .collect();
    loop {
        let before = found.len();
        for call in calls {
            if found.contains(&call.callee) {
                found.insert(call.caller);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// A direct branch from one function to another.
struct Call {
    caller: u64,
    /// The instruction.
    at: u64,
    callee: u64,
}

/// A function's name without what it is instantiated with.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0u32;
    // In `<Type as Trait>::function` the first level belongs to the name.
    let mut kept = u32::from(name.starts_with('<'));
    let mut last = ' ';
    for c in name.chars() {
        let is_arrow = last == '-' && c == '>';
        last = c;
        if c == '<' {
            depth += 1;
        }
        if depth <= kept {
            plain.push(c);
        }
        if c == '>' && !is_arrow {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                kept = 0;
            }
        }
    }
    plain.trim_end_matches(':').replace("::::", "::")
}

/// All direct branches out of functions.
fn calls(image: &Image) -> Vec<Call> {
    let mut found = Vec::new();
    for function in image.functions() {
        for (start, code) in image.code(function) {
            for branch in branches(code, start) {
                if function.contains(branch.to) && branch.to != function.address {
                    continue;
                }
                if let Some(callee) = image.function_at(branch.to) {
                    found.push(Call {
                        caller: function.address,
                        at: branch.from,
                        callee: callee.address,
                    });
                }
            }
        }
    }
    found
}

/// A path without what it begins with on every machine.
fn short(file: &str) -> String {
    file.rsplit("/tock-qspi/").next().unwrap_or(file).to_owned()
}

/// The site, if it is ours, and its line.
fn site(frames: &[Frame], caller: &str, callee: &str) -> Option<(Site, u32)> {
    let files: Vec<&str> = frames.iter().map(|frame| &*frame.file).collect();
    let called = plain(callee);
    let line = |level: usize| frames.get(level).map_or(0, |frame| frame.line);
    match Owner::of(&files) {
        Owner::Ours { file, level } => Some((
            Site {
                place: short(file),
                through: String::new(),
                called,
            },
            line(level),
        )),
        Owner::ThroughUs {
            file,
            level,
            upstream,
        } => Some((
            Site {
                place: short(file),
                through: short(upstream),
                called,
            },
            line(level),
        )),
        Owner::Theirs if files.iter().all(|file| file.is_empty()) && is_our_name(caller) => Some((
            Site {
                place: caller.to_owned(),
                through: String::new(),
                called,
            },
            0,
        )),
        Owner::Theirs => None,
    }
}

/// All sites, each with the lines where it is.
fn sites(image: &Image) -> Result<BTreeMap<Site, Vec<u32>>, Problem> {
    let calls = calls(image);
    let panics = may_panic(image, &calls);
    if panics.is_empty() {
        return Err("no function of core's that panics: is this a kernel?".into());
    }
    let name = |address| {
        image
            .function_at(address)
            .map_or("?", |function| &*function.name)
    };
    let is_outlined = |address: &u64| name(*address).starts_with(OUTLINED);
    let mut found: BTreeMap<Site, Vec<u32>> = BTreeMap::new();
    for call in &calls {
        for callee in seen_through(&calls, is_outlined, call.callee) {
            // What we call of ourselves is looked at where it is.
            if panics.contains(&callee) && !is_our_name(name(callee)) {
                let frames = image.frames(call.at)?;
                if let Some((site, line)) = site(&frames, name(call.caller), name(callee)) {
                    found.entry(site).or_default().push(line);
                }
            }
        }
    }
    Ok(found)
}

/// What the compiler calls a function that it made of instructions that several others had in
/// common. It belongs to nobody.
const OUTLINED: &str = "OUTLINED_FUNCTION_";

/// What is called by a call of `callee`: itself, or what one that was made of others' code calls.
fn seen_through(calls: &[Call], is_outlined: impl Fn(&u64) -> bool, callee: u64) -> BTreeSet<u64> {
    let mut reached = BTreeSet::from([callee]);
    let mut left: Vec<u64> = Vec::from([callee]);
    while let Some(function) = left.pop() {
        if !is_outlined(&function) {
            continue;
        }
        for call in calls.iter().filter(|call| call.caller == function) {
            if reached.insert(call.callee) {
                left.push(call.callee);
            }
        }
    }
    reached.retain(|function| !is_outlined(function));
    reached
}

/// In place of a file in the table: wherever it is called from.
const ANYWHERE: &str = "any";

/// Whether the table has this site, or what is called for all sites.
fn is_argued(argued: &BTreeSet<Site>, site: &Site) -> bool {
    let anywhere = Site {
        place: ANYWHERE.to_owned(),
        through: String::new(),
        called: site.called.clone(),
    };
    argued.contains(site) || argued.contains(&anywhere)
}

/// Sites of a Markdown table with the columns: our file, upstream's file, what is called, why it is
/// never reached.
fn argued_sites(text: &str) -> BTreeSet<Site> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix('|')?.strip_suffix('|'))
        .filter_map(|row| {
            let cells: Vec<&str> = row
                .split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect();
            match cells[..] {
                [place, through, called, argument]
                    if place == ANYWHERE || place.contains(".rs") =>
                {
                    (!argument.is_empty()).then(|| Site {
                        place: place.to_owned(),
                        through: through.to_owned(),
                        called: called.to_owned(),
                    })
                }
                _ => None,
            }
        })
        .collect()
}

/// Whether one of these sites is what this row of the table is about.
fn is_met(argued: &Site, found: &BTreeSet<Site>) -> bool {
    let same_call = |site: &Site| site.called == argued.called;
    found.contains(argued) || argued.place == ANYWHERE && found.iter().any(same_call)
}

/// A row of the table that is about nothing in any of the kernels.
#[derive(Debug, PartialEq, Eq)]
enum Gone<'r> {
    /// The code is there, and does not call this. Another compiler may merge or inline other calls,
    /// so that alone is no failure.
    Call(&'r Site),
    /// Nothing of the file is there, so whether it is still so was not looked up.
    Code(&'r Site),
}

impl Gone<'_> {
    fn of<'r>(row: &'r Site, linked: &BTreeSet<String>) -> Gone<'r> {
        if row.place == ANYWHERE || linked.contains(&row.place) {
            Gone::Call(row)
        } else {
            Gone::Code(row)
        }
    }
}

impl Display for Gone<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (row, why) = match self {
            Gone::Call(row) => (row, "warning: is the argument still needed?".to_owned()),
            Gone::Code(row) => (row, format!("nothing of {} was looked at", row.place)),
        };
        let Site {
            place,
            through,
            called,
        } = row;
        write!(
            f,
            "GONE   {place} {through} -> {called}: in none of these kernels; {why}"
        )
    }
}

/// Our files that instructions come from.
fn linked_files(image: &Image) -> Result<BTreeSet<String>, Problem> {
    let mut linked = BTreeSet::new();
    for function in image.functions() {
        for (start, code) in image.code(function) {
            for at in (start..start + code.len() as u64).step_by(2) {
                let frames = image.frames(at)?;
                let ours = frames.iter().filter(|frame| is_our_file(&frame.file));
                linked.extend(ours.map(|frame| short(&frame.file)));
            }
        }
    }
    Ok(linked)
}

/// Prints the sites of each kernel, and on standard error the rows of the table that are about nothing
/// in any of them. False if there is a site that is not argued for, or a row about code that is not there.
pub fn print(paths: &[PathBuf], argued: Option<&Path>) -> Result<bool, Problem> {
    let argued = match argued {
        Some(list) => argued_sites(
            &std::fs::read_to_string(list).map_err(|e| format!("{}: {e}", list.display()))?,
        ),
        None => BTreeSet::new(),
    };
    let images: Vec<Image> = paths
        .iter()
        .map(|path| Image::read(path))
        .collect::<Result<_, _>>()?;
    let mut all = BTreeSet::new();
    let mut well = true;
    for (path, image) in paths.iter().zip(&images) {
        let found = sites(image)?;
        for (site, lines) in &found {
            let known = is_argued(&argued, site);
            well &= known;
            output::print(format_args!(
                "{} {} {lines:?} {} -> {}",
                if known { "argued" } else { "PANICS" },
                site.place,
                site.through,
                site.called
            ))?;
        }
        let kinds = found.len();
        output::print(format_args!("{}: {kinds} kinds of sites", path.display()))?;
        all.extend(found.into_keys());
    }
    let unmet: Vec<&Site> = argued.iter().filter(|row| !is_met(row, &all)).collect();
    let mut linked = BTreeSet::new();
    if !unmet.is_empty() {
        for image in &images {
            linked.extend(linked_files(image)?);
        }
    }
    for gone in unmet.into_iter().map(|row| Gone::of(row, &linked)) {
        // Where it is seen although the sites are many.
        eprintln!("firmware-report: {gone}");
        well &= matches!(gone, Gone::Call(_));
    }
    Ok(well)
}

#[cfg(test)]
mod tests {
    use super::{
        BTreeSet, Call, Frame, Gone, Site, argued_sites, is_met, plain, seen_through, site,
    };

    #[test]
    fn what_the_compiler_outlined_is_seen_through() {
        let call = |caller, callee| Call {
            caller,
            at: caller,
            callee,
        };
        // 10 and 11 are outlined, and call each other, too.
        let calls = [
            call(1, 10),
            call(10, 11),
            call(10, 2),
            call(11, 10),
            call(11, 3),
        ];
        let is_outlined = |function: &u64| (10..20).contains(function);
        let seen = |callee| seen_through(&calls, is_outlined, callee);
        assert_eq!(seen(10), BTreeSet::from([2, 3]));
        assert_eq!(seen(2), BTreeSet::from([2]));
    }

    fn frames(files: &[&str]) -> Vec<Frame> {
        let frame = |file: &&str| Frame {
            file: (*file).to_owned(),
            line: 7,
            function: String::new(),
        };
        files.iter().map(frame).collect()
    }

    #[test]
    fn a_site_of_ours_is_named_without_its_line() {
        let found = frames(&["/rust/library/core/src/x.rs", "/tock-qspi/hil/src/error.rs"]);
        let (site, line) = site(&found, "f", "core::panicking::assert_failed::<u8>").unwrap();
        assert_eq!(line, 7);
        assert_eq!(site.place, "hil/src/error.rs");
        assert_eq!(site.called, "core::panicking::assert_failed");
        assert_eq!(site.through, "");
    }

    #[test]
    fn code_of_ours_without_a_source_is_not_overlooked() {
        let found = site(
            &frames(&[""]),
            "<spi_nor::device::Device>::go",
            "core::panicking::panic",
        );
        assert_eq!(found.unwrap().0.place, "<spi_nor::device::Device>::go");
        assert_eq!(site(&[], "kernel::go", "core::panicking::panic"), None);
    }

    #[test]
    fn names_without_what_they_are_made_for() {
        let name = "<kernel::x::SubSliceMut<u8> as core::y::Deref<fn() -> u8>>::deref::<u8>";
        assert_eq!(
            plain(name),
            "<kernel::x::SubSliceMut as core::y::Deref>::deref"
        );
        assert_eq!(
            plain("core::panicking::assert_failed::<u8, Vec<u8>>"),
            "core::panicking::assert_failed"
        );
        assert_eq!(plain("kernel::x::<impl u8>::go"), "kernel::x::go");
    }

    #[test]
    fn rows_with_an_argument_count() {
        let text = "\
| file | upstream | called | why |
|---|---|---|---|
| `a.rs` | `b.rs` | `core::panicking::panic` | it is never 0 |
| `c.rs` | | `core::panicking::panic` | |
";
        let site = Site {
            place: "a.rs".into(),
            through: "b.rs".into(),
            called: "core::panicking::panic".into(),
        };
        assert_eq!(argued_sites(text).into_iter().collect::<Vec<_>>(), [site]);
    }

    fn row(place: &str, called: &str) -> Site {
        Site {
            place: place.into(),
            through: String::new(),
            called: called.into(),
        }
    }

    #[test]
    fn a_row_is_met_at_its_place_or_anywhere() {
        let found = BTreeSet::from([row("a.rs", "f"), row("b.rs", "g")]);
        for (place, called, met) in [
            ("a.rs", "f", true),
            ("a.rs", "g", false),
            ("b.rs", "f", false),
            ("any", "g", true),
            ("any", "h", false),
        ] {
            assert_eq!(is_met(&row(place, called), &found), met, "{place} {called}");
        }
    }

    #[test]
    fn code_that_is_not_there_is_told_from_a_call_that_is_not() {
        let linked = BTreeSet::from(["a.rs".to_owned()]);
        let here = row("a.rs", "f");
        let anywhere = row("any", "f");
        let elsewhere = row("b.rs", "f");
        assert_eq!(Gone::of(&here, &linked), Gone::Call(&here));
        assert_eq!(Gone::of(&anywhere, &linked), Gone::Call(&anywhere));
        let gone = Gone::of(&elsewhere, &linked);
        assert_eq!(gone, Gone::Code(&elsewhere));
        let told = gone.to_string();
        assert!(told.contains("nothing of b.rs was looked at"), "{told}");
    }
}
