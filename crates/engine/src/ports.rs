//! Everything outside the process that a repair may use, handed in from the top.

use std::sync::Arc;

use debrick_catalog::Recogniser;
use debrick_link::{Clock, Link, Network};
use debrick_model::{Gate, GateOutcome, GateResult};

/// What a repair may use.
pub struct Ports {
    /// The unit's serial console.
    pub console: Box<dyn Link>,
    /// The network that leads to the unit, where there is one.
    pub network: Option<Box<dyn Network>>,
    /// The clock that all of them share.
    pub clock: Arc<dyn Clock>,
    /// What was found out about this computer before.
    pub host: Vec<HostCheck>,
    /// The devices that a unit may be taken for, the one of the job among them.
    pub devices: Arc<Recogniser>,
}

/// Something about this computer that bears on a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCheck {
    /// Whether the repair may go on with it.
    pub ok: bool,
    /// A full sentence; for what is not ok, it ends with what to do.
    pub says: String,
}

impl HostCheck {
    /// The preflight gate by these checks and by what was found on the link.
    pub(crate) fn gate(checks: &[Self]) -> GateResult {
        let bad: Vec<String> =
            checks.iter().filter(|check| !check.ok).map(|check| check.says.clone()).collect();
        let (outcome, reasons) = if bad.is_empty() {
            (GateOutcome::Pass, checks.iter().map(|check| check.says.clone()).collect())
        } else {
            (GateOutcome::Fail, bad)
        };
        GateResult { gate: Gate::Preflight, outcome, reasons }
    }
}
