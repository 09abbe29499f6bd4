//! What proves a repair over SSH: the version that the installed system says, what it does for its owner, and that it does
//! so after every restart. And the owner's settings.

use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_image::ImageFacts;
use debrick_link::Deadline;
use debrick_model::{EventBody, Step};
use debrick_ssh::openwrt::settings::{Fit, Origin, Settings};
use debrick_ssh::openwrt::{Compat, SETTINGS, settings};
use debrick_ssh::shell::{Answer, Shell, ask};
use debrick_target::Scope;

use super::Running;
use crate::door::DoorRepair;
use crate::door::prove::Shown;
use crate::error::EngineError;
use crate::session::Done;
use crate::steps::record_clearance;

/// How long a small question may take, and how much its answer may be, in bytes.
const ASKS: Duration = Duration::from_secs(30);
const LONGEST: u64 = 64 << 10;

/// How long a system may take until its network is up, after it answers.
const SETTLES: Duration = Duration::from_secs(60);

/// How long a unit may take to go down when it restarts.
const GOES_DOWN: Duration = Duration::from_secs(120);

/// The largest archive of settings, in bytes.
const LARGEST_SETTINGS: u64 = 32 << 20;

/// Files whose form is the same in every release line. Others (network, wireless, firewall) change theirs, and a new system
/// that gets an old one back may be out of reach.
const OF_EVERY_LINE: [&str; 6] = [
    "/etc/config/dhcp",
    "/etc/dropbear/authorized_keys",
    "/etc/ethers",
    "/etc/hosts",
    "/etc/rc.local",
    "/etc/shadow",
];

/// Systems that are OpenWrt, or are built from it, and let `root` in without a password until one is set.
const OPEN_SYSTEMS: [&str; 3] = ["OpenWrt", "ImmortalWrt", "LEDE"];

/// Which system settings are from, as a name of evidence that can be read again.
pub(super) fn origin_name(origin: &Origin) -> String {
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let (board, distribution) = (part(&origin.board_name), part(&origin.distribution));
    [board, distribution, part(&origin.version), origin.compat.to_string()].join("|")
}

fn origin_of(name: &str) -> Origin {
    let mut parts = name.split('|').map(|part| Some(part.to_owned()).filter(|part| !part.is_empty()));
    let mut next = || parts.next().flatten();
    let (board_name, distribution, version) = (next(), next(), next());
    let compat = next().and_then(|text| Compat::parse(&text)).unwrap_or(Compat::FIRST);
    Origin { board_name, distribution, version, compat }
}

/// Whether an image is OpenWrt, or is built from it.
fn is_of_an_open_system(facts: &ImageFacts) -> bool {
    let said = facts.containers.iter().flat_map(|container| container.fields.values()).chain(&facts.version);
    said.chain(&facts.vendor).any(|text| OPEN_SYSTEMS.iter().any(|name| text.contains(name)))
}

/// Whether two versions are of one release line: `23.05.3` and `23.05.5`. Snapshots are of none.
pub(super) fn is_same_line(one: Option<&str>, other: Option<&str>) -> bool {
    let line = |version: Option<&str>| {
        let mut parts = version?.split(['.', '-']);
        let number = |part: Option<&str>| part?.parse::<u32>().ok();
        Some((number(parts.next())?, number(parts.next())?))
    };
    line(one).is_some() && line(one) == line(other)
}

