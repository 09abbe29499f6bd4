//! Prints what `diagnose` makes of serial logs, as JSON: `cargo run -p debrick-diagnose --example diagnose -- FILE...`.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use debrick_diagnose::{Evidence, diagnose};
use debrick_model::EvidenceKind;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
        let diagnosis = diagnose(&[Evidence { kind: EvidenceKind::SerialLog, name: path.clone(), text }]);
        println!("{}", serde_json::json!({ "file": path, "diagnosis": diagnosis }));
    }
    Ok(())
}
