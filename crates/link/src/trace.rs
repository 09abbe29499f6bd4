//! Shows an observer everything that goes through a link, and writes it as text for people.

use std::fmt;
use std::net::SocketAddr;

use crate::clock::{Clock, Deadline, Moment};
use crate::datagram::Datagrams;
use crate::direction::Direction;
use crate::error::LinkError;
use crate::stream::Link;

/// Bytes in a line of a hexdump.
const BYTES_IN_LINE: usize = 16;

/// Something that happened on a link. Its `Display` is a heading and, for bytes, a hexdump.
#[derive(Debug, Clone, Copy)]
pub struct Traced<'a> {
    /// When the call ended, on the link's clock.
    pub at: Moment,
    /// What happened.
    pub content: Content<'a>,
}

/// What happened on a link.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    /// Bytes came or went.
    Bytes(Direction, &'a [u8]),
    /// A datagram came from, or went to, an address.
    Datagram(Direction, SocketAddr, &'a [u8]),
    /// The line rate was changed to this many bits a second.
    LineRate(u32),
    /// A call failed for another reason than time. Which way the call went, and why it failed.
    Failed(Direction, &'a LinkError),
}

/// Shows every call on `inner` to `observer`, after it ended.
#[derive(Debug)]
pub struct Tracer<T, O> {
    inner: T,
    observer: O,
}

/// Bytes as lines of offset, hexadecimal and text.
#[derive(Debug, Clone, Copy)]
pub struct Hexdump<'a>(pub &'a [u8]);

impl<T, O: FnMut(&Traced<'_>)> Tracer<T, O> {
    /// Wraps a byte stream or a datagram socket.
    pub fn new(inner: T, observer: O) -> Self {
        Self { inner, observer }
    }

    /// The link without the observer.
    pub fn into_inner(self) -> T {
        self.inner
    }

    fn tell(&mut self, at: Moment, content: Content<'_>) {
        (self.observer)(&Traced { at, content });
    }

    fn tell_failure(&mut self, at: Moment, direction: Direction, error: &LinkError) {
        // A host that polls runs into its deadline all the time.
        if !error.is_timeout() {
            self.tell(at, Content::Failed(direction, error));
        }
    }
}

impl<L: Link, O: FnMut(&Traced<'_>) + Send> Link for Tracer<L, O> {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        let result = self.inner.read(buffer, deadline);
        let now = self.inner.clock().now();
        match &result {
            Ok(0) => {}
            Ok(count) => self.tell(now, Content::Bytes(Direction::Received, &buffer[..*count])),
            Err(error) => self.tell_failure(now, Direction::Received, error),
        }
        result
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        let result = self.inner.write_all(bytes, deadline);
        let now = self.inner.clock().now();
        match &result {
            Ok(()) => self.tell(now, Content::Bytes(Direction::Sent, bytes)),
            // A write that ran out of time is always worth a line: nobody polls by writing.
            Err(error) => self.tell(now, Content::Failed(Direction::Sent, error)),
        }
        result
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        let result = self.inner.set_line_rate(bits_per_second);
        let now = self.inner.clock().now();
        match &result {
            Ok(()) => self.tell(now, Content::LineRate(bits_per_second)),
            Err(error) => self.tell(now, Content::Failed(Direction::Sent, error)),
        }
        result
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
}

impl<D: Datagrams, O: FnMut(&Traced<'_>) + Send> Datagrams for Tracer<D, O> {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        let result = self.inner.receive(buffer, deadline);
        let now = self.inner.clock().now();
        match &result {
            Ok((count, from)) => {
                self.tell(now, Content::Datagram(Direction::Received, *from, &buffer[..*count]));
            }
            Err(error) => self.tell_failure(now, Direction::Received, error),
        }
        result
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        let result = self.inner.send(datagram, to);
        let now = self.inner.clock().now();
        match &result {
            Ok(()) => self.tell(now, Content::Datagram(Direction::Sent, to, datagram)),
            Err(error) => self.tell(now, Content::Failed(Direction::Sent, error)),
        }
        result
    }

    fn local_address(&self) -> SocketAddr {
        self.inner.local_address()
    }

    fn clock(&self) -> &dyn Clock {
        self.inner.clock()
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
}

impl fmt::Display for Traced<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.since_start();
        write!(out, "{:5}.{:06} ", at.as_secs(), at.subsec_micros())?;
        match self.content {
            Content::Bytes(direction, bytes) => {
                write!(out, "{} {}\n{}", direction.arrow(), count(bytes), Hexdump(bytes))
            }
            Content::Datagram(direction, peer, bytes) => {
                write!(out, "{} {peer} {}\n{}", direction.arrow(), count(bytes), Hexdump(bytes))
            }
            Content::LineRate(rate) => writeln!(out, "-- line rate {rate} bit/s"),
            Content::Failed(direction, error) => writeln!(out, "{} failed: {error}", direction.arrow()),
        }
    }
}

