//! `debrick image inspect` and `debrick image formats`.

use std::path::Path;

use debrick_image::{ImageFacts, known_formats};
use serde_json::{Value, json};

use crate::args::ImageInspect;
use crate::commands::Context;
use crate::commands::image::table;
use crate::failure::Failure;
use crate::file_source::FileSource;
use crate::{exit, json, out};

pub(super) fn inspect(context: &Context, args: &ImageInspect) -> Result<i32, Failure> {
    let mut code = 0;
    for (index, path) in args.files.iter().enumerate() {
        let facts = facts(path);
        if facts.is_err() {
            code = exit::FAILED;
        }
        match (facts, context.json) {
            (Ok(facts), true) => json::line("debrick.image/1", &with_file(path, json!(facts))),
            (Err(failure), true) => {
                json::line("debrick.image/1", &with_file(path, json!({ "error": failure.problem() })));
            }
            (Ok(facts), false) => {
                if index > 0 {
                    out::data("");
                }
                out::data(&table::headline(&path.to_string_lossy(), &facts, context.style));
                table::details(&facts, context.style).iter().for_each(|line| out::data(line));
            }
            (Err(failure), false) if args.files.len() == 1 => return Err(failure),
            (Err(failure), false) => failure.show(false, context.notes),
        }
    }
    Ok(code)
}

/// What a file says about itself.
pub(super) fn facts(path: &Path) -> Result<ImageFacts, Failure> {
    Ok(debrick_image::inspect(&FileSource::open(path)?)?)
}

/// The object with the name of the file in it.
pub(super) fn with_file(path: &Path, mut value: Value) -> Value {
    value["file"] = json!(path.to_string_lossy());
    value
}

pub(super) fn formats(context: &Context) -> Result<i32, Failure> {
    for (id, about) in known_formats() {
        let ids = if about.outermost.is_empty() { vec![id] } else { about.outermost.to_vec() };
        if context.json {
            let value = json!({
                "id": id,
                "outermost": ids,
                "name": about.name,
                "identified_by": about.identified_by,
                "reveals": about.reveals,
                "blind_to": about.blind_to,
                "source": about.source,
                "tested_with": about.tested_with,
            });
            json::line("debrick.image-format/1", &value);
        } else {
            out::data(&format!("{:<28} {}", ids.join(", "), about.name));
        }
    }
    Ok(0)
}
