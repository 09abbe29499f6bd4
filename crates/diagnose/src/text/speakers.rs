//! Who wrote a line, by its form: a prompt with a command, an application of a microcontroller, somebody who left lines
//! out.

use crate::signals::tells_of_trouble;

/// Whether a line looks like the prompt of a boot loader or of a shell, perhaps with a command behind it.
pub(super) fn is_prompt(text: &str) -> bool {
    boot_loader_prompt(text) || shell_prompt(text)
}

/// The last place, in bytes, where a prompt ends.
const LONGEST_PROMPT: usize = 48;

/// Where the first of these bytes stands, no later than at a place.
fn first_of(text: &str, bytes: &[u8], last: usize) -> Option<usize> {
    text.bytes().take(last + 1).position(|byte| bytes.contains(&byte))
}

/// `=> `, `U-Boot> `, `ar7240> cmp.b …`, `MT7621 #`.
pub(crate) fn boot_loader_prompt(text: &str) -> bool {
    // barebox `common/globalvar.c`, PS1: `barebox@Board:/ `.
    if let Some(rest) = text.strip_prefix("barebox") {
        return rest.starts_with([':', '$']) || (rest.starts_with('@') && rest.contains(":/"));
    }
    let Some(end) = first_of(text, b">#", LONGEST_PROMPT) else { return false };
    let (name, rest) = text.split_at(end);
    let name = name.trim_end_matches('=').trim_end();
    // `E> Failed to load`: the levels of a log (NVIDIA Tegra boot loaders, MB1 and MB2).
    let is_level = matches!(name, "I" | "W" | "E" | "D");
    let is_name = name.len() <= 20
        && !is_level
        && name.chars().all(|symbol| symbol.is_ascii_alphanumeric() || "-_. ".contains(symbol))
        && name.split(' ').count() <= 2;
    let after = rest.get(1..).unwrap_or_default();
    let ends_well =
        after.is_empty() || after.starts_with(' ') || after.starts_with(|c: char| c.is_ascii_lowercase());
    let is_arrow = text.starts_with("=>");
    // `---> hangs` and `phy0 -> error` are arrows, not names.
    let is_drawn = name.ends_with(" -")
        || !name.is_empty() && !name.contains(|symbol: char| symbol.is_ascii_alphanumeric());
    is_name && !is_drawn && ends_well && (is_arrow || (!name.is_empty() && !after.starts_with('#')))
}

/// The command that was typed at a boot loader's prompt, which may be none.
pub(crate) fn typed_command(text: &str) -> &str {
    let rest = match text.strip_prefix("barebox") {
        Some(rest) => rest.split_once(":/").or_else(|| rest.split_once(['$', ':'])),
        None => text.split_once(['>', '#']),
    };
    rest.map_or("", |(_, command)| command.trim())
}

/// Commands with which somebody looks at what a boot loader knows (U-Boot `cmd/help.c`, `cmd/dm.c`, `cmd/bdinfo.c`,
/// `cmd/mem.c`): what they answer does not happen by itself.
const QUESTIONS: &[&str] = &["help", "?", "dm", "md", "md.b", "md.w", "md.l", "bdinfo", "coninfo"];

/// Commands that look for an image at an address; where none is given, at one that may hold nothing (U-Boot
/// `cmd/bootm.c`, `do_iminfo`).
const QUESTIONS_WITHOUT_ADDRESS: &[&str] = &["iminfo", "imi"];

/// Whether a line is a question that was typed at a boot loader's prompt.
pub(super) fn is_question(text: &str) -> bool {
    let command = typed_command(text);
    let first = command.split([' ', ';']).next().unwrap_or_default();
    QUESTIONS.contains(&first) || QUESTIONS_WITHOUT_ADDRESS.contains(&command)
}

/// `/ # `, `root@host:~# `, `$ `.
pub(crate) fn shell_prompt(text: &str) -> bool {
    let Some(end) = first_of(text, b"#$", LONGEST_PROMPT) else { return false };
    let path = text[..end].trim_end();
    let after = text.get(end + 1..).unwrap_or_default();
    let is_path =
        path.starts_with('/') || path.starts_with('~') || (path.contains('@') && path.contains(':'));
    is_path && (after.is_empty() || after.starts_with([' ', '\u{1b}', '[']))
}

/// Whether a line stands for lines that were left out.
pub(super) fn is_ellipsis(text: &str) -> bool {
    let text = text.trim_matches(|symbol: char| "<>[](){}- ".contains(symbol));
    text == "…" || text == "snip" || (text.len() >= 3 && text.bytes().all(|byte| byte == b'.'))
}

/// What the boot loader of Espressif's chips calls itself in its lines (ESP-IDF `components/bootloader_support`).
const LOADER_TAGS: &[&str] =
    &["boot", "esp_image", "bootloader", "qio_mode", "efuse", "flash_encrypt", "secure_boot"];

/// Whether an application of a microcontroller wrote a line: `I (328) main: text` (ESP-IDF `components/log`), or
/// `<inf> main: text` (Zephyr `subsys/logging/log_output.c`). Its boot loader writes such lines too.
pub(super) fn is_application_line(text: &str) -> bool {
    let esp = ["I (", "W (", "E (", "D ("].iter().find_map(|mark| text.strip_prefix(mark));
    let esp = esp
        .and_then(|rest| rest.split_once(") "))
        .filter(|(stamp, _)| !stamp.is_empty() && stamp.bytes().all(|byte| byte.is_ascii_digit()));
    let zephyr = ["<inf> ", "<wrn> ", "<err> ", "<dbg> "].iter().find_map(|mark| text.strip_prefix(mark));
    let Some(rest) = esp.map(|(_, rest)| rest).or(zephyr) else { return false };
    rest.split_once(':')
        .is_some_and(|(tag, _)| tag != "mcuboot" && !LOADER_TAGS.iter().any(|name| tag.starts_with(name)))
}

