//! Which bundle a tar archive is, by the names of its members, and what each says about the device.
//!
//! Sources: OpenWrt `scripts/sysupgrade-tar.sh` (`sysupgrade-BOARD/CONTROL`, `kernel`, `root`); the line of `md5sum`
//! that Samsung's Odin packages carry behind the archive; Linksys' LGS switches (a tar around one legacy U-Boot image).
//! Mender's and Synology's have modules of their own.

use crate::boards::{Kind, lookup, vendor_name};
use crate::digest::{Algorithm, hex};
use crate::error::ImageError;
use crate::formats::archive::tar::{Archive, Member};
use crate::formats::update::{mender, synology};
use crate::reading::Reading;
use crate::window::Window;

/// Members that are looked into.
const MAX_OPENED: usize = 256;

/// Bytes behind an archive in which the line of `md5sum` is looked for.
const MAX_LINE_SEARCH: u64 = 64 * 1024;

/// Names of Samsung's partitions, without what stands behind the first point.
const ODIN_PARTITIONS: &[&str] = &[
    "boot",
    "cache",
    "cm",
    "dtbo",
    "hidden",
    "init_boot",
    "keystorage",
    "modem",
    "odm",
    "param",
    "product",
    "recovery",
    "sboot",
    "super",
    "system",
    "uh",
    "up_param",
    "userdata",
    "vbmeta",
    "vendor",
    "vendor_boot",
];

/// Endings of the files for them.
const ODIN_ENDINGS: &[&str] =
    &["bin", "bin.lz4", "img", "img.ext4", "img.ext4.lz4", "img.lz4", "mbn", "mbn.lz4"];

/// Members of Synology's archives.
const SYNOLOGY_MEMBERS: &[&str] = &[
    "VERSION",
    "checksum.syno",
    "grub_cksum.syno",
    "hda1.tgz",
    "rd.gz",
    "uboot_do_upd.sh",
    "updater",
    "zImage",
];

/// Reads the members of an archive, as the bundle that it is.
pub(crate) fn read_tar(
    window: Window<'_>,
    archive: &Archive<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), ImageError> {
    if !reading.is_outermost() {
        return read_members(archive, reading).map(drop);
    }
    if mender::matches(archive) {
        reading.call_file("mender-artifact");
        mender::read(archive, reading)?;
    } else if let Some(board) = sysupgrade_board(archive) {
        read_sysupgrade(archive, &board, reading)?;
    } else if is_odin(archive) || find_md5_line(window, archive.end)?.is_some() {
        return read_odin(window, archive, reading);
    } else if SYNOLOGY_MEMBERS.iter().filter(|name| archive.find(name).is_some()).count() >= 2 {
        reading.call_file("synology-pat");
        synology::read(archive, reading)?;
        read_members(archive, reading)?;
    } else {
        let inside = read_members(archive, reading)?;
        if inside.contains(&"uimage") && archive.members.iter().any(is_switch_member) {
            reading.call_file("linksys-switch-tar");
            reading.set_vendor("Linksys");
        } else if inside.is_empty() {
            reading.disclaim();
        }
    }
    reading.trailing(window, archive.end)
}

/// Reads the members one by one, and returns the formats found.
pub(super) fn read_members(
    archive: &Archive<'_>,
    reading: &mut Reading<'_>,
) -> Result<Vec<&'static str>, ImageError> {
    let mut inside = Vec::new();
    for member in archive.members.iter().take(MAX_OPENED) {
        let part = member.contents;
        let found = if part.len() < member.size {
            reading.beginning_part(&member.name, part)?
        } else {
            reading.part(&member.name, part)?
        };
        inside.extend(found);
    }
    if archive.members.len() > MAX_OPENED {
        reading.uncovered(format!("Only the first {MAX_OPENED} members of the archive were opened."));
    }
    Ok(inside)
}

fn is_switch_member(member: &Member<'_>) -> bool {
    let name = member.name.to_lowercase();
    name.ends_with(".bix") || ["lgs", "vmlinux", "uimage"].iter().any(|part| name.contains(part))
}

fn sysupgrade_board(archive: &Archive<'_>) -> Option<String> {
    archive.members.iter().find_map(|member| {
        let folder = member.name.trim_start_matches("./").strip_prefix("sysupgrade-")?;
        folder.split_once('/').map(|(board, _)| board.to_owned())
    })
}

