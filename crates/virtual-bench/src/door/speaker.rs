//! What a door speaks: how the file comes in, and how the bootloader says what it thinks of it.

mod eva;
mod multicast;
mod nmrp;
mod page;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_bootp::device::BootpConfig;
use debrick_eva::device::EvaConfig;
use debrick_http_upload::device::{HttpConfig, HttpEvent, HttpQuirks};
use debrick_link::Moment;
use debrick_link::simulated::{Device as _, Input, Output};
use debrick_model::MacAddress;
use debrick_nmrp::device::NmrpConfig;
use debrick_tftp::ErrorCode;
use debrick_tftp::device::{
    PullConfig, PullDevice, PullOutcome, PullQuirks, PushConfig, PushDevice, PushQuirks, Verdict,
};
use debrick_zyxel_multicast::device::ZyxelConfig;

use super::Door;
use crate::netboot::{Netboot, NetbootOutcome};
use eva::EvaSpeaker;
use multicast::MulticastSpeaker;
use nmrp::NmrpSpeaker;
use page::PageSpeaker;

/// The port that a unit asks from.
const PORT: u16 = 2000;
/// Where a unit waits to be given a file.
const TFTP: u16 = 69;
/// The unit's Ethernet address, as in its factory data.
const OWN: MacAddress = MacAddress::new([0x02, 0, 0, 0, 0, 0x2a]);
/// Where a unit has its page.
const HTTP: u16 = 80;
/// What a door has room for, in bytes.
pub(crate) const ROOM: u64 = 24 << 20;

/// How a door takes its file.
#[derive(Debug, Clone)]
pub enum Speech {
    /// It asks this server for this file by TFTP, again and again.
    Pull {
        /// Who is asked.
        server: SocketAddr,
        /// The file that is asked for.
        file: String,
        /// What it does otherwise than U-Boot.
        quirks: PullQuirks,
    },
    /// It waits to be given a file by TFTP.
    Push {
        /// The only name that it takes; `None` takes any.
        accepts: Option<String>,
        /// What it does otherwise.
        quirks: PushQuirks,
    },
    /// It asks for an address, then for the file that it is told of.
    Boot {
        /// How it asks.
        asks: BootpConfig,
        /// What it does otherwise than U-Boot when it loads.
        quirks: PullQuirks,
    },
    /// It answers NMRP for some seconds after each start, and is sent a file by TFTP.
    Nmrp {
        /// How it behaves; it looks at the file by itself, and how long it writes is the door's.
        config: Box<NmrpConfig>,
        /// Another unit on the same wire that answers, too.
        other: Option<MacAddress>,
    },
    /// It listens for some seconds after each start, and writes all of an image that is sent to everybody.
    Multicast {
        /// How it behaves; when it begins to listen, and how long it writes, is the door's.
        config: Box<ZyxelConfig>,
        /// For how long it listens, where nothing comes.
        window: Duration,
    },
    /// Its bootloader is EVA, and takes a file over FTP for some seconds after each start.
    Eva {
        /// How it behaves.
        config: Box<EvaConfig>,
        /// Another unit on the same wire that answers the discovery, too, and takes the same address.
        other: Option<MacAddress>,
    },
    /// It has a page with a form for a file. The address to listen at is the unit's, whatever stands there.
    Page(Box<HttpConfig>),
}

impl Speech {
    /// A door that answers NMRP, as most units do.
    pub fn nmrp() -> Self {
        Self::Nmrp { config: Box::new(nmrp::usual()), other: None }
    }

    /// A door that is EVA, as published dialogues show it.
    pub fn eva() -> Self {
        Self::Eva { config: Box::new(eva::usual()), other: None }
    }

    /// A door that writes whatever it hears within five seconds of its start.
    pub fn multicast() -> Self {
        Self::Multicast { config: Box::new(ZyxelConfig::default()), window: Duration::from_secs(5) }
    }

    /// Whether it waits at every start, without a button.
    pub(crate) fn opens_by_itself(&self) -> bool {
        matches!(self, Self::Nmrp { .. } | Self::Eva { .. } | Self::Multicast { .. })
    }

    /// A door that pulls, as U-Boot does.
    pub fn pull(server: SocketAddr, file: impl Into<String>) -> Self {
        Self::Pull { server, file: file.into(), quirks: PullQuirks::default() }
    }

    /// A door that starts from the network, as U-Boot's `dhcp` does.
    pub fn boot(mac: MacAddress) -> Self {
        Self::Boot { asks: BootpConfig::u_boot(mac), quirks: PullQuirks::default() }
    }

    /// A door that takes whatever is pushed.
    pub fn push() -> Self {
        Self::Push { accepts: None, quirks: PushQuirks::default() }
    }

