//! What a technician asks first, and what each answer speaks for.
//!
//! Each answer has a weight for how usual it is among devices that do not work, and factors for causes among which it
//! is more usual (above 1) or less (below 1). The numbers are a technician's judgement, not measurements: they decide
//! which question comes next and which causes are looked at first, never what is written.

mod done;
mod seen;

use debrick_model::{Cause as C, State as S};

use super::{Answer, Question};

const fn answer(
    id: &'static str,
    text: &'static str,
    usual: f64,
    factors: &'static [(C, f64)],
    state: Option<S>,
) -> Answer {
    Answer { id, text, usual, factors, state }
}

pub(super) static QUESTIONS: &[Question] = &[
    done::BEFORE,
    seen::LIGHTS,
    seen::HOST,
    done::FILE,
    seen::POWER,
    done::TOOL,
    done::RESET,
    seen::HEAT,
    seen::WHEN,
];

/// How usual a cause is among devices whose owners ask for help, before anything is known. A judgement, too.
pub(super) static USUAL: &[(C, f64)] = &[
    (C::ImageCorrupt, 6.0),
    (C::ImageIncomplete, 6.0),
    (C::ImageWrongDevice, 8.0),
    (C::ImageTooLarge, 2.0),
    (C::BootloaderCorrupt, 5.0),
    (C::BootEnvironmentCorrupt, 3.0),
    (C::RootfsCorrupt, 4.0),
    (C::KernelCrash, 2.0),
    (C::InitFailure, 1.0),
    (C::SettingsCorrupt, 5.0),
    (C::StorageFull, 2.0),
    (C::PartitionTableDamaged, 2.0),
    (C::FlashHardwareFault, 4.0),
    (C::RamFault, 1.5),
    (C::PowerFault, 6.0),
    (C::LinkFault, 4.0),
    (C::VerifiedBootRejected, 4.0),
    (C::RollbackRejected, 2.0),
    (C::BootloaderLocked, 3.0),
    (C::HostPermission, 3.0),
    (C::HostPortConflict, 1.5),
    (C::NotInRecoveryMode, 4.0),
    (C::ToolMismatch, 4.0),
    (C::FirmwareBug, 8.0),
    (C::BootloaderOutdated, 2.0),
    (C::UpdateInterrupted, 4.0),
    (C::RecoveryFlagStuck, 2.0),
    (C::RecoveryMediaWrong, 2.0),
    (C::NoFault, 3.0),
];
