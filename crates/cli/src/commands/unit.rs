//! The unit that the operator names, and its ports.

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use debrick_catalog::{Catalog, Device, Recogniser, Repairable};
use debrick_engine::{Job, Ports, Wishes};
use debrick_link::record::Recorder;
use debrick_link::{Link, Network};
use debrick_link_os::{OsClock, OsNetwork};
use debrick_model::Digest;

use crate::answers::Answers;
use crate::args::UnitArgs;
use crate::commands::{Context, devices};
use crate::failure::Failure;
use crate::{host, input};

/// A unit and how it is reached.
pub(super) struct Named {
    pub(super) device: Repairable,
    pub(super) console: String,
    pub(super) no_network: bool,
    /// Where the console is recorded.
    pub(super) record: Option<PathBuf>,
}

impl Named {
    /// The unit as the command line names it.
    pub(super) fn by(context: &Context, args: &UnitArgs) -> Result<Self, Failure> {
        let device = device(context, args)?;
        let console = args.console.clone().ok_or_else(|| {
            let next = "Name it with --console, for example --console /dev/ttyUSB0; \
                        tcp:HOST:PORT and unix:PATH are consoles, too.";
            let mut choices = vec![format!("How its console is wired: {}", device.console.wiring)];
            choices.extend(host::port_list());
            Failure::usage("it was not said where the console of the unit is", next).with_choices(choices)
        })?;
        Ok(Self { device, console, no_network: args.no_network, record: args.record.clone() })
    }

    /// The repair that is to be done.
    pub(super) fn job(self, image: Option<(String, Digest)>, wishes: Wishes, seed: u64) -> Job {
        let evidence = Vec::new();
        Job { device: self.device, image, evidence, ports: vec![self.console], wishes, seed }
    }

    /// Opens the ports of the unit, and looks at this computer.
    pub(super) fn ports(&self, context: &Context) -> Result<Ports, Failure> {
        if self.console == "pty:" {
            let next = "Name the port that the unit is wired to, for example /dev/ttyUSB0.";
            return Err(Failure::usage("pty: makes a new terminal, to which no unit is wired", next));
        }
        let spec = with_line_rate(&self.console, self.device.console.baud);
        let mut console: Box<dyn Link> = debrick_link_os::open(&spec)?;
        if let Some(path) = &self.record {
            let file = File::create_new(path).map_err(|error| Failure::file("writing", path, &error))?;
            console = Box::new(Recorder::of_stream(console, BufWriter::new(file)));
        }
        let uses_network = !self.no_network && self.device.network.is_some();
        let network = uses_network.then(|| Box::new(OsNetwork::new()) as Box<dyn Network>);
        let host = host::checks(&context.state_dir()?, &self.console);
        let devices = Arc::new(Recogniser::with_record(&context.catalog()?, &self.device)?);
        Ok(Ports { console, network, clock: Arc::new(OsClock), host, devices })
    }
}

/// The device that the operator named, with all that a repair over its console needs.
fn device(context: &Context, args: &UnitArgs) -> Result<Repairable, Failure> {
    let device = named_device(context, args)?;
    device.repairable().map_err(|error| {
        let failure = Failure::from(error);
        match device.recoverable() {
            // What its bootloader takes over the network needs none of that.
            Ok(_) => failure.with_choices(vec![format!(
                "Without its console: debrick rescue --lan INTERFACE --device {} --image FILE",
                device.id
            )]),
            Err(_) => failure,
        }
    })
}

/// The record of the device that the operator named.
pub(super) fn named_device(context: &Context, args: &UnitArgs) -> Result<Device, Failure> {
    let catalog = context.catalog()?;
    if let Some(path) = &args.device_file {
        let text = input::text(path, debrick_catalog::LONGEST_RECORD as u64)?;
        return Ok(catalog.parse(&path.display().to_string(), &text)?);
    }
    match &args.device {
        Some(id) => devices::find(&catalog, id),
        None => {
            let mut choices = device_list(&catalog);
            if args.console.is_none() {
                choices.extend(host::port_list());
            }
            let next = "Name it, and say how it is reached: `debrick rescue \"Archer C7 v5\" --lan INTERFACE` by its network \
                        port, or --console SPEC by its console. A device that is not listed is described in a file of its \
                        own (docs/add-a-device.md) and named with --device-file TOML.";
            Err(Failure::usage("it was not said which device this is", next).with_choices(choices))
        }
    }
}

/// Which devices can be repaired, and how: those of which everything is known that a repair over the console needs are few.
fn device_list(catalog: &Catalog) -> Vec<String> {
    let devices = catalog.all().unwrap_or_default();
    let by_network = devices.iter().filter(|device| device.recoverable().is_ok()).count();
    let complete = devices.iter().filter(|device| device.repairable().is_ok());
    let named = complete.map(|device| format!("  {}  {}", device.id, device.title()));
    let head = format!(
        "`debrick devices search TEXT` finds a device among {} by its label, `debrick plan DEVICE` says what a repair takes. {by_network} \
         are repaired by their network port (--lan). These are repaired over their console (--console):",
        devices.len()
    );
    std::iter::once(head).chain(named).collect()
}

/// A serial port without a line rate of its own gets the device's.
fn with_line_rate(spec: &str, baud: u32) -> String {
    let has_settings =
        spec.rsplit_once('@').is_some_and(|(_, end)| end.starts_with(|c: char| c.is_ascii_digit()));
    if spec.starts_with('/') && !has_settings { format!("{spec}@{baud}") } else { spec.to_owned() }
}

/// The answers that were given ahead.
pub(super) fn answers(path: &Option<PathBuf>) -> Result<Answers, Failure> {
    path.as_deref().map_or_else(|| Ok(Answers::default()), |path: &Path| Answers::read(path))
}
