//! Over a console of 115200 baud: our delta flash against sending the whole image with lrzsz, and our YMODEM against
//! theirs. The same line, the same virtual router and its `loady` for all three, in real time, side by side.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use debrick_link::{Deadline, Rng};
use debrick_model::{Digest, Gate, GateOutcome, GateResult, Region, RegionRole};
use debrick_target::clearance::{Scope, clear};
use debrick_target::flash::{self, Part};
use debrick_target::{Geometry, Silent, TargetError, Watch, digest, verify};
use debrick_uboot_console::host::{Console, ConsoleConfig, ConsoleError, RamLoader, Storage, UbootTarget};
use debrick_virtual_bench::{FLASH_SIZE, UnitState, VirtualRouter, region};
use debrick_xymodem::{SendOptions, Variant, send};

use super::line::{Line, time_of};
use super::{Row, text};

const FULL: usize = 10 << 20;
const QUICK: usize = 1 << 20;
const BLOCK: usize = 4096;
const DAMAGED_PERCENT: usize = 3;
const SEED: u64 = 3;
const RAM: u64 = 0x5000_0000;
const RAM_SIZE: u64 = 0x400_0000;
/// As in the engine.
const BATCH: u64 = 4 << 20;

pub(super) fn measure(quick: bool) -> Result<Vec<Row>, String> {
    let size = if quick { QUICK } else { FULL };
    let folder = std::env::temp_dir().join(format!("debrick-bench-line-{}", std::process::id()));
    let mut image = vec![0; size];
    Rng::new(SEED).fill(&mut image);
    let (delta, ours, theirs) = std::thread::scope(|scope| {
        let delta = scope.spawn(|| delta(&image, &folder.join("delta")));
        let ours = scope.spawn(|| whole(&image, &folder.join("ours")));
        let theirs = whole_by_lrzsz(&image, &folder.join("theirs"));
        (
            delta.join().unwrap_or_else(|_| Err("a thread ended badly".into())),
            ours.join().unwrap_or_else(|_| Err("a thread ended badly".into())),
            theirs,
        )
    });
    let _ = std::fs::remove_dir_all(&folder);
    let (delta, ours, theirs) = (delta?, ours?, theirs?);
    let seconds = |time: Duration| time.as_secs_f64();
    let at_line_rate = seconds(time_of(size));
    let faster = seconds(theirs) / seconds(delta.took);
    let ratio = seconds(theirs) / seconds(ours);
    let share = at_line_rate / seconds(ours) * 100.0;
    let full = |ok: bool| (!quick).then_some(ok);
    let mebibytes = size >> 20;
    Ok(vec![
        Row {
            what: format!("delta of {mebibytes} MiB, {DAMAGED_PERCENT} % of blocks wrong, against sb"),
            measured: format!(
                "{faster:.1} x: {:.1} s ({} KiB sent) against {:.1} s",
                seconds(delta.took),
                delta.sent >> 10,
                seconds(theirs)
            ),
            required: ">= 20 x",
            ok: full(faster >= 20.0),
        },
        Row {
            what: format!("YMODEM of {mebibytes} MiB, against sb -k"),
            measured: format!("{ratio:.3} x: {:.1} s against {:.1} s", seconds(ours), seconds(theirs)),
            required: ">= 1.0 x",
            ok: full(ratio >= 1.0),
        },
        Row {
            what: "YMODEM's share of the line rate".into(),
            measured: format!("{share:.1} %: the bytes alone take {at_line_rate:.1} s at 115200 baud"),
            required: ">= 96 %",
            ok: full(share >= 96.0),
        },
    ])
}

/// A router that holds `content` in its firmware region, at its prompt.
fn at_prompt(content: &[u8], folder: &Path) -> Result<(Line, Console), String> {
    let place = region("firmware").ok_or("the router has no firmware region")?;
    let mut state = UnitState::healthy(&[]);
    state.write(place.offset, content);
    let line = Line::to(VirtualRouter::new(state), folder)?;
    let mut console = Console::new(line.connect()?, ConsoleConfig::default());
    let minute = Deadline::after(console.clock(), Duration::from_secs(60));
    console.interrupt(minute).map_err(text)?;
    Ok((line, console))
}

struct Delta {
    took: Duration,
    sent: u64,
}

