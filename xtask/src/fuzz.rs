//! Fuzzing with libFuzzer: builds the targets of `fuzz/` with coverage, runs them on their seeds, and judges what they find.
//!
//! This does with a stable compiler what `cargo fuzz run --sanitizer none` does, so that nothing needs to be installed
//! but a C++ compiler. A busy machine is no reason to fail: what took long is run again, and its processor time counts.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;
use nix::sys::resource::{UsageWho, getrusage};

/// What `cargo fuzz` gives to the compiler: counters on every edge, and what is compared with what.
const COVERAGE: &[&str] = &[
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cdebug-assertions",
    "-Coverflow-checks",
];

/// The most processor time that one input may take: a second for each of the two times that a target reads it, although
/// its counters make it slower than the program.
const LONGEST: Duration = Duration::from_secs(2);

#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Targets, by name; without any, all of them.
    targets: Vec<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Targets that run at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// A folder with more seeds, such as images that may not be kept in the repository.
    #[arg(long)]
    seeds: Option<PathBuf>,
    /// Where chance begins; 0 begins elsewhere every time.
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// The longest input, in bytes.
    #[arg(long, default_value_t = 16 * 1024)]
    longest: u32,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("xtask has no parent folder")?;
    let known = targets(&root.join("fuzz/fuzz_targets"))?;
    let wanted = if arguments.targets.is_empty() { known.clone() } else { arguments.targets.clone() };
    if let Some(unknown) = wanted.iter().find(|target| !known.contains(target)) {
        return Err(format!("there is no target {unknown}; there are {}", known.join(", ")));
    }
    let programs = build(root)?;
    let mut failed = Vec::new();
    for batch in wanted.chunks(arguments.jobs.max(1)) {
        let runs: Vec<Run> = batch
            .iter()
            .map(|target| Run::start(root, &programs, target, arguments))
            .collect::<Result<_, _>>()?;
        for run in runs {
            let target = run.target.clone();
            match run.finish() {
                Ok(summary) => println!("{target:<12} {summary}"),
                Err(reason) => {
                    println!("{target:<12} FAILED: {reason}");
                    failed.push(target);
                }
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("fuzzing found faults in {}", failed.join(", "))) }
}

/// The names of all targets.
fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// Builds every target, and returns the folder of the programs.
fn build(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let folder = root.join("target/fuzz");
    // With a target of its own the flags reach the program alone, not build scripts and macros.
    let host = host_target()?;
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--locked", "--target", &host])
        .arg("--manifest-path")
        .arg(root.join("fuzz/Cargo.toml"))
        .arg("--target-dir")
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\x1f"))
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("the fuzz targets cannot be built".into());
    }
    Ok(folder.join(host).join("release"))
}

/// The compiler's name for this machine.
fn host_target() -> Result<String, String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").output().map_err(|error| format!("rustc: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say for which machine it is".into())
}

/// A target that is running.
struct Run {
    target: String,
    program: PathBuf,
    /// Where inputs are written that crash, or take long.
    artifacts: PathBuf,
    log: PathBuf,
    child: std::process::Child,
}

impl Run {
    fn start(root: &Path, programs: &Path, target: &str, arguments: &Arguments) -> Result<Self, String> {
        let text = |error: std::io::Error| format!("{target}: {error}");
        let place = root.join("target/fuzz/found").join(target);
        let (artifacts, kept) = (place.join("artifacts"), place.join("corpus"));
        // What was found before was judged before.
        let _ = std::fs::remove_dir_all(&artifacts);
        std::fs::create_dir_all(&artifacts).map_err(text)?;
        std::fs::create_dir_all(&kept).map_err(text)?;
        let (program, log) = (programs.join(target), place.join("log"));
        let output = std::fs::File::create(&log).map_err(text)?;
        let mut command = Command::new(&program);
        command
            .arg(&kept)
            .arg(root.join("fuzz/corpora").join(target))
            .args(&arguments.seeds)
            .arg(format!("-artifact_prefix={}/", artifacts.display()))
            .arg(format!("-max_total_time={}", arguments.seconds))
            .arg(format!("-max_len={}", arguments.longest))
            .arg(format!("-seed={}", arguments.seed))
            // A slow input is only noted, and judged afterwards; one that never ends is ended.
            .args(["-report_slow_units=1", "-timeout=60", "-rss_limit_mb=2048", "-malloc_limit_mb=96"])
            .arg("-print_final_stats=1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output);
        let child = command.spawn().map_err(text)?;
        Ok(Self { target: target.into(), program, artifacts, log, child })
    }

    /// Waits for the end, and says what was found.
    fn finish(mut self) -> Result<String, String> {
        let status = self.child.wait().map_err(|error| error.to_string())?;
        let log = std::fs::read(&self.log).map_err(|error| error.to_string())?;
        let log = String::from_utf8_lossy(&log);
        if !status.success() {
            let kept: Vec<&str> = log.lines().filter(|line| !line.starts_with('#')).collect();
            let tail = kept[kept.len().saturating_sub(30)..].join("\n");
            return Err(format!("{status}; the input is in {}\n{tail}", self.artifacts.display()));
        }
        self.time_slow_inputs()?;
        let stat = |name: &str| {
            let line = log.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
            line.map_or("?", |value| value.trim_start_matches(':').trim())
        };
        Ok(format!(
            "{} inputs, {} of them new ways, at most {} MiB",
            stat("number_of_executed_units"),
            stat("new_units_added"),
            stat("peak_rss_mb")
        ))
    }

    /// What took long beside other work is run again, and its processor time taken.
    fn time_slow_inputs(&self) -> Result<(), String> {
        let inputs = std::fs::read_dir(&self.artifacts).map_err(|error| error.to_string())?;
        for input in inputs.filter_map(|input| Some(input.ok()?.path())) {
            let before = time_of_children()?;
            let status = Command::new(&self.program).arg(&input).stderr(Stdio::null()).status();
            let took = time_of_children()?.saturating_sub(before);
            if !status.is_ok_and(|status| status.success()) || took > LONGEST {
                return Err(format!("{} takes {:.1} s", input.display(), took.as_secs_f64()));
            }
        }
        Ok(())
    }
}

/// Processor time of all programs that were started here and have ended.
fn time_of_children() -> Result<Duration, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let seconds = |time: nix::sys::time::TimeVal| {
        Duration::new(time.tv_sec().unsigned_abs(), time.tv_usec().unsigned_abs() as u32 * 1000)
    };
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
