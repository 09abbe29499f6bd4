//! Repairs through a system that runs on the unit: `debrick rescue --ssh`, and what the second pass of one with `--first`
//! needs.

use std::net::Ipv4Addr;
use std::sync::Arc;

use debrick_catalog::{Recogniser, Recoverable};
use debrick_engine::{DoorJob, DoorPorts, ImageEvidence, OverSsh, Passes, Reach, Wishes};
use debrick_link::{Deadline, Network};
use debrick_link_os::{OsClock, OsNetwork};
use debrick_model::Digest;
use debrick_ssh::{Fingerprint, Login, Shell, SshError};
use debrick_vault::Vault;

use super::{evidence, into_vault, open_image, waivers};
use crate::args::{Rescue, Resume, SystemArgs};
use crate::commands::identify::over_ssh::{fingerprint, key_file};
use crate::commands::unit::{answers, named_device};
use crate::commands::{Context, seed};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::{host, out, secret, trust_file};

/// How such a way to the unit is written in the journal.
pub(super) const SSH: &str = "ssh:";

/// How often a password is asked for.
const MOST_QUESTIONS: u32 = 3;

/// Where a system is, and who wants in.
struct Target {
    user: String,
    unit: Ipv4Addr,
    port: u16,
}

impl Target {
    /// Reads `[USER@]ADDRESS[:PORT]`.
    fn parse(text: &str) -> Result<Self, Failure> {
        let (user, place) = text.rsplit_once('@').unwrap_or(("root", text));
        let (address, port) = match place.split_once(':') {
            Some((address, port)) => (address, port.parse().ok()),
            None => (place, Some(debrick_ssh::session::PORT)),
        };
        match (address.parse(), port) {
            (Ok(unit), Some(port)) if !user.is_empty() => Ok(Self { user: user.to_owned(), unit, port }),
            _ => {
                let next = "Give [USER@]ADDRESS[:PORT], for example root@192.168.1.1.";
                Err(Failure::usage(format!("{text:?} does not say where the system is"), next))
            }
        }
    }
}

/// `debrick rescue --ssh`: the second pass alone.
pub(super) fn rescue(context: &Context, args: &Rescue, target: &str) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let wishes = Wishes {
        waivers: waivers(&args.way.waivers)?,
        method: None,
        trusted: trust_file::read(&context.state_dir()?)?,
        soak_restarts: args.way.soak,
    };
    let device = named_device(context, &args.unit())?;
    let answers = answers(&args.unit.answers)?;
    let (passes, ports) = alone(context, target, &args.system, &stop)?;
    let image = args.image.as_deref().map(open_image).transpose()?;
    let files = evidence(args)?;
    let vault = context.vault()?;
    let image = into_vault(&vault, image, &args.sums)?;
    let mut job = DoorJob {
        device: Recoverable { device, doors: Vec::new() },
        image,
        evidence: Vec::new(),
        logs: Vec::new(),
        ports: vec![format!("{SSH}{target}")],
        wishes,
        seed: seed(),
    };
    for (kind, name, bytes) in files {
        job.evidence.push(ImageEvidence { kind, name, artifact: vault.put_bytes(&bytes)? });
    }
    context.attend(&vault, None, answers, &stop, |operator| {
        debrick_engine::rescue_in_passes(&vault, job, passes, ports, operator)
    })
}

/// Goes on with such a session.
pub(super) fn resume(
    context: &Context,
    args: &Resume,
    (session, target): (&str, &str),
    vault: &Vault,
) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let wishes = Wishes {
        waivers: waivers(&args.way.waivers)?,
        method: None,
        trusted: trust_file::read(&context.state_dir()?)?,
        soak_restarts: args.way.soak,
    };
    let answers = answers(&args.answers)?;
    let (passes, ports) = alone(context, target, &args.system, &stop)?;
    context.attend(vault, Some(session), answers, &stop, |operator| {
        debrick_engine::resume_in_passes(vault, session, wishes, passes, ports, operator)
    })
}

