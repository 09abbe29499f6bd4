//! The one way to write an event as text, and the hash that chains it.
//!
//! Canonical JSON: no white space, keys sorted by their bytes, numbers and escapes as `serde_json` writes them. The
//! sorting is done here and not left to the map type, which a build option elsewhere could change.

use debrick_model::Digest;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The value as canonical JSON.
pub(crate) fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

/// The hash before the first event: it ties a journal to its session.
pub(crate) fn first_hash(session: &str) -> Digest {
    Digest::new(Sha256::digest(format!("debrick.journal/1\n{session}")).into())
}

/// The hash of an entry: SHA-256 over the hash before it and its canonical JSON.
pub(crate) fn next_hash(previous: &Digest, json: &str) -> Digest {
    let mut hash = Sha256::new();
    hash.update(previous.as_bytes());
    hash.update(json.as_bytes());
    Digest::new(hash.finalize().into())
}

/// Depth is bounded: the values come from our own types, or from a parser that bounds it.
fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_bytes());
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                separate(index, out);
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_value(value, out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                separate(index, out);
                write_value(value, out);
            }
            out.push(']');
        }
        leaf => out.push_str(&leaf.to_string()),
    }
}

fn separate(index: usize, out: &mut String) {
    if index > 0 {
        out.push(',');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_space_is_gone() {
        let value = json!({"b": [1, {"z": null, "a": "\u{1}é\""}], "a": 0.1, "B": true, "": -1});
        assert_eq!(canonical_json(&value), r#"{"":-1,"B":true,"a":0.1,"b":[1,{"a":"\u0001é\"","z":null}]}"#);
    }

    #[test]
    fn the_hash_is_that_of_the_concatenation() {
        let previous = Digest::new([1; 32]);
        let whole: Vec<u8> = [&[1; 32][..], b"{}"].concat();
        assert_eq!(next_hash(&previous, "{}"), Digest::new(Sha256::digest(whole).into()));
        assert_ne!(first_hash("a"), first_hash("b"));
    }
}
