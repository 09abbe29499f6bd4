//! Trouble that was not the end: a part that works later, since its driver tries another firmware file, another mode, or
//! simply again; and logs that go on behind it.

use std::collections::HashSet;

use debrick_model::EvidenceKind;

use super::guesses::{FEW_LINES, tells_that_it_worked};
use super::trouble::{self, tells_of_trouble};
use super::{MOST_LOOKS, Signals};
use crate::text::{Line, Place, Reading, Shape, clean, kernel_message, strip_stamps};
use crate::timeline::Seen;

/// How many lines behind its trouble a part is looked for.
const MAX_LINES: usize = 400;

/// So many lines behind something that failed show that it was not the end, and so many of them are looked at.
const FEWEST_NEXT: usize = 5;
const MOST_NEXT: usize = 300;

/// From how many that tell of trouble on it is usual on a unit.
const MANY_SPEAKERS: usize = 3;

/// What a kernel says that waits for its root file system (Linux `init/do_mounts.c`).
const WAITS_FOR_ROOT: &str = "Waiting for root device ";

/// What a driver says last of a device that it does not get to work.
const GIVES_UP: &[&str] =
    &["unregister", "giv", "disabl", "remov", "disconnect", "offline", "detach", "shut", "reset"];

/// What a driver says of a part that works (Linux `drivers/net/wireless`, `drivers/usb`, `drivers/mmc/core`,
/// `drivers/remoteproc`, `fs/ext4/super.c`).
const WORKS: &[&str] = &[
    "loading alternative firmware",
    "fw version",
    "firmware version",
    "firmware ver ",
    "firmware ver.",
    "transferred fw",
    "loaded firmware",
    "firmware loaded",
    "firmware: loaded",
    "firmware file loaded",
    "loaded successfully",
    "initialized with",
    "successfully",
    "link is up",
    "link up",
    "card at address",
    "new usb device found",
    "is now up",
    "mounted filesystem",
    "link becomes ready",
    "wireless switch is on",
];

/// Whether the part of which a line of a kernel tells trouble is said to work further down.
pub(crate) fn works_later(reading: &Reading<'_>, line: &Line) -> bool {
    // A device that is asked again tells what it is then (Linux `drivers/usb/core/hub.c`).
    if let Some((device, _)) = line.text.split_once(": ").filter(|(device, _)| device.starts_with("usb ")) {
        let found = format!("{device}: New USB device found");
        if reading.behind(line.place).take(MAX_LINES).any(|later| later.contains(&found)) {
            return true;
        }
    }
    if line.kernel_seconds.is_none() {
        return false;
    }
    let names = names(&line.text);
    if let Some(root) = line.text.split_once(WAITS_FOR_ROOT).and_then(|(_, path)| path.rsplit('/').next()) {
        let mounted = format!("({}): mounted filesystem", root.trim_end_matches(['.', '…', ' ']));
        return reading.behind(line.place).take(MAX_LINES).any(|later| later.contains(&mounted));
    }
    !names.is_empty()
        && reading.behind(line.place).take(MAX_LINES).any(|later| {
            let Some(later) = kernel_message(later) else { return false };
            let lower = later.to_ascii_lowercase();
            WORKS.iter().any(|word| lower.contains(word))
                && names.iter().any(|name| speaks_of(&lower, name))
                && !tells_of_trouble(later)
        })
}

/// Whether the part of a kernel that a line names has more to say behind it, the last of which is no trouble.
pub(crate) fn gets_over(reading: &Reading<'_>, line: &Line) -> bool {
    // A driver and its device: `usb 1-1: `, `rtl8367 rtl8367: ` (Linux `drivers/base/core.c`, `dev_printk`).
    let part = line.text.split_once(": ").map(|(part, _)| part);
    let part = part.filter(|part| line.kernel_seconds.is_some() && part.contains(' '));
    let Some(part) = part.filter(|part| !tells_of_trouble(part)) else { return false };
    let says = |raw: &str| {
        let cleaned = clean(raw);
        let said = strip_stamps(&cleaned).strip_prefix(part).filter(|rest| rest.starts_with(": "));
        // What is tried next has not worked yet.
        let said = said.filter(|rest| !trouble::goes_on(&rest.to_ascii_lowercase()));
        let gives_up = |rest: &str| GIVES_UP.iter().any(|words| rest.to_ascii_lowercase().contains(words));
        said.map(|rest| !tells_of_trouble(rest) && !gives_up(rest))
    };
    let behind = reading.behind(line.place).take(MAX_LINES);
    behind.filter(|raw| raw.contains(part)).filter_map(says).last() == Some(true)
}

