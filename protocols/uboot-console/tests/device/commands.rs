//! Commands that need no storage.

use std::time::Duration;

use debrick_uboot_console::device::{Standing, TestBoard, UbootConfig};

use crate::typist::Typist;

#[test]
fn help_lists_and_explains() {
    let mut typist = Typist::usual();
    let list = typist.run("help");
    assert!(list.starts_with("?         - alias for 'help'\nbase      - print or set address offset\n"));
    assert!(list.ends_with("virtio    - virtio block devices sub-system\n"));
    assert_eq!(list.lines().count(), 103);
    assert_eq!(
        typist.run("help md"),
        "md - memory display\n\nUsage:\nmd [.b, .w, .l, .q] address [# of objects]\n"
    );
    let usage = "crc32 - checksum calculation\n\nUsage:\ncrc32 address count [addr]\n    \
        - compute CRC32 checksum [save at addr]\n";
    assert_eq!(typist.run("crc32"), usage);
    assert_eq!(typist.run("crc32 -v 48000000 100 0"), usage);
}

#[test]
fn memory_is_shown_filled_copied_compared_and_digested() {
    let mut typist = Typist::usual();
    for (line, expected) in [
        (
            "md.b 0x48000000 20",
            "48000000: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n\
             48000010: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n",
        ),
        ("mw.b 0x41000000 5a 100", ""),
        (
            "md.b 0x41000000 10",
            "41000000: 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a 5a  ZZZZZZZZZZZZZZZZ\n",
        ),
        (
            "mw.w 42000000 0dd0; mw.w 42000002 edfe; mw.l 42000004 54a4a700; mw.q 42000008 5ca0a70038000000",
            "",
        ),
        ("md 42000000 4", "42000000: edfe0dd0 54a4a700 38000000 5ca0a700  .......T...8...\\\n"),
        ("md.w 42000000 8", "42000000: 0dd0 edfe a700 54a4 0000 3800 a700 5ca0  .......T...8...\\\n"),
        ("md.q 42000000 2", "42000000: 54a4a700edfe0dd0 5ca0a70038000000  .......T...8...\\\n"),
        ("md.b 42000000 3", "42000000: d0 0d fe                                         ...\n"),
        (
            "cmp.b 0x42000000 0x41000000 10",
            "byte at 0x42000000 (0xd0) != byte at 0x41000000 (0x5a)\nTotal of 0 byte(s) were the same\n",
        ),
        ("cp.b 0x42000000 0x41000000 1000", ""),
        ("cmp.b 0x42000000 0x41000000 1000", "Total of 4096 byte(s) were the same\n"),
        ("cmp.l 42000000 41000000 400", "Total of 1024 word(s) were the same\n"),
        ("mw.b 40200000 61 1000; crc32 40200000 1000", "crc32 for 40200000 ... 40200fff ==> 9c99dc73\n"),
        (
            "crc32 40200000 1000 40300000; md.b 40300000 4",
            "crc32 for 40200000 ... 40200fff ==> 9c99dc73\n40300000: 9c 99 dc 73                                      ...s\n",
        ),
        ("cp.b 40200000 40200001 fff; crc32 40200000 1000", "crc32 for 40200000 ... 40200fff ==> 9c99dc73\n"),
        ("cp.b 40200000 41000000 0", "Zero length ???\n"),
        ("base", "Base Address: 0x00000000\n"),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
    // Overlapping copies go the way that keeps what they copy.
    typist.run("mw.b 40200000 1 20000; mw.b 40200000 2 10; cp.b 40200000 40200008 20000");
    assert!(typist.run("md.b 40200010 10").starts_with("40200010: 02 02 02 02 02 02 02 02 01 "));
}

#[test]
fn md_goes_on_where_it_ended() {
    let mut typist = Typist::usual();
    typist.run("md.b 48000000 10");
    assert!(typist.run("").starts_with("48000010: 00"));
    assert!(typist.run("").starts_with("48000020: 00"));
}

#[test]
fn digests_take_time() {
    let mut typist = Typist::usual();
    typist.type_for(b"crc32 40000000 2000000\r", Duration::from_millis(100));
    assert_eq!(typist.device.standing(), Standing::Busy);
    let seen = typist.wait(Duration::from_millis(100));
    assert!(seen.starts_with("crc32 for 40000000 ... 41ffffff ==> "), "{seen:?}");
}

#[test]
fn memory_that_is_not_there_aborts_and_resets() {
    for line in ["md.b 0x80000000 10", "crc32 5ff00000 200000", "mw 0x80000000 1", "cp.b 80000000 40000000 4"]
    {
        let mut typist = Typist::usual();
        let seen = typist.type_for(format!("{line}\r").as_bytes(), Duration::from_secs(1));
        assert!(seen.contains("\r\n\"Synchronous Abort\" handler, esr 0x96000010\r\n"), "{seen:?}");
        assert!(
            seen.contains("Resetting CPU ...\r\n\r\nresetting ...\r\n\r\n\r\nU-Boot 2023.01"),
            "{seen:?}"
        );
        typist.wait(Duration::from_secs(5));
        assert_eq!(typist.device.standing(), Standing::Prompt);
    }
}

#[test]
fn the_environment_is_changed_saved_and_reset() {
    let mut typist = Typist::usual();
    let listed = typist.run("printenv");
    assert!(listed.starts_with("bootdelay=2\nfdtcontroladdr=5edb6db0\n"), "{listed}");
    assert!(listed.ends_with("/262140 bytes\n"), "{listed}");
    for (line, expected) in [
        ("printenv nosuchvar", "## Error: \"nosuchvar\" not defined\n"),
        ("setenv a 'x; y' z; printenv a", "a=x; y z\n"),
        ("setenv a; printenv a", "## Error: \"a\" not defined\n"),
        ("setenv serial# R1", ""),
        (
            "setenv serial# R2",
            "## Error: Can't overwrite \"serial#\"\n## Error inserting \"serial#\" variable, errno=1\n",
        ),
        ("env exists ipaddr && echo yes", "yes\n"),
        (
            "env default -f -a; printenv ipaddr",
            "## Resetting to default environment\n## Error: \"ipaddr\" not defined\n",
        ),
        (
            "setenv kept 1; env export -t 48000000; env delete kept; env import -t 48000000; printenv kept",
            "kept=1\n",
        ),
        (
            "saveenv",
            "Saving Environment to Flash... Un-Protected 2 sectors\nErasing Flash...\n.. done\nErased 2 sectors\n\
             Writing to Flash... done\nProtected 2 sectors\nOK\n",
        ),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
    let again = typist.type_for(b"reset\r", Duration::from_secs(5));
    assert!(again.starts_with("reset\r\nresetting ...\r\n\r\n\r\nU-Boot 2023.01"), "{again:?}");
    assert_eq!(typist.run("printenv kept"), "kept=1\n");

    let mut typist = Typist::at_prompt(TestBoard::new().lying(), UbootConfig::default());
    let failed = typist.run("saveenv");
    assert!(
        failed.ends_with(
            "Writing to Flash... Flash buffer write timeout at address 4020000 data 0\nTimeout writing to Flash\n\
             Protected 2 sectors\nFailed (1)\n"
        ),
        "{failed}"
    );
    assert!(typist.type_for(b"reset\r", Duration::from_secs(5)).contains("bad CRC"));
}

#[test]
fn a_whole_environment_counts_its_bytes_as_the_real_one() {
    let board = TestBoard::new().with_environment(&[
        ("arch", "arm"),
        ("baudrate", "115200"),
        ("board", "qemu-arm"),
        ("board_id", "acme,r1"),
        ("bootdelay", "2"),
        ("ethaddr", "02:00:00:00:00:2a"),
        ("ipaddr", "192.168.1.1"),
        ("loadaddr", "0x48000000"),
        ("netmask", "255.255.255.0"),
        ("serial#", "R1-000042"),
        ("serverip", "192.168.1.2"),
    ]);
    let mut typist = Typist::new(board, UbootConfig::default());
    typist.device.power_on(typist.now);
    typist.wait(Duration::from_secs(5));
    assert!(typist.run("printenv").ends_with("stdout=pl011@9000000\n\nEnvironment size: 282/262140 bytes\n"));
}

#[test]
fn images_that_are_none_are_refused() {
    let mut typist = Typist::usual();
    for (line, expected) in [
        ("iminfo 0x48000000", "\n## Checking Image at 48000000 ...\nUnknown image format!\n"),
        ("bootm 0x48000000", "Wrong Image Format for bootm command\nERROR: can't get kernel image!\n"),
        ("source 0x48000000", "## Executing script at 48000000\nWrong image format for \"source\" command\n"),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
}

/// A script as `mkimage -T script` packs it.
fn packed(script: &[u8]) -> Vec<u8> {
    let mut body = (script.len() as u32).to_be_bytes().to_vec();
    body.extend([0; 4]);
    body.extend(script);
    let mut header = vec![0_u8; 64];
    header[..4].copy_from_slice(&0x2705_1956_u32.to_be_bytes());
    header[12..16].copy_from_slice(&(body.len() as u32).to_be_bytes());
    header[24..28].copy_from_slice(&crc32fast::hash(&body).to_be_bytes());
    header[30] = 6;
    let sum = crc32fast::hash(&header);
    header[4..8].copy_from_slice(&sum.to_be_bytes());
    header.extend(body);
    header
}

#[test]
fn scripts_are_run_from_memory_if_they_are_whole() {
    let mut typist = Typist::usual();
    let mut image = packed(b"echo from script\nif true; then\n  echo $ipaddr\nfi\n");
    typist.device.board_mut().memory.write(0x4800_0000, &image).unwrap();
    let head = "## Executing script at 48000000\n";
    assert_eq!(typist.run("source 0x48000000; echo $?"), format!("{head}from script\n192.168.1.1\n0\n"));
    let last = image.len() - 1;
    image[last] ^= 1;
    typist.device.board_mut().memory.write(0x4800_0000, &image).unwrap();
    assert_eq!(typist.run("source"), format!("{head}Bad data crc\n"));
    image[20] ^= 1;
    typist.device.board_mut().memory.write(0x4800_0000, &image).unwrap();
    assert_eq!(typist.run("source"), format!("{head}Bad header crc\n"));
}

#[test]
fn files_come_over_the_network() {
    let mut board = TestBoard::new();
    board.files.insert("rand64k.bin".into(), vec![0xA5; 65536]);
    let mut typist = Typist::at_prompt(board, UbootConfig::default());
    let seen = typist.run("tftpboot 0x48000000 rand64k.bin");
    let head = "Using virtio-net#33 device\nTFTP from server 192.168.1.2; our IP address is 192.168.1.1\n";
    let begin = format!("{head}Filename 'rand64k.bin'.\nLoad address: 0x48000000\nLoading: *\u{8}#####\n\t ");
    assert!(seen.starts_with(&begin), "{seen:?}");
    assert!(seen.ends_with(" MiB/s\ndone\nBytes transferred = 65536 (10000 hex)\n"), "{seen:?}");
    for (line, expected) in [
        (
            "printenv filesize fileaddr bootfile",
            "filesize=10000\nfileaddr=48000000\n## Error: \"bootfile\" not defined\n",
        ),
        ("crc32 48000000 $filesize", "crc32 for 48000000 ... 4800ffff ==> fdb5742b\n"),
        ("setenv serverip; tftpboot 0x48000000 a", "*** ERROR: `serverip' not set\n"),
        ("setenv ipaddr; tftpboot 0x48000000 192.168.1.2:a", "*** ERROR: `ipaddr' not set\n"),
        (
            "setenv ipaddr 192.168.1.1; tftpboot 0x48000000 192.168.1.2:nosuchfile.itb",
            &format!(
                "{head}Filename 'nosuchfile.itb'.\nLoad address: 0x48000000\nLoading: *\u{8}\n\
                 TFTP error: 'File not found' (1)\nNot retrying...\n"
            ),
        ),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
    typist.type_for(b"tftpboot 48000000 192.168.1.2:rand64k.bin\r", Duration::from_millis(1));
    assert_eq!(typist.device.standing(), Standing::Loading);
    assert_eq!(typist.type_for(b"\x03", Duration::from_millis(1)), "\r\nAbort\r\n=> ");
}

#[test]
fn files_come_over_the_console_at_another_rate_too() {
    let mut typist = Typist::usual();
    let seen = typist.type_for(b"loady 0x48000000\r", Duration::from_secs(1));
    assert_eq!(
        seen,
        "loady 0x48000000\r\n## Ready for binary (ymodem) download to 0x48000000 at 115200 bps...\r\nC"
    );
    let end = typist.type_for(b"0123456789\x04", Duration::from_millis(1));
    assert_eq!(
        end,
        "\u{6}## Total Size      = 0x0000000a = 10 Bytes\r\n## Start Addr      = 0x48000000\r\n=> "
    );
    assert_eq!(typist.run("printenv filesize"), "filesize=a\n");

    typist.type_for(b"loady 0x48000000\r", Duration::from_secs(1));
    let end = typist.wait(Duration::from_secs(30));
    assert_eq!(end, "\r\nTimed out\r\n## Binary (ymodem) download aborted\r\n=> ");

    let seen = typist.type_for(b"loady 0x48000000 230400\r", Duration::from_secs(1));
    assert!(seen.ends_with("## Switch baudrate to 230400 bps and press ENTER ...\r\n"), "{seen:?}");
    assert_eq!(typist.device.line_rate(), 230_400);
    let seen = typist.type_for(b"\r", Duration::ZERO);
    assert_eq!(seen, "## Ready for binary (ymodem) download to 0x48000000 at 230400 bps...\r\nC");
    let seen = typist.type_for(b"ab\x04", Duration::ZERO);
    assert!(seen.ends_with("## Switch baudrate to 115200 bps and press ESC ...\r\n"), "{seen:?}");
    assert_eq!(typist.device.line_rate(), 115_200);
    assert_eq!(typist.type_for(b"\x1b", Duration::from_millis(1)), "=> ");
}
