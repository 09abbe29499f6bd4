//! The host half of `openwrt`, and OpenSSH's and dropbear's own clients, against the device half behind real servers.
//!
//! Skipped, and said so, where a server is not installed or this is not root; with `CI=true` that fails.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::relay::Unit;
use common::{BOTH, Kind, Setup, after, ready, tool};
use debrick_model::{Coded, Digest, Gate, GateOutcome, GateResult};
use debrick_ssh::device::{Config, Metadata, OpenwrtLike, Quirks, UpgradeQuirk, with_metadata};
use debrick_ssh::openwrt::{FIRMWARE, SETTINGS, identify, partitions, settings, upgrade};
use debrick_target::Silent;
use debrick_target::clearance::{self, Clearance, Scope};

fn start(kind: Kind, quirks: Quirks) -> Unit {
    Unit::start(kind, Setup::default(), OpenwrtLike::new(Config::acme_r1(), quirks))
}

fn cleared(region: &str, content: Digest) -> Clearance {
    let pass = |gate| GateResult { gate, outcome: GateOutcome::Pass, reasons: vec![] };
    let scope = Scope { regions: vec![region.into()], contents: vec![content] };
    clearance::clear(&Gate::ALL.map(pass), &[], scope).unwrap()
}

fn image() -> Vec<u8> {
    let mut content = vec![0x27, 0x05, 0x19, 0x56];
    content.extend((0..2_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8));
    let version = Some("24.10.0".to_owned());
    with_metadata(&content, &Metadata { supported: vec!["acme,r1".into()], compat: "1.0".into(), version })
}

#[test]
fn a_unit_is_known_kept_and_given_back() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        let unit = start(kind, Quirks::default());
        let mut session = unit.server.connect();
        let system = identify(&mut session, after(60)).unwrap();
        assert_eq!(system.board_name.as_deref(), Some("acme,r1"));
        assert_eq!(system.version.as_deref(), Some("23.05.3"));
        let list = partitions::list(&mut session, after(60)).unwrap();
        for part in &list {
            let backup = partitions::back_up(&mut session, part, &mut Silent, after(60)).unwrap();
            let truth = Config::acme_r1().flash.remove(part.number as usize).bytes;
            assert!(backup.bytes == truth, "{kind:?}: {}", part.name);
        }
        let kept = settings::back_up(&mut session, &system, after(60)).unwrap();
        unit.system.lock().unwrap().place("/etc/config/network", b"something else");
        let clearance = cleared(SETTINGS, kept.digest);
        settings::restore(&mut session, &kept, &system, &clearance, after(60)).unwrap();
        let system = unit.system.lock().unwrap();
        assert!(system.file("/etc/config/network").unwrap().ends_with(b"'192.168.1.1'\n"));
    }
}

/// An upgrade with a quirk, over a real server that really dies; what is told, and what runs afterwards.
fn check_upgrade(kind: Kind, quirk: UpgradeQuirk, expected: Result<bool, &str>) {
    let unit = start(kind, Quirks { upgrade: quirk, ..Quirks::default() });
    let mut session = unit.server.connect();
    let prepared = upgrade::prepare(&mut session, &image(), true, &mut Silent, after(60)).unwrap();
    let clearance = cleared(FIRMWARE, prepared.digest());
    let begun = upgrade::begin(&mut session, &prepared, &clearance, after(3));
    let told = begun.map(|begun| begun.is_connection_lost).map_err(|error| error.code());
    assert_eq!(told, expected, "{kind:?} {quirk:?}");
    drop(session);
    let unit = unit.restart(kind, Setup::default());
    let version = identify(&mut unit.server.connect(), after(60)).unwrap().version;
    assert_eq!(version.as_deref(), Some("24.10.0"), "{kind:?} {quirk:?}");
    assert_eq!(unit.system.lock().unwrap().upgrades(), 1);
}

#[test]
fn upgrades_begin_over_connections_that_are_lost() {
    if !ready() {
        return;
    }
    for kind in BOTH {
        check_upgrade(kind, UpgradeQuirk::AnnouncedAndHungUp, Ok(true));
    }
    check_upgrade(Kind::Dropbear, UpgradeQuirk::AnnouncedAndFailed, Ok(false));
    check_upgrade(Kind::Dropbear, UpgradeQuirk::AnnouncedAndSilent, Ok(true));
    check_upgrade(Kind::Dropbear, UpgradeQuirk::HungUp, Err("openwrt-upgrade-unclear"));
}

/// What a client that nobody here wrote gets from the device half.
fn by_client(unit: &Unit, client: &str, command: &str, input: &[u8]) -> (Option<i32>, Vec<u8>) {
    let port = unit.server.port().to_string();
    let options: &[&str] = match client {
        "ssh" => &[
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
            "-F",
            "none",
            "-p",
            &port,
        ],
        _ => &["-y", "-y", "-p", &port],
    };
    let mut child = Command::new(tool(client).unwrap())
        .args(options)
        .args(["root@127.0.0.1", command])
        .env("HOME", unit.server.folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    (output.status.code(), output.stdout)
}

#[test]
fn clients_that_nobody_here_wrote_meet_the_device_half() {
    if !ready() {
        return;
    }
    let unit = start(Kind::Dropbear, Quirks::default());
    for client in ["ssh", "dbclient"] {
        let (status, board) = by_client(&unit, client, "ubus call system board", b"");
        let board: serde_json::Value = serde_json::from_slice(&board).unwrap();
        assert_eq!((status, &board["board_name"]), (Some(0), &"acme,r1".into()), "{client}");
        let content = image();
        assert_eq!(by_client(&unit, client, "cat > /tmp/image.bin", &content), (Some(0), vec![]));
        let (_, sum) = by_client(&unit, client, "sha256sum /tmp/image.bin", b"");
        let wanted = debrick_target::digest::sha256(&content).unwrap().to_hex();
        assert_eq!(String::from_utf8(sum).unwrap(), format!("{wanted}  /tmp/image.bin\n"));
        assert_eq!(by_client(&unit, client, "sysupgrade -T /tmp/image.bin", b"").0, Some(0));
        assert_eq!(by_client(&unit, client, "no-such-command", b"").0, Some(127));
        let (_, packed) = by_client(&unit, client, "sysupgrade -b -", b"");
        assert_eq!(settings::inspect(&packed).unwrap().files.len(), 2);
    }
}
