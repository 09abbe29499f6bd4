//! Whether a tool had changed some of the unit before it failed: then the unit is no longer as it was.

use super::super::trouble::tells_of_trouble;

/// What a tool names that changes the unit's flash.
const CHANGES: &[&str] =
    &["writ", "eras", "program", "flash", "upload", "download", "sending", "lba", "load "];

/// What it says of a part that is done.
const DONE: &[&str] = &["okay [", " done", " erased", "erased ", "pages written", "blocks written"];

/// What it names that leaves the flash as it is.
const READS: &[&str] = &["read", "verif", "compar", "check", "programmer", "uses ", "used", "storage"];

/// With what a line begins that names the part which is written.
const WRITES_PART: &[&str] = &["writing", "programming", "erasing", "flashing"];

/// Fewer parts than this are attempts, not parts.
const FEWEST_PARTS: u64 = 16;

/// The line, by its index, of the last change before the tool's last trouble.
pub(super) fn last_change(lines: &[(u64, String)]) -> Option<usize> {
    let troubled = lines.iter().rposition(|(_, line)| tells_of_trouble(line))?;
    let at_once = lines.get(troubled).is_some_and(|(_, line)| {
        WRITES_PART.iter().any(|part| line.starts_with(part)) && is_some_of_many(line)
    });
    if at_once {
        return Some(troubled);
    }
    lines.iter().take(troubled).rposition(|(_, line)| is_change(line) && !tells_of_trouble(line))
}

/// Whether a line in lower case shows that a part of the flash was changed.
fn is_change(line: &str) -> bool {
    CHANGES.iter().any(|word| line.contains(word))
        && !READS.iter().any(|word| line.contains(word))
        && (is_part_way(line) || is_some_of_many(line) || DONE.iter().any(|word| line.contains(word)))
}

/// Whether a line names a number of parts out of all, neither none nor all of them: `65/128`.
fn is_some_of_many(line: &str) -> bool {
    line.match_indices('/').any(|(at, slash)| {
        let (before, behind) = (line.get(..at), line.get(at + slash.len()..));
        let digits = |symbol: char| !symbol.is_ascii_digit();
        let part = before.and_then(|before| before.rsplit(digits).next()?.parse::<u64>().ok());
        let all = behind.and_then(|behind| behind.split(digits).next()?.parse::<u64>().ok());
        part.zip(all).is_some_and(|(part, all)| part > 0 && part < all && all >= FEWEST_PARTS)
    })
}

/// Whether a line names a share of the work that is neither nothing nor all.
fn is_part_way(line: &str) -> bool {
    line.match_indices('%').any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default().trim_end();
        let number = before.rsplit(|symbol: char| !symbol.is_ascii_digit() && symbol != '.').next();
        number.and_then(|number| number.parse::<f64>().ok()).is_some_and(|share| share > 0.0 && share < 100.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, String)> {
        (1..).zip(text.lines().map(str::to_lowercase)).collect()
    }

    #[test]
    fn a_unit_that_is_no_longer_as_it_was() {
        for text in [
            "Erasing sector 0 done\nError: failed to erase memory",
            "Writing at 0x1000... (12 %)\nA fatal error occurred: timeout",
            "Write LBA from file (25%)\nWrite LBA failed!",
            "writing page  65/128.verification error... Have you erased before write ?",
            " 18/18 pages written\nERROR common.c: Verification of flash failed at offset: 0",
            "Load 315392/381572\nVerify fail",
            "Erasing 'metadata'  OKAY [  0.007s]\nSending 'super'  FAILED (Status read failed)",
        ] {
            assert!(last_change(&lines(text)).is_some(), "{text}");
        }
        for text in [
            "Writing at 0x1000... (0 %)\nError: timeout",
            "Verifying (12 %)\nError: mismatch",
            "Reading flash (12 %)\nError: timeout",
            "Writing (100 %)\nall done",
            "programming attempt 1/3\nError: timeout",
            "Error: failed to erase memory",
            "",
        ] {
            assert_eq!(last_change(&lines(text)), None, "{text}");
        }
    }
}
