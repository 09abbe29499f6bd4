//! NMRP: nmrpflash against our device, and our host against our device over real Ethernet.

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use debrick_link::simulated::{Device, Input, Output};
use debrick_link::{FrameHeader, Moment};
use debrick_link_os::OsNetwork;
use debrick_model::MacAddress;
use debrick_nmrp::device::{NmrpConfig, NmrpDevice, NmrpOutcome, NmrpQuirks};
use debrick_nmrp::wire::Message;
use debrick_nmrp::{ETHER_TYPE, Flashed, Host, HostOptions, NmrpError, Region};
use debrick_target::{Silent, Source};
use debrick_tftp::device::Verdict;

use super::wire::{HOST, Lan, Ran, UNIT_MAC, as_link_error, in_full, open_frames, run};
use super::{image, must, program, write};

/// Where our host is in the unit's network.
pub const LOCAL: Ipv4Addr = Ipv4Addr::new(10, 164, 183, 253);

/// A unit that writes for a second. It listens for longer than a real one, because a client needs a second to start.
fn unit() -> NmrpConfig {
    NmrpConfig {
        window: Duration::from_secs(20),
        writes_for: Duration::from_millis(1000),
        keep_alive_every: Some(Duration::from_millis(300)),
        ..NmrpConfig::new(UNIT_MAC)
    }
}

/// Runs nmrpflash on the host's end.
pub fn nmrpflash(lan: &Lan, file: &Path) -> Result<Ran, String> {
    // 0.9.14 takes the seconds of -T for milliseconds, its own 300 included, which no unit can meet.
    let options = ["-v", "-i", HOST, "-R", "GR", "-T", "20000", "-f"];
    run(lan.host_command(program("nmrpflash")?).args(options).arg(file))
}

/// What it said, without what turns while it sends.
fn words(ran: &Ran) -> String {
    ran.said
        .split_whitespace()
        .filter(|word| !["|", "/", "-", "\\"].contains(&word.trim_matches('\u{8}')))
        .collect::<Vec<_>>()
        .join(" ")
}

/// nmrpflash configures our unit, sends it an image, keeps it alive, and hears that it is done.
pub fn nmrpflash_flashes_our_device(folder: &Path) -> Result<String, String> {
    let image = image(1_500_001, 1);
    let file = folder.join("firmware.img");
    write(&file, &image)?;
    let lan = Lan::create(None)?;
    let work = || nmrpflash(&lan, &file);
    let (ran, device) = lan.with_device(NmrpDevice::new(unit()), NmrpDevice::power_on, work)?;
    let told = || format!("{:?}, {:?}: {:?}: {}", device.outcome(), device.counts(), ran.code, words(&ran));
    must(ran.success, told)?;
    must(device.flash() == Some(&image[..]), told)?;
    let expected = NmrpOutcome::Flashed { bytes: image.len() as u64, acknowledged: true };
    must(device.outcome() == Some(&expected), told)?;
    must(device.region() == Some(Region::Germany), || format!("the region is {:?}", device.region()))?;
    let counts = device.counts();
    must(counts.keep_alives == 3 && counts.keep_alive_acks == 3, told)?;
    Ok(format!("{} bytes, region GR, {} keep-alives answered", image.len(), counts.keep_alive_acks))
}

/// nmrpflash takes what our unit says against an image for what the real units mean by it.
pub fn nmrpflash_understands_that_our_device_rejects(folder: &Path) -> Result<String, String> {
    let file = folder.join("firmware.img");
    write(&file, &image(200_000, 2))?;
    // nmrpflash quotes at most so much.
    let refusal = "Error: bad checksum";
    let lan = Lan::create(None)?;
    let config = NmrpConfig { verdict: Verdict::RejectInWords(refusal.into()), ..unit() };
    let (ran, device) =
        lan.with_device(NmrpDevice::new(config), NmrpDevice::power_on, || nmrpflash(&lan, &file))?;
    must(!ran.success, || format!("nmrpflash was content: {}", words(&ran)))?;
    must(device.outcome() == Some(&NmrpOutcome::Rejected { bytes: 200_000 }), || {
        format!("{:?}", device.outcome())
    })?;
    must(ran.said.contains(refusal), || format!("it does not quote the unit: {}", words(&ran)))?;
    Ok(format!("it quotes {refusal:?}"))
}

/// Our host, with everything that the engine would do between its steps.
pub fn flash(
    lan: &Lan,
    options: HostOptions,
    image: &dyn Source,
) -> Result<Result<Flashed, NmrpError>, String> {
    let frames = open_frames(HOST, Some(ETHER_TYPE))?;
    let mut network = OsNetwork::on_interface(HOST);
    let mut neighbour = |to: debrick_nmrp::Neighbour| {
        lan.note_neighbour(to.address, to.unit).map_err(|words| as_link_error(HOST, words))
    };
    Ok(Host::new(frames, options).flash(&mut network, LOCAL, &mut neighbour, image, &mut Silent))
}

