//! The host half of `openwrt` against the device half, in memory: what succeeds, every refusal, every quirk, and that each
//! quirk fired.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use std::time::Duration;

use debrick_link::Deadline;
use debrick_model::{Coded, Digest, Gate, GateOutcome, GateResult, Property};
use debrick_ssh::device::{Config, Metadata, OpenwrtLike, Quirks, UpgradeQuirk, with_metadata};
use debrick_ssh::files::DigestTool;
use debrick_ssh::openwrt::partitions::{self, Partition};
use debrick_ssh::openwrt::{
    Compat, Complaint, FIRMWARE, OpenwrtError, SETTINGS, Settings, identify, settings, upgrade,
};
use debrick_ssh::{Ended, Shell, SshError, Streams};
use debrick_target::clearance::{self, Clearance, Scope};
use debrick_target::{Silent, Watch};

fn unit(quirks: Quirks) -> OpenwrtLike {
    OpenwrtLike::new(Config::acme_r1(), quirks)
}

fn in_time(shell: &dyn Shell) -> Deadline {
    Deadline::after(shell.clock(), Duration::from_secs(600))
}

fn cleared(region: &str, content: Digest) -> Clearance {
    let pass = |gate| GateResult { gate, outcome: GateOutcome::Pass, reasons: vec![] };
    let scope = Scope { regions: vec![region.into()], contents: vec![content] };
    clearance::clear(&Gate::ALL.map(pass), &[], scope).unwrap()
}

/// An image that begins as the system's platform wants.
fn image(device: &str, compat: &str) -> Vec<u8> {
    let mut content = vec![0x27, 0x05, 0x19, 0x56];
    content.extend((0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8));
    let version = Some("24.10.0".to_owned());
    with_metadata(&content, &Metadata { supported: vec![device.into()], compat: compat.into(), version })
}

fn system(unit: &mut OpenwrtLike) -> debrick_ssh::openwrt::System {
    let deadline = in_time(unit);
    identify(unit, deadline).unwrap()
}

#[test]
fn a_system_says_what_it_is() {
    let mut one = unit(Quirks::default());
    let seen = system(&mut one);
    let has = |property, value: &str| {
        seen.observations().iter().any(|seen| seen.property == property && seen.value == value)
    };
    assert!(has(Property::BoardId, "acme,r1") && has(Property::Model, "Acme R1"));
    assert!(has(Property::Version, "OpenWrt 23.05.3") && has(Property::Architecture, "mips_24kc"));
    assert!(has(Property::MacAddress, "02:00:5e:10:00:01"));
    assert_eq!((seen.compat(), seen.target.as_deref()), (Compat::FIRST, Some("ath79/generic")));
    assert!(seen.observations().iter().all(|seen| seen.witness == "firmware"));
}

#[test]
fn a_system_without_ubus_says_it_in_files() {
    let mut one = unit(Quirks { no_ubus: true, ..Quirks::default() });
    let seen = system(&mut one);
    assert_eq!(one.fired("no_ubus"), 1);
    assert_eq!((seen.board_name.as_deref(), seen.version.as_deref()), (Some("acme,r1"), Some("23.05.3")));
}

/// A system that has nothing of what is asked for.
struct Bare(OpenwrtLike);

impl Shell for Bare {
    fn run(&mut self, _: &str, streams: Streams<'_>, deadline: Deadline) -> Result<Ended, SshError> {
        self.0.run("nothing-of-the-kind", streams, deadline)
    }

    fn clock(&self) -> &dyn debrick_link::Clock {
        self.0.clock()
    }

    fn name(&self) -> &str {
        "bare"
    }
}

#[test]
fn another_system_is_no_openwrt() {
    let mut bare = Bare(unit(Quirks::default()));
    let deadline = in_time(&bare);
    assert_eq!(identify(&mut bare, deadline).unwrap_err().code(), "openwrt-not-openwrt");
    assert_eq!(partitions::list(&mut bare, deadline).unwrap(), []);
}

fn list(unit: &mut OpenwrtLike) -> Vec<Partition> {
    let deadline = in_time(unit);
    partitions::list(unit, deadline).unwrap()
}

