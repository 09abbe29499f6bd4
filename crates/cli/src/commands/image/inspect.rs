//! `debrick image inspect` and `debrick image formats`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc;

use debrick_image::{ImageFacts, known_formats};
use serde_json::{Value, json};

use crate::args::ImageInspect;
use crate::commands::Context;
use crate::commands::image::table;
use crate::failure::Failure;
use crate::file_source::FileSource;
use crate::{exit, json, out};

/// How many files are looked into at a time: each may keep 24 MiB of what it unpacks.
const AT_A_TIME: usize = 2;

/// After so many files everybody waits for the slowest, so that few results wait to be printed.
const BATCH: usize = 256;

pub(super) fn inspect(context: &Context, args: &ImageInspect) -> Result<i32, Failure> {
    if let [path] = &args.files[..] {
        return match facts(path) {
            Err(failure) if !context.json => Err(failure),
            facts => Ok(show(context, path, facts)),
        };
    }
    let mut code = 0;
    let mut is_first = true;
    for batch in args.files.chunks(BATCH) {
        in_order(batch, facts, |path, facts| {
            if !is_first && !context.json && facts.is_ok() {
                out::data("");
            }
            is_first = false;
            code = code.max(show(context, path, facts));
        });
    }
    Ok(code)
}

/// Does `work` for each path, several at a time, and hands the results on in the order of the paths.
fn in_order<T: Send>(paths: &[PathBuf], work: impl Fn(&Path) -> T + Sync, mut hand_on: impl FnMut(&Path, T)) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        // Whoever is ahead waits for the results to be taken.
        let (results, taken) = mpsc::sync_channel(AT_A_TIME);
        for _ in 0..AT_A_TIME {
            let (results, next, work) = (results.clone(), &next, &work);
            scope.spawn(move || {
                while let Some((index, path)) = paths.iter().enumerate().nth(next.fetch_add(1, Relaxed)) {
                    if results.send((index, work(path))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(results);
        let mut early = BTreeMap::new();
        let mut due = 0;
        for (index, result) in taken {
            early.insert(index, result);
            while let Some(result) = early.remove(&due) {
                hand_on(&paths[due], result);
                due += 1;
            }
        }
    });
}

/// Prints what there is to say about a file, and returns the exit code that it deserves.
fn show(context: &Context, path: &Path, facts: Result<ImageFacts, Failure>) -> i32 {
    let code = if facts.is_ok() { 0 } else { exit::FAILED };
    match (facts, context.json) {
        (Ok(facts), true) => json::line("debrick.image/1", &with_file(path, json!(facts))),
        (Err(failure), true) => {
            json::line("debrick.image/1", &with_file(path, json!({ "error": failure.problem() })));
        }
        (Ok(facts), false) => {
            out::data(&table::headline(&path.to_string_lossy(), &facts, context.style));
            table::details(&facts, context.style).iter().for_each(|line| out::data(line));
        }
        (Err(failure), false) => failure.show(false, context.notes),
    }
    code
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_files() {
        let paths: Vec<PathBuf> = (0..50).map(|number| PathBuf::from(number.to_string())).collect();
        let slow_at_first = |path: &Path| {
            let number: u64 = path.to_str().unwrap().parse().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(if number == 0 { 30 } else { 0 }));
            number
        };
        let mut seen = Vec::new();
        in_order(&paths, slow_at_first, |path, number| {
            assert_eq!(path.display().to_string(), number.to_string());
            seen.push(number);
        });
        assert_eq!(seen, (0..50).collect::<Vec<_>>());
    }
}