    /// A door with a page of this title, after u-boot_mod.
    pub fn page(title: impl Into<String>) -> Self {
        let anywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), HTTP);
        let quirks = HttpQuirks { first_packets: true, ..HttpQuirks::default() };
        Self::Page(Box::new(HttpConfig { title: title.into(), quirks, ..HttpConfig::new(anywhere) }))
    }
}

/// Takes one file.
#[derive(Debug)]
pub(crate) enum Speaker {
    Pull(Box<PullDevice>),
    Push(Box<PushDevice>),
    Boot(Box<Netboot>),
    Nmrp(Box<NmrpSpeaker>),
    Eva(Box<EvaSpeaker>),
    Page(Box<PageSpeaker>),
    Multicast(Box<MulticastSpeaker>),
}

/// What became of a unit that writes by its own protocol.
pub(crate) enum Over {
    /// It has written this.
    Wrote(Vec<u8>),
    /// Nobody came, or what came was not for it.
    LeftAlone,
}

impl Speaker {
    /// Begins to ask, or to listen, at this address of the unit.
    pub(crate) fn start(door: &Door, unit: SocketAddr, now: Moment, send: &mut Vec<Output>) -> Self {
        match &door.speech {
            Speech::Nmrp { config, other } => {
                Self::Nmrp(Box::new(NmrpSpeaker::start(config, *other, door.writes_for, now)))
            }
            Speech::Multicast { config, window } => {
                let listening = MulticastSpeaker::start(config, *window, door.writes_for, now);
                Self::Multicast(Box::new(listening))
            }
            Speech::Eva { config, other } => Self::Eva(Box::new(EvaSpeaker::start(config, *other, now))),
            Speech::Pull { server, file, quirks } => {
                let local = SocketAddr::new(unit.ip(), PORT);
                let mut config = PullConfig::u_boot(local, *server, file.clone());
                config.options.window_size = None;
                config.quirks = *quirks;
                // Whoever holds the button waits for a file: it asks until it gets one.
                config.timeout = Duration::from_secs(1);
                config.most_restarts = u32::MAX;
                let mut device = PullDevice::new(config);
                device.start(now, send);
                Self::Pull(Box::new(device))
            }
            Speech::Boot { asks, quirks } => {
                let mut device = Netboot::new(asks.clone()).with_quirks(*quirks);
                device.start(now);
                Self::Boot(Box::new(device))
            }
            Speech::Push { accepts, quirks } => {
                let listen = SocketAddr::new(unit.ip(), TFTP);
                let mut config = PushConfig::recovery(listen);
                config.accepts.clone_from(accepts);
                config.most_bytes = ROOM;
                config.options = Some((1468, 1));
                // What it thinks of a file is the bootloader's to say.
                config.verdict = None;
                config.quirks = *quirks;
                let mut device = PushDevice::new(config);
                device.start(now);
                Self::Push(Box::new(device))
            }
            Speech::Page(config) => Self::Page(Box::new(PageSpeaker::start(config, unit))),
        }
    }

    pub(crate) fn next_wake(&self) -> Option<Moment> {
        match self {
            Self::Pull(device) => device.next_wake(),
            Self::Push(device) => device.next_wake(),
            Self::Boot(device) => device.next_wake(),
            Self::Nmrp(speaker) => speaker.next_wake(),
            Self::Eva(speaker) => speaker.next_wake(),
            Self::Page(page) => page.next_wake(),
            Self::Multicast(speaker) => speaker.next_wake(),
        }
    }

    pub(crate) fn tick(&mut self, now: Moment, send: &mut Vec<Output>) {
        match self {
            Self::Pull(device) => device.tick(now, send),
            Self::Push(device) => device.tick(now, send),
            Self::Boot(device) => device.handle(Input::Tick, now, send),
            Self::Nmrp(speaker) => speaker.on_input(Input::Tick, now, send),
            Self::Eva(speaker) => speaker.on_input(Input::Tick, now, send),
            Self::Page(page) => page.handle(Input::Tick, now, send),
            Self::Multicast(speaker) => speaker.on_input(Input::Tick, now, send),
        }
    }

    pub(crate) fn on_datagram(
        &mut self,
        from: SocketAddr,
        to: SocketAddr,
        payload: &[u8],
        now: Moment,
        send: &mut Vec<Output>,
    ) {
        match self {
            Self::Pull(device) if to == device.config().local => device.on_datagram(from, payload, now, send),
            Self::Push(device) if to == device.config().listen => {
                device.on_datagram(from, payload, now, send);
            }
            Self::Pull(_) | Self::Push(_) | Self::Page(_) => {}
            Self::Boot(_) | Self::Nmrp(_) | Self::Eva(_) | Self::Multicast(_) => {
                self.on_input(Input::Datagram { from, to, payload }, now, send)
            }
        }
    }

