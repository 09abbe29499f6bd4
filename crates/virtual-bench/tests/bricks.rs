//! Every brick shows itself as the real router of the lab does.

mod common;

use common::{bricked, image, listen};
use debrick_virtual_bench::{Bench, Brick, Faults, Led, RouterConfig, UnitState, VirtualRouter, region};

fn boot(brick: Brick) -> String {
    listen(&mut *bricked(brick, Faults::default(), 1).console(), 20)
}

fn check(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let part = part.replace('\n', "\r\n");
        let at = rest.find(&part);
        rest = &rest[at.unwrap_or_else(|| panic!("{part:?} is missing in\n{text}")) + part.len()..];
    }
}

#[test]
fn every_brick_shows_its_sign() {
    for brick in Brick::ALL {
        let text = boot(brick);
        if brick.sign().is_empty() {
            assert_eq!(text, "", "{}", brick.name());
        } else {
            assert!(text.contains(brick.sign()), "{}:\n{text}", brick.name());
        }
        assert_eq!(
            text.contains("READY ACME R1 1.0.4"),
            brick == Brick::Healthy,
            "{}:\n{text}",
            brick.name()
        );
    }
}

#[test]
fn a_healthy_unit_boots_like_the_real_one() {
    check(
        &boot(Brick::Healthy),
        &[
            "\n\nU-Boot 2023.01+dfsg-2+deb12u3 (Jun 22 2026 - 08:38:07 +0000)\n\nDRAM:  512 MiB\n",
            "Loading Environment from Flash... OK\nIn:    pl011@9000000\n",
            "Address in ROM is\t\t02:02:02:02:02:02\nAddress in environment is\t02:00:00:00:00:2a\n",
            "eth0: virtio-net#33\nHit any key to stop autoboot:  2 \u{8}\u{8}\u{8} 1 \u{8}\u{8}\u{8} 0 \n\n\
             virtio read: device 0 block # 0, count 128 ... 128 blocks read: OK\n\
             ## Executing script at 47f00000\nACME R1 boot loader stage 2\n\n\
             virtio read: device 0 block # 2048, count 49152 ... 49152 blocks read: OK\n\
             ## Loading kernel from FIT Image at 48000000 ...\n   Using 'conf-1' configuration\n   \
             Verifying Hash Integrity ... OK\n   Trying 'kernel' kernel subimage\n     Description:  kernel\n     \
             Created:      2024-01-01   0:00:00 UTC\n     Type:         Kernel Image\n",
            "     Architecture: AArch64\n     OS:           Linux\n     Load Address: 0x40400000\n     \
             Entry Point:  0x40400000\n     Hash algo:    sha256\n     Hash value:   ",
            "   Verifying Hash Integrity ... sha256+ OK\n## Loading ramdisk from FIT Image at 48000000 ...\n",
            "     Load Address: unavailable\n     Entry Point:  unavailable\n     Hash algo:    sha256\n",
            "   Verifying Hash Integrity ... sha256+ OK\n## Flattened Device Tree blob at 5edb6db0\n   \
             Booting using the fdt blob at 0x5edb6db0\nWorking FDT set to 5edb6db0\n   Loading Kernel Image\n   \
             Loading Ramdisk to ",
            "\n\nStarting kernel ...\n\n[    0.000000] Booting Linux on physical CPU",
            "Kernel command line: console=ttyAMA0 panic=5\n",
            "[    1.064138] Run /init as init process\n",
            "settings: ok\nREADY ACME R1 1.0.4\n",
            "~ # ",
        ],
    );
}

#[test]
fn damaged_firmware_is_refused_in_the_real_words() {
    check(
        &boot(Brick::KernelBytesDamaged),
        &[
            "   Verifying Hash Integrity ... sha256 error!\nBad hash value for 'hash-1' hash node in 'kernel' image \
             node\nBad Data Hash\nERROR: can't get kernel image!\n=> ",
        ],
    );
    check(
        &boot(Brick::RamdiskDamaged),
        &[
            "sha256+ OK\n## Loading ramdisk",
            "sha256 error!\nBad hash value for 'hash-1' hash node in 'ramdisk' image node\nBad Data Hash\n\
             Ramdisk image is corrupt or invalid\n=> ",
        ],
    );
    let unreadable = "## Loading kernel from FIT Image at 48000000 ...\nBad FIT kernel image format! (err=-22)\n\
                      ERROR: can't get kernel image!\n=> ";
    check(&boot(Brick::ImageCutShort), &[unreadable]);
    check(&boot(Brick::InterruptedUpdate), &[unreadable]);
    check(
        &boot(Brick::FirmwareErased),
        &["49152 blocks read: OK\nWrong Image Format for bootm command\nERROR: can't get kernel image!\n=> "],
    );
    check(&boot(Brick::BootRegionDamaged), &["## Executing script at 47f00000\nBad data crc\n=> "]);
}

