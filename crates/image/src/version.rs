//! Version numbers, as far as they can be compared.

use std::cmp::Ordering;

/// Compares two versions by their numeric fields (`2.10` is newer than `2.9`, `2.0` equals `2.0.0`).
///
/// `None` where either has no number to compare, or where they agree in all numbers but not in the rest (`2.0-rc1`
/// and `2.0`): vendors do not agree on which of those comes first.
pub(crate) fn compare(left: &str, right: &str) -> Option<Ordering> {
    let (left_numbers, left_rest) = split(left)?;
    let (right_numbers, right_rest) = split(right)?;
    let length = left_numbers.len().max(right_numbers.len());
    let field = |numbers: &[u64], index: usize| numbers.get(index).copied().unwrap_or(0);
    let by_numbers = (0..length)
        .map(|index| field(&left_numbers, index).cmp(&field(&right_numbers, index)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal);
    (by_numbers.is_ne() || left_rest == right_rest).then_some(by_numbers)
}

/// Whether a word is a version: dotted numbers, perhaps after a `v`.
pub(crate) fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix(['v', 'V']).unwrap_or(word);
    digits.starts_with(|symbol: char| symbol.is_ascii_digit())
        && digits.contains('.')
        && split(word).is_some()
}

/// The dotted numbers at the front and what follows them.
fn split(version: &str) -> Option<(Vec<u64>, &str)> {
    let trimmed = version.trim();
    let digits = trimmed.strip_prefix(['v', 'V']).unwrap_or(trimmed);
    let end = digits.find(|symbol: char| !symbol.is_ascii_digit() && symbol != '.').unwrap_or(digits.len());
    let numbers: Option<Vec<u64>> =
        digits[..end].split('.').filter(|field| !field.is_empty()).map(|field| field.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| !numbers.is_empty())?;
    Some((numbers, digits[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders() {
        let check = |left, right, expected| assert_eq!(compare(left, right), expected, "{left} {right}");
        check("2.0.1", "2.0.1", Some(Ordering::Equal));
        check("2.10", "2.9", Some(Ordering::Greater));
        check("v1.9", "2", Some(Ordering::Less));
        check("2.0", "2.0.0", Some(Ordering::Equal));
        check("2.0-rc1", "2.0", None);
        check("2.1-rc1", "2.0", Some(Ordering::Greater));
        check("blue", "2.0", None);
        check("", "", None);
        check("99999999999999999999999.1", "1", None);
    }

    #[test]
    fn words_that_are_versions() {
        for word in ["2.0.1", "v2.0", "1.2.3-beta"] {
            assert!(is_version(word), "{word}");
        }
        for word in ["2", "R1", "v", "", "é.1"] {
            assert!(!is_version(word), "{word}");
        }
    }
}
