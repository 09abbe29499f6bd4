//! Repairs in two passes: a system is started in the unit's memory, which changes nothing, and from there the unit is read,
//! kept and written over SSH. The second pass alone repairs a unit whose OpenWrt-like system still runs.
//!
//! What the first pass cannot have, the second gives: a backup before anything is written, and the system's own check of
//! the image. What runs in memory is gone when the power goes; a repair that is gone on with then begins with the first pass.

mod first;
mod proof;
mod second;

use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_catalog::Recoverable;
use debrick_link::{Deadline, Network};
use debrick_model::{
    Answer, Digest, Ending, EventBody, EvidenceKind, GateResult, Request, RequestKind, Step,
};
use debrick_ssh::{Door as SshDoor, Fingerprint, Login, Session as SshSession, Shell, SshError};
use debrick_vault::Vault;

use super::{DoorJob, DoorPorts, DoorRepair};
use crate::error::EngineError;
use crate::job::{Closed, Wishes};
use crate::operator::Operator;
use crate::past::OFFERED;

/// The region that a clearance for a start in memory names.
const MEMORY: &str = "memory";

/// Where OpenWrt is until somebody gives it another address.
const USUAL: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);

/// How long a connection to a system may take.
const CONNECTS: Duration = Duration::from_secs(20);

/// The same where it is only one way of several to see what runs.
const LOOKS: Duration = Duration::from_secs(10);

/// Leads to the system of a unit.
pub trait Reach {
    /// Connects and logs in. A host key that is not pinned ends it, as [`SshSession::connect`] says.
    ///
    /// # Errors
    /// What [`SshSession::connect`] says.
    fn reach(
        &mut self,
        network: &mut dyn Network,
        unit: Ipv4Addr,
        pin: Option<&Fingerprint>,
        deadline: Deadline,
    ) -> Result<Box<dyn Shell>, SshError>;
}

/// SSH over the network of a repair.
#[derive(Debug, Clone)]
pub struct OverSsh {
    /// Who wants in.
    pub login: Login,
    /// The port.
    pub port: u16,
}

impl Reach for OverSsh {
    fn reach(
        &mut self,
        network: &mut dyn Network,
        unit: Ipv4Addr,
        pin: Option<&Fingerprint>,
        deadline: Deadline,
    ) -> Result<Box<dyn Shell>, SshError> {
        let door = SshDoor { pin: pin.cloned(), login: self.login.clone() };
        Ok(Box::new(SshSession::connect(network, (unit, self.port).into(), &door, deadline)?))
    }
}

/// What a repair in two passes has beside the rest.
pub struct Passes {
    /// The image that is started in memory, already in the vault: its name and digest. Where a system still runs, none is
    /// needed.
    pub first: Option<(String, Digest)>,
    /// Where the system answers; otherwise where the record says, or where OpenWrt is as a rule.
    pub unit: Option<Ipv4Addr>,
    /// The host key of a system that runs already.
    pub pin: Option<Fingerprint>,
}

/// The system of a unit, and what is known of it.
pub(super) struct Running {
    first: Option<(String, Digest)>,
    first_gates: Vec<GateResult>,
    unit: Ipv4Addr,
    pin: Option<Fingerprint>,
    reach: Box<dyn Reach>,
    /// Whether the system was started or written by this session, so that its host key is new.
    is_ours: bool,
    /// Whether a system of ours in memory was reached.
    is_up: bool,
    /// Whether a system let us in, or will not.
    lets_in: Option<bool>,
    /// Whether firmware is written from a system that runs, whatever the door is.
    writes: bool,
    compat: Option<String>,
}

/// Begins a repair in two passes, for which the ports have to lead to a system; with a device without doors, the second
/// alone.
///
/// # Errors
/// As for [`super::rescue_by_door`].
pub fn rescue_in_passes(
    vault: &Vault,
    job: DoorJob,
    passes: Passes,
    ports: DoorPorts,
    operator: &mut dyn Operator,
) -> Result<Closed, EngineError> {
    let first = passes.first.clone();
    let mut repair = super::open(vault, job, ports, operator)?;
    if let Some((name, artifact)) = first {
        repair.session.record(EventBody::EvidenceStored {
            kind: EvidenceKind::FirstImage,
            name,
            artifact,
        })?;
    }
    repair.with_passes(passes).run()
}

/// Goes on with a repair in two passes.
///
/// # Errors
/// As for [`super::resume_by_door`].
pub fn resume_in_passes(
    vault: &Vault,
    session: &str,
    wishes: Wishes,
    passes: Passes,
    ports: DoorPorts,
    operator: &mut dyn Operator,
) -> Result<Closed, EngineError> {
    super::reopen(vault, session, wishes, ports, operator)?.with_passes(passes).run()
}

/// What was found of a system.
enum Found {
    /// A system in memory, or any where the second pass is all that is wanted.
    Ready,
    /// An installed system, although a first pass is wanted: the unit works.
    Works,
    /// Nothing.
    Nothing,
}

impl Running {
    /// What is known before anything was asked; `written` tells whether firmware was offered to the unit before.
    pub(super) fn of(reach: Box<dyn Reach>, record: &Recoverable, written: bool) -> Self {
        Self {
            first: None,
            first_gates: Vec::new(),
            unit: record.device.network.as_ref().map_or(USUAL, |network| network.unit),
            pin: None,
            reach,
            is_ours: written,
            is_up: false,
            lets_in: None,
            writes: false,
            compat: None,
        }
    }

    /// The bootloader was given firmware: the system that starts is another one than before.
    pub(super) fn is_written(&mut self) {
        self.is_ours = true;
        self.lets_in = None;
    }

