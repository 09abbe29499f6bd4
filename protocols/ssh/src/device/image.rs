//! What the system thinks of an image: the metadata that `fwtool` appends, and the platform's own check.
//!
//! Source: OpenWrt fwtool (`fwimage.h`: magic `FWx0`, CRC-32 not complemented at its end, type, size, all big-endian) and
//! the messages of `fwtool.sh`. The platform is one whose images begin like U-Boot's.

use serde_json::{Value, json};

use super::system::Config;

const MAGIC: &[u8; 4] = b"FWx0";
const TRAILER: usize = 16;
const INFO: u8 = 1;
/// Version and flags before the text.
const INFO_HEADER: usize = 8;
/// How a legacy U-Boot image begins (U-Boot, `include/image.h`).
const UIMAGE: [u8; 4] = [0x27, 0x05, 0x19, 0x56];
/// How a flattened device tree begins, and a FIT with it (Devicetree Specification, 5.2).
const FIT: [u8; 4] = [0xD0, 0x0D, 0xFE, 0xED];

/// What an image says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// The devices that it is for.
    pub supported: Vec<String>,
    /// The layout that it needs.
    pub compat: String,
    /// The version of the system in it.
    pub version: Option<String>,
}

/// An image with metadata behind it, as OpenWrt's build appends it.
pub fn with_metadata(content: &[u8], metadata: &Metadata) -> Vec<u8> {
    let devices = if metadata.compat == "1.0" { "supported_devices" } else { "new_supported_devices" };
    let text = json!({
        "metadata_version": "1.1",
        "compat_version": metadata.compat,
        devices: metadata.supported,
        "version": { "dist": "OpenWrt", "version": metadata.version },
    })
    .to_string();
    let mut image = content.to_vec();
    image.extend_from_slice(&[0; INFO_HEADER]);
    image.extend_from_slice(text.as_bytes());
    let crc = !crc32fast::hash(&image);
    let size = (INFO_HEADER + text.len() + TRAILER) as u32;
    image.extend_from_slice(MAGIC);
    image.extend_from_slice(&crc.to_be_bytes());
    image.extend_from_slice(&[INFO, 0, 0, 0]);
    image.extend_from_slice(&size.to_be_bytes());
    image
}

/// The metadata of an image, if it has any and its sum is right.
pub(super) fn metadata(image: &[u8]) -> Option<Metadata> {
    let (content, trailer) = image.split_last_chunk::<TRAILER>()?;
    let word = |at: usize| Some(u32::from_be_bytes(trailer.get(at..at + 4)?.try_into().ok()?));
    let size = usize::try_from(word(12)?).ok()?;
    let start = image.len().checked_sub(size)?;
    if trailer[..4] != MAGIC[..] || trailer[8] != INFO || word(4)? != !crc32fast::hash(content) {
        return None;
    }
    let value: Value = serde_json::from_slice(content.get(start + INFO_HEADER..)?).ok()?;
    let compat = value["compat_version"].as_str().unwrap_or("1.0").to_owned();
    let devices = if compat == "1.0" { "supported_devices" } else { "new_supported_devices" };
    let names = value[devices].as_array()?.iter().filter_map(Value::as_str);
    Some(Metadata {
        supported: names.map(str::to_owned).collect(),
        version: value["version"]["version"].as_str().map(str::to_owned),
        compat,
    })
}

/// What the system says against an image; nothing, where it takes it.
pub(super) fn objections(config: &Config, image: &[u8], keeps_settings: bool) -> Vec<String> {
    let Some(metadata) = metadata(image) else { return vec!["Image metadata not present".into()] };
    let board = &config.board_name;
    if !metadata.supported.contains(board) {
        let supported = metadata.supported.join(" ");
        return vec![
            format!("Device {board} not supported by this image"),
            format!("Supported devices: {supported}"),
        ];
    }
    let (unit, theirs) = (&config.compat, &metadata.compat);
    let major = |compat: &str| compat.split('.').next().map(str::to_owned);
    if major(unit) != major(theirs) {
        return vec![format!(
            "The device is supported, but this image is incompatible for sysupgrade based on the image version \
             ({unit}->{theirs})."
        )];
    }
    if unit != theirs && keeps_settings {
        return vec![format!(
            "The device is supported, but the config is incompatible to the new image ({unit}->{theirs}). Please \
             upgrade without keeping config (sysupgrade -n)."
        )];
    }
    if !image.starts_with(&UIMAGE) && !image.starts_with(&FIT) {
        return vec!["Invalid image type.".into()];
    }
    vec![]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_found_behind_an_image_and_nowhere_else() {
        let metadata = Metadata {
            supported: vec!["acme,r1".into()],
            compat: "1.1".into(),
            version: Some("24.10.0".into()),
        };
        let image = with_metadata(b"content", &metadata);
        assert_eq!(super::metadata(&image), Some(metadata));
        for cut in [0, 3, image.len() - 1] {
            assert_eq!(super::metadata(&image[..cut]), None);
        }
        let mut damaged = image.clone();
        damaged[2] ^= 1;
        assert_eq!(super::metadata(&damaged), None);
    }
}
