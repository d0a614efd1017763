// Licensed under the Apache License, Version 2.0 or the MIT License.
// SPDX-License-Identifier: Apache-2.0 OR MIT
// Copyright tock-qspi contributors 2026.

//! What may be said on the command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXIT: &str = "\
Exit codes:
  0  all went well
  1  a rule of the contract was broken, a step of the tour was missed, or an app failed
  2  the command line or a file is of no use. Nothing was changed, unless it is a file that
     could no longer be read or written when apps ran: what `run --write` had changed stays";

/// A simulated board with QSPI NOR flash: the shipped drivers, unchanged, on a
/// deterministic machine.
///
/// With no command it gives the tour. Time is simulated and depends on nothing but the
/// arguments: the same ones give the same output.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXIT, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The kernel that this program has to be built with
    #[arg(long, value_name = "KERNEL", global = true)]
    pub kernel: Option<KernelName>,
    /// The tour's, if there is no command.
    #[command(flatten)]
    pub tour: Tour,
}

/// A kernel: the host implementation of its interface, or upstream's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KernelName {
    /// The host implementation, which is in this project
    Host,
    /// The crate of an upstream Tock checkout; see fidelity/
    Upstream,
}

impl KernelName {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            KernelName::Host => "host",
            KernelName::Upstream => "upstream",
        }
    }
}

