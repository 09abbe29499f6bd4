//! The steps of a repair.

use serde::{Deserialize, Serialize};

/// One step of a repair, in the order they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Watch the unit start, and judge what is wrong.
    Assess,
    /// Establish what the unit is.
    Identify,
    /// Check power, link, room and other programs.
    Preflight,
    /// Read what must not be lost, and prove that it restores.
    Backup,
    /// Bring in the image and judge it.
    Obtain,
    /// Bring the unit into its recovery mode.
    EnterRecovery,
    /// Write.
    Flash,
    /// Prove what was written.
    Verify,
    /// Watch the system start, and test it.
    FirstBoot,
    /// Give the owner's settings back.
    RestoreSettings,
    /// Restart and watch again.
    Soak,
    /// Record the result and clean up.
    Close,
    /// Look for newer firmware from now on.
    Watch,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Done.
    Done,
    /// Not needed for this unit.
    Skipped,
    /// Failed; a retry, another method or an escalation follows.
    Failed,
    /// Stopped at a safe point by the operator.
    Cancelled,
}

impl Step {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::Assess,
        Self::Identify,
        Self::Preflight,
        Self::Backup,
        Self::Obtain,
        Self::EnterRecovery,
        Self::Flash,
        Self::Verify,
        Self::FirstBoot,
        Self::RestoreSettings,
        Self::Soak,
        Self::Close,
        Self::Watch,
    ];

    /// The word in journals.
    pub fn id(self) -> &'static str {
        match self {
            Self::Assess => "assess",
            Self::Identify => "identify",
            Self::Preflight => "preflight",
            Self::Backup => "backup",
            Self::Obtain => "obtain",
            Self::EnterRecovery => "enter-recovery",
            Self::Flash => "flash",
            Self::Verify => "verify",
            Self::FirstBoot => "first-boot",
            Self::RestoreSettings => "restore-settings",
            Self::Soak => "soak",
            Self::Close => "close",
            Self::Watch => "watch",
        }
    }

    /// A heading for a person.
    pub fn title(self) -> &'static str {
        match self {
            Self::Assess => "See what is wrong",
            Self::Identify => "Find out what it is",
            Self::Preflight => "Check power, cable and computer",
            Self::Backup => "Keep what must not be lost",
            Self::Obtain => "Check the firmware file",
            Self::EnterRecovery => "Enter recovery mode",
            Self::Flash => "Write the firmware",
            Self::Verify => "Prove what was written",
            Self::FirstBoot => "Watch it start",
            Self::RestoreSettings => "Give the settings back",
            Self::Soak => "Restart it and watch again",
            Self::Close => "Write the report",
            Self::Watch => "Watch for newer firmware",
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.id())
    }
}
