//! gzip, cpio, ELF and environments as their own tools make them, and what is none of these.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::fs;
use std::process::{Command, Stdio};

use debrick_image::{Environment, inspect, known_formats};
use debrick_model::{Coded, Verdict};
use debrick_target::{Source, SourceError};
use proptest::prelude::*;
use support::{Huge, facts, flipped, has, integrity, make, noise};

fn gzip() -> Option<Vec<u8>> {
    if !has("gzip") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), noise(1200, 4)).unwrap();
    make(folder.path(), "gzip", &["-N", "data"]);
    Some(fs::read(folder.path().join("data.gz")).unwrap())
}

#[test]
fn gzip_is_checked_to_its_end() {
    let Some(image) = gzip() else { return };
    let whole = facts(&image);
    assert_eq!((whole.format.as_deref(), whole.integrity.verdict), (Some("gzip-wrapped"), Verdict::Pass));
    assert_eq!(whole.containers[0].fields["uncompressed-size"], "1200");
    assert_eq!(whole.containers[0].fields["name"], "data");
    let header = 10 + "data".len() + 1;
    // A few bits mean nothing, those between a block's header and its bytes: there `gzip` itself sees no damage.
    let unnoticed = (header..image.len()).filter(|at| integrity(&flipped(&image, *at)) == Verdict::Pass);
    for at in unnoticed {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("damaged.gz"), flipped(&image, at)).unwrap();
        make(folder.path(), "gzip", &["-t", "damaged.gz"]);
    }
    for len in 4..image.len() {
        assert_eq!(integrity(&image[..len]), Verdict::Fail, "{len}");
    }
    let twice = [image.clone(), image.clone()].concat();
    assert_eq!(facts(&twice).containers[0].size, twice.len() as u64);
    let padded = [image.clone(), vec![0; 100]].concat();
    assert_eq!((integrity(&padded), facts(&padded).warnings.len()), (Verdict::Pass, 0), "zeros are padding");
    let junk = [image.clone(), noise(100, 8)].concat();
    assert_eq!((integrity(&junk), facts(&junk).warnings.len()), (Verdict::Pass, 1));
}

fn cpio(format: &str) -> Option<Vec<u8>> {
    if !has("cpio") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("init"), "#!/bin/sh\n").unwrap();
    fs::write(folder.path().join("other"), noise(333, 6)).unwrap();
    fs::write(folder.path().join("names"), "init\nother\n").unwrap();
    let names = fs::File::open(folder.path().join("names")).unwrap();
    let output = Command::new("cpio")
        .args(["-o", "-H", format])
        .current_dir(folder.path())
        .stdin(Stdio::from(names))
        .output()
        .unwrap();
    Some(output.stdout)
}

#[test]
fn cpio_is_followed_to_its_end_mark() {
    let Some(plain) = cpio("newc") else { return };
    let whole = facts(&plain);
    assert_eq!((whole.format.as_deref(), whole.integrity.verdict), (Some("cpio-newc"), Verdict::Unknown));
    assert_eq!(whole.containers[0].fields["entries"], "2");
    let end = whole.containers[0].size as usize;
    for len in 6..end - 3 {
        assert_eq!(integrity(&plain[..len]), Verdict::Fail, "{len}");
    }
    let Some(summed) = cpio("crc") else { return };
    assert_eq!(integrity(&summed), Verdict::Pass);
    let data = summed.windows(10).position(|part| part == b"#!/bin/sh\n").unwrap();
    for at in data..data + 10 {
        assert_eq!(integrity(&flipped(&summed, at)), Verdict::Fail, "{at}");
    }
}

/// A stored environment of 1 KiB.
fn environment(options: &[&str]) -> Option<Vec<u8>> {
    if !has("mkenvimage") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("text"), "bootcmd=run x\nbootdelay=2\nboard=r1\nempty=\n").unwrap();
    make(folder.path(), "mkenvimage", &[options, &["-s", "1024", "-o", "image", "text"]].concat());
    Some(fs::read(folder.path().join("image")).unwrap())
}

