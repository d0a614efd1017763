// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! The program: `make qemu` and `make qemu-test` run it.

use clap::{Args, Parser, Subcommand};
use libtest_mimic::{Arguments, Failed, Trial};
use qemu_evb::array::Array;
use qemu_evb::emulator::{Clock, Machine};
use qemu_evb::figures;
use qemu_evb::image::{Options, Parts};
use qemu_evb::scenarios::{Lab, Verdict, alone, costs, deaths, kills, storm, together};
use std::error::Error;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

/// Runs the AST1030 board in QEMU.
#[derive(Parser)]
#[command(version)]
struct Program {
    #[command(flatten)]
    things: Things,
    #[command(subcommand)]
    what: What,
}

#[derive(Args)]
struct Things {
    /// The kernel's ELF file
    #[arg(long, env = "EVB_KERNEL")]
    kernel: PathBuf,
    /// Folders with TABs
    #[arg(long, env = "EVB_TABS", value_delimiter = ':')]
    tabs: Vec<PathBuf>,
    /// The file boards.toml
    #[arg(long, default_value = "userland-tests/boards.toml")]
    boards: PathBuf,
    /// QEMU
    #[arg(long, env = "QEMU", default_value = "qemu-system-arm")]
    qemu: PathBuf,
}

#[derive(Subcommand)]
enum What {
    /// Boot with a process console. Ctrl-C ends it
    Run {
        /// The apps
        apps: Vec<String>,
        /// The flash's array; made if it is not there
        #[arg(long, default_value = "target/qemu/array")]
        array: PathBuf,
        /// Restart apps that fault
        #[arg(long)]
        restart: bool,
    },
    /// Count what operations cost the CPU, in instructions
    Costs,
    /// Try all scenarios
    Test {
        /// How many times the emulator is killed, 10 or more
        #[arg(long, env = "QEMU_KILLS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..))]
        kills: u32,
        /// How many times the part is detached, 1 or more
        #[arg(long, env = "QEMU_DETACHES", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
        detaches: u32,
        /// What random moments come from
        #[arg(long, env = "QEMU_SEED", default_value_t = 1)]
        seed: u64,
        /// As for other Rust tests: a filter, --list, --nocapture, ...
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    match run(Program::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("evb: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(program: Program) -> Result<ExitCode, Box<dyn Error>> {
    let Things {
        kernel,
        tabs,
        boards,
        qemu,
    } = program.things;
    let parts = Parts::new(kernel, tabs, &boards)?;
    match program.what {
        What::Run {
            apps,
            array,
            restart,
        } => {
            let folder = array.parent().ok_or("the array's folder")?;
            std::fs::create_dir_all(folder)?;
            if !array.exists() {
                Array::erased(&array)?;
            }
            let apps: Vec<&str> = apps.iter().map(String::as_str).collect();
            let options = Options {
                console: true,
                restart,
                ..Options::default()
            };
            let image = folder.join("image");
            std::fs::write(&image, parts.image(&apps, options)?)?;
            let machine = Machine {
                qemu,
                image,
                array,
                other: None,
                clock: Clock::Paced,
            };
            // Comes back only if that did not work.
            Err(format!("{}: {}", machine.qemu.display(), machine.command().exec()).into())
        }
        What::Costs => {
            print!("{}", costs::table(&costs::count(&Lab { parts, qemu })?));
            Ok(ExitCode::SUCCESS)
        }
        What::Test {
            kills,
            detaches,
            seed,
            arguments,
        } => {
            let lab = Arc::new(Lab { parts, qemu });
            let own = std::iter::once("evb test".to_owned());
            let mut arguments = Arguments::from_iter(own.chain(arguments));
            // Scenarios wait for the emulator's clock, so more of them than cores are as well
            // off, but an emulator that gets no time is slow at everything.
            arguments.test_threads = arguments.test_threads.or(Some(2));
            let begun = Instant::now();
            let conclusion = libtest_mimic::run(&arguments, trials(&lab, kills, detaches, seed));
            println!(
                "qemu-test: {}; {} s",
                figures::sums(),
                begun.elapsed().as_secs()
            );
            let tried = conclusion.num_passed + conclusion.num_failed;
            if tried == 0 && !arguments.list {
                return Err("no scenario was tried: none is named so. --list names them".into());
            }
            Ok(conclusion.exit_code())
        }
    }
}

fn trials(lab: &Arc<Lab>, kills: u32, detaches: u32, seed: u64) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |name: String, scenario: Box<dyn FnOnce(&Lab) -> Verdict + Send>| {
        let lab = Arc::clone(lab);
        trials.push(Trial::test(name, move || {
            scenario(&lab).map_err(|error| Failed::from(error.to_string()))
        }));
    };
    // The longest first.
    for (half, kills) in [kills.div_ceil(2), kills / 2].into_iter().enumerate() {
        add(
            format!("kills::survived_{half}"),
            Box::new(move |lab| kills::survived(lab, kills, seed * 2 + half as u64)),
        );
    }
    add(
        "storm::detach_and_attach_under_load".into(),
        Box::new(move |lab| storm::under_load(lab, detaches, seed as u32)),
    );
    for app in alone::JUDGES {
        add(
            format!("alone::{app}"),
            Box::new(move |lab| alone::passes(lab, app)),
        );
    }
    for ending in deaths::ENDING {
        add(
            format!("deaths::{}", ending.0),
            Box::new(move |lab| deaths::ends(lab, ending)),
        );
    }
    for app in ["die-spin-read", "die-never-collect"] {
        add(
            format!("deaths::{app}"),
            Box::new(move |lab| deaths::goes_on_until_terminated(lab, app)),
        );
    }
    macro_rules! add_all {
        ($($module:ident::$scenario:ident)*) => {
            $(
                add(
                    concat!(stringify!($module), "::", stringify!($scenario)).into(),
                    Box::new($module::$scenario),
                );
            )*
        };
    }
    add_all! {
        alone::log_goes_on
        costs::twice_the_same
        alone::dump_is_the_array
        alone::isolated_storage
        alone::twice_the_same
        deaths::mpu_fault_stopped
        deaths::mpu_fault_restarted
        deaths::terminated_in_mid_erase
        deaths::stopped_in_mid_erase
        deaths::restarts_at_once
        deaths::holding_a_lease
        deaths::without_a_sweep
        together::two
        together::eight
    }
    trials
}
