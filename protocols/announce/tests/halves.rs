//! Both halves against each other on a virtual clock, and the console against socat.
//!
//! socat that is not installed skips its test and says so; with `CI=true` it fails it.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests tell what they skip, and meet real programs"
)]

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use debrick_announce::device::{Announcer, OverNetwork};
use debrick_announce::netconsole::Console;
use debrick_announce::{Announcement, failsafe, mikrotik, netconsole, ubiquiti};
use debrick_link::simulated::{Channel, Device, Input, Output, World};
use debrick_link::{Clock, Datagrams, Deadline, Link, LinkError, Moment, Network, VirtualClock};
use debrick_link_os::OsNetwork;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// What is heard on a port until nothing comes for ten seconds, and when.
fn hear(socket: &mut dyn Datagrams) -> Vec<(Duration, Announcement)> {
    let mut heard = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        let deadline = Deadline::after(socket.clock(), Duration::from_secs(10));
        let Ok((count, _)) = socket.receive(&mut buffer, deadline) else { return heard };
        let at = socket.clock().now().since_start();
        let said = Announcement::parse(socket.local_address().port(), &buffer[..count]);
        heard.extend(said.map(|said| (at, said)));
    }
}

#[test]
fn the_window_of_failsafe_is_heard() {
    let to = address("192.168.1.255:4919");
    let first = Moment::from_start(Duration::from_secs(9));
    let unit = Announcer::failsafe(address("192.168.1.1:4919"), to, first, 4);
    let world = World::new(unit, VirtualClock::new());
    let mut socket = world.network().bind_datagrams(to).unwrap();
    let heard = hear(socket.as_mut());
    let seconds: Vec<u64> = heard.iter().map(|(at, _)| at.as_secs()).collect();
    assert_eq!(seconds, [9, 10, 11, 12]);
    let offers = |said: &Announcement| matches!(said, Announcement::Preinit(said) if said.offers_failsafe);
    assert!(heard.iter().all(|(_, said)| offers(said)) && failsafe::PORT == 4919);
}

#[test]
fn units_answer_when_they_are_asked() {
    let mikrotik = mikrotik::Neighbour { identity: Some("lab".into()), ..Default::default() };
    let ubiquiti = ubiquiti::Unit { version: 1, host_name: Some("lab".into()), ..Default::default() };
    let cases = [
        (mikrotik::PORT, &mikrotik::QUESTION[..], mikrotik.to_bytes(), Announcement::Mikrotik(mikrotik)),
        (ubiquiti::PORT, &ubiquiti::QUESTION[..], ubiquiti.to_bytes(), Announcement::Ubiquiti(ubiquiti)),
    ];
    for (port, question, payload, expected) in cases {
        let unit =
            Announcer::answering(SocketAddr::new(address("192.168.1.1:1").ip(), port), question, payload);
        let world = World::new(unit, VirtualClock::new());
        let local = SocketAddr::new(address("192.168.1.2:1").ip(), port);
        let mut socket = world.network().bind_datagrams(local).unwrap();
        socket.send(b"something else", SocketAddr::new(address("255.255.255.255:1").ip(), port)).unwrap();
        assert_eq!(hear(socket.as_mut()), []);
        socket.send(question, SocketAddr::new(address("255.255.255.255:1").ip(), port)).unwrap();
        let heard: Vec<Announcement> = hear(socket.as_mut()).into_iter().map(|(_, said)| said).collect();
        assert_eq!(heard, [expected]);
    }
}

/// A prompt that counts what is typed to it.
struct Prompt;

