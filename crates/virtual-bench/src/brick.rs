//! Ways to break a unit. Each is one change to an otherwise healthy unit, by a stable name.

use debrick_link::Rng;

use crate::firmware::{FirmwareOptions, firmware};
use crate::layout::{BOOT, FIRMWARE, Identity, SETTINGS, variables};
use crate::state::UnitState;

/// One way a unit can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Brick {
    /// Not broken: the control.
    Healthy,
    /// Sixteen bytes of the kernel are inverted.
    KernelBytesDamaged,
    /// Sixteen bytes of the ramdisk are inverted; the kernel is fine.
    RamdiskDamaged,
    /// Only the first 60 % of the image are there; the rest of the region is erased.
    ImageCutShort,
    /// The firmware region is erased.
    FirmwareErased,
    /// The first 40 % are of a newer version, the rest of the installed one.
    InterruptedUpdate,
    /// An intact image for 32-bit Arm: the bootloader starts it, its first instruction aborts, over and over.
    ImageOtherArchitecture,
    /// Intact firmware of another model: it starts, brings its own device tree, and does not work.
    OtherModelsFirmware,
    /// The environment is valid but has no `bootcmd`: the unit waits at its prompt.
    BootCommandLost,
    /// The environment's checksum is wrong: the bootloader uses its built-in one.
    BootEnvironmentBadCrc,
    /// The settings region holds noise: the system refuses it and restarts, over and over.
    SettingsGarbage,
    /// The kernel is damaged, and every write says done although only its first 4 KiB land. Cannot be repaired.
    FlashThatLies,
    /// The bootloader never says a word. Cannot be repaired over the console.
    BootloaderNeverAnswers,
    /// The script in the boot region is damaged: the bootloader refuses it and waits at its prompt.
    BootRegionDamaged,
}

