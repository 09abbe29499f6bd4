//! Lines of JSON for programs.

use debrick_report::text::safe_json;
use serde::Serialize;
use serde_json::Value;

use crate::out;

/// Prints one object a line, with its schema in it.
pub(crate) fn line(schema: &str, value: &impl Serialize) {
    let mut value = serde_json::to_value(value).unwrap_or(Value::Null);
    if let Value::Object(object) = &mut value {
        object.insert("schema".into(), schema.into());
    }
    out::data(&safe_json(&value.to_string()));
}
