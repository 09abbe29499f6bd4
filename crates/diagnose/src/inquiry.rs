//! What to look at to be surer: what somebody who knows such units would ask next, by what is uncertain and by what is
//! already there.

use debrick_model::{Cause, EvidenceKind, Finding};

use crate::advice;
use crate::case::Evidence;
use crate::timeline::{Boots, StageKind};

/// From this likelihood on, a cause need not be asked about any more.
const SURE_FROM: f64 = 0.9;

/// Below this likelihood a finding is a guess.
const UNSURE_BELOW: f64 = 0.5;

/// The most questions that are asked.
const MOST: usize = 5;

/// A cause of less than this part of the first one's likelihood is not asked about.
const RIVAL_FROM: f64 = 0.5;

/// How many rivals are asked about where something else is to be asked, too.
const RIVALS: usize = 2;

/// How much of the end of a text is searched for the tool or part that it is about, in bytes.
const SEARCHED: usize = 32 * 1024;

const ABOUT_COMMAND: &str = "The exact command, the version of the tool, and everything that it printed.";

const ABOUT_BEGINNING: &str = "What was done to the unit before it failed, what its lights or its screen show after power-on, and \
                               whether it is the same each time.";

const ABOUT_WHOLE_LOG: &str = "The complete log of the serial console from power-on with the boot loader's version, and what follows \
                               its last line within a minute.";

const ABOUT_CONSOLE: &str =
    "A log of the serial console or debug UART from power-on until nothing more comes.";

const ABOUT_UNIT: &str =
    "The exact model and hardware revision, and which firmware file was written with which tool.";

const ABOUT_LIFE: &str =
    "Whether it gets into its recovery mode, and whether a computer sees it on USB or the network.";

/// A tool, or a part of a unit, by words that are printed about it, and what to ask where it is in trouble.
struct Subject {
    words: &'static [&'static str],
    ask: &'static str,
}

const fn subject(words: &'static [&'static str], ask: &'static str) -> Subject {
    Subject { words, ask }
}

/// In the order in which they are looked for; words are in lower case.
static TOOLS: &[Subject] = &[
    subject(
        &["esptool", "esp32", "esp8266", "ets jan", "ets jul", "ets jun"],
        "Whether GPIO0 is low at reset, the wiring of RX, TX and GND, the supply of the board, and its output at 115200 baud after a reset.",
    ),
    subject(
        &[
            "openocd", "st-flash", "st-info", "stlink", "st-link", "pyocd", "j-link", "jlink", "probe-rs",
            "swd", "jtag",
        ],
        "The wiring of the probe with its reset line, the voltage at the target, whether connecting under reset works, and whether \
         the chip is read-protected.",
    ),
    subject(
        &["avrdude"],
        "The exact board and its boot loader, its light at reset, a loopback test of the serial adapter, and what is wired to pins 0 and 1.",
    ),
    subject(
        &["heimdall", "odin", "pit file", "file transfer sequence", "releasing device interface"],
        "The full text on the phone's download screen, its exact model, the size of the partition, and the same with another cable and port.",
    ),
    subject(
        &["sideload", "adb"],
        "What `adb devices` prints, what the screen of the unit shows, the recovery's own log, and the checksum of the package.",
    ),
    subject(
        &["fastboot", "remote:"],
        "What the screen shows afterwards, `fastboot getvar all`, and the same on another port, cable or computer.",
    ),
    subject(
        &["sahara", "firehose", "edl", "qdl", "9008"],
        "The exact model and its memory, which programmer file was used, the charge of the battery, and what was flashed before.",
    ),
    subject(
        &["preloader", "brom", "mtkclient", "da_handler"],
        "The exact model and chip, the driver that the computer uses (`dmesg`), which button was held, and the charge of the battery.",
    ),
    subject(
        &[
            "fel",
            "rkdeveloptool",
            "maskrom",
            "uuu",
            "kwboot",
            "dfu-util",
            "nvflash",
            "sdp:",
            "snagrecover",
            "loadusb",
        ],
        "Which image was sent and whether it is made for loading like this, the serial output meanwhile, the kernel log (`dmesg`) of \
         the computer, and another cable or supply.",
    ),
    subject(
        &["flashrom", "ch341", "minipro", "asprogrammer"],
        "The same range read twice and compared, the supply voltage at the chip, its exact name, its protection bits, and another programmer.",
    ),
    subject(
        &["tftp"],
        "The log of the TFTP server, the name and size of the file, the firewall of the computer, and the same over a direct cable.",
    ),
    subject(
        &["sysupgrade", "opkg", "swupdate", "rauc", "mender"],
        "Which file was given and its checksum, the updater's complete log, and which version starts after a few minutes.",
    ),
    subject(
        &["fwupd", "bios", "uefi", "ipmi", "idrac"],
        "The history and complete log of the update, and which version the unit shows now.",
    ),
];

