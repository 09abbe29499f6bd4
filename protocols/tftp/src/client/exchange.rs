//! An open transfer: packets to and from the other side, and when to repeat them.

use std::net::SocketAddr;
use std::time::Duration;

use debrick_link::{Datagrams, Deadline, LinkError, Moment};
use debrick_target::SourceError;

use super::Transferred;
use crate::error::TftpError;
use crate::wire::{self, ErrorCode, Options, Packet};

/// How long anything waits before it asks whether to stop.
const LOOK_AROUND: Duration = Duration::from_millis(200);

/// Longest time between repetitions.
const RESEND_AT_MOST: Duration = Duration::from_secs(8);

/// An open transfer.
pub(super) struct Exchange {
    socket: Box<dyn Datagrams>,
    pub(super) name: String,
    /// The address that was asked.
    pub(super) server: SocketAddr,
    /// The address that answers.
    pub(super) peer: SocketAddr,
    /// Where the last packet came from.
    pub(super) last_from: SocketAddr,
    pub(super) agreed: Options,
    pub(super) began: Moment,
}

/// What came from the other side.
pub(super) enum Heard {
    /// Something for us; its bytes are in the buffer.
    Packet(usize),
    /// Nothing until the time asked for.
    Nothing,
}

impl Exchange {
    /// An exchange that the server has not answered yet.
    pub(super) fn new(socket: Box<dyn Datagrams>, name: String, server: SocketAddr) -> Self {
        Self {
            began: socket.clock().now(),
            socket,
            name,
            server,
            peer: server,
            last_from: server,
            agreed: Options::default(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        self.socket.clock().now()
    }

    /// Waits for a packet from the other side until `until`, but never longer than [`LOOK_AROUND`]. An ERROR, or words
    /// instead of a packet, end the exchange.
    pub(super) fn receive(&mut self, buffer: &mut [u8], until: Moment) -> Result<Heard, TftpError> {
        let deadline = Deadline::at(until.min(self.now() + LOOK_AROUND));
        let (count, from) = match self.socket.receive(buffer, deadline) {
            Ok(received) => received,
            Err(error) if error.is_timeout() => return Ok(Heard::Nothing),
            // The port is shut while a bootloader restarts.
            Err(LinkError::Disconnected { .. }) => {
                self.socket.clock().sleep(Duration::from_millis(20));
                return Ok(Heard::Nothing);
            }
            Err(source) => {
                let operation = format!("receive from {}", self.peer);
                return Err(TftpError::Link { operation, source });
            }
        };
        if from.ip() != self.server.ip() {
            return Ok(Heard::Nothing);
        }
        if let Some(text) = wire::rejection_text(&buffer[..count]) {
            return Err(TftpError::Rejected { peer: from, name: self.name.clone(), text });
        }
        // Some loaders change between their two ports.
        if from != self.peer && from != self.server && self.peer != self.server {
            if !matches!(Packet::parse(&buffer[..count]), Ok(Packet::Error { .. })) {
                // A second answer to a repeated request: that transfer is to end.
                let text = "this port is served already".into();
                let packet = Packet::Error { code: ErrorCode::UNKNOWN_PORT, text }.to_bytes();
                let _ = self.socket.send(&packet, from);
            }
            return Ok(Heard::Nothing);
        }
        self.last_from = from;
        if let Ok(Packet::Error { code, text }) = Packet::parse(&buffer[..count]) {
            let (name, text) = (self.name.clone(), text.into_owned());
            return Err(TftpError::Refused { peer: from, name, code, text });
        }
        Ok(Heard::Packet(count))
    }

    /// A packet that cannot be sent is as good as one that was lost: a unit that restarts takes its cable down and up.
    pub(super) fn send(&mut self, packet: &[u8]) {
        let _ = self.socket.send(packet, self.peer);
    }

    pub(super) fn send_ack(&mut self, block: u16) {
        self.send(&Packet::Ack { block }.to_bytes());
    }

    pub(super) fn send_error(&mut self, code: ErrorCode, text: &str) {
        self.send(&Packet::Error { code, text: text.into() }.to_bytes());
    }

    pub(super) fn stalled(&self, bytes: u64, all_sent: bool) -> TftpError {
        TftpError::Stalled { peer: self.peer, name: self.name.clone(), bytes, all_sent }
    }

    pub(super) fn fail_reading(&mut self, source: SourceError) -> TftpError {
        self.send_error(ErrorCode::UNDEFINED, "the file could not be read");
        TftpError::Source { name: self.name.clone(), source }
    }

    pub(super) fn into_transferred(self, bytes: u64) -> Transferred {
        let took = self.now().since(self.began);
        Transferred { bytes, options: self.agreed, peer: self.peer, took }
    }
}

/// When to repeat, and since when there is silence.
pub(super) struct Patience {
    heard: Moment,
    pub(super) resend_at: Moment,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(now: Moment, pause: Duration) -> Self {
        Self { heard: now, resend_at: now + pause, pause }
    }

    pub(super) fn silence(&self, now: Moment) -> Duration {
        now.since(self.heard)
    }

    pub(super) fn is_due(&self, now: Moment) -> bool {
        now >= self.resend_at
    }

    pub(super) fn repeat(&mut self, now: Moment) {
        self.pause = (self.pause * 2).min(RESEND_AT_MOST);
        self.resend_at = now + self.pause;
    }
}
