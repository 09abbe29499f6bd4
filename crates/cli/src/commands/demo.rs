//! `debrick demo`: breaks a virtual router and repairs it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use debrick_catalog::Recogniser;
use debrick_engine::{HostCheck, Job, Operator, Ports, Wishes};
use debrick_model::{Answer, Event, Progress, Request};
use debrick_virtual_bench::{Bench, Brick, Faults, FirmwareOptions, VirtualRouter, firmware};

use crate::answers::Answers;
use crate::args::Demo;
use crate::commands::{Context, report};
use crate::failure::Failure;
use crate::out;
use crate::stop::Stop;

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
    let options = FirmwareOptions { size: FIRMWARE_SIZE, ..FirmwareOptions::default() };
    let (installed, newer) = (firmware("1.0.4", &options), firmware("2.0.1", &options));
    let bench = Bench::new(VirtualRouter::bricked(brick, &installed), Faults::default(), args.seed);

    let vault = context.vault()?;
    let image = vault.put_bytes(&newer)?;
    let job = Job {
        device: debrick_catalog::find("acme-r1")?.repairable()?,
        image: Some(("acme-r1-2.0.1.itb".to_owned(), image)),
        evidence: Vec::new(),
        ports: vec!["virtual router".to_owned()],
        wishes: Wishes { soak_restarts: 1, ..Wishes::default() },
        seed: args.seed ^ super::seed(),
    };
    let ports = Ports {
        console: bench.console(),
        network: Some(bench.network()),
        clock: Arc::new(bench.clock.clone()),
        host: vec![HostCheck { ok: true, says: "The virtual router has a virtual power supply.".into() }],
        devices: Arc::new(Recogniser::new(&context.catalog()?)?),
    };
    if !context.json {
        out::note(&format!(
            "A virtual router, broken on purpose: {}. Nothing real is touched.",
            brick.name()
        ));
    }
    let mut session = String::new();
    let code = context.attend(&vault, None, answers(), &stop, |operator| {
        let mut attendant = Attendant { operator, bench: bench.clone() };
        let closed = debrick_engine::rescue(&vault, job, ports, &mut attendant)?;
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

fn answers() -> Answers {
    let yes = ["write-firmware", "store-variables", "clear-settings", "restore-settings"];
    let mut table: BTreeMap<String, String> =
        yes.iter().map(|id| ((*id).to_owned(), "yes".to_owned())).collect();
    table.insert("label-model".into(), "ACME R1".into());
    Answers::of(table)
}

/// An operator with hands: pulls the virtual plug when asked to.
struct Attendant<'a> {
    operator: &'a mut dyn Operator,
    bench: Bench,
}

impl Operator for Attendant<'_> {
    fn event(&mut self, event: &Event) {
        self.operator.event(event);
    }

    fn progress(&mut self, progress: &Progress) {
        self.operator.progress(progress);
    }

    fn ask(&mut self, request: &Request) -> Answer {
        let answer = self.operator.ask(request);
        if request.id == "power-cycle" {
            self.bench.power_cycle();
        }
        answer
    }

    fn cancelled(&self) -> bool {
        self.operator.cancelled()
    }
}
