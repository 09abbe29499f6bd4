//! Bundles and trailers of updaters, as real packers make them, where these are installed, and as built here.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::fs;

use debrick_model::Verdict;
use support::{covers, facts, failures, flipped, has, make, noise, told};

/// A bundle of one image for a board, signed with a key of its own.
fn rauc(format: &str) -> Option<Vec<u8>> {
    if !has("rauc") || !has("openssl") || !has("mksquashfs") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let request = "req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate -subj /CN=test -days 3650";
    make(path, "openssl", &request.split(' ').collect::<Vec<_>>());
    fs::create_dir(path.join("contents")).unwrap();
    fs::write(path.join("contents/rootfs.img"), noise(800_000, 1)).unwrap();
    let manifest = format!(
        "[update]\ncompatible=Acme Board\nversion=2.1-3\n{format}[image.rootfs]\nfilename=rootfs.img\n"
    );
    fs::write(path.join("contents/manifest.raucm"), manifest).unwrap();
    make(path, "rauc", &["--cert", "certificate", "--key", "key", "bundle", "contents", "image"]);
    Some(fs::read(path.join("image")).unwrap())
}

/// What holds for both formats: the file system is covered, so is the size of the signature, and nothing is hidden.
#[track_caller]
fn check_bundle(image: &[u8], check: &str) {
    let found = facts(image);
    assert_eq!(found.format.as_deref(), Some("rauc-bundle"));
    assert_eq!(found.integrity.verdict, Verdict::Pass, "{:?}", found.integrity);
    assert_eq!(found.warnings, [""; 0]);
    assert_eq!(found.containers[1].format, "squashfs");
    for at in [40, 1000, 400_000] {
        covers(image, at, check);
    }
    covers(image, image.len() - 1, "size of the signature");
    for len in (0..200).chain([1000, image.len() / 2, image.len() - 2000, image.len() - 8, image.len() - 1]) {
        assert_ne!(facts(&image[..len]).integrity.verdict, Verdict::Pass, "{len} bytes");
    }
    for at in 0..96 {
        assert_eq!(facts(&flipped(image, at)).format.as_deref(), Some("rauc-bundle"), "byte {at}");
    }
}

#[test]
fn bundles_of_rauc_in_the_plain_format() {
    let Some(image) = rauc("") else { return };
    check_bundle(&image, "sha256 that is signed");
}

/// The signature holds the manifest, and that the root of a tree of digests, which stands behind the file system.
#[test]
fn bundles_of_rauc_in_the_verity_format() {
    let Some(image) = rauc("[bundle]\nformat=verity\n") else { return };
    check_bundle(&image, "root of the tree of sha256");
    let found = facts(&image);
    assert_eq!(found.version.as_deref(), Some("2.1-3"));
    assert_eq!(found.board_ids, ["Acme Board"]);
    let manifest = image.windows(8).rposition(|there| there == b"[update]").unwrap();
    covers(&image, manifest + 30, "sha256 that is signed");
    // The tree: two blocks of digests and the block above them, right before the signature.
    let size = u64::from_be_bytes(image[image.len() - 8..].try_into().unwrap()) as usize;
    let end = image.len() - 8 - size;
    for at in [end - 3 * 4096 + 40, end - 4096 + 40, end - 1] {
        covers(&image, at, "tree of sha256");
    }
}

/// What fwtool appends: data, then magic number, CRC-32 from the first byte on, kind and size (fwimage.h).
fn append(image: &mut Vec<u8>, kind: u8, data: &[u8]) {
    image.extend(data);
    let crc = !crc32fast::hash(image);
    image.extend(b"FWx0");
    image.extend(crc.to_be_bytes());
    image.extend([kind, 0, 0, 0]);
    image.extend((data.len() as u32 + 16).to_be_bytes());
}

const METADATA: &str = r#"{ "metadata_version": "1.1", "compat_version": "1.0",
    "supported_devices":["acme,router-v1", "acme,router"],
    "version": { "dist": "OpenWrt", "version": "23.05.3", "revision": "r23809", "target": "ramips/mt7621",
    "board": "acme_router-v1" } }"#;

