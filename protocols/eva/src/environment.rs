//! The variables that the bootloader keeps: what the unit is, and where its partitions lie.
//!
//! Names and forms as in published dialogues with units (7530, 7490, 7390, ADAM2 of AR7).

use std::ops::Range;

use crate::partition::Partition;

/// Most variables, and most bytes of a name or value, that are kept.
const MOST_VARIABLES: usize = 512;
const MOST_VALUE: usize = 1024;

/// The variables, in the order of the unit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    variables: Vec<(String, String)>,
}

/// What the variables say about which unit it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// `HWRevision`: a number that stands for the model.
    pub hardware: Option<String>,
    /// `HWSubRevision`.
    pub sub_revision: Option<String>,
    /// `ProductID`.
    pub product: Option<String>,
    /// `annex`: the kind of DSL.
    pub annex: Option<String>,
    /// `firmware_version`: whose branding it has, for example `avm` or `avme`.
    pub branding: Option<String>,
    /// `firmware_info`: the version of the system that was started last.
    pub firmware: Option<String>,
    /// `bootloaderVersion`.
    pub bootloader: Option<String>,
    /// `SerialNumber`.
    pub serial_number: Option<String>,
    /// `maca`: the unit's first Ethernet address.
    pub ethernet_address: Option<String>,
}

impl Environment {
    /// Reads the file `env`: a variable on each line, its name, blanks, its value.
    pub fn parse(text: &str) -> Self {
        let variables = text.lines().filter_map(read_variable).take(MOST_VARIABLES).collect();
        Self { variables }
    }

    /// All variables.
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// What it says about the unit.
    pub fn identity(&self) -> Identity {
        let value = |name| self.get(name).map(str::to_owned);
        Identity {
            hardware: value("HWRevision"),
            sub_revision: value("HWSubRevision"),
            product: value("ProductID"),
            annex: value("annex"),
            branding: value("firmware_version"),
            firmware: value("firmware_info"),
            bootloader: value("bootloaderVersion").or_else(|| value("bootloader_version")),
            serial_number: value("SerialNumber"),
            ethernet_address: value("maca"),
        }
    }

    /// Where a partition lies: its first byte, and the one behind its last.
    pub fn range(&self, partition: Partition) -> Option<Range<u64>> {
        let (start, end) = self.get(&partition.to_string())?.split_once(',')?;
        let (start, end) = (number(start)?, number(end)?);
        (start < end).then_some(start..end)
    }

    /// Bytes of memory that the system is told of.
    pub fn memory(&self) -> Option<u64> {
        number(self.get("memsize")?)
    }

    /// Which of two systems is started (`linux_fs_start`), on units that have two.
    pub fn slot(&self) -> Option<u8> {
        self.get("linux_fs_start")?.parse().ok().filter(|slot| *slot < 2)
    }
}

/// Name and value of a line.
pub(crate) fn read_variable(line: &str) -> Option<(String, String)> {
    let line = line.trim_matches(['\0', ' ', '\t', '\r']);
    let (name, value) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let value = value.trim();
    let fits = !name.is_empty() && name.len() <= 64 && name.bytes().all(is_name) && value.len() <= MOST_VALUE;
    fits.then(|| (name.to_owned(), value.to_owned()))
}

/// `0x1000` or `4096`.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_environment_is_read() {
        let environment = Environment::parse(
            "HWRevision            236\r\nProductID             Fritz_Box_HW236\r\nannex                 A\r\n\
             firmware_version      avme\r\nlinux_fs_start        1\r\nmemsize               0x10000000\r\n\
             mtd1                  0xB00000,0xF00000\r\nmtd2                  0x0,0x2C0000\r\n\
             usb_device_name       USB DSL Device\r\nempty\r\n\r\n\0\0",
        );
        let identity = environment.identity();
        assert_eq!(identity.hardware.as_deref(), Some("236"));
        assert_eq!((identity.annex.as_deref(), identity.branding.as_deref()), (Some("A"), Some("avme")));
        assert_eq!(environment.get("usb_device_name"), Some("USB DSL Device"));
        assert_eq!(environment.get("empty"), Some(""));
        assert_eq!(environment.range(Partition::FIRMWARE), Some(0xB0_0000..0xF0_0000));
        assert_eq!((environment.memory(), environment.slot()), (Some(0x1000_0000), Some(1)));
        assert_eq!(environment.variables().len(), 10);
        assert_eq!(Environment::parse("mtd1 0x20,0x10").range(Partition::FIRMWARE), None);
    }
}
