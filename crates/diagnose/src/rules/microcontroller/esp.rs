//! What the ROM and loaders of Espressif's chips say, and what their applications do.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::{Kernel, Lasting, Rom, System, Tool};
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "esp-blank",
        Rom,
        &["invalid header: 0xffffffff"],
        "The flash is blank where the boot loader should be.",
        &[(C::ImageIncomplete, 0.3)],
    )
    .from("Espressif ROM", "invalid header: 0xffffffff"),
    rule(
        "esp-recovery-loader",
        Lasting,
        &["Loading RECOVERY Bootloader", "PRIMARY - FAIL"],
        "The first boot loader is damaged; the spare one took over.",
        &[(C::BootloaderCorrupt, 0.85)],
    )
    .states(&[(S::BootsDegraded, 0.8)])
    .actions(&[A::RestoreBootloader])
    .from("Espressif ROM", "Loading RECOVERY Bootloader..."),
    rule(
        "esp-merged-at-offset",
        Tool,
        &["wrong offset", "wrong flash address", "flashed at the wrong"],
        "The image was written to another place than the chip starts from.",
        &[(C::ToolMismatch, 0.6)],
    )
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("esptool documentation, troubleshooting", "The merged image was written to the wrong offset."),
    rule(
        "esp-no-loader",
        Rom,
        &["failed to load bootloader header", "image at 0x1000 has invalid magic"],
        "The boot loader itself is not at its place, or cannot be read with the way the flash is driven.",
        &[(C::BootloaderCorrupt, 0.45), (C::ImageCorrupt, 0.2), (C::ToolMismatch, 0.25)],
    )
    .states(&[(S::BootloaderFailing, 0.75)])
    .actions(&[A::ReflashCorrectImage])
    .from("ESP-IDF components/bootloader_support/src", "E (30) boot: failed to load bootloader header!"),
    rule(
        "esp-no-app",
        Rom,
        &[
            "No bootable app partitions",
            "Factory app partition is not bootable",
            "OTA app partition slot",
            "image at 0x* has invalid magic byte",
            "Checksum failed. Calculated",
            "Image hash failed",
            "invalid segment length",
            "image corrupted on flash",
            "error magic!",
            "backup boot failed",
        ],
        "The boot loader finds no valid application.",
        &[(C::ImageIncomplete, 0.55), (C::ImageCorrupt, 0.5)],
    )
    .states(&[(S::BootloaderOnly, 0.5), (S::BootLoop, 0.4)])
    .from("ESP-IDF components/bootloader_support", "E (84) boot: Factory app partition is not bootable"),
    rule(
        "esp-partition-table",
        Rom,
        &[
            "partition table * invalid magic",
            "Failed to verify partition table",
            "load partition table error",
            "partition 0 invalid magic number",
        ],
        "The partition table is damaged.",
        &[(C::PartitionTableDamaged, 0.75)],
    )
    .states(&[(S::BootloaderOnly, 0.4), (S::BootLoop, 0.3)])
    .from("ESP-IDF components/bootloader_support", "E (53) boot: Failed to verify partition table"),
    rule(
        "esp-secure-boot",
        Rom,
        &[
            "secure boot check fail",
            "Secure Boot * failed",
            "secure boot verification failed",
            "ets_secure_boot_verify",
            "Secure boot digest",
            "Sig block 0 invalid",
        ],
        "Secure boot refuses the firmware.",
        &[(C::VerifiedBootRejected, 0.85)],
    )
    .states(&[(S::BootloaderFailing, 0.4), (S::BootLoop, 0.3)])
    .from("ESP-IDF secure boot documentation", "secure boot check fail"),
    rule(
        "esp-brownout",
        Lasting,
        &["Brownout detector was triggered", "rst:0xf (BROWNOUT", "(RTCWDT_BROWN_OUT_RESET)"],
        "The supply voltage broke down.",
        &[(C::PowerFault, 0.85)],
    )
    .states(&[(S::BootLoop, 0.5)])
    .from("ESP-IDF components/esp_system", "Brownout detector was triggered"),
    rule(
        "esp-application-crash",
        Lasting,
        &["Guru Meditation Error", "abort() was called at PC", "assert failed:", "Task watchdog got triggered", "Stack canary watchpoint", "Interrupt wdt timeout", "- assert failed!", "CORRUPT HEAP", "LoadProhibited", "StoreProhibited", "InstrFetchProhibited", "A stack overflow in task", "Soft WDT reset", "<<<stack<<<", "CUT HERE FOR EXCEPTION DECODER", "Exception (28)", "Exception (29)", "Exception (9)", "Exception (0)", "Exception (3)", "epc1=", "Panic * unhandled", "ESP_ERROR_CHECK failed", "Fatal exception (", "User exception (panic"],
        "The application crashed.",
        &[(C::FirmwareBug, 0.62), (C::KernelCrash, 0.35), (C::PowerFault, 0.08)],
    )
    .without(&["A fatal error occurred: Guru"])
    .states(&[(S::BootLoop, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from("ESP-IDF panic handler; ESP8266 Arduino core_esp8266_postmortem.cpp", "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)."),
    rule(
        "esphome-safe-mode",
        Lasting,
        &["Boot loop detected", "SAFE MODE IS ACTIVE", "suspected unsuccessful boot attempts"],
        "The program did not get through its start many times in a row; now only a small part of it runs, which takes a new program.",
        &[(C::FirmwareBug, 0.55), (C::PowerFault, 0.3), (C::SettingsCorrupt, 0.2)],
    )
    .without(&["There have been 0 suspected"])
    .states(&[(S::RecoveryMode, 0.5), (S::BootLoop, 0.5)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("ESPHome components/safe_mode/safe_mode.cpp", "[E][safe_mode:086]: Boot loop detected. Proceeding to safe mode"),
    rule(
        "esp-watchdog-reset",
        Kernel,
        &["TG0WDT_SYS_RESET", "TG1WDT_SYS_RESET", "TG0WDT_CPU_RESET", "TG1WDT_CPU_RESET", "rst cause:4", "^wdt reset"],
        "A watchdog started the chip over, because the application hung.",
        &[(C::FirmwareBug, 0.55), (C::KernelCrash, 0.3), (C::BootloaderCorrupt, 0.15)],
    )
    .without(&["boot mode:(1,"])
    .states(&[(S::BootLoop, 0.5)])
    .actions(&[A::InstallOtherBuild])
    .from("Espressif ROM", "rst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"),
    rule(
        "esp-software-reset",
        Kernel,
        &["(SW_CPU_RESET)", "(SW_RESET)", "(RTC_SW_CPU_RST)", "(RTC_SW_SYS_RST)"],
        "The firmware itself started the chip over, as it does after a crash.",
        &[(C::FirmwareBug, 0.36)],
    )
    .without(&["Rebooting safely", "OTA update finished", "Successful. Restarting"])
    .states(&[(S::BootLoop, 0.4)])
    .actions(&[A::InstallOtherBuild])
    .last_resort()
    .from("Espressif ROM", "rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"),
    rule(
        "esp-application-as-loader",
        Rom,
        &["^load:0x3f4", "^load:0x400d", "^load:0x420", "^load:0x3c0", "load:0x3f400020"],
        "The ROM is given an application, with parts that only a boot loader can map, instead of the boot loader.",
        &[(C::ToolMismatch, 0.6), (C::BootloaderCorrupt, 0.5)],
    )
    .states(&[(S::BootLoop, 0.6)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("Espressif ROM; ESP32 technical reference manual, memory map", "load:0x3f400020,len:188412"),
    rule(
        "esp-update-refused",
        Lasting,
        &[
            "OTA image has invalid magic byte",
            "New image failed verification",
            "esp_ota_end failed",
            "esp_ota_write failed",
            "esp_ota_begin failed",
            "Could Not Activate The Firmware",
            "esp_ota_set_boot_partition failed",
            "image validation failed",
            "Magic byte is wrong",
            "Image validation failed, image is corrupted",
            "ESP_ERR_OTA_VALIDATE_FAILED",
        ],
        "The application got an update that is no firmware for this chip, and goes on with its own.",
        &[(C::ImageCorrupt, 0.5), (C::ImageWrongDevice, 0.4), (C::ToolMismatch, 0.35), (C::ImageIncomplete, 0.25)],
    )
    .states(&[(S::RefusedUnharmed, 0.8)])
    .actions(&[A::RedownloadImage, A::ReflashCorrectImage])
    .from("ESP-IDF components/app_update/esp_ota_ops.c", "E (9181) esp_ota_ops: OTA image has invalid magic byte (expected 0xE9, saw 0x3c)"),
    rule(
        "esp-image-for-another",
        Rom,
        &["mismatch chip ID", "requires chip rev", "can't run on lower chip", "chip revision * not supported", "requires efuse block", "Image requires", "image requires chip"],
        "The image is for another chip or another revision of it.",
        &[(C::ImageWrongDevice, 0.85)],
    )
    .states(&[(S::BootLoop, 0.4), (S::BootloaderOnly, 0.4)])
    .actions(&[A::ReflashCorrectImage, A::InstallOtherBuild])
    .from("ESP-IDF components/bootloader_support/src/bootloader_common_loader.c", "E (60) boot_comm: mismatch chip ID, expected 0, found 2"),
    rule(
        "esp-image-too-large",
        Rom,
        &["doesn't fit in partition length", "exceeds flash chip size", "partition * invalid - offset", "partition * exceeds flash"],
        "An image or partition is larger than its place.",
        &[(C::ImageTooLarge, 0.7), (C::ImageWrongDevice, 0.3), (C::PartitionTableDamaged, 0.25)],
    )
    .states(&[(S::BootLoop, 0.4), (S::BootloaderOnly, 0.4)])
    .from("ESP-IDF components/bootloader_support/src/esp_image_format.c", "E (120) esp_image: Image length 1500000 doesn't fit in partition length 1048576"),
    rule(
        "esp-flash-size",
        Lasting,
        &["smaller than the size in the binary image header"],
        "The firmware is made for a larger flash than this chip has.",
        &[(C::ImageWrongDevice, 0.5), (C::ToolMismatch, 0.42), (C::FirmwareBug, 0.25)],
    )
    .states(&[(S::BootLoop, 0.4)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("ESP-IDF components/spi_flash/flash_ops.c", "E (120) spi_flash: Detected size(2048k) smaller than the size in the binary image header(4096k). Probe failed."),
    rule(
        "esp-ota-data",
        Rom,
        &["ota data partition invalid", "No bootable app partitions in the partition table", "partition table has no", "no factory, can't boot"],
        "The partition table or the marks of the updates are damaged.",
        &[(C::PartitionTableDamaged, 0.5), (C::ImageIncomplete, 0.45)],
    )
    .states(&[(S::BootLoop, 0.3), (S::BootloaderOnly, 0.5)])
    .actions(&[A::ReflashCorrectImage])
    .from("ESP-IDF components/bootloader_support/src/bootloader_utility.c", "E (600) boot: ota data partition invalid and no factory, can't boot"),
    rule(
        "esp-memory",
        Rom,
        &["PSRAM ID read error", "PSRAM chip is not connected", "Failed to init external RAM", "SPI RAM enabled but initialization failed", "psram: not found"],
        "The firmware expects external memory that is not there.",
        &[(C::ImageWrongDevice, 0.45), (C::FirmwareBug, 0.42), (C::RamFault, 0.35)],
    )
    .states(&[(S::BootLoop, 0.4)])
    .actions(&[A::InstallOtherBuild, A::ReflashCorrectImage])
    .from("ESP-IDF components/esp_psram", "E (300) quad_psram: PSRAM ID read error: 0xffffffff"),
    rule(
        "esp-file-system-empty",
        System,
        &["Corrupted dir pair"],
        "The application finds no file system where it keeps its files, as at its first start, and makes one unless it says otherwise.",
        &[(C::SettingsCorrupt, 0.45), (C::RootfsCorrupt, 0.35)],
    )
    .states(&[(S::BootsDegraded, 0.35)])
    .actions(&[A::FactoryResetSettings])
    .from("littlefs lfs.c", "littlefs/lfs.c:1071:error: Corrupted dir pair at {0x0, 0x1}"),
    rule(
        "esp-settings",
        Lasting,
        &["ESP_ERR_NVS_NO_FREE_PAGES", "ESP_ERR_NVS_CORRUPT_KEY_PART", "ESP_ERR_NVS_PART_NOT_FOUND", "ESP_ERR_NVS_WRONG_ENCRYPTION", "ESP_ERR_NVS_XTS_DECR_FAILED", "ESP_ERR_NVS_INVALID_STATE", "ESP_ERR_NVS_NEW_VERSION_FOUND", "nvs_flash_init failed", "Failed to init NVS", "SPIFFS mount failed", "SPIFFS Mount Failed", "LITTLEFS Mount Failed", "littlefs: mount failed", "LittleFS Mount Failed", "mount failed, -10025", "Failed to mount or format filesystem"],
        "The stored settings or files of the application cannot be read.",
        &[(C::SettingsCorrupt, 0.6), (C::RootfsCorrupt, 0.4)],
    )
    .states(&[(S::BootsDegraded, 0.35), (S::BootLoop, 0.2)])
    .actions(&[A::FactoryResetSettings])
    .from("ESP-IDF components/nvs_flash; esp_littlefs", "E (300) nvs: nvs_flash_init failed (0x1102)"),
    rule(
        "esp-waits-for-host",
        Rom,
        &["^waiting for host"],
        "A strapping pin tells the chip to start over SDIO: something outside holds the pin.",
        &[(C::LinkFault, 0.46), (C::NotInRecoveryMode, 0.36), (C::FlashHardwareFault, 0.2)],
    )
    .without(&["U-Boot SPL "])
    .states(&[(S::BootloaderFailing, 0.5), (S::RecoveryMode, 0.3)])
    .actions(&[A::SwapCableOrPort, A::PowerCycleAndRetry])
    .from("Espressif ESP8266 ROM; esptool documentation, boot mode", "waiting for host"),
    rule(
        "esp-waits-for-download",
        Lasting,
        &["waiting for download", "DOWNLOAD_BOOT", "DOWNLOAD(USB/UART0)", "boot mode:(1,"],
        "The chip waits in its download mode.",
        &[(C::RecoveryFlagStuck, 0.36), (C::NoFault, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.85)])
    .actions(&[A::PowerCycleAndRetry])
    .from("Espressif ROM; esptool documentation, boot mode", "waiting for download"),
    rule(
        "esp-reads-differ",
        Rom,
        &["csum err:0x", "load:0xffff*,len:-"],
        "At one start the ROM finds no header, at another a whole one: the flash does not read reliably.",
        &[(C::FlashHardwareFault, 0.6), (C::PowerFault, 0.56), (C::BootloaderCorrupt, 0.3)],
    )
    .with(&["invalid header: 0x"])
    .states(&[(S::BootLoop, 0.6)])
    .actions(&[A::FixPower, A::ReflashSameImage])
    .from("Espressif ROM; esptool documentation, boot mode", "csum err:0x9f!=0x00"),
    rule(
        "esp-invalid-header",
        Rom,
        &["invalid header: 0x", "flash read err, 1000", "flash read err,", "csum err", "^ets_main.c"],
        "The ROM finds no boot loader at its place in the flash.",
        &[(C::BootloaderCorrupt, 0.48), (C::ImageIncomplete, 0.48), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::BootLoop, 0.55), (S::BootloaderFailing, 0.45)])
    .actions(&[A::ReflashCorrectImage])
    .from("Espressif ROM; esptool documentation, boot mode", "invalid header: 0xffffffff"),
    rule(
        "esp-no-otadata",
        Lasting,
        &["not found otadata"],
        "The table of partitions on the chip is not the one that the program was made for.",
        &[(C::PartitionTableDamaged, 0.44), (C::ToolMismatch, 0.4), (C::ImageWrongDevice, 0.38), (C::FirmwareBug, 0.25)],
    )
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("ESP-IDF components/app_update/esp_ota_ops.c", "E (626) esp_ota_ops: not found otadata"),
];
