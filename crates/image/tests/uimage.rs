//! Legacy images as `mkimage` makes them.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::fs;
use std::process::Command;

use debrick_model::Verdict;
use support::{facts, failures, flipped, has, integrity, make, noise};

/// An image of 500 bytes; `None` where the tool is missing.
fn uimage(options: &[&str]) -> Option<(tempfile::TempDir, Vec<u8>)> {
    if !has("mkimage") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), noise(500, 9)).unwrap();
    let arguments = [options, &["-n", "ACME R1 firmware 1.2", "-d", "data", "image"]].concat();
    make(folder.path(), "mkimage", &arguments);
    let image = fs::read(folder.path().join("image")).unwrap();
    Some((folder, image))
}

const KERNEL: &[&str] = &["-A", "mips", "-O", "linux", "-T", "kernel", "-C", "lzma", "-a", "0x80000000"];

#[test]
fn tells_what_it_is() {
    let Some((_, image)) = uimage(KERNEL) else { return };
    let facts = facts(&image);
    assert_eq!(facts.format.as_deref(), Some("uimage"));
    assert_eq!(facts.architecture.as_deref(), Some("mips"));
    assert_eq!(facts.version.as_deref(), Some("1.2"));
    assert_eq!(facts.integrity.verdict, Verdict::Pass);
    let fields = &facts.containers[0].fields;
    assert_eq!((fields["os"].as_str(), fields["type"].as_str()), ("linux", "kernel"));
    assert_eq!((fields["compression"].as_str(), fields["load"].as_str()), ("lzma", "0x80000000"));
}

#[test]
fn every_byte_counts_as_dumpimage_says_too() {
    let Some((folder, image)) = uimage(KERNEL) else { return };
    let accepted = |bytes: &[u8]| {
        fs::write(folder.path().join("other"), bytes).unwrap();
        let output =
            Command::new("dumpimage").args(["-l", "other"]).current_dir(folder.path()).output().unwrap();
        // What it does not know it lists as some other kind of file, and calls that a success.
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("Image Name:")
    };
    assert!(accepted(&image) && integrity(&image) == Verdict::Pass);
    for at in 0..image.len() {
        let damaged = flipped(&image, at);
        let verdict = integrity(&damaged);
        assert_eq!(verdict, Verdict::Fail, "{at}");
        if at % 9 == 0 {
            assert!(!accepted(&damaged), "{at}");
        }
    }
    assert_eq!(failures(&flipped(&image, 40)), ["crc32 of the header"]);
    assert_eq!(failures(&flipped(&image, 100)), ["crc32 of the data"]);
    for len in 0..image.len() {
        let expected = if len < 4 { Verdict::Unknown } else { Verdict::Fail };
        assert_eq!(integrity(&image[..len]), expected, "{len}");
        if len % 20 == 0 {
            assert!(!accepted(&image[..len]), "{len}");
        }
    }
    assert_eq!(failures(&image[..300]), ["size of the data", "crc32 of the data"]);
}

/// The names that the real tool knows, each sent through it.
#[test]
fn names_are_those_of_mkimage() {
    let check = |option: &str, field: &str, names: &[&str]| {
        for name in names {
            let mut options = vec!["-A", "arm", "-O", "linux", "-T", "kernel", "-C", "none"];
            options.extend([option, name]);
            let Some((_, image)) = uimage(&options) else { return };
            assert_eq!(facts(&image).containers[0].fields[field], *name);
        }
    };
    let architectures = "alpha arm x86 ia64 mips mips64 powerpc s390 sh sparc sparc64 m68k microblaze nios2 blackfin \
                         avr32 sandbox nds32 or1k arm64 arc x86_64 xtensa riscv";
    check("-A", "arch", &architectures.split_whitespace().collect::<Vec<_>>());
    let types = "standalone kernel ramdisk firmware filesystem kernel_noload";
    check("-T", "type", &types.split_whitespace().collect::<Vec<_>>());
    check("-C", "compression", &["none", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd"]);
    check("-O", "os", &["linux", "netbsd", "u-boot", "vxworks", "qnx", "rtems", "ose", "plan9", "integrity"]);
}

#[test]
fn scripts_and_multi_part_images_list_their_parts() {
    if !has("mkimage") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("one"), "echo hello\n").unwrap();
    fs::write(folder.path().join("two"), noise(77, 5)).unwrap();
    make(folder.path(), "mkimage", &["-A", "arm", "-T", "script", "-d", "one", "image"]);
    let script = facts(&fs::read(folder.path().join("image")).unwrap());
    assert_eq!(script.integrity.verdict, Verdict::Pass);
    assert_eq!(script.architecture, None);
    assert_eq!(script.container("uboot-script").unwrap().size, 11);
    make(folder.path(), "mkimage", &["-A", "arm", "-T", "multi", "-C", "none", "-d", "one:two", "image"]);
    let image = fs::read(folder.path().join("image")).unwrap();
    let sizes: Vec<u64> = facts(&image)
        .containers
        .iter()
        .filter(|container| container.format == "uimage-part")
        .map(|container| container.size)
        .collect();
    assert_eq!(sizes, [11, 77]);
    for len in 64..image.len() {
        assert_eq!(integrity(&image[..len]), Verdict::Fail, "{len}");
    }
}

#[test]
fn bytes_behind_the_image_are_no_fault() {
    let Some((_, mut image)) = uimage(KERNEL) else { return };
    let mut padded = image.clone();
    padded.extend([0xff; 1000]);
    image.extend(noise(1000, 3));
    for (image, warnings) in [(padded, 0), (image, 1)] {
        let facts = facts(&image);
        assert_eq!(facts.integrity.verdict, Verdict::Pass);
        assert_eq!(facts.warnings.len(), warnings, "{:?}", facts.warnings);
    }
}
