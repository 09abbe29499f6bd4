//! A router on a virtual clock, with faults.

use std::net::Ipv4Addr;
use std::time::Duration;

use debrick_link::fault::{FaultPlan, FaultyLink, StreamFault, When};
use debrick_link::pace::Paced;
use debrick_link::simulated::World;
use debrick_link::{Clock as _, Direction, Link, LinkError, Network, Rng, VirtualClock};
use debrick_ssh::{Shell, SshError};

use crate::faults::{Fault, FaultLog, Faults};
use crate::layout::UNIT_ADDRESS;
use crate::network::FaultyNetwork;
use crate::router::VirtualRouter;
use crate::running::BenchShell;
use crate::state::UnitState;

/// What the faults of the console's plan are, in its order.
const KINDS: &[Fault] =
    &[Fault::ByteToHostLost, Fault::ByteToHostFlipped, Fault::ByteToUnitLost, Fault::ByteToUnitFlipped];
/// How long a person leaves the plug out.
const WITHOUT_POWER: Duration = Duration::from_secs(2);

/// A router on a virtual clock, with faults. Clones are handles on the same bench.
#[derive(Clone)]
pub struct Bench {
    /// The router, and whoever talks to it.
    pub world: World<VirtualRouter>,
    /// The time.
    pub clock: VirtualClock,
    /// What has fired so far.
    pub faults: FaultLog,
    plan: Faults,
    seed: u64,
}

impl Bench {
    /// Puts a router on a bench and switches it on. All that is left to chance is drawn from `seed`.
    pub fn new(router: VirtualRouter, faults: Faults, seed: u64) -> Self {
        let mut router = router;
        let clock = VirtualClock::new();
        let log = FaultLog::default();
        router.inject(&faults, seed, &log);
        router.power_on(clock.now());
        let world = World::new(router, clock.clone());
        Self { world, clock, faults: log, plan: faults, seed }
    }

    /// The router's console, with its faults. Bytes take no time.
    pub fn console(&self) -> Box<dyn Link> {
        self.with_faults(self.world.console())
    }

    /// The same at the pace of a serial line, which `set_line_rate` changes.
    pub fn paced_console(&self, bits_per_second: u32) -> Box<dyn Link> {
        self.with_faults(Paced::new(self.world.console(), bits_per_second).following_line_rate())
    }

    fn with_faults(&self, link: impl Link + 'static) -> Box<dyn Link> {
        let console = self.plan.console;
        let faults = [
            (Direction::Received, StreamFault::Drop, console.lost_to_host),
            (Direction::Received, StreamFault::Flip, console.flipped_to_host),
            (Direction::Sent, StreamFault::Drop, console.lost_to_unit),
            (Direction::Sent, StreamFault::Flip, console.flipped_to_unit),
        ];
        if faults.iter().all(|(_, _, probability)| *probability <= 0.0) {
            return Box::new(link);
        }
        let seed = self.seed_now() ^ 0xC0_4501E;
        let plan = faults.iter().fold(FaultPlan::seeded(seed), |plan, (direction, kind, probability)| {
            plan.with(*direction, *kind, When::Chance(*probability))
        });
        let (link, log) = FaultyLink::new(link, &plan);
        self.faults.add_stream(log, KINDS);
        Box::new(link)
    }

    /// The network between host and router, with its faults.
    pub fn network(&self) -> Box<dyn Network> {
        Box::new(FaultyNetwork::new(self.world.network(), &self.plan, self.seed_now(), self.faults.clone()))
    }

    /// A shell of the system that runs, while one does that takes commands as OpenWrt does.
    pub fn shell(&self) -> Option<BenchShell> {
        BenchShell::of(self)
    }

    /// A shell of the system at an address, as whoever logs in there gets one; nothing has to be enciphered on the way.
    ///
    /// # Errors
    /// [`SshError::Unreachable`], as long as no such system runs at this address.
    pub fn log_in(&self, unit: Ipv4Addr) -> Result<Box<dyn Shell>, SshError> {
        let shell = (unit == UNIT_ADDRESS).then(|| self.shell()).flatten();
        shell.map(|shell| Box::new(shell) as Box<dyn Shell>).ok_or_else(|| SshError::Unreachable {
            address: unit.to_string(),
            source: LinkError::TimedOut { link: format!("tcp:{unit}:22") },
        })
    }

    /// Every handle has faults of its own: what they are drawn from depends on when it is taken, as all else does.
    fn seed_now(&self) -> u64 {
        let now = u64::try_from(self.clock.now().since_start().as_nanos()).unwrap_or(u64::MAX);
        Rng::new(self.seed).next_u64() ^ now
    }

    /// Pulls the plug, waits two seconds, and plugs it in again.
    pub fn power_cycle(&self) {
        self.power_off();
        self.clock.advance(WITHOUT_POWER);
        self.power_on();
    }

    /// Pulls the plug.
    pub fn power_off(&self) {
        self.world.with_device(VirtualRouter::power_off);
    }

    /// Plugs it in.
    pub fn power_on(&self) {
        let now = self.clock.now();
        self.world.with_device(|router| router.power_on(now));
    }

    /// Presses and releases the reset button.
    pub fn press_reset(&self) {
        let now = self.clock.now();
        self.world.with_device(|router| router.press_reset(now));
    }

    /// A copy in memory of what the unit keeps, as it is now.
    pub fn state(&self) -> UnitState {
        self.world.with_device(VirtualRouter::state)
    }

    /// The faults that were asked for.
    pub fn plan(&self) -> &Faults {
        &self.plan
    }
}
