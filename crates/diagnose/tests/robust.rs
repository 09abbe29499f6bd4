//! Whatever the text, there is an answer, soon, and it is bounded.
#![allow(clippy::disallowed_methods, reason = "the clock of this computer is what bounds the time of a test")]

use std::time::{Duration, Instant};

use debrick_diagnose::{Case, Evidence, StorageSurvey, diagnose, diagnose_case, known_rules};
use debrick_model::{Action, EvidenceKind};
use proptest::prelude::*;

/// What takes this long hangs; how fast it is, `cargo xtask bench diagnose` measures.
const TOO_LONG: Duration = Duration::from_secs(15);

fn log(text: String) -> Evidence {
    Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text }
}

fn check_answer(evidence: &[Evidence]) {
    let diagnosis = diagnose(evidence);
    assert!(!diagnosis.findings.is_empty());
    assert!(diagnosis.findings.len() <= 9 && diagnosis.actions.len() <= 5 && diagnosis.timeline.len() <= 200);
    for finding in &diagnosis.findings {
        assert!((0.0..=1.0).contains(&finding.likelihood));
        assert!(finding.evidence.iter().all(|line| line.text.chars().count() <= 400));
    }
    for stage in &diagnosis.timeline {
        assert!(stage.first_line >= 1 && stage.first_line <= stage.last_line);
    }
}

#[test]
fn a_long_log_does_not_hang_it() {
    let boot = "U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\r\nStarting kernel ...\r\n[    0.000000] Linux version 6.1\r\n";
    let line = "[    0.437815] pci 0000:00:01.0: BAR 4 [mem 0x10004000-0x10007fff 64bit pref]\r\n";
    let attempt = format!(
        "{boot}{}SQUASHFS error: xz decompression failed, data probably corrupt\r\n",
        line.repeat(500)
    );
    let text = attempt.repeat(10_000_000 / attempt.len() + 1);
    let evidence = [log(text)];
    let start = Instant::now();
    check_answer(&evidence);
    assert!(start.elapsed() < TOO_LONG, "{:?}", start.elapsed());
}

#[test]
fn hostile_texts() {
    let texts = [
        "\u{1b}[".repeat(1_000_000),
        "\u{8}".repeat(1_000_000),
        "x".repeat(5_000_000),
        "=> ".repeat(300_000),
        "\n".repeat(1_000_000),
        "U-Boot SPL 2021.07\n".repeat(100_000),
        "Bad Data CRC ".repeat(100_000),
        "error: failed ".repeat(100_000),
        "probe of ".repeat(100_000),
        "[[[[<<<<[1[2".into(),
        "## Booting é\u{301}\u{0}Architecture: ".into(),
        "Data Size: 99999999999999999999 Bytes\n 18446744073709551615 bytes read: OK\nData Size: 18446744073709551615".into(),
        "Loading Device Tree to \nArchitecture:\nImage Type: \n".into(),
    ];
    for text in texts {
        let start = Instant::now();
        check_answer(&[log(text)]);
        assert!(start.elapsed() < TOO_LONG, "{:?}", start.elapsed());
    }
}

/// Lines that rules know, in any order.
fn lines() -> impl Strategy<Value = String> {
    let samples: Vec<&'static str> = known_rules().map(|rule| rule.sample).collect();
    let known = prop::sample::select(samples).prop_map(str::to_owned);
    let stages = prop::sample::select(vec![
        "U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)",
        "U-Boot SPL 2021.07 (Feb 28 2022 - 06:39:32 +0000)",
        "Hit any key to stop autoboot:  0",
        "Starting kernel ...",
        "[    0.000000] Linux version 6.1",
        "Run /init as init process",
        "/ # ",
        "=> ",
    ]);
    let line = prop_oneof![known, stages.prop_map(str::to_owned), ".{0,40}"];
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn never_panics(text in any::<String>(), lines in lines(), kind in 0_usize..4) {
        use EvidenceKind::{SerialLog, Sighting, Symptom, ToolOutput};
        let kind = [SerialLog, ToolOutput, Symptom, Sighting][kind];
        let of = |text| Evidence { kind, name: "any".into(), text };
        check_answer(&[of(text), of(lines)]);
    }

    #[test]
    fn surveys_never_panic(counts in prop::array::uniform6(any::<u64>()), known: bool, tail: Option<u64>, old: Option<u64>) {
        let [block_size, blocks, equal, equal_prefix, different, blank] = counts;
        let survey = StorageSurvey {
            name: "survey".into(), block_size, declared_size: None, blocks, image_known: known, equal, equal_prefix,
            different, blank, blank_tail_from: tail, equal_to_previous: old,
        };
        diagnose_case(&Case { surveys: &[survey], ..Case::default() });
    }

    /// A living boot loader is not overwritten on the word of one line.
    #[test]
    fn one_line_never_restores_a_boot_loader_that_speaks(line in prop::sample::select(
        known_rules().filter(|rule| rule.id.starts_with("uboot-") || rule.id.starts_with("kernel-")).map(|rule| rule.sample).collect::<Vec<_>>()
    )) {
        let text = format!("U-Boot 2023.01 (Jun 22 2026 - 08:38:07 +0000)\nHit any key to stop autoboot:  0\n{line}\n");
        let first = diagnose(&[log(text)]).actions.first().map(|proposed| proposed.action);
        prop_assert!(first != Some(Action::RestoreBootloader), "{line}");
    }
}
