//! `debrick image unwrap`: the parts of a file as files.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use debrick_image::{ImageError, PartSink};
use debrick_target::{Source, SourceError};
use serde_json::json;

use crate::args::ImageUnwrap;
use crate::commands::Context;
use crate::commands::image::table;
use crate::failure::Failure;
use crate::file_source::FileSource;
use crate::{json, out};

/// The most bytes that are written in all, as a multiple of the file's size, and at least.
const MOST_TIMES: u64 = 64;
const MOST_AT_LEAST: u64 = 1 << 30;

/// The most parts that are written.
const MOST_PARTS: usize = 20_000;

/// The longest name of a file that is made, in bytes.
const LONGEST_NAME: usize = 100;

/// Bytes that are copied at once.
const CHUNK: usize = 256 * 1024;

pub(super) fn unwrap(context: &Context, args: &ImageUnwrap) -> Result<i32, Failure> {
    let source = FileSource::open(&args.file)?;
    fs::create_dir_all(&args.to).map_err(|error| Failure::file("making", &args.to, &error))?;
    let mut folder = Folder {
        root: args.to.clone(),
        taken: HashSet::new(),
        written: vec![],
        left: source.len().saturating_mul(MOST_TIMES).max(MOST_AT_LEAST),
        failure: None,
    };
    let result = debrick_image::unpack_parts(&source, &mut folder);
    if let Some(failure) = folder.failure {
        return Err(failure);
    }
    let facts = result?;
    if context.json {
        let parts: Vec<_> = folder
            .written
            .iter()
            .map(
                |part| json!({ "path": part.path.to_string_lossy(), "names": part.names, "size": part.size }),
            )
            .collect();
        let value = json!({
            "file": args.file.to_string_lossy(),
            "format": facts.format,
            "integrity": facts.integrity.verdict,
            "parts": parts,
        });
        json::line("debrick.image-unwrap/1", &value);
        return Ok(0);
    }
    out::data(&table::headline(&args.file.to_string_lossy(), &facts, context.style));
    for part in &folder.written {
        out::data(&out::harmless(&format!("  {:>12}  {}", part.size, part.path.display())));
    }
    if folder.written.is_empty() {
        out::data("  It holds no parts that could be told apart; nothing was written.");
    }
    Ok(0)
}

struct Written {
    path: PathBuf,
    names: Vec<String>,
    size: u64,
}

/// Where parts are written.
struct Folder {
    root: PathBuf,
    /// Paths that this run made.
    taken: HashSet<PathBuf>,
    written: Vec<Written>,
    /// Bytes that may still be written.
    left: u64,
    /// What stopped it.
    failure: Option<Failure>,
}

impl PartSink for Folder {
    fn part(&mut self, names: &[String], contents: &dyn Source) -> Result<(), ImageError> {
        if self.failure.is_some() {
            return Err(ImageError::TooMuchWork);
        }
        match self.write(names, contents) {
            Ok(()) => Ok(()),
            Err(Stopped::Unreadable(error)) => Err(error),
            Err(Stopped::Here(failure)) => {
                self.failure = Some(failure);
                Err(ImageError::TooMuchWork)
            }
        }
    }
}

enum Stopped {
    Unreadable(ImageError),
    Here(Failure),
}

impl Folder {
    fn write(&mut self, names: &[String], contents: &dyn Source) -> Result<(), Stopped> {
        let size = contents.len();
        if size > self.left || self.written.len() == MOST_PARTS {
            return Err(Stopped::Here(Failure::new(
                "unwrap-too-much",
                "the file unpacks to far more than firmware does",
                "What was written so far is in the folder. Treat the file as hostile.",
            )));
        }
        self.left -= size;
        let path = self.path(names);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| here("making", parent, &error))?;
        }
        // Never through a link, and never over a file.
        let mut file = File::create_new(&path).map_err(|error| here("making", &path, &error))?;
        let mut buffer = vec![0; CHUNK.min(usize::try_from(size).unwrap_or(CHUNK))];
        let mut at = 0;
        while at < size {
            let piece = (size - at).min(buffer.len() as u64) as usize;
            let read = contents.read_at(at, &mut buffer[..piece]);
            read.map_err(|source| unreadable(at, piece, source))?;
            file.write_all(&buffer[..piece]).map_err(|error| here("writing", &path, &error))?;
            at += piece as u64;
        }
        self.written.push(Written { path, names: names.to_vec(), size });
        Ok(())
    }

    /// A path inside the folder, whatever the names are: parts of a part lie in a folder `NAME.parts` beside it.
    fn path(&mut self, names: &[String]) -> PathBuf {
        let mut path = self.root.clone();
        let last = names.len().saturating_sub(1);
        for (index, name) in names.iter().enumerate() {
            let mut pieces: Vec<String> =
                name.split(['/', '\\']).map(harmless_name).filter(|piece| !piece.is_empty()).collect();
            if pieces.is_empty() {
                pieces.push("part".into());
            }
            let end = pieces.pop().unwrap_or_default();
            path.extend(pieces.iter().map(|piece| format!("{piece}.parts")));
            path.push(if index == last { end } else { format!("{end}.parts") });
        }
        let wanted = path.clone();
        let mut number = 1;
        while !self.taken.insert(path.clone()) {
            number += 1;
            let name = wanted.file_name().unwrap_or_default().to_string_lossy().into_owned();
            path = wanted.with_file_name(format!("{name}~{number}"));
        }
        path
    }
}

fn here(doing: &str, path: &Path, error: &std::io::Error) -> Stopped {
    Stopped::Here(match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::new(
            "unwrap-would-overwrite",
            format!("{} is there already", path.display()),
            "Name a folder that is empty or not there yet. Nothing was overwritten.",
        ),
        _ => Failure::file(doing, path, error),
    })
}

fn unreadable(offset: u64, wanted: usize, source: SourceError) -> Stopped {
    Stopped::Unreadable(ImageError::Unreadable { offset, wanted: wanted as u64, source })
}

/// One component of a path that names neither this folder nor another.
fn harmless_name(name: &str) -> String {
    let mut safe = String::new();
    for symbol in name.trim().chars() {
        let symbol = if symbol.is_control() || ":*?\"<>|".contains(symbol) { '_' } else { symbol };
        if safe.len() + symbol.len_utf8() > LONGEST_NAME {
            break;
        }
        safe.push(symbol);
    }
    match safe.as_str() {
        "." | ".." => String::new(),
        _ => safe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_the_folder() {
        let mut folder = Folder {
            root: PathBuf::from("/to"),
            taken: HashSet::new(),
            written: vec![],
            left: 0,
            failure: None,
        };
        let mut check = |names: &[&str], expected: &str| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(folder.path(&names), PathBuf::from(expected), "{names:?}");
        };
        check(&["../../etc/passwd"], "/to/etc.parts/passwd");
        check(&["/etc/shadow"], "/to/etc.parts/shadow");
        check(&["", ".."], "/to/part.parts/part");
        check(&["kernel"], "/to/kernel");
        check(&["kernel"], "/to/kernel~2");
        check(&["kernel", "dtb\u{1b}"], "/to/kernel.parts/dtb_");
        check(&["a\\..\\b"], "/to/a.parts/b");
    }
}
