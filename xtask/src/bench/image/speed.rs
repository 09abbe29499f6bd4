//! How long the program takes: on small files against binwalk and unblob, on a large one against `openssl dgst`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::{Row, median, text};
use super::Known;

const LARGE: u64 = 1 << 30;
const RUNS: usize = 7;
const SMALL_RUNS: usize = 20;
/// In KiB.
const MOST_MEMORY: u64 = 64 << 10;
const TIMES_FASTER: f64 = 10.0;
const MOST_TIMES_OPENSSL: f64 = 1.15;
const SMALL_LIMIT: Duration = Duration::from_millis(15);

/// Every file with each tool: the others take one file at a time, ours takes all. What a process a file costs is told too.
pub(super) fn against_others(program: &Path, files: &[Known]) -> Result<Vec<Row>, String> {
    let scratch = Scratch::new("others")?;
    let (mut all, mut singly) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let mut command = Command::new(program);
        command.args(["image", "inspect"]).args(files.iter().map(|file| &file.path));
        all.push(timed(&mut command)?);
        singly.push(total(files, |file| {
            let mut command = Command::new(program);
            command.args(["image", "inspect"]).arg(file);
            command
        })?);
    }
    let all = median(&mut all).unwrap_or_default();
    let singly = median(&mut singly).unwrap_or_default();
    let mut rows = Vec::new();
    let mut others = Duration::ZERO;
    for (tool, arguments) in
        [("binwalk", &["--quiet"][..]), ("unblob", &["--skip-extraction", "--report", "/dev/null"][..])]
    {
        if !is_installed(tool) {
            println!("{tool} is not installed: not compared with it");
            continue;
        }
        let theirs = total(files, |file| {
            let mut command = Command::new(tool);
            command.args(arguments).arg(file).current_dir(&scratch.0);
            command
        })?;
        others += theirs;
        rows.push(Row {
            what: format!("inspect of {} files in one run, against {tool}", files.len()),
            measured: format!(
                "{:.1} x: {:.2} s against {:.2} s (a run a file: {:.1} x, {:.2} s)",
                theirs.as_secs_f64() / all.as_secs_f64(),
                all.as_secs_f64(),
                theirs.as_secs_f64(),
                theirs.as_secs_f64() / singly.as_secs_f64(),
                singly.as_secs_f64(),
            ),
            required: "told",
            ok: None,
        });
    }
    if rows.len() == 2 {
        let ratio = others.as_secs_f64() / all.as_secs_f64();
        rows.push(Row {
            what: "the same, against both in total".into(),
            measured: format!(
                "{ratio:.1} x: {:.2} s against {:.2} s",
                all.as_secs_f64(),
                others.as_secs_f64()
            ),
            required: ">= 10 x",
            ok: Some(ratio >= TIMES_FASTER),
        });
    }
    Ok(rows)
}

/// A file of 1 GiB against `openssl dgst -sha256`, and one of 64 KiB from a cold start.
pub(super) fn large_and_small(program: &Path) -> Result<Vec<Row>, String> {
    let scratch = Scratch::new("large")?;
    let mut rows = Vec::new();
    for (what, header) in [("without a format", vec![]), ("uImage", uimage_header())] {
        let path = scratch.file("large.bin", &header, LARGE)?;
        rows.extend(large(program, &path, what)?);
    }
    let small = scratch.file("small.bin", &[], 64 << 10)?;
    let mut times = Vec::new();
    for _ in 0..SMALL_RUNS {
        forget(&small);
        times.push(run(Command::new(program).args(["image", "inspect"]).arg(&small))?.took);
    }
    let middle = median(&mut times).unwrap_or_default();
    rows.push(Row {
        what: "inspect of 64 KiB, file not in memory".into(),
        measured: format!("median {:.1} ms of {SMALL_RUNS}", middle.as_secs_f64() * 1000.0),
        required: "< 15 ms",
        ok: Some(middle < SMALL_LIMIT),
    });
    Ok(rows)
}

