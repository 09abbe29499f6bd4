//! Files to and from a system that has a shell and `cat`, and no SFTP: dropbear brings none, and an image of a few MiB needs
//! none. What arrived is compared by length and by the system's own digest, where it has a tool for one.

use debrick_link::Deadline;
use debrick_model::Digest;
use debrick_target::{Source, Watch, digest};
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::error::SshError;
use crate::shell::{Shell, Streams, ask, failed, quoted};

/// How much a short answer may say, in bytes.
const SHORT: u64 = 4096;

/// The tool that a system computes digests with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestTool {
    /// `sha256sum`.
    Sha256,
    /// `md5sum`, in older builds of BusyBox. Tells accidents apart, not attacks.
    Md5,
}

impl DigestTool {
    /// The command.
    pub fn command(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256sum",
            Self::Md5 => "md5sum",
        }
    }
}

/// A digest that a system computed of a file that it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitDigest {
    /// With what.
    pub tool: DigestTool,
    /// In lower-case hex digits.
    pub hex: String,
}

/// Both digests of bytes of ours, computed as they pass.
#[derive(Debug, Clone, Default)]
pub struct OwnDigests {
    sha256: Sha256,
    md5: Md5,
}

impl OwnDigests {
    /// Goes on with `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.md5.update(bytes);
    }

    /// The digests of everything so far.
    pub fn finish(self) -> Digests {
        Digests { sha256: Digest::new(self.sha256.finalize().into()), md5: hex(&self.md5.finalize()) }
    }
}

/// Digests of bytes of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256.
    pub sha256: Digest,
    md5: String,
}

impl Digests {
    /// Of all of `source`.
    pub fn of(source: &dyn Source) -> Result<Self, SshError> {
        let mut own = OwnDigests::default();
        let mut buffer = vec![0; 64 * 1024];
        let mut offset = 0;
        while offset < source.len() {
            let count = (source.len() - offset).min(buffer.len() as u64) as usize;
            source.read_at(offset, &mut buffer[..count]).map_err(|source| SshError::Source { source })?;
            own.update(&buffer[..count]);
            offset += count as u64;
        }
        Ok(own.finish())
    }

