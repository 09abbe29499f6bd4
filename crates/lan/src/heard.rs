//! What one frame says.

use std::net::{IpAddr, Ipv4Addr};

use debrick_model::MacAddress;
use serde::Serialize;

/// What clients of running systems call themselves in requests for addresses.
const SYSTEMS: [&str; 7] = ["udhcp", "dhcpcd", "MSFT", "android-dhcp", "systemd", "dhclient", "anaconda"];

/// Something that a station said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// Who sent the frame.
    pub station: MacAddress,
    /// The address that it had, where it had one.
    pub address: Option<IpAddr>,
    /// What it said.
    #[serde(flatten)]
    pub word: Word,
}

/// What is said in a frame.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "heard")]
pub enum Word {
    /// It asks by ARP who has an address; with no address of its own it makes sure that nobody has it.
    AsksFor {
        /// The address.
        wanted: Ipv4Addr,
    },
    /// It says by ARP that an address is its own.
    Claims {
        /// The address.
        claimed: Ipv4Addr,
    },
    /// It asks by BOOTP or DHCP for an address.
    AsksForAddress(AddressRequest),
    /// It answers BOOTP or DHCP: a server of addresses.
    OffersAddress {
        /// The address that it offers.
        offered: Ipv4Addr,
        /// To whom.
        to: MacAddress,
        /// The file that it names for the start.
        file: Option<String>,
    },
    /// It asks for a file by TFTP.
    AsksForFile {
        /// Name of the file.
        file: String,
        /// Whom it asks.
        server: Ipv4Addr,
        /// It wants to send the file, instead of getting it.
        sends: bool,
    },
    /// It speaks NMRP: it is Netgear's bootloader, or a program that talks to one.
    Nmrp {
        /// What kind of packet.
        code: NmrpCode,
    },
    /// AVM's bootloader EVA (or ADAM2) says where it is.
    Eva {
        /// Where.
        at: Ipv4Addr,
    },
    /// It looks for AVM's bootloader, as recovery programs do.
    LooksForEva,
    /// It tells its names by multicast DNS.
    Names(Names),
    /// It tells by SSDP what it is (UPnP).
    Upnp {
        /// System and product, as it says: `Linux/4.4 UPnP/1.0 MiniUPnPd/2.1`.
        server: Option<String>,
        /// What kind of thing: `urn:schemas-upnp-org:device:InternetGatewayDevice:1`.
        kind: Option<String>,
    },
    /// OpenWrt is starting, and can be sent into its failsafe mode right now.
    OffersFailsafe {
        /// Its words.
        text: String,
    },
    /// A console that goes over the network (U-Boot's or Linux' netconsole).
    Console {
        /// What it prints.
        text: String,
    },
    /// Ubiquiti's discovery.
    Ubiquiti {
        /// The model: `NanoStation M2`.
        model: Option<String>,
        /// The short name of the platform: `NS2`.
        platform: Option<String>,
        /// Firmware that runs: `XM.ar7240.v6.3.22`.
        version: Option<String>,
        /// Its name.
        name: Option<String>,
    },
    /// MikroTik's neighbour discovery (MNDP).
    Mikrotik {
        /// The board: `RB951Ui-2HnD`.
        board: Option<String>,
        /// Version of RouterOS.
        version: Option<String>,
        /// Its name.
        name: Option<String>,
    },
    /// Its page, which was looked at.
    Page {
        /// The title.
        title: Option<String>,
        /// What its server calls itself.
        server: Option<String>,
    },
}

/// A request for an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct AddressRequest {
    /// BOOTP, or which message of DHCP.
    pub message: AddressMessage,
    /// What kind of client it says it is: `udhcp 1.36.1`, `U-Boot.armv8`, `PXEClient:Arch:00000`.
    pub vendor_class: Option<String>,
    /// The name that it has.
    pub host_name: Option<String>,
    /// The file that it wants to start from.
    pub file: Option<String>,
    /// The address that it would like to have.
    pub wanted: Option<Ipv4Addr>,
}

/// What a request for an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressMessage {
    /// BOOTP, which knows no messages.
    Bootp,
    /// DHCPDISCOVER.
    Discover,
    /// DHCPREQUEST.
    Request,
    /// Any other of DHCP.
    Other,
}

/// What multicast DNS tells of a station.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
pub struct Names {
    /// Names of hosts: `openwrt.local`.
    pub hosts: Vec<String>,
    /// Kinds of services: `_http._tcp`.
    pub services: Vec<String>,
    /// What the records of text call the model.
    pub models: Vec<String>,
}

