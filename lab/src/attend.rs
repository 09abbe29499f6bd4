//! Runs the program under test against a lab unit and stands in for its operator: whatever it asks a person to do with
//! their hands is done to the unit. What came of it is judged from outside, by the unit's storage and its web page.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::router::{Brick, EnvironmentState, Image, Lab, LabError, Model, SettingsState, Unit, UnitOptions};

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
}

impl Run {
    /// The session that it opened.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.events.iter().find_map(|event| event["session"].as_str())
    }

    /// How its session ended, as the exit line says.
    #[must_use]
    pub fn ending(&self) -> &str {
        let closed = self.events.iter().rev().find(|event| event["schema"] == "debrick.closed/1");
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

    /// The number of journal events.
    #[must_use]
    pub fn journal_events(&self) -> usize {
        self.events.iter().filter(|event| event["schema"] == "debrick.event/1").count()
    }
}

/// When a run is killed with SIGKILL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    /// Never.
    Never,
    /// As soon as this many journal events were printed.
    AfterEvents(usize),
    /// After this time.
    AfterTime(Duration),
}

/// A bench: one unit, one program, one state folder.
pub struct Bench<'a> {
    unit: &'a mut Unit,
    program: PathBuf,
    folder: PathBuf,
}

impl<'a> Bench<'a> {
    /// Prepares a folder for the program's state and answers.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn new(unit: &'a mut Unit, program: &Path, folder: &Path) -> Result<Self, LabError> {
        let bench = Self { unit, program: program.to_owned(), folder: folder.to_owned() };
        let answers = format!(
            "write-firmware = \"yes\"\nstore-variables = \"yes\"\nclear-settings = \"yes\"\nrestore-backup = \"yes\"\n\
             label-model = \"ACME {}\"\n",
            bench.unit.model().name()
        );
        fs::create_dir_all(&bench.folder)
            .and_then(|()| fs::write(bench.answers(), answers))
            .map_err(|source| LabError::File { action: "write", path: bench.answers(), source })?;
        Ok(bench)
    }

    /// The unit.
    #[must_use]
    pub fn unit(&mut self) -> &mut Unit {
        self.unit
    }

    fn answers(&self) -> PathBuf {
        self.folder.join("answers.toml")
    }

    /// The arguments that every command about the unit takes.
    fn unit_arguments(&self) -> Vec<String> {
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

    /// `debrick rescue` with an image.
    ///
    /// # Errors
    /// As [`Bench::run`].
    pub fn rescue(&mut self, image: Option<&Path>, more: &[&str], kill: Kill) -> Result<Run, LabError> {
        let mut arguments = vec!["rescue".to_owned()];
        arguments.extend(self.unit_arguments());
        if let Some(image) = image {
            arguments.extend(["--image".to_owned(), image.display().to_string()]);
        }
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        self.run(&arguments, kill)
    }

    /// `debrick resume` of the last session.
    ///
    /// # Errors
    /// As [`Bench::run`].
    pub fn resume(&mut self, kill: Kill) -> Result<Run, LabError> {
        let answers = self.answers().display().to_string();
        self.run(&["resume".to_owned(), "--answers".to_owned(), answers], kill)
    }

    /// Runs the program in the unit's network and attends to what it asks for.
    ///
    /// # Errors
    /// [`LabError::Tool`] when it cannot be started, or runs for longer than any repair.
    pub fn run(&mut self, arguments: &[String], kill: Kill) -> Result<Run, LabError> {
        let failed = |detail: String| LabError::Tool { command: "debrick".into(), detail };
        let began = Instant::now();
        let mut command = self.unit.command(&self.program);
        command
            .args(["--json", "--state-dir"])
            .arg(self.folder.join("state"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
        let Some(stdout) = child.stdout.take() else { return Err(failed("it has no output".into())) };
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });

        let mut events = Vec::new();
        let mut journalled = 0;
        loop {
            let limit = match kill {
                Kill::AfterTime(time) => time,
                _ => PATIENCE,
            };
            match lines.recv_timeout(limit.saturating_sub(began.elapsed())) {
                Ok(line) => {
                    let Ok(event) = serde_json::from_str::<Value>(&line) else { continue };
                    self.attend(&event)?;
                    journalled += usize::from(event["schema"] == "debrick.event/1");
                    events.push(event);
                    if kill == Kill::AfterEvents(journalled) {
                        return Ok(killed(child, events, began));
                    }
                }
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                    let run = killed(child, events, began);
                    return match kill {
                        Kill::AfterTime(_) => Ok(run),
                        _ => Err(failed(format!("it ran for {PATIENCE:?}; last: {:?}", run.events.last()))),
                    };
                }
            }
        }
        let status = child.wait().map_err(|error| failed(error.to_string()))?;
        Ok(Run { exit_code: status.code(), events, took: began.elapsed() })
    }

    /// Does with the unit what the program asks a person to do.
    fn attend(&mut self, event: &Value) -> Result<(), LabError> {
        if event["event"] == "asked" && event["request"]["id"] == "power-cycle" {
            self.unit.reset()?;
        }
        Ok(())
    }
}

