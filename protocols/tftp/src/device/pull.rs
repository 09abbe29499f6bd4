//! A bootloader that pulls, after U-Boot's `tftpboot` as observed on U-Boot 2023.01 in QEMU.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Device, Input, Output};

use super::loading::Loading;
use super::{Chunk, ipv4, store};
use crate::blocks::{OnData, Receiver};
use crate::wire::{DEFAULT_BLOCK_SIZE, Direction, ErrorCode, Mode, Options, Packet};

/// What the bootloader asks for, and how patient it is.
#[derive(Debug, Clone)]
pub struct PullConfig {
    /// Its own address and port. U-Boot takes a port from 1024 to 4095 by its timer.
    pub local: SocketAddr,
    /// The server; port 69.
    pub server: SocketAddr,
    /// The file.
    pub file: String,
    /// Where it loads to; only printed.
    pub load_address: u64,
    /// Name of its network interface; only printed.
    pub interface: String,
    /// What it asks for: U-Boot asks for a timeout of 5 s and blocks of 1468 bytes; some builds also for the size, and
    /// for a window where the variable `tftpwindowsize` is set.
    pub options: Options,
    /// How long it waits before it repeats its last packet.
    pub timeout: Duration,
    /// Timeouts in a row before it starts again.
    pub most_timeouts: u32,
    /// How often it starts again before it gives up.
    pub most_restarts: u32,
    /// What it does otherwise.
    pub quirks: PullQuirks,
}

impl PullConfig {
    /// U-Boot's behaviour.
    pub fn u_boot(local: SocketAddr, server: SocketAddr, file: impl Into<String>) -> Self {
        Self {
            local,
            server,
            file: file.into(),
            load_address: 0x4020_0000,
            interface: "virtio-net#31".into(),
            options: Options {
                block_size: Some(1468),
                transfer_size: None,
                timeout_s: Some(5),
                window_size: None,
            },
            timeout: Duration::from_secs(5),
            most_timeouts: 10,
            most_restarts: 5,
            quirks: PullQuirks::default(),
        }
    }
}

/// What some bootloaders do otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PullQuirks {
    /// Starts the image at once, without the last ACK.
    pub no_last_ack: bool,
    /// Sends its ACKs to port 69 instead of the port of the transfer.
    pub acks_to_well_known_port: bool,
    /// Acknowledges a repeated block again. U-Boot ignores it.
    pub acks_duplicates: bool,
    /// Restarts itself once, after so many bytes, and asks again from the same port.
    pub restarts_after_bytes: Option<u64>,
    /// Breaks off with an ERROR after so many bytes.
    pub aborts_after_bytes: Option<u64>,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullOutcome {
    /// Everything came.
    Loaded {
        /// Bytes.
        bytes: u64,
    },
    /// The server sent an ERROR that it does not try again after, or it broke off itself.
    Refused {
        /// Number.
        code: ErrorCode,
        /// Text.
        text: String,
    },
    /// It has started again as often as it may.
    GaveUp,
}

/// The device half of a pull.
#[derive(Debug)]
pub struct PullDevice {
    config: PullConfig,
    state: State,
    wake: Option<Moment>,
    timeouts: u32,
    restarts: u32,
    started: Moment,
    loading: Loading,
    text: String,
    chunks: Vec<Chunk>,
    outcome: Option<PullOutcome>,
    has_restarted_itself: bool,
}

#[derive(Debug)]
enum State {
    Off,
    /// Has sent a request, and takes any port of the server for its answer.
    Asking,
    /// Has agreed on options, or has got the first block.
    Loading {
        transfer: SocketAddr,
        receiver: Receiver,
    },
    /// Is done, and repeats nothing.
    Over,
}

impl PullDevice {
    /// A bootloader that has not begun.
    pub fn new(config: PullConfig) -> Self {
        Self {
            config,
            state: State::Off,
            wake: None,
            timeouts: 0,
            restarts: 0,
            started: Moment::default(),
            loading: Loading::default(),
            text: String::new(),
            chunks: Vec::new(),
            outcome: None,
            has_restarted_itself: false,
        }
    }

    /// What it was made with.
    pub fn config(&self) -> &PullConfig {
        &self.config
    }

