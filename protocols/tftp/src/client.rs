//! The host half that asks: pushes an image to a unit that waits for one, or pulls a file from a unit.
//!
//! Bootloaders wait for a few seconds only, so the request is repeated every second until something answers. The
//! answer's port is followed; what else they do differently stands in the crate's README.

mod exchange;
mod request;

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use debrick_link::Network;
use debrick_target::{Opaque, Source, TargetError, Watch};

use crate::blocks::{OnAck, OnData, Receiver, Rollover, Sender};
use crate::error::TftpError;
use crate::wire::{self, DEFAULT_BLOCK_SIZE, Direction, ErrorCode, Options, Packet};

use exchange::{Exchange, Heard, Patience};
use request::{First, request};

/// How long anything waits after the last ACK before it asks whether to stop.
const VERDICT_LOOK: Duration = Duration::from_millis(10);

/// Most bytes of a file name: with every option, a request stays below the 512 bytes of RFC 2347.
const LONGEST_NAME: usize = 255;

/// How to ask. [`ClientOptions::default`] suits the oldest bootloaders; [`ClientOptions::fast`] what is newer.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// Block size to ask for; without it 512, and no option.
    pub block_size: Option<u16>,
    /// Window to ask for; without it 1, and no option.
    pub window_size: Option<u16>,
    /// Seconds between repetitions to ask for.
    pub timeout_s: Option<u8>,
    /// Whether to announce, or ask for, the length of the file.
    pub announce_size: bool,
    /// Time between requests.
    pub request_every: Duration,
    /// How long to go on asking.
    pub answer_within: Duration,
    /// Time before a packet is repeated for the first time; doubles up to 8 s.
    pub resend_first: Duration,
    /// The other side has failed when it is silent for so long in the middle.
    pub silence: Duration,
    /// The same, once everything has been sent: many bootloaders erase and write before the last ACK.
    pub last_ack_within: Duration,
    /// How long to listen on after the last ACK: for the verdict of a bootloader that checks the image only then, and
    /// for a server that did not get our last ACK.
    pub linger: Duration,
    /// What follows block 65535 in what we send. In what we receive it is found out, unless a window is used.
    pub rollover: Rollover,
    /// The longest file that is pulled, in bytes.
    pub most_bytes: u64,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            block_size: None,
            window_size: None,
            timeout_s: None,
            announce_size: false,
            request_every: Duration::from_secs(1),
            answer_within: Duration::from_secs(60),
            resend_first: Duration::from_secs(1),
            silence: Duration::from_secs(30),
            last_ack_within: Duration::from_secs(180),
            linger: Duration::from_millis(250),
            rollover: Rollover::ToZero,
            most_bytes: 4 << 30,
        }
    }
}

impl ClientOptions {
    /// Asks for blocks of 1468 bytes, a window of 16, and the length. A loader without options ignores all of it, or
    /// refuses it and is asked again without.
    pub fn fast() -> Self {
        Self { block_size: Some(1468), window_size: Some(16), announce_size: true, ..Self::default() }
    }

    fn ask(&self, length: u64) -> Options {
        Options {
            block_size: self.block_size,
            transfer_size: self.announce_size.then_some(length),
            timeout_s: self.timeout_s,
            window_size: self.window_size,
        }
    }
}

/// A transfer that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    /// Bytes of the file.
    pub bytes: u64,
    /// What was agreed on; empty for a loader without options.
    pub options: Options,
    /// The address and port that the transfer went through.
    pub peer: SocketAddr,
    /// From the first answer to the last ACK.
    pub took: Duration,
}

/// A TFTP client for one server.
pub struct Client<'n> {
    network: &'n mut dyn Network,
    local: IpAddr,
    server: SocketAddr,
    options: ClientOptions,
}

impl<'n> Client<'n> {
    /// A client on the address `local` of this computer, for the server (mostly port 69) at `server`.
    pub fn new(
        network: &'n mut dyn Network,
        local: IpAddr,
        server: SocketAddr,
        options: ClientOptions,
    ) -> Self {
        Self { network, local, server, options }
    }

