//! A scripted peer that behaves badly.

use std::time::Duration;

use debrick_link::simulated::{Channel, Device, Input, Output, World};
use debrick_link::{Clock as _, Deadline, Moment, Rng, VirtualClock};
use debrick_model::Coded;

use super::{Console, ConsoleConfig, ConsoleError, Reached, Synced, Until};
use crate::wire;

/// A line editor with an `echo` command, and faults.
struct Peer {
    prompt: &'static str,
    line: Vec<u8>,
    /// Letters of the echo that are lost, out of a thousand.
    lost: u64,
    /// Letters that are lost on the way to the peer, out of a thousand, if they come without a pause.
    overrun: u64,
    rng: Rng,
    last: Moment,
    /// Whether a command runs that only Ctrl-C ends.
    running: bool,
    /// Whether it prints all the time.
    babbles: bool,
    wake: Option<Moment>,
    /// Lines that were run.
    ran: Vec<String>,
}

impl Peer {
    fn new(prompt: &'static str) -> Self {
        Self {
            prompt,
            line: Vec::new(),
            lost: 0,
            overrun: 0,
            rng: Rng::new(1),
            last: Moment::default(),
            running: false,
            babbles: false,
            wake: None,
            ran: Vec::new(),
        }
    }

    fn enter(&mut self, out: &mut Vec<u8>) {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        out.extend(b"\r\n");
        for command in line.split(';').map(str::trim) {
            match command.split_once(' ').unwrap_or((command, "")) {
                ("echo", text) => out.extend(format!("{text}\r\n").bytes()),
                ("crc", _) => out.extend(format!("crc32 for 0 ... 1 {}deadbeef\r\n", "==> ").bytes()),
                ("version", _) => out.extend(b"U-Boot 1.1.4 (Jan  1 2010 - 00:00:00)\r\n"),
                ("cut", _) => out.extend(b"no end of line"),
                ("hang", _) => self.running = true,
                ("babble", _) => (self.running, self.babbles) = (true, true),
                ("", _) => {}
                (other, _) => out.extend(format!("Unknown command '{other}' - try 'help'\r\n").bytes()),
            }
        }
        self.ran.push(line);
        if !self.running {
            out.extend(self.prompt.bytes());
        }
    }
}

