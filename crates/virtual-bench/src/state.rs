//! What a unit keeps without power: its storage, its environment, and how it was built. In memory, or in a folder.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use debrick_uboot_console::device::stored_environment;

use crate::error::BenchError;
use crate::layout::{
    BOOT, ENVIRONMENT_SIZE, FACTORY, FIRMWARE, FLASH_SIZE, Identity, OWNERS_SETTINGS, SETTINGS, factory,
    seal_settings, variables,
};
use crate::pages::{PAGE, Pages};
use crate::script::boot_region;

const FLASH_FILE: &str = "flash.bin";
const ENVIRONMENT_FILE: &str = "environment.bin";
const UNIT_FILE: &str = "unit.txt";
const TITLE: &str = "debrick virtual router 1";

/// What is wrong with the hardware itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hardware {
    /// Every write to the storage says done, and only its first 4 KiB land.
    pub flash_lies: bool,
    /// The bootloader never says a word.
    pub bootloader_is_dead: bool,
}

/// What a unit keeps without power. Copies share their memory until one of them changes.
#[derive(Debug)]
pub struct UnitState {
    pub(crate) flash: Store,
    pub(crate) environment: Store,
    /// What is wrong with the hardware.
    pub hardware: Hardware,
}

/// A storage in memory or in a file.
#[derive(Debug)]
pub(crate) enum Store {
    Memory(Pages),
    File { file: File, size: u64 },
}

impl Store {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Memory(pages) => pages.size(),
            Self::File { size, .. } => *size,
        }
    }

    pub(crate) fn read(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        match self {
            Self::Memory(pages) if pages.contains(offset, buffer.len()) => pages.read(offset, buffer),
            Self::Memory(_) => return Err(io::ErrorKind::InvalidInput.into()),
            Self::File { file, .. } => file.read_exact_at(buffer, offset)?,
        }
        Ok(())
    }

    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let inside = offset.checked_add(bytes.len() as u64).is_some_and(|end| end <= self.size());
        match self {
            _ if !inside => Err(io::ErrorKind::InvalidInput.into()),
            Self::Memory(pages) => {
                pages.write(offset, bytes);
                Ok(())
            }
            Self::File { file, .. } => file.write_all_at(bytes, offset),
        }
    }

    /// A copy in memory. What cannot be read is zeroes.
    fn snapshot(&self) -> Pages {
        match self {
            Self::Memory(pages) => pages.clone(),
            Self::File { size, .. } => {
                let mut pages = Pages::new(*size, 0);
                let mut buffer = vec![0; PAGE];
                for at in (0..*size).step_by(PAGE) {
                    if self.read(at, &mut buffer).is_ok() {
                        pages.write(at, &buffer);
                    }
                }
                pages
            }
        }
    }

    /// Writes everything that is not zero into a new file.
    fn save(&self, path: &Path) -> Result<Self, BenchError> {
        let failed = |action| move |source| BenchError::File { action, path: path.to_owned(), source };
        let size = self.size();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path)
            .map_err(failed("create"))?;
        file.set_len(size).map_err(failed("write"))?;
        let mut buffer = vec![0; PAGE];
        for at in (0..size).step_by(PAGE) {
            self.read(at, &mut buffer).map_err(failed("write"))?;
            if buffer.iter().any(|byte| *byte != 0) {
                file.write_all_at(&buffer, at).map_err(failed("write"))?;
            }
        }
        Ok(Self::File { file, size })
    }

    fn open(path: PathBuf, size: u64) -> Result<Self, BenchError> {
        let failed = |source| BenchError::File { action: "open", path: path.clone(), source };
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length != size {
            let reason = format!("it has {length} bytes instead of {size}");
            return Err(BenchError::NotAUnit { path, reason });
        }
        Ok(Self::File { file, size })
    }
}

impl Clone for UnitState {
    /// A copy in memory, wherever the original is.
    fn clone(&self) -> Self {
        Self {
            flash: Store::Memory(self.flash.snapshot()),
            environment: Store::Memory(self.environment.snapshot()),
            hardware: self.hardware,
        }
    }
}

impl UnitState {
    /// A unit whose storage holds nothing, without an environment.
    pub fn blank() -> Self {
        Self {
            flash: Store::Memory(Pages::new(FLASH_SIZE, 0)),
            environment: Store::Memory(Pages::new(ENVIRONMENT_SIZE as u64, 0xFF)),
            hardware: Hardware::default(),
        }
    }

    /// A healthy unit that runs this firmware; what does not fit into its region is left out.
    pub fn healthy(firmware: &[u8]) -> Self {
        Self::healthy_as(&Identity::default(), firmware)
    }