    /// Begins: prints where from and where to, and sends the first request.
    pub fn start(&mut self, now: Moment, out: &mut Vec<Output>) {
        self.outcome = None;
        self.restarts = 0;
        self.ask(now, out);
    }

    /// Takes a datagram that came to its address and port.
    pub fn on_datagram(&mut self, from: SocketAddr, payload: &[u8], now: Moment, out: &mut Vec<Output>) {
        if from.ip() != self.config.server.ip() {
            return;
        }
        if let State::Loading { transfer, .. } = &self.state
            && from.port() != transfer.port()
        {
            return;
        }
        if matches!(self.state, State::Off | State::Over) {
            return;
        }
        match Packet::parse(payload) {
            Ok(Packet::OptionAck { options }) => self.on_option_ack(from, &options, now, out),
            Ok(Packet::Data { block, payload }) => self.on_data(from, block, payload, now, out),
            Ok(Packet::Error { code, text }) => self.on_error(code, &text, now, out),
            _ => {}
        }
    }

    /// Takes note of the time.
    pub fn tick(&mut self, now: Moment, out: &mut Vec<Output>) {
        if self.wake.is_none_or(|wake| now < wake) {
            return;
        }
        self.timeouts += 1;
        if self.timeouts > self.config.most_timeouts {
            self.text.push_str("\nRetry count exceeded; starting again\n");
            self.ask_again(now, out);
            return;
        }
        self.text.push_str("T ");
        self.wake = Some(now + self.config.timeout);
        match &self.state {
            State::Asking => self.send_request(out),
            State::Loading { transfer, receiver } => self.send_ack(*transfer, receiver.ack_number(), out),
            State::Off | State::Over => {}
        }
    }

    /// When it wants [`PullDevice::tick`] next.
    pub fn next_wake(&self) -> Option<Moment> {
        self.wake
    }

    /// What it has printed since the last call; lines end in `\n` alone.
    pub fn take_console_text(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// What has come in since the last call. After a restart it begins at offset 0 again.
    pub fn take_chunks(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.chunks)
    }

    /// How it ended, once it has.
    pub fn result(&self) -> Option<&PullOutcome> {
        self.outcome.as_ref()
    }

    fn ask(&mut self, now: Moment, out: &mut Vec<Output>) {
        let PullConfig { interface, server, local, file, load_address, .. } = &self.config;
        self.text.push_str(&format!(
            "Using {interface} device\nTFTP from server {}; our IP address is {}\nFilename '{file}'.\n\
             Load address: {load_address:#x}\nLoading: *\x08",
            server.ip(),
            local.ip(),
        ));
        self.state = State::Asking;
        self.started = now;
        self.timeouts = 0;
        self.loading = Loading::new(None);
        self.chunks.clear();
        self.wake = Some(now + self.config.timeout);
        self.send_request(out);
    }

    fn ask_again(&mut self, now: Moment, out: &mut Vec<Output>) {
        self.restarts += 1;
        if self.restarts > self.config.most_restarts {
            self.end(PullOutcome::GaveUp);
        } else {
            self.ask(now, out);
        }
    }

    fn end(&mut self, outcome: PullOutcome) {
        self.state = State::Over;
        self.wake = None;
        self.outcome = Some(outcome);
    }

    fn on_option_ack(&mut self, from: SocketAddr, agreed: &Options, now: Moment, out: &mut Vec<Output>) {
        match &self.state {
            State::Asking => {}
            // The ACK of the options was lost.
            State::Loading { transfer, receiver } if receiver.blocks() == 0 => {
                return self.send_ack(*transfer, 0, out);
            }
            _ => return,
        }
        let asked = &self.config.options;
        let too_large = agreed.block_size > asked.block_size || agreed.window_size > asked.window_size;
        if too_large || agreed.timeout_s.is_some() && agreed.timeout_s != asked.timeout_s {
            let text = "Option Negotiation Failed".into();
            self.send(from, &Packet::Error { code: ErrorCode::OPTIONS, text }, out);
            return;
        }
        let receiver = Receiver::new(
            agreed.block_size.unwrap_or(DEFAULT_BLOCK_SIZE),
            agreed.window_size.unwrap_or(1),
            self.config.quirks.acks_duplicates,
        );
        self.loading = Loading::new(agreed.transfer_size);
        self.state = State::Loading { transfer: from, receiver };
        self.heard(now);
        self.send_ack(from, 0, out);
    }

