//! Our halves against other people's: tftp-hpa, atftp and curl, on the loopback interface, above port 1024.
//!
//! A peer that is not installed skips its test and says so; with `CI=true` it fails it. Both servers need root, because
//! they change their user.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]
#![allow(clippy::print_stderr, clippy::disallowed_methods, reason = "tests tell what they skip")]

mod common;

use std::cell::RefCell;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::bytes;
use debrick_link::simulated::{Device, Input, Output as Sent};
use debrick_link::{Datagrams, Deadline, Network};
use debrick_link_os::OsNetwork;
use debrick_target::Silent;
use debrick_tftp::device::{PullConfig, PullDevice, PullOutcome, PushConfig, PushDevice, PushOutcome};
use debrick_tftp::{
    Client, ClientOptions, Direction, ErrorCode, Intake, Options, Refusal, Server, ServerEvent, Service,
    TftpError,
};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Lengths that end inside a block, at the end of one, and with nothing.
const LENGTHS: [usize; 4] = [0, 100, 1468 * 20, 3_000_001];

fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]);
    let found = folders.map(|folder| Path::new(folder).join(name)).find(|path| path.is_file());
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found
}

fn root() -> bool {
    let uid = Command::new("id").arg("-u").output().unwrap();
    let root = uid.stdout == b"0\n";
    if !root {
        skip("the server needs root");
    }
    root
}

fn skip(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}");
    eprintln!("skipped: {why}");
}

/// A folder that a server which gives up its rights can read.
fn folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

fn free_port() -> u16 {
    UdpSocket::bind((LOOPBACK, 0)).unwrap().local_addr().unwrap().port()
}

fn after(span: Duration) -> Deadline {
    Deadline::after(OsNetwork::new().clock(), span)
}

/// Serves while `clients` runs, which gets the port; returns what happened.
fn serve<T>(service: Service<'_>, clients: impl FnOnce(u16) -> T + Send) -> (Vec<ServerEvent>, T)
where
    T: Send,
{
    let mut network = OsNetwork::new();
    let mut server = Server::bind(&mut network, SocketAddr::new(LOOPBACK, 0), service).unwrap();
    let port = server.local_address().port();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let clients = scope.spawn(|| {
            let result = clients(port);
            done.store(true, Ordering::SeqCst);
            result
        });
        let mut events = Vec::new();
        loop {
            let has_ended = clients.is_finished() && server.transfers() == 0;
            match server.poll(after(Duration::from_millis(20))).unwrap() {
                // What happened while the client ended is told before.
                ServerEvent::Idle if has_ended => break,
                ServerEvent::Idle | ServerEvent::Progress { .. } => {}
                event => events.push(event),
            }
        }
        (events, clients.join().unwrap())
    })
}

fn asked(events: &[ServerEvent]) -> Options {
    let options = events.iter().find_map(|event| match event {
        ServerEvent::Requested { options, .. } => Some(*options),
        _ => None,
    });
    options.unwrap()
}

fn finished(events: &[ServerEvent]) -> u64 {
    let bytes = events.iter().find_map(|event| match event {
        ServerEvent::Finished { bytes, acknowledged: true, .. } => Some(*bytes),
        _ => None,
    });
    bytes.unwrap_or_else(|| panic!("{events:?}"))
}

fn run(command: &mut Command) -> Output {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
    output
}

/// A client's way to get (`true`) or put a local file under a remote name.
type Transfer<'a> = &'a (dyn Fn(u16, bool, &Path, &str) -> Command + Sync);

fn check_client_gets(transfer: Transfer<'_>, options: Options, lengths: &[usize]) {
    let folder = folder();
    for &length in lengths {
        let image = bytes(length, 1);
        let local = folder.path().join(length.to_string());
        let (events, _) = serve(Service::of("image.bin", &image), |port| {
            run(&mut transfer(port, true, &local, "image.bin"));
        });
        let asked = asked(&events);
        let kinds = Options { transfer_size: asked.transfer_size.and(options.transfer_size), ..asked };
        assert_eq!(Options { timeout_s: None, ..kinds }, options);
        assert_eq!(finished(&events), length as u64);
        assert!(std::fs::read(&local).unwrap() == image, "{length} bytes");
    }
}

