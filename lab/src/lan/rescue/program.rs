//! The program at work on the host's end, and the person who does what it says.

use std::fs;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::unit::{Deed, Hands};
use crate::lan::wire::{self, Lan};
use crate::lan::{must, write};

/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// From a cue to the hand's move.
const MOMENT: Duration = Duration::from_millis(150);

/// From pressing the button to switching it on.
const BEFORE_POWER: Duration = Duration::from_millis(300);

/// When the program is killed: as soon as so much of the file has gone over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kill {
    pub(super) after_bytes: u64,
}

/// The program, with a state folder and answers.
pub(super) struct Program<'a> {
    lan: &'a Lan,
    program: PathBuf,
    state: PathBuf,
    answers: PathBuf,
    /// Who runs it, if not the lab itself.
    user: Option<u32>,
    /// Whether the unit is switched on when its file is being sent, and not before.
    pub(super) switches_on_when_sending: bool,
}

/// A run that is over.
#[derive(Debug)]
pub(super) struct Run {
    exit_code: Option<i32>,
    lines: Vec<Value>,
    complaints: String,
    took: Duration,
    /// How much of the file had gone over when it was killed.
    pub(super) killed_after: Option<u64>,
}

impl<'a> Program<'a> {
    pub(super) fn new(lan: &'a Lan, program: &Path, folder: &Path) -> Result<Self, String> {
        let answers = folder.join("answers.toml");
        write(&answers, b"write-firmware = \"yes\"\nlabel-model = \"ACME R1\"\nunit-is-off = \"yes\"\n")?;
        let program = fs::canonicalize(program).map_err(|error| error.to_string())?;
        Ok(Self {
            lan,
            program,
            state: folder.join("state"),
            answers,
            user: None,
            switches_on_when_sending: false,
        })
    }

    /// Runs it as this user from now on, who has no rights but those of the file. The state is theirs then.
    pub(super) fn run_as(&mut self, user: u32) -> Result<(), String> {
        self.user = Some(user);
        let folder = self.answers.parent().ok_or("the answers are in no folder")?;
        let mut command = Command::new("chown");
        command.arg("-R").arg(format!("{user}:{user}")).arg(folder);
        wire::run(&mut command)?.must_succeed().map(drop)
    }

    /// Puts a record into the folder of the operator's own.
    pub(super) fn add_record(&self, id: &str, text: &str) -> Result<(), String> {
        let folder = self.state.join("devices");
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        write(&folder.join(format!("{id}.toml")), text.as_bytes())
    }

