//! What a person needs on the table for a protocol: how the unit is connected, and the program that speaks it today.

use crate::method::Protocol;

/// How the unit is connected for a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Connection {
    /// Wires to its serial console, through an adapter.
    Serial,
    /// A network cable.
    Network,
    /// A USB cable.
    Usb,
    /// A USB stick that the unit reads.
    Stick,
    /// A memory card that the unit starts from.
    Card,
    /// A clip on its flash chip, and a programmer.
    Clip,
    /// Wires to its debug or programming port, and a probe.
    Probe,
}

/// A program that speaks a protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    /// What is typed.
    pub program: &'static str,
    /// How it is had, in a few words: a package of Debian or of Python.
    pub from: &'static str,
}

impl Connection {
    /// The word in JSON.
    pub fn id(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::Network => "network",
            Self::Usb => "usb",
            Self::Stick => "usb-stick",
            Self::Card => "memory-card",
            Self::Clip => "clip",
            Self::Probe => "probe",
        }
    }
}

impl Protocol {
    /// How a unit is connected; more than one where all are needed. Empty for what only its maker's program knows.
    pub fn connections(self) -> &'static [Connection] {
        use Connection::{Card, Clip, Network, Probe, Serial, Stick, Usb};
        match self {
            Self::UbootConsole | Self::ConsoleTftp | Self::ConsoleHttp | Self::Cfe => &[Serial, Network],
            Self::ConsoleXmodem
            | Self::MtkUart
            | Self::Kwboot
            | Self::Stm32Uart
            | Self::EspRom
            | Self::Stk500
            | Self::NrfSerialDfu
            | Self::SerialSmp => &[Serial],
            Self::TftpPush
            | Self::TftpPull
            | Self::BootpTftp
            | Self::Nmrp
            | Self::HttpUpload
            | Self::EvaFtp
            | Self::ZyxelMulticast
            | Self::MikrotikNetboot
            | Self::SercommRecovery
            | Self::SynologyAssistant
            | Self::QnapRecovery
            | Self::WebInterface => &[Network],
            Self::UsbStick => &[Stick],
            Self::SdCard => &[Card],
            Self::VendorTool => &[],
            Self::Fastboot
            | Self::Sideload
            | Self::Odin
            | Self::LgDownload
            | Self::Edl
            | Self::MtkBrom
            | Self::TegraApx
            | Self::AmlogicBurn
            | Self::Fel
            | Self::Rockusb
            | Self::Sdp
            | Self::SamBa
            | Self::Usbboot
            | Self::Dfu
            | Self::Dfuse
            | Self::Uf2
            | Self::AppleRestore => &[Usb],
            Self::SpiProgrammer => &[Clip],
            Self::AvrIsp | Self::Swd => &[Probe],
        }
    }

    /// A free program that speaks it, for what this one does not do yet; none where an ordinary browser or file manager
    /// does, or where only the maker has one.
    pub fn tool(self) -> Option<Tool> {
        let (program, from) = match self {
            Self::TftpPush => ("tftp", "Debian: tftp-hpa"),
            Self::TftpPull | Self::ConsoleTftp => ("in.tftpd", "Debian: tftpd-hpa"),
            Self::BootpTftp | Self::MikrotikNetboot | Self::QnapRecovery => ("dnsmasq", "Debian: dnsmasq"),
            Self::Nmrp => ("nmrpflash", "Debian: nmrpflash"),
            Self::ConsoleXmodem => ("sz", "Debian: lrzsz"),
            Self::Kwboot => ("kwboot", "Debian: u-boot-tools"),
            Self::EvaFtp => ("ftp", "Debian: tnftp"),
            Self::Fastboot => ("fastboot", "Debian: fastboot"),
            Self::Sideload => ("adb", "Debian: adb"),
            Self::Odin => ("heimdall", "Debian: heimdall-flash"),
            Self::Edl => ("qdl", "Debian: qdl"),
            Self::Fel => ("sunxi-fel", "Debian: sunxi-tools"),
            Self::Rockusb => ("rkdeveloptool", "Debian: rkdeveloptool"),
            Self::Sdp => ("uuu", "Debian: uuu"),
            Self::SamBa => ("bossac", "Debian: bossa-cli"),
            Self::Usbboot => ("rpiboot", "built from raspberrypi/usbboot"),
            Self::Dfu | Self::Dfuse => ("dfu-util", "Debian: dfu-util"),
            Self::EspRom => ("esptool", "Python: esptool"),
            Self::Stm32Uart => ("stm32flash", "Debian: stm32flash"),
            Self::Stk500 | Self::AvrIsp => ("avrdude", "Debian: avrdude"),
            Self::SpiProgrammer => ("flashrom", "Debian: flashrom"),
            Self::Swd => ("openocd", "Debian: openocd"),
            _ => return None,
        };
        Some(Tool { program, from })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_wires_is_connected_by_wires() {
        for protocol in Protocol::ALL {
            let wired = protocol.connections().iter().any(|connection| {
                matches!(connection, Connection::Serial | Connection::Clip | Connection::Probe)
            });
            // Boards bring their own adapter to USB for these, so that their case stays closed.
            let has_adapter =
                matches!(protocol, Protocol::EspRom | Protocol::Stk500 | Protocol::NrfSerialDfu);
            assert_eq!(wired && !has_adapter, !protocol.needs_no_wires(), "{}", protocol.id());
        }
    }
}
