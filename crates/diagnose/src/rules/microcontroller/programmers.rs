//! What programmers and debug probes of microcontrollers say: avrdude, stm32flash, OpenOCD, dfu-util.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Tool;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "avr-not-in-sync",
        Tool,
        &["not in sync", "programmer is not responding", "programmer did not respond", "stk500_recv()", "stk500_getsync()", "stk500v2_ReceiveMessage(): timeout", "stk500v2_getsync(): timeout", "initialization failed, rc=", "ser_open(): can't set", "initialization failed", "timeout communicating with programmer", "jtagmkII_getsync", "unable to sign on"],
        "The boot loader of the chip does not answer the programmer.",
        &[(C::ToolMismatch, 0.45), (C::LinkFault, 0.38), (C::BootloaderCorrupt, 0.2), (C::NotInRecoveryMode, 0.25)],
    )
    .without(&["Programmer initialization failed", "target doesn't answer"])
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("avrdude src/stk500.c", "avrdude: stk500_getsync() attempt 10 of 10: not in sync: resp=0x00"),
    rule(
        "avr-target-silent",
        Tool,
        &["target doesn't answer"],
        "The programmer is there, and the chip behind it does not answer: wiring, supply, or clock.",
        &[(C::LinkFault, 0.5), (C::PowerFault, 0.22), (C::NotInRecoveryMode, 0.15), (C::FlashHardwareFault, 0.15)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::SwapCableOrPort, A::FixPower])
    .from("avrdude src/usbasp.c, usbasp_spi_program_enable", "avrdude: error: program enable: target doesn't answer. 1"),
    rule(
        "avr-no-programmer",
        Tool,
        &["did not find any USB device", "Could not find USB", "no programmer has been specified", "could not find USBtiny", "Could not find USBtiny device", "usbdev_open()", "cannot find programmer", "USB read error", "USB error", "cannot open programmer"],
        "The programmer itself is not found, or does not answer.",
        &[(C::LinkFault, 0.45), (C::HostPermission, 0.35), (C::ToolMismatch, 0.35)],
    )
    .without(&["bootloader failed NvError"])
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::SwapCableOrPort, A::InstallDriverOrPermission])
    .from("avrdude src/usb_libusb.c", "avrdude: usbdev_open(): did not find any USB device \"usb\""),
    rule(
        "avr-configuration",
        Tool,
        &["can't open config file", "error reading system wide configuration", "error at *avrdude.conf", "unable to find part", "AVR Part * not found", "unable to open system wide configuration"],
        "The tool and its configuration file do not belong together.",
        &[(C::ToolMismatch, 0.8)],
    )
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::ChangeToolOrOption])
    .from("avrdude src/main.c", "avrdude: error reading system wide configuration file \"avrdude.conf\""),
    rule(
        "avr-wrong-programmer",
        Tool,
        &["Maybe it isn't", "buffered memory access not supported", "butterfly_recv()", "use -F to override", "unknown programmer", "Can't find programmer", "programmer type must be"],
        "The programmer type that the tool was given does not fit.",
        &[(C::ToolMismatch, 0.6)],
    )
    .without(&["target doesn't answer"])
    .states(&[(S::Unknown, 0.4)])
    .from("avrdude src/butterfly.c", "avrdude: error: buffered memory access not supported. Maybe it isn't"),
    rule(
        "avr-signature",
        Tool,
        &["invalid device signature", "Yikes!", "device signature = 0x000000", "device signature = 0xffffff", "Device signature = 00 00 00", "Device signature = ff ff ff"],
        "The signature of the chip cannot be read: wiring, supply, or another chip.",
        &[(C::LinkFault, 0.5), (C::ToolMismatch, 0.42), (C::PowerFault, 0.15)],
    )
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("avrdude src/main.c", "avrdude: Yikes!  Invalid device signature."),
    rule(
        "openocd-gave-up",
        Tool,
        &["OpenOCD init failed"],
        "OpenOCD does not get at the chip, or at its probe.",
        &[(C::LinkFault, 0.44), (C::ToolMismatch, 0.36), (C::NotInRecoveryMode, 0.25), (C::HostPermission, 0.2)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .last_resort()
    .from("OpenOCD tcl/target/, flash/startup.tcl", "** OpenOCD init failed **"),
    rule(
        "nordic-loader-refuses",
        Tool,
        &["Response Code InvalidObject", "Response Code ExtendedError", "Response Code OperationNotPermitted"],
        "The boot loader of the chip refuses the package: its signature, its version or the chip that it is for.",
        &[(C::VerifiedBootRejected, 0.56), (C::ImageWrongDevice, 0.4), (C::RollbackRejected, 0.3)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::UseSignedOrNewerImage, A::ReflashCorrectImage])
    .from("nrfutil; Nordic nRF5 SDK nrf_dfu_req_handler.h", "NordicSemiException: Response Code InvalidObject"),
    rule(
        "debug-probe",
        Tool,
        &["cannot read IDR", "JTAG scan chain interrogation failed", "target voltage may be too low", "Failed to read memory at", "No STM32 target found", "Unable to get core ID", "Error connecting DP", "swd: no response", "no device found on the JTAG", "could not find or open device", "init mode failed", "unable to connect to the target", "Failed to connect to target", "Can not connect to target", "Couldn't find any ST-Link", "No ST-LINK detected", "No debug probes", "unable to open CMSIS-DAP", "NRST is not connected", "Could not find core", "Cannot connect to the probe", "No J-Link", "no probe", "Failed to init device", "Failed to enter SWD mode", "Connection to target", "Failed to connect multidrop"],
        "The debug probe or adapter does not reach the chip.",
        &[(C::LinkFault, 0.49), (C::PowerFault, 0.25), (C::NotInRecoveryMode, 0.3), (C::BootloaderLocked, 0.15)],
    )
    .states(&[(S::Unknown, 0.4)])
    .actions(&[A::SwapCableOrPort])
    .from("OpenOCD src/target/arm_adi_v5.c; stlink; stm32flash", "Error: Error connecting DP: cannot read IDR"),
    rule(
        "stm32-not-in-boot-mode",
        Tool,
        &["Failed to init device"],
        "The chip does not answer in the way of its boot ROM: the boot pin is not set, or the wires are swapped.",
        &[(C::NotInRecoveryMode, 0.5), (C::LinkFault, 0.4)],
    )
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::EnterRecoveryMode, A::SwapCableOrPort])
    .from("stm32flash stm32.c", "Failed to init device, timeout."),
    rule(
        "stm32-protected",
        Tool,
        &["Got NACK from device on command", "WRPTRERR is set", "Flash is not unlocked", "read protection", "readout protection", "Read Out Protection", "RDP level", "flash is write protected", "Flash memory is write protected", "write protected", "Page at 0x* can not be erased", "is not writeable", "device is locked or read protected", "Read protected", "failed erasing sectors", "command not implemented in bootloader", "Device is protected", "Can't initiate chip mass erase", "readback protected", "APPROTECT", "AP protection", "Access protection", "device protected", "Flash: 0 bytes", "Tries exceeded", "mass erase failed", "flash write algorithm aborted", "failed unlocking", "MCU is in secured state"],
        "The chip is protected against reading or writing.",
        &[(C::BootloaderLocked, 0.62), (C::ToolMismatch, 0.3), (C::FlashHardwareFault, 0.1)],
    )
    .without(&["Bypassing security", "Successfully sent payload", "Read protected: false", "protection: disabled", "protection: off", "protection is disabled", "not protected", "flash regions are read protected"])
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::UnlockBootloader, A::ChangeToolOrOption])
    .from("stm32flash stm32.c; stlink; OpenOCD src/flash/nor/stm32f1x.c", "Got NACK from device on command 0x31"),
    rule(
        "probe-loader-stops",
        Tool,
        &["flash loader run error", "run_flash_loader(", "stlink_flash_loader_run", "flash init failure", "after calling flash algorithm", "flash program page failure", "flash erase sector failure", "The flashing procedure failed for", "interaction with the core went wrong", "error executing stm32"],
        "The small program that the probe runs on the chip to write its flash did not get to its end.",
        &[(C::ToolMismatch, 0.46), (C::LinkFault, 0.44), (C::BootloaderLocked, 0.25), (C::FlashHardwareFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.55)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("stlink src/flash_loader.c; pyOCD pyocd/flash/flash.py; probe-rs", "ERROR src/flash_loader.c: flash loader run error"),
    rule(
        "probe-memory-refused",
        Tool,
        &["Failed to write memory at 0x"],
        "What is loaded goes beyond the memory that the chip has there, or the chip stopped answering.",
        &[(C::ToolMismatch, 0.5), (C::ImageTooLarge, 0.36), (C::LinkFault, 0.34)],
    )
    .states(&[(S::RecoveryMode, 0.55)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("OpenOCD src/target/target.c", "Error: Failed to write memory at 0x24100000"),
    rule(
        "nrf-not-erased",
        Tool,
        &["The area to write is not erased", "is not erased. Program operation", "not erased before programming"],
        "The tool was not told to erase what it writes to.",
        &[(C::ToolMismatch, 0.8)],
    )
    .states(&[(S::RecoveryMode, 0.55), (S::RefusedUnharmed, 0.4)])
    .actions(&[A::ChangeToolOrOption])
    .from("nrfjprog", "ERROR: The area to write is not erased."),
    rule(
        "dfu-file",
        Tool,
        &["DFU suffix CRC does not match", "File is not targeted", "errTARGET", "errFILE", "Invalid dfuse", "does not appear to be a valid", "Error: file * not * DFU", "File ID * does not match", "Only DfuSe file version", "errVENDOR"],
        "The file is not one for this device and tool.",
        &[(C::ImageWrongDevice, 0.4), (C::ImageCorrupt, 0.25), (C::ToolMismatch, 0.45)],
    )
    .states(&[(S::RefusedUnharmed, 0.5)])
    .from("dfu-util", "DFU suffix CRC does not match"),
    rule(
        "dfu-option",
        Tool,
        &["use the --dfuse-address option", "Last page at 0x*", "missing or invalid -s", "Cannot set alternate interface", "specify -a", "--dfuse-address"],
        "The tool lacks an address or another option.",
        &[(C::ToolMismatch, 0.8)],
    )
    .states(&[(S::RefusedUnharmed, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("dfu-util", "dfu-util: (for raw binary download, use the --dfuse-address option)"),
    rule(
        "dfu-left",
        Tool,
        &["Error during download get_status", "Error sending dfu abort", "can't detach", "Lost device after RESET"],
        "The chip started its new firmware without a word of goodbye, which is usual.",
        &[(C::NoFault, 0.85)],
    )
    .with(&["File downloaded successfully"])
    .states(&[(S::Healthy, 0.6), (S::RecoveryMode, 0.3)])
    .from("dfu-util src/dfuse.c", "dfu-util: Error during download get_status"),
    rule(
        "dfu-transfer",
        Tool,
        &["Error during special command", "Error during download", "LIBUSB_ERROR_PIPE", "dfuse_download", "status(15)", "dfuERROR"],
        "The transfer to the chip broke off.",
        &[(C::LinkFault, 0.5), (C::ToolMismatch, 0.3), (C::BootloaderLocked, 0.22), (C::FlashHardwareFault, 0.2)],
    )
    .without(&["File downloaded successfully", "use the --dfuse-address option"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("dfu-util src/dfuse.c", "Error during special command \"ERASE_PAGE\" get_status"),
    rule(
        "nrf-protected",
        Tool,
        &["ap-protection", "Access protection is enabled", "use --recover", "readback protection", "APPROTECT", "AP protection", "readback protected", "is locked. Use", "device is secured", "chip is secured", "security bit"],
        "The chip is protected, and only erasing all of it opens it.",
        &[(C::BootloaderLocked, 0.85)],
    )
    .states(&[(S::RefusedUnharmed, 0.7)])
    .actions(&[A::UnlockBootloader, A::ChangeToolOrOption])
    .from("nrfjprog; Zephyr scripts/west_commands/runners", "ERROR: your device. Please use --recover to unlock the device."),
    rule(
        "dfu-cannot-open",
        Tool,
        &["Cannot open DFU device", "Cannot open device"],
        "The unit is there in its recovery mode, and the driver on this computer is not the one that the tool needs.",
        &[(C::HostPermission, 0.72), (C::LinkFault, 0.2)],
    )
    .without(&["Determining device status", "Downloading to address"])
    .states(&[(S::RecoveryMode, 0.5), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::InstallDriverOrPermission])
    .from("dfu-util src/dfu_util.c", "Cannot open DFU device 0483:df11"),
    rule(
        "gone-after-its-loader",
        Tool,
        &["Did not find any rockusb device"],
        "The unit took its loader, and comes back on USB in a way that this computer does not see: a virtual machine, a cable.",
        &[(C::ToolMismatch, 0.45), (C::LinkFault, 0.43), (C::HostPermission, 0.25)],
    )
    .with(&["Downloading bootloader succeeded"])
    .states(&[(S::RecoveryMode, 0.65)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("rkdeveloptool main.cpp", "Did not find any rockusb device, please plug device in!"),
    rule(
        "core-does-not-halt",
        Tool,
        &["(Processor not halted.)"],
        "The probe does not get the chip to stand still: a wire, or the probe itself.",
        &[(C::LinkFault, 0.46), (C::ToolMismatch, 0.42), (C::BootloaderLocked, 0.2)],
    )
    .states(&[(S::Unknown, 0.45)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("ch32fun minichlink", "Fault writing memory (DMABSTRACTS = 08000402) (Processor not halted.) DMSTATUS: 004c0c82"),
    rule(
        "flash-of-no-size",
        Tool,
        &["flash: 0 (pagesize", "Flash: 0 bytes (0 KiB)"],
        "The probe sees a chip that shows no flash: it is protected, or the tool does not know it.",
        &[(C::BootloaderLocked, 0.44), (C::ToolMismatch, 0.42), (C::LinkFault, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.45)])
    .actions(&[A::UnlockBootloader, A::ChangeToolOrOption])
    .from("stlink src/st-info", "flash: 0 (pagesize: 2048)"),
    rule(
        "loader-refuses-block",
        Tool,
        &["NACK 0x31", "Unexpected reply 0x* (expected ACK)"],
        "The loader on the chip answers, and refuses the place where the tool writes.",
        &[(C::ToolMismatch, 0.5), (C::BootloaderLocked, 0.3), (C::ImageTooLarge, 0.25), (C::BootloaderOutdated, 0.25)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ChangeToolOrOption])
    .from("stm32loader bootloader.py; Proxmark3 client/flash.c", "Error: Unexpected reply 0x00fe (expected ACK)"),
    rule(
        "samba-stops",
        Tool,
        &["SAM-BA operation failed"],
        "The loader on the chip answers, and stops at what the tool asks.",
        &[(C::ToolMismatch, 0.5), (C::LinkFault, 0.42), (C::NotInRecoveryMode, 0.15)],
    )
    .with(&["Atmel SMART device"])
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::ChangeToolOrOption, A::SwapCableOrPort])
    .from("BOSSA src/bossac.cpp", "SAM-BA operation failed"),
    rule(
        "dfu-none",
        Tool,
        &["No DFU capable USB device available", "No DFU capable USB device found", "Did not find any rockusb device", "USB device not found!", "FEL device not found", "No device in DFU mode", "No RP2040 device", "No accessible RP", "no device found in recovery", "Unable to discover device mode", "No device in maskrom", "no supported device found", "no DFU device", "no device present", "Device not found", "No device found on", "SAM-BA operation failed", "No valid interface found", "No device found", "No Nordic", "bootloader not found", "No response from bootloader", "No board in bootloader", "bootloader timeout", "No drive to deploy"],
        "No unit in its recovery mode is seen on USB.",
        &[(C::NotInRecoveryMode, 0.58), (C::LinkFault, 0.35), (C::HostPermission, 0.3), (C::ToolMismatch, 0.15)],
    )
    .without(&["Programmer initialization failed", "in BOOTSEL mode, but", "Download done", "Downloading to address", "Cannot open DFU device", "DFU device connected", "Atmel SMART device", "Downloading bootloader succeeded"])
    .states(&[(S::Unknown, 0.35)])
    .actions(&[A::EnterRecoveryMode])
    .from("dfu-util", "No DFU capable USB device available"),
    rule(
        "dfu-other-chip",
        Tool,
        &["no device present", "No DFU capable", "no device found"],
        "A unit in its recovery mode is seen, and the tool does not find the one that it was told of.",
        &[(C::ToolMismatch, 0.5), (C::HostPermission, 0.45)],
    )
    .with(&["DFU device connected"])
    .states(&[(S::RecoveryMode, 0.5), (S::RefusedUnharmed, 0.3)])
    .actions(&[A::ChangeToolOrOption, A::InstallDriverOrPermission])
    .from("dfu-programmer src/main.c; QMK Toolbox", "dfu-programmer: no device present."),
    rule(
        "probe-low-voltage",
        Tool,
        &["Target voltage: 0.", "Target voltage: 1.0", "Target voltage: 1.1", "Target voltage: 1.2", "Target voltage: 1.3", "Target voltage: 1.4", "Target voltage: 1.5", "VTref=0.", "VTarget = 0.", "Voltage     : 0."],
        "The probe measures too low a voltage at the chip: it has no power, or the wire to its supply is loose.",
        &[(C::PowerFault, 0.6), (C::LinkFault, 0.5)],
    )
    .states(&[(S::Unknown, 0.35), (S::NoPower, 0.3)])
    .actions(&[A::FixPower, A::SwapCableOrPort])
    .from("OpenOCD src/jtag/drivers/stlink_usb.c", "Info : Target voltage: 0.062440"),
    rule(
        "drag-and-drop-outside",
        Tool,
        &["aborted due to an out of bounds address", "The hex file contains data outside", "The application file format is unknown"],
        "The file is for another chip, or for another place in its memory.",
        &[(C::ImageWrongDevice, 0.58), (C::ToolMismatch, 0.3), (C::ImageTooLarge, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.5)])
    .actions(&[A::ReflashCorrectImage, A::ChangeToolOrOption])
    .from("DAPLink source/daplink/error.c", "error: In application programming aborted due to an out of bounds address."),
    rule(
        "radio-loader-silent",
        Tool,
        &["Timeout waiting for ACK/NACK", "Failed to probe running application type", "Failed to enter bootloader", "did not enter the bootloader", "BSL sync or chip read failed"],
        "The loader of the chip does not answer: the chip runs its application, or another program holds the port.",
        &[(C::NotInRecoveryMode, 0.52), (C::HostPortConflict, 0.38), (C::LinkFault, 0.25)],
    )
    .without(&["Timeout waiting for ACK/NACK after 'Send data", "Timeout waiting for ACK/NACK after 'Bank Erase"])
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::EnterRecoveryMode, A::FreePortOrStopProcess])
    .from("cc2538-bsl.py; universal-silabs-flasher", "ERROR: Timeout waiting for ACK/NACK after 'Synch (0x55 0x55)'"),
    rule(
        "radio-loader-lost-in-between",
        Tool,
        &["Timeout waiting for ACK/NACK after 'Send data", "Timeout waiting for ACK/NACK after 'Bank Erase"],
        "The loader of the chip answered, and then no longer: bytes are lost on the way, or another program reads them.",
        &[(C::LinkFault, 0.58), (C::HostPortConflict, 0.3), (C::ToolMismatch, 0.2)],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .actions(&[A::SwapCableOrPort, A::FreePortOrStopProcess])
    .from("cc2538-bsl.py", "ERROR: Timeout waiting for ACK/NACK after 'Send data (0x24)'"),
    rule(
        "probe-absent",
        Tool,
        &["Unable to find a board", "is the board connected", "No ACK received", "No connected debug probes", "no connected boards", "Unable to connect to a debugger", "No available boards", "Probe/target", "no target connected", "Error: No J-Link", "Cannot connect to J-Link", "Connecting to target * failed", "WAIT ACK", "FAULT ACK", "Memory transfer fault", "Error: open failed", "error writing to"],
        "The probe, or the chip behind it, does not answer.",
        &[(C::LinkFault, 0.52), (C::ToolMismatch, 0.36), (C::HostPermission, 0.25), (C::NotInRecoveryMode, 0.15)],
    )
    .without(&["device needs paging", "writing to file descriptor"])
    .states(&[(S::Unknown, 0.5)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("pyOCD; nrfjprog; SEGGER J-Link; OpenOCD", "FATAL ERROR: Unable to find a board; is the board connected?"),
    rule(
        "picotool-access",
        Tool,
        &["in BOOTSEL mode, but"],
        "The chip waits in its loader, and this computer does not let the tool use it.",
        &[(C::HostPermission, 0.8), (C::LinkFault, 0.15)],
    )
    .states(&[(S::RecoveryMode, 0.8)])
    .actions(&[A::InstallDriverOrPermission])
    .from("picotool main.cpp", "appears to be a RP2040 device in BOOTSEL mode, but picotool was unable to connect"),
    rule(
        "k5-flasher-hears-nothing",
        Tool,
        &["No data received, is the radio connected and in flash mode"],
        "The radio does not answer in its boot mode: its plug is not all the way in, or it runs its application.",
        &[(C::LinkFault, 0.5), (C::NotInRecoveryMode, 0.46)],
    )
    .actions(&[A::SwapCableOrPort, A::EnterRecoveryMode])
    .from("uvtools js/flasher.js", "No data received, is the radio connected and in flash mode? Please try again."),
    rule(
        "picotool-running",
        Tool,
        &["with a USB serial connection, so consider", "device with a USB reset interface"],
        "The chip runs its application; the tool has to send it into its loader first.",
        &[(C::NotInRecoveryMode, 0.75), (C::ToolMismatch, 0.3)],
    )
    .states(&[(S::Healthy, 0.6)])
    .actions(&[A::EnterRecoveryMode, A::ChangeToolOrOption])
    .from("picotool main.cpp", "appears to be a RP2040 device with a USB serial connection, so consider -f"),
    rule(
        "dfu-programmer-not-erased",
        Tool,
        &["did not validate. Did you erase", "Flash NOT blank beginning"],
        "The chip takes the order to erase, and is not empty behind it: locked, worn, or in the hands of a bad loader.",
        &[(C::ToolMismatch, 0.44), (C::FlashHardwareFault, 0.42), (C::BootloaderCorrupt, 0.3)],
    )
    .states(&[(S::RecoveryMode, 0.7)])
    .actions(&[A::ChangeToolOrOption])
    .from("dfu-programmer src/commands.c, atmel.c", "Memory did not validate. Did you erase?"),
];
