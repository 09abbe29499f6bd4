//! Partitions of raw flash, as `/proc/mtd` and `/sys/class/mtd` tell them (Linux, `drivers/mtd/mtdcore.c`), and backups of
//! them over a running system.
//!
//! Only what the system does not write to can be backed up like this: readings of anything else never agree.

use debrick_link::Deadline;
use debrick_target::{Silent, Watch};

use super::error::OpenwrtError;
use super::{LOOKED, LOOKING};
use crate::error::SshError;
use crate::files::{DigestTool, Digests, digest_on_unit, take_output};
use crate::shell::{Shell, ask, within};

/// The most partitions that a list may have.
const MOST: usize = 128;

/// The largest partition that is kept in memory, in bytes.
pub const LARGEST: u64 = 256 << 20;

/// How many readings of a partition are made before it is given up. A digest of the unit's counts as one.
pub const MOST_READINGS: u32 = 5;

/// `MTD_WRITEABLE` (Linux, `include/uapi/mtd/mtd-abi.h`).
const WRITEABLE: u32 = 0x400;

/// A stretch of raw flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its number: `0` is `/dev/mtd0`.
    pub number: u32,
    /// Its name: `u-boot`, `art`, `factory`.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Size of an erase block in bytes.
    pub erase_block: u64,
    /// Whether it lies on NAND, where blocks may be bad.
    pub is_nand: Option<bool>,
    /// Whether the kernel lets anybody write to it.
    pub is_writable: Option<bool>,
}

impl Partition {
    /// The device file to read from.
    pub fn path(&self) -> String {
        format!("/dev/mtd{}", self.number)
    }
}

/// A backup of a partition, worth the name: two readings agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionBackup {
    /// All of its bytes.
    pub bytes: Vec<u8>,
    /// Their digests.
    pub digests: Digests,
    /// How many readings it took. A digest of the unit's counts as one.
    pub readings: u32,
    /// What the unit's digest was computed with; `None` where readings of ours were compared.
    pub compared: Option<DigestTool>,
}

/// Reads `/proc/mtd`. Lines that are none of its own are passed over.
pub fn parse_mtd(text: &str) -> Vec<Partition> {
    text.lines().filter_map(parse_line).take(MOST).collect()
}

/// `mtd0: 00040000 00010000 "u-boot"`.
fn parse_line(line: &str) -> Option<Partition> {
    let (number, rest) = line.trim().strip_prefix("mtd")?.split_once(':')?;
    let number = number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()?;
    let (numbers, name) = rest.split_once('"')?;
    let name = name.strip_suffix('"')?;
    let mut numbers = numbers.split_ascii_whitespace().map(|word| u64::from_str_radix(word, 16).ok());
    let (size, erase_block) = (numbers.next()??, numbers.next()??);
    let is_plain = !name.is_empty() && !name.chars().any(char::is_control);
    (is_plain && numbers.next().is_none()).then(|| Partition {
        number,
        name: name.into(),
        size,
        erase_block,
        is_nand: None,
        is_writable: None,
    })
}

/// Lists the partitions, with what `/sys/class/mtd` tells of each. Empty on systems without raw flash.
pub fn list(shell: &mut dyn Shell, deadline: Deadline) -> Result<Vec<Partition>, OpenwrtError> {
    let Some(text) = look(shell, "cat /proc/mtd", deadline)? else { return Ok(vec![]) };
    let mut partitions = parse_mtd(&text);
    for partition in &mut partitions {
        let folder = format!("/sys/class/mtd/mtd{}", partition.number);
        let kind = look(shell, &format!("cat {folder}/type"), deadline)?;
        partition.is_nand = kind.map(|kind| kind.contains("nand"));
        let flags = look(shell, &format!("cat {folder}/flags"), deadline)?;
        let flags = flags.and_then(|text| u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok());
        partition.is_writable = flags.map(|flags| flags & WRITEABLE != 0);
    }
    Ok(partitions)
}

fn look(shell: &mut dyn Shell, command: &str, deadline: Deadline) -> Result<Option<String>, OpenwrtError> {
    let until = within(shell, LOOKING, deadline);
    let answer = ask(shell, command, LOOKED, until).map_err(OpenwrtError::shell("list the partitions"))?;
    Ok(answer.ended.is_success().then(|| answer.text()))
}