fn killed(mut child: Child, events: Vec<Value>, began: Instant) -> Run {
    // The program is a child of `ip netns exec`, which replaces itself by it: one kill reaches it.
    let _ = child.kill();
    let _ = child.wait();
    Run { exit_code: None, events, took: began.elapsed() }
}

/// How the repair of a brick must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    /// The exit code.
    pub exit_code: i32,
    /// The causes that may have been found.
    pub causes: &'static [&'static str],
    /// The version that runs in the end.
    pub version: Option<&'static str>,
}

/// What the repair of a brick must come to, on a unit that ran 1.0.4 and is given 2.0.1.
#[must_use]
pub fn expectation(brick: Brick) -> Expectation {
    let (exit_code, causes, version): (i32, &'static [&'static str], Option<&'static str>) = match brick {
        Brick::Healthy => (0, &["no-fault"], Some("1.0.4")),
        Brick::KernelBytesDamaged | Brick::NorKernelDamaged => (0, &["image-corrupt"], Some("2.0.1")),
        Brick::RamdiskDamaged => (0, &["image-corrupt", "rootfs-corrupt"], Some("2.0.1")),
        Brick::ImageCutShort | Brick::FirmwareErased => {
            (0, &["image-incomplete", "image-corrupt"], Some("2.0.1"))
        }
        Brick::InterruptedUpdate => {
            (0, &["update-interrupted", "image-corrupt", "image-incomplete"], Some("2.0.1"))
        }
        Brick::ImageOtherArchitecture | Brick::ImageOtherArchitectureMips => {
            (0, &["image-wrong-device"], Some("2.0.1"))
        }
        Brick::BootCommandLost | Brick::BootEnvironmentBadCrc => {
            (0, &["boot-environment-corrupt"], Some("1.0.4"))
        }
        Brick::SettingsGarbage => (0, &["settings-corrupt"], Some("1.0.4")),
        Brick::NorThatLies => (10, &["image-corrupt"], None),
    };
    Expectation { exit_code, causes, version }
}

/// Breaks a unit, has it repaired, and judges the result from outside. Returns a line for a person.
///
/// # Errors
/// What differs from the expectation, in words.
pub fn prove(lab: &Lab, options: UnitOptions, program: &Path, folder: &Path) -> Result<String, String> {
    let say = |error: LabError| error.to_string();
    let mut unit = lab.unit(options).map_err(say)?;
    let image = lab.firmware(options.newer()).map_err(say)?;
    unit.power_on().map_err(say)?;
    let image_path = image.folder().join(image.image.file_name());
    let mut bench = Bench::new(&mut unit, program, folder).map_err(say)?;
    let run = bench.rescue(Some(&image_path), &["--soak", "1"], Kill::Never).map_err(say)?;
    check(lab, &unit, options, &run)?;
    Ok(format!(
        "{:<9} {:<29} diagnosed {:<25} ended {:<14} {:>5.1} s",
        options.model.id(),
        options.brick.name(),
        run.cause(),
        run.ending(),
        run.took.as_secs_f64()
    ))
}

/// Compares what a repair came to with what it must come to, from outside.
///
/// # Errors
/// What differs, in words.
pub fn check(lab: &Lab, unit: &Unit, options: UnitOptions, run: &Run) -> Result<(), String> {
    let say = |error: LabError| error.to_string();
    let expected = expectation(options.brick);
    let last = || run.events.iter().rev().take(3).map(Value::to_string).collect::<Vec<_>>().join("\n");
    if run.exit_code != Some(expected.exit_code) {
        return Err(format!("exit code {:?} and not {}:\n{}", run.exit_code, expected.exit_code, last()));
    }
    if !expected.causes.contains(&run.cause()) {
        return Err(format!("the cause found was {}, and not one of {:?}", run.cause(), expected.causes));
    }
    if !unit.factory_untouched().map_err(say)? {
        return Err("the factory data is not what it was".into());
    }
    let Some(version) = expected.version else { return Ok(()) };
    check_firmware(lab, unit, options, version)?;
    if unit.environment().map_err(say)? != EnvironmentState::Nowhere {
        let environment = unit.environment().map_err(say)?;
        if environment.get("bootcmd").is_none() {
            return Err(format!("the environment has no boot command: {environment:?}"));
        }
    }
    match unit.settings().map_err(say)? {
        SettingsState::Valid(_) => {}
        other => return Err(format!("the settings are {other:?}")),
    }
    if options.model == Model::R1n {
        // Its firmware is too small for a network: the console is all there is.
        return Ok(());
    }
    let page = unit.http_get("/").map_err(say)?;
    let wanted = format!("ACME {} {version}\n", options.model.name());
    if page == wanted { Ok(()) } else { Err(format!("the unit says {page:?}, and not {wanted:?}")) }
}

fn check_firmware(lab: &Lab, unit: &Unit, options: UnitOptions, version: &str) -> Result<(), String> {
    let say = |error: LabError| error.to_string();
    let image = if version == options.installed.version() { options.installed } else { options.newer() };
    let wanted = lab.firmware(image).map_err(say)?;
    if unit.holds(unit.model().firmware(), &wanted).map_err(say)? {
        Ok(())
    } else {
        Err(format!("the firmware region does not hold {}", Image::file_name(image)))
    }
}
