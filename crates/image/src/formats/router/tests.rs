//! What the tests of this folder share.

use debrick_model::Verdict;

use crate::facts::ImageFacts;
use crate::inspect::inspect;

pub(crate) fn facts(image: &[u8]) -> ImageFacts {
    inspect(&image.to_vec()).unwrap()
}

/// An intact image is recognised, passes, and gives no cause for a warning; no truncation makes its reader panic.
#[track_caller]
pub(crate) fn check(image: &[u8], format: &str) {
    let found = facts(image);
    assert_eq!(found.format.as_deref(), Some(format));
    assert_eq!(found.integrity.verdict, Verdict::Pass, "{:#?}", found.integrity);
    assert_eq!(found.warnings, Vec::<String>::new());
    for length in 0..image.len().min(0x240) {
        facts(&image[..length]);
    }
}

/// The image is recognised and fails with a bit flipped at each of these places, and cut to 60 %; what is appended
/// does not go unnoticed.
#[track_caller]
pub(crate) fn damaged(image: &[u8], format: &str, places: &[usize]) {
    for place in places {
        for bit in [0, 2, 5] {
            let mut flipped = image.to_vec();
            flipped[*place] ^= 1 << bit;
            let found = facts(&flipped);
            assert_eq!(found.format.as_deref(), Some(format), "flipped at {place}");
            assert_eq!(found.integrity.verdict, Verdict::Fail, "flipped at {place}: {found:#?}");
        }
    }
    let cut = facts(&image[..image.len() * 6 / 10]);
    assert_eq!(cut.integrity.verdict, Verdict::Fail, "cut");
    let mut longer = image.to_vec();
    longer.extend((0_u32..1337).map(|index| (index.wrapping_mul(2_654_435_761) >> 13) as u8));
    let found = facts(&longer);
    assert_eq!(found.format.as_deref(), Some(format), "appended to");
    assert!(found.integrity.verdict == Verdict::Fail || !found.warnings.is_empty(), "appended to");
}

/// Bytes that hold no magic number and do not repeat.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    (0..length as u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}
