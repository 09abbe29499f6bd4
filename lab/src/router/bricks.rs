//! The ways to break a unit. Each is one change to an otherwise healthy unit, by a stable name.

use super::environment::{self, EnvironmentState};
use super::firmware::Image;
use super::layout::{Model, SettingsState, noise};
use super::parts::Qemu;

/// One way a unit can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Brick {
    /// Not broken: the control.
    Healthy,
    /// Sixteen bytes of the kernel in the firmware region are inverted.
    KernelBytesDamaged,
    /// Sixteen bytes of the ramdisk are inverted; the kernel is fine.
    RamdiskDamaged,
    /// Only the first 60 % of the image are there, the rest of the region is erased.
    ImageCutShort,
    /// The firmware region is erased.
    FirmwareErased,
    /// The first 40 % are version 2, the rest still version 1.
    InterruptedUpdate,
    /// An intact image for 32-bit Arm: U-Boot starts it, the first instruction aborts, over and over.
    ImageOtherArchitecture,
    /// An intact image for MIPS: U-Boot aborts while loading it and resets, over and over.
    ImageOtherArchitectureMips,
    /// The environment is valid but has no `bootcmd`: the unit waits at its prompt.
    BootCommandLost,
    /// The environment's CRC is wrong: U-Boot uses its built-in one and looks for a network to boot from.
    BootEnvironmentBadCrc,
    /// The settings partition holds noise: the firmware starts, refuses it, and reboots, over and over.
    SettingsGarbage,
    /// The kernel in NOR is damaged, and the NOR says "done" to writes that never land. Cannot be repaired.
    NorThatLies,
    /// The same damage in a NOR whose writes land. Can be repaired.
    NorKernelDamaged,
}

