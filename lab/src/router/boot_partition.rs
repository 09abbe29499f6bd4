//! The boot region of a model whose boot loader has no environment of its own: a partition table and a FAT12 file
//! system with `boot.scr`, which U-Boot's built-in `distro_bootcmd` looks for (U-Boot `doc/develop/distro.rst`).
//!
//! Offsets are those of the FAT specification (Microsoft, `fatgen103`, section "Boot Sector and BPB").

const SECTOR: usize = 512;
/// The partition starts right after the table.
const START_SECTOR: u8 = 1;
/// Boot sector, one FAT, one sector of root directory.
const DATA_SECTOR: usize = 3;
const FIRST_CLUSTER: usize = 2;

/// A region of `size` bytes that holds `script` as `/boot.scr` of its first, bootable partition. The script must
/// fit one FAT sector's worth of clusters, which is far more than it needs.
pub(super) fn build(size: u64, script: &[u8]) -> Vec<u8> {
    let sectors = size as usize / SECTOR;
    let mut region = vec![0; sectors * SECTOR];
    let (table, partition) = region.split_at_mut(SECTOR * usize::from(START_SECTOR));
    write_table(table, sectors - usize::from(START_SECTOR));
    write_file_system(partition, script);
    region
}

fn write_table(sector: &mut [u8], partition_sectors: usize) {
    let entry = &mut sector[0x1BE..0x1CE];
    entry[0] = 0x80; // bootable
    entry[4] = 0x01; // FAT12
    entry[8] = START_SECTOR;
    entry[12..16].copy_from_slice(&(partition_sectors as u32).to_le_bytes());
    sector[0x1FE..].copy_from_slice(&[0x55, 0xAA]);
}

fn write_file_system(partition: &mut [u8], script: &[u8]) {
    let sectors = (partition.len() / SECTOR) as u16;
    let boot = &mut partition[..SECTOR];
    boot[..11].copy_from_slice(b"\xEB\x3C\x90ACMEBOOT");
    boot[11..13].copy_from_slice(&(SECTOR as u16).to_le_bytes());
    boot[13] = 1; // sectors a cluster
    boot[14] = 1; // reserved sectors
    boot[16] = 1; // FATs
    boot[17] = 16; // root directory entries: one sector
    boot[19..21].copy_from_slice(&sectors.to_le_bytes());
    boot[21] = 0xF8; // fixed disk
    boot[22] = 1; // sectors a FAT
    boot[24] = 1; // sectors a track
    boot[26] = 1; // heads
    boot[28] = START_SECTOR; // hidden sectors
    boot[36] = 0x80; // drive
    boot[38] = 0x29; // the next three fields are there
    boot[39..43].copy_from_slice(&0x4143_4D45_u32.to_le_bytes());
    boot[43..62].copy_from_slice(b"ACME BOOT  FAT12   ");
    boot[0x1FE..].copy_from_slice(&[0x55, 0xAA]);

    let clusters = script.len().div_ceil(SECTOR);
    let fat = &mut partition[SECTOR..2 * SECTOR];
    set_entry(fat, 0, 0xFF8);
    set_entry(fat, 1, 0xFFF);
    for cluster in FIRST_CLUSTER..FIRST_CLUSTER + clusters {
        let last = cluster + 1 == FIRST_CLUSTER + clusters;
        set_entry(fat, cluster, if last { 0xFFF } else { cluster as u16 + 1 });
    }

    let root = &mut partition[2 * SECTOR..3 * SECTOR];
    root[..11].copy_from_slice(b"BOOT    SCR");
    root[11] = 0x20; // archive: a plain file
    root[26] = FIRST_CLUSTER as u8;
    root[28..32].copy_from_slice(&(script.len() as u32).to_le_bytes());
    partition[DATA_SECTOR * SECTOR..][..script.len()].copy_from_slice(script);
}

/// FAT12 packs two 12-bit entries into three bytes.
fn set_entry(fat: &mut [u8], cluster: usize, value: u16) {
    let position = cluster * 3 / 2;
    let pair = if cluster.is_multiple_of(2) { value } else { value << 4 };
    fat[position] |= pair as u8;
    fat[position + 1] |= (pair >> 8) as u8;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_packed_in_pairs() {
        let mut fat = [0; 6];
        for (cluster, value) in [(0, 0xFF8), (1, 0xFFF), (2, 0x003), (3, 0xFFF)] {
            set_entry(&mut fat, cluster, value);
        }
        assert_eq!(fat, [0xF8, 0xFF, 0xFF, 0x03, 0xF0, 0xFF]);
    }

    #[test]
    fn the_script_lies_where_the_directory_says() {
        let region = build(0x1_0000, &[7; 700]);
        assert_eq!(region.len(), 0x1_0000);
        assert_eq!(region[0x1FE..0x200], [0x55, 0xAA]);
        assert_eq!(&region[3 * SECTOR..][..11], b"BOOT    SCR");
        assert!(region[4 * SECTOR..][..700].iter().all(|&byte| byte == 7));
    }
}
