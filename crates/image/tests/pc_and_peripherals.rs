//! PC firmware and firmware of peripherals: small images, intact and damaged.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod support;

use debrick_model::Verdict;

use support::{covers, facts, flipped, noise};

/// A small image, what it is, and what damage to it is revealed.
struct Sample {
    name: &'static str,
    bytes: &'static [u8],
    format: &'static str,
    vendor: Option<&'static str>,
    verdict: Verdict,
    /// A byte whose change a checksum reveals.
    covered: Option<usize>,
    /// Whether a missing end shows.
    length: bool,
}

macro_rules! sample {
    ($file:literal, $format:literal, $vendor:expr, $verdict:ident, $covered:expr, $length:literal) => {
        Sample {
            name: $file,
            bytes: include_bytes!(concat!("../../../fuzz/corpora/", $file)),
            format: $format,
            vendor: $vendor,
            verdict: Verdict::$verdict,
            covered: $covered,
            length: $length,
        }
    };
}

#[rustfmt::skip]
const SAMPLES: &[Sample] = &[
    sample!("peripheral/ath9k-htc", "ath9k-htc-fw", Some("Qualcomm Atheros"), Unknown, None, false),
    sample!("peripheral/bcm57xx", "broadcom-bcm57xx", Some("Broadcom"), Pass, Some(5), false),
    sample!("peripheral/carl9170", "carl9170-fw", Some("Qualcomm Atheros"), Pass, Some(400), true),
    sample!("peripheral/ccgx", "cypress-ccgx-cyacd", Some("Cypress"), Pass, Some(30), true),
    sample!("peripheral/clm-blob", "cypress-clm-blob", Some("Cypress"), Pass, Some(200), true),
    sample!("peripheral/elan-touchpad", "elan-touchpad", Some("Elan"), Unknown, None, false),
    sample!("peripheral/pixart-rf", "pixart-rf", Some("PixArt"), Unknown, None, false),
    sample!("peripheral/prometheus", "synaptics-prometheus", Some("Synaptics"), Unknown, None, true),
    sample!("peripheral/synaptics-rmi", "synaptics-rmi", Some("Synaptics"), Pass, Some(0x60), true),
    sample!("peripheral/synaptics-rmi-old", "synaptics-rmi", Some("Synaptics"), Pass, Some(0x60), true),
    sample!("peripheral/titan", "ti-nsp-titan", Some("Texas Instruments (Titan)"), Pass, Some(0x210), true),
    sample!("peripheral/wacom-usb", "wacom-usb", Some("Wacom"), Pass, Some(80), true),
    sample!("uefi/capsule", "uefi-capsule", None, Pass, Some(2000), true),
    sample!("uefi/capsule-unsigned", "uefi-capsule", None, Unknown, None, true),
    sample!("uefi/cfu-offer", "microsoft-cfu-offer", Some("Microsoft"), Unknown, None, false),
    sample!("uefi/ifwi-cpd", "intel-ifwi-cpd", Some("Intel"), Unknown, None, true),
    sample!("uefi/ifwi-fpt", "intel-ifwi-fpt", Some("Intel"), Unknown, None, true),
    sample!("uefi/option-rom", "pci-option-rom", None, Unknown, None, true),
    sample!("uefi/pe", "pe-efi", None, Unknown, None, true),
    sample!("uefi/signature-list", "uefi-siglist", None, Unknown, None, true),
    sample!("uefi/uswid", "uswid-sbom", None, Unknown, None, true),
    sample!("uefi/uswid-compressed", "uswid-sbom", None, Pass, Some(100), true),
    sample!("uefi/variables", "uefi-nvram-vss2", None, Unknown, None, true),
    sample!("uefi/volume", "uefi-fv", None, Pass, Some(45), true),
];

