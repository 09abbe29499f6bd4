//! Files of checksums that makers publish beside their firmware.

use std::path::Path;

use debrick_image::ImageFacts;
use debrick_model::{Check, Verdict};

use crate::failure::Failure;
use crate::input;

/// The longest file of checksums that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// Compares a file with what a file of SHA-256 sums says of it, and adds the result to its integrity.
pub(super) fn compare(sums: &Path, file: &Path, facts: &mut ImageFacts) -> Result<(), Failure> {
    let text = input::text(sums, LONGEST)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let actual = facts.sha256.to_string();
    let listed: Vec<(String, String)> = text.lines().filter_map(entry).collect();
    let named = listed.iter().find(|(_, listed)| base(listed) == name);
    // A file that was renamed is still the file, if its sum is listed.
    let same = listed.iter().find(|(sum, _)| *sum == actual);
    let Some((expected, listed)) = named.or(same) else {
        return Err(Failure::new(
            "sums-without-file",
            format!("{} lists neither {name} nor a file with its sum", sums.display()),
            "Fetch the sums and the firmware from the same place, and keep the firmware's name. Nothing was done.",
        ));
    };
    let ok = *expected == actual;
    facts.integrity.checks.push(Check {
        name: format!("sha256 of {listed} in {}", sums.display()),
        offset: None,
        expected: expected.clone(),
        actual,
        ok,
    });
    if !ok {
        facts.integrity.verdict = Verdict::Fail;
    } else if facts.integrity.verdict == Verdict::Unknown {
        facts.integrity.verdict = Verdict::Pass;
    }
    if ok {
        facts.coverage = debrick_image::Coverage::Contents;
    }
    Ok(())
}

/// The sum and the name of a line, as `sha256sum` writes it, also with `--tag`.
fn entry(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (sum, name) = match line.strip_prefix("SHA256 (") {
        Some(rest) => rest.rsplit_once(") = ").map(|(name, sum)| (sum, name))?,
        None => line.split_once(char::is_whitespace)?,
    };
    let is_sum = sum.len() == 64 && sum.chars().all(|digit| digit.is_ascii_hexdigit());
    is_sum.then(|| (sum.to_ascii_lowercase(), name.trim_start().trim_start_matches('*').to_owned()))
}

fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_sums() {
        let sum = "ab".repeat(32);
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(entry(line).map(|(_, name)| name).as_deref(), expected, "{line}");
        };
        check(&format!("{sum}  firmware.bin"), Some("firmware.bin"));
        check(&format!("{sum} *firmware.bin"), Some("firmware.bin"));
        check(&format!("SHA256 (a (1).bin) = {sum}"), Some("a (1).bin"));
        check("# comment", None);
        check(&format!("{} x", &sum[1..]), None);
    }
}
