//! Lines of JSON for programs.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

/// Prints one object a line, with its schema first in meaning if not in order. A closed pipe is no reason to stop a
/// repair, so that errors are ignored.
pub(crate) fn line(schema: &str, value: &impl Serialize) {
    let mut value = serde_json::to_value(value).unwrap_or(Value::Null);
    if let Value::Object(object) = &mut value {
        object.insert("schema".into(), schema.into());
    }
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{value}").and_then(|()| out.flush());
}
