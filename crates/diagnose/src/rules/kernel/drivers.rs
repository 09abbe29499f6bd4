//! What drivers say that do not find or reach their hardware.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, System};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "kernel-flash-map",
        Kernel,
        &[
            "do_map_probe() failed",
            "cfi_probe",
            "no mtd partitions",
            "MTD device * not found",
            "0 * partitions found on MTD",
        ],
        "The kernel's driver does not find the flash, although the boot loader loaded the kernel from it.",
        &[
            (C::FirmwareBug, 0.55),
            (C::RootfsMissing, 0.35),
            (C::FlashHardwareFault, 0.2),
            (C::ImageWrongDevice, 0.2),
        ],
    )
    .actions(&[A::InstallOtherBuild])
    .from("Linux drivers/mtd/maps/physmap-core.c", "physmap-flash: do_map_probe() failed"),
    rule(
        "kernel-under-voltage",
        Lasting,
        &[
            "Under-voltage detected",
            "undervoltage",
            "under voltage",
            "Brownout detector",
            "voltage is too low",
            "battery low",
            "Battery is too low",
            "low battery",
        ],
        "The supply voltage is too low.",
        &[(C::PowerFault, 0.88)],
    )
    .states(&[(S::BootsDegraded, 0.45)])
    .from("Linux drivers/hwmon/raspberrypi-hwmon.c", "hwmon hwmon1: Undervoltage detected!"),
    rule(
        "kernel-usb-enumeration",
        System,
        &[
            "device descriptor read/64, error",
            "device not accepting address",
            "unable to enumerate USB device",
            "Maybe the USB cable is bad",
            "over-current condition",
            "cannot reset (err =",
            "usb * error -71",
        ],
        "A USB device does not answer properly, as with a bad cable, port or supply.",
        &[(C::LinkFault, 0.75), (C::PowerFault, 0.2)],
    )
    .from("Linux drivers/usb/core/hub.c", "usb 1-1: device descriptor read/64, error -71"),
];
