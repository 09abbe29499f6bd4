//! What GRUB says of the disk that it starts a system from.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Loader;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "grub-finds-nothing",
        Loader,
        &[
            "error: no such device",
            "error: no such disk",
            "error: no such partition",
            "error: unknown filesystem",
            "error: file `*' not found",
            "error: file '*' not found",
            "error: file not found",
            "error: not a directory",
            "error: no server is specified",
            "grub rescue>",
        ],
        "GRUB does not find the disk, partition or file that its settings name.",
        &[
            (C::BootEnvironmentCorrupt, 0.5),
            (C::RecoveryMediaWrong, 0.34),
            (C::PartitionTableDamaged, 0.25),
            (C::RootfsMissing, 0.25),
            (C::ImageIncomplete, 0.2),
        ],
    )
    .states(&[(S::BootloaderOnly, 0.75)])
    .actions(&[A::FixBootEnvironment, A::ReflashCorrectImage])
    .from("GNU GRUB grub-core/kern/disk.c, fs.c, file.c", "error: file '/boot/initrd.img' not found."),
    rule(
        "grub-reads-badly",
        Loader,
        &["error: failure reading sector", "error: failure writing sector", "error: hd0 read error"],
        "The disk does not give GRUB what it asks for.",
        &[(C::FlashHardwareFault, 0.55), (C::LinkFault, 0.3), (C::PartitionTableDamaged, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .actions(&[A::SwapCableOrPort, A::ReplaceHardware])
    .from("GNU GRUB grub-core/disk/i386/pc/biosdisk.c", "error: failure reading sector 0x0 from `hd0'."),
    rule(
        "grub-kernel-damaged",
        Loader,
        &["error: premature end of file", "error: invalid magic number", "error: no loaded kernel"],
        "The kernel or its first file system on the disk is cut short or damaged.",
        &[(C::ImageIncomplete, 0.46), (C::ImageCorrupt, 0.45), (C::UpdateInterrupted, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .actions(&[A::ReflashCorrectImage, A::ReflashSameImage])
    .from("GNU GRUB grub-core/loader/linux.c", "error: premature end of file /boot/vmlinuz."),
    rule(
        "grub-modules",
        Loader,
        &[
            "error: symbol `",
            "error: symbol '",
            "error: invalid arch-independent ELF magic",
            "error: attempt to read or write outside",
            "error: disk `",
            "error: disk '",
            "error: can't find command `",
            "error: can't find command '",
        ],
        "GRUB and its modules on the disk do not belong together, or the disk is not the one that it was set up on.",
        &[(C::BootloaderCorrupt, 0.5), (C::UpdateInterrupted, 0.2), (C::BootEnvironmentCorrupt, 0.35)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("GNU GRUB grub-core/kern/dl.c", "error: symbol `grub_calloc' not found."),
    rule(
        "shim-next-stage",
        Loader,
        &["Failed to open \\EFI\\", "Failed to load image \\EFI", "start_image() returned Not Found"],
        "The first loader on the disk does not find the second one, as when only one of them was replaced.",
        &[(C::BootloaderCorrupt, 0.5), (C::BootEnvironmentCorrupt, 0.46), (C::ImageIncomplete, 0.25)],
    )
    .states(&[(S::BootloaderFailing, 0.55), (S::BootloaderOnly, 0.45)])
    .actions(&[A::FixBootEnvironment])
    .from("shim shim.c", "Failed to open \\EFI\\BOOT\\grubx64.efi - Not Found"),
    rule(
        "shim-revoked",
        Loader,
        &["Verifying shim SBAT data failed", "SBAT self-check failed", "SBAT data failed: Security"],
        "The first loader on the disk is one that Secure Boot does not allow any more.",
        &[(C::VerifiedBootRejected, 0.6), (C::BootloaderOutdated, 0.56), (C::RollbackRejected, 0.3)],
    )
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::UseSignedOrNewerImage, A::UpdateBootloader])
    .from("shim sbat.c, shim.c", "Verifying shim SBAT data failed: Security Policy Violation"),
];
