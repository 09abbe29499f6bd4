//! The settings of a system: the archive that `sysupgrade -b` makes, where it comes from, and to which system it may
//! return.
//!
//! The archive also holds `compat_version`, in `etc/config/system`. A system that gets it back from an archive of another
//! layout takes itself for one of that layout, and its checks of images go wrong from then on. So the archive's own
//! number counts, too.

use std::io::Read;

use debrick_link::Deadline;
use debrick_model::Digest;
use debrick_target::{Clearance, Silent, digest};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::board::{Compat, System};
use super::error::OpenwrtError;
use super::{LOOKED, LOOKING, SETTINGS};
use crate::error::SshError;
use crate::files;
use crate::shell::{Shell, ask, ask_with, within};

/// The largest archive that is taken, in bytes. Settings are some ten KiB; some people keep files among them.
pub const LARGEST: u64 = 32 << 20;

/// The most that an archive may hold, unpacked, in bytes.
const LARGEST_UNPACKED: u64 = 128 << 20;

/// The most files that an archive may hold.
const MOST_FILES: usize = 20_000;

/// The longest list of settings that is read, in bytes.
const LONGEST_LIST: u64 = 1 << 20;

/// Where the archive lies on the unit while it is restored: in memory.
const PLACE: &str = "/tmp/debrick-settings.tar.gz";

/// Settings, and the system that they are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The archive: tar, compressed with gzip.
    pub archive: Vec<u8>,
    /// Its SHA-256.
    pub digest: Digest,
    /// Which system they are from.
    pub origin: Origin,
}

/// Which system settings are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its board: `acme,r1`.
    pub board_name: Option<String>,
    /// `OpenWrt`, or what a fork calls itself.
    pub distribution: Option<String>,
    /// `23.05.3`.
    pub version: Option<String>,
    /// Its layout.
    pub compat: Compat,
}

impl Origin {
    /// The system that was asked.
    pub fn of(system: &System) -> Self {
        Self {
            board_name: system.board_name.clone(),
            distribution: system.distribution.clone(),
            version: system.version.clone(),
            compat: system.compat(),
        }
    }
}

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Its files with their SHA-256, without folders and links; names begin with `/`.
    pub files: Vec<(String, Digest)>,
    /// The layout that it says its system has.
    pub compat: Option<Compat>,
}

/// Whether settings may return to a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// They may.
    Fits,
    /// They may, and something may not work afterwards.
    Doubtful(String),
    /// They must not.
    Refused(String),
}

/// Unpacks an archive in memory, all of it, and lists it. Fails where it is damaged, or holds no settings.
pub fn inspect(archive: &[u8]) -> Result<Archive, OpenwrtError> {
    let damaged = |why: &str| OpenwrtError::SettingsDamaged { why: why.to_owned() };
    if archive.len() as u64 > LARGEST {
        return Err(damaged("it is larger than any"));
    }
    // One byte more than is taken, so that what is cut off is found out.
    let mut reader = tar::Archive::new(MultiGzDecoder::new(archive).take(LARGEST_UNPACKED + 1));
    let mut found = Archive { files: Vec::new(), compat: None };
    let entries = reader.entries().map_err(|error| damaged(&error.to_string()))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| damaged(&error.to_string()))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        if found.files.len() >= MOST_FILES {
            return Err(damaged("it holds more files than any"));
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = format!("/{}", name.trim_start_matches("./").trim_start_matches('/'));
        if name.split('/').any(|part| part == "..") || name.chars().any(char::is_control) {
            return Err(damaged("it holds a file that leads out of it"));
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).map_err(|error| damaged(&error.to_string()))?;
        if name == "/etc/config/system" {
            found.compat = compat_of(&String::from_utf8_lossy(&content));
        }
        let sha256 = digest::sha256(&content).map_err(|error| damaged(&error.to_string()))?;
        found.files.push((name, sha256));
    }
    // What follows the last file is read, too: the check of gzip stands behind everything.
    let mut rest = reader.into_inner();
    std::io::copy(&mut rest, &mut std::io::sink()).map_err(|error| damaged(&error.to_string()))?;
    if rest.limit() == 0 {
        return Err(damaged("it unpacks to more than any"));
    }
    if !found.files.iter().any(|(name, _)| name.starts_with("/etc/")) {
        return Err(damaged("it holds no settings"));
    }
    Ok(found)
}

/// `option compat_version '1.1'`.
fn compat_of(config: &str) -> Option<Compat> {
    config.lines().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let is_it = words.next() == Some("option") && words.next() == Some("compat_version");
        is_it.then(|| words.next()).flatten().and_then(|word| Compat::parse(word.trim_matches(['\'', '"'])))
    })
}