/// Flashes the image over a damaged copy of itself, and compares all of it at the end.
fn delta(image: &[u8], folder: &Path) -> Result<Delta, String> {
    let mut damaged = image.to_vec();
    let blocks = image.len() / BLOCK;
    let mut rng = Rng::new(SEED + 1);
    let mut wrong = BTreeSet::new();
    while wrong.len() < blocks * DAMAGED_PERCENT / 100 {
        wrong.insert(rng.below(blocks as u64) as usize);
    }
    for block in &wrong {
        damaged[block * BLOCK + rng.below(BLOCK as u64) as usize] ^= 0x40;
    }
    let (_line, mut console) = at_prompt(&damaged, folder)?;

    let place = region("firmware").ok_or("the router has no firmware region")?;
    let firmware = Region {
        name: "firmware".into(),
        offset: place.offset,
        size: place.size,
        role: RegionRole::Firmware,
    };
    let content: &[u8] = image;
    let digest: Digest = digest::sha256(&content).map_err(text)?;
    let open = |gate| GateResult { gate, outcome: GateOutcome::Pass, reasons: vec![] };
    let scope = Scope { regions: vec!["firmware".into()], contents: vec![digest] };
    let clearance = clear(&Gate::ALL.map(open), &[], scope).map_err(text)?;
    let geometry =
        Geometry { size: FLASH_SIZE, write_block: 512, erase_block: None, erased: 0, batch: BATCH };

    let began = Instant::now();
    let mut loader = Ymodem;
    let storage = Storage::Virtio { device: 0 };
    let mut target = UbootTarget::new(&mut console, &mut loader, storage, geometry, RAM, RAM_SIZE);
    let part = Part { region: &firmware, content: &content, digest };
    let flashed = flash::flash(&mut target, &clearance, &part, &mut Silent).map_err(causes)?;
    let seen = verify::compare(&mut target, &firmware, &content, &mut Silent).map_err(causes)?;
    let took = began.elapsed();
    seen.into_result(&firmware).map_err(causes)?;
    Ok(Delta { took, sent: flashed.sent })
}

/// Sends the whole image with our YMODEM.
fn whole(image: &[u8], folder: &Path) -> Result<Duration, String> {
    let (line, mut console) = at_prompt(&[], folder)?;
    begin_loady(&mut console).map_err(causes)?;
    line.forget();
    let content: &[u8] = image;
    let options = SendOptions { is_requested: console.open_line().ends_with('C'), ..SendOptions::default() };
    send(console.stream_of_command(), Variant::Ymodem, "image.bin", &content, &options, &mut Silent)
        .map_err(causes)?;
    let (took, _) = line.sending();
    arrived(&mut console, image)?;
    Ok(took)
}

/// Sends the whole image with `sb` of lrzsz.
fn whole_by_lrzsz(image: &[u8], folder: &Path) -> Result<Duration, String> {
    let (line, mut console) = at_prompt(&[], folder)?;
    let file: PathBuf = folder.join("image.bin");
    std::fs::write(&file, image).map_err(text)?;
    begin_loady(&mut console).map_err(causes)?;
    drop(console);
    line.forget();
    let end: std::os::fd::OwnedFd = line.connect_stream()?.into();
    let status = Command::new("sb")
        .args(["--quiet", "--binary", "--1k"])
        .arg(&file)
        .stdin(end.try_clone().map_err(text)?)
        .stdout(end)
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("sb (package lrzsz): {error}"))?;
    if !status.success() {
        return Err(format!("sb: {status}"));
    }
    let (took, _) = line.sending();
    let mut console = Console::new(line.connect()?, ConsoleConfig::default());
    let minute = Deadline::after(console.clock(), Duration::from_secs(60));
    console.sync(minute).map_err(text)?;
    arrived(&mut console, image)?;
    Ok(took)
}

fn begin_loady(console: &mut Console) -> Result<(), ConsoleError> {
    let soon = Deadline::after(console.clock(), Duration::from_secs(10));
    console.start(&format!("loady {RAM:#x}"), soon)?;
    console.wait_for(" bps...", soon).map(drop)
}

/// Whether the unit's memory holds the image.
fn arrived(console: &mut Console, image: &[u8]) -> Result<(), String> {
    let minute = Deadline::after(console.clock(), Duration::from_secs(60));
    console.sync(minute).map_err(text)?;
    let held = console.crc32(RAM, image.len() as u64).map_err(causes)?;
    let wanted = crc32fast::hash(image);
    if held == wanted { Ok(()) } else { Err(format!("the unit holds {held:08x}, and not {wanted:08x}")) }
}

/// Brings bytes into memory as the engine does where there is no network.
struct Ymodem;

impl RamLoader for Ymodem {
    fn name(&self) -> &str {
        "YMODEM"
    }

    fn load(
        &mut self,
        console: &mut Console,
        address: u64,
        bytes: &[u8],
        watch: &mut dyn Watch,
    ) -> Result<(), TargetError> {
        let operation = || format!("load {} bytes over YMODEM", bytes.len());
        let failed = |error: ConsoleError| error.into_target(operation());
        let soon = |console: &Console| Deadline::after(console.clock(), Duration::from_secs(10));
        let command = format!("loady {address:#x}");
        console.start(&command, soon(console)).map_err(failed)?;
        console.wait_for(" bps...", soon(console)).map_err(failed)?;
        let is_requested = console.open_line().ends_with('C');
        let options = SendOptions { is_requested, ..SendOptions::default() };
        send(console.stream_of_command(), Variant::Ymodem, "debrick.img", &bytes, &options, watch)
            .map_err(|error| error.into_target(operation()))?;
        match console.poll_reply(soon(console)).map_err(failed)? {
            Some(reply) if reply.text.contains("Total Size") => Ok(()),
            Some(reply) => Err(failed(ConsoleError::UnexpectedReply { command, reply: reply.text })),
            None => Err(failed(ConsoleError::NoEnd { command, tail: String::new() })),
        }
    }
}

/// An error with all that lies behind it.
fn causes(error: impl std::error::Error) -> String {
    let mut told = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        told.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    told
}
