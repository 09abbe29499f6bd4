//! Headers of router vendors, each around a small image that the test builds: recognised whatever bit of the header is
//! damaged, and damage of the contents shown where the format has a check for it.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod avm;
mod broadcom;
mod buffalo;
mod dlink;
mod edimax;
mod enciphered;
mod samples;
mod signed;
mod small;
#[path = "../support/mod.rs"]
mod support;
mod zyxel;

use debrick_model::Verdict;
use samples::{Case, KnownBy, join, trx, uimage};
use support::{facts, failures, flipped, noise};

fn cases() -> Vec<Case> {
    let mut cases = dlink::cameo();
    cases.push(dlink::jboot());
    cases.extend(buffalo::buffalo());
    cases.extend(edimax::edimax());
    cases.extend(edimax::belkin_and_elecom());
    cases.extend(dlink::dlink());
    cases.extend(small::nec_and_iptime());
    cases.extend(small::small_makers());
    cases.extend(small::amit_and_aruba());
    cases.extend(avm::avm());
    cases.extend(broadcom::broadcom());
    cases.extend(enciphered::enciphered());
    cases.extend(signed::signed());
    cases.extend(zyxel::zyxel());
    cases
}

fn format(bytes: &[u8]) -> Option<String> {
    facts(bytes).format
}

/// Fails with all that was noted, each with the case that it is about.
#[track_caller]
fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[test]
fn intact_images_are_recognised_and_pass() {
    let mut complaints = Vec::new();
    for case in cases() {
        let found = facts(&case.image);
        let failed = failures(&case.image);
        let is_right = found.format.as_deref() == Some(case.id)
            && found.integrity.verdict == case.verdict
            && failed.is_empty()
            && found.warnings.is_empty();
        if !is_right {
            complaints.push(format!("{}: {found:#?}", case.id));
        }
    }
    none(complaints);
}

#[test]
fn what_a_header_says_is_told() {
    let mut complaints = Vec::new();
    for case in cases() {
        let Some(told) = case.told else { continue };
        let found = facts(&case.image);
        let boards: Vec<&str> = found.board_ids.iter().map(String::as_str).collect();
        let found = (found.vendor.as_deref(), found.model.as_deref(), found.version.as_deref(), &boards[..]);
        if found != (told.0, told.1, told.2, told.3) {
            complaints.push(format!("{}: {found:?} instead of {told:?}", case.id));
        }
    }
    none(complaints);
}

#[test]
fn the_check_that_covers_a_byte_fails() {
    let mut complaints = Vec::new();
    for case in cases() {
        for (at, check) in &case.covered {
            let failed = failures(&flipped(&case.image, *at));
            if !failed.iter().any(|name| name.contains(check)) {
                complaints.push(format!("{} at {at}: {check} is not in {failed:?}", case.id));
            }
        }
    }
    none(complaints);
}

#[test]
fn what_was_cut_short_never_passes() {
    let mut complaints = Vec::new();
    for case in cases() {
        let whole = case.image.len();
        for len in (case.header..whole).step_by(89).chain([whole - 2, whole - 1]) {
            let verdict = facts(&case.image[..len]).integrity.verdict;
            // The sound contents of what is known by its end only are sound without it.
            let is_content = case.known_by != KnownBy::Header && len + 64 > whole;
            let is_padding = case.image[len..].iter().all(|byte| matches!(byte, 0 | 0xff | b'\r' | b'\n'));
            if verdict == Verdict::Pass && !is_content && !is_padding {
                complaints.push(format!("{}: {len} of {whole} bytes", case.id));
            }
        }
    }
    none(complaints);
}

#[test]
fn a_missing_last_block_is_noticed() {
    let found = facts(&small::amit_without_end());
    assert_eq!(found.format.as_deref(), Some("amit-bin"));
    assert!(found.warnings.iter().any(|warning| warning.contains("missing")), "{:?}", found.warnings);
}

#[test]
fn one_damaged_bit_of_the_header_hides_nothing() {
    let mut hidden = Vec::new();
    for case in cases() {
        for at in (0..case.header).step_by(case.header / 256 + 1) {
            let bit = at * 5 % 8;
            let mut damaged = case.image.clone();
            damaged[at] ^= 1 << bit;
            let found = format(&damaged);
            if found.as_deref() != Some(case.id) {
                hidden.push(format!("{}: byte {at} bit {bit}: {found:?}", case.id));
            }
        }
    }
    assert_eq!(hidden, [""; 0]);
}

#[test]
fn damage_behind_the_header_shows() {
    let mut complaints = Vec::new();
    for case in cases() {
        let covered = facts(&case.image).coverage;
        let mut check = |what: &str, bytes: &[u8], is_known: bool, may_warn: bool| {
            let found = facts(bytes);
            let warns = may_warn && (!found.warnings.is_empty() || found.coverage != covered);
            let is_right = (found.format.as_deref() == Some(case.id)) == is_known
                && (warns || found.integrity.verdict == Verdict::Fail);
            if !is_right {
                complaints.push(format!("{} {what}: {:?} {:?}", case.id, found.format, found.integrity));
            }
        };
        let len = case.image.len();
        if case.verdict == Verdict::Pass {
            let damaged = flipped(&case.image, len * 5 / 8);
            check("with a flipped bit", &damaged, case.known_by != KnownBy::Soundness, false);
        }
        check("cut off", &case.image[..len * 6 / 10], case.known_by == KnownBy::Header, false);
        let longer = join(&[&case.image, &noise(1337, 5)]);
        check("with bytes behind it", &longer, case.known_by != KnownBy::Soundness, true);
    }
    none(complaints);
}

#[test]
fn no_length_of_the_header_is_too_short() {
    for case in cases() {
        (0..=case.header).for_each(|len| drop(facts(&case.image[..len])));
    }
}

#[test]
fn nothing_else_is_taken_for_one_of_these() {
    let ours: Vec<&str> = cases().iter().map(|case| case.id).collect();
    let others = [
        vec![0; 5000],
        vec![0xff; 5000],
        b"The quick brown fox jumps over the lazy dog.\n".repeat(100),
        uimage(),
        trx(),
    ];
    for bytes in others.into_iter().chain((1..40).map(|seed| noise(3000, seed))) {
        let found = format(&bytes);
        assert!(!found.as_deref().is_some_and(|id| ours.contains(&id)), "{found:?}");
    }
}