// A subcommand's help is what its variant says here. What its arguments' type says is not
// in it.
/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Boots the board and shows the contract kept (default)
    ///
    /// Boots the board with a fresh flash: identifies it, runs three apps at once, has one
    /// exit in the middle of a read, one crash in the middle of a program and one
    /// terminated in the middle of an erase, detaches the flash under load, attaches it
    /// again and ends with everything off. Prints what happens, then numbers, then every
    /// breach of the contract.
    ///
    /// With --json the output is one object: `part`, `seed`, `ok`, `checks` (each with
    /// `what`, `held`, `at_ns`), `breaches` (`rule`, `what`, `at_ns`), `summary` (numbers,
    /// with one object for each app in `apps`) and `timeline` (`at_ns`, `topic`, `who`,
    /// `what`). Times are simulated nanoseconds.
    Tour(Tour),
    /// Runs apps, on the content of a flash image
    ///
    /// Boots the board with the content of FILE as its flash and runs the named apps on it
    /// until they end. What they print goes to standard output. Without FILE the part is
    /// erased, and apps may change it.
    ///
    /// Apps are those of this program, TABs as `make tabs` or others make them (for a Cortex-M4, linked
    /// for the nRF52840's addresses), and those in an image of the board's own flash as
    /// `tockloader install --flash-file` lays it out. Those of the last two kinds are executed
    /// instruction by instruction, in user mode, and reach no memory but their own.
    ///
    /// FILE is an image of the part's exact size, byte 0 first, as tools like mkfs.fat
    /// write it. It is not changed, unless --write is given: then every changed sector
    /// (4096 bytes) is written back as soon as it has changed.
    ///
    /// With --json the output is one object: `part`, `ok`, `apps` (`name`, `region` with
    /// `start`, `length`, `writable`, or null, `end` with `how` and, if it exited, `code`,
    /// `instructions` and, if it faulted, `fault` of those that are executed,
    /// `console_bytes` and, if it is UTF-8 and not in a file, `console`), and `breaches`,
    /// `summary`, `timeline` as those of `tour`.
    Run(Run),
    /// Tries every order in which things can happen, within bounds
    ///
    /// Runs small apps on the shipped drivers, once for each order of interrupts, passes of
    /// the kernel, steps of processes, deaths, detaches and faults, and checks every run
    /// against the contract. States that were seen before are not looked at again; what
    /// counts as the same state, and why, is said in the documentation (doc/teardown.md).
    ///
    /// A breach ends the search. It is told with the shortest schedule that shows it, and the
    /// line that runs it again.
    ///
    /// With --json the output is one object: `bounds`, `schedules`, `states`,
    /// `states_left_out`, `pruned`, `deepest` (choices), `most_passes`, `longest_off_ns`,
    /// `exhaustive`, `breaches` (runs by rule), `failing` (a schedule or null), `what`,
    /// `elapsed_ms`.
    Explore(Explore),
    /// Runs many operations in random orders, with faults of the hardware
    ///
    /// Three apps, forty operations each, deaths, detaches, stops, stalls and faults, all drawn
    /// from the seed, again and again until so many operations were accepted.
    ///
    /// With --json the output is one object: `seed`, `bounds`, `runs`, `operations`,
    /// `orphaned`, `simulated_ms`, `longest_off_ns`, `faults` (by name), `breaches` (runs by
    /// rule), `failing`, `what`, `elapsed_ms`.
    Random(Random),
    /// Runs one schedule again and says what happens
    ///
    /// With --json the output is one object: `schedule`, `part`, `ok`, `breaches`, `passes`,
    /// `time_ns`, `longest_off_ns`.
    Replay(Replay),
    /// Shows what becomes of other ways to switch off
    ///
    /// Has the explorer try the shipped drivers and four baselines with the same apps on the
    /// same hardware: a driver that disables the controller at once (a), one that sets a flag
    /// and sleeps 300 ms (b), one that counts and waits at most 500 ms for the controller's
    /// idle bit (c), one as Tock's storage capsules are today (d), and this project (e). Prints
    /// how often which rule of the contract was broken, and for each the shortest schedule
    /// that shows it, with the line that runs it again (doc/compare.md).
    ///
    /// The exit code is 0 if each baseline fails, unless only workloads were asked for that are
    /// too easy for it, and this project does not.
    ///
    /// With --json the output is one object: `part`, `ok`, `trials` (each with `policy`,
    /// `name`, `workload`, `bounds`, `schedules`, `exhaustive`, `failed` (runs), `breaches`
    /// (runs by rule), `failing` (a schedule or null), `what`, `longest_off_ns`, `never_off`
    /// (runs), `lost_operations`, `lost_buffers`). With --replay it is `policy`, `workload`,
    /// `schedule`, `ok`, `breaches`, `timeline` (lines).
    Compare(Compare),
    /// Measures speed, beside what the bus and the array can do
    ///
    /// Runs apps that read, program and erase on the shipped drivers, with the kernel's work
    /// charged as so many instructions at the given clock. Times are simulated: the same
    /// program measures the same.
    ///
    /// With --json the output is one object: `ok`, `cost`, and `outcomes` (each with `case`,
    /// `elapsed_ns`, `bytes_per_second`, `bus_percent`, `array_percent`, `latency` (`p50_us`,
    /// `p99_us`, `max_us`), `transfers_each`, `instructions_each`, `polls_each`,
    /// `polling_bus_percent`, `polling_cpu_percent`, `cpu_percent`, `enabled_us_each`, `awake_after_us`, `jain`, `beside_max_us`,
    /// `failures`), and `counted` (each with `case` and, in `each`, instructions of `chip`,
    /// `capsule`, `copy`, `kernel`), which is empty without --instructions, and `plain`
    /// (each with `case`, `clock_hz`, `bytes_per_second`, `ours_times`): the same reads with one
    /// buffer, one line and whole sectors, at the clock that upstream's driver asks for and at
    /// ours.
    Bench(Bench),
    /// Makes random runs and tells a digest of all that happened in each
    ///
    /// Makes the same runs as `random`, one after the other on one board. A digest is of every
    /// system call and its result, every upcall, every state of a process and every register
    /// access, with simulated times and with addresses that don't depend on the build: the
    /// program with the host kernel and the one with upstream's tell the same ones
    /// (doc/fidelity.md).
    ///
    /// Any other command writes such a trace to the file that the environment variable
    /// TOCK_TRACE names, if there is one.
    ///
    /// With --json the output is one object: `bounds`, `runs` (`number`, `lines`, `digest`,
    /// `breaches` and, if it was asked for, `text`), `next` (the first run that was not made:
    /// fewer than --count are if the board can't be used any more).
    Trace(Trace),
    /// Lists the parts that the flash can be
    ///
    /// Lists the parts that the model of the flash can be, and where their figures come
    /// from.
    ///
    /// With --json the output is an array with one object for each part: `name`, `id`,
    /// `size_bytes`, `page_bytes`, `erase` (`opcode`, `bytes`, `typical_us`,
    /// `maximum_us`), `page_program` and `chip_erase` (`typical_us`, `maximum_us`),
    /// `max_clock_hz`, `deep_power_down`, `source`.
    Parts(Parts),
    /// Says what a part is, from a dump of its SFDP tables
    ///
    /// Decodes a dump of SFDP tables (JESD216) with the very code that the drivers decode
    /// them with, and says what the part can do and how it would be used.
    ///
    /// FILE.hex has hex bytes from SFDP address 0 on, in any grouping, with or without an
    /// address and a colon before each line, or parameter tables without their headers,
    /// one a line: the parameter id (ff00), then the bytes. `#` begins a comment.
    ///
    /// With --json the output is one object: `name`, `jedec_id`, `known_as`,
    /// `sfdp_revision`, `basic_dwords`, `tables` (`id`, `what`, `revision`, `address`,
    /// `length`), `size_bytes`, `page_bytes`, `erase` (`opcode`, `opcode_4b`,
    /// `size_bytes`, `times`, `table_times`), `regions` (`start`, `end`, `erase_bytes`),
    /// `chip_erase_opcode`, `chip_erase`, `table_chip_erase`, `program` (`page`,
    /// `table_page`, `first_byte`, `next_byte`, `quad_mode`, `quad_opcode`), `reads`
    /// (`mode`, `opcode`, `opcode_4b`, `mode_clocks`, `dummy_clocks`), `dtr`,
    /// `quad_enable`, `poll`, `suspend_program` and `suspend_erase` (`suspend`, `resume`,
    /// `latency_us`, `interval_us`), `power_down` (`enter`, `exit`, `exit_delay_us`,
    /// `from_table`), `reset`, `address_bytes`, `addressing`, `slow_mode_clock_hz`,
    /// `warnings`. Times have `typ_us` and `max_us`; those called after the table are the
    /// table's own where the driver counts on others. What is not known is null.
    Identify(Identify),
}

