//! QEMU's machine protocol, as far as a power switch needs it (QEMU `docs/interop/qmp-spec.rst`).

use std::io::{BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::parts::LabError;

const TIMEOUT: Duration = Duration::from_secs(5);
/// QEMU sends events between answers; more than this many before an answer means that none will come.
const MOST_EVENTS: usize = 64;

/// Sends one command over a fresh connection and returns what QEMU returned.
///
/// # Errors
/// [`LabError::Machine`] when QEMU cannot be reached or refuses.
pub fn execute(socket: &Path, command: &str) -> Result<Value, LabError> {
    let stream = UnixStream::connect(socket).map_err(failed)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(failed)?;
    let mut writer = stream.try_clone().map_err(failed)?;
    let mut reader = BufReader::new(stream);
    let mut answer = Value::Null;
    for name in ["qmp_capabilities", command] {
        writer.write_all(format!("{}\n", json!({ "execute": name })).as_bytes()).map_err(failed)?;
        answer = receive(&mut reader)?;
    }
    Ok(answer)
}

fn receive(reader: &mut impl std::io::BufRead) -> Result<Value, LabError> {
    for _ in 0..MOST_EVENTS {
        let mut line = String::new();
        if reader.read_line(&mut line).map_err(failed)? == 0 {
            break;
        }
        let message: Value = serde_json::from_str(&line).map_err(failed)?;
        if let Some(error) = message.get("error") {
            return Err(LabError::Machine { detail: error.to_string() });
        }
        if let Some(answer) = message.get("return") {
            return Ok(answer.clone());
        }
    }
    Err(LabError::Machine { detail: "QEMU did not answer".into() })
}

fn failed(error: impl std::fmt::Display) -> LabError {
    LabError::Machine { detail: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_found_among_events_and_refusals_are_errors() {
        let mut talk: &[u8] =
            b"{\"QMP\":{}}\n{\"event\":\"RESET\"}\n{\"return\":{\"a\":1}}\n{\"error\":{\"desc\":\"no\"}}\n";
        assert_eq!(receive(&mut talk).unwrap(), json!({ "a": 1 }));
        assert!(receive(&mut talk).unwrap_err().to_string().contains("no"));
        assert!(receive(&mut talk).is_err());
    }
}
