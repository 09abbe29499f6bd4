//! Payloads of Android's and ChromeOS's update engine (`payload.bin`): operations that build the partitions anew.
//!
//! Source: AOSP `system/update_engine`, `update_metadata.proto`, `payload_consumer/payload_metadata.cc`. The header is
//! big-endian; a manifest in protocol buffers follows, a signature of both, then the data of the operations, each with
//! a SHA-256. The signature needs a key that is not in the payload.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Magic, Rank};
use crate::formats::android::protobuf::fields;
use crate::pieces::Pieces;
use crate::reading::Reading;
use crate::window::{Window, text};

pub(crate) const FORMAT: Format = Format {
    id: "android-ota-payload",
    rank: Rank::Magic,
    magic: &[Magic::at(0, b"CrAU")],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Android update payload (payload.bin)",
        identified_by: "magic `CrAU` and a manifest",
        reveals: "damaged data of operations, by SHA-256; a damaged manifest, as far as it contradicts itself; missing bytes",
        blind_to: "fields of the manifest that nothing depends on, unless its signature is checked",
        source: "AOSP system/update_engine update_metadata.proto, payload_consumer/payload_metadata.cc",
        tested_with: "own construction",
    },
};

/// Bytes of the header of the second version.
const HEADER_SIZE: u64 = 24;

/// The longest manifest that is believed.
const MAX_MANIFEST: u64 = 256 << 20;

/// The most operations that are looked at.
const MAX_OPERATIONS: u64 = 1 << 18;

/// The most partitions that are looked at.
const MAX_PARTITIONS: usize = 256;

/// Kinds of operations whose data is the contents as they are, and of those that write zeros.
const REPLACE: u64 = 0;
const ZERO: u64 = 6;
const DISCARD: u64 = 7;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let bytes = window.head(0, HEADER_SIZE + 1)?;
    let header = Fields::big(&bytes);
    let signs = [
        header.u64(4) == 2,
        header.u64(12) > 0 && header.u64(12) < MAX_MANIFEST,
        header.u32(20) < 1 << 20,
        // The manifest starts with the size of blocks, a list of partitions, or what stands between in old ones.
        matches!(header.u8(24), 0x18 | 0x20 | 0x28 | 0x60 | 0x6a | 0x08 | 0x0a | 0x12),
    ];
    Ok(bytes.len() as u64 > HEADER_SIZE && evidence(&signs) >= 3)
}

/// What the manifest says.
#[derive(Default)]
struct Manifest<'a> {
    block_size: u64,
    signatures_at: u64,
    signatures_size: u64,
    minor: u64,
    timestamp: u64,
    patch_level: String,
    partitions: Vec<Partition<'a>>,
    is_whole: bool,
}

/// A partition: what its new contents are, and the messages of the operations that build it.
#[derive(Default)]
struct Partition<'a> {
    name: String,
    version: String,
    size: u64,
    sha256: Vec<u8>,
    operations: Vec<Window<'a>>,
    is_whole: bool,
}

/// One operation.
#[derive(Default)]
struct Operation {
    kind: u64,
    at: u64,
    size: u64,
    sha256: Vec<u8>,
    /// The stretches of blocks that it writes: how many, where the first starts, blocks in all.
    stretches: u32,
    first: u64,
    blocks: u64,
}

impl<'a> Manifest<'a> {
    fn read(window: Window<'a>) -> Result<Self, ImageError> {
        let mut manifest = Self { block_size: 4096, ..Self::default() };
        let mut operations = 0;
        let is_whole = fields(window, |field| {
            match (field.number, field.value.bytes()) {
                (3, _) => manifest.block_size = field.value.number(),
                (4, _) => manifest.signatures_at = field.value.number(),
                (5, _) => manifest.signatures_size = field.value.number(),
                (12, _) => manifest.minor = field.value.number(),
                (14, _) => manifest.timestamp = field.value.number(),
                (18, Some(bytes)) => manifest.patch_level = text(&bytes.head(0, 64)?),
                (13, Some(message)) if manifest.partitions.len() < MAX_PARTITIONS => {
                    manifest.partitions.push(Partition::read(message, &mut operations)?);
                }
                _ => {}
            }
            Ok(())
        })?;
        manifest.is_whole = is_whole && manifest.partitions.iter().all(|partition| partition.is_whole);
        Ok(manifest)
    }
}

