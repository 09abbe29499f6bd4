//! Firmware of Atheros' USB radios (AR9271, AR7010): an image of the chip's memory without any header.
//!
//! Source: Linux `drivers/net/wireless/ath/ath9k/hif_usb.c` (the file goes to a fixed address as it is), open-ath9k-htc-firmware
//! 1.4.0. The image starts with its constants, so names of its functions stand in the first few KiB.

use crate::error::ImageError;
use crate::format::{About, Format, Magic, Rank};
use crate::reading::Reading;
use crate::window::Window;

pub(crate) const FORMAT: Format = Format {
    id: "ath9k-htc-fw",
    rank: Rank::Magic,
    magic: &[Magic::at(0, FIRST_NAME)],
    matches,
    read,
    about: About {
        outermost: &[],
        name: "Atheros AR9271/AR7010 USB radio firmware",
        identified_by: "the names of functions that it starts with",
        reveals: "nothing",
        blind_to: "everything: the file has no header, length or checksum",
        source: "open-ath9k-htc-firmware 1.4.0; Linux drivers/net/wireless/ath/ath9k/hif_usb.c",
        tested_with: "files of Debian's firmware-ath9k-htc",
    },
};

const FIRST_NAME: &[u8] = b"_wmi_cmd_rsp\0";

/// Names that follow within [`NAMES_SIZE`]; files hold at least three of them.
const NAMES: &[&[u8]] =
    &[b"ath_enable_aggr_tgt", b"ath_pci_probe", b"Magpie_init", b"usb_reg_out_patch", b"ath_hal", b"HTC"];

const NAMES_SIZE: u64 = 8 * 1024;

/// The chips' code memory is smaller than this.
const MAX_SIZE: u64 = 1 << 20;

fn matches(window: Window<'_>) -> Result<bool, ImageError> {
    let mut found = 0;
    for name in NAMES {
        found += u32::from(window.find(name, 0, NAMES_SIZE)?.is_some());
    }
    Ok(found >= 3 && window.len() <= MAX_SIZE)
}

fn read(window: Window<'_>, reading: &mut Reading<'_>) -> Result<(), ImageError> {
    reading.container(FORMAT.id, window);
    reading.set_vendor("Qualcomm Atheros");
    reading.set_architecture("xtensa");
    // The AR7010 has a PCI radio behind it, whose system commands only its firmware dispatches.
    let is_ar7010 = window.find(b"dispatch_magpie_sys_cmds", 0, NAMES_SIZE)?.is_some();
    reading.set_model(if is_ar7010 { "AR7010" } else { "AR9271" });
    Ok(())
}
