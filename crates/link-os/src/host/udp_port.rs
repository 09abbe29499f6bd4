//! A UDP port: who has it, and whether this user may.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use serde::Serialize;

use super::Place;
use super::files::parsed;
use super::machine::user;
use crate::holders::Process;
use crate::udp_table::{socket_holders, udp_sockets};

/// A UDP port of this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UdpPortFacts {
    /// Its number.
    pub port: u16,
    /// The sockets that are bound to it now.
    pub sockets: Vec<UdpSocketFacts>,
    /// The lowest port that anybody may bind (`net.ipv4.ip_unprivileged_port_start`).
    pub unprivileged_from: Option<u16>,
    /// Whether the system's rules let this user bind it: by that limit, or by `CAP_NET_BIND_SERVICE`.
    pub user_may_bind: Option<bool>,
    /// What came of binding it on all IPv4 addresses for a moment; `None` where that was not tried.
    pub bind: Option<BindOutcome>,
}

/// A socket bound to the port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UdpSocketFacts {
    /// Its address.
    pub local: SocketAddr,
    /// Id of the user who made it.
    pub uid: u32,
    /// The processes that have it open, as far as this user may see.
    pub held_by: Vec<Process>,
}

/// What came of binding a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BindOutcome {
    /// It was free.
    Bound,
    /// Another socket has it.
    InUse,
    /// This user may not bind it.
    NotPermitted,
    /// Anything else, in the system's words.
    Failed(String),
}

pub(super) fn udp_port(place: &Place, port: u16) -> UdpPortFacts {
    let proc = place.proc();
    let sockets = udp_sockets(&proc, port);
    let holders = socket_holders(&proc, &sockets, place.deadline);
    let facts = sockets.iter().zip(holders);
    let unprivileged_from = parsed(&place.at("proc/sys/net/ipv4/ip_unprivileged_port_start"));
    let has_capability = user(place).ok().map(|user| user.has_net_bind_capability);
    let by_limit = unprivileged_from.map(|from: u16| port >= from);
    UdpPortFacts {
        port,
        sockets: facts
            .map(|(socket, held_by)| UdpSocketFacts { local: socket.local, uid: socket.uid, held_by })
            .collect(),
        unprivileged_from,
        user_may_bind: match (by_limit, has_capability) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        bind: place.is_live.then(|| try_to_bind(port)),
    }
}

fn try_to_bind(port: u16) -> BindOutcome {
    match UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)) {
        Ok(_) => BindOutcome::Bound,
        Err(error) => match error.kind() {
            io::ErrorKind::AddrInUse => BindOutcome::InUse,
            io::ErrorKind::PermissionDenied => BindOutcome::NotPermitted,
            _ => BindOutcome::Failed(error.to_string()),
        },
    }
}
