//! Lists of SHA-256 sums that makers publish beside their firmware, as `sha256sum` writes them, also with `--tag`.
//!
//! A sum tells that a file is undamaged. Who made it tells only a signature, of the file or of the list.

use debrick_model::{Check, Digest, Verdict};

use crate::facts::{Coverage, ImageFacts};

/// What a list says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedSum {
    /// The name of the file, as the list has it.
    pub name: String,
    /// 64 lower-case hex digits.
    pub sum: String,
}

impl ListedSum {
    /// Reads a line; `None` where it is no entry.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let line = line.trim();
        let (sum, name) = match line.strip_prefix("SHA256 (") {
            Some(rest) => rest.rsplit_once(") = ").map(|(name, sum)| (sum, name))?,
            None => line.split_once(char::is_whitespace)?,
        };
        let is_sum = sum.len() == 64 && sum.chars().all(|digit| digit.is_ascii_hexdigit());
        is_sum.then(|| Self {
            name: name.trim_start().trim_start_matches('*').to_owned(),
            sum: sum.to_ascii_lowercase(),
        })
    }

    /// The entry for a file: the one with its name, else one with its sum, as a file that was renamed is still the file.
    pub fn find(list: &str, name: &str, sha256: Digest) -> Option<Self> {
        let entries = || list.lines().filter_map(Self::of_line);
        let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let actual = sha256.to_string();
        entries()
            .find(|entry| base(&entry.name) == name)
            .or_else(|| entries().find(|entry| entry.sum == actual))
    }

    /// Compares it with an image, and adds the result to the image's integrity. `list` is the name of the list.
    pub fn compare(&self, list: &str, facts: &mut ImageFacts) {
        let actual = facts.sha256.to_string();
        let ok = self.sum == actual;
        facts.integrity.checks.push(Check {
            name: format!("sha256 of {} in {list}", self.name),
            offset: None,
            expected: self.sum.clone(),
            actual,
            ok,
        });
        if !ok {
            facts.integrity.verdict = Verdict::Fail;
        } else if facts.integrity.verdict == Verdict::Unknown {
            facts.integrity.verdict = Verdict::Pass;
        }
        if ok {
            facts.coverage = Coverage::Contents;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_sums() {
        let sum = "ab".repeat(32);
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(ListedSum::of_line(line).map(|entry| entry.name).as_deref(), expected, "{line}");
        };
        check(&format!("{sum}  firmware.bin"), Some("firmware.bin"));
        check(&format!("{sum} *firmware.bin"), Some("firmware.bin"));
        check(&format!("SHA256 (a (1).bin) = {sum}"), Some("a (1).bin"));
        check("# comment", None);
        check(&format!("{} x", &sum[1..]), None);
    }

    #[test]
    fn a_name_counts_more_than_a_sum() {
        let (zeros, ones) = (Digest::new([0; 32]), Digest::new([0x11; 32]));
        let list = format!("{zeros}  a.bin\n{ones}  release/b.bin\n");
        let found = |name: &str, digest| ListedSum::find(&list, name, digest).map(|entry| entry.name);
        assert_eq!(found("b.bin", zeros).as_deref(), Some("release/b.bin"));
        assert_eq!(found("renamed.bin", zeros).as_deref(), Some("a.bin"));
        assert_eq!(found("c.bin", Digest::new([2; 32])), None);
    }
}
