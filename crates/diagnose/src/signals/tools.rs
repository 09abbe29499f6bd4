//! What the words of a tool mean that no rule knows. Tools of all kinds have the same troubles and name them with the same
//! few words: those of the C library's error numbers, those of USB libraries, those of checks of images. Sources: POSIX
//! `errno.h`; libusb `libusb/core.c` (`libusb_error_name`); Rust `std::io::ErrorKind`; Python's built-in exceptions.
//!
//! Weights are small, so that a finding from here stays a guess.

mod begun;
mod endings;
mod troubles;

use debrick_model::{Action as A, Cause as C, EvidenceKind, State as S};

use super::Signals;
use super::trouble::{is_information, tells_of_trouble};
use crate::text::{Line, Place, Reading, boot_loader_prompt, shell_prompt};
use crate::weigh::{Weights, cite};
use troubles::TROUBLES;

/// How many lines at the end of a tool's output are read.
const MAX_LINES: usize = 200;

/// How much of a line is read, in characters.
const MAX_LINE: usize = 400;

/// Above this likelihood of any cause the output is understood already.
const KNOWN_FROM: f64 = 0.36;

/// With what a tool ends that somebody stopped.
const STOPPED: &[&str] = &[
    "^c",
    "keyboardinterrupt",
    "by user",
    "by the user",
    "by signal",
    "sigint",
    "aborted!",
    "process terminated",
];

/// What a tool does that changes the unit.
const CHANGES: &[&str] =
    &["writ", "flash", "updat", "upgrad", "upload", "download", "install", "program", "send"];

/// What a tool says while it changes the unit.
const WRITES: &[&str] =
    &["writing", "flashing", "erasing", "programming", "uploading", "installing", "sending", "%"];

/// What a tool does before it has the unit.
const WAITS: &[&str] =
    &["advertising", "waiting", "searching", "looking for", "connecting", "scanning", "listening", "trying"];

/// The same, with something before it.
const WAITS_ANYWHERE: &[&str] = &["waiting for", "wait for", "before connecting"];

/// What stands at the end of an output that stops there.
const HANGS: &[&str] = &["hangs", "hung", "stuck", "freez", "no more output", "nothing happens"];

/// With what a tool begins, and does not end where it is content.
const BEGINNINGS: &[&str] = &["started", "starting", "version"];

/// Fewer lines than this say too little to be content with.
const FEWEST_LINES: usize = 2;

/// What a tool says in the end that is sure of its success, whatever went wrong before.
const SURE_ENDINGS: &[&str] = &[
    "success",
    "verified",
    "verify ok",
    "verify: ok",
    "all done",
    "all is well",
    "updated",
    "complete",
    "完成",
    "成功",
    "успешно",
    "erfolgreich",
];

/// What a tool does in any case when it ends.
const CLOSES: &[&str] = &["closed", "closing", "disconnect", "released", "cleaned", "cleanup", "unmounted"];

/// What is near to a word of success and denies it.
const DENIALS: &[&str] = &["incomplete", "unsuccess", "not ", "un-", "0 success", "n't "];

/// What a tool has when it got what it wanted.
const RESULTS: &[&str] = &[
    "saved",
    "wrote",
    "written",
    "received",
    "stored",
    "retrieved",
    "version ",
    "successfully",
    "transferred",
];

/// So many lines behind the last word of trouble show that it was overcome.
const FEW_LINES: usize = 3;

/// So many with a result among them show it too, however the text ends.
const MANY_LINES: usize = 5;

/// So many show it whatever they say: what a tool adds to an error is shorter.
const LONG_AFTER: usize = 8;

/// With how many lines a tool tells how it ended.
const LAST_LINES: usize = 2;

/// The same, for a tool that restarts the unit last.
const LAST_LINES_OF_RESTART: usize = 4;

/// So often in a row a tool says what it does before it is sure that nobody answers.
const FEWEST_REPEATS: usize = 3;

