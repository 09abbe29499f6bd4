//! The router is repaired by the host halves, as the engine will do it.

mod common;

use std::time::Duration;

use common::*;
use debrick_link::simulated::{Channel, Input};
use debrick_link::{Deadline, Link as _};
use debrick_target::capability::Silent;
use debrick_uboot_console::host::{Console, ConsoleConfig};
use debrick_virtual_bench::{Bench, Brick, Faults, UnitState, VirtualRouter, region, seal_settings};
use debrick_virtual_bench::{FirmwareOptions, firmware};
use debrick_xymodem::{SendOptions, Variant, rate_switch, send};

#[test]
fn damaged_firmware_is_replaced_over_the_network() {
    for brick in Brick::ALL.into_iter().filter(|brick| brick.is_in_firmware()) {
        let bench = bricked(brick, Faults::default(), 1);
        let new = image("2.0.1");
        let mut console = console(&bench);
        console.interrupt(within(&console, 60)).unwrap();
        let text = load(&bench, &mut console, &new).unwrap();
        assert!(text.contains(&format!("Bytes transferred = {} ({:x} hex)", new.len(), new.len())), "{text}");
        assert_eq!(text.matches("done").count(), 1, "{text}");
        let crc = console.crc32(0x5000_0000, new.len() as u64).unwrap();
        assert_eq!(crc, crc32fast::hash(&new));
        write(&mut console, &new).unwrap();
        assert_eq!(first_boot(&mut console).as_deref(), Some("2.0.1"), "{}", brick.name());
        assert!(get(&bench, "/").unwrap().ends_with("\r\n\r\nACME R1 2.0.1\n"));
        assert!(get(&bench, "/version").unwrap().contains("\"serial\":\"R1-000042\""));
        assert!(get(&bench, "/nothing").unwrap().starts_with("HTTP/1.0 404"));
        assert_eq!(bench.state().read(region("firmware").unwrap().offset, new.len()), new);
        assert_eq!(bench.faults.total(), 0);
        assert!(seconds(&bench.clock) < 60.0);
    }
}

#[test]
fn firmware_comes_over_the_console_too() {
    let new = firmware("2.0.1", &FirmwareOptions { size: 64 << 10, ..FirmwareOptions::default() });
    for rate in [None, Some(115_200), Some(921_600)] {
        let bench = bricked(Brick::KernelBytesDamaged, Faults::default(), 1);
        let link = rate.map_or_else(|| bench.console(), |_| bench.paced_console(115_200));
        let mut console = Console::new(link, ConsoleConfig::default());
        console.interrupt(within(&console, 60)).unwrap();
        let switches = rate.filter(|rate| *rate != 115_200);
        let command =
            format!("loady 0x50000000 {}", switches.map(|rate| rate.to_string()).unwrap_or_default());
        console.start(command.trim(), within(&console, 5)).unwrap();
        let began = seconds(&bench.clock);
        let link = console.stream_of_command();
        if let Some(rate) = switches {
            rate_switch::to_transfer_rate(link, rate).unwrap();
        }
        let sent = send(link, Variant::Ymodem, "fw.itb", &new, &SendOptions::default(), &mut Silent).unwrap();
        assert_eq!(sent.bytes, new.len() as u64);
        if switches.is_some() {
            rate_switch::back_to_console_rate(link, 115_200).unwrap();
        }
        let took = seconds(&bench.clock) - began;
        match rate {
            None => assert!(took < 10.0, "{took}"),
            Some(rate) => assert!(took > new.len() as f64 * 10.0 / f64::from(rate), "{took}"),
        }
        console.sync(within(&console, 20)).unwrap();
        assert_eq!(console.crc32(0x5000_0000, new.len() as u64).unwrap(), crc32fast::hash(&new));
        write(&mut console, &new).unwrap();
        assert_eq!(first_boot(&mut console).as_deref(), Some("2.0.1"));
    }
}

#[test]
fn environment_boot_region_and_settings_are_repaired() {
    let bench = bricked(Brick::BootCommandLost, Faults::default(), 1);
    let mut shell = console(&bench);
    shell.interrupt(within(&shell, 60)).unwrap();
    let command = ("bootcmd".to_owned(), debrick_virtual_bench::BOOT_COMMAND.to_owned());
    shell.set_variables(&[command]).unwrap();
    shell.save_environment().unwrap();
    assert_eq!(first_boot(&mut shell).as_deref(), Some("1.0.4"));

    for (brick, place) in [(Brick::BootRegionDamaged, "boot"), (Brick::SettingsGarbage, "settings")] {
        let bench = bricked(brick, Faults::default(), 1);
        let mut shell = console(&bench);
        shell.interrupt(within(&shell, 60)).unwrap();
        let place = region(place).unwrap();
        let good = UnitState::healthy(&[]).read(place.offset, place.size as usize);
        load(&bench, &mut shell, &good).unwrap();
        let (block, count) = (place.offset / 512, place.size / 512);
        shell.checked(&format!("virtio write 0x50000000 {block:x} {count:x}"), within(&shell, 9)).unwrap();
        assert_eq!(first_boot(&mut shell).as_deref(), Some("1.0.4"), "{}", brick.name());
    }
    assert_eq!(seal_settings("a=b\n").len(), 0x2_0000);
}

#[test]
fn a_flash_that_lies_is_not_repaired_although_it_says_so() {
    let bench = bricked(Brick::FlashThatLies, Faults::default(), 1);
    let new = image("2.0.1");
    let mut console = console(&bench);
    console.interrupt(within(&console, 60)).unwrap();
    load(&bench, &mut console, &new).unwrap();
    assert!(write(&mut console, &new).unwrap().contains("blocks written: OK"));
    let written = bench.state().read(0x10_0000, new.len());
    assert_eq!(written[..4096], new[..4096]);
    assert_ne!(written[4096..0x1_0000], new[4096..0x1_0000]);
    assert_eq!(first_boot(&mut console), None);
}

