//! Messages out of frames, and into them.

use std::io::ErrorKind;
use std::time::Duration;

use debrick_link::{Deadline, FRAME_HEADER, FrameHeader, LONGEST_FRAME, LinkError, Moment};
use debrick_model::MacAddress;

use super::Host;
use crate::error::NmrpError;
use crate::wire::{Code, ETHER_TYPE, Message};

/// How long anything waits before it asks whether to stop.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// How long to rest while the interface is down: a unit that starts takes the link with it.
const DOWN_REST: Duration = Duration::from_millis(20);

impl Host {
    /// A message for this computer, or nothing until `until`, or for a moment.
    pub(super) fn receive(&mut self, until: Moment) -> Result<Option<(MacAddress, Message)>, NmrpError> {
        let deadline = Deadline::at(until.min(self.now() + LOOK_AROUND));
        let mut buffer = [0; LONGEST_FRAME];
        let count = match self.frames.receive(&mut buffer, deadline) {
            Ok(count) => count,
            Err(error) if error.is_timeout() => return Ok(None),
            Err(error) if is_down(&error) => {
                self.clock().sleep(DOWN_REST);
                return Ok(None);
            }
            Err(source) => {
                return Err(NmrpError::Link { operation: "receive Ethernet frames".into(), source });
            }
        };
        let Some((header, payload)) = FrameHeader::split(&buffer[..count]) else { return Ok(None) };
        let is_for_us = header.to == self.frames.address() || header.to == MacAddress::BROADCAST;
        if header.ether_type != ETHER_TYPE || !is_for_us || header.from.is_group() {
            return Ok(None);
        }
        Ok(Message::parse(payload).ok().map(|message| (header.from, message)))
    }

    /// The same, from the unit only. What is the same at any time is dealt with: a unit that is busy is told that this
    /// computer is there, and one that ends it is acknowledged.
    pub(super) fn receive_from_unit(&mut self, until: Moment) -> Result<Option<Message>, NmrpError> {
        let Some((from, message)) = self.receive(until)? else { return Ok(None) };
        if Some(from) != self.unit {
            self.note_answer(from, &message);
            return Ok(None);
        }
        match message.code {
            Code::KeepAliveRequest => {
                self.keep_alives = self.keep_alives.saturating_add(1);
                self.send(from, &Message::bare(Code::KeepAliveAck))?;
            }
            Code::CloseRequest => {
                self.has_closed = true;
                self.send(from, &Message::bare(Code::CloseAck))?;
            }
            _ => {}
        }
        Ok(Some(message))
    }

    pub(super) fn send(&mut self, to: MacAddress, message: &Message) -> Result<(), NmrpError> {
        let header = FrameHeader { to, from: self.frames.address(), ether_type: ETHER_TYPE };
        let mut frame = header.with(&message.to_bytes());
        // The shortest frame has 60 bytes; not every interface pads.
        frame.resize(frame.len().max(FRAME_HEADER + 46), 0);
        match self.frames.send(&frame) {
            // As good as lost: the cable is out, or the unit has taken the link down.
            Ok(()) => Ok(()),
            Err(error) if is_down(&error) || error.is_timeout() => Ok(()),
            Err(source) => Err(NmrpError::Link { operation: format!("send a frame to {to}"), source }),
        }
    }
}

/// Whether the interface is down, which a unit that restarts does to it.
fn is_down(error: &LinkError) -> bool {
    match error {
        LinkError::Disconnected { .. } => true,
        LinkError::Io { source, .. } => source.kind() == ErrorKind::NetworkDown,
        _ => false,
    }
}
