//! Runs one program of the host and turns its failure into an error that names it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::parts::LabError;

/// Runs `command` to its end and returns its standard output.
///
/// # Errors
/// [`LabError::Tool`] when it cannot be started or ends with a failure.
pub(super) fn run(command: &mut Command) -> Result<Vec<u8>, LabError> {
    run_with_input(command, &[])
}

/// Shorthand for [`run`] with a fixed list of arguments.
pub(super) fn run_args(program: &str, arguments: &[&str]) -> Result<Vec<u8>, LabError> {
    run(Command::new(program).args(arguments))
}

/// Like [`run`], with `input` on its standard input. The input must fit a pipe's buffer (64 KiB).
pub(super) fn run_with_input(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, LabError> {
    let line = describe(command);
    let failed = |detail: String| LabError::Tool { command: line.clone(), detail };
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input has not failed for that.
        let _ = stdin.write_all(input);
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(failed(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())))
    }
}

fn describe(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once(command.get_program().to_string_lossy()).chain(arguments).collect::<Vec<_>>().join(" ")
}
