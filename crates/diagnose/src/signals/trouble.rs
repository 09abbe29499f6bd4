//! Which lines tell of trouble where no rule knows what they mean.
//!
//! Words of trouble stand in settings, counts, invitations to stop and kernel command lines too, and programs say with
//! them that they go on otherwise. None of that is trouble.

use crate::text::{boot_loader_prompt, shell_prompt};

/// Words of trouble. They say that something failed; where it stopped says in what.
pub(super) const WORDS: &[&str] = &[
    "error",
    "fail",
    "not found",
    "invalid",
    "abort",
    "cannot",
    "could not",
    "can't",
    "unable to",
    "corrupt",
    "mismatch",
    "timeout",
    "timed out",
    "exception",
    "panic",
    "unknown device",
    "unknown image format",
    "not support",
];

/// What a program says that goes on nevertheless.
const GOES_ON: &[&str] = &[
    "falling back",
    "fallback",
    "ignoring",
    "ignored",
    "skipping",
    "using default",
    "warning:",
    "continuing",
    "formatting",
    "failsafe",
    "failover",
    "deprecated",
    "in future version",
    "in a future version",
    "in the future",
];

/// The marks of lines that are no more than information (ESP-IDF `components/log`, Zephyr `subsys/logging`,
/// Trusted Firmware-A `include/common/debug.h`).
const INFORMATION: &[&str] = &[
    "I (", "I(", "W (", "D (", "V (", "<inf> ", "<dbg> ", "<wrn> ", "[INF]", "INFO: ", "[INFO]", "INFO[",
    "Info : ", "Debug: ",
];

/// With what programs begin the lines that say what is there, or went well.
const GOOD_MARKS: &[&str] = &["✓", "✔", "✅", "☑", "[ok]", "[ ok ]", "[done]", "[success]", "pass:"];

/// What a setting of a timeout is called.
const TIMEOUT_SETTINGS: &[&str] = &["control", "value", "setting", "option", "policy", "set to", "is set"];

/// With what a program begins a warning: its own word for what does not stop it (Rust `env_logger`, `tracing`; Go
/// `logrus`; pyOCD; libusb).
const WARNINGS: &[&str] = &[
    "warn ",
    "warn:",
    "[warn",
    "<warn",
    "(warn",
    "warning ",
    "[w] ",
    "level=warn",
    "severity=warn",
    "libusb: warning",
];

/// In how many words a count is told.
const SHORT_COUNT: usize = 4;

/// The names of settings that hold words of trouble (Linux `init/main.c`; U-Boot `common/cli.c`).
const SETTINGS: &[&str] = &["command line:", "bootargs=", "cmdline", "bootcmd="];

/// Whether a line has the mark of those that are no more than information.
pub(crate) fn is_information(text: &str) -> bool {
    INFORMATION.iter().any(|mark| text.starts_with(mark))
}

/// Whether a line tells of trouble, as far as words do.
pub(crate) fn tells_of_trouble(text: &str) -> bool {
    let is_typed =
        boot_loader_prompt(text) || shell_prompt(text) || text.starts_with("# ") || text.starts_with("$ ");
    if is_typed || is_information(text) {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    if goes_on(&lower)
        || is_warning(&lower)
        || is_marked_good(&lower)
        || SETTINGS.iter().any(|words| lower.contains(words))
    {
        return false;
    }
    WORDS.iter().any(|word| lower.match_indices(word).any(|(at, _)| is_meant(&lower, at, word)))
}

/// What a program says that does without what it did not get.
const DOES_WITHOUT: &[&str] = &["ignoring", "ignored", "skipping", "using default"];

/// Whether a line says of what failed that its program does without.
pub(crate) fn says_it_goes_on(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    DOES_WITHOUT.iter().any(|words| lower.contains(words))
}

/// Whether a line has a word of trouble and tells of none: it counts none, is typed, or says that its program goes on.
pub(crate) fn is_harmless(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word)) && !tells_of_trouble(text)
}

/// Whether the core of a kernel's drivers says in this line that a driver does not take a part (Linux `drivers/base/dd.c`).
pub(crate) fn is_of_driver_core(text: &str) -> bool {
    text.contains(": probe of ") && text.contains(" failed with error ")
}

/// Whether with this line a `make` says that a program it ran ended with a number, and not why.
pub(crate) fn is_exit_of_make(text: &str) -> bool {
    text.contains("make") && text.contains("*** [") && text.contains("] Error ")
}

/// Whether a line in lower case says that its program goes on nevertheless.
pub(super) fn goes_on(line: &str) -> bool {
    GOES_ON.iter().any(|words| line.contains(words))
}

/// Whether a program calls a line in lower case a warning.
fn is_warning(line: &str) -> bool {
    let line = line.trim_start();
    WARNINGS.iter().any(|mark| match mark.contains('=') {
        true => line.contains(mark),
        false => line.starts_with(mark),
    })
}

