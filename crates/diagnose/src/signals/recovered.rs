//! A part that failed and worked afterwards: its driver tries another firmware file, another mode, or simply again.

use crate::signals::trouble::tells_of_trouble;
use crate::text::{Line, Reading, kernel_message};

/// How many lines behind its trouble a part is looked for.
const MAX_LINES: usize = 400;

/// What a driver says of a part that works (Linux `drivers/net/wireless`, `drivers/usb`, `drivers/mmc`).
const WORKS: &[&str] = &[
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
];

/// Whether the part of which a line of a kernel tells trouble is said to work further down.
pub(crate) fn works_later(reading: &Reading<'_>, line: &Line) -> bool {
    if line.kernel_seconds.is_none() {
        return false;
    }
    let names = names(&line.text);
    !names.is_empty()
        && reading.lines_behind(line.place).take(MAX_LINES).any(|later| {
            let Some(later) = kernel_message(later) else { return false };
            let lower = later.to_ascii_lowercase();
            WORKS.iter().any(|word| lower.contains(word))
                && names.iter().any(|name| speaks_of(&lower, name))
                && !tells_of_trouble(later)
        })
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
