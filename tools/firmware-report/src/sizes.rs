// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! How large a kernel is, and how much of it is ours.

use crate::Problem;
use crate::image::Image;
use crate::output;
use crate::owner::{Owner, is_our_name};
use crate::statics;
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of one kernel, by the names of Tock's linker script.
struct Sizes {
    text: u64,
    data: u64,
    bss: u64,
    stack: u64,
    our_code: u64,
    our_bss: u64,
    /// Bytes of our code by the innermost file of ours.
    our_files: BTreeMap<String, u64>,
}

fn measure(path: &Path) -> Result<Sizes, Problem> {
    let image = Image::read(path)?;
    let mut our_code = 0;
    let mut our_files = BTreeMap::<String, u64>::new();
    for function in image.functions() {
        for (start, code) in image.code(function) {
            for place in (0..code.len()).step_by(2) {
                let frames = image.frames(start + place as u64)?;
                let files: Vec<&str> = frames.iter().map(|frame| &*frame.file).collect();
                if let Owner::Ours { file, .. } | Owner::ThroughUs { file, .. } = Owner::of(&files)
                {
                    our_code += 2;
                    *our_files.entry(short(file).to_owned()).or_default() += 2;
                }
            }
        }
    }
    let our_bss = statics::read(path)?
        .iter()
        .filter(|found| is_our_name(&found.type_name))
        // Vtables have types and addresses, too, but lie in flash.
        .filter(|found| {
            [".relocate", ".sram"]
                .iter()
                .any(|ram| image.is_in(ram, found.address))
        })
        .map(|found| found.size)
        .sum();
    Ok(Sizes {
        text: image.section(".text") + image.section(".ARM.exidx"),
        data: image.section(".relocate"),
        bss: image.section(".sram"),
        stack: image.section(".stack"),
        our_code,
        our_bss,
        our_files,
    })
}

/// The path from the crate's folder on.
fn short(file: &str) -> &str {
    let starts = ["capsules/", "chips/", "hil/", "components/"];
    let start = starts.iter().filter_map(|start| file.rfind(start)).min();
    start.and_then(|start| file.get(start..)).unwrap_or(file)
}

/// Our files, the largest one first.
fn files_table(name: &str, files: &BTreeMap<String, u64>) -> Table {
    let mut table = Table::new();
    table
        .load_preset(ASCII_MARKDOWN)
        .set_header([name, "our code"]);
    let mut files: Vec<_> = files.iter().collect();
    files.sort_by_key(|(file, bytes)| (std::cmp::Reverse(**bytes), *file));
    for (file, bytes) in files {
        table.add_row([file.clone(), bytes.to_string()]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Prints the table.
pub fn print(paths: &[impl AsRef<Path>]) -> Result<(), Problem> {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN).set_header([
        "kernel", "text", "data", "bss", "stack", "our code", "our bss",
    ]);
    let mut by_file = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let sizes = measure(path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if !sizes.our_files.is_empty() {
            by_file.push(files_table(&name, &sizes.our_files));
        }
        let numbers = [
            sizes.text,
            sizes.data,
            sizes.bss,
            sizes.stack,
            sizes.our_code,
            sizes.our_bss,
        ];
        table.add_row(
            [name.into_owned()]
                .into_iter()
                .chain(numbers.map(|n| n.to_string())),
        );
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    output::print(table)?;
    for table in by_file {
        output::print(format_args!("\n{table}"))?;
    }
    Ok(())
}
