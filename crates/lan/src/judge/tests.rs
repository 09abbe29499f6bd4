use std::time::Duration;

use debrick_catalog::Catalog;

use super::*;
use crate::heard::{AddressMessage, AddressRequest, Heard, NmrpCode, Word};

const TP_LINK: &str = "14:cc:20:00:00:01";
const NETGEAR: &str = "a0:63:91:00:00:02";
const STRANGER: &str = "02:00:00:00:00:03";

struct Scene(Stations, Duration);

impl Scene {
    fn new() -> Self {
        Self(Stations::new(), Duration::ZERO)
    }

    fn hear(mut self, station: &str, address: Option<&str>, word: Word) -> Self {
        self.1 += Duration::from_secs(1);
        let address = address.map(|text| text.parse().unwrap());
        self.0.add(self.1, &Heard { station: station.parse().unwrap(), address, word });
        self
    }

    fn judge(&self) -> Judgement {
        judge(&self.0, &Catalog::builtin().all().unwrap(), None)
    }
}

fn asks_for_file(file: &str, server: &str) -> Word {
    Word::AsksForFile { file: file.into(), server: server.parse().unwrap(), sends: false }
}

fn request(message: AddressMessage, class: Option<&str>) -> Word {
    Word::AsksForAddress(AddressRequest {
        message,
        vendor_class: class.map(str::to_owned),
        host_name: None,
        file: None,
        wanted: None,
    })
}

#[test]
fn a_requested_file_names_the_device_and_the_method() {
    let judgement = Scene::new()
        .hear(TP_LINK, Some("192.168.0.2"), Word::AsksFor { wanted: "192.168.0.66".parse().unwrap() })
        .hear(TP_LINK, Some("192.168.0.2"), asks_for_file("ArcherC7v5_tp_recovery.bin", "192.168.0.66"))
        .judge();
    let unit = &judgement.stations[0];
    assert_eq!(judgement.probably, Some(unit.station));
    assert_eq!((unit.maker, unit.stage), (Some("TP-Link"), Stage::WaitsForFirmware));
    let best = &unit.fits[0];
    assert!(unit.fits.iter().any(|one| one.device.contains("archer-c7-v5")), "{:?}", unit.fits);
    // The Archer A7 asks for the same file; nobody else does.
    assert!(unit.fits.len() <= 4 && unit.more_fits == 0);
    assert_eq!((best.strength, best.maker_agrees), (Strength::File, Some(true)));
    let works = &best.works_now[0];
    assert_eq!(works.protocol, Protocol::TftpPull);
    assert_eq!(works.host, Some(Ipv4Addr::new(192, 168, 0, 66)));
    assert!(unit.said(&works.because)[0].contains("ArcherC7v5_tp_recovery.bin"));
    // Whatever else has the same addresses is left out.
    assert!(unit.fits.iter().all(|one| one.strength == Strength::File), "{:?}", unit.fits);
}

#[test]
fn a_file_asked_for_elsewhere_is_another_devices() {
    let judgement = Scene::new().hear(
        STRANGER,
        Some("10.0.0.2"),
        asks_for_file("ArcherC7v5_tp_recovery.bin", "10.0.0.1"),
    );
    assert!(judgement.judge().stations[0].fits.is_empty());
}

#[test]
fn nmrp_is_netgears() {
    let judgement = Scene::new()
        .hear(STRANGER, None, Word::Nmrp { code: NmrpCode::Advertise })
        .hear(NETGEAR, None, Word::Nmrp { code: NmrpCode::ConfigureRequest })
        .judge();
    let unit = &judgement.stations[0];
    assert_eq!(judgement.probably, Some(NETGEAR.parse().unwrap()));
    assert_eq!(unit.fits.len() + unit.more_fits, unit.more_fits + MOST_FITS);
    assert!(unit.more_fits > 0);
    assert!(unit.fits.iter().all(|one| one.works_now.iter().any(|works| works.protocol == Protocol::Nmrp)));
    let program = &judgement.stations[1];
    assert_eq!((program.stage, program.fits.len()), (Stage::Helper, 0));
}

#[test]
fn routerboot_asks_for_netinstall() {
    let judgement =
        Scene::new().hear(STRANGER, None, request(AddressMessage::Bootp, Some("MMipsBoot"))).judge();
    let unit = &judgement.stations[0];
    assert_eq!(unit.stage, Stage::WaitsForFirmware);
    assert!(unit.fits.iter().all(|one| one.title.contains("MikroTik")), "{:?}", unit.fits);
    assert_eq!(unit.fits[0].works_now[0].protocol, Protocol::MikrotikNetboot);
}

#[test]
fn a_unit_that_started_its_system_waits_no_longer() {
    let scene = Scene::new().hear(
        TP_LINK,
        Some("192.168.0.2"),
        asks_for_file("ArcherC7v5_tp_recovery.bin", "192.168.0.66"),
    );
    assert_eq!(scene.judge().stations[0].stage, Stage::WaitsForFirmware);
    let scene = scene.hear(TP_LINK, None, request(AddressMessage::Discover, Some("udhcp 1.36.1")));
    let judgement = scene.judge();
    let unit = &judgement.stations[0];
    assert_eq!(unit.stage, Stage::Runs);
    assert!(unit.fits.iter().all(|one| one.works_now.is_empty()), "{:?}", unit.fits);
    assert_eq!(unit.said(&unit.because), ["asks for an address by DHCP as udhcp 1.36.1"]);
    assert_eq!(judgement.probably, None);
}

#[test]
fn addresses_alone_need_the_maker() {
    let looks = || Word::AsksFor { wanted: "192.168.0.66".parse().unwrap() };
    let known = Scene::new().hear(TP_LINK, Some("192.168.0.86"), looks()).judge();
    assert!(known.stations[0].fits.iter().all(|one| one.strength == Strength::Addresses));
    assert!(!known.stations[0].fits.is_empty());
    assert!(known.stations[0].fits.iter().all(|one| one.title.starts_with("TP-Link")));
    let other = Scene::new().hear(NETGEAR, Some("192.168.0.86"), looks()).judge();
    assert!(other.stations[0].fits.is_empty(), "{:?}", other.stations[0].fits);
}

#[test]
fn what_says_its_name_is_named() {
    let board = Word::Mikrotik { board: Some("RB750Gr3".into()), version: Some("7.1".into()), name: None };
    let judgement = Scene::new().hear(STRANGER, None, board).judge();
    let unit = &judgement.stations[0];
    assert_eq!(unit.stage, Stage::Runs);
    assert!(unit.fits[0].title.contains("750Gr3"), "{:?}", unit.fits);
    assert!(unit.fits.iter().all(|one| one.strength == Strength::Name && one.works_now.is_empty()));
}

#[test]
fn two_units_in_recovery_are_not_chosen_between() {
    let scene = Scene::new().hear(NETGEAR, None, Word::Nmrp { code: NmrpCode::ConfigureRequest }).hear(
        TP_LINK,
        Some("192.168.0.2"),
        asks_for_file("x.bin", "192.168.0.66"),
    );
    assert_eq!(scene.judge().probably, None);
    let named = TP_LINK.parse().unwrap();
    let judgement = judge(&scene.0, &[], Some(named));
    assert_eq!(judgement.probably, Some(named));
    assert_eq!(judgement.stations[0].station, named);
}

#[test]
fn nobody_is_nobody() {
    let judgement = Scene::new().judge();
    assert!(judgement.probably.is_none() && judgement.stations.is_empty());
}
