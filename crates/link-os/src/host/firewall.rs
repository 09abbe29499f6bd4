//! What could drop a unit's packets: firewall daemons, and the rules where this user may read them.

use std::path::Path;

use debrick_link::Deadline;
use serde::Serialize;

use super::Place;
use super::files::text;
use crate::holders::{Process, process_ids};
use crate::program::run;

/// Processes that manage firewall rules, as the kernel names them.
const DAEMONS: [&str; 5] = ["firewalld", "opensnitchd", "shorewall", "nftables", "fail2ban-server"];

/// Where the program that lists rules may be.
const NFT_PLACES: [&str; 4] = ["usr/sbin/nft", "sbin/nft", "usr/bin/nft", "usr/local/sbin/nft"];

/// Firewalls of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FirewallFacts {
    /// Running daemons that manage rules.
    pub daemons: Vec<Process>,
    /// Whether ufw is enabled; `None` where it is not installed or cannot be read.
    pub ufw_enabled: Option<bool>,
    /// Tables of the old iptables in use; `None` where this user may not read them.
    pub iptables_tables: Option<Vec<String>>,
    /// Whether the kernel has nftables loaded.
    pub nftables_loaded: bool,
    /// The rules of nftables.
    pub nft: NftRules,
}

/// The rules of nftables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NftRules {
    /// They were not asked for: nftables is not loaded, or there is no `nft`.
    NotAsked,
    /// The lines of `nft list ruleset`.
    Listed(Vec<String>),
    /// Why they could not be read, in the words of `nft`.
    NotReadable(String),
}

pub(super) fn firewall(place: &Place) -> FirewallFacts {
    let proc = place.proc();
    let processes = process_ids(&proc).map(|pid| Process::of(&proc, pid));
    let modules = text(&place.at("proc/modules")).unwrap_or_default();
    let nftables_loaded = modules.lines().any(|line| line.starts_with("nf_tables "))
        || place.at("sys/module/nf_tables").exists();
    let nft = NFT_PLACES.iter().map(|program| place.at(program)).find(|program| program.is_file());
    FirewallFacts {
        daemons: processes.filter(|process| DAEMONS.contains(&process.name.as_str())).collect(),
        ufw_enabled: text(&place.at("etc/ufw/ufw.conf")).map(|text| is_ufw_enabled(&text)),
        iptables_tables: text(&proc.join("net/ip_tables_names"))
            .map(|text| text.lines().map(str::to_owned).collect()),
        nftables_loaded,
        nft: match nft {
            Some(program) if nftables_loaded && place.is_live => list_rules(&program, place.deadline),
            _ => NftRules::NotAsked,
        },
    }
}

fn is_ufw_enabled(text: &str) -> bool {
    text.lines().any(|line| line.trim().to_ascii_lowercase().replace(' ', "").starts_with("enabled=yes"))
}

/// Runs `nft list ruleset`, which changes nothing.
fn list_rules(program: &Path, deadline: Deadline) -> NftRules {
    match run(program.to_owned(), &["list", "ruleset"], deadline) {
        Ok((true, out, _)) => NftRules::Listed(out.lines().map(str::to_owned).collect()),
        Ok((false, _, said)) => NftRules::NotReadable(said.lines().next().unwrap_or_default().to_owned()),
        Err(reason) => NftRules::NotReadable(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ufw_says_whether_it_is_enabled() {
        assert!(is_ufw_enabled("# set to yes\nENABLED=yes\nLOGLEVEL=low\n"));
        assert!(!is_ufw_enabled("# ENABLED=yes\nENABLED=no\n"));
    }
}
