//! BOOTP (RFC 951) and DHCP (RFC 2131; options of RFC 2132): the few fields that tell who asks, and what for.

use std::net::Ipv4Addr;

use debrick_model::MacAddress;

use crate::heard::{AddressMessage, AddressRequest, Word};
use crate::text::text;

/// Where the fields are (RFC 951, section 3).
mod field {
    use std::ops::Range;

    pub(super) const OPERATION: usize = 0;
    /// The address that the server gives.
    pub(super) const YOURS: Range<usize> = 16..20;
    pub(super) const HARDWARE_ADDRESS: Range<usize> = 28..34;
    pub(super) const FILE: Range<usize> = 108..236;
    /// In front of the options (RFC 2132, section 2).
    pub(super) const MAGIC: Range<usize> = 236..240;
}

const REQUEST: u8 = 1;
const REPLY: u8 = 2;

/// RFC 2132, section 2.
const MAGIC: [u8; 4] = [99, 130, 83, 99];

/// Options (RFC 2132).
mod option {
    pub(super) const PAD: u8 = 0;
    pub(super) const HOST_NAME: u8 = 12;
    pub(super) const WANTED_ADDRESS: u8 = 50;
    pub(super) const MESSAGE: u8 = 53;
    pub(super) const VENDOR_CLASS: u8 = 60;
    pub(super) const BOOT_FILE: u8 = 67;
    pub(super) const END: u8 = 255;
}

pub(super) fn request(payload: &[u8]) -> Option<Word> {
    if *payload.get(field::OPERATION)? != REQUEST {
        return None;
    }
    // Old loaders leave out what they have no use for, but never the address of the asker.
    payload.get(field::HARDWARE_ADDRESS)?;
    let message = match value(payload, option::MESSAGE).and_then(|value| value.first()) {
        None => AddressMessage::Bootp,
        Some(1) => AddressMessage::Discover,
        Some(3) => AddressMessage::Request,
        Some(_) => AddressMessage::Other,
    };
    Some(Word::AsksForAddress(AddressRequest {
        message,
        vendor_class: value(payload, option::VENDOR_CLASS).and_then(text),
        host_name: value(payload, option::HOST_NAME).and_then(text),
        file: file(payload),
        wanted: value(payload, option::WANTED_ADDRESS).and_then(address),
    }))
}

pub(super) fn offer(payload: &[u8]) -> Option<Word> {
    if *payload.get(field::OPERATION)? != REPLY {
        return None;
    }
    let offered = address(payload.get(field::YOURS)?)?;
    let to = <[u8; 6]>::try_from(payload.get(field::HARDWARE_ADDRESS)?).ok()?;
    let is_answer = !offered.is_unspecified();
    is_answer.then(|| Word::OffersAddress { offered, to: MacAddress::new(to), file: file(payload) })
}

fn file(payload: &[u8]) -> Option<String> {
    let in_field = || payload.get(field::FILE).and_then(text);
    value(payload, option::BOOT_FILE).and_then(text).or_else(in_field)
}

fn address(bytes: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from)
}

/// The first option of this kind.
fn value(payload: &[u8], wanted: u8) -> Option<&[u8]> {
    if payload.get(field::MAGIC)? != MAGIC {
        return None;
    }
    let mut rest = &payload[field::MAGIC.end..];
    loop {
        match *rest {
            [option::PAD, ref after @ ..] => rest = after,
            [option::END, ..] | [] | [_] => return None,
            [kind, length, ref after @ ..] => {
                let (value, after) = after.split_at_checked(length.into())?;
                if kind == wanted {
                    return Some(value);
                }
                rest = after;
            }
        }
    }
}