/// Arguments of `tour`.
#[derive(Args, Debug)]
#[command(after_help = EXIT)]
pub struct Tour {
    /// The part on the board, see `parts`
    #[arg(long, value_name = "NAME", default_value = crate::setup::DEFAULT_PART)]
    pub part: String,
    /// What busy times and contents are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `run`.
#[derive(Args, Debug)]
#[command(after_help = RUN_HELP.as_str())]
pub struct Run {
    /// The image; an erased part if it is not given
    #[arg(long, value_name = "FILE", required_unless_present_any = ["tabs", "board_flash", "firmware"])]
    pub flash: Option<PathBuf>,
    /// The part that the image is of, see `parts`
    #[arg(long, value_name = "NAME", default_value = crate::setup::DEFAULT_PART)]
    pub part: String,
    /// An app to run; may be given more than once. With several apps each line that one
    /// prints begins with its name and a colon; the second `dump` is called `dump.2`
    #[arg(long = "app", value_name = "NAME", required_unless_present_any = ["tabs", "board_flash", "firmware"])]
    pub apps: Vec<String>,
    /// A TAB to run; may be given more than once, and beside --app
    #[arg(long = "tab", value_name = "FILE")]
    pub tabs: Vec<PathBuf>,
    /// Run the apps in this image of the board's flash (byte 0 is address 0, apps begin at
    /// 0x40000)
    #[arg(long, value_name = "FILE")]
    pub board_flash: Option<PathBuf>,
    /// Boot this image of a kernel for the nRF52840DK (an ELF file) on an emulated chip. TABs
    /// and those of --board-flash are put into the chip's flash, and the image loads them itself
    #[arg(long, value_name = "FILE", conflicts_with_all = ["apps", "regions", "strace", "timeline", "out"])]
    pub firmware: Option<PathBuf>,
    /// Type this line on the image's console when nothing more comes from it; may be given more
    /// than once
    #[arg(long = "type", value_name = "TEXT", requires = "firmware")]
    pub typed: Vec<String>,
    /// End when the image has printed this, after all that is typed and all power cycles; it is a
    /// failure if it does not. If it is given more than once, all of it has to be printed
    #[arg(long, value_name = "TEXT", requires = "firmware",
          value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub until: Vec<String>,
    /// Take the power away after so many instructions, and give it back; may be given more than
    /// once. Both flashes keep their contents
    #[arg(long, value_name = "INSTRUCTIONS", requires = "firmware")]
    pub kill_at: Vec<u64>,
    /// Print system calls, results, upcalls and faults to standard error as they happen
    #[arg(long)]
    pub strace: bool,
    /// The region of an app, as APP=START:LENGTH with :ro (read only, default without
    /// --write) or :rw after it; numbers are decimal or 0x hexadecimal, multiples of 4096.
    /// APP=none gives it none. One app has the whole part if nothing is said, several have
    /// equal shares
    #[arg(long = "region", value_name = "APP=START:LENGTH[:ro|rw]")]
    pub regions: Vec<String>,
    /// Keep the changes in the image, and let apps change their regions unless they are :ro
    #[arg(long)]
    pub write: bool,
    /// Write what the apps print to this file, not to standard output: that of a single app
    /// byte for byte, that of several with their names before each line
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// End apps that have not ended after so many simulated seconds; 0 for never. Without it that
    /// is 300, and 10 for --firmware
    #[arg(long, value_name = "SECONDS")]
    pub limit: Option<u64>,
    /// Print the timeline to standard error
    #[arg(long)]
    pub timeline: bool,
    /// One JSON object instead of the apps' output
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `bench`.
#[derive(Args, Debug)]
#[command(after_help = EXIT)]
pub struct Bench {
    /// Only cases with this in their name
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Only the case of this very name
    #[arg(long, value_name = "NAME")]
    pub case: Option<String>,
    /// So many operations of each app, and not as many as the case says
    #[arg(long, value_name = "NUMBER")]
    pub operations: Option<u32>,
    /// Count instructions of each operation, which needs valgrind
    #[arg(long)]
    pub instructions: bool,
    /// The CPU's clock, in MHz; 0 for a CPU that works infinitely fast
    #[arg(long, value_name = "MHZ", default_value_t = 64)]
    pub cpu_mhz: u64,
    /// Draw the results to this file
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// One JSON object instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `parts`.
#[derive(Args, Debug)]
pub struct Parts {
    /// One JSON array instead of a table
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `identify`.
#[derive(Args, Debug)]
#[command(after_help = EXIT)]
pub struct Identify {
    /// The dump; - reads standard input
    #[arg(value_name = "FILE.hex")]
    pub file: PathBuf,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What all that run schedules have in common.
#[derive(Args, Debug)]
pub struct Schedules {
    /// The part on the board, see `parts`
    #[arg(long, value_name = "NAME", default_value = crate::setup::DEFAULT_PART)]
    pub part: String,
    /// Threads; as many as there are cores if nothing is said
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<usize>,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What `explore` is told.
#[derive(Args, Debug)]
#[command(after_help = EXIT)]
pub struct Explore {
    /// Processes, 1 to 4
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    pub processes: u8,
    /// Operations of each process
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub operations: u8,
    /// Processes that die early
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub deaths: u8,
    /// Times that the device is detached
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub detaches: u8,
    /// Processes that are stopped and resumed
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub stops: u8,
    /// Times that the CPU comes too late
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub stalls: u8,
    /// Faults of the hardware
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, default_value_t = 0, default_missing_value = "1")]
    pub faults: u8,
    /// Look at states again that were seen before: to check on small bounds that it makes no
    /// difference
    #[arg(long)]
    pub no_prune: bool,
    /// Memory for states, in MiB, rounded down to a power of two
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub memory: u32,
    /// End after so many schedules; 0 for never
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub limit: u64,
    /// Go on after a breach
    #[arg(long)]
    pub keep_going: bool,
    /// More.
    #[command(flatten)]
    pub common: Schedules,
}

/// What `random` is told.
#[derive(Args, Debug)]
#[command(after_help = EXIT)]
pub struct Random {
    /// What everything is drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Operations
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    pub ops: u64,
    /// Hardware without faults
    #[arg(long)]
    pub no_faults: bool,
    /// Go on after a breach
    #[arg(long)]
    pub keep_going: bool,
    /// More.
    #[command(flatten)]
    pub common: Schedules,
}

/// What `trace` is told.
#[derive(Args, Debug)]
#[command(after_help = EXIT)]
pub struct Trace {
    /// What everything is drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// The first run
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub first: u64,
    /// Runs
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub count: u64,
    /// Print the whole trace of this run
    #[arg(long, value_name = "NUMBER")]
    pub text: Option<u64>,
    /// Hardware without faults
    #[arg(long)]
    pub no_faults: bool,
    /// The part on the board, see `parts`
    #[arg(long, value_name = "NAME", default_value = crate::setup::DEFAULT_PART)]
    pub part: String,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What `replay` is told.
#[derive(Args, Debug)]
#[command(after_help = EXIT)]
pub struct Replay {
    /// The schedule, as `explore` and `random` print it
    #[arg(value_name = "SCHEDULE")]
    pub schedule: String,
    /// The part on the board, see `parts`
    #[arg(long, value_name = "NAME", default_value = crate::setup::DEFAULT_PART)]
    pub part: String,
    /// Write pins, registers, DMA, lifecycle and processes to this file, for a waveform viewer
    #[arg(long, value_name = "FILE")]
    pub vcd: Option<PathBuf>,
    /// Draw the same to this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

/// What `compare` is told.
#[derive(Args, Debug)]
#[command(after_help = EXIT)]
pub struct Compare {
    /// Only this policy: a, b, c, d or e
    #[arg(long, value_name = "LETTER")]
    pub policy: Option<String>,
    /// Only this workload: typical, slow-erase or slow-read
    #[arg(long, value_name = "NAME")]
    pub workload: Option<String>,
    /// Run one schedule of one policy again, and say what happens. Its bounds tell the workload
    #[arg(long, value_name = "SCHEDULE", requires = "policy")]
    pub replay: Option<String>,
    /// No more schedules than this for each policy and workload; 0 for all
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub limit: u64,
    /// More.
    #[command(flatten)]
    pub common: Schedules,
}

static RUN_HELP: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| {
    let mut text = "Apps:\n".to_owned();
    for app in userland_cases::app::APPS {
        text += &format!("  {:<20} {}\n", app.name, app.summary);
    }
    text += "\nExample: list a FAT volume\n  \
             mkfs.fat -C card.img 8192\n  \
             tock-qspi run --flash card.img --part MX25R6435F --app fat-list\n\n";
    text + EXIT
});

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_is_the_whole_text() {
        for command in Arguments::command().get_subcommands_mut() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            assert!(help.contains("With --json the output is"), "{name}: {help}");
        }
        let help = Arguments::command().render_long_help().to_string();
        assert!(help.contains("With no command it gives the tour"), "{help}");
    }

    #[test]
    fn no_command_is_the_tour() {
        let arguments = Arguments::parse_from(["tock-qspi", "--seed", "7"]);
        assert!(arguments.command.is_none());
        assert_eq!(arguments.tour.seed, 7);
    }
}
