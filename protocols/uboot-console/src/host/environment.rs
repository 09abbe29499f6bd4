//! The environment: reading, changing, saving.

use std::collections::BTreeMap;
use std::time::Duration;

use super::command::check;
use super::console::{Console, line_time};
use super::error::ConsoleError;
use crate::messages;

/// How often a damaged listing is read again.
const READINGS: u32 = 3;

impl Console {
    /// All variables. Where the boot loader tells how long they are together, that has to agree.
    pub fn environment(&mut self) -> Result<BTreeMap<String, String>, ConsoleError> {
        let mut last = None;
        for _ in 0..READINGS {
            let deadline = self.within(Duration::from_secs(10) + line_time(256 * 1024));
            let text = self.command("printenv", deadline)?.text;
            let Listing { variables, length, size } = parse_environment(&text);
            match size {
                Some(size) if size == length => return Ok(variables),
                // Older ones do not count the end, or tell no length; then two readings have to agree.
                size if size.is_none_or(|size| size + 1 == length)
                    && !variables.is_empty()
                    && last.as_ref() == Some(&variables) =>
                {
                    return Ok(variables);
                }
                _ => last = Some(variables),
            }
        }
        Err(ConsoleError::UnexpectedReply {
            command: "printenv".into(),
            reply: "its length does not fit".into(),
        })
    }

    /// Sets variables in the unit's memory, and reads them back. An empty value removes its variable. Nothing is saved.
    pub fn set_variables(&mut self, variables: &[(String, String)]) -> Result<(), ConsoleError> {
        let deadline = self.within(Duration::from_secs(60));
        self.features(deadline)?;
        for (name, _) in variables {
            check_name(name)?;
        }
        let is_set = |environment: &BTreeMap<String, String>, name: &String, value: &String| {
            environment.get(name).map_or("", String::as_str) == value
        };
        let before = self.environment()?;
        for (name, value) in variables.iter().filter(|(name, value)| !is_set(&before, name, value)) {
            let (hush, letters) =
                self.features.as_ref().map_or((false, 200), |features| (features.hush, features.letters()));
            for line in setting_lines(name, value, hush, letters)? {
                let deadline = self.within(Duration::from_secs(10) + line_time(3 * line.len() as u64));
                self.checked(&line, deadline)?;
            }
        }
        // The listing as a whole: one variable alone is cut off where it is longer than a line.
        let after = self.environment()?;
        match variables.iter().find(|(name, value)| !is_set(&after, name, value)) {
            Some((name, _)) => {
                let reply = after.get(name).cloned().unwrap_or_default();
                Err(ConsoleError::UnexpectedReply { command: format!("setenv {name}"), reply })
            }
            None => Ok(()),
        }
    }

    /// Saves the environment.
    pub fn save_environment(&mut self) -> Result<(), ConsoleError> {
        let features_deadline = self.within(Duration::from_secs(60));
        self.features(features_deadline)?;
        let command = if self.features.as_ref().is_some_and(|f| !f.has("saveenv") && f.has("env")) {
            "env save"
        } else {
            "saveenv"
        };
        let deadline = self.within(Duration::from_secs(180));
        let reply = self.with_status(command, deadline)?;
        let failed = reply.text.lines().any(|line| line.trim_start().starts_with("Failed"));
        let reply = check(command, reply)?;
        let said_so =
            ["OK", "done", "Written", "Valid environment"].iter().any(|text| reply.text.contains(text));
        match (failed, reply.status, said_so) {
            (false, Some(0), _) | (false, None, true) => Ok(()),
            (true, ..) => Err(ConsoleError::Message {
                command: command.into(),
                message: messages::classify(&reply.text).unwrap_or(messages::FAILED),
                reply: reply.text,
            }),
            _ => Err(ConsoleError::UnexpectedReply { command: command.into(), reply: reply.text }),
        }
    }

    /// What `version` prints: the boot loader's version and what it was built with.
    pub fn version(&mut self) -> Result<String, ConsoleError> {
        let deadline = self.within(Duration::from_secs(10) + line_time(4096));
        Ok(self.command("version", deadline)?.text.trim().to_owned())
    }

