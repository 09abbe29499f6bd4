//! A bootloader that waits to be given its image: a TFTP server that takes one WRQ. After U-Boot's `tftpsrv` and the
//! recovery modes of Netgear, ASUS, Ubiquiti and others, whose differences are quirks here.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Device, Input, Output};

use super::loading::Loading;
use super::{Chunk, ipv4, store};
use crate::blocks::{OnData, Receiver};
use crate::wire::{DEFAULT_BLOCK_SIZE, Direction, ErrorCode, Mode, Options, Packet};

/// How the bootloader listens.
#[derive(Debug, Clone)]
pub struct PushConfig {
    /// Its address, and the port for requests: 69.
    pub listen: SocketAddr,
    /// The port it answers from; `None` answers from the port for requests, as many recovery modes do.
    pub transfer_port: Option<u16>,
    /// The only name it takes; `None` takes any.
    pub accepts: Option<String>,
    /// How long it listens after its start; `None` for ever.
    pub open_for: Option<Duration>,
    /// The longest image it takes, in bytes.
    pub most_bytes: u64,
    /// The largest block and window it agrees to; `None` knows no options and ignores them.
    pub options: Option<(u16, u16)>,
    /// What it thinks of the image; `None` leaves that to whoever calls [`PushDevice::conclude`].
    pub verdict: Option<Verdict>,
    /// How long it repeats its last ACK in vain before it listens again.
    pub idle: Duration,
    /// Where it loads to; only printed.
    pub load_address: u64,
    /// What it does otherwise.
    pub quirks: PushQuirks,
}

impl PushConfig {
    /// A recovery mode without options that takes any name, answers from its own port, and accepts everything.
    pub fn recovery(listen: SocketAddr) -> Self {
        Self {
            listen,
            transfer_port: None,
            accepts: None,
            open_for: None,
            most_bytes: 128 << 20,
            options: None,
            verdict: Some(Verdict::Accept),
            idle: Duration::from_secs(20),
            load_address: 0x8000_0000,
            quirks: PushQuirks::default(),
        }
    }

    /// U-Boot's `tftpsrv`: answers from another port, and agrees to options.
    pub fn u_boot(listen: SocketAddr, transfer_port: u16) -> Self {
        Self { transfer_port: Some(transfer_port), options: Some((1468, 1)), ..Self::recovery(listen) }
    }
}

/// What the bootloader thinks of an image that it has received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Takes it, and sends the last ACK.
    Accept,
    /// Sends these words as a bare datagram instead of the last ACK, as Netgear's EX2700 does.
    RejectInWords(String),
    /// Sends an ERROR instead of the last ACK.
    RejectWithError(ErrorCode, String),
    /// Sends the last ACK, and an ERROR after it.
    RejectAfterAck(ErrorCode, String),
    /// Sends nothing any more.
    FallSilent,
}

/// What some bootloaders do otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PushQuirks {
    /// Answers a request with options by ERROR 8.
    pub refuses_options: bool,
    /// Does not answer requests with options.
    pub deaf_to_options: bool,
    /// Erases its flash memory before the last ACK, and is silent meanwhile.
    pub silent_before_last_ack: Duration,
    /// Answers nothing any more from block 65536 on.
    pub fails_at_rollover: bool,
    /// Keeps only so many bytes of the image, and says nothing of it.
    pub keeps_only: Option<u64>,
    /// Flips a bit of this byte in what it keeps.
    pub damages_byte: Option<u64>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// It took the image.
    Taken {
        /// Its name.
        name: String,
        /// Bytes that came.
        bytes: u64,
    },
    /// It did not like the image.
    Rejected {
        /// Its name.
        name: String,
        /// Bytes that came.
        bytes: u64,
    },
    /// Nobody came while it listened.
    Closed,
}

/// The device half of a push.
#[derive(Debug)]
pub struct PushDevice {
    config: PushConfig,
    state: State,
    closes: Option<Moment>,
    wake: Option<Moment>,
    loading: Loading,
    text: String,
    chunks: Vec<Chunk>,
    outcome: Option<PushOutcome>,
}

