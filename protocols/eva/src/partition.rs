//! Partitions by the names that the bootloader gives them.

use std::fmt;
use std::str::FromStr;

use crate::error::EvaError;

/// A partition: `mtd0` to `mtd9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Partition(u8);

impl Partition {
    /// `mtd1`: the firmware; on old units, the kernel.
    pub const FIRMWARE: Self = Self(1);

    /// The partition with this number, up to 9.
    pub fn new(number: u8) -> Option<Self> {
        (number < 10).then_some(Self(number))
    }

    /// Why it may never be written here: the bootloader itself (`mtd2`), and the two that hold the unit's addresses, keys
    /// and settings (`mtd3`, `mtd4`).
    pub fn protects(self) -> Option<&'static str> {
        match self.0 {
            2 => Some("the bootloader"),
            3 | 4 => Some("the addresses, keys and settings of this unit"),
            _ => None,
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mtd{}", self.0)
    }
}

impl FromStr for Partition {
    type Err = EvaError;

    fn from_str(text: &str) -> Result<Self, EvaError> {
        let number =
            text.strip_prefix("mtd").filter(|digits| digits.len() == 1).and_then(|digit| digit.parse().ok());
        number
            .and_then(Self::new)
            .ok_or_else(|| EvaError::BadParameter { what: "a partition", value: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_go_by_their_names() {
        for number in 0..10 {
            let partition = Partition::new(number).unwrap();
            assert_eq!(partition.to_string().parse::<Partition>().unwrap(), partition);
            assert_eq!(partition.protects().is_some(), (2..=4).contains(&number));
        }
        for wrong in ["mtd", "mtd10", "mtd+1", "urlader", "mtd1 ", ""] {
            assert!(wrong.parse::<Partition>().is_err(), "{wrong}");
        }
        assert_eq!(Partition::new(10), None);
    }
}
