//! What this computer says about its ports.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Output, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "host-permission",
        Tool,
        &["no permissions", "permission denied", "Access denied", "insufficient permissions", "LIBUSB_ERROR_ACCESS", "libusb error: -3", "libusb error -3", "Operation not permitted", "udev rules wrong", "don't have permission", "Errno 13", "must be root", "requires root", "run as root", "running as root", "try as root", "try again as root", "need root", "not allowed to open", "FILE_ERROR_ACCESS_DENIED", "cannot open USB device * permission", "Insufficient privileges"],
        "This computer does not let the program use the port.",
        &[(C::HostPermission, 0.88)],
    )
    .without(&["PermissionError(13, 'Access is denied", "Found DFU: [", "ERROR: writing to /dev/*", "is write-protected, attach in read-only"])
    .states(&[(S::RefusedUnharmed, 0.35), (S::Unknown, 0.3)])
    .actions(&[A::InstallDriverOrPermission])
    .from("libc, errno EACCES; libusb", "could not open port '/dev/ttyUSB0': [Errno 13] Permission denied"),
    rule(
        "host-not-licensed",
        Output,
        &["Not licensed to perform", "HTTP code: 403", "403 Forbidden", "HTTP/1.1 403"],
        "The controller does not let this user, or without another licence, do that.",
        &[(C::ToolMismatch, 0.5), (C::HostPermission, 0.4)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("Supermicro Update Manager; RFC 9110, 403 Forbidden", "HTTP code: 403 (Forbidden)"),
    rule(
        "host-port-busy",
        Tool,
        &["resource busy", "LIBUSB_ERROR_BUSY", "already in use", "being in use", "is busy or doesn't exist", "port is busy", "port busy", "Address already in use", "Could not exclusively lock port", "claimed by", "Claiming interface failed", "Cannot claim interface", "multiple access on port", "could not claim interface", "Resource temporarily unavailable", "PermissionError(13, 'Access is denied", "Access is denied", "QPST Is running", "brltty", "ModemManager", "in use by another", "held by another", "is locked by", "another instance", "another program", "usbfs: interface", "EADDRINUSE", "only one usage of each socket address", "another process"],
        "Another program holds the port.",
        &[(C::HostPortConflict, 0.8), (C::HostPermission, 0.2)],
    )
    .without(&["umount", "device reports readiness to read but returned no data", "Failed updating slot", "opening output device"])
    .states(&[(S::RefusedUnharmed, 0.5), (S::Unknown, 0.2)])
    .actions(&[A::FreePortOrStopProcess])
    .from("libc, errno EBUSY; libusb", "could not open port /dev/ttyUSB0: Device or resource busy"),
    rule(
        "host-port-taken-away",
        Lasting,
        &["usbfs: interface * claimed by * while"],
        "Another program of this computer takes the adapter away from its driver.",
        &[(C::HostPortConflict, 0.7), (C::HostPermission, 0.25), (C::LinkFault, 0.2)],
    )
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::FreePortOrStopProcess])
    .from(
        "Linux drivers/usb/core/devio.c, check_ctrlrecip",
        "usb 1-9: usbfs: interface 0 claimed by ch341 while 'brltty' sets config #1",
    ),
    rule(
        "windows-refuses-port",
        Output,
        &["Acesso negado", "Acceso denegado", "Accès refusé", "Accesso negato", "Zugriff verweigert", "Odmowa dostępu", "Отказано в доступе", "拒绝访问", "存取被拒", "アクセスが拒否"],
        "Windows does not let the program have the port: another one holds it, or only an administrator may.",
        &[(C::HostPortConflict, 0.62), (C::HostPermission, 0.5)],
    )
    .states(&[(S::Unknown, 0.45)])
    .actions(&[A::FreePortOrStopProcess, A::InstallDriverOrPermission])
    .from("Windows, ERROR_ACCESS_DENIED in its languages", "IO error: Acesso negado. (os error 5)"),
    rule(
        "host-port-missing",
        Tool,
        &["could not open port", "No such file or directory: '/dev/tty", "can't open device", "serial port * could not be found", "No such device or address", "cannot open /dev/tty", "The port * doesn't exist", "Serial port not found", "Serial port * not found", "Failed to open serial port", "No serial ports found", "Could not open /dev/tty", "Could not open COM"],
        "The port is not there.",
        &[(C::LinkFault, 0.45), (C::HostPermission, 0.35)],
    )
    .without(&["permission denied", "resource busy", "Access is denied", "already in use", "mtd device", "/dev/loop"])
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::SwapCableOrPort, A::InstallDriverOrPermission])
    .from("pyserial", "could not open port '/dev/ttyUSB0': No such file or directory: '/dev/ttyUSB0'"),
    rule(
        "host-driver",
        Tool,
        &["driver is not installed", "install the driver", "no driver", "LIBUSB_ERROR_NOT_SUPPORTED", "Unknown USB Device", "driver was not successfully installed", "Zadig", "WinUSB", "driver not installed", "Code 10", "Code 28", "Code 43", "missing driver", "install libusb", "NoBackendError", "No backend available", "drivers are not installed", "drivers not installed"],
        "This computer lacks the driver for the port.",
        &[(C::HostPermission, 0.7), (C::LinkFault, 0.2)],
    )
    // Who has done that already has another fault.
    .without(&["try reloading * drivers", "tried reinstalling", "already reinstalled", "Mode detected: ", "Detected device mode"])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::InstallDriverOrPermission])
    .from("libusb on Windows", "LIBUSB_ERROR_NOT_SUPPORTED: install the WinUSB driver"),
    rule(
        "host-not-recognized",
        Tool,
        &["usb device not recognized", "device not recognized", "USB device malfunctioned", "Device Descriptor Request Failed", "unable to enumerate USB device", "not recognised"],
        "This computer sees that something is plugged in, and cannot speak to it.",
        &[(C::LinkFault, 0.6), (C::HostPermission, 0.35)],
    )
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::SwapCableOrPort, A::InstallDriverOrPermission])
    .from("Windows", "USB device not recognized"),
    rule(
        "host-usb-lost",
        Tool,
        &["LIBUSB_ERROR_IO", "LIBUSB_ERROR_TIMEOUT", "LIBUSB_ERROR_NO_DEVICE", "libusb error: -4", "No such device (it may have been disconnected)", "device disconnected during", "device reports readiness to read but returned no data", "Input/output error", "Broken pipe", "Protocol error", "usb_claim_interface", "Device not configured", "ClearCommError failed", "[Errno 5]", "[Errno 19]", "[Errno 110]", "[Errno 10060]", "Expected file part index", "failed to parse", "device has been disconnected", "Connection reset", "OSError: "],
        "The connection to the unit was lost.",
        &[(C::LinkFault, 0.62), (C::PowerFault, 0.18)],
    )
    .without(&["bootloader failed NvError", "mount: mounting", "fcopyfile failed", "xmodem: Protocol error", "linux_mtd_erase: ", "File downloaded successfully", "HID(W):*LIBUSB_ERROR", "HID(R):*LIBUSB_ERROR"])
    .states(&[(S::Unknown, 0.25)])
    .actions(&[A::SwapCableOrPort])
    .from("libusb; pyserial", "device reports readiness to read but returned no data (device disconnected or multiple access on port?)"),
    rule(
        "tool-device-choice",
        Tool,
        &["More than one DFU capable USB device", "Multiple flash chip definitions match", "more than one device", "Multiple devices found", "specify a programmer", "missing -s address", "No such file or directory", "cannot load", "does not support this chip", "doesn't support this chip", "missing argument", "requires an argument", "Failed to parse memory layout", "fail to open /usr/", "fail to open /opt/", "unrecognized arguments", "invalid choice", "the following arguments are required", "command not found", "executable file not found", "adb 1.0.* or newer", "adb*unknown command", "不是内部或外部命令", "不是內部或外部命令", "не является внутренней или внешней", "ist entweder falsch geschrieben", "pas reconnu en tant que commande", "no se reconoce como un comando", "is not recognized as", "not a valid command", "ModuleNotFoundError", "ImportError", "usage: ", "Traceback (most recent call last)", "version is too old", "please update your", "unsupported version"],
        "The tool needs another option, file or version.",
        &[(C::ToolMismatch, 0.5)],
    )
    .without(&["could not open port", "permission denied", "Errno 13", "EFI boot manager: "])
    .states(&[(S::RefusedUnharmed, 0.4)])
    .from("dfu-util; flashrom", "Multiple flash chip definitions match the detected chip(s)"),
    rule(
        "tool-crashes",
        Output,
        &["Assertion failed: (", "Assertion `* failed", "Segmentation fault (core dumped)", "abort (core dumped)"],
        "The tool itself crashed: it does not expect what the unit answers, or has a bug.",
        &[(C::ToolMismatch, 0.48), (C::LinkFault, 0.22)],
    )
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("C library, assert(3)", "Assertion failed: (strcmp(buf, \"AWUS\") == 0), function aw_read_usb_response, file fel_lib.c"),
    rule(
        "script-unwinds",
        Output,
        &["^in procedure '"],
        "The script of the tool ended in one of its commands.",
        &[(C::LinkFault, 0.38), (C::ToolMismatch, 0.36), (C::NotInRecoveryMode, 0.2)],
    )
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .last_resort()
    .from("OpenOCD, Jim Tcl", "in procedure 'ocd_bouncer'"),
    rule(
        "tool-fails",
        Output,
        &["fatal error", "^error:", "^FAIL", " FAIL", "error:", "ERROR", "error ", "failed", "failure", "exception", "exited with status", "exit status", "could not", "cannot", "unable to", "timeout", "timed out"],
        "A tool failed without saying more.",
        &[(C::ToolMismatch, 0.32), (C::LinkFault, 0.3)],
    )
    .without(&["QPST Is running", "Waiting for remote to respond", "File downloaded successfully", "Total xfer: 1.00x", "Closing all shell sessions"])
    .states(&[(S::Unknown, 0.25), (S::RefusedUnharmed, 0.22)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .last_resort()
    .from("tools of all kinds", "error: something failed"),
];