    /// Restarts the unit. Does not wait for anything.
    pub fn reset(&mut self) -> Result<(), ConsoleError> {
        let deadline = self.within(Duration::from_secs(20));
        self.start("reset", deadline)?;
        self.running = None;
        // Whatever was true of the boot loader before may not be of the one that starts now.
        self.features = None;
        Ok(())
    }
}

/// What `printenv` prints.
#[derive(Debug, Default)]
struct Listing {
    variables: BTreeMap<String, String>,
    /// How long it is, with its end, in bytes.
    length: u64,
    /// How long it says that it is.
    size: Option<u64>,
}

/// What stands between the variables and their length.
const SIZE: &str = "\nEnvironment size: ";

fn parse_environment(text: &str) -> Listing {
    let (lines, size) = match text.rfind(SIZE) {
        Some(at) => {
            let size = text[at + SIZE.len()..].split('/').next().and_then(|size| size.trim().parse().ok());
            (&text[..at], size)
        }
        None => (text, None),
    };
    let length = lines.len() as u64 + 1;
    let lines = lines.strip_suffix('\n').unwrap_or(lines);
    // Backslashes and line breaks inside of values have a backslash before them; in very old versions they do not.
    let escaped = unescaped(lines).is_some();
    let mut variables = BTreeMap::new();
    let mut last: Option<(String, String)> = None;
    let mut continues = false;
    for line in lines.split('\n') {
        let named = line.split_once('=').filter(|(name, _)| check_name(name).is_ok());
        match (named, &mut last) {
            (Some((name, value)), _) if !continues => {
                variables.extend(last.replace((name.to_owned(), value.to_owned())));
            }
            (_, Some((_, value))) => {
                value.push('\n');
                value.push_str(line);
            }
            (_, None) => {}
        }
        let backslashes = line.bytes().rev().take_while(|&byte| byte == b'\\').count();
        continues = escaped && backslashes % 2 == 1;
    }
    variables.extend(last);
    if escaped {
        for value in variables.values_mut() {
            *value = unescaped(value).unwrap_or_default();
        }
    }
    Listing { variables, length, size }
}

/// A text without the backslash before each backslash and line break; `None` if others have one.
fn unescaped(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => letters.next().filter(|next| matches!(next, '\\' | '\n'))?,
            other => other,
        });
    }
    Some(plain)
}

fn check_name(name: &str) -> Result<(), ConsoleError> {
    let proper = |byte: u8| byte.is_ascii_graphic() && !b"='\"\\$;|&<>`{}()".contains(&byte);
    if !name.is_empty() && name.len() <= 64 && name.bytes().all(proper) {
        return Ok(());
    }
    Err(ConsoleError::Unsupported { what: format!("have a variable of the name {name:?}") })
}

/// The lines that set a variable, each of at most `letters` letters.
fn setting_lines(name: &str, value: &str, hush: bool, letters: usize) -> Result<Vec<String>, ConsoleError> {
    check_name(name)?;
    let letters = letters.saturating_sub(24);
    let whole = format!("setenv {name}{}{}", if value.is_empty() { "" } else { " " }, quoted(value, hush)?);
    if whole.len() <= letters {
        return Ok(vec![whole]);
    }
    // What is behind a backslash would be lost when the first part is expanded.
    if !hush || value.contains('\\') {
        return Err(ConsoleError::Unsupported { what: format!("take a value of {} letters", value.len()) });
    }
    let mut lines = Vec::new();
    let mut part = String::new();
    for letter in value.chars() {
        part.push(letter);
        let next = format!("setenv {name} \"${{{name}}}\"{}", quoted(&part, hush)?);
        if next.len() + 8 > letters {
            lines.push(std::mem::take(&mut part));
        }
    }
    if !part.is_empty() {
        lines.push(part);
    }
    let mut first = true;
    lines
        .iter()
        .map(|part| {
            let before = if std::mem::take(&mut first) { String::new() } else { format!("\"${{{name}}}\"") };
            Ok(format!("setenv {name} {before}{}", quoted(part, hush)?))
        })
        .collect()
}

