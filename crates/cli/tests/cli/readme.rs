//! What the README shows is what the program prints.

use std::path::Path;

use crate::program::Place;

const README: &str = include_str!("../../../../README.md");

/// The text without line breaks and indents, which depend on who prints it.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The lines of the fenced block behind a place of the README, without those that type a command.
fn block_behind(mark: &str) -> Vec<&'static str> {
    let (_, behind) = README.split_once(mark).unwrap_or_else(|| panic!("the README has no {mark:?}"));
    let block = behind.split("```").nth(1).unwrap_or_default();
    let lines = block.lines().skip(1).filter(|line| !line.starts_with("$ "));
    lines.map(str::trim).filter(|line| !line.is_empty()).collect()
}

/// Every line stands in what was printed, in this order; what was left out may stand between them.
#[track_caller]
fn assert_shown(lines: &[&str], printed: &str) {
    let printed = flowing(printed);
    let mut rest = printed.as_str();
    for line in lines {
        let wanted = flowing(line);
        let Some(at) = rest.find(&wanted) else {
            panic!("the README shows {wanted:?}; the program printed:\n{rest}");
        };
        rest = rest.get(at + wanted.len()..).unwrap_or_default();
    }
}

#[test]
fn the_session_that_the_readme_shows() {
    let place = Place::new();
    let run = place.run(&["demo"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let shown = block_behind("<!-- transcript of `debrick demo`, abridged: begin -->");
    assert!(shown.len() > 15, "{shown:?}");
    // A session's name ends in four digits of its own.
    // What happens is told on one stream, how it ended on the other.
    let printed = run.stderr + &run.stdout;
    let shown: Vec<&str> =
        shown.iter().map(|line| line.split("20260101-000000-").next().unwrap_or(line)).collect();
    assert_shown(&shown, &printed);
    assert!(Path::new(&place.path("debrick-demo-report.html")).is_file());
}

#[test]
fn the_search_and_the_plan_that_the_readme_shows() {
    let place = Place::new();
    let search = place.run(&["devices", "search", "Archer C7 V5.0 EU", "--limit", "1"]);
    let plan = place.run(&["plan", "tplink-archer-c7-v5"]);
    let shown = block_behind("`debrick devices update FILE` takes a newer catalog");
    let shown: Vec<&str> = shown.into_iter().filter(|line| *line != "...").collect();
    assert!(shown.len() >= 3, "{shown:?}");
    assert_shown(&shown, &(search.stdout + &plan.stdout));
}
