//! What a server offers, to whom, and within which limits.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use debrick_target::Source;

use crate::blocks::Rollover;
use crate::wire::{Direction, MOST_BLOCK_SIZE, Options};

use super::station::OneStation;

/// Which requested names mean which image. Folders in front of a name are ignored on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NamePolicy {
    /// The name as it was given.
    #[default]
    Exact,
    /// The name, whatever the case of its letters.
    IgnoreCase,
    /// Whatever is asked for is the first image: for bootloaders whose name nobody knows.
    Any,
}

/// What the server offers, to whom, and within which limits. Begin with [`Service::default`].
pub struct Service<'a> {
    /// Names and images.
    pub images: Vec<(String, &'a dyn Source)>,
    /// How requested names are matched.
    pub names: NamePolicy,
    /// Takes files that are pushed here (`tftpput`); without it they are refused.
    pub intake: Option<Intake<'a>>,
    /// Who is answered; everybody when empty. Others get no answer at all.
    pub allowed_peers: Vec<IpAddr>,
    /// The Ethernet station that is answered, where addresses are not enough. Others get no answer at all, whatever address
    /// they have, and nothing that is sent to the unit reaches them.
    pub station: Option<OneStation>,
    /// Transfers that may go on at the same time; further requests are refused.
    pub most_transfers: usize,
    /// Largest block size that is agreed to. 1468 fits an Ethernet frame with room for a tunnel; larger ones fragment,
    /// and bootloaders that cannot reassemble do not ask for them.
    pub most_block_size: u16,
    /// Largest window that is agreed to.
    pub most_window: u16,
    /// What follows block 65535 in what we send.
    pub rollover: Rollover,
    /// Time before a packet is repeated for the first time. It doubles with every repetition, up to the timeout that
    /// was agreed on, or else to [`Service::resend_at_most`]: earlier than agreed does no harm, later would.
    pub resend_first: Duration,
    /// Longest time between repetitions when no timeout was agreed on.
    pub resend_at_most: Duration,
    /// A transfer is given up when its peer has been silent for so long.
    pub give_up: Duration,
    /// The same, when only the last ACK is missing: loaders that start the image at once never send it.
    pub give_up_last_ack: Duration,
}

impl Default for Service<'_> {
    fn default() -> Self {
        Self {
            images: Vec::new(),
            names: NamePolicy::Exact,
            intake: None,
            allowed_peers: Vec::new(),
            station: None,
            most_transfers: 4,
            most_block_size: MOST_BLOCK_SIZE,
            most_window: 64,
            rollover: Rollover::ToZero,
            resend_first: Duration::from_secs(1),
            resend_at_most: Duration::from_secs(8),
            give_up: Duration::from_secs(30),
            give_up_last_ack: Duration::from_secs(8),
        }
    }
}

impl<'a> Service<'a> {
    /// Offers one image under one name.
    pub fn of(name: impl Into<String>, image: &'a dyn Source) -> Self {
        Self { images: vec![(name.into(), image)], ..Self::default() }
    }

    /// The image that `requested` means: its place in [`Service::images`].
    pub(super) fn find(&self, requested: &str) -> Option<usize> {
        let requested = base_name(requested);
        match self.names {
            NamePolicy::Any => (!self.images.is_empty()).then_some(0),
            NamePolicy::Exact => self.images.iter().position(|(name, _)| base_name(name) == requested),
            NamePolicy::IgnoreCase => {
                let wanted = requested.to_lowercase();
                self.images.iter().position(|(name, _)| base_name(name).to_lowercase() == wanted)
            }
        }
    }

    pub(super) fn allows(&self, peer: SocketAddr) -> bool {
        self.allowed_peers.is_empty() || self.allowed_peers.contains(&peer.ip())
    }

    /// What is agreed on of what was asked for; `size` is the length of the image, or the one announced.
    pub(super) fn agree(&self, asked: &Options, direction: Direction, size: u64) -> Options {
        Options {
            block_size: asked.block_size.map(|bytes| bytes.min(self.most_block_size)),
            transfer_size: match direction {
                Direction::Read => asked.transfer_size.map(|_| size),
                Direction::Write => asked.transfer_size,
            },
            timeout_s: asked.timeout_s,
            window_size: asked.window_size.map(|blocks| blocks.min(self.most_window).max(1)),
        }
    }
}

/// Takes the files that units push to this computer.
pub struct Intake<'a> {
    /// The longest file that is taken, in bytes.
    pub limit: u64,
    /// Gives the place for a file of this name (folders already removed; never `.` or `..`) from this peer; `None` refuses it. The bytes
    /// are written in order; the last ACK is sent once the place has been flushed, and no place that was not flushed
    /// holds a whole file. Each call must give a place of its own: a peer that begins anew, or whose request comes
    /// twice, is given another one while the first may still be in use.
    pub open: OpenPlace<'a>,
}

/// Gives the place for a file, from its sender and name.
pub type OpenPlace<'a> = Box<dyn FnMut(SocketAddr, &str) -> Option<Place<'a>> + 'a>;

/// Where a file that is pushed here goes.
pub type Place<'a> = Box<dyn Write + 'a>;

/// The name without the folders in front of it, in the manner of Unix or Windows.
pub(super) fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// Whether a name without folders can be that of a file, wherever it is put.
pub(super) fn is_file_name(name: &str) -> bool {
    !["", ".", ".."].contains(&name) && !name.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_by_policy() {
        let (a, b) = (vec![0u8], vec![1u8]);
        let mut service = Service::of("Vmlinux.Bin", &a);
        service.images.push(("dir/second.img".into(), &b));
        let mut check = |names, requested, expected| {
            service.names = names;
            assert_eq!(service.find(requested), expected, "{names:?} {requested}");
        };
        check(NamePolicy::Exact, "Vmlinux.Bin", Some(0));
        check(NamePolicy::Exact, "/tftpboot/Vmlinux.Bin", Some(0));
        check(NamePolicy::Exact, "C:\\x\\second.img", Some(1));
        check(NamePolicy::Exact, "../../etc/passwd", None);
        check(NamePolicy::Exact, "vmlinux.bin", None);
        check(NamePolicy::IgnoreCase, "vmlinux.bin", Some(0));
        check(NamePolicy::IgnoreCase, "x", None);
        check(NamePolicy::Any, "x", Some(0));
        assert_eq!(Service { names: NamePolicy::Any, ..Service::default() }.find("x"), None);
    }

    #[test]
    fn options_are_agreed_within_limits() {
        let image = vec![0u8; 7];
        let service = Service { most_block_size: 1468, most_window: 16, ..Service::of("a", &image) };
        let asked = Options {
            block_size: Some(9000),
            transfer_size: Some(0),
            timeout_s: Some(5),
            window_size: Some(100),
        };
        let agreed = service.agree(&asked, Direction::Read, 7);
        let expected = Options {
            block_size: Some(1468),
            transfer_size: Some(7),
            timeout_s: Some(5),
            window_size: Some(16),
        };
        assert_eq!(agreed, expected);
        assert_eq!(service.agree(&Options::default(), Direction::Read, 7), Options::default());
    }
}
