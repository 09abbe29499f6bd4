//! Writes everything that goes through a link to a file, which [`replay`](crate::replay) can play back.
//!
//! A recording is JSON lines: a [`Header`], then one [`Entry`] for each thing that happened, times in microseconds since
//! the recording began, data in hexadecimal.

pub mod network;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Deadline, Moment};
use crate::datagram::Datagrams;
use crate::error::LinkError;
use crate::stream::Link;

/// The version of the format, as the first line of a recording names it.
pub const SCHEMA: &str = "debrick.recording/1";

/// The first line of a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// The link's name.
    pub link: String,
    /// The local address of a datagram socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// When the recording began, in milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
}

/// One line of a recording after the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds since the recording began.
    pub at_us: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: Recorded,
}

/// What happened on a recorded link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum Recorded {
    /// Bytes came.
    Received {
        /// The bytes.
        #[serde(with = "hex")]
        data: Vec<u8>,
    },
    /// The host sent bytes.
    Sent {
        /// The bytes; of those that are not kept, the first.
        #[serde(with = "hex")]
        data: Vec<u8>,
        /// How many bytes followed that are not kept.
        #[serde(default, skip_serializing_if = "is_zero")]
        hidden: u64,
    },
    /// A datagram came.
    DatagramReceived {
        /// Its sender.
        peer: SocketAddr,
        /// Its content.
        #[serde(with = "hex")]
        data: Vec<u8>,
    },
    /// The host sent a datagram.
    DatagramSent {
        /// Its receiver.
        peer: SocketAddr,
        /// Its content, or how it begins.
        #[serde(with = "hex")]
        data: Vec<u8>,
        /// How many bytes followed that are not kept.
        #[serde(default, skip_serializing_if = "is_zero")]
        hidden: u64,
    },
    /// The host changed the line rate.
    LineRate {
        /// Bits a second.
        bits_per_second: u32,
    },
    /// The other end was gone.
    Disconnected,
}

/// Records everything that goes through `inner`.
///
/// A failure to write the recording never disturbs the link: the recording stops, and [`RecordingStatus`] tells why.
#[derive(Debug)]
pub struct Recorder<T, W: Write> {
    inner: T,
    out: W,
    began: Moment,
    status: RecordingStatus,
    disconnected: bool,
    content: Content,
}

/// How much is kept of what the host sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Kept,
    Hidden,
}

/// Of a datagram whose content is hidden, so many bytes are kept: where TFTP says what it is, and of which block.
const DATAGRAM_HEAD: usize = 4;

/// Of bytes on a stream that are no text, so many: where YMODEM says the number of its block.
const STREAM_HEAD: usize = 3;

/// What is shorter, in bytes, holds no content.
const SHORTEST_CONTENT: usize = 16;

/// Whether a recording is complete. Clones look at the same recording.
#[derive(Debug, Clone, Default)]
pub struct RecordingStatus(Arc<Mutex<Option<io::Error>>>);

impl RecordingStatus {
    /// Why the recording stopped before its link did, if it did. Asked again, it tells the kind of
    /// failure only.
    pub fn take_failure(&self) -> Option<io::Error> {
        // The kind stays behind, so that nothing more is written.
        let mut failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = failure.as_ref()?.kind();
        failure.replace(kind.into())
    }

