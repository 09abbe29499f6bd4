//! What boot loaders say about the network, and the recovery servers that wait on it.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Loader;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "loader-tftp-refused",
        Loader,
        &["TFTP error:", "TFTP error trying", "File not found' (1)", "Access violation' (2)"],
        "The TFTP server refuses the file.",
        &[(C::ToolMismatch, 0.65)],
    )
    .states(&[(S::BootloaderOnly, 0.4)])
    .from("U-Boot net/tftp.c", "TFTP error: 'File not found' (1)"),
    rule(
        "loader-recovery-server",
        Loader,
        &[
            "httpd recovery",
            "Enter Rescue Mode",
            "Starting TFTP server",
            "tftp server ready",
            "NetUSBee",
            "HTTP server is ready",
            "HTTP server is starting",
            "entering rescue",
            "Waiting for firmware",
            "uIP httpd",
            "Entering recovery",
        ],
        "The unit waits in its recovery mode.",
        &[],
    )
    .states(&[(S::RecoveryMode, 0.6)])
    .from("vendors' boot loaders", "HTTP server is ready!"),
    rule(
        "loader-falls-back-to-network",
        Loader,
        &["`serverip' not set", "`ipaddr' not set", "missing environment variable: pxeuuid"],
        "The boot loader found nothing else to start and tries the network, for which it is not set up.",
        &[(C::BootEnvironmentCorrupt, 0.45), (C::ImageIncomplete, 0.2), (C::ToolMismatch, 0.15)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::FixBootEnvironment])
    .from("U-Boot net/net.c", "*** ERROR: `serverip' not set"),
    rule(
        "loader-network",
        Loader,
        &[
            "ARP Retry count exceeded",
            "Retry count exceeded; starting again",
            "is not alive",
            "TIMEOUT !",
            "Retry count exceeded",
            "Retry time exceeded",
            "TFTP server died",
            "^T T T T",
            "T T T T T",
            "Could not initialize PHY",
            "Auto negotiation",
            "link is down",
            "BOOTP broadcast 5",
            "some sort of network error",
            "Can't find address of server",
            "Waiting for PHY auto negotiation to complete* TIMEOUT",
            "ICMP destination unreachable",
        ],
        "The boot loader does not reach the other computer over the network.",
        &[(C::LinkFault, 0.5), (C::ToolMismatch, 0.3)],
    )
    .without(&[
        "NAK on sector",
        "bad CRC, using default environment",
        "pxelinux.cfg/",
        "Missing TFTP server",
        "boot the image as usual",
        "## Booting image",
        "## Booting kernel",
    ])
    .states(&[(S::BootloaderOnly, 0.4)])
    .actions(&[A::SwapCableOrPort, A::FixNetworkSettings])
    .from("U-Boot net/arp.c", "ARP Retry count exceeded; starting again"),
    rule(
        "loader-network-driver",
        Loader,
        &["eth*: transmission timeout", "netsec_wait_while_busy: timeout"],
        "The boot loader's driver does not get its network chip to send.",
        &[(C::FirmwareBug, 0.45), (C::LinkFault, 0.4), (C::BootloaderOutdated, 0.25)],
    )
    .states(&[(S::BootloaderOnly, 0.6)])
    .actions(&[A::PowerCycleAndRetry, A::SwapCableOrPort, A::UpdateBootloader])
    .from("barebox drivers/net/fec_imx.c; U-Boot drivers/net/sni_netsec.c", "eth0: transmission timeout"),
    rule(
        "cfe-network",
        Loader,
        &[
            "CFE error -20",
            "CFE error -21",
            "CFE error -22",
            "CFE error -23",
            "DHCP request failed on device",
        ],
        "The boot loader gets no answer from a server on the network.",
        &[(C::LinkFault, 0.4), (C::ToolMismatch, 0.38), (C::HostPortConflict, 0.2)],
    )
    .states(&[(S::BootloaderOnly, 0.5)])
    .actions(&[A::SwapCableOrPort, A::ChangeToolOrOption])
    .from("Broadcom CFE include/cfe_error.h, net/", "DHCP request failed on device eth0: CFE error -21"),
];
