//! `debrick replay`: plays a session of an archive again, against what its unit said, and tells whether it comes out the
//! same.

mod compare;
mod operator;

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use debrick_catalog::{Recogniser, Repairable};
use debrick_engine::{HostCheck, ImageEvidence, Job, Ports, Wishes};
use debrick_link::replay::network::ReplayNetwork;
use debrick_link::replay::{Recording, Replay};
use debrick_link::{Network, VirtualClock};
use debrick_model::{Digest, Event, EventBody, EvidenceKind};
use debrick_report::bundle::trace::{CONSOLE, NETWORK, RUN, Run};
use debrick_report::bundle::{Archive, DEVICE};
use debrick_vault::Vault;
use serde_json::json;

use crate::args;
use crate::commands::Context;
use crate::failure::Failure;
use crate::trace::of_date;
use crate::{exit, input, json, out};
use compare::Divergence;
use operator::Remembering;

pub(super) fn replay(context: &Context, args: &args::Replay) -> Result<i32, Failure> {
    let (file, _) = input::open(&args.bundle)?;
    let archive = Archive::read(BufReader::new(file))?;
    let events = archive.events()?;
    let is_resumed = |event: &Event| matches!(event.body, EventBody::SessionResumed { .. });
    let first_run = events.iter().position(is_resumed);
    let recorded = &events[..first_run.unwrap_or(events.len())];
    let place = Place::new()?;
    let vault = Vault::open(&place.0)?;
    let played = Played::of(context, &archive, recorded, &vault, args.image.as_deref())?;
    let image_is_missing = played.image_is_missing;
    let replayed = played.play(&vault, recorded)?;
    let divergence = compare::first_divergence(recorded, &replayed);
    let verdict = Verdict {
        session: archive.session(),
        recorded,
        replayed: &replayed,
        divergence,
        image_is_missing,
        later: Later {
            runs: events.iter().filter(|event| is_resumed(event)).count(),
            events: events.len() - recorded.len(),
            recordings: archive.names().filter(|name| is_of_later_run(name)).count(),
        },
    };
    Ok(verdict.tell(context))
}

/// A folder for the replay's own vault, which goes with it.
struct Place(PathBuf);

impl Place {
    fn new() -> Result<Self, Failure> {
        let name = format!("debrick-replay-{}-{:x}", std::process::id(), crate::commands::seed());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).map_err(|error| Failure::file("making", &path, &error))?;
        Ok(Self(path))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Everything that a session needs to be played.
struct Played {
    run: Run,
    job: Job,
    ports: Ports,
    image_is_missing: bool,
}

fn not_playable(what: impl Into<String>, next_step: &str) -> Failure {
    Failure::new("replay-not-possible", what, next_step)
}

impl Played {
    fn of(
        context: &Context,
        archive: &Archive,
        recorded: &[Event],
        vault: &Vault,
        image: Option<&Path>,
    ) -> Result<Self, Failure> {
        let member = |name: &str| archive.member(name);
        let text = |name: &str| member(name).map(String::from_utf8_lossy);
        let run = text(&of_trace(RUN)).and_then(|text| Run::from_json(&text)).ok_or_else(|| {
            not_playable(
                "the archive has no trace of what passed between computer and unit",
                "Read its summary.txt and its logs instead; `debrick diagnose --log` judges them.",
            )
        })?;
        let device: Repairable =
            member(DEVICE).and_then(|bytes| serde_json::from_slice(bytes).ok()).ok_or_else(|| {
                not_playable(
                    "the archive's record of the device cannot be used by this version",
                    "Play it with the version of debrick that made it; its manifest names that.",
                )
            })?;
        let clock = VirtualClock::new();
        let console = member(&of_trace(CONSOLE)).unwrap_or_default();
        let console = Replay::new(Recording::read(console)?, clock.clone());
        let console = of_date(console, Arc::new(clock.clone()), run.began_ms);
        let network = match (run.network, member(&of_trace(NETWORK))) {
            (true, Some(index)) => {
                let all = archive.clone();
                let find = move |file: &str| Recording::read(all.member(&of_trace(file)).unwrap_or_default());
                let network = ReplayNetwork::read(index, Box::new(find), clock.clone())?;
                Some(Box::new(network) as Box<dyn Network>)
            }
            _ => None,
        };
        let host = run.host.iter().map(|fact| HostCheck { ok: fact.ok, says: fact.says.clone() });
        let devices = Arc::new(Recogniser::with_record(&context.catalog()?, &device)?);
        let ports = Ports { console, network, clock: Arc::new(clock), host: host.collect(), devices };
        let (named, image) = firmware(context, recorded, vault, image)?;
        let waivers = recorded.iter().filter_map(|event| match &event.body {
            EventBody::GateWaived { waiver } => Some(waiver.clone()),
            _ => None,
        });
        let wishes = Wishes {
            waivers: waivers.collect(),
            method: run.method.clone(),
            soak_restarts: run.soak_restarts,
            ..Wishes::default()
        };
        let evidence = evidence(context, recorded, vault);
        let image_is_missing = named && image.is_none();
        let job = Job { device, image, evidence, ports: vec!["replay".into()], wishes, seed: 0 };
        Ok(Self { run, job, ports, image_is_missing })
    }