/// Whether settings of `origin`, held by `archive`, may return to `system`.
pub fn fit(origin: &Origin, archive: &Archive, system: &System) -> Fit {
    if let (Some(theirs), Some(ours)) = (&origin.board_name, &system.board_name)
        && theirs != ours
    {
        return Fit::Refused(format!("they are from {theirs}, and this unit calls itself {ours}"));
    }
    if let (Some(theirs), Some(ours)) = (&origin.distribution, &system.distribution)
        && theirs != ours
    {
        return Fit::Refused(format!("they are from {theirs}, and this system is {ours}"));
    }
    let unit = system.compat();
    for compat in [Some(origin.compat), archive.compat].into_iter().flatten() {
        if compat != unit {
            let what = "they are from a system of the layout";
            return Fit::Refused(format!("{what} {compat}, and this one has the layout {unit}"));
        }
    }
    match (major(origin.version.as_deref()), major(system.version.as_deref())) {
        (Some(theirs), Some(ours)) if theirs > ours => Fit::Doubtful(format!(
            "they are from the newer version {}, of which this system ({}) may not understand all",
            origin.version.as_deref().unwrap_or_default(),
            system.version.as_deref().unwrap_or_default()
        )),
        _ => Fit::Fits,
    }
}

/// `23.05` of `23.05.3`; nothing of `SNAPSHOT`.
fn major(version: Option<&str>) -> Option<(u32, u32)> {
    let mut parts = version?.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Takes the settings from a running system. The archive is unpacked here to prove that it is whole.
pub fn back_up(shell: &mut dyn Shell, system: &System, deadline: Deadline) -> Result<Settings, OpenwrtError> {
    if system.runs_from_memory() {
        return Err(OpenwrtError::NoSettings);
    }
    let failed = || OpenwrtError::shell("take the settings");
    let command = "sysupgrade -b -";
    let answer = ask(shell, command, LARGEST, deadline)
        .and_then(|answer| answer.or_failed(command))
        .map_err(failed())?;
    inspect(&answer.output)?;
    let digest = files::sha256(&answer.output).map_err(failed())?;
    Ok(Settings { archive: answer.output, digest, origin: Origin::of(system) })
}

/// The part of an archive that holds these files, as an archive. `None` where it holds none of them.
pub fn only(archive: &[u8], names: &[&str]) -> Result<Option<Vec<u8>>, OpenwrtError> {
    inspect(archive)?;
    let damaged = |error: std::io::Error| OpenwrtError::SettingsDamaged { why: error.to_string() };
    let mut part = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut reader = tar::Archive::new(MultiGzDecoder::new(archive).take(LARGEST_UNPACKED));
    let mut is_empty = true;
    for entry in reader.entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = format!("/{}", name.trim_start_matches("./").trim_start_matches('/'));
        if entry.header().entry_type().is_file() && names.contains(&name.as_str()) {
            let mut content = Vec::new();
            entry.read_to_end(&mut content).map_err(damaged)?;
            let mut header = entry.header().clone();
            part.append_data(&mut header, name.trim_start_matches('/'), content.as_slice())
                .map_err(damaged)?;
            is_empty = false;
        }
    }
    let packed = part.into_inner().and_then(GzEncoder::finish).map_err(damaged)?;
    Ok((!is_empty).then_some(packed))
}

/// Returns settings to a running system, and compares every file with what the system then holds. They take effect at its
/// next start.
///
/// `clearance` has to cover the archive's digest in the region [`SETTINGS`].
pub fn restore(
    shell: &mut dyn Shell,
    settings: &Settings,
    system: &System,
    clearance: &Clearance,
    deadline: Deadline,
) -> Result<Archive, OpenwrtError> {
    let failed = || OpenwrtError::shell("return the settings");
    if system.runs_from_memory() {
        return Err(OpenwrtError::NoSettings);
    }
    let archive = inspect(&settings.archive)?;
    if let Fit::Refused(reason) = fit(&settings.origin, &archive, system) {
        return Err(OpenwrtError::SettingsRefused { reason });
    }
    let digest = files::sha256(&settings.archive).map_err(failed())?;
    if !clearance.covers_content(SETTINGS, digest) {
        return Err(OpenwrtError::NotCleared { what: SETTINGS });
    }
    // Unpacking begins only when all of it is there.
    files::upload(shell, &settings.archive, PLACE, &mut Silent, deadline).map_err(failed())?;
    let result = unpack(shell, &archive, deadline);
    let removed = files::remove(shell, PLACE, deadline).map_err(failed());
    result.and(removed)?;
    Ok(archive)
}

