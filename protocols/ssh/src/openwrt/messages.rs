//! What `sysupgrade` says when it does not like an image: OpenWrt's `fwtool.sh`, `sysupgrade`, and the checks of its
//! platforms. Newer systems put a date and `upgrade:` before each line.

use super::board::Compat;

/// How many complaints are kept.
const MOST: usize = 20;

/// Why a system does not take an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Complaint {
    /// The image is for other devices.
    WrongDevice {
        /// What the unit calls itself.
        device: String,
        /// What the image is for.
        supported: Vec<String>,
    },
    /// The image needs another layout of the storage.
    OtherLayout {
        /// The unit's.
        unit: Compat,
        /// The image's.
        image: Compat,
    },
    /// The image does not understand the unit's settings.
    OtherSettings {
        /// The unit's.
        unit: Compat,
        /// The image's.
        image: Compat,
    },
    /// The image does not say what it is for.
    NoMetadata,
    /// What the image says of itself cannot be read.
    BadMetadata,
    /// The image is not signed, and the system wants a signature.
    NoSignature,
    /// The image is not of a kind that this system takes: often a factory image.
    WrongKind(String),
    /// The system cannot be upgraded from within.
    NotImplemented,
    /// There is no room for the image.
    NoRoom,
    /// Anything else, verbatim.
    Other(String),
}

impl Complaint {
    /// What it means, as a sentence.
    pub fn explanation(&self) -> String {
        match self {
            Self::WrongDevice { device, supported } if supported.is_empty() => {
                format!("The image is not for this unit, which calls itself {device}.")
            }
            Self::WrongDevice { device, supported } => {
                format!("The image is for {}; this unit calls itself {device}.", supported.join(", "))
            }
            Self::OtherLayout { unit, image } => {
                format!("The image needs the layout {image} of the storage; the unit has {unit}.")
            }
            Self::OtherSettings { unit, image } => {
                format!("The image (layout {image}) does not understand settings of the layout {unit}.")
            }
            Self::NoMetadata => "The image does not say what it is for.".into(),
            Self::BadMetadata => "What the image says of itself cannot be read.".into(),
            Self::NoSignature => "The image is not signed, and the system wants a signature.".into(),
            Self::WrongKind(text) => format!("The image is of another kind than this system takes ({text})."),
            Self::NotImplemented => "This system cannot be upgraded from within.".into(),
            Self::NoRoom => "There is no room for the image.".into(),
            Self::Other(text) => format!("The system says: {text}"),
        }
    }

    /// What to do about it, as a sentence.
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::WrongDevice { .. } => "Get the image for exactly this model and revision.",
            Self::OtherLayout { .. } => {
                "The device's page in OpenWrt's wiki says how its storage is laid out anew; sysupgrade cannot do it."
            }
            Self::OtherSettings { .. } => {
                "Install it without keeping the settings, and set the unit up anew."
            }
            Self::NoMetadata | Self::BadMetadata | Self::WrongKind(_) => {
                "Give the image whose name ends in `sysupgrade`, not the factory image, and download it again."
            }
            Self::NoSignature => "Get the image from its maker again.",
            Self::NotImplemented => "Install over the bootloader or a recovery mode.",
            Self::NoRoom => "Restart the unit and try again, or install over the bootloader.",
            Self::Other(_) => "Check that the image is for this device and undamaged.",
        }
    }

    /// Whether it goes away when the settings are not kept.
    pub fn is_about_settings(&self) -> bool {
        matches!(self, Self::OtherSettings { .. })
    }
}

/// Finds the complaints in what `sysupgrade` says.
pub fn complaints(said: &str) -> Vec<Complaint> {
    let mut found: Vec<Complaint> = Vec::new();
    for line in said.lines().map(strip_date).filter(|line| !line.is_empty()) {
        if found.len() >= MOST {
            break;
        }
        match read(line) {
            Line::Supported(names) => {
                if let Some(Complaint::WrongDevice { supported, .. }) = found.last_mut() {
                    *supported = names;
                }
            }
            Line::Complaint(complaint) if !found.contains(&complaint) => found.push(complaint),
            Line::Complaint(_) | Line::Nothing => {}
        }
    }
    // That the check failed is worth a word only where nothing says why.
    if found.len() > 1 {
        found.retain(|complaint| !matches!(complaint, Complaint::Other(text) if is_verdict(text)));
    }
    found
}

enum Line {
    Complaint(Complaint),
    Supported(Vec<String>),
    Nothing,
}

