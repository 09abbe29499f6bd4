//! The unit has a web page that takes a file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use debrick_coach::Seen;
use debrick_http_upload::{Page as Html, UploadOptions, Uploader};
use debrick_link::{Deadline, LinkError, Moment, Network};
use debrick_model::{Coded as _, MacAddress, Observation, Property};
use debrick_target::{Opaque, Silent, Source, TargetError, Watch};

use super::one_station::{kept_for, only_one_at};
use super::{Ear, Shown, Way};
use crate::error::EngineError;
use crate::identity::claim;
use crate::tries::Condition;

/// How often the page is knocked at.
const KNOCK_EVERY: Duration = Duration::from_secs(2);

/// How long a knock may take, while a person holds a button and waits for the word to let go.
const KNOCK_TIME: Duration = Duration::from_millis(250);

/// How long the page may take once it is opened.
const PAGE_TIME: Duration = Duration::from_secs(4);

/// How much is sent at once, and in a second, to a stack that lost its way before, in bytes.
const SMALL_PIECE: usize = 512;
const SLOW_RATE: u64 = 48 * 1024;

/// What is kept of a page's words, in bytes.
const MOST_WORDS: usize = 400;

/// Codes of what a page says when it does not want an image.
pub(super) const REFUSALS: &[&str] = &[
    "http-rejected",
    "http-rejected-region",
    "http-rejected-header",
    "http-rejected-size",
    "http-rejected-checksum",
    "http-rejected-signature",
];

/// Codes of silence after all of it was sent.
pub(super) const SILENCES: &[&str] = &["http-no-verdict"];

/// Codes of what stays as it is until a person changes something: the page, or its record.
pub(super) const FINAL: &[&str] = &[
    "http-boot-critical",
    "http-ambiguous-form",
    "http-needs-tls",
    "http-needs-password",
    "http-bad-parameter",
];

/// Where the page is, and what the record says of its form.
pub(super) struct Page<'d> {
    pub(super) unit: Ipv4Addr,
    pub(super) host: Ipv4Addr,
    pub(super) port: u16,
    pub(super) path: Option<&'d str>,
    pub(super) field: Option<&'d str>,
    /// The station that it is at, where that is known.
    pub(super) at_door: Option<MacAddress>,
}

impl Page<'_> {
    fn address(&self) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(self.unit), self.port)
    }

    fn options(&self) -> UploadOptions {
        let usual = UploadOptions::default();
        let path = self.path.map_or(usual.path, str::to_owned);
        UploadOptions { path, field: self.field.map(str::to_owned), ..usual }
    }
}

impl Way for Page<'_> {
    /// Such a unit does not care which address of its network this computer has, but it has to have one.
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError> {
        network.bind_datagrams(SocketAddr::new(IpAddr::V4(self.host), 0)).map(drop)
    }

    fn watch(&self, _: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError> {
        let options = UploadOptions { answer_within: KNOCK_TIME, page_within: PAGE_TIME, ..self.options() };
        Ok(Some(Box::new(Knocking { unit: self.address(), options, next: None, last: None })))
    }

    /// Whether the form is still there and can be chosen from, and whether the unit alone has its address: with two of them,
    /// nobody can say which one gets the image.
    fn look_before(&self, network: &mut dyn Network) -> Result<Option<MacAddress>, EngineError> {
        let station = only_one_at(network, self.unit, Duration::ZERO)?;
        kept_for(network, self.unit, station, |network| {
            let found = Uploader::new(network, self.address(), self.options()).find_form(&Silent);
            found.map(drop).map_err(|error| error.into_target("open its page"))
        })?;
        Ok(station)
    }

    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n> {
        let options = match condition {
            Condition::PlainTransfer => {
                UploadOptions { piece: SMALL_PIECE, rate: Some(SLOW_RATE), ..self.options() }
            }
            Condition::AsItIs | Condition::FreshStart => self.options(),
        };
        Box::new(Uploading { network, page: self, options })
    }
}

