//! Project chores, as `cargo xtask COMMAND`.

#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)]

mod bench;
mod cases;
mod check_catalog;
mod docs;
mod fit_diagnosis;
mod fuzz;
mod import_facts;
mod lab;
mod layers;
mod pack_catalog;

use std::path::PathBuf;
use std::process::Command;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "xtask", about = "Project chores")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Check that every crate depends only on layers below its own.
    CheckLayers,
    /// Check the records of `catalog/` and of the lab.
    CheckCatalog,
    /// Write the pages of `docs/` that are made from the code.
    Docs {
        /// Only check that they are up to date.
        #[arg(long)]
        check: bool,
    },
    /// Break real units in the lab, have them repaired, and judge the result from outside.
    Lab(lab::Arguments),
    /// Make the tables that are compiled in from collected facts.
    ImportFacts(import_facts::Arguments),
    /// Fit what the diagnosis learns from labelled cases.
    FitDiagnosis(fit_diagnosis::Arguments),
    /// Write the packed catalog to a file, to be signed and handed out.
    PackCatalog(pack_catalog::Arguments),
    /// Feed the readers of files with what no packer would make.
    Fuzz(fuzz::Arguments),
    /// Measure speed and memory against the tools that people use today.
    Bench(bench::Arguments),
}

fn main() {
    let done = match Args::parse().chore {
        Chore::CheckLayers => layers::check(),
        Chore::CheckCatalog => check_catalog::check(),
        Chore::Docs { check } => docs::run(check),
        Chore::Lab(arguments) => lab::run(&arguments),
        Chore::ImportFacts(arguments) => import_facts::run(&arguments),
        Chore::FitDiagnosis(arguments) => fit_diagnosis::run(&arguments),
        Chore::PackCatalog(arguments) => pack_catalog::run(&arguments),
        Chore::Fuzz(arguments) => fuzz::run(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments),
    };
    if let Err(reason) = done {
        eprintln!("xtask: {reason}");
        std::process::exit(1);
    }
}

/// Builds the `debrick` program and returns its path.
fn build_program(release: bool) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "debrick", "--message-format", "json-render-diagnostics"]);
    if release {
        command.arg("--release");
    }
    let output =
        command.stderr(std::process::Stdio::inherit()).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err("debrick does not build".into());
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "debrick")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo did not say where debrick is".into())
}
