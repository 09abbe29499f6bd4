//! Bytes over the console itself, by YMODEM.

use debrick_target::{TargetError, Watch};
use debrick_uboot_console::host::{Console, RamLoader};

/// Sends bytes over the console while the unit's `loady` receives them.
pub(crate) struct YmodemLoader {
    /// The line rate to switch to for the transfer, in bits a second.
    pub(crate) baud: Option<u32>,
}

impl RamLoader for YmodemLoader {
    fn name(&self) -> &str {
        "YMODEM"
    }

    fn load(
        &mut self,
        _console: &mut Console,
        _address: u64,
        _bytes: &[u8],
        _watch: &mut dyn Watch,
    ) -> Result<(), TargetError> {
        let _ = self.baud;
        Err(TargetError::Unsupported { what: "receive over YMODEM".into() })
    }
}
