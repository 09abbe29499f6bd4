//! UEFI firmware volumes: a header with a sum over itself, then files, or variables.
//!
//! Source: UEFI Platform Initialization Specification 1.7, volume 3, section 3.2; EDK II `OvmfPkg/*.fdf` for the names
//! of its volumes. A file is often several volumes in a row; each is a container.

use crate::digest::words;
use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::formats::uefi::guid::guid_at;
use crate::formats::uefi::{files, variables};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "uefi-fv",
    rank: Rank::Magic,
    magic: &[Magic::at(SIGNATURE_AT as i64, SIGNATURE)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "UEFI firmware volume",
        identified_by: "_FVH at 40, and a header whose fields or sum agree",
        reveals: "damaged headers of volumes and files, by sums; files that ask for it, by a sum of their contents; \
                  damaged compressed contents, where decoding notices",
        blind_to: "contents of files without a sum",
        source: "UEFI PI Specification 1.7 volume 3; EDK II",
        tested_with: "Debian's OVMF, fwupdtool, own construction",
    },
};

const SIGNATURE: &[u8] = b"_FVH";

const SIGNATURE_AT: u64 = 40;

/// Where the block map starts.
const BLOCK_MAP: u64 = 56;

/// A header with a block map of one entry and its end.
const HEADER_SIZE: u64 = 72;

/// The longest header that is believed.
const MAX_HEADER: u64 = 0x400;

/// The most volumes of one file that are read, and the most places that are looked at for them.
const MAX_VOLUMES: u64 = 128;

/// Volumes start at multiples of this.
const ALIGNMENT: u64 = 8;

/// Volumes whose body is files.
const FILE_SYSTEMS: [&str; 3] = [
    "7a9354d9-0468-444a-81ce-0bf617d890df",
    "8c8ce578-8a3d-4f1c-9935-896185c32dd3",
    "5473c07a-3dcb-4dca-bd6f-1e9689e7349a",
];

/// The volume whose body is variables.
const VARIABLES: &str = "fff12b8d-7696-4c8b-a985-2747075b4f50";

/// Names that EDK II's own platforms give to their volumes.
const EDK2_NAMES: [&str; 4] = [
    "48db5e17-707c-472d-91cd-1613e7ef51b0",
    "763bed0d-de9f-48f5-81f1-3e90e1b1a015",
    "6938079b-b503-4e3d-9d24-b28337a25806",
    "7cb8bdc9-f8eb-4f34-aaea-3ee4af6516a1",
];

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Header::read(window)?.is_some_and(|header| header.votes >= 3))
}

/// What the header says, and how much speaks for it.
struct Header {
    kind: String,
    length: u64,
    size: u64,
    attributes: u32,
    extension: u64,
    sum: u16,
    votes: u32,
}

impl Header {
    fn read(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let (Some(length), Some(attributes), Some(size), Some(extension), Some(revision)) = (
            window.le64(32)?,
            window.le32(44)?,
            window.le16(48)?.map(u64::from),
            window.le16(52)?.map(u64::from),
            window.u8(55)?,
        ) else {
            return Ok(None);
        };
        let kind = nearest(&guid_at(window, 16)?);
        let size_is_possible = (HEADER_SIZE..=MAX_HEADER).contains(&size) && size % 2 == 0;
        let mut sum = 0_u16;
        let covered = if size_is_possible { size } else { HEADER_SIZE };
        words(window.clamped(0, covered), |word| sum = sum.wrapping_add(u16::from_le_bytes(word)))?;
        let blocks = u64::from(window.le32(BLOCK_MAP)?.unwrap_or_default());
        let block = u64::from(window.le32(BLOCK_MAP + 4)?.unwrap_or_default());
        let is_known = kind == VARIABLES || FILE_SYSTEMS.contains(&kind.as_str());
        let votes = [
            sum == 0,
            size_is_possible,
            revision == 1 || revision == 2,
            is_known,
            blocks * block == length,
            length >= HEADER_SIZE && length / 4 <= window.len(),
        ];
        let votes = votes.into_iter().map(u32::from).sum();
        Ok(Some(Self { kind, length, size, attributes, extension, sum, votes }))
    }
}

