//! The kinds of storage that a boot loader knows, and the commands for them.

use std::ops::Range;
use std::time::Duration;

use super::command::Reply;

/// A storage of the unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// A virtio block device.
    Virtio {
        /// Its number.
        device: u32,
    },
    /// An eMMC or SD card.
    Mmc {
        /// Its number.
        device: u32,
        /// Its hardware partition: 0 user, 1 and 2 boot.
        hardware_partition: u32,
    },
    /// SPI NOR flash.
    SpiNor {
        /// Bus.
        bus: u32,
        /// Chip select.
        chip_select: u32,
    },
    /// Raw NAND flash.
    Nand {
        /// Its number.
        device: u32,
    },
    /// An MTD device by name.
    Mtd {
        /// Its name.
        name: String,
    },
    /// CFI NOR flash in the address space.
    CfiNor {
        /// Address of its first byte.
        base: u64,
    },
}

/// The block of block devices, in bytes.
const BLOCK: u64 = 512;

/// What is done to a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Read,
    Write,
    Erase,
}

impl Storage {
    /// The smallest unit that can be read, in bytes.
    pub(super) fn read_block(&self, write_block: u64) -> u64 {
        match self {
            Self::Virtio { .. } | Self::Mmc { .. } => BLOCK,
            Self::SpiNor { .. } | Self::CfiNor { .. } => 1,
            Self::Nand { .. } | Self::Mtd { .. } => write_block.max(1),
        }
    }

    /// The address at which it can be read like memory.
    pub(super) fn mapped_at(&self) -> Option<u64> {
        match self {
            Self::CfiNor { base } => Some(*base),
            _ => None,
        }
    }

    /// The command that makes it the current one.
    pub(super) fn select(&self) -> Option<String> {
        match self {
            Self::Virtio { device } => Some(format!("virtio dev {device:x}")),
            Self::Mmc { device, hardware_partition } => {
                Some(format!("mmc dev {device:x} {hardware_partition:x}"))
            }
            Self::SpiNor { bus, chip_select } => Some(format!("sf probe {bus:x}:{chip_select:x}")),
            Self::Nand { device } => Some(format!("nand device {device:x}")),
            Self::Mtd { .. } | Self::CfiNor { .. } => None,
        }
    }

    /// The commands for an operation. `ram` is where its bytes are, or go to.
    pub(super) fn commands(&self, operation: Operation, ram: u64, range: &Range<u64>) -> Vec<String> {
        let (offset, size) = (range.start, range.end - range.start);
        let verb = match operation {
            Operation::Read => "read",
            Operation::Write => "write",
            Operation::Erase => "erase",
        };
        match self {
            Self::Virtio { .. } | Self::Mmc { .. } => {
                let name = if matches!(self, Self::Virtio { .. }) { "virtio" } else { "mmc" };
                vec![format!("{name} {verb} {ram:x} {:x} {:x}", offset / BLOCK, size / BLOCK)]
            }
            Self::SpiNor { .. } | Self::Nand { .. } => {
                let name = if matches!(self, Self::SpiNor { .. }) { "sf" } else { "nand" };
                vec![match operation {
                    Operation::Erase => format!("{name} erase {offset:x} {size:x}"),
                    _ => format!("{name} {verb} {ram:x} {offset:x} {size:x}"),
                }]
            }
            Self::Mtd { name } => vec![match operation {
                Operation::Erase => format!("mtd erase {name} {offset:x} {size:x}"),
                _ => format!("mtd {verb} {name} {ram:x} {offset:x} {size:x}"),
            }],
            Self::CfiNor { base } => {
                let (first, last) = (base + offset, base + offset + size - 1);
                match operation {
                    Operation::Read => vec![format!("cp.b {first:x} {ram:x} {size:x}")],
                    Operation::Write => vec![
                        format!("protect off {first:x} +{size:x}"),
                        format!("cp.b {ram:x} {first:x} {size:x}"),
                    ],
                    Operation::Erase => {
                        vec![format!("protect off {first:x} +{size:x}"), format!("erase {first:x} {last:x}")]
                    }
                }
            }
        }
    }

