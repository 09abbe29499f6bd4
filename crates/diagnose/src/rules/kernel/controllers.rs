//! What drivers of storage controllers say that do not get to the storage that holds the root file system.
//!
//! The boot loader has just read the kernel from that storage, so that the hardware works: the driver, its settings in the
//! device tree or the configuration of this build are at fault more often than the chip.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Kernel;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "storage-driver-probe",
        Kernel,
        &[
            "probe of *nand* failed with error",
            "probe of *mmc* failed with error",
            "probe of *sdhci* failed with error",
            "probe of *spi* failed with error",
            "probe of *flash* failed with error",
            "probe of *ahci* failed with error",
            "probe of *sata* failed with error",
            "probe of *nvme* failed with error",
            "nand*: probe with driver * failed with error",
            "mmc*: probe with driver * failed with error",
            "spi*: probe with driver * failed with error",
            "does not fit in OOB",
            "No valid ECC settings possible",
            "ECC layout * not supported",
            "no NAND chips found",
            "nand: No NAND device found",
            "second ID read did not match",
        ],
        "The driver of the storage that the kernel came from does not start.",
        &[(C::FirmwareBug, 0.7), (C::RootfsMissing, 0.15), (C::FlashHardwareFault, 0.25)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .from(
        "Linux drivers/base/dd.c; drivers/mtd/nand",
        "qcom-nandc: probe of 79b0000.nand-controller failed with error -28",
    ),
    rule(
        "ubi-device-missing",
        Kernel,
        &[
            "UBI error: cannot open mtd",
            "UBI: cannot open mtd",
            "cannot open mtd rootfs",
            "ubi0: cannot open mtd",
        ],
        "The part of the flash that UBI is to attach does not exist for this kernel.",
        &[(C::RootfsMissing, 0.35), (C::FirmwareBug, 0.4), (C::BootEnvironmentCorrupt, 0.25)],
    )
    .states(&[(S::KernelHang, 0.4)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("Linux drivers/mtd/ubi/build.c", "UBI error: cannot open mtd rootfs, error -2"),
    rule(
        "partition-beyond-flash",
        Kernel,
        &[
            "extends beyond the end of device",
            "is out of reach -- disabled",
            "mtd: partition * is out of reach",
        ],
        "This kernel's list of partitions does not fit the flash.",
        &[
            (C::FirmwareBug, 0.65),
            (C::ImageWrongDevice, 0.3),
            (C::BootEnvironmentCorrupt, 0.25),
            (C::PartitionTableDamaged, 0.2),
        ],
    )
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from(
        "Linux drivers/mtd/mtdpart.c",
        "mtd: partition \"ubi\" extends beyond the end of device \"os1\" -- size truncated to 0x1100000",
    ),
];
