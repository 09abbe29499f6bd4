//! U-Boot's environment in NOR: a CRC-32 (little endian) over everything after it, then `name=value` strings,
//! each ended by NUL, an empty one at the end (U-Boot `include/env_internal.h`, `env_t` without redundancy).

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::layout::{Model, Region};
use super::parts::LabError;
use super::{tool, unit};

/// What the environment region holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvironmentState {
    /// The CRC is right; the variables.
    Valid(BTreeMap<String, String>),
    /// Erased: all 0x00 or all 0xFF.
    Blank,
    /// The CRC is wrong: U-Boot warns and uses its built-in environment.
    BadCrc,
    /// The model's boot loader keeps none.
    Nowhere,
}

impl EnvironmentState {
    /// Reads the region's bytes.
    #[must_use]
    pub fn decode(region: &[u8]) -> Self {
        if [0x00, 0xFF].iter().any(|blank| region.iter().all(|byte| byte == blank)) {
            return Self::Blank;
        }
        let Some((stored, data)) = region.split_first_chunk::<4>() else { return Self::BadCrc };
        if u32::from_le_bytes(*stored) != crc32fast::hash(data) {
            return Self::BadCrc;
        }
        let strings = data.split(|&byte| byte == 0).take_while(|text| !text.is_empty());
        let variables = strings.filter_map(|text| {
            let (name, value) = std::str::from_utf8(text).ok()?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        });
        Self::Valid(variables.collect())
    }

    /// The value of a variable of a valid environment.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match self {
            Self::Valid(variables) => variables.get(name).map(String::as_str),
            Self::Blank | Self::BadCrc | Self::Nowhere => None,
        }
    }
}

/// The `bootcmd` of a healthy unit: read the boot script off the eMMC, run it.
pub const BOOT_COMMAND: &str = "virtio read 0x47f00000 0 0x80; source 0x47f00000";

/// The variables of a healthy unit, in the order `mkenvimage` is given them.
#[must_use]
pub fn healthy(model: Model) -> Vec<(&'static str, String)> {
    let console = "pl011@9000000";
    vec![
        ("bootcmd", BOOT_COMMAND.into()),
        ("bootdelay", "2".into()),
        ("baudrate", "115200".into()),
        ("board_id", model.board_id().into()),
        ("serial#", model.serial().into()),
        ("ethaddr", model.mac().into()),
        ("ipaddr", unit::UNIT_ADDRESS.into()),
        ("netmask", "255.255.255.0".into()),
        ("serverip", unit::HOST_ADDRESS.into()),
        ("loadaddr", super::firmware::load_address(model).into()),
        ("stdin", console.into()),
        ("stdout", console.into()),
        ("stderr", console.into()),
    ]
}

/// Encodes variables with U-Boot's own `mkenvimage`.
///
/// # Errors
/// [`LabError::Tool`] or [`LabError::File`].
pub fn encode(folder: &Path, region: Region, variables: &[(&str, String)]) -> Result<Vec<u8>, LabError> {
    let text = folder.join("environment.txt");
    let image = folder.join("environment.bin");
    let lines: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    unit::write_file(&text, lines.as_bytes())?;
    let size = format!("{:#x}", region.size);
    tool::run(Command::new("mkenvimage").args(["-p", "0x00", "-s", &size, "-o"]).arg(&image).arg(&text))?;
    unit::read_file(&image)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(text: &[u8]) -> Vec<u8> {
        let mut data = text.to_vec();
        data.resize(256, 0);
        let mut image = crc32fast::hash(&data).to_le_bytes().to_vec();
        image.extend(data);
        image
    }

    #[test]
    fn a_valid_environment_reads_back() {
        let state = EnvironmentState::decode(&image(b"bootcmd=run a; run b=c\0bootdelay=2\0\0junk=1\0"));
        assert_eq!(state.get("bootcmd"), Some("run a; run b=c"));
        assert_eq!(state.get("bootdelay"), Some("2"));
        assert_eq!(state.get("junk"), None);
    }

    #[test]
    fn one_flipped_bit_is_a_bad_crc_and_erased_is_blank() {
        let mut damaged = image(b"bootdelay=2\0\0");
        damaged[8] ^= 0x10;
        assert_eq!(EnvironmentState::decode(&damaged), EnvironmentState::BadCrc);
        assert_eq!(EnvironmentState::decode(&[0xFF; 64]), EnvironmentState::Blank);
        assert_eq!(EnvironmentState::decode(&[0x00; 64]), EnvironmentState::Blank);
        assert_eq!(EnvironmentState::decode(&[1, 2]), EnvironmentState::BadCrc);
    }
}
