//! What a station said, as observations of a unit with their witnesses (decision 0011).

use debrick_model::{Observation, Property, Sighting};

use crate::heard::{AddressMessage, Word};
use crate::makers::maker;
use crate::stations::Station;

/// The bootloader speaks: it repeats itself on the console.
const BOOTLOADER: &str = "bootloader";

/// The system that runs.
const FIRMWARE: &str = "firmware";

/// The first half of the Ethernet address: it speaks for the maker only.
const MAC_PREFIX: &str = "mac-prefix";

/// What a station said that speaks of which device it is. `input` is the interface it was heard on.
pub fn observe(station: &Station, input: &str) -> Vec<Sighting> {
    let input = format!("{input} {}", station.station);
    let mut seen = Vec::new();
    let mut add = |property, value: &str, source: &str, witness: &str| {
        let observation = Observation {
            property,
            value: value.to_owned(),
            source: source.to_owned(),
            witness: witness.to_owned(),
        };
        if seen.iter().all(|one: &Sighting| one.observation != observation) {
            seen.push(Sighting { observation, input: input.clone(), line: None });
        }
    };
    if let Some(maker) = maker(station.station) {
        add(Property::Vendor, maker, "who registered the first half of its Ethernet address", MAC_PREFIX);
    }
    for kept in &station.words {
        match &kept.word {
            Word::AsksForFile { file, sends: false, .. } => {
                add(Property::RequestedFile, file, "the file that it asks for by TFTP", BOOTLOADER);
            }
            Word::AsksForAddress(request) => {
                if let Some(file) = &request.file {
                    add(
                        Property::RequestedFile,
                        file,
                        "the file that it asks for with its address",
                        BOOTLOADER,
                    );
                }
                let is_bootp = request.message == AddressMessage::Bootp;
                let witness = if is_bootp { BOOTLOADER } else { FIRMWARE };
                if let Some(name) = &request.host_name {
                    add(
                        Property::Mention,
                        name,
                        "the name that it gives when it asks for an address",
                        witness,
                    );
                }
            }
            Word::Names(names) => {
                for model in &names.models {
                    add(Property::Model, model, "the model in its multicast DNS", FIRMWARE);
                }
                for host in &names.hosts {
                    add(
                        Property::Mention,
                        host.trim_end_matches(".local"),
                        "its name in multicast DNS",
                        FIRMWARE,
                    );
                }
            }
            Word::Ubiquiti { model, platform, version, .. } => {
                if let Some(model) = model.as_ref().or(platform.as_ref()) {
                    add(Property::Model, model, "the model in Ubiquiti's discovery", FIRMWARE);
                }
                if let Some(version) = version {
                    add(Property::Version, version, "the firmware in Ubiquiti's discovery", FIRMWARE);
                }
            }
            Word::Mikrotik { board, version, .. } => {
                if let Some(board) = board {
                    add(Property::Model, board, "the board in MikroTik's discovery", FIRMWARE);
                }
                if let Some(version) = version {
                    add(Property::Version, version, "RouterOS in MikroTik's discovery", FIRMWARE);
                }
            }
            Word::Page { title: Some(title), .. } => {
                add(Property::Mention, title, "the title of its page", FIRMWARE);
            }
            _ => {}
        }
    }
    seen
}
