//! The catalog: how long `debrick devices search` takes, what the records add to the program, and how often the search
//! puts the right device first.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use debrick_catalog::Catalog;

use super::{Row, labels, median, text};

const RUNS: usize = 25;
const ALLOWED: Duration = Duration::from_millis(15);
const LARGEST: usize = 2 << 20;
const LEAST_ACCURACY: f64 = 0.95;

pub(super) fn measure(program: &Path, mismatches: bool) -> Result<Vec<Row>, String> {
    Ok(vec![search_time(program)?, accuracy(mismatches)?, size()])
}

/// The whole process, from its start to its end.
fn search_time(program: &Path) -> Result<Row, String> {
    let mut times = Vec::new();
    for run in 0..RUNS {
        let query = ["Archer C7 V5.0 EU", "samsung galaxy s9", "netgaer r7000", "synology ds213j"][run % 4];
        let began = Instant::now();
        let status = Command::new(program)
            .args(["devices", "search", query])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(text)?;
        times.push(began.elapsed());
        if !status.success() {
            return Err(format!("debrick devices search {query}: {status}"));
        }
    }
    let middle = median(&mut times).unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok(Row {
        what: "debrick devices search, whole process".into(),
        measured: format!(
            "median {:.1} ms, best {:.1} ms, worst {:.1} ms of {RUNS}",
            ms(middle),
            ms(times[0]),
            ms(times[RUNS - 1])
        ),
        required: "< 15 ms",
        ok: Some(middle < ALLOWED),
    })
}

fn accuracy(mismatches: bool) -> Result<Row, String> {
    let catalog = Catalog::builtin();
    let list = labels::kept()?;
    let mut right = 0;
    for (id, text) in &list {
        let hits = catalog.search(text, 3).map_err(self::text)?;
        let first = hits.first().map(|hit| hit.id.as_str()).unwrap_or_default();
        right += usize::from(first == id);
        if mismatches && first != id {
            println!("{text:?}: {first} instead of {id}");
        }
    }
    let share = right as f64 / list.len().max(1) as f64;
    Ok(Row {
        what: "search: the right device first".into(),
        measured: format!("{right} of {} noisy labels, {:.1} %", list.len(), share * 100.0),
        required: ">= 95 %",
        ok: Some(share >= LEAST_ACCURACY),
    })
}

fn size() -> Row {
    let size = debrick_catalog::packed_size();
    Row {
        what: "catalog in the program".into(),
        measured: format!("{size} bytes"),
        required: "< 2 MiB",
        ok: Some(size < LARGEST),
    }
}