#[test]
fn trailers_of_fwtool() {
    let mut plain = noise(5000, 3);
    plain[..4].copy_from_slice(&[0x4d, 0x5a, 0, 0]);
    let metadata = [&[0; 8], METADATA.as_bytes()].concat();
    let mut image = plain.clone();
    append(&mut image, 1, &metadata);
    let signed_from = image.len();
    let with_metadata = image.clone();
    append(&mut image, 0, b"untrusted comment: signed by nobody\nRWQ\n");
    for image in [&with_metadata, &image] {
        let found = facts(image);
        assert_eq!(found.format.as_deref(), Some("openwrt-sysupgrade"));
        assert_eq!(found.integrity.verdict, Verdict::Pass, "{:?}", found.integrity);
        assert_eq!(found.version.as_deref(), Some("23.05.3"));
        assert_eq!(found.board_ids, ["acme,router-v1", "acme,router"]);
        assert_eq!(told(&found, "fwtool", "target"), "ramips/mt7621");
        for at in [0, 100, 4000, 5000, 5100] {
            covers(image, at, "crc32 up to the metadata trailer");
        }
        for len in (0..image.len()).step_by(37).chain(image.len() - 40..image.len()) {
            let verdict = facts(&image[..len]).integrity.verdict;
            // Without its signature the image is whole, and only unsigned.
            assert!(verdict != Verdict::Pass || len >= signed_from, "{len} of {} bytes", image.len());
        }
    }
    covers(&image, signed_from + 5, "crc32 up to the signature trailer");
    for at in image.len() - 16..image.len() - 8 {
        assert_eq!(facts(&flipped(&image, at)).format.as_deref(), Some("openwrt-sysupgrade"), "byte {at}");
    }
}

const METAINFO: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<component type="firmware"><id>com.acme.Board.firmware</id><name>Acme Board</name>
<provides><firmware type="flashed">00112233-4455-6677-8899-aabbccddeeff</firmware></provides>
<developer_name>Acme</developer_name>
<releases><release version="1.2.3" date="2023-11-14">
<checksum filename="firmware.bin" target="content" type="sha256">DIGEST</checksum>
</release></releases></component>"#;

/// A cabinet of gcab's, stored or compressed.
fn cabinet(arguments: &[&str], digest: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("firmware.bin"), noise(70_000, 4)).unwrap();
    fs::write(path.join("firmware.metainfo.xml"), METAINFO.replace("DIGEST", digest)).unwrap();
    make(path, "gcab", &[arguments, &["image", "firmware.metainfo.xml", "firmware.bin"]].concat());
    fs::read(path.join("image")).unwrap()
}

#[test]
fn cabinets_of_gcab() {
    use sha2::Digest as _;
    if !has("gcab") {
        return;
    }
    let digest: String =
        sha2::Sha256::digest(noise(70_000, 4)).iter().map(|byte| format!("{byte:02x}")).collect();
    for arguments in [&["-c"][..], &["-c", "-z"]] {
        let image = cabinet(arguments, &digest);
        let found = facts(&image);
        assert_eq!(found.format.as_deref(), Some("lvfs-cab"));
        assert_eq!(found.integrity.verdict, Verdict::Pass, "{:?}", found.integrity);
        assert_eq!(found.warnings, [""; 0]);
        let (vendor, model, version) = (found.vendor, found.model, found.version);
        assert_eq!(vendor.as_deref(), Some("Acme"));
        assert_eq!((model.as_deref(), version.as_deref()), (Some("Acme Board"), Some("1.2.3")));
        assert_eq!(found.board_ids, ["00112233-4455-6677-8899-aabbccddeeff"]);
        for at in [2000, 40_000, image.len() - 1] {
            covers(&image, at, "sum of a block");
        }
        for len in (0..200).chain([1000, 40_000, image.len() - 1]) {
            assert_ne!(facts(&image[..len]).integrity.verdict, Verdict::Pass, "{len} bytes");
        }
    }
    let other = cabinet(&["-c"], &digest.replace(['0', '1', '2'], "3"));
    assert_eq!(failures(&other), ["sha256 of firmware.bin"]);
}
