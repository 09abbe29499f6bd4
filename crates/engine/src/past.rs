//! What an earlier run of the same session left behind that the unit itself cannot tell.

use debrick_model::{
    Answer, Digest, Effect, Event, EventBody, EvidenceKind, MacAddress, RequestKind, Waiver,
};

use crate::job::ImageEvidence;

/// What an image is called that was offered to a unit, which wrote it where it saw fit.
pub(crate) const OFFERED: &str = "firmware";

/// The request that asks which of several units is to be repaired.
pub(crate) const WHICH_UNIT: &str = "which-unit";

/// What an earlier run left behind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    /// Backups: region, offset, size and content.
    pub(crate) backups: Vec<Backup>,
    /// Whether the bootloader was reached, so that the unit may be in the middle of one of its commands.
    pub(crate) reached_bootloader: bool,
    /// Confirmations that were given.
    pub(crate) agreed: Vec<String>,
    /// The unit, where there were several and somebody said which one it is.
    pub(crate) chosen: Option<MacAddress>,
    /// What came with the firmware file.
    pub(crate) evidence: Vec<ImageEvidence>,
    /// Logs of the unit's console: their names, and where in the vault.
    pub(crate) logs: Vec<(String, Digest)>,
    /// The image that is started in the unit's memory first: its name, and where in the vault.
    pub(crate) first: Option<(String, Digest)>,
    /// The settings that were taken: which system they are from, and where in the vault.
    pub(crate) settings: Option<(String, Digest)>,
    /// Whether a system was started in the unit's memory.
    pub(crate) started_in_memory: bool,
    /// Waivers that were recorded.
    pub(crate) waivers: Vec<Waiver>,
    /// Regions (or `environment`) whose writing was announced.
    pub(crate) touched: Vec<String>,
    /// Regions whose writing was announced, and that were not verified since.
    pub(crate) unverified: Vec<String>,
}

/// A backup of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backup {
    /// The region's name.
    pub(crate) region: String,
    /// Bytes.
    pub(crate) size: u64,
    /// The content in the vault.
    pub(crate) artifact: Digest,
}

impl Past {
    /// Reads it from a journal.
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut past = Self::default();
        let mut choices = Vec::new();
        for event in events {
            match &event.body {
                EventBody::BackedUp { region, size, artifact, .. } => {
                    past.backups.retain(|backup| backup.region != *region);
                    past.backups.push(Backup { region: region.clone(), size: *size, artifact: *artifact });
                }
                EventBody::EvidenceStored {
                    kind: kind @ (EvidenceKind::ImageSums | EvidenceKind::ImageSignature),
                    name,
                    artifact,
                } => {
                    past.evidence.push(ImageEvidence { kind: *kind, name: name.clone(), artifact: *artifact })
                }
                EventBody::EvidenceStored { kind: EvidenceKind::FirstImage, name, artifact } => {
                    past.first = Some((name.clone(), *artifact));
                }
                EventBody::EvidenceStored { kind: EvidenceKind::SettingsArchive, name, artifact } => {
                    past.settings = Some((name.clone(), *artifact));
                }
                EventBody::EvidenceStored { kind: EvidenceKind::SerialLog, name, artifact } => {
                    past.logs.push((name.clone(), *artifact));
                }
                EventBody::Asked { request } if request.id == WHICH_UNIT => {
                    if let RequestKind::Question { choices: of } = &request.kind {
                        choices.clone_from(of);
                    }
                }
                EventBody::Answered { request, answer: Answer::Text(said), .. } if request == WHICH_UNIT => {
                    let said = MacAddress::parse(said.trim()).ok();
                    past.chosen = said.filter(|said| choices.contains(&said.to_string())).or(past.chosen);
                }
                EventBody::Identified { .. } => past.reached_bootloader = true,
                EventBody::Answered { request, answer: Answer::Yes, .. } => past.agreed.push(request.clone()),
                EventBody::GateWaived { waiver } => past.waivers.push(waiver.clone()),
                EventBody::Intent { effect } => {
                    let name = match effect {
                        Effect::WriteRegion { region, .. } | Effect::EraseRegion { region, .. } => {
                            region.as_str()
                        }
                        Effect::SetEnvironment { .. } => "environment",
                        Effect::OfferImage { .. } => OFFERED,
                        Effect::RunImage { .. } => {
                            past.started_in_memory = true;
                            continue;
                        }
                        Effect::Restart => continue,
                    };
                    past.touched.push(name.to_owned());
                    past.unverified.push(name.to_owned());
                }
                EventBody::Verified { region, ok: true, .. } => past.unverified.retain(|name| name != region),
                _ => {}
            }
        }
        past
    }
}
