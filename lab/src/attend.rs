//! Runs the program under test against a lab unit and stands in for its operator: whatever it asks a person to do with
//! their hands is done to the unit. What came of it is judged from outside, in [`crate::judge`].

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::router::{Image, LabError, Model, Unit};

/// Longer than this no repair of a lab unit takes.
const PATIENCE: Duration = Duration::from_secs(300);

/// How a run of the program ended.
#[derive(Debug)]
pub struct Run {
    /// Its exit code; `None` when it was killed.
    pub exit_code: Option<i32>,
    /// All events that it printed, in order.
    pub events: Vec<Value>,
    /// How long it ran.
    pub took: Duration,
    /// The journal event after which the intervention happened; `None` where it did not.
    pub struck_after: Option<String>,
    /// What came of a second rescue on the same port.
    pub rival: Option<Box<Run>>,
}

impl Run {
    /// The session that it opened.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.events.iter().find_map(|event| event["session"].as_str())
    }

    /// How its session ended: as the exit line says, or the journal, when it was killed between the two.
    #[must_use]
    pub fn ending(&self) -> &str {
        let mut last_first = self.events.iter().rev();
        let closed = last_first
            .find(|event| event["schema"] == "debrick.closed/1" || event["event"] == "session-closed");
        closed.and_then(|event| event["ending"].as_str()).unwrap_or("not closed")
    }

    /// The last cause that it found before it began to write.
    #[must_use]
    pub fn cause(&self) -> &str {
        let before_writing = self.events.iter().take_while(|event| event["event"] != "intent");
        let diagnoses = before_writing.filter(|event| event["event"] == "diagnosed");
        let causes = diagnoses.filter_map(|event| event["diagnosis"]["findings"][0]["cause"].as_str());
        causes.last().unwrap_or("none")
    }

    /// The first cause that it found: by the console alone.
    #[must_use]
    pub fn first_cause(&self) -> &str {
        let diagnosed = self.events.iter().find(|event| event["event"] == "diagnosed");
        diagnosed.and_then(|event| event["diagnosis"]["findings"][0]["cause"].as_str()).unwrap_or("none")
    }

    /// The code of the error that ended the program before it had a session.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        let error = self.events.iter().rev().find(|event| event["schema"] == "debrick.error/1")?;
        error["code"].as_str()
    }

    /// Whether it announced that it would change the unit.
    #[must_use]
    pub fn meant_to_write(&self) -> bool {
        self.events.iter().any(|event| event["event"] == "intent")
    }

    /// Whether a failure with this code is in the journal.
    #[must_use]
    pub fn failed_with(&self, code: &str) -> bool {
        self.events.iter().any(|event| event["event"] == "failed" && event["problem"]["code"] == code)
    }

    /// The number of journal events.
    #[must_use]
    pub fn journal_events(&self) -> usize {
        self.events.iter().filter(|event| is_of_journal(event)).count()
    }

    /// Its last words, for a person who has to find out what went wrong.
    #[must_use]
    pub fn last_words(&self) -> String {
        let mut lines: Vec<String> = self.events.iter().rev().take(4).map(Value::to_string).collect();
        lines.reverse();
        lines.join("\n")
    }
}

fn is_of_journal(event: &Value) -> bool {
    event["schema"] == "debrick.event/1"
}

/// What an intervention waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// This many journal events were printed.
    Events(usize),
    /// This step began.
    Step(&'static str),
}

/// What is done to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// SIGKILL to the program.
    Kill,
    /// SIGINT to the program: Ctrl-C.
    Interrupt,
    /// The unit's plug is pulled.
    PowerOff,
    /// Another rescue is started on the same port.
    Rival,
}

/// Something that happens to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervention {
    /// After which sign.
    pub sign: Sign,
    /// And how long after it.
    pub delay: Duration,
    /// What.
    pub deed: Deed,
}

/// A bench: one unit, one program, one state folder.
pub struct Bench<'a> {
    unit: &'a mut Unit,
    program: PathBuf,
    folder: PathBuf,
    state: PathBuf,
}

