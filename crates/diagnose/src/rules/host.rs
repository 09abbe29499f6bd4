//! What this computer and general tools say: ports, permissions, programmers, network services.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "host-permission",
        Tool,
        &["no permissions", "permission denied", "Access denied", "insufficient permissions", "LIBUSB_ERROR_ACCESS", "libusb error: -3", "libusb error -3", "Operation not permitted", "udev rules wrong", "Cannot open DFU device", "don't have permission", "Errno 13", "Failed to access device"],
        "This computer does not let the program use the port.",
        &[(C::HostPermission, 0.88)],
    )
    .states(&[(S::RefusedUnharmed, 0.35)])
    .from("libc, errno EACCES; libusb", "could not open port '/dev/ttyUSB0': [Errno 13] Permission denied"),
    rule(
        "host-port-busy",
        Tool,
        &["resource busy", "Device or resource busy", "LIBUSB_ERROR_BUSY", "already in use", "being in use", "is busy or doesn't exist", "port is busy", "Address already in use", "Could not exclusively lock port", "claimed by", "Claiming interface failed", "Cannot claim interface", "multiple access on port", "could not claim interface"],
        "Another program holds the port.",
        &[(C::HostPortConflict, 0.82), (C::HostPermission, 0.15)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .from("libc, errno EBUSY; libusb", "could not open port /dev/ttyUSB0: Device or resource busy"),
    rule(
        "host-port-missing",
        Tool,
        &["could not open port", "No such file or directory: '/dev/tty", "can't open device", "serial port * could not be found", "No such device or address", "cannot open /dev/tty", "The port * doesn't exist"],
        "The port is not there.",
        &[(C::LinkFault, 0.4), (C::HostPermission, 0.3)],
    )
    .without(&["permission denied", "resource busy"])
    .from("pyserial", "could not open port '/dev/ttyUSB0': No such file or directory: '/dev/ttyUSB0'"),
    rule(
        "host-driver",
        Tool,
        &["driver is not installed", "install the driver", "no driver", "LIBUSB_ERROR_NOT_SUPPORTED", "Unknown USB Device", "device driver was not successfully installed", "Zadig", "WinUSB"],
        "This computer lacks the driver for the port.",
        &[(C::HostPermission, 0.7)],
    )
    .from("libusb on Windows", "LIBUSB_ERROR_NOT_SUPPORTED: install the WinUSB driver"),
    rule(
        "host-usb-lost",
        Tool,
        &["LIBUSB_ERROR_PIPE", "LIBUSB_ERROR_IO", "LIBUSB_ERROR_TIMEOUT", "libusb error: -4", "Lost device after RESET", "No such device (it may have been disconnected)", "device disconnected during", "device reports readiness to read but returned no data", "Input/output error", "Broken pipe", "Protocol error", "usb_claim_interface","Error during download", "Error during special command", "Creating Comm Object failed", "Downloading bootloader failed", "Expected file part index", "failed to parse"],
        "The connection to the unit was lost.",
        &[(C::LinkFault, 0.65), (C::PowerFault, 0.15)],
    )
    .from("libusb; pyserial", "device reports readiness to read but returned no data (device disconnected or multiple access on port?)"),
    rule(
        "tool-device-choice",
        Tool,
        &["More than one DFU capable USB device", "Multiple flash chip definitions match", "more than one device", "Multiple devices found", "specify a programmer", "missing -s address", "No such file or directory", "cannot load", "does not support this chip", "doesn't support this chip", "missing argument", "requires an argument","Failed to parse memory layout"],
        "The tool needs another option or file.",
        &[(C::ToolMismatch, 0.5)],
    )
    .without(&["could not open port"])
    .states(&[(S::RefusedUnharmed, 0.4)])
    .from("dfu-util; flashrom", "Multiple flash chip definitions match the detected chip(s)"),
    rule(
        "programmer-no-chip",
        Tool,
        &["No EEPROM/flash device found", "Couldn't open device", "No chip found", "RDID byte 0 parity violation", "Can't even read anymore"],
        "The programmer does not see the flash chip.",
        &[(C::LinkFault, 0.6), (C::ToolMismatch, 0.25), (C::FlashHardwareFault, 0.2)],
    )
    .from("flashrom flashrom.c", "No EEPROM/flash device found."),
    rule(
        "programmer-write",
        Tool,
        &["Erase/write failed", "FAILED at 0x* Expected=", "Your flash chip is in an unknown state", "Write Failed!", "Apparently at least some data has changed", "WIP bit after WRSR never cleared"],
        "The flash chip does not hold what was written.",
        &[(C::FlashHardwareFault, 0.5), (C::LinkFault, 0.45)],
    )
    .from("flashrom flashrom.c", "FAILED at 0x00001000! Expected=0xff, Found=0x00, failed byte count from 0x00000000-0x0000ffff: 0x1000"),
    rule(
        "programmer-protected",
        Tool,
        &["Hardware protection is active", "not fully writable", "Block protection could not be disabled", "write protection"],
        "The flash chip is protected against writing.",
        &[(C::ToolMismatch, 0.5), (C::BootloaderLocked, 0.35)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .from("flashrom writeprotect.c", "Hardware protection is active, disabling write protection is impossible."),
    rule(
        "programmer-size",
        Tool,
        &["doesn't match the expected size", "Image size * doesn't match", "larger than flash", "exceeds flash size", "does not fit in", "will not fit in", "past the end of flash", "data too large", "size too large", "too large for partition", "exceeds partition size", "bigger than partition", "region * overflowed"],
        "The file is larger than its place.",
        &[(C::ImageTooLarge, 0.75), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .from("flashrom; U-Boot drivers/fastboot", "too large for partition: 'boot'"),
    rule(
        "tftp-served",
        Tool,
        &["dnsmasq-tftp: sent ", "tftpd * finished", "Serving * to", "TFTP transfer complete", "upload successful", "firmware upload successful", "Update successful", "upgrade successful", "Sent * blocks"],
        "The unit took the file.",
        &[(C::NoFault, 0.65)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .from("dnsmasq src/tftp.c", "dnsmasq-tftp: sent /srv/tftp/firmware.bin to 192.168.1.2"),
    rule(
        "tftp-client-failed",
        Tool,
        &["Transfer timed out", "tftp: timeout", "Timeout while waiting for", "Network is unreachable", "No route to host", "Connection refused", "Host is unreachable", "file * not found", "Destination Host Unreachable", "No reply from"],
        "The unit cannot be reached over the network.",
        &[(C::NotInRecoveryMode, 0.5), (C::LinkFault, 0.45)],
    )
    .actions(&[A::EnterRecoveryMode, A::FixNetworkSettings])
    .from("tftp-hpa; nmrpflash", "Transfer timed out."),
    rule(
        "tool-success",
        Tool,
        &["Hash of data verified", "avrdude done.  Thank you", "Verification successful", "VERIFIED.", "Verified OK", "File downloaded successfully", "Download done.", "flash * bytes verified", "Upload complete", "successfully programmed", "Programming Finished", "PASS!"],
        "The tool finished and checked its work.",
        &[(C::NoFault, 0.55)],
    )
    .states(&[(S::RecoveryMode, 0.35), (S::Healthy, 0.3)])
    .from("esptool; flashrom; dfu-util", "Hash of data verified."),
];
