//! The journal of a borrowed interface: how each change is taken back, on disk before the change is made.
//!
//! A file of lines of JSON. The first says which interface it is; each further one is an [`Undo`]. A last line that is cut
//! off is of a change that was never made. The file is locked while its process lives, so that nobody takes back what is
//! still in use. It holds for one start of the computer and one network namespace: with them, the changes are gone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::net::Ipv4Addr;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use debrick_model::MacAddress;
use serde::{Deserialize, Serialize};

use super::InterfaceError;
use super::managers::Manager;
use super::netlink::Neighbour;
use super::state::{self, Identity};
use crate::lock::try_lock;

/// The version of the journal's shape.
const SCHEMA: &str = "debrick.interface/2";

/// Behind the names of journals.
const SUFFIX: &str = ".interface";

/// The longest journal that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// How often a journal is opened again that somebody has just removed.
const TRIES: usize = 5;

/// How one change is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "undo")]
pub(super) enum Undo {
    DeleteAddress { address: Ipv4Addr, prefix: u8 },
    TakeDown,
    HearOwnGroups,
    GiveToManager { manager: Manager },
}

/// Which interface it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    schema: String,
    interface: String,
    index: u32,
    hardware: Option<MacAddress>,
    namespace: u64,
    boot: String,
    /// The neighbours that it had before.
    neighbours: Vec<Neighbour>,
}

/// An open journal, locked.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    head: Head,
    undos: Vec<Undo>,
}

impl Journal {
    /// Begins one. An older one of the same interface has to be given back before.
    pub(super) fn begin(
        folder: &Path,
        identity: &Identity,
        neighbours: Vec<Neighbour>,
    ) -> Result<Self, InterfaceError> {
        let path = path_of(folder, identity);
        let failed = |source| InterfaceError::Journal { path: path.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut file = open_locked(&path, &identity.name)?;
        let head = Head {
            schema: SCHEMA.into(),
            interface: identity.name.clone(),
            index: identity.index,
            hardware: identity.hardware,
            namespace: identity.namespace,
            boot: identity.boot.clone(),
            neighbours,
        };
        file.set_len(0).map_err(failed)?;
        append(&mut file, &head).map_err(failed)?;
        sync_folder(folder).map_err(failed)?;
        Ok(Self { path, file, head, undos: Vec::new() })
    }

    /// The journal that a run which was killed left of this interface.
    pub(super) fn left_over(folder: &Path, identity: &Identity) -> Result<Option<Self>, InterfaceError> {
        let path = path_of(folder, identity);
        if !path.exists() {
            return Ok(None);
        }
        let file = open_locked(&path, &identity.name)?;
        Self::read(path, file)
    }

    /// The journals in a folder that are nobody's any more and whose changes may still be there.
    pub(super) fn all_left_over(folder: &Path) -> Result<Vec<Self>, InterfaceError> {
        let failed = |source| InterfaceError::Journal { path: folder.to_owned(), source };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let namespace = state::namespace();
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if !name.ends_with(SUFFIX) {
                continue;
            }
            let file = match open_locked(&path, &name) {
                Ok(file) => file,
                Err(InterfaceError::Busy { .. }) => continue,
                Err(error) => return Err(error),
            };
            if let Some(journal) = Self::read(path, file)?
                && Some(journal.head.namespace) == namespace
            {
                found.push(journal);
            }
        }
        Ok(found)
    }

    /// Reads an open journal. One of an earlier start of the computer, or without a whole first line, has nothing to take
    /// back: it is removed.
    fn read(path: PathBuf, mut file: File) -> Result<Option<Self>, InterfaceError> {
        let failed = |source| InterfaceError::Journal { path: path.clone(), source };
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).map_err(failed)?;
        (&file).take(LONGEST).read_to_string(&mut text).map_err(failed)?;
        let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let head = lines.next().and_then(|line| serde_json::from_str::<Head>(line).ok());
        let Some(head) = head.filter(|head| head.schema == SCHEMA && head.boot == state::boot()) else {
            fs::remove_file(&path).map_err(failed)?;
            return Ok(None);
        };
        let undos = lines.filter_map(|line| serde_json::from_str(line).ok()).collect();
        Ok(Some(Self { path, file, head, undos }))
    }

    /// Writes down how a change is taken back, and returns the number of the interface. The change may be made once this
    /// returns.
    pub(super) fn announce(&mut self, undo: Undo) -> Result<u32, InterfaceError> {
        let failed = |source| InterfaceError::Journal { path: self.path.clone(), source };
        append(&mut self.file, &undo).map_err(failed)?;
        self.undos.push(undo);
        Ok(self.head.index)
    }

    /// The name of the interface.
    pub(super) fn interface(&self) -> &str {
        &self.head.interface
    }

    /// The number of the interface.
    pub(super) fn index(&self) -> u32 {
        self.head.index
    }

    /// Whether it is of this interface, and not of one that took its name.
    pub(super) fn is_of(&self, identity: &Identity) -> bool {
        (self.head.index, self.head.hardware) == (identity.index, identity.hardware)
    }

    /// What is to be taken back, the latest first.
    pub(super) fn undos(&self) -> Vec<Undo> {
        self.undos.iter().rev().cloned().collect()
    }

    /// The neighbours that the interface had before.
    pub(super) fn neighbours(&self) -> &[Neighbour] {
        &self.head.neighbours
    }

    /// Removes it: everything is taken back.
    pub(super) fn end(self) -> Result<(), InterfaceError> {
        fs::remove_file(&self.path)
            .map_err(|source| InterfaceError::Journal { path: self.path.clone(), source })
    }
}

