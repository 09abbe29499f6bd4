//! What the demo of a repair in two passes has beside the others: two files, and the way to the virtual router's system.

use std::net::Ipv4Addr;

use debrick_engine::Reach;
use debrick_link::{Deadline, Network};
use debrick_ssh::device::{Metadata, Quirks, with_metadata};
use debrick_ssh::{Fingerprint, Shell, SshError};
use debrick_virtual_bench::{Bench, FirmwareOptions, Identity, firmware};

/// How large the firmware is, in bytes: the virtual system shows no more of its flash than small images fill.
pub(super) const FIRMWARE_SIZE: usize = 256 << 10;

/// The version of the system that is started in memory.
const FIRST_VERSION: &str = "24.10.0";

/// The virtual router's system, which does what its like do.
pub(super) fn system() -> Quirks {
    Quirks::default()
}

/// The file that is started in memory.
pub(super) fn first(options: &FirmwareOptions) -> Vec<u8> {
    firmware(FIRST_VERSION, options)
}

/// Firmware as `sysupgrade` takes it.
pub(super) fn upgrade(content: &[u8], identity: &Identity) -> Vec<u8> {
    let metadata = Metadata {
        supported: vec![identity.board_id.clone()],
        compat: "1.0".to_owned(),
        version: Some("2.0.1".to_owned()),
    };
    with_metadata(content, &metadata)
}

/// The way to the system.
pub(super) fn reach(bench: &Bench) -> Box<dyn Reach> {
    Box::new(OfBench(bench.clone()))
}

/// Shells of the virtual router.
struct OfBench(Bench);

impl Reach for OfBench {
    fn reach(
        &mut self,
        _: &mut dyn Network,
        unit: Ipv4Addr,
        _: Option<&Fingerprint>,
        _: Deadline,
    ) -> Result<Box<dyn Shell>, SshError> {
        self.0.log_in(unit)
    }
}