/// How the boot ROM of Espressif's chips ends: it jumps to what it has loaded (ESP32 `entry 0x400805f0`, ESP8266 `~ld`).
const JUMPS: &[&str] = &["entry 0x", "~ld"];

/// How it begins: with why the chip starts.
const RESETS: &[&str] = &["rst:", "rst cause"];

/// How its lines begin, and those of the loader that it may have jumped to.
const ROM_LINES: &[&str] = &[
    "ets ",
    "user code done",
    "rst:",
    "rst cause",
    "ESP-ROM",
    "load:",
    "load 0x",
    "csum",
    "tail ",
    "ho ",
    "E (",
    "W (",
    "I (",
];

/// The fewest letters of a line that says something.
const FEWEST_LETTERS: usize = 4;

/// What a chip of Espressif has said so far: an application without a log of that form prints whatever it likes, and runs
/// as soon as it does.
#[derive(Debug, Default)]
pub(super) struct Rom {
    has_spoken: bool,
    has_jumped: bool,
}

impl Rom {
    /// Whether a line is the first words of an application. Lines come in order.
    pub(super) fn has_handed_over_to(&mut self, text: &str) -> bool {
        // The jump may be in what was left out.
        let may_have_jumped = self.has_spoken && is_ellipsis(text);
        if may_have_jumped || JUMPS.iter().any(|jump| text.starts_with(jump)) {
            self.has_jumped = true;
            self.has_spoken = false;
            return false;
        }
        self.has_spoken |= RESETS.iter().any(|reset| text.starts_with(reset));
        if !self.has_jumped || text.is_empty() {
            return false;
        }
        if ROM_LINES.iter().any(|line| text.starts_with(line)) {
            self.has_jumped = ["E (", "W (", "I ("].iter().any(|line| text.starts_with(line));
            return false;
        }
        // What comes in at another rate has few letters that belong together.
        let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
        let is_read = !text.contains([char::REPLACEMENT_CHARACTER, '\u{2e2e}']);
        let says_something = letters >= FEWEST_LETTERS && is_read;
        let is_words = says_something && !tells_of_trouble(text);
        self.has_jumped = !is_words;
        is_words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts() {
        for text in [
            "=> ",
            "=>",
            "=> iminfo 0x48000000",
            "ar7240> cmp.b 1 2 3",
            "ast#",
            "U-Boot> ",
            "NA51023>",
            "MT7621 # ",
        ] {
            assert!(boot_loader_prompt(text.trim_end()), "{text}");
        }
        for text in [
            "",
            "==> 12",
            "## Booting",
            "Hit any key to stop autoboot:  0",
            "a <b> c",
            "E> Failed to load",
            "phy0 -> probe: Error",
            "Image 0 (kernel)",
            "#",
        ] {
            assert!(!boot_loader_prompt(text), "{text}");
        }
        assert!(shell_prompt("/ #") && shell_prompt("root@OpenWrt:/# ls") && !shell_prompt("## Loading"));
    }

    #[test]
    fn applications_are_told_from_their_boot_loaders() {
        for line in ["I (328) main: text", "E (1) wifi:sta", "<inf> app: up"] {
            assert!(is_application_line(line), "{line}");
        }
        for line in [
            "I (39) boot: text",
            "E (84) esp_image: text",
            "I (x) main: text",
            "I am: text",
            "<inf> mcuboot: x",
        ] {
            assert!(!is_application_line(line), "{line}");
        }
    }

    #[test]
    fn an_application_runs_when_something_is_said_behind_the_jump() {
        let first = |lines: &[&str]| {
            let mut rom = Rom::default();
            lines.iter().position(|line| rom.has_handed_over_to(line))
        };
        assert_eq!(
            first(&["load:0x40080400,len:3600", "entry 0x400805f0", "", "Starting the card"]),
            Some(3)
        );
        assert_eq!(first(&["entry 0x4", "I (29) boot: x", "I (60) boot: y", "Hello world!"]), Some(3));
        assert_eq!(
            first(&["Hello world!", "entry 0x4", "ets Jul 29 2019 12:21:46", "words of some kind"]),
            None
        );
        assert_eq!(first(&["entry 0x4", "flash init failed", "0x3"]), None);
        assert_eq!(first(&["rst:0x1 (POWERON_RESET)", "...", "Setup starts"]), Some(2));
        assert_eq!(first(&["...", "Setup starts"]), None);
        assert_eq!(first(&["entry 0x4", "E (59) boot: load partition table error!", "user code done"]), None);
        assert_eq!(first(&["entry 0x4", "\u{2e2e}\u{2e2e}FCnNBJ\u{2e2e}NBbB", "\u{fffd}NBs J"]), None);
    }

    #[test]
    fn what_was_left_out_is_seen() {
        assert!(["...", "[...]", "<snip>", "…", "(.....)"].iter().all(|text| is_ellipsis(text)));
        assert!(["", "..", "Loading...", "----"].iter().all(|text| !is_ellipsis(text)));
    }
}
