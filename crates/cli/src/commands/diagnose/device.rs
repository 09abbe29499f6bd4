//! What the catalog adds to a diagnosis where the device, or its family, is known: which causes it can hardly have, what
//! its lights mean, which way leads into its recovery mode, when to stop, and who can help.

use debrick_catalog::{Connection, Device, Kind, LightPattern, Method, Protocol, Signing};
use debrick_diagnose::Evidence;
use debrick_model::{Action, Cause, Diagnosis, EvidenceKind};
use serde::Serialize;

use crate::args::Diagnose;
use crate::commands::{Context, devices};
use crate::failure::Failure;
use crate::out;

/// Ids that differ by at most this many signs are offered, and how many ways into a recovery mode are told.
const NEAR: usize = 4;
const MOST_WAYS: usize = 3;

/// A device, or a family of devices, that the operator named.
pub(super) struct Known {
    device: Device,
    is_family: bool,
    implausible: Vec<Cause>,
    /// The patterns of its lights that were described.
    lights: Vec<LightPattern>,
}

/// What the catalog adds, as it is printed and as JSON.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Advice {
    id: String,
    title: String,
    is_family: bool,
    kind: &'static str,
    /// How its console is reached: rate, voltage, pins.
    console: Option<String>,
    /// Causes that it can hardly have.
    implausible: Vec<Cause>,
    /// What the lights that were described mean.
    lights: Vec<Light>,
    /// How the proposed actions are done on it.
    how: Vec<How>,
    stop: Vec<String>,
    help: Vec<Help>,
}

/// What a pattern of lights means on this device.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Light {
    light: String,
    does: String,
    means: String,
}

/// How an action is done on this device.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct How {
    action: Action,
    method: Option<String>,
    protocol: Option<&'static str>,
    steps: Vec<String>,
}

/// Somebody who can help.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Help {
    who: &'static str,
    name: String,
    does: String,
    at: Option<String>,
}

impl Known {
    /// What the command line names.
    pub(super) fn of(context: &Context, args: &Diagnose) -> Result<Option<Self>, Failure> {
        let (device, is_family) = match (&args.device, &args.family) {
            (Some(id), _) => (devices::find(&context.catalog()?, id)?, false),
            (None, Some(id)) => (family(context, id)?, true),
            (None, None) => return Ok(None),
        };
        let implausible = implausible(&device, is_family);
        let described = |pattern: &&LightPattern| {
            args.symptom.iter().any(|symptom| says(symptom, &pattern.light) && says(symptom, &pattern.does))
        };
        let lights = device.light.iter().filter(described).cloned().collect();
        Ok(Some(Self { device, is_family, implausible, lights }))
    }

    pub(super) fn architecture(&self) -> Option<&str> {
        self.device.architecture.as_deref()
    }

    pub(super) fn implausible(&self) -> &[Cause] {
        &self.implausible
    }

    /// What the lights that were described mean on this device, as evidence.
    pub(super) fn lights(&self) -> Vec<Evidence> {
        self.lights
            .iter()
            .map(|pattern| Evidence {
                kind: EvidenceKind::Symptom,
                name: format!("the lights of {}", self.device.id),
                text: format!("{} {}: {}", pattern.light, pattern.does, pattern.means),
            })
            .collect()
    }

    /// What the catalog adds to this diagnosis.
    pub(super) fn advice(&self, diagnosis: &Diagnosis) -> Advice {
        let device = &self.device;
        let stop = device.stop.iter();
        let stop = stop.map(|rule| format!("{}: {}. Instead: {}.", rule.when, rule.because, rule.instead));
        let help = device.help.iter().map(|helper| Help {
            who: helper.who.id(),
            name: helper.name.clone(),
            does: helper.does.clone(),
            at: helper.at.clone(),
        });
        Advice {
            id: device.id.clone(),
            title: self.title(),
            is_family: self.is_family,
            kind: device.kind().id(),
            console: console(device),
            implausible: self.implausible.clone(),
            lights: self.lights.iter().map(light).collect(),
            how: diagnosis.actions.iter().flat_map(|proposed| self.how(proposed.action)).collect(),
            stop: stop.collect(),
            help: help.collect(),
        }
    }

