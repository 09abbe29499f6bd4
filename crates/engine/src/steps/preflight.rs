//! Check power, cable and computer before anything is begun that must be finished.

use std::net::{IpAddr, SocketAddr};

use debrick_catalog::Transfer;
use debrick_model::Step;

use crate::error::EngineError;
use crate::ports::HostCheck;
use crate::repair::Repair;
use crate::session::Done;

/// How many harmless commands are typed to see whether the console carries them.
const LINK_PROBES: u32 = 16;

/// What the vault must have room for beyond the image and the backups, in bytes.
const HEADROOM: u64 = 16 << 20;

impl Repair<'_> {
    /// Makes the preflight gate from the host's facts, the room in the vault and the console's quality.
    pub(crate) fn preflight(&mut self) -> Result<(), EngineError> {
        self.in_step(Step::Preflight, |repair| {
            let mut checks = repair.host.clone();
            checks.push(repair.check_room());
            checks.push(repair.check_console()?);
            repair.drop_methods_without_port()?;
            checks.push(HostCheck {
                ok: !repair.methods.is_empty(),
                says: match repair.methods.first() {
                    Some(method) => format!("The method {:?} can be used.", method.name),
                    None => {
                        "No method of this device can be used from this computer; `debrick doctor` says why."
                            .into()
                    }
                },
            });
            let gate = HostCheck::gate(&checks);
            let summary = gate.reasons.join(" ");
            repair.gates.push(gate);
            Ok(Done::with((), summary))
        })
    }

    fn check_room(&self) -> HostCheck {
        let backups: u64 = self
            .device
            .regions()
            .filter(|region| region.role.must_be_backed_up())
            .map(|region| region.size)
            .sum();
        match self.session.vault.require_free(backups + HEADROOM) {
            Ok(()) => HostCheck { ok: true, says: "The disk has room for backups and journal.".into() },
            Err(error) => {
                HostCheck { ok: false, says: format!("{error}. {}", debrick_model::Coded::next_step(&error)) }
            }
        }
    }

    fn check_console(&mut self) -> Result<HostCheck, EngineError> {
        let right = self.unit.probe_link(&self.session, LINK_PROBES)?;
        Ok(HostCheck {
            ok: right * 4 >= LINK_PROBES * 3,
            says: if right == LINK_PROBES {
                "The console carries everything that is typed.".into()
            } else {
                format!(
                    "Of {LINK_PROBES} commands typed, {right} came through the console; check ground wire, cable and adapter."
                )
            },
        })
    }

    /// A method whose port on this computer is taken is left out, as long as another one remains.
    fn drop_methods_without_port(&mut self) -> Result<(), EngineError> {
        let Some(host) = self.device.network.as_ref().map(|network| network.host) else { return Ok(()) };
        let needs_port = |transfer: Transfer| transfer == Transfer::Tftp;
        if !self.methods.iter().any(|method| needs_port(method.transfer)) {
            return Ok(());
        }
        if let Err(error) = self.unit.can_serve(SocketAddr::new(IpAddr::V4(host), 69)) {
            self.session.failed(Step::Preflight, &error)?;
            self.methods.retain(|method| !needs_port(method.transfer));
            if let Some(method) = self.methods.first() {
                let name = method.name.clone();
                self.session.note(format!(
                    "TFTP cannot be served from this computer; {name:?} is used, which is slower."
                ))?;
            }
        }
        Ok(())
    }
}
