//! The device half: a bootloader with a page. After u-boot_mod's server on uIP 0.9 (u-boot/httpd/httpd.c) and MediaTek's
//! failsafe server (bl-mt798x, failsafe/failsafe.c); what others do differently are quirks.

mod config;
mod pages;
mod request;

use std::collections::BTreeMap;
use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Channel, Device, Input, Output};
use md5::{Digest, Md5};

use crate::verdict::Reason;

pub use config::{Confirmation, HttpConfig, HttpQuirks};
use pages::Pages;
use request::{Fed, Part, Request};

/// Most connections at once; uIP is built with about this many.
const MOST_CONNECTIONS: usize = 8;

/// The longest segment of TCP on Ethernet, in bytes.
const SEGMENT: usize = 1460;

/// What a stack that can be overrun takes at once whatever its pace.
const BURST: u64 = 64 * 1024;

/// What happened to the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpEvent {
    /// A page was asked for.
    Asked {
        /// Its path.
        path: String,
    },
    /// An upload came in, whole.
    Took {
        /// Field that it came in.
        field: String,
        /// Bytes.
        bytes: u64,
    },
    /// It did not take an image.
    Refused(Reason),
    /// It was told to go on.
    Confirmed,
    /// It wrote the image.
    Wrote {
        /// Bytes.
        bytes: u64,
    },
    /// It said so, and wrote nothing.
    Lied,
    /// It was sent more than it could take.
    Overrun,
    /// It reset a connection instead of answering.
    Reset,
    /// It took an image, and said nothing.
    Mute,
    /// It had no connection left.
    TurnedAway,
    /// It hung up in the middle.
    Dropped,
    /// It answered a request before its body had come.
    AnsweredEarly,
    /// It damaged what came.
    Damaged,
    /// Its settings were cleared.
    Cleared,
}

/// A bootloader with a page. It takes one image; then it restarts, and this is over.
#[derive(Debug)]
pub struct HttpDevice {
    config: HttpConfig,
    connections: BTreeMap<Channel, Connection>,
    pages: Pages,
    /// Whether it has begun to write, and answers nobody any more.
    is_busy: bool,
    /// What was received and waits for a yes.
    pending: Option<Vec<u8>>,
    /// What was received, and on which connection, while it is being judged.
    judged: Option<(Channel, Vec<u8>)>,
    /// When the last connection was closed.
    closed: Option<Moment>,
    has_dropped: bool,
    /// What its storage holds for firmware.
    written: Option<Vec<u8>>,
    events: Vec<HttpEvent>,
}

#[derive(Debug)]
struct Connection {
    opened: Moment,
    /// When it will have worked off what came last.
    busy_until: Moment,
    request: Request,
    /// The answer, and when it is sent.
    answer: Option<(Moment, Answer)>,
}

#[derive(Debug)]
struct Answer {
    bytes: Vec<u8>,
    /// What becomes of the image when it is sent.
    then: Then,
}

#[derive(Debug)]
enum Then {
    Nothing,
    Judge(Vec<u8>),
    Write(Vec<u8>),
}

impl HttpDevice {
    /// A bootloader that listens.
    pub fn new(config: HttpConfig) -> Self {
        let pages = Pages::new(&config);
        Self {
            config,
            connections: BTreeMap::new(),
            pages,
            is_busy: false,
            pending: None,
            judged: None,
            closed: None,
            has_dropped: false,
            written: None,
            events: Vec::new(),
        }
    }

    /// How it behaves.
    pub fn config(&self) -> &HttpConfig {
        &self.config
    }

    /// The image that [`conclude`](Self::conclude) is waited for with.
    pub fn judged(&self) -> Option<&[u8]> {
        self.judged.as_ref().map(|(_, image)| image.as_slice())
    }

    /// Says what it thinks of the image: takes it, or refuses it with a reason and words. From then on it answers nobody else,
    /// if it took it.
    pub fn conclude(&mut self, refusal: Option<(Reason, &str)>, now: Moment, out: &mut Vec<Output>) {
        let Some((channel, image)) = self.judged.take() else { return };
        let (span, answer) = match refusal {
            Some((reason, words)) => {
                self.events.push(HttpEvent::Refused(reason));
                let bytes = self.pages.refused_with(words, self.config.quirks);
                (Duration::ZERO, Answer { bytes, then: Then::Nothing })
            }
            None => {
                self.is_busy = true;
                self.write(image)
            }
        };
        match self.connections.get_mut(&channel) {
            Some(connection) => connection.answer = Some((now + span, answer)),
            // Whoever hung up is not answered, and it is written all the same.
            None => {
                if let Then::Write(image) = answer.then {
                    self.keep(image);
                }
            }
        }
        self.send_due(now, out);
    }

    /// What it has written.
    pub fn written(&self) -> Option<&[u8]> {
        self.written.as_deref()
    }