    fn title(&self) -> String {
        let title = self.device.title();
        match (&self.device.about, title.is_empty()) {
            (_, false) => title,
            (Some(about), true) => about.clone(),
            (None, true) => self.device.id.clone(),
        }
    }

    /// How an action is done on this device, as far as the catalog knows.
    fn how(&self, action: Action) -> Vec<How> {
        match action {
            Action::EnterRecoveryMode
            | Action::ReflashCorrectImage
            | Action::ReflashSameImage
            | Action::InstallOtherBuild
            | Action::ResumeUpdate => self.ways(action, |_| true),
            Action::RestoreBootloader | Action::RestorePartitionTable | Action::UpdateBootloader => {
                // A mode that the bootloader offers is gone with it.
                self.ways(action, survives_the_bootloader)
            }
            Action::UnlockBootloader | Action::UseSignedOrNewerImage => self.lock(action),
            Action::FixPower => self.power(action),
            _ => vec![],
        }
    }

    fn ways(&self, action: Action, fits: impl Fn(Protocol) -> bool) -> Vec<How> {
        let mut methods: Vec<&Method> =
            self.device.method.iter().filter(|method| method.protocol.is_some_and(&fits)).collect();
        // What the program was tried on further comes first, then what needs no open case.
        methods.sort_by_key(|method| {
            let needs_wires = !method.protocol.is_some_and(Protocol::needs_no_wires);
            (std::cmp::Reverse(self.device.tried(method)), needs_wires)
        });
        methods.into_iter().take(MOST_WAYS).map(|method| self.way(action, method)).collect()
    }

    fn way(&self, action: Action, method: &Method) -> How {
        let entry = self.device.entry.iter().find(|entry| Some(&entry.name) == method.entry.as_ref());
        let mut steps: Vec<String> = entry
            .map(|entry| entry.steps_for(method).iter().map(|step| step.in_words(method)).collect())
            .unwrap_or_default();
        steps
            .extend(entry.and_then(|entry| entry.reaches.as_ref()).map(|reaches| format!("Then {reaches}.")));
        if let (Some(protocol), true) = (method.protocol, steps.is_empty()) {
            steps.push(protocol.about().to_owned());
        }
        How { action, method: Some(method.name.clone()), protocol: method.protocol.map(Protocol::id), steps }
    }

    fn lock(&self, action: Action) -> Vec<How> {
        let mut steps = Vec::new();
        if let Some(lock) = &self.device.lock {
            match lock.can_be_unlocked {
                Some(false) => steps.push("Its maker provides no way to unlock it.".to_owned()),
                Some(true) => {
                    steps.push("Its maker lets the owner unlock it; that erases everything on it.".into())
                }
                None => {}
            }
            steps.extend(lock.needs.as_ref().map(|needs| format!("Needed for that: {needs}.")));
            steps.extend(lock.command.as_ref().map(|command| format!("Run `{command}`.")));
        }
        match self.device.firmware.as_ref().and_then(|firmware| firmware.signed) {
            Some(Signing::CheckedByBootloader) => {
                steps.push("Its bootloader starts only what its maker signed.".into());
            }
            Some(Signing::CheckedByUpdater) => {
                steps.push("Only its updater checks signatures; its recovery mode takes other files.".into());
            }
            Some(Signing::MadePerUnit) => {
                steps.push("Its maker's server signs firmware for this one unit.".into());
            }
            Some(Signing::Unsigned) | None => {}
        }
        if steps.is_empty() { vec![] } else { vec![How { action, method: None, protocol: None, steps }] }
    }

