//! A bootloader's recovery door: a button that it looks at while it starts. Held for the right time, the unit does not
//! start its system but takes a file over the network, looks at it, and writes it; released too early or held for too
//! long, it starts as always.

mod speaker;

use std::net::SocketAddr;
use std::time::Duration;

use debrick_http_upload::device::HttpEvent;
use debrick_link::Moment;
use debrick_link::simulated::{Input, Output};
use debrick_model::MacAddress;

use crate::fdt::{self, Bytes};
use speaker::{Over, Speaker};

pub use speaker::Speech;

/// How long the bootloader waits after a file that it does not like.
const AFTER_REFUSAL: Duration = Duration::from_secs(3);

/// The most events of a page that are kept.
const MOST_PAGE_EVENTS: usize = 4096;
/// How long a system in memory takes to start.
const UNPACKS: Duration = Duration::from_secs(25);

/// What the bootloader says of a file that it does not take.
const NOT_FOR_THIS: &str = "firmware check failed: this image is not for this device";

/// How a door is built. Times are since the power came on.
#[derive(Debug, Clone)]
pub struct Door {
    /// When the bootloader first looks at the button: it must be held by then.
    pub looks: Duration,
    /// How long it must be held, at least.
    pub least: Duration,
    /// How long it may be held, at most.
    pub most: Duration,
    /// How long after the start of recovery or system the network port gets its link.
    pub link_after: Duration,
    /// For how long it is open, before the unit starts as always; `None` for ever.
    pub open_for: Option<Duration>,
    /// How the file comes in.
    pub speech: Speech,
    /// Whether it opens at every start, without a button.
    pub by_itself: bool,
    /// At how many starts it is over before the network port has a link, as behind a slow switch.
    pub late_links: u32,
    /// How long the bootloader erases and writes; what it says meanwhile is its protocol's. EVA has its own speed.
    pub writes_for: Duration,
    /// Whether it says that it took the file, and writes nothing.
    pub lies: bool,
    /// Whether it starts the file in memory, and writes nothing.
    pub in_memory: bool,
    /// The Ethernet address that the bootloader listens at, where that is not the unit's own; it answers no ARP then.
    pub station: Option<MacAddress>,
}

impl Door {
    /// A door of usual times with this speech.
    pub fn of(speech: Speech) -> Self {
        let by_itself = speech.opens_by_itself();
        Self {
            looks: Duration::from_secs(1),
            least: Duration::from_secs(5),
            most: Duration::from_secs(12),
            link_after: Duration::from_secs(2),
            open_for: None,
            speech,
            by_itself,
            late_links: 0,
            writes_for: Duration::from_secs(90),
            lies: false,
            in_memory: false,
            station: None,
        }
    }

    /// A door that opens for some seconds at every start, answers no ARP, and takes what is pushed to this station.
    pub fn at_station(station: MacAddress) -> Self {
        Self {
            by_itself: true,
            open_for: Some(Duration::from_secs(8)),
            station: Some(station),
            ..Self::of(Speech::push())
        }
    }
}

/// Where it stands.
#[derive(Debug)]
enum Stand {
    /// Nobody has switched the unit on.
    Off,
    /// The bootloader waits to look, or looks, at the button.
    Looking { began: Moment },
    /// The system was let start.
    Passed { at: Moment },
    /// The unit takes its file, as soon as the network port has a link.
    Open { since: Moment, speaker: Option<Speaker>, image: Vec<u8> },
    /// It did not like its file, and begins anew then.
    Refused { since: Moment, until: Moment },
    /// It writes its file until then; some have something to say meanwhile.
    Writing { since: Moment, until: Moment, image: Vec<u8>, speaker: Option<Speaker> },
}

/// What the unit has to do now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing.
    Stay,
    /// Start as always.
    Start,
    /// Say this on the console.
    Say(String),
    /// Write this to the firmware's region, and start as always.
    Install(Vec<u8>),
    /// Start the system that came in, in memory.
    Run,
}

/// A door in a unit.
#[derive(Debug)]
pub(crate) struct DoorState {
    door: Door,
    is_held: bool,
    /// Whether it opens by itself at this start.
    opens: bool,
    stand: Stand,
    page_events: Vec<HttpEvent>,
}

impl DoorState {
    pub(crate) fn new(door: Door) -> Self {
        Self { door, is_held: false, opens: false, stand: Stand::Off, page_events: Vec::new() }
    }

    pub(crate) fn power_on(&mut self, now: Moment) {
        self.opens = self.door.by_itself && self.door.late_links == 0;
        self.door.late_links = self.door.late_links.saturating_sub(1);
        self.stand = Stand::Looking { began: now };
    }

    pub(crate) fn power_off(&mut self) {
        self.stand = Stand::Off;
    }

