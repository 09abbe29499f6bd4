//! The kernel's table of UDP sockets: `/proc/net/udp` and `udp6` (see proc_net(5)).

use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;

use debrick_link::Deadline;

use crate::holders::{Process, visit_descriptors};

/// A UDP socket of any process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UdpSocketRow {
    /// What it is bound to.
    pub(crate) local: SocketAddr,
    /// Id of the user who made it.
    pub(crate) uid: u32,
    /// Its inode, as descriptors name it.
    pub(crate) inode: u64,
}

/// The UDP sockets bound to `port`.
pub(crate) fn udp_sockets(proc: &Path, port: u16) -> Vec<UdpSocketRow> {
    let tables =
        ["net/udp", "net/udp6"].map(|table| fs::read_to_string(proc.join(table)).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(read_row);
    rows.filter(|row| row.local.port() == port).collect()
}

/// For each socket, the processes that have it open.
pub(crate) fn socket_holders(proc: &Path, sockets: &[UdpSocketRow], give_up: Deadline) -> Vec<Vec<Process>> {
    let names: Vec<String> = sockets.iter().map(|socket| format!("socket:[{}]", socket.inode)).collect();
    let mut holders = vec![Vec::<Process>::new(); sockets.len()];
    if sockets.is_empty() {
        return holders;
    }
    visit_descriptors(proc, give_up, |pid, target, _| {
        let of_socket =
            names.iter().zip(&mut holders).filter(|(name, _)| target.as_os_str() == name.as_str());
        for (_, holders) in of_socket {
            if holders.iter().all(|process| process.pid != pid) {
                holders.push(Process::of(proc, pid));
            }
        }
    });
    holders
}

/// `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode …`
fn read_row(row: &str) -> Option<UdpSocketRow> {
    let mut fields = row.split_whitespace();
    let local = read_address(fields.nth(1)?)?;
    let uid = fields.nth(5)?.parse().ok()?;
    let inode = fields.nth(1)?.parse().ok()?;
    Some(UdpSocketRow { local, uid, inode })
}

/// `0100007F:0045`: words of the address in the machine's order, then the port.
fn read_address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |index: usize| u32::from_str_radix(address.get(index * 8..index * 8 + 8)?, 16).ok();
    let address: IpAddr = match address.len() {
        8 => word(0)?.to_ne_bytes().into(),
        32 => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index)?.to_ne_bytes());
            }
            Ipv6Addr::from(bytes).into()
        }
        _ => return None,
    };
    Some(SocketAddr::new(address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn rows_are_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("net")).unwrap();
        let heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
        let v4 = " 12: 0100007F:0045 00000000:0000 07 00000000:00000000 00:00000000 00000000   111        0 4242 2 0 0\n";
        let v6 = " 13: 00000000000000000000000001000000:0045 00000000000000000000000000000000:0000 07 0:0 00:0 0   0        0 4243 2\n";
        fs::write(folder.path().join("net/udp"), format!("{heading}{v4}nonsense\n é:é\n")).unwrap();
        fs::write(folder.path().join("net/udp6"), format!("{heading}{v6}")).unwrap();
        let expected = [
            UdpSocketRow { local: "127.0.0.1:69".parse().unwrap(), uid: 111, inode: 4242 },
            UdpSocketRow { local: "[::1]:69".parse().unwrap(), uid: 0, inode: 4243 },
        ];
        assert_eq!(udp_sockets(folder.path(), 69), expected);
        assert!(udp_sockets(folder.path(), 70).is_empty());
    }
}
