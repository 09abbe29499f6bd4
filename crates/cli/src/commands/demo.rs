//! `debrick demo`: breaks a virtual router and repairs it.

mod hands;
mod passes;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use debrick_catalog::{Recogniser, Repairable};
use debrick_coach::{Cue, Seen};
use debrick_engine::{
    Closed, DoorJob, DoorPorts, EngineError, HostCheck, Job, Operator, Passes, Ports, Wishes,
};
use debrick_link::Clock as _;
use debrick_model::{Answer, Digest, Event, Gate, MacAddress, Progress, Request, Waiver};
use debrick_vault::Vault;
use debrick_virtual_bench::{
    Bench, Brick, Door, Faults, FirmwareOptions, HOST_ADDRESS, Identity, READY, RouterConfig, Speech,
    VirtualRouter, firmware,
};

use crate::answers::Answers;
use crate::args::{Demo, DemoDoor};
use crate::commands::{Context, Traced, report};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::{input, out};
use hands::Hands;

/// The device of the catalog that the virtual router is built like.
const PLAYED: &str = "acme-r1";

/// The methods of its record that are doors.
const PULLS: &str = "tftp-recovery";
const TAKES: &str = "tftp-receive";
const CALLED: &str = "nmrp-recovery";
const EVA: &str = "eva-recovery";
const SHOWS: &str = "page-recovery";
const BOOTS: &str = "bootp-recovery";
const CAST: &str = "multicast-recovery";
const STARTS: &str = "netboot";

/// How large the firmware of the demo is, in bytes.
const FIRMWARE_SIZE: usize = 8 << 20;

pub(super) fn demo(context: &Context, args: &Demo) -> Result<i32, Failure> {
    let Some(brick) = Brick::from_name(&args.brick) else {
        let names: Vec<&str> = Brick::ALL.iter().map(|brick| brick.name()).collect();
        return Err(Failure::usage(
            format!("there is no way {:?} to break the router", args.brick),
            format!("The ways are {}.", names.join(", ")),
        ));
    };
    let stop = Stop::listen()?;
    let device = device(context, args)?;
    let identity = identity(&device)?;
    let catalog = context.catalog()?;
    let recogniser = Arc::new(match args.door {
        None => Recogniser::with_record(&catalog, &device)?,
        // The file that a bootloader asks for stands in the catalog's record only.
        Some(_) => Recogniser::new(&catalog)?,
    });
    let in_passes = args.door == Some(DemoDoor::Passes);
    let size = if in_passes { passes::FIRMWARE_SIZE } else { FIRMWARE_SIZE };
    let options = FirmwareOptions { size, ..FirmwareOptions::of(&identity) };
    let (installed, newer) = (firmware("1.0.4", &options), firmware("2.0.1", &options));
    let openwrt = in_passes.then(passes::system);
    let config = RouterConfig { door: args.door.map(door), openwrt, ..RouterConfig::default() };
    let router = VirtualRouter::with_config(brick.apply_as(&identity, &installed), config);
    let bench = Bench::new(router, Faults::default(), args.seed);

    let vault = context.vault()?;
    let newer = if in_passes { passes::upgrade(&newer, &identity) } else { newer };
    let image = (format!("{}-2.0.1.itb", device.id), vault.put_bytes(&newer)?);
    let first = match in_passes {
        true => Some(("initramfs.itb".to_owned(), vault.put_bytes(&passes::first(&options))?)),
        false => None,
    };
    let play =
        Play { bench: &bench, vault: &vault, image, first, recogniser, seed: args.seed ^ super::seed() };
    if !context.json {
        out::note(&format!(
            "A virtual router, broken on purpose: {}. Nothing real is touched.",
            brick.name()
        ));
    }
    let mut session = String::new();
    let label = format!("{} {}", identity.vendor, identity.model);
    let code = context.attend(&vault, None, answers(label), &stop, |operator| {
        let mut attendant = Attendant { operator, bench: bench.clone(), hands: Hands::default() };
        let closed = match args.door {
            None => play.over_the_console(context, device, &mut attendant)?,
            Some(door) => play.through_the_door(door, &mut attendant)?,
        };
        session.clone_from(&closed.session);
        Ok(closed)
    })?;

    let page = vault.path().join("sessions").join(&session).join("report.html");
    let copy = args.report.clone().unwrap_or_else(|| PathBuf::from("debrick-demo-report.html"));
    let bytes = std::fs::read(&page).map_err(|error| Failure::file("reading", &page, &error))?;
    report::write_file(&copy, &bytes)?;
    if !context.json {
        out::data(&format!("Open {} in a browser to read it.", copy.display()));
    }
    Ok(code)
}

