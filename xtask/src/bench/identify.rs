//! `debrick identify`: how often logs of known origin are given their device, and how long a large log takes.
//!
//! A folder of cases holds JSON files with `evidence[].text` and `device`, the name that a person gave the unit. Not every
//! log says what it is from; those whose text has the name in it are counted apart.

use std::path::Path;
use std::time::{Duration, Instant};

use debrick_catalog::{Catalog, Recogniser};
use debrick_diagnose::observe;
use debrick_model::{Certainty, Observation, Property, Recognition, Sighting};
use serde_json::Value;

use super::{Row, text};

/// The log whose time is measured.
const LARGE_LOG: usize = 50 << 20;
const ALLOWED: Duration = Duration::from_millis(1500);
const LEAST_NAMED: f64 = 0.95;

/// A shorter model says something only together with its maker.
const SHORTEST_MODEL: usize = 4;

/// The largest case that is read, in bytes.
const LARGEST_CASE: u64 = 16 << 20;

pub(super) fn measure(cases: Option<&Path>, mismatches: bool) -> Result<Vec<Row>, String> {
    let recogniser = Recogniser::new(&Catalog::builtin()).map_err(text)?;
    let mut rows = vec![time(&recogniser), own_names(&recogniser, mismatches)?];
    if let Some(folder) = cases {
        rows.extend(accuracy(&recogniser, folder, mismatches)?);
    }
    Ok(rows)
}

/// Whether every record that firmware has a name for is known by that name and its label.
fn own_names(recogniser: &Recogniser, mismatches: bool) -> Result<Row, String> {
    let (mut known, mut open, mut wrong) = (0, 0, 0);
    for device in Catalog::builtin().all().map_err(text)? {
        let Some(board) = device.board_ids.first() else { continue };
        let claims =
            [(Property::BoardId, board.clone(), "firmware"), (Property::Model, device.title(), "operator")];
        let observations = claims.map(|(property, value, witness)| {
            let observation =
                Observation { property, value, source: "its record".into(), witness: witness.into() };
            Sighting { observation, input: "record".into(), line: None }
        });
        let recognition = recogniser.recognise(observations.to_vec());
        match (recognition.certainty, recognition.device.as_deref()) {
            (Certainty::Known, Some(id)) if id == device.id => known += 1,
            (Certainty::Known, _) => {
                wrong += 1;
                println!("{}: known as {:?}", device.id, recognition.device);
            }
            (certainty, _) => {
                open += 1;
                if mismatches {
                    println!("{}: {certainty:?}, {} candidates", device.id, recognition.candidates.len());
                }
            }
        }
    }
    Ok(Row {
        what: "identify: records by board id and label".into(),
        measured: format!("{known} known, {open} left open, {wrong} taken for another"),
        required: "0 for another",
        ok: Some(wrong == 0),
    })
}

/// How long the observations of a large log of ordinary lines take.
fn time(recogniser: &Recogniser) -> Row {
    let mut log = Vec::with_capacity(LARGE_LOG + 4096);
    let mut number = 0_u64;
    while log.len() < LARGE_LOG {
        let line = format!(
            "[{:5}.{:06}] usb 1-1: new high-speed USB device number {number} using xhci_hcd, model: unknown\r\n",
            number / 1000,
            number % 1_000_000
        );
        log.extend_from_slice(line.as_bytes());
        number += 1;
    }
    log.extend_from_slice(b"[99999.000000] Hardware name: D-Link DIR-645 (DT)\r\n");
    let began = Instant::now();
    let recognition = recogniser.recognise(observe("large", &log, &recogniser.ready_texts()));
    let took = began.elapsed();
    let is_found = recognition.device.as_deref() == Some("dlink-dir-645");
    Row {
        what: "identify: a log of 50 MiB".into(),
        measured: format!(
            "{:.2} s, the device is {}",
            took.as_secs_f64(),
            if is_found { "found" } else { "missed" }
        ),
        required: "about 1 s",
        ok: Some(is_found && took < ALLOWED),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Right,
    Wrong,
    Unknown,
}

/// Verdicts on one kind of case.
#[derive(Debug, Default)]
struct Count {
    right: usize,
    wrong: usize,
    unknown: usize,
}

impl Count {
    fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Right => self.right += 1,
            Verdict::Wrong => self.wrong += 1,
            Verdict::Unknown => self.unknown += 1,
        }
    }

    fn all(&self) -> usize {
        self.right + self.wrong + self.unknown
    }

    fn in_words(&self) -> String {
        format!("{} right, {} wrong, {} unknown of {}", self.right, self.wrong, self.unknown, self.all())
    }
}

