//! The TFTP part. Units go on to speak NMRP while it lasts: they repeat their request until the first block has come, say
//! that they are alive, or give up.

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, SocketAddr};

use debrick_link::Network;
use debrick_target::{Source, Watch};
use debrick_tftp::{Client, TftpError, Transferred};

use super::{Host, UploadRequest};

/// Where TFTP servers listen.
const TFTP_PORT: u16 = 69;

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
    let mut listening = Listening { host: RefCell::new(host), watch, bytes: Cell::new(0) };
    let pushed = Client::new(network, local, unit, options).push(&name, image, &mut listening);
    pushed.map_err(|error| (error, listening.bytes.get()))
}

/// A [`Watch`] that answers the unit whenever it is asked something, and stops the transfer when the unit has ended it.
struct Listening<'a> {
    host: RefCell<&'a mut Host>,
    watch: &'a mut dyn Watch,
    bytes: Cell<u64>,
}

impl Watch for Listening<'_> {
    fn advance(&mut self, bytes: u64) {
        self.bytes.set(self.bytes.get() + bytes);
        self.watch.advance(bytes);
    }

    fn cancelled(&self) -> bool {
        let mut host = self.host.borrow_mut();
        for _ in 0..BURST {
            let now = host.clock().now();
            // A failure of the interface shows in the transfer too.
            if !matches!(host.receive_from_unit(now), Ok(Some(_))) {
                break;
            }
        }
        host.has_closed || self.watch.cancelled()
    }
}
