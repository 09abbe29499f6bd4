//! Tools that write over the network to a microcontroller that runs: espota, the uploader of ESPHome, miio; nvme-cli; and Intel's Flash
//! Programming Tool, which writes the firmware of the computer it runs on.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Lasting, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "ota-silent",
        Tool,
        &[
            "No response from device",
            "No response from the ESP",
            "No Answer to our Authentication",
            "No Answer",
        ],
        "The unit was called over the network, and does not call back: a firewall, or its own network.",
        &[(C::LinkFault, 0.62), (C::ToolMismatch, 0.35), (C::HostPortConflict, 0.25)],
    )
    .without(&["Bootloader no answer"])
    .states(&[(S::RefusedUnharmed, 0.55), (S::Healthy, 0.3)])
    .actions(&[A::PowerCycleAndRetry, A::ChangeToolOrOption])
    .from("arduino-esp32 tools/espota.py", "[ERROR]: No response from device"),
    rule(
        "ota-password",
        Tool,
        &[
            "Authentication Failed",
            "Authentication failed",
            "Error auth result",
            "Authentication invalid",
            "ERROR Error auth",
        ],
        "The password is not the one that the running firmware asks for.",
        &[(C::ToolMismatch, 0.6), (C::HostPermission, 0.25)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::ChangeToolOrOption])
    .from(
        "ESPHome esphome/espota2.py",
        "Error auth result: Error: Authentication invalid. Is the password correct?",
    ),
    rule(
        "platform-protected",
        Tool,
        &[
            "host CPU does not have read access",
            "host CPU does not have write access",
            "Protected Range Registers are currently set",
            "Failed to disable write protection",
            "modify the descriptor settings",
            "access to target flash area",
            "Unable to start a Secure Flash",
        ],
        "The firmware of the computer keeps its flash chip locked.",
        &[(C::BootloaderLocked, 0.75), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::UnlockBootloader, A::ChangeToolOrOption])
    .from(
        "Intel Flash Programming Tool",
        "Error 26: The host CPU does not have read access to the target flash area.",
    ),
    rule(
        "platform-unsupported",
        Tool,
        &["cannot be run on the current platform", "running flashrom on an unsupported laptop"],
        "The tool does not know this computer, and keeps its hands off.",
        &[(C::ToolMismatch, 0.7)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::ChangeToolOrOption])
    .from("flashrom internal.c", "WARNING! You seem to be running flashrom on an unsupported laptop."),
    rule(
        "ota-not-fetched",
        Tool,
        &["Did not receive a firmware download request", "ERROR:miio.updater:No request was made"],
        "The unit was told where its firmware is, and does not come to fetch it: a firewall, or the wrong address.",
        &[(C::LinkFault, 0.55), (C::ToolMismatch, 0.4), (C::HostPortConflict, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::PowerCycleAndRetry])
    .from("valetudo-helper-miioota; python-miio updater.py", "ERROR: Did not receive a firmware download request after 30s"),
    rule(
        "ota-refused-by-itself",
        Lasting,
        &["\"Upgrade\":\"Failed", "UPGRADE = Failed", "Upgrade failed: "],
        "The unit tried to update itself and could not: the address, the file or the room for it.",
        &[(C::ToolMismatch, 0.58), (C::LinkFault, 0.3), (C::ImageTooLarge, 0.15)],
    )
    .states(&[(S::Healthy, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("Tasmota xdrv_01_webserver, support_tasmota.ino", "MQT: stat/tasmota/UPGRADE = {\"Upgrade\":\"Failed File Not Found (404)\"}"),
    rule(
        "build-server-silent",
        Tool,
        &["Response status (null) while downloading", "No data available (61)", "server reply invalid"],
        "The server that builds or keeps the firmware does not answer; the unit is as it was.",
        &[(C::LinkFault, 0.55), (C::ToolMismatch, 0.38)],
    )
    .states(&[(S::Healthy, 0.6)])
    .actions(&[A::PowerCycleAndRetry, A::FixNetworkSettings])
    .from("OpenWrt utils/owut, utils/auc", "ERROR: Response status (null) while downloading"),
    rule(
        "drive-refuses",
        Tool,
        &[
            "NVMe status: CMD_SEQ_ERROR",
            "NVMe status: FIRMWARE_IMAGE",
            "NVMe status: Invalid Firmware",
            "NVMe status: FIRMWARE_SLOT",
            "NVMe status: Firmware Activation",
            "NVMe status: Internal Error",
            "NVME Admin command error:FIRMWARE_IMAGE",
        ],
        "The drive does not take the firmware: it is for another model, or the drive takes it in another way.",
        &[(C::ToolMismatch, 0.5), (C::ImageWrongDevice, 0.48), (C::VerifiedBootRejected, 0.2)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::ChangeToolOrOption, A::ReflashCorrectImage])
    .from("nvme-cli nvme-print-stdout.c", "NVMe status: CMD_SEQ_ERROR: The command was aborted"),
];
