//! Our halves against other people's: Python's ftplib (which public tools for these units are made of), curl and tnftp
//! talk to our device; our host talks to pyftpdlib, which was taught EVA's own commands in a few lines.
//!
//! A peer that is not installed skips its test and says so; with `CI=true` it fails it.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests tell what they skip, and meet real programs"
)]

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Output as Ended, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::bytes;
use debrick_eva::device::{EvaConfig, EvaDevice, EvaEvent, EvaQuirks};
use debrick_eva::{FindOptions, Partition, Session, SessionOptions, find};
use debrick_link::Network;
use debrick_link::simulated::{Channel, Device, Input, Output};
use debrick_link_os::OsNetwork;
use debrick_model::Coded;
use debrick_target::Silent;

const PYTHON: &str = "/usr/bin/python3";

fn is_there(program: &str, arguments: &[&str], package: &str) -> bool {
    let tried = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let there = tried.is_ok_and(|status| status.success());
    if !there {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "a peer is missing (package {package})");
        eprintln!("skipped: a peer is missing (package {package})");
    }
    there
}

/// One connection to the device.
struct Connection {
    channel: Channel,
    stream: TcpStream,
    open: bool,
}

/// The device on real sockets: its port, some ports for data, and the discovery.
struct Unit {
    device: EvaDevice,
    listeners: Vec<TcpListener>,
    discovery: UdpSocket,
}

impl Unit {
    fn new(quirks: EvaQuirks) -> Self {
        let listeners: Vec<TcpListener> = (0..9).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
        let ports: Vec<u16> =
            listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        let config = EvaConfig {
            address: Ipv4Addr::LOCALHOST,
            port: ports[0],
            data_ports: ports[1..].to_vec(),
            waits: Duration::from_secs(30),
            writes_64k_in: Duration::from_millis(5),
            quirks,
            ..EvaConfig::usual()
        };
        let mut device = EvaDevice::new(config);
        device.switch_on(OsNetwork::new().clock().now());
        let discovery = UdpSocket::bind("127.0.0.1:0").unwrap();
        discovery.set_nonblocking(true).unwrap();
        Self { device, listeners, discovery }
    }

    fn port(&self) -> u16 {
        self.listeners[0].local_addr().unwrap().port()
    }

