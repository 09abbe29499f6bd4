//! Whether a station may be a device, and which of the device's methods would work now.

use std::net::{IpAddr, Ipv4Addr};

use debrick_catalog::{Connection, Device, Method, Protocol};

use crate::heard::{AddressMessage, AddressRequest, Word};
use crate::judge::stage::ROUTERBOOT;
use crate::judge::{Fit, Stage, Strength, WorksNow};
use crate::stations::Station;

/// The shortest name of a model that is looked for in a text, in letters and digits.
const SHORTEST_NAME: usize = 5;

/// How a station fits a device; `None` where nothing that it said is in the device's record.
pub(super) fn fit(station: &Station, stage: Stage, maker: Option<&str>, device: &Device) -> Option<Fit> {
    let maker_agrees = maker.map(|maker| maker.eq_ignore_ascii_case(&device.vendor));
    let mut best: Option<Strength> = None;
    let mut because: Vec<usize> = Vec::new();
    let mut works_now: Vec<WorksNow> = Vec::new();
    let mut count = |strength: Strength, places: &[usize]| {
        best = best.max(Some(strength));
        because.extend(places);
    };
    let named: Vec<usize> = places(station, |word| says_the_name(word, device));
    if !named.is_empty() {
        count(Strength::Name, &named);
    }
    let on_network = device.method.iter().filter_map(|method| Some((method, method.protocol?)));
    for (method, protocol) in on_network {
        let Some((strength, places)) = speaks_for(station, method, protocol, maker_agrees) else { continue };
        count(strength, &places);
        // A method that needs a console as well is somebody's, who typed there.
        let is_of_lan_alone = protocol.connections() == [Connection::Network];
        if is_of_lan_alone && stage >= Stage::Bootloader {
            works_now.push(WorksNow {
                method: method.name.clone(),
                protocol,
                host: asked_server(station, &places).or(method.host),
                unit: method.unit.or_else(|| own_address(station)),
                file: asked_file(station, &places).or_else(|| method.file.clone()),
                because: places,
            });
        }
    }
    because.sort_unstable();
    because.dedup();
    let strength = best?;
    // Many devices have the same addresses, and many makers the same protocol.
    if strength <= Strength::Protocol && maker_agrees == Some(false) {
        return None;
    }
    Some(Fit { device: device.id.clone(), title: device.title(), strength, maker_agrees, because, works_now })
}

fn places(station: &Station, fits: impl Fn(&Word) -> bool) -> Vec<usize> {
    let words = station.words.iter().enumerate();
    words.filter(|(_, kept)| fits(&kept.word)).map(|(place, _)| place).collect()
}

/// How closely a method is spoken for, and by which words.
fn speaks_for(
    station: &Station,
    method: &Method,
    protocol: Protocol,
    maker_agrees: Option<bool>,
) -> Option<(Strength, Vec<usize>)> {
    let first = |strength, places: Vec<usize>| (!places.is_empty()).then_some((strength, places));
    match protocol {
        Protocol::Nmrp => first(Strength::Protocol, places(station, is_nmrp_unit)),
        Protocol::EvaFtp => {
            first(Strength::Protocol, places(station, |word| matches!(word, Word::Eva { .. })))
        }
        Protocol::TftpPull
        | Protocol::ConsoleTftp
        | Protocol::Cfe
        | Protocol::QnapRecovery
        | Protocol::BootpTftp
        | Protocol::MikrotikNetboot => {
            let asks = places(station, |word| asks_for_its_file(word, method));
            let is_netboot = protocol == Protocol::MikrotikNetboot;
            let boots = || places(station, |word| is_netboot && is_routerboot(word));
            let waits_for_address = || {
                let is_bootp = protocol == Protocol::BootpTftp && maker_agrees == Some(true);
                places(station, |word| is_bootp && is_bootloaders_request(word))
            };
            first(Strength::File, asks)
                .or_else(|| first(Strength::Protocol, boots()))
                .or_else(|| first(Strength::Addresses, waits_for_address()))
                .or_else(|| first(Strength::Addresses, looks_for_host(station, method, maker_agrees)))
        }
        Protocol::TftpPush | Protocol::HttpUpload | Protocol::SercommRecovery => {
            // Thousands of devices have the same address: without the maker it says nothing.
            let is_there = |word: &Word| match word {
                Word::Claims { claimed } => Some(*claimed) == method.unit,
                Word::Page { .. } => {
                    protocol == Protocol::HttpUpload
                        && station.addresses.iter().any(|own| is_unit(*own, method))
                }
                _ => false,
            };
            first(Strength::Addresses, places(station, |word| maker_agrees == Some(true) && is_there(word)))
        }
        _ => None,
    }
}