    /// Whether the system's digest is that of the same bytes.
    pub fn agree_with(&self, unit: &UnitDigest) -> bool {
        match unit.tool {
            DigestTool::Sha256 => self.sha256.to_hex() == unit.hex,
            DigestTool::Md5 => self.md5 == unit.hex,
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The system's digest of a file that it holds. `None` where it has neither tool.
pub fn digest_on_unit(
    shell: &mut dyn Shell,
    path: &str,
    deadline: Deadline,
) -> Result<Option<UnitDigest>, SshError> {
    for tool in [DigestTool::Sha256, DigestTool::Md5] {
        let command = format!("{} {}", tool.command(), quoted(path));
        let answer = ask(shell, &command, SHORT, deadline)?;
        if answer.ended.is_missing() {
            continue;
        }
        let answer = answer.or_failed(&command)?;
        let digits = match tool {
            DigestTool::Sha256 => 64,
            DigestTool::Md5 => 32,
        };
        return match parse_digest(&answer.text(), digits) {
            Some(hex) => Ok(Some(UnitDigest { tool, hex })),
            None => Err(failed(&command, &answer.ended, &answer.output)),
        };
    }
    Ok(None)
}

/// `hex  name`, as coreutils and BusyBox write it; a backslash before it where the name is escaped.
fn parse_digest(text: &str, digits: usize) -> Option<String> {
    let hex = text.trim_start().trim_start_matches('\\').split_ascii_whitespace().next()?;
    let is_hex = hex.len() == digits && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| hex.to_ascii_lowercase())
}

/// What a transfer proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transferred {
    /// Digests of what was sent or received, computed here.
    pub digests: Digests,
    /// What the system's digest was computed with. `None` where it has no tool: then only the length was compared.
    pub compared: Option<DigestTool>,
}

/// Sends `source` into a file of the system, which replaces what was there, and compares.
pub fn upload(
    shell: &mut dyn Shell,
    source: &dyn Source,
    path: &str,
    watch: &mut dyn Watch,
    deadline: Deadline,
) -> Result<Transferred, SshError> {
    let command = format!("cat > {}", quoted(path));
    let mut said = Vec::new();
    let mut output = |bytes: &[u8]| {
        said.extend_from_slice(&bytes[..bytes.len().min(SHORT as usize - said.len().min(SHORT as usize))]);
        Ok(())
    };
    let ended = shell.run(&command, Streams { input: Some(source), output: &mut output, watch }, deadline)?;
    if !ended.is_success() {
        return Err(failed(&command, &ended, &said));
    }
    let digests = Digests::of(source)?;
    let there = length_on_unit(shell, path, deadline)?;
    if there != source.len() {
        let detail = format!("{there} bytes are there, {} were sent", source.len());
        return Err(SshError::Differs { path: path.to_owned(), detail });
    }
    let compared = compare(shell, path, &digests, deadline)?;
    Ok(Transferred { digests, compared })
}

/// Takes a file from the system, at most `limit` bytes, and compares.
pub fn download(
    shell: &mut dyn Shell,
    path: &str,
    limit: u64,
    keep: &mut dyn FnMut(&[u8]) -> Result<(), SshError>,
    watch: &mut dyn Watch,
    deadline: Deadline,
) -> Result<Transferred, SshError> {
    let command = format!("cat {}", quoted(path));
    let (digests, _) = take_output(shell, &command, limit, keep, watch, deadline)?;
    let compared = compare(shell, path, &digests, deadline)?;
    Ok(Transferred { digests, compared })
}

/// Takes everything that a command writes, at most `limit` bytes; returns its digests and length.
pub(crate) fn take_output(
    shell: &mut dyn Shell,
    command: &str,
    limit: u64,
    keep: &mut dyn FnMut(&[u8]) -> Result<(), SshError>,
    watch: &mut dyn Watch,
    deadline: Deadline,
) -> Result<(Digests, u64), SshError> {
    let mut own = OwnDigests::default();
    let mut length = 0;
    let mut output = |bytes: &[u8]| {
        length += bytes.len() as u64;
        if length > limit {
            return Err(SshError::TooMuchOutput { command: command.to_owned(), limit });
        }
        own.update(bytes);
        keep(bytes)
    };
    let ended = shell.run(command, Streams { input: None, output: &mut output, watch }, deadline)?;
    if ended.is_success() { Ok((own.finish(), length)) } else { Err(failed(command, &ended, &[])) }
}

/// Compares a file of the system with bytes of ours. `None` where the system has no digest.
pub fn compare(
    shell: &mut dyn Shell,
    path: &str,
    digests: &Digests,
    deadline: Deadline,
) -> Result<Option<DigestTool>, SshError> {
    let Some(unit) = digest_on_unit(shell, path, deadline)? else { return Ok(None) };
    if digests.agree_with(&unit) {
        return Ok(Some(unit.tool));
    }
    let detail = format!("its {} is {}", unit.tool.command(), unit.hex);
    Err(SshError::Differs { path: path.to_owned(), detail })
}

/// Removes a file of the system; one that is not there is no failure.
pub fn remove(shell: &mut dyn Shell, path: &str, deadline: Deadline) -> Result<(), SshError> {
    let command = format!("rm -f {}", quoted(path));
    ask(shell, &command, SHORT, deadline)?.or_failed(&command).map(|_| ())
}

fn length_on_unit(shell: &mut dyn Shell, path: &str, deadline: Deadline) -> Result<u64, SshError> {
    let command = format!("wc -c {}", quoted(path));
    let answer = ask(shell, &command, SHORT, deadline)?.or_failed(&command)?;
    let length = answer.text().split_ascii_whitespace().next().and_then(|word| word.parse().ok());
    length.ok_or_else(|| failed(&command, &answer.ended, &answer.output))
}

/// The SHA-256 of all of `source`.
pub(crate) fn sha256(source: &dyn Source) -> Result<Digest, SshError> {
    digest::sha256(source).map_err(|source| SshError::Source { source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_read_as_tools_write_them() {
        let hex = "0123456789abcdef0123456789ABCDEF";
        let expected = Some(hex.to_lowercase());
        assert_eq!(parse_digest(&format!("{hex}  /tmp/a\n"), 32), expected);
        assert_eq!(parse_digest(&format!("\\{hex}  /tmp/a\\nb\n"), 32), expected);
        for bad in ["", "0123  /tmp/a", &format!("{hex}0  a"), "zz23456789abcdef0123456789ABCDEF  a"] {
            assert_eq!(parse_digest(bad, 32), None, "{bad}");
        }
    }

    #[test]
    fn own_digests_are_the_tools() {
        let digests = Digests::of(&b"abc".to_vec()).unwrap();
        // FIPS 180-2, B.1; RFC 1321, A.5.
        let unit = |tool, hex: &str| UnitDigest { tool, hex: hex.into() };
        let sha = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(digests.agree_with(&unit(DigestTool::Sha256, sha)));
        assert!(digests.agree_with(&unit(DigestTool::Md5, "900150983cd24fb0d6963f7d28e17f72")));
        assert!(!digests.agree_with(&unit(DigestTool::Md5, "900150983cd24fb0d6963f7d28e17f73")));
    }
}