/// Parts of a unit of which its log tells trouble.
static PARTS: &[Subject] = &[
    subject(
        &["mmc", "sdhc", "sdhci", "voltage select"],
        "Whether a card is in and the same with another card, `mmc info`, whether it fails at the same block each time, and whether an \
         older boot loader or kernel reads it.",
    ),
    subject(
        &["ubi", "nand", "ecc", "mtd", "jffs2"],
        "Which flash chip it has and how it was written, the list of bad blocks, and whether an older version reads it.",
    ),
    subject(
        &["spi-nor", "sf: ", "spi flash", "spi_nor"],
        "Which flash chip it has, the result of reading it by hand (`sf probe`, `sf read`), and whether an older version reads it.",
    ),
    subject(
        &["tftp", "bootp", "arp", "pxe"],
        "The log of the server, the network cable, the firewall of the computer, and a ping from the boot loader.",
    ),
    subject(
        &["ata", "scsi", "sda", "nvme"],
        "The disk's own records (`smartctl`), another cable and port, and the disk in another computer.",
    ),
];

/// What to look at to be surer; empty where everything is clear. Where several causes are about as likely, what would
/// tell them apart.
pub(crate) fn next_evidence(evidence: &[Evidence], boots: &Boots, findings: &[Finding]) -> Vec<String> {
    let top = findings.first().map_or((Cause::Unknown, 0.0), |finding| (finding.cause, finding.likelihood));
    if top.0 != Cause::Unknown && top.1 >= SURE_FROM {
        return Vec::new();
    }
    let is_unsure = top.0 == Cause::Unknown || top.1 < UNSURE_BELOW;
    let named = || findings.iter().filter(|finding| finding.cause != Cause::Unknown);
    let best = named().next().map_or(0.0, |finding| finding.likelihood);
    let rivals = named().take_while(|finding| finding.likelihood >= RIVAL_FROM * best);
    let mut ask: Vec<&str> = Vec::new();
    ask.extend(
        rivals.take(if is_unsure { RIVALS } else { 1 }).filter_map(|finding| advice::question(finding.cause)),
    );
    let has = |kind| evidence.iter().any(|item| item.kind == kind && !item.text.trim().is_empty());
    if !is_unsure {
        if !has(EvidenceKind::SerialLog) {
            ask.push(ABOUT_CONSOLE);
        }
        return ask.into_iter().map(str::to_owned).collect();
    }
    if has(EvidenceKind::SerialLog) {
        ask.extend(about_end(boots));
        ask.extend(
            about(PARTS, evidence, EvidenceKind::SerialLog).filter(|_| !has(EvidenceKind::ToolOutput)),
        );
        ask.push(ABOUT_WHOLE_LOG);
    }
    if has(EvidenceKind::ToolOutput) {
        ask.extend(about(TOOLS, evidence, EvidenceKind::ToolOutput));
        ask.push(ABOUT_COMMAND);
    } else {
        ask.extend(about(TOOLS, evidence, EvidenceKind::Symptom));
    }
    if has(EvidenceKind::Symptom) && !has(EvidenceKind::ToolOutput) && !has(EvidenceKind::SerialLog) {
        ask.extend([ABOUT_UNIT, ABOUT_LIFE]);
        // Its beginning tells more than a console that most people have no way to.
        ask.insert(ask.len().min(RIVALS), ABOUT_BEGINNING);
    }
    if !has(EvidenceKind::SerialLog) {
        ask.insert(ask.len().min(MOST - 2), ABOUT_CONSOLE);
    }
    ask.push(ABOUT_BEGINNING);
    let mut asked: Vec<String> = Vec::new();
    for question in ask {
        if !asked.iter().any(|other| other == question) && asked.len() < MOST {
            asked.push(question.to_owned());
        }
    }
    asked
}

