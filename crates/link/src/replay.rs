//! Plays a recording back: a link and a socket that answer as the unit did, for as long as the host says what it said.
//!
//! Time is virtual. An answer comes as long after the host's last word as it did in the recording, so a host that is
//! faster or slower than the recorded one meets the same unit. How the bytes were cut into calls does not matter.

pub mod network;

use std::collections::VecDeque;
use std::io::{self, BufRead, Read};
use std::net::SocketAddr;
use std::time::Duration;

use debrick_model::Coded;

use crate::clock::{Clock, Deadline, Moment, VirtualClock};
use crate::datagram::Datagrams;
use crate::error::LinkError;
use crate::record::{Entry, Header, Recorded, SCHEMA};
use crate::stream::Link;

/// Longest line of a recording that is read.
const MOST_LINE_BYTES: usize = 4 << 20;

/// Largest recording that is read, as bytes of recorded data.
const MOST_DATA_BYTES: usize = 512 << 20;

/// How many bytes a message about a divergence shows.
const SHOWN_BYTES: usize = 16;

/// A recording, read and checked.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The first line.
    pub header: Header,
    /// The others, in order.
    pub entries: Vec<Entry>,
}

/// The file is not a recording that this version can play.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// It cannot be read.
    #[error("the recording cannot be read")]
    Read(#[from] io::Error),
    /// It has another format or version.
    #[error("the recording has the format {found:?}, not {SCHEMA:?}")]
    OtherSchema {
        /// What its first line names, or how that begins.
        found: String,
    },
    /// A line is not what it should be.
    #[error("line {line} of the recording is damaged: {reason}")]
    BadLine {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is larger than any session.
    #[error("the recording is too large")]
    TooLarge,
}

/// Plays a recorded byte stream back.
#[derive(Debug)]
pub struct Replay {
    script: Script,
    /// How much of the host's next word it has said.
    said: usize,
    /// Bytes that have come, or will, each with when.
    coming: VecDeque<(Moment, VecDeque<u8>)>,
}

/// Plays a recorded datagram socket back.
#[derive(Debug)]
pub struct ReplayDatagrams {
    script: Script,
    local: SocketAddr,
    coming: VecDeque<(Moment, Vec<u8>, SocketAddr)>,
}

/// What both kinds share: the entries to come, and how replayed time relates to recorded time.
#[derive(Debug)]
struct Script {
    name: String,
    clock: VirtualClock,
    entries: VecDeque<Entry>,
    /// Replayed time of the host's last word, and its recorded time.
    anchor: (Moment, Duration),
    /// Recorded time of the last entry that was used.
    reached: Duration,
    diverged: Option<String>,
    /// When the other end is gone, if that comes before the host's next word.
    ends_at: Option<Moment>,
}

impl Recording {
    /// Reads a recording. A last line that was cut off, as by a crash of the recording program, is left out.
    pub fn read(mut from: impl BufRead) -> Result<Self, RecordingError> {
        let mut line = Vec::new();
        read_line(&mut from, &mut line)?;
        let header = read_header(&line)?;
        let mut entries = Vec::new();
        let mut last_us = 0;
        let mut data_bytes = 0;
        for number in 2.. {
            let complete = read_line(&mut from, &mut line)?;
            if line.is_empty() {
                break;
            }
            let entry: Entry = match serde_json::from_slice(&line) {
                Ok(entry) => entry,
                Err(_) if !complete => break,
                Err(error) => {
                    return Err(RecordingError::BadLine { line: number, reason: error.to_string() });
                }
            };
            if entry.at_us < last_us {
                return Err(RecordingError::BadLine { line: number, reason: "time goes back".to_owned() });
            }
            last_us = entry.at_us;
            data_bytes += line.len() / 2;
            if data_bytes > MOST_DATA_BYTES {
                return Err(RecordingError::TooLarge);
            }
            entries.push(entry);
        }
        Ok(Self { header, entries })
    }
}

/// Reads a line without its end; false when the file ended before the line did.
pub(crate) fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool, RecordingError> {
    line.clear();
    from.take(MOST_LINE_BYTES as u64).read_until(b'\n', line)?;
    if line.pop_if(|byte| *byte == b'\n').is_some() {
        return Ok(true);
    }
    if line.len() == MOST_LINE_BYTES { Err(RecordingError::TooLarge) } else { Ok(false) }
}

fn read_header(line: &[u8]) -> Result<Header, RecordingError> {
    #[derive(serde::Deserialize)]
    struct Schema {
        schema: String,
    }
    let beginning = || String::from_utf8_lossy(&line[..line.len().min(40)]).into_owned();
    let found = serde_json::from_slice(line).map_or_else(|_| beginning(), |Schema { schema }| schema);
    if found != SCHEMA {
        return Err(RecordingError::OtherSchema { found });
    }
    serde_json::from_slice(line)
        .map_err(|error| RecordingError::BadLine { line: 1, reason: error.to_string() })
}

impl Coded for RecordingError {
    fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "recording-unreadable",
            Self::OtherSchema { .. } => "recording-other-schema",
            Self::BadLine { .. } => "recording-bad-line",
            Self::TooLarge => "recording-too-large",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Read(_) => "Check that the file exists and that this user may read it.",
            Self::OtherSchema { .. } => "Choose a file that this version of debrick recorded.",
            Self::BadLine { .. } => "The file was changed or damaged; record the session again.",
            Self::TooLarge => "Record a shorter session.",
        }
        .to_owned()
    }
}