    /// Takes a frame, or what happens on a TCP connection; who has no use for one hangs up.
    pub(crate) fn on_input(&mut self, input: Input<'_>, now: Moment, send: &mut Vec<Output>) {
        match (self, input) {
            (Self::Eva(speaker), input) => speaker.on_input(input, now, send),
            (Self::Page(page), input) => page.handle(input, now, send),
            (_, Input::Connected(channel, _)) => send.push(Output::Closed(channel)),
            (Self::Boot(device), input) => device.handle(input, now, send),
            (Self::Nmrp(speaker), input) => speaker.on_input(input, now, send),
            (Self::Multicast(speaker), input) => speaker.on_input(input, now, send),
            _ => {}
        }
    }

    /// Lets a unit that writes by its own protocol look at what has come in.
    pub(crate) fn judge(&mut self, is_good: &dyn Fn(&[u8]) -> bool, now: Moment, send: &mut Vec<Output>) {
        if let Self::Nmrp(speaker) = self {
            speaker.judge(is_good, now, send);
        }
    }

    /// What became of a unit that writes by its own protocol, once it is over.
    pub(crate) fn over(&mut self) -> Option<Over> {
        match self {
            Self::Pull(_) | Self::Push(_) | Self::Boot(_) | Self::Page(_) => None,
            Self::Nmrp(speaker) => speaker.over(),
            Self::Eva(speaker) => speaker.over(),
            Self::Multicast(speaker) => speaker.over(),
        }
    }

    /// What has happened on its page since it was asked the last time.
    pub(crate) fn take_page_events(&mut self) -> Vec<HttpEvent> {
        match self {
            Self::Page(page) => page.take_events(),
            _ => Vec::new(),
        }
    }

    /// Whether it may have something to say to whoever gave it a file while it writes.
    pub(crate) fn answers_late(&self) -> bool {
        matches!(self, Self::Page(_))
    }

    /// What was printed since the last time.
    pub(crate) fn take_text(&mut self) -> String {
        match self {
            Self::Pull(device) => device.take_console_text(),
            Self::Push(device) => device.take_console_text(),
            Self::Boot(_) | Self::Nmrp(_) | Self::Eva(_) | Self::Multicast(_) => String::new(),
            Self::Page(page) => page.take_text(),
        }
    }

    /// Puts what has come in into `image`; whether all of it is there.
    pub(crate) fn receive(&mut self, image: &mut Vec<u8>) -> bool {
        let chunks = match self {
            Self::Pull(device) => device.take_chunks(),
            Self::Push(device) => device.take_chunks(),
            Self::Boot(device) => {
                let Some(NetbootOutcome::Loaded(file)) = device.outcome() else { return false };
                image.extend(file.iter().take(ROOM as usize));
                return true;
            }
            Self::Nmrp(_) | Self::Eva(_) | Self::Multicast(_) => return false,
            Self::Page(page) => return page.receive(image),
        };
        for chunk in chunks {
            // What begins anew begins at 0.
            let at = usize::try_from(chunk.offset).unwrap_or(usize::MAX).min(image.len());
            image.truncate(at);
            let room = (ROOM as usize).saturating_sub(at);
            image.extend(chunk.bytes.into_iter().take(room));
        }
        match self {
            Self::Pull(device) => matches!(device.result(), Some(PullOutcome::Loaded { .. })),
            Self::Push(device) => device.is_deciding(),
            Self::Boot(_) | Self::Nmrp(_) | Self::Eva(_) | Self::Multicast(_) | Self::Page(_) => false,
        }
    }

    /// Whether it will take nothing more.
    pub(crate) fn gave_up(&self) -> bool {
        match self {
            Self::Pull(device) => {
                matches!(device.result(), Some(PullOutcome::Refused { .. } | PullOutcome::GaveUp))
            }
            Self::Boot(device) => {
                device.outcome().is_some_and(|outcome| !matches!(outcome, NetbootOutcome::Loaded(_)))
            }
            Self::Push(_) | Self::Nmrp(_) | Self::Eva(_) | Self::Multicast(_) | Self::Page(_) => false,
        }
    }

    /// Tells what it thinks of the file, where its protocol has words for it.
    pub(crate) fn conclude(&mut self, refusal: Option<&str>, now: Moment, send: &mut Vec<Output>) {
        match self {
            Self::Push(device) => {
                let verdict = match refusal {
                    None => Verdict::Accept,
                    Some(text) => Verdict::RejectWithError(ErrorCode::ACCESS, text.to_owned()),
                };
                device.conclude(verdict, now, send);
            }
            Self::Page(page) => page.conclude(refusal, now, send),
            Self::Pull(_) | Self::Boot(_) | Self::Nmrp(_) | Self::Eva(_) | Self::Multicast(_) => {}
        }
    }
}
