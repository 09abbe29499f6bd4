//! What drivers of disks and cards, and readers of partition tables, say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "mmc-init",
        Kernel,
        &[
            "whilst initialising MMC card",
            "whilst initialising SD card",
            "unable to read EXT_CSD",
            "Timeout waiting for hardware interrupt",
            "Card stuck being busy",
            "Card stuck in programming state",
            "card never left busy state",
            "tuning execution failed",
            "mmc0: recovery failed",
            "Internal clock never stabilised",
            "Reset 0x* never completed",
            "recovery failed!",
            "unrecognised EXT_CSD",
        ],
        "The eMMC or card does not answer the kernel.",
        &[(C::FlashHardwareFault, 0.5), (C::FirmwareBug, 0.4), (C::PowerFault, 0.1)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::PowerCycleAndRetry, A::InstallOtherBuild])
    .from("Linux drivers/mmc/core/mmc.c", "mmc0: error -110 whilst initialising MMC card"),
    rule(
        "mmc-controller",
        System,
        &["timed out sending r/w cmd", "Controller never released inhibit"],
        "The controller gets no answer from the card or eMMC: that, its supply or its driver fails.",
        &[(C::FlashHardwareFault, 0.46), (C::FirmwareBug, 0.38), (C::PowerFault, 0.25)],
    )
    .states(&[(S::BootsDegraded, 0.35)])
    .actions(&[A::PowerCycleAndRetry, A::InstallOtherBuild])
    .from("Linux drivers/mmc/host/sdhci.c", "mmc0: Controller never released inhibit bit(s)."),
    rule(
        "block-io",
        System,
        &[
            "Buffer I/O error on dev",
            "I/O error, dev",
            "critical medium error",
            "Unrecovered read error",
            "blk_update_request: I/O error",
            "print_req_error: I/O error",
            "Medium Error",
            " error, dev *, sector",
        ],
        "The storage cannot be read or written.",
        &[(C::FlashHardwareFault, 0.7)],
    )
    .without(&[
        "I/O error, dev ubiblock",
        "I/O error, dev nbd",
        "timed out sending r/w cmd",
        "Controller never released inhibit",
    ])
    .states(&[(S::BootsDegraded, 0.35)])
    .from("Linux block/blk-core.c", "blk_update_request: I/O error, dev mmcblk0, sector 1234"),
    rule(
        "network-disk",
        System,
        &["block nbd*: Other side returned error", "I/O error, dev nbd", "rauc-nbd[*]: request failed"],
        "What is read comes over the network, and the other side does not give it.",
        &[(C::LinkFault, 0.6), (C::UpdateInterrupted, 0.3)],
    )
    .states(&[(S::Unknown, 0.5), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort])
    .from("Linux drivers/block/nbd.c; RAUC src/nbd.c", "block nbd0: Other side returned error (5)"),
    rule(
        "partition-table",
        Kernel,
        &[
            "unable to read partition table",
            "Primary GPT is invalid",
            "unknown partition table",
            "Invalid partition table",
            "corrupt GPT",
            "Partition table entries are not in disk order",
            "Missing operating system",
        ],
        "The partition table is damaged.",
        &[(C::PartitionTableDamaged, 0.6), (C::FlashHardwareFault, 0.15)],
    )
    .from("Linux block/partitions/efi.c", "GPT: Primary GPT is invalid, using alternate GPT."),
    rule(
        "partition-table-grown",
        Kernel,
        &[
            "Alternate GPT header not at the end of the disk",
            "Use GNU Parted to correct GPT errors",
            "thinks Alt. header is not at the end",
        ],
        "The disk is larger than the image that was written to it, which is harmless.",
        &[(C::PartitionTableDamaged, 0.12)],
    )
    .from("Linux block/partitions/efi.c", "GPT:Alternate GPT header not at the end of the disk."),
    rule(
        "mmc-transfer",
        System,
        &[
            "error -84",
            "mmc0: Timeout waiting",
            "mmcblk0: error",
            "mmcblk1: error",
            "retrying using single block read",
            "mmc_blk_",
            "card removed",
            "mmc0: card * removed",
            "mmc0: Card removed",
            "mmc0: cache flush error",
            "mmc0: running CQE recovery",
            "error -110 sending status",
            "no response from card",
            "sdhci: timeout",
        ],
        "Transfers to the card or eMMC fail.",
        &[(C::FlashHardwareFault, 0.5), (C::FirmwareBug, 0.3), (C::LinkFault, 0.2)],
    )
    // Nobody misses a card where there is none.
    .without(&[
        "has no SD card",
        "there is no SD card",
        "without an SD card",
        "without SD card",
        "no SD card inserted",
        "SD card is not inserted",
    ])
    .states(&[(S::KernelHang, 0.25), (S::BootsDegraded, 0.25)])
    .from("Linux drivers/mmc/core/block.c", "mmcblk0: error -110 sending status command, retrying"),
    rule(
        "ata-errors",
        System,
        &[
            "failed command: READ",
            "failed command: WRITE",
            "exception Emask",
            "{ UNC }",
            "{ DRDY ERR }",
            "ata1: COMRESET failed",
            "softreset failed",
            "link is slow to respond",
            "SMART * FAILED",
            "Pending Sector",
            "Hardware Error",
            "nvme * timeout",
            "controller is down",
        ],
        "The disk reports errors, or its link fails.",
        &[(C::FlashHardwareFault, 0.6), (C::LinkFault, 0.35)],
    )
    // There is no disk at the port that is slow to answer.
    .without(&["SATA link down (SStatus 0 "])
    .states(&[(S::BootsDegraded, 0.4)])
    .actions(&[A::SwapCableOrPort, A::ReplaceHardware])
    .from("Linux drivers/ata/libata-eh.c", "ata1.00: exception Emask 0x0 SAct 0x0 SErr 0x0 action 0x0"),
    rule(
        "array-degraded",
        System,
        &[
            "kicking non-fresh",
            "not enough operational",
            "failed to run raid set",
            "md: * is not clean",
            "Disk failure on",
            "mdadm: * failed",
            "Operation continuing on",
            "array is degraded",
            "volume crashed",
            "RAID * degraded",
        ],
        "A disk array misses members.",
        &[(C::FlashHardwareFault, 0.55), (C::PartitionTableDamaged, 0.2), (C::LinkFault, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::SeekProfessional, A::ReplaceHardware])
    .from("Linux drivers/md/md.c", "md/raid1:md0: Disk failure on sda1, disabling device."),
    rule(
        "block-beyond-end",
        Kernel,
        &[
            "attempt to access beyond end of device",
            "exceeds size of device",
            "is out of reach -- disabled",
            "extends beyond the end of device",
            "access beyond end",
        ],
        "A file system or partition is larger than the place that it stands in.",
        &[
            (C::ImageTooLarge, 0.45),
            (C::PartitionTableDamaged, 0.35),
            (C::ImageIncomplete, 0.25),
            (C::FirmwareBug, 0.28),
        ],
    )
    .states(&[(S::KernelHang, 0.3)])
    .from("Linux block/blk-core.c; drivers/mtd/mtdpart.c", "attempt to access beyond end of device"),
];