impl Replay {
    /// A link that plays `recording` on `clock`, from now on.
    pub fn new(recording: Recording, clock: VirtualClock) -> Self {
        let mut replay = Self { script: Script::new(recording, clock), said: 0, coming: VecDeque::new() };
        replay.schedule();
        replay
    }

    /// Checks that the host has said everything that the recorded host said.
    pub fn finish(mut self) -> Result<(), LinkError> {
        self.script.finish()
    }

    /// Moves what the unit says before the host's next word to where a read finds it.
    fn schedule(&mut self) {
        let coming = &mut self.coming;
        self.script.schedule(|due, what| match what {
            Recorded::Received { data } if data.is_empty() => {}
            Recorded::Received { data } => coming.push_back((due, data.into())),
            _ => debug_assert!(false, "the host's words are not scheduled"),
        });
    }

    /// Takes up to all of `bytes` from the recorded host's next word; returns how many agreed.
    fn match_sent(&mut self, bytes: &[u8]) -> Result<usize, LinkError> {
        self.script.check_end()?;
        let entry = self.script.entries.front();
        let Some(Entry { at_us, what: Recorded::Sent { data, hidden } }) = entry else {
            let detail = format!("the host sent {}, the recording has {}", show(bytes), in_words(entry));
            return Err(self.script.diverge(detail));
        };
        let at = Duration::from_micros(*at_us);
        // What was not kept may be anything of that length.
        let wanted = data.get(self.said..).unwrap_or_default();
        let left = (data.len() - self.said.min(data.len()))
            + usize::try_from(*hidden)
                .unwrap_or(usize::MAX)
                .saturating_sub(self.said.saturating_sub(data.len()));
        let count = bytes.len().min(left);
        if let Some(index) = (0..count.min(wanted.len())).find(|index| bytes[*index] != wanted[*index]) {
            let (host, recorded) = (show(&bytes[index..]), show(&wanted[index..]));
            let detail = format!("the host sent {host}, the recording has {recorded}");
            return Err(self.script.diverge(detail));
        }
        self.said += count;
        if count == left {
            self.said = 0;
            self.script.entries.pop_front();
            self.script.host_spoke(at);
            self.come_now();
            self.schedule();
        }
        Ok(count)
    }

    /// What the unit had said before the host's word has come by now.
    fn come_now(&mut self) {
        let now = self.script.clock.now();
        for (due, _) in &mut self.coming {
            *due = now.min(*due);
        }
    }
}

