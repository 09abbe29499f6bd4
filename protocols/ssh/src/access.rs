//! Host keys, passwords and key files.
//!
//! Nothing here decides whom to trust, and nothing is kept: the caller shows a fingerprint, pins it to a unit, and asks
//! for passwords. A [`Secret`] has no text form, so that it cannot reach a log or a journal.

use russh::keys::ssh_key::{HashAlg, PublicKey};
use russh::keys::{PrivateKey, decode_secret_key};

use crate::error::SshError;

/// The longest key file that is read, in bytes.
const LONGEST_KEY_FILE: usize = 64 * 1024;

/// A host key's SHA-256 as OpenSSH and dropbear show it: `SHA256:` and 43 letters of Base64.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Reads `SHA256:…`, as `ssh-keygen -l` prints it. `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.trim().strip_prefix("SHA256:")?.trim_end_matches('=');
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
        (letters.len() == 43 && letters.bytes().all(is_base64)).then(|| Self(format!("SHA256:{letters}")))
    }

    /// `SHA256:…`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// What a server showed, and proved that it holds the private half of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    /// Its kind: `ssh-ed25519`.
    pub algorithm: String,
    /// What people compare.
    pub fingerprint: Fingerprint,
}

impl HostKey {
    pub(crate) fn of(key: &PublicKey) -> Self {
        let fingerprint = Fingerprint(key.fingerprint(HashAlg::Sha256).to_string());
        Self { algorithm: key.algorithm().to_string(), fingerprint }
    }
}

impl std::fmt::Display for HostKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({})", self.fingerprint, self.algorithm)
    }
}

/// A password or passphrase. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps what a person typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(…)")
    }
}

/// A private key that lets its holder in.
#[derive(Clone)]
pub struct KeyFile(PrivateKey);

impl KeyFile {
    /// Reads a private key: OpenSSH's own form, PKCS#1, PKCS#8 or PuTTY's.
    pub fn read(text: &str, passphrase: Option<&Secret>) -> Result<Self, SshError> {
        if text.len() > LONGEST_KEY_FILE {
            return Err(SshError::KeyFile { why: "it is longer than any key".into() });
        }
        match decode_secret_key(text, passphrase.map(Secret::reveal)) {
            Ok(key) if key.is_encrypted() => Err(SshError::KeyFileLocked),
            Ok(key) => Ok(Self(key)),
            Err(russh::keys::Error::KeyIsEncrypted) => Err(SshError::KeyFileLocked),
            Err(_) if passphrase.is_some() => Err(SshError::KeyFileLocked),
            Err(error) => Err(SshError::KeyFile { why: error.to_string() }),
        }
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.0
    }
}

impl std::fmt::Debug for KeyFile {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "KeyFile({})", self.0.algorithm())
    }
}

/// Who wants in, and with what.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user; `root` on OpenWrt.
    pub user: String,
    /// The key that is tried before a password.
    pub key: Option<KeyFile>,
    /// The password, once somebody was asked for it. Systems without a password let everybody in.
    pub password: Option<Secret>,
}

impl Login {
    /// A user with neither password nor key, as a new OpenWrt takes it.
    pub fn bare(user: impl Into<String>) -> Self {
        Self { user: user.into(), key: None, password: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_tools_print_them() {
        let letters = "n".repeat(43);
        let text = format!("SHA256:{letters}");
        assert_eq!(Fingerprint::parse(&format!(" {text}=\n")).unwrap().as_str(), text);
        for bad in
            ["SHA256:", "MD5:aa:bb", &letters, &format!("SHA256:{letters}n"), &text.replace("nn", "n!")]
        {
            assert_eq!(Fingerprint::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        let login = Login { password: Some(Secret::new("hunter2")), ..Login::bare("root") };
        assert!(!format!("{login:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(matches!(KeyFile::read("ssh-ed25519 AAAA", None), Err(SshError::KeyFile { .. })));
        assert!(matches!(KeyFile::read(&"x".repeat(70_000), None), Err(SshError::KeyFile { .. })));
    }
}
