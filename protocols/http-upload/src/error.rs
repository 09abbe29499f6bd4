//! What can go wrong with a page, and what a person can do about it.

use std::net::SocketAddr;
use std::time::Duration;

use debrick_link::LinkError;
use debrick_model::Coded;
use debrick_target::{SourceError, TargetError};

use crate::verdict::Reason;

/// A failure of an upload.
#[derive(Debug, thiserror::Error)]
pub enum HttpUploadError {
    /// Nothing answers there.
    #[error("no page could be opened at {unit}")]
    Unreachable {
        /// Address and port.
        unit: SocketAddr,
        /// Why.
        source: LinkError,
    },
    /// The connection failed.
    #[error("could not {operation}")]
    Link {
        /// What was being done, as an infinitive.
        operation: String,
        /// Why.
        source: LinkError,
    },
    /// The unit answers, but not with that page.
    #[error("the unit answered {status} when it was asked for {path}")]
    NoPage {
        /// The path.
        path: String,
        /// Its answer.
        status: u16,
    },
    /// The unit asks for a password: that is not a bootloader's page.
    #[error("the page {path} asks for a password")]
    NeedsPassword {
        /// The path.
        path: String,
    },
    /// The page leads to HTTPS.
    #[error("the page leads to {to}, which needs TLS")]
    NeedsTls {
        /// Where.
        to: String,
    },
    /// The page takes no file.
    #[error("the page {path}{} takes no file", title.as_ref().map(|title| format!(" ({title:?})")).unwrap_or_default())]
    NoForm {
        /// The path.
        path: String,
        /// Its title.
        title: Option<String>,
    },
    /// All that the page takes would replace what the unit starts with.
    #[error("the page takes only what the unit cannot be recovered without: {}", fields.join(", "))]
    OnlyBootCritical {
        /// The fields.
        fields: Vec<String>,
    },
    /// What was asked for would replace what the unit starts with.
    #[error("{name:?} is what the unit cannot be recovered without")]
    BootCritical {
        /// Field or path.
        name: String,
    },
    /// The page takes several files, and does not say which is the firmware.
    #[error("the page takes several files: {}", fields.join(", "))]
    Ambiguous {
        /// The fields.
        fields: Vec<String>,
    },
    /// Something cannot be sent as it is.
    #[error("{what} cannot be {value:?}")]
    BadParameter {
        /// What.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// The connection ended before everything was sent.
    #[error("the connection ended after {sent} of {total} bytes")]
    CutOff {
        /// Bytes of the image that were sent.
        sent: u64,
        /// Its length.
        total: u64,
        /// Why.
        source: LinkError,
    },
    /// The unit does not take the image.
    #[error("the unit rejected the image: {reason} ({says:?})")]
    Rejected {
        /// Why.
        reason: Reason,
        /// Its words.
        says: String,
    },
    /// The unit has received something else than was sent, and was not told to go on.
    #[error("the unit received {received}, and {sent} was sent")]
    Damaged {
        /// What it says that it received.
        received: String,
        /// What it should be.
        sent: String,
    },
    /// Everything was sent, and nothing came back.
    #[error("everything was sent, and the unit has been silent for {} s", waited.as_secs())]
    NoVerdict {
        /// For how long.
        waited: Duration,
    },
    /// The page has nothing that clears the settings.
    #[error("the page {path} has no link that clears the settings")]
    NoSettingsLink {
        /// The path.
        path: String,
    },
    /// Our own copy could not be read.
    #[error("could not read {name:?}, which is to be sent")]
    Source {
        /// File.
        name: String,
        /// Why.
        source: SourceError,
    },
    /// Somebody asked to stop before everything was sent.
    #[error("stopped the upload, as asked")]
    Cancelled,
}

impl HttpUploadError {
    /// The same failure in the words of a target, during `operation`.
    pub fn into_target(self, operation: impl Into<String>) -> TargetError {
        match self {
            Self::Cancelled => TargetError::Cancelled,
            Self::Link { operation, source } => TargetError::Link { operation, source },
            Self::Source { source, .. } => TargetError::Source { operation: operation.into(), source },
            other => TargetError::Device { operation: operation.into(), source: Box::new(other) },
        }
    }
}

impl Coded for HttpUploadError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "http-no-answer",
            Self::Link { .. } => "http-link",
            Self::NoPage { .. } => "http-no-page",
            Self::NeedsPassword { .. } => "http-needs-password",
            Self::NeedsTls { .. } => "http-needs-tls",
            Self::NoForm { .. } => "http-no-form",
            Self::OnlyBootCritical { .. } | Self::BootCritical { .. } => "http-boot-critical",
            Self::Ambiguous { .. } => "http-ambiguous-form",
            Self::BadParameter { .. } => "http-bad-parameter",
            Self::CutOff { .. } => "http-cut-off",
            Self::Rejected { reason: Reason::Region, .. } => "http-rejected-region",
            Self::Rejected { reason: Reason::Header, .. } => "http-rejected-header",
            Self::Rejected { reason: Reason::Size, .. } => "http-rejected-size",
            Self::Rejected { reason: Reason::Checksum, .. } => "http-rejected-checksum",
            Self::Rejected { reason: Reason::Signature, .. } => "http-rejected-signature",
            Self::Rejected { reason: Reason::NotTaken, .. } => "http-not-taken",
            Self::Rejected { reason: Reason::Unsaid, .. } => "http-rejected",
            Self::Damaged { .. } => "http-received-damaged",
            Self::NoVerdict { .. } => "http-no-verdict",
            Self::NoSettingsLink { .. } => "http-no-settings-link",
            Self::Source { .. } => "http-image-unreadable",
            Self::Cancelled => "http-cancelled",
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Unreachable { .. } => {
                "Check that the unit is in its recovery mode, that the cable is in the right port, and that this \
                 computer has an address in the unit's network. Such pages answer no ping."
            }
            Self::Link { source, .. } => return source.next_step(),
            Self::NoPage { .. } => "Open the unit's first page, and see where it leads.",
            Self::NeedsPassword { .. } => {
                "This is the page of the running system, not of the bootloader. Bring the unit into its recovery mode."
            }
            Self::NeedsTls { .. } => "Upload the file with a browser; this program does not speak TLS to units.",
            Self::NoForm { .. } => {
                "This may be the page of the running system. Bring the unit into its recovery mode, or name the page."
            }
            Self::OnlyBootCritical { .. } | Self::BootCritical { .. } => {
                "Nothing was sent. Use the page for firmware, mostly the first one; a bootloader is replaced only where \
                 nothing else helps."
            }
            Self::Ambiguous { .. } => "Nothing was sent. Name the field for firmware in the device's record.",
            Self::BadParameter { .. } => "Nothing was sent. Mend the device's record.",
            Self::CutOff { .. } => {
                "Nothing was written as far as is known, because these loaders write only what came whole. Try again \
                 more slowly; if it is cut off again at the same place, the image may be too large for the unit."
            }
            Self::Rejected { reason: Reason::Region, .. } => {
                "The unit is unharmed. Use the image for the unit's own region."
            }
            Self::Rejected { reason: Reason::Header | Reason::Size | Reason::Signature, .. } => {
                "The unit is unharmed. Use the factory image for exactly this model and hardware revision."
            }
            Self::Rejected { reason: Reason::Checksum, .. } => {
                "The unit is unharmed. Get the image again and compare its digest with the maker's."
            }
            Self::Rejected { .. } => {
                "Leave the unit on for five minutes, look whether it starts, and otherwise try the factory image for \
                 exactly this model."
            }
            Self::Damaged { .. } => "Nothing was written. Send it again, with another cable or more slowly.",
            Self::NoVerdict { .. } => {
                "The unit has everything and may be writing. Do not switch it off: wait ten minutes, or until its \
                 lights settle."
            }
            Self::NoSettingsLink { .. } => "Nothing was changed. Clear the settings with the reset button.",
            Self::Source { .. } => "Check the disk of this computer with `debrick report --verify`.",
            Self::Cancelled => "The unit got only a part and writes nothing. Go on with `debrick resume`.",
        }
        .to_owned()
    }
}
