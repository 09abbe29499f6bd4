//! Every fault fires, is counted, and does what it says.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::time::Duration;

use common::*;
use debrick_link::simulated::{Channel, Input};
use debrick_link::{Clock as _, Deadline};
use debrick_target::capability::Silent;
use debrick_uboot_console::host::Console;
use debrick_virtual_bench::{
    Bench, Brick, ConsoleFaults, Fault, Faults, Lie, UnitState, VirtualRouter, region,
};
use proptest::prelude::*;

/// A unit at its prompt.
fn prompt(brick: Brick, faults: Faults, seed: u64) -> (Bench, Console) {
    let bench = bricked(brick, faults, seed);
    let mut console = console(&bench);
    console.interrupt(within(&console, 60)).unwrap();
    (bench, console)
}

fn firmware_of(bench: &Bench, length: usize) -> Vec<u8> {
    bench.state().read(region("firmware").unwrap().offset, length)
}

#[test]
fn a_power_cut_leaves_exactly_the_prefix() {
    let new = image("2.0.1");
    for cut in [0, 1, 511, 65_536, 65_537, 100_000] {
        let faults = Faults { power_cut_at_byte: Some(cut), ..Faults::default() };
        let (bench, mut console) = prompt(Brick::KernelBytesDamaged, faults, 1);
        let before = bench.state().read(0, 32 << 20);
        load(&bench, &mut console, &new).unwrap();
        assert!(write(&mut console, &new).is_err());
        assert_eq!(bench.faults.count(Fault::PowerCut), 1);
        assert_eq!(bench.faults.total(), 1);
        assert!(!bench.world.with_device(|router| router.has_power()));
        let mut expected = before;
        expected[0x10_0000..0x10_0000 + cut as usize].copy_from_slice(&new[..cut as usize]);
        assert_eq!(bench.state().read(0, 32 << 20), expected, "{cut}");
        // It stays dark, and comes back.
        assert!(!String::from_utf8_lossy(&console.take_log()).contains("blocks written"));
        let mut link = console.into_link();
        assert_eq!(listen(&mut *link, 600), "");
        bench.power_cycle();
        let mut console = Console::new(link, Default::default());
        console.interrupt(within(&console, 60)).unwrap();
        load(&bench, &mut console, &new).unwrap();
        write(&mut console, &new).unwrap();
        assert_eq!(first_boot(&mut console).as_deref(), Some("2.0.1"));
    }
}

#[test]
fn a_unit_restarts_by_itself() {
    let faults = Faults { restart_within: Some(Duration::from_secs(60)), ..Faults::default() };
    let bench = bricked(Brick::Healthy, faults.clone(), 5);
    let text = listen(&mut *bench.console(), 120);
    assert_eq!(bench.faults.fired(), [Fault::SpontaneousRestart]);
    assert_eq!(text.matches("U-Boot 2023").count(), 2, "{text}");

    let faults = Faults { restart_in_transfer: Some(100_000), ..Faults::default() };
    let (bench, mut console) = prompt(Brick::FirmwareErased, faults, 1);
    assert!(
        !load(&bench, &mut console, &image("2.0.1")).is_ok_and(|text| text.contains("Bytes transferred"))
    );
    assert_eq!(bench.faults.fired(), [Fault::RestartInTransfer]);
    console.interrupt(within(&console, 120)).unwrap();
    assert!(load(&bench, &mut console, &image("2.0.1")).unwrap().contains("Bytes transferred"));
}

#[test]
fn a_modem_transfer_ends_with_the_unit() {
    let faults = Faults { restart_in_transfer: Some(20_000), ..Faults::default() };
    let (bench, mut console) = prompt(Brick::FirmwareErased, faults, 1);
    console.start("loady 0x50000000", within(&console, 5)).unwrap();
    let new = image("2.0.1");
    let options = debrick_xymodem::SendOptions { attempts: 2, ..Default::default() };
    let variant = debrick_xymodem::Variant::Ymodem;
    let sent = debrick_xymodem::send(console.stream_of_command(), variant, "a", &new, &options, &mut Silent);
    assert!(sent.is_err());
    assert_eq!(bench.faults.fired(), [Fault::RestartInTransfer]);
}

