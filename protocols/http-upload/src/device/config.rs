//! How a bootloader's page behaves: what it takes, whether it asks before it writes, and what it does otherwise.

use std::net::SocketAddr;
use std::time::Duration;

use crate::verdict::Reason;

/// How the bootloader's page behaves.
#[derive(Debug, Clone)]
pub struct HttpConfig {
    /// Its address, and the port of its page.
    pub listen: SocketAddr,
    /// Title of its page.
    pub title: String,
    /// Where its form goes; `None` leaves the action out, and the form goes where the page is.
    pub action: Option<String>,
    /// The field for firmware.
    pub field: String,
    /// Other fields for files that its page has: `uboot`.
    pub other_fields: Vec<String>,
    /// Hidden fields of its form. An upload without them is not taken.
    pub hidden: Vec<(String, String)>,
    /// The longest image that it takes, in bytes.
    pub most_bytes: u64,
    /// What an image has to begin with; another one is rejected for this reason.
    pub wants: Option<(Vec<u8>, Reason)>,
    /// Whether it judges an image by itself, by `most_bytes` and `wants` alone; otherwise whoever plays it says what it thinks of
    /// it, with [`HttpDevice::conclude`](super::HttpDevice::conclude).
    pub judges: bool,
    /// Whether it asks before it writes.
    pub confirms: Confirmation,
    /// How long it writes, silently, before it answers.
    pub silent_for: Duration,
    /// What it does otherwise.
    pub quirks: HttpQuirks,
}

impl HttpConfig {
    /// A page with one form that goes to itself and takes the field `firmware`, as u-boot_mod's.
    pub fn new(listen: SocketAddr) -> Self {
        Self {
            listen,
            title: "Firmware update".into(),
            action: None,
            field: "firmware".into(),
            other_fields: Vec::new(),
            hidden: Vec::new(),
            most_bytes: 64 << 20,
            wants: None,
            judges: true,
            confirms: Confirmation::No,
            silent_for: Duration::ZERO,
            quirks: HttpQuirks::default(),
        }
    }

    /// MediaTek's failsafe page: a script sends the file, and the MD5 of what came has to be confirmed.
    pub fn mediatek(listen: SocketAddr) -> Self {
        Self { action: Some("/upload".into()), confirms: Confirmation::Digest, ..Self::new(listen) }
    }
}

/// Whether the unit asks before it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Confirmation {
    /// It writes at once.
    #[default]
    No,
    /// It answers with length and MD5 of what it received, and writes when `/result` is asked for.
    Digest,
    /// It answers with a page that shows the MD5 and has a button.
    Form,
}

/// What some pages do otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HttpQuirks {
    /// Insists, as u-boot_mod does, that length and boundary come with the first packet, and everything up to the file
    /// with that or the next.
    pub first_packets: bool,
    /// Takes no more than this many bytes a second, and resets the connection of who sends faster.
    pub overrun_above: Option<u64>,
    /// Holds one segment of TCP, and takes so long to work it off; a longer one, or one that comes meanwhile, it loses, and its
    /// way with it: D-Link's COVR-P2500 and COVR-C1200.
    pub one_segment: Option<Duration>,
    /// Works off this many bytes a second, and answers when it is through.
    pub works_off: Option<u64>,
    /// Answers with its first page, and hangs up, when a request comes without its body: uIP on D-Link's DAP-1620.
    pub answers_early: bool,
    /// Resets the connection instead of answering.
    pub resets: bool,
    /// Says that it has written the image, and has not.
    pub lies: bool,
    /// Answers nobody who has sent it an image.
    pub mute: bool,
    /// Has one connection, and so long after that was closed none.
    pub one_connection_after: Option<Duration>,
    /// Hangs up after this many bytes of an upload, the first time.
    pub drops_once_after: Option<u64>,
    /// Flips a bit of this byte in what it receives.
    pub damages_byte: Option<u64>,
    /// Sends pages without status line and headers.
    pub bare_pages: bool,
    /// Sends heads that break the rules.
    pub wrong_heads: bool,
    /// Says that its pages are longer than they are.
    pub short_pages: bool,
}
