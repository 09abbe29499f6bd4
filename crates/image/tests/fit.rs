//! FIT images as `mkimage` makes them.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use std::fs;

use debrick_image::inspect;
use debrick_model::Verdict;
use support::{Huge, facts, failures, flipped, has, integrity, make, noise, run};

const TREE: &str = r#"/dts-v1/;
/ { description = "ACME R1 firmware 2.0.1"; #address-cells = <1>;
 images {
  kernel { description = "kernel"; data = /incbin/("kernel"); type = "kernel"; arch = "arm64"; os = "linux";
   compression = "none"; load = <0x40400000>; entry = <0x40400000>; HASHES };
  ramdisk { description = "rootfs"; data = /incbin/("ramdisk"); type = "ramdisk"; arch = "arm64"; os = "linux";
   compression = "none"; hash-1 { algo = "sha256"; }; };
 };
 configurations { default = "conf-1"; conf-1 { description = "acme,r1"; kernel = "kernel"; ramdisk = "ramdisk"; }; };
};"#;

const SHA256: &str = r#"hash-1 { algo = "sha256"; };"#;

struct Made {
    folder: tempfile::TempDir,
    kernel: Vec<u8>,
    ramdisk: Vec<u8>,
    image: Vec<u8>,
}

/// A FIT of 700 bytes of kernel and 300 of ramdisk; `None` where the tools are missing.
fn fit(tree: &str, options: &[&str]) -> Option<Made> {
    if !has("mkimage") || !has("dtc") {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let (kernel, ramdisk) = (noise(700, 1), noise(300, 2));
    fs::write(folder.path().join("kernel"), &kernel).unwrap();
    fs::write(folder.path().join("ramdisk"), &ramdisk).unwrap();
    fs::write(folder.path().join("tree.its"), tree).unwrap();
    let arguments = [options, &["-f", "tree.its", "image.itb"]].concat();
    make(folder.path(), "mkimage", &arguments);
    let image = fs::read(folder.path().join("image.itb")).unwrap();
    Some(Made { folder, kernel, ramdisk, image })
}

fn find(image: &[u8], part: &[u8]) -> usize {
    image.windows(part.len()).position(|window| window == part).unwrap()
}

#[test]
fn tells_what_it_is() {
    let Some(made) = fit(&TREE.replace("HASHES", SHA256), &[]) else { return };
    let facts = facts(&made.image);
    assert_eq!(facts.format.as_deref(), Some("fit"));
    assert_eq!(facts.vendor.as_deref(), Some("ACME"));
    assert_eq!(facts.model.as_deref(), Some("R1"));
    assert_eq!(facts.version.as_deref(), Some("2.0.1"));
    assert_eq!(facts.board_ids, ["acme,r1"]);
    assert_eq!(facts.architecture.as_deref(), Some("arm64"));
    assert_eq!(facts.integrity.verdict, Verdict::Pass);
    assert_eq!(facts.provenance.verdict, Verdict::Unknown);
    assert!(facts.warnings.is_empty(), "{:?}", facts.warnings);
    let kernel = facts.container("fit-image").unwrap();
    assert_eq!((kernel.offset, kernel.size), (find(&made.image, &made.kernel) as u64, 700));
    assert_eq!(kernel.fields["load"], "0x40400000");
}

#[test]
fn every_byte_of_the_contents_and_of_their_digests_counts() {
    for options in [&[][..], &["-E"], &["-E", "-p", "0x1000"]] {
        let hashes = ["crc32", "md5", "sha1", "sha256"].iter().enumerate();
        let hashes: String = hashes.map(|(n, name)| format!("hash-{n} {{ algo = \"{name}\"; }};")).collect();
        let Some(made) = fit(&TREE.replace("HASHES", &hashes), options) else { return };
        assert_eq!(integrity(&made.image), Verdict::Pass, "{options:?} {:?}", facts(&made.image).integrity);
        let kernel = find(&made.image, &made.kernel);
        for at in kernel..kernel + made.kernel.len() {
            let expected = ["crc32 of kernel", "md5 of kernel", "sha1 of kernel", "sha256 of kernel"];
            assert_eq!(failures(&flipped(&made.image, at)), expected, "{options:?} {at}");
        }
        let ramdisk = find(&made.image, &made.ramdisk);
        for at in ramdisk..ramdisk + made.ramdisk.len() {
            assert_eq!(failures(&flipped(&made.image, at)), ["sha256 of ramdisk"], "{options:?} {at}");
        }
        for check in facts(&made.image).integrity.checks {
            if check.name.ends_with("of kernel") {
                let at = check.offset.unwrap() as usize;
                assert_eq!(failures(&flipped(&made.image, at)), [check.name], "{options:?} {at}");
            }
        }
    }
}

#[test]
fn no_truncation_passes() {
    for options in [&[][..], &["-E"]] {
        let Some(made) = fit(&TREE.replace("HASHES", SHA256), options) else { return };
        for len in 0..made.image.len() {
            let verdict = integrity(&made.image[..len]);
            let expected = if len < 40 { Verdict::Unknown } else { Verdict::Fail };
            assert!(
                verdict == expected || (len < 40 && verdict == Verdict::Fail),
                "{options:?} {len} {verdict:?}"
            );
        }
        let report = facts(&made.image[..made.image.len() - 1]).integrity;
        let mut sizes = report.checks.iter().filter(|check| check.name.starts_with("size of "));
        assert!(sizes.any(|check| !check.ok), "{report:?}");
    }
}

#[test]
fn agrees_with_dumpimage() {
    let Some(made) = fit(&TREE.replace("HASHES", SHA256), &[]) else { return };
    let listed = |bytes: &[u8]| {
        fs::write(made.folder.path().join("other.itb"), bytes).unwrap();
        run(made.folder.path(), "dumpimage", &["-l", "other.itb"])
    };
    assert!(listed(&made.image));
    // `dumpimage` looks at the structure only: it refuses nothing that passes here, and what it refuses fails here.
    for at in (0..made.image.len()).step_by(7) {
        let damaged = flipped(&made.image, at);
        let facts = facts(&damaged);
        if !listed(&damaged) {
            let refused = facts.format.as_deref() != Some("fit") || facts.integrity.verdict != Verdict::Pass;
            assert!(refused, "{at}: {:?}", facts.integrity);
        }
    }
    for len in (0..made.image.len()).step_by(101) {
        assert_ne!(integrity(&made.image[..len]), Verdict::Pass);
    }
}

#[test]
fn what_no_digest_covers_is_not_called_undamaged() {
    let Some(made) = fit(&TREE.replace("HASHES", ""), &[]) else { return };
    let report = facts(&made.image).undamaged();
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.reasons, ["No digest covers the image kernel."]);
}

