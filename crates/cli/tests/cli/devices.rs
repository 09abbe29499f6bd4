//! `debrick devices`: the catalog for people and programs, and a user's own records on top of it.

use serde_json::Value;

use crate::program::Place;

fn json(place: &Place, arguments: &[&str]) -> Value {
    let run = place.run(&[&["--json"], arguments].concat());
    assert_eq!(run.code, Some(0), "{arguments:?}: {}{}", run.stdout, run.stderr);
    serde_json::from_str(run.stdout.trim()).unwrap()
}

#[test]
fn a_label_finds_its_device() {
    let place = Place::new();
    let found = json(&place, &["devices", "search", "Archer C7 V5.0 EU"]);
    assert_eq!(found["schema"], "debrick.devices/1");
    let first = &found["results"][0];
    assert_eq!((&first["id"], &first["vendor"]), (&"tplink-archer-c7-v5".into(), &"TP-Link".into()));
    assert_eq!((&first["model"], &first["variant"]), (&"Archer C7".into(), &"v5".into()));
    let scores: Vec<f64> =
        found["results"].as_array().unwrap().iter().map(|hit| hit["score"].as_f64().unwrap()).collect();
    assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]) && scores.len() > 1, "{scores:?}");
    // Words may come as one argument or as several.
    let several = json(&place, &["devices", "search", "netgaer", "r7000", "--limit", "1"]);
    assert_eq!(several["results"].as_array().unwrap().len(), 1);
    assert_eq!(several["results"][0]["id"], "netgear-r7000");
    let run = place.run(&["devices", "search", "netgaer r7000"]);
    assert!(run.stdout.starts_with("netgear-r7000"), "{}", run.stdout);
    let none = place.run(&["devices", "search", "qqqqqq zzzzzz"]);
    assert_eq!((none.code, none.stdout.as_str()), (Some(0), ""));
    assert!(none.stderr.contains("docs/add-a-device.md"), "{}", none.stderr);
    assert_eq!(json(&place, &["devices", "search", "qqqqqq zzzzzz"])["results"], serde_json::json!([]));
}

