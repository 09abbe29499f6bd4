//! What can go wrong between this computer and a system's SSH server, and what a person can do about it.

use std::net::SocketAddr;

use debrick_link::LinkError;
use debrick_model::Coded;
use debrick_target::{SourceError, TargetError};

use crate::access::{Fingerprint, HostKey};

/// A failure of a session, a command or a file's transfer.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// Nothing took the connection.
    #[error("could not reach an SSH server at {address}")]
    Unreachable {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: LinkError,
    },
    /// The link failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive.
        operation: String,
        /// How it failed.
        source: LinkError,
    },
    /// The unit did not finish in time.
    #[error("the unit did not finish in time: {operation}")]
    TimedOut {
        /// What was being done, as an infinitive.
        operation: String,
    },
    /// The unit ended the connection.
    #[error("the unit ended the connection while it was to {operation}{}", reason.as_ref().map(|text| format!(", saying {text:?}")).unwrap_or_default())]
    Closed {
        /// What was being done, as an infinitive.
        operation: String,
        /// Its words, where it said any.
        reason: Option<String>,
    },
    /// What answers speaks no SSH 2.
    #[error("what answers at {address} is no SSH server")]
    NotSsh {
        /// Where.
        address: SocketAddr,
    },
    /// Not one algorithm is shared, not even of the old ones.
    #[error("the unit and this program share no {kind} algorithm; the unit offers {theirs}")]
    NoCommonAlgorithm {
        /// Of what: key exchange, host key, cipher, integrity.
        kind: &'static str,
        /// What the unit offers.
        theirs: String,
    },
    /// The host key was not pinned; nothing was sent but the key exchange.
    #[error("the unit's host key is {key}, and nobody said yet that it is this unit's")]
    HostKeyUnknown {
        /// The key.
        key: HostKey,
    },
    /// The host key is another one than was pinned.
    #[error("the unit shows the host key {key}; {expected} was expected")]
    HostKeyChanged {
        /// What was pinned.
        expected: Fingerprint,
        /// What was shown.
        key: HostKey,
    },
    /// The system asks for a password, and none was given.
    #[error("the unit asks for the password of {user}")]
    PasswordNeeded {
        /// Whose.
        user: String,
    },
    /// Login was refused.
    #[error("the unit refused to let {user} in; it takes: {methods}")]
    Denied {
        /// Who.
        user: String,
        /// The ways that it offers.
        methods: String,
    },
    /// A key file is no private key.
    #[error("the key file is no private key that can be read: {why}")]
    KeyFile {
        /// What is wrong with it.
        why: String,
    },
    /// A key file has a passphrase, and none was given, or a wrong one.
    #[error("the key file is locked with a passphrase")]
    KeyFileLocked,
    /// The unit breaks the protocol, or bytes were damaged on the way.
    #[error("the SSH connection broke down: {operation}")]
    Protocol {
        /// What was being done, as an infinitive.
        operation: String,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The unit's server does not run commands.
    #[error("the unit does not let the command {command:?} be run")]
    NoCommands {
        /// The command.
        command: String,
    },
    /// A command failed.
    #[error("the command {command:?} ended with {ended}, saying {said:?}")]
    CommandFailed {
        /// The command.
        command: String,
        /// How it ended, in words.
        ended: String,
        /// The end of what it said.
        said: String,
    },
    /// The system has no such command.
    #[error("the system has no {command:?}")]
    CommandMissing {
        /// The command.
        command: String,
    },
    /// A command says more than anybody would read.
    #[error("the command {command:?} says more than {limit} bytes")]
    TooMuchOutput {
        /// The command.
        command: String,
        /// The most that is taken, in bytes.
        limit: u64,
    },
    /// What arrived is not what was sent.
    #[error("{path:?} does not hold what was sent: {detail}")]
    Differs {
        /// The file on the unit.
        path: String,
        /// In what it differs.
        detail: String,
    },
    /// Our own copy could not be read.
    #[error("could not read what is to be sent")]
    Source {
        /// Why.
        source: SourceError,
    },
    /// What came could not be kept.
    #[error("could not keep what the unit sends")]
    Store {
        /// Why.
        source: std::io::Error,
    },
    /// This computer could not start the session.
    #[error("this computer could not start an SSH session")]
    Runtime {
        /// Why.
        source: std::io::Error,
    },
    /// Somebody asked to stop.
    #[error("stopped, as asked")]
    Cancelled,
}

impl SshError {
    /// The same failure in the words of a target, during `operation`.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Cancelled => TargetError::Cancelled,
            Self::Link { operation, source } => TargetError::Link { operation, source },
            Self::Source { source } => TargetError::Source { operation: operation.into(), source },
            other => TargetError::Device { operation: operation.into(), source: Box::new(other) },
        }
    }

    /// Whether the connection is gone, or may as well be: the unit fell silent, hung up, or left the network.
    pub fn is_loss(&self) -> bool {
        matches!(self, Self::Link { .. } | Self::TimedOut { .. } | Self::Closed { .. })
    }
}

