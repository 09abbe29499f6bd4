//! Images of a PC's whole flash chip, which start with Intel's flash descriptor: it names the regions.
//!
//! Source: Intel platform datasheets, "SPI flash descriptor" (FLVALSIG, FLMAP0 to FLMAP2, FLREG); fwupd
//! `libfwupdplugin/fu-ifd.rs`, `fu-ifd-firmware.c`; coreboot `util/ifdtool`. Little-endian; addresses of regions in units
//! of 4 KiB.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::uefi::volume;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "intel-ifd",
    rank: Rank::Magic,
    magic: &[Magic::at(SIGNATURE_AT as i64, &SIGNATURE), Magic::at(0, &SIGNATURE)],
    matches,
    read,
    about: About {
        outermost: &["intel-flash-descriptor"],
        name: "Intel flash descriptor",
        identified_by: "5aa5f00f, and regions that do not contradict each other",
        reveals: "missing regions, and what the parts inside reveal",
        blind_to: "the descriptor itself: nothing covers it",
        source: "Intel SPI flash descriptor; fwupd libfwupdplugin/fu-ifd-firmware.c; coreboot util/ifdtool",
        tested_with: "fwupdtool, own construction",
    },
};

const SIGNATURE: [u8; 4] = [0x5a, 0xa5, 0xf0, 0x0f];

/// Behind a reserved vector; the oldest chips had none.
const SIGNATURE_AT: u64 = 16;

const DESCRIPTOR_SIZE: u64 = 4096;

const NAMES: [&str; 16] = [
    "descriptor",
    "bios",
    "me",
    "gbe",
    "platform",
    "device-expansion",
    "bios2",
    "region7",
    "ec",
    "device-expansion2",
    "ie",
    "10gbe",
    "10gbe2",
    "region13",
    "region14",
    "ptt",
];

/// Where the tables are, from the maps behind the signature.
struct Maps {
    regions_at: u64,
    count: u64,
    components_at: u64,
}

impl Maps {
    fn read(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let mut signature = SIGNATURE_AT;
        if !window.has(signature, &SIGNATURE)? {
            signature = 0;
        }
        let Some(map0) = window.le32(signature + 4)? else { return Ok(None) };
        let count = u64::from(map0 >> 24 & 7);
        Ok(Some(Self {
            regions_at: u64::from(map0 >> 12 & 0xff0),
            components_at: u64::from(map0 << 4 & 0xff0),
            count: if count == 0 { 10 } else { count + 1 },
        }))
    }
}

/// Where a region starts and ends, if it is in use.
fn region(word: u32) -> Option<(u64, u64)> {
    let (base, limit) = (u64::from(word & 0x7fff) << 12, u64::from(word >> 16 & 0x7fff) << 12 | 0xfff);
    (base <= limit && word & 0x7fff != 0x7fff).then_some((base, limit + 1))
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(maps) = Maps::read(window)? else { return Ok(false) };
    // The vector before the signature is erased or unused; the tables lie behind the maps.
    let reserve = window.head(0, SIGNATURE_AT)?;
    let first = window.le32(maps.regions_at)?.and_then(region);
    let votes = [
        reserve.iter().all(|byte| *byte == reserve[0]) || reserve.starts_with(&SIGNATURE),
        (0x20..=0xff0).contains(&maps.regions_at),
        (0x20..=0xff0).contains(&maps.components_at),
        first == Some((0, DESCRIPTOR_SIZE)),
    ];
    Ok(window.len() >= 0x100 && votes.into_iter().filter(|vote| *vote).count() >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.call_file("intel-flash-descriptor");
    reading.set_vendor("Intel");
    let Some(maps) = Maps::read(window)? else { return Ok(()) };
    let mut regions = Vec::new();
    for (index, name) in NAMES.into_iter().enumerate().take(maps.count as usize) {
        let at = maps.regions_at + index as u64 * 4;
        if let Some((start, end)) = window.le32(at)?.and_then(region) {
            regions.push((name, at, start, end));
        }
    }
    let end = regions.iter().map(|(_, _, _, end)| *end).max().unwrap_or(window.len());
    let fields = reading.container(FORMAT.id, window.clamped(0, end));
    for (name, _, start, end) in &regions {
        fields.insert(format!("region-{name}"), format!("{start:#x}..{end:#x}"));
    }
    regions.sort_by_key(|(_, _, start, _)| *start);
    let first = regions.first().map(|(name, _, start, end)| (*name, *start, *end));
    let shown = if first == Some(("descriptor", 0, DESCRIPTOR_SIZE)) { "first" } else { "elsewhere" };
    reading.structure("region of the descriptor", window.start() + maps.regions_at, "first", shown);
    let overlaps = regions.windows(2).filter(|pair| pair[1].2 < pair[0].3).count();
    reading.structure("regions that overlap", window.start() + maps.regions_at, 0, overlaps);
    for (name, at, start, end) in regions {
        let contents = window.clamped(start, end - start);
        // Some tools leave the very last byte out.
        let present = contents.len() + u64::from(contents.len() + 1 == end - start);
        reading.declared_size(&format!("region {name}"), window.start() + at, end - start, present);
        if name == "descriptor" {
            continue;
        }
        let format = reading.part(name, contents)?;
        if format.is_none() && name.starts_with("bios") {
            volume::read_volumes(contents, reading)?;
        }
    }
    reading.uncovered("Nothing covers the descriptor itself.");
    reading.trailing(window, end)
}
