//! UEFI variables in flash ("VSS2"): a store with a header, then one variable after the other, and behind it the
//! working block that keeps updates whole.
//!
//! Source: EDK II `MdeModulePkg/Include/Guid/VariableFormat.h`, `SystemNvDataGuid.h` (`FaultTolerantWrite`); fwupd
//! `libfwupdplugin/fu-efi.rs`. Little-endian; the CRC-32 of the working block's header counts its own field and the
//! state as erased.

use crate::digest::{Piece, crc32_of};
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "uefi-nvram-vss2",
    rank: Rank::Magic,
    magic: &[Magic::at(0, &AUTHENTICATED), Magic::at(0, &PLAIN)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "UEFI variable store (VSS2)",
        identified_by: "the GUID of its kind, and a header that is in use",
        reveals: "missing bytes, and variables that do not end where the next one starts",
        blind_to: "contents of variables: there is no checksum",
        source: "EDK II MdeModulePkg/Include/Guid/VariableFormat.h; fwupd libfwupdplugin/fu-efi.rs",
        tested_with: "fwupdtool, Debian's OVMF, own construction",
    },
};

/// `aaf32c78-947b-439a-a180-2e144ec37792`: variables with a time and an owner.
const AUTHENTICATED: [u8; 16] =
    [0x78, 0x2c, 0xf3, 0xaa, 0x7b, 0x94, 0x9a, 0x43, 0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92];

/// `ddcf3616-3275-4164-98b6-fe85707ffe7d`: variables without.
const PLAIN: [u8; 16] =
    [0x16, 0x36, 0xcf, 0xdd, 0x75, 0x32, 0x64, 0x41, 0x98, 0xb6, 0xfe, 0x85, 0x70, 0x7f, 0xfe, 0x7d];

/// `9e58292b-7c68-497d-a0ce-6500fd9f1b95`: the working block.
const WORKING_BLOCK: [u8; 16] =
    [0x2b, 0x29, 0x58, 0x9e, 0x68, 0x7c, 0x7d, 0x49, 0xa0, 0xce, 0x65, 0x00, 0xfd, 0x9f, 0x1b, 0x95];

const HEADER_SIZE: u64 = 28;

const FORMATTED: u8 = 0x5a;

const HEALTHY: u8 = 0xfe;

const VARIABLE_START: u16 = 0x55aa;

/// Sizes of the header of a variable.
const AUTHENTICATED_HEADER: u64 = 60;

const PLAIN_HEADER: u64 = 32;

const MAX_VARIABLES: u32 = 4096;

/// How many names are told.
const NAMES_TOLD: usize = 32;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(size) = window.le32(16)? else { return Ok(false) };
    let votes = [
        u64::from(size) > HEADER_SIZE && u64::from(size) / 4 <= window.len(),
        window.u8(20)? == Some(FORMATTED),
        window.u8(21)? == Some(HEALTHY),
    ];
    Ok(votes.into_iter().filter(|vote| *vote).count() >= 2)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let end = read_store(window, FORMAT.id, reading)?;
    reading.trailing(window, end)
}

/// Reads the body of a volume of variables: the store, then the working block.
pub(super) fn read_body(body: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let there = body.head(0, 16)?;
    let distance = |known: &[u8; 16]| -> u32 {
        known.iter().zip(&there).map(|(left, right)| (left ^ right).count_ones()).sum()
    };
    match distance(&AUTHENTICATED).min(distance(&PLAIN)) {
        0 => (),
        1 => reading.structure("kind of the variables", body.start(), "known", "off by one bit"),
        _ => {
            reading.uncovered("The volume for variables holds something else, which was not read.");
            return Ok(());
        }
    }
    let end = read_store(body, FORMAT.id, reading)?;
    let rest = body.clamped(end, u64::MAX);
    let Some(at) = rest.find(&WORKING_BLOCK, 0, u64::MAX)? else { return Ok(()) };
    let Some(header) = rest.array::<32>(at)? else { return Ok(()) };
    let mut counted = header;
    counted[16..24].fill(0xff);
    let expected = rest.le32(at + 16)?.unwrap_or_default();
    if expected != u32::MAX {
        let actual = crc32_of([Piece::Bytes(&counted)])?;
        let name = "crc32 of the working block's header";
        reading.digest(name, rest.start() + at + 16, format!("{expected:08x}"), format!("{actual:08x}"));
        reading.uncovered("No checksum covers the variables.");
    }
    Ok(())
}

/// Whether the store of EDK II's driver for authenticated variables stands where its first volume would have it.
pub(super) fn is_near(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(window.find(&AUTHENTICATED, 0, 512)?.is_some())
}

/// Reads a store; where it ends.
fn read_store(window: Window<'_>, id: &str, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let size = u64::from(window.le32(16)?.unwrap_or_default());
    let store = window.clamped(0, size.max(HEADER_SIZE));
    let is_plain = window.has(0, &PLAIN)?;
    let head = if is_plain { PLAIN_HEADER } else { AUTHENTICATED_HEADER };
    let (mut at, mut names, mut count, mut is_whole) = (HEADER_SIZE, Vec::new(), 0, true);
    while count < MAX_VARIABLES && store.le16(at)? == Some(VARIABLE_START) {
        let (Some(name), Some(data)) =
            (store.le32(at + head - 24)?.map(u64::from), store.le32(at + head - 20)?.map(u64::from))
        else {
            break;
        };
        let end = at + head + name + data;
        is_whole = end <= store.len();
        if !is_whole {
            break;
        }
        let units = store.head(at + head, name.min(128))?;
        let units = units.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
        names.push(crate::window::text(String::from_utf16_lossy(&units).as_bytes()));
        count += 1;
        at = end.next_multiple_of(4);
    }
    names.truncate(NAMES_TOLD);
    let fields = reading.container(id, store);
    fields.insert("variables".into(), count.to_string());
    fields.insert("names".into(), names.join(" "));
    let at_start = window.start();
    reading.declared_size("the variable store", at_start + 16, size, window.len());
    let state = (store.u8(20)?, store.u8(21)?);
    let shown = if state == (Some(FORMATTED), Some(HEALTHY)) { "in use" } else { "something else" };
    reading.structure("state of the variable store", at_start + 20, "in use", shown);
    let is_free = is_whole && store.clamped(at, u64::MAX).is_padding()?;
    let rest = if is_free { "erased" } else { "something else" };
    reading.structure("space behind the variables", at_start + at, "erased", rest);
    Ok(store.len())
}
