//! The computer's side of the wire: what its kernel says of addresses, routes and neighbours.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use debrick_model::MacAddress;
use serde_json::Value;

use crate::lan::must;
use crate::lan::wire::{HOST, Lan, run};

/// How long the kernel may take to look for another owner of an address of IPv6.
const SETTLES_WITHIN: Duration = Duration::from_secs(5);

/// What the kernel is asked, as arguments of `ip -j`.
const QUESTIONS: &[&[&str]] = &[&["addr"], &["route", "show", "table", "all"], &["rule"], &["neigh"]];

/// A computer with an interface of its own besides the one that leads to the unit.
pub(super) struct Computer<'a>(&'a Lan);

/// What the kernel said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look(Vec<String>);

impl<'a> Computer<'a> {
    /// Gives the computer another interface, over which it reaches everything else; and the one that leads to the unit an
    /// address, a route and a neighbour of some other network.
    pub(super) fn new(lan: &'a Lan) -> Result<Self, String> {
        for command in [
            "link add other0 type veth peer name other1",
            "link set other0 up",
            "link set other1 up",
            "addr add 172.16.5.50/24 dev other0",
            "route add default via 172.16.5.254 dev other0",
            &format!("addr add 10.77.0.5/24 dev {HOST}"),
            &format!("route add 10.78.0.0/16 via 10.77.0.1 dev {HOST}"),
            &format!("neigh add 10.77.0.1 lladdr 02:00:00:00:77:01 nud permanent dev {HOST}"),
        ] {
            run(lan.host_command("ip").args(command.split(' ')))?.must_succeed()?;
        }
        Ok(Self(lan))
    }

    /// What the kernel says now, once no address of IPv6 is on trial any more.
    pub(super) fn look(&self) -> Result<Look, String> {
        let began = Instant::now();
        loop {
            let ask = |question: &&[&str]| {
                let mut command = self.0.host_command("ip");
                Ok(run(command.arg("-j").args(*question))?.must_succeed()?.said)
            };
            let look = Look(QUESTIONS.iter().map(ask).collect::<Result<_, String>>()?);
            if !look.0.iter().any(|said| said.contains("tentative")) {
                return Ok(look);
            }
            must(began.elapsed() < SETTLES_WITHIN, || "an address of IPv6 stays on trial".into())?;
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Look {
    /// Whether the interface has this address.
    pub(super) fn has(&self, address: Ipv4Addr) -> bool {
        self.0[0].contains(&format!("\"{address}\""))
    }

    /// Whether something set is known of this station, and not only heard.
    pub(super) fn pins(&self, station: MacAddress) -> bool {
        let entries: Vec<Value> =
            self.0.last().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        entries.iter().any(|entry| {
            let is_it = entry["lladdr"].as_str().is_some_and(|text| text.parse().ok() == Some(station));
            is_it && entry["state"].as_array().is_some_and(|state| state.iter().any(|one| one == "PERMANENT"))
        })
    }

    /// Fails, and says in what, unless everything is the same now, bit for bit.
    pub(super) fn is_as(&self, now: &Self) -> Result<(), String> {
        let other = self.0.iter().zip(&now.0).position(|(before, after)| before != after);
        match other {
            None => Ok(()),
            Some(place) => Err(format!(
                "`ip -j {}` said\n{}\nbefore, and says now\n{}",
                QUESTIONS[place].join(" "),
                self.0[place],
                now.0[place]
            )),
        }
    }
}
