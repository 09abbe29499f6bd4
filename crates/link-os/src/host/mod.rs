//! (to come)

use std::path::Path;

pub use crate::holders::Process;

/// Inodes of the UDP sockets bound to `port`, from `/proc/net/udp` and `udp6`.
pub(crate) fn udp_socket_inodes(proc: &Path, port: u16) -> Vec<u64> {
    let tables =
        ["net/udp", "net/udp6"].map(|table| std::fs::read_to_string(proc.join(table)).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1));
    let suffix = format!(":{port:04X}");
    rows.filter_map(|row| {
        let mut fields = row.split_whitespace();
        fields.nth(1).filter(|local| local.ends_with(&suffix))?;
        fields.nth(7)?.parse().ok()
    })
    .collect()
}
