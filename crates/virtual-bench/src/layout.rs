//! What lies where on the router's storage, and what it holds when it leaves the factory.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::ops::Range;

use debrick_link::Rng;
use sha2::{Digest as _, Sha256};

/// Size of the storage in bytes.
pub const FLASH_SIZE: u64 = 32 << 20;
/// Block size of the storage.
pub(crate) const BLOCK: u64 = 512;
/// Size of the stored environment in bytes, with its checksum.
pub(crate) const ENVIRONMENT_SIZE: usize = 0x4_0000;
/// What the environment names as its board.
pub const BOARD_ID: &str = "acme,r1";
/// The unit's serial number.
pub const SERIAL: &str = "R1-000042";
/// The unit's own MAC address.
pub const MAC_ADDRESS: &str = "02:00:00:00:00:2a";
/// The unit's address, in the bootloader and in the system.
pub const UNIT_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 1);
/// The address at which the bootloader looks for its host.
pub const HOST_ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 2);
/// The `bootcmd` of a healthy unit.
pub const BOOT_COMMAND: &str = "virtio read 0x47f00000 0 0x80; source 0x47f00000";
/// What the system prints when it has started; its version follows.
pub const READY: &str = "READY ACME R1 ";

const SETTINGS_MAGIC: &str = "ACMESET1";
/// What the owner of every unit here has set.
pub(crate) const OWNERS_SETTINGS: &str = "hostname=attic-router\nlan_address=192.168.1.1\nssid=Attic\n";

/// A stretch of the storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Region {
    /// Its name, as in the catalog.
    pub name: &'static str,
    /// Its first byte.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
}

impl Region {
    /// Where it lies.
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset + self.size
    }
}

pub(crate) const BOOT: Region = Region { name: "boot", offset: 0, size: 0x1_0000 };
pub(crate) const FACTORY: Region = Region { name: "factory", offset: 0x1_0000, size: 0x1_0000 };
pub(crate) const SETTINGS: Region = Region { name: "settings", offset: 0x2_0000, size: 0x2_0000 };
pub(crate) const FIRMWARE: Region = Region { name: "firmware", offset: 0x10_0000, size: 0x180_0000 };

/// All regions, in order.
pub const REGIONS: [Region; 4] = [BOOT, FACTORY, SETTINGS, FIRMWARE];

/// The region of that name.
pub fn region(name: &str) -> Option<Region> {
    REGIONS.into_iter().find(|region| region.name == name)
}

/// What a unit says that it is: in its factory data, its variables, and its firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Maker, one word.
    pub vendor: String,
    /// Model.
    pub model: String,
    /// Hardware revision.
    pub hardware_revision: String,
    /// Sales region.
    pub sales_region: String,
    /// What its firmware calls the board.
    pub board_id: String,
}

impl Default for Identity {
    /// The catalog's device.
    fn default() -> Self {
        let [vendor, model, hardware_revision, sales_region] = ["ACME", "R1", "A1", "EU"].map(str::to_owned);
        Self { vendor, model, hardware_revision, sales_region, board_id: BOARD_ID.into() }
    }
}

/// What the factory put on a unit: identity as text, and calibration.
pub(crate) fn factory(identity: &Identity) -> Vec<u8> {
    let Identity { vendor, model, hardware_revision, sales_region, .. } = identity;
    let text = format!(
        "vendor={vendor}\nmodel={model}\nhw_rev={hardware_revision}\nserial={SERIAL}\nmac={MAC_ADDRESS}\nregion={sales_region}\n"
    );
    let mut bytes = vec![0; 0x2000];
    let text = &text.as_bytes()[..text.len().min(0x400)];
    bytes[..text.len()].copy_from_slice(text);
    Rng::new(0x42).fill(&mut bytes[0x1000..]);
    bytes
}

/// The variables of a healthy unit.
pub(crate) fn variables(identity: &Identity) -> Vec<(&'static str, String)> {
    let console = "pl011@9000000";
    vec![
        ("bootcmd", BOOT_COMMAND.into()),
        ("bootdelay", "2".into()),
        ("baudrate", "115200".into()),
        ("board_id", identity.board_id.clone()),
        ("serial#", SERIAL.into()),
        ("ethaddr", MAC_ADDRESS.into()),
        ("ipaddr", UNIT_ADDRESS.to_string()),
        ("netmask", "255.255.255.0".into()),
        ("serverip", HOST_ADDRESS.to_string()),
        ("loadaddr", "0x48000000".into()),
        ("stdin", console.into()),
        ("stdout", console.into()),
        ("stderr", console.into()),
    ]
}

/// Settings as the system stores them: `key=value` lines under a magic and a digest, filled up with zeroes.
pub fn seal_settings(body: &str) -> Vec<u8> {
    let mut bytes =
        format!("{SETTINGS_MAGIC}\nsha256={}\n{body}", hex(&Sha256::digest(body.as_bytes()))).into_bytes();
    bytes.resize(SETTINGS.size as usize, 0);
    bytes
}

/// What the system makes of the settings region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settings {
    Blank,
    Valid(String),
    /// Why it refuses them.
    Garbage(&'static str),
}

impl Settings {
    pub(crate) fn decode(region: &[u8]) -> Self {
        if [0x00, 0xFF].iter().any(|blank| region.iter().all(|byte| byte == blank)) {
            return Self::Blank;
        }
        let end = region.iter().position(|&byte| byte == 0).unwrap_or(region.len());
        let text = String::from_utf8_lossy(&region[..end]);
        let Some(sealed) = text.strip_prefix(SETTINGS_MAGIC).and_then(|rest| rest.strip_prefix('\n')) else {
            return Self::Garbage("bad magic");
        };
        match sealed.strip_prefix("sha256=").and_then(|rest| rest.split_once('\n')) {
            Some((digest, body)) if digest == hex(&Sha256::digest(body.as_bytes())) => {
                Self::Valid(body.to_owned())
            }
            _ => Self::Garbage("bad digest"),
        }
    }
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_back() {
        let mut sealed = seal_settings(OWNERS_SETTINGS);
        assert_eq!(Settings::decode(&sealed), Settings::Valid(OWNERS_SETTINGS.into()));
        sealed[100] ^= 1;
        assert_eq!(Settings::decode(&sealed), Settings::Garbage("bad digest"));
        sealed[0] ^= 1;
        assert_eq!(Settings::decode(&sealed), Settings::Garbage("bad magic"));
        assert_eq!(Settings::decode(&[0xFF; 64]), Settings::Blank);
        assert_eq!(Settings::decode(&[0; 64]), Settings::Blank);
    }
}
