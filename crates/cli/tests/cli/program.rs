//! Runs the program and looks at everything that it shows.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// No test takes longer than this.
const PATIENCE: Duration = Duration::from_secs(180);

/// A folder with everything that a test needs: state, files, sockets.
pub(crate) struct Place(tempfile::TempDir);

/// A run that has ended.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) took: Duration,
    /// The most memory that was resident, in KiB; 0 where the run was too short to look.
    pub(crate) peak_kib: u64,
}

/// A run under way.
pub(crate) struct Running {
    child: Child,
    stdout: JoinHandle<String>,
    stderr: JoinHandle<String>,
    began: Instant,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// The record of the router that the program knows, with little patience.
    pub(crate) fn hasty_device(&self, seconds: u32) -> String {
        let record = include_str!("../../../../catalog/devices/acme-r1.toml");
        let hasty = record.replace("boot_seconds = 60", &format!("boot_seconds = {seconds}"));
        assert_ne!(hasty, record);
        self.file("hasty.toml", hasty)
    }

    /// The program, with its state in this folder and nothing else of this computer's in sight.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_debrick"));
        command
            .arg("--state-dir")
            .arg(self.path("state"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_remove("NO_COLOR")
            .env("HOME", self.0.path())
            .env_remove("XDG_STATE_HOME");
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.start(arguments).end(PATIENCE)
    }

    /// Runs it twice, for a program and for a person, and expects the same refusal.
    #[track_caller]
    pub(crate) fn refuses(&self, arguments: &[&str], exit_code: i32, code: &str) -> Value {
        let json: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let run = self.run(&json);
        let error = run.lines().pop().unwrap_or_default();
        let shown = format!("{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        assert_eq!(error["schema"], "debrick.error/1", "{shown}");
        assert_eq!(error["code"], code, "{shown}");
        assert_eq!(error["exit_code"], exit_code, "{shown}");
        assert_eq!(run.code, Some(exit_code), "{shown}");
        for field in ["what", "next_step"] {
            assert!(!error[field].as_str().unwrap().is_empty(), "{field}: {shown}");
        }

        let run = self.run(arguments);
        assert_eq!(run.code, Some(exit_code), "{shown}");
        assert_eq!(run.stdout, "", "an error is no data");
        if !run.stderr.contains("For more information, try") {
            assert!(run.stderr.contains("next: "), "{}", run.stderr);
            assert!(run.stderr.contains(&format!("({code})")), "{}", run.stderr);
        }
        error
    }
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let began = Instant::now();
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = gather(child.stdout.take().unwrap());
        let stderr = gather(child.stderr.take().unwrap());
        Self { child, stdout, stderr, began }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.pid()).unwrap()), signal).unwrap();
    }

    /// Waits for its end; after `patience` it is killed, and has no exit code.
    pub(crate) fn end(mut self, patience: Duration) -> Run {
        let mut peak_kib = 0;
        let status = loop {
            peak_kib = peak_kib.max(peak_of(self.pid()));
            match self.child.try_wait().unwrap() {
                Some(status) => break status,
                None if self.began.elapsed() > patience => {
                    self.child.kill().unwrap();
                    break self.child.wait().unwrap();
                }
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        let run = Run {
            code: status.code(),
            stdout: self.stdout.join().unwrap(),
            stderr: self.stderr.join().unwrap(),
            took: self.began.elapsed(),
            peak_kib,
        };
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }
}

impl Run {
    /// Standard output as JSON lines, each of which names its schema.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| {
                let value: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}"));
                assert!(
                    value["schema"].as_str().is_some_and(|schema| schema.starts_with("debrick.")),
                    "{line}"
                );
                value
            })
            .collect()
    }

    /// How the session ended.
    #[track_caller]
    pub(crate) fn closed(&self) -> Value {
        let last = self.lines().pop().unwrap_or_default();
        assert_eq!(last["schema"], "debrick.closed/1", "{}\n{}", self.stdout, self.stderr);
        assert_eq!(last["exit_code"].as_i64(), self.code.map(i64::from), "{last}");
        last
    }
}

fn gather(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    })
}

fn peak_of(pid: u32) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"));
    let status = status.unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    peak.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
