//! Whatever is typed, whenever: no panic, no end to time, and no flood.

use std::time::Duration;

use debrick_uboot_console::device::{Standing, TestBoard, UbootConfig};
use proptest::prelude::*;

use crate::typist::{Typist, VARIABLES};

/// Words that mean something, so that arbitrary lines reach far.
const WORDS: &[&str] = &[
    "echo",
    "if",
    "then",
    "else",
    "fi",
    "while",
    "do",
    "done",
    "for",
    "in",
    "i",
    ";",
    "&&",
    "||",
    "true",
    "false",
    "'",
    "\"",
    "$i",
    "${x}",
    "$?",
    "setenv",
    "x",
    "run",
    "setexpr",
    "itest",
    "test",
    "1",
    "-lt",
    "+",
    "ffffffff",
    "48000000",
    "4040000",
    "md.b",
    "mw.q",
    "cp.b",
    "cmp.w",
    "crc32",
    "virtio",
    "read",
    "write",
    "mtd",
    "nor1",
    "erase",
    "protect",
    "on",
    "off",
    "all",
    "sf",
    "nand",
    "mmc",
    "source",
    "bootm",
    "tftpboot",
    "a",
    "loady",
    "sleep",
    "exit",
    "env",
    "import",
    "export",
    "-t",
    "default",
    "-a",
    "printenv",
    "saveenv",
    "help",
    "reset",
    "\r",
    "\x03",
    "\x15",
    "\n",
    "#",
    "\\",
    "+100",
    "*48000000",
    "0",
    "100000000000000000",
    "-1",
    "?",
    "bdinfo",
    "flinfo",
    "until",
    "elif",
    "=",
    "x=1",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_at_any_time_do_no_harm(
        pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), 0_u64..3_000), 0..30),
    ) {
        let mut typist = Typist::new(TestBoard::new().with_environment(VARIABLES), UbootConfig::default());
        typist.device.power_on(typist.now);
        for (bytes, millis) in pieces {
            let seen = typist.type_for(&bytes, Duration::from_millis(millis));
            prop_assert!(seen.len() < 8 << 20);
        }
    }

    #[test]
    fn any_words_do_no_harm_and_ctrl_c_leads_back(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..60), poor in any::<bool>(),
    ) {
        let config = if poor { UbootConfig::poor() } else { UbootConfig::default() };
        let mut typist = Typist::at_prompt(TestBoard::new(), config.with(&["sf", "nand", "mmc"]));
        let seen = typist.type_for(format!("{}\r", words.join(" ")).as_bytes(), Duration::from_millis(200));
        prop_assert!(seen.len() < 8 << 20);
        // Whatever runs ends by itself, or by Ctrl-C; a file that is awaited ends by its timeout.
        for _ in 0..400 {
            if typist.device.standing() == Standing::Prompt {
                return Ok(());
            }
            typist.type_for(b"\r\x1b\x03", Duration::from_secs(1));
        }
        prop_assert!(false, "stuck at {:?}", typist.device.standing());
    }
}
