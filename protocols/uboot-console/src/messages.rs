//! What the boot loader's messages mean, and what to do about them.

/// A message of the boot loader that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceMessage {
    /// Stable code, for example `uboot-bad-data-crc`.
    pub code: &'static str,
    /// The text that gives it away.
    pub pattern: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// Whether the command that printed it has failed, whatever its exit status says.
    pub is_failure: bool,
}

/// What stands for a command that failed without a message that is known.
pub const FAILED: DeviceMessage =
    failure("uboot-command-failed", "", "The command failed.", "Look at its output in the report.");

const fn failure(
    code: &'static str,
    pattern: &'static str,
    meaning: &'static str,
    advice: &'static str,
) -> DeviceMessage {
    DeviceMessage { code, pattern, meaning, advice, is_failure: true }
}

const fn remark(
    code: &'static str,
    pattern: &'static str,
    meaning: &'static str,
    advice: &'static str,
) -> DeviceMessage {
    DeviceMessage { code, pattern, meaning, advice, is_failure: false }
}

const TRANSFER_AGAIN: &str = "Transfer the image again; if its digest is right, the memory is failing.";
const OTHER_IMAGE: &str = "Use an image that was made for this device.";
const CHECK_NETWORK: &str =
    "Check the cable, the port's light, the address of this computer and its firewall.";
const NOT_WRITTEN: &str = "Do not restart the unit. Compare what the storage holds, and write again.";
const CHECK_RECORD: &str = "The device's record names a storage that this unit does not have.";