    /// Plays it, and returns what happened.
    fn play(self, vault: &Vault, recorded: &[Event]) -> Result<Vec<Event>, Failure> {
        let mut operator = Remembering::new(recorded);
        match self.run.command.as_str() {
            "rescue" => debrick_engine::rescue(vault, self.job, self.ports, &mut operator)?,
            "backup" => debrick_engine::back_up(vault, self.job, self.ports, &mut operator)?,
            other => {
                return Err(not_playable(
                    format!("a session that began as `{other}` cannot be played again"),
                    "It builds on another session's backups, which never leave their computer. Read its summary.txt.",
                ));
            }
        };
        Ok(operator.into_events())
    }
}

fn of_trace(member: &str) -> String {
    format!("trace-1/{member}")
}

/// Whether this member is what was heard on the console in another run than the first.
fn is_of_later_run(member: &str) -> bool {
    let is_console = |(trace, name): (&str, &str)| trace != "trace-1" && name == CONSOLE;
    member.starts_with("trace-") && member.split_once('/').is_some_and(is_console)
}

/// Whether the session had a firmware file, and that file: the one that was named, or one of this computer's vault.
fn firmware(
    context: &Context,
    recorded: &[Event],
    vault: &Vault,
    named: Option<&Path>,
) -> Result<(bool, Option<(String, Digest)>), Failure> {
    let Some(EventBody::SessionOpened { image_name: Some(name), image: Some(digest), .. }) =
        recorded.first().map(|event| &event.body)
    else {
        return Ok((false, None));
    };
    let stored = match named {
        Some(path) => {
            let stored = vault.put_reader(&mut input::open(path)?.0)?;
            if stored != *digest {
                return Err(Failure::new(
                    "replay-other-image",
                    format!("{} is not the firmware file of the session", path.display()),
                    format!("Name the file {name} with the SHA-256 {digest}, or leave --image out."),
                ));
            }
            Some(stored)
        }
        None => of_own_vault(context, *digest).and_then(|mut file| vault.put_reader(&mut file).ok()),
    };
    Ok((true, stored.map(|stored| (name.clone(), stored))))
}

fn of_own_vault(context: &Context, digest: Digest) -> Option<File> {
    let own = context.state_dir().ok().filter(|folder| folder.is_dir())?;
    let own = Vault::open(own).ok()?;
    File::open(own.artifact_path(digest)).ok()
}

/// What came with the firmware file, as far as this computer has it.
fn evidence(context: &Context, recorded: &[Event], vault: &Vault) -> Vec<ImageEvidence> {
    let came_with = recorded.iter().filter_map(|event| match &event.body {
        EventBody::EvidenceStored {
            kind: kind @ (EvidenceKind::ImageSums | EvidenceKind::ImageSignature),
            name,
            artifact,
        } => Some((*kind, name.clone(), *artifact)),
        _ => None,
    });
    let keep = |(kind, name, artifact)| {
        let stored = vault.put_reader(&mut of_own_vault(context, artifact)?).ok()?;
        Some(ImageEvidence { kind, name, artifact: stored })
    };
    came_with.filter_map(keep).collect()
}

/// What came of a replay.
struct Verdict<'a> {
    session: &'a str,
    recorded: &'a [Event],
    replayed: &'a [Event],
    divergence: Option<Divergence>,
    image_is_missing: bool,
    later: Later,
}

