//! The device half: EVA as published dialogues show it (7530 with EVA 1.11581, 7490 with EVA 1.1964, ADAM2 of AR7). It
//! waits for some seconds after power on; whoever has logged in keeps it from starting the system.

mod ftp;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Channel, Device, Input, Output};

use crate::environment::Environment;
use crate::partition::Partition;
use crate::wire::{DISCOVERY_PORT, Discovery, FTP_PORT, USUAL_ADDRESS};

use ftp::Ftp;

/// How the bootloader behaves.
#[derive(Debug, Clone)]
pub struct EvaConfig {
    /// Its address, until it is asked to take another one.
    pub address: Ipv4Addr,
    /// Port of its FTP server.
    pub port: u16,
    /// Ports for data, used one after the other.
    pub data_ports: Vec<u16>,
    /// How long after power on it waits for somebody.
    pub waits: Duration,
    /// Its variables, as the file `env`.
    pub environment: String,
    /// How long it takes to erase and write 64 KiB.
    pub writes_64k_in: Duration,
    /// What it does otherwise.
    pub quirks: EvaQuirks,
}

impl EvaConfig {
    /// A unit with a firmware partition of 4 MiB; its addresses and serial number are made up.
    pub fn usual() -> Self {
        let environment = "HWRevision            236\nHWSubRevision         2\nProductID             Fritz_Box_HW236\n\
             SerialNumber          0000000000000000\nannex                 A\nbootloaderVersion     1.11581\n\
             firmware_info         164.07.56\nfirmware_version      avme\nlinux_fs_start        1\n\
             maca                  02:00:00:00:00:10\nmemsize               0x10000000\n\
             mtd0                  0x0,0x2C00000\nmtd1                  0xB00000,0xF00000\n\
             mtd2                  0x0,0x2C0000\nmtd3                  0x2C0000,0xB00000\n\
             mtd4                  0xF00000,0x1300000\nmy_ipaddress          192.168.178.1\nprompt                Eva_AVM\n";
        Self {
            address: USUAL_ADDRESS,
            port: FTP_PORT,
            data_ports: vec![64_611, 41_675, 3_082],
            waits: Duration::from_secs(5),
            environment: environment.into(),
            writes_64k_in: Duration::from_millis(700),
            quirks: EvaQuirks::default(),
        }
    }
}

/// What some units do otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EvaQuirks {
    /// Knows `PASV` only.
    pub no_p_at_sw: bool,
    /// Does not answer the discovery.
    pub deaf_to_discovery: bool,
    /// Keeps the address that it has, whatever it is asked.
    pub keeps_address: bool,
    /// Sends a variable's value behind its answer, not before.
    pub value_behind: bool,
    /// Wants a file to have two names.
    pub two_names: bool,
    /// Does not close the connection after a file that it sends, and does not confirm its end.
    pub leaves_files_open: bool,
    /// Erases before it says that it is ready for a file, instead of after.
    pub erases_first: bool,
    /// Says that it has stored a file, and has not.
    pub lies: bool,
    /// Takes no more than this many bytes at once, and says so at the end.
    pub takes_at_most: Option<u64>,
    /// Hangs up after this many bytes of a file.
    pub hangs_up_after: Option<u64>,
    /// Never says that it has stored a file.
    pub never_confirms: bool,
}

/// What happened to the unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvaEvent {
    /// It answered a discovery.
    Answered,
    /// Somebody logged in.
    LoggedIn,
    /// Its variables were read.
    ReadVariables,
    /// A variable was set, or taken away.
    Set {
        /// Name.
        name: String,
        /// Value; `None` where it was taken away.
        value: Option<String>,
    },
    /// A place was written: a partition, or a stretch of memory.
    Stored {
        /// Where.
        place: String,
        /// Bytes.
        bytes: u64,
    },
    /// A file was refused.
    Refused {
        /// Where it was to go.
        place: String,
    },
    /// It said that it had stored a file, and had not.
    Lied,
    /// It hung up in the middle of a file.
    HungUp,
    /// It started the system, because nobody came, or was told to restart.
    Started,
}

/// A unit with EVA, from the moment of power on.
#[derive(Debug)]
pub struct EvaDevice {
    config: EvaConfig,
    address: Ipv4Addr,
    environment: Environment,
    started_at: Option<Moment>,
    /// Whether the bootloader runs.
    is_waiting: bool,
    controls: BTreeMap<Channel, Ftp>,
    /// Which control connection a connection for data belongs to.
    data: BTreeMap<Channel, Channel>,
    next_data_port: usize,
    storage: BTreeMap<String, Vec<u8>>,
    events: Vec<EvaEvent>,
    /// What is sent later.
    later: BTreeMap<(Moment, u64), Later>,
    serial: u64,
}

/// Something that happens later.
#[derive(Debug)]
struct Later {
    control: Channel,
    reply: String,
    then: Then,
}

#[derive(Debug)]
enum Then {
    Nothing,
    Keep { place: String, bytes: Vec<u8> },
    Lie,
}

