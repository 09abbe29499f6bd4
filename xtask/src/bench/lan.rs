//! Transfers over a wire between two namespaces, ours and other programs' in turn, with the same peer, the same image and the
//! same block size; and many repairs at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use debrick_lab::lan::nmrp::{LOCAL, TimedUnit};
use debrick_lab::lan::wire::{HOST, Lan, Running, run};
use debrick_lab::lan::{image, nmrp, program, rescue};
use debrick_link_os::OsNetwork;
use debrick_target::Silent;
use debrick_tftp::{Client, ClientOptions};
use nix::sys::resource::{UsageWho, getrusage};

use super::{Row, median, text};

const BYTES: usize = 16 << 20;
/// About what units of today are given. With 24 MiB nmrpflash did not come to an end.
const NMRP_BYTES: usize = 15 << 20;
/// Pairs; neighbours in time are compared, because what the machine does besides changes from minute to minute.
const PAIRS: usize = 5;
/// Repairs at once, and the memory that they may take together, in bytes.
const MANY: usize = 50;
const MOST_MEMORY: u64 = 256 << 20;
const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);
const UNIT_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
const NAME: &str = "image.bin";

/// A way to transfer, and whom it is compared with.
#[derive(Clone, Copy)]
struct Setting {
    what: &'static str,
    server: fn(&Lan, &Path) -> Result<Running, String>,
    /// The other client's command for a file: to push it, or to pull it.
    client: fn(&Lan, &Path, bool) -> Result<Command, String>,
    options: fn() -> ClientOptions,
    pushes: bool,
    least: Least,
}

/// How many times as fast as the other client ours has to be.
#[derive(Clone, Copy)]
struct Least {
    times: f64,
    shown: &'static str,
}

const AS_FAST: Least = Least { times: 1.0, shown: ">= 1.0 x" };
const FASTER: Least = Least { times: 1.5, shown: ">= 1.5 x" };