    fn power(&self, action: Action) -> Vec<How> {
        let supply = self.device.power.as_ref().and_then(|power| power.supply.as_ref());
        let how = |supply: &String| How {
            action,
            method: None,
            protocol: None,
            steps: vec![format!("Its supply: {supply}.")],
        };
        supply.map(how).into_iter().collect()
    }

    /// Shows it to a person, below the diagnosis.
    pub(super) fn show(&self, context: &Context, diagnosis: &Diagnosis) {
        let style = context.style;
        let advice = self.advice(diagnosis);
        let say = |text: &str| out::data(&out::harmless(text));
        let head = if self.is_family { "For its family" } else { "For this device" };
        say(&format!("{} {} ({})", style.strong(&format!("{head}:")), advice.title, advice.id));
        if let Some(console) = &advice.console {
            say(&format!("  Its console: {console}"));
        }
        for light in &advice.lights {
            say(&format!("  Its {} light {}: {}", light.light, light.does, light.means));
        }
        let mut told: Vec<&[String]> = Vec::new();
        for how in &advice.how {
            if told.contains(&how.steps.as_slice()) {
                continue;
            }
            let by = how.method.as_ref().map(|method| format!(" by {method}")).unwrap_or_default();
            say(&format!("  {}{by}:", how.action.id()));
            for (index, step) in how.steps.iter().enumerate() {
                say(&format!("    {}. {step}", index + 1));
            }
            told.push(&how.steps);
        }
        if !advice.stop.is_empty() {
            out::data(&style.strong("Stop when:"));
            advice.stop.iter().for_each(|rule| say(&format!("  - {rule}")));
        }
        if !advice.help.is_empty() {
            out::data(&style.strong("Who can help:"));
        }
        for help in &advice.help {
            let at = help.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
            say(&format!("  - {}{at}: {}", help.name, help.does));
        }
        if !self.is_family && advice.how.iter().any(|how| how.method.is_some()) {
            say(&format!("Step by step: debrick coach {0}, or debrick plan {0}", advice.id));
        }
    }
}

fn light(pattern: &LightPattern) -> Light {
    Light { light: pattern.light.clone(), does: pattern.does.clone(), means: pattern.means.clone() }
}

fn family(context: &Context, id: &str) -> Result<Device, Failure> {
    let catalog = context.catalog()?;
    catalog.find_family(id).map_err(|error| {
        let ids = catalog.family_ids().unwrap_or_default();
        let is_near = |known: &&String| {
            let shared = known.split('-').any(|word| word.len() > 2 && id.contains(word));
            known.contains(id) || shared || strsim::levenshtein(known, id) <= NEAR
        };
        let mut choices: Vec<String> = ids.iter().filter(is_near).map(|id| format!("  {id}")).collect();
        if choices.is_empty() {
            choices = ids.iter().map(|id| format!("  {id}")).collect();
        }
        choices.insert(0, "Families are:".into());
        Failure::from(error).with_choices(choices)
    })
}