impl DoorRepair<'_> {
    /// Whether the system of the unit is asked over SSH: always in two passes; otherwise where the image is one of a system
    /// that lets everybody in until its owner has set a password, for as long as it does.
    pub(in crate::door) fn asks_over_ssh(&self) -> bool {
        let is_open = |running: &Running| {
            running.lets_in != Some(false) && self.facts.as_ref().is_some_and(is_of_an_open_system)
        };
        self.running.as_ref().is_some_and(|running| self.goes_in_passes() || is_open(running))
    }

    /// Where the system answers.
    pub(in crate::door) fn ssh_address(&self) -> Option<Ipv4Addr> {
        let answers = |running: &&Running| self.goes_in_passes() || running.lets_in == Some(true);
        self.running.as_ref().filter(answers).map(|running| running.unit)
    }

    /// What the system says that it is, compared with the version of the image where that says one.
    pub(in crate::door) fn look_over_ssh(&mut self, version: Option<&str>) -> Shown {
        let Ok(mut shell) = self.log_in() else { return Shown::Nothing };
        let Ok(system) = super::second::ask(&mut *shell) else { return Shown::Nothing };
        let in_words = super::second::in_words(&system);
        let detail = match version {
            Some(version) => format!("{in_words} The image is {version}."),
            None => in_words,
        };
        let from_memory = system.runs_from_memory();
        match system.version {
            Some(said) if version.is_none_or(|version| said == version) && !from_memory => {
                Shown::Right(said, detail)
            }
            _ => Shown::Other(detail),
        }
    }

    /// What the installed system does for its owner. What no record promises is noted and no failure; that its own network
    /// is up is promised by every system.
    pub(in crate::door) fn smoke_over_ssh(&mut self) -> Result<(), EngineError> {
        let clock = self.session.clock.clone();
        let end = clock.now() + SETTLES;
        let (ok, detail) = loop {
            let shown = match self.log_in() {
                Ok(mut shell) => lan(&mut *shell),
                Err(error) => (false, error.to_string()),
            };
            if shown.0 || clock.now() >= end {
                break shown;
            }
            clock.sleep(Duration::from_secs(2));
        };
        let name = "network inside".to_owned();
        self.session.record(EventBody::SmokeTested { name: name.clone(), ok, detail: detail.clone() })?;
        if !ok {
            return Err(EngineError::SmokeTest { name, detail });
        }
        let mut shell = self.log_in()?;
        let questions = [
            ("network outside", "ubus call network.interface.wan status", "\"up\":true"),
            ("names", "nslookup localhost 127.0.0.1", "Name:"),
            ("radio", "ls /sys/class/ieee80211", "phy"),
        ];
        for (name, command, expected) in questions {
            let shown = question(&mut *shell, command).map(|answer| answer.text());
            let text = shown.unwrap_or_default();
            let is_there = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().contains(expected);
            if is_there {
                let detail = format!("`{command}` answers as it does where that works.");
                self.session.record(EventBody::SmokeTested { name: name.into(), ok: true, detail })?;
            } else {
                self.session
                    .note(format!("Not seen to work, which may be as it is: {name} (`{command}`)."))?;
            }
        }
        Ok(())
    }

    /// Has the system restart, and watches it go.
    pub(in crate::door) fn restart_over_ssh(&mut self) -> Result<(), EngineError> {
        let mut shell = self.log_in()?;
        // Its connection ends with it: that no answer comes is how it should be.
        let _ = question(&mut *shell, "reboot");
        drop(shell);
        let clock = self.session.clock.clone();
        let end = clock.now() + GOES_DOWN;
        while clock.now() < end {
            self.session.stop_if_asked()?;
            if self.log_in().is_err() {
                return Ok(());
            }
            clock.sleep(Duration::from_secs(1));
        }
        Err(EngineError::NotDone { request: "restart".into() })
    }

    /// Gives the owner's settings back, as far as they fit the system that was written.
    pub(super) fn return_settings(&mut self) -> Result<(), EngineError> {
        let taken = self.past.settings.clone();
        let restarts = self.session_step(Step::RestoreSettings, |repair| {
            let Some((name, artifact)) = taken else {
                return Ok(Done::skipped(false, "No settings were taken."));
            };
            let mut shell = repair.log_in()?;
            let system = super::second::ask(&mut *shell)?;
            let origin = origin_of(&name);
            if is_same_line(origin.version.as_deref(), system.version.as_deref()) {
                return Ok(Done::skipped(
                    false,
                    "The settings stayed: the system is of the same release line.",
                ));
            }
            let all = repair.session.vault.artifact(artifact)?.read_all(LARGEST_SETTINGS)?;
            let Some(archive) = settings::only(&all, &OF_EVERY_LINE)? else {
                return Ok(Done::skipped(false, "Of the settings nothing fits every release line."));
            };
            let held = settings::inspect(&archive)?;
            if let Fit::Refused(why) = settings::fit(&origin, &held, &system) {
                return Ok(Done::skipped(false, format!("The settings do not return: {why}.")));
            }
            let digest = repair.session.vault.put_bytes(&archive)?;
            let scope = Scope { regions: vec![SETTINGS.to_owned()], contents: vec![digest] };
            let (gates, waivers) = (repair.gates.clone(), repair.waivers.clone());
            let recorded = &mut repair.past.waivers;
            let clearance = record_clearance(&mut repair.session, &gates, &waivers, recorded, scope)?;
            let deadline = Deadline::after(shell.clock(), ASKS * 4);
            let returned = Settings { archive, digest, origin };
            settings::restore(&mut *shell, &returned, &system, &clearance, deadline)?;
            let names: Vec<&str> = held.files.iter().map(|(name, _)| name.as_str()).collect();
            let says = format!(
                "The system is of another release line: only {} returned; everything is in the vault.",
                names.join(", ")
            );
            Ok(Done::with(true, says))
        })?;
        if restarts {
            self.restart_over_ssh()?;
            self.first_boot()?;
        }
        Ok(())
    }
}

fn question(shell: &mut dyn Shell, command: &str) -> Option<Answer> {
    let deadline = Deadline::after(shell.clock(), ASKS);
    ask(shell, command, LONGEST, deadline).ok().filter(|answer| answer.ended.is_success())
}

/// Whether the network inside is up, and at which addresses.
fn lan(shell: &mut dyn Shell) -> (bool, String) {
    let command = "ubus call network.interface.lan status";
    let text = question(shell, command).map(|answer| answer.text()).unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let addresses = value["ipv4-address"].as_array().cloned().unwrap_or_default();
    let addresses: Vec<&str> = addresses.iter().filter_map(|one| one["address"].as_str()).collect();
    if value["up"] == true && !addresses.is_empty() {
        return (true, format!("The network inside is up at {}.", addresses.join(", ")));
    }
    (false, "The network inside is not up.".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_lines_are_compared() {
        let check =
            |one, other, expected| assert_eq!(is_same_line(one, other), expected, "{one:?} {other:?}");
        check(Some("23.05.3"), Some("23.05.5"), true);
        check(Some("23.05.3"), Some("23.05.0-rc1"), true);
        check(Some("23.05.3"), Some("24.10.0"), false);
        check(Some("SNAPSHOT"), Some("SNAPSHOT"), false);
        check(None, None, false);
    }

    #[test]
    fn whose_settings_they_are_is_read_again() {
        let origin = Origin {
            board_name: Some("acme,r1".into()),
            distribution: Some("OpenWrt".into()),
            version: None,
            compat: Compat { major: 1, minor: 1 },
        };
        assert_eq!(origin_of(&origin_name(&origin)), origin);
    }
}
