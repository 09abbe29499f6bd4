//! `debrick coach`: leads a person into a device's recovery mode, by what this computer can sense.

use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use debrick_catalog::{Device, Method};
use debrick_coach::{Coach, Cue, Ending as CoachEnding, Procedure, Seen};
use debrick_model::Ending;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use serde_json::json;

use crate::args::CoachArgs;
use crate::commands::Context;
use crate::commands::devices::find;
use crate::failure::Failure;
use crate::senses::Sensors;
use crate::stop::Stop;
use crate::{exit, json, out};

/// How long the person is waited for before the sensors are looked at again, in milliseconds.
const LOOK_EVERY_MS: u16 = 50;

/// The most that is read of what a person types, in bytes.
const LONGEST: usize = 4096;

pub(super) fn coach(context: &Context, args: &CoachArgs) -> Result<i32, Failure> {
    let device = find(&context.catalog()?, &args.device)?;
    let (method, procedure) = chosen(&device, args.method.as_deref())?;
    let mut sensors = Sensors::open(context, &device, method, args.lan.as_deref(), args.console.as_deref())?;
    let stop = Stop::listen()?;
    introduce(context, &device, method, &procedure, &sensors);
    let mut coach = Coach::new(procedure, sensors.senses());
    let mut person = Person::default();
    let began = Instant::now();
    let mut view = View { context, counting: false };
    let mut cues = coach.start(began.elapsed());
    loop {
        cues.iter().for_each(|cue| view.show(cue));
        if coach.ending().is_some() || stop.is_wanted() {
            break;
        }
        cues = Vec::new();
        for said in person.says() {
            cues.extend(coach.take(began.elapsed(), said));
        }
        for seen in sensors.look() {
            cues.extend(coach.take(began.elapsed(), seen));
        }
        cues.extend(coach.tick(began.elapsed()));
    }
    Ok(match coach.ending() {
        Some(CoachEnding::Reached) => {
            if !context.json {
                out::data(&format!("`debrick plan {}` says what comes next.", device.id));
            }
            0
        }
        Some(CoachEnding::GaveUp) => exit::of(Ending::NeedsOperator),
        None => exit::of(Ending::Cancelled),
    })
}

/// The method that was asked for, or the first that has steps.
fn chosen<'a>(device: &'a Device, name: Option<&str>) -> Result<(&'a Method, Procedure), Failure> {
    let with_steps: Vec<(&Method, Procedure)> =
        device.method.iter().filter_map(|method| Some((method, Procedure::of(device, method)?))).collect();
    let names = || with_steps.iter().map(|(method, _)| format!("  {}", method.name)).collect::<Vec<_>>();
    let found = match name {
        Some(name) => with_steps.iter().find(|(method, _)| method.name == name),
        None => with_steps.first(),
    };
    match (found, name) {
        (Some(found), _) => Ok(found.clone()),
        (None, Some(name)) => Err(Failure::usage(
            format!("{} has no method {name:?} whose steps are known", device.title()),
            "Name one of these, or none.",
        )
        .with_choices(names())),
        (None, None) => Err(Failure::new(
            "no-known-steps",
            format!("the catalog knows no steps into a recovery mode of {}", device.title()),
            "Look at its ways with `debrick devices show`, or at its maker's instructions. Nothing was done to the unit.",
        )),
    }
}

fn introduce(context: &Context, device: &Device, method: &Method, procedure: &Procedure, sensors: &Sensors) {
    let senses = sensors.senses();
    if context.json {
        let value = json!({
            "cue": "begin", "device": device.id, "method": method.name, "reaches": procedure.reaches,
            "senses": { "link": senses.link, "network": senses.network, "usb": senses.usb, "console": senses.console },
        });
        json::line("debrick.coach/1", &value);
        return;
    }
    let style = context.style;
    out::data(&style.strong(&format!("{}: {}", device.title(), method.name)));
    out::data(&out::harmless(&format!("You are done when {}.", procedure.reaches)));
    let sensed: Vec<&str> = [
        (senses.link, "the network link"),
        (senses.network, "what the device asks for on the network"),
        (senses.usb, "USB"),
        (senses.console, "the console"),
    ]
    .into_iter()
    .filter_map(|(can, what)| can.then_some(what))
    .collect();
    if sensed.is_empty() {
        out::data(
            "Nothing can be sensed here, so you are asked what you see. --lan and --console let me look, too.",
        );
    } else {
        out::data(&format!("I watch {}.", sensed.join(", ")));
    }
    out::data("Read all of a step before you begin it. Ctrl-C stops; nothing is written to the device.");
}

