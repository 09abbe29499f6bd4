//! `debrick rescue` and `debrick resume`.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use debrick_catalog::Device;
use debrick_engine::{Job, Ports, Wishes};
use debrick_link::record::Recorder;
use debrick_link::{Link, Network};
use debrick_link_os::{OsClock, OsNetwork};
use debrick_model::{Digest, EventBody, Gate, Waiver};
use debrick_vault::{SessionStatus, Vault};

use crate::answers::Answers;
use crate::args::{Rescue, Resume, UnitArgs, WaiverArgs};
use crate::commands::{Context, seed};
use crate::failure::Failure;
use crate::host;
use crate::stop::Stop;

/// The largest firmware file that is taken, in bytes.
const LARGEST_IMAGE: u64 = 16 << 30;

pub(super) fn rescue(context: &Context, args: &Rescue) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let device = device(&args.unit)?;
    let wishes = Wishes {
        waivers: waivers(&args.waivers)?,
        method: method(&device, args.method.as_deref())?,
        soak_restarts: args.soak,
    };
    let answers = answers(&args.unit.answers)?;
    let vault = context.vault()?;
    let ports = ports(&args.unit, &device, context)?;
    let image = args.image.as_deref().map(|path| take_image(&vault, path)).transpose()?;
    let job = Job { device, image, ports: vec![args.unit.console.clone()], wishes, seed: seed() };
    let mut operator = context.operator(answers, &stop);
    let closed = debrick_engine::rescue(&vault, job, ports, &mut *operator)?;
    drop(operator);
    context.conclude(&vault, &closed)
}

pub(super) fn resume(context: &Context, args: &Resume) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let vault = context.vault()?;
    let session = match &args.session {
        Some(session) => session.clone(),
        None => unfinished(&vault)?,
    };
    let (device, console) = opening(&vault, &session)?;
    let unit = UnitArgs {
        console: args.console.clone().or(console).ok_or_else(|| {
            Failure::usage("the session does not say which console it used", "Name it with --console.")
        })?,
        device: None,
        device_file: None,
        no_network: args.no_network,
        answers: args.answers.clone(),
        record: None,
    };
    let wishes = Wishes {
        waivers: waivers(&args.waivers)?,
        method: method(&device, args.method.as_deref())?,
        soak_restarts: args.soak,
    };
    let answers = answers(&unit.answers)?;
    let ports = ports(&unit, &device, context)?;
    let mut operator = context.operator(answers, &stop);
    let closed = debrick_engine::resume(&vault, &session, wishes, ports, &mut *operator)?;
    drop(operator);
    context.conclude(&vault, &closed)
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
        Failure::usage("there is no session to go on with", "`debrick sessions` lists them all; start with `debrick rescue`.")
    })
}

/// The device and the console of a recorded session.
fn opening(vault: &Vault, session: &str) -> Result<(Device, Option<String>), Failure> {
    let events = vault.read_session(session)?;
    let Some(EventBody::SessionOpened { record, ports, .. }) = events.first().map(|event| &event.body) else {
        return Err(Failure::usage(format!("session {session} does not say how it began"), "Start a new repair with `debrick rescue`."));
    };
    let bytes = vault.artifact(*record)?.read_all(1 << 20)?;
    let device = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::new("session-not-resumable", format!("the device record of session {session} cannot be read: {error}"), "Start a new repair with `debrick rescue`.")
    })?;
    Ok((device, ports.first().cloned()))
}

/// The device that the operator named.
pub(crate) fn device(args: &UnitArgs) -> Result<Device, Failure> {
    if let Some(path) = &args.device_file {
        let size = std::fs::metadata(path).map_err(|error| Failure::file("reading", path, &error))?;
        if !size.is_file() || size.len() > debrick_catalog::LONGEST_RECORD as u64 {
            return Err(Failure::usage(
                format!("{} is not a device record", path.display()),
                "Device records are small TOML files; docs/add-a-device.md describes them.",
            ));
        }
        let text = std::fs::read_to_string(path).map_err(|error| Failure::file("reading", path, &error))?;
        return Ok(debrick_catalog::parse(&path.display().to_string(), &text)?);
    }
    match &args.device {
        Some(id) => Ok(debrick_catalog::find(id)?),
        None => Err(Failure::usage(
            "it was not said which device this is",
            "Name it with --device ID, or describe it with --device-file TOML.",
        )),
    }
}

