//! `cargo xtask lab`: real units in QEMU, broken, repaired, interrupted, and judged from outside. One line a case.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use clap::{Args, Subcommand};
use debrick_lab::router::{Brick, Lab, Model, UnitOptions};
use debrick_lab::{judge, lan, live, scenarios, trials};

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    lab: LabName,

    /// The folder that lab/setup.sh has filled.
    #[arg(long, value_name = "DIR", default_value = "/var/cache/debrick-lab", global = true)]
    cache: PathBuf,

    /// Use this debrick instead of building one.
    #[arg(long, value_name = "FILE", global = true)]
    program: Option<PathBuf>,

    /// Keep the program's state of each case, and its unit's console, in this folder.
    #[arg(long, value_name = "DIR", global = true)]
    keep: Option<PathBuf>,

    /// How many units run at a time.
    #[arg(long, value_name = "N", default_value_t = 2, global = true)]
    at_a_time: usize,
}

#[derive(Debug, Subcommand)]
enum LabName {
    /// Every brick of a router made of U-Boot and Linux, repaired.
    Router {
        /// Only this brick.
        #[arg(long, value_name = "NAME")]
        brick: Option<String>,
    },
    /// Every brick, diagnosed live from its console; nothing is written.
    Diagnose {
        /// Only these bricks.
        #[arg(long, value_name = "NAME")]
        brick: Vec<String>,
    },
    /// Repairs that are killed at moments drawn by lot, and resumed.
    Kills(Lots),
    /// Repairs whose unit loses power while it is written to, and that are resumed.
    PowerCuts(Lots),
    /// Named things that can happen around a repair: wrong files, full disks, two repairs at once.
    Scenarios {
        /// Only this one.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
    /// Recovery over the network: our devices against real clients, our hosts against real servers, on a wire between two
    /// namespaces. Needs root; only the netconsole of Linux needs the parts of lab/setup.sh.
    Lan {
        /// Only this one.
        #[arg(long, value_name = "NAME")]
        only: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Lots {
    /// How many cases.
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: usize,
    /// The seed that the moments are drawn from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only the case with this number.
    #[arg(long, value_name = "N")]
    case: Option<usize>,
}

/// Proves a case in a folder of its own; returns a line for a person, or what went wrong.
type Proof<'a> = Box<dyn Fn(&Path) -> Result<String, String> + Sync + 'a>;

/// A case: its name, and what proves it.
struct Case<'a> {
    name: String,
    prove: Proof<'a>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let program = || arguments.program.clone().map_or_else(|| crate::build_program(false), Ok);
    if let LabName::Lan { only } = &arguments.lab {
        let proofs = on_wire(only.as_deref())?;
        let needed = proofs.iter().any(lan::Proof::needs_program);
        let program = needed.then(program).transpose()?;
        let case = |proof: lan::Proof| Case {
            name: proof.name.to_owned(),
            prove: Box::new({
                let program = program.as_deref();
                move |folder: &Path| proof.run(folder, program, &arguments.cache)
            }),
        };
        return prove_all(&proofs.into_iter().map(case).collect::<Vec<_>>(), arguments);
    }
    let program = program()?;
    let lab = Lab::open(&arguments.cache).map_err(|error| format!("{error}; run lab/setup.sh first"))?;
    let cases = match &arguments.lab {
        LabName::Router { brick } => router(&lab, &program, brick.as_deref())?,
        LabName::Diagnose { brick } => listened_to(&lab, &program, brick)?,
        LabName::Kills(lots) => drawn(lots, "kill", &lab, &program, trials::kill),
        LabName::Scenarios { only } => played(&lab, &program, only.as_deref())?,
        LabName::Lan { .. } => Vec::new(),
        LabName::PowerCuts(lots) => drawn(lots, "power-cut", &lab, &program, trials::power_cut),
    };
    prove_all(&cases, arguments)
}

fn on_wire(only: Option<&str>) -> Result<Vec<lan::Proof>, String> {
    let mut wanted = lan::PROOFS.to_vec();
    if let Some(name) = only {
        wanted.retain(|proof| proof.name == name);
        if wanted.is_empty() {
            let names: Vec<&str> = lan::PROOFS.iter().map(|proof| proof.name).collect();
            return Err(format!("there is no proof {name:?}; there are {}", names.join(", ")));
        }
    }
    Ok(wanted)
}

fn router<'a>(lab: &'a Lab, program: &'a Path, only: Option<&str>) -> Result<Vec<Case<'a>>, String> {
    let mut units: Vec<UnitOptions> = Brick::ALL.iter().map(|brick| UnitOptions::bricked(*brick)).collect();
    units.push(UnitOptions::of(Model::R2v, Brick::KernelBytesDamaged));
    // What takes longest is begun first, so that nobody waits for it alone at the end.
    units.sort_by_key(|options| {
        let is_long = matches!(options.brick, Brick::BootEnvironmentBadCrc | Brick::NorKernelDamaged)
            || options.model == Model::R2v;
        !is_long
    });
    if let Some(name) = only {
        let wanted = Brick::from_name(name).ok_or_else(|| format!("there is no brick {name:?}"))?;
        units.retain(|options| options.brick == wanted);
    }
    let case = |options: UnitOptions| Case {
        name: format!("{}-{}", options.model.id(), options.brick.name()),
        prove: Box::new(move |folder: &Path| judge::prove(lab, options, program, folder)),
    };
    Ok(units.into_iter().map(case).collect())
}

fn listened_to<'a>(lab: &'a Lab, program: &'a Path, only: &[String]) -> Result<Vec<Case<'a>>, String> {
    let bricks: Vec<Brick> = match only {
        [] => Brick::ALL.to_vec(),
        only => only
            .iter()
            .map(|name| Brick::from_name(name).ok_or_else(|| format!("there is no brick {name:?}")))
            .collect::<Result<_, _>>()?,
    };
    let case = |brick: Brick| Case {
        name: format!("live-{}", brick.name()),
        prove: Box::new(move |folder: &Path| {
            live::diagnose(lab, UnitOptions::bricked(brick), program, folder)
        }),
    };
    Ok(bricks.into_iter().map(case).collect())
}

fn played<'a>(lab: &'a Lab, program: &'a Path, only: Option<&str>) -> Result<Vec<Case<'a>>, String> {
    let mut wanted = scenarios::ALL.to_vec();
    if let Some(name) = only {
        wanted.retain(|scenario| scenario.name == name);
        if wanted.is_empty() {
            let names: Vec<&str> = scenarios::ALL.iter().map(|scenario| scenario.name).collect();
            return Err(format!("there is no scenario {name:?}; there are {}", names.join(", ")));
        }
    }
    let case = |scenario: scenarios::Scenario| Case {
        name: scenario.name.to_owned(),
        prove: Box::new(move |folder: &Path| scenarios::play(lab, scenario, program, folder)),
    };
    Ok(wanted.into_iter().map(case).collect())
}

type Trial = fn(&Lab, u64, usize, &Path, &Path) -> Result<String, String>;

fn drawn<'a>(lots: &Lots, kind: &str, lab: &'a Lab, program: &'a Path, trial: Trial) -> Vec<Case<'a>> {
    let seed = lots.seed;
    let numbers = (0..lots.count).filter(|number| lots.case.is_none_or(|only| only == *number));
    let case = |number: usize| Case {
        name: format!("{kind}-{number}"),
        prove: Box::new(move |folder: &Path| trial(lab, seed, number, program, folder)),
    };
    numbers.map(case).collect()
}

/// Proves all cases, some at a time, and tells how many passed.
fn prove_all(cases: &[Case<'_>], arguments: &Arguments) -> Result<(), String> {
    let folder = arguments
        .keep
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(format!("debrick-lab-cases-{}", std::process::id())));
    let began = Instant::now();
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..arguments.at_a_time.max(1) {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let place = folder.join(&case.name);
                    match (case.prove)(&place) {
                        Ok(line) => {
                            println!("{:<28} {line}", case.name);
                            if arguments.keep.is_none() {
                                remove(&place);
                            }
                        }
                        Err(reason) => {
                            failed.fetch_add(1, Ordering::Relaxed);
                            println!("{} FAILED: {reason}\n  see {}", case.name, place.display());
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner();
    if arguments.keep.is_none() && failed == 0 {
        remove(&folder);
    }
    println!("{:.0} s", began.elapsed().as_secs_f64());
    println!("{} passed, {failed} failed", cases.len() - failed);
    if failed == 0 {
        Ok(())
    } else {
        Err(format!("{failed} of {} cases did not end as they must", cases.len()))
    }
}

fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        eprintln!("{} could not be removed: {error}", folder.display());
    }
}
