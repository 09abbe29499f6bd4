//! Records as files: their shape, their faults with file and line, families, and what lies over what.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

use std::path::Path;

use debrick_catalog::{
    Catalog, CatalogError, Device, Kind, LintReport, Repairable, find, lint_folder, parse,
};
use debrick_model::Coded;
use tempfile::TempDir;

const GOOD: &str = include_str!("../../../catalog/devices/acme-r1.toml");

/// A record under an id that the program's own catalog does not have.
fn own() -> String {
    GOOD.replacen("id = \"acme-r1\"", "id = \"acme-r0\"", 1)
}

#[track_caller]
fn check(change: (&str, &str), expected: Result<(), &str>) {
    assert!(own().contains(change.0), "the record has no {:?}", change.0);
    let text = own().replacen(change.0, change.1, 1);
    let got = parse("test.toml", &text)
        .and_then(|device| device.repairable().map(|_| ()))
        .map_err(|error| error.code());
    assert_eq!(got, expected, "{change:?}");
}

#[test]
fn records_are_checked() {
    check(("", ""), Ok(()));
    check(("debrick.device/1", "debrick.device/2"), Err("device-file-schema"));
    check(("schema = \"debrick.device/1\"", ""), Err("device-file-malformed"));
    check(("vendor =", "vendr ="), Err("device-file-malformed"));
    check(("size = 0x2000000", "size = -1"), Err("device-file-malformed"));
    check(("size = 0x1800000", "size = 0x1800001"), Err("device-file-invalid"));
    check(("size = 0x1800000", "size = 0x8000000"), Err("device-file-invalid"));
    check(("offset = 0x20000", "offset = 0x1fe00"), Err("device-file-invalid"));
    check(("region = \"firmware\"", "region = \"kernel\""), Err("device-file-invalid"));
    check(("write_block = 512", "write_block = 0"), Err("device-file-invalid"));
    check(("id = \"acme-r0\"", "id = \"../r1\""), Err("device-file-invalid"));
    check(("model = \"R1\"", ""), Err("device-file-invalid"));
    let station = "station = \"02:00:00:00:00:2b\"";
    check((station, "station = \"03:00:00:00:00:2b\""), Err("device-file-invalid"));
    check((station, "station = \"00:00:00:00:00:00\""), Err("device-file-invalid"));
    check((station, "station = \"2b\""), Err("device-file-malformed"));
    let unknown = format!("protocol = \"nmrp\"\n{station}");
    check(("protocol = \"nmrp\"", &unknown), Err("device-file-invalid"));
    check(("board_ids = [\"acme,r1\"]", "board_ids = []"), Err("device-incomplete"));
    check(("baud = 115200", ""), Err("device-incomplete"));
    check(("erased = 0x00", ""), Err("device-incomplete"));
}

#[test]
fn facts_have_a_source() {
    let text = "schema = \"debrick.device/1\"\nid = \"x\"\nvendor = \"V\"\nmodel = \"M\"\n";
    assert_eq!(parse("x.toml", text).unwrap_err().code(), "device-file-invalid");
}

#[test]
fn what_is_missing_is_named() {
    let text = "schema = \"debrick.device/1\"\nid = \"x\"\nvendor = \"V\"\nmodel = \"M\"\nsource = \"s\"\n";
    let device = parse("x.toml", text).unwrap();
    assert_eq!(device.kind(), Kind::Router);
    let Err(CatalogError::Incomplete { missing, other_ways, .. }) = device.repairable() else {
        panic!("complete?")
    };
    assert!(missing.iter().any(|what| what == "the line rate of its console"), "{missing:?}");
    assert!(missing.iter().any(|what| what.contains("storage")), "{missing:?}");
    assert!(other_ways.is_empty());
    let error = find("tplink-archer-c7-v5").unwrap().repairable().unwrap_err();
    assert!(error.next_step().contains("devices show tplink-archer-c7-v5"), "{}", error.next_step());
}

