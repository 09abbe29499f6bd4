//! What ROMs and the stages before a boot loader say of the stage that they are to start.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Loader, Rom};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "rom-no-next-stage",
        Rom,
        &[
            "BOOT fail,Error is",
            "dwmci_s: Response Timeout",
            "*** FATFS: f_open, filename",
            "SD/MMC: Failed to load",
            "NAND: Failed to load",
            "SF: Failed to load",
            "Can't find boot1",
            "Fail in booting from",
            "LoadTrust error",
            "No find trust",
            "No find bl30",
            "Load uboot ret",
            "Can't find part:",
            "BOOT_DEVICE_INIT_FAIL",
            "Trying UART boot",
            "trying to boot from UART",
        ],
        "An early stage does not find the next one on its medium.",
        &[
            (C::BootloaderCorrupt, 0.46),
            (C::RecoveryMediaWrong, 0.42),
            (C::ImageIncomplete, 0.25),
            (C::FlashHardwareFault, 0.2),
        ],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::ReflashCorrectImage, A::SwapCableOrPort])
    .from(
        "StarFive BootROM; at91bootstrap driver/sdcard.c; Rockchip rkbin; Xilinx FSBL",
        "*** FATFS: f_open, filename: [u-boot.bin]: error",
    ),
    rule(
        "fsbl-card",
        Rom,
        &["XFSBL_ERROR_SD_F_OPEN", "XFSBL_ERROR_SD_INIT", "SD: Unable to open file", "SD_INIT_FAIL", "FSBL Status = 0xA009"],
        "The first stage came from the card, and cannot read the card itself: it is of another kind, badly formatted, or not what this build is set up for.",
        &[(C::RecoveryMediaWrong, 0.6), (C::FirmwareBug, 0.38), (C::LinkFault, 0.25), (C::FlashHardwareFault, 0.22)],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::ReflashCorrectImage, A::SwapCableOrPort])
    .from("Xilinx embeddedsw zynq_fsbl/src/sd.c", "SD: Unable to open file BOOT.BIN: 3"),
    rule(
        "fsbl-device",
        Rom,
        &["FSBL Status = 0xA", "Boot Device Initialization Failed"],
        "The first stage cannot use the medium that it should start from.",
        &[(C::BootloaderCorrupt, 0.42), (C::RecoveryMediaWrong, 0.42), (C::FlashHardwareFault, 0.2)],
    )
    .without(&["XFSBL_ERROR_SD", "SD: Unable to open file", "SD_INIT_FAIL", "FSBL Status = 0xA009"])
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::ReflashCorrectImage, A::SwapCableOrPort])
    .from("Xilinx embeddedsw zynq_fsbl/src/fsbl.h", "FSBL Status = 0xA00A"),
    rule(
        "boot0-no-package",
        Rom,
        &["toc1 magic error", "toc magic error", "Failed preparing the second boot", "boot0: load boot1 from * fail", "Loading boot-pkg fail", "Loading boot-pkg Failed"],
        "The first stage does not find the package with the next one.",
        &[(C::BootloaderCorrupt, 0.6), (C::ImageIncomplete, 0.25), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.8)])
    .actions(&[A::RestoreBootloader, A::ReflashCorrectImage])
    .from("Allwinner boot0", "[6200]toc1 magic error"),
    rule(
        "amlogic-rom-loops",
        Rom,
        &[";LOOP:1;", "CHK:A7;", "CHK:AA;"],
        "The ROM goes through its media again and again and finds no valid loader.",
        &[(C::BootloaderCorrupt, 0.52), (C::RecoveryMediaWrong, 0.42), (C::ImageIncomplete, 0.3)],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::ReflashCorrectImage])
    .from("Amlogic boot ROM", "GXL:BL1:9ac50e:bb16dc;FEAT:ADFC318C:0;POC:0;USB:0;CHK:A7;LOOP:1;"),
    rule(
        "trusted-firmware-load",
        Rom,
        &[
            "error initializing fip",
            "Failed to load BL2 firmware",
            "Failed to load image id",
            "Failed to load BL3",
            "BL31 load fail",
            "load bl31 fail",
            "Firmware Image Package header check failed",
            "fip header error",
            "Failed to load FIP",
            "Get wrong ddr fw magic",
        ],
        "The trusted firmware does not find, or cannot use, the package with the next stage.",
        &[(C::BootloaderCorrupt, 0.65), (C::ImageIncomplete, 0.3), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::BootloaderFailing, 0.8)])
    .actions(&[A::RestoreBootloader])
    .from("Trusted Firmware-A bl1/bl1_main.c", "ERROR:   Failed to load BL2 firmware."),
    rule(
        "realtek-no-image",
        Loader,
        &[
            "no sys signature at",
            "no rootfs signature at",
            "no linux signature",
            "rootfs checksum error at",
            "linux checksum error",
            "sys checksum error",
            "no Bootcode",
        ],
        "The boot loader finds no system, or none with a valid checksum.",
        &[(C::ImageCorrupt, 0.52), (C::ImageIncomplete, 0.5), (C::RootfsCorrupt, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.7)])
    .actions(&[A::ReflashCorrectImage])
    .from("Realtek RTL819x boot code, rtk_flash.c", "no sys signature at 00010000!"),
    rule(
        "ralink-no-image",
        Loader,
        &[
            "Image1: Bad Magic Number",
            "Image2: Bad Magic Number",
            "Image1 OK, Image2 Broken",
            "Image1 Broken",
            "Both images are broken",
            "Image is broken",
        ],
        "The boot loader finds one or both of its firmware slots damaged.",
        &[(C::ImageCorrupt, 0.5), (C::ImageIncomplete, 0.45)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from("MediaTek and Ralink U-Boot, dual image support", "Image1: Bad Magic Number,6F6B0A0D"),
    rule(
        "ralink-file-refused",
        Loader,
        &["Check image error!"],
        "The boot loader was given a file that is no image for it.",
        &[(C::ImageWrongDevice, 0.45), (C::ImageCorrupt, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from("MediaTek and Ralink U-Boot, update from a USB stick", "Check image error!"),
    rule(
        "uboot-does-not-move",
        Loader,
        &["^Stack Pointer at: "],
        "The boot loader stops where it is to move into the memory.",
        &[(C::RamFault, 0.45), (C::BootloaderCorrupt, 0.3), (C::PowerFault, 0.2)],
    )
    .without(&[
        "Now running in RAM",
        "^Flash:",
        "^In:    ",
        "^Net:   ",
        "using default environment",
        "Hit any key",
        "^Starting kernel ...",
        "Linux version",
    ])
    .states(&[(S::BootloaderFailing, 0.6)])
    .actions(&[A::ReplaceHardware])
    .from("U-Boot lib_mips/board.c", "Stack Pointer at: 8037bf98"),
    rule(
        "loader-asks-over-serial",
        Rom,
        &[
            "Trying to boot from UART",
            "Trying to boot from USB SDP",
            "SDP: initialize",
            "Downloading file with Ymodem",
            "Please input ymodem",
            "kwboot",
            "Sending boot message",
        ],
        "The first stage waits for a loader over a cable.",
        &[(C::NotInRecoveryMode, 0.2), (C::BootloaderCorrupt, 0.3), (C::RecoveryMediaWrong, 0.25)],
    )
    .without(&["Downloading file of size *done"])
    .states(&[(S::RecoveryMode, 0.45), (S::BootloaderFailing, 0.35)])
    .from("U-Boot common/spl/spl_ymodem.c, spl_sdp.c", "Trying to boot from USB SDP"),
    rule(
        "rockchip-part-refused",
        Loader,
        &["E:Invaid tag(", "E:Invalid tag(", "Invalid parameter, check"],
        "The old loader does not find the mark and length that it puts before each part: it was written without them, or to another place.",
        &[(C::ImageCorrupt, 0.44), (C::ImageWrongDevice, 0.4), (C::ToolMismatch, 0.36)],
    )
    .states(&[(S::RecoveryMode, 0.55), (S::BootloaderOnly, 0.4)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("Rockchip miniloader; rkutils rkcrc.c", "E:Invaid tag(0x4D524150)!"),
    rule(
        "loader-back-to-rom",
        Rom,
        &["Back to ROM, SDP"],
        "The first stage gives the USB cable back to the ROM, which waits for the next loader; newer tools expect it to ask by itself.",
        &[(C::ToolMismatch, 0.44), (C::BootloaderOutdated, 0.34), (C::FirmwareBug, 0.32)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::ChangeToolOrOption])
    .from("U-Boot arch/arm/mach-imx/imx8m", "Back to ROM, SDP"),
    rule(
        "loader-spare-copy",
        Lasting,
        &[
            "boot fail,use backup",
            "boot fail, use backup",
            "using backup bootloader",
            "booting from backup",
            "boot from backup section",
            "Booting backup image",
        ],
        "The first copy of the boot loader does not start; its spare copy does.",
        &[(C::BootloaderCorrupt, 0.6), (C::ImageIncomplete, 0.2)],
    )
    .states(&[(S::BootsDegraded, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .from("boot ROM of the StarFive JH7110", "Main section boot fail,use backup section"),
    rule(
        "redboot-configuration",
        Loader,
        &[
            "FLASH configuration checksum error",
            "no FLASH image directory",
            "FIS directory checksum",
            "FIS directory * damaged",
            "configuration checksum error or invalid key",
        ],
        "The boot loader's own settings or its list of images are blank or damaged.",
        &[(C::BootEnvironmentCorrupt, 0.5), (C::PartitionTableDamaged, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::FixBootEnvironment])
    .from("RedBoot flconfig.c", "**Warning** FLASH configuration checksum error or invalid key"),
    rule(
        "loader-taken-over-usb",
        Loader,
        &["Downloading file of size *done"],
        "The next stage came over USB and is started.",
        &[(C::NoFault, 0.5)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .from("U-Boot drivers/usb/gadget/f_sdp.c", "Downloading file of size 1083276 to 0x40400000... done"),
    rule(
        "spl-cannot-load-loader",
        Rom,
        &["Failed to load U-Boot image", "Please transmit a valid U-Boot image"],
        "The first stage finds no loader that it can unpack, and asks for one over the console.",
        &[(C::BootloaderCorrupt, 0.85)],
    )
    .states(&[(S::BootloaderFailing, 0.85)])
    .actions(&[A::RestoreBootloader])
    .from("MediaTek U-Boot arch/mips/mach-mtmips/spl", "Failed to load U-Boot image!"),
];
