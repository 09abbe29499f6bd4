//! `debrick backup`, `debrick restore` and `debrick verify-backup`.

use debrick_engine::{Job, Wishes};

use crate::args::{Backup, Restore, VerifyBackup};
use crate::commands::rescue::{answers, device, ports, waivers};
use crate::commands::{Context, seed};
use crate::failure::Failure;
use crate::json;
use crate::stop::Stop;

pub(super) fn back_up(context: &Context, args: &Backup) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let device = device(&args.unit)?;
    let answers = answers(&args.unit.answers)?;
    let vault = context.vault()?;
    let ports = ports(&args.unit, &device, context)?;
    let job =
        Job { device, image: None, ports: vec![args.unit.console.clone()], wishes: Wishes::default(), seed: seed() };
    let mut operator = context.operator(answers, &stop);
    let closed = debrick_engine::back_up(&vault, job, ports, &mut *operator)?;
    drop(operator);
    context.conclude(&vault, &closed)
}

pub(super) fn restore(context: &Context, args: &Restore) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let device = device(&args.unit)?;
    let answers = answers(&args.unit.answers)?;
    let wishes = Wishes { waivers: waivers(&args.waivers)?, ..Wishes::default() };
    let vault = context.vault()?;
    let ports = ports(&args.unit, &device, context)?;
    let job = Job { device, image: None, ports: vec![args.unit.console.clone()], wishes, seed: seed() };
    let mut operator = context.operator(answers, &stop);
    let closed = debrick_engine::restore(&vault, &args.session, &args.region, job, ports, &mut *operator)?;
    drop(operator);
    context.conclude(&vault, &closed)
}

pub(super) fn verify_backup(context: &Context, args: &VerifyBackup) -> Result<i32, Failure> {
    let vault = context.vault()?;
    let regions = debrick_engine::prove_backup(&vault, &args.session)?;
    if context.json {
        let value = serde_json::json!({ "session": args.session, "proven": true, "regions": regions });
        json::line("debrick.backup-check/1", &value);
    } else {
        println!(
            "{} {} restore byte for byte to a virtual unit of the same geometry.",
            context.style.good("sound:"),
            regions.join(", ")
        );
    }
    Ok(0)
}
