//! The pages of `debrick explain`: the files of `docs/explain`, and the tables of `docs/errors.md`.

use serde::Serialize;

const FILES: [(&str, &str); 4] = [
    ("state", include_str!("../../../../../docs/explain/states.md")),
    ("cause", include_str!("../../../../../docs/explain/causes.md")),
    ("action", include_str!("../../../../../docs/explain/actions.md")),
    ("gate", include_str!("../../../../../docs/explain/gates.md")),
];
const ERRORS: &str = include_str!("../../../../../docs/errors.md");

/// What there is to say about an id.
#[derive(Debug, Default, Serialize)]
pub(super) struct Page {
    pub(super) id: &'static str,
    /// `state`, `cause`, `action`, `gate` or `error`.
    pub(super) kind: &'static str,
    pub(super) means: String,
    pub(super) why: Option<String>,
    #[serde(rename = "do")]
    pub(super) to_do: Option<String>,
    #[serde(rename = "do_not")]
    pub(super) not_to_do: Option<String>,
}

pub(super) fn all() -> Vec<Page> {
    let mut pages: Vec<Page> = FILES.into_iter().flat_map(|(kind, text)| sections(kind, text)).collect();
    pages.extend(ERRORS.lines().flat_map(error_codes));
    pages
}

/// `## id`, and below it `- **Means:** …`, `- **Why:** …`, `- **Do:** …`, `- **Do not:** …`.
fn sections(kind: &'static str, text: &'static str) -> Vec<Page> {
    text.split("\n## ").skip(1).map(|section| page(kind, section)).collect()
}

fn page(kind: &'static str, section: &'static str) -> Page {
    let (id, body) = section.split_once('\n').unwrap_or((section, ""));
    let part = |name: &str| {
        let (_, rest) = body.split_once(&format!("- **{name}:** "))?;
        let end = rest.find("\n- **").unwrap_or(rest.len());
        Some(rest[..end].split_whitespace().collect::<Vec<_>>().join(" "))
    };
    Page {
        id: id.trim(),
        kind,
        means: part("Means").unwrap_or_default(),
        why: part("Why"),
        to_do: part("Do"),
        not_to_do: part("Do not"),
    }
}

/// `` | `code`, `code` | meaning | next | ``
fn error_codes(line: &'static str) -> Vec<Page> {
    let mut cells = line.trim().trim_matches('|').split(" | ").map(str::trim);
    let (Some(codes), Some(means), next) = (cells.next(), cells.next(), cells.next()) else { return vec![] };
    if !codes.starts_with('`') {
        return vec![];
    }
    let codes = codes.split(", ").map(|code| code.trim_matches('`'));
    codes
        .map(|id| Page {
            id,
            kind: "error",
            means: crate::out::sentence(means),
            to_do: next.map(crate::out::sentence),
            ..Page::default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use debrick_model::{Action, Cause, Gate, State};

    fn ids(kind: &str) -> Vec<&'static str> {
        all().iter().filter(|page| page.kind == kind).map(|page| page.id).collect()
    }

    #[test]
    fn every_id_has_a_page_and_every_page_an_id() {
        let sorted = |mut ids: Vec<&'static str>| {
            ids.sort_unstable();
            ids
        };
        assert_eq!(sorted(ids("state")), sorted(State::ALL.iter().map(|id| id.id()).collect()));
        assert_eq!(sorted(ids("cause")), sorted(Cause::ALL.iter().map(|id| id.id()).collect()));
        assert_eq!(sorted(ids("action")), sorted(Action::ALL.iter().map(|id| id.id()).collect()));
        assert_eq!(sorted(ids("gate")), sorted(Gate::ALL.iter().map(|id| id.id()).collect()));
        assert!(ids("error").len() > 100);
    }

    #[test]
    fn pages_are_complete() {
        for page in all() {
            let has = |part: &Option<String>| part.as_ref().is_some_and(|text| text.len() > 3);
            assert!(page.means.len() > 10, "{page:?}");
            assert!(has(&page.to_do), "{page:?}");
            assert!(page.kind == "error" || has(&page.why) && has(&page.not_to_do), "{page:?}");
            assert!(!page.means.contains("**"), "{page:?}");
        }
    }
}