impl Signals<'_> {
    /// A tool of which no rule knows more than that it failed, or not even that.
    pub(super) fn words_of_an_unknown_tool(&self, weights: &mut Weights) {
        let is_known = weights.findings().first().is_some_and(|finding| finding.likelihood >= KNOWN_FROM);
        if is_known || weights.has_fault() {
            return;
        }
        for (evidence, item) in self.reading.evidence.iter().enumerate() {
            if item.kind != EvidenceKind::ToolOutput || item.text.trim().is_empty() {
                continue;
            }
            self.weigh_words(evidence, &item.text, weights);
        }
    }

    /// A tool or a session that ends in a way that leaves the unit in peace, whatever was said in it.
    pub(super) fn left_in_peace(&self, weights: &mut Weights) {
        if weights.success_is_denied() {
            return;
        }
        for (evidence, item) in self.reading.evidence.iter().enumerate() {
            let lines = match item.kind {
                EvidenceKind::ToolOutput => last_lines(&item.text),
                _ => continue,
            };
            if let Some((index, says)) = endings::left_in_peace(&lines)
                && let Some((number, text)) = lines.get(index)
            {
                let line = cite(self.reading, Place { evidence, line: *number }, text, says);
                weights.add(C::NoFault, 0.56, &[], Some(line));
                weights.hint(S::Healthy, 0.45);
            }
        }
    }

    /// A tool that failed when it had changed a part of the unit.
    pub(super) fn left_half_changed(&self, weights: &mut Weights) {
        let outputs = self.reading.evidence.iter().filter(|item| item.kind == EvidenceKind::ToolOutput);
        if weights.findings().first().is_some_and(|finding| finding.cause != C::NoFault)
            && outputs.into_iter().any(|item| begun::last_change(&last_lines(&item.text)).is_some())
        {
            weights.hint(S::RecoveryMode, 0.52);
        }
    }

    fn weigh_words(&self, evidence: usize, text: &str, weights: &mut Weights) {
        let (lines, has_returned) = tool_lines(text);
        let lines = lines.as_slice();
        let cite_at =
            |line: u64, text: &str, says: &str| cite(self.reading, Place { evidence, line }, text, says);
        let found = TROUBLES.iter().find_map(|trouble| Some((trouble, trouble.last_in(lines)?)));
        let troubled = lines.iter().rposition(|(_, line)| tells_of_trouble(line));
        let last_trouble = troubled.max(found.map(|(_, index)| index));
        if let Some((number, text)) = lines.last() {
            let restarts = endings::restarts_unit(text) && !tells_of_trouble(text);
            let last_lines = if restarts { LAST_LINES_OF_RESTART } else { LAST_LINES };
            let sure = lines.iter().rev().take(last_lines).any(|(_, line)| is_sure_ending(line))
                || is_quiet_ending(text);
            let went_on = last_trouble.is_none_or(|at| at + 1 < lines.len());
            if sure && went_on && !weights.success_is_denied() {
                let line = cite_at(*number, text, "The tool went on after its trouble, and ends well.");
                weights.add(C::NoFault, 0.48, &[], Some(line));
                weights.hint(S::Healthy, 0.35);
                return;
            }
        }
        let behind = last_trouble.map_or(0, |at| lines.len() - at - 1);
        if behind >= FEW_LINES
            && !weights.success_is_denied()
            && let Some((number, text)) =
                lines.iter().rev().take(last_lines_after(behind)).find(|(_, line)| has_result(line))
        {
            let line = cite_at(*number, text, "The tool went on after its trouble, and got what it wanted.");
            weights.add(C::NoFault, 0.42, &[], Some(line));
            weights.hint(S::Healthy, 0.35);
            return;
        }
        if last_trouble.is_some()
            && behind >= LONG_AFTER
            && !weights.success_is_denied()
            && let Some((number, text)) = lines.last()
        {
            let line = cite_at(*number, text, "The tool went on long after its trouble.");
            weights.add(C::NoFault, 0.4, &[], Some(line));
            weights.hint(S::Healthy, 0.35);
            return;
        }
        if let Some((number, text)) = was_stopped(lines) {
            let line = cite_at(*number, text, "The tool was stopped while it changed the unit.");
            let actions = &[A::ResumeUpdate, A::ReflashCorrectImage];
            weights.add(C::UpdateInterrupted, 0.46, actions, Some(line.clone()));
            weights.add(C::ImageIncomplete, 0.3, &[], Some(line));
            return;
        }
        if let Some((trouble, index)) = found {
            let Some((number, text)) = lines.get(index) else { return };
            let line = cite_at(*number, text, trouble.says);
            for (cause, weight) in trouble.causes {
                weights.add(*cause, *weight, trouble.actions, Some(line.clone()));
            }
            if let Some((state, weight)) = trouble.state {
                weights.hint(state, weight);
            }
            weights.hint(if has_changed(lines, index) { S::RecoveryMode } else { S::RefusedUnharmed }, 0.2);
            return;
        }
        if last_trouble.is_none() {
            self.no_word_of_trouble(evidence, lines, has_returned, weights);
        }
    }

    /// A tool that tells of no trouble either waits for something, or is content.
    fn no_word_of_trouble(
        &self,
        evidence: usize,
        lines: &[(u64, String)],
        has_returned: bool,
        weights: &mut Weights,
    ) {
        let says_something = |(_, line): &&(u64, String)| line.chars().any(char::is_alphanumeric);
        let Some((number, last)) = lines.iter().rfind(says_something) else { return };
        let last = last.trim_end_matches([' ', '|', '/', '\\', '-']);
        let place = Place { evidence, line: *number };
        let is_typed =
            boot_loader_prompt(last) || shell_prompt(last) || last.starts_with("$ ") || last == "$";
        let waits = (is_typed && lines.len() > 1 && last.contains("devices"))
            || last.ends_with("list of devices attached")
            || WAITS.iter().any(|word| last.starts_with(word))
            || WAITS_ANYWHERE.iter().any(|word| last.contains(word))
            || (last.ends_with("...") && is_repeated(lines));
        let waits = waits && !waits_for_the_next(lines);
        let hangs = HANGS.iter().any(|word| last.contains(word));
        let breaks_off = last.ends_with("...") || last.ends_with('…');
        let is_open = hangs
            || (breaks_off && !has_returned && !endings::is_last_act(last))
            || last.ends_with("stuck here)");
        let nothing = weights.findings().first().is_none_or(|finding| finding.likelihood < 0.3);
        if !nothing || weights.success_is_denied() {
            return;
        }
        if waits {
            let line = cite(self.reading, place, last, "The tool waits for the unit.");
            let actions = &[A::EnterRecoveryMode, A::SwapCableOrPort];
            weights.add(C::NotInRecoveryMode, 0.4, actions, Some(line.clone()));
            weights.add(C::LinkFault, 0.36, &[], Some(line.clone()));
            weights.add(C::HostPermission, 0.2, &[], Some(line));
            weights.hint(S::Unknown, 0.3);
        } else if is_open {
            let line = cite(self.reading, place, last, "The tool began something and did not end it.");
            weights.add(C::ToolMismatch, 0.36, &[A::ChangeToolOrOption], Some(line.clone()));
            weights.add(C::LinkFault, 0.35, &[], Some(line));
            weights.hint(S::RecoveryMode, 0.3);
        } else if lines.len() >= FEWEST_LINES
            && !is_typed
            && last != "$"
            && (!BEGINNINGS.iter().any(|word| last.contains(word))
                || lines.iter().any(|(_, line)| endings::is_last_act(line)))
        {
            let line = cite(self.reading, place, last, "No line of the tool tells of trouble.");
            weights.add(C::NoFault, 0.34, &[], Some(line));
            weights.hint(S::Healthy, 0.27);
        }
    }
}