impl Brick {
    /// Every brick, the control first.
    pub const ALL: [Self; 14] = [
        Self::Healthy,
        Self::KernelBytesDamaged,
        Self::RamdiskDamaged,
        Self::ImageCutShort,
        Self::FirmwareErased,
        Self::InterruptedUpdate,
        Self::ImageOtherArchitecture,
        Self::OtherModelsFirmware,
        Self::BootCommandLost,
        Self::BootEnvironmentBadCrc,
        Self::SettingsGarbage,
        Self::FlashThatLies,
        Self::BootloaderNeverAnswers,
        Self::BootRegionDamaged,
    ];

    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::KernelBytesDamaged => "kernel-bytes-damaged",
            Self::RamdiskDamaged => "ramdisk-damaged",
            Self::ImageCutShort => "image-cut-short",
            Self::FirmwareErased => "firmware-erased",
            Self::InterruptedUpdate => "interrupted-update",
            Self::ImageOtherArchitecture => "image-other-architecture",
            Self::OtherModelsFirmware => "other-models-firmware",
            Self::BootCommandLost => "boot-command-lost",
            Self::BootEnvironmentBadCrc => "boot-environment-bad-crc",
            Self::SettingsGarbage => "settings-garbage",
            Self::FlashThatLies => "flash-that-lies",
            Self::BootloaderNeverAnswers => "bootloader-never-answers",
            Self::BootRegionDamaged => "boot-region-damaged",
        }
    }

    /// The brick of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|brick| brick.name() == name)
    }

    /// Text that the console prints once the brick has shown itself; empty where it never prints any.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Healthy => "READY ACME",
            Self::KernelBytesDamaged | Self::FlashThatLies => "Bad Data Hash",
            Self::RamdiskDamaged => "Ramdisk image is corrupt or invalid",
            Self::ImageCutShort | Self::InterruptedUpdate => "Bad FIT kernel image format",
            Self::FirmwareErased => "Wrong Image Format for bootm command",
            Self::ImageOtherArchitecture => "Synchronous Abort",
            Self::OtherModelsFirmware => "Machine model: ACME R1n",
            Self::BootCommandLost => "=> ",
            Self::BootEnvironmentBadCrc => "bad CRC, using default environment",
            Self::SettingsGarbage => "settings: bad magic, rebooting",
            Self::BootloaderNeverAnswers => "",
            Self::BootRegionDamaged => "Bad data crc",
        }
    }

    /// Whether writing over the console can bring the unit back.
    pub fn is_repairable(self) -> bool {
        !matches!(self, Self::FlashThatLies | Self::BootloaderNeverAnswers)
    }

    /// Whether only the firmware region is wrong.
    pub fn is_in_firmware(self) -> bool {
        use Brick::*;
        matches!(
            self,
            KernelBytesDamaged
                | RamdiskDamaged
                | ImageCutShort
                | FirmwareErased
                | InterruptedUpdate
                | ImageOtherArchitecture
                | OtherModelsFirmware
        )
    }

    /// A unit with this brick that ran `installed` before.
    pub fn apply(self, installed: &[u8]) -> UnitState {
        self.apply_as(&Identity::default(), installed)
    }

    /// The same, of a unit with this identity.
    pub fn apply_as(self, identity: &Identity, installed: &[u8]) -> UnitState {
        let mut state = UnitState::healthy_as(identity, installed);
        let at = FIRMWARE.offset;
        let size = installed.len();
        match self {
            Self::Healthy => {}
            Self::KernelBytesDamaged => invert(&mut state, at + size as u64 / 2),
            Self::FlashThatLies => {
                invert(&mut state, at + size as u64 / 2);
                state.hardware.flash_lies = true;
            }
            // The ramdisk is the last eighth or so of the image; the tree's strings follow it.
            Self::RamdiskDamaged => invert(&mut state, at + (size - size / 16) as u64),
            Self::ImageCutShort => {
                let kept = size / 10 * 6;
                state.write(at + kept as u64, &vec![0xFF; FIRMWARE.size as usize - kept]);
            }
            Self::FirmwareErased => {
                state.write(at, &vec![0xFF; FIRMWARE.size as usize]);
            }
            Self::InterruptedUpdate => {
                // Some version that is certainly another one, and certainly not as long.
                let newer = (0..)
                    .map(|seed| {
                        firmware(
                            "9.9.9",
                            &FirmwareOptions {
                                size: size.max(0x1_0000) + 0x1_0000,
                                seed,
                                ..FirmwareOptions::of(identity)
                            },
                        )
                    })
                    .find(|newer| newer.len() != size);
                let newer = newer.unwrap_or_default();
                state.write(at, &newer[..newer.len() / 10 * 4]);
            }
            Self::ImageOtherArchitecture => {
                let options =
                    FirmwareOptions { architecture: "arm".into(), size, ..FirmwareOptions::of(identity) };
                state.write(at, &vec![0; size]);
                state.write(at, &firmware("2.0.1", &options));
            }
            Self::OtherModelsFirmware => {
                let options = FirmwareOptions {
                    model: "R1n".into(),
                    board_id: "acme,r1n".into(),
                    size,
                    ..FirmwareOptions::of(identity)
                };
                state.write(at, &vec![0; size]);
                state.write(at, &firmware("2.0.1", &options));
            }
            Self::BootCommandLost => {
                let mut variables = variables(identity);
                variables.retain(|(name, _)| *name != "bootcmd");
                let pairs: Vec<(&str, &str)> =
                    variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
                state.set_environment(&pairs);
            }
            Self::BootEnvironmentBadCrc => {
                let mut environment = state.environment();
                environment[100] ^= 0x20;
                state.write_environment(&environment);
            }
            Self::SettingsGarbage => {
                let mut noise = vec![0; SETTINGS.size as usize];
                Rng::new(0x5E77).fill(&mut noise);
                state.write(SETTINGS.offset, &noise);
            }
            Self::BootloaderNeverAnswers => state.hardware.bootloader_is_dead = true,
            Self::BootRegionDamaged => invert(&mut state, BOOT.offset + 100),
        }
        state
    }
}

/// Inverts sixteen bytes of the storage.
fn invert(state: &mut UnitState, offset: u64) {
    let inverted: Vec<u8> = state.read(offset, 16).iter().map(|byte| !byte).collect();
    state.write(offset, &inverted);
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
}
