//! What a person types and nobody is to see: a password, asked at the terminal, without showing it.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::os::fd::AsFd;

use debrick_ssh::Secret;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use crate::out;
use crate::stop::Stop;

/// How often a wish to stop is looked for while a person types, in milliseconds.
const LOOK_UP_MS: u16 = 100;

/// The longest password that is read, in bytes.
const LONGEST: usize = 1024;

/// Puts the terminal back as it was.
struct Unseen {
    terminal: File,
    before: Termios,
}

impl Drop for Unseen {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.before);
        // The line that the person ended was not shown either.
        out::note("");
    }
}

/// Whether somebody sits at a terminal who can be asked.
pub(crate) fn somebody_is_there() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks for a password. `None` where nobody is there, or they want to stop.
pub(crate) fn ask(question: &str, stop: &Stop) -> Option<Secret> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return None;
    }
    let terminal = File::from(stdin.as_fd().try_clone_to_owned().ok()?);
    let before = tcgetattr(&terminal).ok()?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO);
    // What was typed before the question is no answer to it.
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent).ok()?;
    let mut unseen = Unseen { terminal, before };
    out::prompt(question);
    read_line(&mut unseen.terminal, stop).map(Secret::new)
}

/// Asks a question that is answered with yes or no; anything else is a no.
pub(crate) fn confirm(question: &str, stop: &Stop) -> bool {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return false;
    }
    let Ok(terminal) = stdin.as_fd().try_clone_to_owned() else { return false };
    out::prompt(question);
    let answer = read_line(&mut File::from(terminal), stop).unwrap_or_default();
    matches!(answer.trim().to_ascii_lowercase().as_str(), "yes" | "y")
}

fn read_line(terminal: &mut File, stop: &Stop) -> Option<String> {
    loop {
        if stop.is_wanted() {
            return None;
        }
        let mut waiting = [PollFd::new(terminal.as_fd(), PollFlags::POLLIN)];
        match poll(&mut waiting, LOOK_UP_MS) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => break,
            Err(_) => return None,
        }
    }
    let mut line = [0; LONGEST];
    let count = terminal.read(&mut line).ok().filter(|count| *count > 0)?;
    let text = String::from_utf8_lossy(&line[..count]);
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}