    /// Whether a reply to one of the commands says that all of it was done.
    pub(super) fn is_done(&self, operation: Operation, range: &Range<u64>, reply: &Reply) -> bool {
        let size = range.end - range.start;
        let status_is_good = reply.status == Some(0);
        let says = |text: &str| reply.text.contains(text);
        let participle = match operation {
            Operation::Read => "read",
            Operation::Write => "written",
            Operation::Erase => "erased",
        };
        match self {
            Self::Virtio { .. } | Self::Mmc { .. } => {
                says(&format!(" {} blocks {participle}: OK", size / BLOCK))
            }
            Self::SpiNor { .. } => {
                let (first, rest) = participle.split_at(1);
                let word = format!("{}{rest}: OK", first.to_uppercase());
                says(&format!("{size} bytes")) && says(&word) || status_is_good
            }
            Self::Nand { .. } => match operation {
                Operation::Erase => says("OK") && !says("Skipping bad block"),
                _ => says(&format!(" {size} bytes {participle}: OK")) && !says("Skip"),
            },
            Self::Mtd { .. } => {
                let word = match operation {
                    Operation::Read => format!("Reading {size} byte(s)"),
                    Operation::Write => format!("Writing {size} byte(s)"),
                    Operation::Erase => "Erasing 0x".to_owned(),
                };
                says(&word)
                    && !says("Failure")
                    && !says("Skipping")
                    && (status_is_good || reply.status.is_none())
            }
            Self::CfiNor { .. } => match operation {
                Operation::Read => status_is_good || reply.text.trim().is_empty(),
                Operation::Write => says("done"),
                Operation::Erase => says("Erased "),
            },
        }
    }
}

/// How long an operation on so many bytes may take, at worst.
pub(super) fn operation_time(operation: Operation, bytes: u64) -> Duration {
    let slowest: u64 = match operation {
        Operation::Read => 512 * 1024,
        Operation::Write => 48 * 1024,
        Operation::Erase => 24 * 1024,
    };
    Duration::from_secs(10 + bytes / slowest)
}

/// Offsets of bad blocks as `nand bad` lists them.
pub(super) fn bad_blocks(text: &str) -> Vec<u64> {
    text.lines()
        .filter(|line| line.starts_with(' '))
        .filter_map(|line| crate::wire::hex(line.split_whitespace().next()?.trim_start_matches("0x")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> Reply {
        Reply { text: text.into(), status: Some(0) }
    }

    #[test]
    fn commands_are_in_hexadecimal_blocks() {
        let storage = Storage::Virtio { device: 0 };
        let range = 0x10_0000..0x10_1000;
        assert_eq!(storage.commands(Operation::Read, 0x4200_0000, &range), ["virtio read 42000000 800 8"]);
        let good = "\nvirtio read: device 0 block # 2048, count 8 ... 8 blocks read: OK\n";
        assert!(storage.is_done(Operation::Read, &range, &reply(good)));
        assert!(!storage.is_done(Operation::Write, &range, &reply(good)));
        let short = "\nvirtio read: device 0 block # 2048, count 8 ... 7 blocks read: OK\n";
        assert!(!storage.is_done(Operation::Read, &range, &reply(short)));
        let nor = Storage::CfiNor { base: 0x400_0000 };
        assert_eq!(
            nor.commands(Operation::Erase, 0, &(0x4_0000..0x6_0000)),
            ["protect off 4040000 +20000", "erase 4040000 405ffff"]
        );
        assert!(nor.is_done(Operation::Erase, &(0..1), &reply("\n. done\nErased 1 sectors\n")));
        let mtd = Storage::Mtd { name: "nor1".into() };
        assert_eq!(mtd.commands(Operation::Write, 0x42, &(0x100..0x200)), ["mtd write nor1 42 100 100"]);
        assert!(mtd.is_done(
            Operation::Write,
            &(0..65536),
            &reply("Writing 65536 byte(s) at offset 0x00060000\n")
        ));
    }

    #[test]
    fn bad_blocks_are_listed() {
        assert_eq!(
            bad_blocks("\nDevice 0 bad blocks:\n  00120000\n  0x000000140000\t (bbt reserved)\n"),
            [0x12_0000, 0x14_0000]
        );
        assert!(bad_blocks("\nDevice 0 bad blocks:\n").is_empty());
    }
}