/// All messages that are known; where several fit, the first one counts.
pub const MESSAGES: &[DeviceMessage] = &[
    failure(
        "uboot-unknown-command",
        "Unknown command",
        "The boot loader does not have this command.",
        "Use another method; this boot loader was built without it.",
    ),
    failure(
        "uboot-flash-protected",
        "Can't write to protected Flash sectors",
        "The flash sectors are write-protected.",
        "Lift the protection with `protect off`; some boards have a jumper as well.",
    ),
    failure(
        "uboot-flash-timeout",
        "Flash buffer write timeout",
        "The flash did not finish writing.",
        NOT_WRITTEN,
    ),
    failure(
        "uboot-flash-timeout",
        "Timeout writing to Flash",
        "The flash did not finish writing.",
        NOT_WRITTEN,
    ),
    failure(
        "uboot-flash-not-erased",
        "Flash not Erased",
        "The flash was not blank where it was to be written.",
        "Erase the sectors first.",
    ),
    failure("uboot-erase-failed", "ERASE FAILED", "The flash could not be erased.", NOT_WRITTEN),
    failure("uboot-erase-failed", "Erase failed", "The flash could not be erased.", NOT_WRITTEN),
    failure("uboot-erase-failed", "Flash erase error", "The flash could not be erased.", NOT_WRITTEN),
    failure("uboot-storage-read-failed", "blocks read: ERROR", "The storage could not be read.", NOT_WRITTEN),
    failure(
        "uboot-storage-write-failed",
        "blocks written: ERROR",
        "The storage could not be written.",
        NOT_WRITTEN,
    ),
    failure(
        "uboot-storage-write-failed",
        "blocks erased: ERROR",
        "The storage could not be erased.",
        NOT_WRITTEN,
    ),
    failure("uboot-storage-read-failed", "Read: ERROR", "The storage could not be read.", NOT_WRITTEN),
    failure("uboot-storage-write-failed", "Written: ERROR", "The storage could not be written.", NOT_WRITTEN),
    failure("uboot-erase-failed", "Erased: ERROR", "The storage could not be erased.", NOT_WRITTEN),
    failure("uboot-nand-failed", "bytes read: ERROR", "The NAND flash could not be read.", NOT_WRITTEN),
    failure("uboot-nand-failed", "bytes written: ERROR", "The NAND flash could not be written.", NOT_WRITTEN),
    failure("uboot-nand-failed", "NAND read failed", "The NAND flash could not be read.", NOT_WRITTEN),
    failure("uboot-nand-failed", "NAND write failed", "The NAND flash could not be written.", NOT_WRITTEN),
    failure("uboot-nand-failed", "NAND erase failed", "The NAND flash could not be erased.", NOT_WRITTEN),
    failure(
        "uboot-storage-read-failed",
        "Failure while reading",
        "The storage could not be read.",
        NOT_WRITTEN,
    ),
    failure(
        "uboot-storage-write-failed",
        "Failure while writing",
        "The storage could not be written.",
        NOT_WRITTEN,
    ),
    failure("uboot-erase-failed", "Failure while erasing", "The flash could not be erased.", NOT_WRITTEN),
    failure(
        "uboot-nand-beyond-end",
        "Attempt to read outside the flash area",
        "The range reaches behind the end of the flash.",
        CHECK_RECORD,
    ),
    failure(
        "uboot-mtd-unaligned",
        "not aligned with",
        "The range is not aligned to the flash's blocks.",
        "The device's record does not fit this unit's flash.",
    ),
    failure("uboot-no-storage", "MTD device", "There is no such MTD device.", CHECK_RECORD),
    failure("uboot-no-storage", "** Bad device", "There is no such storage.", CHECK_RECORD),
    failure("uboot-no-storage", "Bad device specification", "There is no such storage.", CHECK_RECORD),
    failure(
        "uboot-no-storage",
        "no virtio block device available",
        "There is no such storage.",
        CHECK_RECORD,
    ),
    failure("uboot-no-storage", "unknown device", "There is no such storage.", CHECK_RECORD),
    failure("uboot-no-storage", "not in flash", "There is no flash at this address.", CHECK_RECORD),
    failure("uboot-no-storage", "no mmc device at slot", "There is no such storage.", CHECK_RECORD),
    failure("uboot-no-storage", "No MMC device available", "There is no such storage.", CHECK_RECORD),
    failure("uboot-no-storage", "MMC Device", "There is no such storage.", CHECK_RECORD),
    failure("uboot-no-storage", "Card did not respond", "The card does not answer.", CHECK_RECORD),
    failure("uboot-no-storage", "Failed to initialize SPI flash", "There is no such flash.", CHECK_RECORD),
    failure("uboot-no-storage", "No SPI flash selected", "There is no such flash.", CHECK_RECORD),
    failure(
        "uboot-bad-hash",
        "Bad hash value",
        "A part of the image is not what its own hash says: it is damaged.",
        TRANSFER_AGAIN,
    ),
    failure("uboot-bad-hash", "Bad Data Hash", "A part of the image is damaged.", TRANSFER_AGAIN),
    failure("uboot-bad-hash", "Bad hash in FIT image", "A part of the image is damaged.", TRANSFER_AGAIN),
    failure(
        "uboot-bad-data-crc",
        "Bad Data CRC",
        "The image's content does not fit its checksum: it is cut short or damaged.",
        TRANSFER_AGAIN,
    ),
    failure(
        "uboot-bad-header-checksum",
        "Bad Header Checksum",
        "The image's header is damaged.",
        TRANSFER_AGAIN,
    ),
    failure(
        "uboot-bad-header-checksum",
        "Bad Magic Number",
        "There is no image at this place.",
        TRANSFER_AGAIN,
    ),
    failure(
        "uboot-wrong-architecture",
        "Unsupported Architecture",
        "The image was made for another kind of processor.",
        OTHER_IMAGE,
    ),
    failure("uboot-wrong-format", "Wrong Image Format", "There is no image of this kind there.", OTHER_IMAGE),
    failure("uboot-wrong-format", "Wrong image format", "There is no image of this kind there.", OTHER_IMAGE),
    failure(
        "uboot-wrong-format",
        "Unknown image format",
        "There is no image of a known kind there.",
        OTHER_IMAGE,
    ),
    failure("uboot-wrong-format", "Bad FIT kernel image format", "The image is cut short.", TRANSFER_AGAIN),
    failure("uboot-wrong-format", "Bad FIT image format", "The image is cut short.", TRANSFER_AGAIN),
    failure(
        "uboot-no-kernel",
        "ERROR: can't get kernel image!",
        "The boot loader found no kernel that it can start.",
        "Write the firmware again.",
    ),
    failure(
        "uboot-decompression-failed",
        "image not loaded",
        "The image could not be decompressed: it is damaged.",
        TRANSFER_AGAIN,
    ),
    failure("uboot-env-save-failed", "Failed (", "The environment could not be saved.", NOT_WRITTEN),
    failure(
        "uboot-env-save-failed",
        "Saving Environment",
        "The environment could not be saved.",
        NOT_WRITTEN,
    ),
    failure(
        "uboot-env-protected",
        "Can't overwrite",
        "The boot loader does not let this variable be changed.",
        "Leave it as it is.",
    ),
    failure(
        "uboot-not-defined",
        "not defined",
        "There is no such variable.",
        "Look at the environment with `printenv`.",
    ),
    failure("uboot-tftp-refused", "TFTP error:", "The TFTP server refused the transfer.", CHECK_NETWORK),
    failure(
        "uboot-network-unreachable",
        "ARP Retry count exceeded",
        "Nobody answers at the server's address.",
        CHECK_NETWORK,
    ),
    failure(
        "uboot-network-timeout",
        "Retry count exceeded",
        "The transfer stalled too often.",
        CHECK_NETWORK,
    ),
    failure(
        "uboot-network-address-missing",
        "*** ERROR: `",
        "A network address is not set.",
        "Set `ipaddr` and `serverip`.",
    ),
    failure(
        "uboot-no-ethernet",
        "No ethernet found",
        "The boot loader sees no network interface.",
        "Transfer over the serial line instead.",
    ),
    failure(
        "uboot-download-aborted",
        "download aborted",
        "The serial transfer was given up.",
        "Transfer it again.",
    ),
    failure(
        "uboot-usage",
        "Usage:",
        "The boot loader's command takes other arguments.",
        "Use another method; this version of the command is different.",
    ),
    failure(
        "uboot-syntax",
        "syntax error",
        "The boot loader did not understand the line.",
        "Use another method; this boot loader's shell is different.",
    ),
    failure(
        "uboot-crashed",
        "Synchronous Abort",
        "The boot loader crashed on an address that it cannot reach.",
        "The device's record does not fit this unit.",
    ),
    remark(
        "uboot-env-bad-crc",
        "*** Warning - bad CRC, using default environment",
        "The saved environment is damaged; the boot loader uses its built-in one.",
        "Set the variables that this device needs, and save them.",
    ),
];

