//! TP-Link's firmware headers of 512 bytes: version 1 (`TP-LINK Technologies`), and versions 2 and 3.
//!
//! Source: firmware-utils `src/mktplinkfw.c`, `src/mktplinkfw2.c` (d21804a). Fields are big-endian, but for the header
//! version of the second form. The MD5 covers the whole file, with a salt in its place that depends on whether a boot
//! loader is inside. The declared total length is that of the flash partition: files are usually shorter. Kernel
//! headers that `mktplinkfw -c` writes have no MD5 at all. Both forms share this module.

use crate::digest::{Piece, hex, md5_of};
use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::router::evidence::{count, is_filled, is_text_field, nearly};
use crate::formats::router::identity;
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const V1: Format = Format {
    id: "tplink-v1",
    rank: Rank::Wrapper,
    magic: &[],
    matches: matches_v1,
    read: read_v1,
    about: About {
        outermost: &[],
        name: "TP-Link firmware, header version 1",
        identified_by: "layout of the header: maker, versions, kernel at 0x200",
        reveals: "any damage, by a salted MD5 over the whole file",
        blind_to: "nothing, unless the MD5 is left empty as in kernel headers",
        source: "firmware-utils src/mktplinkfw.c",
        tested_with: "mktplinkfw",
    },
};

pub(crate) const V2: Format = Format {
    id: "tplink-v2",
    rank: Rank::Wrapper,
    magic: &[],
    matches: matches_v2,
    read: read_v2,
    about: About {
        outermost: &[],
        name: "TP-Link firmware, header versions 2 and 3",
        identified_by: "layout of the header: 55aa at 0x8c, a5 at 0x90, kernel at 0x200",
        reveals: "any damage, by a salted MD5 over the whole file",
        blind_to: "nothing, unless the MD5 is left empty",
        source: "firmware-utils src/mktplinkfw2.c",
        tested_with: "mktplinkfw2",
    },
};

const HEADER_SIZE: u64 = 0x200;

/// No flash that takes such a file is larger.
const MAX_LENGTH: u64 = 256 << 20;

/// Where the fields of a form stand, and its salts.
struct Layout {
    id: &'static str,
    hardware_id: u64,
    hardware_revision: u64,
    md5: u64,
    /// Load address; entry, total length, and pairs of offset and length of kernel, root file system and boot loader
    /// follow.
    load: u64,
    salt: [u8; 16],
    boot_salt: [u8; 16],
}

const LAYOUT_V1: Layout = Layout {
    id: "tplink-v1",
    hardware_id: 0x40,
    hardware_revision: 0x44,
    md5: 0x4c,
    load: 0x74,
    salt: 0xdcd7_3aa5_c395_98fb_ddf9_e7f4_0eae_4738_u128.to_be_bytes(),
    boot_salt: 0x8cef_335b_d5c5_cefa_a79c_28da_b2e9_0f42_u128.to_be_bytes(),
};

const LAYOUT_V2: Layout = Layout {
    id: "tplink-v2",
    hardware_id: 0x34,
    hardware_revision: 0x38,
    md5: 0x40,
    load: 0x68,
    salt: 0xdcd7_3aa5_c395_98fb_dcf9_e7f4_0eae_4737_u128.to_be_bytes(),
    boot_salt: 0x8cef_335f_d5c5_cefa_ac9c_28da_b2e9_0f42_u128.to_be_bytes(),
};

fn matches_v1(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(false) };
    let maker = nearly(window, 4, b"TP-LINK")? || is_text_field(&head[4..0x1c], 3);
    let version = is_text_field(&head[0x1c..0x40], 3);
    let signs = [
        head[..4] == [1, 0, 0, 0] || head[..4] == [2, 0, 0, 0],
        maker,
        version,
        LAYOUT_V1.has_kernel_behind_header(window)?,
        LAYOUT_V1.has_sane_sizes(window)?,
        is_filled(&head[0x9e..0x120], 0),
        is_filled(&head[0x160..], 0),
    ];
    Ok(count(&signs) >= 6 && (maker || version) && count(&signs[3..5]) >= 1)
}

fn matches_v2(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(head) = window.array::<{ HEADER_SIZE as usize }>(0)? else { return Ok(false) };
    let signs = [
        head[..4] == [2, 0, 0, 0] || head[..4] == [3, 0, 0, 0],
        is_text_field(&head[4..0x34], 3),
        head[0x8c..0x8e] == [0x55, 0xaa],
        head[0x90] == 0xa5,
        LAYOUT_V2.has_kernel_behind_header(window)?,
        LAYOUT_V2.has_sane_sizes(window)?,
        is_filled(&head[0x50..0x54], 0),
        is_filled(&head[0x94..], 0xff),
    ];
    Ok(count(&signs) >= 6 && count(&signs[2..4]) >= 1)
}