impl Link for Replay {
    fn read(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<usize, LinkError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.script.check()?;
        self.script.wait_for(self.coming.front().map(|(due, _)| *due), deadline)?;
        let Some((_, bytes)) = self.coming.front_mut() else { return Err(self.script.timed_out()) };
        let count = buffer.len().min(bytes.len());
        for (slot, byte) in buffer.iter_mut().zip(bytes.drain(..count)) {
            *slot = byte;
        }
        if bytes.is_empty() {
            self.coming.pop_front();
        }
        Ok(count)
    }

    fn write_all(&mut self, bytes: &[u8], _deadline: Deadline) -> Result<(), LinkError> {
        self.script.check()?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let count = self.match_sent(rest)?;
            rest = &rest[count..];
        }
        Ok(())
    }

    fn set_line_rate(&mut self, bits_per_second: u32) -> Result<(), LinkError> {
        self.script.check()?;
        self.script.check_end()?;
        let entry = self.script.entries.front();
        match entry {
            Some(Entry { at_us, what: Recorded::LineRate { bits_per_second: recorded } })
                if *recorded == bits_per_second =>
            {
                let at = Duration::from_micros(*at_us);
                self.script.entries.pop_front();
                self.script.host_spoke(at);
                self.come_now();
                self.schedule();
                Ok(())
            }
            entry => {
                let recorded = in_words(entry);
                let detail = format!(
                    "the host changed the line rate to {bits_per_second}, the recording has {recorded}"
                );
                Err(self.script.diverge(detail))
            }
        }
    }

    fn clock(&self) -> &dyn Clock {
        &self.script.clock
    }

    fn name(&self) -> &str {
        &self.script.name
    }
}

impl ReplayDatagrams {
    /// A socket that plays `recording` on `clock`, from now on.
    pub fn new(recording: Recording, clock: VirtualClock) -> Self {
        let local = recording.header.local.unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 1)));
        let mut replay = Self { script: Script::new(recording, clock), local, coming: VecDeque::new() };
        replay.schedule();
        replay
    }

    /// Checks that the host has sent everything that the recorded host sent.
    pub fn finish(mut self) -> Result<(), LinkError> {
        self.script.finish()
    }

    fn schedule(&mut self) {
        let coming = &mut self.coming;
        self.script.schedule(|due, what| match what {
            Recorded::DatagramReceived { peer, data } => coming.push_back((due, data, peer)),
            _ => debug_assert!(false, "the host's words are not scheduled"),
        });
    }
}

impl Datagrams for ReplayDatagrams {
    fn receive(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<(usize, SocketAddr), LinkError> {
        self.script.check()?;
        self.script.wait_for(self.coming.front().map(|(due, ..)| *due), deadline)?;
        let Some((_, payload, from)) = self.coming.pop_front() else { return Err(self.script.timed_out()) };
        let count = buffer.len().min(payload.len());
        buffer[..count].copy_from_slice(&payload[..count]);
        Ok((count, from))
    }

    fn send(&mut self, datagram: &[u8], to: SocketAddr) -> Result<(), LinkError> {
        self.script.check()?;
        self.script.check_end()?;
        let entry = self.script.entries.front();
        let at = match entry {
            Some(Entry { at_us, what: Recorded::DatagramSent { peer, data, hidden } })
                if *peer == to
                    && datagram.starts_with(data)
                    && (datagram.len() - data.len()) as u64 == *hidden =>
            {
                Duration::from_micros(*at_us)
            }
            entry => {
                let recorded = in_words(entry);
                let detail =
                    format!("the host sent {} to {to}, the recording has {recorded}", show(datagram));
                return Err(self.script.diverge(detail));
            }
        };
        self.script.entries.pop_front();
        self.script.host_spoke(at);
        let now = self.script.clock.now();
        for (due, ..) in &mut self.coming {
            *due = now.min(*due);
        }
        self.schedule();
        Ok(())
    }

    fn local_address(&self) -> SocketAddr {
        self.local
    }

    fn clock(&self) -> &dyn Clock {
        &self.script.clock
    }

    fn name(&self) -> &str {
        &self.script.name
    }
}

impl Script {
    fn new(recording: Recording, clock: VirtualClock) -> Self {
        Self {
            name: recording.header.link,
            anchor: (clock.now(), Duration::ZERO),
            clock,
            entries: recording.entries.into(),
            reached: Duration::ZERO,
            diverged: None,
            ends_at: None,
        }
    }

