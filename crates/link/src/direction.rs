//! Which way bytes go.

/// Which way bytes go, as the host sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the unit to the host.
    Received,
    /// From the host to the unit.
    Sent,
}

impl Direction {
    /// `<-` for received, `->` for sent.
    pub const fn arrow(self) -> &'static str {
        match self {
            Self::Received => "<-",
            Self::Sent => "->",
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Received => "received",
            Self::Sent => "sent",
        })
    }
}