fn read_v1(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let numbers = [window.be16(0x98)?, window.be16(0x9a)?, window.be16(0x9c)?];
    let version = dotted(numbers.map(Option::unwrap_or_default));
    let region = identity::region(&window.text(0x140, 32)?).or_else(|| match window.be32(0x48) {
        Ok(Some(1)) => Some("US".to_owned()),
        _ => None,
    });
    let fields = LAYOUT_V1.describe(window, reading)?;
    fields.insert("vendor".into(), window.text(4, 24)?);
    fields.insert("version".into(), window.text(0x1c, 36)?);
    if let Some(version) = version {
        reading.set_version(version);
    }
    if let Some(region) = region {
        reading.set_region(region);
    }
    LAYOUT_V1.read(window, reading)
}

fn read_v2(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let numbers = [window.u8(0x91)?, window.u8(0x92)?, window.u8(0x93)?];
    let version = dotted(numbers.map(|number| number.unwrap_or_default().into()));
    let fields = LAYOUT_V2.describe(window, reading)?;
    fields.insert("version".into(), window.text(4, 48)?);
    fields.insert("additional-hardware-version".into(), window.be32(0x3c)?.unwrap_or(0).to_string());
    if let Some(version) = version {
        reading.set_version(version);
    }
    LAYOUT_V2.read(window, reading)
}

/// Three numbers with dots, unless all are 0.
fn dotted(numbers: [u16; 3]) -> Option<String> {
    (numbers != [0; 3]).then(|| numbers.map(|number| number.to_string()).join("."))
}

/// A stretch of the file that the header declares.
#[derive(Clone, Copy)]
struct Extent {
    offset: u64,
    size: u64,
}

impl Extent {
    fn end(self) -> u64 {
        self.offset + self.size
    }
}

impl Layout {
    fn word(&self, window: Window<'_>, index: u64) -> Result<u64, ImageError> {
        Ok(window.be32(self.load + index * 4)?.unwrap_or(0).into())
    }

    fn total(&self, window: Window<'_>) -> Result<u64, ImageError> {
        self.word(window, 2)
    }

    fn extent(&self, window: Window<'_>, index: u64) -> Result<Extent, ImageError> {
        Ok(Extent { offset: self.word(window, 3 + index * 2)?, size: self.word(window, 4 + index * 2)? })
    }

    fn kernel(&self, window: Window<'_>) -> Result<Extent, ImageError> {
        self.extent(window, 0)
    }

    fn rootfs(&self, window: Window<'_>) -> Result<Extent, ImageError> {
        self.extent(window, 1)
    }

    fn boot(&self, window: Window<'_>) -> Result<Extent, ImageError> {
        self.extent(window, 2)
    }

    /// Whether the kernel starts right behind the header, or behind the header and a boot loader.
    fn has_kernel_behind_header(&self, window: Window<'_>) -> Result<bool, ImageError> {
        let kernel = self.kernel(window)?;
        let boot = self.boot(window)?.size;
        Ok(kernel.offset == HEADER_SIZE || (boot != 0 && kernel.offset >= HEADER_SIZE + boot))
    }

    fn has_sane_sizes(&self, window: Window<'_>) -> Result<bool, ImageError> {
        let total = self.total(window)?;
        let (kernel, rootfs) = (self.kernel(window)?, self.rootfs(window)?);
        let limit = if total == 0 { MAX_LENGTH } else { total };
        Ok(kernel.size != 0 && limit <= MAX_LENGTH && kernel.end() <= limit && rootfs.end() <= limit)
    }