impl<'a> Bench<'a> {
    /// Prepares a folder for the program's state and answers.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn new(unit: &'a mut Unit, program: &Path, folder: &Path) -> Result<Self, LabError> {
        let file = |action, path: &Path| {
            let path = path.to_owned();
            move |source| LabError::File { action, path, source }
        };
        fs::create_dir_all(folder).map_err(file("create", folder))?;
        let program = fs::canonicalize(program).map_err(file("find", program))?;
        let state = folder.join("state");
        let bench = Self { unit, program, folder: folder.to_owned(), state };
        let answers = format!(
            "write-firmware = \"yes\"\nstore-variables = \"yes\"\nclear-settings = \"yes\"\nrestore-backup = \"yes\"\n\
             label-model = \"ACME {}\"\n",
            bench.unit.model().name()
        );
        fs::write(bench.answers(), answers).map_err(file("write", &bench.answers()))?;
        Ok(bench)
    }

    /// The unit.
    #[must_use]
    pub fn unit(&mut self) -> &mut Unit {
        self.unit
    }

    /// Keeps the program's state in another folder from now on.
    pub fn keep_state_in(&mut self, folder: &Path) {
        self.state = folder.to_owned();
    }

    /// Where the program keeps its state.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }

    fn answers(&self) -> PathBuf {
        self.folder.join("answers.toml")
    }

    /// The arguments that every command about the unit takes.
    #[must_use]
    pub fn unit_arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            "--console".to_owned(),
            format!("unix:{}", self.unit.console_socket().display()),
            "--answers".to_owned(),
            self.answers().display().to_string(),
        ];
        match self.unit.model() {
            Model::R1 => arguments.extend(["--device".to_owned(), "acme-r1".to_owned()]),
            other => {
                let record =
                    Path::new(env!("CARGO_MANIFEST_DIR")).join("router").join(format!("{}.toml", other.id()));
                arguments.extend(["--device-file".to_owned(), record.display().to_string()]);
            }
        }
        arguments
    }

    /// A command about the unit.
    ///
    /// # Errors
    /// As [`Bench::run`].
    pub fn about_unit(
        &mut self,
        command: &str,
        more: &[&str],
        intervention: Option<Intervention>,
    ) -> Result<Run, LabError> {
        let mut arguments = vec![command.to_owned()];
        arguments.extend(self.unit_arguments());
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        self.run(&arguments, intervention)
    }

    /// `debrick rescue` with an image.
    ///
    /// # Errors
    /// As [`Bench::run`].
    pub fn rescue(
        &mut self,
        image: Option<&Path>,
        more: &[&str],
        intervention: Option<Intervention>,
    ) -> Result<Run, LabError> {
        let image = image.map(|image| image.display().to_string());
        let mut arguments: Vec<&str> = more.to_vec();
        if let Some(image) = &image {
            arguments.extend(["--image", image]);
        }
        self.about_unit("rescue", &arguments, intervention)
    }

    /// `debrick resume` of the last session.
    ///
    /// # Errors
    /// As [`Bench::run`].
    pub fn resume(&mut self, more: &[&str], intervention: Option<Intervention>) -> Result<Run, LabError> {
        let mut arguments =
            vec!["resume".to_owned(), "--answers".to_owned(), self.answers().display().to_string()];
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        self.run(&arguments, intervention)
    }

    /// Whether `debrick report --verify` says that the last session's journal and artifacts are intact.
    ///
    /// # Errors
    /// As [`Bench::run`].
    pub fn journal_is_intact(&mut self) -> Result<bool, LabError> {
        let run = self.run(&["report".to_owned(), "--verify".to_owned()], None)?;
        let says_so =
            run.events.iter().any(|line| line["schema"] == "debrick.chain/1" && line["intact"] == true);
        Ok(run.exit_code == Some(0) && says_so)
    }

    /// Runs the program in the unit's network and attends to what it asks for.
    ///
    /// # Errors
    /// [`LabError::Tool`] when it cannot be started, or runs for longer than any repair.
    pub fn run(&mut self, arguments: &[String], intervention: Option<Intervention>) -> Result<Run, LabError> {
        let began = Instant::now();
        let (mut child, lines) = self.start(arguments)?;
        let mut events: Vec<Value> = Vec::new();
        let mut rival = None;
        let mut struck_after = None;
        let mut journalled = 0;
        let mut waiting = intervention;
        let mut due: Option<Instant> = None;
        loop {
            let limit = due.unwrap_or(began + PATIENCE);
            match lines.recv_timeout(limit.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
                    self.attend(&event)?;
                    journalled += usize::from(is_of_journal(&event));
                    due = due.or_else(|| {
                        waiting
                            .filter(|wait| shows(wait.sign, &event, journalled))
                            .map(|wait| Instant::now() + wait.delay)
                    });
                    events.push(event);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if due.is_none() => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed(format!("it ran for {PATIENCE:?}; last: {:?}", events.last())));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            if due.is_some_and(|due| due <= Instant::now()) {
                due = None;
                let Some(intervention) = waiting.take() else { continue };
                if self.strike(&mut child, intervention.deed, arguments, &mut rival)? {
                    struck_after =
                        events.iter().rev().find_map(|event| event["event"].as_str()).map(str::to_owned);
                }
            }
        }
        let status = child.wait().map_err(|error| failed(error.to_string()))?;
        Ok(Run { exit_code: status.code(), events, took: began.elapsed(), struck_after, rival })
    }

    /// Starts the program; what it prints comes out of the channel, which ends with it.
    fn start(&self, arguments: &[String]) -> Result<(Child, Receiver<String>), LabError> {
        let mut command = self.unit.command(&self.program);
        command
            .args(["--json", "--state-dir"])
            .arg(&self.state)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let Some(stdout) = child.stdout.take() else { return Err(failed("it has no output".into())) };
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok((child, lines))
    }

    /// Does the deed. Tells whether there was still something to do it to.
    fn strike(
        &mut self,
        child: &mut Child,
        deed: Deed,
        arguments: &[String],
        rival: &mut Option<Box<Run>>,
    ) -> Result<bool, LabError> {
        if child.try_wait().map_err(|error| failed(error.to_string()))?.is_some() {
            return Ok(false);
        }
        match deed {
            Deed::Kill => self.signal(child, "-KILL")?,
            Deed::Interrupt => self.signal(child, "-INT")?,
            Deed::PowerOff => self.unit.power_off(),
            Deed::Rival => *rival = Some(Box::new(self.run(arguments, None)?)),
        }
        Ok(true)
    }

    /// Sends a signal to the program's process group, having made sure that it leads it: `ip netns exec` replaces itself
    /// by the program it runs.
    fn signal(&self, child: &Child, signal: &str) -> Result<(), LabError> {
        let runs = fs::read_link(format!("/proc/{}/exe", child.id())).unwrap_or_default();
        if runs != self.program {
            return Err(failed(format!("process {} runs {}", child.id(), runs.display())));
        }
        let group = format!("-{}", child.id());
        let status = Command::new("kill").args([signal, "--", &group]).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            other => Err(failed(format!("kill {signal} {group}: {other:?}"))),
        }
    }

    /// Does with the unit what the program asks a person to do.
    fn attend(&mut self, event: &Value) -> Result<(), LabError> {
        if event["event"] == "asked" && event["request"]["id"] == "power-cycle" {
            if self.unit.is_on() { self.unit.reset()? } else { self.unit.power_on()? }
        }
        Ok(())
    }
}