impl Device for Prompt {
    fn handle(&mut self, input: Input<'_>, _now: Moment, out: &mut Vec<Output>) {
        if let Input::Bytes(Channel::Console, bytes) = input {
            let text = format!("{} bytes\r\n=> ", bytes.len());
            out.push(Output::Bytes(Channel::Console, text.into_bytes()));
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        None
    }
}

fn read(link: &mut dyn Link, span: Duration) -> String {
    let (mut text, mut buffer) = (String::new(), [0; 64]);
    let deadline = Deadline::after(link.clock(), span);
    while let Ok(count) = link.read(&mut buffer, deadline) {
        text.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    text
}

#[test]
fn a_console_goes_over_the_network() {
    let (unit, host) = (address("192.168.1.1:6666"), address("192.168.1.2:6666"));
    let world = World::new(OverNetwork::new(Prompt, unit, host).losing(&[1]), VirtualClock::new());
    let mut console = Console::open(&mut world.network(), host, unit).unwrap();
    let now = Deadline::at(world.clock().now());
    console.write_all(b"help\n", now).unwrap();
    assert_eq!(read(&mut console, Duration::from_secs(1)), "5 bytes\r\n=> ");
    // What is lost is lost; what follows is not.
    console.write_all(b"lost\n", now).unwrap();
    console.write_all(&[b'x'; 600], now).unwrap();
    assert_eq!(read(&mut console, Duration::from_secs(1)), "256 bytes\r\n=> 256 bytes\r\n=> 88 bytes\r\n=> ");
    assert_eq!(world.with_device(|device| device.lost()), 1);
    assert!(matches!(console.set_line_rate(9600), Err(LinkError::Unsupported { .. })));
    // A stranger on the same port is not listened to.
    let stranger =
        Output::Datagram { from: address("192.168.1.9:6666"), to: host, payload: b"hello".to_vec() };
    struct Say(Option<Output>);
    impl Device for Say {
        fn handle(&mut self, _input: Input<'_>, _now: Moment, out: &mut Vec<Output>) {
            out.extend(self.0.take());
        }
        fn next_wake(&self) -> Option<Moment> {
            self.0.as_ref().map(|_| Moment::default())
        }
    }
    let world = World::new(Say(Some(stranger)), VirtualClock::new());
    let mut console = Console::open(&mut world.network(), host, unit).unwrap();
    assert_eq!(read(&mut console, Duration::from_secs(1)), "");
    assert!(world.with_device(|device| device.0.is_none()));
}

#[test]
fn socat_and_our_console_understand_each_other() {
    if Command::new("socat").arg("-V").stdout(Stdio::null()).status().is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "socat is missing (package socat)");
        eprintln!("skipped: socat is missing (package socat)");
        return;
    }
    let free = || std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (unit, host) = (free(), free());
    let mut console = Console::open(&mut OsNetwork::new(), host, unit).unwrap();
    let mut socat = Command::new("socat")
        .args(["-u", "-", &format!("UDP4-SENDTO:{host},sourceport={},bind=127.0.0.1", unit.port())])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = socat.stdin.take().unwrap();
    stdin.write_all(b"6,339,5140900,-;U-Boot 2023.01\n").unwrap();
    let deadline = Deadline::after(console.clock(), Duration::from_secs(10));
    let mut buffer = [0; 64];
    let count = console.read(&mut buffer, deadline).unwrap();
    assert_eq!(&buffer[..count], b"U-Boot 2023.01\n");
    drop(stdin);
    socat.wait().unwrap();
    // The other way round: socat takes what is typed, and ends after it.
    let mut socat = Command::new("socat")
        .args(["-u", &format!("UDP4-RECV:{},bind=127.0.0.1", unit.port()), "-"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = socat.stdout.take().unwrap();
    let typed = std::thread::spawn(move || {
        let mut typed = [0; 5];
        stdout.read_exact(&mut typed).map(|()| typed)
    });
    for _ in 0..100 {
        if typed.is_finished() {
            break;
        }
        // Nobody may be there yet: that is what the port says then.
        let _ = console.write_all(b"help\n", deadline);
        std::thread::sleep(Duration::from_millis(50));
    }
    socat.kill().unwrap();
    socat.wait().unwrap();
    assert_eq!(&typed.join().unwrap().unwrap(), b"help\n");
    assert_eq!(netconsole::PORT, 6666);
}
