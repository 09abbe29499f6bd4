//! Disks and flashes, honest and lying.

use std::time::Duration;

use debrick_uboot_console::device::{StorageError, StorageKind, TestBoard, UbootConfig};

use crate::typist::Typist;

#[test]
fn disks_are_read_and_written_in_blocks() {
    let mut board = TestBoard::new();
    board.disk.poke(0x10_0000, &[7; 512]).unwrap();
    let mut typist = Typist::at_prompt(board, UbootConfig::default());
    let device = "Device 0: 1af4 VirtIO Block Device\n            Type: Hard Disk\n            \
        Capacity: 32.0 MB = 0.0 GB (65536 x 512)\n";
    for (line, expected) in [
        ("virtio info", device),
        ("virtio dev 0", &format!("\n{device}... is now current device\n")),
        ("virtio dev 1; echo $?", "\nDevice 1: unknown device\n1\n"),
        (
            "virtio read 0x48000000 0x800 1; md.b 480001ff 2",
            "\nvirtio read: device 0 block # 2048, count 1 ... 1 blocks read: OK\n\
             480001ff: 07 00                                            ..\n",
        ),
        (
            "virtio write 0x48000000 0xc800 8",
            "\nvirtio write: device 0 block # 51200, count 8 ... 8 blocks written: OK\n",
        ),
        (
            "virtio read 0x48000000 0x10000 8; echo $?",
            "\nvirtio read: device 0 block # 65536, count 8 ... -5 blocks read: ERROR\n1\n",
        ),
        (
            "virtio write 0x48000000 0xffff 8",
            "\nvirtio write: device 0 block # 65535, count 8 ... -5 blocks written: ERROR\n",
        ),
        ("virtio part", "\nno virtio partition table available\n"),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
    assert!(
        typist
            .run("virtio read 0x48000000")
            .starts_with("virtio - virtio block devices sub-system\n\nUsage:\n")
    );
    assert_eq!(typist.device.board().disk.peek(0xC800 * 512, 3), [7, 7, 7]);
    typist.device.board_mut().disk_fails = Some(StorageError::Errno(-5));
    assert!(typist.run("virtio read 48000000 0 1").ends_with("-5 blocks read: ERROR\n"));
}

#[test]
fn a_power_cut_leaves_a_write_half_done() {
    let mut typist = Typist::usual();
    typist.run("mw.b 48000000 ee 1000000");
    typist.type_for(b"virtio write 48000000 0 8000\r", Duration::from_millis(400));
    typist.device.power_off();
    let disk = &typist.device.board().disk;
    assert_eq!((disk.peek(0, 1), disk.peek(0xFF_FFFF, 1)), (vec![0xEE], vec![0]));
}

#[test]
fn parallel_flash_is_erased_copied_to_and_protected() {
    let mut typist = Typist::usual();
    typist.run("mw.b 48000000 a5 10000");
    for (line, expected) in [
        ("erase 0x4040000 +10000", "\n. done\nErased 1 sectors\n"),
        ("cp.b 0x48000000 0x4040000 10000", "Copy to Flash... done\n"),
        ("cmp.b 0x48000000 0x4040000 10000", "Total of 65536 byte(s) were the same\n"),
        ("protect off all", "Un-Protect Flash Bank # 1\nUn-Protect Flash Bank # 2\n"),
        ("protect on 0x4040000 +10000", "Protected 1 sectors\n"),
        ("cp.b 0x48000000 0x4040000 10", "Copy to Flash... Can't write to protected Flash sectors\n"),
        ("protect off 0x4040000 +10000", "Un-Protected 1 sectors\n"),
        ("erase 0x4040000 0x405ffff", "\n. done\nErased 1 sectors\n"),
        (
            "md.b 0x4040000 10",
            "04040000: ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff ff  ................\n",
        ),
        ("erase 0x4040001 +1; echo $?", "Error: start address not on sector boundary\n1\n"),
        (
            "mw.b 4040000 0 1; md.b 4040000 1",
            "04040000: ff                                               .\n",
        ),
        ("mtd erase nor1 0x60000 0x20000", "Erasing 0x00060000 ... 0x0007ffff (1 eraseblock(s))\n"),
        ("mtd write nor1 0x48000000 0x60000 0x10000", "Writing 65536 byte(s) at offset 0x00060000\n"),
        ("mtd read nor1 0x50000000 0x60000 0x10000", "Reading 65536 byte(s) at offset 0x00060000\n"),
        ("cmp.b 0x48000000 0x50000000 10000", "Total of 65536 byte(s) were the same\n"),
        ("mtd erase nor1 0x60001 0x20000", "Offset not aligned with a block (0x20000)\n"),
        ("mtd erase none 0 0", "MTD device none not found, ret -19\n"),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
    assert!(typist.run("mtd list").starts_with(
        "List of MTD devices:\n* nor0\n  - device: flash@0\n  - parent: root_driver\n  - driver: cfi_flash\n  \
         - path: /flash@0\n  - type: NOR flash\n  - block size: 0x20000 bytes\n  - min I/O: 0x1 bytes\n  \
         - 0x000000000000-0x000002000000 : \"nor0\"\n* nor1\n"
    ));
    assert!(typist.run("flinfo 2").contains("Size: 32 MB in 256 Sectors"));
}

#[test]
fn a_lying_flash_says_done_and_keeps_the_beginning() {
    let mut typist = Typist::at_prompt(TestBoard::new().lying(), UbootConfig::default());
    typist.run("mw.b 48000000 e0 10000; mw.b 41000000 0 10000");
    for (line, expected) in [
        ("cp.b 0x48000000 0x4040000 10000; echo $?", "Copy to Flash... done\n0\n"),
        (
            "cmp.b 0x48000000 0x4040000 10000",
            "byte at 0x48001000 (0xe0) != byte at 0x04041000 (0xff)\nTotal of 4096 byte(s) were the same\n",
        ),
        (
            "mtd write nor0 0x48000000 0x200000 0x10000; echo $?",
            "Writing 65536 byte(s) at offset 0x00200000\n0\n",
        ),
        (
            "cp.b 0x41000000 0x4080000 10000; echo $?",
            "Copy to Flash... Flash buffer write timeout at address 4080000 data 0\nTimeout writing to Flash\n1\n",
        ),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
    assert_eq!(typist.device.board().flashes[0].inner.peek(0x20_0FFF, 2), [0xE0, 0xFF]);
}

#[test]
fn cards_and_serial_and_raw_flash_have_their_own_words() {
    let mut board = TestBoard::new();
    board.more.push(TestBoard::flash(StorageKind::Mmc, "mmc@fe330000", 8 << 20, 512, 512));
    board.more.push(TestBoard::flash(StorageKind::SpiNor, "w25q128", 16 << 20, 256, 4096));
    board.more.push(TestBoard::flash(StorageKind::Nand, "nand0", 128 << 20, 2048, 128 << 10));
    let config = UbootConfig::default().with(&["mmc", "sf", "nand"]);
    let mut typist = Typist::at_prompt(board, config);
    typist.run("mw.b 48000000 3c 20000");
    for (line, expected) in [
        ("mmc dev 0", "switch to partitions #0, OK\nmmc0(part 0) is current device\n"),
        ("mmc list", "mmc@fe330000: 0 (eMMC)\n"),
        ("mmc erase 10 8", "\nMMC erase: dev # 0, block # 16, count 8 ... 8 blocks erased: OK\n"),
        ("mmc write 48000000 10 8", "\nMMC write: dev # 0, block # 16, count 8 ... 8 blocks written: OK\n"),
        ("mmc read 49000000 10 8", "\nMMC read: dev # 0, block # 16, count 8 ... 8 blocks read: OK\n"),
        ("cmp.b 48000000 49000000 1000", "Total of 4096 byte(s) were the same\n"),
        ("sf read 48000000 0 10", "No SPI flash selected. Please run `sf probe'\n"),
        ("sf probe", "SF: Detected w25q128 with page size 256 Bytes, erase size 4 KiB, total 16 MiB\n"),
        ("sf erase 1000 +100", "SF: 4096 bytes @ 0x1000 Erased: OK\n"),
        (
            "sf write 48000000 1000 1000",
            "device 0 offset 0x1000, size 0x1000\nSF: 4096 bytes @ 0x1000 Written: OK\n",
        ),
        (
            "sf read 49000000 1000 1000",
            "device 0 offset 0x1000, size 0x1000\nSF: 4096 bytes @ 0x1000 Read: OK\n",
        ),
        ("sf erase 1001 1000; echo $?", "SF: 4096 bytes @ 0x1001 Erased: ERROR -22\n1\n"),
        (
            "nand erase 20000 20000",
            "\nNAND erase: device 0 offset 0x20000, size 0x20000\n\rErasing at 0x40000 -- 100% complete.\nOK\n",
        ),
        (
            "nand write 48000000 20000 20000",
            "\nNAND write: device 0 offset 0x20000, size 0x20000\n 131072 bytes written: OK\n",
        ),
        (
            "nand read 49000000 20000 20000",
            "\nNAND read: device 0 offset 0x20000, size 0x20000\n 131072 bytes read: OK\n",
        ),
        ("cmp.b 48000000 49000000 20000", "Total of 131072 byte(s) were the same\n"),
    ] {
        assert_eq!(typist.run(line), expected, "{line}");
    }
}
