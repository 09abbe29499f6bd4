//! What is different from door to door: how it is checked before, what it shows of itself, and how it is handed the image.
//!
//! A way is one file here, and one line of [`way_of`].
//!
//! | module | door |
//! |---|---|
//! | [`bootp_tftp`] | the unit asks for an address first, then for its file by TFTP |
//! | [`page`] | the unit has a web page that takes its file |
//! | [`tftp_pull`] | the unit asks this computer for its file by TFTP |
//! | [`tftp_push`] | the unit is sent its file by TFTP |
//! | [`nmrp`] | the unit answers NMRP, is given an address, and is sent its file by TFTP |
//! | [`eva`] | the unit's bootloader EVA is kept from starting, and stores its file over FTP |
//! | [`multicast`] | the unit takes what is sent to everybody, while it starts |

mod bootp_tftp;
mod eva;
mod multicast;
mod nmrp;
mod one_station;
mod page;
mod tftp_pull;
mod tftp_push;

use std::collections::BTreeSet;
use std::time::Duration;

use debrick_catalog::{Door, DoorKind};
use debrick_coach::Seen;
use debrick_link::{Deadline, LinkError, Network};
use debrick_model::{MacAddress, Observation, Request};
use debrick_target::{Clearance, Offer, Opaque, TargetError, Watch, offer};

use crate::error::EngineError;
use crate::tries::Condition;

/// What is known of the stations on the cable.
#[derive(Debug, Clone, Default)]
pub(super) struct Stations {
    /// The one that is the unit, where somebody has said so.
    pub(super) chosen: Option<MacAddress>,
    /// Those that somebody has said are not.
    pub(super) strangers: BTreeSet<MacAddress>,
    /// The one that alone has the unit's address at its open door, where that was asked and answered.
    pub(super) at_door: Option<MacAddress>,
}

impl Stations {
    fn may_be_the_unit(&self, station: MacAddress) -> bool {
        self.chosen.map_or(!self.strangers.contains(&station), |chosen| chosen == station)
    }
}

/// How a door is used.
pub(super) trait Way {
    /// Takes hold of what this computer needs for it, such as a port, and lets go of it again.
    ///
    /// # Errors
    /// What keeps it from being used.
    fn check(&self, network: &mut dyn Network) -> Result<(), LinkError>;

    /// Looks at what else is on the cable, before anybody presses a button.
    ///
    /// # Errors
    /// What must not be beside the unit.
    fn look_round(&self, _network: &mut dyn Network) -> Result<(), TargetError> {
        Ok(())
    }

    /// Begins to watch for what the open door shows; `None` where it shows nothing.
    ///
    /// # Errors
    /// What keeps it from being watched for.
    fn watch(&self, network: &mut dyn Network) -> Result<Option<Box<dyn Ear>>, LinkError>;

    /// Whether a unit that is found at this door stays there until it is handed something.
    fn stays_open(&self) -> bool {
        true
    }

    /// Whether units at this door are told apart by their Ethernet addresses, so that it is enough to know which one is meant.
    fn tells_units_apart(&self) -> bool {
        false
    }

    /// How long others are listened for once a unit was seen at this door.
    fn gathers(&self) -> Duration {
        Duration::ZERO
    }

    /// A last look at the open door, before anything is offered there: which station alone is at its address, where it is
    /// spoken to by that and says so.
    ///
    /// # Errors
    /// What speaks against offering anything.
    fn look_before(&self, network: &mut dyn Network) -> Result<Option<MacAddress>, EngineError> {
        let _ = network;
        Ok(None)
    }

    /// What a person has to give their word for before anything is sent, where the unit is switched on only once it is sent.
    fn word(&self) -> Option<Request> {
        None
    }

    /// Whether the unit never says that it has heard anything.
    fn is_mute(&self) -> bool {
        false
    }

    /// The unit at its open door, which takes an image.
    fn target<'n>(&'n self, network: &'n mut dyn Network, condition: Condition) -> Box<dyn Opaque + 'n>;
}

/// What listens at a door.
pub(super) trait Ear {
    /// Waits for something to be shown, until the deadline at most.
    ///
    /// # Errors
    /// What keeps it from listening; that nothing was shown is none.
    fn hear(&mut self, network: &mut dyn Network, until: Deadline) -> Result<Vec<Shown>, LinkError>;

    /// Keeps the door open that was seen, where that takes something, or where it is known which unit is at it.
    fn keep(self: Box<Self>) -> Option<Box<dyn Kept>> {
        None
    }
}

