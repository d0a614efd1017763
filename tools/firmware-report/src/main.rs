// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! Says what a linked kernel is made of.

mod costs;
mod image;
mod output;
mod owner;
mod panics;
mod sizes;
mod statics;
mod thumb;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// What goes wrong here is told in words and ends the program.
type Problem = Box<dyn std::error::Error>;

#[derive(Parser)]
#[command(about = "Says what a linked kernel is made of")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// A table of text, data, bss and stack, and what part of it is ours
    Sizes {
        /// Linked kernels, with debug information
        #[arg(required = true)]
        images: Vec<PathBuf>,
    },
    /// Calls from our code to what may panic; fails on one that the list does not have
    Panics {
        /// Linked kernels, with debug information
        #[arg(required = true)]
        images: Vec<PathBuf>,
        /// Sites that are argued for: a Markdown file with a table of them
        #[arg(long)]
        argued: Option<PathBuf>,
    },
    /// Instructions of operations, by whose they are, and speed, on an emulated nRF52840
    Costs {
        /// The nRF52840DK's kernel, linked, with debug information
        image: PathBuf,
        /// Only what has this in its name
        #[arg(long)]
        only: Option<String>,
        /// So many of the functions that execute most
        #[arg(long, default_value_t = 0)]
        top: usize,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Sizes { images } => sizes::print(&images).map(|()| true),
        Command::Panics { images, argued } => panics::print(&images, argued.as_deref()),
        Command::Costs {
            image,
            only,
            top,
            json,
        } => costs::print(&image, only.as_deref().unwrap_or(""), top, json).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("firmware-report: {problem}");
            ExitCode::from(2)
        }
    }
}