/// Whether a serial log goes on behind a place, and in the end tells of no trouble.
pub(crate) fn log_goes_on_behind(reading: &Reading<'_>, place: Place) -> bool {
    if reading.kind(place) != Some(EvidenceKind::SerialLog) {
        return false;
    }
    let is_trouble = |line: &str| tells_of_trouble(strip_stamps(&clean(line)));
    // Where a kernel was when it stopped is no going on, nor what its registers held.
    let says = |line: &&str| !line.trim().is_empty() && !line.contains("+0x") && !is_of_registers(line);
    let next = reading.behind(place).filter(says).take(MOST_NEXT);
    next.fold(0, |count, line| if is_trouble(line) { 0 } else { count + 1 }) >= FEWEST_NEXT
}

/// Whether at least half the words of a line are contents of registers (Linux `arch/*/kernel/process.c`): numbers of
/// eight digits to base sixteen, or more.
fn is_of_registers(line: &str) -> bool {
    let cleaned = clean(line);
    let words = || strip_stamps(&cleaned).split_whitespace().filter(|word| *word != ":");
    let is_number = |word: &&str| {
        word.len() >= 8 && word.trim_matches(['(', ')']).bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let numbers = words().filter(is_number).count();
    numbers > 0 && 2 * numbers >= words().count()
}

impl Signals<'_> {
    /// Whether a few lines follow in the same text, or it ends with something that worked; that none of them tells of
    /// trouble is known of the last that does.
    pub(super) fn goes_on_behind(&self, line: &Line) -> bool {
        let lines = self.reading.behind(line.place).filter(|line| !line.trim().is_empty());
        let few: Vec<&str> = lines.take(FEW_LINES).collect();
        few.len() == FEW_LINES || few.last().is_some_and(|line| tells_that_it_worked(line))
    }

    /// Whether trouble behind a place is the end of what is known, or of what its part of the kernel says.
    pub(super) fn is_in_trouble(&self, place: Place) -> bool {
        let is_the_end = |line: &Line| !self.starts_a_kernel_behind(line) && !self.goes_on_behind(line);
        self.trouble_after(place).is_some_and(is_the_end) && !self.complains_of_much(place)
    }

    /// Whether what started a kernel tells of trouble in a line, and the kernel speaks behind it.
    fn starts_a_kernel_behind(&self, line: &Line) -> bool {
        let shape = self.reading.shapes.get(line.place.evidence);
        line.kernel_seconds.is_none() && shape.is_some_and(|shape| shape.last_kernel_line > line.place.line)
    }

    /// Whether several speakers tell of trouble behind a place: a kernel that passes over so much passes over the last, too.
    fn complains_of_much(&self, place: Place) -> bool {
        let behind = |line: &&Line| line.place >= place && line.place.evidence == place.evidence;
        let speaker =
            |line: &Line| line.text.split([':', ' ']).next().unwrap_or_default().to_ascii_lowercase();
        let lines = trouble::WORDS.iter().flat_map(|word| self.lines(word).take(MOST_LOOKS));
        let troubled = lines.filter(behind).filter(|line| !line.is_noise && tells_of_trouble(&line.text));
        let speakers: HashSet<String> = troubled.map(speaker).collect();
        speakers.len() >= MANY_SPEAKERS
    }

    /// Whether one of the last lines of the log that a stage stands in tells of trouble.
    pub(super) fn ends_in_trouble(&self, seen: &Seen) -> bool {
        self.lines_behind_trouble(seen).is_some_and(|lines| lines < 2)
    }

    /// Whether the very last line of the log that a stage stands in tells of trouble; what a running system writes ends anywhere.
    pub(super) fn ends_with_trouble(&self, seen: &Seen) -> bool {
        let shape = self.reading.shapes.get(seen.first.evidence);
        !shape.is_some_and(Shape::is_system_log) && self.lines_behind_trouble(seen) == Some(0)
    }

    /// How many lines, two at most, stand behind the last trouble in a stage.
    fn lines_behind_trouble(&self, seen: &Seen) -> Option<usize> {
        let trouble = self.trouble_after(seen.first)?;
        let behind = self.reading.behind(trouble.place);
        Some(behind.filter(|line| !line.trim().is_empty()).take(2).count())
    }
}

