//! Who wrote a line, by its form: a prompt with a command, an application of a microcontroller, somebody who left lines
//! out.

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
    fn what_was_left_out_is_seen() {
        assert!(["...", "[...]", "<snip>", "…", "(.....)"].iter().all(|text| is_ellipsis(text)));
        assert!(["", "..", "Loading...", "----"].iter().all(|text| !is_ellipsis(text)));
    }
}