fn large(program: &Path, path: &Path, what: &str) -> Result<Vec<Row>, String> {
    let (mut ratios, mut best, mut memory) = (Vec::new(), [Duration::MAX; 2], 0);
    for round in 0..RUNS {
        let mut took = [Duration::ZERO; 2];
        // Whoever comes first finds the caches colder.
        for who in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            let ran = match who {
                0 => run(Command::new(program).args(["image", "inspect"]).arg(path))?,
                _ => run(Command::new("openssl").args(["dgst", "-sha256"]).arg(path))?,
            };
            took[who] = ran.took;
            best[who] = best[who].min(ran.took);
            if who == 0 {
                memory = memory.max(ran.peak_memory);
            }
        }
        ratios.push((took[0].as_secs_f64() / took[1].as_secs_f64() * 1000.0) as u64);
    }
    let ratio = median(&mut ratios).unwrap_or_default() as f64 / 1000.0;
    Ok(vec![
        Row {
            what: format!("inspect of 1 GiB ({what}), against openssl"),
            measured: format!(
                "{ratio:.2} x, median of {RUNS}; best {:.2} s against {:.2} s",
                best[0].as_secs_f64(),
                best[1].as_secs_f64()
            ),
            required: "<= 1.15 x",
            ok: Some(ratio <= MOST_TIMES_OPENSSL),
        },
        Row {
            what: format!("memory of that ({what}), at its peak"),
            measured: format!("{:.1} MiB", memory as f64 / 1024.0),
            required: "< 64 MiB",
            ok: Some(memory < MOST_MEMORY),
        },
    ])
}

struct Ran {
    took: Duration,
    /// In KiB.
    peak_memory: u64,
}

/// Runs a command and watches its memory.
fn run(command: &mut Command) -> Result<Ran, String> {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(text)?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_memory = 0;
    while child.try_wait().map_err(text)?.is_none() {
        let now = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok());
        peak_memory = peak_memory.max(peak.unwrap_or(0));
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(Ran { took: began.elapsed(), peak_memory })
}

fn total(files: &[Known], command: impl Fn(&Path) -> Command) -> Result<Duration, String> {
    files.iter().map(|file| timed(&mut command(&file.path))).sum()
}

fn timed(command: &mut Command) -> Result<Duration, String> {
    let began = Instant::now();
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().map_err(text)?;
    Ok(began.elapsed())
}

fn is_installed(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Asks the kernel to drop a file from its cache.
fn forget(path: &Path) {
    let quiet = |command: &mut Command| {
        let _ = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    };
    quiet(Command::new("sync").arg(path));
    quiet(Command::new("dd").arg(format!("of={}", path.display())).args([
        "oflag=nocache",
        "conv=notrunc,fdatasync",
        "count=0",
    ]));
}

/// The header of a uImage that takes up the rest of a large file. Its checksums do not fit: that they are computed is what
/// takes time.
fn uimage_header() -> Vec<u8> {
    let mut header = vec![0; 64];
    header[..4].copy_from_slice(&[0x27, 0x05, 0x19, 0x56]);
    header[12..16].copy_from_slice(&((LARGE - 64) as u32).to_be_bytes());
    header
}

/// A folder that goes away.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("debrick-bench-image-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(text)?;
        Ok(Self(folder))
    }

    /// A file that starts with some bytes and goes on with noise.
    fn file(&self, name: &str, head: &[u8], size: u64) -> Result<PathBuf, String> {
        let path = self.0.join(name);
        let mut file = File::create(&path).map_err(text)?;
        file.write_all(head).map_err(text)?;
        let piece = debrick_lab::router::layout::noise(1, 1 << 16);
        let mut left = size - head.len() as u64;
        while left > 0 {
            let part = left.min(piece.len() as u64) as usize;
            file.write_all(&piece[..part]).map_err(text)?;
            left -= part as u64;
        }
        file.sync_all().map_err(text)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