/// What a line calls the part: the name of the device before its first colon and blank, and the driver whose file it wants.
fn names(text: &str) -> Vec<String> {
    let text = text.to_ascii_lowercase();
    let device = text.split_once(": ").map(|(device, _)| device.trim());
    let device = device.filter(|device| device.contains(is_digit) && device.len() <= 40);
    let wanted = text.split_once("firmware load for ").and_then(|(_, file)| Some(file.split_once('/')?.0));
    let driver = device.and_then(|device| device.split_once(' ')).map(|(driver, _)| driver);
    [device, wanted, driver.filter(|driver| driver.len() > 3)]
        .into_iter()
        .flatten()
        .map(str::to_owned)
        .collect()
}

/// Whether a line names a part before it says something of it.
fn speaks_of(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.starts_with([':', ' ']))
        || line.contains(&format!(": {name}: "))
}

fn is_digit(symbol: char) -> bool {
    symbol.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use debrick_model::{Cause, EvidenceKind, State};

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    fn cause(log: &str) -> Cause {
        by_rules_alone(&[Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: log.into() }])
            .cause()
    }

    #[test]
    fn a_part_that_works_with_another_file_has_no_fault() {
        let first =
            "[    7.840000] radio9 0000:01:00.0: Direct firmware load for radio9/new.fw failed with error -2";
        let other = "[    8.200000] radio9 0000:01:00.0: Transferred FW: old.fw, size: 50980";
        let end = "[   10.720000] ieee80211 phy0: radio of some kind";
        assert_eq!(cause(&[first, other, end].join("\n")), Cause::NoFault);
        assert_eq!(cause(&[first, end].join("\n")), Cause::FirmwareBug);
        let of_another = "[    8.200000] radio8 0000:02:00.0: Transferred FW: old.fw, size: 50980";
        assert_eq!(cause(&[first, of_another, end].join("\n")), Cause::FirmwareBug);
    }

    #[test]
    fn a_part_that_works_when_it_is_tried_again_has_no_fault() {
        let fails = "> [   11.860908] mmc0: error -110 whilst initialising MMC card";
        let works = "> [   12.027806] mmc0: new HS400 MMC card at address 0001";
        assert_eq!(cause(&[fails, works].join("\n")), Cause::NoFault);
        assert_eq!(cause(&[works, fails].join("\n")), Cause::FlashHardwareFault);
        let file =
            "[18402.221215] remoteproc remoteproc0: Direct firmware load for core.elf failed with error -2";
        let next = "[18402.230900] remoteproc remoteproc0: Falling back to sysfs fallback for: core.elf";
        let runs = "[18402.276433] remoteproc remoteproc0: remote processor core is now up";
        assert_eq!(cause(&[file, next, runs].join("\n")), Cause::NoFault);
        assert_ne!(cause(&[runs, file].join("\n")), Cause::NoFault);
    }

    #[test]
    fn registers_are_no_going_on() {
        let crash = "[    4.942062] Workqueue: storage-endio end_io_work";
        let dump: Vec<String> = (4..20)
            .map(|register| {
                format!("[    4.94{:04}] x{register}: ffff8000821abbf0 x9: 0000000000000000", 10 * register)
            })
            .collect();
        assert_ne!(cause(&[crash, &dump.join("\n")].join("\n")), Cause::NoFault);
    }

    #[test]
    fn a_kernel_that_got_to_the_end_of_what_it_did_is_well() {
        let check = "[    2.40] checker: started\n[    2.42] checker: Could not start one of the tests\n[    2.43] checker: completed";
        let evidence = Evidence {
            kind: EvidenceKind::SerialLog,
            name: "log".into(),
            text: check.replace("] ", "0000] "),
        };
        let diagnosis = by_rules_alone(&[evidence]);
        assert_eq!((diagnosis.cause(), diagnosis.state), (Cause::NoFault, State::Healthy));
    }

    #[test]
    fn a_kernel_that_complains_of_much_passes_over_it() {
        let lines = [
            "[    0.000000] Linux version 4.9.170",
            "[    0.312013] power7: get supply name failed",
            "[    0.442077] NAND: not found on this board",
            "[    0.829634] card: failed to get pins",
        ];
        assert_eq!(cause(&lines.join("\n")), Cause::NoFault);
        assert_ne!(cause(&[lines[0], lines[1]].join("\n")), Cause::NoFault);
    }
}
