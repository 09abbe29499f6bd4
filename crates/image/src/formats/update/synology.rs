//! Synology's `.pat` archives as DSM 4 to 6 have them: a tar with `VERSION` and, in `checksum.syno`, the lines that
//! `cksum` prints of the other members.
//!
//! Source: POSIX.1-2017 `cksum`; the names of members from binwalk's and community tools' descriptions of the format.
//! The archives of DSM 7 are encrypted and signed, and not read here.

use crate::digest::posix_cksum;
use crate::error::ImageError;
use crate::formats::archive::tar::Archive;
use crate::reading::Reading;
use crate::window::SMALL;

/// Lines of `checksum.syno` that are checked.
const MAX_LINES: usize = 64;

/// Takes the facts from `VERSION` and compares the checksums.
pub(super) fn read(archive: &Archive<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.set_vendor("Synology");
    if let Some(version) = archive.find("VERSION") {
        let text = String::from_utf8_lossy(&version.contents.head(0, SMALL)?).into_owned();
        describe(&text, reading);
    }
    let Some(list) = archive.find("checksum.syno") else {
        reading.uncovered("There is no checksum.syno that covers the members of the archive.");
        return Ok(());
    };
    let text = String::from_utf8_lossy(&list.contents.head(0, SMALL)?).into_owned();
    for line in text.lines().take(MAX_LINES) {
        let mut words = line.split_whitespace();
        let (Some(expected), Some(_), Some(name)) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        let Some(member) = archive.members.iter().find(|member| member.name == name) else {
            // Some lists name files of other packages of the same version.
            continue;
        };
        let actual = posix_cksum(member.contents)?;
        reading.digest(format!("cksum of {name}"), list.contents.start(), expected, actual);
    }
    Ok(())
}

/// `unique="synology_apollolake_918+"`, `productversion="6.2.4"`, `buildnumber="25556"`.
fn describe(text: &str, reading: &mut Reading<'_>) {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
        line.map(|value| value.trim_matches('"').to_owned()).filter(|value| !value.is_empty())
    };
    let version = value("productversion")
        .or_else(|| Some(format!("{}.{}", value("majorversion")?, value("minorversion")?)));
    if let Some(version) = version {
        reading.set_version(match value("buildnumber") {
            Some(build) => format!("{version}-{build}"),
            None => version,
        });
    }
    if let Some(unique) = value("unique") {
        let name = unique.rsplit('_').next().unwrap_or_default().to_uppercase();
        let is_bare = name.starts_with(|first: char| first.is_ascii_digit());
        reading.set_model(if is_bare { format!("DS{name}") } else { name });
        reading.board(unique);
    }
    if let Some(model) = value("model").or_else(|| value("upnpmodelname")) {
        reading.set_model(model);
    }
}