impl EvaDevice {
    /// A unit that is switched off.
    pub fn new(config: EvaConfig) -> Self {
        let environment = Environment::parse(&config.environment);
        Self {
            address: config.address,
            environment,
            config,
            started_at: None,
            is_waiting: false,
            controls: BTreeMap::new(),
            data: BTreeMap::new(),
            next_data_port: 0,
            storage: BTreeMap::new(),
            events: Vec::new(),
            later: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Power comes.
    pub fn switch_on(&mut self, now: Moment) {
        self.address = self.config.address;
        self.started_at = Some(now);
        self.is_waiting = true;
        self.controls.clear();
        self.data.clear();
        self.later.clear();
    }

    /// What a partition, or a stretch of memory, holds that was sent.
    pub fn holds(&self, place: &str) -> Option<&[u8]> {
        self.storage.get(place).map(Vec::as_slice)
    }

    /// What has happened, in order.
    pub fn events(&self) -> &[EvaEvent] {
        &self.events
    }

    /// A variable.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name)
    }

    /// The moment when nobody has come and the system is started.
    fn gives_up_at(&self) -> Option<Moment> {
        let is_held = self.controls.values().any(|control| control.is_logged_in);
        self.started_at.filter(|_| self.is_waiting && !is_held).map(|at| at + self.config.waits)
    }

    fn start_system(&mut self, out: &mut Vec<Output>) {
        self.is_waiting = false;
        self.events.push(EvaEvent::Started);
        let channels: Vec<Channel> = self.controls.keys().chain(self.data.keys()).copied().collect();
        out.extend(channels.into_iter().map(Output::Closed));
        self.controls.clear();
        self.data.clear();
        self.later.clear();
    }

    fn connected(&mut self, channel: Channel, to: SocketAddr, out: &mut Vec<Output>) {
        let is_here = self.is_waiting && to.ip() == self.address;
        if is_here && to.port() == self.config.port && self.controls.is_empty() {
            self.controls.insert(channel, Ftp::default());
            out.push(Output::Bytes(channel, b"220 ADAM2 FTP Server ready\r\n".to_vec()));
            return;
        }
        let expects = |control: &Ftp| is_here && control.data_port == Some(to.port());
        let owner = self.controls.iter_mut().find(|(_, control)| expects(control));
        match owner {
            Some((owner, control)) => {
                control.data_port = None;
                control.data = Some(channel);
                self.data.insert(channel, *owner);
            }
            None => out.push(Output::Closed(channel)),
        }
    }

    fn datagram(&mut self, from: SocketAddr, to: SocketAddr, payload: &[u8], out: &mut Vec<Output>) {
        let quirks = self.config.quirks;
        if !self.is_waiting || to.port() != DISCOVERY_PORT || quirks.deaf_to_discovery {
            return;
        }
        let Some(Discovery::Request { wanted }) = Discovery::parse(payload) else { return };
        if !wanted.is_unspecified() && !quirks.keeps_address {
            self.address = wanted;
        }
        self.events.push(EvaEvent::Answered);
        let payload = Discovery::Answer { address: self.address }.to_bytes().to_vec();
        let own = SocketAddr::V4(SocketAddrV4::new(self.address, DISCOVERY_PORT));
        out.push(Output::Datagram { from: own, to: from, payload });
    }

    fn send_later(&mut self, at: Moment, control: Channel, reply: &str, then: Then) {
        self.serial += 1;
        self.later.insert((at, self.serial), Later { control, reply: reply.to_owned(), then });
    }

    fn do_what_is_due(&mut self, now: Moment, out: &mut Vec<Output>) {
        while let Some(entry) = self.later.first_entry()
            && entry.key().0 <= now
        {
            let Later { control, reply, then } = entry.remove();
            match then {
                Then::Nothing => {}
                Then::Keep { place, bytes } => {
                    self.events.push(EvaEvent::Stored { place: place.clone(), bytes: bytes.len() as u64 });
                    self.storage.insert(place, bytes);
                }
                Then::Lie => self.events.push(EvaEvent::Lied),
            }
            if self.controls.contains_key(&control) && !reply.is_empty() {
                out.push(Output::Bytes(control, format!("{reply}\r\n").into_bytes()));
            }
        }
        if self.gives_up_at().is_some_and(|at| at <= now) {
            self.start_system(out);
        }
    }

    /// How long it takes to erase and write so many bytes.
    fn writing(&self, bytes: u64) -> Duration {
        let blocks = u32::try_from(bytes.div_ceil(64 * 1024)).unwrap_or(u32::MAX);
        self.config.writes_64k_in.saturating_mul(blocks)
    }

    /// How much fits in a place: a partition of the variables, or a stretch of memory that is named by its two ends.
    fn room(&self, place: &str, in_flash: bool) -> Option<u64> {
        if in_flash {
            let range = self.environment.range(place.parse::<Partition>().ok()?)?;
            return Some(range.end - range.start);
        }
        let hex = |text: &str| u64::from_str_radix(text.strip_prefix("0x")?, 16).ok();
        let (start, end) = place.split_once(' ')?;
        hex(end)?.checked_sub(hex(start)?).filter(|room| *room > 0)
    }
}

impl Device for EvaDevice {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        match input {
            Input::Connected(channel, to) => self.connected(channel, to, out),
            Input::Bytes(channel, bytes) if self.data.contains_key(&channel) => {
                self.data_came(channel, bytes, out)
            }
            Input::Bytes(channel, bytes) => self.commands(channel, bytes, now, out),
            Input::Closed(channel) => self.hung_up(channel, now),
            Input::Datagram { from, to, payload } => self.datagram(from, to, payload, out),
            Input::Tick | Input::Frame(_) => {}
        }
        self.do_what_is_due(now, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        self.later.keys().map(|(at, _)| *at).chain(self.gives_up_at()).min()
    }

    fn carrier(&self, _now: Moment) -> bool {
        self.started_at.is_some()
    }
}