/// Our host and our unit, which answers no ARP, with the kernel between them.
pub fn our_host_flashes_our_device(_folder: &Path) -> Result<String, String> {
    let image = image(3_000_001, 3);
    let lan = Lan::create(Some(LOCAL))?;
    let quirks = NmrpQuirks { wants_keep_alive_acks: true, asks_again: 1, ..NmrpQuirks::default() };
    let device = NmrpDevice::new(NmrpConfig { quirks, ..unit() });
    let work = || flash(&lan, HostOptions::default(), &image);
    let (flashed, device) = lan.with_device(device, NmrpDevice::power_on, work)?;
    let flashed = flashed.map_err(|error| in_full(&error))?;
    must(device.flash() == Some(&image[..]), || "the image did not arrive".into())?;
    must(flashed.unit == UNIT_MAC && flashed.uploads == 2, || format!("{flashed:?}"))?;
    must(flashed.keep_alives == device.counts().keep_alives, || format!("{flashed:?}"))?;
    Ok(format!("{} bytes, twice, without ARP, in {} ms", image.len(), flashed.took.as_millis()))
}

/// A unit that takes the time from the first advertisement to the acknowledgement of its end.
#[derive(Debug)]
pub struct TimedUnit {
    device: NmrpDevice,
    began: Option<Moment>,
    ended: Option<Moment>,
}

impl Default for TimedUnit {
    fn default() -> Self {
        Self::new()
    }
}

impl TimedUnit {
    /// A unit that is switched off, and will write for a tenth of a second.
    pub fn new() -> Self {
        let config = NmrpConfig { writes_for: Duration::from_millis(100), keep_alive_every: None, ..unit() };
        Self { device: NmrpDevice::new(config), began: None, ended: None }
    }

    /// Switches it on.
    pub fn power_on(&mut self, now: Moment) {
        self.device.power_on(now);
    }

    /// The unit.
    pub fn device(&self) -> &NmrpDevice {
        &self.device
    }

    /// How long it took, once it is over.
    pub fn took(&self) -> Option<Duration> {
        Some(self.ended?.since(self.began?))
    }
}

impl Device for TimedUnit {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        self.device.handle(input, now, out);
        if self.began.is_none() && self.device.counts().advertisements > 0 {
            self.began = Some(now);
        }
        if self.ended.is_none() && self.device.outcome().is_some() {
            self.ended = Some(now);
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.device.next_wake()
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.device.addresses()
    }

    fn answers_arp(&self) -> bool {
        self.device.answers_arp()
    }
}

/// A unit, and a second one that answers every advertisement and must never be spoken to.
struct Two {
    unit: NmrpDevice,
    second: NmrpDevice,
    /// Frames of the host to the second one alone.
    spoken_to: u32,
}

const SECOND_MAC: MacAddress = MacAddress::new([0x2C, 0xB0, 0x5D, 0xDE, 0xB1, 0x0D]);

impl Device for Two {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        if let Input::Frame(frame) = input
            && let Some((header, payload)) = FrameHeader::split(frame)
            && header.to == SECOND_MAC
            && Message::parse(payload).is_ok()
        {
            self.spoken_to += 1;
        }
        self.unit.handle(input, now, out);
        self.second.handle(input, now, out);
    }

    fn next_wake(&self) -> Option<Moment> {
        self.unit.next_wake().into_iter().chain(self.second.next_wake()).min()
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        self.unit.addresses()
    }

    fn answers_arp(&self) -> bool {
        false
    }
}

/// Two units in recovery on one wire: named and refused, then one is chosen and the other left alone.
pub fn our_host_leaves_a_second_unit_alone(_folder: &Path) -> Result<String, String> {
    let image = image(100_000, 4);
    let two = || Two {
        unit: NmrpDevice::new(unit()),
        second: NmrpDevice::new(NmrpConfig { mac: SECOND_MAC, ..unit() }),
        spoken_to: 0,
    };
    let start = |two: &mut Two, now| {
        two.unit.power_on(now);
        two.second.power_on(now);
    };
    let lan = Lan::create(Some(LOCAL))?;
    let (refused, _) = lan.with_device(two(), start, || flash(&lan, HostOptions::default(), &image))?;
    let named = [UNIT_MAC, SECOND_MAC];
    must(matches!(&refused, Err(NmrpError::SeveralUnits { units }) if *units == named), || {
        format!("{refused:?}")
    })?;
    let chosen = HostOptions { unit: Some(UNIT_MAC), ..HostOptions::default() };
    let (flashed, two) = lan.with_device(two(), start, || flash(&lan, chosen, &image))?;
    let flashed = flashed.map_err(|error| in_full(&error))?;
    must(two.unit.flash() == Some(&image[..]), || "the image did not arrive".into())?;
    must(flashed.others == [SECOND_MAC] && two.spoken_to == 0, || format!("{flashed:?}, {}", two.spoken_to))?;
    Ok("both named, one chosen, nothing sent to the other".into())
}
