//! A whole flash of an Espressif chip, as `esptool merge_bin` writes it: boot loader, partition table, applications.
//!
//! Source: ESP-IDF `Kconfig.projbuild` of the partition table and boot loader (offsets), esptool `merge_bin`. The boot
//! loader starts at 0x1000 (ESP32, ESP32-S2), 0x2000 (ESP32-P4, ESP32-C5) or 0 (the others), the table at 0x8000
//! unless configured otherwise.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::formats::mcu::esp_image;
use crate::formats::mcu::esp_partition_table::{MAX_SIZE, Table};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "esp-flash-image",
    rank: Rank::Wrapper,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Espressif flash contents (merged image)",
        identified_by: "a partition table at 0x8000 (or up to 0x10000) with a boot loader or erased flash before it",
        reveals: "damage in the partition table (MD5), boot loader and applications (XOR, SHA-256)",
        blind_to: "data partitions; padding",
        source: "ESP-IDF partition_table and bootloader Kconfig.projbuild; esptool merge_bin",
        tested_with: "esptool merge_bin, own construction",
    },
};

const BOOT_LOADER_OFFSETS: [u64; 3] = [0, 0x1000, 0x2000];

/// Where partition tables are looked for: each sector of this range.
const TABLE_OFFSETS: std::ops::RangeInclusive<u64> = 8..=16;

const SECTOR: u64 = 0x1000;

fn table(window: Window<'_>) -> Result<Option<(u64, Table)>, ImageError> {
    for sector in TABLE_OFFSETS {
        let at = sector * SECTOR;
        let table = Table::parse(window.clamped(at, MAX_SIZE))?;
        // The first row describes flash behind the table.
        let first = table.rows.first().map(|row| u64::from(row.offset));
        if table.is_proven() && first.is_some_and(|first| first > at) {
            return Ok(Some((at, table)));
        }
    }
    Ok(None)
}

fn boot_loader(window: Window<'_>, table_at: u64) -> Result<Option<u64>, ImageError> {
    for at in BOOT_LOADER_OFFSETS {
        if esp_image::matches(window.clamped(at, table_at - at))? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some((at, table)) = table(window)? else { return Ok(false) };
    Ok(table.rows.len() > 1 || boot_loader(window, at)?.is_some())
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some((table_at, table)) = table(window)? else { return Ok(()) };
    reading.set_vendor("Espressif");
    let boot_loader = boot_loader(window, table_at)?;
    let fields = reading.container(FORMAT.id, window);
    fields.insert("partition-table".into(), format!("{table_at:#x}"));
    fields.insert("partitions".into(), table.rows.len().to_string());
    if let Some(at) = boot_loader {
        fields.insert("boot-loader".into(), format!("{at:#x}"));
    }
    let application = |row: &&super::esp_partition_table::Row| row.is_application();
    for row in table.rows.iter().filter(application) {
        let contents = window.clamped(row.offset.into(), row.size.into());
        if let Some((name, version)) = esp_image::description(contents)? {
            reading.set_model(name);
            reading.set_version(version);
        }
    }
    match boot_loader {
        Some(at) => {
            reading.part("bootloader", window.clamped(at, table_at - at))?;
        }
        None => reading.structure("boot loader", window.start(), "present", "not found"),
    }
    reading.part("partition-table", window.clamped(table_at, MAX_SIZE))?;
    let mut end = table_at + SECTOR;
    let mut rows = table.rows.clone();
    rows.sort_by_key(|row| row.offset);
    for row in &rows {
        end = end.max(u64::from(row.offset) + u64::from(row.size));
        let contents = window.clamped(row.offset.into(), row.size.into());
        let (size, at) = (contents.len(), contents.start());
        if size == 0 || contents.is_padding()? {
            continue;
        }
        let format = reading.part(row.label.clone(), contents)?;
        match format {
            None if row.is_application() => {
                reading.structure(format!("application in {}", row.label), at, "an image", "something else");
            }
            None => reading.uncovered(format!("Nothing checks the contents of partition {}.", row.label)),
            Some(_) => {}
        }
    }
    reading.trailing(window, end)
}

#[cfg(test)]
mod tests {
    use crate::formats::mcu::{esp_image, esp_partition_table};
    use crate::inspect::inspect;
    use debrick_model::Verdict;

    fn flash() -> Vec<u8> {
        let mut flash = vec![0xff; 0x1_0000];
        let mut put = |at: usize, bytes: &[u8]| flash[at..at + bytes.len()].copy_from_slice(bytes);
        put(0x1000, &esp_image::tests::application(0, "boot", "1"));
        let rows = [(1, 2, 0x9000, 0x5000, "nvs"), (0, 0x10, 0x1_0000, 0x10_0000, "app0")];
        put(0x8000, &esp_partition_table::tests::table(&rows));
        flash.extend(esp_image::tests::application(0, "lamp", "1.2.3"));
        flash
    }

    #[test]
    fn facts_and_damage() {
        let image = flash();
        let facts = inspect(&image).unwrap();
        assert_eq!(facts.format.as_deref(), Some("esp-flash-image"));
        assert_eq!((facts.integrity.verdict, facts.warnings.len()), (Verdict::Pass, 0), "{facts:?}");
        assert_eq!((facts.model.as_deref(), facts.version.as_deref()), (Some("lamp"), Some("1.2.3")));
        let chain: Vec<_> = facts.containers.iter().map(|container| container.format.as_str()).collect();
        assert_eq!(chain, ["esp-flash-image", "esp-image", "esp-partition-table", "esp-image"]);
        for at in [0x1000, 0x1005, 0x1300, 0x8004, 0x8021, 0x1_0001, 0x1_0400] {
            let mut damaged = image.clone();
            damaged[at] ^= 4;
            let facts = inspect(&damaged).unwrap();
            assert_eq!(facts.format.as_deref(), Some("esp-flash-image"), "{at:#x}");
            assert_eq!(facts.integrity.verdict, Verdict::Fail, "{at:#x}");
        }
        let cut = inspect(&image[..0x1_0200].to_vec()).unwrap();
        assert_eq!((cut.format.as_deref(), cut.integrity.verdict), (Some("esp-flash-image"), Verdict::Fail));
    }
}
