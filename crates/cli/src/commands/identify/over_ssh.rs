//! What a running system says of itself over SSH. Nothing is changed on it.

use std::path::Path;
use std::time::Duration;

use debrick_link::Deadline;
use debrick_link_os::OsClock;
use debrick_model::Sighting;
use debrick_ssh::openwrt::identify;
use debrick_ssh::{Door, Fingerprint, KeyFile, Login, Session, SshError};

use crate::args::Identify;
use crate::commands::Context;
use crate::failure::Failure;
use crate::stop::Stop;
use crate::{input, out, secret};

/// How long a connection, and then all answers of a slow system, may take.
const CONNECT: Duration = Duration::from_secs(30);
const ANSWERS: Duration = Duration::from_secs(120);

/// The largest key file that is read, in bytes.
const LARGEST_KEY_FILE: u64 = 64 * 1024;

/// How often a password, or a passphrase, is asked for.
const MOST_QUESTIONS: u32 = 3;

/// Logs in and asks.
pub(super) fn of_ssh(context: &Context, target: &str, args: &Identify) -> Result<Vec<Sighting>, Failure> {
    let (user, host) = target.rsplit_once('@').unwrap_or(("root", target));
    if user.is_empty() || host.is_empty() {
        let next = "Give [USER@]HOST[:PORT], for example root@192.168.1.1.";
        return Err(Failure::usage(format!("{target:?} does not name a system"), next));
    }
    let stop = Stop::listen()?;
    let mut door = Door { pin: fingerprint(args.host_key.as_deref())?, login: Login::bare(user) };
    door.login.key = key_file(context, args.ssh_key.as_deref(), &stop)?;
    let mut session = enter(context, &spec(host), door, &stop)?;
    if session.negotiated().is_old() {
        let names = session.negotiated();
        let (key_exchange, cipher) = (&names.key_exchange, &names.cipher);
        let text = format!(
            "The system speaks only old algorithms ({key_exchange}, {cipher}): enough on a cable between it and this \
             computer, and no protection on a shared network."
        );
        say(context, &text);
    }
    let system = identify(&mut session, Deadline::after(&OsClock, ANSWERS))?;
    session.close();
    let sighting = |observation: &debrick_model::Observation| Sighting {
        observation: observation.clone(),
        input: format!("ssh:{host}"),
        line: None,
    };
    Ok(system.observations().iter().map(sighting).collect())
}

/// The port of a host that names none is SSH's.
fn spec(host: &str) -> String {
    let has_port = match host.strip_prefix('[') {
        Some(rest) => rest.contains("]:"),
        None => host.matches(':').count() == 1,
    };
    match (has_port, host.starts_with('['), host.contains(':')) {
        (true, ..) => format!("tcp:{host}"),
        (false, false, true) => format!("tcp:[{host}]:{}", debrick_ssh::session::PORT),
        _ => format!("tcp:{host}:{}", debrick_ssh::session::PORT),
    }
}

/// The host key that was named.
pub(in crate::commands) fn fingerprint(text: Option<&str>) -> Result<Option<Fingerprint>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let next = "Give it as `ssh-keygen -l` prints it: SHA256: and 43 letters.";
    Fingerprint::parse(text)
        .map(Some)
        .ok_or_else(|| Failure::usage(format!("{text:?} is no fingerprint of a host key"), next))
}

/// The private key that was named, for which a person may be asked for its passphrase.
pub(in crate::commands) fn key_file(
    context: &Context,
    path: Option<&Path>,
    stop: &Stop,
) -> Result<Option<KeyFile>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let bytes = input::bytes(path, LARGEST_KEY_FILE)?;
    let text = String::from_utf8_lossy(&bytes);
    let mut passphrase = None;
    for _ in 0..MOST_QUESTIONS {
        match KeyFile::read(&text, passphrase.as_ref()) {
            Ok(key) => return Ok(Some(key)),
            Err(SshError::KeyFileLocked) if !context.json => {
                passphrase = secret::ask(&format!("Passphrase of {}: ", path.display()), stop);
                if passphrase.is_none() {
                    break;
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(SshError::KeyFileLocked.into())
}

/// Connects; a person at the terminal is asked about the host key, and for a password, where the system wants one.
fn enter(context: &Context, spec: &str, mut door: Door, stop: &Stop) -> Result<Session, Failure> {
    let may_ask = !context.json && secret::somebody_is_there();
    let mut questions = 0;
    loop {
        let deadline = Deadline::after(&OsClock, CONNECT);
        let error = match Session::reach(&mut || debrick_link_os::open(spec), spec, &door, deadline) {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        match &error {
            SshError::HostKeyUnknown { key } if may_ask && door.pin.is_none() => {
                let text = format!(
                    "The system shows the host key {key}. Nobody has said yet that it is this unit's."
                );
                out::note(&out::harmless(&text));
                if !secret::confirm("Is it this unit's? Type yes or no: ", stop) {
                    return Err(error.into());
                }
                door.pin = Some(key.fingerprint.clone());
            }
            SshError::PasswordNeeded { user } | SshError::Denied { user, .. }
                if may_ask && questions < MOST_QUESTIONS && door.login.key.is_none() =>
            {
                questions += 1;
                let question = format!("Password of {user} (it is not shown, and not kept): ");
                match secret::ask(&out::harmless(&question), stop) {
                    Some(password) => door.login.password = Some(password),
                    None => return Err(error.into()),
                }
            }
            _ => return Err(error.into()),
        }
    }
}

fn say(context: &Context, text: &str) {
    if !context.json {
        out::note(text);
    }
}

#[cfg(test)]
mod tests {
    use super::spec;

    #[test]
    fn hosts_get_the_port_of_ssh() {
        let check = |host, expected| assert_eq!(spec(host), expected);
        check("192.168.1.1", "tcp:192.168.1.1:22");
        check("192.168.1.1:2222", "tcp:192.168.1.1:2222");
        check("router.lan", "tcp:router.lan:22");
        check("fe80::1", "tcp:[fe80::1]:22");
        check("[fe80::1]", "tcp:[fe80::1]:22");
        check("[fe80::1]:2222", "tcp:[fe80::1]:2222");
    }
}
