//! Sessions told as HTML, Markdown and JSON. The expected texts are in `tests/golden`; a test that finds another one
//! leaves it beside them with the ending `.new`.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod support;

use std::path::Path;

use debrick_model::{Ending, EventBody, Step};
use debrick_report::{Report, Tone, html, json, markdown};
use debrick_vault::{Fault, FaultKind};
use support::{HOSTILE, Session, hostile, interrupted, refused, repaired};

fn report(session: &Session) -> Report {
    let mut report = Report::from_events(&session.id, &session.events, &session.chain());
    if let Some(evidence) = report.first_boot_log().cloned() {
        let log = "U-Boot 2024.01\nStarting kernel ...\n[    0.000000] Linux version 6.6\n";
        report.attach_log(&evidence, log, false);
    }
    report
}

#[track_caller]
fn check_golden(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if found != expected {
        let new = path.with_file_name(format!("{name}.new"));
        std::fs::write(&new, found).unwrap();
        panic!("{name} is not as expected: compare it with {}", new.display());
    }
}

#[test]
fn a_repair() {
    let report = report(&repaired());
    check_golden("repaired.html", &html::render(&report));
    check_golden("repaired.md", &markdown::render(&report));
    check_golden("repaired.json", &json::render(&report));
}

#[test]
fn a_refusal() {
    check_golden("refused.md", &markdown::render(&report(&refused())));
}

#[test]
fn an_interruption() {
    check_golden("interrupted.md", &markdown::render(&report(&interrupted())));
}

#[test]
fn the_first_screen_answers_four_questions() {
    let told = report(&repaired()).headline;
    assert_eq!((told.tone, told.title.as_str()), (Tone::Good, "Repaired"));
    assert_eq!(
        told.wrong,
        ["The bootloader runs; the system does not start.", "The firmware on the unit is damaged."]
    );
    assert!(told.done.contains(
        &"The part \u{201c}firmware\u{201d} was written: 448 KiB had to be changed, 6.8 MiB were right already.".to_owned()
    ));
    assert!(told.now.contains(&"It starts by itself in 43 s and says it is version 2.4.1.".to_owned()));
    assert_eq!(told.next, ["Use it as before. Keep this report."]);

    let told = report(&refused()).headline;
    assert_eq!(told.tone, Tone::Attention);
    assert_eq!(told.done, ["Nothing was written to the unit."]);
    assert_eq!(told.now, ["The unit is as it was."]);
    assert_eq!(told.next, ["Fetch the firmware for the Acme R1."]);

    let told = report(&interrupted()).headline;
    assert_eq!(told.title, "Not finished");
    assert!(told.done.iter().any(|line| line.contains("not recorded that it was finished")), "{told:?}");
    assert_eq!(told.next, ["Go on with: debrick resume 20261121-031522-7f3a"]);
}

#[test]
fn every_ending_has_words() {
    for ending in [
        Ending::Repaired,
        Ending::NothingNeeded,
        Ending::Done,
        Ending::StoppedSafely,
        Ending::NeedsOperator,
        Ending::RefusedByGate,
        Ending::FailedRestoreOffered,
        Ending::Cancelled,
    ] {
        let mut session = interrupted();
        session.add(EventBody::SessionClosed { ending, summary: Vec::new(), version: None, next_step: None });
        let headline = report(&session).headline;
        for lines in [&headline.wrong, &headline.done, &headline.now, &headline.next] {
            assert!(
                !lines.is_empty() && lines.iter().all(|line| line.ends_with('.') || line.contains("debrick"))
            );
        }
    }
}

#[test]
fn a_session_that_goes_on_has_not_ended() {
    let mut session = refused();
    session.add(EventBody::SessionResumed { program: "0.1.0".into(), after_seq: 9 });
    let told = report(&session);
    assert_eq!((told.ending, told.resumed, told.next_step), (None, 1, None));
}