/// Backs a partition up and tells readings, comparison, and whether the bytes are right.
fn check_backup(
    name: &str,
    quirks: Quirks,
    expected: Result<(u32, Option<DigestTool>), &str>,
) -> OpenwrtLike {
    let mut one = unit(quirks);
    let part = list(&mut one).into_iter().find(|part| part.name == name).unwrap();
    let deadline = in_time(&one);
    let got = partitions::back_up(&mut one, &part, &mut Silent, deadline);
    match (got, expected) {
        (Ok(backup), Ok((readings, compared))) => {
            assert_eq!((backup.readings, backup.compared), (readings, compared));
            let truth = Config::acme_r1().flash.remove(part.number as usize).bytes;
            assert!(backup.bytes == truth, "the backup of {name} is not what is there");
        }
        (Err(error), Err(code)) => assert_eq!(error.code(), code),
        (got, expected) => panic!("{:?} is not {expected:?}", got.map(|backup| backup.readings)),
    }
    one
}

#[test]
fn partitions_are_listed_with_what_they_are() {
    let list = list(&mut unit(Quirks::default()));
    let seen: Vec<_> = list
        .iter()
        .map(|part| (part.name.as_str(), part.is_nand.unwrap(), part.is_writable.unwrap()))
        .collect();
    let expected = [
        ("u-boot", false, false),
        ("firmware", false, true),
        ("art", false, false),
        ("nand-factory", true, false),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn backups_are_worth_the_name() {
    let sha = Some(DigestTool::Sha256);
    check_backup("u-boot", Quirks::default(), Ok((2, sha)));
    let md5 = check_backup(
        "art",
        Quirks { no_sha256sum: true, ..Quirks::default() },
        Ok((2, Some(DigestTool::Md5))),
    );
    assert!(md5.fired("no_sha256sum") > 0);
    let none = Quirks { no_sha256sum: true, no_md5sum: true, ..Quirks::default() };
    let none = check_backup("art", none, Ok((2, None)));
    assert!(none.fired("no_md5sum") > 0);
    check_backup("nand-factory", Quirks::default(), Ok((2, None)));
    let plain =
        check_backup("nand-factory", Quirks { no_nanddump: true, ..Quirks::default() }, Ok((2, None)));
    assert_eq!(plain.fired("no_nanddump"), 2);
}

#[test]
fn wrong_readings_are_found_out() {
    let wrong = |count| Quirks { wrong_readings: count, ..Quirks::default() };
    let one = check_backup("u-boot", wrong(1), Ok((4, Some(DigestTool::Sha256))));
    assert_eq!(one.fired("wrong_readings"), 1);
    let many = check_backup("u-boot", wrong(100), Err("openwrt-readings-unstable"));
    assert!(many.fired("wrong_readings") >= 4);
}

#[test]
fn settings_come_back_byte_for_byte() {
    let mut one = unit(Quirks::default());
    one.place("/etc/config/network", b"config interface 'lan'\n\toption ipaddr '10.1.1.1'\n");
    let from = system(&mut one);
    let deadline = in_time(&one);
    let kept = settings::back_up(&mut one, &from, deadline).unwrap();
    one.place("/etc/config/network", b"something else");
    let clearance = cleared(SETTINGS, kept.digest);
    let archive = settings::restore(&mut one, &kept, &from, &clearance, deadline).unwrap();
    assert_eq!(archive.files.len(), 2);
    assert!(one.file("/etc/config/network").unwrap().ends_with(b"'10.1.1.1'\n"));
    assert_eq!(one.file("/tmp/debrick-settings.tar.gz"), None);
}

/// Restores the settings of a system as it is to one that `change` made another; tells the code of the refusal, and that
/// nothing was changed.
fn refused(
    quirks: Quirks,
    change: impl FnOnce(&mut Config),
    spoil: impl FnOnce(&mut Settings),
) -> OpenwrtError {
    let mut old = unit(Quirks::default());
    let from = system(&mut old);
    let deadline = in_time(&old);
    let mut kept = settings::back_up(&mut old, &from, deadline).unwrap();
    let mut config = Config::acme_r1();
    change(&mut config);
    let mut new = OpenwrtLike::new(config, quirks);
    new.place("/etc/config/network", b"as it was");
    let now = system(&mut new);
    spoil(&mut kept);
    let deadline = in_time(&new);
    let clearance = cleared(SETTINGS, kept.digest);
    let error = settings::restore(&mut new, &kept, &now, &clearance, deadline).unwrap_err();
    assert_eq!(new.file("/etc/config/network").unwrap(), b"as it was");
    error
}

#[test]
fn settings_that_do_not_fit_are_refused_with_the_reason() {
    let none = Quirks::default;
    let layout = refused(none(), |config| config.compat = "1.1".into(), |_| {});
    assert_eq!(layout.code(), "openwrt-settings-refused");
    assert!(
        layout.to_string().contains("layout 1.0") && layout.to_string().contains("layout 1.1"),
        "{layout}"
    );
    let device = refused(none(), |config| config.board_name = "acme,r2".into(), |_| {});
    assert!(device.to_string().contains("acme,r2"), "{device}");
    // The journal says the right layout, and the archive itself another one.
    let inside = refused(
        none(),
        |config| config.compat = "1.1".into(),
        |kept| {
            kept.origin.compat = Compat::parse("1.1").unwrap();
        },
    );
    assert!(inside.to_string().contains("layout 1.0"), "{inside}");
    let memory = refused(none(), |config| config.rootfs_type = "initramfs".into(), |_| {});
    assert_eq!(memory.code(), "openwrt-no-settings");
    let cut = refused(none(), |_| {}, |kept| kept.archive.truncate(kept.archive.len() - 3));
    assert_eq!(cut.code(), "openwrt-settings-damaged");
    let other = refused(none(), |_| {}, |kept| kept.archive.push(0));
    assert!(matches!(other.code(), "not-cleared" | "openwrt-settings-damaged"), "{other}");
}

#[test]
fn a_storage_that_takes_no_writes_is_told() {
    let error = refused(Quirks { read_only_overlay: true, ..Quirks::default() }, |_| {}, |_| {});
    assert_eq!(error.code(), "openwrt-storage-read-only");
    assert!(error.next_step().contains("takes no writes"));
}

#[test]
fn an_upgrade_goes_through_and_the_version_tells() {
    let mut one = unit(Quirks::default());
    one.place("/etc/config/network", b"mine");
    let image = image("acme,r1", "1.0");
    let deadline = in_time(&one);
    let prepared = upgrade::prepare(&mut one, &image, true, &mut Silent, deadline).unwrap();
    assert_eq!((prepared.compared, prepared.remarks.as_slice()), (Some(DigestTool::Sha256), &[][..]));
    assert_eq!(one.upgrades(), 0);
    let begun = upgrade::begin(&mut one, &prepared, &cleared(FIRMWARE, prepared.digest()), deadline).unwrap();
    assert!(begun.is_announced && begun.is_connection_lost && begun.said.contains("Commencing"));
    assert!(!one.is_running());
    one.restart();
    assert_eq!((one.upgrades(), system(&mut one).version.as_deref()), (1, Some("24.10.0")));
    assert_eq!(one.file("/etc/config/network").unwrap(), b"mine");
}

#[test]
fn settings_stay_behind_where_they_are_not_wanted() {
    let mut one = unit(Quirks::default());
    one.place("/etc/config/network", b"mine");
    let image = image("acme,r1", "1.1");
    let deadline = in_time(&one);
    let prepared = upgrade::prepare(&mut one, &image, false, &mut Silent, deadline).unwrap();
    upgrade::begin(&mut one, &prepared, &cleared(FIRMWARE, prepared.digest()), deadline).unwrap();
    one.restart();
    assert_ne!(one.file("/etc/config/network").unwrap(), b"mine");
    assert_eq!(system(&mut one).compat(), Compat::parse("1.1").unwrap());
}

/// What the system says against an image; nothing of it stays on the unit.
fn complaints(image: &[u8], keeps_settings: bool) -> Vec<Complaint> {
    let mut one = unit(Quirks::default());
    let deadline = in_time(&one);
    let error = upgrade::prepare(&mut one, &image, keeps_settings, &mut Silent, deadline).unwrap_err();
    assert_eq!(one.file(upgrade::PLACE), None);
    assert_eq!(error.code(), "openwrt-image-refused");
    assert!(error.next_step().starts_with("Nothing was written."), "{}", error.next_step());
    let OpenwrtError::ImageRefused { complaints, .. } = error else { panic!("{error}") };
    complaints
}

#[test]
fn images_that_the_system_refuses_are_explained() {
    let compat = |text| Compat::parse(text).unwrap();
    let wrong = Complaint::WrongDevice { device: "acme,r1".into(), supported: vec!["acme,r2".into()] };
    assert_eq!(complaints(&image("acme,r2", "1.0"), true), [wrong]);
    let layout = Complaint::OtherLayout { unit: compat("1.0"), image: compat("2.0") };
    assert_eq!(complaints(&image("acme,r1", "2.0"), false), [layout]);
    let settings = complaints(&image("acme,r1", "1.1"), true);
    assert_eq!(settings, [Complaint::OtherSettings { unit: compat("1.0"), image: compat("1.1") }]);
    assert!(settings[0].is_about_settings());
    assert_eq!(complaints(b"no metadata at all", true), [Complaint::NoMetadata]);
    let metadata = Metadata { supported: vec!["acme,r1".into()], compat: "1.0".into(), version: None };
    let kind = complaints(&with_metadata(b"factory", &metadata), true);
    assert!(matches!(kind.as_slice(), [Complaint::WrongKind(_)]), "{kind:?}");
}

#[test]
fn room_is_looked_for_before_anything_is_sent() {
    let mut config = Config::acme_r1();
    config.free_kib = 2000;
    let mut one = OpenwrtLike::new(config, Quirks::default());
    let deadline = in_time(&one);
    let error =
        upgrade::prepare(&mut one, &image("acme,r1", "1.0"), true, &mut Silent, deadline).unwrap_err();
    assert_eq!(error.code(), "openwrt-no-room");
    assert_eq!(one.file(upgrade::PLACE), None);
}

#[test]
fn an_image_that_arrives_damaged_is_found_out() {
    for no_sha256sum in [false, true] {
        let mut one = unit(Quirks { damaged_uploads: 1, no_sha256sum, ..Quirks::default() });
        let deadline = in_time(&one);
        let image = image("acme,r1", "1.0");
        let error = upgrade::prepare(&mut one, &image, true, &mut Silent, deadline).unwrap_err();
        assert_eq!((error.code(), one.fired("damaged_uploads")), ("ssh-file-differs", 1));
        assert_eq!(one.file(upgrade::PLACE), None);
        assert!(upgrade::prepare(&mut one, &image, true, &mut Silent, deadline).is_ok());
    }
}

#[test]
fn nothing_begins_without_a_clearance_for_these_very_bytes() {
    let mut one = unit(Quirks::default());
    let deadline = in_time(&one);
    let prepared = upgrade::prepare(&mut one, &image("acme,r1", "1.0"), true, &mut Silent, deadline).unwrap();
    let other = cleared(FIRMWARE, Digest::new([7; 32]));
    assert_eq!(upgrade::begin(&mut one, &prepared, &other, deadline).unwrap_err().code(), "not-cleared");
    let other = cleared(SETTINGS, prepared.digest());
    assert_eq!(upgrade::begin(&mut one, &prepared, &other, deadline).unwrap_err().code(), "not-cleared");
    let right = cleared(FIRMWARE, prepared.digest());
    one.place(upgrade::PLACE, &image("acme,r1", "1.0")[1..]);
    assert_eq!(
        upgrade::begin(&mut one, &prepared, &right, deadline).unwrap_err().code(),
        "openwrt-image-changed"
    );
    one.restart();
    assert_eq!(
        upgrade::begin(&mut one, &prepared, &right, deadline).unwrap_err().code(),
        "openwrt-image-changed"
    );
    assert!(one.is_running() && one.upgrades() == 0);
}

/// How the beginning of an upgrade shows with a quirk: what is told, and whether the unit took the image.
fn begin(quirk: UpgradeQuirk) -> (Result<(bool, bool), &'static str>, bool) {
    let mut one = unit(Quirks { upgrade: quirk, ..Quirks::default() });
    let deadline = in_time(&one);
    let prepared = upgrade::prepare(&mut one, &image("acme,r1", "1.0"), true, &mut Silent, deadline).unwrap();
    let begun = upgrade::begin(&mut one, &prepared, &cleared(FIRMWARE, prepared.digest()), deadline);
    assert_eq!(one.fired("upgrade"), u32::from(quirk != UpgradeQuirk::default()));
    let begun =
        begun.map(|begun| (begun.is_announced, begun.is_connection_lost)).map_err(|error| error.code());
    (begun, !one.is_running())
}

#[test]
fn beginnings_look_different() {
    assert_eq!(begin(UpgradeQuirk::AnnouncedAndHungUp), (Ok((true, true)), true));
    assert_eq!(begin(UpgradeQuirk::AnnouncedAndFailed), (Ok((true, false)), true));
    assert_eq!(begin(UpgradeQuirk::AnnouncedAndSilent), (Ok((true, true)), true));
    assert_eq!(begin(UpgradeQuirk::HungUp), (Err("openwrt-upgrade-unclear"), true));
    assert_eq!(begin(UpgradeQuirk::Refused), (Err("openwrt-image-refused"), false));
}

/// Wants to stop after so many bytes.
struct Impatient(u64);

impl Watch for Impatient {
    fn advance(&mut self, bytes: u64) {
        self.0 = self.0.saturating_sub(bytes);
    }

    fn cancelled(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn a_backup_can_be_stopped() {
    let mut one = unit(Quirks::default());
    let part = list(&mut one).remove(0);
    let deadline = in_time(&one);
    let error = partitions::back_up(&mut one, &part, &mut Impatient(0), deadline).unwrap_err();
    assert_eq!(error.code(), "ssh-cancelled");
}