/// The virtual router's door.
fn door(wanted: DemoDoor) -> Door {
    let in_memory = wanted == DemoDoor::Passes;
    let speech = match wanted {
        DemoDoor::Pull => Speech::pull(SocketAddr::new(IpAddr::V4(HOST_ADDRESS), 69), "acme-r1-recovery.itb"),
        DemoDoor::Push => Speech::push(),
        DemoDoor::Nmrp => Speech::nmrp(),
        DemoDoor::Multicast => Speech::multicast(),
        DemoDoor::Eva => Speech::eva(),
        DemoDoor::Page => Speech::page("ACME R1 recovery: choose the firmware"),
        DemoDoor::Boot | DemoDoor::Passes => Speech::boot(MacAddress::new([2, 0, 0, 0, 0, 0x2a])),
    };
    Door { in_memory, ..Door::of(speech) }
}

/// What is on the table of the demo.
struct Play<'a> {
    bench: &'a Bench,
    vault: &'a Vault,
    image: (String, Digest),
    /// What is started in the router's memory first, if something is.
    first: Option<(String, Digest)>,
    recogniser: Arc<Recogniser>,
    seed: u64,
}

impl Play<'_> {
    fn over_the_console(
        self,
        context: &Context,
        device: Repairable,
        operator: &mut dyn Operator,
    ) -> Result<Closed, EngineError> {
        let host = self.host();
        let job = Job {
            image: Some(self.image),
            device,
            evidence: Vec::new(),
            ports: vec!["virtual router".to_owned()],
            wishes: Wishes { soak_restarts: 1, ..Wishes::default() },
            seed: self.seed,
        };
        let ports = Ports {
            console: self.bench.console(),
            network: Some(self.bench.network()),
            clock: Arc::new(self.bench.clock.clone()),
            host,
            devices: self.recogniser,
        };
        let wishes = job.wishes.clone();
        let run = Traced { command: "rescue", wishes: &wishes, resumed: None };
        context.work_traced(self.vault, run, ports, operator, |ports, operator| {
            debrick_engine::rescue(self.vault, job, ports, operator)
        })
    }

    /// The same router without a wire to its console: its bootloader takes the firmware over the network.
    fn through_the_door(self, door: DemoDoor, operator: &mut dyn Operator) -> Result<Closed, EngineError> {
        let host = self.host();
        let method = match door {
            DemoDoor::Pull => PULLS,
            DemoDoor::Push => TAKES,
            DemoDoor::Nmrp => CALLED,
            DemoDoor::Multicast => CAST,
            DemoDoor::Eva => EVA,
            DemoDoor::Page => SHOWS,
            DemoDoor::Boot => BOOTS,
            DemoDoor::Passes => STARTS,
        };
        // Some bootloaders do not say which unit they are of: somebody has kept a log.
        let log = format!("{READY}1.0.4\r\n");
        let log = ("before.log".to_owned(), self.vault.put_bytes(log.as_bytes())?);
        let because = "the virtual router has no wire to its console".to_owned();
        let job = DoorJob {
            device: debrick_catalog::find(PLAYED)?.recoverable()?,
            image: Some(self.image),
            evidence: Vec::new(),
            logs: match door {
                DemoDoor::Push | DemoDoor::Nmrp | DemoDoor::Multicast | DemoDoor::Boot => vec![log],
                DemoDoor::Pull | DemoDoor::Eva | DemoDoor::Page | DemoDoor::Passes => Vec::new(),
            },
            ports: vec!["virtual router".to_owned()],
            wishes: Wishes {
                soak_restarts: 1,
                method: Some(method.to_owned()),
                // From its memory it can be read, and is.
                waivers: match self.first {
                    Some(_) => Vec::new(),
                    None => vec![Waiver { gate: Gate::Backup, because }],
                },
                ..Wishes::default()
            },
            seed: self.seed,
        };
        let ports = DoorPorts {
            network: self.bench.network(),
            console: None,
            system: self.first.is_some().then(|| passes::reach(self.bench)),
            clock: Arc::new(self.bench.clock.clone()),
            host,
            devices: self.recogniser,
        };
        match self.first {
            Some(first) => {
                let passes = Passes { first: Some(first), unit: None, pin: None };
                debrick_engine::rescue_in_passes(self.vault, job, passes, ports, operator)
            }
            None => debrick_engine::rescue_by_door(self.vault, job, ports, operator),
        }
    }

    fn host(&self) -> Vec<HostCheck> {
        vec![HostCheck { ok: true, says: "The virtual router has a virtual power supply.".into() }]
    }
}

