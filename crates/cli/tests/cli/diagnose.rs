//! `debrick diagnose` and `debrick explain`: from logs to causes, and from ids to what they mean.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixListener;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::program::Place;

const DAMAGED: &str = "\
U-Boot 2020.10 (Jan 01 2021 - 00:00:00 +0000)

Hit any key to stop autoboot:  0
## Loading kernel from FIT Image at 44000000 ...
   Verifying Hash Integrity ... sha256 error!
Bad hash value for 'hash-1' hash node in 'kernel-1' image node
Bad Data Hash
ERROR: can't get kernel image!
=>
";

fn json(stdout: &str) -> Value {
    serde_json::from_str(stdout.trim()).unwrap()
}

#[test]
fn a_log_is_judged_for_people_and_for_programs() {
    let place = Place::new();
    let log = place.file("boot.log", DAMAGED);
    let run = place.run(&["diagnose", "--log", &log]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for text in ["image-corrupt", "boot.log:6: Bad hash value", "What to do", "debrick explain image-corrupt"]
    {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
    let said = json(&place.run(&["--json", "diagnose", "--log", &log]).stdout);
    assert_eq!(said["schema"], "debrick.diagnosis/1");
    assert_eq!(said["state"], "bootloader-only");
    let first = &said["findings"][0];
    assert_eq!(first["cause"], "image-corrupt");
    assert_eq!((&first["evidence"][0]["file"], &first["evidence"][0]["line"]), (&log.into(), &6.into()));
    assert_ne!(said["actions"][0]["action"], "restore-bootloader");
    assert!(!said["actions"][0]["why"].as_str().unwrap().is_empty());
    assert!(said["timeline"][0]["name"].is_string() && said["next_evidence"].is_array());
}

#[test]
fn people_are_understood_in_their_own_words_and_guesses_are_called_guesses() {
    let place = Place::new();
    let told = "my router's power light blinks red after I updated the firmware and power went out";
    let run = place.run(&["diagnose", "--symptom", told]);
    assert!(run.stdout.starts_with("An update was interrupted half way."), "{}", run.stdout);
    assert!(run.stdout.contains("The power went away"), "{}", run.stdout);

    let run = place.run(&["diagnose", "--symptom", "Well, it is as it is."]);
    for text in ["This cannot be told for sure. Perhaps: ", "To be led by questions: debrick diagnose\n"] {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }

    // A log that ends early shows no fault, and does not show that all is well.
    let log = place.file("early.log", "U-Boot 2021.01 (Jan 01 2021 - 00:00:00 +0000)\n\nDRAM:  ");
    let run = place.run(&["diagnose", "--log", &log]);
    assert!(
        run.stdout
            .starts_with("This shows no fault, as far as it goes; whether the unit works, it does not tell."),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("\nPerhaps: The unit starts and works."), "{}", run.stdout);
}

#[test]
fn evidence_comes_from_a_pipe_too_and_may_be_anything() {
    let place = Place::new();
    let mut child = place
        .command(&["--json", "diagnose", "--log", "-", "--symptom", "nothing but a red light"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let garbage: Vec<u8> =
        (0..100_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    child.stdin.take().unwrap().write_all(&garbage).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 11)), "{output:?}");
    assert_eq!(json(std::str::from_utf8(&output.stdout).unwrap())["schema"], "debrick.diagnosis/1");
    let empty = place.file("empty.log", "");
    let run = place.run(&["--json", "diagnose", "--log", &empty, "--tool-output", &empty]);
    assert_eq!(run.code, Some(11), "{}", run.stderr);
    let said = json(&run.stdout);
    assert_eq!(said["findings"][0]["cause"], "unknown");
    assert!(!said["next_evidence"].as_array().unwrap().is_empty());
}

#[test]
fn a_huge_log_is_read_at_both_ends() {
    let place = Place::new();
    let mut log = "[    1.000000] a line that says nothing\n".repeat(500_000);
    log.push_str(DAMAGED);
    let at = log.lines().position(|line| line.starts_with("Bad hash value")).unwrap() + 1;
    let log = place.file("long.log", log);
    let run = place.run(&["--json", "diagnose", "--log", &log]);
    assert!(run.stderr.contains("its first 4 and its last 8 MiB were read"), "{}", run.stderr);
    let first = &json(&run.stdout)["findings"][0];
    assert_eq!((&first["cause"], &first["evidence"][0]["line"]), (&"image-corrupt".into(), &at.into()));
    assert!(run.peak_kib < 64 << 10, "{} KiB", run.peak_kib);
}

#[test]
fn what_cannot_be_read_is_refused() {
    let place = Place::new();
    place.refuses(&["diagnose"], 2, "usage");
    place.refuses(&["diagnose", "--log", "no-such.log"], 1, "file-unusable");
    place.refuses(&["diagnose", "--log", "."], 1, "file-unusable");
}

#[test]
fn without_a_log_a_few_answers_tell() {
    let place = Place::new();
    let answers = place.file(
        "answers.toml",
        "before = \"nothing\"\nlights = \"none\"\npower = \"better\"\nheat = \"dont-know\"\n",
    );
    let run = place.run(&["--json", "diagnose", "--answers", &answers]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let said = json(&run.stdout);
    assert_eq!((&said["schema"], &said["state"]), (&"debrick.diagnosis/1".into(), &"no-power".into()));
    assert_eq!(said["findings"][0]["cause"], "power-fault");
    assert_eq!(said["actions"][0]["action"], "fix-power");
    let nothing = place.file("nothing.toml", "");
    let run = place.run(&["--json", "diagnose", "--answers", &nothing]);
    assert_eq!(run.code, Some(11), "{}", run.stderr);
    assert_eq!(json(&run.stdout)["findings"][0]["cause"], "unknown");
    for wrong in ["lights = \"purple\"", "colour = \"red\"", "lights = 3", "["] {
        let wrong = place.file("wrong.toml", wrong);
        place.refuses(&["diagnose", "--answers", &wrong], 1, "answers-malformed");
    }
}

#[test]
fn a_console_is_watched_stage_by_stage() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("console")).unwrap();
    let unit = std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        for line in DAMAGED.lines() {
            client.write_all(format!("{line}\r\n").as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(60));
        }
        // Whoever watches must not talk.
        client.shutdown(Shutdown::Write).unwrap();
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).unwrap();
        heard
    });
    let console = format!("unix:{}", place.path("console").display());
    let run = place.run(&["--json", "watch-console", &console, "--save", "said.log"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let lines: Vec<Value> = run.stdout.lines().map(json).collect();
    assert_eq!((&lines[0]["schema"], &lines[0]["stage"]), (&"debrick.watch/1".into(), &"u-boot".into()));
    assert!(
        lines.iter().any(|line| line["event"] == "cause" && line["cause"] == "image-corrupt"),
        "{lines:?}"
    );
    assert_eq!(lines.last().unwrap()["schema"], "debrick.diagnosis/1");
    assert_eq!(unit.join().unwrap(), b"");
    assert_eq!(std::fs::read_to_string(place.path("said.log")).unwrap().replace('\r', ""), DAMAGED);
    place.refuses(&["watch-console", "unix:/no/such/socket", "--seconds", "1"], 1, "link-not-found");
}

#[test]
fn ids_are_explained() {
    let place = Place::new();
    let run = place.run(&["explain", "image-incomplete"]);
    assert_eq!(run.code, Some(0));
    assert!(run.stdout.contains("What not to do: Do not switch"), "{}", run.stdout);
    let page = &json(&place.run(&["--json", "explain", "link-busy"]).stdout)["pages"][0];
    assert_eq!((&page["kind"], &page["id"]), (&"error".into(), &"link-busy".into()));
    assert!(page["do"].is_string() && page["why"].is_null());
    assert!(place.run(&["explain"]).stdout.contains("fix-power"));
    let error = place.refuses(&["explain", "image-corupt"], 2, "usage");
    assert!(error["choices"].to_string().contains("image-corrupt"), "{error}");
}

/// Diagnoses a file whatever is in it: there is an answer, in time, and within bounds of memory.
#[track_caller]
fn answers(place: &Place, log: &str) -> (Value, String) {
    let run = place.run(&["--json", "diagnose", "--log", log]);
    assert!(matches!(run.code, Some(0 | 11)), "{:?} {}", run.code, run.stderr);
    assert!(run.took < Duration::from_secs(30), "{:?}", run.took);
    assert!(run.peak_kib < 96 << 10, "{} KiB", run.peak_kib);
    (json(&run.stdout), run.stderr)
}

fn cause(said: &Value) -> &str {
    said["findings"][0]["cause"].as_str().unwrap()
}

#[test]
fn two_gigabytes_of_nothing_are_read_at_both_ends() {
    let place = Place::new();
    for (name, size) in [("two.log", 2 << 30), ("hundred.log", 100_u64 << 30)] {
        let path = place.file(name, "");
        let mut file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_len(size).unwrap();
        std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0)).unwrap();
        file.write_all(format!("\n{DAMAGED}").as_bytes()).unwrap();
        drop(file);
        let (said, remark) = answers(&place, &path);
        assert_eq!(cause(&said), "image-corrupt", "{said}");
        assert!(remark.contains("is large: its first 4 and its last 8 MiB were read"), "{remark}");
        let line = said["findings"][0]["evidence"][0]["line"].as_u64().unwrap();
        assert_eq!(line, 0, "lines behind what was not read have no number");
        assert!(remark.contains("Lines behind them are not numbered"), "{remark}");
    }
}

