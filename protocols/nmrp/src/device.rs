//! The device half: a bootloader that listens for a few seconds after its start, asks to be configured, takes an image
//! by TFTP, and writes it. After what units of Netgear are seen to do.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::simulated::{Device, Input, Output};
use debrick_link::{FrameHeader, Moment};
use debrick_model::MacAddress;
use debrick_tftp::device::{PushConfig, PushDevice, Verdict};

use crate::wire::{Code, ETHER_TYPE, Message, Region};

/// How the bootloader behaves.
#[derive(Debug, Clone)]
pub struct NmrpConfig {
    /// Its Ethernet address.
    pub mac: MacAddress,
    /// How long it listens after its start.
    pub window: Duration,
    /// The name that it asks for the image under.
    pub file_name: Option<String>,
    /// The largest block size that its TFTP server agrees to; `None` knows no options.
    pub block_size: Option<u16>,
    /// The longest image that it takes, in bytes.
    pub most_bytes: u64,
    /// How long it writes.
    pub writes_for: Duration,
    /// How often it says meanwhile that it is alive; never without.
    pub keep_alive_every: Option<Duration>,
    /// What it thinks of the image.
    pub verdict: Verdict,
    /// Whether whoever plays it looks at the image and says so with [`NmrpDevice::conclude`], instead of `verdict`.
    pub is_judged: bool,
    /// What it does otherwise.
    pub quirks: NmrpQuirks,
}

impl NmrpConfig {
    /// A unit that listens for 3 s, takes every image, writes it in 60 s, and says every 10 s that it is alive.
    pub fn new(mac: MacAddress) -> Self {
        Self {
            mac,
            window: Duration::from_secs(3),
            file_name: None,
            block_size: Some(1456),
            most_bytes: 128 << 20,
            writes_for: Duration::from_secs(60),
            keep_alive_every: Some(Duration::from_secs(10)),
            verdict: Verdict::Accept,
            is_judged: false,
            quirks: NmrpQuirks::default(),
        }
    }
}

/// What some bootloaders do otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NmrpQuirks {
    /// Answers ARP. Most do not: the host knows their address from NMRP.
    pub answers_arp: bool,
    /// Takes the image so many times and asks for it again, before it writes it.
    pub asks_again: u32,
    /// Ends the recovery by CLOSE_REQ after so many bytes, and starts what is installed.
    pub closes_after_bytes: Option<u64>,
    /// Gives up when its host does not answer that it is alive, too.
    pub wants_keep_alive_acks: bool,
    /// Begins to write without the last ACK.
    pub no_last_ack: bool,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NmrpOutcome {
    /// It has written the image.
    Flashed {
        /// Bytes of it.
        bytes: u64,
        /// Whether the host acknowledged the end.
        acknowledged: bool,
    },
    /// It did not like the image.
    Rejected {
        /// Bytes of it.
        bytes: u64,
    },
    /// Nobody came while it listened.
    NobodyCame,
    /// The host ended it, or fell silent.
    HostGone,
    /// It ended it itself before it had an image.
    GaveUp,
}

/// A bootloader with NMRP.
#[derive(Debug)]
pub struct NmrpDevice {
    config: NmrpConfig,
    state: State,
    wake: Option<Moment>,
    host: MacAddress,
    address: Option<Ipv4Addr>,
    region: Option<Region>,
    push: Option<PushDevice>,
    receiving: Vec<u8>,
    flash: Option<Vec<u8>>,
    times_asked_again: u32,
    counts: NmrpCounts,
    outcome: Option<NmrpOutcome>,
}

/// What was said, so that a test can see whether it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NmrpCounts {
    /// Advertisements that came while it listened.
    pub advertisements: u32,
    /// KEEP_ALIVE_REQ that it sent.
    pub keep_alives: u32,
    /// KEEP_ALIVE_ACK that came back.
    pub keep_alive_acks: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Off,
    Listening { until: Moment },
    Configuring { tries: u32 },
    Requesting { tries: u32 },
    Receiving,
    Deciding,
    Writing { until: Moment, next: Moment },
    Closing { tries: u32 },
    Over,
}

/// Time between repetitions of what was not answered.
const REPEAT: Duration = Duration::from_secs(1);

/// How often anything is said before it gives up.
const MOST_TRIES: u32 = 10;

/// How often it says that it is done.
const MOST_CLOSE_TRIES: u32 = 3;

/// How long the TFTP server waits for a block.
const SILENCE: Duration = Duration::from_secs(20);

/// KEEP_ALIVE_REQ without an answer before a unit that wants one gives up.
const MOST_UNANSWERED: u32 = 3;

