//! How long logs take, and how much memory; in processes of their own, so that nothing else counts.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use debrick_diagnose::{Evidence, diagnose};
use debrick_model::EvidenceKind;

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

pub(super) fn measure() -> Result<Vec<Row>, String> {
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
