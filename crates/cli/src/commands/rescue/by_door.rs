//! `debrick rescue --lan`: a repair through a mode of the unit's bootloader that takes firmware over the network.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use debrick_catalog::{Device, Door, Recogniser, Recoverable};
use debrick_engine::{
    Closed, DoorJob, DoorPorts, EngineError, ImageEvidence, Operator, Passes, Reach, Wishes,
};
use debrick_link::Link;
use debrick_link_os::{BorrowedInterface, Loan, OsClock};
use debrick_model::Digest;
use debrick_vault::Vault;

use super::{evidence, into_vault, open_image, system, waivers};
use crate::args::{Rescue, Resume};
use crate::commands::unit::{answers, named_device};
use crate::commands::{Context, seed};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::{host, input, out, trust_file};

/// The longest log that is taken, in bytes.
const LONGEST_LOG: u64 = 16 << 20;

/// Bits of the network that recovery modes live in: the usual one.
const PREFIX: u8 = 24;

/// An address beside the one that OpenWrt has until somebody gives it another.
const USUAL_HOST: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 10);

/// The folder of interfaces that are borrowed, in the state folder.
const BORROWED: &str = "interfaces";

/// How a port is written in the journal.
const LAN: &str = "lan:";

pub(super) fn rescue(context: &Context, args: &Rescue, interface: &str) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let waivers = waivers(&args.way.waivers)?;
    let device = recoverable(&named_device(context, &args.unit())?)?;
    let method = method(&device, args.way.method.as_deref())?;
    let trusted = trust_file::read(&context.state_dir()?)?;
    let wishes = Wishes { waivers, method, trusted, soak_restarts: args.way.soak };
    let answers = answers(&args.unit.answers)?;
    let image = args.image.as_deref().map(open_image).transpose()?;
    let files = evidence(args)?;
    let logs = args.log.iter().map(|path| log(path)).collect::<Result<Vec<_>, _>>()?;
    let vault = context.vault()?;
    let mut table = Table::lay(context, &device, &wishes, interface, args.unit.console.as_deref())?;
    let image = into_vault(&vault, image, &args.sums)?;
    let mut job = DoorJob {
        device,
        image,
        evidence: Vec::new(),
        logs: Vec::new(),
        ports: table.names.clone(),
        wishes,
        seed: seed(),
    };
    for (kind, name, bytes) in files {
        job.evidence.push(ImageEvidence { kind, name, artifact: vault.put_bytes(&bytes)? });
    }
    for (name, bytes) in logs {
        job.logs.push((name, vault.put_bytes(&bytes)?));
    }
    let passes = match (goes_in_passes(&job.device, &job.wishes), &args.first) {
        (true, first) => {
            let first = first.as_deref().map(open_image).transpose()?;
            let first = into_vault(&vault, first, &[])?;
            Some(table.leads_to(system::after_first(context, first, &args.system, &stop)?))
        }
        (false, Some(_)) => {
            let next = "Leave --first out: the bootloader of this device writes what it is given.";
            return Err(Failure::usage("nothing is started in this device's memory first", next));
        }
        (false, None) => None,
    };
    table.attend(context, &vault, None, answers, &stop, |ports, operator| match passes {
        Some(passes) => debrick_engine::rescue_in_passes(&vault, job, passes, ports, operator),
        None => debrick_engine::rescue_by_door(&vault, job, ports, operator),
    })
}

/// Goes on with a session whose record is that of a repair through a door.
pub(super) fn resume(
    context: &Context,
    args: &Resume,
    (session, device, ports): (&str, Recoverable, &[String]),
    vault: &Vault,
) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let used = ports.iter().find_map(|port| port.strip_prefix(LAN)).map(str::to_owned);
    let interface = args.lan.clone().or(used).ok_or_else(|| {
        Failure::usage("the session does not say which network interface it used", "Name it with --lan.")
    })?;
    let method = method(&device, args.way.method.as_deref())?;
    let trusted = trust_file::read(&context.state_dir()?)?;
    let waivers = waivers(&args.way.waivers)?;
    let wishes = Wishes { waivers, method, trusted, soak_restarts: args.way.soak };
    let answers = answers(&args.answers)?;
    let mut table = Table::lay(context, &device, &wishes, &interface, args.console.as_deref())?;
    let passes = match goes_in_passes(&device, &wishes) {
        true => Some(table.leads_to(system::after_first(context, None, &args.system, &stop)?)),
        false => None,
    };
    table.attend(context, vault, Some(session), answers, &stop, |ports, operator| match passes {
        Some(passes) => debrick_engine::resume_in_passes(vault, session, wishes, passes, ports, operator),
        None => debrick_engine::resume_by_door(vault, session, wishes, ports, operator),
    })
}

