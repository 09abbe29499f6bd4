//! From power-on to the prompt.

use std::time::Duration;

use debrick_uboot_console::device::{Standing, StopPolicy, TestBoard, UbootConfig};

use crate::typist::Typist;

const BANNER: &str = "\r\n\r\nU-Boot 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000)\r\n\r\n\
    DRAM:  512 MiB\r\nCore:  47 devices, 13 uclasses, devicetree: board\r\nFlash: 64 MiB\r\n";
const CONSOLES: &str = "In:    pl011@9000000\r\nOut:   pl011@9000000\r\nErr:   pl011@9000000\r\n";

fn booting() -> TestBoard {
    TestBoard::new().with_environment(&[
        ("bootcmd", "virtio read 0x48000000 0 8; bootm 0x48000000"),
        ("bootdelay", "2"),
        ("ethaddr", "02:00:00:00:00:2a"),
    ])
}

fn started(board: TestBoard, config: UbootConfig) -> Typist {
    let mut typist = Typist::new(board, config);
    typist.device.power_on(typist.now);
    typist
}

#[test]
fn a_start_looks_like_the_real_one_and_takes_its_time() {
    let mut typist = started(booting(), UbootConfig::default());
    let begin = typist.wait(Duration::from_millis(500));
    assert_eq!(
        begin,
        format!(
            "{BANNER}Loading Environment from Flash... OK\r\n{CONSOLES}Net:   \r\n\
             Warning: virtio-net#33 MAC addresses don't match:\r\n\
             Address in ROM is\t\t02:02:02:02:02:02\r\n\
             Address in environment is\t02:00:00:00:00:2a\r\n\
             eth0: virtio-net#33\r\n\
             Hit any key to stop autoboot:  2 "
        )
    );
    assert_eq!(typist.device.standing(), Standing::Autoboot);
    assert_eq!(typist.wait(Duration::from_secs(1)), "\u{8}\u{8}\u{8} 1 ");
    assert_eq!(
        typist.wait(Duration::from_secs(1)),
        "\u{8}\u{8}\u{8} 0 \r\n\r\nvirtio read: device 0 block # 0, count 8 ... 8 blocks read: OK\r\n\
         Wrong Image Format for bootm command\r\nERROR: can't get kernel image!\r\n=> "
    );
    assert_eq!(typist.wait(Duration::from_secs(60)), "");
}

#[test]
fn a_key_stops_the_countdown_and_is_eaten() {
    let mut typist = started(booting(), UbootConfig::default());
    typist.wait(Duration::from_millis(1500));
    assert_eq!(typist.type_for(b" version", Duration::ZERO), "\u{8}\u{8}\u{8} 0 \r\n=> version");
}

#[test]
fn what_is_typed_before_the_console_works_is_lost_and_later_it_waits() {
    let mut typist = started(booting(), UbootConfig::default());
    assert_eq!(typist.type_for(b"x", Duration::from_millis(10)), "");
    typist.wait(Duration::from_millis(130));
    let seen = typist.type_for(b"y", Duration::from_secs(1));
    assert!(seen.ends_with("autoboot:  2 \u{8}\u{8}\u{8} 0 \r\n=> "), "{seen:?}");
}

#[test]
fn a_bad_environment_is_told_and_replaced() {
    let mut typist = started(TestBoard::new(), UbootConfig::default());
    let begin = typist.wait(Duration::from_secs(5));
    let told = "Loading Environment from Flash... *** Warning - bad CRC, using default environment\r\n\r\n";
    assert_eq!(begin, format!("{BANNER}{told}{CONSOLES}Net:   eth0: virtio-net#33\r\n=> "));
}

#[test]
fn boot_hands_the_console_over_until_a_reset() {
    let mut board = booting();
    board.disk.poke(0, &[b"BOOT".as_slice(), &[0; 508]].concat()).unwrap();
    let mut typist = started(board, UbootConfig::default());
    let seen = typist.wait(Duration::from_secs(10));
    assert!(seen.ends_with("8 blocks read: OK\r\n\r\nStarting kernel ...\r\n\r\n"), "{seen:?}");
    assert_eq!(typist.device.standing(), Standing::HandedOver);
    assert_eq!(typist.type_for(b"\r\r\r", Duration::from_secs(10)), "");
    assert_eq!(typist.device.board().booted, [("bootm".to_owned(), 0x4800_0000)]);
    typist.device.reset(typist.now);
    assert!(typist.wait(Duration::from_secs(1)).starts_with(BANNER));
    typist.device.power_off();
    assert_eq!(typist.type_for(b"\r", Duration::from_secs(10)), "");
    assert_eq!(typist.device.standing(), Standing::Off);
}

#[test]
fn vendors_ask_for_strings_menus_and_passwords() {
    let exact =
        StopPolicy::Exact { text: b"tpl".to_vec(), prompt: "Autobooting in %d seconds, type tpl\n".into() };
    let mut typist = started(booting(), UbootConfig { stop: exact, ..UbootConfig::default() });
    assert!(typist.wait(Duration::from_millis(500)).ends_with("Autobooting in 2 seconds, type tpl\r\n"));
    assert_eq!(typist.type_for(b"xtptp", Duration::ZERO), "");
    assert_eq!(typist.type_for(b"tpl", Duration::ZERO), "=> ");

    let menu = StopPolicy::Menu { text: "   4: Command line.\n".into(), key: b'4' };
    let mut typist = started(booting(), UbootConfig { stop: menu.clone(), ..UbootConfig::default() });
    assert!(typist.wait(Duration::from_millis(500)).ends_with("   4: Command line.\r\n 2 "));
    assert_eq!(typist.type_for(b"4", Duration::ZERO), "\r\n\r\nYou choosed 4\r\n\r\n=> ");
    let mut typist = started(booting(), UbootConfig { stop: menu, ..UbootConfig::default() });
    typist.wait(Duration::from_millis(500));
    assert!(typist.type_for(b"3", Duration::from_secs(1)).contains("can't get kernel image"));

    let locked = UbootConfig { password: Some("secret".into()), ..UbootConfig::default() };
    let mut typist = started(booting(), locked);
    typist.wait(Duration::from_millis(500));
    assert!(typist.type_for(b" ", Duration::ZERO).ends_with("Password: "));
    assert_eq!(typist.type_for(b"no\r", Duration::ZERO), "**\r\nWrong password\r\nPassword: ");
    assert_eq!(typist.type_for(b"secret\r", Duration::ZERO), "******\r\n=> ");
}

#[test]
fn a_silent_build_says_nothing_until_it_is_stopped() {
    let silent = UbootConfig { silent: true, ..UbootConfig::default() };
    let mut typist = started(booting(), silent);
    assert_eq!(typist.wait(Duration::from_secs(1)), "");
    assert_eq!(typist.type_for(b" ", Duration::ZERO), "=> ");
    assert_eq!(typist.run("echo a"), "a\n");
}

#[test]
fn delays_of_zero_and_below_are_obeyed() {
    for (delay, expected) in [
        ("0", "Hit any key to stop autoboot:  0 \r\n"),
        ("-1", "virtio-net#33\r\n=> "),
        ("-2", "virtio-net#33\r\n"),
    ] {
        let board = TestBoard::new().with_environment(&[("bootcmd", "sleep 9"), ("bootdelay", delay)]);
        let mut typist = started(board, UbootConfig::default());
        let seen = typist.wait(Duration::from_secs(5));
        assert!(seen.ends_with(expected), "{delay}: {seen:?}");
        assert_eq!(typist.device.standing(), if delay == "-1" { Standing::Prompt } else { Standing::Busy });
    }
}
