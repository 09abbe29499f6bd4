//! A person at a terminal: what happens in words, progress with rate and time left, questions with plain answers.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::fd::AsFd;
use std::time::Duration;

use debrick_coach::{Cue, Seen};
use debrick_engine::Operator;
use debrick_model::{
    Answer, Event, EventBody, GateOutcome, Outcome, Progress, Request, RequestKind, Verdict, VerdictReport,
};
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::termios::{FlushArg, tcflush};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answers::Answers;
use crate::out::{self, harmless};
use crate::person::{CueView, Person};
use crate::stop::Stop;
use crate::style::Style;

/// A person at a terminal, or answers in their place.
pub(crate) struct Terminal {
    answers: Answers,
    stop: Stop,
    style: Style,
    bar: Option<(String, ProgressBar)>,
    cues: CueView,
    person: Person,
}

/// How often a wish to stop is looked for while a person thinks, in milliseconds.
const LOOK_UP_MS: u16 = 100;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 4096;

impl Terminal {
    pub(crate) fn new(answers: Answers, stop: Stop, style: Style) -> Self {
        let cues = CueView::new(false, style);
        Self { answers, stop, style, bar: None, cues, person: Person::default() }
    }

    fn say(&mut self, text: &str) {
        self.clear_bar();
        out::note(text);
    }

    fn clear_bar(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// A line that a person typed; `None` when there is nobody, or when they want to stop.
    fn read_line(&self) -> Option<String> {
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            return None;
        }
        let mut terminal = File::from(stdin.as_fd().try_clone_to_owned().ok()?);
        loop {
            if self.stop.is_wanted() {
                return None;
            }
            let mut waiting = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
            match poll(&mut waiting, LOOK_UP_MS) {
                Ok(0) | Err(Errno::EINTR) => {}
                Ok(_) => break,
                Err(_) => return None,
            }
        }
        let mut line = [0; LONGEST_ANSWER];
        let count = terminal.read(&mut line).ok().filter(|count| *count > 0)?;
        Some(String::from_utf8_lossy(&line[..count]).trim().to_owned())
    }

    fn confirm(&mut self, request: &Request, consequence: &str) -> Answer {
        self.say(&format!("\n{}\n{consequence}", self.style.strong(&request.text)));
        let stdin = std::io::stdin();
        if !stdin.is_terminal() {
            out::note(&format!(
                "There is no terminal to answer at, which is taken for a no. With --answers FILE it can be answered ahead: {} = \"yes\"",
                request.id
            ));
            return Answer::No;
        }
        // What was typed before the question cannot be an answer to it.
        let _ = tcflush(stdin.as_fd(), FlushArg::TCIFLUSH);
        for _ in 0..5 {
            out::prompt("Type yes or no: ");
            match self.read_line().as_deref().map(str::to_ascii_lowercase).as_deref() {
                Some("yes" | "y") => return Answer::Yes,
                Some("no" | "n") => return Answer::No,
                Some(_) => {}
                None => break,
            }
        }
        if !self.stop.is_wanted() {
            out::note("Nobody answered, which is taken for a no.");
        }
        Answer::No
    }

    fn told(&self, event: &Event) -> Option<String> {
        let style = self.style;
        let text = match &event.body {
            EventBody::SessionOpened { session, device, .. } => {
                format!(
                    "Session {session}: {device}. Everything is recorded; Ctrl-C stops at the next safe point."
                )
            }
            EventBody::SessionResumed { after_seq, .. } => format!("Going on after event {after_seq}."),
            EventBody::StepStarted { step, attempt } => {
                let again = if *attempt > 1 { format!(" (attempt {attempt})") } else { String::new() };
                format!("\n{}{again}", style.strong(step.title()))
            }
            EventBody::StepEnded { outcome, summary, .. } => match outcome {
                Outcome::Done => format!("  {} {summary}", style.good("done:")),
                Outcome::Skipped => format!("  {} {summary}", style.faint("not needed:")),
                Outcome::Failed => format!("  {} {summary}", style.bad("failed:")),
                Outcome::Cancelled => format!("  {} {summary}", style.warn("stopped:")),
            },
            EventBody::Diagnosed { diagnosis } => diagnosis
                .findings
                .iter()
                .take(1)
                .flat_map(|finding| finding.evidence.iter().take(2))
                .map(|line| format!("  because the unit says \"{}\": {}", line.text.trim(), line.says))
                .collect::<Vec<_>>()
                .join("\n"),
            EventBody::PlanMade { summary, .. } => {
                format!("\n{}\n{}", style.strong("The plan"), bullet(summary))
            }
            EventBody::ImageJudged { integrity, provenance, fitness, .. } => [
                ("undamaged", integrity.verdict),
                ("from its maker", provenance.verdict),
                ("for this device", fitness.verdict),
            ]
            .map(|(question, verdict)| match verdict {
                Verdict::Pass => format!("  {question}? {}", style.good("yes")),
                Verdict::Fail => format!("  {question}? {}", style.bad("no")),
                Verdict::Unknown => format!("  {question}? {}", style.warn("cannot be told")),
            })
            .into_iter()
            .chain(signatures(provenance))
            .collect::<Vec<_>>()
            .join("\n"),
            EventBody::GateChecked { result } if result.outcome != GateOutcome::Pass => {
                format!(
                    "  {} {}",
                    style.bad(&format!("The {} gate is shut:", result.gate)),
                    result.reasons.join(" ")
                )
            }
            EventBody::GateWaived { waiver } => {
                format!("  {} {} ({})", style.warn("waived:"), waiver.gate, waiver.because)
            }
            EventBody::EffectDone { sent, unchanged } => {
                format!("  written: {}; right already: {}", HumanBytes(*sent), HumanBytes(*unchanged))
            }
            EventBody::Answered { sensed: true, .. } => {
                format!("  {} the unit shows it.", style.good("seen:"))
            }
            EventBody::SmokeTested { ok, detail, .. } => {
                format!("  {} {detail}", if *ok { style.good("works:") } else { style.bad("does not work:") })
            }
            EventBody::Noted { text } => format!("  {text}"),
            EventBody::Failed { problem, .. } => {
                format!("  {} {problem}", style.bad("trouble:"))
            }
            EventBody::Retrying { change, .. } => format!("  {} {change}", style.warn("trying again,")),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }
}

impl Operator for Terminal {
    fn event(&mut self, event: &Event) {
        if let Some(text) = self.told(&as_harmless(event)) {
            self.say(&text);
        }
    }