fn failed(detail: String) -> LabError {
    LabError::Tool { command: "debrick".into(), detail }
}

/// Whether an event is the sign.
fn shows(sign: Sign, event: &Value, journalled: usize) -> bool {
    match sign {
        Sign::Events(count) => is_of_journal(event) && journalled == count,
        Sign::Step(step) => event["event"] == "step-started" && event["step"] == step,
    }
}

/// The file of an image.
///
/// # Errors
/// As [`crate::router::Lab::firmware`].
pub fn image_file(lab: &crate::router::Lab, image: Image) -> Result<PathBuf, LabError> {
    let firmware = lab.firmware(image)?;
    Ok(firmware.folder().join(image.file_name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_sign_is_seen_once_and_only_in_the_journal() {
        let event = json!({ "schema": "debrick.event/1", "event": "step-started", "step": "flash" });
        let progress = json!({ "schema": "debrick.progress/1" });
        assert!(shows(Sign::Events(3), &event, 3));
        assert!(!shows(Sign::Events(3), &event, 4));
        assert!(!shows(Sign::Events(3), &progress, 3));
        assert!(shows(Sign::Step("flash"), &event, 9));
        assert!(!shows(Sign::Step("backup"), &event, 9));
    }

    #[test]
    fn the_last_cause_before_writing_counts() {
        let diagnosed =
            |cause: &str| json!({ "event": "diagnosed", "diagnosis": { "findings": [{ "cause": cause }] } });
        let events = vec![
            diagnosed("unknown"),
            diagnosed("image-corrupt"),
            json!({ "event": "intent" }),
            diagnosed("no-fault"),
        ];
        let run = Run { exit_code: None, events, took: Duration::ZERO, struck_after: None, rival: None };
        assert_eq!(run.cause(), "image-corrupt");
        assert_eq!(run.ending(), "not closed");
        assert!(run.meant_to_write());
    }
}