    /// What has happened, in order.
    pub fn events(&self) -> &[HttpEvent] {
        &self.events
    }

    fn bytes(&mut self, channel: Channel, bytes: &[u8], now: Moment, out: &mut Vec<Output>) {
        let Some(connection) = self.connections.get_mut(&channel) else { return };
        if connection.answer.is_some() || self.judged.as_ref().is_some_and(|(judged, _)| *judged == channel) {
            return;
        }
        let quirks = self.config.quirks;
        let fed = connection.request.feed(bytes, &self.config);
        if let Some(rate) = quirks.overrun_above {
            let open_for = now.since(connection.opened).as_millis();
            let may = BURST + u64::try_from(u128::from(rate) * open_for / 1000).unwrap_or(u64::MAX);
            if connection.request.received() > may {
                self.events.push(HttpEvent::Overrun);
                return self.hang_up(channel, now, out);
            }
        }
        if let Some(takes) = quirks.one_segment {
            if bytes.len() > SEGMENT || now < connection.busy_until {
                self.events.push(HttpEvent::Overrun);
                return self.hang_up(channel, now, out);
            }
            connection.busy_until = now + takes;
        }
        if quirks.drops_once_after.is_some_and(|most| connection.request.received() > most)
            && connection.request.is_post()
            && !self.has_dropped
        {
            self.has_dropped = true;
            self.events.push(HttpEvent::Dropped);
            return self.hang_up(channel, now, out);
        }
        match fed {
            Fed::More => {}
            Fed::Broken => self.hang_up(channel, now, out),
            Fed::WithoutBody if quirks.answers_early => {
                self.events.push(HttpEvent::AnsweredEarly);
                let bytes = self.pages.index(quirks);
                out.push(Output::Bytes(channel, bytes));
                self.hang_up(channel, now, out);
            }
            Fed::WithoutBody => {}
            Fed::Whole => {
                let worked_off = quirks.works_off.filter(|rate| *rate > 0).map_or(Duration::ZERO, |rate| {
                    Duration::from_micros(connection.request.received().saturating_mul(1_000_000) / rate)
                });
                let ready = (connection.opened + worked_off).max(now);
                let request = std::mem::take(&mut connection.request);
                let (span, answer) = self.answer(request);
                if let Some(connection) = self.connections.get_mut(&channel) {
                    connection.answer = Some((ready + span, answer));
                }
                self.send_due(now, out);
            }
        }
    }

    /// The answer to a request, and how long it takes.
    fn answer(&mut self, request: Request) -> (Duration, Answer) {
        let quirks = self.config.quirks;
        let plain = |bytes| (Duration::ZERO, Answer { bytes, then: Then::Nothing });
        let path = request.path().to_owned();
        if !request.is_post() {
            self.events.push(HttpEvent::Asked { path: path.clone() });
            return match path.as_str() {
                "/" | "/index.html" | "/index.htm" => plain(self.pages.index(quirks)),
                "/index.js" if self.config.confirms == Confirmation::Digest => {
                    plain(self.pages.script(quirks))
                }
                "/result" if self.config.confirms == Confirmation::Digest => self.go_on(),
                "/do.htm?cmd=nvram+erase" => {
                    self.events.push(HttpEvent::Cleared);
                    plain(self.pages.done(quirks))
                }
                _ => plain(self.pages.not_found(quirks)),
            };
        }
        if self.config.confirms == Confirmation::Form && path == "/confirm" {
            return self.go_on();
        }
        match request.into_file(&self.config) {
            Ok(part) => self.take(part),
            Err(reason) => self.refuse(reason),
        }
    }

    fn refuse(&mut self, reason: Reason) -> (Duration, Answer) {
        self.events.push(HttpEvent::Refused(reason));
        let bytes = match self.config.confirms {
            Confirmation::Digest => self.pages.words("fail", self.config.quirks),
            _ => self.pages.refused(reason, self.config.quirks),
        };
        (Duration::ZERO, Answer { bytes, then: Then::Nothing })
    }

    fn take(&mut self, part: Part) -> (Duration, Answer) {
        let Part { field, mut image } = part;
        self.events.push(HttpEvent::Took { field, bytes: image.len() as u64 });
        if let Some(byte) = self.config.quirks.damages_byte
            && let Some(byte) = usize::try_from(byte).ok().and_then(|at| image.get_mut(at))
        {
            *byte ^= 0x10;
            self.events.push(HttpEvent::Damaged);
        }
        if let Some((begin, reason)) = &self.config.wants
            && !image.starts_with(begin)
        {
            let reason = *reason;
            return self.refuse(reason);
        }
        let md5: String = Md5::digest(&image).iter().map(|byte| format!("{byte:02x}")).collect();
        let quirks = self.config.quirks;
        let bytes = match self.config.confirms {
            Confirmation::No => return self.decide(image),
            Confirmation::Digest => self.pages.words(&format!("{} {md5}", image.len()), quirks),
            Confirmation::Form => self.pages.confirmation(image.len(), &md5, quirks),
        };
        self.pending = Some(image);
        (Duration::ZERO, Answer { bytes, then: Then::Nothing })
    }

