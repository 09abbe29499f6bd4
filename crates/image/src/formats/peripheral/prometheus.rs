//! Firmware of Synaptics' Prometheus fingerprint readers: a header and a payload, each behind a tag and its length,
//! then a signature of 256 bytes.
//!
//! Source: fwupd `plugins/synaptics-prometheus/fu-synaptics-prometheus.rs`, `fu-synaptics-prometheus-firmware.c`;
//! little-endian.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "synaptics-prometheus",
    rank: Rank::Structure,
    magic: &[Magic::at(0, &[1, 0, 24, 0, 0, 0])],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Synaptics Prometheus fingerprint reader firmware",
        identified_by: "the tags of header and payload, and lengths that add up with a signature",
        reveals: "missing bytes",
        blind_to: "damaged contents: the signature needs the vendor's key",
        source: "fwupd plugins/synaptics-prometheus/fu-synaptics-prometheus-firmware.c",
        tested_with: "fwupdtool, own construction",
    },
};

const TAG_SIZE: u64 = 6;

const HEADER_SIZE: u64 = 24;

const PAYLOAD_TAG: u64 = TAG_SIZE + HEADER_SIZE;

const SIGNATURE_SIZE: u64 = 256;

/// Tags are 1 to 4, each at most once.
const MAX_TAG: u16 = 4;

const MAX_SIZE: u64 = 16 << 20;

/// Products that are known: Prometheus and Triton, each with two boot loaders.
const PRODUCTS: [u32; 6] = [65, 66, 67, 69, 70, 71];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let (Some(product), Some(tag), Some(size)) =
        (window.le32(TAG_SIZE)?, window.le16(PAYLOAD_TAG)?, window.le32(PAYLOAD_TAG + 2)?)
    else {
        return Ok(false);
    };
    let end = PAYLOAD_TAG + TAG_SIZE + u64::from(size);
    let votes = [
        PRODUCTS.contains(&product),
        tag == 2,
        size > 0 && end + SIGNATURE_SIZE == window.len(),
        size > 0 && end <= MAX_SIZE,
    ];
    Ok(votes.into_iter().filter(|vote| *vote).count() >= 3)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let header = window.clamped(TAG_SIZE, HEADER_SIZE);
    let number = |at: u64| Ok::<_, ImageError>(header.le32(at)?.unwrap_or_default());
    let version = (header.u8(16)?, header.u8(17)?);
    let mut end = 0;
    for _ in 1..=MAX_TAG {
        let (Some(tag), Some(size)) = (window.le16(end)?, window.le32(end + 2)?) else { break };
        if !(1..=MAX_TAG).contains(&tag) {
            break;
        }
        let left = window.len() - end - TAG_SIZE;
        let size = u64::from(size);
        reading.declared_size(&format!("item {tag}"), window.start() + end + 2, size, left);
        end += TAG_SIZE + size.min(left);
    }
    let whole = end + SIGNATURE_SIZE;
    let fields = reading.container(FORMAT.id, window.clamped(0, whole));
    fields.insert("product".into(), number(0)?.to_string());
    fields.insert("id".into(), format!("{:#x}", number(4)?));
    fields.insert("build-time".into(), number(8)?.to_string());
    fields.insert("build-number".into(), number(12)?.to_string());
    reading.set_vendor("Synaptics");
    if let (Some(major), Some(minor)) = version {
        reading.set_version(format!("{major}.{minor}"));
    }
    reading.declared_size("items and signature", window.start(), whole, window.len());
    reading.signature("The payload");
    reading.trailing(window, whole)
}
