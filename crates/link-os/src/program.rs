//! Other programs, run within a time and with what they say kept within bounds.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use debrick_link::{Clock, Deadline};

use crate::clock::OsClock;

/// How much of an output is read, in bytes.
const MOST_BYTES: u64 = 256 * 1024;

/// How often a running program is looked at.
const LOOK_AROUND: Duration = Duration::from_millis(5);

/// Whether it succeeded, its output, and its complaints. Killed at the deadline.
pub(crate) fn run(
    program: PathBuf,
    arguments: &[&str],
    deadline: Deadline,
) -> Result<(bool, String, String), String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let (out, said) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break Ok(status),
            Ok(None) if deadline.has_passed(&OsClock) => break Err("it took too long".to_owned()),
            Ok(None) => OsClock.sleep(LOOK_AROUND),
            Err(error) => break Err(error.to_string()),
        }
    };
    if status.is_err() {
        // It may have ended by itself just now.
        let _ = child.kill();
        let _ = child.wait();
    }
    Ok((status?.success(), out.join().unwrap_or_default(), said.join().unwrap_or_default()))
}

fn collect(from: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(from) = from {
            // What came before a failure counts. What is too much is left in the pipe, which closes here.
            let _ = from.take(MOST_BYTES).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_run_within_its_time() {
        let deadline = |ms| Deadline::after(&OsClock, Duration::from_millis(ms));
        let shell = |script: &str, ms| run("/bin/sh".into(), &["-c", script], deadline(ms));
        assert_eq!(shell("echo rules; echo no >&2", 5000), Ok((true, "rules\n".into(), "no\n".into())));
        assert_eq!(shell("echo denied >&2; exit 1", 5000), Ok((false, String::new(), "denied\n".into())));
        let began = OsClock.now();
        assert!(shell("exec sleep 10", 100).is_err());
        assert!(OsClock.now().since(began) < Duration::from_secs(2));
        let (_, much, _) = shell("yes | head -c 1000000", 5000).unwrap();
        assert_eq!(much.len() as u64, MOST_BYTES);
    }
}