/// The known kind that a GUID differs from in one digit, or the GUID itself: a flipped bit changes no more, and the sum
/// of the header tells.
fn nearest(kind: &str) -> String {
    let distance =
        |known: &&&str| known.bytes().zip(kind.bytes()).filter(|(left, right)| left != right).count();
    let known = FILE_SYSTEMS.iter().chain([&VARIABLES]).min_by_key(distance);
    known.filter(|known| distance(known) <= 1).map_or(kind, |known| known).to_owned()
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let end = read_volumes(window, reading)?;
    if reading.is_outermost() && variables::is_near(window)? {
        reading.set_vendor("EDK2");
    }
    reading.trailing(window, end)
}

/// Reads all volumes of a window, wherever they start; the end of the last one, or 0 where there is none.
pub(super) fn read_volumes(window: Window<'_>, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let (mut at, mut end) = (0, 0);
    for _ in 0..MAX_VOLUMES {
        let Some(start) = next(window, at)? else { break };
        let size = read_volume(window.clamped(start, u64::MAX), reading)?;
        end = start + size;
        at = end;
    }
    Ok(end)
}

/// Where the next volume starts.
fn next(window: Window<'_>, from: u64) -> Result<Option<u64>, ImageError> {
    let mut at = from;
    for _ in 0..MAX_VOLUMES {
        let Some(found) = window.find(SIGNATURE, at + SIGNATURE_AT, u64::MAX)? else { return Ok(None) };
        let start = found - SIGNATURE_AT;
        let header = Header::read(window.clamped(start, u64::MAX))?;
        if start.is_multiple_of(ALIGNMENT) && header.is_some_and(|header| header.votes >= 4 || start == 0) {
            return Ok(Some(start));
        }
        at = start + 1;
    }
    Ok(None)
}

/// Reads the volume that a window starts with; its size, as far as it is there.
fn read_volume(window: Window<'_>, reading: &mut Reading<'_>) -> Result<u64, ImageError> {
    let Some(header) = Header::read(window)? else { return Ok(window.len()) };
    // A length that cannot be leaves all there is.
    let is_possible = header.length >= HEADER_SIZE;
    let volume = window.clamped(0, if is_possible { header.length } else { window.len() });
    let name = name(volume, &header)?;
    let fields = reading.container(FORMAT.id, volume);
    fields.insert("type".into(), header.kind.clone());
    fields.insert("attributes".into(), format!("{:#010x}", header.attributes));
    fields.insert("name".into(), name.clone());
    if EDK2_NAMES.contains(&name.as_str()) {
        reading.set_vendor("EDK2");
    }
    let at = volume.start();
    reading.digest("sum of the volume header", at + 50, "0000", format!("{:04x}", header.sum));
    reading.declared_size("the volume", at + 32, header.length, volume.len());
    let mut body_at = header.size.clamp(HEADER_SIZE, MAX_HEADER);
    if header.extension != 0 {
        let extension = u64::from(volume.le32(header.extension + 16)?.unwrap_or_default());
        body_at = (header.extension + extension).next_multiple_of(ALIGNMENT);
    }
    let body = volume.clamped(body_at, u64::MAX);
    if FILE_SYSTEMS.contains(&header.kind.as_str()) {
        files::read(volume, body_at, header.attributes, reading)?;
    } else if header.kind == VARIABLES {
        reading.container("uefi-nvram", body);
        variables::read_body(body, reading)?;
    } else {
        reading.uncovered(
            "A firmware volume is of a kind that nothing is known of, so its contents were not read.",
        );
    }
    Ok(volume.len().max(HEADER_SIZE))
}

/// The name in the extended header.
fn name(volume: Window<'_>, header: &Header) -> Result<String, ImageError> {
    if header.extension == 0 { Ok(String::new()) } else { guid_at(volume, header.extension) }
}
