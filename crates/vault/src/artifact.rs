//! Artifacts: files named by the SHA-256 of their content, written as a whole or not at all.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use debrick_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::error::VaultError;
use crate::files;
use crate::vault::Vault;

/// Bytes moved at once.
const CHUNK_BYTES: usize = 256 * 1024;

impl Vault {
    /// Stores bytes and returns their digest. Storing what is there already changes nothing, and mends it where it is
    /// damaged.
    pub fn put_bytes(&self, bytes: &[u8]) -> Result<Digest, VaultError> {
        let digest = Digest::new(Sha256::digest(bytes).into());
        if self.contains(digest) && self.verify(digest).is_ok() {
            return Ok(digest);
        }
        let mut writer = self.writer()?;
        writer.write(bytes)?;
        writer.finish()
    }

    /// Stores everything that `reader` gives, in bounded memory, and returns its digest.
    ///
    /// # Errors
    /// [`VaultError::SourceFailed`] when the reader fails; nothing is kept then.
    pub fn put_reader(&self, reader: &mut dyn Read) -> Result<Digest, VaultError> {
        let mut writer = self.writer()?;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            match reader.read(&mut chunk) {
                Ok(0) => return writer.finish(),
                Ok(count) => writer.write(&chunk[..count])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(VaultError::SourceFailed { source }),
            }
        }
    }

    /// Starts an artifact that is given piece by piece. Nothing of it has a name before [`ArtifactWriter::finish`].
    pub fn writer(&self) -> Result<ArtifactWriter<'_>, VaultError> {
        let (path, file) = self.create_incoming()?;
        Ok(ArtifactWriter { vault: self, path, file: Some(file), hash: Sha256::new(), size: 0 })
    }

    /// Opens an artifact for reading. Its content is not checked: see [`Artifact::verify`].
    ///
    /// # Errors
    /// [`VaultError::Missing`] when there is none.
    pub fn artifact(&self, digest: Digest) -> Result<Artifact, VaultError> {
        let path = self.artifact_path(digest);
        let file = File::open(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => VaultError::Missing { digest },
            _ => VaultError::io("opening", &path, error),
        })?;
        let len = file.metadata().map_err(|error| VaultError::io("opening", &path, error))?.len();
        Ok(Artifact { digest, path, file, len })
    }

    /// Whether an artifact with this name is there; its content is not looked at.
    pub fn contains(&self, digest: Digest) -> bool {
        self.artifact_path(digest).is_file()
    }

    /// Reads the artifact through and compares its content with its name.
    ///
    /// # Errors
    /// [`VaultError::Missing`], [`VaultError::Damaged`], or what the file system says.
    pub fn verify(&self, digest: Digest) -> Result<(), VaultError> {
        self.artifact(digest)?.verify()
    }

    /// Where an artifact with this digest lies, or would lie.
    pub fn artifact_path(&self, digest: Digest) -> PathBuf {
        let hex = digest.to_hex();
        self.artifacts_dir().join(&hex[..2]).join(&hex[2..])
    }

    /// Removes what processes that are gone left half-written. Whoever still writes holds a lock on its file.
    pub(crate) fn remove_abandoned(&self) {
        let Ok(entries) = std::fs::read_dir(self.incoming_dir()) else { return };
        for entry in entries.flatten() {
            let abandoned = File::open(entry.path()).ok().filter(|file| file.try_lock().is_ok());
            if abandoned.is_some() {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// A locked new file. Another process may take it for abandoned between its creation and its locking, and remove
    /// it: then the next one is tried.
    fn create_incoming(&self) -> Result<(PathBuf, File), VaultError> {
        let mut path = self.incoming_dir();
        for _ in 0..16 {
            path = self.incoming_dir().join(files::unique_suffix());
            let file = match files::create_new(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(VaultError::io("making", &path, error)),
            };
            let locked = file.try_lock().is_ok();
            if locked && file.metadata().is_ok_and(|metadata| metadata.nlink() > 0) {
                return Ok((path, file));
            }
        }
        Err(VaultError::io("making", &path, io::ErrorKind::AlreadyExists.into()))
    }
}

/// An artifact on its way in. Dropping it unfinished leaves nothing behind.
#[derive(Debug)]
pub struct ArtifactWriter<'a> {
    vault: &'a Vault,
    path: PathBuf,
    /// `None` once it has its name.
    file: Option<File>,
    hash: Sha256,
    size: u64,
}

impl ArtifactWriter<'_> {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// [`VaultError::DiskFull`], or what the file system says. Drop the writer then.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), VaultError> {
        if let Some(file) = &mut self.file {
            write_to(file, &self.path, bytes)?;
        }
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Makes the content durable, then gives it its name, then makes the name durable.
    pub fn finish(mut self) -> Result<Digest, VaultError> {
        let digest = Digest::new(std::mem::take(&mut self.hash).finalize().into());
        let path = self.vault.artifact_path(digest);
        let dir = path.parent().unwrap_or(self.vault.path());
        if let Some(file) = &self.file {
            file.sync_all().map_err(|error| VaultError::io("writing", &self.path, error))?;
        }
        if !dir.is_dir() {
            files::make_dir(dir)
                .and_then(|()| files::sync_dir(&self.vault.artifacts_dir()))
                .map_err(|error| VaultError::io("making", dir, error))?;
        }
        // Where the name exists, the content is the same or it is damaged: replacing it is right in both cases.
        std::fs::rename(&self.path, &path).map_err(|error| VaultError::io("naming", &path, error))?;
        self.file = None;
        files::sync_dir(dir).map_err(|error| VaultError::io("syncing", dir, error))?;
        Ok(digest)
    }
}

