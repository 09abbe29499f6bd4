//! Lines that look like trouble and are none.
//!
//! They come with most healthy starts of the devices that print them: a part that is optional and absent, a driver that
//! goes on with a default, a probe that is expected to fail. A fault is never concluded from such a line. Where a log
//! frightens by nothing else, they speak for a sound unit.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::matcher::{MATCHER, Pattern};

/// Harmless lines by who prints them. Above each group of patterns, which stand behind a tab each, are the program and
/// file that print them, and what happens next.
static TABLES: [&str; 4] = [
    include_str!("noise/kernel.txt"),
    include_str!("noise/loaders.txt"),
    include_str!("noise/systems.txt"),
    include_str!("noise/tools.txt"),
];

/// Every pattern.
pub(crate) fn patterns() -> impl Iterator<Item = &'static str> {
    TABLES.into_iter().flat_map(str::lines).filter_map(|line| line.strip_prefix('\t'))
}

static NUMBERS: LazyLock<HashSet<Pattern>> =
    LazyLock::new(|| patterns().filter_map(|pattern| MATCHER.number(pattern)).collect());

/// Whether a line that these patterns match is harmless.
pub(crate) fn is_noise(found: &[Pattern]) -> bool {
    found.iter().any(|pattern| NUMBERS.contains(pattern))
}

#[cfg(test)]
mod tests {
    use debrick_model::{Cause, EvidenceKind, State};

    use super::*;
    use crate::Evidence;
    use crate::rule::Rule;
    use crate::text::Reading;
    use crate::trial::by_rules_alone;

    fn check(text: &str, expected: Cause) {
        let evidence = Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text: text.into() };
        let diagnosis = by_rules_alone(&[evidence]);
        assert_eq!(diagnosis.cause(), expected, "{text}: {:?}", diagnosis.findings);
        assert_eq!(diagnosis.state == State::Healthy, expected == Cause::NoFault, "{text}");
    }

    #[test]
    fn every_pattern_stands_below_its_source() {
        for line in TABLES.into_iter().flat_map(str::lines).filter(|line| !line.is_empty()) {
            let is_source = line.contains([' ', '.']) && line.contains(": ") && line.ends_with('.');
            assert!(line.starts_with(['#', '\t']) || is_source, "{line}");
        }
    }

    #[test]
    fn every_pattern_stands_once_and_is_of_some_length() {
        let mut seen = HashSet::new();
        for pattern in patterns() {
            assert!(seen.insert(pattern.to_ascii_lowercase()), "twice: {pattern}");
            assert!(pattern.chars().filter(|symbol| *symbol != '*').count() >= 5, "{pattern}");
        }
    }

    /// What a rule takes for the sign of a fault is none of these.
    #[test]
    fn no_sign_of_a_fault_is_noise() {
        let is_noise = |rule: &&Rule| {
            let text = rule.sample.to_owned();
            let evidence = Evidence { kind: EvidenceKind::SerialLog, name: "log".into(), text };
            Reading::new(&[evidence]).lines.iter().any(|line| line.is_noise)
        };
        let faults = super::super::all().filter(|rule| rule.is_fault() && !rule.is_last_resort);
        let both: Vec<&str> = faults.filter(is_noise).map(|rule| rule.sample).collect();
        assert!(both.is_empty(), "{both:#?}");
    }

    #[test]
    fn noise_alone_is_no_fault() {
        check("[    0.590577] OF: Bad cell count for /soc/partitions\n", Cause::NoFault);
        check(
            "[    1.1] mtdsplit: no squashfs found in \"rootfs\"\n[    2.5] zswap: pool creation failed\n",
            Cause::NoFault,
        );
        check(
            "[    1.1] supply vcc not found, using dummy regulator\n\
             [    2.0] Kernel panic - not syncing: Fatal exception\n",
            Cause::KernelCrash,
        );
        check("[    1.013225] card card: register() failed: -517\n", Cause::NoFault);
        check(
            "card2 Cannot find the capability\ncard2: probe of 0000:04:00.0 failed with error -5\n",
            Cause::FirmwareBug,
        );
        check("gpu0 11800000.gpu: [drm:devfreq] Failed to register cooling device\n", Cause::NoFault);
        check("[    2.100000] ata1: SATA link down (SStatus 0 SControl 300)\n", Cause::NoFault);
        check("[   13.590149] end_request: I/O error, dev mmcblk2rpmb, sector 0\n", Cause::NoFault);
        check(
            "ERROR: HABv4: -------- HAB Event 0 --------\nERROR: HABv4: Engine: CAAM (0x1d)\n",
            Cause::NoFault,
        );
    }
}
