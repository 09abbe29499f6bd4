//! The catalog: how much it knows, how long `debrick devices search` takes, how often it puts the right device first, and
//! what the records add to the program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use debrick_catalog::{Catalog, Device, Kind};

use super::{Row, labels, median, text};

const RUNS: usize = 25;
const ALLOWED: Duration = Duration::from_millis(15);
const LARGEST: usize = 2 << 20;
const LEAST_ACCURACY: f64 = 0.98;

/// What is counted: what it is called, how many there have to be, in words and as a number, and what counts.
type Count = (&'static str, &'static str, usize, fn(&Device) -> bool);

const COUNTS: &[Count] = &[
    ("routers", ">= 2300", 2300, |device| device.kind() == Kind::Router),
    ("phones and tablets", ">= 700", 700, is_mobile),
    ("network storages", ">= 40", 40, |device| device.kind() == Kind::Nas),
    ("families of boards and chips", ">= 100", 100, |device| {
        matches!(device.kind(), Kind::Board | Kind::ChipFamily)
    }),
    ("routers with a method without wires", ">= 480", 480, |device| {
        device.kind() == Kind::Router
            && device
                .method
                .iter()
                .any(|method| method.protocol.is_some_and(|protocol| protocol.needs_no_wires()))
    }),
    ("phones and tablets with their keys", ">= 700", 700, |device| {
        is_mobile(device)
            && device.method.iter().any(|method| method.entry.is_some() && !method.buttons.is_empty())
    }),
];

fn is_mobile(device: &Device) -> bool {
    matches!(device.kind(), Kind::Phone | Kind::Tablet)
}

/// `is_release`: whether times say anything.
pub(super) fn measure(program: &Path, is_release: bool, mismatches: bool) -> Result<Vec<Row>, String> {
    let mut rows = counts()?;
    rows.push(accuracy("noisy labels", &labels::kept(labels::LABELS)?, mismatches)?);
    rows.push(accuracy("texts that people typed", &labels::kept(labels::TYPED)?, mismatches)?);
    rows.push(size());
    rows.push(search_time(program, is_release)?);
    Ok(rows)
}

fn counts() -> Result<Vec<Row>, String> {
    let devices = Catalog::builtin().all().map_err(text)?;
    let mut rows: Vec<Row> = COUNTS
        .iter()
        .map(|(what, required, least, counts)| {
            let count = devices.iter().filter(|device| counts(device)).count();
            Row { what: (*what).into(), measured: count.to_string(), required, ok: Some(count >= *least) }
        })
        .collect();
    let none = |what: &str, count: usize| Row {
        what: what.into(),
        measured: format!("{count} of {} records", devices.len()),
        required: "none",
        ok: Some(count == 0),
    };
    rows.push(none("without a source", devices.iter().filter(|device| device.source.is_empty()).count()));
    rows.push(none("faults", crate::check_catalog::faults()?.faults.len()));
    Ok(rows)
}

/// The whole process, from its start to its end.
fn search_time(program: &Path, is_release: bool) -> Result<Row, String> {
    // A folder that is not there, so that nothing of the user's counts.
    let state = Path::new(env!("CARGO_MANIFEST_DIR")).join("no-state");
    let mut times = Vec::new();
    for run in 0..RUNS {
        let query = ["Archer C7 V5.0 EU", "samsung galaxy s9", "netgaer r7000", "synology ds213j"][run % 4];
        let began = Instant::now();
        let status = Command::new(program)
            .arg("--state-dir")
            .arg(&state)
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
        ok: is_release.then_some(middle < ALLOWED),
    })
}

fn accuracy(what: &str, list: &[(String, String)], mismatches: bool) -> Result<Row, String> {
    let catalog = Catalog::builtin();
    let mut right = 0;
    for (id, text) in list {
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
        measured: format!("{right} of {} {what}, {:.1} %", list.len(), share * 100.0),
        required: ">= 98 %",
        ok: Some(share >= LEAST_ACCURACY),
    })
}

fn size() -> Row {
    let size = debrick_catalog::embedded().len();
    Row {
        what: "catalog in the program".into(),
        measured: format!("{size} bytes"),
        required: "< 2 MiB",
        ok: Some(size < LARGEST),
    }
}