/// Shows cues.
struct View<'a> {
    context: &'a Context,
    /// Whether a countdown stands in the last line.
    counting: bool,
}

impl View<'_> {
    fn show(&mut self, cue: &Cue) {
        if self.context.json {
            json::line("debrick.coach/1", cue);
            return;
        }
        let style = self.context.style;
        if let Cue::Count { until, left } = cue {
            let text = format!("   {until} in {left} s");
            if std::io::stderr().is_terminal() {
                out::prompt(&format!("\r{text}   "));
                self.counting = true;
            } else {
                out::note(&text);
            }
            return;
        }
        if std::mem::take(&mut self.counting) {
            out::note("");
        }
        let text = match cue {
            Cue::Do { number, of, text, say_done } => {
                let done = match say_done {
                    true if text.starts_with("Switch it on") => " Press Enter in that moment.",
                    true => " Press Enter when it is done.",
                    false => "",
                };
                format!("{} {text}{}", style.strong(&format!("{number}/{of}")), style.faint(done))
            }
            Cue::Now { text } => style.warn(&format!(">>> {text} <<<")),
            Cue::Saw { text, after_ms: Some(after) } => {
                let text = out::harmless(text);
                style.faint(&format!("   {:.1} s after power: {text}", *after as f64 / 1000.0))
            }
            Cue::Saw { text, after_ms: None } => style.faint(&format!("   {}", out::harmless(text))),
            Cue::Ask { text } => format!("{} Type yes or no, and Enter.", style.strong(text)),
            Cue::Again { attempt, of, why, change } => {
                let head = style.strong(&format!("Once more ({attempt} of at most {of})."));
                format!("\n{why} {head} {}", style.strong(change))
            }
            Cue::Reached { by } => style.good(&format!("It is in its recovery mode: {}.", out::harmless(by))),
            Cue::GaveUp { why, next } => {
                let lines: Vec<String> = why.iter().map(|line| format!("  {line}")).collect();
                let head = style.bad("It did not work, and the same again would not help.");
                format!("\n{head}\n{}\n{} {next}", lines.join("\n"), style.strong("next:"))
            }
            Cue::Count { .. } => return,
        };
        out::data(&text);
    }
}

/// What is typed: Enter, yes or no.
#[derive(Default)]
struct Person {
    typed: Vec<u8>,
    has_left: bool,
}

impl Person {
    /// Waits a moment for a line.
    fn says(&mut self) -> Vec<Seen> {
        let stdin = std::io::stdin();
        if self.has_left {
            std::thread::sleep(Duration::from_millis(LOOK_EVERY_MS.into()));
            return vec![];
        }
        let mut waiting = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waiting, LOOK_EVERY_MS) {
            Ok(0) | Err(Errno::EINTR) => return vec![],
            Ok(_) => {}
            Err(_) => {
                self.has_left = true;
                return vec![];
            }
        }
        let mut bytes = [0; LONGEST];
        match nix::unistd::read(stdin.as_fd(), &mut bytes) {
            Ok(count) if count > 0 => self.typed.extend_from_slice(&bytes[..count]),
            _ => self.has_left = true,
        }
        let mut said = Vec::new();
        while let Some(end) = self.typed.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.typed.drain(..=end).collect();
            said.push(match String::from_utf8_lossy(&line).trim().to_ascii_lowercase().as_str() {
                "yes" | "y" => Seen::SeesIt(true),
                "no" | "n" => Seen::SeesIt(false),
                _ => Seen::Done,
            });
        }
        self.typed.truncate(LONGEST);
        said
    }
}
