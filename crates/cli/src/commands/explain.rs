//! `debrick explain`: what an id means, why, what to do, and what not to do.

mod pages;

use serde_json::json;

use crate::args::Explain;
use crate::commands::Context;
use crate::commands::explain::pages::Page;
use crate::failure::Failure;
use crate::{json, out};

/// Ids that differ from what was asked for by at most this many signs are offered.
const NEAR: usize = 3;

pub(super) fn explain(context: &Context, args: &Explain) -> Result<i32, Failure> {
    let pages = pages::all();
    let Some(id) = &args.id else {
        list(context, &pages);
        return Ok(0);
    };
    let id = id.trim().to_lowercase();
    let found: Vec<&Page> = pages.iter().filter(|page| page.id == id).collect();
    if found.is_empty() {
        let near = |page: &&Page| page.id.contains(&*id) || strsim::levenshtein(page.id, &id) <= NEAR;
        let choices = pages.iter().filter(near).map(|page| format!("  {}", page.id)).collect();
        return Err(Failure::usage(
            format!("there is no state, cause, action, gate or error code {id:?}"),
            "`debrick explain` lists all.",
        )
        .with_choices(choices));
    }
    if context.json {
        json::line("debrick.explain/1", &json!({ "pages": found }));
        return Ok(0);
    }
    for (index, page) in found.iter().enumerate() {
        if index > 0 {
            out::data("");
        }
        show(context, page);
    }
    Ok(0)
}

fn list(context: &Context, pages: &[Page]) {
    if context.json {
        json::line("debrick.explain/1", &json!({ "pages": pages }));
        return;
    }
    let mut kind = "";
    for page in pages {
        if page.kind != kind {
            kind = page.kind;
            out::data(&context.style.strong(&format!("{kind}s")));
        }
        out::data(&format!("  {:<32} {}", page.id, page.means));
    }
}

fn show(context: &Context, page: &Page) {
    let style = context.style;
    out::data(&style.strong(&format!("{} ({})", page.id, page.kind)));
    for (head, text) in [
        ("What it means", Some(&page.means)),
        ("Why", page.why.as_ref()),
        ("What to do", page.to_do.as_ref()),
        ("What not to do", page.not_to_do.as_ref()),
    ] {
        if let Some(text) = text {
            out::data(&format!("{} {text}", style.strong(&format!("{head}:"))));
        }
    }
}
