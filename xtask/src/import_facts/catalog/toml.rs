//! Records as TOML: one field a line, one region and one method a line, always in the same order.

use debrick_catalog::Device;
use serde_json::{Map, Value};

/// The order of fields; those that are not named follow by their names.
const ORDER: &[&str] = &[
    "id",
    "kind",
    "families",
    "vendor",
    "model",
    "variant",
    "aliases",
    "model_numbers",
    "hardware_revisions",
    "sales_regions",
    "board_ids",
    "header_ids",
    "soc",
    "architecture",
    "source",
    "status",
    "power",
    "console",
    "network",
    "name",
    "offset",
    "part",
    "interface",
    "size",
    "write_block",
    "erase_block",
    "erased",
    "role",
    "protocol",
    "purpose",
    "confidence",
    "entry",
    "buttons",
    "hold_seconds",
    "hold_seconds_at_most",
    "sign",
    "see",
];

/// Fields that are written in hexadecimal.
const HEXADECIMAL: &[&str] =
    &["offset", "size", "load_address", "write_address", "flash_base", "erase_block"];

/// Lists that have one item a line.
const LONG: &[&str] = &["storage", "regions", "method", "entry", "steps", "usb"];

/// The fields of a record, a line each.
pub(super) fn record(device: &Device) -> Result<String, String> {
    let value = serde_json::to_value(device).map_err(|error| format!("{}: {error}", device.id))?;
    let Value::Object(fields) = value else { return Err(format!("{} is no record", device.id)) };
    let mut text = String::new();
    for (name, value) in ordered(&fields) {
        text += &format!("{name} = ");
        write(&mut text, name, value, 0);
        text.push('\n');
    }
    Ok(text)
}

fn ordered(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let rank = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    let mut fields: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
    fields.sort_by_key(|(name, _)| (rank(name), (*name).clone()));
    fields
}

fn write(text: &mut String, name: &str, value: &Value, depth: usize) {
    match value {
        Value::Null => {}
        Value::Bool(value) => *text += &value.to_string(),
        Value::Number(number) => match number.as_u64() {
            Some(number) if HEXADECIMAL.contains(&name) => *text += &format!("{number:#x}"),
            _ => *text += &number.to_string(),
        },
        Value::String(value) => quote(text, value),
        Value::Array(items) if LONG.contains(&name) && items.iter().any(Value::is_object) => {
            text.push_str("[\n");
            for item in items {
                text.push_str(&"    ".repeat(depth + 1));
                write(text, "", item, depth + 1);
                text.push_str(",\n");
            }
            text.push_str(&"    ".repeat(depth));
            text.push(']');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                write(text, "", item, depth);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push_str("{ ");
            for (index, (name, value)) in ordered(fields).into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { ", " });
                key(text, name);
                text.push_str(" = ");
                write(text, name, value, depth);
            }
            text.push_str(" }");
        }
    }
}

fn key(text: &mut String, name: &str) {
    let is_bare = |symbol: char| symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == '-';
    if !name.is_empty() && name.chars().all(is_bare) { text.push_str(name) } else { quote(text, name) }
}

fn quote(text: &mut String, value: &str) {
    text.push('"');
    for symbol in value.chars() {
        match symbol {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            control if control.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use debrick_catalog::{Kind, Method, Protocol, Sources};

    #[test]
    fn what_is_written_is_read_again() {
        let device = Device {
            id: "maker-x1".into(),
            kind: Some(Kind::Router),
            vendor: "Maker \"of\" things".into(),
            model: "X\\1".into(),
            source: Sources(vec!["a".into(), "b".into()]),
            header_ids: [("other kind".to_owned(), vec!["1".to_owned()])].into(),
            method: vec![Method {
                name: "pull".into(),
                protocol: Some(Protocol::ConsoleTftp),
                load_address: Some(0x8000_0000),
                ..Method::default()
            }],
            ..Device::default()
        };
        let text = format!("schema = \"debrick.device/1\"\n{}", record(&device).unwrap());
        assert!(text.contains("load_address = 0x80000000"), "{text}");
        let read = debrick_catalog::parse("maker-x1.toml", &text).unwrap();
        assert_eq!(Device { schema: String::new(), ..read }, device);
    }
}
