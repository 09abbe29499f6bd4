//! Multicast DNS (RFC 6762, with the services of RFC 6763) and SSDP (UPnP Device Architecture 1.1, section 1).

use simple_dns::rdata::RData;
use simple_dns::{Name, Packet, PacketFlag};

use crate::heard::{Names, Word};
use crate::text::{text, tidy};

/// The most names of one kind that are kept of a packet.
const MOST: usize = 8;

/// The most records of a packet that are looked at.
const MOST_RECORDS: usize = 64;

/// The most bytes of a packet that are looked at: names may point back and forth, and take time.
const LONGEST: usize = 4096;

/// Keys under which services tell a model.
const MODEL_KEYS: [&str; 6] = ["model", "md", "ty", "product", "usb_MDL", "am"];

pub(super) fn multicast_dns(payload: &[u8]) -> Option<Word> {
    let packet = Packet::parse(payload.get(..payload.len().min(LONGEST))?).ok()?;
    // Questions tell what somebody looks for, not what somebody is.
    if !packet.has_flags(PacketFlag::RESPONSE) {
        return None;
    }
    let mut names = Names::default();
    for record in packet.answers.iter().chain(&packet.additional_records).take(MOST_RECORDS) {
        match &record.rdata {
            RData::A(_) | RData::AAAA(_) => add(&mut names.hosts, tidy(&record.name.to_string())),
            RData::PTR(_) => add(&mut names.services, service(&record.name)),
            RData::SRV(_) => add(&mut names.services, service_of(&record.name)),
            // What a station wants to look like in Apple's file manager is not what it is.
            RData::TXT(_)
                if service_of(&record.name).is_some_and(|kind| kind.starts_with("_device-info")) => {}
            RData::TXT(txt) => {
                for (key, value) in txt.iter_raw().take(MOST_RECORDS) {
                    let is_model = MODEL_KEYS.iter().any(|model| key.eq_ignore_ascii_case(model.as_bytes()));
                    if is_model {
                        add(&mut names.models, value.and_then(text));
                    }
                }
            }
            _ => {}
        }
    }
    (names != Names::default()).then_some(Word::Names(names))
}

fn add(list: &mut Vec<String>, name: Option<String>) {
    if let Some(name) = name
        && list.len() < MOST
        && !list.contains(&name)
    {
        list.push(name);
    }
}

/// `_http._tcp` of `_http._tcp.local`.
fn service(name: &Name<'_>) -> Option<String> {
    let labels: Vec<String> = name.get_labels().iter().take(2).map(ToString::to_string).collect();
    let [kind, transport] = labels.as_slice() else { return None };
    let is_service =
        kind.starts_with('_') && matches!(transport.as_str(), "_tcp" | "_udp") && kind != "_services";
    is_service.then(|| tidy(&format!("{kind}.{transport}")))?
}

/// `_http._tcp` of `A Name._http._tcp.local`.
fn service_of(name: &Name<'_>) -> Option<String> {
    service(&Name::new_with_labels(name.get_labels().get(1..)?))
}

/// An announcement, or an answer to a search.
pub(super) fn ssdp(payload: &[u8]) -> Option<Word> {
    let mut lines = payload[..payload.len().min(LONGEST)].split(|byte| *byte == b'\n');
    let first = lines.next()?;
    if !first.starts_with(b"NOTIFY ") && !first.starts_with(b"HTTP/1.") {
        return None;
    }
    let (mut server, mut kind) = (None, None);
    for line in lines.take(MOST_RECORDS) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let (key, value) = (&line[..colon], text(&line[colon + 1..]));
        if key.eq_ignore_ascii_case(b"SERVER") {
            server = value;
        } else if key.eq_ignore_ascii_case(b"NT") || key.eq_ignore_ascii_case(b"ST") {
            kind = value;
        }
    }
    (server.is_some() || kind.is_some()).then_some(Word::Upnp { server, kind })
}