/// Whether the first door that would be used only starts what it is given in memory.
fn goes_in_passes(device: &Recoverable, wishes: &Wishes) -> bool {
    used(device, wishes).next().is_some_and(|door| door.in_memory)
}

/// The doors that may be used.
fn used<'a>(device: &'a Recoverable, wishes: &'a Wishes) -> impl Iterator<Item = &'a Door> {
    device.doors.iter().filter(|door| wishes.method.as_ref().is_none_or(|name| door.name == *name))
}

/// The device with its doors, or what is missing for one.
fn recoverable(device: &Device) -> Result<Recoverable, Failure> {
    Ok(device.recoverable()?)
}

fn method(device: &Recoverable, wanted: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(wanted) = wanted else { return Ok(None) };
    if device.doors.iter().any(|door| door.name == wanted) {
        return Ok(Some(wanted.to_owned()));
    }
    let names: Vec<&str> = device.doors.iter().map(|door| door.name.as_str()).collect();
    let next = format!("Over the network its methods are {}.", names.join(", "));
    Err(Failure::usage(format!("this device has no method {wanted:?} over the network"), next))
}

fn log(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok((name, input::bytes(path, LONGEST_LOG)?))
}

/// What lies on the table of such a repair; the interface is given back when it ends.
struct Table {
    borrowed: BorrowedInterface,
    ports: DoorPorts,
    names: Vec<String>,
}

impl Table {
    /// Borrows the interface with the addresses that the doors want, and opens the rest.
    fn lay(
        context: &Context,
        device: &Recoverable,
        wishes: &Wishes,
        interface: &str,
        console: Option<&str>,
    ) -> Result<Self, Failure> {
        let mut addresses: Vec<Ipv4Addr> = used(device, wishes).filter_map(|door| door.kind.host()).collect();
        // OpenWrt's usual network, which it is asked in.
        if !addresses.iter().any(|one| is_beside(*one, USUAL_HOST)) {
            addresses.push(USUAL_HOST);
        }
        addresses.sort_unstable();
        addresses.dedup();
        let loan = Loan {
            addresses: addresses.into_iter().map(|address| (address, PREFIX)).collect(),
            ..Loan::to_listen(interface)
        };
        let folder: PathBuf = context.state_dir()?.join(BORROWED);
        let borrowed = BorrowedInterface::borrow(&loan, &folder)?;
        for note in borrowed.notes() {
            out::note(&out::harmless(note));
        }
        let mut names = vec![format!("{LAN}{interface}")];
        let console = match console {
            None => None,
            Some(spec) => {
                names.push(spec.to_owned());
                let link: Box<dyn Link> = debrick_link_os::open(spec)?;
                Some(link)
            }
        };
        let devices = Arc::new(Recogniser::new(&context.catalog()?)?);
        let host = host::checks(&context.state_dir()?, "");
        let ports = DoorPorts {
            network: Box::new(borrowed.network()),
            console,
            system: Some(system::bare()),
            clock: Arc::new(OsClock),
            host,
            devices,
        };
        Ok(Self { borrowed, ports, names })
    }

    /// The second of two passes knows its own way to the system.
    fn leads_to(&mut self, (passes, system): (Passes, Box<dyn Reach>)) -> Passes {
        self.ports.system = Some(system);
        passes
    }

    /// Lets the engine work, and gives the interface back.
    fn attend(
        self,
        context: &Context,
        vault: &Vault,
        session: Option<&str>,
        answers: crate::answers::Answers,
        stop: &Stop,
        work: impl FnOnce(DoorPorts, &mut dyn Operator) -> Result<Closed, EngineError>,
    ) -> Result<i32, Failure> {
        let Self { borrowed, ports, .. } = self;
        let code = context.attend(vault, session, answers, stop, |operator| work(ports, operator));
        borrowed.give_back()?;
        code
    }
}

/// Whether two addresses are in one network of 24 bits.
fn is_beside(one: Ipv4Addr, other: Ipv4Addr) -> bool {
    one.octets()[..3] == other.octets()[..3]
}

/// The record of a session of this kind, where it is one.
pub(super) fn record_of(bytes: &[u8]) -> Option<Recoverable> {
    serde_json::from_slice(bytes).ok()
}

/// An image in the vault, by name.
pub(super) type Stored = Option<(String, Digest)>;
