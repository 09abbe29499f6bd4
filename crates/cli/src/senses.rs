//! What this computer can sense of a device that a person handles: the link of a network port, requests for files, pages,
//! USB devices that come and go, words on the console. Nothing is sent to the device, except that its page is knocked at.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use debrick_catalog::{Device, Method, Protocol};
use debrick_coach::{Seen, Senses};
use debrick_link::{Datagrams, Deadline, Link, Network};
use debrick_link_os::host::{has_carrier, usb_devices};
use debrick_link_os::{OsClock, OsNetwork};
use debrick_tftp::wire::Packet;

use crate::failure::Failure;
use crate::out;

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
    interface: Option<(String, bool)>,
    usb: Option<BTreeSet<String>>,
    console: Option<(Box<dyn Link>, Vec<u8>)>,
    requests: Option<Box<dyn Datagrams>>,
    page: Option<(SocketAddr, Instant)>,
    network: Option<OsNetwork>,
}

impl Sensors {
    /// Opens what a method can be sensed by, of what the person has named.
    pub(crate) fn open(
        device: &Device,
        method: &Method,
        interface: Option<&str>,
        console: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut network = interface.map(OsNetwork::on_interface);
        let interface = match interface {
            None => None,
            Some(name) => {
                if !Path::new("/sys/class/net").join(name).is_dir() {
                    let what = format!("there is no network interface {name:?}");
                    return Err(Failure::usage(what, "`debrick doctor` lists them."));
                }
                Some((name.to_owned(), has_carrier(Path::new("/"), name).unwrap_or(false)))
            }
        };
        let console = match console {
            None => None,
            Some(spec) => Some((debrick_link_os::open(&with_rate(spec, device))?, Vec::new())),
        };
        let mut requests = None;
        if let Some(network) = &mut network
            && asks_by_tftp(method)
        {
            let all = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), TFTP);
            match network.bind_datagrams(all) {
                Ok(socket) => requests = Some(socket),
                Err(error) => out::note(&format!(
                    "{} So the device's requests cannot be heard here; you will be asked what you see.",
                    Failure::from(error).sentence()
                )),
            }
        }
        let has_page = matches!(method.protocol, Some(Protocol::HttpUpload | Protocol::ConsoleHttp));
        let page = method
            .unit
            .filter(|_| has_page && network.is_some())
            .map(|unit| (SocketAddr::new(IpAddr::V4(unit), method.port.unwrap_or(HTTP)), Instant::now()));
        let by_usb = !method.usb.is_empty();
        let usb = by_usb.then(ids);
        Ok(Self { interface, usb, console, requests, page, network })
    }

    /// What can be sensed.
    pub(crate) fn senses(&self) -> Senses {
        Senses {
            link: self.interface.is_some(),
            network: self.requests.is_some() || self.page.is_some(),
            usb: self.usb.is_some(),
            console: self.console.is_some(),
        }
    }

    /// What has come since the last time.
    pub(crate) fn look(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        if let Some((name, had)) = &mut self.interface {
            let has = has_carrier(Path::new("/"), name).unwrap_or(false);
            if has != std::mem::replace(had, has) {
                seen.push(if has { Seen::LinkUp } else { Seen::LinkDown });
            }
        }
        if let Some(known) = &mut self.usb {
            let now = ids();
            seen.extend(known.difference(&now).cloned().map(Seen::UsbGone));
            seen.extend(now.difference(known).cloned().map(Seen::Usb));
            *known = now;
        }
        self.hear(&mut seen);
        if let Some(socket) = &mut self.requests {
            let mut buffer = [0; 2048];
            while let Ok((count, _)) = socket.receive(&mut buffer, at_once()) {
                if let Ok(Packet::Request { name, .. }) = Packet::parse(&buffer[..count]) {
                    seen.push(Seen::TftpRequest(name.into_owned()));
                }
            }
        }
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