#[test]
fn what_is_no_log_is_no_reason_to_give_up() {
    let place = Place::new();
    let noise: Vec<u8> =
        (0..3_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    let (said, _) = answers(&place, &place.file("noise.bin", &noise));
    assert!(matches!(cause(&said), "link-fault" | "unknown"), "{said}");

    let (said, _) = answers(&place, &place.file("endless.log", "x".repeat(40 << 20)));
    assert_eq!(cause(&said), "unknown", "{said}");

    let cut = &DAMAGED[..DAMAGED.find("ERROR").unwrap() + 9];
    let (said, _) = answers(&place, &place.file("cut.log", cut));
    assert_eq!(cause(&said), "image-corrupt", "it ends in the middle of a line: {said}");

    let mut invalid = b"\xFF\xFE\xC3\x28 \xF0\x28\x8C\x28 ".repeat(20);
    invalid.extend(DAMAGED.as_bytes());
    invalid.extend(b"\xE2\x82");
    let (said, _) = answers(&place, &place.file("invalid.log", invalid));
    assert_eq!(cause(&said), "image-corrupt", "{said}");
}

#[test]
fn logs_of_two_units_in_one_are_judged_and_not_mixed_up() {
    let place = Place::new();
    let other =
        "[    0.000000] Linux version 5.15.0\n[    9.120000] procd: - init complete -\n\nroot@OpenWrt:/# \n";
    let lines = DAMAGED.lines().zip(other.lines().cycle());
    let mixed: String = lines.map(|(one, two)| format!("{one}\n{two}\n")).collect();
    let (said, _) = answers(&place, &place.file("mixed.log", mixed));
    let causes: Vec<&str> =
        said["findings"].as_array().unwrap().iter().map(|f| f["cause"].as_str().unwrap()).collect();
    assert!(
        causes.contains(&"image-corrupt"),
        "what speaks for it is told, whatever stands first: {causes:?}"
    );
    let one = place.file("one.log", DAMAGED);
    let two = place.file("two.log", other);
    let said = json(&place.run(&["--json", "diagnose", "--log", &one, "--log", &two]).stdout);
    let files: Vec<&str> = said["findings"][0]["evidence"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["file"].as_str().unwrap())
        .collect();
    assert!(files.iter().all(|file| *file == one || *file == two) && !files.is_empty(), "{said}");
}

#[test]
fn nothing_said_at_all_is_unknown() {
    let place = Place::new();
    let empty = place.file("empty", "");
    let blank = place.file("blank", " \n\t\n");
    for arguments in [
        &["--log", &empty][..],
        &["--tool-output", &blank],
        &["--symptom", ""],
        &["--log", &blank, "--tool-output", &empty, "--symptom", " "],
    ] {
        let run = place.run(&[&["--json", "diagnose"], arguments].concat());
        assert_eq!(run.code, Some(11), "{arguments:?} {}", run.stderr);
        let said = json(&run.stdout);
        assert_eq!(cause(&said), "unknown", "{arguments:?} {said}");
        assert!(!said["next_evidence"].as_array().unwrap().is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_device_makes_it_specific() {
    let place = Place::new();
    let log = place.file("boot.log", DAMAGED);
    let run = place.run(&["diagnose", "--log", &log, "--device", "netgear-r7800"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    for text in
        ["For this device:", "by nmrp", "Switch it on", "Stop when:", "Who can help:", "netgear.com/support"]
    {
        assert!(run.stdout.contains(text), "{text}: {}", run.stdout);
    }
    let said = json(&place.run(&["--json", "diagnose", "--log", &log, "--device", "acme-r1"]).stdout);
    assert_eq!((&said["schema"], cause(&said)), (&"debrick.diagnosis/1".into(), "image-corrupt"));
    let device = &said["device"];
    assert_eq!((&device["id"], &device["kind"]), (&"acme-r1".into(), &"router".into()));
    assert!(device["console"].as_str().unwrap().contains("115200"), "{device}");
    assert!(
        device["how"].as_array().unwrap().iter().any(|how| how["protocol"] == "uboot-console"),
        "{device}"
    );
    assert!(!device["help"].as_array().unwrap().is_empty());

    let error = place.refuses(&["diagnose", "--log", &log, "--device", "netgear-r780"], 1, "device-unknown");
    assert!(error["choices"].to_string().contains("netgear-r7800"), "{error}");
    let error = place.refuses(&["diagnose", "--log", &log, "--family", "netgear"], 1, "family-unknown");
    assert!(error["choices"].to_string().contains("netgear-nmrp"), "{error}");
}

#[test]
fn what_a_device_cannot_have_weighs_less() {
    let place = Place::new();
    let log = place
        .file("tool.txt", "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n");
    let likelihood = |more: &[&str]| {
        let said = json(&place.run(&[&["--json", "diagnose", "--log", &log], more].concat()).stdout);
        let findings = said["findings"].as_array().unwrap().clone();
        let found = findings.iter().find(|finding| finding["cause"] == "rootfs-missing");
        found.map_or(0.0, |finding| finding["likelihood"].as_f64().unwrap())
    };
    let (anything, router) = (likelihood(&[]), likelihood(&["--family", "router-recovery"]));
    let microcontroller = likelihood(&["--family", "stm32-rom"]);
    assert!(anything > 0.3 && router > 0.3, "{anything} {router}");
    assert!(microcontroller < 0.5 * anything, "{microcontroller} {anything}");
}

#[test]
fn a_device_says_what_its_lights_mean() {
    let place = Place::new();
    let symptom = ["--json", "diagnose", "--symptom", "the power LED is blinking"];
    let alone = json(&place.run(&symptom).stdout);
    let known = json(&place.run(&[&symptom[..], &["--family", "netgear-nmrp"]].concat()).stdout);
    assert!(alone["device"].is_null());
    assert_eq!(known["device"]["lights"][0]["means"], "the bootloader waits for firmware", "{known}");
    let steady = json(
        &place
            .run(&["--json", "diagnose", "--symptom", "the power LED is on", "--family", "netgear-nmrp"])
            .stdout,
    );
    assert_eq!(steady["device"]["lights"].as_array().unwrap().len(), 0);
    let text = place.run(&["diagnose", "--symptom", "power blinks", "--family", "netgear-nmrp"]).stdout;
    assert!(text.contains("Its power light blinks: the bootloader waits for firmware"), "{text}");
}