#[test]
fn environments_in_all_layouts() {
    for (options, redundant, big_endian) in [
        (&[][..], false, false),
        (&["-r"], true, false),
        (&["-b"], false, true),
        (&["-r", "-b"], true, true),
        (&["-p", "0x00"], false, false),
    ] {
        let Some(image) = environment(options) else { return };
        let found = Environment::read(&image).unwrap().unwrap();
        assert!(found.is_intact(), "{options:?}");
        assert_eq!((found.layout.redundant, found.layout.big_endian), (redundant, big_endian));
        assert_eq!(found.flag, redundant.then_some(1));
        assert_eq!(found.variables["bootcmd"], "run x");
        assert!(found.variables.len() >= 3);
        let whole = facts(&image);
        assert_eq!((whole.format.as_deref(), whole.integrity.verdict), (Some("uboot-env"), Verdict::Pass));
        for at in 0..image.len() {
            // The flag is outside the checksum by design.
            if !(redundant && at == 4) {
                assert_ne!(integrity(&flipped(&image, at)), Verdict::Pass, "{options:?} {at}");
            }
        }
        for len in 0..image.len() {
            assert_ne!(integrity(&image[..len]), Verdict::Pass, "{options:?} {len}");
        }
        assert_eq!(integrity(&flipped(&image, 700)), Verdict::Fail);
    }
}

#[test]
fn an_elf_tells_its_processor() {
    let mut image = vec![0; 64];
    image[..6].copy_from_slice(b"\x7fELF\x02\x01");
    image[18] = 183;
    let whole = facts(&image);
    assert_eq!((whole.format.as_deref(), whole.architecture.as_deref()), (Some("elf"), Some("arm64")));
    assert_eq!(whole.integrity.verdict, Verdict::Unknown);
    image[32] = 0x40;
    image[54] = 56;
    image[56] = 2;
    assert_eq!(integrity(&image), Verdict::Fail);
    for len in 6..64 {
        assert_eq!(integrity(&image[..len]), Verdict::Fail, "{len}");
    }
}

#[test]
fn no_format_is_invented() {
    for bytes in [vec![], vec![0; 5000], vec![0xff; 5000], noise(5000, 8), b"A letter. x=1\n".to_vec()] {
        let whole = facts(&bytes);
        assert_eq!((whole.format, whole.integrity.verdict), (None, Verdict::Unknown));
        assert_eq!(whole.provenance.verdict, Verdict::Unknown);
    }
}

#[test]
fn ids_are_unique() {
    let mut ids: Vec<_> = known_formats().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), known_formats().count());
}

#[test]
fn little_memory_is_enough_for_much() {
    let Some(image) = gzip() else { return };
    let facts = inspect(&Huge { head: image, len: 100 << 20 }).unwrap();
    assert_eq!(facts.integrity.verdict, Verdict::Pass);
}

struct Broken;

impl Source for Broken {
    fn len(&self) -> u64 {
        100
    }

    fn read_at(&self, offset: u64, _: &mut [u8]) -> Result<(), SourceError> {
        Err(SourceError { offset, source: std::io::ErrorKind::PermissionDenied.into() })
    }
}

#[test]
fn an_unreadable_source_is_an_error_not_a_verdict() {
    let error = inspect(&Broken).unwrap_err();
    assert_eq!(error.code(), "image-unreadable");
    assert!(!error.next_step().is_empty());
}

/// The first bytes of every format, so that random bytes reach the readers.
const MAGICS: &[&[u8]] = &[
    b"\xd0\x0d\xfe\xed",
    b"\x27\x05\x19\x56",
    b"\x1f\x8b\x08\x00",
    b"\x7fELF\x01\x01",
    b"\x7fELF\x02\x02",
    b"070701",
    b"070702",
    b"\0\0\0\0a=b\0c=d\0e=f\0\0",
];

proptest! {
    #[test]
    fn never_panics(magic in prop::sample::select(MAGICS), rest in prop::collection::vec(any::<u8>(), 0..600)) {
        facts(&[magic, &rest].concat());
        let zeros = [magic, &vec![0; rest.len()], &rest].concat();
        facts(&zeros);
    }
}