#[test]
fn writes_lie_once_or_always() {
    let new = image("2.0.1");
    for (lie, count) in [(Lie::Once(1), 1), (Lie::Always, new.len().div_ceil(0x1_0000) as u64)] {
        let (bench, mut console) =
            prompt(Brick::FirmwareErased, Faults { lying_write: Some(lie), ..Faults::default() }, 1);
        load(&bench, &mut console, &new).unwrap();
        write(&mut console, &new).unwrap();
        assert_eq!(bench.faults.count(Fault::LyingWrite), count);
        let written = firmware_of(&bench, new.len());
        assert_eq!(written[..0x1000], new[..0x1000]);
        assert_eq!(written[0x1000..0x1_0000] == new[0x1000..0x1_0000], lie != Lie::Always);
        assert_eq!(written[0x1_0000..0x1_1000], new[0x1_0000..0x1_1000]);
        assert!(written[0x1_1000..0x2_0000].iter().all(|byte| *byte == 0xFF));
        if lie != Lie::Always {
            write(&mut console, &new).unwrap();
            assert_eq!(firmware_of(&bench, new.len()), new);
        }
    }
}

#[test]
fn reads_and_writes_fail_and_flip_once() {
    let check = |faults: Faults, fault: Fault| {
        let bench = bricked(Brick::BootCommandLost, faults, 1);
        let mut console = console(&bench);
        console.interrupt(within(&console, 60)).unwrap();
        let mut command = |line: &str| console.checked(line, within(&console, 30));
        let verb = if fault == Fault::WriteError { "write" } else { "read" };
        let first = command(&format!("virtio {verb} 0x50000000 0x80 0x80"));
        let first = first.map_err(|error| error.to_string());
        let again = command(&format!("virtio {verb} 0x50000000 0x80 0x80")).unwrap();
        assert!(again.contains(": OK"), "{again}");
        assert_eq!(bench.faults.fired(), [fault]);
        first
    };
    assert!(check(Faults { read_error_once: Some(0), ..Faults::default() }, Fault::ReadError).is_err());
    assert!(check(Faults { write_error_once: Some(0), ..Faults::default() }, Fault::WriteError).is_err());
    check(Faults { read_flip_once: Some(0), ..Faults::default() }, Fault::ReadFlip).unwrap();
    check(Faults { read_flip: 1.0, ..Faults::default() }, Fault::ReadFlip).unwrap();

    let faults = Faults { read_flip_once: Some(0), ..Faults::default() };
    let (bench, mut console) = prompt(Brick::BootCommandLost, faults, 1);
    let mut crc = || {
        console.checked("virtio read 0x50000000 0x80 0x80", within(&console, 30)).unwrap();
        console.crc32(0x5000_0000, 0x1_0000).unwrap()
    };
    let stored = crc32fast::hash(&bench.state().read(0x1_0000, 0x1_0000));
    assert_ne!(crc(), stored);
    assert_eq!(crc(), stored);
}

#[test]
fn the_environment_is_not_saved_the_first_time() {
    let faults = Faults { environment_save_fails_once: true, ..Faults::default() };
    let (bench, mut console) = prompt(Brick::BootCommandLost, faults, 1);
    let before = bench.state().environment();
    console.set_variables(&[("bootcmd".into(), debrick_virtual_bench::BOOT_COMMAND.into())]).unwrap();
    assert!(console.save_environment().is_err());
    assert_eq!(bench.faults.fired(), [Fault::EnvironmentSave]);
    assert_eq!(bench.state().environment(), before);
    console.save_environment().unwrap();
    assert_eq!(first_boot(&mut console).as_deref(), Some("1.0.4"));
}

