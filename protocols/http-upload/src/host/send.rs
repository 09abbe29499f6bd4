//! Sending the image: in pieces, at a pace, with an ear for what the unit says meanwhile.

use std::time::Duration;

use debrick_link::{Clock, Deadline, Link, LinkError, Rng};
use debrick_target::{Source, Watch};
use md5::{Digest, Md5};

use super::exchange::{Came, read_reply, read_what_is_there};
use super::{REST, Uploader, failed};
use crate::choose::Target;
use crate::error::HttpUploadError;
use crate::verdict::{Verdict, judge};
use crate::wire::{self, Envelope, FormUpload};

/// Rest after the head of a request, and before its last line.
const HEAD_REST: Duration = Duration::from_millis(5);

impl Uploader<'_> {
    /// Sends the image, and waits for what comes back.
    pub(super) fn send(
        &mut self,
        target: &Target,
        name: &str,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<(Sent, String), HttpUploadError> {
        let (host, file_name) = (self.host(), plain_name(name));
        let upload = FormUpload {
            path: &target.path,
            host: &host,
            field: &target.field,
            file_name: &file_name,
            hidden: &target.hidden,
            length: image.len(),
        };
        let mut chance = Rng::new(self.network.clock().wall_ms() ^ image.len().rotate_left(32));
        let boundary = format!("----Form{:016x}{:016x}", chance.next_u64(), chance.next_u64());
        let envelope = Envelope::new(&upload, &boundary);
        let mut link = self.connect(watch)?;
        let began = link.clock().now();
        let mut progress = Progress { sent: 0, total: image.len(), early: Vec::new() };
        let mut digest = Md5::new();
        let posted = self.post(link.as_mut(), &envelope, name, image, &mut digest, &mut progress, watch);
        let took = link.clock().now().since(began);
        let reply = match posted {
            Ok(()) => {
                let deadline = Deadline::after(link.clock(), self.options.verdict_within);
                read_reply(link.as_mut(), progress.early, deadline).map_err(failed("read the verdict"))?
            }
            // A unit that has had enough says why, and hangs up.
            Err(Stopped::Answered) => {
                let deadline = Deadline::after(link.clock(), self.options.page_within);
                read_reply(link.as_mut(), progress.early, deadline).map_err(failed("read the verdict"))?
            }
            Err(Stopped::Broken(source)) => {
                let response = read_what_is_there(link.as_mut(), progress.early);
                let rejection = response.map(|response| judge(&response, ""));
                return Err(match rejection {
                    Some(Verdict::Rejected { reason, says }) => HttpUploadError::Rejected { reason, says },
                    _ => HttpUploadError::CutOff { sent: progress.sent, total: progress.total, source },
                });
            }
            Err(Stopped::Failed(error)) => return Err(error),
        };
        drop(link);
        self.network.clock().sleep(REST);
        let md5 = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok((Sent { reply, took }, md5))
    }

    #[expect(clippy::too_many_arguments, reason = "the pieces of one upload, used nowhere else")]
    fn post(
        &self,
        link: &mut dyn Link,
        envelope: &Envelope,
        name: &str,
        image: &dyn Source,
        digest: &mut Md5,
        progress: &mut Progress,
        watch: &mut dyn Watch,
    ) -> Result<(), Stopped> {
        let within = |link: &dyn Link, span| Deadline::after(link.clock(), span);
        let deadline = within(link, self.options.stall_within);
        link.write_all(&envelope.opening, deadline).map_err(Stopped::Broken)?;
        // The head of the request is a segment, too, and bootloaders look at it for a while.
        link.clock().sleep(HEAD_REST);
        let mut piece = vec![0; self.options.piece.clamp(256, 1 << 20)];
        while progress.sent < progress.total {
            if watch.cancelled() {
                return Err(Stopped::Failed(HttpUploadError::Cancelled));
            }
            let left = usize::try_from(progress.total - progress.sent).unwrap_or(usize::MAX);
            let count = piece.len().min(left);
            let bytes = &mut piece[..count];
            image.read_at(progress.sent, bytes).map_err(|source| {
                Stopped::Failed(HttpUploadError::Source { name: name.to_owned(), source })
            })?;
            digest.update(&*bytes);
            let deadline = within(link, self.options.stall_within);
            link.write_all(bytes, deadline).map_err(Stopped::Broken)?;
            progress.sent += count as u64;
            watch.advance(count as u64);
            self.keep_pace(link.clock(), count);
            match progress.listen(link) {
                Listened::Refusal => return Err(Stopped::Answered),
                Listened::End(source) if progress.sent < progress.total => {
                    return Err(if progress.early.is_empty() {
                        Stopped::Broken(source)
                    } else {
                        Stopped::Answered
                    });
                }
                _ => {}
            }
        }
        link.clock().sleep(HEAD_REST);
        let deadline = within(link, self.options.stall_within);
        // Loaders count what came, and some are content without the last line.
        match link.write_all(&envelope.closing, deadline) {
            Ok(()) | Err(LinkError::Disconnected { .. } | LinkError::Io { .. }) => Ok(()),
            Err(error) => Err(Stopped::Broken(error)),
        }
    }

    /// Rests as long as the rate asks for after each piece; what was late is not caught up with.
    fn keep_pace(&self, clock: &dyn Clock, piece: usize) {
        let Some(rate) = self.options.rate.filter(|rate| *rate > 0) else { return };
        clock.sleep(Duration::from_micros((piece as u64).saturating_mul(1_000_000) / rate));
    }
}

/// An upload whose last byte is sent.
pub(super) struct Sent {
    pub(super) reply: Came,
    pub(super) took: Duration,
}

/// How far an upload is.
struct Progress {
    sent: u64,
    total: u64,
    /// What the unit said before it had everything.
    early: Vec<u8>,
}

/// Why an upload ended before its end.
enum Stopped {
    /// The unit answered.
    Answered,
    /// The connection broke.
    Broken(LinkError),
    /// It is over.
    Failed(HttpUploadError),
}

/// What a unit says while it is sent to.
enum Listened {
    Nothing,
    Refusal,
    /// It has hung up.
    End(LinkError),
}

impl Progress {
    /// Hears whether the unit has refused already, or hung up. What sounds like consent is only kept: uIP has been seen
    /// to answer before anything came.
    fn listen(&mut self, link: &mut dyn Link) -> Listened {
        let mut buffer = [0; 2048];
        let now = Deadline::at(link.clock().now());
        match link.read(&mut buffer, now) {
            Ok(count) if self.early.len() < wire::LONGEST_HEAD => {
                self.early.extend_from_slice(&buffer[..count])
            }
            Ok(_) => {}
            Err(error) if error.is_timeout() => {}
            Err(source) => return Listened::End(source),
        }
        let status = match self.early.is_empty() {
            true => None,
            false => wire::read_response(&self.early, false).and_then(|response| response.status),
        };
        if status.is_some_and(|status| status >= 400) { Listened::Refusal } else { Listened::Nothing }
    }
}

/// A name that every loader can take.
fn plain_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "._-".contains(letter) { letter } else { '_' })
        .take(64)
        .collect();
    if plain.trim_matches('.').is_empty() { "firmware.bin".into() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_plain() {
        assert_eq!(plain_name("a/b\\fw \"1\".bin"), "fw__1_.bin");
        assert_eq!(plain_name(""), "firmware.bin");
        assert_eq!(plain_name("x".repeat(100).as_str()).len(), 64);
    }
}