    pub(crate) fn hold(&mut self, is_held: bool, now: Moment) -> Turn {
        let was_held = std::mem::replace(&mut self.is_held, is_held);
        let Stand::Looking { began } = self.stand else { return Turn::Stay };
        let held = now.since(began);
        if !was_held || is_held || held < self.door.looks {
            return Turn::Stay;
        }
        if held < self.door.least || held > self.door.most {
            self.stand = Stand::Passed { at: now };
            return Turn::Start;
        }
        self.stand = Stand::Open { since: now, speaker: None, image: Vec::new() };
        Turn::Say("\r\nRecovery: the button was held.\r\n".into())
    }

    /// When something happens next.
    pub(crate) fn next_wake(&self) -> Option<Moment> {
        match &self.stand {
            Stand::Off | Stand::Passed { .. } => None,
            Stand::Looking { began } if self.is_held => Some(*began + self.door.most),
            Stand::Looking { began } => Some(*began + self.door.looks),
            Stand::Open { since, speaker: None, .. } => Some(*since + self.door.link_after),
            Stand::Open { since, speaker: Some(speaker), image } => {
                let closes = self.door.open_for.map(|span| *since + span).filter(|_| image.is_empty());
                speaker.next_wake().into_iter().chain(closes).min()
            }
            Stand::Refused { until, .. } => Some(*until),
            Stand::Writing { until, speaker, .. } => {
                speaker.as_ref().and_then(Speaker::next_wake).into_iter().chain([*until]).min()
            }
        }
    }

    /// Lets happen what is due; `model` is what the unit is, as firmware for it is called.
    pub(crate) fn step(
        &mut self,
        now: Moment,
        unit: SocketAddr,
        model: &str,
        send: &mut Vec<Output>,
    ) -> Turn {
        match &mut self.stand {
            Stand::Looking { began } => {
                let after = now.since(*began);
                let decides = if self.is_held { self.door.most } else { self.door.looks };
                if after < decides {
                    return Turn::Stay;
                }
                if self.opens {
                    self.stand = Stand::Open { since: now, speaker: None, image: Vec::new() };
                    return Turn::Say("\r\nRecovery: waiting for somebody on the network.\r\n".into());
                }
                self.stand = Stand::Passed { at: now };
                Turn::Start
            }
            Stand::Open { since, speaker, image } => {
                let opens = *since + self.door.link_after;
                let closes = self.door.open_for.map(|span| *since + span);
                match speaker {
                    None if now < opens => return Turn::Stay,
                    None => *speaker = Some(Speaker::start(&self.door, unit, now, send)),
                    // Who has begun to take a file goes on.
                    Some(_) if image.is_empty() && closes.is_some_and(|closes| closes <= now) => {
                        self.stand = Stand::Passed { at: now };
                        return Turn::Start;
                    }
                    Some(speaker) => speaker.tick(now, send),
                }
                self.settle(now, model, send)
            }
            Stand::Refused { since, until } if *until <= now => {
                self.stand = Stand::Open { since: *since, speaker: None, image: Vec::new() };
                Turn::Stay
            }
            Stand::Writing { until, image, .. } if *until <= now => {
                let image = std::mem::take(image);
                self.stand = Stand::Passed { at: now };
                match (self.door.lies, self.door.in_memory) {
                    (true, _) => Turn::Start,
                    (_, true) => Turn::Run,
                    _ => Turn::Install(image),
                }
            }
            Stand::Writing { speaker: Some(speaker), .. } => {
                speaker.tick(now, send);
                self.note_page_events();
                Turn::Stay
            }
            _ => Turn::Stay,
        }
    }

    /// What has happened on the page of the door, so far as it was kept.
    pub(crate) fn page_events(&self) -> &[HttpEvent] {
        &self.page_events
    }

    /// Keeps what has happened on the page.
    fn note_page_events(&mut self) {
        if let Stand::Open { speaker: Some(speaker), .. } | Stand::Writing { speaker: Some(speaker), .. } =
            &mut self.stand
        {
            let room = MOST_PAGE_EVENTS.saturating_sub(self.page_events.len());
            self.page_events.extend(speaker.take_page_events().into_iter().take(room));
        }
    }

    /// Takes a datagram that came to the unit.
    pub(crate) fn on_datagram(
        &mut self,
        (from, to): (SocketAddr, SocketAddr),
        payload: &[u8],
        now: Moment,
        model: &str,
        send: &mut Vec<Output>,
    ) -> Turn {
        let Stand::Open { speaker: Some(speaker), .. } = &mut self.stand else { return Turn::Stay };
        speaker.on_datagram(from, to, payload, now, send);
        self.settle(now, model, send)
    }