    /// Hands over what the unit says before the host's next word, with when it comes.
    fn schedule(&mut self, mut hand_over: impl FnMut(Moment, Recorded)) {
        while let Some(entry) = self.entries.front() {
            let (replayed, recorded) = self.anchor;
            let due = replayed + Duration::from_micros(entry.at_us).saturating_sub(recorded);
            match &entry.what {
                Recorded::Received { .. } | Recorded::DatagramReceived { .. } => {}
                Recorded::Disconnected => {
                    self.ends_at.get_or_insert(due);
                    return;
                }
                Recorded::Sent { .. } | Recorded::DatagramSent { .. } | Recorded::LineRate { .. } => return,
            }
            if let Some(entry) = self.entries.pop_front() {
                hand_over(due, entry.what);
            }
        }
    }

    /// The host said what it said `at` this recorded time.
    fn host_spoke(&mut self, at: Duration) {
        self.anchor = (self.clock.now(), at);
        self.reached = at;
    }

    /// Lets time pass until `due` or the deadline.
    fn wait_for(&mut self, due: Option<Moment>, deadline: Deadline) -> Result<(), LinkError> {
        let next = due.or(self.ends_at);
        let Some(next) = next.filter(|next| *next <= deadline.moment().max(self.clock.now())) else {
            self.clock.advance_to(deadline.moment());
            return Err(self.timed_out());
        };
        self.clock.advance_to(next);
        let (replayed, recorded) = self.anchor;
        self.reached = self.reached.max(recorded + next.since(replayed));
        if due.is_some() { Ok(()) } else { Err(self.gone()) }
    }

    /// A host that speaks after the unit was gone in the recording finds it gone.
    fn check_end(&self) -> Result<(), LinkError> {
        if self.ends_at.is_some() { Err(self.gone()) } else { Ok(()) }
    }

    fn gone(&self) -> LinkError {
        LinkError::Disconnected { link: self.name.clone(), source: None }
    }

    fn check(&self) -> Result<(), LinkError> {
        match &self.diverged {
            None => Ok(()),
            Some(detail) => Err(LinkError::ReplayDiverged { at: self.reached, detail: detail.clone() }),
        }
    }

    fn diverge(&mut self, detail: String) -> LinkError {
        self.diverged = Some(detail.clone());
        LinkError::ReplayDiverged { at: self.reached, detail }
    }

    fn finish(&mut self) -> Result<(), LinkError> {
        self.check()?;
        match self.entries.front() {
            None | Some(Entry { what: Recorded::Disconnected, .. }) => Ok(()),
            entry => {
                let detail = format!("the host stopped, the recording has {}", in_words(entry));
                Err(self.diverge(detail))
            }
        }
    }

    fn timed_out(&self) -> LinkError {
        LinkError::TimedOut { link: self.name.clone() }
    }
}

fn in_words(entry: Option<&Entry>) -> String {
    match entry.map(|entry| &entry.what) {
        None => "nothing more".to_owned(),
        Some(Recorded::Sent { data, hidden }) => format!("{}{}", show(data), more(*hidden)),
        Some(Recorded::Received { data }) => show(data),
        Some(Recorded::DatagramSent { peer, data, hidden }) => {
            format!("{}{} to {peer}", show(data), more(*hidden))
        }
        Some(Recorded::DatagramReceived { peer, data }) => format!("{} from {peer}", show(data)),
        Some(Recorded::LineRate { bits_per_second }) => {
            format!("a change of the line rate to {bits_per_second}")
        }
        Some(Recorded::Disconnected) => "the end of the link".to_owned(),
    }
}

fn more(hidden: u64) -> String {
    if hidden == 0 { String::new() } else { format!(" and {hidden} bytes that were not kept") }
}

/// The beginning of some bytes, as text where they are text.
fn show(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(SHOWN_BYTES)];
    let more = if shown.len() < bytes.len() { "…" } else { "" };
    format!("\"{}\"{more} ({} bytes)", shown.escape_ascii(), bytes.len())
}

#[cfg(test)]
mod tests;
