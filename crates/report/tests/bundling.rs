//! Sessions packed for somebody who is to help.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod support;

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use debrick_model::{
    Answer, Coded, Digest, Effect, Ending, EventBody, EvidenceKind, Request, RequestKind, Step,
};
use debrick_report::{Guidance, Redaction, Report, bundle};
use debrick_vault::Vault;
use sha2::Digest as _;
use support::{AT_MS, HOSTILE, Session, opened};

const PASSPHRASE: &str = "Correct-Horse-99";

struct Packed {
    _dir: tempfile::TempDir,
    vault: Vault,
    id: String,
}

fn session(log: &[u8]) -> Packed {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let record = vault.put_bytes(b"{}").unwrap();
    let mut session = Session::new("");
    let EventBody::SessionOpened { session: name, program, device, ports, .. } = opened(record) else {
        panic!()
    };
    session.add(EventBody::SessionOpened {
        session: name,
        program,
        device,
        ports,
        record,
        image_name: None,
        image: None,
    });
    let backup = vault.put_bytes(b"BACKUP-CONTENT").unwrap();
    let artifact = vault.put_bytes(log).unwrap();
    session.step(
        Step::FirstBoot,
        vec![EventBody::EvidenceStored {
            kind: EvidenceKind::SerialLog,
            name: "../boot log.txt".into(),
            artifact,
        }],
    );
    session.add(EventBody::BackedUp {
        region: "settings".into(),
        offset: 0,
        size: 14,
        artifact: backup,
        readings: 2,
    });
    session.add(EventBody::Asked {
        request: Request {
            id: "wifi-password".into(),
            text: "What is the Wi-Fi password?".into(),
            kind: RequestKind::Question { choices: Vec::new() },
        },
    });
    session.add(EventBody::Answered {
        request: "wifi-password".into(),
        answer: Answer::Text(PASSPHRASE.into()),
        sensed: false,
    });
    session.add(EventBody::Intent {
        effect: Effect::SetEnvironment { variables: vec![("wifi_psk".into(), PASSPHRASE.into())] },
    });
    session.add(EventBody::Noted { text: format!("{HOSTILE} typed {PASSPHRASE}") });
    session.add(EventBody::SessionClosed {
        ending: Ending::StoppedSafely,
        summary: vec![format!("It knows {PASSPHRASE}.")],
        version: None,
        next_step: None,
    });
    let id = session.store(&vault);
    Packed { _dir: dir, vault, id }
}

fn pack(packed: &Packed) -> Vec<u8> {
    let mut out = Vec::new();
    bundle(&packed.vault, &packed.id, Redaction::default(), &Guidance::default(), &mut out).unwrap();
    out
}

fn unpack(bytes: &[u8]) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().mtime().unwrap(), AT_MS / 1000);
        assert_eq!(entry.header().mode().unwrap(), 0o644);
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        (name.strip_prefix("debrick-20261121-031522-7f3a/").unwrap().to_owned(), text)
    });
    entries.collect()
}

#[test]
fn everything_is_in_it_and_no_secret() {
    let log = format!(
        "boot\r\nlan ethaddr=00:11:22:33:44:55\nwpa_psk={PASSPHRASE}\necho {PASSPHRASE}\n\x1b[31mred\n"
    );
    let packed = session(log.as_bytes());
    let files = unpack(&pack(&packed));
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "evidence/00003-_boot_log.txt",
            "journal.jsonl",
            "manifest.json",
            "report.html",
            "report.json",
            "report.md",
            "summary.txt"
        ]
    );
    for (name, text) in &files {
        assert!(!text.contains(PASSPHRASE) && !text.contains("BACKUP-CONTENT"), "{name}");
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{name}");
    }
    assert_eq!(
        files["evidence/00003-_boot_log.txt"],
        "boot\nlan ethaddr=00:11:22:xx:xx:xx\nwpa_psk=[redacted]\necho [redacted]\n␛[31mred\n"
    );
    assert!(files["report.html"].contains("echo [redacted]"), "the excerpt is redacted, too");
    assert!(files["summary.txt"].lines().all(|line| line.chars().count() <= 90));

    let lines: Vec<serde_json::Value> =
        files["journal.jsonl"].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let entries = packed.vault.read_session_as_found(&packed.id).unwrap();
    assert_eq!(lines.len(), entries.len());
    for (line, entry) in lines.iter().zip(&entries) {
        assert_eq!(line["hash"], entry.hash.to_hex());
        assert_eq!(line["event"]["event"], entry.event.body.name());
    }
}

#[test]
fn the_manifest_fits_the_members() {
    let packed = session(b"hello\n");
    let files = unpack(&pack(&packed));
    let manifest: serde_json::Value = serde_json::from_str(&files["manifest.json"]).unwrap();
    assert_eq!(manifest["schema"], "debrick.bundle/1");
    assert_eq!(manifest["journal"]["intact"], true);
    let members = manifest["members"].as_array().unwrap();
    assert_eq!(members.len() + 1, files.len());
    for member in members {
        let text = &files[member["name"].as_str().unwrap()];
        assert_eq!(member["size"], text.len());
        assert_eq!(member["sha256"], Digest::new(sha2::Sha256::digest(text).into()).to_hex());
    }
}

#[test]
fn the_same_session_gives_the_same_bytes() {
    let packed = session(b"hello\n");
    assert_eq!(pack(&packed), pack(&packed));
}

#[test]
fn long_logs_are_cut_between_lines_and_damaged_ones_stay_out() {
    let line = "psk=Another-Secret-77 and the rest of a long line of console text\n";
    let packed = session(line.repeat(66_000).as_bytes());
    let mut out = Vec::new();
    let summary =
        bundle(&packed.vault, &packed.id, Redaction::default(), &Guidance::default(), &mut out).unwrap();
    assert_eq!(summary.left_out.len(), 1);
    let text = &unpack(&out)["evidence/00003-_boot_log.txt"];
    assert!(text.len() < 5 << 20 && text.contains("bytes are left out here]"));
    assert!(!text.contains("Secret"));

    let packed = session(b"fine\n");
    let report = Report::from_vault(&packed.vault, &packed.id).unwrap();
    assert_eq!(report.excerpt.unwrap().lines, ["fine"]);
    let log = report.evidence[0].artifact;
    std::fs::write(packed.vault.artifact_path(log), "evil\n").unwrap();
    let report = Report::from_vault(&packed.vault, &packed.id).unwrap();
    assert!(report.excerpt.is_none() && !report.chain.is_intact());
    let summary =
        bundle(&packed.vault, &packed.id, Redaction::default(), &Guidance::default(), &mut Vec::new())
            .unwrap();
    assert_eq!(summary.left_out[0].because, "The stored file is missing or damaged.");
}

#[test]
fn failures_have_codes() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let packed = session(b"x\n");
    let failed = |id: &str| {
        bundle(&packed.vault, id, Redaction::default(), &Guidance::default(), &mut Full).unwrap_err()
    };
    assert_eq!(failed(&packed.id).code(), "bundle-disk-full");
    assert_eq!(failed("20200101-000000-0000").code(), "journal-no-such-session");
}
