//! Prompts, commands and the environment.

use std::time::Duration;

use debrick_link::Deadline;
use debrick_uboot_console::device::{StopPolicy, TestBoard, UbootConfig};
use debrick_uboot_console::host::{ConsoleConfig, Reached, Until};

use crate::bench::{Bench, builds};

#[test]
fn a_start_is_interrupted_and_the_build_is_learned() {
    for config in builds() {
        let (prompt, hush, limit) = (config.prompt.clone(), config.hush, config.line_limit);
        let commands = config.commands.len();
        let mut bench = Bench::at_prompt(TestBoard::new(), config);
        assert_eq!(bench.console.prompt(), Some(prompt.as_str()));
        let deadline = bench.within(120);
        let features = bench.console.features(deadline).unwrap().clone();
        assert_eq!((features.hush, features.setexpr, features.itest), (hush, hush, hush));
        assert!(features.crc32 && features.md && features.mw && features.virtio && !features.nand);
        assert_eq!(features.commands.len(), commands);
        // Limits beyond 1000 letters are not looked for.
        assert!(features.letters() <= limit && features.letters() + 30 >= limit.min(1000), "{features:?}");
        assert!(bench.console.version().unwrap().contains("U-Boot 2023.01"));
        let reply = bench.console.command("echo one; printenv nosuch; echo two", deadline).unwrap();
        assert_eq!(reply.text, "one\n## Error: \"nosuch\" not defined\ntwo\n");
    }
}

#[test]
fn the_environment_outlives_a_reset_once_it_is_saved() {
    for config in builds() {
        let mut bench = Bench::at_prompt(TestBoard::new(), config);
        let read = bench.console.environment().unwrap();
        assert_eq!(read.get("serial#").map(String::as_str), Some("R1-000042"));
        let value = "echo it's; run \"x\" && echo ${y} # not a comment";
        let plain = "virtio read 0x48000000 0 8; bootm 0x48000000";
        let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        bench.console.set_variables(&[set("bootcmd", plain), set("kept", "1 2")]).unwrap();
        let odd = bench.console.set_variables(&[set("odd", value)]);
        bench.console.save_environment().unwrap();
        bench.console.set_variables(&[set("lost", "1")]).unwrap();
        bench.console.reset().unwrap();
        bench.interrupt();
        let read = bench.console.environment().unwrap();
        assert_eq!(read.get("bootcmd").map(String::as_str), Some(plain));
        assert_eq!(read.get("kept").map(String::as_str), Some("1 2"));
        assert_eq!(read.get("lost"), None);
        // Either it was stored as it is, or refused.
        if odd.is_ok() {
            assert_eq!(read.get("odd").map(String::as_str), Some(value));
        }
    }
}

#[test]
fn a_failure_to_save_is_told() {
    let mut bench = Bench::at_prompt(TestBoard::new().lying(), UbootConfig::default());
    bench.console.set_variables(&[("a".to_owned(), "b".to_owned())]).unwrap();
    bench.console.save_environment().unwrap_err();
}

#[test]
fn every_way_to_stop_a_start_is_found() {
    let exact = StopPolicy::Exact { text: b"tpl".to_vec(), prompt: "Autobooting in %d seconds\n".into() };
    let host = ConsoleConfig { stop_keys: b"tpl".to_vec(), stop_at: Some("Autobooting in".into()) };
    let config = UbootConfig { stop: exact, ..UbootConfig::default() };
    Bench::started(TestBoard::new(), config, host).interrupt();

    let menu =
        StopPolicy::Menu { text: "Please choose the operation:\n   4: Command line.\n".into(), key: b'4' };
    let host =
        ConsoleConfig { stop_keys: b"4".to_vec(), stop_at: Some("Please choose the operation".into()) };
    let config = UbootConfig { stop: menu, ..UbootConfig::default() };
    Bench::started(TestBoard::new(), config, host).interrupt();
}

#[test]
fn whatever_the_unit_was_doing_the_prompt_is_found() {
    let typed: [&[u8]; 9] = [
        b"",
        b"half a li",
        b"while true; do true; done\r",
        b"if true\r",
        b"echo 'open\r",
        b"sleep 20\r",
        b"md.b 48000000 20000\r",
        b"reset\r",
        b"run bootcmd\r",
    ];
    let mut lost = Vec::new();
    for bytes in typed {
        for quiet in [0, 700, 3_000] {
            let mut bench = Bench::at_prompt(TestBoard::new(), UbootConfig::default());
            let deadline = bench.within(10);
            bench.console.link_mut().write_all(bytes, deadline).unwrap();
            // Whoever typed it has read the echo, and is gone.
            let quiet_end = Deadline::after(bench.console.clock(), Duration::from_millis(quiet));
            while bench.console.link_mut().read(&mut [0; 256], quiet_end).is_ok() {}
            let deadline = bench.within(60);
            let found = bench.console.interrupt(deadline).is_ok();
            let deadline = bench.within(10);
            let reply = bench.console.command("echo here", deadline).map(|reply| reply.text);
            if !found || reply.ok().as_deref() != Some("here\n") {
                lost.push((String::from_utf8_lossy(bytes), quiet));
            }
        }
    }
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn a_start_that_fails_is_watched_to_the_prompt() {
    let mut bench = Bench::started(TestBoard::new(), UbootConfig::default(), ConsoleConfig::default());
    let until = Until { prompt: true, ..Until::default() };
    let deadline = bench.within(30);
    let watched = bench.console.watch(&until, deadline).unwrap();
    assert_eq!((watched.reached, watched.starts), (Reached::Prompt, 1));
    assert!(String::from_utf8_lossy(&watched.log).contains("ERROR: can't get kernel image!"));
}
