//! How far a station has come, by what it said last that tells.

use crate::heard::{AddressMessage, AddressRequest, Word};
use crate::judge::Stage;
use crate::stations::Kept;

/// What the bootloaders of this kind call themselves in a request for an address. U-Boot says `U-Boot` with the
/// architecture, boot ROMs of computers `PXEClient` (Preboot Execution Environment 2.1).
const BOOTLOADERS: [&str; 3] = ["U-Boot", "PXEClient", "HTTPClient"];

/// What RouterBOOT calls itself, by architecture, when it waits for Netinstall.
pub(super) const ROUTERBOOT: [&str; 8] = [
    "Mips_boot",
    "MMipsBoot",
    "Powerboot",
    "e500_boot",
    "440__boot",
    "tile_boot",
    "ARM__boot",
    "ARM64__boot",
];

/// Words in the titles of pages of recovery modes.
const RECOVERY_TITLES: [&str; 8] =
    ["recovery", "rescue", "failsafe", "fail-safe", "u-boot", "uboot", "breed", "firmware upload"];

/// The stage that the latest word speaks for that tells one, and all words that speak for it.
pub(super) fn stage(words: &[Kept]) -> (Stage, Vec<usize>) {
    let stages: Vec<Option<Stage>> = words.iter().map(|kept| of(&kept.word)).collect();
    let told = stages.iter().zip(words).filter_map(|(stage, kept)| Some(((*stage)?, kept.last_ms)));
    let Some((stage, _)) = told.max_by_key(|(stage, last_ms)| (*last_ms, *stage)) else {
        return (Stage::Unknown, Vec::new());
    };
    let because = stages.iter().enumerate().filter(|(_, one)| **one == Some(stage));
    (stage, because.map(|(place, _)| place).collect())
}

fn of(word: &Word) -> Option<Stage> {
    Some(match word {
        Word::AsksFor { .. } | Word::Claims { .. } => return None,
        Word::AsksForAddress(request) => of_request(request)?,
        Word::OffersAddress { .. } | Word::LooksForEva => Stage::Helper,
        Word::AsksForFile { sends: false, .. } => Stage::WaitsForFirmware,
        Word::AsksForFile { sends: true, .. } => Stage::Helper,
        Word::Nmrp { code } if code.is_of_unit() => Stage::WaitsForFirmware,
        Word::Nmrp { .. } => Stage::Helper,
        Word::Eva { .. } => Stage::WaitsForFirmware,
        Word::Names(_) | Word::Upnp { .. } | Word::Ubiquiti { .. } | Word::Mikrotik { .. } => Stage::Runs,
        Word::OffersFailsafe { .. } => Stage::Starts,
        Word::Console { text } if text.contains("U-Boot") => Stage::Bootloader,
        Word::Console { .. } => return None,
        Word::Page { title, .. } => {
            let title = title.as_deref().unwrap_or_default().to_lowercase();
            if !RECOVERY_TITLES.iter().any(|word| title.contains(word)) {
                return None;
            }
            Stage::WaitsForFirmware
        }
    })
}

fn of_request(request: &AddressRequest) -> Option<Stage> {
    let class = request.vendor_class.as_deref().unwrap_or_default();
    let begins = |list: &[&str]| list.iter().any(|one| class.starts_with(one));
    if begins(&ROUTERBOOT) {
        Some(Stage::WaitsForFirmware)
    } else if request.message == AddressMessage::Bootp || begins(&BOOTLOADERS) || request.file.is_some() {
        Some(Stage::Bootloader)
    } else if request.is_of_a_system() {
        Some(Stage::Runs)
    } else {
        None
    }
}
