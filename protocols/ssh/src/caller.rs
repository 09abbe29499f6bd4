//! What the library asks us, and what it tells us beside its answers.

use std::sync::{Arc, Mutex, PoisonError};

use russh::Names;
use russh::client::{ChannelOpenHandle, DisconnectReason, Handler, Msg, Session};
use russh::keys::PublicKeyOrCertificate;

use crate::access::{Fingerprint, HostKey};
use crate::algorithms::{Negotiated, Offer};

/// The longest text of a server that is kept, in letters.
const LONGEST_TEXT: usize = 2000;

/// What was seen of the server.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) host_key: Option<HostKey>,
    pub(crate) negotiated: Option<Negotiated>,
    /// What it showed before the login.
    pub(crate) banner: String,
    /// Its last words.
    pub(crate) farewell: Option<String>,
}

/// Shared with the library's task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Seen>>);

impl Notes {
    /// Looks at them, or changes them.
    pub(crate) fn with<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers the library's questions: only a pinned key is trusted, and nothing that the server wants is opened.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) notes: Notes,
    pub(crate) pin: Option<Fingerprint>,
    pub(crate) offer: Offer,
}

type Reply = Result<(), russh::Error>;
type Channel = russh::Channel<Msg>;

impl Handler for Caller {
    type Error = russh::Error;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        // Certificates are not offered, so that none can come.
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        let key = HostKey::of(key);
        let trusted = self.pin.as_ref() == Some(&key.fingerprint);
        self.notes.with(|seen| seen.host_key = Some(key));
        Ok(trusted)
    }

    async fn kex_done(&mut self, _secret: Option<&[u8]>, names: &Names, _session: &mut Session) -> Reply {
        let negotiated = Negotiated::of(names, self.offer);
        self.notes.with(|seen| seen.negotiated = Some(negotiated));
        Ok(())
    }

    async fn auth_banner(&mut self, banner: &str, _session: &mut Session) -> Reply {
        self.notes.with(|seen| seen.banner = banner.chars().take(LONGEST_TEXT).collect());
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<russh::Error>) -> Reply {
        match reason {
            DisconnectReason::ReceivedDisconnect(farewell) => {
                let text = farewell.message.chars().take(LONGEST_TEXT).collect();
                self.notes.with(|seen| seen.farewell = Some(text));
                Ok(())
            }
            DisconnectReason::Error(error) => Err(error),
        }
    }

    // Each of these is refused by dropping its handle.

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _channel: Channel,
        _connected_address: &str,
        _connected_port: u32,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Reply {
        Ok(())
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _channel: Channel,
        _socket_path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Reply {
        Ok(())
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _channel: Channel,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Reply {
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _channel: Channel,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Reply {
        Ok(())
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _channel: Channel,
        _host_to_connect: &str,
        _port_to_connect: u32,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Reply {
        Ok(())
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _channel: Channel,
        _socket_path: &str,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Reply {
        Ok(())
    }

    async fn server_channel_open_x11(
        &mut self,
        _channel: Channel,
        _originator_address: &str,
        _originator_port: u32,
        _reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Reply {
        Ok(())
    }
}