    fn is_failed(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl<L: Link, W: Write> Recorder<L, W> {
    /// Begins a recording of a byte stream.
    pub fn of_stream(inner: L, out: W) -> Self {
        let (began, began_ms) = (inner.clock().now(), inner.clock().wall_ms());
        let header =
            Header { schema: SCHEMA.to_owned(), link: inner.name().to_owned(), local: None, began_ms };
        Self::begin(inner, out, began, &header)
    }
}

impl<D: Datagrams, W: Write> Recorder<D, W> {
    /// Begins a recording of a datagram socket.
    pub fn of_datagrams(inner: D, out: W) -> Self {
        let (began, began_ms) = (inner.clock().now(), inner.clock().wall_ms());
        let local = Some(inner.local_address());
        let header = Header { schema: SCHEMA.to_owned(), link: inner.name().to_owned(), local, began_ms };
        Self::begin(inner, out, began, &header)
    }
}

impl<T, W: Write> Recorder<T, W> {
    /// Tells whether the recording is complete, also when the recorder itself is boxed away.
    pub fn status(&self) -> RecordingStatus {
        self.status.clone()
    }

    /// Keeps only the beginning and the length of files that the host sends. A replay does not compare the rest.
    #[must_use]
    pub fn without_content(mut self) -> Self {
        self.content = Content::Hidden;
        self
    }

    /// What is kept of `bytes`, and how many more there were.
    fn kept(&self, bytes: &[u8], head: usize, is_content: bool) -> (Vec<u8>, u64) {
        let hide = self.content == Content::Hidden && is_content && bytes.len() > SHORTEST_CONTENT;
        let kept = &bytes[..if hide { head } else { bytes.len() }];
        (kept.to_vec(), (bytes.len() - kept.len()) as u64)
    }

    fn begin(inner: T, out: W, began: Moment, header: &Header) -> Self {
        let status = RecordingStatus::default();
        let mut recorder = Self { inner, out, began, status, disconnected: false, content: Content::Kept };
        recorder.write_line(header);
        recorder
    }

    fn record(&mut self, now: Moment, what: Recorded) {
        let at_us = u64::try_from(now.since(self.began).as_micros()).unwrap_or(u64::MAX);
        self.write_line(&Entry { at_us, what });
    }

    fn record_failure(&mut self, now: Moment, error: &LinkError) {
        if matches!(error, LinkError::Disconnected { .. }) && !self.disconnected {
            self.disconnected = true;
            self.record(now, Recorded::Disconnected);
        }
    }

    fn write_line(&mut self, line: &impl Serialize) {
        if self.status.is_failed() {
            return;
        }
        let written = serde_json::to_vec(line).map_err(io::Error::from).and_then(|mut text| {
            text.push(b'\n');
            self.out.write_all(&text)
        });
        if let Err(error) = written {
            *self.status.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

impl<T, W: Write> Drop for Recorder<T, W> {
    fn drop(&mut self) {
        if let Err(error) = self.out.flush()
            && !self.status.is_failed()
        {
            *self.status.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
    }
}

impl<L: Link, W: Write + Send> Link for Recorder<L, W> {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        let result = self.inner.read(buffer, deadline);
        let now = self.inner.clock().now();
        match &result {
            Ok(0) => {}
            Ok(count) => self.record(now, Recorded::Received { data: buffer[..*count].to_vec() }),
            Err(error) => self.record_failure(now, error),
        }
        result
    }

    fn write_all(&mut self, bytes: &[u8], deadline: Deadline) -> Result<(), LinkError> {
        // The moment before: what the unit answers may come while the write still runs.
        let now = self.inner.clock().now();
        let result = self.inner.write_all(bytes, deadline);
        match &result {
            Ok(()) if bytes.is_empty() => {}
            Ok(()) => {
                let is_text =
                    |byte: &u8| (0x20..0x7F).contains(byte) || matches!(byte, b'\r' | b'\n' | b'\t');
                let (data, hidden) = self.kept(bytes, STREAM_HEAD, !bytes.iter().all(is_text));
                self.record(now, Recorded::Sent { data, hidden });
            }
            Err(error) => self.record_failure(now, error),
        }
        result
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        let result = self.inner.set_line_rate(bits_per_second);
        let now = self.inner.clock().now();
        match &result {
            Ok(()) => self.record(now, Recorded::LineRate { bits_per_second }),
            Err(error) => self.record_failure(now, error),
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

impl<D: Datagrams, W: Write + Send> Datagrams for Recorder<D, W> {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        let result = self.inner.receive(buffer, deadline);
        let now = self.inner.clock().now();
        match &result {
            Ok((count, peer)) => {
                let data = buffer[..*count].to_vec();
                self.record(now, Recorded::DatagramReceived { peer: *peer, data });
            }
            Err(error) => self.record_failure(now, error),
        }
        result
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        let now = self.inner.clock().now();
        let result = self.inner.send(datagram, to);
        match &result {
            Ok(()) => {
                let (data, hidden) = self.kept(datagram, DATAGRAM_HEAD, true);
                self.record(now, Recorded::DatagramSent { peer: to, data, hidden });
            }
            Err(error) => self.record_failure(now, error),
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

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Bytes as lower-case hexadecimal digits.
mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xF]);
        let text: String = digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect();
        serializer.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(D::Error::custom("an odd number of hexadecimal digits"));
        }
        let digit = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
        let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
        bytes.collect::<Option<_>>().ok_or_else(|| D::Error::custom("not hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::{DatagramScript, PEER, Script, at_ms, read_all};

    #[test]
    fn a_stream_is_recorded_line_by_line() {
        let mut out = Vec::new();
        let mut link = Recorder::of_stream(Script::new(&[(20, b"ok\xFF")]).ending(), &mut out);
        link.write_all(b"go", Deadline::at(at_ms(1))).unwrap();
        assert!(link.read(&mut [0; 4], Deadline::at(at_ms(1))).unwrap_err().is_timeout());
        assert_eq!(read_all(&mut link, Duration::from_secs(1)), b"ok\xFF");
        assert!(link.read(&mut [0; 4], Deadline::at(at_ms(1))).is_err());
        link.set_line_rate(9600).unwrap();
        assert!(link.status().take_failure().is_none());
        drop(link);
        let expected = r#"{"schema":"debrick.recording/1","link":"script","began_ms":1767225600000}
{"at_us":0,"event":"sent","data":"676f"}
{"at_us":20000,"event":"received","data":"6f6bff"}
{"at_us":20000,"event":"disconnected"}
{"at_us":20000,"event":"line-rate","bits_per_second":9600}
"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn datagrams_are_recorded_with_their_peer() {
        let mut out = Vec::new();
        let mut socket = Recorder::of_datagrams(DatagramScript::new(&[(3, b"\x01")]), &mut out);
        socket.send(b"\x02", PEER).unwrap();
        socket.receive(&mut [0; 4], Deadline::at(at_ms(9))).unwrap();
        drop(socket);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#""local":"10.0.0.2:4000""#), "{text}");
        assert!(text.contains(r#"{"at_us":0,"event":"datagram-sent","peer":"10.0.0.1:69","data":"02"}"#));
        assert!(
            text.contains(r#"{"at_us":3000,"event":"datagram-received","peer":"10.0.0.1:69","data":"01"}"#)
        );
    }

    #[test]
    fn of_files_that_are_sent_only_the_beginning_is_kept() {
        let mut out = Vec::new();
        let mut link = Recorder::of_stream(Script::new(&[]), &mut out).without_content();
        let block = [&[2, 1, 0xFE][..], &[7; 1026]].concat();
        for bytes in [&b"setenv a a command that is longer than sixteen letters\n"[..], &block, b"\x04"] {
            link.write_all(bytes, Deadline::at(at_ms(1))).unwrap();
        }
        drop(link);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#""data":"736574656e76"#), "{text}");
        assert!(text.contains(r#"{"at_us":0,"event":"sent","data":"0201fe","hidden":1026}"#), "{text}");
        assert!(text.contains(r#""data":"04"}"#), "{text}");

        let mut out = Vec::new();
        let mut socket = Recorder::of_datagrams(DatagramScript::new(&[]), &mut out).without_content();
        socket.send(&[&[0, 3, 0, 1][..], &[7; 512]].concat(), PEER).unwrap();
        drop(socket);
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains(r#""data":"00030001","hidden":512}"#), "{text}");
    }

    /// Takes some bytes, then is full.
    struct FullDisk(usize);

    impl Write for FullDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_stops_the_recording_and_not_the_link() {
        let script = Script::new(&[]);
        let sent = script.sent.clone();
        let mut link = Recorder::of_stream(script, FullDisk(120));
        let status = link.status();
        for _ in 0..5 {
            link.write_all(b"data", Deadline::at(at_ms(1))).unwrap();
        }
        assert_eq!(sent.lock().unwrap().len(), 5);
        assert_eq!(status.take_failure().unwrap().kind(), io::ErrorKind::StorageFull);
    }
}
