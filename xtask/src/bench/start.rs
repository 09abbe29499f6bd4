//! How long `debrick --help` takes.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Row, median, text};

const RUNS: usize = 20;
const ALLOWED: Duration = Duration::from_millis(20);

pub(super) fn measure(program: &Path) -> Result<Vec<Row>, String> {
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let began = Instant::now();
        let status = Command::new(program).arg("--help").stdout(Stdio::null()).status().map_err(text)?;
        times.push(began.elapsed());
        if !status.success() {
            return Err(format!("debrick --help: {status}"));
        }
    }
    let middle = median(&mut times).unwrap_or_default();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    Ok(vec![Row {
        what: "debrick --help".into(),
        measured: format!(
            "median {:.1} ms, best {:.1} ms, worst {:.1} ms of {RUNS}",
            ms(middle),
            ms(times[0]),
            ms(times[RUNS - 1])
        ),
        required: "< 20 ms",
        ok: Some(middle < ALLOWED),
    }])
}
