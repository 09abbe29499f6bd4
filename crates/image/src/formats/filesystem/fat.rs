//! FAT12, FAT16 and FAT32. What the folder at the root holds tells whose firmware it is.
//!
//! Source: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03; Raspberry Pi documentation,
//! "Boot folder contents". There is no checksum; the copies of the allocation table are compared with each other.

use crate::error::ImageError;
use crate::fields::{Fields, evidence};
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::{SMALL, Window};

pub(crate) const FORMAT: Format = Format {
    id: "fat",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &["fat-fs"],
        name: "FAT file system",
        identified_by: "a boot sector whose parameters agree with each other",
        reveals: "missing bytes, and copies of the allocation table that differ",
        blind_to: "damage in files and folders",
        source: "Microsoft FAT32 File System Specification 1.03",
        tested_with: "mkfs.fat, mtools",
    },
};

const SECTOR: u64 = 512;

/// Bytes of an entry of a folder.
const ENTRY_SIZE: u64 = 32;

/// The most entries of the root folder that are looked at.
const MAX_ENTRIES: u64 = 1024;

/// The most clusters of a file that are followed.
const MAX_CLUSTERS: u64 = 1 << 18;

/// Attributes: entries that hold a piece of a long name, a label, a folder.
const LONG_NAME: u8 = 0x0f;
const LABEL: u8 = 0x08;
const FOLDER: u8 = 0x10;

/// The boot sector.
struct Parameters {
    bytes: Vec<u8>,
}

impl Parameters {
    fn read(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        let bytes = window.head(0, SECTOR)?;
        Ok((bytes.len() as u64 == SECTOR).then_some(Self { bytes }))
    }

    fn fields(&self) -> Fields<'_> {
        Fields::little(&self.bytes)
    }

    fn sector(&self) -> u64 {
        self.fields().u16(11).into()
    }

    fn cluster(&self) -> u64 {
        self.sector() * u64::from(self.fields().u8(13))
    }

    fn reserved(&self) -> u64 {
        self.fields().u16(14).into()
    }

    fn tables(&self) -> u64 {
        self.fields().u8(16).into()
    }

    fn table_sectors(&self) -> u64 {
        match self.fields().u16(22) {
            0 => self.fields().u32(36).into(),
            sectors => sectors.into(),
        }
    }

    fn sectors(&self) -> u64 {
        match self.fields().u16(19) {
            0 => self.fields().u32(32).into(),
            sectors => sectors.into(),
        }
    }

    fn is_32(&self) -> bool {
        self.fields().u16(22) == 0
    }

    fn root_entries(&self) -> u64 {
        self.fields().u16(17).into()
    }

    /// Offset of the root folder of FAT12 and FAT16, and of the first cluster of FAT32.
    fn behind_tables(&self) -> u64 {
        (self.reserved() + self.tables() * self.table_sectors()).saturating_mul(self.sector())
    }

    /// Offset of cluster 2.
    fn data(&self) -> u64 {
        let root = (self.root_entries() * ENTRY_SIZE).next_multiple_of(self.sector().max(1));
        self.behind_tables().saturating_add(root)
    }

    fn size(&self) -> u64 {
        self.sectors().saturating_mul(self.sector())
    }

    fn clusters(&self) -> u64 {
        self.size().saturating_sub(self.data()).checked_div(self.cluster()).unwrap_or(0)
    }

    /// Bits of an entry of the allocation table.
    fn width(&self) -> u64 {
        if self.is_32() {
            32
        } else if self.clusters() < 4085 {
            12
        } else {
            16
        }
    }

    /// Whether the table has an entry for each cluster, and not far too many.
    fn table_fits(&self) -> bool {
        let entries = self.table_sectors() * self.sector() * 8 / self.width();
        entries >= self.clusters() && self.table_sectors() > 0
    }

    fn is_plausible(&self) -> bool {
        let fields = self.fields();
        let sectors_per_cluster = fields.u8(13);
        let signs = [
            self.bytes[510..] == [0x55, 0xaa],
            (fields.u8(0) == 0xeb && fields.u8(2) == 0x90) || fields.u8(0) == 0xe9,
            self.sector().is_power_of_two() && (512..=4096).contains(&self.sector()),
            sectors_per_cluster.is_power_of_two(),
            self.reserved() > 0 && (1..=2).contains(&self.tables()),
            fields.u8(21) >= 0xf8 || fields.u8(21) == 0xf0,
            self.size() > self.data() && self.clusters() > 0,
            self.table_fits(),
            fields.slice(54, 3) == b"FAT" || fields.slice(82, 3) == b"FAT",
        ];
        evidence(&signs) >= 7
    }

    /// The entry of the allocation table for a cluster.
    fn next(&self, window: Window<'_>, cluster: u64) -> Result<Option<u64>, ImageError> {
        let table = self.reserved() * self.sector();
        Ok(match self.width() {
            12 => window
                .le16(table + cluster + cluster / 2)?
                .map(|pair| u64::from(if cluster.is_multiple_of(2) { pair & 0xfff } else { pair >> 4 })),
            16 => window.le16(table + cluster * 2)?.map(u64::from),
            _ => window.le32(table + cluster * 4)?.map(|entry| u64::from(entry & 0x0fff_ffff)),
        })
    }

    /// A file, where its clusters stand in a row.
    fn file<'a>(&self, window: Window<'a>, first: u64, size: u64) -> Result<Option<Window<'a>>, ImageError> {
        let count = size.checked_div(self.cluster()).unwrap_or(0);
        if first < 2 || count > MAX_CLUSTERS {
            return Ok(None);
        }
        for index in 0..count {
            let is_last = (index + 1).saturating_mul(self.cluster()) >= size;
            if !is_last && self.next(window, first + index)? != Some(first + index + 1) {
                return Ok(None);
            }
        }
        let at = self.data().saturating_add((first - 2).saturating_mul(self.cluster()));
        Ok(window.part(at, size))
    }
}