#[test]
fn the_builtin_catalog_is_whole() {
    let devices = Catalog::builtin().all().unwrap();
    let count = |kind: fn(Kind) -> bool| devices.iter().filter(|device| kind(device.kind())).count();
    assert!(count(|kind| kind == Kind::Router) >= 2300);
    assert!(count(|kind| matches!(kind, Kind::Phone | Kind::Tablet)) >= 700);
    assert!(count(|kind| kind == Kind::Nas) >= 40);
    assert!(count(|kind| matches!(kind, Kind::Board | Kind::ChipFamily)) >= 100);
    assert!(devices.iter().all(|device| !device.source.is_empty()));
    let without_wires = |device: &&Device| {
        device.kind() == Kind::Router
            && device
                .method
                .iter()
                .any(|method| method.protocol.is_some_and(|protocol| protocol.needs_no_wires()))
    };
    assert!(devices.iter().filter(without_wires).count() >= 480);
    let with_keys = |device: &&Device| {
        matches!(device.kind(), Kind::Phone | Kind::Tablet)
            && device.method.iter().any(|method| method.entry.is_some() && !method.buttons.is_empty())
    };
    assert!(devices.iter().filter(with_keys).count() >= 700);
    assert_eq!(devices.len(), Catalog::builtin().count().unwrap());
    assert_eq!(find("acme-r9").unwrap_err().code(), "device-unknown");
}

#[test]
fn records_survive_json() {
    for id in ["acme-r1", "tplink-archer-c7-v5", "espressif-esp32"] {
        let device = find(id).unwrap();
        let json = serde_json::to_string(&device).unwrap();
        assert_eq!(serde_json::from_str::<Device>(&json).unwrap(), device, "{id}");
    }
}

