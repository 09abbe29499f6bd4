//! Mender artifacts: a tar with a list of SHA-256 over everything else in it.
//!
//! Source: Mender `Documentation/artifact-format-v3.md`: `version`, `manifest` (and signatures of it), `header.tar`
//! with `header-info`, `data/0000.tar`; the last two compressed. The manifest names the files inside the data archives.

use serde_json::Value;

use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::formats::archive::decompress;
use crate::formats::archive::tar::{Archive, Member};
use crate::formats::update::bundle::read_members;
use crate::reading::Reading;
use crate::unpack::Unpacked;
use crate::window::{SMALL, Window};

/// Lines of the manifest that are checked.
const MAX_LINES: usize = 64;

/// Whether two of the members that every artifact has are there.
pub(super) fn matches(archive: &Archive<'_>) -> bool {
    let has = |start: &str| archive.members.iter().any(|member| member.name.starts_with(start));
    let named = ["version", "manifest"].iter().filter(|name| archive.find(name).is_some()).count();
    named + usize::from(has("header.tar")) + usize::from(has("data/0000.tar")) >= 2
        && archive.members.iter().take(8).any(|member| {
            member.name.starts_with("header.tar")
                || member.name == "manifest"
                || member.name.starts_with("data/0000")
        })
}

/// Takes the facts, compares the digests and reads the members.
pub(super) fn read(archive: &Archive<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    if let Some(header) = archive.members.iter().find(|member| member.name.starts_with("header.tar"))
        && let Some(unpacked) = unpacked_or_plain(header)?
    {
        read_header(unpacked.window(header), reading)?;
    }
    for member in archive.members.iter().filter(|member| member.name.starts_with("manifest.sig")) {
        reading.signature(format!("The list of digests ({})", member.name));
    }
    match archive.find("manifest") {
        Some(manifest) => check_digests(archive, manifest, reading)?,
        None => reading.structure("list of digests", 0, "present", "missing"),
    }
    if !archive.members.iter().any(|member| member.name.starts_with("data/")) {
        reading.structure("data of the artifact", archive.end, "present", "missing");
    }
    read_members(archive, reading).map(drop)
}

/// A member, unpacked if it is compressed.
enum Contents<'a> {
    Plain,
    Unpacked(Unpacked<'a>),
}

impl Contents<'_> {
    fn window<'a>(&'a self, member: &Member<'a>) -> Window<'a> {
        match self {
            Self::Plain => member.contents,
            Self::Unpacked(unpacked) => unpacked.window(),
        }
    }
}

fn unpacked_or_plain<'a>(member: &Member<'a>) -> Result<Option<Contents<'a>>, ImageError> {
    if member.name.ends_with(".tar") {
        return Ok(Some(Contents::Plain));
    }
    Ok(decompress(member.contents)?.map(Contents::Unpacked))
}

fn read_header(header: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let inner = Archive::walk(header)?;
    let Some(info) = inner.find("header-info") else { return Ok(()) };
    let Ok(info) = serde_json::from_slice::<Value>(&info.contents.head(0, SMALL)?) else { return Ok(()) };
    // Version 2 kept these at the top.
    let name = [&info["artifact_provides"]["artifact_name"], &info["artifact_name"]];
    if let Some(name) = name.iter().find_map(|name| name.as_str()) {
        reading.set_version(name);
    }
    for key in [&info["artifact_depends"]["device_type"], &info["device_types_compatible"]] {
        for device in key.as_array().into_iter().flatten().take(64).filter_map(Value::as_str) {
            reading.boards_are_declared = true;
            reading.board(device);
        }
    }
    Ok(())
}

fn check_digests(
    archive: &Archive<'_>,
    manifest: &Member<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    let text = String::from_utf8_lossy(&manifest.contents.head(0, SMALL)?).into_owned();
    for line in text.lines().take(MAX_LINES) {
        let Some((expected, name)) = line.split_once("  ") else { continue };
        let actual = match archive.members.iter().find(|member| member.name == name) {
            Some(member) => Some(hex(&Algorithm::Sha256.of(member.contents)?)),
            None => digest_in_data(archive, name)?,
        };
        let at = manifest.contents.start();
        let actual = actual.unwrap_or_else(|| "not there".into());
        reading.digest(format!("sha256 of {name}"), at, expected.to_lowercase(), actual);
    }
    Ok(())
}

/// The digest of `data/0000/NAME`, which is the member NAME of `data/0000.tar.gz`.
fn digest_in_data(archive: &Archive<'_>, name: &str) -> Result<Option<String>, ImageError> {
    let mut parts = name.splitn(3, '/');
    let (Some(data), Some(number), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(None);
    };
    let start = format!("{data}/{number}.tar");
    let Some(member) = archive.members.iter().find(|member| member.name.starts_with(&start)) else {
        return Ok(None);
    };
    let Some(contents) = unpacked_or_plain(member)? else { return Ok(None) };
    let inner = Archive::walk(contents.window(member))?;
    let found = inner.members.iter().find(|inner| inner.name == file && inner.contents.len() == inner.size);
    found.map(|inner| Algorithm::Sha256.of(inner.contents).map(|digest| hex(&digest))).transpose()
}
