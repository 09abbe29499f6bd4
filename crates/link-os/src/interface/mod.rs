//! One network interface, borrowed for a repair and given back as it was.
//!
//! What managers of networks do with it is suspended, it is brought up, and it gets the addresses that a recovery needs, and
//! through its network ([`OsNetwork`]) static ARP entries; no other interface is touched. The journal on disk begins with the
//! ARP entries as they were, and every other change is announced in it before the change is made, so that all is taken back when the value is dropped, or, after a kill, by
//! [`give_back_left_over`] at the next start. After a restart of the computer nothing is left to take back.
//!
//! An address added here gets a route that any other of the same network is preferred to: what other programs reach over
//! another interface, they go on to reach there.

mod error;
mod journal;
mod managers;
mod netlink;
mod state;

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

use debrick_model::MacAddress;

use crate::network::OsNetwork;
use journal::{Journal, Undo};
use managers::{Manager, Managers};
use netlink::{Change, Neighbour, Netlink};
use state::Identity;

pub use error::InterfaceError;
pub use state::{carries_default_route, own_addresses};

/// What is wanted of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loan {
    /// Its name.
    pub interface: String,
    /// Addresses that it gets, with their prefix lengths.
    pub addresses: Vec<(Ipv4Addr, u8)>,
    /// Whether it may be the one that this computer reaches the rest of the world over.
    pub may_carry_default_route: bool,
}

/// A borrowed interface. Dropped, it is given back; [`give_back`](Self::give_back) also says whether that worked.
#[derive(Debug)]
pub struct BorrowedInterface {
    name: String,
    netlink: Netlink,
    journal: Option<Journal>,
    managers: Managers,
    notes: Vec<String>,
}

/// An interface that an earlier run left borrowed.
#[derive(Debug)]
pub struct LeftOver {
    /// Its name.
    pub interface: String,
    /// Whether it could be given back.
    pub outcome: Result<(), InterfaceError>,
}

impl Loan {
    /// An interface that is only brought up and listened on.
    pub fn to_listen(interface: impl Into<String>) -> Self {
        Self { interface: interface.into(), addresses: Vec::new(), may_carry_default_route: false }
    }
}

impl BorrowedInterface {
    /// Borrows an interface. Its journal lies in `folder`, which is made if it is missing; what an earlier run left of
    /// this interface is given back first.
    ///
    /// # Errors
    /// [`InterfaceError`]; what was changed before the error is taken back.
    pub fn borrow(loan: &Loan, folder: &Path) -> Result<Self, InterfaceError> {
        let managers = Managers::of_this_computer();
        let mut netlink = Netlink::open().map_err(|error| InterfaceError::system(&loan.interface, error))?;
        let identity = Identity::of(&loan.interface)?;
        if !loan.may_carry_default_route && state::carries_default_route(&loan.interface) {
            return Err(InterfaceError::DefaultRoute { interface: loan.interface.clone() });
        }
        if let Some(left) = Journal::left_over(folder, &identity)? {
            give_back(left, &mut netlink, &managers)?;
        }
        let known = netlink.neighbours(identity.index);
        let known = known.map_err(|error| InterfaceError::system(&loan.interface, error))?;
        let journal = Journal::begin(folder, &identity, known)?;
        let name = loan.interface.clone();
        let mut borrowed = Self { name, netlink, journal: Some(journal), managers, notes: Vec::new() };
        borrowed.take(loan, identity.index)?;
        Ok(borrowed)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sockets and raw Ethernet on this interface only.
    pub fn network(&self) -> OsNetwork {
        OsNetwork::on_interface(self.name.clone())
    }

    /// What a person should know, as sentences.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Adds an address; nothing where the interface has it.
    ///
    /// # Errors
    /// [`InterfaceError::AddressElsewhere`] where another interface has it, and what the system refuses.
    pub fn add_address(&mut self, address: Ipv4Addr, prefix: u8) -> Result<(), InterfaceError> {
        let all = state::addresses(&self.name)?;
        if all.iter().any(|one| one.interface == self.name && one.address == address) {
            return Ok(());
        }
        if let Some(other) = all.iter().find(|one| one.address == address) {
            return Err(InterfaceError::AddressElsewhere { address, interface: other.interface.clone() });
        }
        if let Some(other) =
            all.iter().find(|one| one.interface != self.name && one.is_in_net_of(address, prefix))
        {
            self.notes.push(format!(
                "{} is in the same network as {address}: other programs of this computer go on to use it, and do not see \
                 the unit.",
                other.interface
            ));
        }
        self.change(Undo::DeleteAddress { address, prefix }, Change::AddAddress { address, prefix })
    }

    /// Gives the interface back as it was.
    ///
    /// # Errors
    /// What could not be taken back; the journal stays for the next start.
    pub fn give_back(mut self) -> Result<(), InterfaceError> {
        match self.journal.take() {
            Some(journal) => give_back(journal, &mut self.netlink, &self.managers),
            None => Ok(()),
        }
    }

    fn take(&mut self, loan: &Loan, index: u32) -> Result<(), InterfaceError> {
        for manager in self.managers.managing(&self.name, index) {
            self.record(Undo::GiveToManager { manager })?;
            match self.managers.suspend(manager, &self.name) {
                Ok(()) => {}
                Err(reason) => self.notes.push(format!(
                    "{} manages {} and could not be asked to leave it alone: {reason}",
                    manager.name(),
                    self.name
                )),
            }
        }
        // A manager may have taken it down when it let it go.
        let identity = Identity::of(&self.name)?;
        if !identity.is_up {
            self.change(Undo::TakeDown, Change::Up(true))?;
        }
        if !identity.hears_all_groups {
            self.change(Undo::HearOwnGroups, Change::HearAllGroups(true))?;
        }
        for (address, prefix) in &loan.addresses {
            self.add_address(*address, *prefix)?;
        }
        Ok(())
    }

    fn record(&mut self, undo: Undo) -> Result<u32, InterfaceError> {
        match &mut self.journal {
            Some(journal) => journal.announce(undo),
            // Only giving back takes the journal, and takes the value with it.
            None => Ok(0),
        }
    }

    fn change(&mut self, undo: Undo, change: Change) -> Result<(), InterfaceError> {
        let index = self.record(undo)?;
        self.netlink
            .apply(index, &change)
            .map_err(|error| InterfaceError::refused(&self.name, change.what(), error))
    }
}

impl Drop for BorrowedInterface {
    fn drop(&mut self) {
        if let Some(journal) = self.journal.take() {
            // What cannot be given back now is given back at the next start.
            let _ = give_back(journal, &mut self.netlink, &self.managers);
        }
    }
}

/// Adds a static ARP entry to an interface that is borrowed: giving it back, now or after a kill, makes all entries what the
/// first line of its journal says that they were.
pub(crate) fn set_neighbour(interface: &str, address: Ipv4Addr, station: MacAddress) -> io::Result<()> {
    change_neighbour(interface, &Change::AddNeighbour { address, station })
}

/// Removes a static ARP entry again, while the interface is borrowed.
pub(crate) fn forget_neighbour(interface: &str, address: Ipv4Addr) -> io::Result<()> {
    change_neighbour(interface, &Change::DeleteNeighbour { address: address.into() })
}

fn change_neighbour(interface: &str, change: &Change) -> io::Result<()> {
    let identity = Identity::of(interface)
        .map_err(|error| io::Error::new(io::ErrorKind::NotFound, error.to_string()))?;
    Netlink::open()?.apply(identity.index, change)
}

/// Whether there is an interface of this name.
pub fn interface_exists(interface: &str) -> bool {
    Identity::of(interface).is_ok()
}

/// The programs that manage an interface now, as people call them.
pub fn managers_of(interface: &str) -> Vec<&'static str> {
    let Ok(identity) = Identity::of(interface) else { return Vec::new() };
    let managers = Managers::of_this_computer().managing(interface, identity.index);
    managers.into_iter().map(Manager::name).collect()
}

