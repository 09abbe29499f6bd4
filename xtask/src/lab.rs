//! `cargo xtask lab router`: every brick on a real bootloader, one line a brick.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use debrick_lab::attend;
use debrick_lab::router::{Brick, Lab, Model, UnitOptions};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    lab: LabName,

    /// The folder that lab/setup.sh has filled.
    #[arg(long, value_name = "DIR", default_value = "/var/cache/debrick-lab", global = true)]
    cache: PathBuf,
}

#[derive(Debug, Subcommand)]
enum LabName {
    /// A router made of U-Boot and Linux in QEMU.
    Router {
        /// Only this brick.
        #[arg(long, value_name = "NAME")]
        brick: Option<String>,
        /// Keep the program's state of each run in this folder.
        #[arg(long, value_name = "DIR")]
        keep: Option<PathBuf>,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let LabName::Router { brick, keep } = &arguments.lab;
    let program = crate::build_program(false)?;
    let lab = Lab::open(&arguments.cache).map_err(|error| format!("{error}; run lab/setup.sh first"))?;
    let mut units: Vec<UnitOptions> = Brick::ALL.iter().map(|brick| UnitOptions::bricked(*brick)).collect();
    units.push(UnitOptions::of(Model::R2v, Brick::KernelBytesDamaged));
    if let Some(name) = brick {
        let wanted = Brick::from_name(name).ok_or_else(|| format!("there is no brick {name:?}"))?;
        units.retain(|options| options.brick == wanted);
    }
    let folder = keep.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("debrick-lab-{}", std::process::id())));
    let mut failed = 0;
    for options in &units {
        let name = format!("{}-{}", options.model.id(), options.brick.name());
        let place = folder.join(&name);
        match attend::prove(&lab, *options, &program, &place) {
            Ok(line) => println!("{line}"),
            Err(reason) => {
                failed += 1;
                println!("{name}: FAILED: {reason}");
            }
        }
    }
    if keep.is_none() {
        remove(&folder);
    }
    println!("{} passed, {failed} failed", units.len() - failed);
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} units did not end as they must", units.len())) }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        eprintln!("{} could not be removed: {error}", folder.display());
    }
}