fn is_nmrp_unit(word: &Word) -> bool {
    matches!(word, Word::Nmrp { code } if code.is_of_unit())
}

fn is_routerboot(word: &Word) -> bool {
    let class = match word {
        Word::AsksForAddress(AddressRequest { vendor_class: Some(class), .. }) => class,
        _ => return false,
    };
    ROUTERBOOT.iter().any(|one| class.starts_with(one))
}

fn is_bootloaders_request(word: &Word) -> bool {
    matches!(word, Word::AsksForAddress(request)
        if request.message == AddressMessage::Bootp || request.file.is_some()
            || request.vendor_class.as_deref().is_some_and(|class| class.starts_with("U-Boot")))
}

/// It asks for a file of the record, and, where the record has an address for this computer, asks there.
fn asks_for_its_file(word: &Word, method: &Method) -> bool {
    let asked = match word {
        Word::AsksForFile { file, server, sends: false }
            if method.host.is_none_or(|host| host == *server) =>
        {
            file
        }
        Word::AsksForAddress(AddressRequest { file: Some(file), .. }) => file,
        _ => return false,
    };
    method.file.iter().chain(&method.more_files).any(|file| file.eq_ignore_ascii_case(asked))
}

/// It asks who has the address that this computer should have. The address alone is common: the unit's own has to fit,
/// or the maker.
fn looks_for_host(station: &Station, method: &Method, maker_agrees: Option<bool>) -> Vec<usize> {
    let Some(host) = method.host else { return Vec::new() };
    let unit_fits = method.unit.is_some() && station.addresses.iter().any(|own| is_unit(*own, method));
    let unit_is_other = method.unit.is_some() && !station.addresses.is_empty() && !unit_fits;
    if unit_is_other || !(unit_fits || maker_agrees == Some(true)) {
        return Vec::new();
    }
    places(station, |word| match word {
        Word::AsksFor { wanted } => *wanted == host,
        // A record without a file: any that is asked for there.
        Word::AsksForFile { server, sends: false, .. } => method.file.is_none() && *server == host,
        _ => false,
    })
}

fn is_unit(address: IpAddr, method: &Method) -> bool {
    method.unit.is_some_and(|unit| address == IpAddr::V4(unit))
}

fn asked_server(station: &Station, places: &[usize]) -> Option<Ipv4Addr> {
    places.iter().find_map(|place| match &station.words.get(*place)?.word {
        Word::AsksForFile { server, .. } if !server.is_broadcast() => Some(*server),
        Word::AsksFor { wanted } => Some(*wanted),
        _ => None,
    })
}

fn asked_file(station: &Station, places: &[usize]) -> Option<String> {
    places.iter().find_map(|place| match &station.words.get(*place)?.word {
        Word::AsksForFile { file, .. } => Some(file.clone()),
        Word::AsksForAddress(request) => request.file.clone(),
        _ => None,
    })
}

fn own_address(station: &Station) -> Option<Ipv4Addr> {
    station.addresses.iter().find_map(|address| match address {
        IpAddr::V4(address) => Some(*address),
        IpAddr::V6(_) => None,
    })
}

/// Whether the model's name, or another name of it, is said.
fn says_the_name(word: &Word, device: &Device) -> bool {
    let is_exact =
        |name: &Option<String>| name.as_ref().is_some_and(|name| names(device).any(|own| own == plain(name)));
    match word {
        Word::Ubiquiti { model, platform, .. } => is_exact(model) || is_exact(platform),
        Word::Mikrotik { board, .. } => is_exact(board),
        Word::Names(said) => said.models.iter().any(|model| is_exact(&Some(model.clone()))),
        Word::Page { title: Some(title), .. } => {
            let title = plain(title);
            let vendor = plain(&device.vendor);
            names(device)
                .any(|own| own.len() >= SHORTEST_NAME && title == own || title == format!("{vendor}{own}"))
        }
        _ => false,
    }
}

fn names(device: &Device) -> impl Iterator<Item = String> {
    let all = std::iter::once(&device.model).chain(&device.aliases).chain(&device.model_numbers);
    all.map(|name| plain(name)).filter(|name| !name.is_empty())
}

fn plain(name: &str) -> String {
    name.chars().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