/// Opens the ports of a unit, and looks at this computer.
pub(crate) fn ports(args: &UnitArgs, device: &Device, context: &Context) -> Result<Ports, Failure> {
    let spec = with_line_rate(&args.console, device.console.baud);
    let mut console: Box<dyn Link> = debrick_link_os::open(&spec)?;
    if let Some(path) = &args.record {
        let file = File::create_new(path).map_err(|error| Failure::file("writing", path, &error))?;
        console = Box::new(Recorder::of_stream(console, BufWriter::new(file)));
    }
    let network: Option<Box<dyn Network>> =
        (!args.no_network && device.network.is_some()).then(|| Box::new(OsNetwork::new()) as Box<dyn Network>);
    Ok(Ports { console, network, clock: Arc::new(OsClock), host: host::checks(&context.state_dir()?, &args.console) })
}

/// A serial port without a line rate of its own gets the device's.
fn with_line_rate(spec: &str, baud: u32) -> String {
    if spec.starts_with('/') && !spec.contains('@') { format!("{spec}@{baud}") } else { spec.to_owned() }
}

/// Puts a firmware file into the vault.
fn take_image(vault: &Vault, path: &Path) -> Result<(String, Digest), Failure> {
    let metadata = std::fs::metadata(path).map_err(|error| Failure::file("reading", path, &error))?;
    let unusable = |reason: &str| {
        Failure::usage(format!("{} is not a firmware file: {reason}", path.display()), "Name the file as it was downloaded.")
    };
    if !metadata.is_file() {
        return Err(unusable("it is not a file"));
    }
    if metadata.len() == 0 {
        return Err(unusable("it is empty"));
    }
    if metadata.len() > LARGEST_IMAGE {
        return Err(unusable("it is larger than any firmware"));
    }
    vault.require_free(metadata.len())?;
    let mut file = File::open(path).map_err(|error| Failure::file("reading", path, &error))?;
    let digest = vault.put_reader(&mut file)?;
    let name = path.file_name().map_or_else(|| "firmware".into(), |name| name.to_string_lossy().into_owned());
    Ok((name, digest))
}

/// The waivers on the command line.
pub(crate) fn waivers(args: &WaiverArgs) -> Result<Vec<Waiver>, Failure> {
    let because = args.because.clone().unwrap_or_default();
    if !args.waive.is_empty() && because.trim().is_empty() {
        return Err(Failure::usage("a waiver needs a reason", "Say why with --because TEXT; it goes into the report."));
    }
    args.waive
        .iter()
        .map(|name| match Gate::from_id(name) {
            Some(gate) if gate.can_be_waived() => Ok(Waiver { gate, because: because.clone() }),
            Some(gate) => Err(Failure::usage(
                format!("the {gate} gate cannot be waived"),
                "Writing to an unknown unit, or writing a damaged image, is how devices are lost.",
            )),
            None => Err(Failure::usage(
                format!("there is no gate {name:?}"),
                "The gates that can be waived are fitness, preflight and backup.",
            )),
        })
        .collect()
}

fn method(device: &Device, wanted: Option<&str>) -> Result<Option<String>, Failure> {
    let Some(wanted) = wanted else { return Ok(None) };
    let names: Vec<&str> = device.method.iter().map(|method| method.name.as_str()).collect();
    if names.contains(&wanted) {
        return Ok(Some(wanted.to_owned()));
    }
    Err(Failure::usage(format!("this device has no method {wanted:?}"), format!("Its methods are {}.", names.join(", "))))
}

pub(crate) fn answers(path: &Option<std::path::PathBuf>) -> Result<Answers, Failure> {
    path.as_deref().map_or_else(|| Ok(Answers::default()), Answers::read)
}