/// What is not played: the runs by which the session was gone on with.
struct Later {
    runs: usize,
    events: usize,
    /// How many of them the archive has a recording of.
    recordings: usize,
}

impl Later {
    fn in_words(&self) -> Option<String> {
        let runs = match self.runs {
            0 => return None,
            1 => "1 later run".to_owned(),
            runs => format!("{runs} later runs"),
        };
        let recordings = match self.recordings {
            0 => "which the archive has no recording of".to_owned(),
            _ => format!("which can be read in the archive (recordings: {})", self.recordings),
        };
        Some(format!(
            "The session was gone on with by `debrick resume`, and only its first run is played: not the {} events of \
             {runs}, {recordings}.",
            self.events
        ))
    }
}

impl Verdict<'_> {
    fn tell(&self, context: &Context) -> i32 {
        let code = if self.divergence.is_none() { 0 } else { exit::FAILED };
        let last = |pick: &dyn Fn(&EventBody) -> Option<serde_json::Value>| {
            self.replayed.iter().rev().find_map(|event| pick(&event.body))
        };
        let ending = last(&|body| match body {
            EventBody::SessionClosed { ending, .. } => Some(json!(ending)),
            _ => None,
        });
        let diagnosis = last(&|body| match body {
            EventBody::Diagnosed { diagnosis } => {
                Some(json!({ "state": diagnosis.state, "cause": diagnosis.cause() }))
            }
            _ => None,
        });
        let needs = self.recorded.first().and_then(|event| match &event.body {
            EventBody::SessionOpened { image_name, image, .. } if self.image_is_missing => {
                Some(json!({ "name": image_name, "sha256": image }))
            }
            _ => None,
        });
        if context.json {
            let value = json!({
                "session": self.session,
                "same": self.divergence.is_none(),
                "events": self.recorded.len(),
                "diverges": self.divergence,
                "ending": ending,
                "diagnosis": diagnosis,
                "needs_image": needs,
                "later_runs": self.later.runs,
                "events_of_later_runs": self.later.events,
                "recordings_of_later_runs": self.later.recordings,
                "exit_code": code,
            });
            json::line("debrick.replay/1", &value);
            return code;
        }
        let style = context.style;
        let words = |value: &serde_json::Value| value.as_str().unwrap_or("none").to_owned();
        match &self.divergence {
            None => out::data(&format!(
                "{} all {} events of {}session {} come out as they were.",
                style.good("the same:"),
                self.recorded.len(),
                if self.later.runs == 0 { "" } else { "the first run of " },
                out::harmless(self.session)
            )),
            Some(divergence) => {
                let head = style.bad("another way:");
                out::data(&format!(
                    "{head} up to event {} of {} it is the same, and there it goes another way.",
                    divergence.event - 1,
                    self.recorded.len()
                ));
                out::data(&format!("  recorded: {}", out::harmless(&divergence.recorded)));
                out::data(&format!("  replayed: {}", out::harmless(&divergence.replayed)));
                if let Some(because) = &divergence.because {
                    out::data(&format!("  because:  {}", out::harmless(because)));
                }
            }
        }
        if let Some(diagnosis) = &diagnosis {
            let (state, cause) = (words(&diagnosis["state"]), words(&diagnosis["cause"]));
            out::data(&format!("diagnosis: {cause}, state {state}"));
        }
        if let Some(ending) = &ending {
            out::data(&format!("ending: {}", words(ending)));
        }
        if let Some(needs) = needs {
            out::note(&out::harmless(&format!(
                "The session used the firmware file {} (SHA-256 {}), which never goes into an archive: name it with --image to \
                 play on.",
                words(&needs["name"]),
                words(&needs["sha256"])
            )));
        }
        if let Some(later) = self.later.in_words() {
            out::note(&later);
        }
        code
    }
}
