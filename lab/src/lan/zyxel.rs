//! Zyxel's multicast: our host and our device, with the kernel between them. No other sender is packaged.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use debrick_link::Moment;
use debrick_link::simulated::{Device, Input, Output};
use debrick_link_os::OsNetwork;
use debrick_target::Silent;
use debrick_zyxel_multicast::alone::LISTEN_AT_LEAST;
use debrick_zyxel_multicast::device::{ZyxelConfig, ZyxelDevice, ZyxelEvent};
use debrick_zyxel_multicast::{AloneOnWire, CastOptions, Caster, listen};

use super::wire::{HOST, Lan, in_full, open_frames};
use super::{image, must};

const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 168, 1, 33);

/// A unit whose light can be seen: it shows that it has everything.
struct Lit {
    device: ZyxelDevice,
    light: Arc<AtomicBool>,
}

impl Device for Lit {
    fn handle(&mut self, input: Input<'_>, now: Moment, out: &mut Vec<Output>) {
        self.device.handle(input, now, out);
        let has_all = |event: &ZyxelEvent| matches!(event, ZyxelEvent::Complete { .. });
        if self.device.events().iter().any(has_all) {
            self.light.store(true, Ordering::SeqCst);
        }
    }

    fn next_wake(&self) -> Option<Moment> {
        self.device.next_wake()
    }
}

/// Our host listens for fifteen seconds that nobody else is there, and sends until the unit shows its light; the unit loses
/// a packet of the first round.
pub fn our_host_casts_to_our_device(_folder: &Path) -> Result<String, String> {
    let image = image(100_001, 33);
    let lan = Lan::create(Some(HOST_IP))?;
    let config = ZyxelConfig {
        packet_takes: Duration::ZERO,
        loses: vec![40],
        writes_in: Duration::from_millis(50),
        ..ZyxelConfig::default()
    };
    let light = Arc::new(AtomicBool::new(false));
    let unit = Lit { device: ZyxelDevice::new(config), light: light.clone() };
    let work = || {
        let mut frames = open_frames(HOST, None)?;
        let heard = listen(&mut *frames, LISTEN_AT_LEAST, &Silent).map_err(|error| in_full(&error))?;
        let proof = AloneOnWire::prove(&heard, "the lab").map_err(|error| in_full(&error))?;
        let mut network = OsNetwork::on_interface(HOST);
        let options = CastOptions { every: Duration::from_millis(3), ..CastOptions::default() };
        let mut caster = Caster::new(&mut network, IpAddr::V4(HOST_IP), &proof, options)
            .map_err(|error| in_full(&error))?;
        let mut is_seen = || light.load(Ordering::SeqCst);
        caster.cast(&image, &mut is_seen, &mut Silent).map_err(|error| in_full(&error))
    };
    let (cast, unit) = lan.with_device(unit, |_, _| {}, work)?;
    let lost = unit.device.events().contains(&ZyxelEvent::Lost { number: 40 });
    must(cast.was_seen && lost && cast.rounds >= 2, || format!("{cast:?}, {:?}", unit.device.events()))?;
    must(unit.device.written() == Some(&image[..]), || format!("{:?}", unit.device.events()))?;
    Ok(format!(
        "{} bytes in {} rounds, one packet lost, after {} s of listening",
        image.len(),
        cast.rounds,
        LISTEN_AT_LEAST.as_secs()
    ))
}