/// A page that is sent a file, as a target.
struct Uploading<'n> {
    network: &'n mut dyn Network,
    page: &'n Page<'n>,
    options: UploadOptions,
}

impl Opaque for Uploading<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let Self { network, page, options } = self;
        kept_for(&mut **network, page.unit, page.at_door, |network| {
            Uploader::new(network, page.address(), options.clone()).offer(name, image, watch)
        })
    }
}

/// Knocks at the page, and reads it.
struct Knocking {
    unit: SocketAddr,
    options: UploadOptions,
    /// When it is knocked at next.
    next: Option<Moment>,
    /// What was seen the last time: it is told once.
    last: Option<Seen>,
}

impl Ear for Knocking {
    fn hear(&mut self, network: &mut dyn Network, until: Deadline) -> Result<Vec<Shown>, LinkError> {
        let is_due = self.next.is_none_or(|next| next <= until.moment());
        // Nobody is at the other end of a dead cable.
        if !is_due || network.carrier() == Some(false) {
            self.last = self.last.take().filter(|_| !is_due);
            return Ok(rest(network, until));
        }
        let found = Uploader::new(network, self.unit, self.options.clone()).find_form(&Silent);
        self.next = Some(network.clock().now() + KNOCK_EVERY);
        let (seen, said) = match found {
            Ok(opened) => (Seen::Page, said_on(&opened.page)),
            Err(error) => match error.code() {
                "http-no-answer" | "http-link" => {
                    self.last = None;
                    return Ok(rest(network, until));
                }
                "http-needs-password" => (Seen::SystemPage, None),
                // A page of a bootloader, though not one that can be used: why, is said before anything is sent.
                code if FINAL.contains(&code) => (Seen::Page, None),
                _ => (Seen::Answers, None),
            },
        };
        if self.last.as_ref() == Some(&seen) && seen != Seen::Page {
            return Ok(rest(network, until));
        }
        self.last = Some(seen.clone());
        let is_open = seen == Seen::Page;
        Ok(vec![Shown { seen, is_open, said }])
    }
}

/// Waits for the deadline, with nothing to show.
fn rest(network: &dyn Network, until: Deadline) -> Vec<Shown> {
    let clock = network.clock();
    clock.sleep(until.moment().since(clock.now()));
    Vec::new()
}

/// The words of a page: a bootloader may name its unit there.
fn said_on(page: &Html) -> Option<Observation> {
    let title = page.title.as_deref().unwrap_or_default();
    let words = format!("{title} {}", page.text);
    let words = words[..words.floor_char_boundary(MOST_WORDS)].trim();
    let source = "the page of the bootloader".to_owned();
    (!words.is_empty()).then(|| claim(Property::Mention, words, source, "bootloader"))
}

#[cfg(test)]
mod tests {
    use debrick_http_upload::{HttpUploadError, Reason};
    use debrick_link::simulated::{Channel, Device, Input, Output, World};
    use debrick_link::{Clock as _, VirtualClock};

    use super::*;

    /// A unit that answers every request with one page.
    struct Answering {
        answer: &'static str,
        asked: u32,
        has_link: bool,
    }

    impl Device for Answering {
        fn handle(&mut self, input: Input<'_>, _: Moment, out: &mut Vec<Output>) {
            if let Input::Bytes(channel @ Channel::Tcp(_), _) = input {
                self.asked += 1;
                out.push(Output::Bytes(channel, self.answer.as_bytes().to_vec()));
                out.push(Output::Closed(channel));
            }
        }

        fn next_wake(&self) -> Option<Moment> {
            None
        }

        fn carrier(&self, _: Moment) -> bool {
            self.has_link
        }
    }