    fn go_on(&mut self) -> (Duration, Answer) {
        match self.pending.take() {
            Some(image) => {
                self.events.push(HttpEvent::Confirmed);
                self.decide(image)
            }
            None => {
                let bytes = self.pages.words("failed", self.config.quirks);
                (Duration::ZERO, Answer { bytes, then: Then::Nothing })
            }
        }
    }

    fn decide(&mut self, image: Vec<u8>) -> (Duration, Answer) {
        if self.config.judges {
            return self.write(image);
        }
        (Duration::ZERO, Answer { bytes: Vec::new(), then: Then::Judge(image) })
    }

    fn write(&mut self, image: Vec<u8>) -> (Duration, Answer) {
        let quirks = self.config.quirks;
        let bytes = match self.config.confirms {
            Confirmation::Digest => self.pages.words("success", quirks),
            _ => self.pages.done(quirks),
        };
        if quirks.lies {
            self.events.push(HttpEvent::Lied);
            return (self.config.silent_for, Answer { bytes, then: Then::Nothing });
        }
        (self.config.silent_for, Answer { bytes, then: Then::Write(image) })
    }

    fn send_due(&mut self, now: Moment, out: &mut Vec<Output>) {
        let is_due = |connection: &Connection| connection.answer.as_ref().is_some_and(|(at, _)| *at <= now);
        let due: Vec<Channel> =
            self.connections.iter().filter(|(_, it)| is_due(it)).map(|(channel, _)| *channel).collect();
        for channel in due {
            let Some(connection) = self.connections.get_mut(&channel) else { continue };
            let Some((_, answer)) = connection.answer.take() else { continue };
            let (writes, quirks) = (matches!(answer.then, Then::Write(_)), self.config.quirks);
            match answer.then {
                Then::Judge(image) => {
                    self.judged = Some((channel, image));
                    continue;
                }
                Then::Write(image) => self.keep(image),
                Then::Nothing => {}
            }
            if writes && quirks.mute {
                // The connection stays open, and nobody is there any more.
                self.events.push(HttpEvent::Mute);
                self.connections.remove(&channel);
                continue;
            }
            if writes && quirks.resets {
                self.events.push(HttpEvent::Reset);
            } else {
                out.push(Output::Bytes(channel, answer.bytes));
            }
            self.hang_up(channel, now, out);
        }
    }

    fn has_room(&self, now: Moment) -> bool {
        match self.config.quirks.one_connection_after {
            None => self.connections.len() < MOST_CONNECTIONS,
            Some(rest) => {
                self.connections.is_empty() && self.closed.is_none_or(|closed| now.since(closed) >= rest)
            }
        }
    }

    fn keep(&mut self, image: Vec<u8>) {
        self.events.push(HttpEvent::Wrote { bytes: image.len() as u64 });
        self.written = Some(image);
        self.is_busy = true;
    }

    fn hang_up(&mut self, channel: Channel, now: Moment, out: &mut Vec<Output>) {
        self.connections.remove(&channel);
        self.closed = Some(now);
        out.push(Output::Closed(channel));
    }
}

impl Device for HttpDevice {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        match input {
            Input::Connected(channel, to) => {
                let has_room = self.has_room(now);
                if self.is_busy || to != self.config.listen || !has_room {
                    if !has_room {
                        self.events.push(HttpEvent::TurnedAway);
                    }
                    out.push(Output::Closed(channel));
                } else {
                    let request = Request::default();
                    let connection = Connection { opened: now, busy_until: now, request, answer: None };
                    self.connections.insert(channel, connection);
                }
            }
            Input::Bytes(channel, bytes) => self.bytes(channel, bytes, now, out),
            // Whoever hangs up is not answered; what is being written is written all the same.
            Input::Closed(channel) => {
                let connection = self.connections.remove(&channel);
                if connection.is_some() {
                    self.closed = Some(now);
                }
                match connection.and_then(|connection| connection.answer) {
                    Some((_, Answer { then: Then::Write(image), .. })) => self.keep(image),
                    Some((_, Answer { then: Then::Judge(image), .. })) => {
                        self.judged = Some((channel, image))
                    }
                    _ => {}
                }
            }
            Input::Tick => self.send_due(now, out),
            Input::Datagram { .. } | Input::Frame(_) => {}
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.connections.values().filter_map(|connection| connection.answer.as_ref().map(|(at, _)| *at)).min()
    }
}
