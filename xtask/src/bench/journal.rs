//! What the journal costs during a repair: a real unit is repaired, then its journal's events are appended once more to a
//! fresh journal on the same disk, each timed. The sum is compared with the time that the whole repair took.

use std::path::Path;
use std::time::Instant;

use debrick_lab::attend::{Bench, image_file};
use debrick_lab::router::{Brick, Lab, UnitOptions};
use debrick_model::Event;
use debrick_vault::Vault;

use super::{Row, median, text};

/// How often the journal is written again; the middle of all is what counts, for disks have bad moments.
const TIMES: u64 = 7;

pub(super) fn measure(lab: &Lab, program: &Path) -> Result<Vec<Row>, String> {
    let folder = std::env::temp_dir().join(format!("debrick-bench-journal-{}", std::process::id()));
    let rows = repair_and_append(lab, program, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    rows
}

fn repair_and_append(lab: &Lab, program: &Path, folder: &Path) -> Result<Vec<Row>, String> {
    let options = UnitOptions::bricked(Brick::KernelBytesDamaged);
    let mut unit = lab.unit(options).map_err(text)?;
    let image = image_file(lab, options.newer()).map_err(text)?;
    unit.power_on().map_err(text)?;
    let mut bench = Bench::new(&mut unit, program, folder).map_err(text)?;
    let run = bench.rescue(Some(&image), &["--soak", "1"], None).map_err(text)?;
    if run.exit_code != Some(0) {
        return Err(format!("the repair ended with {:?}:\n{}", run.exit_code, run.last_words()));
    }

    let vault = Vault::open(folder.join("again")).map_err(text)?;
    let mut totals = Vec::new();
    let mut single = Vec::new();
    for seed in 0..TIMES {
        let began = Instant::now();
        let mut journal = vault.create_session(0, seed).map_err(text)?;
        let mut total = began.elapsed();
        for line in run.events.iter().filter(|line| line["schema"] == "debrick.event/1") {
            let event: Event = serde_json::from_value(line.clone()).map_err(text)?;
            let began = Instant::now();
            journal.append(event.at_ms, event.body).map_err(text)?;
            single.push(began.elapsed());
            total += began.elapsed();
        }
        totals.push(total);
    }
    let count = run.journal_events();
    let (one, slowest) =
        (median(&mut single).unwrap_or_default(), single.last().copied().unwrap_or_default());
    let spent = median(&mut totals).unwrap_or_default();
    let share = spent.as_secs_f64() / run.took.as_secs_f64() * 100.0;
    Ok(vec![Row {
        what: "journal during a repair of a 10 MiB image".into(),
        measured: format!(
            "{share:.2} %: {count} appends {:.0} ms (one {:.1}, slowest {:.1}) of {:.1} s",
            spent.as_secs_f64() * 1000.0,
            one.as_secs_f64() * 1000.0,
            slowest.as_secs_f64() * 1000.0,
            run.took.as_secs_f64()
        ),
        required: "< 2 %",
        ok: Some(share < 2.0),
    }])
}