pub(super) fn measure(is_release: bool) -> Result<Vec<Row>, String> {
    let folder = std::env::temp_dir().join(format!("debrick-bench-lan-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("server")).map_err(text)?;
    let rows = std::fs::write(folder.join(NAME), image(BYTES, 1))
        .map_err(text)
        .and_then(|()| all(&folder, is_release));
    let _ = std::fs::remove_dir_all(&folder);
    rows
}

fn all(folder: &Path, is_release: bool) -> Result<Vec<Row>, String> {
    let lock_step = || ClientOptions::default();
    let windowed = || ClientOptions { window_size: Some(16), ..ClientOptions::default() };
    let large =
        || ClientOptions { block_size: Some(1428), window_size: Some(16), ..ClientOptions::default() };
    let mut rows = Vec::new();
    for pushes in [true, false] {
        let hpa = Setting {
            what: "blocks of 512, against tftp-hpa",
            server: tftpd_hpa,
            client: tftp_hpa,
            options: lock_step,
            pushes,
            least: AS_FAST,
        };
        // Its server knows no windows, and its client asks for none.
        let window = Setting {
            what: "blocks of 512, window 16, against tftp-hpa",
            server: atftpd,
            options: windowed,
            least: FASTER,
            ..hpa
        };
        let atftp = Setting {
            what: "blocks of 1428, window 16, against atftp",
            client: self::atftp,
            options: large,
            least: AS_FAST,
            ..window
        };
        for setting in [hpa, window, atftp] {
            rows.push(compare(folder, &setting, is_release)?);
        }
    }
    rows.push(compare_nmrp(folder, is_release)?);
    rows.push(many(folder)?);
    Ok(rows)
}

/// Repairs units, all at once, and prints how long it took in milliseconds and the most memory that this process ever held,
/// in bytes.
pub(super) fn repair_many(count: usize, folder: &Path) -> Result<(), String> {
    let took = rescue::repair_many(count, folder)?;
    let usage = getrusage(UsageWho::RUSAGE_SELF).map_err(text)?;
    println!("{} {}", took.as_millis(), usage.max_rss().unsigned_abs() << 10);
    Ok(())
}

/// The virtual routers, whose images lie in the same memory, included; on two processors.
fn many(folder: &Path) -> Result<Row, String> {
    let this = std::env::current_exe().map_err(text)?;
    let mut command = Command::new(program("taskset")?);
    command.args(["--cpu-list", "0,1"]).arg(this).args(["bench", "repair-many", &MANY.to_string()]);
    let output = command.arg(folder.join("many")).output().map_err(text)?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [took_ms, peak] = numbers[..] else {
        return Err(format!("{MANY} at once: {}", String::from_utf8_lossy(&output.stderr)));
    };
    Ok(Row {
        what: format!("{MANY} repairs at once, virtual routers included"),
        measured: format!(
            "all repaired in {:.1} s, peak {:.1} MiB",
            took_ms as f64 / 1000.0,
            peak as f64 / f64::from(1 << 20)
        ),
        required: "< 256 MiB",
        ok: Some(peak < MOST_MEMORY),
    })
}

fn compare(folder: &Path, setting: &Setting, is_release: bool) -> Result<Row, String> {
    let lan = Lan::create(Some(HOST_IP))?;
    lan.give_unit(UNIT_IP)?;
    let served = folder.join("server");
    let source = if setting.pushes { folder.join(NAME) } else { served.join(NAME) };
    std::fs::copy(folder.join(NAME), served.join(NAME)).map_err(text)?;
    open_to_all(&served)?;
    let _server = (setting.server)(&lan, &served)?;
    let expected = std::fs::read(folder.join(NAME)).map_err(text)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..PAIRS {
        let order = if round % 2 == 0 { [true, false] } else { [false, true] };
        for is_ours in order {
            let local = if setting.pushes { source.clone() } else { folder.join("back") };
            let began = Instant::now();
            if is_ours {
                transfer(&lan, setting, &served, &local)?;
                ours.push(began.elapsed());
            } else {
                run(&mut (setting.client)(&lan, &local, setting.pushes)?)?.must_succeed()?;
                theirs.push(began.elapsed());
            }
            let arrived = if setting.pushes { served.join(NAME) } else { local };
            if std::fs::read(&arrived).map_err(text)? != expected {
                return Err(format!("{}: other bytes arrived", setting.what));
            }
        }
    }
    let what = format!("TFTP {}, {}", if setting.pushes { "push" } else { "pull" }, setting.what);
    Ok(row(what, BYTES, &ours, &theirs, setting.least, is_release))
}

/// Our client, with the file of the other one on disk, too.
fn transfer(lan: &Lan, setting: &Setting, served: &Path, local: &Path) -> Result<(), String> {
    lan.on_host(|| {
        let mut network = OsNetwork::on_interface(HOST);
        let options = ClientOptions { linger: Duration::ZERO, ..(setting.options)() };
        let server = SocketAddr::from((UNIT_IP, 69));
        let mut client = Client::new(&mut network, IpAddr::V4(HOST_IP), server, options);
        let name = served.join(NAME).display().to_string();
        if setting.pushes {
            let image = std::fs::read(local).map_err(text)?;
            client.push(&name, &image, &mut Silent).map_err(text)?;
        } else {
            let file = std::fs::File::create(local).map_err(text)?;
            let mut sink = std::io::BufWriter::new(file);
            client.pull(&name, &mut sink, &mut Silent).map_err(text)?;
        }
        Ok(())
    })
}

/// From the first advertisement that the unit hears to the acknowledgement of its end, which the unit itself measures.
fn compare_nmrp(folder: &Path, is_release: bool) -> Result<Row, String> {
    let image = image(NMRP_BYTES, 2);
    let file = folder.join("firmware.img");
    std::fs::write(&file, &image).map_err(text)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..PAIRS {
        let order = if round % 2 == 0 { [true, false] } else { [false, true] };
        for is_ours in order {
            let lan = Lan::create(is_ours.then_some(LOCAL))?;
            let work = || match is_ours {
                true => nmrp::flash(&lan, Default::default(), &image)?.map(drop).map_err(text),
                false => nmrp::nmrpflash(&lan, &file)?.must_succeed().map(drop),
            };
            let ((), unit) = lan.with_device(TimedUnit::new(), TimedUnit::power_on, work)?;
            if unit.device().flash() != Some(&image[..]) {
                return Err("NMRP: other bytes arrived".into());
            }
            let took = unit.took().ok_or("NMRP: the unit did not see its end")?;
            if is_ours { ours.push(took) } else { theirs.push(took) }
        }
    }
    let what = "NMRP from advertisement to end, against nmrpflash".into();
    Ok(row(what, NMRP_BYTES, &ours, &theirs, AS_FAST, is_release))
}

/// Only a release build is judged.
fn row(
    what: String,
    bytes: usize,
    ours: &[Duration],
    theirs: &[Duration],
    least: Least,
    is_release: bool,
) -> Row {
    let in_thousandths =
        |(ours, theirs): (&Duration, &Duration)| (theirs.as_secs_f64() / ours.as_secs_f64() * 1000.0) as u64;
    let mut ratios: Vec<u64> = ours.iter().zip(theirs).map(in_thousandths).collect();
    let ratio = median(&mut ratios).unwrap_or_default() as f64 / 1000.0;
    let best = |times: &[Duration]| times.iter().min().copied().unwrap_or_default().as_secs_f64();
    let rate = |times: &[Duration]| (bytes >> 20) as f64 / best(times);
    Row {
        what,
        measured: format!(
            "{ratio:.2} x, median of {PAIRS} pairs; best {:.1} against {:.1} MiB/s",
            rate(ours),
            rate(theirs)
        ),
        required: least.shown,
        ok: is_release.then_some(ratio >= least.times),
    }
}

fn tftpd_hpa(lan: &Lan, folder: &Path) -> Result<Running, String> {
    let mut command = lan.unit_command(program("in.tftpd")?);
    command.args(["--listen", "--foreground", "--create", "--user", "root", "--address"]);
    command.arg(format!("{UNIT_IP}:69")).arg(folder);
    started(&mut command)
}

fn atftpd(lan: &Lan, folder: &Path) -> Result<Running, String> {
    let mut command = lan.unit_command(program("atftpd")?);
    command.args(["--daemon", "--no-fork", "--user", "root.root", "--bind-address", &UNIT_IP.to_string()]);
    command.args(["--logfile", "/dev/null"]).arg(folder);
    started(&mut command)
}

fn started(command: &mut Command) -> Result<Running, String> {
    // Long enough to bind its port: a client that comes too early waits for seconds.
    let began = Instant::now();
    Running::start(command, || began.elapsed() > Duration::from_millis(500))
}

fn tftp_hpa(lan: &Lan, local: &Path, pushes: bool) -> Result<Command, String> {
    let mut command = lan.host_command(program("tftp")?);
    command.args(["-m", "binary", &UNIT_IP.to_string(), "-c"]);
    let remote = remote(local)?;
    match pushes {
        true => command.arg("put").arg(local).arg(remote),
        false => command.arg("get").arg(remote).arg(local),
    };
    Ok(command)
}

fn atftp(lan: &Lan, local: &Path, pushes: bool) -> Result<Command, String> {
    let mut command = lan.host_command(program("atftp")?);
    command.args(["--option", "blksize 1428", "--option", "windowsize 16"]);
    command.arg(if pushes { "-p" } else { "-g" }).arg("-r").arg(remote(local)?).arg("-l").arg(local);
    command.arg(UNIT_IP.to_string());
    Ok(command)
}

/// The server's file, which lies in a folder beside the local one.
fn remote(local: &Path) -> Result<PathBuf, String> {
    let folder = local.parent().ok_or("the file has no folder")?;
    Ok(folder.join("server").join(NAME))
}

/// Both servers change what is there only if everybody may.
fn open_to_all(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    for (path, mode) in [(folder.to_owned(), 0o777), (folder.join(NAME), 0o666)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(text)?;
    }
    Ok(())
}