/// The kinds of NMRP packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NmrpCode {
    /// 1: a program offers itself.
    Advertise,
    /// 2: the unit asks for an address.
    ConfigureRequest,
    /// 3: the program gives it.
    ConfigureAck,
    /// 4: the unit is done.
    CloseRequest,
    /// 5: the program has understood that.
    CloseAck,
    /// 6: the unit is still at work.
    KeepAliveRequest,
    /// 7: the program is still there.
    KeepAliveAck,
    /// 16: the unit wants its firmware.
    UploadRequest,
}

impl NmrpCode {
    /// Whether the unit says it, and not the program that talks to it.
    pub fn is_of_unit(self) -> bool {
        use NmrpCode::{CloseRequest, ConfigureRequest, KeepAliveRequest, UploadRequest};
        matches!(self, ConfigureRequest | CloseRequest | KeepAliveRequest | UploadRequest)
    }
}

impl Word {
    /// What was said, as half a sentence that begins with a verb.
    pub fn in_words(&self) -> String {
        let called = |name: &Option<String>| name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        match self {
            Self::AsksFor { wanted } => format!("asks who has {wanted}"),
            Self::Claims { claimed } => format!("says that it has {claimed}"),
            Self::AsksForAddress(request) => request.in_words(),
            Self::OffersAddress { offered, to, .. } => format!("offers the address {offered} to {to}"),
            Self::AsksForFile { file, server, sends: false } => {
                format!("asks {server} by TFTP for the file {file}")
            }
            Self::AsksForFile { file, server, sends: true } => {
                format!("wants to send the file {file} to {server} by TFTP")
            }
            Self::Nmrp { code: NmrpCode::Advertise } => "looks for Netgear devices in recovery (NMRP)".into(),
            Self::Nmrp { code } if code.is_of_unit() => {
                format!("speaks NMRP as Netgear's bootloader ({})", code.about())
            }
            Self::Nmrp { code } => format!("speaks NMRP as a recovery program ({})", code.about()),
            Self::Eva { at } => format!("says that AVM's bootloader EVA is at {at}"),
            Self::LooksForEva => "looks for AVM's bootloader EVA".into(),
            Self::Names(names) => names.in_words(),
            Self::Upnp { server, kind } => {
                format!("tells by UPnP what it is:{}{}", called(server), called(kind))
            }
            Self::OffersFailsafe { text } => format!("says: {text}"),
            Self::Console { text } => format!("prints on its network console: {text}"),
            Self::Ubiquiti { model, platform, version, .. } => {
                format!(
                    "is a Ubiquiti{}, firmware{}",
                    called(&model.clone().or_else(|| platform.clone())),
                    called(version)
                )
            }
            Self::Mikrotik { board, version, .. } => {
                format!("is a MikroTik{}, RouterOS{}", called(board), called(version))
            }
            Self::Page { title, server } => {
                let server =
                    server.as_ref().map(|server| format!(" from the server {server}")).unwrap_or_default();
                format!(
                    "has a page{}{server}",
                    title.as_ref().map(|title| format!(" {title:?}")).unwrap_or_default()
                )
            }
        }
    }
}

impl AddressRequest {
    /// Whether a running system asks, and not a bootloader, as far as it says.
    pub fn is_of_a_system(&self) -> bool {
        let class = self.vendor_class.as_deref().unwrap_or_default();
        self.message != AddressMessage::Bootp && SYSTEMS.iter().any(|one| class.starts_with(one))
    }

    fn in_words(&self) -> String {
        let by = if self.message == AddressMessage::Bootp { "BOOTP" } else { "DHCP" };
        let mut words = format!("asks for an address by {by}");
        for (what, value) in
            [(" as", &self.vendor_class), (" named", &self.host_name), (" for the file", &self.file)]
        {
            if let Some(value) = value {
                words += &format!("{what} {value}");
            }
        }
        words
    }
}

impl Names {
    fn in_words(&self) -> String {
        let mut said = Vec::new();
        for (what, list) in
            [("its name", &self.hosts), ("its services", &self.services), ("its model", &self.models)]
        {
            if !list.is_empty() {
                said.push(format!("{what} {}", list.join(", ")));
            }
        }
        format!("tells {}", said.join("; "))
    }
}

impl NmrpCode {
    fn about(self) -> &'static str {
        match self {
            Self::Advertise => "offers itself",
            Self::ConfigureRequest => "asks for an address",
            Self::ConfigureAck => "gives an address",
            Self::CloseRequest => "is done",
            Self::CloseAck => "agrees to end",
            Self::KeepAliveRequest => "is still at work",
            Self::KeepAliveAck => "is still there",
            Self::UploadRequest => "wants its firmware",
        }
    }
}
