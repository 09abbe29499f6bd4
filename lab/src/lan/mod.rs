//! Two network namespaces and a wire between them: on one end real programs, or the host half of a protocol; on the other a
//! virtual device, or a real program again. Both halves of each protocol are proven here against what others wrote,
//! through the real kernel.
//!
//! [`PROOFS`] is the table. A proof is one function and one line of it.
//!
//! | module | proves |
//! |---|---|
//! | [`wire`] | nothing; it makes the namespaces and runs things in them |
//! | [`nmrp`] | NMRP, against nmrpflash |
//! | [`tftp`] | TFTP, against tftp-hpa, atftp and dnsmasq |
//! | [`twins`] | that of two real clients with one address one is served |
//! | [`bootp`] | BOOTP and DHCP, against dnsmasq, udhcpc and U-Boot |
//! | [`rescue`] | `debrick rescue --lan`, as a whole |
//! | [`http`] | uploads to web pages, over the plug's TCP |
//! | [`eva`] | EVA: its discovery, and FTP over the plug's TCP |
//! | [`zyxel`] | Zyxel's multicast |
//! | [`netconsole`] | U-Boot's console over UDP, against socat |
//! | [`linux_console`] | the netconsole of a real Linux, up to its panic |
//! | [`plug`] | TCP of the plug that virtual devices are on, against curl |

pub mod bootp;
pub mod eva;
pub mod http;
pub mod linux_console;
pub mod netconsole;
pub mod nmrp;
pub mod plug;
pub mod rescue;
pub mod tftp;
pub mod twins;
pub mod wire;
pub mod zyxel;

use std::path::{Path, PathBuf};

pub use wire::Lan;

use crate::router::Lab;

/// What proves something: gets a folder of its own, and returns a line for a person, or what went wrong.
#[derive(Debug, Clone, Copy)]
pub enum Prove {
    /// By our halves of protocols.
    Halves(fn(&Path) -> Result<String, String>),
    /// By the program, which it is told after the folder.
    Program(fn(&Path, &Path) -> Result<String, String>),
    /// With a real kernel, from the lab's folder of parts, which it is told after its own.
    Kernel(fn(&Path, &Lab) -> Result<String, String>),
}

/// A line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// Its name: who speaks to whom.
    pub name: &'static str,
    /// Programs of this computer that it needs.
    pub peers: &'static [&'static str],
    /// What proves it.
    pub prove: Prove,
}

const fn proof(
    name: &'static str,
    peers: &'static [&'static str],
    prove: fn(&Path) -> Result<String, String>,
) -> Proof {
    Proof { name, peers, prove: Prove::Halves(prove) }
}

const fn repair(name: &'static str, prove: fn(&Path, &Path) -> Result<String, String>) -> Proof {
    Proof { name, peers: &[], prove: Prove::Program(prove) }
}

const fn needing(proof: Proof, peers: &'static [&'static str]) -> Proof {
    Proof { peers, ..proof }
}