/// Whether a program marks a line in lower case as good.
pub(super) fn is_marked_good(line: &str) -> bool {
    let line =
        line.trim_start_matches(|symbol: char| symbol.is_whitespace() || symbol == '-' || symbol == '*');
    GOOD_MARKS.iter().any(|mark| line.starts_with(mark))
}

/// Whether a text ends with a span of time, as in `60s timeout`.
fn is_span(text: &str) -> bool {
    let last = text.split_whitespace().next_back().unwrap_or_default().trim_start_matches('(');
    let unit = last.trim_start_matches(|symbol: char| symbol.is_ascii_digit() || symbol == '.');
    matches!(unit, "s" | "ms" | "us" | "sec" | "second" | "seconds" | "minute" | "minutes")
}

/// Whether the word at this place of a line in lower case tells of something that happened.
fn is_meant(line: &str, at: usize, word: &str) -> bool {
    let before = &line[..at];
    let rest = &line[at + word.len()..];
    if rest.starts_with('_') || before.ends_with(['_', '=']) {
        return false;
    }
    let rest = rest.trim_start_matches(|symbol: char| symbol.is_ascii_lowercase());
    let rest = rest.trim_start();
    let value = rest.trim_start_matches(['=', ':']).trim_start();
    let has_value = rest.starts_with(['=', ':', '(']);
    match word {
        // `timeout=500`, `Timeout (1000 ms): 10`, `Setting timeout to 10`, `--timeout 10`
        "timeout" => {
            !(has_value && (rest.starts_with('=') || rest.starts_with('(') || value.starts_with(is_digit)))
                && !rest.starts_with(is_digit)
                && !before.ends_with('-')
                && !is_span(before)
                && !TIMEOUT_SETTINGS.iter().any(|words| rest.trim_start().starts_with(words))
        }
        "abort" => !before.ends_with("to "),
        "panic" => !rest.starts_with('='),
        // `errors: 0`, `0 errors`, `no error`, `error < 1 %`
        "error" | "fail" => {
            let counted = before.trim_end();
            let counts_none = counted == "0" || counted.ends_with(" 0") || counted.ends_with("no");
            let is_bound = rest.starts_with('<');
            let ends_with_none = line
                .trim_end_matches(|symbol: char| !symbol.is_ascii_alphanumeric())
                .rsplit_once(' ')
                .is_some_and(|(words, last)| last == "0" && words.split_whitespace().count() <= SHORT_COUNT);
            !(counts_none || is_bound || ends_with_none || (has_value && is_none(value)))
        }
        // `bad PEBs: 0, corrupted PEBs: 0`
        "corrupt" => !rest.split_once(':').is_some_and(|(_, count)| is_none(count)),
        _ => true,
    }
}

/// Whether a count is zero.
fn is_none(count: &str) -> bool {
    let digits = count.trim_start();
    digits.starts_with('0') && !digits[1..].starts_with(|symbol: char| symbol.is_ascii_alphanumeric())
}

fn is_digit(symbol: char) -> bool {
    symbol.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_from_settings_and_counts() {
        for text in [
            "mmc0: Timeout waiting for hardware interrupt",
            "usb 1-1: timeout",
            "E (120) wifi: init failed",
            "read error: -5",
            "Aborting transfer",
            "Transfer aborted",
            "Errors: 3",
            "device not found",
            "corrupted PEBs: 3",
        ] {
            assert!(tells_of_trouble(text), "{text}");
        }
        for text in [
            "Boot script timeout (1000ms resolution): 10",
            "== Executing boot script in 1.000 seconds - enter ^C to abort",
            "I (37017) conn: latency=3, supervision_timeout=500",
            "TX packets:0 errors:0 dropped:0",
            "Failures: 0",
            "#### Flash failure 0 ####",
            "Fail Modem 0",
            "0 errors found",
            "ubi0: good PEBs: 512, bad PEBs: 0, corrupted PEBs: 0",
            "Kernel command line: oops=panic panic=-1",
            "Range [-10 to 80], error < 1",
            "W (683) phy_init: failed to load RF calibration data, falling back to full calibration",
            "esp32> join --timeout 10000 ap",
            "# dmesg | grep failed",
            "Entry info: key 'error_code'",
            "WDT:   Started with servicing (60s timeout)",
            "✓ Menu timeout control",
            " WARN probe_rs::probe::stlink: send_jtag_command 242 failed: SwdDpWait",
            "time=12:00 level=warn msg=\"could not get the name: timeout\"",
            "[OK]    error log of the last start",
            "all is well",
            "",
        ] {
            assert!(!tells_of_trouble(text), "{text}");
        }
    }
}
