//! `debrick rescue` and `debrick resume`.

mod by_door;
mod system;

use std::fs::File;
use std::path::{Path, PathBuf};

use debrick_catalog::Repairable;
use debrick_engine::{ImageEvidence, Wishes};
use debrick_image::LONGEST_EVIDENCE;
use debrick_model::{EventBody, EvidenceKind, Gate, Waiver};
use debrick_vault::{SessionStatus, Vault};

use crate::args::{Rescue, Resume, WaiverArgs};
use crate::commands::image::sums;
use crate::commands::unit::{Named, answers};
use crate::commands::{Context, Traced, seed};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::{input, trust_file};

/// The largest firmware file that is taken, in bytes.
const LARGEST_IMAGE: u64 = 16 << 30;

/// What a journal needs on top of the firmware, in bytes.
const ROOM_FOR_JOURNAL: u64 = 1 << 20;

pub(super) fn rescue(context: &Context, args: &Rescue) -> Result<i32, Failure> {
    if let Some(target) = &args.ssh {
        return system::rescue(context, args, target);
    }
    if let Some(interface) = &args.lan {
        return by_door::rescue(context, args, interface);
    }
    let stop = Stop::listen()?;
    let waivers = waivers(&args.way.waivers)?;
    let named = Named::by(context, &args.unit())?;
    let method = method(&named.device, args.way.method.as_deref())?;
    let trusted = trust_file::read(&context.state_dir()?)?;
    let wishes = Wishes { waivers, method, trusted, soak_restarts: args.way.soak };
    let answers = answers(&args.unit.answers)?;
    let image = args.image.as_deref().map(open_image).transpose()?;
    let evidence = evidence(args)?;
    let vault = context.vault()?;
    let ports = named.ports(context)?;
    let image = into_vault(&vault, image, &args.sums)?;
    let mut job = named.job(image, wishes, seed());
    for (kind, name, bytes) in evidence {
        job.evidence.push(ImageEvidence { kind, name, artifact: vault.put_bytes(&bytes)? });
    }
    let wishes = job.wishes.clone();
    let run = Traced { command: "rescue", wishes: &wishes, resumed: None };
    context.attend(&vault, None, answers, &stop, |operator| {
        context.work_traced(&vault, run, ports, operator, |ports, operator| {
            debrick_engine::rescue(&vault, job, ports, operator)
        })
    })
}

pub(super) fn resume(context: &Context, args: &Resume) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let waivers = waivers(&args.way.waivers)?;
    let vault = context.vault()?;
    let session = match &args.session {
        Some(session) => session.clone(),
        None => unfinished(&vault)?,
    };
    let (record, ports) = opening(&vault, &session)?;
    if let Some(target) = ports.iter().find_map(|port| port.strip_prefix(system::SSH)) {
        return system::resume(context, args, (&session, target), &vault);
    }
    if let Some(device) = by_door::record_of(&record) {
        return by_door::resume(context, args, (&session, device, &ports), &vault);
    }
    let device: Repairable = serde_json::from_slice(&record).map_err(|error| {
        not_resumable(format!("the device record of session {session} cannot be read: {error}"))
    })?;
    let console = ports.first().cloned();
    let console = args.console.clone().or(console).ok_or_else(|| {
        Failure::usage("the session does not say which console it used", "Name it with --console.")
    })?;
    let method = method(&device, args.way.method.as_deref())?;
    let trusted = trust_file::read(&context.state_dir()?)?;
    let wishes = Wishes { waivers, method, trusted, soak_restarts: args.way.soak };
    let answers = answers(&args.answers)?;
    let named = Named { device, console, no_network: args.no_network, record: None };
    let ports = named.ports(context)?;
    let wished = wishes.clone();
    let run = Traced { command: "resume", wishes: &wished, resumed: Some(&session) };
    context.attend(&vault, Some(&session), answers, &stop, |operator| {
        context.work_traced(&vault, run, ports, operator, |ports, operator| {
            debrick_engine::resume(&vault, &session, wishes, ports, operator)
        })
    })
}

