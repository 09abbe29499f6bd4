//! The plan of a repair in two passes: a system is started in the unit's memory, and writes the firmware from there.

use debrick_catalog::Protocol;
use debrick_model::Step;

use super::{Need, Planned, need, step};

/// What is needed beside the firmware file.
pub(super) fn first_file() -> Need {
    need(
        "an initramfs file of OpenWrt for exactly this model, given with --first",
        "its bootloader only starts what it is given; this system then writes the firmware",
    )
}

/// What is done before the unit is brought into its mode.
pub(super) fn before() -> Vec<Planned> {
    vec![
        step(
            Step::Assess,
            "Look whether a system of it answers, and read the logs that you give. Nothing is sent to its bootloader.",
        ),
        step(
            Step::Identify,
            "Ask for its label, and compare it with this record. One claim is enough for a start in memory.",
        ),
        step(Step::Preflight, "Check this computer, its address on the port, and the cable."),
        step(Step::Obtain, "Check both files: undamaged, for this device, and who made them. Then ask."),
    ]
}

/// What is done once it is there.
pub(super) fn after(protocol: Protocol) -> Vec<Planned> {
    vec![
        step(
            Step::EnterRecovery,
            format!(
                "First pass: hand the first file over, and wait until its system answers. {} Nothing is written: switched off, the \
                 unit is as it was.",
                protocol.about()
            ),
        ),
        step(
            Step::Identify,
            "Second pass, over SSH: read what the factory wrote into it. Now two claims have to agree.",
        ),
        step(
            Step::Backup,
            "Read every partition until two readings agree, and keep them, before anything is written.",
        ),
        step(Step::Flash, "Have its own system check the firmware; then ask, and have it write it."),
        step(
            Step::FirstBoot,
            "Leave the power on and wait for the installed system to say the version that was written, up to ten minutes.",
        ),
        step(Step::Close, "Write the report."),
    ]
}
