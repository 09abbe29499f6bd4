//! Bricks diagnosed live: the program only listens to the console of a unit that starts, and nothing is written.

use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::judge::{Snapshot, expectation, say};
use crate::router::{Brick, Lab, Unit, UnitOptions};
use crate::trials::keep_console;

/// How long the program may take to open the console, and to conclude.
const OPENING: Duration = Duration::from_secs(30);
const CONCLUDING: Duration = Duration::from_secs(30);

/// How long a brick takes to show itself, at most.
const SHOWING: Duration = Duration::from_secs(150);

/// What comes right behind a brick's sign is listened to as well.
const LINGER: Duration = Duration::from_millis(1500);

/// Breaks a unit, starts it while `debrick watch-console` listens, and compares the cause that stands first with what is
/// wrong with it. Returns a line for a person.
///
/// # Errors
/// What is not as it must be, in words.
pub fn diagnose(lab: &Lab, options: UnitOptions, program: &Path, folder: &Path) -> Result<String, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut unit = lab.unit(options).map_err(say)?;
    let before = Snapshot::of(&unit).map_err(say)?;
    unit.power_on().map_err(say)?;
    let began = Instant::now();
    let outcome = listen(&mut unit, program);
    keep_console(&unit, folder);
    let said = outcome?;
    let diagnosis = said.last().filter(|line| line["schema"] == "debrick.diagnosis/1");
    let diagnosis = diagnosis.ok_or_else(|| format!("it came to no diagnosis: {:?}", said.last()))?;
    let cause = diagnosis["findings"][0]["cause"].as_str().unwrap_or("none");
    let expected = expectation(options.brick).causes;
    if !expected.contains(&cause) {
        return Err(format!("the cause that stands first is {cause}, and not one of {expected:?}"));
    }
    // A system that starts writes its own settings; a unit that does not is left as it is.
    if options.brick != Brick::Healthy
        && let Some(change) = before.changed_outside(&unit, &[]).map_err(say)?
    {
        return Err(format!("{change}, and the program was only to listen"));
    }
    let state = diagnosis["state"].as_str().unwrap_or("none");
    let likelihood = diagnosis["findings"][0]["likelihood"].as_f64().unwrap_or(0.0);
    let shown = said
        .iter()
        .find(|line| line["event"] == "cause" && line["cause"] == cause)
        .and_then(|line| line["after_ms"].as_u64())
        .map_or_else(String::new, |ms| format!(", told after {:.1} s", ms as f64 / 1000.0));
    Ok(format!(
        "{:<29} {cause:<25} {:>3.0} %  {state:<16} {:>5.1} s{shown}",
        options.brick.name(),
        100.0 * likelihood,
        began.elapsed().as_secs_f64()
    ))
}

/// What a unit with this brick says once all that speaks for the cause has been said.
fn last_sign(brick: Brick) -> &'static str {
    match brick {
        // That it uses its built-in environment harms a unit only where that starts nothing: it has to give up first, which
        // takes a minute.
        Brick::BootEnvironmentBadCrc => "Retry time exceeded",
        other => other.sign(),
    }
}

/// Everything that the program says while the unit starts and shows how it is broken.
fn listen(unit: &mut Unit, program: &Path) -> Result<Vec<Value>, String> {
    let console = format!("unix:{}", unit.console_socket().display());
    let mut command = unit.command(program);
    command
        .args(["--json", "watch-console", &console])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{}: {error}", program.display()))?;
    let outcome = while_it_listens(unit, &mut child);
    if outcome.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome
}

fn while_it_listens(unit: &mut Unit, child: &mut Child) -> Result<Vec<Value>, String> {
    let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("the program has no output".into());
    };
    let said = lines(stdout);
    let (sender, opened) = channel();
    std::thread::spawn(move || {
        let mut first = [0; 1];
        let _ = sender.send(stderr.read(&mut first).is_ok_and(|count| count > 0));
        let _ = std::io::copy(&mut stderr, &mut std::io::sink());
    });
    if opened.recv_timeout(OPENING) != Ok(true) {
        return Err("it does not say that it listens".into());
    }
    let mark = unit.mark();
    unit.reset().map_err(say)?;
    unit.wait_for(last_sign(unit.options().brick), mark, SHOWING).map_err(say)?;
    std::thread::sleep(LINGER);
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    if !interrupt.is_ok_and(|status| status.success()) {
        return Err("the program ended before it was asked to".into());
    }
    let until = Instant::now() + CONCLUDING;
    let mut all = Vec::new();
    while let Ok(line) = said.recv_timeout(until.saturating_duration_since(Instant::now())) {
        all.extend(serde_json::from_str::<Value>(&line).ok());
    }
    // Its output has ended, or its time is over.
    let _ = child.kill();
    child.wait().map(|_| all).map_err(|error| error.to_string())
}

fn lines(from: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}
