//! A real U-Boot in QEMU pulls 64 MiB from our server and from tftpd-hpa in turn, over the same wire, with the block size
//! that it asks for. Our server is a process of its own, whose memory is looked at when it is done.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use debrick_lab::router::layout::noise;
use debrick_lab::router::unit::HOST_ADDRESS;
use debrick_lab::router::{Brick, Console, Lab, Unit, UnitOptions};
use debrick_link::Deadline;
use debrick_link_os::{OsClock, OsNetwork};
use debrick_target::{Silent, Source, SourceError};
use debrick_tftp::{Server, Service};

use super::{Row, median, text};

const BYTES: usize = 64 << 20;
const RUNS: usize = 9;
const FILE_NAME: &str = "image.bin";
const ADDRESS: &str = "0x48000000";
const PATIENCE: Duration = Duration::from_secs(120);
const PROMPT: Duration = Duration::from_secs(20);
/// In KiB.
const MOST_MEMORY: u64 = 48 << 10;

/// A file that stays on disk.
struct OnDisk {
    file: File,
    size: u64,
}

impl Source for OnDisk {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.file.read_exact_at(buffer, offset).map_err(|source| SourceError { offset, source })
    }
}

/// Serves a file until the process is ended.
pub(super) fn serve(path: &Path, address: SocketAddr) -> Result<(), String> {
    let file = File::open(path).map_err(text)?;
    let source = OnDisk { size: file.metadata().map_err(text)?.len(), file };
    let mut network = OsNetwork::new();
    let mut server = Server::bind(&mut network, address, Service::of(FILE_NAME, &source)).map_err(text)?;
    loop {
        let hour = Deadline::after(&OsClock, Duration::from_secs(3600));
        server.serve_until(hour, &mut Silent, |_| false).map_err(text)?;
    }
}

pub(super) fn measure(lab: &Lab) -> Result<Vec<Row>, String> {
    let folder = std::env::temp_dir().join(format!("debrick-bench-tftp-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(text)?;
    let rows = std::fs::write(folder.join(FILE_NAME), noise(64, BYTES))
        .map_err(text)
        .and_then(|()| against_each_other(lab, &folder));
    let _ = std::fs::remove_dir_all(&folder);
    rows
}

fn against_each_other(lab: &Lab, folder: &Path) -> Result<Vec<Row>, String> {
    let mut unit = lab.unit(UnitOptions::bricked(Brick::Healthy)).map_err(text)?;
    unit.power_on().map_err(text)?;
    let mut console = unit.console().map_err(text)?;
    console.stop_autoboot(PROMPT).map_err(text)?;

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut memory = 0;
    for round in 0..RUNS {
        // Whoever comes first finds the caches colder.
        let order = if round % 2 == 0 { [true, false] } else { [false, true] };
        for is_ours in order {
            let server = if is_ours { our_server(&unit, folder)? } else { their_server(&unit, folder)? };
            let took = pull(&mut console)?;
            if is_ours {
                memory = memory.max(server.peak_memory()?);
                ours.push(took);
            } else {
                theirs.push(took);
            }
        }
    }
    // What the machine does besides changes from minute to minute: neighbours in time are compared.
    let mut ratios: Vec<u64> =
        ours.iter().zip(&theirs).map(|(ours, theirs)| in_thousandths(*theirs, *ours)).collect();
    let ratio = median(&mut ratios).unwrap_or_default() as f64 / 1000.0;
    let best = |times: &[Duration]| times.iter().min().copied().unwrap_or_default().as_secs_f64();
    let rate = |times: &[Duration]| (BYTES >> 20) as f64 / best(times);
    Ok(vec![
        Row {
            what: "TFTP of 64 MiB to U-Boot, against tftpd-hpa".into(),
            measured: format!(
                "{ratio:.2} x, median of {RUNS} pairs; best {:.1} against {:.1} MiB/s",
                rate(&ours),
                rate(&theirs)
            ),
            required: ">= 1.0 x",
            ok: Some(ratio >= 1.0),
        },
        Row {
            what: "memory of the TFTP server, at its peak".into(),
            measured: format!("{:.1} MiB", memory as f64 / 1024.0),
            required: "< 48 MiB",
            ok: Some(memory < MOST_MEMORY),
        },
    ])
}

fn in_thousandths(one: Duration, other: Duration) -> u64 {
    (one.as_secs_f64() / other.as_secs_f64() * 1000.0) as u64
}

/// How long the unit takes to pull the file.
fn pull(console: &mut Console) -> Result<Duration, String> {
    console.command("setenv serverip 192.168.1.2; setenv ipaddr 192.168.1.1", PROMPT).map_err(text)?;
    let began = Instant::now();
    let printed = console.command(&format!("tftpboot {ADDRESS} {FILE_NAME}"), PATIENCE).map_err(text)?;
    let took = began.elapsed();
    if printed.contains(&format!("Bytes transferred = {BYTES} ")) {
        return Ok(took);
    }
    Err(format!("the unit did not get the file: {}", printed.chars().rev().take(300).collect::<String>()))
}

struct Running(Child);

impl Running {
    /// The most memory that it ever held, in KiB. `ip netns exec` has replaced itself by it.
    fn peak_memory(&self) -> Result<u64, String> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).map_err(text)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak.and_then(|peak| peak.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| "the kernel does not tell VmHWM".into())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn our_server(unit: &Unit, folder: &Path) -> Result<Running, String> {
    let this = std::env::current_exe().map_err(text)?;
    let mut command = unit.command(this);
    command.args(["bench", "serve-tftp"]).arg(folder.join(FILE_NAME)).arg(format!("{HOST_ADDRESS}:69"));
    started(command)
}

fn their_server(unit: &Unit, folder: &Path) -> Result<Running, String> {
    let mut command = unit.command("in.tftpd");
    let address = format!("{HOST_ADDRESS}:69");
    command
        .args(["--listen", "--foreground", "--user", "root", "--secure", "--address", &address])
        .arg(folder);
    started(command)
}

fn started(mut command: Command) -> Result<Running, String> {
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(text)?;
    let mut running = Running(child);
    // Long enough to bind its port; the unit asks again only after five seconds.
    std::thread::sleep(Duration::from_millis(700));
    match running.0.try_wait().map_err(text)? {
        None => Ok(running),
        Some(status) => Err(format!("{command:?} ended at once: {status}")),
    }
}