/// What a session of the first days has kept of a device has to be readable for ever.
#[test]
fn the_record_of_an_old_session_is_read() {
    let old = include_str!("data/journalled-acme-r1.json");
    let read: Repairable = serde_json::from_str(old).unwrap();
    let mut now = find("acme-r1").unwrap().repairable().unwrap();
    // Families that it has joined since have sources of their own.
    assert!(now.source.starts_with(&read.source), "{}", now.source);
    now.source.clone_from(&read.source);
    assert_eq!(read, now);
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn lint(files: &[(&str, &str)]) -> LintReport {
    lint_folder(folder(files).path(), &|_| None).unwrap()
}

/// Checks that the only fault of a device with these further lines is this one, on this line.
#[track_caller]
fn lint_one(more: &str, line: usize, what: &str) {
    let head = "schema = \"debrick.device/1\"\nid = \"x\"\nkind = \"router\"\nvendor = \"V\"\nmodel = \"M\"\nsource = \"s\"\n";
    let report = lint(&[("x.toml", &format!("{head}{more}"))]);
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    assert_eq!(report.faults.len(), usize::from(!what.is_empty()), "{faults:?}");
    if let Some(fault) = report.faults.first() {
        assert!(fault.file.ends_with("x.toml") && !fault.why.is_empty());
        assert!(fault.what.contains(what), "{faults:?}");
        assert_eq!(fault.line, line, "{faults:?}");
    }
}

#[test]
fn faults_have_a_file_and_a_line() {
    lint_one("", 0, "");
    lint_one("modle = \"M\"\n", 7, "modle");
    lint_one("\n[console]\nbaud = 115201\n", 9, "115201 bits a second");
    lint_one("[console]\nbaud = \"fast\"\n", 8, "invalid type");
    lint_one("[console]\nvolts = 3300.0\n", 8, "3300 volts");
    lint_one("[console]\nboot_seconds = 60000\n", 8, "60000 seconds");
    lint_one("[firmware]\nlargest = 16\n", 8, "16 bytes");
    lint_one("checked = \"2026-11-21\"\n", 0, "");
    for day in ["2026-02-29", "2026-13-01", "2026-11-00", "21.11.2026", "2026-11-2", "2026-11-21 "] {
        lint_one(&format!("checked = \"{day}\"\n"), 7, "is no day");
    }
    lint_one("checked = \"2028-02-29\"\n", 0, "");
    let regions = |second: &str| {
        format!(
            "[[storage]]\nsize = 0x1000\nregions = [\n    {{ name = \"a\", offset = 0, size = 64, role = \"other\" }},\n    {second},\n]\n"
        )
    };
    lint_one(&regions("{ name = \"b\", offset = 64, size = 64, role = \"other\" }"), 0, "");
    lint_one(&regions("{ name = \"b\", offset = 63, size = 64, role = \"other\" }"), 9, "overlap");
    lint_one(&regions("{ name = \"b\", offset = 0xfff, size = 64, role = \"other\" }"), 9, "\"b\"");
    lint_one(&regions("{ name = \"b\", offset = 64, size = 64, role = \"othr\" }"), 11, "othr");
}

#[test]
fn methods_are_checked() {
    let method = |lines: &str| format!("[[method]]\nname = \"m\"\n{lines}\n");
    lint_one(&method("protocol = \"tftp-pull\"\nhost = \"192.168.0.66\""), 0, "");
    lint_one(&method("protocol = \"telepathy\""), 9, "telepathy");
    lint_one(&method("host = \"192.168.0.66\""), 7, "no protocol");
    lint_one(&method("protocol = \"tftp-pull\"\nhost = \"192.168.0.300\""), 10, "invalid");
    lint_one(&method("protocol = \"tftp-pull\"\nhost = \"192.168.0.255\""), 10, "192.168.0.255 cannot be");
    lint_one(&method("protocol = \"tftp-pull\"\nhost = \"127.0.0.1\""), 10, "127.0.0.1 cannot be");
    lint_one(
        &method("protocol = \"tftp-pull\"\nunit = \"192.168.0.1\"\nhost = \"192.168.1.2\""),
        11,
        "different networks",
    );
    lint_one(&method("protocol = \"tftp-pull\"\nload_address = 0x80000000"), 10, "tftp-pull does not know");
    lint_one(&method("protocol = \"uboot-console\"\ntransfer = \"ymodem\""), 7, "has no ram");
    lint_one(&method("protocol = \"edl\"\nusb = [\"5c6:9008\"]"), 10, "no USB identity");
    lint_one(&method("protocol = \"nmrp\"\nhold_seconds = 10000"), 10, "10000 seconds");
    lint_one(&method("protocol = \"nmrp\"\nentry = \"elsewhere\""), 10, "no procedure");
    let entry = "[[entry]]\nname = \"e\"\nsteps = [{ do = \"hold\" }, { do = \"release\" }]\n";
    lint_one(&method(&format!("protocol = \"nmrp\"\nentry = \"e\"\nbuttons = [\"reset\"]\n{entry}")), 0, "");
    lint_one(&method(&format!("protocol = \"nmrp\"\nentry = \"e\"\n{entry}")), 10, "does not say which");
    let entry = "[[entry]]\nname = \"e\"\nsteps = [\n    { do = \"release\", buttons = [\"reset\"] },\n]\n";
    lint_one(entry, 10, "were not held");
}

#[test]
fn families_are_checked() {
    let family = |id: &str, more: &str| {
        format!("schema = \"debrick.family/1\"\nid = \"{id}\"\nsource = \"s\"\n{more}\n")
    };
    let device = |more: &str| {
        format!(
            "schema = \"debrick.device/1\"\nid = \"x\"\nvendor = \"V\"\nmodel = \"M\"\nsource = \"s\"\n{more}\n"
        )
    };
    let whats = |files: &[(&str, &str)]| -> Vec<String> {
        lint(files).faults.into_iter().map(|fault| format!("{} {}", fault.line, fault.what)).collect()
    };
    let ring = [
        ("families/a.toml", family("a", "families = [\"b\"]")),
        ("families/b.toml", family("b", "families = [\"a\"]")),
    ];
    let ring: Vec<(&str, &str)> = ring.iter().map(|(name, text)| (*name, text.as_str())).collect();
    assert_eq!(
        whats(&ring),
        [
            "4 the families b > a > b build on each other in a circle",
            "4 the families a > b > a build on each other in a circle"
        ]
    );
    assert_eq!(whats(&[("x.toml", &device("families = [\"gone\"]"))]), ["6 there is no family \"gone\""]);
    // What a family gets wrong is told once, there, however many build on it.
    let wrong = family("f", "[[method]]\nname = \"m\"\nprotocol = \"nmrp\"\nhost = \"0.0.0.0\"");
    let files = [("families/f.toml", wrong.as_str()), ("x.toml", &device("families = [\"f\"]"))];
    assert_eq!(whats(&files), ["7 0.0.0.0 cannot be the address of a computer"]);
    let twice = device("");
    let found = whats(&[("a.toml", &twice), ("b.toml", &twice)]);
    assert!(found.len() == 1 && found[0].contains("another record with this id"), "{found:?}");
}

#[test]
fn what_is_written_by_hand_lies_over_what_was_imported() {
    let imported = "schema = \"debrick.device-list/1\"\n[[device]]\nid = \"x\"\nvendor = \"V\"\nmodel = \"M\"\nsource = \"i\"\nfamilies = [\"gone\"]\n";
    let by_hand = "schema = \"debrick.device/1\"\nid = \"x\"\nsource = \"h\"\n";
    // Only together do they name a vendor, and both stand on the family that is not there.
    let report = lint(&[("imported/v.toml", imported), ("devices/x.toml", by_hand)]);
    let whats: Vec<&str> = report.faults.iter().map(|fault| fault.what.as_str()).collect();
    assert_eq!(whats, ["there is no family \"gone\"", "there is no family \"gone\""]);
}

#[test]
fn what_a_record_is_without_has_to_be_there() {
    let imported = "schema = \"debrick.device-list/1\"\n[[device]]\nid = \"x\"\nvendor = \"V\"\nmodel = \"M\"\nsource = \"i\"\nmethod = [{ name = \"wrong\", protocol = \"nmrp\" }]\n";
    let whats = |more: &str| -> Vec<String> {
        let by_hand = format!("schema = \"debrick.device/1\"\nid = \"x\"\nsource = \"h\"\n{more}");
        let report = lint(&[("imported/v.toml", imported), ("devices/x.toml", &by_hand)]);
        report.faults.into_iter().map(|fault| format!("{} {}", fault.line, fault.what)).collect()
    };
    assert!(whats("without = [\"wrong\"]\n").is_empty());
    assert_eq!(whats("without = [\"wrnog\"]\n"), ["4 nothing below gives a method \"wrnog\""]);
    assert_eq!(
        whats("without = [\"wrong\"]\nmethod = [{ name = \"wrong\" }]\n"),
        ["4 the record has a method \"wrong\", and is without it", "5 method \"wrong\" has no protocol"]
    );
}

#[test]
fn only_a_device_written_by_hand_is_checked() {
    let checked = |schema: &str, open: &str| {
        format!(
            "schema = \"debrick.{schema}/1\"\n{open}id = \"x\"\nvendor = \"V\"\nmodel = \"M\"\nsource = \"s\"\nchecked = \"2026-11-21\"\n"
        )
    };
    let whats = |name: &str, text: String| -> Vec<String> {
        lint(&[(name, text.as_str())])
            .faults
            .into_iter()
            .map(|fault| format!("{} {}", fault.line, fault.what))
            .collect()
    };
    assert!(whats("devices/x.toml", checked("device", "")).is_empty());
    assert_eq!(
        whats("imported/v.toml", checked("device-list", "[[device]]\n")),
        ["7 an imported record says that it was checked by hand"]
    );
    assert_eq!(whats("families/x.toml", checked("family", "")), ["6 a family says that it was checked"]);
}

#[test]
fn a_users_folder_lies_over_the_program() {
    let more = "schema = \"debrick.device/1\"\nid = \"tplink-archer-c7-v5\"\nsource = \"my own unit\"\nvariant = \"v5 (mine)\"\n";
    let new = "schema = \"debrick.device-list/1\"\n[[device]]\nid = \"mine-1\"\nvendor = \"Quuxtronic\"\nmodel = \"Z9\"\nsource = \"s\"\nfamilies = [\"mine\"]\n";
    let family = "schema = \"debrick.family/1\"\nid = \"mine\"\nsource = \"s\"\nsoc = \"chip\"\n";
    let dir = folder(&[("c7.toml", more), ("new.toml", new), ("family.toml", family)]);
    let catalog = Catalog::builtin().with_folder(dir.path()).unwrap();
    assert!(catalog.faults().is_empty(), "{:?}", catalog.faults());
    let c7 = catalog.find("tplink-archer-c7-v5").unwrap();
    assert_eq!((c7.vendor.as_str(), c7.variant.as_deref()), ("TP-Link", Some("v5 (mine)")));
    assert!(c7.method.iter().any(|method| method.name == "tftp-pull"));
    assert_eq!(catalog.find("mine-1").unwrap().soc.as_deref(), Some("chip"));
    assert_eq!(catalog.search("quuxtronic z9", 1).unwrap()[0].id, "mine-1");
    assert_eq!(catalog.search("archer c7 v5 mine", 1).unwrap()[0].id, "tplink-archer-c7-v5");
    assert_eq!(catalog.count().unwrap(), Catalog::builtin().count().unwrap() + 1);
    assert_eq!(catalog.all().unwrap().len(), catalog.count().unwrap());
    assert!(Catalog::builtin().with_folder(Path::new("/nowhere/at/all")).is_ok());
}

/// What is wrong in a user's folder is told, with file and line, and everything else is there.
#[test]
fn a_broken_record_of_a_user_spoils_nothing_else() {
    let device = |id: &str, more: &str| {
        format!("[[device]]\nid = \"{id}\"\nvendor = \"V\"\nmodel = \"M {id}\"\nsource = \"s\"\n{more}\n")
    };
    let list = [
        "schema = \"debrick.device-list/1\"\n".to_owned(),
        device("mine-good", ""),
        device("mine-baud", "[device.console]\nbaud = 42"),
        device("mine-shape", "modle = 1"),
        device("mine-family", "families = [\"own-family\"]"),
    ];
    let family = "schema = \"debrick.family/1\"\nid = \"own-family\"\n";
    let hides = "schema = \"debrick.family/1\"\nid = \"router-recovery\"\nsource = \"s\"\nbad = 1\n";
    let dir = folder(&[
        ("list.toml", &list.concat()),
        ("own-family.toml", family),
        ("hides.toml", hides),
        ("acme-r1.toml", "schema = \"debrick.device/1\"\n[broken\n"),
        ("two.toml", "id = \"acme-x\"\n  id='netgear-r7000'\n=\n"),
    ]);
    let catalog = Catalog::builtin().with_folder(dir.path()).unwrap();
    let told: Vec<String> = catalog
        .faults()
        .iter()
        .map(|fault| {
            assert!(!fault.what.is_empty() && !fault.why.is_empty(), "{fault}");
            let file = Path::new(&fault.file).file_name().unwrap().to_string_lossy().into_owned();
            format!("{file}:{} {}", fault.line, fault.record)
        })
        .collect();
    let expected = [
        "acme-r1.toml:2 ",
        "hides.toml:4 router-recovery",
        "list.toml:14 mine-baud",
        "list.toml:20 mine-shape",
        "list.toml:26 mine-family",
        "own-family.toml:1 own-family",
        "two.toml:2 ",
    ];
    assert_eq!(told, expected);
    assert_eq!(catalog.find("mine-good").unwrap().model, "M mine-good");
    for id in ["mine-baud", "mine-shape", "mine-family", "acme-r1", "netgear-r7000", "tplink-archer-c7-v5"] {
        assert_eq!(catalog.find(id).unwrap_err().code(), "device-own-record-broken", "{id}");
    }
    // What none of it is about is used, and found.
    assert_eq!(catalog.find("espressif-esp32").unwrap(), find("espressif-esp32").unwrap());
    assert_eq!(catalog.search("archer c7 v5", 1).unwrap()[0].id, "tplink-archer-c7-v5");
    let all = catalog.all().unwrap();
    assert!(all.iter().any(|device| device.id == "mine-good"));
    assert!(!all.iter().any(|device| ["mine-baud", "acme-r1", "tplink-archer-c7-v5"].contains(&&*device.id)));
    assert!(all.len() > 2000, "{}", all.len());
}

#[test]
fn procedures_take_what_the_method_says() {
    let device = find("tplink-archer-c7-v5").unwrap();
    let method = device.method.iter().find(|method| method.name == "tftp-pull").unwrap();
    let entry = device.entry.iter().find(|entry| Some(&entry.name) == method.entry.as_ref()).unwrap();
    let words: Vec<String> = entry.steps_for(method).iter().map(|step| step.in_words(method)).collect();
    assert!(words.contains(&"Hold reset.".to_owned()), "{words:?}");
    assert!(
        words.contains(&"Wait until the unit asks for the file ArcherC7v5_tp_recovery.bin.".to_owned()),
        "{words:?}"
    );
}

#[test]
fn the_catalog_stays_small() {
    let size = Catalog::builtin().packed_size();
    assert!(size < 2 << 20, "{size} bytes");
}
