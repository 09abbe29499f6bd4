//! How long logs take, and how much memory; in processes of their own, so that nothing else counts.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use debrick_diagnose::{Evidence, diagnose};
use debrick_model::EvidenceKind;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use crate::bench::{Row, median, text};

const RUNS: usize = 5;
const MOST_MEMORY: u64 = 64 << 20;

/// A boot as a router prints it, with a fault at its end.
const BOOT: &str = "U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\r\nHit any key to stop autoboot:  0\r\n## Loading kernel from FIT \
                    Image at 48000000 ...\r\nStarting kernel ...\r\n[    0.000000] Linux version 6.1\r\n";
const LINES: &[&str] = &[
    "[    0.437815] pci 0000:00:01.0: BAR 4 [mem 0x10004000-0x10007fff 64bit pref]\r\n",
    "[    1.233412] mtk_soc_eth 1e100000.ethernet: generated random MAC address 5a:11:2c:33:44:55\r\n",
    "[    2.019833] ubi0: good PEBs: 1006, bad PEBs: 2, corrupted PEBs: 0\r\n",
    "[    2.211234] Error: Driver 'mtk-pcie' is already registered, aborting...\r\n",
    "[    3.999999] br-lan: port 1(lan1) entered blocking state\r\n",
];
const FAULT: &str = "[   12.345678] SQUASHFS error: xz decompression failed, data probably corrupt\r\n";

pub(super) fn measure(program: &Path) -> Result<Vec<Row>, String> {
    let mut rows = whole_program(program)?;
    rows.extend(the_diagnosis_alone()?);
    Ok(rows)
}

/// The program as a whole: it starts, reads the file (of a large one, both ends), judges and prints.
fn whole_program(program: &Path) -> Result<Vec<Row>, String> {
    let folder = std::env::temp_dir().join(format!("debrick-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(text)?;
    let rows = of_sizes(program, &folder.join("boot.log"));
    fs::remove_dir_all(&folder).map_err(text)?;
    rows
}

fn of_sizes(program: &Path, file: &Path) -> Result<Vec<Row>, String> {
    let sizes = [
        (1 << 20, "debrick diagnose: a log of 1 MiB", "< 30 ms", 30),
        (50_000_000, "debrick diagnose: a log of 50 MB", "< 1 s", 1000),
    ];
    let this = std::env::current_exe().map_err(text)?;
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let mut rows = Vec::new();
    let mut peak = 0;
    for (size, what, required, most_ms) in sizes {
        fs::write(file, log(size)).map_err(text)?;
        let (mut spent, mut passed) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let output = Command::new(&this)
                .args(["bench", "diagnose-file"])
                .arg(program)
                .arg(file)
                .output()
                .map_err(text)?;
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let numbers: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            let [cpu, wall, memory] = numbers[..] else {
                return Err(format!("diagnose-file ended with {}: {said}", output.status));
            };
            spent.push(Duration::from_micros(cpu));
            passed.push(Duration::from_micros(wall));
            peak = peak.max(memory);
        }
        let (spent, passed) =
            (median(&mut spent).unwrap_or_default(), median(&mut passed).unwrap_or_default());
        rows.push(Row {
            what: what.into(),
            measured: format!("median {:.1} ms of processor time, {:.1} ms passed", ms(spent), ms(passed)),
            required,
            // On a busy machine time passes that is not the program's.
            ok: Some(spent < Duration::from_millis(most_ms)),
        });
    }
    rows.push(Row {
        what: "debrick diagnose: memory with a log of 50 MB".into(),
        measured: format!("peak {:.1} MiB", peak as f64 / f64::from(1 << 20)),
        required: "< 64 MiB",
        ok: Some(peak < MOST_MEMORY),
    });
    Ok(rows)
}

/// Runs the program once on a log, and prints its processor time and the time that passed in microseconds, and the most
/// memory that it held in bytes. In a process of its own, since the system tells that of all children together.
pub(in crate::bench) fn diagnose_file(program: &Path, file: &Path) -> Result<(), String> {
    let began = Instant::now();
    let status = Command::new(program)
        .args(["--json", "diagnose", "--log"])
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(text)?;
    let passed = began.elapsed();
    if !status.success() {
        return Err(format!("debrick diagnose: {status}"));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(text)?;
    let micros = |time: TimeVal| time.tv_sec().unsigned_abs() * 1_000_000 + time.tv_usec().unsigned_abs();
    let spent = micros(usage.user_time()) + micros(usage.system_time());
    println!("{spent} {} {}", passed.as_micros(), usage.max_rss().unsigned_abs() << 10);
    Ok(())
}

fn the_diagnosis_alone() -> Result<Vec<Row>, String> {
    let small = run(1 << 20)?;
    let large = run(50_000_000)?;
    let ms = |time: Duration| format!("median {:.1} ms of {RUNS}", time.as_secs_f64() * 1000.0);
    Ok(vec![
        Row {
            what: "diagnose: a log of 1 MiB".into(),
            measured: ms(small.0),
            required: "< 30 ms",
            ok: Some(small.0 < Duration::from_millis(30)),
        },
        Row {
            what: "diagnose: a log of 50 MB".into(),
            measured: ms(large.0),
            required: "< 1 s",
            ok: Some(large.0 < Duration::from_secs(1)),
        },
        Row {
            what: "diagnose: memory with a log of 50 MB".into(),
            measured: format!("peak {:.1} MiB, the log included", large.1 as f64 / f64::from(1 << 20)),
            required: "< 64 MiB",
            ok: Some(large.1 < MOST_MEMORY),
        },
    ])
}

/// Time and peak memory, the middle of several processes.
fn run(size: usize) -> Result<(Duration, u64), String> {
    let program = std::env::current_exe().map_err(text)?;
    let (mut times, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let output =
            Command::new(&program).args(["bench", "read-log", &size.to_string()]).output().map_err(text)?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = said.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
        let (Some(micros), Some(peak)) = (numbers.next(), numbers.next()) else {
            return Err(format!("read-log ended with {}: {said}", output.status));
        };
        times.push(Duration::from_micros(micros));
        peaks.push(peak);
    }
    let middle = median(&mut times).zip(median(&mut peaks));
    middle.ok_or_else(|| "nothing was measured".into())
}

/// Diagnoses a log of that many bytes, and prints the microseconds and the bytes of memory at the highest.
pub(in crate::bench) fn read_log(size: usize) -> Result<(), String> {
    let evidence = [Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: log(size) }];
    let start = Instant::now();
    let diagnosis = diagnose(&evidence);
    let took = start.elapsed();
    if diagnosis.findings.is_empty() {
        return Err("the diagnosis found nothing".into());
    }
    println!("{} {}", took.as_micros(), peak()?);
    Ok(())
}

/// Boots, one after the other, of ten thousand lines each.
fn log(size: usize) -> String {
    let mut log = String::with_capacity(size + FAULT.len());
    while log.len() < size {
        log.push_str(BOOT);
        for line in LINES.iter().cycle().take(10_000) {
            if log.len() + line.len() > size {
                break;
            }
            log.push_str(line);
        }
        log.push_str(FAULT);
    }
    log.truncate(size);
    log
}

/// The most memory that this process held (`proc_pid_status(5)`, `VmHWM`).
fn peak() -> Result<u64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(text)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kib = line.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()).ok_or("no number")?;
    Ok(kib << 10)
}
