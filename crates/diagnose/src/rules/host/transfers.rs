//! What clients and servers of network recovery say, and tools that are done.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Output, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "tftp-served",
        Tool,
        &[
            "dnsmasq-tftp: sent ",
            "dnsmasq-tftp[*]: sent ",
            "^sent /* to ",
            "tftpd * finished",
            "Serving * to",
            "TFTP transfer complete",
            "upload successful",
            "firmware upload successful",
            "Update successful",
            "upgrade successful",
            "Sent * blocks",
        ],
        "The unit took the file.",
        &[(C::NoFault, 0.65)],
    )
    .without(&["activation Successful"])
    .states(&[(S::RecoveryMode, 0.7)])
    .from("dnsmasq src/tftp.c", "dnsmasq-tftp: sent /srv/tftp/firmware.bin to 192.168.1.2"),
    rule(
        "nmrp-silent",
        Tool,
        &["No response after", "not in rescue mode", "is not in the rescue mode", "No reply after"],
        "The unit does not answer in its recovery mode.",
        &[(C::NotInRecoveryMode, 0.6), (C::LinkFault, 0.42)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort])
    .from("nmrpflash nmrp.c; Asus Firmware Restoration", "No response after 60 seconds. Bailing out."),
    rule(
        "nmrp-breaks",
        Tool,
        &[
            "while waiting for TFTP_UL_REQ",
            "while waiting for ACK",
            "while waiting for initial reply",
            "while waiting for OACK",
            "while waiting for CONF",
        ],
        "The recovery began and broke off.",
        &[(C::LinkFault, 0.6), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort, A::FixNetworkSettings])
    .from("nmrpflash nmrp.c", "Timeout while waiting for TFTP_UL_REQ."),
    rule(
        "nmrp-uploaded",
        Tool,
        &[
            "Waiting for remote to respond",
            "Reboot your device now",
            "Waiting for remote to write",
            "Upload finished",
            "Upload done",
            "Waiting for device to finish",
        ],
        "The unit has the file, and is busy writing it.",
        &[(C::NoFault, 0.6), (C::ToolMismatch, 0.2)],
    )
    .without(&["Received CONF_REQ while waiting"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::NothingNeeded])
    .from("nmrpflash nmrp.c", "Waiting for remote to respond."),
    rule(
        "host-network",
        Output,
        &[
            "Failed to bind",
            "requested address is not valid",
            "Cannot assign requested address",
            "Invalid interface",
            "No suitable interface",
            "Network is unreachable",
            "interface * is down",
            "No ethernet connection",
            "Waiting for Ethernet connection",
            "Network is down",
            "no carrier",
        ],
        "This computer's network is not set up for the recovery.",
        &[(C::LinkFault, 0.45), (C::ToolMismatch, 0.35)],
    )
    .without(&["Received configuration request"])
    .states(&[(S::Unknown, 0.4), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::FixNetworkSettings])
    .from(
        "nmrpflash; libc, errno EADDRNOTAVAIL",
        "Failed to bind after 5 seconds: bind: The requested address is not valid in its context.",
    ),
    rule(
        "tftp-client-failed",
        Tool,
        &[
            "Transfer timed out",
            "tftp: timeout",
            "Timeout while waiting for",
            "No route to host",
            "Connection refused",
            "Host is unreachable",
            "Destination Host Unreachable",
            "Destination host unreachable",
            "No reply from",
            "Request timed out",
            "Connect request failed",
            "Timeout occurred",
            "Connection timed out",
            "100% packet loss",
            "Network timeout",
            "Retry count exceeded",
        ],
        "The unit cannot be reached over the network.",
        &[(C::NotInRecoveryMode, 0.48), (C::LinkFault, 0.45)],
    )
    .without(&[
        "NAK on sector",
        "Waiting for remote to respond",
        "Received configuration request",
        "Received upload request",
        "interaction with the core",
        "usage of the probe",
    ])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::EnterRecoveryMode, A::FixNetworkSettings])
    .from("tftp-hpa; nmrpflash", "Transfer timed out."),
    rule(
        "kwboot-transfer",
        Tool,
        &["xmodem: Protocol error", "xmodem: Connection timed out", "xmodem: Bad message"],
        "The boot ROM does not take what is sent to it: the file is not made for that, the tool too old, or the line bad.",
        &[(C::ToolMismatch, 0.43), (C::LinkFault, 0.42), (C::ImageWrongDevice, 0.15)],
    )
    .states(&[(S::RecoveryMode, 0.55)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort, A::PowerCycleAndRetry])
    .from("U-Boot tools/kwboot.c", "0 % [+xmodem: Protocol error"),
    rule(
        "xmodem-fails",
        Tool,
        &[
            "CRC Error, Try again",
            "NAK on sector",
            "Retry 0: ",
            "Got * for sector ACK",
            "too many errors",
            "Transfer incomplete",
            "Timeout on sector ACK",
            "xyzModem",
            "Total Size      = 0x00000000",
            "transfer was cancelled",
        ],
        "The transfer over the serial line broke off, or its checksum does not agree.",
        &[(C::LinkFault, 0.55), (C::ImageCorrupt, 0.25), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.55)])
    .actions(&[A::SwapCableOrPort, A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("lrzsz src/lsz.c; U-Boot common/xyzModem.c", "Retry 0: NAK on sector"),
    rule(
        "tftp-server-file",
        Tool,
        &[
            "file * not found",
            "File not found",
            "Error code 1",
            "TFTP error",
            "Error code 2",
            "Access violation",
            "sending NAK",
            "cannot read *tftp",
        ],
        "The TFTP server has no file of the name that the unit asks for.",
        &[(C::ToolMismatch, 0.65), (C::RecoveryMediaWrong, 0.3)],
    )
    .without(&["Firmware check failed", "executable file not found", "hex file not found"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("RFC 1350; dnsmasq src/tftp.c", "dnsmasq-tftp: file /srv/tftp/factory.bin not found"),
    rule(
        "web-recovery-refused",
        Tool,
        &[
            "probably you have chosen wrong file",
            "Something went wrong during update",
            "^Update failed",
            "wrong file",
            "^Upload failed",
            "Bad file format",
        ],
        "The recovery page of the unit does not take the file.",
        &[(C::ImageWrongDevice, 0.5), (C::ImageCorrupt, 0.25), (C::ImageTooLarge, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ReflashCorrectImage])
    .last_resort()
    .from(
        "vendors' boot loaders; u-boot_mod",
        "Something went wrong during update. Probably you have chosen wrong file.",
    ),
    rule(
        "http-breaks-off",
        Output,
        &["curl: (52)", "curl: (56)", "curl: (55)", "curl: (18)", "Empty reply from server"],
        "The unit ended the connection before it answered.",
        &[(C::LinkFault, 0.42), (C::ToolMismatch, 0.38), (C::NotInRecoveryMode, 0.2)],
    )
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("curl lib/strerror.c", "curl: (52) Empty reply from server"),
    rule(
        "copy-needs-another-protocol",
        Output,
        &["sftp-server: not found", "sftp-server: No such file", "subsystem request failed"],
        "The unit does not know the protocol that the tool copies by; an older one works.",
        &[(C::ToolMismatch, 0.8)],
    )
    .states(&[(S::Healthy, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("OpenSSH scp.c; Dropbear", "ash: /usr/libexec/sftp-server: not found"),
    rule(
        "partition-not-writable",
        Output,
        &["Could not open mtd device", "Can't open device for writing", "Could not unlock MTD device"],
        "The system does not let this partition be written, or has none of that name.",
        &[(C::ToolMismatch, 0.52), (C::BootloaderLocked, 0.3), (C::PartitionTableDamaged, 0.22)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("OpenWrt package/system/mtd mtd.c", "Could not open mtd device: firmware"),
    rule(
        "write-fails",
        Tool,
        &["Failed to erase", "failed to write", "Failed to flash", "Unable to write"],
        "What the tool wrote or erased did not get there.",
        &[(C::FlashHardwareFault, 0.4), (C::LinkFault, 0.38), (C::ToolMismatch, 0.36)],
    )
    .without(&["Failed to write partition", "Failed to write memory", "remote: "])
    .states(&[(S::RecoveryMode, 0.35)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .last_resort()
    .from("tools of all kinds", "Error: failed to erase sector 3"),
    rule(
        "copy-not-written",
        Output,
        &["dd: error writing", "dd: writing to", "dd: writing `"],
        "The storage did not take what was copied.",
        &[(C::FlashHardwareFault, 0.55), (C::LinkFault, 0.32)],
    )
    .without(&["No space left"])
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::SwapCableOrPort, A::ReplaceHardware])
    .from("GNU coreutils src/dd.c", "dd: error writing '/dev/mmcblk0': Input/output error"),
];
