//! What was heard, against the catalog: which station is the unit, how far it has come, which devices it may be, and which
//! of their methods would work now. Each answer names the words that say so.

mod fit;
mod stage;

use std::net::{IpAddr, Ipv4Addr};

use debrick_catalog::{Device, Protocol};
use debrick_model::MacAddress;
use serde::Serialize;

use crate::makers::maker;
use crate::stations::{Kept, Station, Stations};

/// The most devices that are told of one station.
const MOST_FITS: usize = 20;

/// How far a station has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// What it says tells nothing of that.
    Unknown,
    /// It is a computer or a server, or a program that recovers devices, and not the unit.
    Helper,
    /// Its own system runs.
    Runs,
    /// Its own system starts.
    Starts,
    /// Its bootloader runs, and uses the network.
    Bootloader,
    /// It waits for firmware.
    WaitsForFirmware,
}

/// How closely a device fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The addresses are those of its record.
    Addresses,
    /// It speaks the protocol of its record.
    Protocol,
    /// It asks for the file of its record, from the address of its record where that has one.
    File,
    /// It says the model's name.
    Name,
}

/// Everything that was heard, judged.
#[derive(Debug, Clone, Serialize)]
pub struct Judgement {
    /// The station that is probably the unit; `None` where none is, or several may be.
    pub probably: Option<MacAddress>,
    /// All stations, those first that may be the unit.
    pub stations: Vec<Judged>,
    /// Words that were not kept, because there were too many.
    pub left_out: u64,
}

/// A station, judged.
#[derive(Debug, Clone, Serialize)]
pub struct Judged {
    /// Its Ethernet address.
    pub station: MacAddress,
    /// Who made its network port, where the list of makers has it.
    pub maker: Option<&'static str>,
    /// Addresses that it used.
    pub addresses: Vec<IpAddr>,
    /// What it said. Others point into this list.
    pub words: Vec<Kept>,
    /// How far it has come.
    pub stage: Stage,
    /// The words that say so, by their places in `words`.
    pub because: Vec<usize>,
    /// Devices that it may be, those first that fit best.
    pub fits: Vec<Fit>,
    /// How many more fit.
    pub more_fits: usize,
}

/// A device that a station may be.
#[derive(Debug, Clone, Serialize)]
pub struct Fit {
    /// The catalog id of the device.
    pub device: String,
    /// Vendor, model and variant.
    pub title: String,
    /// How closely it fits.
    pub strength: Strength,
    /// Whether its maker is the one that the Ethernet address tells; `None` where that tells none.
    pub maker_agrees: Option<bool>,
    /// The words that say so, by their places among those of the station.
    pub because: Vec<usize>,
    /// Methods that would work now.
    pub works_now: Vec<WorksNow>,
}

/// A method that would work now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorksNow {
    /// Its name in the record.
    pub method: String,
    /// Its protocol.
    pub protocol: Protocol,
    /// The address that this computer has to have for it.
    pub host: Option<Ipv4Addr>,
    /// The address that the unit has in it.
    pub unit: Option<Ipv4Addr>,
    /// The file that is asked for.
    pub file: Option<String>,
    /// The words that say so, by their places among those of the station.
    pub because: Vec<usize>,
}

/// Judges what was heard by these devices. Where `unit` is named, it is that station, whatever others say.
pub fn judge(heard: &Stations, devices: &[Device], unit: Option<MacAddress>) -> Judgement {
    let mut stations: Vec<Judged> = heard.iter().map(|station| judged(station, devices)).collect();
    stations.sort_by_key(|one| {
        let last = one.words.iter().map(|kept| kept.last_ms).max().unwrap_or(0);
        (Some(one.station) != unit, std::cmp::Reverse((one.stage, last)), one.station)
    });
    let probably = unit.or_else(|| {
        let best = stations.first().filter(|one| one.stage >= Stage::Starts)?;
        let is_alone = stations.iter().filter(|one| one.stage == best.stage).count() == 1;
        is_alone.then_some(best.station)
    });
    Judgement { probably, stations, left_out: heard.left_out() }
}

fn judged(station: &Station, devices: &[Device]) -> Judged {
    let maker = maker(station.station);
    let (stage, because) = stage::stage(&station.words);
    let mut fits: Vec<Fit> =
        devices.iter().filter_map(|device| fit::fit(station, stage, maker, device)).collect();
    // A file or a name says more than an address that many have.
    if let Some(best) = fits.iter().map(|one| one.strength).max()
        && best > Strength::Addresses
    {
        fits.retain(|one| one.strength > Strength::Addresses);
    }
    fits.sort_by(|a, b| {
        let rank = |one: &Fit| (one.strength, one.maker_agrees, !one.works_now.is_empty(), one.because.len());
        rank(b).cmp(&rank(a)).then_with(|| a.device.cmp(&b.device))
    });
    let more_fits = fits.len().saturating_sub(MOST_FITS);
    fits.truncate(MOST_FITS);
    Judged {
        station: station.station,
        maker,
        addresses: station.addresses.clone(),
        words: station.words.clone(),
        stage,
        because,
        fits,
        more_fits,
    }
}

impl Stage {
    /// What it means, as half a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Unknown => "nothing tells how far it has come",
            Self::Helper => "a computer or a server, and not the unit",
            Self::Runs => "its own system runs",
            Self::Starts => "its own system is starting",
            Self::Bootloader => "its bootloader runs",
            Self::WaitsForFirmware => "it waits for firmware",
        }
    }
}

impl Judged {
    /// What the words at these places say, as half sentences.
    pub fn said(&self, places: &[usize]) -> Vec<String> {
        places.iter().filter_map(|place| self.words.get(*place)).map(|kept| kept.word.in_words()).collect()
    }
}

#[cfg(test)]
mod tests;
