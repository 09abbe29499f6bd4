//! Whose signatures count.

use std::path::PathBuf;

use clap::Subcommand;

pub(super) const AFTER_TRUST: &str = "\
Examples:
  OpenWrt's key, for whatever device:
    debrick trust add openwrt.pub --name openwrt

  A maker's key, which then counts for nobody else's firmware:
    debrick trust add acme.pem --name acme --for Acme

  A key that leaked, and what a maker takes back:
    debrick trust revoke acme --because 'it leaked in 2026'
    debrick trust revoke --file revokers.ucert

Keys of signify, usign, minisign, OpenPGP and avbtool are taken, and public keys and certificates (PEM or DER) with RSA,
P-256, P-384 or Ed25519. A key is worth what the way is worth on which it came to you.";

#[derive(Debug, Subcommand)]
pub(crate) enum Trust {
    /// List the trusted keys.
    List,
    /// Trust a public key from now on.
    Add(TrustAdd),
    /// Forget a key: what it signs is from somebody unknown again. Takes a revocation back, too.
    Remove {
        /// The name that it was given, or the number of a key that is revoked.
        name: String,
    },
    /// Take trust away from a key, so that what it signs is refused: one of your keys, or those that a maker takes back.
    Revoke(TrustRevoke),
    /// Show a key with everything that is known of it.
    Show {
        /// The name that it was given.
        name: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrustAdd {
    /// The file with the public key.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// What it is called from now on.
    #[arg(long)]
    pub(crate) name: String,

    /// Trust it only for this maker's firmware; may be given more than once.
    #[arg(long = "for", value_name = "VENDOR")]
    pub(crate) vendors: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct TrustRevoke {
    /// The name that the key was given.
    #[arg(required_unless_present = "file")]
    pub(crate) name: Option<String>,

    /// Why it is not to be believed any more, in your words.
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub(crate) because: Option<String>,

    /// A file of revokers, as OpenWrt's ucert writes them, signed by a key of usign that is trusted.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    pub(crate) file: Option<PathBuf>,
}