    const PAGE: Page<'static> = Page {
        unit: Ipv4Addr::new(192, 168, 1, 1),
        host: Ipv4Addr::new(192, 168, 1, 2),
        port: 80,
        path: None,
        field: Some("firmware"),
        at_door: None,
    };

    fn hear(answer: &'static str, has_link: bool) -> (Vec<Shown>, u32, Duration) {
        let clock = VirtualClock::new();
        let world = World::new(Answering { answer, asked: 0, has_link }, clock.clone());
        let mut network = world.network();
        let mut ear = PAGE.watch(&mut network).unwrap().unwrap();
        let mut shown = Vec::new();
        for _ in 0..200 {
            let until = Deadline::after(&clock, Duration::from_millis(50));
            shown.extend(ear.hear(&mut network, until).unwrap());
        }
        let asked = world.with_device(|device| device.asked);
        (shown, asked, clock.now().since_start())
    }

    #[test]
    fn a_bootloaders_page_is_told_from_that_of_a_system() {
        let check = |answer, expected: Option<Seen>| {
            let (shown, asked, _) = hear(answer, true);
            assert_eq!(shown.first().map(|one| one.seen.clone()), expected, "{answer}");
            assert_eq!(shown.iter().any(|one| one.is_open), expected == Some(Seen::Page), "{answer}");
            assert!(asked > 0);
            shown
        };
        let form =
            "HTTP/1.0 200 OK\r\n\r\n<title>ACME R1</title><form method=post><input type=file name=fw></form>";
        let shown = check(form, Some(Seen::Page));
        assert!(shown[0].said.as_ref().unwrap().value.contains("ACME R1"));
        let shown =
            check("HTTP/1.0 200 OK\r\n\r\n<form><input type=password name=p></form>", Some(Seen::SystemPage));
        assert_eq!(shown.len(), 1, "told once");
        check("HTTP/1.0 403 No\r\n\r\n<form><input type=password name=p></form>", Some(Seen::SystemPage));
        check("HTTP/1.0 401 No\r\n\r\n", Some(Seen::SystemPage));
        check("HTTP/1.0 200 OK\r\n\r\n<p>Hello", Some(Seen::Answers));
        check(
            "HTTP/1.0 200 OK\r\n\r\n<form method=post><input type=password name=p><input type=file name=fw></form>",
            Some(Seen::SystemPage),
        );
        // It is the bootloader's, and it is said later why it cannot be used.
        check(
            "HTTP/1.0 200 OK\r\n\r\n<form method=post><input type=file name=uboot></form>",
            Some(Seen::Page),
        );
        check("SSH-2.0-x\r\n", Some(Seen::Answers));
    }

    #[test]
    fn it_is_knocked_at_every_two_seconds_and_not_without_a_link() {
        let (_, asked, took) = hear("HTTP/1.0 200 OK\r\n\r\n<p>Hello", true);
        assert!((4..=6).contains(&asked), "{asked} in {took:?}");
        let (shown, asked, took) = hear("HTTP/1.0 200 OK\r\n\r\n<p>Hello", false);
        assert!(shown.is_empty() && asked == 0);
        assert_eq!(took, Duration::from_secs(10));
    }

    #[test]
    fn the_codes_are_those_of_the_protocol() {
        let says = String::new();
        let reasons = [
            Reason::Region,
            Reason::Header,
            Reason::Size,
            Reason::Checksum,
            Reason::Signature,
            Reason::Unsaid,
        ];
        for reason in reasons {
            let code = HttpUploadError::Rejected { reason, says: says.clone() }.code();
            assert!(REFUSALS.contains(&code), "{code}");
        }
        // The page came back: that is no word about the image.
        let code = HttpUploadError::Rejected { reason: Reason::NotTaken, says }.code();
        assert!(!REFUSALS.contains(&code));
        assert!(SILENCES.contains(&HttpUploadError::NoVerdict { waited: Duration::ZERO }.code()));
        let fields = Vec::new;
        assert!(FINAL.contains(&HttpUploadError::Ambiguous { fields: fields() }.code()));
        assert!(FINAL.contains(&HttpUploadError::OnlyBootCritical { fields: fields() }.code()));
        assert!(FINAL.contains(&HttpUploadError::NeedsTls { to: String::new() }.code()));
        assert!(FINAL.contains(&HttpUploadError::NeedsPassword { path: String::new() }.code()));
    }
}
