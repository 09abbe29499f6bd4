//! What can go wrong on a console.

use debrick_link::LinkError;
use debrick_model::Coded;
use debrick_target::TargetError;

use crate::messages::DeviceMessage;

/// A failure on a console.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The line failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive.
        operation: String,
        /// How it failed.
        source: LinkError,
    },
    /// No boot loader answered.
    #[error("no boot loader prompt was found; last on the line: {tail:?}")]
    NoPrompt {
        /// What was read last.
        tail: String,
    },
    /// What was typed did not come back as it was typed, several times over. It was not run.
    #[error("the unit did not echo {line:?}, but {seen:?}")]
    EchoLost {
        /// What was typed.
        line: String,
        /// What came back the last time.
        seen: String,
    },
    /// The prompt did not come back in time.
    #[error("the command {command:?} did not end in time; last on the line: {tail:?}")]
    NoEnd {
        /// The command.
        command: String,
        /// What was read last.
        tail: String,
    },
    /// The boot loader says that the command failed.
    #[error("the command {command:?} failed: {} {}", message.meaning, quoted_line(message, reply))]
    Message {
        /// The command.
        command: String,
        /// What is known about its message.
        message: DeviceMessage,
        /// All that it printed.
        reply: String,
    },
    /// The command printed something else than such a command does.
    #[error("the command {command:?} printed something unexpected: {:?}", tail_of(reply))]
    UnexpectedReply {
        /// The command.
        command: String,
        /// All that it printed.
        reply: String,
    },
    /// The unit started again in the middle of a command.
    #[error("the unit restarted during the command {command:?}")]
    Restarted {
        /// The command.
        command: String,
        /// All that was printed.
        reply: String,
    },
    /// The boot loader cannot do this.
    #[error("this boot loader cannot {what}")]
    Unsupported {
        /// What was wanted.
        what: String,
    },
    /// The unit printed more than any command does.
    #[error("the command {command:?} printed more than {limit} bytes")]
    ReplyTooLong {
        /// The command.
        command: String,
        /// How much is taken at most.
        limit: usize,
    },
    /// What arrived in the unit's memory is not what was sent. Nothing was written to storage.
    #[error(
        "the {size} bytes at {address:#x} of the unit's memory have the CRC-32 {found:08x}, not {expected:08x}"
    )]
    MemoryDamaged {
        /// First address.
        address: u64,
        /// Bytes.
        size: u64,
        /// What was sent.
        expected: u32,
        /// What is there.
        found: u32,
    },
}

impl ConsoleError {
    /// The same failure as one of a target, during `operation` (an infinitive).
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Link { operation, source } => TargetError::Link { operation, source },
            other => TargetError::device(operation)(other),
        }
    }
}

impl Coded for ConsoleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Link { source, .. } => source.code(),
            Self::NoPrompt { .. } => "uboot-no-prompt",
            Self::EchoLost { .. } => "uboot-echo-lost",
            Self::NoEnd { .. } => "uboot-command-hangs",
            Self::Message { message, .. } => message.code,
            Self::UnexpectedReply { .. } => "uboot-unexpected-reply",
            Self::Restarted { .. } => "uboot-restarted",
            Self::Unsupported { .. } => "uboot-unsupported",
            Self::ReplyTooLong { .. } => "uboot-reply-too-long",
            Self::MemoryDamaged { .. } => "uboot-memory-damaged",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Link { source, .. } => return source.next_step(),
            Self::NoPrompt { .. } => {
                "Check that transmit and receive are not swapped and that the speed is right, then switch the unit off and on."
            }
            Self::EchoLost { .. } => "Nothing was run. Check ground and the length of the cable, then try again.",
            Self::NoEnd { .. } => "Do not switch the unit off while it may be writing. Try again in a minute.",
            Self::Message { message, .. } => message.advice,
            Self::UnexpectedReply { .. } => "Look at the console's log in the report; this boot loader is different.",
            Self::Restarted { .. } => "Check its power supply. If it happens again, the device's record does not fit.",
            Self::Unsupported { .. } => "Use another method.",
            Self::ReplyTooLong { .. } => "Check the speed of the line and the cable, then try again.",
            Self::MemoryDamaged { .. } => "Nothing was written. Try again; check cable and power if it stays so.",
        }
        .to_owned()
    }
}

fn quoted_line(message: &DeviceMessage, reply: &str) -> String {
    let line = if message.pattern.is_empty() {
        reply.lines().rev().find(|line| !line.trim().is_empty())
    } else {
        reply.lines().find(|line| line.contains(message.pattern))
    };
    line.map(|line| format!("({:?})", tail_of(line.trim()))).unwrap_or_default()
}

/// The last part of a long text.
pub(crate) fn tail_of(text: &str) -> String {
    let skip = text.chars().count().saturating_sub(240);
    text.chars().skip(skip).collect()
}
