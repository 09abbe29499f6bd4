//! `cargo xtask bench`: what the requirements promise about speed and memory, measured in one run against the tools that
//! people use today.

mod catalog;
mod console;
mod diagnose;
mod identify;
mod image;
mod journal;
mod labels;
mod lan;
mod line;
mod start;
mod tftp;

use std::path::PathBuf;
use std::process::Command;

use clap::{Args, Subcommand};
use debrick_lab::router::Lab;

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these; all of them where none is named.
    #[arg(value_enum)]
    only: Vec<Part>,

    /// Send 1 MiB over the console instead of 10 MiB: two minutes instead of sixteen, and no proof.
    #[arg(long)]
    quick: bool,

    /// Measure this build, whatever it is, instead of making a release build; the console's pace hides the difference, and
    /// of the catalog the time alone is not judged then.
    #[arg(long)]
    as_built: bool,

    /// The folder that lab/setup.sh has filled.
    #[arg(long, value_name = "DIR", default_value = "/var/cache/debrick-lab")]
    cache: PathBuf,

    /// Use this debrick instead of building one; it should be a release build.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,

    /// The folder with the files and the `manifest.json` that accuracy is measured on.
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,

    /// The folder with the cases that the diagnosis and the naming of devices are scored on.
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,

    /// Print every answer that differs from the manifest, the cases or the list of labels.
    #[arg(long)]
    mismatches: bool,

    #[command(subcommand)]
    helper: Option<Helper>,
}

/// Processes that a measurement consists of, and chores that prepare one.
#[derive(Debug, Subcommand)]
enum Helper {
    /// Serve a file by TFTP, and do nothing else.
    #[command(hide = true)]
    ServeTftp {
        /// The file; its name is what clients ask for.
        file: PathBuf,
        /// The address to serve on.
        address: std::net::SocketAddr,
    },
    /// Repair virtual routers over the network, all at once, and print how long it took and how much memory.
    #[command(hide = true)]
    RepairMany {
        /// How many.
        count: usize,
        /// A folder for what is kept.
        folder: PathBuf,
    },
    /// Diagnose a made log, and print how long it took and how much memory.
    #[command(hide = true)]
    ReadLog {
        /// The size of the log in bytes.
        size: usize,
    },
    /// Run the program once on a log, and print how long it took and how much memory.
    #[command(hide = true)]
    DiagnoseFile {
        /// The program.
        program: PathBuf,
        /// The log.
        file: PathBuf,
    },
    /// Make the list of noisy labels anew that the search is measured on.
    Labels,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Delta flash and whole transfer over a paced console, against lrzsz.
    Console,
    /// TFTP to U-Boot in QEMU, against tftpd-hpa.
    Tftp,
    /// TFTP and NMRP between two network namespaces, against tftp-hpa, atftp and nmrpflash; and fifty repairs at once.
    Lan,
    /// What the journal costs during a repair.
    Journal,
    /// How long `debrick --help` takes.
    Start,
    /// What `debrick image inspect` finds out, and how fast, against binwalk, unblob and openssl.
    Image,
    /// How much the catalog knows, how fast and how well `debrick devices search` finds devices, and what it adds to the
    /// program.
    Catalog,
    /// How fast `debrick identify` reads a large log, and how often it names the device of a case.
    Identify,
    /// How often the diagnosis is right on the cases of a folder, and how fast it reads logs.
    Diagnose,
}

/// One line of the table.
#[derive(Debug)]
struct Row {
    what: String,
    measured: String,
    /// What has to be reached, and whether it was; `None` where this run cannot tell.
    required: &'static str,
    ok: Option<bool>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    match &arguments.helper {
        Some(Helper::ServeTftp { file, address }) => return tftp::serve(file, *address),
        Some(Helper::RepairMany { count, folder }) => return lan::repair_many(*count, folder),
        Some(Helper::ReadLog { size }) => return diagnose::read_log(*size),
        Some(Helper::DiagnoseFile { program, file }) => return diagnose::diagnose_file(program, file),
        Some(Helper::Labels) => return labels::write(),
        None => {}
    }
    if cfg!(debug_assertions) && !arguments.as_built {
        return again_as_release();
    }
    let line: Vec<String> = std::env::args().skip(1).collect();
    let is_release = !cfg!(debug_assertions);
    let build = if cfg!(debug_assertions) { "a debug build" } else { "a release build" };
    println!("cargo xtask {} ({build})", line.join(" "));
    let parts: &[Part] = match arguments.only.as_slice() {
        [] => &[
            Part::Start,
            Part::Catalog,
            Part::Identify,
            Part::Diagnose,
            Part::Image,
            Part::Journal,
            Part::Lan,
            Part::Tftp,
            Part::Console,
        ],
        only => only,
    };
    let lab = || Lab::open(&arguments.cache).map_err(|error| error.to_string());
    let program = || arguments.program.clone().map_or_else(|| crate::build_program(is_release), Ok);
    let mut missed = 0;
    for part in parts {
        let rows = match part {
            Part::Console => console::measure(arguments.quick)?,
            Part::Lan => lan::measure(is_release)?,
            Part::Tftp => tftp::measure(&lab()?)?,
            Part::Journal => journal::measure(&lab()?, &program()?)?,
            Part::Start => start::measure(&program()?)?,
            Part::Catalog => catalog::measure(&program()?, is_release, arguments.mismatches)?,
            Part::Identify => identify::measure(arguments.cases.as_deref(), arguments.mismatches)?,
            Part::Diagnose => {
                diagnose::measure(&program()?, arguments.cases.as_deref(), arguments.mismatches)?
            }
            Part::Image => image::measure(&program()?, arguments.images.as_deref(), arguments.mismatches)?,
        };
        for row in rows {
            let verdict = match row.ok {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "not judged",
            };
            missed += usize::from(row.ok == Some(false));
            println!("{:<46} {:<64} {:<14} {verdict}", row.what, row.measured, row.required);
        }
    }
    if missed == 0 { Ok(()) } else { Err(format!("{missed} requirements were missed")) }
}

/// Figures of a debug build say nothing.
fn again_as_release() -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["run", "--quiet", "--release", "--package", "xtask", "--"])
        .args(std::env::args_os().skip(1));
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("the release build ended with {status}")),
        Err(error) => Err(error.to_string()),
    }
}

/// The middle one; the later of two.
fn median<T: Copy + Ord>(values: &mut [T]) -> Option<T> {
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