impl Device for Peer {
    fn handle(&mut self, input: Input<'_>, now: Moment, outputs: &mut Vec<Output>) {
        let mut out = Vec::new();
        if let Input::Bytes(_, bytes) = input {
            // Bytes of one call come without a pause.
            let fast = bytes.len() > 16;
            for &byte in bytes {
                if fast && self.rng.below(1000) < self.overrun {
                    continue;
                }
                match byte {
                    wire::CTRL_C => {
                        (self.running, self.babbles) = (false, false);
                        self.line.clear();
                        out.extend(format!("{}\r\n{}", wire::INTERRUPTED, self.prompt).bytes());
                    }
                    _ if self.running => {}
                    wire::ENTER => self.enter(&mut out),
                    wire::CANCEL => {
                        out.extend(b"\x08 \x08".repeat(self.line.len()));
                        self.line.clear();
                    }
                    _ => {
                        self.line.push(byte);
                        if self.rng.below(1000) >= self.lost {
                            out.push(byte);
                        }
                    }
                }
            }
        }
        if self.babbles {
            out.extend(b"C all work and no play ".repeat(20));
        }
        self.wake = self.babbles.then_some(now + Duration::from_millis(1));
        self.last = now;
        if !out.is_empty() {
            outputs.push(Output::Bytes(Channel::Console, out));
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.wake
    }
}

fn world(peer: Peer) -> (World<Peer>, Console) {
    let world = World::new(peer, VirtualClock::new());
    let console = Console::new(Box::new(world.console()), ConsoleConfig::default());
    (world, console)
}

fn within(console: &Console, seconds: u64) -> Deadline {
    Deadline::after(console.clock(), Duration::from_secs(seconds))
}

#[test]
fn any_prompt_is_learned() {
    for prompt in ["=> ", "MT7621 # ", "ath> ", "U-Boot> ", "(ACME) $ ", "#"] {
        let (_, mut console) = world(Peer::new(prompt));
        let deadline = within(&console, 10);
        console.sync(deadline).unwrap();
        assert_eq!(console.prompt(), Some(prompt));
        let reply = console.command("echo one;crc;echo two", deadline).unwrap();
        assert_eq!(reply.text, "one\ncrc32 for 0 ... 1 ==> deadbeef\ntwo\n");
        let error = console.checked("nonsense", deadline).unwrap_err();
        assert_eq!(error.code(), "uboot-unknown-command");
    }
}

#[test]
fn nothing_runs_that_was_not_typed() {
    for (lost, overrun) in [(20, 0), (0, 20), (10, 10)] {
        let (world, mut console) = world(Peer { lost, overrun, ..Peer::new("=> ") });
        let deadline = within(&console, 60);
        console.sync(deadline).unwrap();
        world.with_device(|peer| peer.ran.clear());
        let mut good = 0;
        for index in 0..200 {
            let line = format!("echo the line number {index} is a long one");
            let deadline = within(&console, 60);
            match console.command(&line, deadline) {
                Ok(_) => good += 1,
                Err(
                    ConsoleError::EchoLost { .. }
                    | ConsoleError::NoEnd { .. }
                    | ConsoleError::NoPrompt { .. },
                ) => {
                    let deadline = within(&console, 60);
                    console.sync(deadline).unwrap();
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert!(good > 100, "{good} of 200 with {lost} and {overrun} lost of 1000");
        let ran = world.with_device(|peer| std::mem::take(&mut peer.ran));
        for line in ran.iter().filter(|line| line.contains("number")) {
            assert!(line.starts_with("echo the line number ") && line.ends_with(" is a long one"), "{line}");
        }
    }
}

#[test]
fn an_echo_that_never_comes_is_an_error_and_nothing_runs() {
    let (world, mut console) = world(Peer::new("=> "));
    let deadline = within(&console, 60);
    console.sync(deadline).unwrap();
    world.with_device(|peer| {
        peer.lost = 1000;
        peer.ran.clear();
    });
    let error = console.command("echo dangerous", deadline).unwrap_err();
    assert_eq!(error.code(), "uboot-echo-lost");
    assert!(world.with_device(|peer| peer.ran.is_empty()));
}

#[test]
fn babble_and_half_typed_lines_end() {
    for start in ["erase 0 +", "echo", "hang\r", "babble\r"] {
        let (world, mut console) = world(Peer::new("ath> "));
        world.input(Input::Bytes(Channel::Console, start.as_bytes()));
        let deadline = within(&console, 20);
        console.sync(deadline).unwrap();
        assert_eq!(console.prompt(), Some("ath> "), "{start:?}");
        assert!(world.with_device(|peer| peer.ran.iter().all(|line| !line.contains("erase"))));
    }
}

#[test]
fn babble_does_not_fill_memory() {
    let (_, mut console) = world(Peer::new("=> "));
    let deadline = within(&console, 20);
    console.sync(deadline).unwrap();
    console.start("babble", deadline).unwrap();
    let soon = within(&console, 60);
    assert_eq!(console.poll_reply(soon).unwrap(), None);
    assert!(console.text.len() <= super::console::LONGEST_REPLY);
    assert!(console.take_log().len() < (1 << 20) + 100);
    let deadline = within(&console, 20);
    console.sync(deadline).unwrap();
    assert_eq!(console.command("echo fine", deadline).unwrap().text, "fine\n");
}

#[test]
fn a_prompt_behind_output_without_an_end_of_line_is_found() {
    let (_, mut console) = world(Peer::new("=> "));
    let deadline = within(&console, 20);
    console.sync(deadline).unwrap();
    assert_eq!(console.command("cut", deadline).unwrap().text, "no end of line\n");
    assert_eq!(console.command("echo fine", deadline).unwrap().text, "fine\n");
}

#[test]
fn a_command_that_hangs_ends_at_its_deadline() {
    let (_, mut console) = world(Peer::new("=> "));
    let deadline = within(&console, 20);
    console.sync(deadline).unwrap();
    let deadline = within(&console, 5);
    assert_eq!(console.command("hang", deadline).unwrap_err().code(), "uboot-command-hangs");
    // The next command ends it.
    let deadline = within(&console, 20);
    assert_eq!(console.command("echo fine", deadline).unwrap().text, "fine\n");
}

#[test]
fn watching_a_silent_unit_sends_nothing() {
    let (world, mut console) = world(Peer::new("=> "));
    let until = Until { prompt: true, silence: Some(Duration::from_secs(1)), ..Until::default() };
    let watched = console.watch(&until, within(&console, 5)).unwrap();
    assert_eq!(watched.reached, Reached::TimedOut);
    assert_eq!(watched.first_byte_after, None);
    assert_eq!(watched.took, Duration::from_secs(5));
    assert!(world.with_device(|peer| peer.last == Moment::default()));
    let watched = console.interrupt(within(&console, 20)).unwrap();
    assert_eq!(watched.reached, Reached::Prompt);
}

/// Hears nothing, and says the same all the time, or nothing.
struct Deaf {
    says: &'static str,
    next: Moment,
}

impl Device for Deaf {
    fn handle(&mut self, _: Input<'_>, now: Moment, outputs: &mut Vec<Output>) {
        while self.next <= now {
            self.next = self.next + Duration::from_millis(100);
            outputs.push(Output::Bytes(Channel::Console, self.says.into()));
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        (!self.says.is_empty()).then_some(self.next)
    }
}

#[test]
fn every_wait_ends_soon_after_its_caller_wants_it_to() {
    #[track_caller]
    fn check(says: &'static str, is_stopped: impl Fn(&mut Console, Deadline, &dyn Fn() -> bool) -> bool) {
        let clock = VirtualClock::new();
        let world = World::new(Deaf { says, next: Moment::default() }, clock.clone());
        let mut console = Console::new(Box::new(world.console()), ConsoleConfig::default());
        let deadline = within(&console, 60);
        let wanted = Moment::from_start(Duration::from_secs(7));
        assert!(is_stopped(&mut console, deadline, &|| clock.now() >= wanted), "{says:?}");
        let late = clock.now().since(wanted);
        assert!(clock.now() >= wanted && late <= Duration::from_secs(1), "{says:?}: {late:?} late");
    }

    let until = Until { ready: vec!["ready".into()], prompt: true, ..Until::default() };
    for says in ["", "no prompt\r\n"] {
        check(says, |console, deadline, stop| {
            console.watch_unless(&until, deadline, stop).unwrap().reached == Reached::Stopped
        });
        check(says, |console, deadline, stop| {
            console.interrupt_unless(deadline, stop).unwrap().reached == Reached::Stopped
        });
    }
    check("", |console, deadline, stop| console.sync_unless(deadline, stop).unwrap() == Synced::Stopped);
}

/// A unit that starts again and again, and stops for a key in a menu, at a countdown, or only at once.
struct Starting {
    text: &'static str,
    key: u8,
    /// How long it waits for the key.
    waits: Duration,
    booted: Moment,
    pressed: bool,
    stopped: bool,
    asking: bool,
    starts: u32,
}

impl Starting {
    fn new(text: &'static str, key: u8, waits: Duration) -> Self {
        let booted = Moment::from_start(Duration::from_secs(1));
        Self { text, key, waits, booted, pressed: false, stopped: false, asking: false, starts: 0 }
    }
}

impl Device for Starting {
    fn handle(&mut self, input: Input<'_>, now: Moment, outputs: &mut Vec<Output>) {
        let mut out = Vec::new();
        if let Input::Bytes(_, bytes) = input
            && !self.stopped
        {
            self.pressed |= now >= self.booted && bytes.contains(&self.key);
        } else if let Input::Bytes(_, bytes) = input {
            for &byte in bytes {
                match byte {
                    wire::CTRL_C => out.extend(b"<INTERRUPT>\r\nMT7621 # "),
                    wire::ENTER => out.extend(b"\r\n"),
                    byte => out.push(byte),
                }
            }
        }
        let asks_at = self.booted + Duration::from_secs(1);
        if !self.stopped && now >= self.booted && self.starts == 0 {
            self.starts = 1;
            out.extend(b"\r\n\r\nU-Boot 1.1.3 (Aug 27 2015 - 10:00:00)\r\n\r\nDRAM:  128 MB\r\n");
        }
        if !self.stopped && now >= asks_at && !self.asking {
            self.asking = true;
            out.extend(self.text.bytes());
        }
        if self.asking && !self.stopped {
            if self.pressed {
                self.stopped = true;
                out.extend(b"\r\nMT7621 # ");
            } else if now >= asks_at + self.waits {
                out.extend(b"\r\nStarting kernel ...\r\n\r\n");
                let booted = now + Duration::from_secs(5);
                *self = Self { booted, ..Self::new(self.text, self.key, self.waits) };
            }
        }
        if !out.is_empty() {
            outputs.push(Output::Bytes(Channel::Console, out));
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        let asks_at = self.booted + Duration::from_secs(1);
        match (self.stopped, self.starts, self.asking) {
            (true, ..) => None,
            (_, 0, _) => Some(self.booted),
            (.., false) => Some(asks_at),
            (.., true) => Some(asks_at + self.waits),
        }
    }
}

#[test]
fn starts_are_stopped() {
    let menu = "Please choose the operation:\r\n   1: Load.\r\n   4: Entr boot command line interface.\r\n 3 \x08\x08\x08 2 ";
    let countdown = "Hit any key to stop autoboot:  1 ";
    let at_once = "Hit any key to stop autoboot:  0 ";
    for (text, keys, stop_at, waits) in [
        (menu, b"4", Some("Please choose the operation"), Duration::from_secs(2)),
        (countdown, b" ", None, Duration::from_secs(1)),
        // Only a key that was pressed before helps; that is learned from the first start.
        (at_once, b" ", None, Duration::ZERO),
    ] {
        let world = World::new(Starting::new(text, keys[0], waits), VirtualClock::new());
        let config = ConsoleConfig { stop_keys: keys.to_vec(), stop_at: stop_at.map(str::to_owned) };
        let mut console = Console::new(Box::new(world.console()), config);
        let until = Until { prompt: true, stop_autoboot: true, ..Until::default() };
        let watched = console.watch(&until, within(&console, 60)).unwrap();
        assert_eq!(watched.reached, Reached::Prompt, "{text:?}");
        assert!(world.with_device(|unit| unit.stopped));
        assert_eq!(watched.first_byte_after, Some(Duration::from_secs(1)));
        let starts = if waits.is_zero() { 2 } else { 1 };
        assert_eq!(watched.starts, starts, "{text:?}");
    }
}