impl Brick {
    /// Every brick, the control first.
    pub const ALL: [Self; 13] = [
        Self::Healthy,
        Self::KernelBytesDamaged,
        Self::RamdiskDamaged,
        Self::ImageCutShort,
        Self::FirmwareErased,
        Self::InterruptedUpdate,
        Self::ImageOtherArchitecture,
        Self::ImageOtherArchitectureMips,
        Self::BootCommandLost,
        Self::BootEnvironmentBadCrc,
        Self::SettingsGarbage,
        Self::NorThatLies,
        Self::NorKernelDamaged,
    ];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::KernelBytesDamaged => "kernel-bytes-damaged",
            Self::RamdiskDamaged => "ramdisk-damaged",
            Self::ImageCutShort => "image-cut-short",
            Self::FirmwareErased => "firmware-erased",
            Self::InterruptedUpdate => "interrupted-update",
            Self::ImageOtherArchitecture => "image-other-architecture",
            Self::ImageOtherArchitectureMips => "image-other-architecture-mips",
            Self::BootCommandLost => "boot-command-lost",
            Self::BootEnvironmentBadCrc => "boot-environment-bad-crc",
            Self::SettingsGarbage => "settings-garbage",
            Self::NorThatLies => "nor-that-lies",
            Self::NorKernelDamaged => "nor-kernel-damaged",
        }
    }

    /// The brick of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|brick| brick.name() == name)
    }

    /// Text the console prints once the brick has shown itself (R1; the last thing that is sure to come).
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Healthy => "READY ACME",
            Self::KernelBytesDamaged | Self::NorThatLies | Self::NorKernelDamaged => "Bad Data Hash",
            Self::RamdiskDamaged => "Ramdisk image is corrupt or invalid",
            // The tree's last part is not the one its header speaks of.
            Self::ImageCutShort | Self::InterruptedUpdate => "Bad FIT kernel image format",
            Self::FirmwareErased => "Wrong Image Format for bootm command",
            Self::ImageOtherArchitecture | Self::ImageOtherArchitectureMips => "Synchronous Abort",
            Self::BootCommandLost => "=> ",
            Self::BootEnvironmentBadCrc => "bad CRC, using default environment",
            Self::SettingsGarbage => "settings: bad magic, rebooting",
        }
    }

    /// The model this brick is usually laid out on.
    #[must_use]
    pub fn usual_model(self) -> Model {
        match self {
            Self::NorThatLies | Self::NorKernelDamaged => Model::R1n,
            _ => Model::R1,
        }
    }

    /// The QEMU it needs: the one that lies about NOR only where the lie is the point.
    #[must_use]
    pub fn qemu(self) -> Qemu {
        if self == Self::NorThatLies { Qemu::Distribution } else { Qemu::Recent }
    }

    /// Whether it makes sense on `model`.
    #[must_use]
    pub fn applies_to(self, model: Model) -> bool {
        match self {
            Self::Healthy => true,
            Self::NorThatLies | Self::NorKernelDamaged => model == Model::R1n,
            Self::ImageOtherArchitecture | Self::ImageOtherArchitectureMips => model == Model::R1,
            // The riscv64 U-Boot keeps no environment in flash.
            Self::BootCommandLost | Self::BootEnvironmentBadCrc => model == Model::R1,
            _ => model != Model::R1n,
        }
    }

    /// The image that must be installed in place of the unit's own, if any.
    pub(super) fn installs(self) -> Option<Image> {
        match self {
            Self::ImageOtherArchitecture => Some(Image::R1ForArm),
            Self::ImageOtherArchitectureMips => Some(Image::R1ForMips),
            _ => None,
        }
    }

    /// Changes the firmware region, which starts with `image_size` bytes of image. `newer` is version 2.
    pub(super) fn damage_firmware(self, region: &mut [u8], image_size: usize, newer: &[u8]) {
        let invert = |bytes: &mut [u8]| bytes.iter_mut().for_each(|byte| *byte = !*byte);
        match self {
            Self::KernelBytesDamaged | Self::NorThatLies | Self::NorKernelDamaged => {
                invert(&mut region[image_size / 2..][..16]);
            }
            // The ramdisk is the last megabyte or so of the image; the tree's strings follow it.
            Self::RamdiskDamaged => invert(&mut region[image_size - 0x4_0000..][..16]),
            Self::ImageCutShort => region[image_size / 10 * 6..].fill(0xFF),
            Self::FirmwareErased => region.fill(0xFF),
            Self::InterruptedUpdate => {
                let written = newer.len() / 10 * 4;
                region[..written].copy_from_slice(&newer[..written]);
            }
            _ => {}
        }
    }

    /// The settings partition of a unit with this brick.
    pub(super) fn settings(self) -> Vec<u8> {
        let sealed = SettingsState::seal("hostname=attic-router\nlan_address=192.168.1.1\nssid=Attic\n");
        match self {
            Self::SettingsGarbage => noise(0x5E77, sealed.len()),
            _ => sealed,
        }
    }

    /// The variables of its environment.
    pub(super) fn variables(self, model: Model) -> Vec<(&'static str, String)> {
        let mut variables = environment::healthy(model);
        if self == Self::BootCommandLost {
            variables.retain(|(name, _)| *name != "bootcmd");
        }
        variables
    }

    /// Changes the encoded environment.
    pub(super) fn damage_environment(self, region: &mut [u8]) {
        if self == Self::BootEnvironmentBadCrc {
            region[100] ^= 0x20;
            debug_assert_eq!(EnvironmentState::decode(region), EnvironmentState::BadCrc);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_lead_back() {
        for brick in Brick::ALL {
            assert_eq!(Brick::from_name(brick.name()), Some(brick));
        }
        assert_eq!(Brick::from_name("no-such-brick"), None);
    }

    #[test]
    fn damage_changes_what_it_says_and_no_more() {
        let image = noise(1, 0x8_0000);
        let newer = noise(2, 0x9_0000);
        let changed = |brick: Brick| {
            let mut region = image.clone();
            region.resize(0xA_0000, 0);
            let before = region.clone();
            brick.damage_firmware(&mut region, image.len(), &newer);
            let first = before.iter().zip(&region).position(|(a, b)| a != b);
            let count = before.iter().zip(&region).filter(|(a, b)| a != b).count();
            (first, count)
        };
        assert_eq!(changed(Brick::Healthy), (None, 0));
        assert_eq!(changed(Brick::KernelBytesDamaged), (Some(0x4_0000), 16));
        assert_eq!(changed(Brick::RamdiskDamaged), (Some(0x4_0000), 16));
        assert!(changed(Brick::ImageCutShort).0.is_some_and(|first| first >= image.len() / 10 * 6));
        let written = newer.len() / 10 * 4;
        assert!(changed(Brick::InterruptedUpdate).1 <= written);
    }
}
