//! What Android says of a build: `brand/product/device:release/id/incremental:type/keys`.
//!
//! Source: Android Compatibility Definition 13, section 3.2.2, `FINGERPRINT`.

use crate::reading::Reading;

/// Names of brands whose spelling is more than a capital letter.
const BRANDS: &[(&str, &str)] = &[
    ("asus", "ASUS"),
    ("htc", "HTC"),
    ("lge", "LG"),
    ("oneplus", "OnePlus"),
    ("oppo", "OPPO"),
    ("poco", "POCO"),
    ("tcl", "TCL"),
    ("zte", "ZTE"),
];

/// Takes maker, device and version from a fingerprint.
pub(crate) fn read_fingerprint(text: &str, reading: &mut Reading<'_>) {
    let Some(Fingerprint { brand, device, version }) = parse(text) else { return };
    reading.set_vendor(brand);
    reading.set_model(device.clone());
    reading.board(device);
    reading.set_version(version);
}

/// The parts of a fingerprint.
#[derive(Debug, PartialEq, Eq)]
struct Fingerprint {
    brand: String,
    device: String,
    version: String,
}

fn parse(text: &str) -> Option<Fingerprint> {
    let mut parts = text.split(':');
    let (names, version) = (parts.next()?, parts.next()?);
    let names: Vec<&str> = names.split('/').collect();
    let [brand, _, device] = names[..] else { return None };
    (!brand.is_empty() && !device.is_empty()).then(|| Fingerprint {
        brand: brand_name(brand),
        device: device.to_owned(),
        version: version.to_owned(),
    })
}

/// The name of a brand as its maker writes it.
fn brand_name(brand: &str) -> String {
    if let Some((_, name)) = BRANDS.iter().find(|(id, _)| brand.eq_ignore_ascii_case(id)) {
        return (*name).to_owned();
    }
    let mut symbols = brand.chars();
    symbols.next().map(|first| first.to_uppercase().chain(symbols).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_fingerprint() {
        let found = parse("google/lynx/lynx:13/TQ3A.230605.009/10100517:user/release-keys").unwrap();
        let expected = ("Google".to_owned(), "lynx".to_owned(), "13/TQ3A.230605.009/10100517".to_owned());
        assert_eq!((found.brand, found.device, found.version), expected);
        assert_eq!(parse("google/lynx:13"), None);
        assert_eq!(parse(""), None);
        assert_eq!(brand_name("oneplus"), "OnePlus");
    }
}
