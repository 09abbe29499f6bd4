//! What could drop a unit's packets: firewall daemons, and the rules where this user may read them.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use debrick_link::{Clock, Deadline};
use serde::Serialize;

use super::Place;
use super::files::text;
use crate::clock::OsClock;
use crate::holders::{Process, process_ids};

/// Processes that manage firewall rules, as the kernel names them.
const DAEMONS: [&str; 5] = ["firewalld", "opensnitchd", "shorewall", "nftables", "fail2ban-server"];

/// Where the program that lists rules may be.
const NFT_PLACES: [&str; 4] = ["usr/sbin/nft", "sbin/nft", "usr/bin/nft", "usr/local/sbin/nft"];

/// How much of the rules is read.
const MOST_RULE_BYTES: u64 = 256 * 1024;

/// How often a running program is looked at.
const LOOK_AROUND: Duration = Duration::from_millis(5);

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

/// Whether it succeeded, its output, and its complaints. Killed at the deadline.
fn run(program: PathBuf, arguments: &[&str], deadline: Deadline) -> Result<(bool, String, String), String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (out, said) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if deadline.has_passed(&OsClock) => break Err("it took too long".to_owned()),
            Ok(None) => OsClock.sleep(LOOK_AROUND),
            Err(error) => break Err(error.to_string()),
        }
    };
    if status.is_err() {
        // It may have ended by itself just now.
        let _ = child.kill();
        let _ = child.wait();
    }
    Ok((status?.success(), out.join().unwrap_or_default(), said.join().unwrap_or_default()))
}

fn collect(from: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(from) = from {
            // What came before a failure counts. What is too much is left in the pipe, which closes here.
            let _ = from.take(MOST_RULE_BYTES).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_run_within_its_time() {
        let deadline = |ms| Deadline::after(&OsClock, Duration::from_millis(ms));
        let shell = |script: &str, ms| run("/bin/sh".into(), &["-c", script], deadline(ms));
        assert_eq!(shell("echo rules; echo no >&2", 5000), Ok((true, "rules\n".into(), "no\n".into())));
        assert_eq!(shell("echo denied >&2; exit 1", 5000), Ok((false, String::new(), "denied\n".into())));
        let began = OsClock.now();
        assert!(shell("exec sleep 10", 100).is_err());
        assert!(OsClock.now().since(began) < Duration::from_secs(2));
        let (_, much, _) = shell("yes | head -c 1000000", 5000).unwrap();
        assert_eq!(much.len() as u64, MOST_RULE_BYTES);
    }

    #[test]
    fn ufw_says_whether_it_is_enabled() {
        assert!(is_ufw_enabled("# set to yes\nENABLED=yes\nLOGLEVEL=low\n"));
        assert!(!is_ufw_enabled("# ENABLED=yes\nENABLED=no\n"));
    }
}
