//! What can stop a repair.

use debrick_catalog::CatalogError;
use debrick_image::ImageError;
use debrick_link::LinkError;
use debrick_model::Coded;
use debrick_ssh::SshError;
use debrick_ssh::openwrt::OpenwrtError;
use debrick_target::{Refusal, TargetError};
use debrick_uboot_console::host::ConsoleError;
use debrick_vault::{JournalError, VaultError};

/// What can stop a repair. Codes and next steps are those of the layer that knows best.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A link failed.
    #[error("the link to the unit failed")]
    Link(#[from] LinkError),
    /// The bootloader's console failed or said no.
    #[error("the bootloader's console failed")]
    Console(#[from] ConsoleError),
    /// An operation on the unit failed.
    #[error("an operation on the unit failed")]
    Target(#[from] TargetError),
    /// The vault failed.
    #[error("the vault on this computer failed")]
    Vault(#[from] VaultError),
    /// The journal failed; nothing can be done to a unit without it.
    #[error("the journal on this computer failed")]
    Journal(#[from] JournalError),
    /// The device's record cannot be used.
    #[error("the device's record cannot be used")]
    Catalog(#[from] CatalogError),
    /// The image cannot be read.
    #[error("the firmware file cannot be read")]
    Image(#[from] ImageError),
    /// The system of the unit could not be reached, or ended the connection.
    #[error("the system of the unit could not be asked")]
    Ssh(#[from] SshError),
    /// The system of the unit said no.
    #[error("the system of the unit did not do it")]
    Openwrt(#[from] OpenwrtError),
    /// A system has to be started in memory, and none was given.
    #[error("this device first starts a system in its memory, and no file for that was given")]
    NoFirstImage,
    /// The system of the unit is needed, and there is no way to it.
    #[error("firmware is written by a system that runs on the unit, and there is no way to it")]
    NoWayIn,
    /// The system in memory does not answer.
    #[error("the unit took the system for its memory, and in {waited_s} s nothing answered")]
    NotUp {
        /// How long it was waited for, in seconds.
        waited_s: u64,
    },
    /// Gates are shut.
    #[error("the gates are shut")]
    Refused(#[from] Refusal),
    /// The operator wants to stop.
    #[error("stopped at a safe point, as asked")]
    Cancelled,
    /// An instruction was not carried out, or its sign was not seen.
    #[error("{request:?} was not done, or its sign was not seen")]
    NotDone {
        /// The request's id.
        request: String,
    },
    /// The operator did not agree.
    #[error("the operator did not agree to {request:?}")]
    Declined {
        /// The request's id.
        request: String,
    },
    /// Firmware has to be written, and none was given.
    #[error("firmware has to be written, and no firmware file was given")]
    NoImage {
        /// Where the maker publishes it, where that is known.
        origin: Option<String>,
    },
    /// The evidence does not tell what to do.
    #[error("the evidence does not tell what is wrong with the unit")]
    Undecided {
        /// What to look at next.
        next_evidence: Vec<String>,
    },
    /// All that could be tried was tried.
    #[error("{tried} did not bring the unit back")]
    Exhausted {
        /// What was tried, in words.
        tried: String,
    },
    /// A recorded session cannot be gone on with.
    #[error("session {session} cannot be resumed: {reason}")]
    NotResumable {
        /// The session.
        session: String,
        /// Why.
        reason: String,
    },
    /// The steps into a mode of recovery are not known.
    #[error("the catalog knows no steps that bring the unit into {method:?}")]
    NoEntry {
        /// The method's name.
        method: String,
    },
    /// The unit did not come into its mode of recovery.
    #[error("the unit did not come into {method:?} in {attempts} attempts")]
    NotEntered {
        /// The method's name.
        method: String,
        /// How often it was tried.
        attempts: usize,
    },
    /// More than one unit waits in its mode of recovery, or speaks where only one may be.
    #[error("more than one unit is on this wire: {}", units.join(", "))]
    SeveralUnits {
        /// All of them, by their addresses.
        units: Vec<String>,
    },
    /// The evidence points to something that no firmware mends.
    #[error("the evidence points to {cause}, which new firmware does not mend")]
    NotByFirmware {
        /// The cause.
        cause: debrick_model::Cause,
    },
    /// The unit has the image, and nothing shows what it runs.
    #[error("the unit took the firmware, and in {waited_s} s nothing showed that it runs")]
    Unproven {
        /// How long it was waited for, in seconds.
        waited_s: u64,
    },
    /// A test of the running system failed.
    #[error("the system starts, but the test {name:?} fails: {detail}")]
    SmokeTest {
        /// Its name.
        name: String,
        /// What was seen.
        detail: String,
    },
}

impl EngineError {
    /// Whether the journal itself failed, so that nothing more can be recorded.
    pub(crate) fn is_journal(&self) -> bool {
        matches!(self, Self::Journal(_))
    }

    /// Whether the link to the unit is gone, so that waiting does not help.
    pub(crate) fn is_link_lost(&self) -> bool {
        let link = match self {
            Self::Link(source) => source,
            Self::Console(ConsoleError::Link { source, .. }) => source,
            Self::Target(TargetError::Link { source, .. }) => source,
            _ => return false,
        };
        matches!(link, LinkError::Disconnected { .. } | LinkError::Io { .. })
    }

    /// Whether the operator wanted it.
    pub(crate) fn is_cancellation(&self) -> bool {
        matches!(
            self,
            Self::Cancelled
                | Self::Target(TargetError::Cancelled)
                | Self::Ssh(SshError::Cancelled)
                | Self::Openwrt(OpenwrtError::Shell { source: SshError::Cancelled, .. })
        )
    }

    /// Whether another try from a fresh state, or another method, may help.
    pub(crate) fn may_be_retried(&self) -> bool {
        match self {
            Self::Link(error) => !matches!(
                error,
                LinkError::Busy { .. } | LinkError::NotPermitted { .. } | LinkError::ReplayDiverged { .. }
            ),
            Self::Console(_) => true,
            Self::Target(error) => !matches!(
                error,
                TargetError::Cancelled
                    | TargetError::NotCleared { .. }
                    | TargetError::OutOfBounds { .. }
                    | TargetError::Source { .. }
            ),
            _ => false,
        }
    }

    fn coded(&self) -> Option<&dyn Coded> {
        match self {
            Self::Link(error) => Some(error),
            Self::Console(error) => Some(error),
            Self::Target(error) => Some(error),
            Self::Vault(error) => Some(error),
            Self::Journal(error) => Some(error),
            Self::Catalog(error) => Some(error),
            Self::Image(error) => Some(error),
            Self::Refused(error) => Some(error),
            Self::Ssh(error) => Some(error),
            Self::Openwrt(error) => Some(error),
            _ => None,
        }
    }
}

impl Coded for EngineError {
    fn code(&self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::NotDone { .. } => "instruction-not-done",
            Self::Declined { .. } => "operator-declined",
            Self::NoImage { .. } => "no-image",
            Self::Undecided { .. } => "undecided",
            Self::Exhausted { .. } => "methods-exhausted",
            Self::NotResumable { .. } => "session-not-resumable",
            Self::NoEntry { .. } => "no-known-steps",
            Self::NotEntered { .. } => "recovery-not-entered",
            Self::SeveralUnits { .. } => "several-units",
            Self::NotByFirmware { .. } => "not-by-firmware",
            Self::Unproven { .. } => "first-boot-unproven",
            Self::NoFirstImage => "no-first-image",
            Self::NoWayIn => "no-way-to-system",
            Self::NotUp { .. } => "system-in-memory-silent",
            Self::SmokeTest { .. } => "smoke-test-failed",
            other => other.coded().map_or("unknown", Coded::code),
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Cancelled => "Go on with `debrick resume`.".into(),
            Self::NotDone { .. } => {
                "Check power and cable as the instruction says, then go on with `debrick resume`.".into()
            }
            Self::Declined { .. } => "Nothing further was changed. Go on with `debrick resume` when you are ready.".into(),
            Self::NoImage { origin: Some(origin) } => {
                format!("Get the firmware from {origin} and start again with --image FILE.")
            }
            Self::NoImage { origin: None } => {
                "Get the firmware for exactly this model from its maker and start again with --image FILE.".into()
            }
            Self::NoFirstImage => "Get the initramfs image for exactly this model, and start again with --first FILE.".into(),
            Self::NoWayIn => "Start again with `debrick rescue --lan IFACE --first FILE`, or with --ssh ADDRESS.".into(),
            Self::NotUp { .. } => {
                "Nothing was written. Look whether the cable is in a port of its inner network now, then `debrick resume`.".into()
            }
            Self::Undecided { next_evidence } if next_evidence.is_empty() => {
                "Leave the unit as it is and hand the bundle of this session to somebody who knows the device.".into()
            }
            Self::Undecided { next_evidence } => format!("To be surer, look at this: {}", next_evidence.join(" ")),
            Self::Exhausted { .. } => {
                "Leave the unit as it is. The report says what was tried; hand it to a repair shop.".into()
            }
            Self::NotResumable { .. } => "Start a new repair with `debrick rescue`.".into(),
            Self::NoEntry { .. } => {
                "Look at its ways with `debrick devices show`, or at its maker's instructions.".into()
            }
            Self::NotEntered { .. } => {
                "Try another method with --method, or go on with `debrick resume` when the button, the port and the cable \
                 have been checked."
                    .into()
            }
            Self::SeveralUnits { .. } => {
                "Nothing was sent to any of them. Leave only the unit on the cable that is to be repaired, and go on with \
                 `debrick resume`; or say there which one it is, by the MAC address on its label, where you are asked."
                    .into()
            }
            Self::NotByFirmware { .. } => {
                "Mend that first, or show more evidence with --log; `debrick explain` says what the cause means.".into()
            }
            Self::Unproven { .. } => {
                "Leave the power on for ten minutes more: it may still be writing. Then look at its page, and go on with \
                 `debrick resume`."
                    .into()
            }
            Self::SmokeTest { .. } => "Check the cable between this computer and the unit, then `debrick resume`.".into(),
            other => other.coded().map_or_else(String::new, Coded::next_step),
        }
    }
}
