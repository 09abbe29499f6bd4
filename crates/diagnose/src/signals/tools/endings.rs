//! How a tool or a session ends that leaves the unit in peace, whatever was said before: its user refuses, restarts the
//! unit, or stands at the prompt of a system that runs.

/// What a tool does last: it lets the unit go.
const LAST_ACTS: &[&str] = &[
    "resetting",
    "rebooting",
    "restarting",
    "reset via",
    "reset the device",
    "leaving",
    "exiting",
    "closing",
    "disconnecting",
    "powering off",
    "shutting down",
    "releasing",
    "starting execution",
    "running the",
    "bye",
];

/// How a question ends, behind which the user answers no.
const REFUSALS: &[&str] = &[
    "[y/n]: n",
    "[y/n] n",
    "[y/n]:n",
    "[y|n]: n",
    "[y|n] n",
    "(y/n): n",
    "(y/n) n",
    "(y/n)? n",
    "[y/n]? n",
    "[yes/no]: no",
    "[yes/no] no",
    "(yes/no): no",
    "(yes/no) no",
    "(yes/no)? no",
    "continue? n",
];

/// What a tool says that does what it was told: nothing.
const STOPS: &[&str] = &["abort", "cancel"];

/// Commands that end the session they are typed in.
const RESTARTS: &[&str] = &["reboot", "shutdown", "poweroff", "sysupgrade", "halt"];

/// How a session ends whose other side goes away (OpenSSH `ssh.c`, `clientloop.c`).
const CLOSED: &[&str] = &["closed by remote host", "connection closed by", "connection to "];

/// How a system asks who is there (util-linux `login-utils/login.c`, BusyBox `loginutils/login.c`).
const LOGINS: &[&str] = &["login:", "password:", "'s password"];

/// The longest prompt of a shell.
const LONGEST_PROMPT: usize = 40;

/// Whether what a tool began with this line, in lower case, is to let the unit go.
pub(super) fn is_last_act(line: &str) -> bool {
    LAST_ACTS.iter().any(|act| line.contains(act))
}

/// Whether with this line, in lower case, a tool restarts the unit.
pub(super) fn restarts_unit(line: &str) -> bool {
    line.contains("reboot") || line.contains("restarting")
}

/// The line, by its index, that shows that the unit was left in peace, and what it shows.
pub(super) fn left_in_peace(lines: &[(u64, String)]) -> Option<(usize, &'static str)> {
    let last = lines.len().checked_sub(1)?;
    let text = |index: usize| lines.get(index).map_or("", |(_, line)| line.as_str());
    let has = |index: usize, words: &[&str]| words.iter().any(|word| text(index).contains(word));
    let refused = |index: usize| REFUSALS.iter().any(|refusal| text(index).ends_with(refusal));
    if refused(last) || (last > 0 && refused(last - 1) && has(last, STOPS)) {
        return Some((last, "The tool asked, and its user refused: nothing was done."));
    }
    let restarts = |line: &str| {
        typed(line).is_some_and(|command| {
            let command = command.strip_prefix("sudo ").unwrap_or(command);
            RESTARTS.iter().any(|restart| command.starts_with(restart))
        })
    };
    if has(last, CLOSED) && text(last).contains("closed") && lines.iter().any(|(_, line)| restarts(line)) {
        return Some((last, "The unit was restarted by its user, which ends the session."));
    }
    let login = lines.iter().rposition(|(_, line)| LOGINS.iter().any(|login| line.contains(login)))?;
    let is_idle = lines.iter().skip(login + 1).all(|(_, line)| typed(line).is_none());
    (login < last && is_idle && is_bare_prompt(text(last)))
        .then_some((last, "The system let its user in and waits for commands."))
}

/// The command typed behind a prompt.
fn typed(line: &str) -> Option<&str> {
    let (prompt, command) = line.split_once("# ").or_else(|| line.split_once("$ "))?;
    let command = command.trim();
    (prompt.len() <= LONGEST_PROMPT && !command.is_empty()).then_some(command)
}

/// Whether a line is the prompt of a shell, and nothing else.
pub(super) fn is_bare_prompt(line: &str) -> bool {
    line.len() <= LONGEST_PROMPT && line.trim_end().ends_with(['#', '$'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, String)> {
        (1..).zip(text.lines().map(str::to_lowercase)).collect()
    }

    #[test]
    fn a_unit_is_left_in_peace() {
        for text in [
            "Warning: this updates the BIOS\nNew FW will be installed, continue? [y/N]: N\nAborted!",
            "user@unit:~$ sudo reboot\nError response from daemon\nConnection to 10.0.0.2 closed by remote host.",
            "unit login: admin\nPassword:\n-sh: id: command not found\n[~] #",
        ] {
            assert!(left_in_peace(&lines(text)).is_some(), "{text}");
        }
        for text in [
            "Continue? [y/N]: y\nAborted!",
            "user@unit:~$ dmesg\nConnection to 10.0.0.2 closed by remote host.",
            "unit login: admin\nPassword:\n# flashcp a.bin /dev/mtd1\nflashcp: not found\n#",
            "",
        ] {
            assert_eq!(left_in_peace(&lines(text)), None, "{text}");
        }
    }
}
