//! `debrick watch-console`: reads a console, says each stage as it passes, and at the end what is wrong. Sends nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use debrick_diagnose::Evidence;
use debrick_link::{Deadline, Link, LinkError};
use debrick_model::{Cause, Diagnosis, EvidenceKind, Stage, StageEnd};
use serde_json::json;

use crate::args::WatchConsole;
use crate::commands::{Context, diagnose};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::{json, out};

/// How often a wish to stop is looked for.
const LOOK_UP: Duration = Duration::from_millis(100);

/// How often what has come is judged.
const JUDGE_EVERY: Duration = Duration::from_millis(300);

/// The most text that is kept for judging, in bytes; then the older half goes.
const MOST_KEPT: usize = 1 << 20;

/// From this likelihood on a cause is told while the unit is still talking.
const TELL_FROM: f64 = 0.6;

pub(super) fn watch(context: &Context, args: &WatchConsole) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let mut link = debrick_link_os::open(&args.console)?;
    let mut save = None;
    if let Some(path) = &args.save {
        let file = File::create_new(path).map_err(|error| Failure::file("writing", path, &error))?;
        save = Some((file, path));
    }
    out::note(&format!(
        "Listening on {}; nothing is sent. Switch the device off and on. Ctrl-C ends this and says what was seen.",
        out::harmless(link.name())
    ));
    let mut watched = Watched::new(link.name().to_owned());
    let until = args.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds.into()));
    let mut buffer = [0; 16 << 10];
    while !stop.is_wanted() && until.is_none_or(|until| Instant::now() < until) {
        let deadline = Deadline::after(link.clock(), LOOK_UP);
        match link.read(&mut buffer, deadline) {
            Ok(count) => {
                if let Some((file, path)) = &mut save {
                    file.write_all(&buffer[..count])
                        .map_err(|error| Failure::file("writing", path, &error))?;
                }
                watched.take(&buffer[..count]);
            }
            Err(LinkError::TimedOut { .. }) => {}
            Err(LinkError::Disconnected { .. }) => {
                out::note("The console is gone.");
                break;
            }
            Err(error) => return Err(error.into()),
        }
        if watched.judge_is_due() {
            watched.judge().iter().for_each(|news| tell(context, news));
        }
    }
    watched.judge().iter().for_each(|news| tell(context, news));
    out::note("");
    Ok(diagnose::conclude(context, &watched.diagnosis()))
}

/// Something that was not known before.
#[derive(Debug, PartialEq)]
enum News {
    Stage { after: Duration, name: String, line: u64, text: String },
    End { after: Duration, name: String, end: StageEnd },
    Cause { after: Duration, cause: Cause, likelihood: f64 },
}

/// What has come so far.
struct Watched {
    name: String,
    bytes: Vec<u8>,
    began: Instant,
    judged: Instant,
    has_grown: bool,
    /// Lines that were dropped from the beginning.
    dropped: u64,
    /// First lines of stages, and of stages whose end was told.
    told: BTreeSet<u64>,
    ended: BTreeSet<u64>,
    causes: BTreeSet<Cause>,
}

