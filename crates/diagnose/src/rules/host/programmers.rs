//! What programmers of flash chips say.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "spi-nand-erase",
        Tool,
        &["erase block fail", "Erase Fail at addr", "Program Fail at addr"],
        "The flash chip does not erase or write its blocks: it is worn, protected, or not held well.",
        &[(C::FlashHardwareFault, 0.5), (C::LinkFault, 0.4), (C::BootloaderLocked, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::SwapCableOrPort, A::ReplaceHardware])
    .from("SNANDer src/spi_nand_flash.c", "spi_nand_erase_block : erase block fail, block = 0x0, status = 0x4"),
    rule(
        "flash-command-fails",
        Tool,
        &["Flash command failed"],
        "The flash of the chip does not take a command: its pages are locked, want to be erased first, or are worn.",
        &[(C::ToolMismatch, 0.48), (C::FlashHardwareFault, 0.38), (C::BootloaderLocked, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.4)])
    .actions(&[A::ChangeToolOrOption, A::ReflashSameImage])
    .from("BOSSA src/bossac.cpp, FlashCmdError", "Flash command failed"),
    rule(
        "spi-nand-ecc",
        Tool,
        &["ECC cannot recover"],
        "The programmer checks the data as the chip would; the unit may keep other check sums, or the chip is worn.",
        &[(C::ToolMismatch, 0.48), (C::FlashHardwareFault, 0.4), (C::LinkFault, 0.3)],
    )
    .states(&[(S::Unknown, 0.45)])
    .actions(&[A::ChangeToolOrOption, A::ReplaceHardware])
    .from("SNANDer src/spi_nand_flash.c", "[spinand_ecc_fail_check] : ECC cannot recover detected !, page = 0x0"),
    rule(
        "programmer-protected",
        Tool,
        &["Hardware protection is active", "not fully writable", "Block protection could not be disabled", "write protection", "write protect is enabled", "Lockdown activated", "flash regions are write protected", "regions are locked", "Protection mode: hardware", "WP: * enabled"],
        "The flash chip is protected against writing.",
        &[(C::BootloaderLocked, 0.55), (C::ToolMismatch, 0.42)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::UnlockBootloader, A::ChangeToolOrOption])
    .from("flashrom writeprotect.c", "Hardware protection is active, disabling write protection is impossible."),
    rule(
        "chipset-locked-down",
        Tool,
        &["SPI Configuration is locked down", "Setting BIOS Control at * failed"],
        "The chipset keeps its own settings, which flashrom tells of before it reads or writes and gets along with.",
        &[(C::NoFault, 0.44), (C::BootloaderLocked, 0.4), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.4), (S::Healthy, 0.4)])
    .from("flashrom chipset_enable.c, ichspi.c", "SPI Configuration is locked down"),
    rule(
        "firehose-stopped",
        Tool,
        &["qfirehose.c main", "firehose_protocol.c * fail", "sahara_protocol.c * fail"],
        "The uploader of the modem loses it, or does not find it in its emergency mode.",
        &[(C::LinkFault, 0.5), (C::ToolMismatch, 0.42), (C::NotInRecoveryMode, 0.35)],
    )
    .states(&[(S::Unknown, 0.45)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("Quectel QFirehose qfirehose.c", "[152.999]: qfirehose.c main 366 fail"),
    rule(
        "programmer-size",
        Tool,
        &["doesn't match the expected size", "Image size * doesn't match", "larger than flash", "exceeds flash size", "does not fit in", "will not fit in", "past the end of flash", "Not enough space for initrd", "Not enough space for kernel", "data too large", "size too large", "too large for partition", "exceeds partition size", "bigger than partition", "region * overflowed", "flash have not enough space", "not enough space in flash"],
        "The file is larger than its place.",
        &[(C::ImageTooLarge, 0.75), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from("flashrom; U-Boot drivers/fastboot", "too large for partition: 'boot'"),
    rule(
        "programmer-no-chip",
        Tool,
        &["No EEPROM/flash device found", "flash ID: 0x00 0x00 0x00", "flash ID: 0xFF 0xFF 0xFF", "Jedec ID * : 00", "Jedec ID * : ff", "JEDEC ID: 0x00", "JEDEC ID: 0xff", "Couldn't open device", "No chip found", "RDID byte 0 parity violation", "Can't even read anymore", "no flash chip", "chip not detected", "Chip not found", "IC not responding", "unknown SPI chip", "Generic unknown SPI chip", "id1 0xff, id2 0xff", "id1 0x00, id2 0x00", "RDID returned 0xff", "RDID returned 0x00", "SPI NAND Flash Not Detected", "SPI NOR Flash Not Detected", "Flash Not Detected!", "Manufacturer ID: ff", "invalid response 0x00 from device"],
        "The programmer does not see the flash chip.",
        &[(C::LinkFault, 0.6), (C::ToolMismatch, 0.25), (C::FlashHardwareFault, 0.2)],
    )
    .without(&["No chipset found", "internal:laptop="])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::SwapCableOrPort])
    .from("flashrom flashrom.c", "No EEPROM/flash device found."),
    rule(
        "own-chipset-unknown",
        Tool,
        &["WARNING: No chipset found. Flash detection", "-p internal:laptop="],
        "The tool looks for the flash of the computer that it runs on, whose chipset it does not know or may not touch.",
        &[(C::ToolMismatch, 0.6), (C::HostPermission, 0.4)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::InstallDriverOrPermission])
    .from("flashrom internal.c", "WARNING: No chipset found. Flash detection will most likely fail."),
    rule(
        "programmer-not-opened",
        Tool,
        &["Programmer initialization failed", "Unable to open FTDI device", "Couldn't open device 1a86:5512", "Could not find programmer device", "Programmer device not found"],
        "The tool cannot open the programmer.",
        &[(C::ToolMismatch, 0.45), (C::LinkFault, 0.42), (C::HostPermission, 0.25)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort, A::InstallDriverOrPermission])
    .from("flashrom ft2232_spi.c", "Unable to open FTDI device: -3 (device not found)."),
    rule(
        "own-flash-not-written",
        Tool,
        &["DO NOT REBOOT OR POWEROFF", "error occurred flashing * DO NOT REBOOT"],
        "The running computer could not write all of its own flash: parts are protected, and parts may have changed.",
        &[(C::ToolMismatch, 0.5), (C::BootloaderLocked, 0.46), (C::FlashHardwareFault, 0.3), (C::UpdateInterrupted, 0.2)],
    )
    .states(&[(S::Healthy, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::ReflashSameImage, A::SeekProfessional])
    .from("flashrom flashrom.c, emergency_help_message", "DO NOT REBOOT OR POWEROFF!"),
    rule(
        "programmer-write",
        Tool,
        &["Erase/write failed", "FAILED at 0x* Expected=", "Your flash chip is in an unknown state", "Write Failed!", "Apparently at least some data has changed", "WIP bit after WRSR never cleared", "ERASE FAILED", "VERIFY FAILED at"],
        "The flash chip does not hold what was written.",
        &[(C::FlashHardwareFault, 0.48), (C::LinkFault, 0.48), (C::BootloaderLocked, 0.1)],
    )
    .without(&["DO NOT REBOOT OR POWEROFF", "error occurred flashing * DO NOT REBOOT"])
    .states(&[(S::Unknown, 0.45)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("flashrom flashrom.c", "FAILED at 0x00001000! Expected=0xff, Found=0x00, failed byte count from 0x00000000-0x0000ffff: 0x1000"),
];