#[test]
fn loops_go_on_and_prompts_stay() {
    let text = boot(Brick::ImageOtherArchitecture);
    check(
        &text,
        &[
            "     Architecture: ARM\n",
            "Starting kernel ...\n\n\"Synchronous Abort\" handler",
            "resetting ...\n\n\nU-Boot",
        ],
    );
    assert!(text.matches("U-Boot 2023").count() >= 4, "{text}");
    let text = boot(Brick::SettingsGarbage);
    check(&text, &["settings: bad magic, rebooting\n[    2.300000] reboot: Restarting system\n\n\nU-Boot"]);
    assert!(text.matches("U-Boot 2023").count() >= 3, "{text}");
    assert!(boot(Brick::BootCommandLost).ends_with("eth0: virtio-net#33\r\n=> "));
    check(
        &boot(Brick::BootEnvironmentBadCrc),
        &[
            "Loading Environment from Flash... *** Warning - bad CRC, using default environment\n\n",
            "autoboot:  2",
            "BOOTP broadcast 1\nBOOTP broadcast 2\n",
        ],
    );
    let bench = bricked(Brick::BootEnvironmentBadCrc, Faults::default(), 1);
    check(&listen(&mut *bench.console(), 60), &["17\n\nRetry time exceeded; starting again\n=> "]);
}

#[test]
fn a_build_that_looks_at_the_architecture_refuses_it() {
    let config = RouterConfig { checks_architecture: true, ..RouterConfig::default() };
    let state = Brick::ImageOtherArchitecture.apply(&image("1.0.4"));
    let bench = Bench::new(VirtualRouter::with_config(state, config), Faults::default(), 1);
    check(
        &listen(&mut *bench.console(), 10),
        &["sha256+ OK\nUnsupported Architecture\nERROR: can't get kernel image!\n=> "],
    );
}

#[test]
fn blank_settings_become_defaults_and_damaged_ones_a_loop() {
    let settings = region("settings").unwrap();
    let mut state = UnitState::healthy(&image("1.0.4"));
    assert!(state.write(settings.offset, &vec![0xFF; settings.size as usize]));
    let bench = Bench::new(VirtualRouter::new(state), Faults::default(), 1);
    check(&listen(&mut *bench.console(), 10), &["settings: blank, writing defaults\nREADY ACME R1 1.0.4\n"]);
    assert!(
        common::get(&bench, "/settings")
            .unwrap()
            .ends_with("hostname=acme-R1-000042\nlan_address=192.168.1.1\nssid=ACME\n")
    );
    bench.power_cycle();
    check(&listen(&mut *bench.console(), 10), &["settings: ok\n"]);
    bench.world.with_device(|router| router.change_state(|state| state.write(settings.offset + 90, b"?")));
    bench.press_reset();
    check(&listen(&mut *bench.console(), 10), &["settings: bad digest, rebooting\n", "U-Boot"]);
}

#[test]
fn leds_follow_the_boot() {
    let bench = bricked(Brick::Healthy, Faults::default(), 1);
    let leds = || bench.world.with_device(|router| router.leds());
    let mut console = bench.console();
    listen(&mut *console, 1);
    assert_eq!((leds().power, leds().system, leds().lan), (Led::On, Led::Blinking, Led::Off));
    listen(&mut *console, 10);
    assert_eq!((leds().power, leds().system, leds().lan), (Led::On, Led::On, Led::On));
    bench.power_off();
    assert_eq!((leds().power, leds().system, leds().lan), (Led::Off, Led::Off, Led::Off));
    assert_eq!(listen(&mut *console, 10), "");
}

#[test]
fn layout_and_names_are_those_of_the_catalog() {
    let text = std::fs::read_to_string("../../catalog/devices/acme-r1.toml").unwrap();
    let device = debrick_catalog::parse("acme-r1.toml", &text).unwrap().repairable().unwrap();
    for ours in debrick_virtual_bench::REGIONS {
        let region = device.region(ours.name).unwrap();
        assert_eq!((region.offset, region.size), (ours.offset, ours.size), "{}", ours.name);
    }
    assert_eq!(device.storage[0].size, debrick_virtual_bench::FLASH_SIZE);
    assert_eq!(device.board_ids, [debrick_virtual_bench::BOARD_ID]);
    assert_eq!(device.console.ready, debrick_virtual_bench::READY);
    let required = device.environment.required;
    assert_eq!(required["bootcmd"], debrick_virtual_bench::BOOT_COMMAND);
}
