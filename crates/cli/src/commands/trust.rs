//! `debrick trust`: whose signatures count.

use std::path::Path;

use debrick_image::{TrustStore, TrustedKey};
use debrick_link::Clock;
use debrick_link_os::OsClock;
use serde_json::json;

use crate::args::{Trust, TrustAdd, TrustRevoke};
use crate::commands::Context;
use crate::failure::Failure;
use crate::{input, json, out, trust_file};

/// The longest file with a key, in bytes.
const LONGEST_KEY: u64 = 1 << 20;

/// The longest name of a key, in characters.
const LONGEST_NAME: usize = 64;

pub(super) fn run(context: &Context, args: &Trust) -> Result<i32, Failure> {
    let dir = context.state_dir()?;
    let store = trust_file::read(&dir)?;
    match args {
        Trust::List => list(context, &store),
        Trust::Add(args) => add(context, &dir, store, args),
        Trust::Remove { name } => remove(context, &dir, store, name),
        Trust::Revoke(args) => revoke(context, &dir, store, args),
        Trust::Show { name } => show(context, &store, name),
    }
}

fn list(context: &Context, store: &TrustStore) -> Result<i32, Failure> {
    if context.json {
        json::line("debrick.trust/1", &json!(store));
        return Ok(0);
    }
    if store.keys.is_empty() {
        out::note("No key is trusted yet. `debrick trust add FILE --name NAME` adds a maker's public key.");
    }
    for key in &store.keys {
        let TrustedKey { name, kind, id, .. } = key;
        let standing = match store.because(key) {
            Some(because) => format!("REVOKED: {because}"),
            None => format!("for {}", makers(key)),
        };
        out::data(&out::harmless(&format!("{name:<24}  {:<10}  {id}  {standing}", kind.id())));
    }
    for revoked in store.revoked.iter().filter(|revoked| !store.keys.iter().any(|key| key.id == revoked.id)) {
        let line = format!("{:<24}  {:<10}  {}  REVOKED: {}", "-", "-", revoked.id, revoked.because);
        out::data(&out::harmless(&line));
    }
    Ok(0)
}

fn add(context: &Context, dir: &Path, mut store: TrustStore, args: &TrustAdd) -> Result<i32, Failure> {
    let name = args.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Failure::usage(
            "the name of the key cannot be used",
            format!("Name it in at most {LONGEST_NAME} printable characters."),
        ));
    }
    let taken = store.keys.iter().position(|key| key.name == name);
    let mut key = TrustedKey::parse(name, &input::bytes(&args.file, LONGEST_KEY)?)?;
    let renewed = taken.filter(|at| key.renews(&store.keys[*at]));
    if taken.is_some() && renewed.is_none() {
        return Err(Failure::new(
            "trust-name-taken",
            format!("a key called \"{name}\" is trusted already"),
            "Choose another name, or take the old one away with `debrick trust remove`. Nothing was changed.",
        ));
    }
    let known = store.keys.iter().find(|there| there.key == key.key || there.id == key.id);
    if let Some(same) = known.filter(|_| renewed.is_none()) {
        return Err(Failure::new(
            "trust-key-known",
            format!("this key is trusted already, as \"{}\"", same.name),
            "Nothing was changed. A newer copy of a key is added under the name that the key has.",
        ));
    }
    if let Some(because) = store.because(&key) {
        return Err(Failure::new(
            "trust-key-revoked",
            format!("the key {} is revoked: {because}", key.id),
            "Do not trust it. If it was revoked by mistake, `debrick trust remove` with its number takes that back. \
             Nothing was changed.",
        ));
    }
    key.vendors = args.vendors.clone();
    let at = match renewed {
        Some(at) => {
            if key.vendors.is_empty() {
                key.vendors = std::mem::take(&mut store.keys[at].vendors);
            }
            store.keys[at] = key;
            at
        }
        None => {
            store.keys.push(key);
            store.keys.len() - 1
        }
    };
    trust_file::write(dir, &store)?;
    let added = &store.keys[at];
    if context.json {
        json::line("debrick.trust-key/1", &json!(added));
    } else {
        let kind = added.kind.id();
        out::note(&out::harmless(&format!(
            "The {kind} key {} is trusted as \"{name}\" for {}. Compare its number with what the maker publishes elsewhere.",
            added.id,
            makers(added)
        )));
    }
    Ok(0)
}

