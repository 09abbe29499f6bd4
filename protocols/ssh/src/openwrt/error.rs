//! What can go wrong with a running OpenWrt.

use debrick_model::Coded;
use debrick_target::TargetError;

use super::messages::Complaint;
use crate::error::SshError;

/// A failure of a step with a running system.
#[derive(Debug, thiserror::Error)]
pub enum OpenwrtError {
    /// A command, or the connection, failed.
    #[error("could not {operation}")]
    Shell {
        /// What was being done, as an infinitive.
        operation: String,
        /// Why.
        source: SshError,
    },
    /// The system is no OpenWrt, and built from none.
    #[error("the system at {name} is no OpenWrt")]
    NotOpenwrt {
        /// Where.
        name: String,
    },
    /// The system runs from memory only: it has no settings, and its storage may hold anything.
    #[error("the system runs from memory, so that it has no settings")]
    NoSettings,
    /// There is no such partition.
    #[error("the system has no partition {name:?}")]
    NoPartition {
        /// Its name.
        name: String,
    },
    /// A partition is larger than is kept in memory.
    #[error("the partition {name:?} has {size} bytes; {largest} are kept at most")]
    PartitionTooLarge {
        /// Its name.
        name: String,
        /// Its size in bytes.
        size: u64,
        /// The most, in bytes.
        largest: u64,
    },
    /// Repeated readings of a partition never agreed.
    #[error("{readings} readings of the partition {name:?} all differ")]
    UnstableReadings {
        /// Its name.
        name: String,
        /// How many readings were made.
        readings: u32,
    },
    /// The archive of settings is damaged.
    #[error("the archive of settings is damaged: {why}")]
    SettingsDamaged {
        /// In what.
        why: String,
    },
    /// The settings are not for this system.
    #[error("the settings are not for this system: {reason}")]
    SettingsRefused {
        /// Why not.
        reason: String,
    },
    /// The system could not take the settings, or did not keep them.
    #[error("the settings were not restored: {said}")]
    SettingsNotKept {
        /// What the system says.
        said: String,
        /// Whether its storage takes no writes.
        read_only: bool,
    },
    /// There is no room for the image.
    #[error("the image needs {needed} bytes of {place}; {free} are free")]
    NoRoom {
        /// Bytes needed.
        needed: u64,
        /// Bytes there are.
        free: u64,
        /// Of what.
        place: &'static str,
    },
    /// The system does not take the image. Nothing was written.
    #[error("the system does not take the image: {}", complaints.iter().map(Complaint::explanation).collect::<Vec<_>>().join(" "))]
    ImageRefused {
        /// What it says, understood as far as possible.
        complaints: Vec<Complaint>,
        /// What it says, verbatim.
        said: String,
    },
    /// The image on the unit is no longer the one that was checked.
    #[error("the image on the unit is not the one that was checked")]
    ImageChanged,
    /// What was to be written was not cleared.
    #[error("{what} was not cleared to be written")]
    NotCleared {
        /// The region.
        what: &'static str,
    },
    /// The upgrade was not begun.
    #[error("the upgrade was not begun; the system says {said:?}")]
    UpgradeNotBegun {
        /// What it says.
        said: String,
    },
    /// The connection was lost before the system said that it begins.
    #[error("the connection was lost before the system said that the upgrade begins")]
    UpgradeUnclear {
        /// How it was lost.
        source: SshError,
    },
}

impl OpenwrtError {
    /// Maps a failure during `operation`.
    pub(crate) fn shell(operation: impl Into<String>) -> impl FnOnce(SshError) -> Self {
        let operation = operation.into();
        move |source| Self::Shell { operation, source }
    }

    /// The same failure in the words of a target, during `operation`.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Shell { operation, source } => source.into_target(operation),
            Self::NotCleared { what } => TargetError::NotCleared { what: what.into() },
            other => TargetError::Device { operation: operation.into(), source: Box::new(other) },
        }
    }
}

impl Coded for OpenwrtError {
    fn code(&self) -> &'static str {
        match self {
            Self::Shell { source, .. } => source.code(),
            Self::NotOpenwrt { .. } => "openwrt-not-openwrt",
            Self::NoSettings => "openwrt-no-settings",
            Self::NoPartition { .. } => "openwrt-no-partition",
            Self::PartitionTooLarge { .. } => "openwrt-partition-too-large",
            Self::UnstableReadings { .. } => "openwrt-readings-unstable",
            Self::SettingsDamaged { .. } => "openwrt-settings-damaged",
            Self::SettingsRefused { .. } => "openwrt-settings-refused",
            Self::SettingsNotKept { read_only: true, .. } => "openwrt-storage-read-only",
            Self::SettingsNotKept { .. } => "openwrt-settings-not-kept",
            Self::NoRoom { .. } => "openwrt-no-room",
            Self::ImageRefused { .. } => "openwrt-image-refused",
            Self::ImageChanged => "openwrt-image-changed",
            Self::NotCleared { .. } => "not-cleared",
            Self::UpgradeNotBegun { .. } => "openwrt-upgrade-not-begun",
            Self::UpgradeUnclear { .. } => "openwrt-upgrade-unclear",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Shell { source, .. } => return source.next_step(),
            Self::NotOpenwrt { .. } => "Nothing was changed. Use the way of its maker: its web page, or a recovery mode.",
            Self::NoSettings => "Install a system first; settings are restored to one that runs from storage.",
            Self::NoPartition { .. } => "Nothing was changed. The device's record does not fit this unit or its layout.",
            Self::PartitionTooLarge { .. } => "Back up the smaller partitions, and this one over the bootloader.",
            Self::UnstableReadings { .. } => {
                "The system writes to this partition while it runs, or its storage fails. Back it up over the bootloader."
            }
            Self::SettingsDamaged { .. } => "Nothing was changed. Use another backup.",
            Self::SettingsRefused { .. } => {
                "Nothing was changed. Set the unit up anew, and take single files from the archive by hand."
            }
            Self::SettingsNotKept { read_only: true, .. } => {
                "The system's storage takes no writes: it is full, damaged, or still being prepared. Restart the unit \
                 once, then try again; if it stays so, reset it with `firstboot`."
            }
            Self::SettingsNotKept { .. } => "Some settings may be in place. Restart the unit and try again.",
            Self::NoRoom { .. } => {
                "Nothing was written. Restart the unit, stop what it does not need, or install over the bootloader."
            }
            Self::ImageRefused { complaints, .. } => {
                let next = complaints.iter().map(Complaint::next_step).next();
                return format!("Nothing was written. {}", next.unwrap_or("Check that the image is for this device."));
            }
            Self::ImageChanged => "Nothing was written. Send the image again; if it happens again, the unit's memory fails.",
            Self::NotCleared { .. } => "Nothing was written. Start the repair again from the beginning.",
            Self::UpgradeNotBegun { .. } => "Nothing was written. What the system says tells why.",
            Self::UpgradeUnclear { .. } => {
                "The unit may be writing. Do not switch it off: wait ten minutes, or until its lights settle, then look \
                 which version it runs."
            }
        }
        .to_owned()
    }
}
