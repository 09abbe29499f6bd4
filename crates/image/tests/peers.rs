//! The ecosystems' own checkers on the same bytes: what one of them refuses is damaged here too, and what is intact to
//! both stays so. Single bits are flipped all over images that their own tools made, where they make any.
#![allow(clippy::unwrap_used, reason = "a test that fails says so")]

mod support;

use std::path::Path;
use std::process::Command;

use debrick_model::Verdict;
use sha2::Digest as _;
use support::{facts, has, integrity, make, noise};

/// What a checker says of a file.
type Accepts = fn(&Path) -> bool;

fn output(tool: &str, arguments: &[&str], file: &Path) -> (bool, String) {
    let output = Command::new(tool).args(arguments).arg(file).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

/// Both agree on the intact image and on what is left of it after each of `flips` flipped bits, spread evenly over
/// `range`; cut to each of `cuts` thousandths it passes with neither.
#[track_caller]
fn agree(image: &[u8], range: std::ops::Range<usize>, flips: usize, cuts: &[usize], accepts: Accepts) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("image.bin");
    let peer = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        accepts(&file)
    };
    assert!(peer(image), "the peer refuses the intact image");
    assert_eq!(integrity(image), Verdict::Pass, "{:?}", facts(image));
    let mut refused = 0;
    for flip in 0..flips {
        let at = range.start + (range.len() - 1) * flip / (flips - 1).max(1);
        let mut damaged = image.to_vec();
        damaged[at] ^= 1 << (flip % 8);
        if !peer(&damaged) {
            refused += 1;
            assert_ne!(integrity(&damaged), Verdict::Pass, "bit {} of byte {at}", flip % 8);
        }
    }
    assert!(refused * 2 > flips, "the peer refused only {refused} of {flips}");
    for cut in cuts {
        let short = &image[..image.len() * cut / 1000];
        assert!(!peer(short), "the peer takes {cut} thousandths");
        assert_ne!(integrity(short), Verdict::Pass, "{cut} thousandths");
    }
}

#[test]
fn imgtool() {
    if !has("imgtool") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("program"), noise(20_000, 1)).unwrap();
    let arguments = "create --align 4 --version 1.2.3+4 --header-size 0x200 --pad-header --slot-size 0x10000 program image";
    make(folder.path(), "imgtool", &arguments.split(' ').collect::<Vec<_>>());
    let image = std::fs::read(folder.path().join("image")).unwrap();
    assert_eq!(facts(&image).version.as_deref(), Some("1.2.3+4"));
    // The erased bytes behind the records are nobody's.
    agree(&image, 0..20_000, 12, &[300, 600], |file| output("imgtool", &["verify"], file).0);
}

/// An ESP32 application of two segments, with the XOR and the SHA-256 at its end (esptool's documentation, "Firmware Image
/// Format").
fn esp_image() -> Vec<u8> {
    let mut image =
        vec![0xe9, 2, 2, 0x20, 0, 0, 0x08, 0x40, 0xee, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let mut xor = 0xef;
    for (address, seed, len) in [(0x3ffb_0000_u32, 7, 4000), (0x4008_0000, 9, 6000)] {
        image.extend(address.to_le_bytes());
        image.extend((len as u32).to_le_bytes());
        let data = noise(len, seed);
        xor = data.iter().fold(xor, |sum, byte| sum ^ byte);
        image.extend(data);
    }
    let end = (image.len() + 1).next_multiple_of(16);
    image.resize(end - 1, 0);
    image.push(xor);
    let digest = sha2::Sha256::digest(&image);
    image.extend(digest);
    image
}

#[test]
fn esptool() {
    if !has("esptool") {
        return;
    }
    // The last 48 bytes are padding, XOR and digest; those of the header are checked by the digest only.
    let image = esp_image();
    agree(&image, 32..image.len() - 60, 6, &[600], |file| {
        let (ended_well, text) = output("esptool", &["image-info"], file);
        ended_well && !text.to_lowercase().contains("invalid")
    });
}

#[test]
fn dfu_suffix() {
    if !has("dfu-suffix") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("image"), noise(9000, 3)).unwrap();
    make(folder.path(), "dfu-suffix", &["-v", "1d50", "-p", "6089", "-d", "0100", "-a", "image"]);
    let image = std::fs::read(folder.path().join("image")).unwrap();
    agree(&image, 0..image.len(), 40, &[600, 999], |file| output("dfu-suffix", &["-c"], file).0);
}

#[test]
fn unsquashfs() {
    if !has("unsquashfs") || !has("mksquashfs") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    std::fs::create_dir(&root).unwrap();
    for index in 0..20 {
        std::fs::write(root.join(format!("file-{index}")), noise(5000, index + 1)).unwrap();
    }
    make(
        folder.path(),
        "mksquashfs",
        &["root", "image", "-comp", "xz", "-no-progress", "-noappend", "-quiet"],
    );
    let image = std::fs::read(folder.path().join("image")).unwrap();
    let lists = |bytes: &[u8]| {
        let file = folder.path().join("tried");
        std::fs::write(&file, bytes).unwrap();
        output("unsquashfs", &["-l"], &file).0
    };
    assert!(lists(&image));
    let found = facts(&image);
    assert_eq!(found.format.as_deref(), Some("squashfs"));
    assert_ne!(found.integrity.verdict, Verdict::Fail, "{:?}", found.integrity);
    for cut in [100, 600, 900] {
        let short = &image[..image.len() * cut / 1000];
        assert!(!lists(short));
        assert_eq!(integrity(short), Verdict::Fail, "{cut} thousandths");
    }
}
