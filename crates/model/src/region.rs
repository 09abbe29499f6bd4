//! What lies where in a unit's storage, and what each part is worth.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// What a region means for a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegionRole {
    /// The unit cannot start, nor recover, without it. Written last, and only when a plan names it.
    BootCritical,
    /// The firmware that is replaced by a repair.
    Firmware,
    /// The owner's settings.
    Settings,
    /// Unlike any other unit's, and lost for ever when lost: calibration, MAC addresses, keys.
    Unique,
    /// The bootloader's stored variables.
    Environment,
    /// Anything else; never written.
    Other,
}

impl RegionRole {
    /// The word in journals and device files.
    pub fn id(self) -> &'static str {
        match self {
            Self::BootCritical => "boot-critical",
            Self::Firmware => "firmware",
            Self::Settings => "settings",
            Self::Unique => "unique",
            Self::Environment => "environment",
            Self::Other => "other",
        }
    }

    /// Whether a repair must hold a proven backup of it before anything is written.
    pub fn must_be_backed_up(self) -> bool {
        matches!(self, Self::Unique | Self::Settings | Self::BootCritical)
    }
}

/// A named stretch of one storage. Offsets and sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The name in the device's documentation, for example `firmware`.
    pub name: String,
    /// First byte.
    pub offset: u64,
    /// Length in bytes.
    pub size: u64,
    /// What it means for a repair.
    pub role: RegionRole,
}

impl Region {
    /// The bytes of the storage that it covers.
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset.saturating_add(self.size)
    }
}

/// The regions of one storage: named once, in order, without overlap, inside the storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawRegionMap", into = "RawRegionMap")]
pub struct RegionMap {
    size: u64,
    regions: Vec<Region>,
}

#[derive(Clone, Serialize, Deserialize)]
struct RawRegionMap {
    size: u64,
    regions: Vec<Region>,
}

/// Why a list of regions is not a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegionError {
    /// Empty, or it ends behind the storage or the address space.
    OutOfBounds(String),
    /// Two regions share bytes.
    Overlap(String, String),
    /// Two regions share a name.
    DuplicateName(String),
}

impl RegionMap {
    /// Checks and orders the regions of a storage of `size` bytes.
    pub fn new(size: u64, mut regions: Vec<Region>) -> Result<Self, RegionError> {
        regions.sort_by_key(|region| region.offset);
        for region in &regions {
            let end = region.offset.checked_add(region.size);
            if region.size == 0 || end.is_none_or(|end| end > size) {
                return Err(RegionError::OutOfBounds(region.name.clone()));
            }
        }
        for pair in regions.windows(2) {
            if pair[0].range().end > pair[1].offset {
                return Err(RegionError::Overlap(pair[0].name.clone(), pair[1].name.clone()));
            }
        }
        for (index, region) in regions.iter().enumerate() {
            if regions[..index].iter().any(|other| other.name == region.name) {
                return Err(RegionError::DuplicateName(region.name.clone()));
            }
        }
        Ok(Self { size, regions })
    }

    /// The size of the storage in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// All regions, by offset.
    pub fn iter(&self) -> std::slice::Iter<'_, Region> {
        self.regions.iter()
    }

    /// The region with this name.
    pub fn get(&self, name: &str) -> Option<&Region> {
        self.regions.iter().find(|region| region.name == name)
    }

    /// The regions with this role, by offset.
    pub fn with_role(&self, role: RegionRole) -> impl Iterator<Item = &Region> {
        self.regions.iter().filter(move |region| region.role == role)
    }

    /// The stretches that no region covers, by offset.
    pub fn gaps(&self) -> Vec<Range<u64>> {
        let mut gaps = Vec::new();
        let mut at = 0;
        for region in &self.regions {
            if region.offset > at {
                gaps.push(at..region.offset);
            }
            at = region.range().end;
        }
        if at < self.size {
            gaps.push(at..self.size);
        }
        gaps
    }
}

impl TryFrom<RawRegionMap> for RegionMap {
    type Error = RegionError;

    fn try_from(raw: RawRegionMap) -> Result<Self, RegionError> {
        Self::new(raw.size, raw.regions)
    }
}

impl From<RegionMap> for RawRegionMap {
    fn from(map: RegionMap) -> Self {
        Self { size: map.size, regions: map.regions }
    }
}

impl std::fmt::Display for RegionError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OutOfBounds(name) => {
                write!(out, "region {name:?} is empty or does not lie inside the storage")
            }
            Self::Overlap(one, other) => write!(out, "regions {one:?} and {other:?} overlap"),
            Self::DuplicateName(name) => write!(out, "two regions are named {name:?}"),
        }
    }
}

impl std::error::Error for RegionError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str, offset: u64, size: u64) -> Region {
        Region { name: name.into(), offset, size, role: RegionRole::Other }
    }

    fn check(regions: &[(&str, u64, u64)], expected: Result<(u64, u64), RegionError>) {
        let regions = regions.iter().map(|(name, offset, size)| region(name, *offset, *size)).collect();
        assert_eq!(
            RegionMap::new(100, regions).map(|map| (map.gaps()[0].start, map.gaps()[0].end)),
            expected
        );
    }

    #[test]
    fn maps_are_checked() {
        check(&[("a", 0, 10), ("b", 20, 80)], Ok((10, 20)));
        check(&[("b", 20, 10), ("a", 0, 20)], Ok((30, 100)));
        check(&[("a", 0, 101)], Err(RegionError::OutOfBounds("a".into())));
        check(&[("a", 1, 0)], Err(RegionError::OutOfBounds("a".into())));
        check(&[("a", u64::MAX, 2)], Err(RegionError::OutOfBounds("a".into())));
        check(&[("a", 0, 11), ("b", 10, 1)], Err(RegionError::Overlap("a".into(), "b".into())));
        check(&[("a", 0, 1), ("a", 1, 1)], Err(RegionError::DuplicateName("a".into())));
    }
}
