// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The program: `make tabs`, `make tab-image` and `make hw-test` run it.

use clap::{Parser, Subcommand};
use comfy_table::{CellAlignment, Table};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use userland_tabs::boards::Boards;
use userland_tabs::bundle::{Bundler, Made};
use userland_tabs::error::Error;
use userland_tabs::link::Linker;
use userland_tabs::manifest::Manifest;

/// Links the userland tests for boards, bundles, installs and runs them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The folder with boards.toml and apps.toml
    #[arg(long, default_value = "userland-tests")]
    from: PathBuf,
    /// The folder that TABs are in
    #[arg(long, default_value = "target/tabs")]
    tabs: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Link all apps for all places, check them, and bundle them as TABs
    Build {
        /// The library of all apps
        #[arg(long)]
        library: PathBuf,
        /// The program elf2tab
        #[arg(long)]
        elf2tab: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("userland-tabs: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<ExitCode, Error> {
    let boards = Boards::read(&arguments.from.join("boards.toml"))?;
    let manifest = Manifest::read(&arguments.from.join("apps.toml"))?;
    match &arguments.what {
        What::Build { library, elf2tab } => build(
            Bundler {
                boards,
                manifest,
                linker: Linker::of_toolchain(library)?,
                elf2tab: elf2tab.clone(),
                folder: arguments.tabs.clone(),
            },
            &arguments.tabs,
        ),
    }
}

fn build(bundler: Bundler, folder: &Path) -> Result<ExitCode, Error> {
    let made: Vec<Made> = bundler
        .manifest
        .apps
        .iter()
        .map(|name| bundler.make(name))
        .collect::<Result<_, _>>()?;
    println!("{}", sizes(&made));
    println!(
        "{} apps for {} places in {}: {} addresses lead nowhere else, none is left to a loader",
        made.len(),
        made.iter().map(|made| made.places).sum::<usize>(),
        folder.display(),
        made.iter().map(|made| made.addresses).sum::<usize>(),
    );
    Ok(ExitCode::SUCCESS)
}

/// Bytes.
fn sizes(made: &[Made]) -> Table {
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::ASCII_MARKDOWN);
    table.set_header(["app", "code", "constants", "with header", "in flash", "RAM"]);
    for made in made {
        table.add_row([
            made.name.clone(),
            made.checked.code.to_string(),
            made.checked.constants.to_string(),
            made.used.to_string(),
            made.total.to_string(),
            made.checked.ram.to_string(),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
