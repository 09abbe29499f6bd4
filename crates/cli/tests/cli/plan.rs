//! `debrick plan` and `debrick doctor --for`: what it takes to recover a device, before anything begins.

use serde_json::Value;

use crate::program::Place;

fn plan(id: &str) -> Value {
    let run = Place::new().run(&["--json", "plan", id]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    serde_json::from_str(run.stdout.trim()).unwrap()
}

fn texts(value: &Value) -> String {
    let items = value.as_array().unwrap().iter();
    items
        .map(|item| item["what"].as_str().or(item["does"].as_str()).unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn what_the_program_does_by_itself() {
    let plan = plan("acme-r1");
    assert_eq!((&plan["schema"], &plan["done_by"]), (&"debrick.plan/1".into(), &"program".into()));
    assert_eq!(plan["kept"], serde_json::json!(["boot", "factory", "settings"]));
    assert_eq!(plan["tried"], "lab");
    assert!(!plan["written"].to_string().contains("factory"));
    assert!(texts(&plan["needs"]).contains("115200 bits a second"));
    assert!(plan["minutes_at_least"].as_u64().unwrap() >= 4);
    // The steps stand in the order of a repair, and what is written comes after the backup.
    let order: Vec<&str> =
        plan["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    let place = |step: &str| order.iter().position(|found| *found == step).unwrap();
    assert!(place("identify") < place("backup") && place("backup") < place("flash"));
    assert!(place("flash") < place("first-boot"));
}

#[test]
fn what_the_program_does_through_a_door() {
    let plan = plan("tplink-archer-c7-v5");
    assert_eq!((&plan["done_by"], &plan["protocol"]), (&"program".into(), &"tftp-pull".into()));
    assert_eq!(plan["tried"], "simulated");
    let needs = texts(&plan["needs"]);
    assert!(needs.contains("192.168.0.66") && needs.contains("ArcherC7v5_tp_recovery.bin"), "{needs}");
    let steps = texts(&plan["steps"]);
    assert!(steps.contains("waive the backup"), "{steps}");
    assert_eq!(plan["kept"], serde_json::json!([]));
    assert!(steps.contains("Hold reset"), "{steps}");
    let run = Place::new().run(&["plan", "tplink-archer-c7-v5"]);
    assert!(
        run.stdout.contains("debrick rescue --lan INTERFACE --device tplink-archer-c7-v5"),
        "{}",
        run.stdout
    );
    let unknown = Place::new().run(&["plan", "tplink-archer-c7v5"]);
    assert_ne!(unknown.code, Some(0));
    assert!(unknown.stderr.contains("tplink-archer-c7-v5"), "{}", unknown.stderr);
}

#[test]
fn what_the_program_does_with_a_page() {
    let plan = plan("dlink-dir-882-a1");
    assert_eq!((&plan["done_by"], &plan["protocol"]), (&"program".into(), &"http-upload".into()));
    let steps = texts(&plan["steps"]);
    assert!(steps.contains("Look whether its page can be opened"), "{steps}");
    assert!(steps.contains("what its bootloader's page says"), "{steps}");
    // A page over TLS is for a browser.
    assert_ne!(self::plan("dlink-dir-x1860-b1")["done_by"], "program");
}

/// Every record of the catalog has a plan, and none of them promises what the program cannot do.
#[test]
fn every_kind_of_device_has_a_plan() {
    for id in
        ["google-oriole", "synology-ds213j", "espressif-esp32", "buffalo-wzr-600dhp", "samsung-beyond1lte"]
    {
        let plan = plan(id);
        assert_ne!(plan["done_by"], "program", "{id}");
        if plan["done_by"] == "person" {
            assert!(texts(&plan["steps"]).contains("Hand the file over"), "{id}");
        }
    }
}

#[test]
fn an_upload_that_waits_comes_before_the_power() {
    let plan = plan("buffalo-wzr-hp-ag300h");
    assert_eq!(plan["done_by"], "program");
    let steps = texts(&plan["steps"]);
    let place = |text: &str| steps.find(text).unwrap_or_else(|| panic!("no {text:?} in {steps}"));
    assert!(place("through a switch") < place("whether the unit is off"), "{steps}");
    assert!(place("whether the unit is off") < place("you switch the unit on meanwhile"), "{steps}");
    assert!(!steps.contains("arp -s") && !steps.contains("curl"), "the program does that: {steps}");
}

#[test]
fn what_this_computer_lacks_for_a_device() {
    let place = Place::new();
    let run = place.run(&["--json", "doctor", "--for", "tplink-archer-c7-v5"]);
    let said: Value = serde_json::from_str(run.stdout.trim()).unwrap();
    let of = |check: &str| {
        let findings = said["findings"].as_array().unwrap().iter();
        findings.filter(|finding| finding["check"] == check).cloned().collect::<Vec<_>>()
    };
    let address = of("for-address");
    assert!(address[0]["says"].as_str().unwrap().contains("192.168.0.66"), "{address:?}");
    assert!(address[0]["mend"].as_str().unwrap().starts_with("sudo ip address add 192.168.0.66/24"));
    assert_eq!(of("for-tool").len(), 1);
    let without = place.run(&["--json", "doctor"]);
    assert!(!without.stdout.contains("for-tool"));
    let unknown = place.run(&["doctor", "--for", "no-such-device"]);
    assert_ne!(unknown.code, Some(0));
}
