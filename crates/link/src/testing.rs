//! A byte stream and a socket whose other ends are scripts, for the tests of the decorators.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::{Clock, Deadline, Moment, VirtualClock};
use crate::datagram::Datagrams;
use crate::error::LinkError;
use crate::stream::Link;

/// Milliseconds after the clock's beginning.
pub(crate) fn at_ms(ms: u64) -> Moment {
    Moment::from_start(Duration::from_millis(ms))
}

/// What was sent through a scripted end, and when.
pub(crate) type Sent = Arc<Mutex<Vec<(Moment, Vec<u8>)>>>;

/// All bytes that were sent.
pub(crate) fn sent_bytes(sent: &Sent) -> Vec<u8> {
    sent.lock().unwrap().iter().flat_map(|(_, bytes)| bytes.clone()).collect()
}

/// A link that receives what a script says, then nothing or the end.
pub(crate) struct Script {
    pub(crate) clock: VirtualClock,
    pub(crate) incoming: VecDeque<(Moment, Vec<u8>)>,
    pub(crate) ends: bool,
    pub(crate) sent: Sent,
    pub(crate) rates: Vec<u32>,
}

impl Script {
    /// Receives each text at its millisecond.
    pub(crate) fn new(incoming: &[(u64, &[u8])]) -> Self {
        Self {
            clock: VirtualClock::new(),
            incoming: incoming.iter().map(|(ms, bytes)| (at_ms(*ms), bytes.to_vec())).collect(),
            ends: false,
            sent: Sent::default(),
            rates: Vec::new(),
        }
    }

    /// Disconnected once everything is received.
    pub(crate) fn ending(mut self) -> Self {
        self.ends = true;
        self
    }
}

impl Link for Script {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        match self.incoming.front_mut() {
            Some((at, bytes)) if *at <= deadline.moment() || *at <= self.clock.now() => {
                self.clock.advance_to(*at);
                let count = buffer.len().min(bytes.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                bytes.drain(..count);
                if bytes.is_empty() {
                    self.incoming.pop_front();
                }
                Ok(count)
            }
            None if self.ends => Err(LinkError::Disconnected { link: self.name().to_owned(), source: None }),
            _ => {
                self.clock.advance_to(deadline.moment());
                Err(LinkError::TimedOut { link: self.name().to_owned() })
            }
        }
    }

    fn write_all(&mut self, bytes: &[u8], _deadline: Deadline) -> Result<(), LinkError> {
        self.sent.lock().unwrap().push((self.clock.now(), bytes.to_vec()));
        Ok(())
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        self.rates.push(bits_per_second);
        Ok(())
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn name(&self) -> &str {
        "script"
    }
}

/// Reads until the link has nothing more within `span`.
pub(crate) fn read_all(link: &mut impl Link, span: Duration) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = [0; 256];
    loop {
        let deadline = Deadline::after(link.clock(), span);
        match link.read(&mut buffer, deadline) {
            Ok(count) => all.extend_from_slice(&buffer[..count]),
            Err(_) => return all,
        }
    }
}

/// A socket that receives what a script says.
pub(crate) struct DatagramScript {
    pub(crate) clock: VirtualClock,
    pub(crate) incoming: VecDeque<(Moment, Vec<u8>)>,
    pub(crate) sent: Sent,
}

/// Where scripted datagrams come from.
pub(crate) const PEER: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 69);

impl DatagramScript {
    pub(crate) fn new(incoming: &[(u64, &[u8])]) -> Self {
        let Script { clock, incoming, sent, .. } = Script::new(incoming);
        Self { clock, incoming, sent }
    }
}

impl Datagrams for DatagramScript {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        let due = self.incoming.front().map(|(at, _)| *at);
        if due.is_some_and(|at| at <= deadline.moment() || at <= self.clock.now())
            && let Some((at, payload)) = self.incoming.pop_front()
        {
            self.clock.advance_to(at);
            let count = buffer.len().min(payload.len());
            buffer[..count].copy_from_slice(&payload[..count]);
            return Ok((count, PEER));
        }
        self.clock.advance_to(deadline.moment());
        Err(LinkError::TimedOut { link: self.name().to_owned() })
    }

    fn send(&mut self, datagram: &[u8], _to: SocketAddr) -> Result<(), LinkError> {
        self.sent.lock().unwrap().push((self.clock.now(), datagram.to_vec()));
        Ok(())
    }

    fn local_address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), 4000)
    }

    fn clock(&self) -> &dyn Clock {
        &self.clock
    }

    fn name(&self) -> &str {
        "datagram-script"
    }
}