pub(crate) fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Parameters::read(window)?.is_some_and(|parameters| parameters.is_plausible()))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(parameters) = Parameters::read(window)? else { return Ok(()) };
    reading.call_file("fat-fs");
    let header = parameters.fields();
    let size = parameters.size();
    let fields = reading.container(FORMAT.id, window.clamped(0, size));
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("type", format!("FAT{}", parameters.width()));
    put("made-by", header.text(3, 8));
    put("label", header.text(if parameters.is_32() { 71 } else { 43 }, 11).trim().to_owned());
    put("cluster-size", parameters.cluster().to_string());
    put("size", size.to_string());
    let at = window.start();
    let mark = crate::digest::hex(header.slice(510, 2));
    reading.structure("mark of the boot sector", at + 510, "55aa", mark);
    reading.declared_size("the file system", at + 19, size, window.len());
    compare_tables(window, &parameters, reading)?;
    reading.uncovered("The FAT file system has no checksums.");
    read_root(window, &parameters, reading)?;
    reading.trailing(window, size)
}

/// Compares the second allocation table with the first.
fn compare_tables(
    window: Window<'_>,
    parameters: &Parameters,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let size = parameters.table_sectors().saturating_mul(parameters.sector());
    let at = parameters.reserved() * parameters.sector();
    let pair = (window.part(at, size), window.part(at.saturating_add(size), size));
    if parameters.tables() == 2
        && let (Some(first), Some(second)) = pair
    {
        let mut done = 0;
        while done < size && first.head(done, SMALL)? == second.head(done, SMALL)? {
            done += SMALL;
        }
        let found = if done >= size { "equal" } else { "different" };
        reading.structure("copies of the allocation table", second.start(), "equal", found);
    }
    Ok(())
}

/// Reads the files of the root folder that stand in a row.
fn read_root(
    window: Window<'_>,
    parameters: &Parameters,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let (at, entries) = if parameters.is_32() {
        let first = u64::from(parameters.fields().u32(44)).saturating_sub(2);
        let at = parameters.data().saturating_add(first.saturating_mul(parameters.cluster()));
        (at, parameters.cluster() / ENTRY_SIZE)
    } else {
        (parameters.behind_tables(), parameters.root_entries())
    };
    let mut files = Vec::new();
    for index in 0..entries.min(MAX_ENTRIES) {
        let Some(entry) = window.array::<{ ENTRY_SIZE as usize }>(at.saturating_add(index * ENTRY_SIZE))?
        else {
            break;
        };
        let fields = Fields::little(&entry);
        let attributes = fields.u8(11);
        if entry[0] == 0 {
            break;
        }
        if entry[0] == 0xe5 || attributes & LONG_NAME == LONG_NAME || attributes & (LABEL | FOLDER) != 0 {
            continue;
        }
        let (stem, extension) = (fields.text(0, 8), fields.text(8, 3));
        let name = format!("{}.{}", stem.trim(), extension.trim()).trim_end_matches('.').to_lowercase();
        let first = u64::from(fields.u16(26)) | u64::from(fields.u16(20)) << 16;
        files.push((name, first, u64::from(fields.u32(28))));
    }
    if files.iter().any(|(name, ..)| is_raspberry_pi(name)) {
        reading.set_vendor("Raspberry Pi");
    }
    // Where one device tree stands beside others, it does not tell what the image is for.
    let trees = files.iter().filter(|(name, ..)| name.ends_with(".dtb")).count();
    for (name, first, size) in files {
        if let Some(file) = parameters.file(window, first, size)?
            && !(trees > 1 && name.ends_with(".dtb"))
        {
            reading.part(name, file)?;
        }
    }
    Ok(())
}

/// Whether only the boot folder of a Raspberry Pi holds a file of this name.
fn is_raspberry_pi(name: &str) -> bool {
    name == "bootcode.bin"
        || ["start", "fixup"].iter().any(|stem| name.starts_with(stem))
            && [".elf", ".dat"].iter().any(|extension| name.ends_with(extension))
        || (name.starts_with("bcm27") && name.contains(".dtb"))
}