#[test]
fn a_signature_needs_a_trusted_key() {
    let tree = TREE.replace("HASHES", SHA256).replace(
        r#"ramdisk = "ramdisk"; };"#,
        r#"ramdisk = "ramdisk"; signature-1 { algo = "sha256,rsa2048"; key-name-hint = "dev"; value = <1 2>; }; };"#,
    );
    // `mkimage` would want the key; the compiler below it takes the node as it stands.
    let Some(made) = fit(&TREE.replace("HASHES", SHA256), &[]) else { return };
    fs::write(made.folder.path().join("signed.its"), tree).unwrap();
    make(made.folder.path(), "dtc", &["-q", "-O", "dtb", "-o", "signed.itb", "signed.its"]);
    let report = facts(&fs::read(made.folder.path().join("signed.itb")).unwrap()).provenance;
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(report.reasons[0].contains("conf-1 (key \"dev\")"), "{report:?}");
}

#[test]
fn a_missing_kernel_is_a_fault() {
    let Some(made) =
        fit(&TREE.replace("HASHES", SHA256).replace(r#"kernel = "kernel""#, r#"kernel = "kernal""#), &[])
    else {
        return;
    };
    assert_eq!(failures(&made.image), ["kernel of configuration conf-1"]);
}

#[test]
fn another_board_inside_does_not_count() {
    if !has("dtc") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let inner = r#"/dts-v1/; / { compatible = "other,x1", "soc"; model = "Other X1"; };"#;
    fs::write(folder.path().join("inner.dts"), inner).unwrap();
    make(folder.path(), "dtc", &["-O", "dtb", "-o", "ramdisk", "inner.dts"]);
    let blob = fs::read(folder.path().join("ramdisk")).unwrap();
    let alone = facts(&blob);
    assert_eq!(
        (alone.format.as_deref(), alone.board_ids.as_slice()),
        (Some("dtb"), &["other,x1".to_owned()][..])
    );
    assert_eq!((alone.vendor.as_deref(), alone.model.as_deref()), (Some("Other"), Some("X1")));
    assert_eq!(alone.integrity.verdict, Verdict::Unknown);
    for len in 4..blob.len() {
        assert_eq!(integrity(&blob[..len]), Verdict::Fail, "{len}");
    }
    fs::write(folder.path().join("kernel"), noise(100, 3)).unwrap();
    fs::write(folder.path().join("tree.its"), TREE.replace("HASHES", SHA256)).unwrap();
    if has("mkimage") {
        make(folder.path(), "mkimage", &["-f", "tree.its", "image.itb"]);
        let outer = facts(&fs::read(folder.path().join("image.itb")).unwrap());
        assert_eq!(outer.board_ids, ["acme,r1"]);
        assert_eq!(outer.warnings.len(), 1);
    }
}

#[test]
fn hostile_sizes_cost_nothing() {
    let Some(made) = fit(&TREE.replace("HASHES", SHA256), &["-E"]) else { return };
    for at in (4..40).step_by(4) {
        let mut damaged = made.image.clone();
        damaged[at..at + 4].fill(0xff);
        let source = Huge { head: damaged, len: 64 << 20 };
        let report = inspect(&source).unwrap().integrity;
        assert!(report.verdict != Verdict::Pass || [16, 20, 24, 28].contains(&at), "{at} {report:?}");
    }
}
