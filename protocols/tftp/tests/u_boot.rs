//! Our server against a real U-Boot in QEMU. QEMU sends the Ethernet frames of its unit as datagrams to a port of the
//! loopback interface; behind it stands a host that knows just enough ARP, IPv4 and UDP. So port 69 needs no privilege.
//!
//! Skipped, and said so, where QEMU or Debian's `u-boot-qemu` is not installed; with `CI=true` that fails.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]
#![allow(clippy::print_stderr, clippy::disallowed_methods, reason = "tests tell what they skip")]

mod common;

use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::bytes;
use debrick_link::{Clock, Datagrams, Deadline, Link, LinkError, Network};
use debrick_link_os::OsNetwork;
use debrick_tftp::{Refusal, Server, ServerEvent, Service};

const U_BOOT: &str = "/usr/lib/u-boot/qemu_arm/u-boot.bin";
const HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
const HOST_MAC: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// The wire to the unit, and the host's sockets.
struct Wire {
    frames: Box<dyn Datagrams>,
    unit: SocketAddr,
    unit_mac: [u8; 6],
    queues: BTreeMap<u16, VecDeque<(Vec<u8>, SocketAddr)>>,
}

impl Wire {
    /// Takes one frame, or lets the deadline pass.
    fn pump(&mut self, deadline: Deadline) -> Result<(), LinkError> {
        let mut buffer = [0; 2048];
        let (count, _) = self.frames.receive(&mut buffer, deadline)?;
        let frame = &buffer[..count];
        match frame.get(12..14) {
            Some([8, 6]) if count >= 42 && frame[20..22] == [0, 1] && frame[38..42] == HOST.octets() => {
                self.unit_mac.copy_from_slice(&frame[6..12]);
                let mut reply = self.ethernet([8, 6]);
                reply.extend_from_slice(&frame[14..20]);
                reply.extend_from_slice(&[0, 2]);
                reply.extend_from_slice(&HOST_MAC);
                reply.extend_from_slice(&HOST.octets());
                reply.extend_from_slice(&frame[22..32]);
                self.frames.send(&reply, self.unit)?;
            }
            Some([8, 0]) if count >= 42 && frame[23] == 17 && frame[30..34] == HOST.octets() => {
                let port = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
                let from: [u8; 4] = frame[26..30].try_into().unwrap();
                let from = SocketAddr::new(IpAddr::from(from), port(34));
                let payload = frame[42..34 + usize::from(port(38))].to_vec();
                if let Some(queue) = self.queues.get_mut(&port(36)) {
                    queue.push_back((payload, from));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn ethernet(&self, kind: [u8; 2]) -> Vec<u8> {
        [&self.unit_mac[..], &HOST_MAC, &kind].concat()
    }

    fn send(&mut self, from: u16, to: SocketAddr, payload: &[u8]) -> Result<(), LinkError> {
        let IpAddr::V4(unit) = to.ip() else { panic!("{to}") };
        let length = |more: usize| u16::try_from(payload.len() + more).unwrap().to_be_bytes();
        let mut ip =
            [&[0x45, 0], &length(28)[..], &[0, 0, 0x40, 0, 64, 17, 0, 0], &HOST.octets(), &unit.octets()]
                .concat();
        let sum: u32 = ip.chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
        let sum = !(((sum & 0xffff) + (sum >> 16)) as u16);
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        let mut frame = self.ethernet([8, 0]);
        frame.extend(ip);
        frame.extend([from.to_be_bytes(), to.port().to_be_bytes(), length(8), [0, 0]].concat());
        frame.extend_from_slice(payload);
        self.frames.send(&frame, self.unit)
    }
}

struct UnitNetwork(Arc<Mutex<Wire>>);

struct UnitSocket {
    wire: Arc<Mutex<Wire>>,
    port: u16,
}

impl Network for UnitNetwork {
    fn bind_datagrams(&mut self, local: SocketAddr) -> Result<Box<dyn Datagrams>, LinkError> {
        let queues = &mut self.0.lock().unwrap().queues;
        let port = match local.port() {
            0 => (40_000..).find(|port| !queues.contains_key(port)).unwrap(),
            port => port,
        };
        queues.insert(port, VecDeque::new());
        Ok(Box::new(UnitSocket { wire: self.0.clone(), port }))
    }

    fn connect_stream(&mut self, to: SocketAddr, _deadline: Deadline) -> Result<Box<dyn Link>, LinkError> {
        panic!("{to}")
    }

    fn clock(&self) -> &dyn Clock {
        &debrick_link_os::OsClock
    }
}

impl Datagrams for UnitSocket {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        let mut wire = self.wire.lock().unwrap();
        loop {
            if let Some((payload, from)) = wire.queues.get_mut(&self.port).unwrap().pop_front() {
                buffer[..payload.len()].copy_from_slice(&payload);
                return Ok((payload.len(), from));
            }
            wire.pump(deadline)?;
        }
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        self.wire.lock().unwrap().send(self.port, to, datagram)
    }

    fn local_address(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(HOST), self.port)
    }

    fn clock(&self) -> &dyn Clock {
        &debrick_link_os::OsClock
    }

    fn name(&self) -> &str {
        "unit"
    }
}

impl Drop for UnitSocket {
    fn drop(&mut self) {
        self.wire.lock().unwrap().queues.remove(&self.port);
    }
}

/// A U-Boot with its console.
struct Unit {
    child: Child,
    keys: ChildStdin,
    said: Arc<Mutex<String>>,
}

impl Unit {
    fn start(frames: SocketAddr, own: SocketAddr) -> Self {
        let mut child = Command::new("qemu-system-arm")
            .args(["-machine", "virt", "-cpu", "cortex-a15", "-m", "128", "-nographic", "-bios", U_BOOT])
            .args(["-device", "virtio-net-device,netdev=n0", "-netdev"])
            .arg(format!("socket,id=n0,udp={frames},localaddr={own}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (keys, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let hears = said.clone();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                hears.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        Self { child, keys, said }
    }

    fn type_in(&mut self, keys: &str) {
        self.said.lock().unwrap().clear();
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Serves until the console says `sign`; returns what happened and what else it said.
    fn serve_until(&self, server: &mut Server<'_, '_>, sign: &str) -> (Vec<ServerEvent>, String) {
        let end = Deadline::after(server.clock(), Duration::from_secs(20));
        let mut events = Vec::new();
        loop {
            let turn = Deadline::after(server.clock(), Duration::from_millis(20));
            match server.poll(turn).unwrap() {
                ServerEvent::Idle | ServerEvent::Progress { .. } => {}
                event => events.push(event),
            }
            let said = self.said.lock().unwrap().clone();
            if said.contains(sign) {
                return (events, said);
            }
            assert!(!end.has_passed(server.clock()), "no {sign:?} in {said:?} after {events:?}");
        }
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

fn installed() -> bool {
    let qemu = Command::new("qemu-system-arm").arg("--version").stdout(Stdio::null()).status();
    let installed = qemu.is_ok_and(|status| status.success()) && Path::new(U_BOOT).is_file();
    if !installed {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "qemu-system-arm or {U_BOOT} is missing");
        eprintln!("skipped: qemu-system-arm or {U_BOOT} is missing");
    }
    installed
}

#[test]
fn u_boot_loads_from_our_server() {
    if !installed() {
        return;
    }
    let loopback = "127.0.0.1:0".parse().unwrap();
    let frames = OsNetwork::new().bind_datagrams(loopback).unwrap();
    let own = OsNetwork::new().bind_datagrams(loopback).unwrap().local_address();
    let mut unit = Unit::start(frames.local_address(), own);
    let wire = Wire { frames, unit: own, unit_mac: [0; 6], queues: BTreeMap::new() };
    let mut network = UnitNetwork(Arc::new(Mutex::new(wire)));
    let image = bytes(2_000_000, 1);
    let service = Service::of("image.bin", &image);
    let mut server = Server::bind(&mut network, SocketAddr::new(IpAddr::V4(HOST), 69), service).unwrap();

    unit.serve_until(&mut server, "Hit any key");
    unit.type_in(" ");
    unit.serve_until(&mut server, "=> ");
    unit.type_in("setenv ipaddr 192.168.1.1; setenv serverip 192.168.1.2\n");
    unit.serve_until(&mut server, "=> ");
    for window in [None, Some(16)] {
        unit.type_in("tftpboot 40400000 image.bin\n");
        let (events, said) = unit.serve_until(&mut server, "hex)");
        assert!(said.contains("Bytes transferred = 2000000 (1e8480 hex)"), "{said}");
        let ServerEvent::Requested { options, .. } = &events[0] else { panic!("{events:?}") };
        let asked = (options.block_size, options.timeout_s, options.window_size);
        assert_eq!(asked, (Some(1468), Some(5), window));
        let finished = |event: &ServerEvent| {
            matches!(event, ServerEvent::Finished { bytes: 2_000_000, acknowledged: true, .. })
        };
        assert!(events.iter().any(finished), "{events:?}");
        unit.type_in("crc32 40400000 ${filesize}\n");
        unit.serve_until(&mut server, &format!("==> {:08x}", crc32(&image)));
        unit.type_in("setenv tftpwindowsize 16; mw.l 40400000 0 80000\n");
        unit.serve_until(&mut server, "\n=> ");
    }
    unit.type_in("tftpboot 40400000 Image.bin\n");
    let (events, _) = unit.serve_until(&mut server, "TFTP error: 'File not found' (1)\r\nNot retrying...");
    assert!(matches!(&events[..], [ServerEvent::Refused { why: Refusal::NoSuchFile, .. }]), "{events:?}");
}