#[test]
fn noise_comes_at_the_prompt() {
    let faults = Faults { babble: Some(Duration::from_secs(3)), ..Faults::default() };
    let (bench, mut console) = prompt(Brick::BootCommandLost, faults, 1);
    let text = listen(console.link_mut(), 30);
    assert!((5..30).contains(&bench.faults.count(Fault::Babble)), "{text}");
    assert!(text.starts_with("[ "), "{text}");
    assert!(console.environment().unwrap().contains_key("board_id"));
}

#[test]
fn a_bootloader_hangs_until_its_power_is_cycled() {
    let faults = Faults { hang_in_command: Some(3), ..Faults::default() };
    let bench = bricked(Brick::BootCommandLost, faults, 1);
    let mut link = bench.console();
    listen(&mut *link, 5);
    let mut answers = 0;
    for _ in 0..6 {
        link.write_all(b"sleep 1\r", Deadline::after(&bench.clock, Duration::from_secs(1))).unwrap();
        answers += listen(&mut *link, 2).matches("=> ").count();
    }
    assert_eq!((answers, bench.faults.fired()), (3, vec![Fault::Hang]));
    link.write_all(b"\x03\r", Deadline::after(&bench.clock, Duration::from_secs(1))).unwrap();
    assert_eq!(listen(&mut *link, 100), "");
    bench.power_cycle();
    assert!(listen(&mut *link, 10).ends_with("=> "));
}

#[test]
fn the_units_tftp_client_breaks_off() {
    let faults = Faults { tftp_aborts_at: Some(50_000), ..Faults::default() };
    let (bench, mut console) = prompt(Brick::FirmwareErased, faults, 1);
    assert!(!load(&bench, &mut console, &image("2.0.1")).unwrap().contains("Bytes transferred"));
    assert_eq!(bench.faults.fired(), [Fault::TftpAbort]);
    assert!(load(&bench, &mut console, &image("2.0.1")).unwrap().contains("Bytes transferred"));
}

#[test]
fn console_bytes_are_lost_and_flipped() {
    for (console, fault) in [
        (ConsoleFaults { lost_to_host: 0.02, ..Default::default() }, Fault::ByteToHostLost),
        (ConsoleFaults { flipped_to_host: 0.02, ..Default::default() }, Fault::ByteToHostFlipped),
        (ConsoleFaults { lost_to_unit: 0.02, ..Default::default() }, Fault::ByteToUnitLost),
        (ConsoleFaults { flipped_to_unit: 0.02, ..Default::default() }, Fault::ByteToUnitFlipped),
    ] {
        let bench = bricked(Brick::BootCommandLost, Faults { console, ..Faults::default() }, 1);
        let mut link = bench.console();
        let sent = "echo abcdefghijklmnopqrstuvwxyz\r".repeat(10);
        let mut text = listen(&mut *link, 5);
        link.write_all(sent.as_bytes(), Deadline::after(&bench.clock, Duration::from_secs(1))).unwrap();
        text.push_str(&listen(&mut *link, 5));
        assert_eq!(bench.faults.fired(), [fault], "{text}");
        assert!(text.matches("\nabcdefghijklmnopqrstuvwxyz\r\n=> ").count() < 10, "{text}");
    }
}

#[test]
fn datagrams_are_lost_and_come_twice() {
    let faults = Faults { datagrams_lost: 0.02, datagrams_duplicated: 0.02, ..Faults::default() };
    let (bench, mut console) = prompt(Brick::FirmwareErased, faults, 1);
    let new = image("2.0.1");
    assert!(load(&bench, &mut console, &new).unwrap().contains("Bytes transferred"));
    assert_eq!(bench.faults.fired(), [Fault::DatagramLost, Fault::DatagramDuplicated]);
    assert_eq!(console.crc32(0x5000_0000, new.len() as u64).unwrap(), crc32fast::hash(&new));
}