impl Drop for ArtifactWriter<'_> {
    fn drop(&mut self) {
        if self.file.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A stored file, open for reading.
#[derive(Debug)]
pub struct Artifact {
    digest: Digest,
    path: PathBuf,
    file: File,
    len: u64,
}

impl Artifact {
    /// The digest it is named by.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether it has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fills `buffer` from `offset` (bytes) on. Returns the number of bytes read, which is smaller than the buffer only
    /// at the end. Any number of threads may read at once.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, VaultError> {
        let mut done = 0;
        // Behind the end there is nothing; the system would refuse the largest offsets instead of saying so.
        while done < buffer.len() && offset < self.len {
            match self.file.read_at(&mut buffer[done..], offset.saturating_add(done as u64)) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(VaultError::io("reading", &self.path, error)),
            }
        }
        Ok(done)
    }

    /// The whole content, checked against the digest.
    ///
    /// # Errors
    /// [`VaultError::TooLarge`] when it has more than `limit` bytes; [`VaultError::Damaged`].
    pub fn read_all(&self, limit: u64) -> Result<Vec<u8>, VaultError> {
        let too_large = VaultError::TooLarge { digest: self.digest, size: self.len, limit };
        if self.len > limit {
            return Err(too_large);
        }
        let Ok(len) = usize::try_from(self.len) else { return Err(too_large) };
        let mut content = vec![0; len];
        let read = self.read_at(0, &mut content)?;
        content.truncate(read);
        self.compare(Digest::new(Sha256::digest(&content).into()))?;
        Ok(content)
    }

    /// Reads it through in bounded memory and compares its content with its name.
    ///
    /// # Errors
    /// [`VaultError::Damaged`], or what the file system says.
    pub fn verify(&self) -> Result<(), VaultError> {
        let mut hash = Sha256::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut offset = 0;
        loop {
            let read = self.read_at(offset, &mut chunk)?;
            if read == 0 {
                return self.compare(Digest::new(hash.finalize().into()));
            }
            hash.update(&chunk[..read]);
            offset += read as u64;
        }
    }

    fn compare(&self, found: Digest) -> Result<(), VaultError> {
        if found != self.digest {
            return Err(VaultError::Damaged { digest: self.digest, found });
        }
        Ok(())
    }
}

fn write_to(file: &mut File, path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    file.write_all(bytes).map_err(|error| VaultError::io("writing", path, error))
}

#[cfg(test)]
mod tests {
    use debrick_model::Coded;

    use super::*;