    /// OpenWrt's `compat_version` of the system that runs, where it said one.
    pub(super) fn compat(&self) -> Option<String> {
        self.compat.clone()
    }
}

impl<'a> DoorRepair<'a> {
    fn with_passes(mut self, passes: Passes) -> Self {
        if let Some(running) = &mut self.running {
            running.first = passes.first.or_else(|| self.past.first.clone());
            running.unit = passes.unit.unwrap_or(running.unit);
            running.pin = passes.pin;
            running.is_ours |= self.past.started_in_memory;
            running.writes = true;
        }
        self
    }

    /// Whether the second pass is all there is.
    pub(super) fn is_second_pass_alone(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.writes) && self.doors.is_empty()
    }

    /// Whether firmware is written from a system that runs, and not by the bootloader.
    pub(super) fn goes_in_passes(&self) -> bool {
        self.is_second_pass_alone() || self.doors.first().is_some_and(|door| door.in_memory)
    }

    /// Brings a unit back in two passes, or in the second alone.
    pub(super) fn bring_back_in_passes(&mut self) -> Result<Ending, EngineError> {
        self.doors.retain(|door| door.in_memory);
        let is_unproven = self.past.unverified.iter().any(|name| name == OFFERED);
        if is_unproven && self.obtain().is_ok() {
            self.session.note("Firmware was offered before; what runs now is looked for first.")?;
            match self.first_boot() {
                Ok(()) => return self.finish(),
                Err(error @ (EngineError::Unproven { .. } | EngineError::SmokeTest { .. })) => {
                    self.session.failed(Step::FirstBoot, &error)?;
                }
                Err(error) => return Err(error),
            }
        }
        let found = self.assess_system()?;
        if matches!(found, Found::Works) {
            return Ok(Ending::NothingNeeded);
        }
        self.plan_passes()?;
        if matches!(found, Found::Nothing) {
            self.first_pass()?;
        }
        self.second_pass()?;
        self.finish()
    }

    fn finish(&mut self) -> Result<Ending, EngineError> {
        self.return_settings()?;
        self.prove()
    }

    fn running(&mut self) -> Result<&mut Running, EngineError> {
        self.running.as_mut().ok_or(EngineError::NoWayIn)
    }

    /// Looks for a system that answers.
    fn assess_system(&mut self) -> Result<Found, EngineError> {
        let alone = self.is_second_pass_alone();
        self.session_step(Step::Assess, |repair| {
            repair.judge_logs()?;
            let mut shell = match repair.log_in() {
                Ok(shell) => shell,
                Err(EngineError::Ssh(error)) if !alone => {
                    let says = format!("No system of it answers ({error}).");
                    return Ok(crate::session::Done::with(Found::Nothing, says));
                }
                Err(error) => return Err(error),
            };
            let system = second::ask(&mut *shell)?;
            let says = second::in_words(&system);
            if alone || system.runs_from_memory() {
                repair.running()?.is_up = true;
                return Ok(crate::session::Done::with(Found::Ready, format!("{says} It answers.")));
            }
            let says = format!("{says} It answers: to replace it all the same, use its address with --ssh.");
            Ok(crate::session::Done::with(Found::Works, says))
        })
    }

    /// Connects to the system. A key that nobody has seen is the operator's to judge, unless the system is new.
    fn log_in(&mut self) -> Result<Box<dyn Shell>, EngineError> {
        let patience = if self.goes_in_passes() { CONNECTS } else { LOOKS };
        let network = &mut *self.network;
        let running = self.running.as_mut().ok_or(EngineError::NoWayIn)?;
        let mut places = vec![running.unit];
        // Who forgets its settings is back where it was at first.
        if running.is_ours && running.unit != USUAL {
            places.push(USUAL);
        }
        let mut last = None;
        for unit in places {
            let until = Deadline::after(network.clock(), patience);
            let shown = match running.reach.reach(network, unit, running.pin.as_ref(), until) {
                Ok(shell) => {
                    running.unit = unit;
                    running.lets_in = Some(true);
                    return Ok(shell);
                }
                Err(SshError::HostKeyUnknown { key }) => key,
                Err(SshError::HostKeyChanged { key, .. }) if running.is_ours => key,
                Err(error) => {
                    last = Some(error);
                    continue;
                }
            };
            if running.is_ours {
                self.session
                    .note(format!("The system of the unit is new, and so is its host key: {shown}."))?;
            } else {
                let request = host_key_request(&shown.to_string());
                let id = request.id.clone();
                if !matches!(self.session.ask(request)?, Answer::Yes) {
                    return Err(EngineError::Declined { request: id });
                }
            }
            running.pin = Some(shown.fingerprint);
            let until = Deadline::after(network.clock(), patience);
            match running.reach.reach(network, unit, running.pin.as_ref(), until) {
                Ok(shell) => {
                    running.unit = unit;
                    running.lets_in = Some(true);
                    return Ok(shell);
                }
                Err(error) => last = Some(error),
            }
        }
        if matches!(last, Some(SshError::Denied { .. } | SshError::PasswordNeeded { .. })) {
            running.lets_in = Some(false);
        }
        Err(last.map_or(EngineError::NoWayIn, EngineError::Ssh))
    }
}

fn host_key_request(key: &str) -> Request {
    Request {
        id: "host-key".into(),
        text: format!("The system shows the host key {key}. Is it this unit's?"),
        kind: RequestKind::Confirmation {
            consequence: "Whoever holds this key gets the password, and is taken for the unit. On a cable of its own, between \
                          the unit and this computer, nobody else is there."
                .into(),
        },
    }
}
