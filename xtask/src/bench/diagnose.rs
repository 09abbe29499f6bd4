//! The diagnosis: how often it is right on a folder of cases, how that holds when its weights are left out, and how long
//! logs take.
//!
//! A case is a JSON file with `evidence[]` (`kind`, `text`) and `truth`: causes, state and actions, each with acceptable
//! ones, `determinable`, `harmful_actions`, and `next_evidence` where it is not determinable. The scoring is that of
//! `score.rs`. Without a folder only time and memory are measured.

mod folds;
mod score;
mod speed;

use std::path::Path;

use debrick_diagnose::{Case, diagnose_case};

use super::Row;
use crate::cases;
use score::Score;

pub(super) use speed::{diagnose_file, read_log};

pub(super) fn measure(program: &Path, folder: Option<&Path>, mismatches: bool) -> Result<Vec<Row>, String> {
    let mut rows = speed::measure(program)?;
    let Some(folder) = folder else {
        println!("diagnose: no cases were given; name a folder with --cases");
        return Ok(rows);
    };
    let examples = cases::read(folder)?;
    let score = Score::of(&examples, mismatches, |example| {
        diagnose_case(&Case { evidence: &example.evidence, ..Case::default() })
    });
    score.print_tables(&examples);
    folds::print(&examples);
    rows.extend(score.rows());
    Ok(rows)
}

/// A part of a whole, and what it is in percent.
fn rate(hits: f64, of: usize) -> String {
    format!("{hits:.1} / {of} = {:.1} %", 100.0 * hits / of.max(1) as f64)
}
