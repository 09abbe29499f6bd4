//! Documentation that is made from the code, so that it cannot say something else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use debrick_image::known_formats;

const FORMATS: &str = "docs/formats.md";

const FORMATS_HEAD: &str = "\
# Firmware formats

Made by `cargo xtask docs` from the tables in `crates/image/src/formats/`; do not edit it by hand.

What each format is recognised by, what its own checks reveal and what they cannot, where the facts are from, and what its
reader was tested with. A checksum only tells accidents: whoever changes a file on purpose changes its checksum, too. Ids in
brackets are what a file is called whose outermost format this is, where that differs.
";

/// Writes every page, or with `check` only compares.
pub(crate) fn run(check: bool) -> Result<(), String> {
    let path = root().join(FORMATS);
    let wanted = formats();
    if check {
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        return if there == wanted {
            Ok(())
        } else {
            Err(format!("{FORMATS} is out of date: cargo xtask docs"))
        };
    }
    std::fs::write(path, wanted).map_err(|error| error.to_string())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

fn formats() -> String {
    let mut formats: Vec<_> = known_formats().collect();
    formats.sort_by_key(|(id, about)| (*id, about.name));
    let mut page = FORMATS_HEAD.to_owned();
    for (id, about) in formats {
        let ids = match about.outermost {
            [] => String::new(),
            ids => format!(" ({})", ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")),
        };
        let _ = write!(
            page,
            "\n## `{id}`{ids}: {}\n\n- identified by: {}\n- reveals: {}\n- blind to: {}\n- source: {}\n- tested with: {}\n",
            about.name, about.identified_by, about.reveals, about.blind_to, about.source, about.tested_with
        );
    }
    page
}