    /// Runs the program until it ends or is killed. The hands do what it says; everything else is in the file of answers.
    pub(super) fn run(&self, arguments: &[&str], hands: &Hands, kill: Option<Kill>) -> Result<Run, String> {
        let began = Instant::now();
        let mut command = match self.user {
            None => self.lan.host_command(&self.program),
            Some(user) => {
                let mut command = self.lan.host_command("setpriv");
                command.args([format!("--reuid={user}"), format!("--regid={user}")]);
                command.args(["--clear-groups", "--inh-caps=-all"]).arg(&self.program);
                command
            }
        };
        command.args(["--json", "--state-dir"]).arg(&self.state).args(arguments);
        if matches!(arguments.first(), Some(&("rescue" | "resume"))) {
            command.arg("--answers").arg(&self.answers);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| format!("debrick cannot start: {error}"))?;
        let mut child = Ended(child);
        let stdout = child.0.stdout.take().ok_or("debrick has no output")?;
        let (sender, heard) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut person = Person { hands, keys: child.0.stdin.take(), deeds: Vec::new() };
        let mut lines = Vec::new();
        let mut killed_after = None;
        let mut is_to_be_on = !self.switches_on_when_sending;
        loop {
            match heard.recv_timeout(Duration::from_millis(10)) {
                Ok(line) => {
                    let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
                    person.hear(&line);
                    if !is_to_be_on && sent(&line).is_some() {
                        is_to_be_on = true;
                        person.deeds.push((Instant::now() + MOMENT, Act::Do(Deed::On)));
                    }
                    let sent = sent(&line).filter(|sent| kill.is_some_and(|kill| *sent >= kill.after_bytes));
                    lines.push(line);
                    if sent.is_some() && killed_after.is_none() {
                        killed_after = sent;
                        // `ip netns exec` has replaced itself by the program.
                        child.0.kill().map_err(|error| error.to_string())?;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            person.act();
            must(began.elapsed() < PATIENCE, || {
                format!("it did not end in {} s: {:?}", PATIENCE.as_secs(), lines.last())
            })?;
        }
        let status = child.0.wait().map_err(|error| error.to_string())?;
        let mut complaints = String::new();
        if let Some(mut pipe) = child.0.stderr.take() {
            let _ = pipe.read_to_string(&mut complaints);
        }
        Ok(Run { exit_code: status.code(), lines, complaints, took: began.elapsed(), killed_after })
    }
}

/// How much of the file has gone over, if the line says so.
fn sent(line: &Value) -> Option<u64> {
    let is_of_the_file = line["what"].as_str().is_some_and(|what| what.starts_with("sending "));
    line["done"].as_u64().filter(|_| line["schema"] == "debrick.progress/1" && is_of_the_file)
}

/// A program that is ended with this value.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Somebody at the unit who hears the program, and types.
struct Person<'a> {
    hands: &'a Hands,
    keys: Option<ChildStdin>,
    deeds: Vec<(Instant, Act)>,
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Do(Deed),
    SayDone,
    SayWhatIsSeen,
}

impl Person<'_> {
    /// Hears what is to be done.
    fn hear(&mut self, line: &Value) {
        if line["schema"] != "debrick.coach/1" {
            return;
        }
        let soon = Instant::now() + MOMENT;
        let text = line["text"].as_str().unwrap_or_default();
        let says_done = line["say_done"] == true;
        let (at, deed) = match line["cue"].as_str() {
            Some("do") if text.starts_with("Hold") => (soon, Some(Deed::Press)),
            Some("do") if text.starts_with("Switch it off") => (soon, Some(Deed::Off)),
            Some("do") if text.starts_with("Switch it on") => (soon + BEFORE_POWER, Some(Deed::On)),
            Some("do") => (soon, None),
            Some("now") => (soon, Some(Deed::LetGo)),
            Some("ask") => return self.deeds.push((soon, Act::SayWhatIsSeen)),
            _ => return,
        };
        self.deeds.extend(deed.map(|deed| (at, Act::Do(deed))));
        self.deeds.extend(says_done.then_some((at, Act::SayDone)));
    }

    /// Does what is due.
    fn act(&mut self) {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.deeds).into_iter().partition(|(at, _)| *at <= now);
        self.deeds = later;
        let due: Vec<(Instant, Act)> = due;
        for (_, act) in due {
            match act {
                Act::Do(deed) => self.hands.act(deed),
                Act::SayDone => self.say("done"),
                Act::SayWhatIsSeen if self.hands.look(|router| router.is_in_recovery()) => self.say("yes"),
                Act::SayWhatIsSeen => self.say("no"),
            }
        }
    }

    fn say(&mut self, word: &str) {
        if let Some(keys) = &mut self.keys {
            // Nobody listens any more once it has ended.
            let _ = writeln!(keys, "{word}");
        }
    }
}

impl Run {
    pub(super) fn took(&self) -> f64 {
        self.took.as_secs_f64()
    }

    /// Fails unless it ended with this exit code.
    pub(super) fn must_end(&self, code: i32) -> Result<(), String> {
        must(self.exit_code == Some(code), || format!("exit {:?}: {}", self.exit_code, self.last_words()))
    }

    /// Whether a failure with this code is in the journal.
    pub(super) fn failed_with(&self, code: &str) -> bool {
        self.lines.iter().any(|line| line["event"] == "failed" && line["problem"]["code"] == code)
    }

    /// What `doctor` found by this name.
    pub(super) fn finding(&self, check: &str) -> Option<&Value> {
        self.lines
            .iter()
            .find_map(|line| line["findings"].as_array()?.iter().find(|one| one["check"] == check))
    }

    /// How often the person was told this.
    pub(super) fn cues(&self, kind: &str) -> usize {
        self.lines.iter().filter(|line| line["schema"] == "debrick.coach/1" && line["cue"] == kind).count()
    }

    /// How it ended, for a person who has to find out why.
    pub(super) fn last_words(&self) -> String {
        let tail = self.lines.len().saturating_sub(4);
        let lines: Vec<String> = self.lines[tail..].iter().map(Value::to_string).collect();
        format!("{}\n{}", lines.join("\n"), self.complaints.trim())
    }
}