/// All proofs; those that take longest come first.
pub const PROOFS: &[Proof] = &[
    repair("rescue-killed-and-resumed", rescue::a_killed_rescue_gives_back_and_resumes),
    repair("rescue-led-into-recovery", rescue::a_unit_is_led_into_recovery_and_repaired),
    repair("rescue-refused-by-unit", rescue::a_unit_that_refuses_is_left_alone),
    needing(
        repair("rescue-without-root-or-arp", rescue::nobody_repairs_a_unit_without_arp),
        &["setcap", "setpriv"],
    ),
    proof("zyxel-host-to-device", &[], zyxel::our_host_casts_to_our_device),
    proof("nmrp-nmrpflash-to-device", &["nmrpflash"], nmrp::nmrpflash_flashes_our_device),
    proof("nmrp-nmrpflash-rejected", &["nmrpflash"], nmrp::nmrpflash_understands_that_our_device_rejects),
    proof("nmrp-host-to-device", &[], nmrp::our_host_flashes_our_device),
    proof("nmrp-host-names-others", &[], nmrp::our_host_leaves_a_second_unit_alone),
    proof("tftp-hpa-put-to-device", &["tftp"], tftp::tftp_hpa_puts_to_our_device),
    proof("tftp-atftp-put-to-device", &["atftp"], tftp::atftp_puts_to_our_device),
    proof("tftp-client-to-tftpd-hpa", &["in.tftpd"], tftp::our_client_pushes_to_tftpd_hpa),
    proof("tftp-client-from-dnsmasq", &["dnsmasq"], tftp::our_client_pulls_from_dnsmasq),
    proof("tftp-server-to-device", &[], tftp::our_server_serves_one_unit_only),
    proof("tftp-server-to-one-of-two", &["tftp"], twins::one_of_two_clients_is_served),
    proof("tftp-client-to-one-of-two", &["in.tftpd"], twins::one_of_two_servers_is_sent_to),
    proof("bootp-device-from-dnsmasq", &["dnsmasq"], bootp::our_device_boots_from_dnsmasq),
    proof("bootp-server-to-udhcpc", &["udhcpc"], bootp::udhcpc_gets_its_address_from_our_server),
    proof("bootp-server-not-alone", &["dnsmasq"], bootp::our_server_refuses_beside_dnsmasq),
    proof("bootp-server-to-u-boot", &["qemu-system-arm"], bootp::u_boot_boots_from_our_servers),
    proof("http-host-to-device", &[], http::our_host_uploads_to_each_page),
    proof("http-curl-to-device", &["curl"], http::curl_uploads_through_the_plug),
    proof("eva-host-to-device", &[], eva::our_host_finds_and_fills_our_device),
    proof("netconsole-to-socat", &["socat"], netconsole::socat_hears_our_unit),
    Proof {
        name: "netconsole-of-linux",
        peers: &["qemu-system-aarch64"],
        prove: Prove::Kernel(linux_console::our_listener_hears_a_kernel_panic),
    },
    proof("netconsole-both-halves", &[], netconsole::our_host_types_at_our_unit),
    proof("plug-curl-to-device", &["curl"], plug::curl_speaks_tcp_with_a_device),
];

impl Proof {
    /// Whether it needs the program.
    pub fn needs_program(&self) -> bool {
        matches!(self.prove, Prove::Program(_))
    }

    /// Proves it in `folder`, which is made, with this build of the program and the parts that lab/setup.sh put into `cache`.
    ///
    /// # Errors
    /// Says what is missing, or what went wrong.
    pub fn run(&self, folder: &Path, program: Option<&Path>, cache: &Path) -> Result<String, String> {
        for peer in self.peers {
            self::program(peer)?;
        }
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        match self.prove {
            Prove::Halves(prove) => prove(folder),
            Prove::Program(prove) => prove(folder, program.ok_or("it needs the program")?),
            Prove::Kernel(prove) => prove(folder, &Lab::open(cache).map_err(|error| error.to_string())?),
        }
    }
}

/// Where a program of this computer is; servers are in folders that not every user searches.
///
/// # Errors
/// Says that it is not installed.
pub fn program(name: &str) -> Result<PathBuf, String> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut folders = path.split(':').chain(["/usr/sbin", "/sbin", "/usr/local/sbin"]);
    folders
        .find_map(|folder| Some(Path::new(folder).join(name)).filter(|path| path.is_file()))
        .ok_or_else(|| format!("{name} is not installed; run lab/setup.sh"))
}

/// An image of this length that is not like any other.
pub fn image(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    debrick_link::Rng::new(seed).fill(&mut bytes);
    bytes
}

/// Writes a file into a proof's folder.
fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// Reads a file of a proof's folder.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Fails, with these words, unless it is so.
fn must(is_so: bool, else_words: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(else_words()) }
}