fn count(bytes: &[u8]) -> String {
    format!("{} byte{}", bytes.len(), if bytes.len() == 1 { "" } else { "s" })
}

impl fmt::Display for Hexdump<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.chunks(BYTES_IN_LINE).enumerate() {
            write!(out, "  {:06x} ", index * BYTES_IN_LINE)?;
            for column in 0..BYTES_IN_LINE {
                let gap = if column % 8 == 0 { " " } else { "" };
                match line.get(column) {
                    Some(byte) => write!(out, "{gap}{byte:02x} ")?,
                    None => write!(out, "{gap}   ")?,
                }
            }
            let shown = |byte: &u8| if (0x20..0x7F).contains(byte) { char::from(*byte) } else { '.' };
            writeln!(out, " |{}|", line.iter().map(shown).collect::<String>())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::testing::{DatagramScript, PEER, Script, at_ms, read_all};

    type Text = Arc<Mutex<String>>;

    fn observer(text: &Text) -> impl FnMut(&Traced<'_>) + Send + use<> {
        let text = text.clone();
        move |traced| text.lock().unwrap().push_str(&traced.to_string())
    }

    #[test]
    fn a_stream_is_shown_as_text() {
        let text = Text::default();
        let script = Script::new(&[(1500, b"U-Boot 2021.01\r\n=>\xff")]).ending();
        let mut link = Tracer::new(script, observer(&text));
        let deadline = Deadline::at(at_ms(1000));
        link.write_all(b"\n", deadline).unwrap();
        assert!(link.read(&mut [0; 4], deadline).unwrap_err().is_timeout());
        let all = read_all(&mut link, std::time::Duration::from_secs(1));
        assert_eq!(all, b"U-Boot 2021.01\r\n=>\xff");
        link.set_line_rate(57600).unwrap();
        let expected = "    0.000000 -> 1 byte
  000000  0a                                                |.|
    1.500000 <- 19 bytes
  000000  55 2d 42 6f 6f 74 20 32  30 32 31 2e 30 31 0d 0a  |U-Boot 2021.01..|
  000010  3d 3e ff                                          |=>.|
    1.500000 <- failed: script is gone
    1.500000 -- line rate 57600 bit/s
";
        assert_eq!(*text.lock().unwrap(), expected);
    }

    #[test]
    fn datagrams_are_shown_with_their_peer() {
        let text = Text::default();
        let mut socket = Tracer::new(DatagramScript::new(&[(2, b"ok")]), observer(&text));
        socket.send(b"hi", PEER).unwrap();
        assert_eq!(socket.receive(&mut [0; 8], Deadline::at(at_ms(5))).unwrap(), (2, PEER));
        let text = text.lock().unwrap();
        assert!(text.starts_with("    0.000000 -> 10.0.0.1:69 2 bytes\n"), "{text}");
        assert!(text.contains("    0.002000 <- 10.0.0.1:69 2 bytes\n"), "{text}");
    }
}