#[test]
fn a_device_is_shown_with_its_way_in() {
    let place = Place::new();
    let run = place.run(&["devices", "show", "tplink-archer-c7-v5"]);
    for text in [
        "ArcherC7v5_tp_recovery.bin",
        "Hold reset.",
        "never lose it",
        "Stop when",
        "openwrt commit 8471944325",
    ] {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
    let shown = json(&place, &["devices", "show", "tplink-archer-c7-v5"]);
    assert_eq!(shown["schema"], "debrick.device-record/1");
    assert_eq!(shown["device"]["method"][0]["protocol"], "tftp-pull");
    assert_eq!(shown["console_repair"]["complete"], false);
    let complete = json(&place, &["devices", "show", "acme-r1"]);
    assert_eq!(complete["console_repair"]["complete"], true);
    let error = place.refuses(&["devices", "show", "tplink-archer-c7-v55"], 1, "device-unknown");
    assert!(error["choices"].to_string().contains("tplink-archer-c7-v5"), "{error}");
}

#[test]
fn a_whole_name_is_as_good_as_an_id() {
    let place = Place::new();
    for name in ["Archer C7 v5", "tp-link  ARCHER-C7 V5", "tplink-archer-c7-v5"] {
        assert_eq!(json(&place, &["devices", "show", name])["device"]["id"], "tplink-archer-c7-v5", "{name}");
    }
    // Half a name is none, however much it is like one.
    for name in ["Archer C7", "Archer C7 v5 v4", "Archer"] {
        place.refuses(&["devices", "show", name], 1, "device-unknown");
    }
    let error = place.refuses(&["rescue", "Archer C7 v5"], 1, "device-incomplete");
    assert!(error["choices"].to_string().contains("--lan INTERFACE"), "{error}");
    place.refuses(&["rescue", "Archer C7 v5", "--device", "acme-r1"], 2, "usage");
}

#[test]
fn what_is_known_is_counted() {
    let place = Place::new();
    let counted = json(&place, &["devices", "coverage"]);
    assert_eq!(counted["schema"], "debrick.devices-coverage/1");
    assert!(counted["kinds"]["router"]["devices"].as_u64().unwrap() >= 2300);
    assert_eq!(counted["kinds"]["router"]["devices"], counted["kinds"]["router"]["source"]);
    assert!(counted["families"]["router-recovery"].as_u64().unwrap() >= 480);
    assert!(counted["protocols"]["fastboot"].as_u64().unwrap() >= 500);
    assert_eq!(counted["status"]["flash"]["lab"], 1);
    assert!(place.run(&["devices", "coverage"]).stdout.contains("chip-family"));
}

#[test]
fn faults_are_told_with_file_line_and_reason() {
    let place = Place::new();
    let head = "schema = \"debrick.device/1\"\nid = \"x\"\nvendor = \"V\"\nmodel = \"M\"\nsource = \"s\"\n";
    let good = place.file("good.toml", head);
    let run = place.run(&["devices", "lint", &good]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{}", run.stderr);
    let bad =
        place.file("bad.toml", format!("{head}families = [\"router-recovery\"]\n\n[console]\nbaud = 42\n"));
    let run = place.run(&["devices", "lint", &bad]);
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains("bad.toml:9: x: 42 bits a second is no line rate ("), "{}", run.stdout);
    let run = place.run(&["--json", "devices", "lint", &bad]);
    let told: Value = serde_json::from_str(run.stdout.trim()).unwrap();
    assert_eq!(told["schema"], "debrick.devices-lint/1");
    assert_eq!((&told["faults"][0]["line"], &told["faults"][0]["id"]), (&9.into(), &"x".into()));
    place.refuses(&["devices", "lint", "/nowhere/at/all"], 1, "device-file-unreadable");
    assert_eq!(place.run(&["devices", "lint"]).code, Some(0));
}

#[test]
fn own_records_lie_on_top() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("state/devices")).unwrap();
    let own = "schema = \"debrick.device/1\"\nid = \"mine\"\nvendor = \"Quuxtronic\"\nmodel = \"Z9\"\nsource = \"s\"\n";
    std::fs::write(place.path("state/devices/mine.toml"), own).unwrap();
    assert_eq!(json(&place, &["devices", "search", "quuxtronic z9"])["results"][0]["id"], "mine");
    let error =
        place.refuses(&["rescue", "--device", "mine", "--console", "/dev/null"], 1, "device-incomplete");
    assert!(error["what"].as_str().unwrap().contains("line rate"), "{error}");
}

/// A record of one's own that is wrong is told by every command, and stops only what would use it.
#[test]
fn a_broken_record_of_ones_own_is_left_out() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("state/devices")).unwrap();
    let own = "schema = \"debrick.device/1\"\nid = \"acme-r1\"\nsauce = \"s\"\n";
    std::fs::write(place.path("state/devices/acme-r1.toml"), own).unwrap();
    for arguments in [
        &["devices", "search", "archer c7 v5"][..],
        &["devices", "show", "tplink-archer-c7-v5"],
        &["devices", "coverage"],
        &["plan", "tplink-archer-c7-v5"],
    ] {
        let run = place.run(arguments);
        assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.starts_with("warning: ") && run.stderr.lines().count() == 1, "{}", run.stderr);
        assert!(run.stderr.contains("acme-r1.toml:3: acme-r1: unknown field `sauce`"), "{}", run.stderr);
    }
    for arguments in [
        &["devices", "show", "acme-r1"][..],
        &["plan", "acme-r1"],
        &["doctor", "--for", "acme-r1"],
        &["rescue", "--device", "acme-r1", "--console", "/dev/null"],
        &["backup", "--device", "acme-r1", "--console", "/dev/null"],
    ] {
        let error = place.refuses(arguments, 1, "device-own-record-broken");
        assert!(error["what"].as_str().unwrap().contains("acme-r1.toml:3"), "{error}");
    }
    assert_eq!(place.run(&["devices", "lint"]).code, Some(1));
    let doctor = place.run(&["doctor"]).stdout;
    assert!(
        doctor.contains("notice  There are faults in your own device records, the first at "),
        "{doctor}"
    );
    std::fs::write(place.path("state/devices/acme-r1.toml"), "[[[").unwrap();
    place.refuses(&["plan", "acme-r1"], 1, "device-own-record-broken");
    assert_eq!(place.run(&["plan", "tplink-archer-c7-v5"]).code, Some(0));
}