/// What to ask of a start, by the stage that the log ends in.
fn about_end(boots: &Boots) -> Option<&'static str> {
    let boot = boots.telling()?;
    let last = boot.stages.last()?;
    Some(match last.kind {
        StageKind::Rom | StageKind::Spl => {
            "From which storage the first loader was read and how that was written, whether every power-on ends like this, and another \
             power supply."
        }
        StageKind::Loader if last.waits => {
            "Whether a key was pressed before the prompt, `printenv`, and what `boot` prints."
        }
        StageKind::Loader if boot.stopped_before_countdown() => {
            "Whether every power-on ends at this line, the same with another supply and without the serial adapter, and whether an older \
             boot loader starts."
        }
        StageKind::Loader => "The load commands and addresses, `printenv`, and whether another image starts.",
        StageKind::Linux => {
            "The same start with `earlycon` and `console=` for this UART, how long was waited, whether it answers on the network, and \
             whether an older kernel starts."
        }
        StageKind::Userspace | StageKind::Shell => {
            "What stops working, whether failsafe mode or an older version shows the same, and how long was waited."
        }
    })
}

/// What to ask about the first subject that a text of one kind speaks of.
fn about(subjects: &[Subject], evidence: &[Evidence], kind: EvidenceKind) -> Option<&'static str> {
    let ends: Vec<String> =
        evidence.iter().filter(|item| item.kind == kind).map(|item| end(&item.text)).collect();
    let speaks_of = |word: &str| ends.iter().any(|text| has_word(text, word));
    subjects
        .iter()
        .find(|subject| subject.words.iter().any(|word| speaks_of(word)))
        .map(|subject| subject.ask)
}

/// The end of a text, in lower case.
fn end(text: &str) -> String {
    let start = (text.len().saturating_sub(SEARCHED)..=text.len()).find(|at| text.is_char_boundary(*at));
    text.get(start.unwrap_or_default()..).unwrap_or_default().to_lowercase()
}

/// Whether a text has something that begins with a word.
fn has_word(text: &str, word: &str) -> bool {
    let begins = |at: usize| {
        text.get(..at)
            .and_then(|before| before.chars().next_back())
            .is_none_or(|sign| !sign.is_alphanumeric())
    };
    text.match_indices(word).any(|(at, _)| begins(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Reading;

    fn asked(kind: EvidenceKind, text: &str, likelihood: f64) -> String {
        let evidence = [Evidence { kind, name: "text".into(), text: text.into() }];
        let boots = Boots::new(&Reading::new(&evidence));
        let finding = Finding { cause: Cause::FirmwareBug, likelihood, evidence: Vec::new() };
        let asked = next_evidence(&evidence, &boots, &[finding]);
        assert!(asked.len() <= MOST, "{asked:?}");
        asked.join("\n")
    }

    #[test]
    fn a_log_is_asked_about_by_the_stage_that_it_ends_in() {
        let check = |text: &str, expected: &str| {
            let asked = asked(EvidenceKind::SerialLog, text, 0.3);
            assert!(asked.contains(expected) && asked.contains(ABOUT_WHOLE_LOG), "{text}: {asked}");
        };
        check(
            "U-Boot SPL 2023.01 (Jan 01 2023 - 00:00:00)\nTrying to boot from MMC2\n",
            "first loader was read",
        );
        check(
            "U-Boot 2023.01 (Jan 01 2023 - 00:00:00 +0000)\n\nDRAM:  512 MiB\n",
            "Whether every power-on ends at this line",
        );
        check(
            "U-Boot 2023.01 (Jan 01 2023 - 00:00:00 +0000)\nHit any key to stop autoboot:  0\n=> ",
            "`printenv`",
        );
        check("U-Boot 2023.01 (Jan 01 2023 - 00:00:00 +0000)\n\nStarting kernel ...\n", "`earlycon`");
    }

    #[test]
    fn a_tool_is_asked_about_by_what_it_is() {
        let check = |text: &str, expected: &str| {
            let asked = asked(EvidenceKind::ToolOutput, text, 0.3);
            assert!(asked.contains(expected) && asked.contains(ABOUT_COMMAND), "{text}: {asked}");
        };
        check("$ fastboot flash system x.img\nFAILED (remote: 'who knows')", "`fastboot getvar all`");
        check("openocd: Error: something failed", "connecting under reset");
        check("flashrom v1.3\nsomething failed", "another programmer");
    }

    #[test]
    fn an_account_is_asked_about_what_came_before() {
        let asked = asked(EvidenceKind::Symptom, "It does not work.", 0.3);
        for expected in [ABOUT_BEGINNING, ABOUT_CONSOLE, ABOUT_UNIT] {
            assert!(asked.contains(expected), "{asked}");
        }
    }

    #[test]
    fn what_is_sure_is_not_asked_about() {
        assert_eq!(asked(EvidenceKind::Symptom, "It does not work.", 0.95), "");
        let asked = asked(EvidenceKind::Symptom, "It does not work.", 0.7);
        assert_eq!(asked.lines().count(), 2, "{asked}");
    }
}
