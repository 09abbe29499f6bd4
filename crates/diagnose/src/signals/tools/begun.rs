//! Whether a tool had changed some of the unit before it failed: then the unit is no longer as it was.

use super::super::trouble::tells_of_trouble;

/// What a tool names that changes the unit's flash.
const CHANGES: &[&str] = &["writ", "eras", "program", "flash", "upload", "download", "sending", "lba"];

/// What it says of a part that is done.
const DONE: &[&str] = &["okay [", " done", " erased", "erased "];

/// What it names that leaves the flash as it is.
const READS: &[&str] = &["read", "verif", "compar", "check", "programmer"];

/// The line, by its index, of the last change before the tool's last trouble.
pub(super) fn last_change(lines: &[(u64, String)]) -> Option<usize> {
    let troubled = lines.iter().rposition(|(_, line)| tells_of_trouble(line))?;
    lines.iter().take(troubled).rposition(|(_, line)| is_change(line) && !tells_of_trouble(line))
}

/// Whether a line in lower case shows that a part of the flash was changed.
fn is_change(line: &str) -> bool {
    CHANGES.iter().any(|word| line.contains(word))
        && !READS.iter().any(|word| line.contains(word))
        && (is_part_way(line) || DONE.iter().any(|word| line.contains(word)))
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
            "Erasing 'metadata'  OKAY [  0.007s]\nSending 'super'  FAILED (Status read failed)",
        ] {
            assert!(last_change(&lines(text)).is_some(), "{text}");
        }
        for text in [
            "Writing at 0x1000... (0 %)\nError: timeout",
            "Verifying (12 %)\nError: mismatch",
            "Reading flash (12 %)\nError: timeout",
            "Writing (100 %)\nall done",
            "Error: failed to erase memory",
            "",
        ] {
            assert_eq!(last_change(&lines(text)), None, "{text}");
        }
    }
}