/// Whether a tool went on behind a line without trouble, and ends as one does that has got to its end.
pub(crate) fn ends_well_after(reading: &Reading<'_>, place: Place) -> bool {
    if reading.kind(place) != Some(EvidenceKind::ToolOutput) {
        return false;
    }
    let says_something = |line: &&str| {
        let line = line.trim();
        !line.is_empty() && !endings::is_bare_prompt(line)
    };
    let behind = || reading.behind(place).take(MAX_LINES).filter(says_something);
    let count = behind().count();
    count >= FEW_LINES
        && !behind().any(tells_of_trouble)
        && behind().filter(|line| !is_information(line.trim())).last().is_some_and(|last| {
            let last = plain(last);
            is_sure_ending(&last) || is_quiet_ending(&last)
        })
        || count >= MANY_LINES
            && !behind().any(tells_of_trouble)
            && behind().any(|line| has_result(&plain(line)))
}

/// The last lines of a text that are not empty, each with its number, in lower case; without the prompt of the shell that
/// stands there again when the tool has ended, and whether there was one.
fn tool_lines(text: &str) -> (Vec<(u64, String)>, bool) {
    let mut lines = last_lines(text);
    let count = lines.len();
    while lines.len() > FEWEST_LINES && lines.last().is_some_and(|(_, line)| endings::is_bare_prompt(line)) {
        lines.pop();
    }
    let has_returned = lines.len() < count;
    (lines, has_returned)
}

