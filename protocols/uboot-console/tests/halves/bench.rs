//! A unit on a virtual bench.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use debrick_link::fault::{FaultLog, FaultPlan, FaultyLink, StreamFault};
use debrick_link::simulated::{Device, Input, Output, World};
use debrick_link::{Clock, Deadline, Moment, VirtualClock};
use debrick_model::{Digest, Gate, GateOutcome, GateResult, Region, RegionRole};
use debrick_target::flash::{Flashed, Part, flash};
use debrick_target::{Addressable, Clearance, Geometry, Scope, Silent, TargetError, clearance, digest};
use debrick_uboot_console::device::{TestBoard, UbootConfig, UbootDevice};
use debrick_uboot_console::host::{Console, ConsoleConfig, MemoryWriter, Storage, UbootTarget};

pub(crate) const RAM: u64 = 0x4800_0000;
pub(crate) const FIRMWARE: u64 = 0x10_0000;
pub(crate) const DISK: Geometry =
    Geometry { size: 32 << 20, write_block: 512, erase_block: None, erased: 0, batch: 64 << 10 };
pub(crate) const FLASH: Geometry =
    Geometry { size: 32 << 20, write_block: 1, erase_block: Some(0x2_0000), erased: 0xFF, batch: 0x2_0000 };

/// What happens to a unit, whoever is talking to it then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Reset,
    PowerOff,
    PowerOn,
}

/// A unit to which something happens at set moments.
pub(crate) struct Unit {
    pub(crate) device: UbootDevice<TestBoard>,
    pub(crate) events: Vec<(Moment, Event)>,
}

impl Device for Unit {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        while let Some((_, event)) = self.events.first().copied().filter(|(when, _)| *when <= now) {
            self.events.remove(0);
            match event {
                Event::Reset => self.device.reset(now),
                Event::PowerOff => self.device.power_off(),
                Event::PowerOn => self.device.power_on(now),
            }
        }
        self.device.handle(input, now, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        let event = self.events.first().map(|(when, _)| *when);
        [event, self.device.next_wake()].into_iter().flatten().min()
    }
}

pub(crate) struct Bench {
    pub(crate) world: World<Unit>,
    pub(crate) console: Console,
}

pub(crate) const ENVIRONMENT: &[(&str, &str)] = &[
    ("board_id", "acme,r1"),
    ("bootcmd", "virtio read 0x48000000 0 8; bootm 0x48000000"),
    ("bootdelay", "2"),
    ("ethaddr", "02:00:00:00:00:2a"),
    ("serial#", "R1-000042"),
];

impl Bench {
    /// A unit that was just turned on, with an environment.
    pub(crate) fn started(board: TestBoard, config: UbootConfig, host: ConsoleConfig) -> Self {
        let mut device = UbootDevice::new(board.with_environment(ENVIRONMENT), config);
        device.power_on(Moment::default());
        let world = World::new(Unit { device, events: Vec::new() }, VirtualClock::new());
        let console = Console::new(Box::new(world.console()), host);
        Self { world, console }
    }

    /// The same, at its prompt.
    pub(crate) fn at_prompt(board: TestBoard, config: UbootConfig) -> Self {
        let mut bench = Self::started(board, config, ConsoleConfig::default());
        bench.interrupt();
        bench
    }

    pub(crate) fn interrupt(&mut self) {
        let deadline = self.within(60);
        if let Err(error) = self.console.interrupt(deadline) {
            let log = self.console.take_log();
            panic!("{error}: {}", String::from_utf8_lossy(&log));
        }
    }

    /// From now on, the line has faults.
    pub(crate) fn with_faults(self, plan: &FaultPlan<StreamFault>) -> (Self, FaultLog<StreamFault>) {
        let (link, log) = FaultyLink::new(self.console.into_link(), plan);
        (Self { world: self.world, console: Console::new(Box::new(link), ConsoleConfig::default()) }, log)
    }

    pub(crate) fn within(&self, seconds: u64) -> Deadline {
        Deadline::after(self.console.clock(), Duration::from_secs(seconds))
    }

    pub(crate) fn happens(&self, after: Duration, event: Event) {
        let when = self.world.clock().now() + after;
        self.world.with_device(|unit| unit.events.push((when, event)));
    }

    pub(crate) fn target<T>(
        &mut self,
        storage: Storage,
        geometry: Geometry,
        work: impl FnOnce(&mut dyn Addressable) -> T,
    ) -> T {
        let mut loader = MemoryWriter;
        let mut target = UbootTarget::new(&mut self.console, &mut loader, storage, geometry, RAM, 16 << 20);
        work(&mut target)
    }

    /// Flashes the firmware region of a storage.
    pub(crate) fn flash(
        &mut self,
        storage: Storage,
        geometry: Geometry,
        image: &Vec<u8>,
    ) -> Result<Flashed, TargetError> {
        self.target(storage, geometry, |target| flash_into(target, image))
    }

    pub(crate) fn disk(&self, offset: u64, length: usize) -> Vec<u8> {
        self.world.with_device(|unit| unit.device.board().disk.peek(offset, length))
    }

    pub(crate) fn poke(&self, offset: u64, bytes: &[u8]) {
        self.world.with_device(|unit| unit.device.board_mut().disk.poke(offset, bytes)).unwrap();
    }
}

pub(crate) fn flash_into(target: &mut dyn Addressable, image: &Vec<u8>) -> Result<Flashed, TargetError> {
    let digest = digest::sha256(image).unwrap();
    let region =
        Region { name: "firmware".into(), offset: FIRMWARE, size: 1 << 20, role: RegionRole::Firmware };
    flash(target, &leave(digest), &Part { region: &region, content: image, digest }, &mut Silent)
}

fn leave(image: Digest) -> Clearance {
    let results = Gate::ALL.map(|gate| GateResult { gate, outcome: GateOutcome::Pass, reasons: vec![] });
    clearance::clear(&results, &[], Scope { regions: vec!["firmware".into()], contents: vec![image] })
        .unwrap()
}

pub(crate) fn content(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    debrick_link::Rng::new(seed).fill(&mut bytes);
    bytes
}

/// Both kinds of build.
pub(crate) fn builds() -> [UbootConfig; 2] {
    [UbootConfig::default(), UbootConfig::poor()]
}

/// Collects progress.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted(pub(crate) Arc<Mutex<u64>>);

impl debrick_target::Watch for Counted {
    fn advance(&mut self, bytes: u64) {
        *self.0.lock().unwrap() += bytes;
    }

    fn cancelled(&self) -> bool {
        false
    }
}
