//! Everything before the door is opened: plan, identity, this computer, what cannot be kept, the image, agreement, gates.

use debrick_image::FitnessTarget;
use debrick_model::{
    Answer, Coded, EventBody, Gate, GateOutcome, GateResult, Identity, Observation, Property, Request,
    RequestKind, Step,
};
use debrick_target::{Clearance, Scope, clearance};

use super::DoorRepair;
use super::ways::way_of;
use crate::error::EngineError;
use crate::identity::{self, Named};
use crate::past::OFFERED;
use crate::ports::HostCheck;
use crate::session::Done;
use crate::steps::{judge_image, provenance_in_words, record_clearance};

/// What the vault must have room for beyond the image, in bytes.
const HEADROOM: u64 = 16 << 20;

/// What is lost where nothing can be read.
const NO_BACKUP: &str = "This way in gives nothing back: what the unit holds cannot be kept first. Its settings may be lost, and \
                         what is unique to it is in the hands of its own bootloader, which leaves it alone as a rule.";

impl DoorRepair<'_> {
    /// Says what will be done, before anything is.
    pub(super) fn plan(&mut self) -> Result<(), EngineError> {
        let Some(door) = self.doors.first() else {
            return Err(EngineError::Exhausted { tried: "Looking for a method".into() });
        };
        let method = door.name.clone();
        let about = door.kind.protocol().about();
        let steps = Step::ALL.into_iter().filter(|step| {
            !matches!(step, Step::Assess | Step::RestoreSettings | Step::Watch)
                && (*step != Step::Soak || self.wishes.soak_restarts > 0)
        });
        let steps = steps.collect();
        let summary = vec![
            format!("Bring the unit into its recovery mode and hand the firmware over. {about}"),
            format!("{NO_BACKUP} So the backup gate stays shut, unless you waive it and say why."),
            "Its bootloader writes the firmware by itself; whether it did, the version that runs afterwards tells.".to_owned(),
        ];
        self.session.record(EventBody::PlanMade { method, steps, summary })
    }

    /// What the unit is, as far as label and logs tell; what its door says is added once it is open.
    pub(super) fn identify(&mut self) -> Result<(), EngineError> {
        self.session_step(Step::Identify, |repair| {
            repair.ask_for_label_once()?;
            let summary = repair.record_identity()?;
            Ok(Done::with((), summary))
        })
    }

    /// Asks for the label, unless it was read before or would not help.
    pub(super) fn ask_for_label_once(&mut self) -> Result<(), EngineError> {
        let was_read = self.observed.iter().any(|seen| seen.witness == identity::OPERATOR);
        if !was_read
            && !self.judge().is_contradicted_by_the_unit()
            && let Answer::Text(text) = self.session.ask(identity::label_request())?
            && !text.trim().is_empty()
        {
            self.observed.push(identity::label(&text));
        }
        Ok(())
    }

    /// The same with what the unit says at its door.
    pub(super) fn identify_at_door(&mut self) -> Result<(), EngineError> {
        self.session_step(Step::Identify, |repair| {
            let summary = repair.record_identity()?;
            Ok(Done::with((), summary))
        })
    }

    /// Keeps what the unit said at its door, and what that says about which device it is.
    pub(super) fn take_testimony(&mut self, said: Vec<Observation>) {
        let id = &self.record.device.id;
        let words = said.iter().filter(|seen| seen.property == Property::Mention);
        let names = words.flat_map(|words| identity::read(&self.devices, id, words)).collect::<Vec<_>>();
        self.testimony = said;
        self.testimony.extend(names);
    }

    fn judge(&self) -> Identity {
        let all = [self.observed.clone(), self.testimony.clone()].concat();
        Named::from(&self.record.device).judge(&self.devices, &all)
    }

    pub(super) fn record_identity(&mut self) -> Result<String, EngineError> {
        let identity = self.judge();
        for observation in self.observed.iter().chain(&self.testimony).cloned().collect::<Vec<_>>() {
            self.session.record(EventBody::Observed { observation })?;
        }
        self.session.record(EventBody::Identified { identity: identity.clone() })?;
        let mut summary = Named::from(&self.record.device).in_words(&identity);
        if identity.independent_witnesses() < 2 && identity.contradicting.is_empty() {
            summary.push_str(" A log of its console from before, given with --log, may be another one.");
        }
        self.gates.push(identity::gate(&identity, &summary));
        self.identity = Some(identity);
        Ok(summary)
    }

    /// Makes the preflight gate from the host's facts, the room in the vault, the port and the cable.
    pub(super) fn preflight(&mut self) -> Result<(), EngineError> {
        self.session_step(Step::Preflight, |repair| {
            let mut checks = repair.host.clone();
            let image =
                repair.image.as_ref().and_then(|(_, digest)| repair.session.vault.artifact(*digest).ok());
            let size = image.map_or(0, |image| image.len());
            checks.push(match repair.session.vault.require_free(size + HEADROOM) {
                Ok(()) => HostCheck { ok: true, says: "The disk has room for the journal.".into() },
                Err(error) => HostCheck { ok: false, says: format!("{error}. {}", error.next_step()) },
            });
            if !repair.is_second_pass_alone() {
                checks.push(repair.check_door());
            }
            let says = match repair.network.carrier() {
                Some(true) => "The network cable carries a link.",
                Some(false) => "The network cable carries no link yet: it comes when the unit has power.",
                None => "Whether the network cable carries a link cannot be told here.",
            };
            checks.push(HostCheck { ok: true, says: says.into() });
            let gate = HostCheck::gate(&checks);
            let summary = gate.reasons.join(" ");
            repair.gates.push(gate);
            Ok(Done::with((), summary))
        })
    }

    /// Whether this computer has the address that the first door wants, and the port; doors that cannot be used are left out
    /// as long as another one remains.
    fn check_door(&mut self) -> HostCheck {
        let mut trouble = None;
        let (network, stations) = (&mut self.network, &self.stations);
        self.doors.retain(|door| {
            let way = way_of(door, stations);
            let checked = way.check(&mut **network).map_err(|error| (error.to_string(), error.next_step()));
            let looked = checked.and_then(|()| {
                way.look_round(&mut **network).map_err(|error| {
                    (debrick_model::Problem::from_error(&error).to_string(), error.next_step())
                })
            });
            match looked {
                Ok(()) => true,
                Err((error, next)) => {
                    let says = format!("{:?} cannot be used: {error}. {next}", door.name);
                    trouble.get_or_insert(says);
                    false
                }
            }
        });
        match (self.doors.first(), trouble) {
            (Some(door), _) => {
                HostCheck { ok: true, says: format!("The method {:?} can be used.", door.name) }
            }
            (None, Some(says)) => HostCheck { ok: false, says },
            (None, None) => HostCheck { ok: false, says: "This device has no such method.".into() },
        }
    }

    /// Nothing can be kept: the gate says so, and only a person may open it.
    pub(super) fn back_up(&mut self) -> Result<(), EngineError> {
        self.session_step(Step::Backup, |repair| {
            let because = NO_BACKUP.to_owned();
            repair.session.record(EventBody::BackupOmitted { region: OFFERED.into(), because })?;
            let next = "Waive it with --waive backup --because TEXT, or repair the unit over its console.";
            let reasons = vec![NO_BACKUP.to_owned(), next.to_owned()];
            repair.gates.push(GateResult { gate: Gate::Backup, outcome: GateOutcome::Unknown, reasons });
            Ok(Done::skipped((), "This door cannot read: nothing was copied."))
        })
    }

    /// Judges the image, and makes the integrity, provenance and fitness gates of it.
    pub(super) fn obtain(&mut self) -> Result<(), EngineError> {
        if self.facts.is_some() {
            return Ok(());
        }
        self.session_step(Step::Obtain, |repair| {
            let Some((name, digest)) = repair.image.clone() else {
                return Err(EngineError::NoImage { origin: repair.record.origin() });
            };
            let target = repair.fitness_target();
            let (evidence, trusted) = (&repair.past.evidence, &repair.wishes.trusted);
            let judged = judge_image(&mut repair.session, (&name, digest), evidence, trusted, &target)?;
            repair.gates.extend(judged.gates);
            repair.facts = Some(judged.facts);
            Ok(Done::with((), judged.summary))
        })
    }

    pub(super) fn fitness_target(&self) -> FitnessTarget {
        let (device, identity) = (&self.record.device, self.identity.as_ref());
        let ids = device.board_ids.iter().chain(device.header_ids.values().flatten());
        let largest = device.firmware.as_ref().and_then(|firmware| firmware.largest);
        // What a running system takes is its own to check.
        let taker = self.doors.first().filter(|door| !door.in_memory);
        let formats = taker.map(|door| self.record.formats_of(door)).unwrap_or_default();
        let compat_version = self.running.as_ref().and_then(|running| running.compat());
        FitnessTarget {
            board_ids: ids.cloned().collect(),
            vendor: Some(device.vendor.clone()),
            model: Some(device.model.clone()),
            architecture: device.architecture.clone(),
            hardware_revision: identity.and_then(|identity| identity.hardware_revision.clone()),
            region: identity.and_then(|identity| identity.region.clone()),
            slot_size: largest.or_else(|| device.firmware_region().map(|region| region.size)),
            formats,
            compat_version,
            ..FitnessTarget::default()
        }
    }

    /// Stops before anybody presses a button, where a gate is shut that will not open any more.
    pub(super) fn look_ahead(&mut self) -> Result<(), EngineError> {
        match clearance::look_ahead(&self.gates, &self.waivers, &[Gate::Identity]) {
            Ok(()) => Ok(()),
            Err(refusal) => {
                for result in &refusal.shut {
                    self.session.record(EventBody::GateChecked { result: result.clone() })?;
                }
                Err(refusal.into())
            }
        }
    }

    /// Tells the operator what will happen, and has them agree, once a session.
    pub(super) fn confirm(&mut self) -> Result<(), EngineError> {
        let facts = self.facts.as_ref();
        let version = facts.and_then(|facts| facts.version.clone()).unwrap_or_default();
        let made = facts.map_or_else(String::new, |facts| provenance_in_words(&facts.provenance));
        let request = Request {
            id: "write-firmware".into(),
            text: format!("Hand firmware {version} to the bootloader of the {}?", self.title()),
            kind: RequestKind::Confirmation {
                consequence: format!(
                    "Its bootloader overwrites what is installed. {NO_BACKUP} From the moment that it has the file, do not cut \
                     its power, however long nothing seems to happen, until this program says so. Who made the file: {made}"
                ),
            },
        };
        if self.past.agreed.contains(&request.id) {
            return Ok(());
        }
        let id = request.id.clone();
        match self.session.ask(request)? {
            Answer::Yes => {
                self.past.agreed.push(id);
                Ok(())
            }
            _ => Err(EngineError::Declined { request: id }),
        }
    }

    /// Looks at every gate, records it, and makes the clearance to offer this image.
    pub(super) fn pass_gates(&mut self) -> Result<Clearance, EngineError> {
        let contents = self.image.iter().map(|(_, digest)| *digest).collect();
        let scope = Scope { regions: vec![OFFERED.to_owned()], contents };
        record_clearance(&mut self.session, &self.gates, &self.waivers, &mut self.past.waivers, scope)
    }
}
