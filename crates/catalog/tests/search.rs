//! The search, on texts as people type them.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

use debrick_catalog::Catalog;

/// Ids and texts; those that people type, and those that `cargo xtask bench labels` makes.
fn list(text: &'static str) -> Vec<(&'static str, &'static str)> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t')).collect()
}

#[track_caller]
fn check(list: &[(&str, &str)], least: f64) {
    let catalog = Catalog::builtin();
    let mut wrong = Vec::new();
    for (id, text) in list {
        let hits = catalog.search(text, 3).unwrap();
        if hits.first().is_none_or(|hit| hit.id != *id) {
            let found: Vec<&str> = hits.iter().map(|hit| hit.id.as_str()).collect();
            wrong.push(format!("{text:?}: {found:?} instead of {id}"));
        }
    }
    let share = 1.0 - wrong.len() as f64 / list.len() as f64;
    assert!(share >= least, "{share:.3} are right:\n{}", wrong.join("\n"));
}

#[test]
fn noisy_labels_find_their_device() {
    let list = list(include_str!("data/labels.tsv"));
    assert_eq!(list.len(), 300);
    check(&list, 0.98);
}

#[test]
fn what_people_type_finds_their_device() {
    let list = list(include_str!("data/typed.tsv"));
    assert!(list.len() >= 60);
    check(&list, 0.98);
}

#[test]
fn nothing_is_found_where_nothing_is_alike() {
    let catalog = Catalog::builtin();
    for text in ["", "   ", "???", "qqqqqqqq zzzzzzzzz", "\u{0}\u{1b}[2J"] {
        assert!(catalog.search(text, 5).unwrap().is_empty(), "{text:?}");
    }
    let long = "archer ".repeat(10_000);
    assert!(catalog.search(&long, 5).unwrap().len() <= 5);
    let hits = catalog.search("Archer C7 v5", 100).unwrap();
    assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)));
}

/// Not only labels are typed: a bare model, what firmware calls the board, an FCC ID, a codename, an id of the catalog.
#[test]
fn codes_find_their_device() {
    let list = [
        ("tplink-archer-c7-v5", "tplink,archer-c7-v5"),
        ("netgear-r7000", "U12H270T00_NETGEAR"),
        ("netgear-r7000", "u12h270"),
        ("netgear-r7000", "R7000"),
        ("linksys-wrt3200acm", "FCC ID: Q87-WRT3200ACM"),
        ("tplink-archer-c7-v5", "FCC ID: TE7ARCHERC7V5"),
        ("tplink-archer-c7-v5", "TE7ARCHERC7V5"),
        ("linksys-wrt3200acm", "2AYRAWRT3200ACM"),
        ("samsung-beyond1lte", "beyond1lte"),
        ("samsung-beyond1lte", "SM-G973F"),
        ("espressif-esp32", "esp32"),
        ("acme-r1", "acme,r1"),
        ("acme-r1", "acme-r1"),
    ];
    check(&list, 1.0);
}