/// The device that the virtual router plays.
fn device(context: &Context, args: &Demo) -> Result<Repairable, Failure> {
    let Some(path) = &args.device_file else { return Ok(debrick_catalog::find(PLAYED)?.repairable()?) };
    let text = input::text(path, debrick_catalog::LONGEST_RECORD as u64)?;
    Ok(context.catalog()?.parse(&path.display().to_string(), &text)?.repairable()?)
}

/// What the virtual router says that it is, so that a record fits it; its hardware is what it is.
fn identity(device: &Repairable) -> Result<Identity, Failure> {
    let built = debrick_catalog::find(PLAYED)?.repairable()?;
    let ready = format!("READY {} {} ", device.vendor, device.model);
    let parts = [
        (
            "its console",
            device.console.baud == built.console.baud && device.console.stop == built.console.stop,
        ),
        ("its text when it has started", device.console.ready == ready),
        ("its storage, or what lies where", device.storage == built.storage),
        ("its architecture", device.architecture == built.architecture),
        ("its addresses", device.network == built.network),
    ];
    let first = |list: &[String], other: &str| list.first().map_or(other, String::as_str).to_owned();
    let others: Vec<&str> = parts.iter().filter(|(_, same)| !same).map(|(part, _)| *part).collect();
    let board_id = device.board_ids.first();
    match board_id {
        Some(board_id) if others.is_empty() => Ok(Identity {
            vendor: device.vendor.clone(),
            model: device.model.clone(),
            board_id: board_id.clone(),
            hardware_revision: first(&device.hardware_revisions, "A1"),
            sales_region: first(&device.sales_regions, "EU"),
        }),
        _ => Err(Failure::new(
            "demo-other-hardware",
            format!("the virtual router cannot play {}, which differs in {}", device.id, others.join(", ")),
            format!(
                "It is built like {PLAYED}, whose storage, console and addresses the record has to have, and prints \
                 {ready:?} when it has started. A device with other hardware is modelled in the lab (docs/add-a-device.md)."
            ),
        )),
    }
}

fn answers(label: String) -> Answers {
    let yes = [
        "alone-on-wire",
        "start-in-memory",
        "write-firmware",
        "store-variables",
        "clear-settings",
        "restore-settings",
    ];
    let mut table: BTreeMap<String, String> =
        yes.iter().map(|id| ((*id).to_owned(), "yes".to_owned())).collect();
    table.insert("label-model".into(), label);
    Answers::of(table)
}

/// An operator with hands: pulls the virtual plug when asked to.
struct Attendant<'a> {
    operator: &'a mut dyn Operator,
    bench: Bench,
    hands: Hands,
}

impl Operator for Attendant<'_> {
    fn event(&mut self, event: &Event) {
        self.operator.event(event);
    }

    fn progress(&mut self, progress: &Progress) {
        // Where the unit is to be switched on while it is sent to, it is off until then; nothing happens otherwise.
        self.bench.power_on();
        self.operator.progress(progress);
    }

    fn ask(&mut self, request: &Request) -> Answer {
        let answer = self.operator.ask(request);
        if request.id == "alone-on-wire" {
            self.bench.power_off();
        }
        if request.id == "power-cycle" {
            self.bench.power_cycle();
        }
        answer
    }

    fn cue(&mut self, cue: &Cue) {
        self.operator.cue(cue);
        self.hands.take(cue, self.bench.clock.now().since_start());
    }

    fn said(&mut self) -> Vec<Seen> {
        self.hands.act(&self.bench)
    }

    fn cancelled(&self) -> bool {
        self.operator.cancelled()
    }
}