fn read_sysupgrade(archive: &Archive<'_>, board: &str, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.call_file("openwrt-sysupgrade-tar");
    // The folder writes a comma as an underscore; the metadata behind the archive, read before, has the comma.
    if !reading.boards_are_declared {
        let control = archive.find("CONTROL").map(|member| member.contents.text(0, 512)).transpose()?;
        let line = control.as_deref().and_then(|text| text.trim().strip_prefix("BOARD=").map(str::to_owned));
        let name = line.unwrap_or_else(|| board.trim_end_matches('\u{fffd}').to_owned());
        let compatible = name.replacen('_', ",", 1);
        identify(&compatible, reading);
        if vendor_of(&compatible).is_some() {
            reading.board(compatible);
        }
        reading.board(name);
    }
    read_members(archive, reading).map(drop)?;
    reading.uncovered("The archive has no digests of its members' contents, only sums of their headers.");
    Ok(())
}

/// Takes maker, model and revision from a board id as device trees write it.
pub(super) fn identify(compatible: &str, reading: &mut Reading<'_>) {
    if let Some(found) = lookup(Kind::Compatible, compatible) {
        reading.set_vendor(found.vendor);
        reading.set_model(found.model);
        reading.set_hardware_revision(found.revision);
    } else if let Some(vendor) = vendor_of(compatible) {
        reading.set_vendor(vendor);
    }
}

/// The maker that the prefix of a board id names.
fn vendor_of(compatible: &str) -> Option<&'static str> {
    compatible.split_once(',').and_then(|(prefix, _)| vendor_name(prefix))
}

/// Whether members are partitions of a Samsung telephone.
fn is_odin(archive: &Archive<'_>) -> bool {
    let is_partition = |member: &&Member<'_>| {
        let (stem, ending) = member.name.split_once('.').unwrap_or((&member.name, ""));
        ODIN_ENDINGS.contains(&ending) && ODIN_PARTITIONS.contains(&stem)
    };
    let known = archive.members.iter().take(64).filter(is_partition).count();
    known >= 2 || (known == 1 && archive.members.len() <= 2)
}

/// The line that `md5sum` writes.
struct Md5Line {
    at: u64,
    digest: String,
    name: String,
    end: u64,
}

/// The line of `md5sum` behind the archive.
fn find_md5_line(window: Window<'_>, end: u64) -> Result<Option<Md5Line>, ImageError> {
    let tail = window.head(end, MAX_LINE_SEARCH)?;
    let is_line = |line: &[u8]| {
        line[..32].iter().all(u8::is_ascii_hexdigit) && line[32] == b' ' && matches!(line[33], b' ' | b'*')
    };
    let Some(at) = tail.windows(34).position(is_line) else { return Ok(None) };
    let line = &tail[at..];
    let size = line.iter().position(|byte| *byte == b'\n').unwrap_or(line.len()).min(512);
    Ok(Some(Md5Line {
        at: end + at as u64,
        digest: crate::window::text(&line[..32]).to_lowercase(),
        name: crate::window::text(&line[34..size.max(34)]).trim().to_owned(),
        end: end + at as u64 + (size + 1).min(line.len()) as u64,
    }))
}

fn read_odin(window: Window<'_>, archive: &Archive<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.call_file("samsung-odin-tar-md5");
    reading.set_vendor("Samsung");
    let mut end = archive.end;
    if let Some(line) = find_md5_line(window, archive.end)? {
        let actual = hex(&Algorithm::Md5.of(window.clamped(0, line.at))?);
        reading.digest("md5 of the archive", window.start() + line.at, line.digest, actual);
        if let Some((model, version)) = odin_version(&line.name) {
            reading.board(model);
            reading.set_model(format!("SM-{model}"));
            reading.set_version(version);
        }
        let index = reading.last_container();
        reading.container_at(index).fields.insert("file-name".into(), line.name);
        end = line.end;
    } else {
        reading.structure("line with the md5 of the archive", archive.end, "present", "missing");
    }
    read_members(archive, reading)?;
    reading.trailing(window, end)
}

/// Model and version in `AP_G991BXXU5DVK1_CL25….tar`: behind the model stand region and type (three letters; two in
/// versions before 2015), level of the boot loader, release, year, month and build.
fn odin_version(name: &str) -> Option<(&str, &str)> {
    let version = name.split(['_', '.']).find(|part| {
        (11..=16).contains(&part.len())
            && part.starts_with(|first: char| first.is_ascii_uppercase())
            && part.chars().all(|symbol| symbol.is_ascii_uppercase() || symbol.is_ascii_digit())
            && part.chars().any(|symbol| symbol.is_ascii_digit())
    })?;
    let long = version.len() - 8;
    let has_three_letters = version.as_bytes()[long..long + 3].iter().all(u8::is_ascii_uppercase);
    let at = if has_three_letters { long } else { version.len() - 7 };
    Some((&version[..at], version))
}