impl<'a> Partition<'a> {
    fn read(message: Window<'a>, operations: &mut u64) -> Result<Self, ImageError> {
        let mut partition = Self::default();
        let is_whole = fields(message, |field| {
            match (field.number, field.value.bytes()) {
                (1, Some(bytes)) => partition.name = text(&bytes.head(0, 64)?),
                (17, Some(bytes)) => partition.version = text(&bytes.head(0, 64)?),
                (7, Some(info)) => {
                    fields(info, |field| {
                        match (field.number, field.value.bytes()) {
                            (1, _) => partition.size = field.value.number(),
                            (2, Some(bytes)) => partition.sha256 = bytes.head(0, 64)?,
                            _ => {}
                        }
                        Ok(())
                    })?;
                }
                (8, Some(operation)) if *operations < MAX_OPERATIONS => {
                    *operations += 1;
                    partition.operations.push(operation);
                }
                _ => {}
            }
            Ok(())
        })?;
        partition.is_whole = is_whole;
        Ok(partition)
    }
}

impl Operation {
    fn read(message: Window<'_>) -> Result<(Self, bool), ImageError> {
        let mut operation = Self::default();
        let is_whole = fields(message, |field| {
            match (field.number, field.value.bytes()) {
                (1, _) => operation.kind = field.value.number(),
                (2, _) => operation.at = field.value.number(),
                (3, _) => operation.size = field.value.number(),
                (8, Some(bytes)) => operation.sha256 = bytes.head(0, 64)?,
                (6, Some(extent)) => {
                    let (mut first, mut count) = (0, 0);
                    fields(extent, |field| {
                        match field.number {
                            1 => first = field.value.number(),
                            2 => count = field.value.number(),
                            _ => {}
                        }
                        Ok(())
                    })?;
                    if operation.stretches == 0 {
                        operation.first = first;
                    }
                    operation.stretches = operation.stretches.saturating_add(1);
                    operation.blocks = operation.blocks.saturating_add(count);
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok((operation, is_whole))
    }
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let bytes = window.head(0, HEADER_SIZE)?;
    let header = Fields::big(&bytes);
    let (manifest_size, signature_size) = (header.u64(12), u64::from(header.u32(20)));
    let data_at = HEADER_SIZE.saturating_add(manifest_size).saturating_add(signature_size);
    let message = window.clamped(HEADER_SIZE, manifest_size);
    let manifest = Manifest::read(message)?;
    let container = reading.container(FORMAT.id, window);
    let mut put = |name: &str, value: String| container.insert(name.into(), value);
    put("version", header.u64(4).to_string());
    put("minor-version", manifest.minor.to_string());
    put("block-size", manifest.block_size.to_string());
    put("timestamp", manifest.timestamp.to_string());
    put("patch-level", manifest.patch_level.clone());
    for (index, partition) in manifest.partitions.iter().enumerate() {
        let text = format!("{}, {} bytes {}", partition.name, partition.size, partition.version);
        put(&format!("partition-{}", index + 1), text.trim().to_owned());
    }
    let place = reading.last_container();
    let at = window.start();
    reading.structure("version of the payload", at + 4, 2, header.u64(4));
    reading.declared_size("the manifest", at + 12, data_at, window.len());
    let found = if manifest.is_whole { "well-formed" } else { "broken" };
    reading.structure("manifest", at + HEADER_SIZE, "well-formed", found);
    let data = window.clamped(data_at, u64::MAX);
    let mut walk = Walk { data, end: 0, compared: false, broken: None, malformed: None, missing: 0 };
    let mut contents = Vec::new();
    for partition in &manifest.partitions {
        contents.push(walk.partition(partition, manifest.block_size)?);
    }
    if manifest.signatures_size > 0 {
        let end = manifest.signatures_at.saturating_add(manifest.signatures_size);
        walk.missing += u64::from(end > data.len());
        walk.end = walk.end.max(end);
    }
    walk.record(reading);
    if signature_size > 0 || manifest.signatures_size > 0 {
        reading.signature("The payload");
    }
    let end = data_at.saturating_add(walk.end).min(window.len());
    reading.container_at(place).size = end;
    for (partition, pieces) in manifest.partitions.iter().zip(&contents) {
        check_partition(partition, pieces.as_ref(), data, reading)?;
    }
    reading.uncovered(
        "The manifest of the payload is covered only by a signature whose key is not in the file.",
    );
    reading.trailing(window, end)
}

/// Compares the SHA-256 of a partition that is stored as it is, and reads it.
fn check_partition(
    partition: &Partition<'_>,
    pieces: Option<&Pieces<'_>>,
    data: Window<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let Some(pieces) = pieces else { return Ok(()) };
    let contents = pieces.window().clamped(0, partition.size);
    if contents.len() == partition.size && !partition.sha256.is_empty() {
        let actual = hex(&Algorithm::Sha256.of(contents)?);
        let name = format!("sha256 of the partition {}", partition.name);
        reading.digest(name, data.start(), hex(&partition.sha256), actual);
    }
    reading.hidden_part(partition.name.clone(), contents)?;
    Ok(())
}

/// The walk over the operations.
struct Walk<'a> {
    data: Window<'a>,
    /// Behind the last data that an operation uses.
    end: u64,
    compared: bool,
    /// Where data is whose digest is another.
    broken: Option<u64>,
    /// Where an operation is that could not be read.
    malformed: Option<u64>,
    /// Operations whose data is not there.
    missing: u64,
}

impl<'a> Walk<'a> {
    /// Compares the data of a partition's operations; what these build, where they only copy and stand in order.
    fn partition(
        &mut self,
        partition: &Partition<'_>,
        block_size: u64,
    ) -> Result<Option<Pieces<'a>>, ImageError> {
        let mut pieces = Some(Pieces::new(self.data));
        let mut next = 0;
        for message in &partition.operations {
            let (operation, is_whole) = Operation::read(*message)?;
            if !is_whole {
                self.malformed.get_or_insert(message.start());
            }
            self.operation(&operation)?;
            let is_next = operation.stretches == 1 && operation.first == next;
            let size = operation.blocks.saturating_mul(block_size);
            next = next.saturating_add(operation.blocks);
            let is_added = match (&mut pieces, operation.kind) {
                (Some(pieces), REPLACE) if is_next => {
                    pieces.push(operation.at, operation.size.min(size))
                        && pieces.fill([0; 4], size.saturating_sub(operation.size))
                }
                (Some(pieces), ZERO | DISCARD) if is_next => pieces.fill([0; 4], size),
                _ => false,
            };
            if !is_added {
                pieces = None;
            }
        }
        Ok(pieces)
    }

    fn operation(&mut self, operation: &Operation) -> Result<(), ImageError> {
        if operation.size == 0 {
            return Ok(());
        }
        let end = operation.at.saturating_add(operation.size);
        self.end = self.end.max(end);
        let Some(data) = self.data.part(operation.at, operation.size) else {
            self.missing += 1;
            return Ok(());
        };
        if !operation.sha256.is_empty() {
            self.compared = true;
            if Algorithm::Sha256.of(data)? != operation.sha256 {
                self.broken.get_or_insert(data.start());
            }
        }
        Ok(())
    }

    fn record(&self, reading: &mut Reading<'_>) {
        let start = self.data.start();
        reading.structure("data that is missing", start, 0, self.missing);
        if let Some(at) = self.malformed {
            reading.structure("operations", at, "well-formed", "broken");
        }
        if self.compared {
            let found = self.broken.map_or("sound".into(), |at| format!("broken at offset {at}"));
            reading.digest("sha256 of the data of operations", self.broken.unwrap_or(start), "sound", found);
        }
    }
}
