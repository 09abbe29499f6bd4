//! Files over a connection of their own.

use std::time::Duration;

use debrick_link::{Deadline, LinkError};
use debrick_target::{Source, Watch};

use super::{MOST_FETCHED, Session, failed, fine};
use crate::error::EvaError;

/// A file from the unit is over when nothing has come for so long: not every bootloader closes the connection.
const QUIET: Duration = Duration::from_secs(3);

impl Session<'_> {
    /// Fetches a file: `env` or `count`, once the medium is `SDRAM`.
    pub(super) fn fetch(&mut self, name: &str) -> Result<Vec<u8>, EvaError> {
        let mut data = self.open_data()?;
        let command = format!("RETR {name}");
        self.control.send(&command, self.options.answer_within)?;
        let reply = self.control.reply_of(100..200, self.options.answer_within)?;
        fine(&command, reply)?;
        let (mut bytes, mut buffer) = (Vec::new(), vec![0; 4096]);
        let mut is_over = false;
        while !is_over {
            let wait = if bytes.is_empty() { self.options.answer_within } else { QUIET };
            match data.read(&mut buffer, Deadline::after(data.clock(), wait)) {
                Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                Err(LinkError::Disconnected { .. }) => is_over = true,
                Err(error) if error.is_timeout() => is_over = true,
                Err(source) => return Err(failed("read a file of the unit")(source)),
            }
            if bytes.len() > MOST_FETCHED {
                return Err(EvaError::Protocol { what: format!("sends {name:?} without an end") });
            }
        }
        drop(data);
        match self.control.reply_of(200..400, QUIET) {
            Ok(reply) => fine("RETR", reply).map(|_| bytes),
            // The file is here; that its end is not confirmed is no reason to throw it away, and where it comes late it is
            // passed over.
            Err(EvaError::Link { source, .. }) if source.is_timeout() => {
                self.control.is_in_step_again();
                Ok(bytes)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends a file to where the medium and `place` say.
    pub(super) fn send_file(
        &mut self,
        place: &str,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<(), EvaError> {
        if watch.cancelled() {
            return Err(EvaError::Cancelled { begun: false });
        }
        let mut data = self.open_data()?;
        let command = match self.options.two_names {
            true => format!("STOR image {place}"),
            false => format!("STOR {place}"),
        };
        self.control.send(&command, self.options.answer_within)?;
        // Some erase before they say that they are ready.
        let reply = self.control.reply_of(100..200, self.options.write_within)?;
        fine(&command, reply)?;
        let total = image.len();
        let mut piece = vec![0; self.options.piece.clamp(256, 1 << 20)];
        let mut sent = 0;
        while sent < total {
            if watch.cancelled() {
                // The unit keeps what came, and says so: its next answer is to be for the next command.
                drop(data);
                let _ = self.control.reply_of(200..400, self.options.write_within);
                return Err(EvaError::Cancelled { begun: true });
            }
            let count = piece.len().min(usize::try_from(total - sent).unwrap_or(usize::MAX));
            let bytes = &mut piece[..count];
            image.read_at(sent, bytes).map_err(|source| EvaError::Source { source })?;
            let deadline = Deadline::after(data.clock(), self.options.write_within);
            if let Err(source) = data.write_all(bytes, deadline) {
                drop(data);
                return Err(self.why_not(place, sent, total, source));
            }
            sent += count as u64;
            watch.advance(count as u64);
        }
        // The end of the connection is the end of the file.
        drop(data);
        let waited = self.options.write_within;
        let reply = self.control.reply_of(200..400, waited).map_err(|error| match error {
            EvaError::Link { source, .. } if source.is_timeout() => EvaError::NoVerdict { waited },
            EvaError::Link { source, .. } => EvaError::CutOff { sent, total, source },
            other => other,
        })?;
        match reply.is_fine() {
            true => Ok(()),
            false => Err(not_stored(place, reply.code, reply.text)),
        }
    }

    /// A unit that hangs up in the middle mostly says why.
    fn why_not(&mut self, place: &str, sent: u64, total: u64, source: LinkError) -> EvaError {
        match self.control.reply_of(200..400, QUIET) {
            Ok(reply) if !reply.is_fine() => not_stored(place, reply.code, reply.text),
            _ => EvaError::CutOff { sent, total, source },
        }
    }
}

fn not_stored(place: &str, code: u16, text: String) -> EvaError {
    EvaError::NotStored { partition: place.to_owned(), code, text }
}