    fn vault() -> (tempfile::TempDir, Vault) {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path()).unwrap();
        (dir, vault)
    }

    fn incoming(vault: &Vault) -> usize {
        std::fs::read_dir(vault.incoming_dir()).unwrap().count()
    }

    #[test]
    fn what_goes_in_comes_out() {
        let (_dir, vault) = vault();
        for size in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7] {
            let content: Vec<u8> = (0..size).map(|i| (i * 31 % 251) as u8).collect();
            let digest = vault.put_reader(&mut content.as_slice()).unwrap();
            assert_eq!(vault.put_bytes(&content).unwrap(), digest);
            let artifact = vault.artifact(digest).unwrap();
            assert_eq!((artifact.len(), artifact.is_empty()), (size as u64, size == 0));
            assert_eq!(artifact.read_all(size as u64).unwrap(), content);
            artifact.verify().unwrap();
            assert_eq!(incoming(&vault), 0);
        }
    }

    #[test]
    fn the_path_is_the_digest() {
        let (_dir, vault) = vault();
        let digest = vault.put_bytes(b"abc").unwrap();
        assert!(
            vault
                .artifact_path(digest)
                .ends_with("artifacts/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
    }

    #[test]
    fn reading_in_the_middle_and_behind_the_end() {
        let (_dir, vault) = vault();
        let artifact = vault.artifact(vault.put_bytes(b"0123456789").unwrap()).unwrap();
        let mut buffer = [0; 4];
        assert_eq!((artifact.read_at(3, &mut buffer).unwrap(), &buffer), (4, b"3456"));
        assert_eq!(artifact.read_at(8, &mut buffer).unwrap(), 2);
        assert_eq!(artifact.read_at(10, &mut buffer).unwrap(), 0);
        assert_eq!(artifact.read_at(u64::MAX, &mut buffer).unwrap(), 0);
    }

    #[test]
    fn damage_is_found_and_mended_by_storing_again() {
        let (_dir, vault) = vault();
        for damaged in [&b"hellO"[..], b"hell", b"hello!", b""] {
            let digest = vault.put_bytes(b"hello").unwrap();
            std::fs::write(vault.artifact_path(digest), damaged).unwrap();
            assert_eq!(vault.verify(digest).unwrap_err().code(), "vault-artifact-damaged");
            let error = vault.artifact(digest).unwrap().read_all(100).unwrap_err();
            assert_eq!(error.code(), "vault-artifact-damaged");
            assert_eq!(vault.put_reader(&mut &b"hello"[..]).unwrap(), digest);
            vault.verify(digest).unwrap();
        }
    }

    #[test]
    fn missing_and_large_ones_are_refused() {
        let (_dir, vault) = vault();
        let nobody = Digest::new([7; 32]);
        assert!(!vault.contains(nobody));
        assert_eq!(vault.artifact(nobody).unwrap_err().code(), "vault-artifact-missing");
        let digest = vault.put_bytes(b"12345").unwrap();
        assert_eq!(
            vault.artifact(digest).unwrap().read_all(4).unwrap_err().code(),
            "vault-artifact-too-large"
        );
    }

    #[test]
    fn a_failing_source_leaves_nothing() {
        struct Failing(u32);
        impl Read for Failing {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                match self.0 {
                    1 => Err(io::ErrorKind::Interrupted.into()),
                    2 => Ok(buffer.len()),
                    _ => Err(io::ErrorKind::BrokenPipe.into()),
                }
            }
        }
        let (_dir, vault) = vault();
        let mut source = Failing(0);
        assert_eq!(vault.put_reader(&mut source).unwrap_err().code(), "vault-source-failed");
        assert_eq!(source.0, 3);
        assert_eq!(incoming(&vault), 0);
    }

    #[test]
    fn a_full_disk_has_its_own_code() {
        let mut full = File::options().write(true).open("/dev/full").unwrap();
        let error = write_to(&mut full, Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!(error.code(), "vault-disk-full");
    }

    #[test]
    fn a_writer_that_is_dropped_leaves_nothing() {
        let (_dir, vault) = vault();
        let mut writer = vault.writer().unwrap();
        writer.write(b"half").unwrap();
        assert_eq!((writer.size(), incoming(&vault)), (4, 1));
        drop(writer);
        assert_eq!(incoming(&vault), 0);
    }

    #[test]
    fn opening_removes_what_the_dead_left_and_nothing_else() {
        let (dir, vault) = vault();
        std::fs::write(vault.incoming_dir().join("999999-1"), "half").unwrap();
        let mut living = vault.writer().unwrap();
        living.write(b"living").unwrap();
        Vault::open(dir.path()).unwrap();
        assert_eq!(incoming(&vault), 1);
        let digest = living.finish().unwrap();
        vault.verify(digest).unwrap();
    }

    #[test]
    fn many_threads_may_store_the_same() {
        let (_dir, vault) = vault();
        let content = vec![9; 100_000];
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| vault.put_reader(&mut content.as_slice()).unwrap());
            }
        });
        vault.verify(vault.put_bytes(&content).unwrap()).unwrap();
        assert_eq!(incoming(&vault), 0);
    }
}
