//! What stands in the way of a repair over one network port, and how to mend it.

use std::path::Path;

use debrick_lan::{Stations, Word, maker};
use debrick_link_os::host::{BindOutcome, Fact, HostFacts, NftRules, UdpPortFacts};
use debrick_link_os::{carries_default_route, managers_of};

use super::{Finding, Level, add, processes};

/// Below this speed, in Mbit/s, a bootloader with a gigabit port may not use the link.
const SLOW: u32 = 100;

/// What was noticed while the port was listened to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Watched {
    /// Whether its cable had a link in the end; `None` while it was down.
    pub(crate) has_link: Option<bool>,
    /// How often the link came or went.
    pub(crate) changes: usize,
    /// For how many seconds it was listened to.
    pub(crate) seconds: u32,
}

/// Judges a port that could be listened to.
pub(crate) fn judge(
    facts: &HostFacts,
    interface: &str,
    watched: Watched,
    stations: &Stations,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    add(&mut findings, "lan-listening", Level::Good, format!("{interface} can be listened to."), "");
    link(interface, watched, &mut findings);
    speed(facts, interface, &mut findings);
    if carries_default_route(interface) {
        let says = format!("{interface} is the port over which this computer reaches the rest of the world.");
        let mend = "Connect the unit to another port, for example a USB adapter: a repair over this one would break the \
                    connection, and is refused.";
        add(&mut findings, "lan-default-route", Level::Bad, says, mend);
    }
    for manager in managers_of(interface) {
        let says = format!("{manager} manages {interface}.");
        let mend = "It is asked to leave this port alone for the time of a repair; nothing needs to be done.";
        add(&mut findings, "lan-manager", Level::Notice, says, mend);
    }
    servers(interface, stations, &mut findings);
    port_is_free(&facts.tftp_port, 69, "TFTP", &mut findings);
    port_is_free(&facts.bootp_port, 67, "BOOTP and DHCP", &mut findings);
    rules(facts, interface, &mut findings);
    findings
}