#[test]
fn the_shell_of_the_system_restarts_the_unit() {
    let bench = bricked(Brick::Healthy, Faults::default(), 1);
    let mut link = bench.console();
    listen(&mut *link, 10);
    let now = Deadline::at(bench.clock.now_moment());
    link.write_all(b"ecko\x7f\x7fho hello\rnonsense\r", now).unwrap();
    let text = listen(&mut *link, 1);
    assert!(text.contains("hello\r\n~ # nonsense\r\nsh: nonsense: not found\r\n~ # "), "{text:?}");
    link.write_all(b"reboot -f\r", now).unwrap();
    let text = listen(&mut *link, 10);
    assert!(text.starts_with("reboot -f\r\n["), "{text}");
    assert!(
        text.contains("reboot: Restarting system\r\n\r\n\r\nU-Boot") && text.contains("READY ACME R1 1.0.4")
    );
    // A connection that is open when the unit goes is closed.
    let deadline = Deadline::after(&bench.clock, Duration::from_secs(1));
    let mut stream = bench.network().connect_stream("192.168.1.1:80".parse().unwrap(), deadline).unwrap();
    bench.power_off();
    assert!(stream.read(&mut [0; 8], deadline).is_err_and(|error| !error.is_timeout()));
    assert!(get(&bench, "/").is_err());
}

trait NowMoment {
    fn now_moment(&self) -> debrick_link::Moment;
}

impl NowMoment for debrick_link::VirtualClock {
    fn now_moment(&self) -> debrick_link::Moment {
        debrick_link::Clock::now(self)
    }
}

#[test]
fn power_goes_and_comes_in_the_middle_of_a_transfer() {
    let bench = bricked(Brick::FirmwareErased, Faults::default(), 1);
    let new = image("2.0.1");
    let mut console = console(&bench);
    console.interrupt(within(&console, 60)).unwrap();
    let mut network = bench.network();
    let service = debrick_tftp::Service { images: vec![("fw.itb".into(), &new)], ..Default::default() };
    let mut server =
        debrick_tftp::Server::bind(&mut *network, "192.168.1.2:69".parse().unwrap(), service).unwrap();
    console.start("tftpboot 0x50000000 fw.itb", within(&console, 5)).unwrap();
    for _ in 0..3 {
        server.poll(Deadline::after(&bench.clock, Duration::from_millis(5))).unwrap();
    }
    assert_eq!(bench.world.with_device(|router| router.leds().lan), debrick_virtual_bench::Led::Blinking);
    bench.power_cycle();
    drop(server);
    console.interrupt(within(&console, 60)).unwrap();
    assert!(load(&bench, &mut console, &new).unwrap().contains("Bytes transferred"));
    write(&mut console, &new).unwrap();
    assert_eq!(first_boot(&mut console).as_deref(), Some("2.0.1"));
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_the_same_times() {
    let run = |seed: u64| {
        let faults = Faults {
            babble: Some(Duration::from_secs(2)),
            restart_within: Some(Duration::from_secs(20)),
            read_flip: 0.002,
            datagrams_lost: 0.01,
            ..Faults::default()
        };
        let bench = bricked(Brick::KernelBytesDamaged, faults, seed);
        let mut link = bench.console();
        let mut log = Vec::new();
        let mut buffer = [0; 4096];
        let deadline = Deadline::after(&bench.clock, Duration::from_secs(40));
        while let Ok(count) = link.read(&mut buffer, deadline) {
            log.push((bench.clock.now_moment(), buffer[..count].to_vec()));
            if buffer[..count].ends_with(b"=> ") {
                link.write_all(b"tftpboot 0x50000000 nothing\r", deadline).unwrap();
            }
        }
        (log, bench.faults.fired())
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7).0, run(8).0);
}

#[test]
fn a_unit_in_files_survives_the_end_of_its_router() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("unit");
    let state = Brick::KernelBytesDamaged.apply(&image("1.0.4")).keep_in(&folder).unwrap();
    let new = image("2.0.1");
    let bench = Bench::new(VirtualRouter::new(state), Faults::default(), 1);
    let mut shell = console(&bench);
    shell.interrupt(within(&shell, 60)).unwrap();
    load(&bench, &mut shell, &new).unwrap();
    write(&mut shell, &new).unwrap();
    shell.set_variables(&[("bootdelay".into(), "1".into())]).unwrap();
    shell.save_environment().unwrap();
    let before = bench.state();
    // Nothing gets a chance to tidy up, as when the process is killed.
    std::mem::forget(shell);
    std::mem::forget(bench);
    let state = UnitState::open(&folder).unwrap();
    assert!(same_flash(&state, &before));
    assert_eq!(state.environment(), before.environment());
    let bench = Bench::new(VirtualRouter::new(state), Faults::default(), 2);
    let text = listen(&mut *bench.console(), 10);
    assert!(text.contains("autoboot:  1 ") && text.contains("READY ACME R1 2.0.1"), "{text}");
    let state = bench.state();
    assert!(same_flash(&state, &before));
}

#[test]
fn a_router_is_taken_apart_and_another_one_built_of_it() {
    let router = VirtualRouter::bricked(Brick::FirmwareErased, &image("1.0.4"));
    let state = router.into_state();
    let bench = Bench::new(VirtualRouter::new(state.clone()), Faults::default(), 1);
    assert!(same_flash(&bench.state(), &state));
    bench.world.input(Input::Bytes(Channel::Console, b"x"));
}