/// The message in `text`, if one is known; failures come before remarks.
pub fn classify(text: &str) -> Option<DeviceMessage> {
    MESSAGES.iter().find(|message| fits(message, text)).copied()
}

fn fits(message: &DeviceMessage, text: &str) -> bool {
    match message.pattern {
        // These begin lines of success as well.
        "Saving Environment" => text.lines().any(|line| {
            line.contains("Saving Environment") && (line.contains("Failed") || line.contains("failed"))
        }),
        "MTD device" | "MMC Device" => {
            text.lines().any(|line| line.contains(message.pattern) && line.contains("not found"))
        }
        "Failed (" => text.lines().any(|line| line.trim_start().starts_with("Failed (")),
        pattern => text.contains(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<&'static str> {
        classify(text).map(|message| message.code)
    }

    #[test]
    fn real_messages() {
        assert_eq!(code("Unknown command 'foo' - try 'help'"), Some("uboot-unknown-command"));
        assert_eq!(
            code(
                "Copy to Flash... Flash buffer write timeout at address 4080000 data 0\nTimeout writing to Flash"
            ),
            Some("uboot-flash-timeout")
        );
        assert_eq!(
            code(
                "sha256 error!\nBad hash value for 'hash-1' hash node\nBad Data Hash\nERROR: can't get kernel image!"
            ),
            Some("uboot-bad-hash")
        );
        assert_eq!(code("TFTP error: 'File not found' (1)\nNot retrying..."), Some("uboot-tftp-refused"));
        assert_eq!(code("\nARP Retry count exceeded; starting again"), Some("uboot-network-unreachable"));
        assert_eq!(
            code("Loading Environment from Flash... *** Warning - bad CRC, using default environment"),
            Some("uboot-env-bad-crc")
        );
        assert_eq!(
            code("Saving Environment to Flash... Un-Protected 2 sectors\nProtected 2 sectors\nOK"),
            None
        );
        assert_eq!(
            code("Saving Environment to Flash... Un-Protected 2 sectors\nProtected 2 sectors\nFailed (1)"),
            Some("uboot-env-save-failed")
        );
        assert_eq!(code("virtio read: device 0 block # 0, count 1 ... 1 blocks read: OK"), None);
        assert_eq!(code("MTD device foo not found, ret -19"), Some("uboot-no-storage"));
    }

    #[test]
    fn codes_are_well_formed() {
        for message in MESSAGES {
            assert!(message.code.starts_with("uboot-"));
            assert!(message.code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            assert!(message.advice.ends_with('.') && message.meaning.ends_with('.'));
        }
    }
}