/// Whether a tool that says that it waits for the unit goes on behind that line without trouble: then the unit came.
pub(crate) fn has_waited_for(reading: &Reading<'_>, line: &Line) -> bool {
    let item = reading.evidence.get(line.place.evidence);
    let Some(item) = item.filter(|item| item.kind == EvidenceKind::ToolOutput) else { return false };
    if !line.text.to_lowercase().contains("waiting for") {
        return false;
    }
    let behind = || reading.behind(line.place).take(MAX_LINES).filter(|line| !line.trim().is_empty());
    if behind().next().is_none() && waits_for_the_next(&last_lines(&item.text)) {
        return true;
    }
    behind().count() >= LAST_LINES
        && !behind().any(|line| {
            let line = plain(line);
            tells_of_trouble(&line) || WAITS_ANYWHERE.iter().any(|word| line.contains(word)) || line == "^c"
        })
}

/// Whether a tool ends as it began to wait, and was done with a unit in between: it waits for the next one.
fn waits_for_the_next(lines: &[(u64, String)]) -> bool {
    let words = |line: &str| line.chars().filter(|symbol| symbol.is_alphabetic()).collect::<String>();
    let Some(((_, last), before)) = lines.split_last() else { return false };
    let waiting = words(last);
    let first = before.iter().rposition(|(_, line)| words(line) == waiting);
    first.is_some_and(|first| {
        let between = || before.iter().skip(first + 1).map(|(_, line)| line);
        !between().any(|line| tells_of_trouble(line))
            && between().any(|line| is_sure_ending(line) || is_quiet_ending(line))
    })
}

/// Whether the last line stands there again and again.
fn is_repeated(lines: &[(u64, String)]) -> bool {
    let mut last = lines.iter().rev().take(FEWEST_REPEATS).map(|(_, line)| line);
    let first = last.next();
    lines.len() > FEWEST_REPEATS && last.all(|line| Some(line) == first)
}

/// The last lines of a text that are not empty, each with its number, in lower case.
fn last_lines(text: &str) -> Vec<(u64, String)> {
    let count = text.lines().count() as u64;
    let mut lines: Vec<(u64, String)> = (0..count)
        .rev()
        .zip(text.lines().rev())
        .filter(|(_, line)| !line.trim().is_empty())
        .take(MAX_LINES)
        .map(|(before, line)| (before + 1, plain(line)))
        .collect();
    lines.reverse();
    lines
}