    /// Serves until `done`.
    fn serve(&mut self, done: &AtomicBool) {
        let network = OsNetwork::new();
        let clock = network.clock();
        let (mut connections, mut next, mut out) = (Vec::<Connection>::new(), 1, Vec::new());
        let mut buffer = vec![0; 16 * 1024];
        for listener in &self.listeners {
            listener.set_nonblocking(true).unwrap();
        }
        while !done.load(Ordering::SeqCst) {
            let mut idle = true;
            let mut heard = Vec::new();
            for connection in &mut connections {
                match connection.stream.read(&mut buffer) {
                    Ok(count) => heard.push((connection.channel, buffer[..count].to_vec())),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => connection.open = false,
                }
            }
            // A client connects for its data before it sends the command: who is heard has connected already.
            for listener in &self.listeners {
                if let Ok((stream, _)) = listener.accept() {
                    stream.set_nonblocking(true).unwrap();
                    let (channel, to) = (Channel::Tcp(next), listener.local_addr().unwrap());
                    next += 1;
                    self.device.handle(Input::Connected(channel, to), clock.now(), &mut out);
                    connections.push(Connection { channel, stream, open: true });
                    idle = false;
                }
            }
            for (channel, bytes) in heard {
                if bytes.is_empty() {
                    self.device.handle(Input::Closed(channel), clock.now(), &mut out);
                    connections
                        .iter_mut()
                        .filter(|connection| connection.channel == channel)
                        .for_each(|connection| connection.open = false);
                } else {
                    self.device.handle(Input::Bytes(channel, &bytes), clock.now(), &mut out);
                    idle = false;
                }
            }
            if let Ok((count, from)) = self.discovery.recv_from(&mut buffer) {
                let to = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), debrick_eva::wire::DISCOVERY_PORT);
                self.device.handle(
                    Input::Datagram { from, to, payload: &buffer[..count] },
                    clock.now(),
                    &mut out,
                );
            }
            if self.device.next_wake().is_some_and(|wake| wake <= clock.now()) {
                self.device.handle(Input::Tick, clock.now(), &mut out);
            }
            for output in out.drain(..) {
                let of = match &output {
                    Output::Bytes(of, _) | Output::Closed(of) => *of,
                    Output::Datagram { to, payload, .. } => {
                        self.discovery.send_to(payload, to).unwrap();
                        continue;
                    }
                    Output::Frame(_) => continue,
                };
                let found =
                    connections.iter_mut().find(|connection| connection.channel == of && connection.open);
                let Some(connection) = found else { continue };
                match output {
                    Output::Bytes(_, bytes) => {
                        connection.stream.set_nonblocking(false).unwrap();
                        let _ = connection.stream.write_all(&bytes);
                        connection.stream.set_nonblocking(true).unwrap();
                    }
                    _ => connection.open = false,
                }
            }
            connections.retain(|connection| connection.open);
            if idle {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// Serves a client, and returns how it ended.
    fn meet(&mut self, command: &mut Command, input: Option<String>) -> (String, Ended) {
        let done = AtomicBool::new(false);
        let ended = std::thread::scope(|scope| {
            let client = scope.spawn(|| {
                let mut child = command
                    .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap();
                if let Some(text) = &input {
                    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
                }
                let ended = child.wait_with_output().unwrap();
                done.store(true, Ordering::SeqCst);
                ended
            });
            self.serve(&done);
            client.join().unwrap()
        });
        (String::from_utf8_lossy(&[&ended.stdout[..], &ended.stderr[..]].concat()).into_owned(), ended)
    }
}

/// What public tools do: read the variables, store the firmware, restart.
const FTPLIB: &str = r#"
import ftplib, io, sys
ftp = ftplib.FTP(timeout=20)
ftp.connect("127.0.0.1", int(sys.argv[1]))
ftp.login("adam2", "adam2")
ftp.set_pasv(True)
ftp.voidcmd("MEDIA SDRAM")
env = io.BytesIO()
ftp.retrbinary("RETR env", env.write)
fields = dict(line.split(None, 1) for line in env.getvalue().decode().splitlines())
assert fields["HWRevision"] == "236", fields
assert ftp.sendcmd("SETENV linux_fs_start 0").startswith("200")
ftp.voidcmd("MEDIA FLSH")
print(ftp.storbinary("STOR mtd1", open(sys.argv[2], "rb")))
try:
    ftp.storbinary("STOR mtd9", open(sys.argv[2], "rb"))
except ftplib.error_perm as error:
    print(error)
ftp.voidcmd("MEDIA SDRAM")
print(ftp.storbinary("STOR 0x8f000000 0x90000000", open(sys.argv[2], "rb")))
print(ftp.sendcmd("REBOOT"))
"#;

#[test]
fn ftplib_stores_firmware_in_our_device() {
    if !is_there(PYTHON, &["-c", "import ftplib"], "python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fw.bin");
    for (length, quirks) in [
        (1, EvaQuirks::default()),
        (3_000_001, EvaQuirks::default()),
        (100_000, EvaQuirks { no_p_at_sw: true, erases_first: true, ..EvaQuirks::default() }),
    ] {
        std::fs::write(&file, bytes(length, 1)).unwrap();
        let mut unit = Unit::new(quirks);
        let mut command = Command::new(PYTHON);
        command.args(["-c", FTPLIB, &unit.port().to_string()]).arg(&file);
        let (said, ended) = unit.meet(&mut command, None);
        assert!(ended.status.success(), "{said}");
        assert!(said.contains("226 Transfer complete") && said.contains("553 Execution failed."), "{said}");
        assert!(unit.device.holds("mtd1") == Some(bytes(length, 1).as_slice()));
        assert!(unit.device.holds("0x8f000000 0x90000000") == Some(bytes(length, 1).as_slice()));
        assert_eq!(unit.device.variable("linux_fs_start"), Some("0"));
        assert_eq!(unit.device.events().last(), Some(&EvaEvent::Started));
    }
}

#[test]
fn curl_and_tnftp_get_along_with_our_device() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mtd1");
    std::fs::write(&file, bytes(500_000, 2)).unwrap();
    if is_there("curl", &["--version"], "curl") {
        let mut unit = Unit::new(EvaQuirks::default());
        let place = format!("ftp://adam2:adam2@127.0.0.1:{}", unit.port());
        let mut command = Command::new("curl");
        command.args([
            "--silent",
            "--show-error",
            "--max-time",
            "20",
            "--quote",
            "MEDIA FLSH",
            "--upload-file",
        ]);
        command.arg(&file).arg(format!("{place}/mtd1"));
        let (said, ended) = unit.meet(&mut command, None);
        assert!(ended.status.success(), "{said}");
        assert!(unit.device.holds("mtd1") == Some(bytes(500_000, 2).as_slice()));
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "20", "--quote", "MEDIA SDRAM"]);
        command.arg(format!("{place}/env"));
        let (said, ended) = unit.meet(&mut command, None);
        assert!(ended.status.success() && said.contains("ProductID             Fritz_Box_HW236"), "{said}");
    }
    if is_there("sh", &["-c", "command -v tnftp"], "tnftp") {
        let mut unit = Unit::new(EvaQuirks::default());
        let script = format!(
            "open 127.0.0.1 {}\nuser adam2 adam2\nbinary\nquote MEDIA FLSH\nput {} mtd1\nquote REBOOT\nbye\n",
            unit.port(),
            file.display()
        );
        let mut command = Command::new("tnftp");
        command.args(["-n", "-v", "-p"]);
        let (said, _) = unit.meet(&mut command, Some(script));
        assert!(said.contains("226 Transfer complete"), "{said}");
        assert!(unit.device.holds("mtd1") == Some(bytes(500_000, 2).as_slice()), "{said}");
    }
}

