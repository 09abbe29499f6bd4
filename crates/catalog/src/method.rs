//! Ways to recover a device: a protocol and its parameters.
//!
//! A method is a flat table of parameters, so that a device can override one of a family's. Which parameters belong to
//! which protocol, and which it cannot do without, stands in [`Protocol::parameters`].

use std::net::Ipv4Addr;

use debrick_model::MacAddress;
use serde::{Deserialize, Serialize};

use crate::entry::Sign;
use crate::repairable::{RamWindow, Transfer};
use crate::sources::Sources;

/// One way to recover a device.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Method {
    /// Name, unique in the record. A method of this name in a family lends what this one leaves out.
    pub name: String,
    /// The protocol; absent only where a family's method of the same name says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// What it is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// How sure the facts are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Where this is from.
    #[serde(skip_serializing_if = "Sources::is_empty")]
    pub source: Sources,
    /// What is worth knowing, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,

    /// The procedure that brings the unit into this mode, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The buttons or keys that the procedure is done with.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<String>,
    /// For how many seconds they are held, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u32>,
    /// For how many seconds they are held, at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_seconds_at_most: Option<u32>,
    /// What is seen when they can be let go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,

    /// How bytes reach the unit's memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Transfer>,
    /// Memory that may be used on the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram: Option<RamWindow>,
    /// Line rate during transfers over the console, in bits a second, where it may be raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transfer_baud: Option<u32>,
    /// Address of the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Ipv4Addr>,
    /// Address that this computer has to have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<Ipv4Addr>,
    /// Ethernet address that the unit listens at in this mode, where it answers no ARP: the upload has to be waiting when it
    /// starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub station: Option<MacAddress>,
    /// TCP or UDP port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Port of the unit that the cable goes to: `WAN`, `LAN1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
    /// Name of the file that is asked for or sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Further files.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more_files: Vec<String>,
    /// Path of a page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Field of a form that takes the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Address in the unit's memory that a file is loaded to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_address: Option<u64>,
    /// Address or offset that the file is written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_address: Option<u64>,
    /// Line rate, in bits a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// USB vendor and product in this mode: `05c6:9008`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usb: Vec<String>,
    /// Partitions that are written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<String>,
    /// A part that the tools of the protocol know by this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The maker's program that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// Formats of files that it takes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub formats: Vec<String>,
}

/// What a method is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A unit that does not start.
    Recovery,
    /// Putting other firmware on; that it also mends is likely, not known.
    Install,
    /// The maker's own firmware only.
    RestoreStock,
}

/// How sure facts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Read where somebody did it with this device.
    High,
    /// A hint: drawn from text by rule, and sometimes wrong.
    Medium,
}

/// Parameters of methods, as fields of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the field of Method of its name")]
pub enum Parameter {
    Transfer,
    Ram,
    TransferBaud,
    Unit,
    Host,
    Station,
    Port,
    Socket,
    File,
    MoreFiles,
    Path,
    Field,
    LoadAddress,
    WriteAddress,
    Baud,
    Usb,
    Partitions,
    Part,
    Tool,
    Formats,
}

/// Declares the protocols: name, word, what it is, parameters that it needs, parameters that it may have.
macro_rules! protocols {
    ($($name:ident $id:literal $about:literal [$($needs:ident)*] [$($may:ident)*];)*) => {
        /// Protocols that devices are recovered over. That one is named here does not mean that the program speaks it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Protocol {
            $(#[doc = $about] #[serde(rename = $id)] $name,)*
        }

        impl Protocol {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word in records and in JSON.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }

            /// What it is, in a few words.
            pub fn about(self) -> &'static str {
                match self { $(Self::$name => $about),* }
            }

            /// The parameters that it cannot do without, and those that it may have.
            pub fn parameters(self) -> (&'static [Parameter], &'static [Parameter]) {
                match self { $(Self::$name => (&[$(Parameter::$needs),*], &[$(Parameter::$may),*])),* }
            }
        }
    };
}