/// The beginning of a line, in lower case.
fn plain(line: &str) -> String {
    line.trim().chars().take(MAX_LINE).collect::<String>().to_lowercase()
}

/// Whether a line in lower case says for sure that all is done.
fn is_sure_ending(line: &str) -> bool {
    SURE_ENDINGS.iter().any(|ending| line.contains(ending))
        && !DENIALS.iter().any(|denial| line.contains(denial))
        && !CLOSES.iter().any(|word| line.contains(word))
        && !tells_of_trouble(line)
}

/// How many lines at the end may tell of a result where so many follow the last trouble.
fn last_lines_after(behind: usize) -> usize {
    if behind >= MANY_LINES { behind } else { FEW_LINES }
}

/// Whether a line in lower case tells of a result.
fn has_result(line: &str) -> bool {
    RESULTS.iter().any(|word| line.contains(word)) && !DENIALS.iter().any(|denial| line.contains(denial))
}

/// Whether the tool had begun to change the unit before this line.
fn has_changed(lines: &[(u64, String)], index: usize) -> bool {
    lines.iter().take(index).any(|(_, line)| WRITES.iter().any(|word| line.contains(word)))
}

/// Whether the very last line, in lower case, says that nothing is left to do.
fn is_quiet_ending(line: &str) -> bool {
    let is_done = line
        .split_whitespace()
        .any(|word| word.trim_matches(|symbol: char| !symbol.is_alphanumeric()) == "done");
    (is_done || line.contains("bytes written")) && !tells_of_trouble(line)
}

/// The last line of a tool that somebody stopped while it changed the unit.
fn was_stopped(lines: &[(u64, String)]) -> Option<&(u64, String)> {
    let last = lines.iter().rev().take(3).find(|(_, line)| STOPPED.iter().any(|word| line.contains(word)))?;
    let before = || lines.iter().take_while(|line| line.0 < last.0);
    let is_at_work = before().any(|(_, line)| CHANGES.iter().any(|word| line.contains(word)));
    let waits = before().last().is_some_and(|(_, line)| WAITS.iter().any(|word| line.starts_with(word)));
    (is_at_work && !waits).then_some(last)
}

#[cfg(test)]
mod tests {
    use debrick_model::Cause;

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    use super::*;

    #[track_caller]
    fn check(output: &str, cause: Cause) {
        let evidence =
            [Evidence { kind: EvidenceKind::ToolOutput, name: "output".into(), text: output.into() }];
        let diagnosis = by_rules_alone(&evidence);
        assert_eq!(diagnosis.cause(), cause, "{output}: {diagnosis:?}");
    }

    #[test]
    fn troubles_of_a_tool_that_nobody_knows() {
        for (output, cause) in [
            ("Connecting to target...\nError: timed out waiting for response", C::LinkFault),
            ("ERROR: target not detected, please retry", C::NotInRecoveryMode),
            ("firmware.bin is larger than the region (524288 > 458752)", C::ImageTooLarge),
            ("ERROR: firmware is for model AB-100, but connected is AB-200", C::ImageWrongDevice),
            ("Writing at 0x00010000... (12 %)\nLost connection to device", C::LinkFault),
            ("Update aborted: battery level too low (12%)", C::PowerFault),
            ("read: No such device (errno 19)", C::LinkFault),
            ("usb: error at /dev/bus/usb/001/003, errno=13", C::HostPermission),
            ("Uploading...\nSegmentation fault (core dumped)", C::ToolMismatch),
            ("device replied: ERR unknown command", C::ToolMismatch),
            ("NAK received, aborting after 10 retries", C::LinkFault),
            ("Writing: 43%\n^C\nAborted by user.", C::UpdateInterrupted),
            ("Tool v1\nwaiting for the bootloader of the unit", C::NotInRecoveryMode),
            ("INFO - No script found.\nERROR - A script is mandatory. Closing session", C::ToolMismatch),
            ("Processing loader.bin\nERROR - Not a valid file", C::ImageCorrupt),
            ("Traceback\nValueError: No response received", C::LinkFault),
            ("Loading stage 2 ...\n(hangs)", C::ToolMismatch),
            ("Service does not support SimpleUpdate", C::ToolMismatch),
            ("ERROR: Failed to fetch the target: HTTP error during POST: 400 BAD REQUEST", C::ToolMismatch),
        ] {
            check(output, cause);
        }
    }