/// A value as the boot loader's shell takes it.
fn quoted(value: &str, hush: bool) -> Result<String, ConsoleError> {
    let refused = |why: &str| Err(ConsoleError::Unsupported { what: format!("take a value with {why}") });
    if !value.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return refused("letters that cannot be typed");
    }
    if value.is_empty() {
        return Ok(String::new());
    }
    if hush {
        // A backslash counts inside quotes as well.
        return Ok(format!("'{}'", value.replace('\\', "\\\\").replace('\'', "'\\''")));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" _-.,:/=+@%#()".contains(&byte);
    if value.contains("  ") || value.starts_with(' ') || value.ends_with(' ') {
        return refused("spaces in a row");
    }
    if value.bytes().all(plain) {
        return Ok(value.to_owned());
    }
    if value.contains(['\'', '\\']) {
        return refused("a quote or a backslash");
    }
    Ok(format!("'{value}'"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LISTING: &str = "arch=arm\nbaudrate=115200\nboard=qemu-arm\nboard_id=acme,r1\nbootdelay=2\n\
        ethaddr=02:00:00:00:00:2a\nfdtcontroladdr=5edb6db0\nipaddr=192.168.1.1\nloadaddr=0x48000000\n\
        netmask=255.255.255.0\nserial#=R1-000042\nserverip=192.168.1.2\nstderr=pl011@9000000\n\
        stdin=pl011@9000000\nstdout=pl011@9000000\n\nEnvironment size: 282/262140 bytes\n";

    #[test]
    fn a_real_listing_has_the_length_that_it_names() {
        let listing = parse_environment(LISTING);
        assert_eq!(listing.variables.len(), 15);
        assert_eq!(listing.variables["serial#"], "R1-000042");
        assert_eq!((listing.length, listing.size), (282, Some(282)));
    }

    #[test]
    fn values_with_line_breaks() {
        let text = "a=1\nmenu=first\\\nb=second\\\\\nz=\n\nEnvironment size: 31/1 bytes\n";
        let listing = parse_environment(text);
        assert_eq!(listing.variables["menu"], "first\nb=second\\");
        assert_eq!(listing.variables["z"], "");
        assert_eq!((listing.variables.len(), listing.length, listing.size), (3, 31, Some(31)));
        let old = parse_environment("a=1\nmenu=first\nsecond \\ line\n\nthird\nz=\n");
        assert_eq!(old.variables["menu"], "first\nsecond \\ line\n\nthird");
        assert_eq!(old.size, None);
    }

    #[test]
    fn quoting() {
        assert_eq!(quoted("it's $x; \\n", true).unwrap(), "'it'\\''s $x; \\\\n'");
        assert_eq!(quoted("run a; run b", false).unwrap(), "'run a; run b'");
        assert_eq!(quoted("console=ttyS0,115200 root=x", false).unwrap(), "console=ttyS0,115200 root=x");
        assert!(quoted("a  b", false).is_err());
        assert!(quoted("a\nb", true).is_err());
        assert!(setting_lines("a b", "", true, 200).is_err());
        assert_eq!(setting_lines("x", "", true, 200).unwrap(), ["setenv x"]);
    }

    /// What hush makes of single quotes, backslashes and the words around them.
    fn unquoted(text: &str) -> String {
        let (mut value, mut inside, mut letters) = (String::new(), false, text.chars());
        while let Some(letter) = letters.next() {
            match letter {
                '\'' => inside = !inside,
                '\\' => value.extend(letters.next()),
                other => value.push(other),
            }
        }
        assert!(!inside);
        value
    }

    proptest! {
        #[test]
        fn quoting_is_undone_by_the_shell(value in "[ -~]{1,80}") {
            prop_assert_eq!(unquoted(&quoted(&value, true).unwrap()), value);
        }

        #[test]
        fn long_values_are_set_in_parts(value in "[ -\\[\\]-~]{1,900}") {
            let lines = setting_lines("name", &value, true, 200).unwrap();
            let mut whole = String::new();
            for line in &lines {
                prop_assert!(line.len() <= 200);
                let rest = line.strip_prefix("setenv name ").unwrap();
                let rest = match rest.strip_prefix("\"${name}\"") {
                    Some(rest) => rest,
                    None => { whole.clear(); rest }
                };
                whole.push_str(&unquoted(rest));
            }
            prop_assert_eq!(whole, value);
        }

        #[test]
        fn listings_never_panic(text in "\\PC*") {
            let _ = parse_environment(&text);
        }
    }
}