/// A unit that is kept at its open door, from the moment at which it was seen there until it is handed its image.
pub(super) trait Kept {
    /// All units that were seen at such a door on this wire, where there is more than one.
    fn several(&self) -> Vec<String>;

    /// The one unit that was seen, where it may be anybody's: it asks by itself, and only its address says who it is.
    fn nameless(&self) -> Option<MacAddress> {
        None
    }

    /// The unit, which takes an image.
    fn target<'n>(
        self: Box<Self>,
        network: &'n mut dyn Network,
        condition: Condition,
    ) -> Box<dyn Opaque + 'n>;
}

/// Something that a door showed.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    /// What it is to the coach.
    pub(super) seen: Seen,
    /// Whether it proves that this door is open, and that the unit is not writing.
    pub(super) is_open: bool,
    /// What the unit said of itself with it.
    pub(super) said: Option<Observation>,
}

/// How a door is used, on a cable on which these stations are.
pub(super) fn way_of<'d>(door: &'d Door, stations: &Stations) -> Box<dyn Way + 'd> {
    let all = || stations.clone();
    match door.kind {
        DoorKind::HttpUpload { unit, host, port } => {
            let (path, field) = (door.path.as_deref(), door.field.as_deref());
            Box::new(page::Page { unit, host, port, path, field, at_door: stations.at_door })
        }
        DoorKind::TftpPull { host, unit } => {
            Box::new(tftp_pull::Pull { host, unit, files: door.files.clone() })
        }
        DoorKind::BootpTftp { host, unit } => Box::new(bootp_tftp::Boot { host, unit, stations: all() }),
        DoorKind::TftpPush { unit, host } => {
            Box::new(tftp_push::Push { unit, host, station: door.station, at_door: stations.at_door })
        }
        DoorKind::Nmrp { unit, host } => {
            let file = door.files.first().cloned();
            Box::new(nmrp::Nmrp { unit, host, file, stations: all() })
        }
        DoorKind::EvaFtp { unit, host } => Box::new(eva::Eva { unit, host }),
        DoorKind::ZyxelMulticast { host } => Box::new(multicast::Multicast { host }),
    }
}

/// Codes of what a unit says when it does not want an image: the same image would be refused again.
const REFUSALS: &[&[&str]] = &[
    eva::REFUSALS,
    multicast::REFUSALS,
    nmrp::REFUSALS,
    page::REFUSALS,
    tftp_pull::REFUSALS,
    tftp_push::REFUSALS,
];

/// Codes of silence after all of it was sent.
const SILENCES: &[&[&str]] = &[eva::SILENCES, nmrp::SILENCES, page::SILENCES, tftp_push::SILENCES];

/// Codes of what stays as it is until a person changes something.
const FINAL: &[&[&str]] = &[page::FINAL];

/// What came of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Accepted {
    /// It says that it has all of it.
    Whole,
    /// All of it was sent, and it fell silent: it may be writing.
    InSilence,
}

/// Offers an image at a door, to the unit that is kept there, if one is.
pub(super) fn hand_over(
    way: &dyn Way,
    kept: Option<Box<dyn Kept>>,
    condition: Condition,
    network: &mut dyn Network,
    clearance: &Clearance,
    part: &Offer<'_>,
    watch: &mut dyn Watch,
) -> Result<Accepted, TargetError> {
    let is_mute = way.is_mute();
    let mut target = match kept {
        Some(kept) => kept.target(network, condition),
        None => way.target(network, condition),
    };
    match offer(&mut *target, clearance, part, watch) {
        Ok(()) if is_mute => Ok(Accepted::InSilence),
        Ok(()) => Ok(Accepted::Whole),
        // What it does with it in silence, only its first boot tells.
        Err(TargetError::Device { source, .. }) if is_one_of(SILENCES, source.code()) => {
            Ok(Accepted::InSilence)
        }
        Err(error) => Err(error),
    }
}

/// The name that the file goes over under.
pub(super) fn name_for<'a>(door: &'a Door, image: &'a str) -> &'a str {
    door.files.first().map_or(image, String::as_str)
}

/// The unit's own words, where it refused the image.
pub(super) fn refusal(error: &EngineError) -> Option<String> {
    let EngineError::Target(TargetError::Device { source, .. }) = error else { return None };
    is_one_of(REFUSALS, source.code()).then(|| source.to_string())
}

/// Whether another try would end alike.
pub(super) fn is_final(error: &EngineError) -> bool {
    let EngineError::Target(TargetError::Device { source, .. }) = error else { return false };
    is_one_of(FINAL, source.code())
}

fn is_one_of(lists: &[&[&str]], code: &str) -> bool {
    lists.iter().any(|codes| codes.contains(&code))
}