    #[test]
    fn a_tool_that_nobody_knows_and_that_is_content() {
        for output in [
            "warning: failed to set DTR, ignoring\nFlashing: 100% (1024/1024 blocks)\nAll done!",
            "sync failed, once more\nsync\nprogramming page 128/128\nimage verified",
            "Found 1 device:\n  0: serial 0001A2B3, firmware 2.1, bootloader",
            "Reading flash: 0x000000-0x400000\nRead 4194304 bytes\nSaved to backup.bin",
            "Erasing 'metadata'  OKAY [  0.007s]\nFile system type raw not supported.\nFinished. Total time: 70.4s",
            " WARN probe: command 242 failed: SwdDpWait\n WARN probe: got SwdDpWait, retrying.\n Finished in 2.55s",
            "Features: Wi-Fi\nMAC: 24:6f:28:00:00:00\nHard resetting via RTS pin...",
            "Features: ✓ Boot counting\n          ✓ Menu timeout control\nESP: /dev/disk/by-partuuid/e7",
            "probe failed\na: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\nh: 8",
            "New firmware will be installed, continue? [y/N]: N\nAborted!",
            "login: admin\nPassword:\n-sh: id: command not found\n[~] #",
            "upgrade: Commencing upgrade. Closing all shell sessions.\nCommand failed: Connection failed",
            "can't open device \"/dev/ttyACM0\": Input/output error\nConnecting: .\nFound programmer: Id = CAT\n\
             Software Version = 1.0\nbuffersize=128 bytes.\nSupported:\nDevice code: 0x44",
            "target halted, current mode: Handler HardFault\nxPSR: 0x01\nInfo : flash size = 512 kbytes\n\
             flash write_image (a.elf) complete\nInfo : Unable to match requested speed 2000 kHz",
            "archive does not contain 'boot.sig'\nwriting 'boot'...\nOKAY [  0.357s]\nfinished. total time: 150.897s",
        ] {
            check(output, C::NoFault);
        }
    }

    #[test]
    fn a_tool_that_got_what_it_waited_for() {
        let waits = "$ fastboot oem random\n< waiting for any device >";
        check(waits, C::NotInRecoveryMode);
        check(
            &format!(
                "{waits}\n(bootloader) Random = 1114ca59\nOKAY [  0.009s]\nFinished. Total time: 0.010s"
            ),
            C::NoFault,
        );
        check(&format!("{waits}\n< waiting for any device >\n^C"), C::NotInRecoveryMode);
    }

    #[test]
    fn a_unit_that_was_written_from_within_or_started_works() {
        for output in [
            "Found chipset \"AMD FCH\".\nErase/write done.\nVerifying flash... VERIFIED.",
            "Verifying Flash: 100%\n  OK\nThe device was rebooted into application mode.",
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::ToolOutput, name: "tool".into(), text: output.into() }];
            let diagnosis = by_rules_alone(&evidence);
            assert_eq!((diagnosis.cause(), diagnosis.state), (Cause::NoFault, S::Healthy), "{output}");
        }
    }

    #[test]
    fn success_that_is_denied_is_none() {
        assert!(is_sure_ending("update complete"));
        for line in ["update incomplete", "not verified", "verified: failed", "unsuccessful"] {
            assert!(!is_sure_ending(line), "{line}");
        }
    }
}
