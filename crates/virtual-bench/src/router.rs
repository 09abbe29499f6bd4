//! The router: power, bootloader, system, and what happens to them.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_http_upload::device::HttpEvent;
use debrick_link::simulated::{Channel, DEVICE_ADDRESS, Device, Input, Output};
use debrick_link::{Moment, Rng};
use debrick_model::MacAddress;
use debrick_ssh::device::{Quirks, Reply};
use debrick_uboot_console::device::{Standing, Storage as _, UbootConfig, UbootDevice};

use crate::board::RouterBoard;
use crate::brick::Brick;
use crate::door::{Door, DoorState, Turn};
use crate::faults::{Fault, FaultLog, Faults};
use crate::layout::{BLOCK, FACTORY, FIRMWARE, UNIT_ADDRESS};
use crate::running::Openwrt;
use crate::state::UnitState;
use crate::system::{System, Wish};

/// How long a datagram takes to leave the unit.
const NETWORK_DELAY: Duration = Duration::from_micros(100);
/// How much of a file that came in through the door is written at once, in bytes.
const INSTALLS_AT_ONCE: usize = 0x1_0000;
/// What a request to the web page may be long at most.
const LONGEST_REQUEST: usize = 8192;
/// How long after its line a bootloader hangs at most.
const HANGS_WITHIN_MICROS: u64 = 50_000;
/// More steps at one moment than anything here takes.
const MOST_STEPS: u32 = 100_000;

/// An LED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Led {
    /// Dark.
    Off,
    /// Lit.
    On,
    /// Blinking.
    Blinking,
}

/// The LEDs on the front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leds {
    /// Lit while there is power.
    pub power: Led,
    /// Blinking while bootloader or system start, lit once the system has started.
    pub system: Led,
    /// Blinking while a file comes in, lit while the system is on the network.
    pub lan: Led,
}

/// How a router was built.
#[derive(Debug, Clone)]
pub struct RouterConfig {
    /// Its bootloader. The default is the one of the catalog's device.
    pub bootloader: UbootConfig,
    /// Whether the bootloader refuses images for other architectures; the real one starts them, and aborts.
    pub checks_architecture: bool,
    /// Its recovery door, if it has one.
    pub door: Option<Door>,
    /// Whether its system answers commands as OpenWrt does, and with which quirks.
    pub openwrt: Option<Quirks>,
}

impl Default for RouterConfig {
    fn default() -> Self {
        let mut bootloader = UbootConfig::default();
        let pairs = built_in_boot().into_iter().map(|(name, value)| (name.to_owned(), value));
        bootloader.default_environment.extend(pairs);
        Self { bootloader, checks_architecture: false, door: None, openwrt: None }
    }
}

