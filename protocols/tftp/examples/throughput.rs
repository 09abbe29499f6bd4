//! Serves 64 MiB to real clients, and lets the servers they know serve the same, with the same block size. Prints one
//! line of JSON for each pair: the best of five runs each, in turn, and their ratio (above 1, ours is faster).
//!
//! `cargo run --release -p debrick-tftp --example throughput`

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a tool for developers")]
#![allow(clippy::disallowed_methods, reason = "measures real time")]

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use debrick_link::Deadline;
use debrick_link_os::OsNetwork;
use debrick_target::{Source, SourceError};
use debrick_tftp::{Server, ServerEvent, Service};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const BYTES: u64 = 64 << 20;
const RUNS: usize = 5;

/// An image that stays on disk.
struct OnDisk(File);

impl Source for OnDisk {
    fn len(&self) -> u64 {
        BYTES
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        self.0.read_exact_at(buffer, offset).map_err(|source| SourceError { offset, source })
    }
}

/// A client with its options: its name, the arguments before the address, and the form of the request.
struct Client {
    name: &'static str,
    server: &'static str,
    block_size: u16,
    window: u16,
    command: fn(port: u16, remote: &str, local: &Path) -> Command,
}

const CLIENTS: [Client; 3] = [
    Client { name: "curl", server: "in.tftpd", block_size: 1468, window: 1, command: curl },
    Client { name: "tftp-hpa", server: "in.tftpd", block_size: 512, window: 1, command: tftp_hpa },
    Client { name: "atftp", server: "atftpd", block_size: 1428, window: 16, command: atftp },
];

fn curl(port: u16, remote: &str, local: &Path) -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--tftp-blksize", "1468", "--output"]).arg(local);
    command.arg(format!("tftp://127.0.0.1:{port}/{remote}"));
    command
}

fn tftp_hpa(port: u16, remote: &str, local: &Path) -> Command {
    let mut command = Command::new("tftp");
    command.args(["-m", "binary", "127.0.0.1", &port.to_string(), "-c", "get", remote]).arg(local);
    command
}

fn atftp(port: u16, remote: &str, local: &Path) -> Command {
    let mut command = Command::new("atftp");
    command.args(["--option", "blksize 1428", "--option", "windowsize 16", "-g", "-r", remote, "-l"]);
    command.arg(local).args(["127.0.0.1", &port.to_string()]);
    command
}

fn theirs(server: &str, port: u16, folder: &Path) -> Child {
    let mut command = Command::new(server);
    match server {
        "in.tftpd" => command
            .args(["--listen", "--foreground", "--user", "root", "--address"])
            .arg(format!("127.0.0.1:{port}")),
        _ => command
            .args([
                "--daemon",
                "--no-fork",
                "--user",
                "root.root",
                "--bind-address",
                "127.0.0.1",
                "--logfile",
                "-",
                "--port",
            ])
            .arg(port.to_string()),
    };
    command.arg(folder).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn time(command: &mut Command) -> Duration {
    let began = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}");
    began.elapsed()
}

fn time_ours(client: &Client, image: &OnDisk, local: &Path) -> Duration {
    let mut network = OsNetwork::new();
    let service = Service::of("image.bin", image);
    let mut server = Server::bind(&mut network, SocketAddr::new(LOOPBACK, 0), service).unwrap();
    let port = server.local_address().port();
    std::thread::scope(|scope| {
        let client = scope.spawn(|| time(&mut (client.command)(port, "image.bin", local)));
        loop {
            let deadline = Deadline::after(server.clock(), Duration::from_millis(20));
            if matches!(server.poll(deadline).unwrap(), ServerEvent::Finished { .. }) || client.is_finished()
            {
                return client.join().unwrap();
            }
        }
    })
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (path, local) = (folder.path().join("image.bin"), folder.path().join("local"));
    let file = File::create(&path).unwrap();
    for offset in (0..BYTES).step_by(1 << 20) {
        let mut part = vec![0; 1 << 20];
        debrick_link::Rng::new(offset).fill(&mut part);
        file.write_all_at(&part, offset).unwrap();
    }
    let image = OnDisk(File::open(&path).unwrap());
    for client in &CLIENTS {
        let port = UdpSocket::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap().port();
        let mut server = theirs(client.server, port, folder.path());
        std::thread::sleep(Duration::from_millis(300));
        // tftpd-hpa wants the whole path, with a second slash in a URL; atftpd the name in its folder.
        let remote = match client.server {
            "in.tftpd" => path.display().to_string(),
            _ => "image.bin".to_owned(),
        };
        let (mut ours, mut others) = (Duration::MAX, Duration::MAX);
        for _ in 0..RUNS {
            ours = ours.min(time_ours(client, &image, &local));
            others = others.min(time(&mut (client.command)(port, &remote, &local)));
        }
        server.kill().unwrap();
        server.wait().unwrap();
        println!(
            "{{\"client\":\"{}\",\"server\":\"{}\",\"block_size\":{},\"window\":{},\"bytes\":{BYTES},\"ours_ms\":{},\"theirs_ms\":{},\"ratio\":{:.2}}}",
            client.name,
            client.server,
            client.block_size,
            client.window,
            ours.as_millis(),
            others.as_millis(),
            others.as_secs_f64() / ours.as_secs_f64(),
        );
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim();
    println!("{{\"peak_memory\":\"{peak}\"}}");
}
