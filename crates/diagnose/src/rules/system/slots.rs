//! What updaters with two slots say beyond the usual: RAUC, SWUpdate, Mender.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "slot-environment",
        Lasting,
        &[
            "Failed to run fw_setenv",
            "Failed to run fw_printenv",
            "fw_printenv failed with exit code",
            "Failed getting primary slot",
            "Failed to run barebox-state",
            "Failed to run grub-editenv",
            "Failed to run efibootmgr",
            "Failed to start efibootmgr",
            "No bootable slot found in ORDER",
            "Variable ORDER is empty",
            "Unable to find primary boot slot",
            "Could not determine all boot states",
            "Cannot initialize environment from",
            "Bootloader-specific error * updating its environment",
            "Failed to get current bootloader update state",
            "Could not determine target group",
            "Obtaining primary entry from bootloader",
        ],
        "The updater cannot read or write the settings of the boot loader.",
        &[(C::BootEnvironmentCorrupt, 0.65), (C::ToolMismatch, 0.25), (C::FirmwareBug, 0.2)],
    )
    .states(&[(S::Healthy, 0.4), (S::BootsDegraded, 0.3)])
    .actions(&[A::FixBootEnvironment])
    .from(
        "RAUC src/bootloaders/; SWUpdate bootloader/uboot.c",
        "Failed getting primary slot: fw_printenv failed with exit code: 247",
    ),
    rule(
        "slot-came-up",
        System,
        &[
            "Marked slot * as good",
            "Marked slot(s) * as good",
            "Installing `*` succeeded",
            "Installing `*' succeeded",
        ],
        "The updater wrote its slot to the end, or found the system that came up to be good.",
        &[(C::NoFault, 0.55)],
    )
    .states(&[(S::Healthy, 0.6)])
    .from("RAUC src/mark.c, src/service.c", "rauc mark: marked slot kernel.1 as good"),
    rule(
        "slot-is-bad",
        Lasting,
        &["^status: bad", "boot status: bad", "get-state * returning bad"],
        "One of the two systems did not come up after it was written; the other one runs.",
        &[(C::FirmwareBug, 0.44), (C::ImageCorrupt, 0.32), (C::UpdateInterrupted, 0.2)],
    )
    .without(&["BAD("])
    .states(&[(S::Healthy, 0.6)])
    .actions(&[A::InstallOtherBuild, A::ReflashSameImage])
    .from("RAUC src/status.c; Home Assistant CLI, os info", "boot status: bad"),
    rule(
        "slot-printer-card",
        Lasting,
        &["SD Card Flash Error"],
        "The boot loader of the printer did not take the file from the card.",
        &[(C::RecoveryMediaWrong, 0.44), (C::ToolMismatch, 0.42), (C::ImageWrongDevice, 0.2)],
    )
    .states(&[(S::Healthy, 0.4)])
    .actions(&[A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("Klipper scripts/spi_flash/spi_flash.py", "SD Card Flash Error: Failed to read file FIRMWARE.CUR"),
    rule(
        "slot-size",
        Lasting,
        &[
            "does not fit to slot size",
            "Input exceeds expected size of",
            "exceeds maximum for bundles using plain format",
            "exceeds configured max of",
            "Can't resize ubi volume",
            "Cannot get space for temporary data",
            "Not enough free space to extract",
        ],
        "The image is larger than its slot or the place to unpack it.",
        &[(C::ImageTooLarge, 0.65), (C::StorageFull, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "RAUC src/update_handler.c; SWUpdate core/",
        "Size of image (734003200) does not fit to slot size 524288000",
    ),
    rule(
        "slot-in-use",
        Lasting,
        &[
            "already mounted",
            "still mounted",
            "Mounted device * may only be updated",
            "device is in use",
            "device already locked",
            "Already processing a different method",
            "Installation is in progress",
        ],
        "What is to be written is in use.",
        &[(C::HostPortConflict, 0.5), (C::ToolMismatch, 0.38), (C::SettingsCorrupt, 0.15)],
    )
    .with(&["nstall"])
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::FreePortOrStopProcess, A::ChangeToolOrOption])
    .from(
        "RAUC src/install.c; SWUpdate handlers/diskpart_handler.c",
        "Installation error: Destination device '/dev/mmcblk0p3' already mounted",
    ),
    rule(
        "slot-device-missing",
        Lasting,
        &[
            "Destination device * not found",
            "Slot device * not found",
            "Can't find partition ",
            "is not an UBI volume node",
            "Device * cannot be opened: ",
            "Failed to open slot device",
            "Could not find any root device or rauc slot",
            "does not exist: partitioning not possible",
        ],
        "The slot that is to be written is not there.",
        &[(C::PartitionTableDamaged, 0.45), (C::FirmwareBug, 0.35), (C::ImageWrongDevice, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.55)])
    .actions(&[A::InstallOtherBuild, A::RestorePartitionTable])
    .from(
        "RAUC src/install.c; SWUpdate handlers/",
        "Destination device '/dev/mmcblk2p3' for slot 'rootfs.1' not found",
    ),
    rule(
        "slot-region",
        Lasting,
        &[
            "Region start address * is in area of",
            "Region end address * is in area of",
            "Region configuration is invalid",
            "Region * overlaps",
            "Region ends beyond end",
            "Region starts beyond end",
            "Payload size * is not a multiple of 4KiB",
        ],
        "The plan of slots in the updater's settings does not fit the partitions.",
        &[(C::FirmwareBug, 0.48), (C::ToolMismatch, 0.42), (C::PartitionTableDamaged, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::InstallOtherBuild, A::ChangeToolOrOption])
    .from("RAUC src/gpt.c, src/mbr.c", "Region start address 0x400000 is in area of partition 4"),
    rule(
        "slot-format",
        Lasting,
        &[
            "Bundle format * not allowed",
            "Refusing to install",
            "Encrypted bundle detected",
            "Failed to decrypt bundle",
            "decryption error",
            "No keyring file or directory provided",
            "unsafe bundle",
            "Hash not set for",
            "Invalid bundle format",
        ],
        "The updater of this system does not accept bundles of this kind.",
        &[(C::VerifiedBootRejected, 0.5), (C::ToolMismatch, 0.45)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::UseSignedOrNewerImage, A::ChangeToolOrOption])
    .from("RAUC src/bundle.c, src/install.c; SWUpdate", "Bundle format 'plain' not allowed"),
    rule(
        "slot-archive",
        Lasting,
        &[
            "CPIO Format not recognized",
            "CPIO Header corrupted",
            "CPIO file corrupted",
            "Corrupted package received",
            "Checksum WRONG ! Computed",
            "Failed to parse CMS",
            "Signature size is 0",
            "sw-description cannot be extracted",
            "First byte is not",
        ],
        "The update file is damaged, or none at all.",
        &[(C::ImageCorrupt, 0.6), (C::ImageIncomplete, 0.4), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::RedownloadImage])
    .from(
        "SWUpdate core/cpio_utils.c; RAUC src/signature.c",
        "[ERROR] : CPIO Format not recognized: magic not found",
    ),
    rule(
        "slot-download",
        Lasting,
        &[
            "Failed to stream bundle",
            "Failed to download bundle",
            "HTTP returned >=400",
            "^Transfer failed: ",
            "bundle*Transfer failed: ",
            "Channel operation returned HTTP error",
            "Channel get operation failed",
            "Remote bundle access not supported",
            "server did not send bundle size",
        ],
        "The update could not be fetched.",
        &[(C::LinkFault, 0.45), (C::ToolMismatch, 0.45)],
    )
    .states(&[(S::Healthy, 0.4), (S::RefusedUnharmed, 0.4)])
    .actions(&[A::ChangeToolOrOption, A::FixNetworkSettings])
    .from(
        "RAUC src/nbd.c; SWUpdate corelib/channel_curl.c",
        "Failed to download bundle http://host/update.raucb: Transfer failed: error",
    ),
    rule(
        "slot-write",
        Lasting,
        &[
            "MTD Erase failure",
            "MTD Read failure",
            "Cannot read back from mtd",
            "Failure installing into",
            "Error in write",
            "Failed to write inactive region",
            "Failure writing CSD register",
            "Error writing * to disk",
        ],
        "The storage does not take what the updater writes.",
        &[(C::FlashHardwareFault, 0.55), (C::StorageFull, 0.2)],
    )
    .states(&[(S::Healthy, 0.3), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::ReplaceHardware, A::PowerCycleAndRetry])
    .from(
        "SWUpdate handlers/flash_handler.c; RAUC src/update_handler.c",
        "[ERROR] : /dev/mtd5: MTD Erase failure",
    ),
];