fn check_client_puts(transfer: Transfer<'_>) {
    let folder = folder();
    for length in LENGTHS {
        let image = bytes(length, 1);
        let local = folder.path().join("local");
        std::fs::write(&local, &image).unwrap();
        let stored = Store::default();
        let place = stored.clone();
        let open =
            Box::new(move |_, name: &str| (name == "backup.bin").then(|| Box::new(place.clone()) as _));
        let service = Service { intake: Some(Intake { limit: 4 << 20, open }), ..Service::default() };
        let (events, _) = serve(service, |port| run(&mut transfer(port, false, &local, "backup.bin")));
        assert_eq!(finished(&events), length as u64);
        assert!(*stored.0.borrow() == image, "{length} bytes");
    }
}

#[derive(Clone, Default)]
struct Store(Rc<RefCell<Vec<u8>>>);

impl Write for Store {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn hpa(tool: &Path, port: u16, get: bool, local: &Path, remote: &str) -> Command {
    let mut command = Command::new(tool);
    command.args(["-m", "binary", "127.0.0.1", &port.to_string(), "-c"]);
    match get {
        true => command.args([Path::new("get"), Path::new(remote), local]),
        false => command.args([Path::new("put"), local, Path::new(remote)]),
    };
    command
}

fn curl(tool: &Path, port: u16, get: bool, local: &Path, remote: &str) -> Command {
    let mut command = Command::new(tool);
    command.args(["--silent", "--show-error", "--tftp-blksize", "1468"]);
    command.arg(if get { "--output" } else { "--upload-file" }).arg(local);
    command.arg(format!("tftp://127.0.0.1:{port}/{remote}"));
    command
}

fn atftp(tool: &Path, port: u16, get: bool, local: &Path, remote: &str) -> Command {
    let mut command = Command::new(tool);
    command.args(["--option", "blksize 1428", "--option", "windowsize 16"]);
    command.args([if get { "-g" } else { "-p" }, "-r", remote, "-l"]).arg(local);
    command.args(["127.0.0.1", &port.to_string()]);
    command
}

#[test]
fn tftp_hpa_gets_and_puts() {
    let Some(tool) = tool("tftp") else { return };
    let transfer = |port, get, local: &Path, remote: &str| hpa(&tool, port, get, local, remote);
    check_client_gets(&transfer, Options::default(), &LENGTHS);
    check_client_puts(&transfer);
}

#[test]
fn curl_gets_and_puts() {
    let Some(tool) = tool("curl") else { return };
    let transfer = |port, get, local: &Path, remote: &str| curl(&tool, port, get, local, remote);
    let options = Options { block_size: Some(1468), transfer_size: Some(0), ..Options::default() };
    // curl 7.88 fails on an empty file, whoever serves it.
    check_client_gets(&transfer, options, &LENGTHS[1..]);
    check_client_puts(&transfer);
}

#[test]
fn atftp_gets_with_a_window_and_puts() {
    let Some(tool) = tool("atftp") else { return };
    let transfer = |port, get, local: &Path, remote: &str| atftp(&tool, port, get, local, remote);
    let options = Options { block_size: Some(1428), window_size: Some(16), ..Options::default() };
    check_client_gets(&transfer, options, &LENGTHS);
    check_client_puts(&transfer);
}

#[test]
fn tftp_hpa_gets_more_blocks_than_there_are_numbers() {
    let Some(tool) = tool("tftp") else { return };
    let image = bytes(512 * 66_000 + 1, 1);
    let folder = folder();
    let local = folder.path().join("local");
    let service = Service::of("image.bin", &image);
    let (events, _) = serve(service, |port| run(&mut hpa(&tool, port, true, &local, "image.bin")));
    assert_eq!(finished(&events), image.len() as u64);
    assert!(std::fs::read(&local).unwrap() == image);
}

#[test]
fn three_clients_at_once_get_what_they_asked_for() {
    let Some(tool) = tool("curl") else { return };
    let images = [bytes(2_000_000, 1), bytes(2_000_001, 2), bytes(2_000_002, 3)];
    let mut service = Service::default();
    for (number, image) in images.iter().enumerate() {
        service.images.push((number.to_string(), image));
    }
    let folder = folder();
    let local = |number: usize| folder.path().join(number.to_string());
    let (events, ()) = serve(service, |port| {
        let start = |number| curl(&tool, port, true, &local(number), &number.to_string()).spawn().unwrap();
        for mut child in [0, 1, 2].map(start) {
            assert!(child.wait().unwrap().success());
        }
    });
    let done =
        events.iter().filter(|event| matches!(event, ServerEvent::Finished { acknowledged: true, .. }));
    assert_eq!(done.count(), 3);
    for (number, image) in images.iter().enumerate() {
        assert!(std::fs::read(local(number)).unwrap() == *image);
    }
}

#[test]
fn refusals_reach_the_clients() {
    let (Some(hpa_tool), Some(curl_tool)) = (tool("tftp"), tool("curl")) else { return };
    let image = bytes(10, 1);
    let folder = folder();
    let local = folder.path().join("local");
    std::fs::write(&local, &image).unwrap();
    let (events, said) = serve(Service::of("image.bin", &image), |port| {
        let missing = hpa(&hpa_tool, port, true, &local, "Image.bin").output().unwrap();
        let mut ascii = Command::new(&hpa_tool);
        ascii.args(["-m", "ascii", "127.0.0.1", &port.to_string(), "-c", "get", "image.bin"]).arg(&local);
        let ascii = ascii.stdin(Stdio::null()).output().unwrap();
        let push = curl(&curl_tool, port, false, &local, "image.bin").output().unwrap();
        let said = [missing, ascii].map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        (said, push.status.code())
    });
    let ([missing, ascii], push) = said;
    assert!(missing.contains("Error code 1: File not found"), "{missing}");
    assert!(ascii.contains("Error code 4: Only octet (binary) mode is served"), "{ascii}");
    assert_eq!(push, Some(69), "curl's number for a permission problem of a TFTP server");
    let whys: Vec<_> = events
        .iter()
        .map(|event| match event {
            ServerEvent::Refused { why, .. } => *why,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(whys, [Refusal::NoSuchFile, Refusal::NotOctet, Refusal::PushNotAccepted]);
}

/// A server of somebody else, ended with the test.
struct Peer {
    child: Child,
    folder: tempfile::TempDir,
    address: SocketAddr,
    /// What stands before file names.
    prefix: String,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn in_tftpd() -> Option<Peer> {
    let tool = tool("in.tftpd").filter(|_| root())?;
    let (folder, address) = (folder(), SocketAddr::new(LOOPBACK, free_port()));
    let child = Command::new(tool)
        .args(["--listen", "--foreground", "--create", "--user", "root", "--address", &address.to_string()])
        .arg(folder.path())
        .spawn()
        .unwrap();
    let prefix = format!("{}/", folder.path().display());
    Some(Peer { child, folder, address, prefix })
}

fn atftpd() -> Option<Peer> {
    let tool = tool("atftpd").filter(|_| root())?;
    let (folder, address) = (folder(), SocketAddr::new(LOOPBACK, free_port()));
    let child = Command::new(tool)
        .args([
            "--daemon",
            "--no-fork",
            "--user",
            "root.root",
            "--bind-address",
            "127.0.0.1",
            "--logfile",
            "-",
        ])
        .args(["--port", &address.port().to_string()])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Some(Peer { child, folder, address, prefix: String::new() })
}

/// Asks often enough for a server that has only just been started.
fn eager(options: ClientOptions) -> ClientOptions {
    ClientOptions {
        request_every: Duration::from_millis(50),
        answer_within: Duration::from_secs(5),
        linger: Duration::from_millis(20),
        ..options
    }
}

fn check_our_client(peer: &Peer, options: ClientOptions, window: Option<u16>) {
    let mut network = OsNetwork::new();
    let mut client = Client::new(&mut network, LOOPBACK, peer.address, eager(options.clone()));
    for length in LENGTHS {
        let image = bytes(length, 1);
        let name = format!("{}image{length}", peer.prefix);
        let done = client.push(&name, &image, &mut Silent).unwrap();
        assert_eq!((done.bytes, done.options.window_size), (length as u64, window));
        assert_eq!(done.options.block_size, options.block_size);
        assert_ne!(done.peer.port(), peer.address.port(), "the answer comes from another port");
        let path = peer.folder.path().join(format!("image{length}"));
        assert!(std::fs::read(&path).unwrap() == image, "{length} bytes");

        let mut back = Vec::new();
        let done = client.pull(&name, &mut back, &mut Silent).unwrap();
        assert!(back == image, "{length} bytes");
        assert_eq!((done.bytes, done.options.window_size), (length as u64, window));
    }
    let error = client.pull(&format!("{}none", peer.prefix), &mut Vec::new(), &mut Silent).unwrap_err();
    assert!(matches!(error, TftpError::Refused { code: ErrorCode::NOT_FOUND, .. }), "{error:?}");
}

#[test]
fn our_client_pushes_to_and_pulls_from_tftpd_hpa() {
    let Some(peer) = in_tftpd() else { return };
    check_our_client(&peer, ClientOptions::default(), None);
    // It knows no window.
    check_our_client(&peer, ClientOptions::fast(), None);
}

#[test]
fn our_client_pushes_to_and_pulls_from_atftpd_with_a_window() {
    let Some(peer) = atftpd() else { return };
    check_our_client(&peer, ClientOptions::default(), None);
    check_our_client(&peer, ClientOptions::fast(), Some(16));
}

#[test]
fn our_client_and_our_server_agree() {
    let image = bytes(3_000_000, 1);
    let stored = Store::default();
    let place = stored.clone();
    let open = Box::new(move |_, _: &str| Some(Box::new(place.clone()) as _));
    let service =
        Service { intake: Some(Intake { limit: 4 << 20, open }), ..Service::of("image.bin", &image) };
    let (events, ()) = serve(service, |port| {
        let mut network = OsNetwork::new();
        let server = SocketAddr::new(LOOPBACK, port);
        let mut client = Client::new(&mut network, LOOPBACK, server, eager(ClientOptions::fast()));
        let mut back = Vec::new();
        client.pull("image.bin", &mut back, &mut Silent).unwrap();
        assert!(back == image);
        client.push("backup.bin", &image, &mut Silent).unwrap();
        let large = vec![0; 5 << 20];
        let error = client.push("backup.bin", &large, &mut Silent).unwrap_err();
        assert!(matches!(error, TftpError::Refused { code: ErrorCode::FULL, .. }), "{error:?}");
    });
    assert!(*stored.0.borrow() == image);
    let pushed = |event: &ServerEvent| {
        matches!(event, ServerEvent::Finished { direction: Direction::Write, bytes: 3_000_000, .. })
    };
    assert!(events.iter().any(pushed), "{events:?}");
}

/// Runs a device half for real peers, on the ports it uses, until `done`.
fn run_device<D: Device>(
    device: &mut D,
    ports: &mut [Box<dyn Datagrams>],
    first: Vec<Sent>,
    mut done: impl FnMut(&mut D) -> bool,
) {
    let clock = OsNetwork::new();
    let clock = clock.clock();
    let (mut out, mut buffer) = (first, vec![0; 65_535]);
    let end = Deadline::after(clock, Duration::from_secs(10));
    let mut busy = 0;
    while !done(device) && !end.has_passed(clock) {
        for (index, port) in ports.iter_mut().enumerate() {
            let wait = if index == busy { Duration::from_millis(1) } else { Duration::ZERO };
            let turn = Deadline::after(clock, wait);
            if let Ok((count, from)) = port.receive(&mut buffer, turn) {
                let input = Input::Datagram { from, to: port.local_address(), payload: &buffer[..count] };
                device.handle(input, clock.now(), &mut out);
                busy = index;
            }
        }
        if device.next_wake().is_some_and(|wake| wake <= clock.now()) {
            device.handle(Input::Tick, clock.now(), &mut out);
        }
        for sent in out.drain(..) {
            if let Sent::Datagram { from, to, payload } = sent {
                let port = ports.iter_mut().find(|port| port.local_address() == from).unwrap();
                port.send(&payload, to).unwrap();
            }
        }
    }
}

fn device_port() -> Box<dyn Datagrams> {
    OsNetwork::new().bind_datagrams(SocketAddr::new(LOOPBACK, 0)).unwrap()
}

fn check_device_pulls(peer: &Peer, options: Options, length: usize) {
    let image = bytes(length, 1);
    std::fs::write(peer.folder.path().join("image"), &image).unwrap();
    let port = device_port();
    let file = format!("{}image", peer.prefix);
    let mut config = PullConfig::u_boot(port.local_address(), peer.address, file);
    config.options = options;
    config.timeout = Duration::from_millis(200);
    let (mut device, mut first) = (PullDevice::new(config), Vec::new());
    device.start(OsNetwork::new().clock().now(), &mut first);
    let mut data = Vec::new();
    run_device(&mut device, &mut [port], first, |device| {
        data.extend(device.take_chunks().into_iter().flat_map(|chunk| chunk.bytes));
        device.result().is_some()
    });
    let text = device.take_console_text();
    assert_eq!(device.result(), Some(&PullOutcome::Loaded { bytes: length as u64 }), "{text}");
    assert!(data == image);
}

#[test]
fn our_pulling_device_loads_from_real_servers() {
    let u_boot =
        Options { block_size: Some(1468), transfer_size: Some(0), timeout_s: Some(5), window_size: None };
    let windowed = Options { window_size: Some(16), ..u_boot };
    if let Some(peer) = in_tftpd() {
        for length in LENGTHS {
            check_device_pulls(&peer, u_boot, length);
        }
        check_device_pulls(&peer, Options::default(), 100_000);
    }
    if let Some(peer) = atftpd() {
        for length in LENGTHS {
            check_device_pulls(&peer, windowed, length);
        }
    }
}

fn check_device_takes(transfer: Transfer<'_>, second_port: bool, options: Option<(u16, u16)>) {
    let folder = folder();
    let local = folder.path().join("local");
    for length in LENGTHS {
        let image = bytes(length, 1);
        std::fs::write(&local, &image).unwrap();
        let mut ports = vec![device_port()];
        let mut config = PushConfig::recovery(ports[0].local_address());
        if second_port {
            ports.push(device_port());
            config.transfer_port = Some(ports[1].local_address().port());
        }
        config.options = options;
        let port = config.listen.port();
        let mut device = PushDevice::new(config);
        device.start(OsNetwork::new().clock().now());
        std::thread::scope(|scope| {
            let client = scope.spawn(|| run(&mut transfer(port, false, &local, "firmware.bin")));
            let mut data = Vec::new();
            run_device(&mut device, &mut ports, Vec::new(), |device| {
                data.extend(device.take_chunks().into_iter().flat_map(|chunk| chunk.bytes));
                client.is_finished()
            });
            client.join().unwrap();
            assert!(data == image, "{length} bytes");
        });
        let expected = PushOutcome::Taken { name: "firmware.bin".into(), bytes: length as u64 };
        assert_eq!(device.result(), Some(&expected));
    }
}

#[test]
fn our_listening_device_takes_images_from_real_clients() {
    if let Some(tool) = tool("tftp") {
        let put = |port, get, local: &Path, remote: &str| hpa(&tool, port, get, local, remote);
        check_device_takes(&put, false, None);
        check_device_takes(&put, true, None);
    }
    if let Some(tool) = tool("curl") {
        let put = |port, get, local: &Path, remote: &str| curl(&tool, port, get, local, remote);
        check_device_takes(&put, true, Some((1468, 1)));
        check_device_takes(&put, true, None);
    }
    if let Some(tool) = tool("atftp") {
        let put = |port, get, local: &Path, remote: &str| atftp(&tool, port, get, local, remote);
        check_device_takes(&put, true, Some((1024, 16)));
    }
}