/// Gives back what runs that were killed have left borrowed, by the journals in `folder`. What another process has
/// borrowed and still uses is left alone.
///
/// # Errors
/// The folder cannot be read.
pub fn give_back_left_over(folder: &Path) -> Result<Vec<LeftOver>, InterfaceError> {
    let journals = Journal::all_left_over(folder)?;
    if journals.is_empty() {
        return Ok(Vec::new());
    }
    let mut netlink = Netlink::open().map_err(|error| InterfaceError::system("network", error))?;
    let managers = Managers::of_this_computer();
    let each = journals.into_iter().map(|journal| {
        let interface = journal.interface().to_owned();
        LeftOver { interface, outcome: give_back(journal, &mut netlink, &managers) }
    });
    Ok(each.collect())
}

/// Takes everything back that the journal names, the latest first, and removes the journal. Nothing of it depends on how
/// far a change had come: what is not there is not missed.
fn give_back(journal: Journal, netlink: &mut Netlink, managers: &Managers) -> Result<(), InterfaceError> {
    let name = journal.interface().to_owned();
    let mut failure = None;
    // An adapter that was unplugged took everything with it, and another one may have its name.
    let index = Identity::of(&name).ok().filter(|now| journal.is_of(now)).map(|now| now.index);
    for undo in journal.undos() {
        let outcome =
            match (&undo, index) {
                (Undo::GiveToManager { manager }, _) => {
                    managers.resume(*manager, &name, journal.index()).map_err(|reason| {
                        InterfaceError::Manager { manager: manager.name(), interface: name.clone(), reason }
                    })
                }
                (_, None) => Ok(()),
                (undo, Some(index)) => {
                    let change = Change::of(undo);
                    let applied = netlink.apply(index, &change);
                    applied.map_err(|error| InterfaceError::refused(&name, change.what(), error))
                }
            };
        failure = failure.or(outcome.err());
    }
    if let Some(index) = index {
        let restored = restore_neighbours(&journal, netlink, index);
        let restored =
            restored.map_err(|error| InterfaceError::refused(&name, "restoring its ARP entries", error));
        failure = failure.or(restored.err());
    }
    match failure {
        Some(failure) => Err(failure),
        None => journal.end(),
    }
}

/// Makes the ARP entries what they were: those that were learned or set meanwhile go, and those that were there before and
/// gave way to others, or went, come back.
fn restore_neighbours(journal: &Journal, netlink: &mut Netlink, index: u32) -> io::Result<()> {
    let before = journal.neighbours();
    let now = netlink.neighbours(index)?;
    let mut done = Ok(());
    for entry in &now {
        match before.iter().find(|one| one.address == entry.address) {
            Some(was) if entry.is_permanent && was != entry => {
                done = done.and(netlink.apply(index, &Change::RestoreNeighbour(*was)));
            }
            // What the kernel has learned anew of somebody it knew is its own business.
            Some(_) => {}
            None => {
                let removed = netlink.apply(index, &Change::DeleteNeighbour { address: entry.address });
                // What was learned would go by itself after some time.
                done = done.and(if entry.is_permanent { removed } else { Ok(()) });
            }
        }
    }
    let is_gone = |was: &&Neighbour| now.iter().all(|entry| entry.address != was.address);
    for was in before.iter().filter(|was| was.station.is_some()).filter(is_gone) {
        done = done.and(netlink.apply(index, &Change::RestoreNeighbour(*was)));
    }
    done
}