protocols! {
    UbootConsole "uboot-console" "The console of U-Boot." [Transfer Ram] [TransferBaud Formats];
    ConsoleTftp "console-tftp" "A bootloader's console, at which a person makes the unit pull a file by TFTP."
        [] [Unit Host File MoreFiles LoadAddress Socket Formats];
    ConsoleXmodem "console-xmodem" "A bootloader's console that takes a file by XMODEM or YMODEM."
        [] [LoadAddress Baud File Formats];
    ConsoleHttp "console-http" "A bootloader's web page that is started at its console."
        [] [Unit Host Path Field File Formats];
    TftpPush "tftp-push" "The unit is a TFTP server for a while, and the file is sent to it."
        [] [Unit Host Station File MoreFiles Socket Formats];
    TftpPull "tftp-pull" "The unit asks for a file of this name by TFTP."
        [] [Unit Host File MoreFiles Socket Formats];
    BootpTftp "bootp-tftp" "The unit asks for an address by BOOTP or DHCP, then for a file by TFTP."
        [] [Unit Host File MoreFiles Socket Formats];
    Nmrp "nmrp" "Netgear's NMRP on Ethernet, which announces a TFTP transfer." [] [Unit Host File Formats];
    HttpUpload "http-upload" "The bootloader has a web page that takes a file."
        [] [Unit Host Port Path Field File MoreFiles Socket Formats];
    EvaFtp "eva-ftp" "The FTP server of AVM's EVA bootloader, for a few seconds after power on."
        [] [Unit Host File Partitions Formats];
    ZyxelMulticast "zyxel-multicast" "Zyxel's bootloader takes firmware sent by multicast." [] [Unit Host File Formats];
    MikrotikNetboot "mikrotik-netboot" "RouterBOOT asks by BOOTP, then pulls by TFTP; Netinstall uses the same."
        [] [Unit Host File MoreFiles Socket Formats];
    SercommRecovery "sercomm-recovery" "Sercomm's recovery on Ethernet." [] [Unit Host File Formats];
    MtkUart "mtk-uart" "MediaTek's boot ROM over its serial port." [] [Baud File LoadAddress];
    Kwboot "kwboot" "Marvell's boot ROM over its serial port, by XMODEM." [] [Baud File];
    Cfe "cfe" "The console of Broadcom's CFE." [] [Unit Host File Formats];
    UsbStick "usb-stick" "The unit reads a file from a USB stick when it starts." [] [File MoreFiles Formats];
    SdCard "sd-card" "The unit starts from a memory card." [] [File MoreFiles WriteAddress Formats];
    VendorTool "vendor-tool" "The maker's own program does it." [] [Unit Host Usb File Tool Formats];
    Fastboot "fastboot" "Android's fastboot." [] [Usb Partitions Formats];
    Sideload "recovery-sideload" "Android's recovery takes a signed package by adb." [] [Usb Partitions File Formats];
    Odin "odin" "Samsung's download mode." [] [Usb Partitions Formats];
    LgDownload "lg-download" "LG's download mode." [] [Usb Formats];
    AppleRestore "apple-restore" "Apple's recovery mode: firmware that Apple signs for this unit, by its own programs." [] [Usb Part];
    Edl "edl" "Qualcomm's boot ROM: Sahara, then a loader that the maker has signed." [] [Usb Part Formats];
    MtkBrom "mtk-brom" "MediaTek's boot ROM or preloader over USB." [] [Usb Part Formats];
    TegraApx "tegra-apx" "NVIDIA's boot ROM over USB." [] [Usb Part];
    AmlogicBurn "amlogic-burn" "Amlogic's boot ROM over USB." [] [Usb Part];
    Fel "fel" "Allwinner's boot ROM over USB." [] [Usb LoadAddress Part];
    Rockusb "rockusb" "Rockchip's boot ROM or loader over USB." [] [Usb Part WriteAddress];
    Sdp "sdp" "NXP's serial download protocol." [] [Usb LoadAddress Part];
    SamBa "sam-ba" "Microchip's SAM-BA." [] [Usb Baud WriteAddress Part];
    Usbboot "usbboot" "The boot ROM of a Raspberry Pi over USB." [] [Usb File Part];
    Dfu "dfu" "USB device firmware upgrade 1.1." [] [Usb Part Formats];
    Dfuse "dfuse" "ST's extension of USB DFU." [] [Usb WriteAddress Part Formats];
    Uf2 "uf2" "A disk that takes UF2 files." [] [Usb Part Formats];
    EspRom "esp-rom" "Espressif's boot ROM over a serial port." [] [Baud Usb WriteAddress Part Formats];
    Stm32Uart "stm32-uart" "ST's boot ROM over a serial port." [] [Baud WriteAddress Part];
    Stk500 "stk500" "The serial bootloader of AVR boards." [] [Baud Part];
    AvrIsp "avr-isp" "The programming interface of an AVR, with a programmer." [] [Part];
    NrfSerialDfu "nrf-serial-dfu" "Nordic's serial DFU." [] [Baud Usb Formats];
    SerialSmp "serial-smp" "MCUboot's SMP over a serial port." [] [Baud Usb Formats];
    SpiProgrammer "spi-programmer" "The flash chip itself, with a clip and a programmer." [] [Part];
    Swd "swd" "The debug port, with a probe." [] [Part];
    SynologyAssistant "synology-assistant" "Synology's web assistant installs DSM anew." [] [Unit Port Path File];
    QnapRecovery "qnap-recovery" "QNAP's bootloader pulls a firmware image by TFTP." [] [Unit Host File];
    WebInterface "web-interface" "The device's own page for updates." [] [Unit Port Path Field File Formats];
}

