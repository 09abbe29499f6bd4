//! The TFTP part. Units go on to speak NMRP while it lasts: they repeat their request until the first block has come, say
//! that they are alive, or give up.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use debrick_link::{Moment, Network};
use debrick_target::{Source, Watch};
use debrick_tftp::{Client, ClientOptions, TftpError, Transferred};

use super::{Host, UploadRequest};

/// Where TFTP servers listen.
const TFTP_PORT: u16 = 69;

/// How often the unit is heard meanwhile, at most.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Messages that are taken at one look.
const BURST: usize = 16;

/// Sends the image; a failure comes with the bytes that had arrived.
pub(super) fn push(
    host: &mut Host,
    network: &mut dyn Network,
    local: IpAddr,
    request: &UploadRequest,
    image: &dyn Source,
    watch: &mut dyn Watch,
) -> Result<Transferred, (TftpError, u64)> {
    let unit = SocketAddr::new(IpAddr::V4(host.options.unit_address), TFTP_PORT);
    let name = request.file_name.clone().unwrap_or_else(|| host.options.file_name.clone());
    let options = host.options.transfer.clone();
    let now = host.now();
    let holds_at = image.len().saturating_sub(held_back(&options));
    let mut listening = Listening {
        host: RefCell::new(host),
        watch,
        bytes: Cell::new(0),
        holds_at,
        next_look: Cell::new(now),
    };
    let pushed = Client::new(network, local, unit, options).push(&name, image, &mut listening);
    pushed.map_err(|error| (error, listening.bytes.get()))
}

/// The end of an image, in bytes, of which nothing is sent before the rest has arrived.
pub(super) fn held_back(options: &ClientOptions) -> u64 {
    let block = u64::from(options.block_size.unwrap_or(512));
    2 * block * u64::from(options.window_size.unwrap_or(1))
}

/// A [`Watch`] that answers the unit whenever it is asked something, and stops the transfer when the unit has ended it, or
/// when another unit turns up in time.
struct Listening<'a> {
    host: RefCell<&'a mut Host>,
    watch: &'a mut dyn Watch,
    bytes: Cell<u64>,
    /// Where the transfer waits until nobody else can turn up.
    holds_at: u64,
    next_look: Cell<Moment>,
}

impl Watch for Listening<'_> {
    fn advance(&mut self, bytes: u64) {
        self.bytes.set(self.bytes.get() + bytes);
        self.watch.advance(bytes);
        if self.bytes.get() >= self.holds_at {
            // Who is not alone, and who stops, is found by `cancelled`.
            let mut host = self.host.borrow_mut();
            let at_most = host.now() + host.options.gather;
            let _ = host.gather(at_most, &*self.watch);
        }
    }

    fn cancelled(&self) -> bool {
        let mut host = self.host.borrow_mut();
        if host.now() >= self.next_look.get() {
            self.next_look.set(host.now() + LOOK_EVERY);
            for _ in 0..BURST {
                let now = host.now();
                // A failure of the interface shows in the transfer too.
                if !matches!(host.receive_from_unit(now), Ok(Some(_))) {
                    break;
                }
            }
        }
        host.has_closed || !host.rivals.is_empty() || self.watch.cancelled()
    }
}