#[test]
fn nothing_is_enough_for_a_report() {
    let session = Session::new("20261121-031522-7f3a");
    let told = report(&session);
    assert_eq!(told.headline.title, "Not finished");
    assert!(html::render(&told).contains("Not finished"));
    assert!(markdown::render(&told).contains("Not finished"));
    // Nor does the order matter for it to be told.
    let mut session = repaired();
    session.events.reverse();
    html::render(&report(&session));
    session.events.retain(|event| event.body.name() != "step-started");
    html::render(&report(&session));
}

#[test]
fn a_damaged_record_is_not_good_news() {
    let session = repaired();
    let mut chain = session.chain();
    chain.faults.push(Fault {
        seq: Some(4),
        kind: FaultKind::LinkBroken,
        what: "entry 4 was changed".into(),
    });
    let told = Report::from_events(&session.id, &session.events, &chain);
    assert_eq!(told.headline.tone, Tone::Attention);
    assert!(html::render(&told).contains("entry 4 was changed"));
    assert!(markdown::render(&told).contains("Event 4: entry 4 was changed"));
}

#[test]
fn hostile_text_breaks_nothing() {
    let mut told = report(&hostile());
    let evidence = told.first_boot_log().cloned().unwrap();
    told.attach_log(&evidence, &format!("{HOSTILE}\n{}", "x".repeat(5000)), true);
    let harmless = |text: &str| {
        text.chars().all(|c| {
            c == '\n'
                || !(c.is_control()
                    || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}'))
        })
    };

    let page = html::render(&told);
    assert!(harmless(&page));
    for bad in ["<script", "<img", "onerror=alert(1)>", "href="] {
        assert_eq!(page.matches(bad).count(), 0, "{bad}");
    }
    assert_eq!(page.matches("<pre").count(), page.matches("</pre>").count());
    assert_eq!(
        tags(&page),
        tags(&html::render(&with_plain_texts(&told))),
        "the same page as with plain texts"
    );

    let text = markdown::render(&told);
    assert!(harmless(&text));
    let outside = text.split("````").step_by(2).collect::<String>();
    assert!(outside.contains("\\<script\\>") && !outside.replace("\\<", "").contains('<'));
    assert!(!outside.contains("\n# not") && !outside.contains("\n<"));
    let plain = markdown::render(&with_plain_texts(&told));
    assert_eq!(text.lines().count(), plain.lines().count());

    let value = json::render(&told);
    assert!(harmless(&value));
    assert_eq!(serde_json::from_str::<Report>(&value).unwrap(), told);
}

/// The names of the tags of a page, in order.
fn tags(page: &str) -> Vec<String> {
    page.split('<').skip(1).map(|rest| rest.split([' ', '>']).next().unwrap_or("").to_owned()).collect()
}

fn with_plain_texts(report: &Report) -> Report {
    let hostile = serde_json::to_string(HOSTILE).unwrap();
    let json = serde_json::to_string(report).unwrap();
    let mut plain: Report = serde_json::from_str(&json.replace(hostile.trim_matches('"'), "plain")).unwrap();
    // A log's lines are cut and split, so that they are not found as a whole.
    plain.excerpt.iter_mut().flat_map(|excerpt| &mut excerpt.lines).for_each(|line| *line = "plain".into());
    plain
}

#[test]
fn the_page_needs_nothing_else() {
    let page = html::render(&report(&repaired()));
    for outside in ["http:", "https:", "src=", "url(", "@import", "<link", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("lang=\"en\"") && page.contains("name=\"viewport\""));
    assert!(page.contains("prefers-color-scheme: dark"));
    // A technician finds every digest.
    for byte in 1..=7 {
        assert!(page.contains(&support::digest(byte).to_hex()), "{byte}");
    }
}

#[test]
fn the_log_of_the_first_start_is_preferred() {
    let told = report(&repaired());
    assert_eq!(told.first_boot_log().unwrap().name, "first-boot.log");
    assert_eq!(told.excerpt.unwrap().step, Some(Step::FirstBoot));
    let mut told = report(&repaired());
    let evidence = told.first_boot_log().cloned().unwrap();
    told.attach_log(&evidence, &"line\n".repeat(100), false);
    let excerpt = told.excerpt.unwrap();
    assert_eq!((excerpt.lines.len(), excerpt.shortened), (60, true));
}