fn read(line: &str) -> Line {
    if let Some(rest) = line.strip_prefix("Device ")
        && let Some((device, _)) = rest.split_once(" not supported by this image")
    {
        return Line::Complaint(Complaint::WrongDevice { device: device.trim().into(), supported: vec![] });
    }
    if let Some(names) = line.strip_prefix("Supported devices:") {
        return Line::Supported(names.split_ascii_whitespace().take(100).map(str::to_owned).collect());
    }
    if line.starts_with("The device is supported, but") {
        let layouts = layouts(line);
        return match layouts {
            Some((unit, image)) if line.contains("incompatible for sysupgrade") => {
                Line::Complaint(Complaint::OtherLayout { unit, image })
            }
            Some((unit, image)) => Line::Complaint(Complaint::OtherSettings { unit, image }),
            None => Line::Complaint(Complaint::Other(line.into())),
        };
    }
    let lower = line.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let complaint = if has(&["image metadata not present", "image metadata not found"]) {
        Complaint::NoMetadata
    } else if has(&["invalid image metadata"]) {
        Complaint::BadMetadata
    } else if has(&["image signature not present", "image signature not found"]) {
        Complaint::NoSignature
    } else if has(&[
        "invalid image type",
        "invalid image magic",
        "unsupported image",
        "no valid magic",
        "invalid sysupgrade file",
    ]) {
        Complaint::WrongKind(line.into())
    } else if has(&[
        "is not implemented for this platform",
        "sysupgrade is not supported for your board",
        "sysupgrade is not yet supported",
    ]) {
        Complaint::NotImplemented
    } else if has(&["no space left on device", "not enough space", "out of memory", "cannot allocate memory"])
    {
        Complaint::NoRoom
    } else if is_verdict(line)
        || has(&["invalid", "not supported", "incompatible", "corrupt", "not found", "failed"])
    {
        Complaint::Other(line.into())
    } else {
        return Line::Nothing;
    };
    Line::Complaint(complaint)
}

/// Lines that say that a check failed, and not why.
fn is_verdict(line: &str) -> bool {
    line.starts_with("Image check") && line.contains("failed")
}

/// `(1.0->1.1)`.
fn layouts(line: &str) -> Option<(Compat, Compat)> {
    let inside = line.split_once('(')?.1.split_once(')')?.0;
    let (unit, image) = inside.split_once("->")?;
    Some((Compat::parse(unit)?, Compat::parse(image)?))
}

/// Takes `Thu Feb 29 10:00:00 UTC 2024 upgrade: ` away.
fn strip_date(line: &str) -> &str {
    let line = line.trim();
    match line.split_once("upgrade: ") {
        Some((before, rest)) if !before.contains(|symbol: char| matches!(symbol, '\'' | '"' | '(')) => {
            rest.trim()
        }
        _ => line,
    }
}

/// Whether the system says that it begins to write: from here on, nobody stops it.
pub fn has_begun(said: &str) -> bool {
    ["Commencing upgrade", "Switching to ramdisk", "Performing system upgrade"]
        .iter()
        .any(|sign| said.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(said: &str, expected: &[Complaint]) {
        assert_eq!(complaints(said), expected, "{said}");
        for complaint in expected {
            assert!(
                complaint.explanation().ends_with(['.', ')']) || matches!(complaint, Complaint::Other(_))
            );
            assert!(complaint.next_step().ends_with('.'));
        }
    }

    #[test]
    fn known_texts_are_explained() {
        let compat = |text| Compat::parse(text).unwrap();
        let wrong = Complaint::WrongDevice {
            device: "acme,r2".into(),
            supported: vec!["acme,r1".into(), "acme,r1a".into()],
        };
        check(
            "Thu Feb 29 10:00:00 UTC 2024 upgrade: Device acme,r2 not supported by this image\n\
             Thu Feb 29 10:00:00 UTC 2024 upgrade: Supported devices: acme,r1 acme,r1a\n\
             Image check failed.\n",
            std::slice::from_ref(&wrong),
        );
        check(
            "Device acme,r2 not supported by this image\nSupported devices: acme,r1 acme,r1a\n\
             Image check 'fwtool_check_image' failed.\n",
            &[wrong],
        );
        check(
            "upgrade: The device is supported, but this image is incompatible for sysupgrade based on the image version (2.0->1.1).\n\
             upgrade: Config cannot be migrated from swconfig to DSA\nImage check failed.\n",
            &[Complaint::OtherLayout { unit: compat("2.0"), image: compat("1.1") }],
        );
        check(
            "The device is supported, but the config is incompatible to the new image (1.0->1.1). Please upgrade without \
             keeping config (sysupgrade -n).\nImage check failed.\n",
            &[Complaint::OtherSettings { unit: compat("1.0"), image: compat("1.1") }],
        );
        check("Image metadata not present\nImage check failed.", &[Complaint::NoMetadata]);
        check("Image metadata not found", &[Complaint::NoMetadata]);
        check("Invalid image metadata", &[Complaint::BadMetadata]);
        check("Invalid image type.", &[Complaint::WrongKind("Invalid image type.".into())]);
        check("Firmware upgrade is not implemented for this platform.", &[Complaint::NotImplemented]);
        check("cat: write error: No space left on device", &[Complaint::NoRoom]);
        check("Image check failed.", &[Complaint::Other("Image check failed.".into())]);
        check("Saving config files...\nCommencing upgrade. Closing all shell sessions.\n", &[]);
    }

    #[test]
    fn only_settings_can_be_left_behind() {
        let compat = Compat::FIRST;
        assert!(Complaint::OtherSettings { unit: compat, image: compat }.is_about_settings());
        assert!(!Complaint::OtherLayout { unit: compat, image: compat }.is_about_settings());
    }

    #[test]
    fn a_beginning_is_told_from_talk() {
        assert!(has_begun("upgrade: Commencing upgrade. Closing all shell sessions."));
        assert!(has_begun("Saving config files...\nSwitching to ramdisk...\n"));
        assert!(!has_begun("Saving config files...\n"));
    }
}