    /// The same, of a unit with this identity.
    pub fn healthy_as(identity: &Identity, firmware: &[u8]) -> Self {
        let mut state = Self::blank();
        state.write(BOOT.offset, &boot_region());
        state.write(FACTORY.offset, &factory(identity));
        state.write(SETTINGS.offset, &seal_settings(OWNERS_SETTINGS));
        state.write(FIRMWARE.offset, &firmware[..firmware.len().min(FIRMWARE.size as usize)]);
        let variables = variables(identity);
        let pairs: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        state.set_environment(&pairs);
        state
    }

    /// Reads from the storage, as a programmer clipped to the chip would. What lies outside, or cannot be read, is
    /// zeroes.
    pub fn read(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let inside = self.flash.size().saturating_sub(offset).min(length as u64) as usize;
        if self.flash.read(offset, &mut bytes[..inside]).is_err() {
            bytes.fill(0);
        }
        bytes
    }

    /// Writes to the storage, as a programmer clipped to the chip would; `false` if it does not fit or cannot be
    /// written.
    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> bool {
        self.flash.write(offset, bytes).is_ok()
    }

    /// The environment as it is stored, checksum and all.
    pub fn environment(&self) -> Vec<u8> {
        let mut bytes = vec![0; ENVIRONMENT_SIZE];
        if self.environment.read(0, &mut bytes).is_err() {
            bytes.fill(0);
        }
        bytes
    }

    /// Stores these bytes as the environment, checksum and all; `false` if they cannot be written.
    pub fn write_environment(&mut self, bytes: &[u8]) -> bool {
        self.environment.write(0, bytes).is_ok()
    }

    /// Stores these variables as the environment; `false` if they do not fit or cannot be written.
    pub fn set_environment(&mut self, variables: &[(&str, &str)]) -> bool {
        let stored = stored_environment(variables, ENVIRONMENT_SIZE, false);
        stored.is_some_and(|stored| self.write_environment(&stored))
    }

    /// Moves the unit into a new folder: from now on every write goes to its files, and whatever ends this process
    /// leaves the unit as it was at that moment.
    pub fn keep_in(self, folder: &Path) -> Result<Self, BenchError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| BenchError::File { action, path, source }
        };
        std::fs::create_dir_all(folder).map_err(failed("create", folder))?;
        let flash = self.flash.save(&folder.join(FLASH_FILE))?;
        let environment = self.environment.save(&folder.join(ENVIRONMENT_FILE))?;
        let Hardware { flash_lies, bootloader_is_dead } = self.hardware;
        let text = format!("{TITLE}\nflash_lies={flash_lies}\nbootloader_is_dead={bootloader_is_dead}\n");
        let path = folder.join(UNIT_FILE);
        std::fs::write(&path, text).map_err(failed("write", &path))?;
        Ok(Self { flash, environment, hardware: self.hardware })
    }

    /// Opens the unit in a folder. Two routers must not use the same folder at the same time.
    pub fn open(folder: &Path) -> Result<Self, BenchError> {
        let path = folder.join(UNIT_FILE);
        let text = std::fs::read_to_string(&path).map_err(|source| BenchError::File {
            action: "read",
            path: path.clone(),
            source,
        })?;
        if text.lines().next() != Some(TITLE) {
            return Err(BenchError::NotAUnit { path, reason: "its first line is another".into() });
        }
        let is_set = |name: &str| text.lines().any(|line| line.strip_suffix("=true") == Some(name));
        Ok(Self {
            flash: Store::open(folder.join(FLASH_FILE), FLASH_SIZE)?,
            environment: Store::open(folder.join(ENVIRONMENT_FILE), ENVIRONMENT_SIZE as u64)?,
            hardware: Hardware {
                flash_lies: is_set("flash_lies"),
                bootloader_is_dead: is_set("bootloader_is_dead"),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_in_a_folder_survives() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("unit");
        let mut state = UnitState::healthy(&[7; 100_000]).keep_in(&folder).unwrap();
        state.hardware.flash_lies = true;
        assert!(state.write(0x50_0000, b"later"));
        assert!(!state.write(FLASH_SIZE - 2, b"later"));
        let copy = state.clone();
        drop(state);
        let state = UnitState::open(&folder).unwrap();
        assert_eq!(state.read(0x50_0000, 5), b"later");
        assert_eq!(state.read(FIRMWARE.offset, 100_001), copy.read(FIRMWARE.offset, 100_001));
        assert_eq!(state.environment(), copy.environment());
        assert!(UnitState::blank().keep_in(&folder).is_err());
        std::fs::write(folder.join(UNIT_FILE), "else").unwrap();
        assert!(UnitState::open(&folder).is_err());
    }
}
