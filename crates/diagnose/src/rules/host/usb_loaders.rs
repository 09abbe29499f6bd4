//! What tools say that send loaders to boot ROMs over USB: uuu, snagboot, rpiboot, picotool, sunxi-fel; and those that
//! copy images onto cards.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Output, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "rom-waits",
        Tool,
        &[
            "Timeout: Wait for",
            "Wait for Known USB Device",
            "Waiting for BCM2",
            "Waiting for RouterBOARD",
            "Timeout waiting for TFTP request",
            "Timeout waiting for UART pings",
            "no USB device found matching",
            "Could not find a USB device",
        ],
        "The tool waits for a unit in its boot ROM, and none comes.",
        &[(C::NotInRecoveryMode, 0.6), (C::LinkFault, 0.35), (C::HostPermission, 0.25)],
    )
    .without(&["fail open file", "New USB Device Attached", "Start Cmd:", "Second stage boot server", "Sending: bootcode", "Sending bootcode"])
    .states(&[(S::Unknown, 0.45)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort])
    .from(
        "NXP mfgtools libuuu/usbhotplug.cpp; raspberrypi usbboot main.c; snagboot am335x_fw.py",
        "Error: Timeout: Wait for Known USB Device",
    ),
    rule(
        "rom-answers",
        Tool,
        &[
            "AWUSBFEX soc=",
            "DevNo=* Maskrom",
            "DevNo=* Loader",
            "MASK ROM MODE",
            "Starting recovery of",
            "chip uid from BR is",
            "rcm version 0X",
            "BR_CID: 0x",
            "Downloading file...",
            "Getting bus success",
            "Success! Chip info",
        ],
        "The boot ROM of the unit answers the tool.",
        &[],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .from("sunxi-tools fel.c; rkdeveloptool main.cpp; snagboot cli.py; nvflash; tegrarcm", "AWUSBFEX soc=00001823(H616) 00000001"),
    rule(
        "rom-file-not-found",
        Tool,
        &["Unable to find mounted pico"],
        "The tool looks for the unit as a drive, and this computer has not mounted it.",
        &[(C::ToolMismatch, 0.46), (C::HostPermission, 0.36), (C::NotInRecoveryMode, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.4)])
    .actions(&[A::ChangeToolOrOption, A::InstallDriverOrPermission])
    .from("elf2uf2-rs src/main.rs", "Unable to find mounted pico"),
    rule(
        "rom-stops-half-way",
        Tool,
        &["Sending bootcode"],
        "The ROM took the first loader, and what should follow did not come: a cable, a port, or an old tool.",
        &[(C::LinkFault, 0.55), (C::ToolMismatch, 0.42), (C::PowerFault, 0.2)],
    )
    .without(&["Second stage boot server", "File read:"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("raspberrypi usbboot main.c", "Sending bootcode.bin"),
    rule(
        "rom-second-loader-stops",
        Tool,
        &["Second stage boot server"],
        "The second loader of the unit asks for its files, and does not come to the end.",
        &[(C::ToolMismatch, 0.45), (C::LinkFault, 0.43), (C::ImageIncomplete, 0.15)],
    )
    .without(&["Second stage boot server done"])
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("raspberrypi usbboot main.c", "Second stage boot server"),
    rule(
        "monitor-silent",
        Tool,
        &["Could not switch monitor on port"],
        "The chip does not answer the tool in its boot loader: it is not there, or looks for another medium first.",
        &[(C::LinkFault, 0.46), (C::ToolMismatch, 0.42), (C::NotInRecoveryMode, 0.35)],
    )
    .states(&[(S::Unknown, 0.4), (S::RecoveryMode, 0.35)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("SAM-BA 3 command line", "Error: Could not switch monitor on port 'COM4' to binary mode"),
    rule(
        "applet-does-not-start",
        Tool,
        &["Could not initialize applet"],
        "The boot loader on the chip takes the small program of the tool, and it does not run: it is for another chip or board.",
        &[(C::ToolMismatch, 0.55), (C::ImageWrongDevice, 0.25), (C::LinkFault, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::PowerCycleAndRetry])
    .from("SAM-BA 3 qml/SAMBA/Applet.qml", "Error: Could not initialize applet (status: undefined)"),
    rule(
        "device-not-opened",
        Tool,
        &["Found device but unable to open"],
        "The unit waits in its boot loader, and this computer does not let the tool use it.",
        &[(C::HostPermission, 0.8)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::InstallDriverOrPermission])
    .from("teensy_loader_cli.c", "Found device but unable to open"),
    rule(
        "rom-read-cut",
        Tool,
        &["failed with serial.BytesToRead", "is more than chip capacity"],
        "What the chip sends comes damaged or cut short.",
        &[(C::LinkFault, 0.5), (C::ToolMismatch, 0.4)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("BK7231GUIFlashTool; ltchiptool", "Reading 0x00... failed with serial.BytesToRead 4056"),
    rule(
        "rom-loader-silent",
        Tool,
        &["HID(W):*LIBUSB_ERROR", "HID(R):*LIBUSB_ERROR", "HID(W): LIBUSB", "Status Miss matched"],
        "The ROM took the loader, which does not run: it is made for another board or memory, or not a loader at all.",
        &[(C::ImageWrongDevice, 0.55), (C::ToolMismatch, 0.4), (C::LinkFault, 0.38), (C::RamFault, 0.15)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("NXP mfgtools libuuu/trans.cpp", "1:2>Fail HID(W):LIBUSB_ERROR_TIMEOUT(1s)"),
    rule(
        "rom-loader-file",
        Tool,
        &[
            "Cannot find valid IVT header",
            "No IVT header in boot image",
            "IVT header not found",
            "Invalid DCD tag",
            "wic have NOT terminate tag",
            "wic boot length is wrong",
            "Unknown Image type, can't use skipspl",
            "Sparse file magic miss matched",
            "HID report size is too small",
            "unknown hab type",
            "dcd bigger than",
            "looks like a text file!",
            "Unknown record type",
            "does not appear to be a valid GBL",
            "SPL header not found",
            "SPL: bad checksum",
            "SPL: file too small",
            "not a valid eGON",
            "does not contain a valid RP2",
            "failed validation - ",
            "Cannot autodetect UF2 family",
            "UF2 file does not contain",
            "is not an ELF file",
            "entry point is not in mapped part",
        ],
        "The file is no loader or image of the kind that this unit takes.",
        &[(C::ImageWrongDevice, 0.5), (C::ToolMismatch, 0.48), (C::ImageCorrupt, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.55), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from(
        "NXP mfgtools libuuu/sdp.cpp; snagboot firmware/; sunxi-tools fel.c; picotool main.cpp",
        "Error: Cannot find valid IVT header",
    ),
    rule(
        "rom-script",
        Tool,
        &[
            "Unsupported SoC family",
            "Missing command line argument",
            "No DFU altsetting found",
            "is not aligned with a*LBA",
            "is not aligned with an eraseblock",
            "Undefined Fastboot command",
            "GPT partitioning not supported for MTD",
            "Invalid Fastboot buffer size",
            "FB: image file not found",
            "fail open file",
            "Missed partition name",
            "Missed file name",
            "unknown if condition",
            "bmap file not found",
            "no 'soc_sram_info' data for your SoC",
            "No 'bootcode' files found",
            "More parameter then expected",
            "Offset only valid for BIN files",
            "There is no partition table on the device",
            "Partition start address is too large",
            "command cannot be used with a",
        ],
        "The tool was given an option or file that does not fit the unit.",
        &[(C::ToolMismatch, 0.72)],
    )
    .states(&[(S::RecoveryMode, 0.4), (S::RefusedUnharmed, 0.4)])
    .actions(&[A::ChangeToolOrOption])
    .from("NXP mfgtools libuuu/; snagboot; usbboot; picotool main.cpp", "No DFU altsetting found with iInterface='tiboot3'"),
    rule(
        "rom-access",
        Tool,
        &[
            "Failure open usb device",
            "Failed to get configuration descriptor",
            "Failed to claim interface",
            "have permission to access Allwinner",
            "Permission to USB device failed",
            "Failed to open the requested device",
            "udev rules for snagrecover",
            "libusb_open failed",
            "libusb_open() failed",
        ],
        "This computer does not let the tool use the USB device.",
        &[(C::HostPermission, 0.78), (C::HostPortConflict, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.5), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::InstallDriverOrPermission])
    .from("NXP mfgtools libuuu/usbhotplug.cpp; sunxi-tools fel_lib.c; OpenOCD", "Error: Failure open usb device, try sudo uuu"),
    rule(
        "rom-verify",
        Tool,
        &[
            "device contents did not match",
            "comparison of written check pattern failed",
            "bad magic or checksum",
            "contents differ",
            "Data mismatch found at address",
        ],
        "What was written reads back as something else.",
        &[(C::FlashHardwareFault, 0.46), (C::LinkFault, 0.4), (C::ToolMismatch, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::SwapCableOrPort, A::ReflashSameImage])
    .from("picotool main.cpp; STM32CubeProgrammer; OpenOCD src/flash/nor", "ERROR: The device contents did not match the file"),
    rule(
        "archive-broken",
        Lasting,
        &["gzip: corrupted data", "gzip: crc error", "gunzip: crc error", "gzip: invalid compressed data", "xz: * File is corrupt", "xz: corrupted data", "unexpected end of file in archive"],
        "The packed file does not unpack.",
        &[(C::ImageCorrupt, 0.6), (C::ImageIncomplete, 0.36)],
    )
    .states(&[(S::RecoveryMode, 0.35)])
    .actions(&[A::RedownloadImage, A::ReflashCorrectImage])
    .from("BusyBox archival/libarchive/decompress_gunzip.c; GNU gzip", "gzip: corrupted data"),
    rule(
        "table-in-use",
        Output,
        &["unable to inform the kernel of the change"],
        "The disk has its new table, and the running system still uses the old one.",
        &[(C::ToolMismatch, 0.46), (C::FirmwareBug, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.4)])
    .actions(&[A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("GNU parted libparted/arch/linux.c", "Error: Partition(s) 3 on /dev/sda have been written, but we have been unable to inform the kernel of the change"),
    rule(
        "rom-size",
        Tool,
        &[
            "is too big to fit in flash",
            "is too big to fit in partition",
            "image has size * but the destination",
            "destination has only",
            "No space left on device",
            "is larger than the device",
        ],
        "The image is larger than what it is written to.",
        &[(C::ImageTooLarge, 0.75), (C::RecoveryMediaWrong, 0.2)],
    )
    .without(&["efivarfs", "efi_set_variable", "EFI boot entry", "EFI Boot variable", "Failed to write file", "writing status file", "failed to create *: No space left"])
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("picotool main.cpp; bmaptool BmapCopy.py", "ERROR: File size 0x400000 is too big to fit in flash size 0x200000"),
    rule(
        "copy-checksum",
        Tool,
        &[
            "checksum mismatch for blocks range",
            "bmap file * checksum mismatch",
            "Truncated FILL payload",
            "Truncated CRC32 payload",
            "Unexpected end of file while reading RAW",
            "unexpected end of input file",
            "Invalid chunk type",
            "Early finished at fat",
            "decompress error",
            "verification of the written",
        ],
        "The image file is damaged or cut short.",
        &[(C::ImageCorrupt, 0.62), (C::ImageIncomplete, 0.4)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .actions(&[A::RedownloadImage])
    .from("bmaptool BmapCopy.py; snagboot android_sparse_file; NXP mfgtools libuuu/", "checksum mismatch for blocks range 0-511"),
    rule(
        "rom-loaded",
        Tool,
        &["Second stage boot server done", "Success 1 * Failure 0", "Done! Flashed", "The device was rebooted into application mode"],
        "The unit took all that the tool sent.",
        &[(C::NoFault, 0.65)],
    )
    .without(&["Fail Bulk", "Fail HID"])
    .states(&[(S::RecoveryMode, 0.5), (S::Healthy, 0.3)])
    .from("raspberrypi usbboot main.c; picotool main.cpp", "The device was rebooted into application mode."),
];
