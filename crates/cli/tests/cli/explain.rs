//! `debrick explain` has a page for every id that the program can say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::Place;

/// All sources of the program's crates.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") && !path.ends_with("target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The texts in quotes that look like codes: `link-busy`.
fn codes(text: &str) -> impl Iterator<Item = &str> {
    let is_code = |word: &&str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    text.split('"').skip(1).step_by(2).filter(is_code)
}

/// The body of the function that begins with `head`, by its braces.
fn body<'a>(text: &'a str, head: &str) -> Option<&'a str> {
    let rest = &text[text.find(head)?..];
    let mut depth = 0;
    for (at, sign) in rest.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(&rest[..at]),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[test]
fn every_error_code_has_a_page() {
    const CODE: &str = "fn code(&self) -> &'static str";

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["crates", "protocols"] {
        sources(&root.join(folder), &mut files);
    }
    let mut said: BTreeSet<String> = BTreeSet::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let mut rest = text;
        while let Some(code) = body(rest, CODE) {
            said.extend(codes(code).map(str::to_owned));
            rest = &rest[rest.find(CODE).unwrap() + CODE.len()..];
        }
        // The command line's own.
        for (at, head) in text.match_indices("Failure::new(") {
            let first = text[at + head.len()..].trim_start();
            if let Some(code) = first.strip_prefix('"').and_then(|code| code.split('"').next()) {
                said.insert(code.to_owned());
            }
        }
    }
    assert!(said.len() > 100, "{said:?}");
    let place = Place::new();
    let run = place.run(&["--json", "explain"]);
    let listed: Value = serde_json::from_str(run.stdout.trim()).unwrap();
    let pages = listed["pages"].as_array().unwrap().iter();
    let explained: BTreeSet<String> = pages.map(|page| page["id"].as_str().unwrap().to_owned()).collect();
    let missing: Vec<&String> = said.difference(&explained).collect();
    assert!(missing.is_empty(), "docs/errors.md has no entry for {missing:?}");
}