/// What the bootloader does where no environment is stored: it looks for something to boot, at last on the network.
fn built_in_boot() -> [(&'static str, String); 3] {
    let broadcasts: Vec<String> =
        (1..=17).map(|number| format!("echo BOOTP broadcast {number}; sleep 1")).collect();
    let bootp = format!("{}; echo; echo 'Retry time exceeded; starting again'", broadcasts.join("; "));
    let search = "echo fatal: no kernel available; echo Command \\'load\\' failed: Error 1; echo starting USB...; \
                  echo No working controllers found; virtio dev 0; echo '** No partition table - virtio 0 **'; \
                  echo Couldn\\'t find partition virtio 0:1; run bootp_net; run bootp_net";
    [("bootcmd", "run distro_bootcmd".into()), ("distro_bootcmd", search.into()), ("bootp_net", bootp)]
}

/// The router. It is off until [`VirtualRouter::power_on`].
pub struct VirtualRouter {
    uboot: UbootDevice<RouterBoard>,
    system: Option<System>,
    door: Option<DoorState>,
    openwrt: Option<Openwrt>,
    has_power: bool,
    now: Moment,
    /// What leaves the unit later.
    delayed: VecDeque<(Moment, Output)>,
    /// Open connections, and what came on them.
    connections: BTreeMap<Channel, Vec<u8>>,
    happenings: Happenings,
}

/// Faults of the unit as a whole.
struct Happenings {
    log: FaultLog,
    rng: Rng,
    restart_at: Option<Moment>,
    babble: Option<Duration>,
    babble_at: Option<Moment>,
    hang_in_command: Option<u32>,
    lines: u32,
    hang_at: Option<Moment>,
    hangs: bool,
}

impl Happenings {
    fn none() -> Self {
        Self {
            log: FaultLog::default(),
            rng: Rng::new(0),
            restart_at: None,
            babble: None,
            babble_at: None,
            hang_in_command: None,
            lines: 0,
            hang_at: None,
            hangs: false,
        }
    }

    fn next_babble(&mut self, now: Moment) {
        self.babble_at = self.babble.map(|about| {
            let micros = u64::try_from(about.as_micros()).unwrap_or(u64::MAX / 4).max(1000);
            now + Duration::from_micros(micros / 2 + self.rng.below(micros))
        });
    }
}

impl VirtualRouter {
    /// A router that keeps this, of the usual build.
    pub fn new(state: UnitState) -> Self {
        Self::with_config(state, RouterConfig::default())
    }

    /// A router that keeps this, of another build.
    pub fn with_config(state: UnitState, config: RouterConfig) -> Self {
        let board = RouterBoard::new(state, config.checks_architecture, config.bootloader.abort_text.clone());
        Self {
            uboot: UbootDevice::new(board, config.bootloader),
            system: None,
            door: config.door.map(DoorState::new),
            openwrt: config.openwrt.map(Openwrt::new),
            has_power: false,
            now: Moment::default(),
            delayed: VecDeque::new(),
            connections: BTreeMap::new(),
            happenings: Happenings::none(),
        }
    }

    /// A router with a brick, that ran `installed` before.
    pub fn bricked(brick: Brick, installed: &[u8]) -> Self {
        Self::new(brick.apply(installed))
    }

    /// Injects faults from now on; what fires is counted in `log`. The faults of console and network are not the
    /// router's: [`Bench`](crate::Bench) injects them.
    pub fn inject(&mut self, faults: &Faults, seed: u64, log: &FaultLog) {
        self.uboot.board_mut().inject(faults, seed, log);
        let mut rng = Rng::new(seed ^ 0x4A99_E215);
        let restart_at = faults.restart_within.map(|span| {
            let micros = rng.below(u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
            self.now + Duration::from_micros(micros)
        });
        self.happenings = Happenings {
            log: log.clone(),
            rng,
            restart_at,
            babble: faults.babble,
            hang_in_command: faults.hang_in_command,
            ..Happenings::none()
        };
        if self.has_power {
            self.happenings.next_babble(self.now);
        }
    }

    /// Switches it on; nothing happens if it is on.
    pub fn power_on(&mut self, now: Moment) {
        self.now = self.now.max(now);
        if self.has_power {
            return;
        }
        self.has_power = true;
        self.happenings.next_babble(self.now);
        if self.uboot.board().hardware().bootloader_is_dead {
            return;
        }
        match &mut self.door {
            Some(door) => door.power_on(self.now),
            None => self.uboot.power_on(self.now),
        }
    }

    /// Switches it off at once, whatever is under way. Connections are closed as soon as time passes.
    pub fn power_off(&mut self) {
        if let Some(half) = self.openwrt.as_mut().and_then(Openwrt::lose_power) {
            self.write_firmware(&half);
        }
        self.uboot.power_off();
        if let Some(door) = &mut self.door {
            door.power_off();
        }
        self.has_power = false;
        self.happenings.babble_at = None;
        self.stop();
    }

    /// Presses and releases the reset button.
    pub fn press_reset(&mut self, now: Moment) {
        self.now = self.now.max(now);
        if self.has_power {
            self.restart();
        }
    }

    /// Presses the recovery button and keeps it pressed, or lets it go.
    pub fn hold_button(&mut self, is_held: bool, now: Moment) {
        self.now = self.now.max(now);
        if let Some(door) = &mut self.door {
            let turn = door.hold(is_held, self.now);
            self.turn(turn);
        }
    }

    /// Whether it is in its recovery mode.
    pub fn is_in_recovery(&self) -> bool {
        self.has_power && self.door.as_ref().is_some_and(DoorState::is_open)
    }

    /// What has happened on the page of its recovery mode, where that has one.
    pub fn page_events(&self) -> &[HttpEvent] {
        self.door.as_ref().map_or(&[], DoorState::page_events)
    }

    /// Whether somebody else on the cable of its recovery door was taken for it.
    pub fn others_served_at_door(&self) -> bool {
        self.door.as_ref().is_some_and(DoorState::others_served)
    }

    /// Whether its network port has a link; always, while it has power, where it has no recovery door.
    pub fn has_link(&self) -> bool {
        self.has_power && self.door.as_ref().is_none_or(|door| door.has_link(self.now))
    }

    /// Whether something in it answers to its address: its recovery mode, a bootloader that loads a file, or a system.
    fn is_on_the_network(&self) -> bool {
        let system = self.system.as_ref().is_some_and(System::is_alive);
        !self.happenings.hangs && (self.is_in_recovery() || self.uboot.board().is_loading() || system)
    }

    /// Lets the recovery door do something, and does what that leads to.
    fn at_door(&mut self, work: impl FnOnce(&mut DoorState, SocketAddr, &str, &mut Vec<Output>) -> Turn) {
        let model = self.model();
        let mut sent = Vec::new();
        let unit = SocketAddr::new(IpAddr::V4(UNIT_ADDRESS), 0);
        let Some(door) = &mut self.door else { return };
        let turn = work(door, unit, &model, &mut sent);
        let due = self.now + NETWORK_DELAY;
        self.delayed.extend(sent.into_iter().map(|output| (due, output)));
        self.turn(turn);
    }

    /// Does what the recovery door leads to.
    fn turn(&mut self, turn: Turn) {
        match turn {
            Turn::Stay => {}
            Turn::Start => self.uboot.power_on(self.now),
            Turn::Say(text) => {
                self.delayed.push_back((self.now, Output::Bytes(Channel::Console, text.into_bytes())));
            }
            Turn::Install(image) => self.install(&image),
            Turn::Run => {
                if let Some(openwrt) = &mut self.openwrt {
                    openwrt.start_in_memory();
                }
            }
        }
    }

    /// Writes what came in through the recovery door, and starts as always. What the storage does not take is not there
    /// afterwards; the bootloader says nothing of it.
    fn install(&mut self, image: &[u8]) {
        if self.write_firmware(image) {
            self.power_off();
        } else {
            self.uboot.power_on(self.now);
        }
    }

    /// Writes firmware; whether the power was lost meanwhile.
    fn write_firmware(&mut self, image: &[u8]) -> bool {
        let disk = &mut self.uboot.board_mut().disk;
        let places = image.chunks(INSTALLS_AT_ONCE).zip((FIRMWARE.offset..).step_by(INSTALLS_AT_ONCE));
        for (piece, at) in places {
            let mut block = piece.to_vec();
            block.resize(piece.len().next_multiple_of(BLOCK as usize), 0);
            let _ = disk.write(at, &block);
        }
        std::mem::take(&mut disk.power_is_lost)
    }

    /// Runs a command on the system that runs, over a connection to its shell; `None` where no system takes it.
    pub fn run_command(&mut self, command: &str, input: &[u8], now: Moment) -> Option<Reply> {
        self.now = self.now.max(now);
        let installed =
            self.system.as_ref().filter(|system| system.is_ready()).map(|system| system.version().to_owned());
        if !self.has_power || self.happenings.hangs {
            return None;
        }
        let disk = &mut self.uboot.board_mut().disk;
        let openwrt = self.openwrt.as_mut()?;
        let reply = openwrt.answer(command, input, installed, disk, self.now)?;
        if openwrt.wants_restart() {
            self.start_again();
        } else if openwrt.is_upgrading() {
            self.stop();
        }
        Some(reply)
    }

    /// Starts from the beginning, whatever ran.
    fn start_again(&mut self) {
        let was_in_memory = self.openwrt.as_mut().is_some_and(Openwrt::leave_memory);
        if was_in_memory {
            self.stop();
            self.uboot.power_on(self.now);
        } else {
            self.restart();
        }
    }

    /// How often a quirk of its OpenWrt-like system made a difference.
    pub fn openwrt_fired(&self, quirk: &str) -> u32 {
        self.openwrt.as_ref().map_or(0, |openwrt| openwrt.fired(quirk))
    }

    /// A file of its installed OpenWrt-like system.
    pub fn openwrt_file(&self, path: &str) -> Option<Vec<u8>> {
        self.openwrt.as_ref()?.file(path)
    }

    /// Changes a file of its installed OpenWrt-like system, as its owner does.
    pub fn place_openwrt_file(&mut self, path: &str, content: &[u8]) {
        if let Some(openwrt) = &mut self.openwrt {
            openwrt.place(path, content);
        }
    }

    /// Whether a system runs from its memory.
    pub fn runs_from_memory(&self) -> bool {
        self.has_power && self.openwrt.as_ref().is_some_and(Openwrt::is_in_memory)
    }

    /// What firmware for this unit calls it.
    fn model(&mut self) -> String {
        let mut factory = [0; 512];
        if self.uboot.board_mut().disk.read(FACTORY.offset, &mut factory).is_err() {
            return String::new();
        }
        let text = String::from_utf8_lossy(&factory);
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        format!("{} {}", value("vendor="), value("model="))
    }

    /// Whether it has power. A power cut among the faults takes it away.
    pub fn has_power(&self) -> bool {
        self.has_power
    }

    /// Whether the system has started.
    pub fn is_ready(&self) -> bool {
        self.system.as_ref().is_some_and(System::is_ready)
    }

    /// Where the bootloader stands.
    pub fn standing(&self) -> Standing {
        self.uboot.standing()
    }

    /// What the LEDs show.
    pub fn leds(&self) -> Leds {
        if !self.has_power {
            return Leds { power: Led::Off, system: Led::Off, lan: Led::Off };
        }
        let ready = self.is_ready();
        let starts = matches!(self.standing(), Standing::Starting | Standing::Autoboot)
            || self.system.as_ref().is_some_and(System::is_alive);
        Leds {
            power: Led::On,
            system: if ready {
                Led::On
            } else if starts {
                Led::Blinking
            } else {
                Led::Off
            },
            lan: if ready {
                Led::On
            } else if self.uboot.board().is_loading() {
                Led::Blinking
            } else {
                Led::Off
            },
        }
    }

    /// A copy in memory of what it keeps, as it is now.
    pub fn state(&mut self) -> UnitState {
        let state = self.uboot.board_mut().swap_state(UnitState::blank());
        let copy = state.clone();
        self.uboot.board_mut().swap_state(state);
        copy
    }

    /// Changes what it keeps, as a programmer clipped to the chip would.
    pub fn change_state<T>(&mut self, change: impl FnOnce(&mut UnitState) -> T) -> T {
        let mut state = self.uboot.board_mut().swap_state(UnitState::blank());
        let result = change(&mut state);
        self.uboot.board_mut().swap_state(state);
        result
    }

    /// Takes it apart.
    pub fn into_state(mut self) -> UnitState {
        self.uboot.board_mut().swap_state(UnitState::blank())
    }

    /// Everything that runs stops; connections are closed.
    fn stop(&mut self) {
        self.system = None;
        self.happenings.hangs = false;
        self.happenings.hang_at = None;
        // Datagrams that are on the line arrive; the others were never sent.
        let closed = std::mem::take(&mut self.connections);
        for (channel, _) in closed {
            self.delayed.push_back((self.now, Output::Closed(channel)));
        }
    }

    fn restart(&mut self) {
        self.stop();
        match &mut self.door {
            _ if self.uboot.board().hardware().bootloader_is_dead => {}
            // The bootloader has not come further than its door.
            Some(door) if door.holds_back() => door.power_on(self.now),
            _ => self.uboot.reset(self.now),
        }
    }

    /// Lets everything happen that is due at `now`, one after the other.
    fn advance(&mut self, now: Moment, out: &mut Vec<Output>) {
        let mut console = Vec::new();
        for _ in 0..MOST_STEPS {
            let due = self.next_wake().filter(|wake| *wake <= now);
            self.now = self.now.max(due.unwrap_or(now));
            if due.is_none() {
                break;
            }
            self.step(&mut console, out);
        }
        flush(&mut console, out);
    }

    /// What is due at `self.now`.
    fn step(&mut self, console: &mut Vec<u8>, out: &mut Vec<Output>) {
        let now = self.now;
        if self.delayed.front().is_some_and(|(due, _)| *due <= now) {
            flush(console, out);
            out.extend(self.delayed.pop_front().map(|(_, output)| output));
            return;
        }
        if !self.has_power {
            return;
        }
        let happenings = &mut self.happenings;
        if happenings.hang_at.is_some_and(|at| at <= now) {
            happenings.hang_at = None;
            happenings.hangs = true;
            happenings.log.add(Fault::Hang);
        }
        if happenings.restart_at.is_some_and(|at| at <= now) {
            happenings.restart_at = None;
            happenings.log.add(Fault::SpontaneousRestart);
            return self.restart();
        }
        if happenings.babble_at.is_some_and(|at| at <= now) {
            if !happenings.hangs {
                happenings.log.add(Fault::Babble);
                console.extend(babble(&mut happenings.rng, now).bytes());
            }
            happenings.next_babble(now);
        }
        if happenings.hangs {
            return;
        }
        if let Some(door) = &self.door
            && door.next_wake().is_some_and(|wake| wake <= now)
        {
            return self.at_door(|door, unit, model, sent| door.step(now, unit, model, sent));
        }
        if self.door.as_ref().is_some_and(DoorState::holds_back) {
            return;
        }
        if let Some((image, keeps)) = self.openwrt.as_mut().and_then(|openwrt| openwrt.take_due(now)) {
            if self.write_firmware(&image) {
                return self.power_off();
            }
            if let Some(openwrt) = &mut self.openwrt {
                openwrt.was_replaced(keeps);
            }
            return self.start_again();
        }
        let said = console.len();
        if let Some(system) = &mut self.system {
            if system.next_wake().is_some_and(|wake| wake <= now) {
                let wish = system.tick(now, &mut self.uboot.board_mut().disk, console);
                self.grant(wish);
            }
        } else if self.uboot.next_wake().is_some_and(|wake| wake <= now) {
            self.uboot.tick(now, console);
        }
        self.settle(console, said);
    }

    /// Looks at what bootloader or system have done to the unit. Before that, `said` bytes stood in `console`.
    fn settle(&mut self, console: &mut Vec<u8>, said: usize) {
        let now = self.now;
        let board = self.uboot.board_mut();
        for datagram in board.datagrams.drain(..) {
            self.delayed.push_back((now + NETWORK_DELAY, datagram));
        }
        let lost_power = std::mem::take(&mut board.disk.power_is_lost);
        let restarts = std::mem::take(&mut board.restarts);
        if lost_power {
            // What it would have said about the write nobody hears.
            console.truncate(said);
            self.power_off();
        } else if restarts {
            self.restart();
        } else if self.system.is_none()
            && let Some(booted) = self.uboot.board_mut().booted.take()
        {
            self.system = Some(System::new(booted, now));
        }
    }

    fn grant(&mut self, wish: Wish) {
        match wish {
            Wish::None => {}
            Wish::Restart => self.restart(),
            Wish::PowerOff => self.power_off(),
        }
    }

    fn on_console(&mut self, bytes: &[u8], out: &mut Vec<Output>) {
        let now = self.now;
        if !self.has_power || self.happenings.hangs {
            return;
        }
        let mut console = Vec::new();
        if let Some(system) = &mut self.system {
            let wish = system.on_bytes(bytes, now, &mut console);
            self.grant(wish);
        } else {
            self.note_lines(bytes);
            self.uboot.on_bytes(bytes, now, &mut console);
        }
        self.settle(&mut console, 0);
        flush(&mut console, out);
    }

    /// Counts command lines, for the one in which the bootloader hangs.
    fn note_lines(&mut self, bytes: &[u8]) {
        let happenings = &mut self.happenings;
        let Some(number) = happenings.hang_in_command else { return };
        if self.uboot.standing() != Standing::Prompt {
            return;
        }
        happenings.lines += bytes.iter().filter(|byte| **byte == b'\r').count() as u32;
        if happenings.lines > number {
            happenings.hang_in_command = None;
            let micros = happenings.rng.below(HANGS_WITHIN_MICROS);
            happenings.hang_at = Some(self.now + Duration::from_micros(micros));
        }
    }

    fn on_connection(&mut self, channel: Channel, to: SocketAddr, out: &mut Vec<Output>) {
        if self.is_ready() && to.ip() == IpAddr::V4(UNIT_ADDRESS) && to.port() == 80 {
            self.connections.insert(channel, Vec::new());
        } else {
            out.push(Output::Closed(channel));
        }
    }

    /// Whether its bootloader has not come further than its door.
    fn stands_at_its_door(&self) -> bool {
        self.has_power && self.door.as_ref().is_some_and(DoorState::holds_back)
    }

    /// Hands a frame, or what happens on a TCP connection, to the recovery door.
    fn hand_to_door(&mut self, input: Input<'_>, out: &mut Vec<Output>) {
        if self.happenings.hangs {
            return;
        }
        match input {
            Input::Connected(channel, _) => {
                self.connections.insert(channel, Vec::new());
            }
            Input::Closed(channel) => {
                self.connections.remove(&channel);
            }
            _ => {}
        }
        let now = self.now;
        self.at_door(|door, _, model, sent| door.on_input(input, now, model, sent));
        // Who is turned away learns it at once.
        if let Input::Connected(channel, _) = input
            && let Some(place) = self.delayed.iter().position(|(_, sent)| *sent == Output::Closed(channel))
        {
            self.connections.remove(&channel);
            out.extend(self.delayed.remove(place).map(|(_, output)| output));
        }
    }

    fn on_request(&mut self, channel: Channel, bytes: &[u8], out: &mut Vec<Output>) {
        let (Some(request), Some(system)) = (self.connections.get_mut(&channel), &self.system) else {
            return;
        };
        request.extend_from_slice(bytes);
        let over =
            request.windows(4).any(|end| end == b"\r\n\r\n") || request.windows(2).any(|end| end == b"\n\n");
        if !over && request.len() < LONGEST_REQUEST {
            return;
        }
        let text = String::from_utf8_lossy(request);
        let mut words = text.split_whitespace();
        let page = match (words.next(), words.next()) {
            (Some("GET"), Some(path)) => system.page(path, self.now),
            _ => None,
        };
        let (status, body) =
            page.map_or(("404 Not Found", "not found\n".to_owned()), |page| ("200 OK", page));
        let kind = if body.starts_with('{') { "application/json" } else { "text/html" };
        let answer = format!(
            "HTTP/1.0 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        self.connections.remove(&channel);
        out.push(Output::Bytes(channel, answer.into_bytes()));
        out.push(Output::Closed(channel));
    }
}

/// Hands on what was printed.
fn flush(console: &mut Vec<u8>, out: &mut Vec<Output>) {
    if !console.is_empty() {
        out.push(Output::Bytes(Channel::Console, std::mem::take(console)));
    }
}

/// A line of noise, as kernels and drivers print it whenever they like.
fn babble(rng: &mut Rng, now: Moment) -> String {
    const LINES: [&str; 5] = [
        "eth0: link up, 1000Mbps, full-duplex",
        "eth0: link down",
        "usb 1-1: new high-speed USB device number 2",
        "wlan0: authenticate with 02:00:00:00:00:2b",
        "random: 7 urandom warning(s) missed due to ratelimiting",
    ];
    let line = LINES[rng.below(LINES.len() as u64) as usize];
    format!("[{:12.6}] {line}\r\n", now.since_start().as_secs_f64())
}

impl Device for VirtualRouter {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        self.advance(now, out);
        match input {
            Input::Tick => {}
            Input::Bytes(Channel::Console, bytes) => self.on_console(bytes, out),
            Input::Frame(_) | Input::Bytes(..) | Input::Connected(..) | Input::Closed(_)
                if self.stands_at_its_door() =>
            {
                self.hand_to_door(input, out);
            }
            // The bootloader's console speaks no protocol of raw Ethernet.
            Input::Frame(frame) => {
                if self.is_ready() && self.openwrt.is_some() && self.has_link() {
                    out.extend(crate::running::offer(frame).map(Output::Frame));
                }
            }
            Input::Bytes(channel, bytes) => self.on_request(channel, bytes, out),
            Input::Connected(channel, to) => self.on_connection(channel, to, out),
            Input::Closed(channel) => {
                self.connections.remove(&channel);
            }
            Input::Datagram { from, to, payload } if self.is_in_recovery() => {
                if !self.happenings.hangs {
                    self.at_door(|door, _, model, sent| {
                        door.on_datagram((from, to), payload, now, model, sent)
                    });
                }
            }
            Input::Datagram { from, to, payload } => {
                if self.has_power && !self.happenings.hangs && self.system.is_none() {
                    self.uboot.board_mut().on_datagram(from, to, payload, now);
                    let mut console = Vec::new();
                    self.uboot.tick(now, &mut console);
                    self.settle(&mut console, 0);
                    flush(&mut console, out);
                }
            }
        }
    }

    fn carrier(&self, _now: Moment) -> bool {
        self.has_link()
    }

    fn answers_arp(&self) -> bool {
        self.door.as_ref().and_then(DoorState::station).is_none()
    }

    fn ethernet_address(&self) -> MacAddress {
        self.door.as_ref().and_then(DoorState::station).unwrap_or(DEVICE_ADDRESS)
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        if self.has_link() && self.is_on_the_network() { vec![UNIT_ADDRESS] } else { Vec::new() }
    }

    fn next_wake(&self) -> Option<Moment> {
        let delayed = self.delayed.front().map(|(due, _)| *due);
        if !self.has_power {
            return delayed;
        }
        let happenings = &self.happenings;
        let door = self.door.as_ref();
        let runs = match &self.system {
            _ if happenings.hangs || door.is_some_and(DoorState::holds_back) => None,
            Some(system) => system.next_wake(),
            None => self.uboot.next_wake(),
        };
        let door = door.and_then(DoorState::next_wake).filter(|_| !happenings.hangs);
        let upgrade = self.openwrt.as_ref().and_then(Openwrt::next_wake).filter(|_| !happenings.hangs);
        [upgrade, delayed, happenings.restart_at, happenings.babble_at, happenings.hang_at, door, runs]
            .into_iter()
            .flatten()
            .min()
    }
}
