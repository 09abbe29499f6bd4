//! A person at a terminal: what happens in words, progress with rate and time left, questions with plain answers.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use debrick_engine::Operator;
use debrick_model::{Answer, Event, EventBody, GateOutcome, Outcome, Progress, Request, RequestKind, Verdict};
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::answers::Answers;
use crate::stop::Stop;
use crate::style::Style;

/// A person at a terminal, or answers in their place.
pub(crate) struct Terminal {
    answers: Answers,
    stop: Stop,
    style: Style,
    bar: Option<(String, ProgressBar)>,
    stop_was_told: std::cell::Cell<bool>,
}

impl Terminal {
    pub(crate) fn new(answers: Answers, stop: Stop, style: Style) -> Self {
        Self { answers, stop, style, bar: None, stop_was_told: std::cell::Cell::new(false) }
    }

    fn say(&mut self, text: &str) {
        self.clear_bar();
        eprintln!("{text}");
    }

    fn clear_bar(&mut self) {
        if let Some((_, bar)) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    fn read_line(&self) -> Option<String> {
        if !std::io::stdin().is_terminal() {
            return None;
        }
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).ok().filter(|count| *count > 0)?;
        Some(line.trim().to_owned())
    }

    fn confirm(&mut self, request: &Request, consequence: &str) -> Answer {
        self.say(&format!("\n{}\n{consequence}", self.style.strong(&request.text)));
        for _ in 0..5 {
            eprint!("Type yes or no: ");
            let _ = std::io::stderr().flush();
            match self.read_line().as_deref().map(str::to_ascii_lowercase).as_deref() {
                Some("yes" | "y") => return Answer::Yes,
                Some("no" | "n") => return Answer::No,
                Some(_) => {}
                None => break,
            }
        }
        eprintln!("Nobody answered; that is taken for a no.");
        Answer::No
    }
}

impl Operator for Terminal {
    fn event(&mut self, event: &Event) {
        let style = self.style;
        let text = match &event.body {
            EventBody::SessionOpened { session, device, .. } => {
                format!("Session {session}: {device}. Everything is recorded; Ctrl-C stops at the next safe point.")
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
                .map(|line| format!("  because the unit says {:?}: {}", line.text.trim(), line.says))
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
            .join("\n"),
            EventBody::GateChecked { result } if result.outcome != GateOutcome::Pass => {
                format!("  {} {}", style.bad(&format!("The {} gate is shut:", result.gate)), result.reasons.join(" "))
            }
            EventBody::GateWaived { waiver } => {
                format!("  {} {} ({})", style.warn("waived:"), waiver.gate, waiver.because)
            }
            EventBody::EffectDone { sent, unchanged } => {
                format!("  written: {}; right already: {}", HumanBytes(*sent), HumanBytes(*unchanged))
            }
            EventBody::Answered { sensed: true, .. } => format!("  {} the unit shows it.", style.good("seen:")),
            EventBody::SmokeTested { ok, detail, .. } => {
                format!("  {} {detail}", if *ok { style.good("works:") } else { style.bad("does not work:") })
            }
            EventBody::Noted { text } => format!("  {text}"),
            EventBody::Failed { problem, .. } => {
                format!("  {} {problem}", style.bad("trouble:"))
            }
            EventBody::Retrying { change, .. } => format!("  {} {change}", style.warn("trying again,")),
            _ => return,
        };
        if !text.is_empty() {
            self.say(&text);
        }
    }

    fn progress(&mut self, progress: &Progress) {
        if self.bar.as_ref().is_none_or(|(what, _)| *what != progress.what) {
            self.clear_bar();
            let target = ProgressDrawTarget::stderr_with_hz(10);
            let bar = ProgressBar::with_draw_target(progress.total, target);
            let template = "  {msg} [{wide_bar}] {prefix}";
            bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
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
        if let RequestKind::Instruction { within_ms, .. } = &request.kind {
            let time = HumanDuration(Duration::from_millis(*within_ms));
            self.say(&format!("\n{} {}", self.style.strong("Please:"), request.text));
            eprintln!("(Watching for it for {time}; nothing needs to be typed.)");
            return self.answers.get(&request.id).unwrap_or(Answer::DontKnow);
        }
        if let Some(answer) = self.answers.get(&request.id) {
            let text = match &answer {
                Answer::Text(text) => text.clone(),
                Answer::Yes => "yes".into(),
                Answer::No => "no".into(),
                other => format!("{other:?}").to_lowercase(),
            };
            self.say(&format!("\n{}\n  answered by the file of answers: {text}", self.style.strong(&request.text)));
            return answer;
        }
        match &request.kind {
            RequestKind::Confirmation { consequence } => {
                let consequence = consequence.clone();
                self.confirm(request, &consequence)
            }
            _ => {
                self.say(&format!("\n{}", self.style.strong(&request.text)));
                eprint!("(Enter alone if you do not know): ");
                let _ = std::io::stderr().flush();
                match self.read_line() {
                    Some(text) if !text.is_empty() => Answer::Text(text),
                    _ => Answer::DontKnow,
                }
            }
        }
    }

    fn cancelled(&self) -> bool {
        let wanted = self.stop.is_wanted();
        if wanted && !self.stop_was_told.replace(true) {
            eprintln!("\nStopping at the next safe point …");
        }
        wanted
    }
}

fn bullet(lines: &[String]) -> String {
    lines.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n")
}