/// The last session that did not end well.
fn unfinished(vault: &Vault) -> Result<String, Failure> {
    let sessions = vault.sessions()?;
    let last = sessions.into_iter().rev().find(|session| match &session.status {
        SessionStatus::Interrupted => true,
        SessionStatus::Closed { ending } => crate::exit::of(*ending) != 0,
        _ => false,
    });
    last.map(|session| session.id).ok_or_else(|| {
        let next = "`debrick sessions` lists them all; start with `debrick rescue`.";
        Failure::usage("there is no session to go on with", next)
    })
}

fn not_resumable(what: String) -> Failure {
    Failure::new("session-not-resumable", what, "Start a new repair with `debrick rescue`.")
}

/// Puts a firmware file into the vault, and looks for it in the lists of sums that came with it.
fn into_vault(
    vault: &Vault,
    image: Option<(String, File, u64)>,
    sums: &[PathBuf],
) -> Result<by_door::Stored, Failure> {
    let Some((name, mut file, size)) = image else { return Ok(None) };
    vault.require_free(size + ROOM_FOR_JOURNAL)?;
    let digest = vault.put_reader(&mut file)?;
    for sums in sums {
        sums::listed(sums, &name, digest)?;
    }
    Ok(Some((name, digest)))
}

/// The device record, as it was kept, and the ports of a recorded session.
fn opening(vault: &Vault, session: &str) -> Result<(Vec<u8>, Vec<String>), Failure> {
    let events = vault.read_session(session)?;
    let Some(EventBody::SessionOpened { record, ports, .. }) = events.first().map(|event| &event.body) else {
        return Err(not_resumable(format!("session {session} does not say how it began")));
    };
    let bytes = vault.artifact(*record)?.read_all(debrick_catalog::LONGEST_RECORD as u64)?;
    Ok((bytes, ports.clone()))
}

/// Opens a firmware file: its name, its content, its size.
fn open_image(path: &Path) -> Result<(String, File, u64), Failure> {
    let (file, size) = input::open(path)?;
    let unusable = |code: &str, reason: &str| {
        let what = format!("{} {reason}", path.display());
        Failure::new(
            code,
            what,
            "Name the file as it was downloaded from the maker. Nothing was done to the unit.",
        )
    };
    if size == 0 {
        return Err(unusable("image-empty", "is empty"));
    }
    if size > LARGEST_IMAGE {
        return Err(unusable("image-too-large", "is larger than any firmware"));
    }
    let name = path.file_name().map_or_else(|| "firmware".into(), |name| name.to_string_lossy().into_owned());
    Ok((name, file, size))
}

/// What came with the firmware file: what each is, its name, its content.
fn evidence(args: &Rescue) -> Result<Vec<(EvidenceKind, String, Vec<u8>)>, Failure> {
    let sums = args.sums.iter().map(|path| (EvidenceKind::ImageSums, path));
    let signatures = args.signature.iter().map(|path| (EvidenceKind::ImageSignature, path));
    sums.chain(signatures)
        .map(|(kind, path)| {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            Ok((kind, name, input::bytes(path, LONGEST_EVIDENCE as u64)?))
        })
        .collect()
}

/// The waivers on the command line.
pub(super) fn waivers(args: &WaiverArgs) -> Result<Vec<Waiver>, Failure> {
    let because = args.because.clone().unwrap_or_default();
    if !args.waive.is_empty() && because.trim().is_empty() {
        let next = "Say why with --because TEXT; it goes into the report.";
        return Err(Failure::usage("a waiver needs a reason", next));
    }
    args.waive
        .iter()
        .map(|name| match Gate::from_id(name) {
            Some(gate) if gate.can_be_waived() => Ok(Waiver { gate, because: because.clone() }),
            Some(gate) => Err(Failure::usage(
                format!("the {gate} gate cannot be waived"),
                "Writing to an unknown unit, or writing a damaged image, is how devices are lost. Find out what shuts \
                 the gate: the report says it.",
            )),
            None => Err(Failure::usage(
                format!("there is no gate {name:?}"),
                "The gates that can be waived are provenance, fitness, preflight and backup.",
            )),
        })
        .collect()
}

fn method(device: &Repairable, wanted: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(wanted) = wanted else { return Ok(None) };
    let names: Vec<&str> = device.method.iter().map(|method| method.name.as_str()).collect();
    if names.contains(&wanted) {
        return Ok(Some(wanted.to_owned()));
    }
    let next = format!("Its methods are {}.", names.join(", "));
    Err(Failure::usage(format!("this device has no method {wanted:?}"), next))
}
