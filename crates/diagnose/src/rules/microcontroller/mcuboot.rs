//! What MCUboot says.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Rom;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "mcuboot-rejected",
        Rom,
        &[
            "Image in the primary slot is not valid",
            "Unable to find bootable image",
            "Image in the secondary slot is not valid",
            "Image in slot * is not valid",
            "Image in the * slot is not valid",
        ],
        "The boot loader finds no image with a valid signature and digest.",
        &[(C::VerifiedBootRejected, 0.65), (C::ImageIncomplete, 0.4), (C::ImageCorrupt, 0.35)],
    )
    .states(&[(S::BootloaderOnly, 0.85)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("MCUboot boot/bootutil/src/loader.c", "E: Image in the primary slot is not valid!"),
    rule(
        "mcuboot-unreadable",
        Rom,
        &["Failed reading image header", "Failed reading sectors"],
        "The boot loader cannot read the slot of the firmware.",
        &[(C::FlashHardwareFault, 0.45), (C::ImageIncomplete, 0.4)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .from("MCUboot boot/bootutil/src/loader.c", "Failed reading image headers; Image=0"),
];
