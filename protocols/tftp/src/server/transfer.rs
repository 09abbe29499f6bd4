//! One transfer of the server, on its own port.

use std::io::Write;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::Duration;

use debrick_link::{Datagrams, Moment};
use debrick_target::{Source, SourceError};

use crate::blocks::{OnAck, OnData, Receiver, Sender};
use crate::error::TftpError;
use crate::wire::{self, DATA_HEADER, DEFAULT_BLOCK_SIZE, Direction, ErrorCode, Options, Packet};

use super::service::Service;

/// Bytes between two [`Step::Progress`].
const PROGRESS_STEP: u64 = 256 * 1024;

/// Bytes read from an image at once, at least; a whole window always fits.
const READ_AHEAD: usize = 128 * 1024;

pub(super) struct Transfer<'a> {
    pub(super) peer: SocketAddr,
    pub(super) name: String,
    pub(super) direction: Direction,
    pub(super) started: Moment,
    socket: Box<dyn Datagrams>,
    work: Work<'a>,
    /// The OACK (or ACK 0) that opened the transfer, until the peer has shown that it came.
    opening: Option<Vec<u8>>,
    packet: Vec<u8>,
    heard: Moment,
    resend_at: Moment,
    pause: Duration,
    limits: Limits,
    reported: u64,
    /// The peer has asked anew: only if it goes on here nevertheless is this transfer alive.
    pub(super) quiet: bool,
    /// It is over, and stays only to repeat its last ACK.
    pub(super) lingers: bool,
}

#[derive(Clone, Copy)]
struct Limits {
    resend_first: Duration,
    resend_at_most: Duration,
    give_up: Duration,
    give_up_last_ack: Duration,
}

