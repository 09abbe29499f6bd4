//! The report as JSON, for programs.

use crate::model::Report;
use crate::text::safe_json;

/// The version of the shape, as the JSON names it.
pub const SCHEMA: &str = "debrick.report/1";

/// Writes a report as indented JSON with a line end. The values are as found; characters that a terminal would act upon
/// are written as escapes.
pub fn render(report: &Report) -> String {
    // The types hold only strings, numbers and lists of them, for which this cannot fail.
    let json = serde_json::to_string_pretty(report).unwrap_or_default();
    safe_json(&json) + "\n"
}