impl Watched {
    fn new(name: String) -> Self {
        let now = Instant::now();
        Self {
            name,
            bytes: Vec::new(),
            began: now,
            judged: now,
            has_grown: false,
            dropped: 0,
            told: BTreeSet::new(),
            ended: BTreeSet::new(),
            causes: BTreeSet::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.has_grown = true;
        if self.bytes.len() > MOST_KEPT {
            let half = self.bytes.len() / 2;
            let end =
                self.bytes[half..].iter().position(|byte| *byte == b'\n').map_or(half, |at| half + at + 1);
            self.dropped += self.bytes[..end].iter().filter(|byte| **byte == b'\n').count() as u64;
            self.bytes.drain(..end);
        }
    }

    fn judge_is_due(&self) -> bool {
        self.has_grown && self.judged.elapsed() >= JUDGE_EVERY
    }

    fn diagnosis(&self) -> Diagnosis {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        let evidence = Evidence { kind: EvidenceKind::SerialLog, name: self.name.clone(), text };
        let mut diagnosis = debrick_diagnose::diagnose_case(&debrick_diagnose::Case {
            evidence: &[evidence],
            is_watched: true,
            ..Default::default()
        });
        for line in diagnosis.findings.iter_mut().flat_map(|finding| &mut finding.evidence) {
            line.line += self.dropped;
        }
        for stage in &mut diagnosis.timeline {
            stage.first_line += self.dropped;
            stage.last_line += self.dropped;
        }
        diagnosis
    }

    /// What is new since the last time.
    fn judge(&mut self) -> Vec<News> {
        self.judged = Instant::now();
        self.has_grown = false;
        let after = self.began.elapsed();
        let diagnosis = self.diagnosis();
        let mut news = Vec::new();
        for stage in &diagnosis.timeline {
            // The line in which it stands may still be growing.
            if stage.first_line > self.whole_lines() {
                continue;
            }
            if self.told.insert(stage.first_line) {
                let (name, line) = (stage.name.clone(), stage.first_line);
                news.push(News::Stage { after, name, line, text: self.line(stage) });
            }
            let is_told = matches!(stage.end, StageEnd::Failed | StageEnd::Restarted | StageEnd::Waiting);
            if is_told && self.ended.insert(stage.first_line) {
                news.push(News::End { after, name: stage.name.clone(), end: stage.end });
            }
        }
        let finding = diagnosis.findings.first().filter(|finding| finding.likelihood >= TELL_FROM);
        if let Some(finding) =
            finding.filter(|finding| !matches!(finding.cause, Cause::Unknown | Cause::NoFault))
            && self.causes.insert(finding.cause)
        {
            news.push(News::Cause { after, cause: finding.cause, likelihood: finding.likelihood });
        }
        news
    }

    fn whole_lines(&self) -> u64 {
        self.dropped + self.bytes.iter().filter(|byte| **byte == b'\n').count() as u64
    }

    fn line(&self, stage: &Stage) -> String {
        let index = stage.first_line.saturating_sub(self.dropped + 1) as usize;
        let line = self.bytes.split(|byte| *byte == b'\n').nth(index).unwrap_or_default();
        String::from_utf8_lossy(line).trim().chars().take(100).collect()
    }
}

fn tell(context: &Context, news: &News) {
    let style = context.style;
    if context.json {
        let value = match news {
            News::Stage { after, name, line, text } => {
                json!({ "after_ms": after.as_millis() as u64, "event": "stage", "stage": name, "line": line, "text": text })
            }
            News::End { after, name, end } => {
                json!({ "after_ms": after.as_millis() as u64, "event": "end", "stage": name, "end": end })
            }
            News::Cause { after, cause, likelihood } => {
                json!({ "after_ms": after.as_millis() as u64, "event": "cause", "cause": cause, "likelihood": likelihood })
            }
        };
        json::line("debrick.watch/1", &value);
        return;
    }
    let at = |after: &Duration| style.faint(&format!("{:>6.1} s", after.as_secs_f64()));
    let text = match news {
        News::Stage { after, name, text, .. } => {
            format!("{}  {}: {}", at(after), style.strong(name), out::harmless(text))
        }
        News::End { after, name, end } => {
            let words = match end {
                StageEnd::Failed => style.bad("it failed"),
                StageEnd::Restarted => style.warn("it started over"),
                _ => "it waits for somebody".into(),
            };
            format!("{}  {}: {words}", at(after), style.strong(name))
        }
        News::Cause { after, cause, likelihood } => format!(
            "{}  {} {} ({}, {:.0} %)",
            at(after),
            style.warn("it seems:"),
            cause.meaning(),
            cause.id(),
            likelihood * 100.0
        ),
    };
    out::data(&text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(news: &[News]) -> Vec<String> {
        let name = |news: &News| match news {
            News::Stage { name, line, .. } => format!("{name}@{line}"),
            News::End { name, end, .. } => format!("{name}: {end:?}"),
            News::Cause { cause, .. } => cause.id().to_owned(),
        };
        news.iter().map(name).collect()
    }

    #[test]
    fn stages_are_told_once_and_in_time() {
        let mut watched = Watched::new("unix:x".into());
        watched.take(b"\r\nU-Boot 2020.10 (Jan 01 2021 - 00:00:00 +0000)\r\nDRAM: 64");
        assert_eq!(names(&watched.judge()), ["u-boot@2"]);
        watched.take(b" MiB\r\nStarting kernel ...\r\n");
        assert_eq!(names(&watched.judge()), ["linux@4"]);
        assert_eq!(names(&watched.judge()), [""; 0]);
        watched.take(b"U-Boot 2020.10 (Jan 01 2021 - 00:00:00 +0000)\r\n");
        assert_eq!(names(&watched.judge()), ["linux: Restarted", "u-boot@5"]);
    }

    #[test]
    fn what_is_kept_is_bounded_and_lines_keep_their_numbers() {
        let mut watched = Watched::new("unix:x".into());
        for number in 1..=60_000_u64 {
            watched.take(format!("line {number} of a unit that talks without end\n").as_bytes());
            assert!(watched.bytes.len() <= MOST_KEPT);
        }
        assert_eq!(watched.whole_lines(), 60_000);
        watched.take(b"U-Boot 2020.10 (Jan 01 2021 - 00:00:00 +0000)\n");
        assert_eq!(names(&watched.judge()), ["u-boot@60001"]);
    }
}