impl Coded for SshError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "ssh-unreachable",
            Self::Link { .. } => "ssh-link",
            Self::TimedOut { .. } => "ssh-timed-out",
            Self::Closed { .. } => "ssh-closed",
            Self::NotSsh { .. } => "ssh-not-ssh",
            Self::NoCommonAlgorithm { .. } => "ssh-no-common-algorithm",
            Self::HostKeyUnknown { .. } => "ssh-host-key-unknown",
            Self::HostKeyChanged { .. } => "ssh-host-key-changed",
            Self::PasswordNeeded { .. } => "ssh-password-needed",
            Self::Denied { .. } => "ssh-denied",
            Self::KeyFile { .. } => "ssh-key-file",
            Self::KeyFileLocked => "ssh-key-file-locked",
            Self::Protocol { .. } => "ssh-protocol",
            Self::NoCommands { .. } => "ssh-no-commands",
            Self::CommandFailed { .. } => "ssh-command-failed",
            Self::CommandMissing { .. } => "ssh-command-missing",
            Self::TooMuchOutput { .. } => "ssh-too-much-output",
            Self::Differs { .. } => "ssh-file-differs",
            Self::Source { .. } => "ssh-file-unreadable",
            Self::Store { .. } => "ssh-store-failed",
            Self::Runtime { .. } => "ssh-runtime",
            Self::Cancelled => "ssh-cancelled",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Unreachable { .. } => {
                "Check that the unit's system runs, that the cable is in a port of its inner network, that this computer \
                 has an address in that network, and that SSH is switched on. Old systems take telnet until a password is set."
            }
            Self::Link { source, .. } => return source.next_step(),
            Self::TimedOut { .. } => "Check that the unit still runs and that the cable sits firmly, then try again.",
            Self::Closed { .. } => "See whether the unit restarted; wait until its lights settle, then try again.",
            Self::NotSsh { .. } => "Check the address and the port; SSH is usually at port 22.",
            Self::NoCommonAlgorithm { .. } => {
                "The system's SSH is older than anything that can be spoken safely. Use its web page or its console."
            }
            Self::HostKeyUnknown { .. } => {
                "Compare the fingerprint with one you know. Over a cable that leads straight to the unit you may accept \
                 it; it is then pinned to this unit."
            }
            Self::HostKeyChanged { .. } => {
                "Stop: another device may be answering at this address. A reset or newly installed system makes a new \
                 key; only if that is what happened, accept the new one."
            }
            Self::PasswordNeeded { .. } => "Give the password when you are asked for it, or a key file. It is never stored.",
            Self::Denied { .. } => "Check user name, password and key file. OpenWrt's user is `root`.",
            Self::KeyFile { .. } => "Give a private key as OpenSSH writes it, for example ~/.ssh/id_ed25519.",
            Self::KeyFileLocked => "Give the passphrase of the key file when you are asked for it.",
            Self::Protocol { .. } => "Try again with another cable. If it happens again, use the unit's web page or console.",
            Self::NoCommands { .. } => "Log in as a user who has a shell.",
            Self::CommandFailed { .. } => "Nothing was written by this command. What it said tells why.",
            Self::CommandMissing { .. } => "The system is another one than expected, or a small build of it. Use another method.",
            Self::TooMuchOutput { .. } => "The system does not behave as expected; use another method.",
            Self::Differs { .. } => "Nothing was flashed. Send the file again, with another cable if you have one.",
            Self::Source { .. } => "Check the disk of this computer with `debrick report --verify`.",
            Self::Store { .. } => "Make room on the disk of this computer, then try again.",
            Self::Runtime { .. } => "Close other programs, then try again. Nothing was done to the unit.",
            Self::Cancelled => "Go on with `debrick resume`.",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_crate_s_prefix_and_losses_are_told_from_refusals() {
        let gone = LinkError::Disconnected { link: "tcp:10.0.0.1:22".into(), source: None };
        let lost = SshError::Link { operation: "run \"ls\"".into(), source: gone };
        assert!(lost.is_loss() && lost.code() == "ssh-link");
        assert_eq!(lost.to_string(), "could not run \"ls\"");
        let denied = SshError::Denied { user: "root".into(), methods: "publickey".into() };
        assert!(!denied.is_loss() && denied.code() == "ssh-denied");
        assert!(matches!(lost.into_target("run"), TargetError::Link { .. }));
        assert!(matches!(SshError::Cancelled.into_target("run"), TargetError::Cancelled));
        assert_eq!(denied.into_target("log in").code(), "ssh-denied");
    }
}
