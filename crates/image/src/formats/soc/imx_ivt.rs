//! What the boot ROM of i.MX chips starts: an image vector table, boot data, device configuration, code.
//!
//! Source: NXP i.MX 6 Reference Manual, chapter "System Boot" (image vector table, boot data); U-Boot
//! `tools/imximage.c`. Little-endian. The table stands at the start of the file, or where it is in flash.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "imx-ivt",
    rank: Rank::Structure,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "NXP i.MX boot image",
        identified_by: "a vector table whose pointers agree with each other",
        reveals: "missing bytes, by the declared size; pointers that disagree",
        blind_to: "changed code: only a signature covers it",
        source: "i.MX 6 Reference Manual, System Boot; U-Boot tools/imximage.c",
        tested_with: "U-Boot for i.MX boards, own construction",
    },
};

const TABLE_SIZE: u32 = 32;

/// Where the table may stand in a file.
const OFFSETS: [u64; 3] = [0, 0x400, 0x1000];

/// The table and the boot data behind it.
struct Table {
    at: u64,
    version: u8,
    entry: u32,
    configuration: u32,
    own: u32,
    signature: u32,
    start: u32,
    length: u32,
    /// Wrong bits in the first three bytes.
    tag_distance: u32,
    /// What speaks for it, from 0 to 12.
    points: u32,
    /// What disagrees.
    oddities: Vec<&'static str>,
}

impl Table {
    fn parse(window: Window<'_>, at: u64) -> Result<Option<Self>, ImageError> {
        let Some(bytes) = window.array::<{ TABLE_SIZE as usize }>(at)? else { return Ok(None) };
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let (entry, configuration, boot_data, own) = (word(4), word(12), word(16), word(20));
        // Boot data follows the table in every known file; a flipped bit in the pointer must not hide it.
        let data_at = at + u64::from(TABLE_SIZE);
        let start = window.le32(data_at)?.unwrap_or_default();
        let length = window.le32(data_at + 4)?.unwrap_or_default();
        let plugin = window.le32(data_at + 8)?.unwrap_or_default();
        let end = u64::from(start) + u64::from(length);
        let has_configuration =
            configuration == 0 || window.u8(at + u64::from(configuration.wrapping_sub(own)))? == Some(0xd2);
        let conditions = [
            (bytes[0] == 0xd1, 1, "tag"),
            (bytes[1..3] == [0, 32], 2, "size of the table"),
            ((0x40..=0x43).contains(&bytes[3]), 1, "version"),
            (word(8) == 0 && word(28) == 0, 1, "reserved words"),
            (own != 0 && boot_data.wrapping_sub(own) == TABLE_SIZE, 2, "pointer to the boot data"),
            (
                own >= start && own - start <= 0x1_0000 && (own - start).is_multiple_of(0x400),
                2,
                "pointer to the table itself",
            ),
            (entry >= start && u64::from(entry) < end, 1, "entry"),
            (plugin < 2, 1, "plugin flag"),
            (has_configuration, 1, "pointer to the device configuration"),
        ];
        let points = conditions.iter().map(|(holds, points, _)| if *holds { *points } else { 0 }).sum();
        let oddities = conditions.iter().filter(|(holds, ..)| !holds).map(|(.., name)| *name).collect();
        let (version, signature) = (bytes[3], word(24));
        let tag_distance = (word(0) & 0xff_ffff ^ 0x20_00d1).count_ones();
        Ok(Some(Self {
            at,
            version,
            entry,
            configuration,
            own,
            signature,
            start,
            length,
            tag_distance,
            points,
            oddities,
        }))
    }

    /// Where the image ends. What lies in flash before the table is not part of files that start with it.
    fn end(&self) -> u64 {
        let before = u64::from(self.own.saturating_sub(self.start));
        (self.at + u64::from(self.length)).saturating_sub(before)
    }

    fn find(window: Window<'_>) -> Result<Option<Self>, ImageError> {
        for at in OFFSETS {
            if let Some(table) = Self::parse(window, at)?
                && table.own != 0
                && table.points >= 7
                && table.tag_distance <= 1
                && (at == 0 || table.oddities.is_empty())
            {
                return Ok(Some(table));
            }
        }
        Ok(None)
    }
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    Ok(Table::find(window)?.is_some())
}

/// Where the image that starts a window ends.
pub(super) fn end(window: Window<'_>) -> Result<Option<u64>, ImageError> {
    Ok(Table::find(window)?.map(|table| table.end()))
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(table) = Table::find(window)? else { return Ok(()) };
    let at = window.start() + table.at;
    let end = table.end();
    let image = window.clamped(table.at, end.saturating_sub(table.at));
    reading.set_vendor("NXP/Freescale");
    // The SPL of the i.MX 8M runs at these addresses; all else with such a table is 32-bit.
    let is_8m = table.version != 0x40 && matches!(table.entry, 0x7e_0000..=0x7e_ffff | 0x91_2000 | 0x92_0000);
    reading.set_architecture(if is_8m { "arm64" } else { "arm" });
    let fields = reading.container(FORMAT.id, image);
    let mut put = |name: &str, value: u32| fields.insert(name.into(), format!("{value:#x}"));
    put("version", table.version.into());
    put("entry", table.entry);
    put("device-configuration", table.configuration);
    put("table", table.own);
    put("start", table.start);
    put("length", table.length);
    for what in &table.oddities {
        reading.structure(*what, at, "as the others say", "another");
    }
    let order = if end > table.at { "behind it" } else { "before it" };
    reading.structure("end of the image, seen from the table", at + 36, "behind it", order);
    reading.declared_size("the image", at + 36, end, window.len());
    if table.signature != 0 {
        reading.signature("The image (high assurance boot)");
    }
    reading.uncovered("Only a signature, if any, covers the code of an i.MX image.");
    reading.opaque_part("code", image)?;
    let rest = window.clamped(end, u64::MAX);
    // U-Boot proper may follow its SPL.
    if rest.len() > 0 && !rest.is_padding()? && reading.part("next-stage", rest)?.is_some() {
        return Ok(());
    }
    reading.trailing(window, end)
}

#[cfg(test)]
pub(super) mod tests {
    use crate::formats::soc::tests::check;
    use debrick_model::Verdict;

    pub(in super::super) fn image() -> Vec<u8> {
        let mut image = vec![0xd1, 0, 32, 0x40];
        for word in [0x9080_0000_u32, 0, 0, 0x907f_f420, 0x907f_f400, 0, 0, 0x907f_f000, 0xa000, 0] {
            image.extend(word.to_le_bytes());
        }
        image.extend((0..0xa000_u32 - 0x400 - 44).map(|i| (i * 7) as u8));
        image
    }

    #[test]
    fn facts_and_damage() {
        let facts = check(&image(), "imx-ivt", Verdict::Unknown, 0);
        assert_eq!(facts.vendor.as_deref(), Some("NXP/Freescale"));
        assert_eq!(facts.architecture.as_deref(), Some("arm"));
    }
}