fn accuracy(recogniser: &Recogniser, folder: &Path, mismatches: bool) -> Result<Vec<Row>, String> {
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let (mut stated, mut others, mut wrong_known) = (Count::default(), Count::default(), 0);
    for path in paths {
        if std::fs::metadata(&path).map_err(text)?.len() > LARGEST_CASE {
            return Err(format!("{}: larger than any case is", path.display()));
        }
        let case: Value =
            serde_json::from_str(&std::fs::read_to_string(&path).map_err(text)?).map_err(text)?;
        let Some(truth) = case["device"].as_str() else { continue };
        let evidence: Vec<&str> = case["evidence"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|item| item["text"].as_str())
            .collect();
        let mut observations = Vec::new();
        for (index, log) in evidence.iter().enumerate() {
            let input = format!("evidence {}", index + 1);
            observations.extend(observe(&input, log.as_bytes(), &recogniser.ready_texts()));
            observations.extend(recogniser.mentions(&input, log.as_bytes()));
        }
        let recognition = recogniser.recognise(observations);
        let answer = answer(&recognition);
        let verdict = answer.as_deref().map_or(Verdict::Unknown, |answer| judge(answer, truth));
        let is_stated = is_stated(truth, &evidence.join("\n"));
        wrong_known += usize::from(verdict == Verdict::Wrong && recognition.certainty == Certainty::Known);
        if is_stated {
            stated.add(verdict)
        } else {
            others.add(verdict)
        }
        if mismatches && (verdict == Verdict::Wrong || is_stated && verdict == Verdict::Unknown) {
            let id = case["id"].as_str().unwrap_or_default();
            println!("{id}: {:?} instead of {truth:?}", answer.unwrap_or_default());
        }
    }
    let share = stated.right as f64 / stated.all().max(1) as f64;
    Ok(vec![
        Row {
            what: "identify: cases that state their device".into(),
            measured: stated.in_words(),
            required: ">= 95 % right",
            ok: Some(share >= LEAST_NAMED),
        },
        Row {
            what: "identify: cases that do not".into(),
            measured: others.in_words(),
            required: "0 wrong",
            ok: Some(others.wrong == 0),
        },
        Row {
            what: "identify: wrong, and called known".into(),
            measured: wrong_known.to_string(),
            required: "0",
            ok: Some(wrong_known == 0),
        },
    ])
}

/// The name that the program gives the unit, if it gives one.
fn answer(recognition: &Recognition) -> Option<String> {
    if recognition.certainty == Certainty::Contradicted {
        return None;
    }
    let candidates = || recognition.candidates.iter().filter(|one| one.contradicting.is_empty());
    if matches!(recognition.certainty, Certainty::Known | Certainty::Likely) {
        return candidates().next().map(|one| one.title.clone());
    }
    // The name of a board without its maker is that of a design, which many devices share.
    let is_name = |index: &usize| {
        let seen = &recognition.observations[*index].observation;
        seen.property != Property::BoardId || seen.value.contains(',')
    };
    let stated = recognition.stated.iter().find(|one| one.observations.iter().any(is_name))?;
    Some(format!("{} {}", stated.vendor.as_deref().unwrap_or_default(), stated.model))
}

/// Whether an answer names the device: all of the model's words are in it, or it has nothing that the truth has not.
fn judge(answer: &str, truth: &str) -> Verdict {
    let model = model_of(truth);
    let (flat_answer, flat_truth) = (flat(answer), flat(truth));
    let has_model = !model.is_empty() && model.iter().all(|word| flat_answer.contains(word.as_str()));
    let revisions =
        |name: &str| -> Vec<String> { words(name).into_iter().filter(|word| is_revision(word)).collect() };
    let (said, is) = (revisions(answer), revisions(truth));
    let is_other_revision = !said.is_empty() && !is.is_empty() && said != is;
    if !is_other_revision && (has_model || flat_truth.contains(&flat_answer)) {
        Verdict::Right
    } else {
        Verdict::Wrong
    }
}

/// Whether the words of the model stand in a text. Two or three letters mean no device by themselves.
fn is_stated(truth: &str, text: &str) -> bool {
    let (model, text) = (model_of(truth), words(text));
    model.concat().len() >= SHORTEST_MODEL && model.iter().all(|word| text.contains(word))
}

/// The words of a name that say the model: not its maker, what stands in brackets, or its revision.
fn model_of(truth: &str) -> Vec<String> {
    let main = truth.split(" (").next().unwrap_or(truth);
    let all: Vec<String> = words(main).into_iter().filter(|word| !is_revision(word)).collect();
    all.get(usize::from(all.len() > 1)..).unwrap_or_default().to_vec()
}

fn is_revision(word: &str) -> bool {
    word.strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Words in lower case; hyphens and underscores do not part them.
fn words(text: &str) -> Vec<String> {
    let joined = text.to_lowercase().replace(['-', '_'], "");
    joined
        .split(|symbol: char| !symbol.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

fn flat(text: &str) -> String {
    words(text).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(answer: &str, truth: &str, expected: Verdict) {
        assert_eq!(judge(answer, truth), expected, "{answer:?} for {truth:?}");
    }

    #[test]
    fn names_are_compared_by_their_words() {
        check("CZ.NIC Turris Mox", "Turris MOX", Verdict::Right);
        check("TP-Link TL-WR841N", "TP-Link TL-WR841N v9", Verdict::Right);
        check("TP-Link TL-WR841N v8", "TP-Link TL-WR841N v9", Verdict::Wrong);
        check("TP-Link TL-WR842N", "TP-Link TL-WR841N v9", Verdict::Wrong);
    }

    #[test]
    fn a_text_states_a_device_by_the_words_of_its_model() {
        assert!(is_stated("D-Link DIR-645", "MIPS: machine is D-Link DIR-645"));
        assert!(!is_stated("D-Link DIR-645", "MIPS: machine is D-Link DIR-6450"));
        assert!(!is_stated("Asus Nexus 7 (2012)", "code 7"));
        assert!(!is_stated("Realme C21", "the C21 did not start"));
    }
}
