// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The program: `make tabs`, `make tab-image` and `make hw-test` run it.

use clap::{Parser, Subcommand};
use comfy_table::{CellAlignment, Table};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use userland_tabs::boards::{Boards, Serial};
use userland_tabs::bundle::{Bundler, Made};
use userland_tabs::error::Error;
use userland_tabs::hardware::{Connected, Run, Runs, find_port};
use userland_tabs::install_test::Test;
use userland_tabs::link::Linker;
use userland_tabs::manifest::Manifest;
use userland_tabs::tockloader::Tockloader;

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
    /// Install, list and uninstall TABs in the image of each board's flash
    Image {
        /// How to run tockloader: a program and its first arguments
        #[arg(long, required = true, num_args = 1..)]
        tockloader: Vec<String>,
    },
    /// Say at which port the console of a board is that is connected
    Find {
        /// The board
        #[arg(long)]
        board: String,
    },
    /// Run TABs on a board that is connected
    Hardware {
        /// The board
        #[arg(long)]
        board: String,
        /// Its console's port
        #[arg(long)]
        port: String,
        /// Only the run of that name in runs.toml
        #[arg(long)]
        run: Option<String>,
        /// How long a run may take, in seconds
        #[arg(long, default_value_t = 120)]
        patience: u64,
        /// How to run tockloader: a program and its first arguments
        #[arg(long, required = true, num_args = 1..)]
        tockloader: Vec<String>,
    },
}

/// Exit code if there is no board to run anything on.
const NOT_CONNECTED: u8 = 3;

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
        What::Image { tockloader } => install(&boards, &manifest, &arguments.tabs, tockloader),
        What::Find { board: name } => match find_port(serial_of(&boards, name)?) {
            Ok(port) => {
                println!("{port}");
                Ok(ExitCode::SUCCESS)
            }
            Err(why) => {
                eprintln!("hw-test: NOT RUN: no {name} is connected: {why}");
                Ok(ExitCode::from(NOT_CONNECTED))
            }
        },
        What::Hardware {
            board: name,
            port,
            run,
            patience,
            tockloader,
        } => {
            let board = boards.find(name)?;
            let connected = Connected {
                board,
                port: port.clone(),
                baud: serial_of(&boards, name)?.baud,
                tockloader: Tockloader {
                    program: tockloader.clone(),
                    board: name.clone(),
                    link: board.tockloader.clone(),
                },
                tabs: &arguments.tabs,
                expect: arguments.from.join("expect"),
                logs: arguments.tabs.join("hw-test"),
                patience: Duration::from_secs(*patience),
            };
            let mut runs = Runs::read(&arguments.from.join("runs.toml"))?.run;
            runs.retain(|one| run.as_ref().is_none_or(|name| *name == one.name));
            run_all(&connected, &runs)
        }
    }
}

fn serial_of<'b>(boards: &'b Boards, name: &str) -> Result<&'b Serial, Error> {
    let serial = boards.find(name)?.serial.as_ref();
    serial.ok_or_else(|| format!("boards.toml does not say where the console of {name} is"))
}

fn run_all(connected: &Connected<'_>, runs: &[Run]) -> Result<ExitCode, Error> {
    if runs.is_empty() {
        return Err("there is no such run in runs.toml".into());
    }
    let mut failed = 0;
    for run in runs {
        match connected.run(run) {
            Ok(()) => println!("ok {}", run.name),
            Err(why) => {
                failed += 1;
                println!("FAIL {why}");
            }
        }
    }
    println!("hw-test: {} runs, {failed} failed", runs.len());
    Ok(match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
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

fn install(
    boards: &Boards,
    manifest: &Manifest,
    tabs: &Path,
    tockloader: &[String],
) -> Result<ExitCode, Error> {
    for (name, board) in &boards.board {
        let image = tabs.join(format!("{name}.bin"));
        let done = Test {
            name,
            board,
            sizes: boards.place,
            tabs,
            tockloader: Tockloader::on_image(tockloader, name, &image),
            image,
        }
        .run(&manifest.apps)?;
        println!(
            "{name}: {} apps fill it; {} headers read, {} bytes of apps compared",
            board.flash.places, done.headers, done.bytes
        );
    }
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
