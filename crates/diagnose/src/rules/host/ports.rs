//! What this computer says about its ports.

use debrick_model::{Cause as C, State as S};

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
];