    fn describe<'r>(
        &self,
        window: Window<'_>,
        reading: &'r mut Reading<'_>,
    ) -> Result<&'r mut std::collections::BTreeMap<String, String>, ImageError> {
        let id = format!("{:08x}", window.be32(self.hardware_id)?.unwrap_or(0));
        let revision = window.be32(self.hardware_revision)?.unwrap_or(0);
        reading.container(self.id, window);
        let index = reading.last_container();
        identity::record_tplink(&id, revision, reading);
        let (kernel, rootfs, boot) = (self.kernel(window)?, self.rootfs(window)?, self.boot(window)?);
        let (load, entry, total) = (self.word(window, 0)?, self.word(window, 1)?, self.total(window)?);
        let fields = &mut reading.container_at(index).fields;
        fields.insert("hardware-id".into(), id);
        fields.insert("hardware-revision".into(), revision.to_string());
        fields.insert("load".into(), format!("{load:#x}"));
        fields.insert("entry".into(), format!("{entry:#x}"));
        fields.insert("partition-size".into(), total.to_string());
        for (name, extent) in [("kernel", kernel), ("rootfs", rootfs), ("boot", boot)] {
            if extent.size != 0 {
                fields.insert(format!("{name}-offset"), format!("{:#x}", extent.offset));
                fields.insert(format!("{name}-size"), extent.size.to_string());
            }
        }
        Ok(fields)
    }

    fn read(&self, window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let (kernel, rootfs, boot) = (self.kernel(window)?, self.rootfs(window)?, self.boot(window)?);
        let at = window.start() + self.load;
        reading.declared_size("the kernel", at + 16, kernel.end(), window.len());
        if rootfs.size != 0 {
            reading.declared_size("the root file system", at + 24, rootfs.end(), window.len());
        }
        self.check(window, boot, reading)?;
        if boot.size != 0 {
            reading.part("boot", window.clamped(HEADER_SIZE + boot.offset, boot.size))?;
        }
        reading.part("kernel", window.clamped(kernel.offset, kernel.size))?;
        if rootfs.size != 0 {
            reading.part("rootfs", window.clamped(rootfs.offset, rootfs.size))?;
        }
        Ok(())
    }

    fn check(&self, window: Window<'_>, boot: Extent, reading: &mut Reading<'_>) -> Result<(), ImageError> {
        let stored = window.array::<16>(self.md5)?.unwrap_or_default();
        if stored == [0; 16] {
            reading.uncovered("The MD5 in the TP-Link header is left empty, so nothing covers its contents.");
            let end = self.kernel(window)?.end().max(self.rootfs(window)?.end());
            return reading.trailing(window, end);
        }
        let salt = if boot.size == 0 { self.salt } else { self.boot_salt };
        let actual = md5_of([
            Piece::Window(window.clamped(0, self.md5)),
            Piece::Bytes(&salt),
            Piece::Window(window.clamped(self.md5 + 16, u64::MAX)),
        ])?;
        reading.digest("md5 of the file", window.start() + self.md5, hex(&stored), hex(&actual));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::router::tests::{check, damaged, facts};

    fn put(image: &mut [u8], at: usize, words: &[u32]) {
        for (index, word) in words.iter().enumerate() {
            image[at + index * 4..][..4].copy_from_slice(&word.to_be_bytes());
        }
    }

    fn seal(image: &mut [u8], layout: &Layout) {
        let at = layout.md5 as usize;
        image[at..at + 16].copy_from_slice(&layout.salt);
        let digest = md5_of([Piece::Bytes(image)]).unwrap();
        image[at..at + 16].copy_from_slice(&digest);
    }

    fn v1() -> Vec<u8> {
        let mut image = vec![0; 0x200];
        image.extend((0..0x1000_u32).map(|index| (index * 31 / 7) as u8));
        image[0] = 1;
        image[4..24].copy_from_slice(b"TP-LINK Technologies");
        image[0x1c..0x24].copy_from_slice(b"ver. 1.0");
        put(&mut image, 0x40, &[0xc700_0002, 1, 0]);
        let sizes = [0x200, 0x800, 0xa00, 0x800, 0, 0];
        put(&mut image, 0x74, &[0x8006_0000, 0x8006_0000, 0xf8_0000]);
        put(&mut image, 0x80, &sizes);
        image[0x98..0x9e].copy_from_slice(&[0, 3, 0, 15, 0, 1]);
        image[0x140..0x148].copy_from_slice(b"45550000");
        seal(&mut image, &LAYOUT_V1);
        image
    }

    fn v2() -> Vec<u8> {
        let mut image = vec![0xff; 0x200];
        image.extend((0..0x1000_u32).map(|index| (index * 31 / 7) as u8));
        image[..13].copy_from_slice(b"\x02\0\0\0ver. 2.0\0");
        put(&mut image, 0x34, &[0xc200_0001, 1, 0]);
        put(&mut image, 0x50, &[0]);
        put(&mut image, 0x68, &[0x8000_0000, 0x8000_0000, 0x7a_0000, 0x200, 0x800, 0xa00, 0x800, 0, 0]);
        image[0x8c..0x94].copy_from_slice(&[0x55, 0xaa, 1, 0, 0xa5, 0, 9, 1]);
        seal(&mut image, &LAYOUT_V2);
        image
    }

    #[test]
    fn every_damage_shows() {
        check(&v1(), "tplink-v1");
        damaged(&v1(), "tplink-v1", &[0, 5, 0x1d, 0x41, 0x4d, 0x7d, 0x82, 0x86, 0xa0, 0x141, 0x900]);
        check(&v2(), "tplink-v2");
        damaged(&v2(), "tplink-v2", &[0, 5, 0x35, 0x41, 0x71, 0x76, 0x7a, 0x8c, 0x90, 0x1f0, 0x900]);
    }

    #[test]
    fn the_header_names_unit_and_region() {
        let first = facts(&v1());
        assert_eq!((first.region.as_deref(), first.version.as_deref()), (Some("EU"), Some("3.15.1")));
        assert_eq!(first.board_ids, ["c7000002"]);
        let second = facts(&v2());
        assert_eq!((second.vendor.as_deref(), second.version.as_deref()), (Some("TP-Link"), Some("0.9.1")));
    }

    #[test]
    fn an_empty_md5_is_no_damage() {
        let mut image = v1();
        image[0x4c..0x5c].fill(0);
        let found = facts(&image);
        assert_eq!(found.integrity.verdict, debrick_model::Verdict::Unknown, "{found:#?}");
    }
}
