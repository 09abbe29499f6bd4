//! The router: power, bootloader, system, and what happens to them.

mod happenings;
mod openwrt;
mod ports;
mod recovery;
mod stranger;
mod time;

use std::collections::{BTreeMap, VecDeque};
use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_http_upload::device::HttpEvent;
use debrick_link::simulated::{Channel, DEVICE_ADDRESS, Device, Input, Output};
use debrick_link::{Moment, Rng};
use debrick_model::MacAddress;
use debrick_ssh::device::Quirks;
use debrick_uboot_console::device::{Standing, Storage as _, UbootConfig, UbootDevice};

use crate::board::RouterBoard;
use crate::brick::Brick;
use crate::door::{Door, DoorState};
use crate::faults::{FaultLog, Faults};
use crate::layout::{FACTORY, UNIT_ADDRESS};
use crate::running::Openwrt;
use crate::state::UnitState;
use crate::system::System;
use happenings::Happenings;
use ports::flush;
use stranger::Beside;

/// How long a datagram takes to leave the unit.
const NETWORK_DELAY: Duration = Duration::from_micros(100);

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
    /// Who else is on its cable.
    stranger: Option<Beside>,
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
            stranger: None,
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
        self.stranger = faults.stranger.map(|stranger| Beside::new(stranger, self.now));
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

    /// Whether a stranger on its cable was given an address.
    pub fn stranger_was_served(&self) -> bool {
        self.stranger.as_ref().is_some_and(Beside::was_served)
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
}

impl Device for VirtualRouter {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        self.advance(now, out);
        if let Input::Frame(_) = input {
            self.tell_stranger(input);
        }
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
        let door = self.door.as_ref();
        door.and_then(|door| door.station().or_else(|| door.asks_as())).unwrap_or(DEVICE_ADDRESS)
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        if self.has_link() && self.is_on_the_network() { vec![UNIT_ADDRESS] } else { Vec::new() }
    }

    fn next_wake(&self) -> Option<Moment> {
        let delayed = self.delayed.front().map(|(due, _)| *due);
        if !self.has_power {
            return delayed;
        }
        let stranger = self.stranger.as_ref().filter(|_| self.has_link()).and_then(Beside::next_wake);
        let happenings = &self.happenings;
        let door = self.door.as_ref();
        let runs = match &self.system {
            _ if happenings.hangs || door.is_some_and(DoorState::holds_back) => None,
            Some(system) => system.next_wake(),
            None => self.uboot.next_wake(),
        };
        let door = door.and_then(DoorState::next_wake).filter(|_| !happenings.hangs);
        let upgrade = self.openwrt.as_ref().and_then(Openwrt::next_wake).filter(|_| !happenings.hangs);
        [
            upgrade,
            delayed,
            stranger,
            happenings.restart_at,
            happenings.babble_at,
            happenings.hang_at,
            door,
            runs,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}
