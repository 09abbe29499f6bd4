//! What boot loaders say about their own settings, and about files and media that those name.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Loader, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "barebox-environment",
        Loader,
        &["could not open /env/bin/init", "BAD MAGIC, environment", "wrong magic on /dev/env"],
        "The environment with the scripts that start the system is missing or damaged.",
        &[(C::BootEnvironmentCorrupt, 0.65)],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .actions(&[A::FixBootEnvironment])
    .from("barebox common/startup.c, common/environment.c", "could not open /env/bin/init"),
    rule(
        "uboot-default-environment",
        Loader,
        &[
            "bad CRC, using default environment",
            "!bad CRC, using default",
            "Unable to read env from",
            "Cannot load environment",
        ],
        "The stored settings of the boot loader were not usable; it went on with its own.",
        &[(C::BootEnvironmentCorrupt, 0.28)],
    )
    // A kernel that was found with the built-in settings was not kept by them.
    .without(&["^Starting kernel ...", "Booting kernel from Legacy Image"])
    .from("U-Boot env/common.c", "*** Warning - bad CRC, using default environment"),
    rule(
        "uboot-default-environment-does-not-boot",
        Loader,
        &[
            "Wrong Image Format for",
            "Bad Magic Number",
            "can't get kernel image",
            "Retry time exceeded",
            "Retry count exceeded",
            "Boot failed (err",
            "SCRIPT FAILED",
            "' not set",
            "\" not defined",
            "Bad device",
            "No more bootdevs",
            "No EFI system partition",
        ],
        "With its default settings the boot loader does not find the system.",
        &[(C::BootEnvironmentCorrupt, 0.6)],
    )
    .with(&["bad CRC, using default environment"])
    .without(&["Bad Data CRC", "fw_printenv", "fw_setenv"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("U-Boot env/common.c, boot/bootm.c", "Wrong Image Format for bootm command"),
    rule(
        "uboot-variable-missing",
        Loader,
        &["## Error: \"*\" not defined", "## Error: \"bootcmd\"",],
        "The boot command needs a variable or a command that the boot loader does not have.",
        &[(C::BootEnvironmentCorrupt, 0.6), (C::BootloaderOutdated, 0.2)],
    )
    .without(&["fw_printenv"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("U-Boot common/cli.c", "## Error: \"bootcmd\" not defined"),
    rule(
        "uboot-environment-tool",
        Tool,
        &[
            "^Warning: Bad CRC, using default",
            "Cannot read environment, using default",
            "can't write fw_env to flash",
            "MTD erase error on",
            "Cannot parse config file '/etc/fw_env",
            "Configuration file wrong or corrupted",
            "Cannot initialize environment",
        ],
        "The tool for the boot loader's settings does not find them where it was told.",
        &[(C::BootEnvironmentCorrupt, 0.5), (C::ToolMismatch, 0.45), (C::FirmwareBug, 0.3)],
    )
    .with(&["fw_", "bootcount", "bootcmd", "U-Boot", "u-boot"])
    .states(&[(S::Healthy, 0.75), (S::BootsDegraded, 0.3)])
    .actions(&[A::FixBootEnvironment, A::ChangeToolOrOption])
    .from("U-Boot tools/env/fw_env.c; libubootenv", "fw_printenv: Cannot read environment, using default"),
    rule(
        "uboot-typed-load",
        Loader,
        &[" fatload usb", " fatload mmc", " ext4load ", " ext2load ", " load usb ", " load mmc ", " fatls ", " ext4ls "],
        "Somebody loads a file from a medium by hand, and it is not there.",
        &[(C::RecoveryMediaWrong, 0.35), (C::ToolMismatch, 0.2)],
    )
    .with(&["Unable to read file"])
    .states(&[(S::BootloaderOnly, 0.3)])
    .actions(&[A::ChangeToolOrOption, A::RedownloadImage])
    .from("U-Boot fs/fs.c", "nas220> fatload usb 0:1 0x40000 uImage"),
    rule(
        "uboot-unknown-command",
        Loader,
        &["Unknown command '*' - try 'help'"],
        "The boot loader does not know a command; somebody mistyped it, or the boot command needs a newer one.",
        &[(C::BootEnvironmentCorrupt, 0.2), (C::BootloaderOutdated, 0.2), (C::ToolMismatch, 0.15)],
    )
    .from("U-Boot common/command.c", "Unknown command 'bootflow' - try 'help'"),
    rule(
        "uboot-partition-table",
        Loader,
        &[
            "GPT: last_usable_lba incorrect",
            "GUID Partition Table Header signature is wrong",
            "GUID Partition Table Header",
            "invalid GPT",
            "Invalid GPT",
            "part_init failed",
            "partition table doesn't exist",
            "writing GPT partitions failed",
        ],
        "The partition table is damaged or missing.",
        &[(C::PartitionTableDamaged, 0.6)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from(
        "U-Boot disk/part_efi.c",
        "GUID Partition Table Header signature is wrong: 0x0 != 0x5452415020494645",
    ),
    rule(
        "uboot-medium-empty",
        Loader,
        &["** No partition table -", "** Unrecognized filesystem type **", "** Invalid partition", "** Partition * not valid on device", "Unknown partition table type", "** Can't read partition table on", "not a recognized partition"],
        "The medium that the boot loader looks at has no partition table or file system that it knows.",
        &[(C::PartitionTableDamaged, 0.45), (C::RecoveryMediaWrong, 0.4), (C::FlashHardwareFault, 0.2), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("U-Boot disk/part.c, fs/fs.c", "** No partition table - mmc 0 **"),
    rule(
        "uboot-stick-unreadable",
        Loader,
        &["\" from usb ", "** Unable to read file * from usb"],
        "The boot loader does not find the file on the stick that it should start from.",
        &[(C::RecoveryMediaWrong, 0.7), (C::ImageIncomplete, 0.2)],
    )
    .with(&["Wrong Image Format"])
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("U-Boot fs/fat/fat.c", "** Unable to read \"initramfs.bin\" from usb 0:1 **"),
    rule(
        "uboot-file-not-found",
        Loader,
        &["Unable to read \"", "Unable to read file", "File not found *uImage", "Failed to load '", "** File not found", "Can't read partition table", "Bad device specification", "** Bad device", "** Unable to use", "** Can't read from device", "Couldn't find partition", "cannot find uImage", "not found or not a file"],
        "The boot loader does not find the file, partition or medium that its boot command names.",
        &[(C::BootEnvironmentCorrupt, 0.42), (C::RecoveryMediaWrong, 0.38), (C::ImageIncomplete, 0.3), (C::PartitionTableDamaged, 0.1)],
    )
    .without(&["executable file not found"])
    .states(&[(S::BootloaderOnly, 0.6)])
    .from("U-Boot fs/fs.c", "Unable to read \"/uImage\" from usb 0:1"),
    rule(
        "uboot-boot-entry",
        Loader,
        &["^Loading from Boot* failed", "^Loading Boot0* failed"],
        "What an entry of the boot manager names cannot be loaded.",
        &[(C::BootEnvironmentCorrupt, 0.44), (C::ImageIncomplete, 0.3), (C::RecoveryMediaWrong, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::FixBootEnvironment])
    .from("U-Boot lib/efi_loader/efi_bootmgr.c", "Loading Boot0001 'label1' failed"),
    rule(
        "uefi-nothing-bootable",
        Loader,
        &["No bootable option or device", "No bootable device", "Boot Failed. EFI", "BdsDxe: failed to load Boot", "BdsDxe: No bootable", "Failed to start image", "Reboot and Select proper Boot device", "Operating System not found", "An operating system wasn't found"],
        "The firmware of the computer finds no system.",
        &[(C::BootEnvironmentCorrupt, 0.45), (C::PartitionTableDamaged, 0.3), (C::RecoveryMediaWrong, 0.35)],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .actions(&[A::FixBootEnvironment])
    .from("EDK II BdsDxe", "No bootable option or device"),
    rule(
        "uboot-nothing-bootable",
        Loader,
        &["Config file not found", "No more bootdevs", "EFI LOAD FAILED", "No EFI system partition", "Missing TFTP server", "no bootflow", "Boot failed (err", "Could not find a bootable", "Unable to find a bootable", "No bootable device", "Bootflow failed", "booting all bootmeths", "*** ERROR: no boot", "Nothing bootable found", "booting '*' failed", "no boot entry", "Could not find boot", "SCRIPT FAILED: continuing", "Retrieving file: pxelinux.cfg/"],
        "The boot loader went through its media and found no system.",
        &[(C::BootEnvironmentCorrupt, 0.4), (C::ImageIncomplete, 0.35), (C::RecoveryMediaWrong, 0.38)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::FixBootEnvironment])
    .from("U-Boot config_distro_bootcmd.h, boot/bootflow.c; barebox common/boot.c", "Boot failed (err=-14)"),
    rule(
        "loader-file-not-served",
        Loader,
        &["could not open /mnt/tftp/"],
        "The server on the network does not have the file under the name that the loader asks for, or does not answer.",
        &[(C::ToolMismatch, 0.5), (C::LinkFault, 0.34), (C::BootEnvironmentCorrupt, 0.3)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("barebox common/bootm.c, fs/tftp.c", "could not open /mnt/tftp/none-linux: No such file or directory"),
    rule(
        "uboot-tree-address",
        Loader,
        &["The address of the fdt is invalid", "No FDT memory address configured"],
        "A command needs a device tree at an address that the settings of the boot loader do not give.",
        &[(C::BootEnvironmentCorrupt, 0.6), (C::BootloaderOutdated, 0.25), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::FixBootEnvironment])
    .from("U-Boot cmd/fdt.c", "The address of the fdt is invalid (NULL)."),
];