enum Work<'a> {
    Send { sender: Sender, image: ReadAhead<'a> },
    Receive { receiver: Receiver, sink: Box<dyn Write + 'a>, limit: u64 },
}

/// What became of a transfer after a packet or a tick.
#[derive(Debug)]
pub(super) enum Step {
    Going,
    Progress,
    Finished {
        acknowledged: bool,
    },
    Failed(TftpError),
    /// Finished a while ago; nobody needs its last ACK again.
    Gone,
}

impl<'a> Transfer<'a> {
    /// Begins to send an image.
    pub(super) fn send(
        socket: Box<dyn Datagrams>,
        peer: SocketAddr,
        name: String,
        image: &'a dyn Source,
        agreed: &Options,
        service: &Service<'_>,
    ) -> Self {
        let block_size = agreed.block_size.unwrap_or(DEFAULT_BLOCK_SIZE);
        let window = agreed.window_size.unwrap_or(1);
        let sender = Sender::new(image.len(), block_size, window, service.rollover);
        let image = ReadAhead::new(image, usize::from(block_size) * usize::from(window));
        let opening = (!agreed.is_empty()).then(|| Packet::OptionAck { options: *agreed }.to_bytes());
        let work = Work::Send { sender, image };
        Self::new(socket, peer, name, Direction::Read, work, opening, agreed, service)
    }

    /// Begins to receive a file.
    pub(super) fn receive(
        socket: Box<dyn Datagrams>,
        peer: SocketAddr,
        name: String,
        sink: Box<dyn Write + 'a>,
        limit: u64,
        agreed: &Options,
        service: &Service<'_>,
    ) -> Self {
        let block_size = agreed.block_size.unwrap_or(DEFAULT_BLOCK_SIZE);
        let receiver = Receiver::new(block_size, agreed.window_size.unwrap_or(1), true);
        let opening = if agreed.is_empty() {
            Packet::Ack { block: 0 }.to_bytes()
        } else {
            Packet::OptionAck { options: *agreed }.to_bytes()
        };
        let work = Work::Receive { receiver, sink, limit };
        Self::new(socket, peer, name, Direction::Write, work, Some(opening), agreed, service)
    }

    #[expect(clippy::too_many_arguments, reason = "the two constructors above are its only callers")]
    fn new(
        socket: Box<dyn Datagrams>,
        peer: SocketAddr,
        name: String,
        direction: Direction,
        work: Work<'a>,
        opening: Option<Vec<u8>>,
        agreed: &Options,
        service: &Service<'_>,
    ) -> Self {
        let now = socket.clock().now();
        let agreed_pause = agreed.timeout_s.map(|seconds| Duration::from_secs(seconds.into()));
        let resend_at_most = agreed_pause.unwrap_or(service.resend_at_most);
        let limits = Limits {
            resend_first: service.resend_first.min(resend_at_most),
            resend_at_most,
            // A peer that asked for long pauses must have the time for a few.
            give_up: service.give_up.max(resend_at_most * 3),
            give_up_last_ack: service.give_up_last_ack,
        };
        Self {
            peer,
            name,
            direction,
            started: now,
            socket,
            work,
            opening,
            packet: Vec::new(),
            heard: now,
            resend_at: now,
            pause: limits.resend_first,
            limits,
            reported: 0,
            quiet: false,
            lingers: false,
        }
    }

    /// Sends what is due first: the opening, or the first window.
    pub(super) fn begin(&mut self) -> Step {
        self.restart_clock();
        self.send_due()
    }

    /// The socket of this transfer's port.
    pub(super) fn socket(&mut self) -> &mut dyn Datagrams {
        &mut *self.socket
    }

    /// When it wants [`Transfer::on_time`].
    pub(super) fn next_wake(&self) -> Moment {
        self.resend_at
    }

    /// Bytes that have arrived at their destination for certain.
    pub(super) fn bytes(&self) -> u64 {
        match &self.work {
            Work::Send { sender, .. } => sender.bytes_acked(),
            Work::Receive { receiver, .. } => receiver.bytes(),
        }
    }

    /// Bytes in all, where they are known.
    pub(super) fn total(&self) -> Option<u64> {
        match &self.work {
            Work::Send { image, .. } => Some(image.source.len()),
            Work::Receive { .. } => None,
        }
    }

    /// Whether a block has arrived at its destination.
    pub(super) fn has_begun(&self) -> bool {
        match &self.work {
            Work::Send { sender, .. } => sender.has_begun(),
            Work::Receive { receiver, .. } => receiver.blocks() > 0,
        }
    }

    /// Tells the peer that it is over, and why.
    pub(super) fn send_error(&mut self, code: ErrorCode, text: &str) {
        self.packet.clear();
        Packet::Error { code, text: text.into() }.emit(&mut self.packet);
        self.send_packet();
    }

    /// Takes a datagram of the peer.
    pub(super) fn on_datagram(&mut self, datagram: &[u8]) -> Step {
        let Ok(packet) = Packet::parse(datagram) else { return Step::Going };
        match packet {
            Packet::Error { code, text } => Step::Failed(TftpError::Refused {
                peer: self.peer,
                name: self.name.clone(),
                code,
                text: text.into_owned(),
            }),
            Packet::Ack { block } => self.on_ack(block),
            Packet::Data { block, payload } => self.on_data(block, payload),
            Packet::Request { .. } | Packet::OptionAck { .. } => Step::Going,
        }
    }

    fn on_ack(&mut self, block: u16) -> Step {
        let Work::Send { sender, .. } = &mut self.work else { return Step::Going };
        if self.opening.is_some() {
            if block != 0 {
                return Step::Going;
            }
            self.opening = None;
            self.restart_clock();
            return self.send_due();
        }
        match sender.on_ack(block) {
            OnAck::Finished => return Step::Finished { acknowledged: true },
            OnAck::Progress => self.restart_clock(),
            OnAck::Again => {}
            OnAck::Nothing => return Step::Going,
        }
        self.quiet = false;
        match self.send_due() {
            Step::Going => self.report(),
            other => other,
        }
    }

    fn on_data(&mut self, block: u16, payload: &[u8]) -> Step {
        let Work::Receive { receiver, sink, limit } = &mut self.work else { return Step::Going };
        let (ack, last) = match receiver.on_data(block, payload.len()) {
            OnData::Next { offset, ack, last } => {
                if offset + payload.len() as u64 > *limit {
                    let limit = *limit;
                    self.send_error(ErrorCode::FULL, "the file is too large");
                    let (peer, name) = (self.peer, self.name.clone());
                    return Step::Failed(TftpError::TooLong { peer, name, limit });
                }
                let stored = sink.write_all(payload);
                if let Err(source) = stored.and_then(|()| if last { sink.flush() } else { Ok(()) }) {
                    self.send_error(ErrorCode::FULL, "the file could not be stored");
                    return Step::Failed(TftpError::Store { name: self.name.clone(), source });
                }
                (ack, last)
            }
            OnData::Ack => (true, false),
            OnData::TooLong => {
                self.send_error(ErrorCode::ILLEGAL, "the block is longer than agreed");
                let what = "sends blocks that are longer than agreed".into();
                return Step::Failed(TftpError::Protocol { peer: self.peer, what });
            }
            OnData::Nothing => return Step::Going,
        };
        self.opening = None;
        self.quiet = false;
        self.restart_clock();
        if ack {
            self.send_ack();
        }
        if last {
            self.lingers = true;
            return Step::Finished { acknowledged: true };
        }
        if self.lingers { Step::Going } else { self.report() }
    }

    /// Repeats what is due, or gives up.
    pub(super) fn on_time(&mut self, now: Moment) -> Step {
        let silence = now.since(self.heard);
        if self.lingers {
            self.resend_at = self.heard + self.limits.give_up_last_ack;
            return if now >= self.resend_at { Step::Gone } else { Step::Going };
        }
        let only_last_ack = matches!(&self.work, Work::Send { sender, .. } if sender.all_sent());
        let patience = if only_last_ack { self.limits.give_up_last_ack } else { self.limits.give_up };
        if silence >= patience {
            if only_last_ack {
                return Step::Finished { acknowledged: false };
            }
            let (peer, name, bytes) = (self.peer, self.name.clone(), self.bytes());
            return Step::Failed(TftpError::Stalled { peer, name, bytes, all_sent: false });
        }
        self.pause = (self.pause * 2).min(self.limits.resend_at_most);
        self.resend_at = (now + self.pause).min(self.heard + patience);
        if self.quiet {
            return Step::Going;
        }
        self.resend()
    }

    /// Sends again what was not acknowledged.
    pub(super) fn resend(&mut self) -> Step {
        match &mut self.work {
            Work::Send { sender, .. } => {
                sender.rewind();
                self.send_due()
            }
            Work::Receive { receiver, .. } if receiver.blocks() > 0 => {
                self.send_ack();
                Step::Going
            }
            Work::Receive { .. } => self.send_due(),
        }
    }

    fn send_due(&mut self) -> Step {
        if let Some(opening) = &self.opening {
            self.packet.clone_from(opening);
            self.send_packet();
            return Step::Going;
        }
        loop {
            let Work::Send { sender, image } = &mut self.work else { return Step::Going };
            let Some((number, offset, count)) = sender.next() else { return Step::Going };
            self.packet.clear();
            wire::put_data_header(&mut self.packet, number);
            debug_assert_eq!(self.packet.len(), DATA_HEADER);
            match image.bytes(offset, count) {
                Ok(bytes) => self.packet.extend_from_slice(bytes),
                Err(source) => {
                    self.send_error(ErrorCode::UNDEFINED, "the file could not be read");
                    return Step::Failed(TftpError::Source { name: self.name.clone(), source });
                }
            }
            self.send_packet();
        }
    }

    fn send_ack(&mut self) {
        let Work::Receive { receiver, .. } = &self.work else { return };
        self.packet.clear();
        Packet::Ack { block: receiver.ack_number() }.emit(&mut self.packet);
        self.send_packet();
    }

    /// A packet that cannot be sent is as good as one that was lost: the cable of a unit that restarts goes down and up
    /// again, and the clock sees to the rest.
    fn send_packet(&mut self) {
        let _ = self.socket.send(&self.packet, self.peer);
    }

    fn restart_clock(&mut self) {
        self.heard = self.socket.clock().now();
        self.pause = self.limits.resend_first;
        self.resend_at = self.heard + self.pause;
    }

    fn report(&mut self) -> Step {
        let bytes = self.bytes();
        if bytes < self.reported + PROGRESS_STEP {
            return Step::Going;
        }
        self.reported = bytes;
        Step::Progress
    }
}

/// A part of an image, ahead of where it is being read.
struct ReadAhead<'a> {
    source: &'a dyn Source,
    buffer: Vec<u8>,
    held: Range<u64>,
    least: usize,
}

impl<'a> ReadAhead<'a> {
    /// Going back by up to `window` bytes needs no reading more often than once for each time.
    fn new(source: &'a dyn Source, window: usize) -> Self {
        Self { source, buffer: Vec::new(), held: 0..0, least: READ_AHEAD.max(window) }
    }

    fn bytes(&mut self, offset: u64, count: usize) -> Result<&[u8], SourceError> {
        let end = offset + count as u64;
        if offset < self.held.start || end > self.held.end {
            let ahead = (self.source.len().saturating_sub(offset)).min(self.least.max(count) as u64);
            self.buffer.resize(ahead as usize, 0);
            self.held = 0..0;
            self.source.read_at(offset, &mut self.buffer)?;
            self.held = offset..offset + ahead;
        }
        let start = (offset - self.held.start) as usize;
        Ok(self.buffer.get(start..start + count).unwrap_or_default())
    }
}