    fn on_data(&mut self, from: SocketAddr, block: u16, payload: &[u8], now: Moment, out: &mut Vec<Output>) {
        if matches!(self.state, State::Asking) {
            // A server without options.
            if block != 1 {
                self.text.push_str(&format!(
                    "\nTFTP error: First block is not block 1 ({block})\nStarting again\n\n"
                ));
                return self.ask_again(now, out);
            }
            let receiver = Receiver::new(DEFAULT_BLOCK_SIZE, 1, self.config.quirks.acks_duplicates);
            self.state = State::Loading { transfer: from, receiver };
        }
        let State::Loading { transfer, receiver } = &mut self.state else { return };
        let transfer = *transfer;
        match receiver.on_data(block, payload.len()) {
            OnData::Next { offset, ack, last } => {
                let (bytes, number) = (receiver.bytes(), receiver.ack_number());
                store(&mut self.chunks, offset, payload);
                self.loading.advance(bytes, &mut self.text);
                self.heard(now);
                if self.breaks_off(transfer, bytes, now, out) {
                    return;
                }
                if ack && !(last && self.config.quirks.no_last_ack) {
                    self.send_ack(transfer, number, out);
                }
                if last {
                    self.loading.finish(bytes, now.since(self.started), &mut self.text);
                    self.end(PullOutcome::Loaded { bytes });
                }
            }
            OnData::Ack => {
                let number = receiver.ack_number();
                self.send_ack(transfer, number, out);
            }
            OnData::Nothing | OnData::TooLong => {}
        }
    }

    /// The quirks that end a transfer in its middle.
    fn breaks_off(&mut self, transfer: SocketAddr, bytes: u64, now: Moment, out: &mut Vec<Output>) -> bool {
        let quirks = self.config.quirks;
        if quirks.aborts_after_bytes.is_some_and(|limit| bytes >= limit) {
            let (code, text) = (ErrorCode::ACCESS, "File has bad magic");
            self.send(transfer, &Packet::Error { code, text: text.into() }, out);
            self.end(PullOutcome::Refused { code, text: text.into() });
            return true;
        }
        if quirks.restarts_after_bytes.is_some_and(|limit| bytes >= limit) && !self.has_restarted_itself {
            self.has_restarted_itself = true;
            self.ask(now, out);
            return true;
        }
        false
    }

    fn on_error(&mut self, code: ErrorCode, text: &str, now: Moment, out: &mut Vec<Output>) {
        self.text.push_str(&format!("\nTFTP error: '{text}' ({code})\n"));
        if code == ErrorCode::NOT_FOUND || code == ErrorCode::ACCESS {
            self.text.push_str("Not retrying...\n");
            self.end(PullOutcome::Refused { code, text: text.to_owned() });
        } else {
            self.text.push_str("Starting again\n\n");
            self.ask_again(now, out);
        }
    }

    fn heard(&mut self, now: Moment) {
        self.timeouts = 0;
        self.wake = Some(now + self.config.timeout);
    }

    fn send_request(&self, out: &mut Vec<Output>) {
        let request = Packet::Request {
            direction: Direction::Read,
            name: self.config.file.as_str().into(),
            mode: Mode::Octet,
            options: self.config.options,
        };
        self.send(self.config.server, &request, out);
    }

    fn send_ack(&self, transfer: SocketAddr, block: u16, out: &mut Vec<Output>) {
        let to = if self.config.quirks.acks_to_well_known_port { self.config.server } else { transfer };
        self.send(to, &Packet::Ack { block }, out);
    }

    fn send(&self, to: SocketAddr, packet: &Packet<'_>, out: &mut Vec<Output>) {
        out.push(Output::Datagram { from: self.config.local, to, payload: packet.to_bytes() });
    }
}

impl Device for PullDevice {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        match input {
            Input::Tick => self.tick(now, out),
            Input::Datagram { from, to, payload } if to == self.config.local => {
                self.on_datagram(from, payload, now, out);
            }
            _ => {}
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.wake
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        ipv4(self.config.local)
    }
}