impl Protocol {
    /// Whether it works without opening the case for a serial console, a clip or a probe.
    pub fn needs_no_wires(self) -> bool {
        !matches!(
            self,
            Self::UbootConsole
                | Self::ConsoleTftp
                | Self::ConsoleXmodem
                | Self::ConsoleHttp
                | Self::MtkUart
                | Self::Kwboot
                | Self::Cfe
                | Self::Stm32Uart
                | Self::AvrIsp
                | Self::SpiProgrammer
                | Self::Swd
                | Self::SerialSmp
        )
    }
}

impl Parameter {
    /// The field in a record.
    pub fn id(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Ram => "ram",
            Self::TransferBaud => "transfer_baud",
            Self::Unit => "unit",
            Self::Host => "host",
            Self::Station => "station",
            Self::Port => "port",
            Self::Socket => "socket",
            Self::File => "file",
            Self::MoreFiles => "more_files",
            Self::Path => "path",
            Self::Field => "field",
            Self::LoadAddress => "load_address",
            Self::WriteAddress => "write_address",
            Self::Baud => "baud",
            Self::Usb => "usb",
            Self::Partitions => "partitions",
            Self::Part => "part",
            Self::Tool => "tool",
            Self::Formats => "formats",
        }
    }
}

impl Method {
    /// The parameters that it gives.
    pub fn given(&self) -> Vec<Parameter> {
        let given = [
            (Parameter::Transfer, self.transfer.is_some()),
            (Parameter::Ram, self.ram.is_some()),
            (Parameter::TransferBaud, self.transfer_baud.is_some()),
            (Parameter::Unit, self.unit.is_some()),
            (Parameter::Host, self.host.is_some()),
            (Parameter::Station, self.station.is_some()),
            (Parameter::Port, self.port.is_some()),
            (Parameter::Socket, self.socket.is_some()),
            (Parameter::File, self.file.is_some()),
            (Parameter::MoreFiles, !self.more_files.is_empty()),
            (Parameter::Path, self.path.is_some()),
            (Parameter::Field, self.field.is_some()),
            (Parameter::LoadAddress, self.load_address.is_some()),
            (Parameter::WriteAddress, self.write_address.is_some()),
            (Parameter::Baud, self.baud.is_some()),
            (Parameter::Usb, !self.usb.is_empty()),
            (Parameter::Partitions, !self.partitions.is_empty()),
            (Parameter::Part, self.part.is_some()),
            (Parameter::Tool, self.tool.is_some()),
            (Parameter::Formats, !self.formats.is_empty()),
        ];
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(parameter, _)| parameter).collect()
    }
}