#[derive(Debug)]
enum State {
    Off,
    Listening,
    Receiving(Transfer),
    /// Everything is there; the last ACK is not sent yet.
    Deciding(Transfer),
    /// Repeats its last ACK when asked, if it sent one.
    Over(Option<Transfer>),
}

#[derive(Debug, Clone)]
struct Transfer {
    peer: SocketAddr,
    name: String,
    receiver: Receiver,
    began: Moment,
    heard: Moment,
    /// The ACK 0 or OACK.
    opening: Vec<u8>,
}

/// How long it waits before it repeats its last ACK.
const TIMEOUT: Duration = Duration::from_secs(5);

impl PushDevice {
    /// A bootloader that has not begun.
    pub fn new(config: PushConfig) -> Self {
        Self {
            config,
            state: State::Off,
            closes: None,
            wake: None,
            loading: Loading::default(),
            text: String::new(),
            chunks: Vec::new(),
            outcome: None,
        }
    }

    /// What it was made with.
    pub fn config(&self) -> &PushConfig {
        &self.config
    }

    /// Begins to listen.
    pub fn start(&mut self, now: Moment) {
        self.outcome = None;
        self.closes = self.config.open_for.map(|span| now + span);
        self.listen();
    }

    /// Takes a datagram that came to one of its ports.
    pub fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Moment, out: &mut Vec<Output>) {
        match Packet::parse(payload) {
            Ok(Packet::Request { direction, name, mode, options }) => {
                self.on_request(from, direction, &name, mode, &options, now, out);
            }
            Ok(Packet::Data { block, payload }) => self.on_data(from, block, payload, now, out),
            Ok(Packet::Error { .. }) => {
                if matches!(&self.state, State::Receiving(transfer) if transfer.peer == from) {
                    self.listen();
                }
            }
            _ => {}
        }
    }

    /// Takes note of the time.
    pub fn tick(&mut self, now: Moment, out: &mut Vec<Output>) {
        if self.wake.is_none_or(|wake| now < wake) {
            return;
        }
        match &mut self.state {
            State::Listening => {
                self.state = State::Over(None);
                self.wake = None;
                self.outcome = Some(PushOutcome::Closed);
            }
            State::Receiving(transfer) if now.since(transfer.heard) >= self.config.idle => self.listen(),
            State::Receiving(transfer) => {
                self.text.push_str("T ");
                self.wake = Some(now + TIMEOUT);
                let packet = transfer.last_answer();
                let peer = transfer.peer;
                self.send(peer, packet, out);
            }
            State::Deciding(_) => {
                self.wake = None;
                if let Some(verdict) = self.config.verdict.clone() {
                    self.conclude(verdict, now, out);
                }
            }
            State::Off | State::Over(_) => self.wake = None,
        }
    }

    /// Decides on an image that has come in whole. Does nothing while there is none.
    pub fn conclude(&mut self, verdict: Verdict, now: Moment, out: &mut Vec<Output>) {
        let State::Deciding(transfer) = std::mem::replace(&mut self.state, State::Over(None)) else { return };
        self.wake = None;
        let (name, bytes, peer) = (transfer.name.clone(), transfer.receiver.bytes(), transfer.peer);
        let error = |code, text: String| Packet::Error { code, text: text.into() }.to_bytes();
        let mut taken = false;
        match verdict {
            Verdict::Accept => {
                taken = true;
                self.send(peer, transfer.last_answer(), out);
                self.loading.finish(bytes, now.since(transfer.began), &mut self.text);
                self.state = State::Over(Some(transfer));
            }
            Verdict::RejectInWords(words) => self.send(peer, words.into_bytes(), out),
            Verdict::RejectWithError(code, text) => self.send(peer, error(code, text), out),
            Verdict::RejectAfterAck(code, text) => {
                self.send(peer, transfer.last_answer(), out);
                self.send(peer, error(code, text), out);
            }
            Verdict::FallSilent => {}
        }
        self.outcome = Some(if taken {
            PushOutcome::Taken { name, bytes }
        } else {
            self.chunks.clear();
            PushOutcome::Rejected { name, bytes }
        });
    }

    /// Whether somebody's image is coming in.
    pub fn is_receiving(&self) -> bool {
        matches!(self.state, State::Receiving(_))
    }

    /// Whether an image has come in whole and waits for [`PushDevice::conclude`].
    pub fn is_deciding(&self) -> bool {
        matches!(self.state, State::Deciding(_))
    }

    /// When it wants [`PushDevice::tick`] next.
    pub fn next_wake(&self) -> Option<Moment> {
        self.wake
    }

    /// What it has printed since the last call; lines end in `\n` alone.
    pub fn take_console_text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// What has come in, and was not taken yet. A transfer that begins anew begins at offset 0 again; what a verdict
    /// discards is gone only if it was not taken before.
    pub fn take_chunks(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.chunks)
    }

    /// How it ended, once it has.
    pub fn result(&self) -> Option<&PushOutcome> {
        self.outcome.as_ref()
    }

    fn listen(&mut self) {
        self.text.push_str(&format!(
            "\nListening for TFTP transfer on {}\nLoad address: {:#x}\nLoading: *\x08",
            self.config.listen.ip(),
            self.config.load_address,
        ));
        self.state = State::Listening;
        self.wake = self.closes;
        self.chunks.clear();
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a request, its sender and the time")]
    fn on_request(
        &mut self,
        from: SocketAddr,
        direction: Direction,
        name: &str,
        mode: Mode,
        options: &Options,
        now: Moment,
        out: &mut Vec<Output>,
    ) {
        match &self.state {
            State::Listening => {}
            // Our answer was lost, or crossed the repeated request.
            State::Receiving(transfer) if transfer.peer == from && transfer.receiver.blocks() == 0 => {
                return self.send(from, transfer.opening.clone(), out);
            }
            // The host begins anew.
            State::Receiving(transfer) if transfer.peer.ip() == from.ip() && transfer.peer != from => {}
            _ => return,
        }
        let quirks = self.config.quirks;
        if quirks.deaf_to_options && !options.is_empty() {
            return;
        }
        let mut refuse = |code, text: &str| {
            let packet = Packet::Error { code, text: text.into() }.to_bytes();
            self.send(from, packet, out);
        };
        if quirks.refuses_options && !options.is_empty() {
            return refuse(ErrorCode::OPTIONS, "Option Negotiation Failed");
        }
        if direction == Direction::Read || mode != Mode::Octet {
            return refuse(ErrorCode::ILLEGAL, "Only octet write requests are taken");
        }
        if self.config.accepts.as_ref().is_some_and(|accepted| accepted != name) {
            return refuse(ErrorCode::ACCESS, "Access violation");
        }
        if options.transfer_size.is_some_and(|size| size > self.config.most_bytes) {
            return refuse(ErrorCode::FULL, "File too large");
        }
        self.begin(from, name, options, now, out);
    }

    fn begin(&mut self, from: SocketAddr, name: &str, asked: &Options, now: Moment, out: &mut Vec<Output>) {
        let agreed = self.config.options.map_or(Options::default(), |(block_size, window)| Options {
            block_size: asked.block_size.map(|size| size.min(block_size)),
            window_size: asked.window_size.map(|blocks| blocks.min(window)),
            ..*asked
        });
        let opening = if agreed.is_empty() {
            Packet::Ack { block: 0 }.to_bytes()
        } else {
            Packet::OptionAck { options: agreed }.to_bytes()
        };
        let receiver = Receiver::new(
            agreed.block_size.unwrap_or(DEFAULT_BLOCK_SIZE),
            agreed.window_size.unwrap_or(1),
            true,
        );
        self.chunks.clear();
        self.loading = Loading::new(agreed.transfer_size);
        self.wake = Some(now + TIMEOUT);
        self.send(from, opening.clone(), out);
        self.state = State::Receiving(Transfer {
            peer: from,
            name: name.to_owned(),
            receiver,
            began: now,
            heard: now,
            opening,
        });
    }

    fn on_data(&mut self, from: SocketAddr, block: u16, payload: &[u8], now: Moment, out: &mut Vec<Output>) {
        let quirks = self.config.quirks;
        let transfer = match &mut self.state {
            State::Receiving(transfer) | State::Over(Some(transfer)) if transfer.peer == from => transfer,
            _ => return,
        };
        if quirks.fails_at_rollover && transfer.receiver.blocks() >= 0xffff {
            return;
        }
        match transfer.receiver.on_data(block, payload.len()) {
            OnData::Next { offset, ack, last } => {
                transfer.heard = now;
                self.wake = Some(now + TIMEOUT);
                let (bytes, answer) = (transfer.receiver.bytes(), transfer.last_answer());
                if bytes > self.config.most_bytes {
                    let text = "File too large".into();
                    self.send(from, Packet::Error { code: ErrorCode::FULL, text }.to_bytes(), out);
                    return self.listen();
                }
                self.keep(offset, payload);
                self.loading.advance(bytes, &mut self.text);
                if last {
                    self.decide(now, out);
                } else if ack {
                    self.send(from, answer, out);
                }
            }
            OnData::Ack => {
                let answer = transfer.last_answer();
                self.send(from, answer, out);
            }
            OnData::Nothing | OnData::TooLong => {}
        }
    }

    fn decide(&mut self, now: Moment, out: &mut Vec<Output>) {
        if let State::Receiving(transfer) = std::mem::replace(&mut self.state, State::Off) {
            self.state = State::Deciding(transfer);
        }
        let pause = self.config.quirks.silent_before_last_ack;
        self.wake = self.config.verdict.as_ref().map(|_| now + pause);
        if pause.is_zero()
            && let Some(verdict) = self.config.verdict.clone()
        {
            self.conclude(verdict, now, out);
        }
    }

    fn keep(&mut self, offset: u64, payload: &[u8]) {
        let limit = self.config.quirks.keeps_only.unwrap_or(u64::MAX);
        let kept = limit.saturating_sub(offset).min(payload.len() as u64) as usize;
        if kept == 0 {
            return;
        }
        let payload = &payload[..kept];
        store(&mut self.chunks, offset, payload);
        if let Some(at) = self.config.quirks.damages_byte
            && let Some(chunk) = self.chunks.last_mut()
            && (offset..offset + payload.len() as u64).contains(&at)
        {
            let index = (at - chunk.offset) as usize;
            chunk.bytes[index] ^= 1;
        }
    }

    fn send(&self, to: SocketAddr, payload: Vec<u8>, out: &mut Vec<Output>) {
        let port = self.config.transfer_port.unwrap_or(self.config.listen.port());
        out.push(Output::Datagram { from: SocketAddr::new(self.config.listen.ip(), port), to, payload });
    }

    fn is_at(&self, to: SocketAddr) -> bool {
        let ports = [Some(self.config.listen.port()), self.config.transfer_port];
        to.ip() == self.config.listen.ip() && ports.contains(&Some(to.port()))
    }
}

impl Transfer {
    /// The opening, or the ACK of the last block.
    fn last_answer(&self) -> Vec<u8> {
        if self.receiver.blocks() == 0 {
            return self.opening.clone();
        }
        Packet::Ack { block: self.receiver.ack_number() }.to_bytes()
    }
}

impl Device for PushDevice {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        match input {
            Input::Tick => self.tick(now, out),
            Input::Datagram { from, to, payload } if self.is_at(to) => {
                self.on_datagram(from, payload, now, out);
            }
            _ => {}
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.wake
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        ipv4(self.config.listen)
    }
}