    fn progress(&mut self, progress: &Progress) {
        if !std::io::stderr().is_terminal() {
            return;
        }
        if self.bar.as_ref().is_none_or(|(what, _)| *what != progress.what) {
            self.clear_bar();
            let target = ProgressDrawTarget::stderr_with_hz(10);
            let bar = ProgressBar::with_draw_target(progress.total, target);
            let template = "  {msg} [{wide_bar}] {prefix}";
            bar.set_style(
                ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
            );
            self.bar = Some((progress.what.clone(), bar));
        }
        if let Some((_, bar)) = &self.bar {
            let rate = progress.rate().map(|rate| format!("{}/s", HumanBytes(rate))).unwrap_or_default();
            let left = progress
                .left_ms()
                .map(|ms| format!(", {} left", HumanDuration(Duration::from_millis(ms))))
                .unwrap_or_default();
            bar.set_message(progress.what.clone());
            bar.set_prefix(format!("{} {rate}{left}", HumanBytes(progress.done)));
            bar.set_position(progress.done);
        }
    }

    fn ask(&mut self, request: &Request) -> Answer {
        let request = &as_harmless(request);
        if let RequestKind::Instruction { within_ms, .. } = &request.kind {
            let time = HumanDuration(Duration::from_millis(*within_ms));
            self.say(&format!("\n{} {}", self.style.strong("Please:"), request.text));
            out::note(&format!("(Watching for it for {time}; nothing needs to be typed.)"));
            return self.answers.get(&request.id).unwrap_or(Answer::DontKnow);
        }
        if let Some(answer) = self.answers.get(&request.id) {
            let text = match &answer {
                Answer::Text(text) => text.clone(),
                Answer::Yes => "yes".into(),
                Answer::No => "no".into(),
                other => format!("{other:?}").to_lowercase(),
            };
            self.say(&format!(
                "\n{}\n  answered by the file of answers: {text}",
                self.style.strong(&request.text)
            ));
            return answer;
        }
        match &request.kind {
            RequestKind::Confirmation { consequence } => {
                let consequence = consequence.clone();
                self.confirm(request, &consequence)
            }
            _ => {
                self.say(&format!("\n{}", self.style.strong(&request.text)));
                out::prompt("(Enter alone if you do not know): ");
                match self.read_line() {
                    Some(text) if !text.is_empty() => Answer::Text(text),
                    _ => Answer::DontKnow,
                }
            }
        }
    }

    fn cue(&mut self, cue: &Cue) {
        self.clear_bar();
        self.cues.show(cue);
    }

    fn said(&mut self) -> Vec<Seen> {
        self.person.says()
    }

    fn cancelled(&self) -> bool {
        self.stop.is_wanted()
    }
}

/// The value without characters that a terminal would act upon: much of it is what the unit said.
fn as_harmless<T: Serialize + DeserializeOwned + Clone>(value: &T) -> T {
    fn walk(value: &mut Value) {
        match value {
            Value::String(text) => *text = harmless(text),
            Value::Array(items) => items.iter_mut().for_each(walk),
            Value::Object(fields) => fields.values_mut().for_each(walk),
            _ => {}
        }
    }
    let mut json = serde_json::to_value(value).unwrap_or_default();
    walk(&mut json);
    serde_json::from_value(json).unwrap_or_else(|_| value.clone())
}

fn bullet(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n")
}

/// What was found of an image's signatures, a line each.
fn signatures(provenance: &VerdictReport) -> Vec<String> {
    let checks = provenance.checks.iter().map(|check| format!("    {}: {}", check.name, check.actual));
    checks.chain(provenance.reasons.iter().map(|reason| format!("    {reason}"))).collect()
}