#[test]
fn intact_files_are_told() {
    for sample in SAMPLES {
        let facts = facts(sample.bytes);
        let name = sample.name;
        assert_eq!(facts.format.as_deref(), Some(sample.format), "{name}");
        assert_eq!(facts.vendor.as_deref(), sample.vendor, "{name}");
        assert_eq!(facts.integrity.verdict, sample.verdict, "{name}: {:?}", facts.integrity);
        assert_eq!(facts.warnings, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn damaged_contents_are_revealed() {
    for sample in SAMPLES {
        let Some(at) = sample.covered else { continue };
        let mut bytes = sample.bytes.to_vec();
        bytes[at] ^= 1;
        let facts = facts(&bytes);
        assert_eq!(facts.format.as_deref(), Some(sample.format), "{}", sample.name);
        assert_eq!(facts.integrity.verdict, Verdict::Fail, "{}", sample.name);
    }
}

#[test]
fn missing_ends_are_revealed() {
    for sample in SAMPLES.iter().filter(|sample| sample.length) {
        let facts = facts(&sample.bytes[..sample.bytes.len() * 9 / 10]);
        assert_eq!(facts.format.as_deref(), Some(sample.format), "{}", sample.name);
        assert_eq!(facts.integrity.verdict, Verdict::Fail, "{}", sample.name);
    }
}

#[test]
fn appended_bytes_are_noticed() {
    for sample in SAMPLES.iter().filter(|sample| sample.length && sample.name != "uefi/pe") {
        let mut bytes = sample.bytes.to_vec();
        bytes.extend(noise(1337, 7));
        let facts = facts(&bytes);
        assert_eq!(facts.format.as_deref(), Some(sample.format), "{}", sample.name);
        let is_noticed = facts.integrity.verdict == Verdict::Fail || !facts.warnings.is_empty();
        assert!(is_noticed, "{}: {:?}", sample.name, facts.integrity);
    }
}

/// The descriptor of a chip of 12 KiB: BIOS, then management engine.
#[test]
fn a_flash_descriptor_names_its_regions() {
    let mut bytes = include_bytes!("../../../fuzz/corpora/uefi/flash-descriptor").to_vec();
    assert_eq!(facts(&bytes).integrity.verdict, Verdict::Fail, "regions are missing");
    bytes.resize(8192, 0xff);
    bytes[4096..4096 + 256].copy_from_slice(include_bytes!("../../../fuzz/corpora/uefi/volume"));
    bytes.extend(noise(4096, 5));
    let facts = facts(&bytes);
    assert_eq!(facts.format.as_deref(), Some("intel-flash-descriptor"));
    assert_eq!(facts.integrity.verdict, Verdict::Pass, "{:?}", facts.integrity);
    let formats: Vec<_> = facts.containers.iter().map(|container| container.format.as_str()).collect();
    assert_eq!(formats, ["intel-ifd", "uefi-fv", "uefi-nvram"]);
}

/// 64 KiB with a reset vector at its end, and SeaBIOS' texts in it.
#[test]
fn a_bios_is_told_by_its_reset_vector() {
    let mut bytes = noise(65536, 9);
    bytes[1000..1024].copy_from_slice(b"SeaBIOS\x001.16.2-test-one\0");
    bytes[65520..].copy_from_slice(b"\xea\x5b\xe0\x00\xf006/23/99\0\xfc\0");
    let intact = facts(&bytes);
    assert_eq!(intact.format.as_deref(), Some("pc-bios"));
    assert_eq!(intact.vendor.as_deref(), Some("SeaBIOS"));
    assert_eq!(intact.version.as_deref(), Some("1.16.2-test-one"));
    bytes.extend(noise(1337, 11));
    let longer = facts(&bytes);
    assert_eq!(longer.format.as_deref(), Some("pc-bios"));
    assert!(!longer.warnings.is_empty());
}

/// An image for PCs of one block whose bytes add up to zero.
#[test]
fn an_option_rom_is_summed() {
    let mut bytes = vec![0; 512];
    bytes[..4].copy_from_slice(&[0x55, 0xaa, 1, 0xeb]);
    bytes[0x18] = 0x1c;
    bytes[0x1c..0x1c + 22].copy_from_slice(b"PCIR\x86\x80\x0e\x10\0\0\x18\0\0\0\0\x02\x01\0\0\0\0\x80");
    bytes[100..104].copy_from_slice(b"iPXE");
    let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
    bytes[511] = sum.wrapping_neg();
    let intact = facts(&bytes);
    assert_eq!(intact.format.as_deref(), Some("pci-option-rom"));
    assert_eq!(intact.vendor.as_deref(), Some("iPXE"));
    assert_eq!(intact.board_ids, ["8086:100e"]);
    assert_eq!(intact.integrity.verdict, Verdict::Pass, "{:?}", intact.integrity);
    bytes[300] ^= 4;
    assert_eq!(facts(&bytes).integrity.verdict, Verdict::Fail);
}

/// Sections as they come out of a compressed one (PI Specification 1.7, volume 3, 3.2.4): some raw bytes, a volume.
#[test]
fn sections_of_a_file_are_followed() {
    let volume = include_bytes!("../../../fuzz/corpora/uefi/volume");
    let mut bytes = vec![21, 0, 0, 0x19];
    bytes.extend(noise(17, 12));
    bytes.resize(24, 0);
    bytes.extend([(4 + volume.len()) as u8, ((4 + volume.len()) >> 8) as u8, 0, 0x17]);
    bytes.extend(volume);
    let intact = facts(&bytes);
    assert_eq!(intact.format.as_deref(), Some("uefi-sections"));
    assert_eq!(intact.integrity.verdict, Verdict::Pass, "{:?}", intact.integrity);
    assert_eq!(intact.containers[1].format, "uefi-fv");
    assert_eq!(intact.containers[1].offset, 28);
    covers(&bytes, 28 + 45, "sum of the volume header");
    for len in 0..bytes.len() {
        assert_ne!(facts(&bytes[..len]).integrity.verdict, Verdict::Pass, "{len} bytes");
    }
    // A section of a type that does not exist, and one that reaches behind the end.
    for (at, value) in [(3, 0x99), (25, 0x30)] {
        let mut broken = bytes.clone();
        broken[at] = value;
        assert_ne!(facts(&broken).format.as_deref(), Some("uefi-sections"), "byte {at}");
    }
}

/// Debian's firmware for virtual PCs: a volume whose file holds a compressed section with more volumes.
#[test]
fn ovmf_of_debian() {
    let path = "/usr/share/OVMF/OVMF_CODE.fd";
    let Ok(bytes) = std::fs::read(path) else {
        assert!(option_env!("CI").is_none(), "{path} is not there");
        return;
    };
    let intact = facts(&bytes);
    assert_eq!(intact.format.as_deref(), Some("uefi-fv"));
    assert_eq!(intact.integrity.verdict, Verdict::Pass, "{:?}", intact.integrity);
    let hidden = intact.containers.iter().filter(|container| container.unpacked);
    let formats: Vec<_> = hidden.map(|container| container.format.as_str()).collect();
    assert!(formats.contains(&"uefi-sections"), "{formats:?}");
    assert!(formats.iter().filter(|format| **format == "uefi-fv").count() >= 2, "{formats:?}");
    let damaged = facts(&flipped(&bytes, bytes.len() / 3));
    assert_eq!(damaged.integrity.verdict, Verdict::Fail);
    for tenths in [1, 5, 9] {
        let cut = facts(&bytes[..bytes.len() * tenths / 10]);
        assert_eq!(cut.integrity.verdict, Verdict::Fail, "{tenths} tenths");
    }
}
