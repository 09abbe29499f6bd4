//! The computer itself: system, user, disk, power.

use std::path::Path;

use nix::sys::statvfs::statvfs;
use serde::Serialize;

use super::Place;
use super::files::{names, parsed, text, value};

/// Bit of a capability in `/proc/self/status` (Linux `include/uapi/linux/capability.h`).
const CAP_NET_BIND_SERVICE: u32 = 10;
const CAP_NET_ADMIN: u32 = 12;
const CAP_NET_RAW: u32 = 13;

/// Kernel and distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SystemFacts {
    /// Release of the kernel, for example `6.12.9-amd64`.
    pub kernel: Option<String>,
    /// Name of the distribution, for example `Debian GNU/Linux 13 (trixie)`.
    pub os_name: Option<String>,
    /// Processor architecture that this program was built for.
    pub architecture: &'static str,
}

/// Who runs this program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserFacts {
    /// Effective user id.
    pub uid: u32,
    /// Name, where `/etc/passwd` has one.
    pub name: Option<String>,
    /// The groups that this process has.
    pub groups: Vec<Group>,
    /// Groups that list the user in `/etc/group` and that this process does not have: they come with the next login.
    pub groups_after_login: Vec<Group>,
    /// May bind ports below 1024 (`CAP_NET_BIND_SERVICE`).
    pub has_net_bind_capability: bool,
    /// May send raw frames (`CAP_NET_RAW`).
    pub has_net_raw_capability: bool,
    /// May change network interfaces (`CAP_NET_ADMIN`).
    pub has_net_admin_capability: bool,
}

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// Its id.
    pub gid: u32,
    /// Its name, where `/etc/group` has one.
    pub name: Option<String>,
}

/// Space on a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiskFacts {
    /// The folder that was looked at: the wanted one, or the nearest above it that exists.
    pub folder: String,
    /// Bytes that this user may still write.
    pub free_bytes: u64,
    /// Size of the file system in bytes.
    pub total_bytes: u64,
}

/// Mains and batteries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PowerFacts {
    /// Whether any external supply is connected; `None` where the computer does not tell.
    pub mains_online: Option<bool>,
    /// Batteries of the computer itself, not of a mouse.
    pub batteries: Vec<Battery>,
}

/// A battery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Battery {
    /// Its name, for example `BAT0`.
    pub name: String,
    /// Charge, from 0 to 100.
    pub percent: Option<u8>,
    /// `Charging`, `Discharging`, `Full` …, as the kernel says.
    pub status: Option<String>,
}

pub(super) fn system(place: &Place) -> SystemFacts {
    SystemFacts {
        kernel: value(&place.at("proc/sys/kernel/osrelease")),
        os_name: text(&place.at("etc/os-release")).and_then(|text| os_name(&text)),
        architecture: std::env::consts::ARCH,
    }
}

/// `PRETTY_NAME` of os-release(5), without its quotes.
fn os_name(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?.trim();
    let unquoted = line.strip_prefix(['"', '\'']).and_then(|line| line.strip_suffix(['"', '\'']));
    Some(unquoted.unwrap_or(line).chars().filter(|c| !c.is_control()).take(100).collect())
}

pub(super) fn user(place: &Place) -> Result<UserFacts, String> {
    let status = text(&place.at("proc/self/status")).ok_or("/proc/self/status cannot be read")?;
    let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    // Real, effective, saved and file system id.
    let effective = |line: &str| line.split_whitespace().nth(1)?.parse::<u32>().ok();
    let uid = field("Uid").and_then(effective).ok_or("/proc/self/status names no user")?;
    let main_gid = field("Gid").and_then(effective);
    let other_gids =
        field("Groups").unwrap_or_default().split_whitespace().filter_map(|gid| gid.parse().ok());
    let mut gids: Vec<u32> = main_gid.into_iter().chain(other_gids).collect();
    gids.sort_unstable();
    gids.dedup();
    let capabilities =
        field("CapEff").and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);

    let name = user_name(place, uid);
    let table = group_table(place);
    let listed = table.iter().filter(|entry| name.as_ref().is_some_and(|name| entry.members.contains(name)));
    let after_login = listed.filter(|entry| !gids.contains(&entry.gid));
    Ok(UserFacts {
        uid,
        groups_after_login: after_login
            .map(|entry| Group { gid: entry.gid, name: Some(entry.name.clone()) })
            .collect(),
        groups: gids.iter().map(|gid| Group { gid: *gid, name: name_of_group(&table, *gid) }).collect(),
        name,
        has_net_bind_capability: capabilities >> CAP_NET_BIND_SERVICE & 1 == 1,
        has_net_raw_capability: capabilities >> CAP_NET_RAW & 1 == 1,
        has_net_admin_capability: capabilities >> CAP_NET_ADMIN & 1 == 1,
    })
}

/// A line of `/etc/group`.
pub(super) struct GroupEntry {
    name: String,
    gid: u32,
    members: Vec<String>,
}

pub(super) fn group_table(place: &Place) -> Vec<GroupEntry> {
    let table = text(&place.at("etc/group")).unwrap_or_default();
    let entries = table.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let gid = fields.nth(1)?.parse().ok()?;
        let members = fields.next().unwrap_or_default().split(',').filter(|member| !member.is_empty());
        Some(GroupEntry { name, gid, members: members.map(str::to_owned).collect() })
    });
    entries.collect()
}

pub(super) fn name_of_group(table: &[GroupEntry], gid: u32) -> Option<String> {
    table.iter().find(|entry| entry.gid == gid).map(|entry| entry.name.clone())
}

pub(super) fn user_name(place: &Place, uid: u32) -> Option<String> {
    let table = text(&place.at("etc/passwd"))?;
    table.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

pub(super) fn disk(folder: &Path) -> Result<DiskFacts, String> {
    let existing = folder.ancestors().find(|folder| folder.is_dir());
    let existing = existing.ok_or_else(|| format!("there is no {}", folder.display()))?;
    let stat = statvfs(existing).map_err(|errno| errno.desc().to_owned())?;
    // The fields' width depends on the platform.
    #[allow(clippy::useless_conversion, reason = "the fields are narrower on 32-bit systems")]
    let (block, free, total) =
        (u64::from(stat.fragment_size()), u64::from(stat.blocks_available()), u64::from(stat.blocks()));
    Ok(DiskFacts {
        folder: existing.display().to_string(),
        free_bytes: free.saturating_mul(block),
        total_bytes: total.saturating_mul(block),
    })
}

pub(super) fn power(place: &Place) -> PowerFacts {
    let folder = place.at("sys/class/power_supply");
    let mut facts = PowerFacts { mains_online: None, batteries: Vec::new() };
    for name in names(&folder) {
        let supply = folder.join(&name);
        // A mouse's or headset's battery says so here.
        if value(&supply.join("scope")).as_deref() == Some("Device") {
            continue;
        }
        match value(&supply.join("type")).as_deref() {
            Some("Battery") => facts.batteries.push(Battery {
                name,
                percent: parsed::<u8>(&supply.join("capacity")).filter(|percent| *percent <= 100),
                status: value(&supply.join("status")),
            }),
            Some(_) => {
                if let Some(online) = parsed::<u8>(&supply.join("online")) {
                    facts.mains_online = Some(facts.mains_online == Some(true) || online != 0);
                }
            }
            None => {}
        }
    }
    facts
}
