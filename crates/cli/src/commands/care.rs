//! `debrick backup`, `debrick restore` and `debrick verify-backup`.

use debrick_engine::Wishes;

use crate::args::{Backup, Restore, VerifyBackup};
use crate::commands::rescue::waivers;
use crate::commands::unit::{Named, answers};
use crate::commands::{Context, Traced, seed};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::{json, out};

pub(super) fn back_up(context: &Context, args: &Backup) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let named = Named::by(context, &args.unit)?;
    let answers = answers(&args.unit.answers)?;
    let vault = context.vault()?;
    let ports = named.ports(context)?;
    let job = named.job(None, Wishes::default(), seed());
    let run = Traced { command: "backup", wishes: &Wishes::default(), resumed: None };
    context.attend(&vault, None, answers, &stop, |operator| {
        context.work_traced(&vault, run, ports, operator, |ports, operator| {
            debrick_engine::back_up(&vault, job, ports, operator)
        })
    })
}

pub(super) fn restore(context: &Context, args: &Restore) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let wishes = Wishes { waivers: waivers(&args.waivers)?, ..Wishes::default() };
    let named = Named::by(context, &args.unit)?;
    let answers = answers(&args.unit.answers)?;
    let vault = context.vault()?;
    // Before the port is opened: whether there is such a session.
    vault.summary(&args.session)?;
    let ports = named.ports(context)?;
    let job = named.job(None, wishes.clone(), seed());
    let run = Traced { command: "restore", wishes: &wishes, resumed: None };
    context.attend(&vault, None, answers, &stop, |operator| {
        context.work_traced(&vault, run, ports, operator, |ports, operator| {
            debrick_engine::restore(&vault, &args.session, &args.region, job, ports, operator)
        })
    })
}

pub(super) fn verify_backup(context: &Context, args: &VerifyBackup) -> Result<i32, Failure> {
    let vault = context.vault()?;
    let regions = debrick_engine::prove_backup(&vault, &args.session)?;
    if context.json {
        let value = serde_json::json!({ "session": args.session, "proven": true, "regions": regions });
        json::line("debrick.backup-check/1", &value);
    } else {
        out::data(&format!(
            "{} {} restore byte for byte to a virtual unit of the same geometry.",
            context.style.good("sound:"),
            out::harmless(&regions.join(", "))
        ));
    }
    Ok(0)
}