fn unpack(shell: &mut dyn Shell, archive: &Archive, deadline: Deadline) -> Result<(), OpenwrtError> {
    let failed = || OpenwrtError::shell("return the settings");
    let command = format!("sysupgrade -r {PLACE}");
    let answer = ask(shell, &command, LOOKED, deadline).map_err(failed())?;
    if !answer.ended.is_success() {
        let said = answer.said();
        let read_only = said.contains("Read-only file system");
        return Err(OpenwrtError::SettingsNotKept { said, read_only });
    }
    let differing = differing(shell, archive, deadline).map_err(failed())?;
    if differing.is_empty() {
        return Ok(());
    }
    let shown = differing.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let said = format!("{} files do not hold what was restored: {shown}", differing.len());
    Err(OpenwrtError::SettingsNotKept { said, read_only: false })
}

/// The files of an archive that the system does not hold as they are there. None where the system has no `sha256sum`.
fn differing(shell: &mut dyn Shell, archive: &Archive, deadline: Deadline) -> Result<Vec<String>, SshError> {
    let list: String = archive.files.iter().map(|(name, sha256)| format!("{sha256}  {name}\n")).collect();
    let command = "sha256sum -c -";
    let until = within(shell, LOOKING * 4, deadline);
    let list = list.into_bytes();
    let answer = ask_with(shell, command, Some(&list), LONGEST_LIST.max(list.len() as u64 * 2), until)?;
    if answer.ended.is_missing() || answer.ended.is_success() {
        return Ok(vec![]);
    }
    let names: Vec<String> = answer
        .text()
        .lines()
        .filter_map(|line| line.strip_suffix(": FAILED").or(line.strip_suffix(": FAILED open or read")))
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        Err(crate::shell::failed(command, &answer.ended, &answer.output))
    } else {
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn pack(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o600);
            header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, content.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn why(archive: &[u8]) -> String {
        match inspect(archive) {
            Err(OpenwrtError::SettingsDamaged { why }) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_archive_is_read_whole() {
        let config = "config system\n\toption hostname 'OpenWrt'\n\toption compat_version '1.1'\n";
        let packed = pack(&[("etc/config/system", config), ("./etc/passwd", "root")]);
        let archive = inspect(&packed).unwrap();
        let names: Vec<_> = archive.files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            (names, archive.compat),
            (vec!["/etc/config/system", "/etc/passwd"], Compat::parse("1.1"))
        );
        for cut in [packed.len() - 1, packed.len() / 2, 20, 0] {
            assert_ne!(why(&packed[..cut]), "");
        }
        let mut flipped = packed.clone();
        let at = flipped.len() - 6;
        flipped[at] ^= 1;
        assert_ne!(why(&flipped), "");
    }

    #[test]
    fn what_is_no_archive_of_settings_is_refused() {
        assert_eq!(why(&pack(&[("readme", "a")])), "it holds no settings");
        assert_eq!(why(&pack(&[("etc/../../x", "a")])), "it holds a file that leads out of it");
        let mut zeros = GzEncoder::new(Vec::new(), Compression::fast());
        for _ in 0..200 {
            zeros.write_all(&vec![0; 1 << 20]).unwrap();
        }
        assert_ne!(why(&zeros.finish().unwrap()), "");
    }

    #[test]
    fn a_part_holds_what_is_named_and_nothing_else() {
        let packed =
            pack(&[("etc/config/dhcp", "leases"), ("etc/shadow", "root"), ("etc/config/network", "lan")]);
        let part = only(&packed, &["/etc/shadow", "/etc/config/dhcp", "/etc/none"]).unwrap().unwrap();
        let names: Vec<_> = inspect(&part).unwrap().files.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["/etc/config/dhcp", "/etc/shadow"]);
        assert_eq!(only(&packed, &["/etc/none"]).unwrap(), None);
    }

    fn system(board: &str, version: &str, compat: &str) -> System {
        let mut system = System::default();
        system.add_board_name(board);
        system.add_release(&format!("DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='{version}'\n"));
        system.add_compat(compat);
        system
    }

    #[test]
    fn settings_return_only_where_they_fit() {
        let archive = |compat: &str| Archive { files: vec![], compat: Compat::parse(compat) };
        let check = |board: &str, version, compat, inside, expected: &str| {
            let origin = Origin::of(&system(board, version, compat));
            let got = match fit(&origin, &archive(inside), &system("acme,r1", "23.05.3", "1.1")) {
                Fit::Fits => "fits".to_owned(),
                Fit::Doubtful(why) | Fit::Refused(why) => why,
            };
            assert!(got.contains(expected), "{got}");
        };
        check("acme,r1", "22.03.5", "1.1", "", "fits");
        check("acme,r1", "SNAPSHOT", "1.1", "1.1", "fits");
        check("acme,r1", "24.10.0", "1.1", "", "newer version 24.10.0");
        check("acme,r2", "23.05.3", "1.1", "", "this unit calls itself acme,r1");
        check("acme,r1", "23.05.3", "1.0", "", "layout 1.0");
        check("acme,r1", "23.05.3", "2.1", "", "layout 2.1");
        check("acme,r1", "23.05.3", "1.1", "1.0", "layout 1.0");
    }
}
