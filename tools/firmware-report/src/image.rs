// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! A linked kernel.

use crate::Problem;
use addr2line::Loader;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use rustc_demangle::demangle;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

/// A function as the linker left it.
pub struct Function {
    /// Its first byte.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// What it is called. One of its names, if the linker found it to be the same as another.
    pub name: String,
}

impl Function {
    /// Whether `address` is inside of it.
    pub fn contains(&self, address: u64) -> bool {
        (self.address..self.address + self.size).contains(&address)
    }
}

/// One level of what was inlined at an address, from the innermost outwards.
#[derive(Clone)]
pub struct Frame {
    /// The source file.
    pub file: String,
    /// The line in it, 0 if the compiler does not know.
    pub line: u32,
    /// The function's name, empty if the compiler does not know.
    pub function: String,
}

/// A linked kernel.
pub struct Image {
    functions: BTreeMap<u64, Function>,
    text: Vec<u8>,
    text_address: u64,
    data: Vec<(u64, bool)>,
    sections: BTreeMap<String, Range<u64>>,
    loader: Loader,
}

impl Image {
    /// Reads one.
    pub fn read(path: &Path) -> Result<Image, Problem> {
        let bytes = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let file = object::File::parse(&*bytes)?;
        let text = file
            .section_by_name(".text")
            .ok_or_else(|| format!("{}: no .text", path.display()))?;
        let mut functions: BTreeMap<u64, Function> = BTreeMap::new();
        let mut data = Vec::new();
        for symbol in file.symbols() {
            let name = symbol.name().unwrap_or("");
            // Mapping symbols: from here on it is code, or data.
            if let Some(mark) = name.strip_prefix('$') {
                data.push((symbol.address(), mark.starts_with('d')));
            }
            if symbol.kind() == SymbolKind::Text && symbol.size() > 0 {
                let address = symbol.address() & !1;
                let function = Function {
                    address,
                    size: symbol.size(),
                    name: format!("{:#}", demangle(name)),
                };
                functions.entry(address).or_insert(function);
            }
        }
        data.sort_unstable();
        if functions.is_empty() {
            return Err(format!("{}: no symbols", path.display()).into());
        }
        let sections = file
            .sections()
            .filter_map(|section| {
                let start = section.address();
                Some((
                    section.name().ok()?.to_owned(),
                    start..start + section.size(),
                ))
            })
            .collect();
        Ok(Image {
            functions,
            text: text.data()?.to_vec(),
            text_address: text.address(),
            data,
            sections,
            loader: Loader::new(path)?,
        })
    }

    /// All functions, by address.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        self.functions.values()
    }

    /// The function at `address`.
    pub fn function_at(&self, address: u64) -> Option<&Function> {
        let (_, function) = self.functions.range(..=address).next_back()?;
        function.contains(address).then_some(function)
    }

    /// A section's size in bytes, 0 if there is none.
    pub fn section(&self, name: &str) -> u64 {
        let section = self.sections.get(name);
        section.map_or(0, |section| section.end - section.start)
    }

    /// Whether `address` is in a section of this name.
    pub fn is_in(&self, name: &str, address: u64) -> bool {
        let section = self.sections.get(name);
        section.is_some_and(|section| section.contains(&address))
    }

    /// The runs of instructions of a function, without the constants between them.
    pub fn code(&self, function: &Function) -> Vec<(u64, &[u8])> {
        let end = function.address + function.size;
        let first = self.data.partition_point(|(at, _)| *at <= function.address);
        let mut is_data = first > 0 && self.data[first - 1].1;
        let mut runs = Vec::new();
        let mut start = function.address;
        for &(at, next) in self.data[first..].iter().take_while(|(at, _)| *at < end) {
            if !is_data {
                runs.push((start, at));
            }
            (start, is_data) = (at, next);
        }
        if !is_data {
            runs.push((start, end));
        }
        runs.into_iter()
            .filter_map(|(from, to)| {
                let index = |at: u64| usize::try_from(at.checked_sub(self.text_address)?).ok();
                Some((from, self.text.get(index(from)?..index(to)?)?))
            })
            .collect()
    }

    /// What the source of the instruction at `address` is.
    pub fn frames(&self, address: u64) -> Result<Vec<Frame>, Problem> {
        let mut found = Vec::new();
        let mut frames = self.loader.find_frames(address)?;
        while let Some(frame) = frames.next()? {
            let location = frame.location.as_ref();
            found.push(Frame {
                file: location.and_then(|l| l.file).unwrap_or("").to_owned(),
                line: location.and_then(|l| l.line).unwrap_or(0),
                function: match &frame.function {
                    Some(name) => name.demangle().map(String::from).unwrap_or_default(),
                    None => String::new(),
                },
            });
        }
        Ok(found)
    }
}
