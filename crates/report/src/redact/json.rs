//! Secrets in JSON: decided by the names of members, by names beside values, and by what strings contain.

use serde_json::{Map, Value};

use super::address::{mask_address, mask_serial};
use super::keys::{is_secret_key, is_serial_key};
use super::{MARK, Redactor};

/// Members that name what another member holds.
const NAMES: [&str; 6] = ["name", "property", "id", "option", "variable", "key"];

/// Members that hold what another names.
const VALUES: [&str; 3] = ["value", "expected", "actual"];

/// The value without its secrets; the ones that are removed by name are added to `found`.
pub(super) fn redact(redactor: &Redactor, value: &Value, found: &mut Vec<String>) -> Value {
    match value {
        Value::String(text) => Value::String(string(redactor, text, found)),
        Value::Array(values) => match values.as_slice() {
            // A setting as a pair, as in an environment.
            [Value::String(name), held @ Value::String(_)] if is_secret_key(name) => {
                Value::Array(vec![name.as_str().into(), hide(held, found)])
            }
            [Value::String(name), Value::String(held)]
                if redactor.options.mask_serials && is_serial_key(name) =>
            {
                Value::Array(vec![name.as_str().into(), mask_serial(held).into()])
            }
            values => values.iter().map(|value| redact(redactor, value, found)).collect(),
        },
        Value::Object(map) => Value::Object(object(redactor, map, found)),
        other => other.clone(),
    }
}

fn object(redactor: &Redactor, map: &Map<String, Value>, found: &mut Vec<String>) -> Map<String, Value> {
    let text = |member: &str| map.get(member).and_then(Value::as_str);
    let named = NAMES
        .iter()
        .find_map(|member| text(member))
        .filter(|_| VALUES.iter().any(|one| map.contains_key(*one)));
    let asked = text("request");
    let masks = redactor.options;
    let mut out = Map::new();
    for (member, value) in map {
        let is_value = VALUES.contains(&member.as_str());
        let is_name = named.is_some() && NAMES.contains(&member.as_str());
        let rewritten = match value {
            value if !is_name && is_secret_key(member) => hide(value, found),
            value if is_value && named.is_some_and(is_secret_key) => hide(value, found),
            value if member == "answer" && asked.is_some_and(is_secret_key) => hide_answer(value, found),
            Value::String(text)
                if masks.mask_serials
                    && (is_serial_key(member) || (is_value && named.is_some_and(is_serial_key))) =>
            {
                mask_serial(text).into()
            }
            Value::String(text) if masks.mask_addresses && is_value && named == Some("mac-address") => {
                mask_address(text).into()
            }
            value => redact(redactor, value, found),
        };
        out.insert(member.clone(), rewritten);
    }
    out
}

fn string(redactor: &Redactor, text: &str, found: &mut Vec<String>) -> String {
    // Digests are evidence, and no text.
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return text.to_owned();
    }
    found.extend(
        redactor.spans(text).into_iter().filter(|span| span.learn).map(|span| text[span.range].to_owned()),
    );
    redactor.text(text)
}

/// An answer keeps its form and loses its text.
fn hide_answer(value: &Value, found: &mut Vec<String>) -> Value {
    let Value::Object(map) = value else { return hide(value, found) };
    let hidden = map.iter().map(|(member, value)| {
        let value = if member == "text" { hide(value, found) } else { value.clone() };
        (member.clone(), value)
    });
    Value::Object(hidden.collect())
}

/// Whatever it is, it is not told; but that there is nothing may be.
fn hide(value: &Value, found: &mut Vec<String>) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(text) if text.is_empty() => value.clone(),
        Value::String(text) => {
            found.push(text.clone());
            MARK.into()
        }
        Value::Number(_) | Value::Array(_) | Value::Object(_) => MARK.into(),
    }
}
