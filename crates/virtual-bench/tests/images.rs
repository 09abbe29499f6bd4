//! The images are real FITs.

use std::process::Command;

use debrick_image::inspect;
use debrick_virtual_bench::{FirmwareOptions, firmware};

#[test]
fn images_are_understood_and_undamaged() {
    let image = firmware("2.0.1", &FirmwareOptions::default());
    assert_eq!(image, firmware("2.0.1", &FirmwareOptions::default()));
    assert!((900 << 10..=1 << 20).contains(&image.len()), "{}", image.len());
    let facts = inspect(&image).unwrap();
    assert_eq!(facts.format.as_deref(), Some("fit"));
    assert_eq!(facts.version.as_deref(), Some("2.0.1"));
    assert_eq!(facts.model.as_deref(), Some("R1"));
    assert_eq!(facts.vendor.as_deref(), Some("ACME"));
    assert_eq!(facts.architecture.as_deref(), Some("arm64"));
    assert_eq!(facts.board_ids, ["acme,r1"]);
    assert_eq!(facts.integrity.verdict, debrick_model::Verdict::Pass, "{:?}", facts.integrity);
    assert!(facts.warnings.is_empty(), "{:?}", facts.warnings);

    let mut damaged = image.clone();
    damaged[500_000] ^= 1;
    assert_ne!(inspect(&damaged).unwrap().integrity.verdict, debrick_model::Verdict::Pass);
}

#[test]
fn other_models_sizes_and_architectures_are_made_too() {
    for (size, architecture) in [(0, "arm64"), (5000, "arm"), (64 << 10, "mips"), (4 << 20, "arm64")] {
        let options = FirmwareOptions {
            vendor: "ACME".into(),
            model: "R2".into(),
            board_id: "acme,r2".into(),
            architecture: architecture.into(),
            size,
            seed: 3,
        };
        let image = firmware("1.2.3", &options);
        assert!(image.len() <= size.max(4096), "{size}: {}", image.len());
        let facts = inspect(&image).unwrap();
        assert_eq!(facts.integrity.verdict, debrick_model::Verdict::Pass);
        assert_eq!(facts.model.as_deref(), Some("R2"));
        assert_eq!(facts.architecture.as_deref(), Some(architecture));
        assert_eq!(facts.board_ids, ["acme,r2"]);
    }
    let options = FirmwareOptions::default();
    assert_ne!(firmware("1.0.4", &options).len(), firmware("2.0.1", &options).len());
    assert_ne!(
        firmware("1.0.4", &options),
        firmware("1.0.4", &FirmwareOptions { seed: 1, ..options.clone() })
    );
}

/// Skipped where U-Boot's tools are not installed.
#[test]
fn the_real_dumpimage_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.itb");
    std::fs::write(&path, firmware("2.0.1", &FirmwareOptions::default())).unwrap();
    let Ok(output) = Command::new("dumpimage").arg("-l").arg(&path).output() else { return };
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    for part in [
        "FIT description: ACME R1 firmware 2.0.1",
        "Architecture: AArch64",
        "Load Address: 0x40400000",
        "Hash algo:    sha256",
        "Default Configuration: 'conf-1'",
        "Init Ramdisk: ramdisk",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    // The boot region is one of U-Boot's scripts, too.
    let mut boot = debrick_virtual_bench::UnitState::healthy(&[]).read(0, 0x1_0000);
    boot.truncate(64 + usize::from(boot[14]) * 256 + usize::from(boot[15]));
    std::fs::write(&path, boot).unwrap();
    let output = Command::new("dumpimage").arg("-l").arg(&path).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("AArch64 Linux Script"), "{output:?}");
}
