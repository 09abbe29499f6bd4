//! Offers of Microsoft's Component Firmware Update: 16 bytes that a device is asked with whether it wants an update.
//!
//! Source: Microsoft "Component Firmware Update protocol specification", section 5.1.3; fwupd
//! `libfwupdplugin/fu-cfu-firmware.rs`. Little-endian. Several fields leave bits free, which are zero.

use crate::error::ImageError;
use crate::format::{About, Format, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "microsoft-cfu-offer",
    rank: Rank::Guess,
    magic: &[],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Microsoft CFU offer",
        identified_by: "its size of 16 bytes, and bits that must be zero",
        reveals: "nothing",
        blind_to: "everything: it has no checksum",
        source: "Microsoft CFU protocol specification; fwupd libfwupdplugin/fu-cfu-firmware.rs",
        tested_with: "fwupdtool, own construction",
    },
};

const SIZE: u64 = 16;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let Some(bytes) = window.array::<{ SIZE as usize }>(0)? else { return Ok(false) };
    let [_, flags, component, _, version @ ..] = bytes;
    let reserved = flags & 0x3f | bytes[12] & 0x03 | bytes[13] & 0x1f;
    let revision = bytes[12] >> 4;
    let product = u16::from_le_bytes([bytes[14], bytes[15]]);
    let is_text = bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    let is_used = component != 0 && component < 0xfe && revision != 0 && version[..4] != [0; 4];
    Ok(window.len() == SIZE && reserved == 0 && is_used && product != 0 && !is_text)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    let Some(bytes) = window.array::<{ SIZE as usize }>(0)? else { return Ok(()) };
    let version = window.le32(4)?.unwrap_or_default();
    let product = u16::from_le_bytes([bytes[14], bytes[15]]);
    let fields = reading.container(FORMAT.id, window);
    let mut put = |name: &str, value: String| fields.insert(name.into(), value);
    put("segment", bytes[0].to_string());
    put("component", format!("{:#04x}", bytes[2]));
    put("token", format!("{:#04x}", bytes[3]));
    put("variants", format!("{:#010x}", window.le32(8)?.unwrap_or_default()));
    put("protocol", (bytes[12] >> 4).to_string());
    put("bank", (bytes[12] >> 2 & 3).to_string());
    put("milestone", (bytes[13] >> 5).to_string());
    put("product", format!("{product:#06x}"));
    reading.set_vendor("Microsoft");
    reading.set_version(format!("{}.{}.{}", version >> 24, version >> 8 & 0xffff, version & 0xff));
    Ok(())
}
