//! What this computer can sense of a device that a person handles: the link of a network port and what is said there, pages,
//! USB devices that come and go, words on the console. Nothing is sent to the device, except that its page is knocked at.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use debrick_catalog::{Device, Method, Protocol, Sign};
use debrick_coach::{Seen, Senses};
use debrick_lan::Word;
use debrick_link::{Datagrams, Deadline, Link, Network};
use debrick_link_os::host::usb_devices;
use debrick_link_os::{OsClock, OsNetwork, own_addresses};

use crate::commands::Context;
use crate::ear::{Ear, Noticed};
use crate::failure::Failure;

/// How often a page is knocked at, and how long it may take to open.
const KNOCK_EVERY: Duration = Duration::from_secs(2);
const KNOCK_TIME: Duration = Duration::from_millis(200);

/// The port of TFTP servers, and of pages.
const TFTP: u16 = 69;
const HTTP: u16 = 80;

/// The longest line of a console that is kept, in bytes.
const LONGEST_LINE: usize = 4096;

/// Everything that is sensed.
pub(crate) struct Sensors {
    lan: Option<Lan>,
    usb: Option<BTreeSet<String>>,
    console: Option<(Box<dyn Link>, Vec<u8>)>,
    page: Option<(SocketAddr, Instant)>,
    network: Option<OsNetwork>,
}

/// A network port.
struct Lan {
    ear: Ear,
    /// The addresses under which the device looks for this computer.
    ours: Vec<Ipv4Addr>,
    /// Whether what the device says there is a sign of this method.
    tells: bool,
    /// Held, so that the system does not tell the device that nobody serves files here.
    _requests: Option<Box<dyn Datagrams>>,
}

impl Sensors {
    /// Opens what a method can be sensed by, of what the person has named.
    pub(crate) fn open(
        context: &Context,
        device: &Device,
        method: &Method,
        interface: Option<&str>,
        console: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut network = interface.map(OsNetwork::on_interface);
        let lan = match (interface, &mut network) {
            (Some(interface), Some(network)) => Some(Lan::open(context, interface, network, device, method)?),
            _ => None,
        };
        let console = match console {
            None => None,
            Some(spec) => Some((debrick_link_os::open(&with_rate(spec, device))?, Vec::new())),
        };
        let has_page = matches!(method.protocol, Some(Protocol::HttpUpload | Protocol::ConsoleHttp));
        let page = method
            .unit
            .filter(|_| has_page && network.is_some())
            .map(|unit| (SocketAddr::new(IpAddr::V4(unit), method.port.unwrap_or(HTTP)), Instant::now()));
        let by_usb = !method.usb.is_empty();
        let usb = by_usb.then(ids);
        Ok(Self { lan, usb, console, page, network })
    }

    /// What can be sensed.
    pub(crate) fn senses(&self) -> Senses {
        Senses {
            link: self.lan.is_some(),
            network: self.page.is_some() || self.lan.as_ref().is_some_and(|lan| lan.tells),
            usb: self.usb.is_some(),
            console: self.console.is_some(),
        }
    }

    /// What has come since the last time.
    pub(crate) fn look(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        if let Some(lan) = &mut self.lan {
            seen.extend(lan.look());
        }
        if let Some(known) = &mut self.usb {
            let now = ids();
            seen.extend(known.difference(&now).cloned().map(Seen::UsbGone));
            seen.extend(now.difference(known).cloned().map(Seen::Usb));
            *known = now;
        }
        self.hear(&mut seen);
        if let (Some((address, due)), Some(network)) = (&mut self.page, &mut self.network)
            && *due <= Instant::now()
        {
            if network.connect_stream(*address, Deadline::after(&OsClock, KNOCK_TIME)).is_ok() {
                seen.push(Seen::Page);
            }
            *due = Instant::now() + KNOCK_EVERY;
        }
        seen
    }

    fn hear(&mut self, seen: &mut Vec<Seen>) {
        let Some((link, line)) = &mut self.console else { return };
        let mut buffer = [0; 4096];
        // A unit that talks without end must not keep the person waiting.
        for _ in 0..16 {
            let Ok(count) = link.read(&mut buffer, at_once()) else { return };
            for byte in &buffer[..count] {
                match byte {
                    b'\n' => {
                        seen.push(Seen::Console(String::from_utf8_lossy(&std::mem::take(line)).into_owned()))
                    }
                    byte if line.len() < LONGEST_LINE => line.push(*byte),
                    _ => {}
                }
            }
        }
    }
}

impl Lan {
    fn open(
        context: &Context,
        interface: &str,
        network: &mut OsNetwork,
        device: &Device,
        method: &Method,
    ) -> Result<Self, Failure> {
        let ear = Ear::open(context, interface)?.hearing_all();
        let mut ours = own_addresses(interface);
        ours.extend(method.host);
        let all = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), TFTP);
        // Another server there, or a missing right, is no hindrance: the ear hears the request all the same.
        let requests = asks_by_tftp(method).then(|| network.bind_datagrams(all).ok()).flatten();
        let entry = device.entry.iter().find(|entry| Some(&entry.name) == method.entry.as_ref());
        let steps = entry.map(|entry| entry.steps_for(method)).unwrap_or_default();
        let is_heard = |sign: &Sign| matches!(sign, Sign::Arp | Sign::Bootp | Sign::TftpRequest { .. });
        let tells = asks_by_tftp(method) || steps.iter().filter_map(|step| step.sign.as_ref()).any(is_heard);
        Ok(Self { ear, ours, tells, _requests: requests })
    }

    fn look(&mut self) -> Vec<Seen> {
        // A port that is gone is noticed as a link that is gone.
        let noticed = self.ear.listen(Duration::ZERO).unwrap_or_default();
        noticed.into_iter().filter_map(|one| self.as_sign(one)).collect()
    }

    fn as_sign(&self, noticed: Noticed) -> Option<Seen> {
        match noticed {
            Noticed::Link(true) => Some(Seen::LinkUp),
            Noticed::Link(false) => Some(Seen::LinkDown),
            Noticed::Heard(heard) => match heard.word {
                Word::AsksFor { wanted } if self.ours.contains(&wanted) => Some(Seen::Arp),
                // Its own system asks for an address, too.
                Word::AsksForAddress(request) if !request.is_of_a_system() => Some(Seen::Bootp),
                Word::AsksForFile { file, sends: false, .. } => Some(Seen::TftpRequest(file)),
                Word::Nmrp { code } if code.is_of_unit() => Some(Seen::Answers),
                Word::Eva { .. } => Some(Seen::Answers),
                _ => None,
            },
        }
    }
}

fn at_once() -> Deadline {
    Deadline::after(&OsClock, Duration::ZERO)
}

fn asks_by_tftp(method: &Method) -> bool {
    use Protocol::{BootpTftp, ConsoleTftp, MikrotikNetboot, TftpPull};
    matches!(method.protocol, Some(TftpPull | BootpTftp | ConsoleTftp | MikrotikNetboot))
}

/// Vendor and product of every USB device: `05c6:9008`.
fn ids() -> BTreeSet<String> {
    let devices = usb_devices(Path::new("/"));
    devices.iter().map(|usb| format!("{:04x}:{:04x}", usb.vendor_id, usb.product_id)).collect()
}

/// A serial port without a line rate of its own gets the device's.
fn with_rate(spec: &str, device: &Device) -> String {
    let rate = device.console.as_ref().and_then(|console| console.baud);
    match rate {
        Some(rate) if spec.starts_with('/') && !spec.contains('@') => format!("{spec}@{rate}"),
        _ => spec.to_owned(),
    }
}
