//! The vault's directory: its format, its places and its room.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::VaultError;
use crate::files;

/// The format of the directory that this version writes, and the newest that it reads.
pub const VERSION: u64 = 1;

const MARKER: &str = "vault.version";
const MARKER_WORD: &str = "debrick-vault";

/// The store of artifacts and sessions. Cheap to clone; any number of threads and processes may use one directory.
#[derive(Debug, Clone)]
pub struct Vault {
    root: PathBuf,
}

impl Vault {
    /// Opens the vault in `state_dir`; makes it (mode 0700) where there is none.
    ///
    /// # Errors
    /// [`VaultError::Newer`] and [`VaultError::MarkerDamaged`] leave the directory untouched; otherwise what the
    /// file system says.
    pub fn open(state_dir: impl Into<PathBuf>) -> Result<Self, VaultError> {
        let vault = Self { root: state_dir.into() };
        let marker = vault.root.join(MARKER);
        match std::fs::read(&marker) {
            Ok(content) => check_marker(&vault.root, &marker, &content)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => vault.initialise(&marker)?,
            Err(error) => return Err(VaultError::io("reading", &marker, error)),
        }
        for dir in [vault.artifacts_dir(), vault.incoming_dir(), vault.sessions_dir()] {
            files::make_dir(&dir).map_err(|error| VaultError::io("making", &dir, error))?;
        }
        vault.remove_abandoned();
        Ok(vault)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Bytes that this user can still write to the vault's file system.
    pub fn free_space(&self) -> Result<u64, VaultError> {
        let stat = nix::sys::statvfs::statvfs(&self.root)
            .map_err(|error| VaultError::io("asking for the room on", &self.root, error.into()))?;
        // The types differ from system to system.
        #[allow(clippy::unnecessary_cast)]
        let (blocks, size) = (stat.blocks_available() as u64, stat.fragment_size() as u64);
        Ok(blocks.saturating_mul(size))
    }

    /// Refuses with [`VaultError::LowSpace`] when fewer than `bytes` are free.
    pub fn require_free(&self, bytes: u64) -> Result<(), VaultError> {
        let free = self.free_space()?;
        if free < bytes {
            return Err(VaultError::LowSpace { path: self.root.clone(), needed: bytes, free });
        }
        Ok(())
    }

    pub(crate) fn artifacts_dir(&self) -> PathBuf {
        self.root.join("artifacts")
    }

    pub(crate) fn incoming_dir(&self) -> PathBuf {
        self.root.join("artifacts").join("incoming")
    }

    pub(crate) fn sessions_dir(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// The marker is written before anything else, so a directory in use always has one.
    fn initialise(&self, marker: &Path) -> Result<(), VaultError> {
        if self.artifacts_dir().exists() || self.sessions_dir().exists() {
            return Err(VaultError::MarkerDamaged { path: marker.to_owned() });
        }
        files::make_dirs(&self.root).map_err(|error| VaultError::io("making", &self.root, error))?;
        files::replace_file(&self.root, MARKER, format!("{MARKER_WORD} {VERSION}\n").as_bytes())
            .map_err(|error| VaultError::io("writing", marker, error))?;
        if let Some(parent) = self.root.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            // A parent that may not be opened for reading cannot be synced; the vault works all the same.
            let _ = files::sync_dir(parent);
        }
        Ok(())
    }
}

fn check_marker(root: &Path, marker: &Path, content: &[u8]) -> Result<(), VaultError> {
    let found = std::str::from_utf8(content)
        .ok()
        .and_then(|text| text.strip_prefix(MARKER_WORD)?.trim().parse::<u64>().ok())
        .filter(|version| *version > 0)
        .ok_or_else(|| VaultError::MarkerDamaged { path: marker.to_owned() })?;
    if found > VERSION {
        return Err(VaultError::Newer { path: root.to_owned(), found, known: VERSION });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use debrick_model::Coded;

    use super::*;

    #[test]
    fn opening_twice_is_opening_once() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("deep/state");
        let digest = Vault::open(&root).unwrap().put_bytes(b"x").unwrap();
        assert!(Vault::open(&root).unwrap().contains(digest));
    }

    #[test]
    fn only_the_owner_can_look_inside() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path().join("state")).unwrap();
        let digest = vault.put_bytes(b"secret").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let artifact = vault.artifact_path(digest);
        for dir in [vault.path(), &vault.artifacts_dir(), &vault.sessions_dir(), artifact.parent().unwrap()] {
            assert_eq!(mode(dir), 0o700, "{}", dir.display());
        }
        assert_eq!(mode(&artifact), 0o600);
    }

    #[test]
    fn a_vault_of_a_newer_version_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(MARKER), "debrick-vault 2\n").unwrap();
        let error = Vault::open(dir.path()).unwrap_err();
        assert_eq!(error.code(), "vault-newer-version");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_marker_that_cannot_be_read_stops_it() {
        for content in ["", "debrick-vault", "debrick-vault x", "something 1", "debrick-vault 0"] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(MARKER), content).unwrap();
            assert_eq!(Vault::open(dir.path()).unwrap_err().code(), "vault-marker-damaged", "{content:?}");
        }
        let dir = tempfile::tempdir().unwrap();
        drop(Vault::open(dir.path()).unwrap());
        std::fs::remove_file(dir.path().join(MARKER)).unwrap();
        assert_eq!(Vault::open(dir.path()).unwrap_err().code(), "vault-marker-damaged");
    }

    #[test]
    fn room_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path()).unwrap();
        assert!(vault.free_space().unwrap() > 0);
        vault.require_free(1).unwrap();
        assert_eq!(vault.require_free(u64::MAX).unwrap_err().code(), "vault-low-space");
    }

    #[test]
    fn a_place_that_cannot_be_a_vault_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert_eq!(Vault::open(dir.path().join("file")).unwrap_err().code(), "vault-io");
    }
}
