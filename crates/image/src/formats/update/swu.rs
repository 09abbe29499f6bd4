//! SWUpdate packages: a cpio archive (usually with sums) whose first member, `sw-description`, lists the others.
//!
//! Source: SWUpdate `doc/source/sw-description.rst` and `swupdate.rst` (section "Software collections"): libconfig
//! text with version, hardware-compatibility, boards, and for each image a file name and a SHA-256.

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::formats::archive::cpio::Entry;
use crate::reading::Reading;
use crate::window::{SMALL, Window};

/// The most members that are looked into.
const MAX_MEMBERS: usize = 256;

/// Where the name of the first member stands.
const NAME_AT: u64 = 110;

/// Keys of groups that name no board.
const GROUPS: &[&str] = &[
    "software",
    "images",
    "files",
    "scripts",
    "stable",
    "embedded-script",
    "bootenv",
    "uboot",
    "partitions",
    "properties",
];

/// Whether the first member is a description of software.
pub(crate) fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let head = window.head(NAME_AT, 512)?;
    let has = |text: &[u8]| head.windows(text.len()).any(|there| there == text);
    Ok(head.starts_with(b"sw-description") || (has(b"software") && has(b"version")))
}

/// Reads the members; behind a broken header the next one is looked for.
pub(crate) fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.call_file("swupdate-swu");
    reading.container("cpio", window);
    let index = reading.last_container();
    let (mut offset, mut end, mut sums) = (0, None, 0);
    let mut members: Vec<(String, Window<'_>)> = Vec::new();
    while members.len() < MAX_MEMBERS {
        match Entry::read(window, offset)? {
            Ok(entry) if entry.is_trailer => {
                end = Some(entry.end);
                break;
            }
            Ok(entry) => {
                sums += usize::from(entry.check(window, reading)?);
                members.push((entry.name, window.clamped(entry.data, entry.size)));
                offset = entry.end;
            }
            Err(how) => {
                reading.structure("structure of the archive", window.start() + offset, "well-formed", how);
                let next = window.find(b"07070", offset + 6, u64::MAX)?;
                let name =
                    window.text(offset + NAME_AT, 256.min(window.len().saturating_sub(offset + NAME_AT)))?;
                let data = (offset + NAME_AT + name.len() as u64 + 1).next_multiple_of(4);
                let stop = next.unwrap_or(window.len());
                members.push((name, window.clamped(data, stop.saturating_sub(data))));
                match next {
                    Some(next) => offset = next,
                    None => break,
                }
            }
        }
    }
    if sums > 0 {
        reading.digest("number of files whose sum agrees", window.start(), sums, sums);
    }
    let end = end.unwrap_or(window.len());
    let container = reading.container_at(index);
    container.size = end;
    container.fields.insert("entries".into(), members.len().to_string());
    let description = match members.first() {
        Some((_, contents)) => String::from_utf8_lossy(&contents.head(0, SMALL)?).into_owned(),
        None => String::new(),
    };
    describe(&description, reading);
    if members.iter().any(|(name, _)| name == "sw-description.sig") {
        reading.signature("The description of the software");
    }
    for (name, contents) in members.iter().skip(1) {
        if let Some(expected) = digest_of(&description, name) {
            let actual = hex(&Algorithm::Sha256.of(*contents)?);
            reading.digest(format!("sha256 of {name}"), contents.start(), expected, actual);
        }
        reading.part(name, *contents)?;
    }
    reading.trailing(window, end)
}

/// Takes version, revisions and board.
fn describe(text: &str, reading: &mut Reading<'_>) {
    if let Some(version) = value(text, "version") {
        reading.set_version(version);
    }
    if let Some((_, list)) = text.split_once("hardware-compatibility")
        && let Some((_, list)) = list.split_once('[')
        && let Some((list, _)) = list.split_once(']')
    {
        let revisions: Vec<&str> =
            list.split(',').map(|word| word.trim().trim_matches('"')).take(64).collect();
        reading.set_hardware_revision(revisions.join(","));
    }
    // Groups: `gw200: {` or `gw200 = {`.
    for (at, _) in text.match_indices('{').take(256) {
        let before = text[..at].trim_end();
        let Some(before) = before.strip_suffix([':', '=']) else { continue };
        let key =
            before.trim_end().rsplit(|symbol: char| symbol.is_whitespace() || "{;(".contains(symbol)).next();
        if let Some(key) = key.filter(|key| !key.is_empty() && !GROUPS.contains(key)) {
            reading.boards_are_declared = true;
            reading.board(key);
        }
    }
}

/// The text of the first `key = "…"`.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(key)?;
    let rest = rest.trim_start().strip_prefix(['=', ':'])?.trim_start();
    rest.strip_prefix('"')?.split('"').next()
}

/// The SHA-256 in the braces that name a file.
fn digest_of(text: &str, name: &str) -> Option<String> {
    let quoted = format!("\"{name}\"");
    let at = text.find(&quoted)?;
    let group = &text[text[..at].rfind('{')?..];
    let group = group.split('}').next()?;
    let digest = value(group, "sha256")?;
    (digest.len() == 64).then(|| digest.to_lowercase())
}