fn path_of(folder: &Path, identity: &Identity) -> PathBuf {
    // The kernel allows every sign but blanks and slashes.
    folder.join(format!("{}-{}{SUFFIX}", identity.name, identity.namespace))
}

/// Opens and locks a journal that nobody removes meanwhile.
fn open_locked(path: &Path, interface: &str) -> Result<File, InterfaceError> {
    let failed = |source| InterfaceError::Journal { path: path.to_owned(), source };
    for _ in 0..TRIES {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        match try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(InterfaceError::Busy { interface: interface.to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let ours = file.metadata().map_err(failed)?;
        if fs::metadata(path).is_ok_and(|now| (now.dev(), now.ino()) == (ours.dev(), ours.ino())) {
            return Ok(file);
        }
    }
    Err(InterfaceError::Busy { interface: interface.to_owned() })
}

fn append(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.seek(SeekFrom::End(0))?;
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn identity() -> Identity {
        Identity {
            name: "eth7".into(),
            index: 7,
            hardware: Some(MacAddress::new([2, 0, 0, 0, 0, 7])),
            namespace: state::namespace().unwrap(),
            boot: state::boot(),
            is_up: false,
            hears_all_groups: false,
        }
    }

    fn begin(folder: &Path) -> Journal {
        Journal::begin(folder, &identity(), vec![NEIGHBOUR]).unwrap()
    }

    const NEIGHBOUR: Neighbour = Neighbour {
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        station: Some(MacAddress::new([2, 0, 0, 0, 0, 9])),
        is_permanent: true,
    };

    #[test]
    fn what_was_announced_is_found_by_the_next_and_not_while_it_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = begin(folder.path());
        let undo = Undo::DeleteAddress { address: Ipv4Addr::new(10, 0, 0, 1), prefix: 24 };
        assert_eq!(journal.announce(Undo::TakeDown).unwrap(), 7);
        journal.announce(undo.clone()).unwrap();
        assert!(Journal::all_left_over(folder.path()).unwrap().is_empty());
        assert!(matches!(Journal::left_over(folder.path(), &identity()), Err(InterfaceError::Busy { .. })));
        drop(journal);
        let mut left = Journal::all_left_over(folder.path()).unwrap();
        assert_eq!(left.len(), 1);
        let left = left.remove(0);
        assert_eq!(left.undos(), [undo, Undo::TakeDown]);
        assert!(left.is_of(&identity()) && left.neighbours() == [NEIGHBOUR]);
        assert!(!left.is_of(&Identity { index: 8, ..identity() }));
        left.end().unwrap();
        assert!(Journal::left_over(folder.path(), &identity()).unwrap().is_none());
    }

    #[test]
    fn a_line_that_is_cut_off_was_never_done() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = begin(folder.path());
        journal.announce(Undo::TakeDown).unwrap();
        journal.file.write_all(b"{\"undo\":\"delete-addr").unwrap();
        drop(journal);
        let left = Journal::left_over(folder.path(), &identity()).unwrap().unwrap();
        assert_eq!(left.undos(), [Undo::TakeDown]);
    }

    #[test]
    fn journals_of_an_earlier_start_or_of_nothing_go() {
        let folder = tempfile::tempdir().unwrap();
        let earlier = Identity { boot: "earlier".into(), ..identity() };
        drop(Journal::begin(folder.path(), &earlier, vec![]).unwrap());
        fs::write(folder.path().join("cut-off.interface"), "{\"schema\":").unwrap();
        fs::write(folder.path().join("another-file"), "stays").unwrap();
        assert!(Journal::all_left_over(folder.path()).unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // Another namespace's is not ours to give back, and stays.
        let elsewhere = Identity { namespace: 1, ..identity() };
        drop(Journal::begin(folder.path(), &elsewhere, vec![]).unwrap());
        assert!(Journal::all_left_over(folder.path()).unwrap().is_empty());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(Journal::all_left_over(&folder.path().join("nowhere")).unwrap().is_empty());
    }
}
