//! Runs one program of the host and turns its failure into an error that names it.

use std::process::{Command, Stdio};

use super::parts::LabError;

/// Runs `command` to its end and returns its standard output.
///
/// # Errors
/// [`LabError::Tool`] when it cannot be started or ends with a failure.
pub(super) fn run(command: &mut Command) -> Result<Vec<u8>, LabError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
    let line = format!("{program} {}", arguments.join(" "));
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| LabError::Tool { command: line.clone(), detail: error.to_string() })?;
    if !output.status.success() {
        let detail = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(LabError::Tool { command: line, detail });
    }
    Ok(output.stdout)
}

/// Shorthand for [`run`] with a fixed list of arguments.
pub(super) fn run_args(program: &str, arguments: &[&str]) -> Result<Vec<u8>, LabError> {
    run(Command::new(program).args(arguments))
}
