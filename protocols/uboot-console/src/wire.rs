//! The text on the line, as both halves need it.

/// Ends a command or a half-typed line.
pub const CTRL_C: u8 = 0x03;
/// Ends an XMODEM or YMODEM transfer, three in a row.
pub const CANCEL: u8 = 0x18;
/// Ends a typed line.
pub const ENTER: u8 = b'\r';
/// Rings at a line that is full.
pub const BELL: u8 = 0x07;
/// What the boot loader's first line begins with; a version number follows.
pub const BANNER: &str = "U-Boot ";
/// What precedes the countdown.
pub const COUNTDOWN: &str = "Hit any key to stop autoboot: ";
/// The part of the countdown's text that vendors mostly keep.
pub const COUNTDOWN_CORE: &str = "to stop autoboot";
/// What is printed where a line was given up by Ctrl-C.
pub const INTERRUPTED: &str = "<INTERRUPT>";
/// The prompt, unless a vendor chose another one.
pub const PROMPT: &str = "=> ";

/// The line that `crc32` prints.
pub fn crc32_line(address: u64, size: u64, crc: u32) -> String {
    let last = address.wrapping_add(size).wrapping_sub(1);
    format!("crc32 for {address:08x} ... {last:08x} ==> {crc:08x}")
}

/// First address, last address and checksum out of a line of [`crc32_line`]'s form. Strict: nothing else may stand on
/// the line.
pub fn parse_crc32_line(line: &str) -> Option<(u64, u64, u32)> {
    let line = line.trim_end();
    let line = line.strip_prefix("crc32 for ").or_else(|| line.strip_prefix("CRC32 for "))?;
    let (first, rest) = line.split_once(" ... ")?;
    let (last, crc) = rest.split_once(" ==> ")?;
    if crc.len() != 8 {
        return None;
    }
    Some((hex(first)?, hex(last)?, u32::try_from(hex(crc)?).ok()?))
}

/// A line of `md.b`: the address and up to 16 bytes.
pub fn memory_line(address: u64, bytes: &[u8]) -> String {
    let mut line = format!("{address:08x}:");
    for byte in bytes {
        line.push_str(&format!(" {byte:02x}"));
    }
    for _ in bytes.len()..16 {
        line.push_str("   ");
    }
    line.push_str("  ");
    line.extend(bytes.iter().map(|&byte| shown(byte)));
    line
}

/// Address and bytes out of a line of [`memory_line`]'s form. Strict: the letters at its end have to agree with the
/// numbers.
pub fn parse_memory_line(line: &str) -> Option<(u64, Vec<u8>)> {
    let (address, rest) = line.split_once(": ")?;
    let mut bytes = Vec::with_capacity(16);
    let mut rest = rest;
    loop {
        let pair = rest.get(..2)?;
        bytes.push(u8::try_from(hex(pair)?).ok()?);
        rest = rest.get(2..)?;
        match (rest.strip_prefix("  "), rest.strip_prefix(' ')) {
            (Some(_), _) | (None, None) => break,
            (None, Some(next)) if bytes.len() < 16 => rest = next,
            (None, Some(_)) => return None,
        }
    }
    // Spaces pad a short line up to the column of letters.
    let padding = 2 + 3 * (16 - bytes.len());
    let letters = rest.get(padding..).or_else(|| rest.get(2..))?;
    let wanted: String = bytes.iter().map(|&byte| shown(byte)).collect();
    let agrees = letters == wanted || letters.trim_end() == wanted.trim_end() || rest.trim() == wanted.trim();
    agrees.then_some(())?;
    Some((hex(address)?, bytes))
}

/// A number without prefix, in hexadecimal digits only.
pub fn hex(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.is_empty() || !digits { None } else { u64::from_str_radix(text, 16).ok() }
}

/// Whether a line announces that the boot loader starts.
pub fn is_banner(line: &str) -> bool {
    let line = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if line.starts_with("U-Boot SPL") || line.starts_with("U-Boot TPL") {
        return false;
    }
    let version_follows = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    if line.strip_prefix(BANNER).is_some_and(version_follows) || line.contains("UBoot Version:") {
        return true;
    }
    // In the middle of a line only with its date behind it: a reset can come while something is being printed.
    line.find(BANNER).is_some_and(|at| {
        let rest = &line[at + BANNER.len()..];
        version_follows(rest) && rest.contains(" (") && rest.contains(" - ") && rest.contains(':')
    })
}

fn shown(byte: u8) -> char {
    if (0x20..0x7F).contains(&byte) { char::from(byte) } else { '.' }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_of_a_real_boot_loader() {
        assert_eq!(
            parse_crc32_line("crc32 for 48000000 ... 4800ffff ==> 3947a00d"),
            Some((0x4800_0000, 0x4800_FFFF, 0x3947_A00D))
        );
        assert_eq!(parse_crc32_line("crc32 for 48000000 ... 4800ffff ==> 3947a0d"), None);
        let line = "48000060: 20 52 31 20 66 69 72 6d 77 61 72 65 20 32 2e 30   R1 firmware 2.0";
        assert_eq!(parse_memory_line(line), Some((0x4800_0060, b" R1 firmware 2.0".to_vec())));
        let damaged = "48000060: 21 52 31 20 66 69 72 6d 77 61 72 65 20 32 2e 30   R1 firmware 2.0";
        assert_eq!(parse_memory_line(damaged), None);
        assert!(is_banner("U-Boot 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000)"));
        assert!(is_banner("\u{0}\u{0}U-Boot 1.1.3 (Aug 27 2015 - 10:00:00)"));
        assert!(!is_banner("U-Boot SPL 2023.01 (Jun 22 2026 - 08:38:07 +0000)"));
        assert!(!is_banner("[    1.2] mtd: partition \"u-boot\" created"));
    }

    proptest! {
        #[test]
        fn what_is_printed_is_parsed(address in 0u64..1 << 40, bytes in proptest::collection::vec(any::<u8>(), 1..=16)) {
            let address = address & !15;
            prop_assert_eq!(parse_memory_line(&memory_line(address, &bytes)), Some((address, bytes)));
        }

        #[test]
        fn checksums_are_parsed(address: u32, size in 1u64..1 << 30, crc: u32) {
            let first = u64::from(address);
            let line = crc32_line(first, size, crc);
            prop_assert_eq!(parse_crc32_line(&line), Some((first, first + size - 1, crc)));
        }

        #[test]
        fn nothing_panics(line in "\\PC*") {
            let _ = (parse_crc32_line(&line), parse_memory_line(&line), is_banner(&line));
        }
    }
}
