//! What U-Boot prints while it loads: hash marks, sizes, the rate. Observed on U-Boot 2023.01 in QEMU, which asks
//! for no size; the form with a size is that of builds that do (`CONFIG_TFTP_TSIZE`).

use std::time::Duration;

/// Hash marks of a whole transfer whose size is known.
const HASHES: u64 = 50;

/// Without a known size: one hash mark for so many blocks, and so many hash marks in a line.
const BLOCKS_PER_HASH: u64 = 10;
const HASHES_PER_LINE: u64 = 65;

/// The progress of one attempt, as text.
#[derive(Debug, Clone, Default)]
pub(super) struct Loading {
    size: Option<u64>,
    hashes: u64,
    blocks: u64,
}

impl Loading {
    pub(super) fn new(size: Option<u64>) -> Self {
        Self { size: size.filter(|bytes| *bytes > 0), ..Self::default() }
    }

    /// One more block has come; `bytes` have come in all.
    pub(super) fn advance(&mut self, bytes: u64, text: &mut String) {
        self.blocks += 1;
        match self.size {
            Some(size) => self.fill((bytes.min(size) * HASHES) / size, text),
            None if (self.blocks - 1).is_multiple_of(BLOCKS_PER_HASH) => text.push('#'),
            None if self.blocks.is_multiple_of(BLOCKS_PER_HASH * HASHES_PER_LINE) => text.push_str("\n\t "),
            None => {}
        }
    }

    /// Everything has come, and took so long.
    pub(super) fn finish(&mut self, bytes: u64, took: Duration, text: &mut String) {
        if let Some(size) = self.size {
            self.fill(HASHES, text);
            text.push_str("  ");
            text.push_str(&size_text(size));
        }
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Some(rate) = (bytes * 1000).checked_div(millis) {
            text.push_str("\n\t ");
            text.push_str(&size_text(rate));
            text.push_str("/s");
        }
        text.push_str("\ndone\n");
        text.push_str(&format!("Bytes transferred = {bytes} ({bytes:x} hex)\n"));
    }

    fn fill(&mut self, until: u64, text: &mut String) {
        while self.hashes < until {
            text.push('#');
            self.hashes += 1;
        }
    }
}

/// A size in the largest binary unit that fits, with one decimal where it is not zero.
fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} Byte{}", if bytes == 1 { "" } else { "s" });
    }
    let power = bytes.ilog2() / 10;
    let tenths = (u128::from(bytes) * 10 + (1 << (power * 10 - 1))) >> (power * 10);
    let unit = UNITS[power as usize - 1];
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {unit}"),
        (whole, tenth) => format!("{whole}.{tenth} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_u_boot_prints_them() {
        let check = |bytes, expected: &str| assert_eq!(size_text(bytes), expected);
        check(0, "0 Bytes");
        check(1, "1 Byte");
        check(1023, "1023 Bytes");
        check(1024, "1 KiB");
        check(100_000, "97.7 KiB");
        check(6 << 20, "6 MiB");
        check((6 << 20) + 400_000, "6.4 MiB");
        check(u64::MAX, "16 EiB");
    }

    #[test]
    fn hash_marks_follow_the_size() {
        let mut text = String::new();
        let mut loading = Loading::new(Some(1000));
        loading.advance(512, &mut text);
        assert_eq!(text, "#".repeat(25));
        loading.advance(1000, &mut text);
        loading.finish(1000, Duration::from_secs(1), &mut text);
        let rest = "  1000 Bytes\n\t 1000 Bytes/s\ndone\nBytes transferred = 1000 (3e8 hex)\n";
        assert_eq!(text, format!("{}{rest}", "#".repeat(50)));
    }

    #[test]
    fn hash_marks_follow_the_blocks_where_no_size_is_known() {
        let mut text = String::new();
        let mut loading = Loading::new(None);
        for block in 1..=1300 {
            loading.advance(block * 512, &mut text);
        }
        let line = "#".repeat(65);
        assert_eq!(text, format!("{line}\n\t {line}\n\t "));
        text.clear();
        loading.finish(0, Duration::ZERO, &mut text);
        assert_eq!(text, "\ndone\nBytes transferred = 0 (0 hex)\n");
    }
}