#[test]
fn random_faults_are_what_they_say_and_none_breaks_the_bench() {
    let mut asked = std::collections::BTreeSet::new();
    for seed in 0..60 {
        let faults = Faults::random(seed, 256 << 10);
        asked.extend(faults.kinds());
        let kinds = faults.kinds();
        assert!(!kinds.is_empty());
        let bench = bricked(Brick::KernelBytesDamaged, faults, seed);
        let mut console = console(&bench);
        let new = image("2.0.1");
        // Whatever happens may fail; nothing may panic, and nothing may fire that nobody asked for.
        let _ = console
            .interrupt(within(&console, 60))
            .and_then(|_| load(&bench, &mut console, &new))
            .and_then(|_| write(&mut console, &new));
        assert!(bench.faults.fired().iter().all(|fault| kinds.contains(fault)));
    }
    assert!(asked.len() >= 14, "{asked:?}");
}

#[test]
fn a_whole_repair_takes_little_of_everything() {
    // No assertion on real time: that depends on the machine. `cargo test --release` shows it.
    let installed = debrick_virtual_bench::firmware("1.0.4", &Default::default());
    let new = debrick_virtual_bench::firmware("2.0.1", &Default::default());
    for seed in 0..5 {
        let router = VirtualRouter::bricked(Brick::KernelBytesDamaged, &installed);
        let bench = Bench::new(router, Faults::default(), seed);
        let mut console = console(&bench);
        console.interrupt(within(&console, 60)).unwrap();
        load(&bench, &mut console, &new).unwrap();
        write(&mut console, &new).unwrap();
        assert_eq!(first_boot(&mut console).as_deref(), Some("2.0.1"));
        assert!(seconds(&bench.clock) < 60.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_console_bytes_never_panic(
        pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), 0u64..4000), 0..30),
        text in "(virtio|bootm|source|iminfo|tftpboot|loady|md|reset|run|;| |0x[0-9a-f]{1,12}|[0-9]{1,4}|\r){0,60}",
        healthy: bool,
    ) {
        let brick = if healthy { Brick::Healthy } else { Brick::BootCommandLost };
        let bench = Bench::new(VirtualRouter::new(brick.apply(&[0xD0, 0x0D, 0xFE, 0xED, 0, 0])), Faults::default(), 1);
        for (bytes, wait) in &pieces {
            bench.world.input(Input::Bytes(Channel::Console, bytes));
            listen_ms(&bench, *wait);
        }
        for line in text.split_inclusive('\r') {
            bench.world.input(Input::Bytes(Channel::Console, line.as_bytes()));
            listen_ms(&bench, 300);
        }
        prop_assert_eq!(bench.faults.total(), 0);
    }

    #[test]
    fn arbitrary_images_never_panic(at in 0usize..4096, bytes in prop::collection::vec(any::<u8>(), 1..8), tail: bool) {
        let mut image = image("1.0.4");
        let at = if tail { image.len() - 1 - at } else { at };
        let end = (at + bytes.len()).min(image.len());
        image[at..end].copy_from_slice(&bytes[..end - at]);
        let bench = Bench::new(VirtualRouter::new(UnitState::healthy(&image)), Faults::default(), 1);
        let mut link = bench.console();
        let text = listen(&mut *link, 8);
        // A damaged load address ends in an abort, a reset and another try, as on the real unit.
        let endings = ["Starting kernel", "=> ", "Resetting CPU"];
        prop_assert!(endings.iter().any(|ending| text.contains(ending)), "{text}");
        link.write_all(b"iminfo 0x48000000\r", Deadline::at(bench.clock.now())).unwrap();
        listen(&mut *link, 1);
    }
}

fn listen_ms(bench: &Bench, millis: u64) {
    let mut link = bench.console();
    let deadline = Deadline::after(&bench.clock, Duration::from_millis(millis));
    while link.read(&mut [0; 4096], deadline).is_ok() {}
}
