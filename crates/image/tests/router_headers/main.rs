//! Headers of router vendors, each around a small image that the test builds: recognised whatever bit of the header is
//! damaged, and damage of the contents shown where the format has a check for it.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod buffalo;
mod dlink;
mod edimax;
mod samples;
mod small;
#[path = "../support/mod.rs"]
mod support;

use debrick_model::Verdict;
use samples::{Case, join, trx, uimage};
use support::{facts, failures, noise};

fn cases() -> Vec<Case> {
    let mut cases = dlink::cameo();
    cases.push(dlink::jboot());
    cases.extend(buffalo::buffalo());
    cases.extend(edimax::edimax());
    cases.extend(edimax::belkin_and_elecom());
    cases.extend(dlink::dlink());
    cases.extend(small::nec_and_iptime());
    cases.extend(small::small_makers());
    cases
}

fn format(bytes: &[u8]) -> Option<String> {
    facts(bytes).format
}

#[test]
fn intact_images_are_recognised_and_pass() {
    for case in cases() {
        let found = facts(&case.image);
        assert_eq!(found.format.as_deref(), Some(case.id), "{:?}", found.containers);
        assert_eq!(failures(&case.image), [""; 0], "{}", case.id);
        assert_eq!(found.warnings, [""; 0], "{}", case.id);
        assert_eq!(found.integrity.verdict, Verdict::Pass, "{}", case.id);
    }
}

#[test]
fn one_damaged_bit_of_the_header_hides_nothing() {
    let mut hidden = Vec::new();
    for case in cases() {
        for at in 0..case.header {
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
    for case in cases() {
        let mut damaged = case.image.clone();
        damaged[case.image.len() * 5 / 8] ^= 0x20;
        assert_eq!(format(&damaged).as_deref(), Some(case.id));
        assert!(!failures(&damaged).is_empty(), "{}", case.id);
        let cut = &case.image[..case.image.len() * 6 / 10];
        assert_eq!(format(cut).as_deref(), Some(case.id));
        assert!(!failures(cut).is_empty(), "{} cut off", case.id);
        let longer = join(&[&case.image, &noise(1337, 5)]);
        let found = facts(&longer);
        assert_eq!(found.format.as_deref(), Some(case.id));
        let told = !found.warnings.is_empty() || found.integrity.verdict == Verdict::Fail;
        assert!(told, "{} with bytes behind it", case.id);
    }
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