    /// Takes a frame, or what happens on a TCP connection. Nobody may connect unless a protocol wants it.
    pub(crate) fn on_input(
        &mut self,
        input: Input<'_>,
        now: Moment,
        model: &str,
        send: &mut Vec<Output>,
    ) -> Turn {
        match (&mut self.stand, input) {
            (Stand::Open { speaker: Some(speaker), .. }, input) => {
                speaker.on_input(input, now, send);
                self.note_page_events();
                self.settle(now, model, send)
            }
            (Stand::Writing { speaker: Some(speaker), .. }, input) => {
                speaker.on_input(input, now, send);
                self.note_page_events();
                Turn::Stay
            }
            (_, Input::Connected(channel, _)) => {
                send.push(Output::Closed(channel));
                Turn::Stay
            }
            _ => Turn::Stay,
        }
    }

    /// Looks at what has come in, and decides once it is whole.
    fn settle(&mut self, now: Moment, model: &str, send: &mut Vec<Output>) -> Turn {
        let Stand::Open { since, speaker: Some(speaker), image } = &mut self.stand else { return Turn::Stay };
        let since = *since;
        speaker.judge(&|image| is_firmware_for(image, model), now, send);
        if let Some(over) = speaker.over() {
            self.stand = Stand::Passed { at: now };
            return match over {
                Over::Wrote(image) if !self.door.lies => Turn::Install(image),
                Over::Wrote(_) | Over::LeftAlone => Turn::Start,
            };
        }
        let mut text = speaker.take_text();
        if speaker.receive(image) {
            let is_good = is_firmware_for(image, model);
            speaker.conclude((!is_good).then_some(NOT_FOR_THIS), now, send);
            let image = std::mem::take(image);
            text.push('\n');
            self.note_page_events();
            self.stand = if is_good {
                let (says, lasts) = match self.door.in_memory {
                    true => ("Starting kernel ...\n", UNPACKS),
                    false => ("Writing firmware ...\n", self.door.writes_for),
                };
                text.push_str(says);
                let speaker = self.take_speaker().filter(Speaker::answers_late);
                Stand::Writing { since, until: now + lasts, image, speaker }
            } else {
                text.push_str(NOT_FOR_THIS);
                text.push('\n');
                Stand::Refused { since, until: now + AFTER_REFUSAL }
            };
        } else if speaker.gave_up() {
            self.stand = Stand::Refused { since, until: now + AFTER_REFUSAL };
        }
        if text.is_empty() { Turn::Stay } else { Turn::Say(text.replace('\n', "\r\n")) }
    }

    fn take_speaker(&mut self) -> Option<Speaker> {
        match &mut self.stand {
            Stand::Open { speaker, .. } => speaker.take(),
            _ => None,
        }
    }

    /// The station that the bootloader is while it waits, where that is not the unit.
    pub(crate) fn station(&self) -> Option<MacAddress> {
        self.door.station.filter(|_| self.holds_back())
    }

    /// The Ethernet address that the bootloader has while it waits, where it says that itself.
    pub(crate) fn asks_as(&self) -> Option<MacAddress> {
        let Speech::Boot { asks, .. } = &self.door.speech else { return None };
        Some(asks.mac).filter(|_| self.holds_back())
    }

    /// Whether the unit is in its recovery mode.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.stand, Stand::Open { .. } | Stand::Refused { .. })
    }

    /// Whether the bootloader still holds the start back.
    pub(crate) fn holds_back(&self) -> bool {
        !matches!(self.stand, Stand::Off | Stand::Passed { .. })
    }

    /// Whether the network port has a link.
    pub(crate) fn has_link(&self, now: Moment) -> bool {
        match &self.stand {
            Stand::Off | Stand::Looking { .. } => false,
            Stand::Passed { at: since }
            | Stand::Open { since, .. }
            | Stand::Refused { since, .. }
            | Stand::Writing { since, .. } => now >= *since + self.door.link_after,
        }
    }
}

/// What a bootloader looks at: the header, that all of it came, and the model that it names.
fn is_firmware_for(image: &[u8], model: &str) -> bool {
    let bytes = Slice(image);
    let is_whole = bytes.word(4).is_some_and(|total| total as usize <= image.len());
    let description = fdt::read(&bytes).and_then(|root| root.text("description", &bytes));
    is_whole && description.is_some_and(|text| text.starts_with(&format!("{model} firmware ")))
}

struct Slice<'a>(&'a [u8]);

impl Bytes for Slice<'_> {
    fn fill(&self, offset: u64, buffer: &mut [u8]) -> bool {
        let Ok(from) = usize::try_from(offset) else { return false };
        let Some(part) = from.checked_add(buffer.len()).and_then(|end| self.0.get(from..end)) else {
            return false;
        };
        buffer.copy_from_slice(part);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firmware::{FirmwareOptions, firmware};

    #[test]
    fn a_bootloader_looks_at_header_length_and_model() {
        let image = firmware("1.0", &FirmwareOptions { size: 64 << 10, ..FirmwareOptions::default() });
        assert!(is_firmware_for(&image, "ACME R1"));
        assert!(!is_firmware_for(&image, "ACME R2"));
        assert!(!is_firmware_for(&image[..image.len() - 8], "ACME R1"));
        assert!(!is_firmware_for(b"hello", "ACME R1"));
    }
}