/// Reads a partition until two readings agree. The unit's own digest is one reading, where it has a tool for one.
///
/// Advances `watch` by the bytes of the first reading.
pub fn back_up(
    shell: &mut dyn Shell,
    partition: &Partition,
    watch: &mut dyn Watch,
    deadline: Deadline,
) -> Result<PartitionBackup, OpenwrtError> {
    if partition.size > LARGEST {
        let Partition { name, size, .. } = partition.clone();
        return Err(OpenwrtError::PartitionTooLarge { name, size, largest: LARGEST });
    }
    let failed = || OpenwrtError::shell(format!("read the partition {:?}", partition.name));
    // A plain reading of NAND shifts, or ends, at a bad block; the digest of a device file is one of a plain reading.
    let has_bad_blocks = partition.is_nand == Some(true);
    let mut readings = 0;
    let mut seen: Vec<Digests> = Vec::new();
    while readings < MOST_READINGS {
        let (bytes, digests) = if seen.is_empty() {
            read(shell, partition, watch, deadline)
        } else {
            read(shell, partition, &mut Silent, deadline)
        }
        .map_err(failed())?;
        readings += 1;
        if seen.contains(&digests) {
            return Ok(PartitionBackup { bytes, digests, readings, compared: None });
        }
        if !has_bad_blocks
            && let Some(unit) = digest_on_unit(shell, &partition.path(), deadline).map_err(failed())?
        {
            readings += 1;
            if digests.agree_with(&unit) {
                return Ok(PartitionBackup { bytes, digests, readings, compared: Some(unit.tool) });
            }
        }
        seen.push(digests);
    }
    Err(OpenwrtError::UnstableReadings { name: partition.name.clone(), readings })
}

/// One reading. A partition that ends early is no reading.
fn read(
    shell: &mut dyn Shell,
    partition: &Partition,
    watch: &mut dyn Watch,
    deadline: Deadline,
) -> Result<(Vec<u8>, Digests), SshError> {
    let plain = format!("cat {}", partition.path());
    if partition.is_nand == Some(true) {
        // mtd-utils: bad blocks come as 0xFF, so that everything behind them keeps its place.
        let command = format!("nanddump --bb=padbad {}", partition.path());
        match read_with(shell, &command, partition, watch, deadline) {
            Err(SshError::CommandMissing { .. }) => {}
            other => return other,
        }
    }
    read_with(shell, &plain, partition, watch, deadline)
}

fn read_with(
    shell: &mut dyn Shell,
    command: &str,
    partition: &Partition,
    watch: &mut dyn Watch,
    deadline: Deadline,
) -> Result<(Vec<u8>, Digests), SshError> {
    let mut bytes = Vec::new();
    let mut keep = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    let (digests, length) = take_output(shell, command, partition.size, &mut keep, watch, deadline)?;
    if length == partition.size {
        return Ok((bytes, digests));
    }
    let detail = format!("{length} bytes came of {}", partition.size);
    Err(SshError::Differs { path: partition.path(), detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_s_list_is_read() {
        let text = "dev:    size   erasesize  name\n\
                    mtd0: 00040000 00010000 \"u-boot\"\n\
                    mtd1: 00f90000 00010000 \"firmware\"\n\
                    mtd10: 00010000 00010000 \"art 2\"\n";
        let list = parse_mtd(text);
        let seen: Vec<_> = list.iter().map(|part| (part.number, part.name.as_str(), part.size)).collect();
        assert_eq!(seen, [(0, "u-boot", 0x40000), (1, "firmware", 0xf9_0000), (10, "art 2", 0x10000)]);
        assert_eq!((list[2].path().as_str(), list[0].erase_block), ("/dev/mtd10", 0x10000));
    }

    #[test]
    fn what_is_no_line_of_it_is_passed_over() {
        for bad in [
            "mtd: 00040000 00010000 \"a\"",
            "mtd+1: 00040000 00010000 \"a\"",
            "mtd0: 00040000 \"a\"",
            "mtd0: 00040000 00010000 00010000 \"a\"",
            "mtd0: 00040000 00010000 a",
            "mtd0: 00040000 00010000 \"\"",
            "mtd0: 1ffffffffffffffff 00010000 \"a\"",
            "mtd99999999999: 00040000 00010000 \"a\"",
        ] {
            assert_eq!(parse_mtd(bad), [], "{bad}");
        }
        assert_eq!(parse_mtd(&"mtd0: 1 1 \"a\"\n".repeat(1000)).len(), MOST);
    }
}