    /// Sends an image under a name, and returns once the other side has acknowledged all of it.
    ///
    /// It can be cancelled until its last block has been sent; from then on the unit may be writing.
    pub fn push(
        &mut self,
        name: &str,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<Transferred, TftpError> {
        let ask = self.options.ask(image.len());
        let (mut exchange, _) = self.open(Direction::Write, name, ask, watch)?;
        let sender = Sender::new(
            image.len(),
            exchange.agreed.block_size.unwrap_or(DEFAULT_BLOCK_SIZE),
            exchange.agreed.window_size.unwrap_or(1),
            self.options.rollover,
        );
        self.send_image(&mut exchange, sender, image, watch)?;
        self.await_verdict(&mut exchange, watch)?;
        Ok(exchange.into_transferred(image.len()))
    }

    /// Fetches a file and writes it, in order, to `sink`, which is flushed before the last ACK.
    pub fn pull(
        &mut self,
        name: &str,
        sink: &mut dyn Write,
        watch: &mut dyn Watch,
    ) -> Result<Transferred, TftpError> {
        let (mut exchange, first) = self.open(Direction::Read, name, self.options.ask(0), watch)?;
        let receiver = Receiver::new(
            exchange.agreed.block_size.unwrap_or(DEFAULT_BLOCK_SIZE),
            exchange.agreed.window_size.unwrap_or(1),
            true,
        );
        let bytes = self.receive_file(&mut exchange, receiver, first, sink, watch)?;
        if let Some(announced) = exchange.agreed.transfer_size
            && announced != bytes
        {
            let (peer, name) = (exchange.peer, exchange.name);
            return Err(TftpError::WrongLength { peer, name, announced, bytes });
        }
        Ok(exchange.into_transferred(bytes))
    }

    fn open(
        &mut self,
        direction: Direction,
        name: &str,
        ask: Options,
        watch: &mut dyn Watch,
    ) -> Result<(Exchange, First), TftpError> {
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains('\0') {
            return Err(TftpError::BadName { name: name.to_owned() });
        }
        let local = SocketAddr::new(self.local, 0);
        let socket = self.network.bind_datagrams(local).map_err(|source| TftpError::Link {
            operation: format!("open a port on {}", self.local),
            source,
        })?;
        let mut exchange = Exchange::new(socket, name.to_owned(), self.server);
        let first = request(&mut exchange, direction, ask, &self.options, watch)?;
        Ok((exchange, first))
    }

    fn send_image(
        &self,
        exchange: &mut Exchange,
        mut sender: Sender,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<(), TftpError> {
        let mut buffer = vec![0; wire::DATA_HEADER + usize::from(wire::MOST_BLOCK_SIZE)];
        let mut packet = Vec::new();
        let mut patience = Patience::new(exchange.now(), self.options.resend_first);
        let mut told = 0;
        loop {
            while let Some((number, offset, count)) = sender.next() {
                packet.clear();
                wire::put_data_header(&mut packet, number);
                packet.resize(wire::DATA_HEADER + count, 0);
                image
                    .read_at(offset, &mut packet[wire::DATA_HEADER..])
                    .map_err(|source| exchange.fail_reading(source))?;
                exchange.send(&packet);
            }
            let all_sent = sender.all_sent();
            if watch.cancelled() && !all_sent {
                exchange.send_error(ErrorCode::UNDEFINED, "stopped by the operator");
                return Err(TftpError::Cancelled);
            }
            let limit = if all_sent { self.options.last_ack_within } else { self.options.silence };
            match exchange.receive(&mut buffer, patience.resend_at)? {
                Heard::Packet(count) => {
                    let on_ack = match Packet::parse(&buffer[..count]) {
                        Ok(Packet::Ack { block }) => sender.on_ack(block),
                        _ => OnAck::Nothing,
                    };
                    match on_ack {
                        OnAck::Nothing => {}
                        OnAck::Again => continue,
                        OnAck::Progress | OnAck::Finished => {
                            patience = Patience::new(exchange.now(), self.options.resend_first);
                            watch.advance(sender.bytes_acked() - told);
                            told = sender.bytes_acked();
                        }
                    }
                    if on_ack == OnAck::Finished {
                        return Ok(());
                    }
                }
                Heard::Nothing if patience.silence(exchange.now()) >= limit => {
                    return Err(exchange.stalled(sender.bytes_acked(), all_sent));
                }
                Heard::Nothing if patience.is_due(exchange.now()) => {
                    patience.repeat(exchange.now());
                    sender.rewind();
                }
                Heard::Nothing => {}
            }
        }
    }

    /// After the last ACK: a refusal that comes late is a refusal all the same. Whoever watches may know enough already.
    fn await_verdict(&self, exchange: &mut Exchange, watch: &dyn Watch) -> Result<(), TftpError> {
        let mut buffer = [0; 1024];
        let until = exchange.now() + self.options.linger;
        while exchange.now() < until && !watch.cancelled() {
            let soon = until.min(exchange.now() + VERDICT_LOOK);
            match exchange.receive(&mut buffer, soon) {
                Ok(_) => {}
                Err(TftpError::Link { .. }) => break,
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(())
    }

    fn receive_file(
        &self,
        exchange: &mut Exchange,
        mut receiver: Receiver,
        first: First,
        sink: &mut dyn Write,
        watch: &mut dyn Watch,
    ) -> Result<u64, TftpError> {
        let mut buffer = vec![0; wire::DATA_HEADER + usize::from(wire::MOST_BLOCK_SIZE)];
        let mut patience = Patience::new(exchange.now(), self.options.resend_first);
        let mut waiting = match first {
            First::Data(datagram) => {
                buffer[..datagram.len()].copy_from_slice(&datagram);
                Some(datagram.len())
            }
            First::Nothing => {
                exchange.send_ack(0);
                None
            }
        };
        loop {
            if watch.cancelled() {
                exchange.send_error(ErrorCode::UNDEFINED, "stopped by the operator");
                return Err(TftpError::Cancelled);
            }
            let heard = match waiting.take() {
                Some(count) => Heard::Packet(count),
                None => exchange.receive(&mut buffer, patience.resend_at)?,
            };
            match heard {
                Heard::Packet(count) => {
                    let taken = self.take(exchange, &mut receiver, &buffer[..count], sink)?;
                    if taken > 0 || receiver.finished() {
                        patience = Patience::new(exchange.now(), self.options.resend_first);
                        watch.advance(taken);
                    }
                    if receiver.finished() {
                        self.dally(exchange, &mut receiver, &mut buffer);
                        return Ok(receiver.bytes());
                    }
                }
                Heard::Nothing if patience.silence(exchange.now()) >= self.options.silence => {
                    return Err(exchange.stalled(receiver.bytes(), false));
                }
                Heard::Nothing if patience.is_due(exchange.now()) => {
                    patience.repeat(exchange.now());
                    exchange.send_ack(receiver.ack_number());
                }
                Heard::Nothing => {}
            }
        }
    }

    /// Takes a packet, and returns how many new bytes it brought.
    fn take(
        &self,
        exchange: &mut Exchange,
        receiver: &mut Receiver,
        datagram: &[u8],
        sink: &mut dyn Write,
    ) -> Result<u64, TftpError> {
        let (block, payload) = match Packet::parse(datagram) {
            Ok(Packet::Data { block, payload }) => (block, payload),
            // Our ACK of the options was lost.
            Ok(Packet::OptionAck { .. }) if receiver.blocks() == 0 => {
                exchange.send_ack(0);
                return Ok(0);
            }
            _ => return Ok(0),
        };
        match receiver.on_data(block, payload.len()) {
            OnData::Next { offset, ack, last } => {
                if offset + payload.len() as u64 > self.options.most_bytes {
                    exchange.send_error(ErrorCode::FULL, "the file is too large");
                    let (peer, name) = (exchange.peer, exchange.name.clone());
                    return Err(TftpError::TooLong { peer, name, limit: self.options.most_bytes });
                }
                let stored = sink.write_all(payload);
                if let Err(source) = stored.and_then(|()| if last { sink.flush() } else { Ok(()) }) {
                    exchange.send_error(ErrorCode::FULL, "the file could not be stored");
                    return Err(TftpError::Store { name: exchange.name.clone(), source });
                }
                if ack {
                    exchange.send_ack(receiver.ack_number());
                }
                Ok(payload.len() as u64)
            }
            OnData::Ack => {
                exchange.send_ack(receiver.ack_number());
                Ok(0)
            }
            OnData::Nothing => Ok(0),
            OnData::TooLong => {
                exchange.send_error(ErrorCode::ILLEGAL, "the block is longer than agreed");
                let what = "sends blocks that are longer than agreed".into();
                Err(TftpError::Protocol { peer: exchange.peer, what })
            }
        }
    }

    /// Repeats the last ACK for a server that did not get it (RFC 1350, section 6).
    fn dally(&self, exchange: &mut Exchange, receiver: &mut Receiver, buffer: &mut [u8]) {
        let until = exchange.now() + self.options.linger;
        while exchange.now() < until {
            // Everything is here: whatever comes now cannot take that back.
            let Ok(heard) = exchange.receive(buffer, until) else { return };
            if let Heard::Packet(count) = heard
                && let Ok(Packet::Data { block, payload }) = Packet::parse(&buffer[..count])
                && receiver.on_data(block, payload.len()) == OnData::Ack
            {
                exchange.send_ack(receiver.ack_number());
            }
        }
    }
}

impl Opaque for Client<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let operation = format!("take {name} by TFTP");
        self.push(name, image, watch).map(|_| ()).map_err(|error| error.into_target(operation))
    }
}