fn remove(context: &Context, dir: &Path, mut store: TrustStore, name: &str) -> Result<i32, Failure> {
    if let Some(revoked) = store.revoked.iter().find(|revoked| revoked.id == name).cloned() {
        store.revoked.retain(|there| there.id != name);
        trust_file::write(dir, &store)?;
        if context.json {
            json::line("debrick.trust-revoked/1", &json!({"revoked": [], "removed": revoked}));
        } else {
            out::note(&out::harmless(&format!("The key {name} is no longer revoked.")));
        }
        return Ok(0);
    }
    let key = find(&store, name)?.clone();
    store.keys.retain(|there| there.name != name);
    trust_file::write(dir, &store)?;
    if context.json {
        json::line("debrick.trust-key/1", &json!(key));
    } else {
        out::note(&out::harmless(&format!("The key \"{name}\" is no longer trusted.")));
    }
    Ok(0)
}

fn revoke(context: &Context, dir: &Path, mut store: TrustStore, args: &TrustRevoke) -> Result<i32, Failure> {
    let before = store.revoked.len();
    if let Some(path) = &args.file {
        store.revoke_by_file(&input::bytes(path, LONGEST_KEY)?, OsClock.wall_ms())?;
    } else {
        let id = find(&store, args.name.as_deref().unwrap_or_default())?.id.clone();
        let because = args.because.as_deref().map_or("", str::trim);
        if because.is_empty() || because.chars().any(char::is_control) {
            return Err(Failure::usage(
                "a revocation needs a reason",
                "Say why with --because TEXT; it is shown where the key is met again.",
            ));
        }
        store.revoke(id, because.to_owned());
    }
    let revoked = store.revoked[before..].to_vec();
    trust_file::write(dir, &store)?;
    if context.json {
        json::line("debrick.trust-revoked/1", &json!({"revoked": revoked}));
    } else if revoked.is_empty() {
        out::note("All of that was revoked already.");
    }
    for revoked in revoked.iter().filter(|_| !context.json) {
        let line = format!("The key {} is revoked: what it signs is refused from now on.", revoked.id);
        out::note(&out::harmless(&line));
    }
    Ok(0)
}

fn show(context: &Context, store: &TrustStore, name: &str) -> Result<i32, Failure> {
    let key = find(store, name)?;
    let revoked = store.because(key);
    if context.json {
        let mut value = json!(key);
        value["revoked"] = json!(revoked);
        json::line("debrick.trust-key/1", &value);
        return Ok(0);
    }
    for (label, value) in [
        ("name", key.name.as_str()),
        ("kind", key.kind.id()),
        ("number", &key.id),
        ("for", &makers(key)),
        ("key", &key.key),
        ("revoked", revoked.unwrap_or("no")),
    ] {
        out::data(&out::harmless(&format!("{label:<9}{value}")));
    }
    Ok(0)
}

fn makers(key: &TrustedKey) -> String {
    if key.vendors.is_empty() { "every maker".into() } else { key.vendors.join(", ") }
}

fn find<'a>(store: &'a TrustStore, name: &str) -> Result<&'a TrustedKey, Failure> {
    store.keys.iter().find(|key| key.name == name).ok_or_else(|| {
        let names: Vec<String> = store.keys.iter().map(|key| format!("  {}", key.name)).collect();
        Failure::new(
            "trust-name-unknown",
            format!("no key called \"{name}\" is trusted"),
            "`debrick trust list` names those that are. Nothing was changed.",
        )
        .with_choices(names)
    })
}
