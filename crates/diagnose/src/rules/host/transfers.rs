//! What clients and servers of network recovery say, and tools that are done.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "tftp-served",
        Tool,
        &[
            "dnsmasq-tftp: sent ",
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
    .states(&[(S::RecoveryMode, 0.7)])
    .from("dnsmasq src/tftp.c", "dnsmasq-tftp: sent /srv/tftp/firmware.bin to 192.168.1.2"),
    rule(
        "tftp-client-failed",
        Tool,
        &[
            "Transfer timed out",
            "tftp: timeout",
            "Timeout while waiting for",
            "Network is unreachable",
            "No route to host",
            "Connection refused",
            "Host is unreachable",
            "file * not found",
            "Destination Host Unreachable",
            "No reply from",
        ],
        "The unit cannot be reached over the network.",
        &[(C::NotInRecoveryMode, 0.5), (C::LinkFault, 0.45)],
    )
    .actions(&[A::EnterRecoveryMode, A::FixNetworkSettings])
    .from("tftp-hpa; nmrpflash", "Transfer timed out."),
    rule(
        "tool-success",
        Tool,
        &[
            "Hash of data verified",
            "avrdude done.  Thank you",
            "Verification successful",
            "VERIFIED.",
            "Verified OK",
            "File downloaded successfully",
            "Download done.",
            "flash * bytes verified",
            "Upload complete",
            "successfully programmed",
            "Programming Finished",
            "PASS!",
        ],
        "The tool finished and checked its work.",
        &[(C::NoFault, 0.55)],
    )
    .states(&[(S::RecoveryMode, 0.35), (S::Healthy, 0.3)])
    .from("esptool; flashrom; dfu-util", "Hash of data verified."),
];
