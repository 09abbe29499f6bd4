//! Who was heard, and what each said. A network may hold thousands of stations, some of them made up: what is kept is
//! bounded, and what tells least goes first.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use debrick_model::MacAddress;
use serde::Serialize;

use crate::decode::decode;
use crate::heard::{Heard, Word};

/// The most stations that are kept.
pub const MOST_STATIONS: usize = 64;

/// The most different words of one station that are kept.
pub const MOST_WORDS: usize = 32;

/// The most addresses of one station that are kept.
const MOST_ADDRESSES: usize = 8;

/// The stations of a network.
#[derive(Debug, Clone, Default)]
pub struct Stations {
    stations: BTreeMap<MacAddress, Station>,
    frames: u64,
    left_out: u64,
}

/// One station.
#[derive(Debug, Clone, Serialize)]
pub struct Station {
    /// Its Ethernet address.
    pub station: MacAddress,
    /// The addresses that it used.
    pub addresses: Vec<IpAddr>,
    /// What it said, in the order of when it said it first.
    pub words: Vec<Kept>,
}

/// Something that a station said, once or again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// What.
    #[serde(flatten)]
    pub word: Word,
    /// When it was said first, in milliseconds since listening began.
    pub first_ms: u64,
    /// When it was said last.
    pub last_ms: u64,
    /// How often.
    pub times: u64,
}

impl Stations {
    /// Nobody yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a frame that came `at` this time since listening began, and returns what is new of it.
    pub fn take(&mut self, at: Duration, frame: &[u8]) -> Option<Heard> {
        self.frames = self.frames.saturating_add(1);
        let heard = decode(frame)?;
        self.add(at, &heard).then_some(heard)
    }

    /// Adds what a station said; whether it says it for the first time, and is kept.
    pub fn add(&mut self, at: Duration, heard: &Heard) -> bool {
        let at_ms = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
        if !self.stations.contains_key(&heard.station) && !self.make_room(heard) {
            return false;
        }
        let new = || Station { station: heard.station, addresses: Vec::new(), words: Vec::new() };
        let station = self.stations.entry(heard.station).or_insert_with(new);
        if let Some(address) = heard.address
            && !station.addresses.contains(&address)
            && station.addresses.len() < MOST_ADDRESSES
        {
            station.addresses.push(address);
        }
        let kept = station.say(at_ms, &heard.word);
        self.left_out += u64::from(kept == Said::LeftOut);
        kept == Said::New
    }

    /// The stations, in the order of their addresses.
    pub fn iter(&self) -> impl Iterator<Item = &Station> {
        self.stations.values()
    }

    /// One station.
    pub fn get(&self, station: MacAddress) -> Option<&Station> {
        self.stations.get(&station)
    }

    /// Frames that came, whatever they said.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// How much that was said is not kept, because there was too much.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Makes room for one more station; `false` where everybody who is kept tells more than this one.
    fn make_room(&mut self, heard: &Heard) -> bool {
        if self.stations.len() < MOST_STATIONS {
            return true;
        }
        self.left_out += 1;
        let least = self.stations.values().min_by_key(|station| (station.weight(), station.last_ms()));
        match least.map(|station| (station.station, station.weight())) {
            Some((station, weight)) if weight <= heard.word.weight() => {
                self.stations.remove(&station);
                true
            }
            _ => false,
        }
    }
}

/// What became of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    New,
    Again,
    LeftOut,
}

impl Station {
    /// When it said something last, in milliseconds since listening began.
    pub fn last_ms(&self) -> u64 {
        self.words.iter().map(|kept| kept.last_ms).max().unwrap_or(0)
    }

    fn weight(&self) -> u8 {
        self.words.iter().map(|kept| kept.word.weight()).max().unwrap_or(0)
    }

    fn say(&mut self, at_ms: u64, word: &Word) -> Said {
        if let Some(kept) = self.words.iter_mut().find(|kept| kept.word == *word) {
            kept.last_ms = at_ms;
            kept.times = kept.times.saturating_add(1);
            return Said::Again;
        }
        if self.words.len() >= MOST_WORDS {
            let words = self.words.iter().enumerate();
            let least = words.min_by_key(|(_, kept)| (kept.word.weight(), kept.last_ms));
            match least.map(|(place, kept)| (place, kept.word.weight())) {
                Some((place, weight)) if weight <= word.weight() => drop(self.words.remove(place)),
                _ => return Said::LeftOut,
            }
        }
        self.words.push(Kept { word: word.clone(), first_ms: at_ms, last_ms: at_ms, times: 1 });
        Said::New
    }
}

impl Word {
    /// How much it tells of a unit that needs help; what tells more is kept longer.
    fn weight(&self) -> u8 {
        match self {
            Self::AsksFor { .. } | Self::Claims { .. } => 0,
            Self::Upnp { .. } | Self::Names(_) | Self::Console { .. } | Self::LooksForEva => 1,
            Self::OffersAddress { .. } | Self::AsksForAddress(_) | Self::Page { .. } => 2,
            Self::Ubiquiti { .. } | Self::Mikrotik { .. } | Self::OffersFailsafe { .. } => 3,
            Self::AsksForFile { .. } | Self::Nmrp { .. } | Self::Eva { .. } => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::heard::NmrpCode;

    fn heard(station: u32, word: Word) -> Heard {
        let [a, b, c, d] = station.to_be_bytes();
        Heard { station: MacAddress::new([0, 0x11, a, b, c, d]), address: None, word }
    }

    fn asks(number: u32) -> Word {
        Word::AsksFor { wanted: Ipv4Addr::from(number) }
    }

    #[test]
    fn what_is_said_again_is_counted() {
        let mut stations = Stations::new();
        assert!(stations.add(Duration::from_millis(5), &heard(1, asks(1))));
        assert!(!stations.add(Duration::from_millis(9), &heard(1, asks(1))));
        let kept = Kept { word: asks(1), first_ms: 5, last_ms: 9, times: 2 };
        assert_eq!(stations.iter().next().unwrap().words, [kept]);
    }

    #[test]
    fn a_flood_of_strangers_does_not_push_a_unit_out() {
        let mut stations = Stations::new();
        let unit = heard(u32::MAX, Word::Nmrp { code: NmrpCode::ConfigureRequest });
        assert!(stations.add(Duration::ZERO, &unit));
        for number in 0..10_000 {
            stations.add(Duration::from_millis(number.into()), &heard(number, asks(number)));
        }
        assert_eq!(stations.iter().count(), MOST_STATIONS);
        assert!(stations.get(unit.station).is_some());
        assert_eq!(stations.left_out(), 10_000 - (MOST_STATIONS as u64 - 1));
        // The latest of the strangers are there.
        assert!(stations.get(heard(9_999, asks(0)).station).is_some());
    }

    #[test]
    fn a_station_that_babbles_keeps_what_tells_most() {
        let mut stations = Stations::new();
        let file = Word::AsksForFile { file: "a.bin".into(), server: Ipv4Addr::LOCALHOST, sends: false };
        stations.add(Duration::ZERO, &heard(1, file.clone()));
        for number in 0..1000 {
            stations.add(Duration::from_secs(1), &heard(1, asks(number)));
        }
        let words = &stations.iter().next().unwrap().words;
        assert_eq!(words.len(), MOST_WORDS);
        assert_eq!(words[0].word, file);
    }
}