/// Causes that a device of this kind can hardly have.
fn implausible(device: &Device, is_family: bool) -> Vec<Cause> {
    let mut causes = Vec::new();
    // A family that says nothing about its kind may be of any.
    let kind = if is_family { device.kind } else { Some(device.kind()) };
    let speaks = |wanted: &[Protocol]| {
        device.method.iter().filter_map(|method| method.protocol).any(|protocol| wanted.contains(&protocol))
    };
    let is_microcontroller = speaks(&[
        Protocol::AvrIsp,
        Protocol::Stk500,
        Protocol::Stm32Uart,
        Protocol::Dfuse,
        Protocol::EspRom,
        Protocol::Uf2,
        Protocol::NrfSerialDfu,
    ]);
    if is_microcontroller {
        causes.extend([
            Cause::RootfsCorrupt,
            Cause::RootfsMissing,
            Cause::KernelCrash,
            Cause::InitFailure,
            Cause::StorageFull,
            Cause::BootEnvironmentCorrupt,
            Cause::RecoveryFlagStuck,
        ]);
    }
    let is_mobile = matches!(kind, Some(Kind::Phone | Kind::Tablet))
        || speaks(&[Protocol::Fastboot, Protocol::Odin, Protocol::Sideload, Protocol::AppleRestore]);
    if is_mobile {
        causes.push(Cause::BootEnvironmentCorrupt);
    }
    let signing = device.firmware.as_ref().and_then(|firmware| firmware.signed);
    if device.lock.is_none() && matches!(kind, Some(Kind::Router | Kind::Nas)) && !is_mobile {
        causes.push(Cause::BootloaderLocked);
    }
    if signing == Some(Signing::Unsigned) {
        causes.extend([Cause::VerifiedBootRejected, Cause::RollbackRejected]);
    }
    let has_medium = device.method.iter().filter_map(|method| method.protocol).any(|protocol| {
        let connections = protocol.connections();
        connections.contains(&Connection::Stick) || connections.contains(&Connection::Card)
    });
    if !device.method.is_empty() && !has_medium && kind == Some(Kind::Router) {
        causes.push(Cause::RecoveryMediaWrong);
    }
    causes.sort();
    causes.dedup();
    causes
}

/// Whether a way leads into a unit whose bootloader is gone: its chip's own ROM, its chips from outside, a card.
fn survives_the_bootloader(protocol: Protocol) -> bool {
    matches!(
        protocol,
        Protocol::Edl
            | Protocol::MtkBrom
            | Protocol::MtkUart
            | Protocol::TegraApx
            | Protocol::AmlogicBurn
            | Protocol::Fel
            | Protocol::Rockusb
            | Protocol::Sdp
            | Protocol::SamBa
            | Protocol::Usbboot
            | Protocol::Kwboot
            | Protocol::Dfuse
            | Protocol::EspRom
            | Protocol::Stm32Uart
            | Protocol::AvrIsp
            | Protocol::SpiProgrammer
            | Protocol::Swd
            | Protocol::SdCard
            | Protocol::AppleRestore
    )
}

fn console(device: &Device) -> Option<String> {
    let console = device.console.as_ref()?;
    let mut parts: Vec<String> =
        console.baud.map(|baud| format!("{baud} bits a second")).into_iter().collect();
    parts.extend(console.volts.map(|volts| format!("{volts} V")));
    parts.extend(console.header.as_ref().map(|header| format!("at {header}")));
    parts.extend(console.wiring.clone());
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Whether a person's words have all words of a pattern, in whatever order and form: "blinks" is "blinking", too.
fn says(words: &str, pattern: &str) -> bool {
    let stem = |word: &str| -> String {
        let word: String =
            word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let endings = ["ing", "es", "s", "ly"];
        let cut = endings.iter().find_map(|end| word.strip_suffix(end).filter(|stem| stem.len() >= 3));
        cut.unwrap_or(&word).to_owned()
    };
    let said: Vec<String> = words.split_whitespace().map(stem).collect();
    let mut wanted = pattern.split_whitespace().map(stem).filter(|word| !word.is_empty()).peekable();
    wanted.peek().is_some() && wanted.all(|word| said.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_people_are_compared_loosely() {
        assert!(says("The Power LED is blinking slowly, orange", "blinks orange slowly"));
        assert!(!says("power light is on", "blinks"));
        assert!(!says("anything", ""));
    }

    #[test]
    fn what_a_device_can_hardly_have() {
        let of = |id: &str| implausible(&debrick_catalog::find(id).unwrap(), false);
        assert!(of("espressif-esp32").contains(&Cause::RootfsMissing));
        assert!(of("acme-r1").contains(&Cause::BootloaderLocked));
        assert!(!of("acme-r1").contains(&Cause::BootEnvironmentCorrupt));
    }
}