/// The passes of a repair that starts a system in memory first: it lets everybody in as root.
pub(super) fn after_first(
    context: &Context,
    first: Option<(String, Digest)>,
    args: &SystemArgs,
    stop: &Stop,
) -> Result<(Passes, Box<dyn Reach>), Failure> {
    let target =
        Target { user: "root".into(), unit: Ipv4Addr::UNSPECIFIED, port: debrick_ssh::session::PORT };
    let pin = fingerprint(args.host_key.as_deref())?;
    Ok((Passes { first, unit: None, pin }, way(context, &target, args, stop)?))
}

/// The way to a system that was written and has not met its owner yet: everybody is let in, or nobody is asked.
pub(super) fn bare() -> Box<dyn Reach> {
    Box::new(OverSsh { login: Login::bare("root"), port: debrick_ssh::session::PORT })
}

fn alone(
    context: &Context,
    target: &str,
    args: &SystemArgs,
    stop: &Stop,
) -> Result<(Passes, DoorPorts), Failure> {
    let target = Target::parse(target)?;
    let pin = fingerprint(args.host_key.as_deref())?;
    let ports = ports(context, way(context, &target, args, stop)?)?;
    Ok((Passes { first: None, unit: Some(target.unit), pin }, ports))
}

fn way(
    context: &Context,
    target: &Target,
    args: &SystemArgs,
    stop: &Stop,
) -> Result<Box<dyn Reach>, Failure> {
    let key = key_file(context, args.ssh_key.as_deref(), stop)?;
    let login = Login { key, ..Login::bare(target.user.clone()) };
    let over = OverSsh { login, port: target.port };
    let may_ask = !context.json && secret::somebody_is_there();
    Ok(Box::new(Asking { over, may_ask, stop: stop.clone(), questions: 0 }))
}

fn ports(context: &Context, system: Box<dyn Reach>) -> Result<DoorPorts, Failure> {
    Ok(DoorPorts {
        network: Box::new(OsNetwork::new()),
        console: None,
        system: Some(system),
        clock: Arc::new(OsClock),
        host: host::checks(&context.state_dir()?, ""),
        devices: Arc::new(Recogniser::new(&context.catalog()?)?),
    })
}

/// SSH for which a person is asked for a password, where the system wants one.
struct Asking {
    over: OverSsh,
    may_ask: bool,
    stop: Stop,
    questions: u32,
}

impl Reach for Asking {
    fn reach(
        &mut self,
        network: &mut dyn Network,
        unit: Ipv4Addr,
        pin: Option<&Fingerprint>,
        deadline: Deadline,
    ) -> Result<Box<dyn Shell>, SshError> {
        let mut until = deadline;
        loop {
            let error = match self.over.reach(network, unit, pin, until) {
                Ok(shell) => return Ok(shell),
                Err(error) => error,
            };
            let (SshError::PasswordNeeded { user } | SshError::Denied { user, .. }) = &error else {
                return Err(error);
            };
            if !self.may_ask || self.questions >= MOST_QUESTIONS || self.over.login.key.is_some() {
                return Err(error);
            }
            self.questions += 1;
            let question = format!("Password of {user} (it is not shown, and not kept): ");
            match secret::ask(&out::harmless(&question), &self.stop) {
                Some(password) => self.over.login.password = Some(password),
                None => return Err(error),
            }
            // A person takes longer than a connection.
            until = Deadline::after(network.clock(), std::time::Duration::from_secs(20));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_named_by_user_address_and_port() {
        let parse = |text: &str| Target::parse(text).map(|one| (one.user, one.unit.to_string(), one.port));
        let of = |user: &str, port| (user.to_owned(), "192.168.1.1".to_owned(), port);
        assert_eq!(parse("192.168.1.1").unwrap(), of("root", 22));
        assert_eq!(parse("admin@192.168.1.1:2222").unwrap(), of("admin", 2222));
        for bad in ["", "@192.168.1.1", "192.168.1.1:", "192.168.1.1:x", "router"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
