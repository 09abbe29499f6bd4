//! Storages through the console.

use debrick_link::Clock;
use debrick_model::Coded;
use debrick_target::{BlockDigest, Silent, TargetError};
use debrick_uboot_console::device::{StorageKind, TestBoard, UbootConfig};
use debrick_uboot_console::host::Storage;

use crate::bench::{Bench, Counted, DISK, FIRMWARE, FLASH, builds, content};

#[test]
fn only_what_differs_goes_over_the_console() {
    for config in builds() {
        let hush = config.hush;
        let mut bench = Bench::at_prompt(TestBoard::new(), config);
        let old = content(1, 64 << 10);
        bench.poke(FIRMWARE, &old);
        let mut image = old;
        image[5_000] ^= 0xFF;
        image[40_000..40_100].fill(0);
        let storage = Storage::Virtio { device: 0 };
        let flashed = bench.flash(storage.clone(), DISK, &image).unwrap();
        assert!(flashed.sent > 0 && flashed.sent <= 8192, "hush {hush}: {flashed:?}");
        assert_eq!(bench.disk(FIRMWARE, image.len()), image);
        assert_eq!(bench.flash(storage, DISK, &image).unwrap().sent, 0);
    }
}

#[test]
fn digests_are_the_unit_s_own_and_the_same_with_and_without_loops() {
    let image = content(2, 1 << 20);
    let ranges: Vec<_> =
        (0..120_u64).map(|index| FIRMWARE + index * 4096..FIRMWARE + (index + 1) * 4096).collect();
    let mut took = Vec::new();
    for config in builds() {
        let mut bench = Bench::at_prompt(TestBoard::new(), config);
        bench.poke(FIRMWARE, &image);
        let began = bench.world.clock().now();
        let watch = Counted::default();
        let counted = watch.clone();
        let digests = bench.target(Storage::Virtio { device: 0 }, DISK, |target| {
            target.digests(&ranges, &mut counted.clone()).unwrap()
        });
        took.push(bench.world.clock().now().since(began));
        for (index, digest) in digests.iter().enumerate() {
            let expected = crc32fast::hash(&image[index * 4096..(index + 1) * 4096]);
            assert_eq!(*digest, BlockDigest::Crc32(expected), "{index}");
        }
        assert_eq!(*watch.0.lock().unwrap(), 120 * 4096);
    }
}

#[test]
fn parallel_flash_is_erased_and_written_where_it_differs() {
    let mut bench = Bench::at_prompt(TestBoard::new(), UbootConfig::default());
    let mut image = vec![0xFF; 0x2_0000];
    image[..600].copy_from_slice(&content(3, 600));
    let storage = Storage::CfiNor { base: 0x400_0000 };
    bench.world.with_device(|unit| {
        unit.device.board_mut().flashes[1].inner.poke(FIRMWARE, &[0; 32]).unwrap();
        // All but the beginning is right already, so that little has to be typed.
    });
    let flashed = bench.flash(storage.clone(), FLASH, &image).unwrap();
    assert!(flashed.sent > 0);
    let held =
        bench.world.with_device(|unit| unit.device.board().flashes[1].inner.peek(FIRMWARE, image.len()));
    assert_eq!(held, image);
    assert_eq!(bench.flash(storage, FLASH, &image).unwrap().sent, 0);
}

#[test]
fn a_flash_that_lies_is_found_out_at_the_first_batch() {
    for storage in [Storage::CfiNor { base: 0x400_0000 }, Storage::Mtd { name: "nor1".into() }] {
        let mut bench = Bench::at_prompt(TestBoard::new().lying(), UbootConfig::default());
        let mut image = vec![0xE0; 0x4_0000];
        image[7] = 0;
        let error = bench.flash(storage.clone(), FLASH, &image).unwrap_err();
        assert!(matches!(error, TargetError::Mismatch { .. }), "{storage:?}: {error}");
        let next = bench
            .world
            .with_device(|unit| unit.device.board().flashes[1].inner.peek(FIRMWARE + 0x2_0000, 16));
        assert_eq!(next, [0xFF; 16], "nothing further may be written");
    }
}

#[test]
fn other_storages_are_read_back_as_they_were_written() {
    let cases = [
        (StorageKind::SpiNor, "w25q64", 256, 4096, Storage::SpiNor { bus: 0, chip_select: 0 }),
        (StorageKind::Mmc, "mmc@0", 512, 512, Storage::Mmc { device: 0, hardware_partition: 0 }),
        (StorageKind::Nand, "nand0", 2048, 0x2_0000, Storage::Nand { device: 0 }),
        (StorageKind::Mtd, "spi0", 1, 4096, Storage::Mtd { name: "spi0".into() }),
    ];
    for (kind, name, page, erase_block, storage) in cases {
        let mut board = TestBoard::new();
        board.more.push(TestBoard::flash(kind, name, 8 << 20, page, erase_block));
        let mut bench = Bench::at_prompt(board, UbootConfig::default().with(&["sf", "mmc", "nand"]));
        let geometry = debrick_target::Geometry {
            size: 8 << 20,
            write_block: page,
            erase_block: (kind != StorageKind::Mmc).then_some(erase_block),
            erased: 0xFF,
            batch: erase_block.max(8192),
        };
        let image = content(4, 2048);
        bench.target(storage.clone(), geometry, |target| {
            let block = geometry.change_block().max(2048);
            target.erase(FIRMWARE..FIRMWARE + block, &mut Silent).unwrap();
            target.write(&[debrick_target::Extent { offset: FIRMWARE, bytes: &image }], &mut Silent).unwrap();
            let mut held = vec![0; image.len() + 1024];
            target.read(FIRMWARE, &mut held, &mut Silent).unwrap();
            assert_eq!(held[..image.len()], image, "{storage:?}");
            let end = FIRMWARE + image.len() as u64;
            let digest = target.digests(&[FIRMWARE..end], &mut Silent).unwrap();
            assert_eq!(digest, [BlockDigest::Crc32(crc32fast::hash(&image))], "{storage:?}");
        });
    }
}

#[test]
fn a_disk_that_fails_is_told() {
    let mut bench = Bench::at_prompt(TestBoard::new(), UbootConfig::default());
    bench.world.with_device(|unit| {
        unit.device.board_mut().disk_fails = Some(debrick_uboot_console::device::StorageError::Errno(-5));
    });
    let error = bench.flash(Storage::Virtio { device: 0 }, DISK, &content(5, 512)).unwrap_err();
    assert!(!error.code().is_empty());
    assert!(!matches!(error, TargetError::Mismatch { .. }), "{error}");
}
