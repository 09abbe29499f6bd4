//! The way in for fuzzing: frames from bytes of unknown origin.

use std::time::Duration;

use crate::page;
use crate::stations::{MOST_STATIONS, MOST_WORDS, Stations};

/// Takes bytes as frames, each after its length in two bytes, and as a page.
///
/// # Panics
/// Where what is kept has no bounds.
pub fn frames(bytes: &[u8]) {
    let mut stations = Stations::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (frame, after) = after.split_at(length);
        if let Some(heard) = stations.take(Duration::ZERO, frame) {
            let words = heard.word.in_words();
            assert!(words.len() < 40_000 && !words.chars().any(char::is_control), "{words:?}");
        }
        rest = after;
    }
    assert!(stations.iter().count() <= MOST_STATIONS);
    assert!(stations.iter().all(|station| station.words.len() <= MOST_WORDS));
    let _ = page::read(bytes);
}