/// pyftpdlib with EVA's own commands: the media, the variables, and the restart. The files `env`, `mtd1` and so on are its.
const SERVER: &str = r#"
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

folder = sys.argv[1]

class Eva(FTPHandler):
    banner = "ADAM2 FTP Server ready"
    proto_cmds = dict(FTPHandler.proto_cmds)
    medium = "FLSH"

    def ftp_MEDIA(self, line):
        self.medium = line
        self.respond("200 Media set to MEDIA_" + line)

    def ftp_GETENV(self, line):
        for row in open(folder + "/env"):
            if row.split()[0] == line:
                return self.push(row.strip() + "\r\n\r\n200 GETENV command successful\r\n")
        self.respond("501 environment variable not set")

    def ftp_REBOOT(self, line):
        open(folder + "/restarted", "w").close()
        self.respond("221 Thank you")
        self.close_when_done()

    def ftp_STOR(self, file, mode="w"):
        if self.medium != "FLSH" or not file.endswith("mtd1"):
            return self.respond("553 Execution failed.")
        return super().ftp_STOR(file, mode)

for name, arg in (("MEDIA", True), ("GETENV", True), ("REBOOT", False)):
    Eva.proto_cmds[name] = dict(perm=None, auth=True, arg=arg, help="")

authorizer = DummyAuthorizer()
authorizer.add_user("adam2", "adam2", folder, perm="elradfmwMT")
Eva.authorizer = authorizer
server = FTPServer(("127.0.0.1", 0), Eva)
print(server.address[1], flush=True)
server.serve_forever()
"#;

/// A server that ends with the test.
struct Server {
    child: Child,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("env"), EvaConfig::usual().environment).unwrap();
        let mut child = Command::new(PYTHON)
            .args(["-c", SERVER])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = format!("127.0.0.1:{}", line.trim()).parse().unwrap();
        Self { child, address, folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn our_host_gets_along_with_a_real_ftp_server() {
    if !is_there(PYTHON, &["-c", "import pyftpdlib"], "python3-pyftpdlib") {
        return;
    }
    let server = Server::start();
    let mut network = OsNetwork::new();
    let mut session =
        Session::open(&mut network, server.address, SessionOptions::default(), &Silent).unwrap();
    assert!(session.system().unwrap().contains("UNIX"));
    let environment = session.environment().unwrap();
    assert_eq!(environment.identity().product.as_deref(), Some("Fritz_Box_HW236"));
    assert_eq!(session.variable("memsize").unwrap().as_deref(), Some("0x10000000"));
    assert_eq!(session.variable("nothing").unwrap(), None);
    for length in [1, 3_000_001] {
        let image = bytes(length, 3);
        session.store(Partition::FIRMWARE, &environment, &image, &mut Silent).unwrap();
        assert!(std::fs::read(server.folder.path().join("mtd1")).unwrap() == image);
    }
    let partition = Partition::new(0).unwrap();
    let error = session.store(partition, &environment, &bytes(10, 3), &mut Silent).unwrap_err();
    assert_eq!(error.code(), "eva-refused", "{error}");
    // A refusal leaves the session as it was.
    assert_eq!(session.variable("annex").unwrap().as_deref(), Some("A"));
    session.reboot().unwrap();
    assert!(server.folder.path().join("restarted").exists());
}

#[test]
fn our_halves_meet_on_a_real_network() {
    let mut unit = Unit::new(EvaQuirks::default());
    let to = unit.discovery.local_addr().unwrap();
    let address = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), unit.port());
    let image = bytes(1_000_000, 4);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let host = scope.spawn(|| {
            let mut network = OsNetwork::new();
            let local = "127.0.0.1:0".parse().unwrap();
            let options = FindOptions { local, to, wanted: Ipv4Addr::LOCALHOST, ..FindOptions::default() };
            let found = find(&mut network, &options, &Silent);
            let session = Session::open(&mut network, address, SessionOptions::default(), &Silent);
            let stored = session.and_then(|mut session| {
                let environment = session.environment()?;
                session.store(Partition::FIRMWARE, &environment, &image, &mut Silent)?;
                session.reboot()
            });
            done.store(true, Ordering::SeqCst);
            (found, stored)
        });
        unit.serve(&done);
        let (found, stored) = host.join().unwrap();
        assert_eq!(found.unwrap(), Ipv4Addr::LOCALHOST);
        stored.unwrap();
    });
    assert!(unit.device.holds("mtd1") == Some(image.as_slice()));
}
