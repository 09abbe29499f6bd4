//! A console over UDP: port 6666 by default, in both directions for U-Boot, out only for Linux.
//!
//! U-Boot sends what it prints as it is, to everybody or to `ncip`, and takes what is typed (its doc/usage/netconsole.rst;
//! u-boot_mod does the same). Linux sends lines, plain or with a head `level,sequence,time,flags;` (its
//! Documentation/networking/netconsole.rst).

use std::collections::VecDeque;
use std::net::SocketAddr;

use debrick_link::{Clock, Datagrams, Deadline, Link, LinkError, Network};

use crate::failsafe::is_plain;

/// The port.
pub const PORT: u16 = 6666;

/// Most bytes that are sent at once; U-Boot keeps 512 that are typed.
const MOST_TYPED: usize = 256;

/// Most bytes that are kept until they are read.
const MOST_KEPT: usize = 1 << 20;

/// What came of a console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The text as it came, without the head.
    pub text: String,
    /// The head that Linux puts before lines.
    pub head: Option<Head>,
}

/// The head of Linux's extended form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How grave it is, from 0 to 7.
    pub level: u8,
    /// Counts lines; a gap means that some were lost.
    pub sequence: u64,
    /// Microseconds since the start.
    pub at_us: u64,
}

impl Message {
    /// Reads a packet's content.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        if payload.is_empty() || !is_plain(payload) {
            return None;
        }
        let text = String::from_utf8_lossy(payload).trim_end_matches('\0').to_owned();
        Some(match read_head(&text) {
            Some((head, rest)) => Self { text: rest.to_owned(), head: Some(head) },
            None => Self { text, head: None },
        })
    }
}

fn read_head(text: &str) -> Option<(Head, &str)> {
    let (head, rest) = text.split_once(';')?;
    // Newer kernels put their release before it.
    let mut fields: Vec<&str> = head.split(',').collect();
    if fields.first().is_some_and(|first| first.contains('.')) {
        fields.remove(0);
    }
    let [priority, sequence, at, flags, ..] = fields.as_slice() else { return None };
    let priority: u16 = priority.parse().ok()?;
    let known = |flag: char| flag == '-' || flag == 'c' || flag == '+';
    let head =
        Head { level: (priority & 7) as u8, sequence: sequence.parse().ok()?, at_us: at.parse().ok()? };
    (!flags.is_empty() && flags.chars().all(known)).then_some((head, rest))
}

/// The console of one unit as a byte stream: for whoever speaks to a bootloader's prompt.
pub struct Console {
    socket: Box<dyn Datagrams>,
    unit: SocketAddr,
    name: String,
    came: VecDeque<u8>,
}

impl Console {
    /// Listens on `local`, mostly port 6666 of every address, because units speak to everybody; what is written goes to
    /// `unit`.
    pub fn open(network: &mut dyn Network, local: SocketAddr, unit: SocketAddr) -> Result<Self, LinkError> {
        let socket = network.bind_datagrams(local)?;
        Ok(Self { socket, unit, name: format!("netconsole:{unit}"), came: VecDeque::new() })
    }
}

impl Link for Console {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let mut datagram = [0; 2048];
        while self.came.is_empty() {
            let (count, from) = match self.socket.receive(&mut datagram, deadline) {
                Ok(came) => came,
                Err(error) if error.is_timeout() => {
                    return Err(LinkError::TimedOut { link: self.name.clone() });
                }
                // Its port is shut while it restarts.
                Err(LinkError::Disconnected { .. }) if !deadline.has_passed(self.socket.clock()) => {
                    let rest = std::time::Duration::from_millis(20).min(deadline.left(self.socket.clock()));
                    self.socket.clock().sleep(rest);
                    continue;
                }
                Err(error) => return Err(error),
            };
            // Strangers on the same port, and what is no text.
            if from.ip() == self.unit.ip()
                && let Some(message) = Message::parse(&datagram[..count])
            {
                let room = MOST_KEPT.saturating_sub(self.came.len());
                self.came.extend(message.text.bytes().take(room));
            }
        }
        let count = buffer.len().min(self.came.len());
        for (slot, byte) in buffer.iter_mut().zip(self.came.drain(..count)) {
            *slot = byte;
        }
        Ok(count)
    }

    fn write_all(&mut self, bytes: &[u8], _deadline: Deadline) -> Result<(), LinkError> {
        bytes.chunks(MOST_TYPED).try_for_each(|piece| self.socket.send(piece, self.unit))
    }

    fn set_line_rate(&mut self, _bits_per_second: u32) -> Result<(), LinkError> {
        Err(LinkError::Unsupported { link: self.name.clone(), what: "change a line rate".into() })
    }

    fn clock(&self) -> &dyn Clock {
        self.socket.clock()
    }

    fn name(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consoles_are_read_with_and_without_heads() {
        let check = |payload: &[u8], text: &str, head: Option<(u8, u64, u64)>| {
            let message = Message::parse(payload).unwrap();
            assert_eq!(message.text, text);
            assert_eq!(message.head.map(|head| (head.level, head.sequence, head.at_us)), head);
        };
        check(b"U-Boot 2023.01\r\n=> ", "U-Boot 2023.01\r\n=> ", None);
        check(b"6,339,5140900,-;NET: ready\n", "NET: ready\n", Some((6, 339, 5_140_900)));
        check(b"6.6.1,12,340,99,-,caller=T1;a;b", "a;b", Some((4, 340, 99)));
        check(b"1,2,3;x", "1,2,3;x", None);
        assert_eq!(Message::parse(b"\x00\x01\x02"), None);
        assert_eq!(Message::parse(b""), None);
    }
}