/// Judges whether this program may do what a repair over a network port takes. `program` is its file.
pub(crate) fn rights(facts: &HostFacts, program: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(user) = facts.user.known() else { return findings };
    let may_bind = facts.tftp_port.known().and_then(|port| port.user_may_bind);
    let wanted = [
        ("cap_net_raw", "raw Ethernet: who is on the cable, BOOTP, NMRP", user.has_net_raw_capability),
        ("cap_net_admin", "the port's link, addresses and ARP entries", user.has_net_admin_capability),
        // Where everybody may bind that port, no right is needed for it.
        ("cap_net_bind_service", "UDP port 69: TFTP", may_bind.unwrap_or(user.has_net_bind_capability)),
    ];
    let lacks: Vec<_> = wanted.iter().filter(|(_, _, has)| !has).collect();
    let check = "lan-rights";
    if lacks.is_empty() {
        let says = "This program may do what a repair over a network port takes.";
        add(&mut findings, check, Level::Good, says, "");
        return findings;
    }
    let named = |(name, what, _): &&(&str, &str, bool)| format!("{} ({what})", name.to_uppercase());
    let says = format!("This program lacks {}.", lacks.iter().map(named).collect::<Vec<_>>().join(", "));
    // A file has the rights that were given last, and those that this program has may be its file's.
    let needs = |(name, _, has): &&(&str, &str, bool)| {
        !has || *name != "cap_net_bind_service" || user.has_net_bind_capability
    };
    let list = wanted.iter().filter(needs).map(|(name, _, _)| *name).collect::<Vec<_>>().join(",");
    let file = quoted(&program.display().to_string());
    let mend = format!(
        "Give them to this file, and no others, or run it as root: sudo setcap {list}+ep {file} (from the package libcap2-bin). \
         Whoever may run the file has them then; a new version of the file has none, and sudo setcap -r {file} takes them back."
    );
    add(&mut findings, check, Level::Bad, says, &mend);
    findings
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn link(interface: &str, watched: Watched, findings: &mut Vec<Finding>) {
    match watched.has_link {
        Some(true) => add(findings, "lan-link", Level::Good, format!("{interface} has a link."), ""),
        Some(false) => {
            let mend = "Put the cable in at both ends, and switch the unit on: most have a link only while they have \
                        power, some only in their recovery mode.";
            add(findings, "lan-link", Level::Bad, format!("{interface} has no link."), mend);
        }
        None => {
            let mend = "Bring it up; a repair does that, and takes it down again.";
            add(findings, "lan-link", Level::Notice, format!("{interface} is down."), mend);
        }
    }
    if watched.changes > 0 {
        let says = format!(
            "The link of {interface} came or went {} times in {} seconds.",
            watched.changes, watched.seconds
        );
        let mend = "Where the unit was not switched off or on meanwhile, it restarts over and over, or the cable or a plug \
                    is bad: try another cable. A switch between the two hides short losses of the link.";
        add(findings, "lan-flaps", Level::Notice, says, mend);
    }
}

fn speed(facts: &HostFacts, interface: &str, findings: &mut Vec<Finding>) {
    let port = facts.interfaces.known().into_iter().flatten().find(|port| port.name == interface);
    if port.is_some_and(|port| port.is_wireless) {
        let mend = "Use a cable: Wi-Fi does not reach a bootloader.";
        add(findings, "lan-wireless", Level::Bad, format!("{interface} is wireless."), mend);
    }
    match port.and_then(|port| port.speed_mbit) {
        Some(speed) if speed < SLOW => {
            let says = format!("The link of {interface} has only {speed} Mbit/s.");
            let mend = "Try another cable, or a plain switch between this computer and the unit.";
            add(findings, "lan-speed", Level::Notice, says, mend);
        }
        Some(speed) => add(findings, "lan-speed", Level::Good, format!("The link has {speed} Mbit/s."), ""),
        None => {}
    }
}

/// Others that give addresses on this cable.
fn servers(interface: &str, stations: &Stations, findings: &mut Vec<Finding>) {
    let offers = |word: &Word| matches!(word, Word::OffersAddress { .. });
    let mut found = false;
    for station in stations.iter().filter(|one| one.words.iter().any(|kept| offers(&kept.word))) {
        found = true;
        let who = maker(station.station).map(|maker| format!(" ({maker})")).unwrap_or_default();
        let says = format!("{}{who} gives addresses by DHCP on the cable of {interface}.", station.station);
        let mend = "Two servers confuse a unit: connect it to this computer alone. If it is the unit itself, its own \
                    system is running.";
        add(findings, "lan-dhcp-server", Level::Notice, says, mend);
    }
    if !found {
        add(findings, "lan-dhcp-server", Level::Good, "No other DHCP server was heard.", "");
    }
}

fn port_is_free(port: &Fact<UdpPortFacts>, number: u16, what: &str, findings: &mut Vec<Finding>) {
    let Some(port) = port.known() else { return };
    let check = if number == 69 { "lan-tftp-port" } else { "lan-bootp-port" };
    match &port.bind {
        Some(BindOutcome::Bound) => {
            add(findings, check, Level::Good, format!("UDP port {number} ({what}) is free."), "");
        }
        Some(BindOutcome::InUse) => {
            let holders: Vec<_> = port.sockets.iter().flat_map(|socket| &socket.held_by).collect();
            let says = format!("UDP port {number} ({what}) is held by {}.", processes(&holders));
            add(findings, check, Level::Bad, says, "Stop that server for the time of the repair.");
        }
        Some(BindOutcome::NotPermitted) => {
            let says = format!("This user may not use UDP port {number} ({what}).");
            let mend = "sudo setcap cap_net_raw,cap_net_admin,cap_net_bind_service+ep $(command -v debrick), or run it as root.";
            add(findings, check, Level::Bad, says, mend);
        }
        Some(BindOutcome::Failed(reason)) => {
            add(findings, check, Level::Notice, format!("UDP port {number} cannot be used: {reason}."), "");
        }
        None => {}
    }
}

/// Rules that may drop what the unit sends, whoever made them.
fn rules(facts: &HostFacts, interface: &str, findings: &mut Vec<Finding>) {
    let Some(firewall) = facts.firewall.known() else { return };
    let dropping = match &firewall.nft {
        NftRules::Listed(lines) => lines.iter().any(|line| {
            line.contains("policy drop")
                || line.split_whitespace().any(|word| word == "drop" || word == "reject")
        }),
        NftRules::NotReadable(_) | NftRules::NotAsked => false,
    };
    let tables =
        firewall.iptables_tables.as_ref().is_some_and(|tables| tables.iter().any(|table| table == "filter"));
    if !dropping && !tables {
        add(findings, "lan-firewall", Level::Good, "No rule of a firewall was found that drops packets.", "");
        return;
    }
    let says = "This computer has firewall rules that may drop what the unit sends.";
    let mend = format!(
        "Let the unit in for the time of the repair: sudo iptables -I INPUT -i {interface} -p udp --dport 67:69 -j ACCEPT; \
         take it back with -D in place of -I. What is heard on the cable is heard all the same."
    );
    add(findings, "lan-firewall", Level::Notice, says, &mend);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_one_word_in_a_shell() {
        assert_eq!(quoted("/usr/local/bin/debrick-0.1"), "/usr/local/bin/debrick-0.1");
        assert_eq!(quoted("/home/an other/it's"), "'/home/an other/it'\\''s'");
    }
}