impl NmrpDevice {
    /// A unit that is switched off.
    pub fn new(config: NmrpConfig) -> Self {
        Self {
            config,
            state: State::Off,
            wake: None,
            host: MacAddress::BROADCAST,
            address: None,
            region: None,
            push: None,
            receiving: Vec::new(),
            flash: None,
            times_asked_again: 0,
            counts: NmrpCounts::default(),
            outcome: None,
        }
    }

    /// Switches it on: it begins to listen.
    pub fn power_on(&mut self, now: Moment) {
        let until = now + self.config.window;
        self.state = State::Listening { until };
        self.wake = Some(until);
        self.address = None;
        self.push = None;
        self.receiving.clear();
        self.times_asked_again = 0;
        self.outcome = None;
    }

    /// What it was made with.
    pub fn config(&self) -> &NmrpConfig {
        &self.config
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&NmrpOutcome> {
        self.outcome.as_ref()
    }

    /// The image that it has written.
    pub fn flash(&self) -> Option<&[u8]> {
        self.flash.as_deref()
    }

    /// The region that it was set to.
    pub fn region(&self) -> Option<Region> {
        self.region
    }

    /// What it has said and heard.
    pub fn counts(&self) -> NmrpCounts {
        self.counts
    }

    /// The image that it has to be told what to think of.
    pub fn judges(&self) -> Option<&[u8]> {
        (self.state == State::Deciding).then_some(self.receiving.as_slice())
    }

    /// Says what it thinks of the image.
    pub fn conclude(&mut self, verdict: Verdict, now: Moment, out: &mut Vec<Output>) {
        if self.state == State::Deciding {
            self.config.verdict = verdict;
            self.judge(self.receiving.len() as u64, now, out);
        }
    }

    fn on_message(&mut self, from: MacAddress, message: &Message, now: Moment, out: &mut Vec<Output>) {
        if message.code == Code::Advertise && message.magic {
            match self.state {
                State::Listening { .. } => {
                    self.counts.advertisements += 1;
                    self.host = from;
                    self.ask(State::Configuring { tries: 1 }, now, out);
                }
                State::Configuring { tries } if from == self.host => {
                    self.ask(State::Configuring { tries }, now, out);
                }
                _ => {}
            }
            return;
        }
        if from != self.host {
            return;
        }
        match (message.code, &self.state) {
            (Code::ConfigureAck, State::Configuring { .. }) if message.firmware => {
                let Some((address, _)) = message.address else { return };
                self.address = Some(address);
                self.region = message.region.or(self.region);
                self.listen_for_image(now, out);
            }
            (Code::KeepAliveAck, _) => self.counts.keep_alive_acks += 1,
            (Code::CloseAck, State::Closing { .. }) => self.end_closing(true),
            (Code::CloseRequest, State::Configuring { .. } | State::Requesting { .. } | State::Receiving) => {
                self.say(Code::CloseAck, out);
                self.end(NmrpOutcome::HostGone);
            }
            _ => {}
        }
    }

    /// Says what the state asks the host for.
    fn ask(&mut self, state: State, now: Moment, out: &mut Vec<Output>) {
        let message = match state {
            State::Configuring { .. } => Message::bare(Code::ConfigureRequest),
            State::Requesting { .. } => {
                Message { file_name: self.config.file_name.clone(), ..Message::bare(Code::UploadRequest) }
            }
            State::Closing { .. } => Message::bare(Code::CloseRequest),
            _ => return,
        };
        self.send(&message, out);
        self.state = state;
        self.wake = Some(now + REPEAT);
    }

    fn listen_for_image(&mut self, now: Moment, out: &mut Vec<Output>) {
        let Some(address) = self.address else { return };
        let mut push = PushDevice::new(PushConfig {
            options: self.config.block_size.map(|size| (size, 1)),
            most_bytes: self.config.most_bytes,
            verdict: None,
            idle: SILENCE,
            ..PushConfig::recovery(SocketAddr::from((address, 69)))
        });
        push.start(now);
        self.push = Some(push);
        self.receiving.clear();
        self.ask(State::Requesting { tries: 1 }, now, out);
    }

    /// Looks at what the TFTP server has.
    fn follow(&mut self, now: Moment, out: &mut Vec<Output>) {
        let Some(push) = &mut self.push else { return };
        push.take_console_text();
        let is_receiving = push.is_receiving();
        let is_whole = push.is_deciding();
        for chunk in push.take_chunks() {
            if chunk.offset == 0 {
                self.receiving.clear();
            }
            self.receiving.extend(chunk.bytes);
        }
        match self.state {
            State::Requesting { .. } if is_receiving || is_whole => {
                self.state = State::Receiving;
                self.wake = None;
            }
            // Its peer fell silent.
            State::Receiving if !is_receiving && !is_whole => {
                return self.ask(State::Requesting { tries: 1 }, now, out);
            }
            _ => {}
        }
        let bytes = self.receiving.len() as u64;
        if self.state == State::Receiving
            && self.config.quirks.closes_after_bytes.is_some_and(|limit| bytes >= limit)
        {
            self.say(Code::CloseRequest, out);
            self.end(NmrpOutcome::GaveUp);
        } else if is_whole && self.config.is_judged {
            self.state = State::Deciding;
            self.wake = None;
        } else if is_whole {
            self.judge(bytes, now, out);
        }
    }

    fn judge(&mut self, bytes: u64, now: Moment, out: &mut Vec<Output>) {
        let silent = self.config.quirks.no_last_ack;
        let verdict = if silent { Verdict::FallSilent } else { self.config.verdict.clone() };
        let accepts = self.config.verdict == Verdict::Accept;
        if let Some(push) = &mut self.push {
            push.conclude(verdict, now, out);
        }
        if !accepts {
            return self.end(NmrpOutcome::Rejected { bytes });
        }
        if self.times_asked_again < self.config.quirks.asks_again {
            self.times_asked_again += 1;
            return self.listen_for_image(now, out);
        }
        let until = now + self.config.writes_for;
        let next = self.config.keep_alive_every.map_or(until, |every| (now + every).min(until));
        self.state = State::Writing { until, next };
        self.wake = Some(next);
    }

    fn tick(&mut self, now: Moment, out: &mut Vec<Output>) {
        if self.wake.is_none_or(|wake| now < wake) {
            return;
        }
        match self.state.clone() {
            State::Listening { .. } => self.end(NmrpOutcome::NobodyCame),
            State::Configuring { tries } if tries < MOST_TRIES => {
                self.ask(State::Configuring { tries: tries + 1 }, now, out);
            }
            State::Requesting { tries } if tries < MOST_TRIES => {
                self.ask(State::Requesting { tries: tries + 1 }, now, out);
            }
            State::Configuring { .. } | State::Requesting { .. } => self.end(NmrpOutcome::HostGone),
            State::Writing { until, .. } if now >= until => {
                self.flash = Some(std::mem::take(&mut self.receiving));
                self.ask(State::Closing { tries: 1 }, now, out);
            }
            State::Writing { until, .. } => {
                let unanswered = self.counts.keep_alives.saturating_sub(self.counts.keep_alive_acks);
                if self.config.quirks.wants_keep_alive_acks && unanswered >= MOST_UNANSWERED {
                    return self.end(NmrpOutcome::HostGone);
                }
                self.counts.keep_alives += 1;
                self.say(Code::KeepAliveRequest, out);
                let every = self.config.keep_alive_every.unwrap_or(REPEAT);
                let next = (now + every).min(until);
                self.state = State::Writing { until, next };
                self.wake = Some(next);
            }
            State::Closing { tries } if tries < MOST_CLOSE_TRIES => {
                self.ask(State::Closing { tries: tries + 1 }, now, out);
            }
            State::Closing { .. } => self.end_closing(false),
            State::Off | State::Receiving | State::Deciding | State::Over => self.wake = None,
        }
    }

    fn end_closing(&mut self, acknowledged: bool) {
        let bytes = self.flash.as_ref().map_or(0, |image| image.len() as u64);
        self.end(NmrpOutcome::Flashed { bytes, acknowledged });
    }

    /// Starts what is installed, which has another address, or none.
    fn end(&mut self, outcome: NmrpOutcome) {
        self.outcome = Some(outcome);
        self.state = State::Over;
        self.wake = None;
        self.push = None;
        self.address = None;
    }

    fn say(&self, code: Code, out: &mut Vec<Output>) {
        self.send(&Message::bare(code), out);
    }

    fn send(&self, message: &Message, out: &mut Vec<Output>) {
        let header = FrameHeader { to: self.host, from: self.config.mac, ether_type: ETHER_TYPE };
        out.push(Output::Frame(header.with(&message.to_bytes())));
    }
}

impl Device for NmrpDevice {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        match input {
            Input::Frame(frame) => {
                let Some((header, payload)) = FrameHeader::split(frame) else { return };
                let is_for_us = header.to == self.config.mac || header.to == MacAddress::BROADCAST;
                if header.ether_type == ETHER_TYPE
                    && is_for_us
                    && let Ok(message) = Message::parse(payload)
                {
                    self.on_message(header.from, &message, now, out);
                }
            }
            Input::Datagram { .. } => {
                if let Some(push) = &mut self.push {
                    push.handle(input, now, out);
                }
            }
            _ => {}
        }
        if let Some(push) = &mut self.push {
            push.tick(now, out);
        }
        self.follow(now, out);
        self.tick(now, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        self.wake.into_iter().chain(self.push.as_ref().and_then(PushDevice::next_wake)).min()
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.address.into_iter().collect()
    }

    fn answers_arp(&self) -> bool {
        self.config.quirks.answers_arp
    }
}
