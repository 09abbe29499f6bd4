//! The host half: opens the page, finds the form, sends the image, and reads what comes back.

mod exchange;

use std::net::SocketAddr;
use std::time::Duration;

use debrick_link::{Clock, Deadline, Link, LinkError, Moment, Network, Rng};
use debrick_target::{Opaque, Source, TargetError, Watch};
use md5::{Digest, Md5};

use crate::choose::{Target, choose, is_boot_critical};
use crate::error::HttpUploadError;
use crate::page::{Page, resolve};
use crate::verdict::{Reason, Verdict, judge, md5s};
use crate::wire::{self, Envelope, FormUpload, Response};

use exchange::{Came, read_reply, read_what_is_there};

/// How often a page may lead to another one before the form is found.
const MOST_REDIRECTS: u32 = 3;

/// How many scripts of a page are looked at.
const MOST_SCRIPTS: usize = 2;

/// How often a unit may ask whether it is to go on.
const MOST_CONFIRMATIONS: u32 = 2;

/// Rest between two connections: uIP has a handful of them, and takes a moment to forget one.
const REST: Duration = Duration::from_millis(300);

/// How long a unit that hung up without a word is looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

/// How to upload. `path`, `field` and `confirm_path` are what a device's record says; what the page says comes first.
#[derive(Debug, Clone)]
pub struct UploadOptions {
    /// The page with the form.
    pub path: String,
    /// The field that takes the file, where the page does not say it.
    pub field: Option<String>,
    /// Where a unit that tells the MD5 of what it received is told to go on. `/result` is that of MediaTek's failsafe page
    /// (bl-mt798x, failsafe/fsdata/flashing.html).
    pub confirm_path: String,
    /// Bytes that are sent at once.
    pub piece: usize,
    /// Bytes a second, at most. Some stacks lose their way when they are given more than they can take.
    pub rate: Option<u64>,
    /// How long the page may take to answer at all.
    pub answer_within: Duration,
    /// How long it may take to send a page.
    pub page_within: Duration,
    /// How long it may take no bytes of the image.
    pub stall_within: Duration,
    /// How long it may be silent once it has everything: some write before they answer.
    pub verdict_within: Duration,
}

impl Default for UploadOptions {
    fn default() -> Self {
        Self {
            path: "/".into(),
            field: None,
            confirm_path: "/result".into(),
            piece: 8 * 1024,
            rate: Some(1024 * 1024),
            answer_within: Duration::from_secs(30),
            page_within: Duration::from_secs(15),
            stall_within: Duration::from_secs(60),
            verdict_within: Duration::from_secs(600),
        }
    }
}

/// An upload that the unit did not reject. Whether anything was written, only the unit's next start tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// The title of the page that took it.
    pub title: Option<String>,
    /// What the unit calls its server.
    pub server: Option<String>,
    /// Where it was sent.
    pub path: String,
    /// The field that took it.
    pub field: String,
    /// Bytes of the image.
    pub bytes: u64,
    /// From the first byte to the last.
    pub took: Duration,
    /// What the unit says.
    pub verdict: Verdict,
    /// Whether the unit told the MD5 of what it received, and it is that of the image.
    pub digest_agrees: bool,
}

impl Uploaded {
    /// Bytes a second.
    pub fn rate(&self) -> u64 {
        let millis = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX).max(1);
        self.bytes.saturating_mul(1000) / millis
    }
}

/// A page that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// Its path, after redirections.
    pub path: String,
    /// What the unit calls its server.
    pub server: Option<String>,
    /// What it says.
    pub page: Page,
}

/// A client for the page of one unit.
pub struct Uploader<'n> {
    network: &'n mut dyn Network,
    unit: SocketAddr,
    options: UploadOptions,
}

impl<'n> Uploader<'n> {
    /// A client for the page at `unit`, mostly port 80.
    pub fn new(network: &'n mut dyn Network, unit: SocketAddr, options: UploadOptions) -> Self {
        Self { network, unit, options }
    }

    /// Opens the page, and those that it leads to. Nothing is changed on the unit.
    pub fn look(&mut self, watch: &dyn Watch) -> Result<Opened, HttpUploadError> {
        let mut path = self.options.path.clone();
        if !wire::is_path(&path) {
            return Err(HttpUploadError::BadParameter { what: "the path of a page", value: path });
        }
        if is_boot_critical(&path) {
            return Err(HttpUploadError::BootCritical { name: path });
        }
        for _ in 0..=MOST_REDIRECTS {
            let response = self.fetch(&path, watch)?;
            let page = Page::read(&response.text());
            let leads_to = match response.status {
                Some(300..=399) => response.header("location").map(str::to_owned),
                Some(401 | 407) => return Err(HttpUploadError::NeedsPassword { path }),
                // A page that is missing may still be where the form goes.
                Some(status) if status >= 400 && self.options.field.is_none() => {
                    return Err(HttpUploadError::NoPage { path, status });
                }
                _ if page.takes_files() => None,
                _ => page.refresh.clone(),
            };
            match leads_to {
                Some(to) if to.starts_with("https://") => return Err(HttpUploadError::NeedsTls { to }),
                Some(to) => match resolve(&path, &to) {
                    Some(next) if next != path => path = next,
                    _ => return Ok(opened(path, &response, page)),
                },
                None => return Ok(opened(path, &response, page)),
            }
        }
        Err(HttpUploadError::NoForm { path, title: None })
    }

    /// Sends an image by the page's form, and returns once the unit has taken all of it.
    ///
    /// It can be cancelled until its last piece is sent; from then on the unit may be writing.
    pub fn upload(
        &mut self,
        name: &str,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<Uploaded, HttpUploadError> {
        let opened = self.look(watch)?;
        let scripts = self.scripts(&opened, watch)?;
        let target = choose(&opened.page, &opened.path, self.options.field.as_deref(), &scripts)?;
        if !wire::is_path(&target.path) || target.field.len() > wire::LONGEST_FIELD {
            let value = format!("{} {}", target.path, target.field);
            return Err(HttpUploadError::BadParameter { what: "where the file goes", value });
        }
        let (sent, md5) = self.send(&target, name, image, watch)?;
        let mut uploaded = Uploaded {
            title: opened.page.title.clone(),
            server: opened.server.clone(),
            path: target.path,
            field: target.field,
            bytes: image.len(),
            took: sent.took,
            verdict: Verdict::Silent,
            digest_agrees: false,
        };
        self.conclude(&mut uploaded, sent.reply, &md5)?;
        if uploaded.verdict == Verdict::Silent && !uploaded.digest_agrees && self.is_still_there(&opened.path)
        {
            let says = format!("{} is still there", opened.path);
            return Err(HttpUploadError::Rejected { reason: Reason::NotTaken, says });
        }
        Ok(uploaded)
    }

    /// Whether the form can still be had: a bootloader that writes or restarts answers nobody.
    fn is_still_there(&mut self, path: &str) -> bool {
        let deadline = Deadline::after(self.network.clock(), LOOK_AGAIN);
        let Ok(mut link) = self.network.connect_stream(self.unit, deadline) else { return false };
        let request = wire::get(path, &self.host());
        let came = match link.write_all(&request, deadline) {
            Ok(()) => read_reply(link.as_mut(), Vec::new(), deadline),
            Err(_) => return false,
        };
        matches!(came, Ok(Came::Response(response)) if Page::read(&response.text()).takes_files())
    }

    /// Follows the link that clears the settings, where the page has one: CFE's mini web server has
    /// `do.htm?cmd=nvram+erase`. The unit's settings are lost.
    pub fn clear_settings(&mut self, watch: &dyn Watch) -> Result<Verdict, HttpUploadError> {
        let opened = self.look(watch)?;
        let clears = |link: &&String| link.contains("cmd=nvram") && link.contains("erase");
        let path = opened.page.links.iter().find(clears).and_then(|link| resolve(&opened.path, link));
        let path = path.ok_or(HttpUploadError::NoSettingsLink { path: opened.path })?;
        let request = wire::get(&path, &self.host());
        match self.exchange(&request, self.options.verdict_within, watch)? {
            Some(response) => match judge(&response) {
                Verdict::Rejected { reason, says } => Err(HttpUploadError::Rejected { reason, says }),
                verdict => Ok(verdict),
            },
            None => Ok(Verdict::Silent),
        }
    }

    /// What the unit is called in requests.
    fn host(&self) -> String {
        if self.unit.port() == wire::PORT { self.unit.ip().to_string() } else { self.unit.to_string() }
    }

    fn now(&self) -> Moment {
        self.network.clock().now()
    }

    /// Opens a connection; a page that is about to come up is waited for.
    fn connect(&mut self, watch: &dyn Watch) -> Result<Box<dyn Link>, HttpUploadError> {
        let until = self.now() + self.options.answer_within;
        loop {
            if watch.cancelled() {
                return Err(HttpUploadError::Cancelled);
            }
            let attempt =
                Deadline::after(self.network.clock(), Duration::from_secs(5)).or_earlier(Deadline::at(until));
            match self.network.connect_stream(self.unit, attempt) {
                Ok(link) => return Ok(link),
                Err(source) if self.now() + Duration::from_secs(1) >= until => {
                    return Err(HttpUploadError::Unreachable { unit: self.unit, source });
                }
                Err(_) => self.network.clock().sleep(Duration::from_secs(1)),
            }
        }
    }

    /// Sends a request and reads what comes back; `None` where the connection just ends.
    fn exchange(
        &mut self,
        request: &[u8],
        within: Duration,
        watch: &dyn Watch,
    ) -> Result<Option<Response>, HttpUploadError> {
        let mut link = self.connect(watch)?;
        let deadline = Deadline::after(link.clock(), self.options.page_within);
        link.write_all(request, deadline).map_err(failed("send a request"))?;
        let deadline = Deadline::after(link.clock(), within);
        let came = read_reply(link.as_mut(), Vec::new(), deadline).map_err(failed("read the answer"))?;
        drop(link);
        self.network.clock().sleep(REST);
        match came {
            Came::Response(response) => Ok(Some(response)),
            Came::End => Ok(None),
            Came::Nothing => Err(HttpUploadError::NoVerdict { waited: within }),
        }
    }

    fn fetch(&mut self, path: &str, watch: &dyn Watch) -> Result<Response, HttpUploadError> {
        let request = wire::get(path, &self.host());
        let unit = self.unit;
        let name = format!("tcp:{unit}");
        match self.exchange(&request, self.options.page_within, watch) {
            Ok(Some(response)) => Ok(response),
            Ok(None) => {
                let source = LinkError::Disconnected { link: name, source: None };
                Err(HttpUploadError::Unreachable { unit, source })
            }
            Err(HttpUploadError::NoVerdict { .. }) => {
                Err(HttpUploadError::Unreachable { unit, source: LinkError::TimedOut { link: name } })
            }
            Err(error) => Err(error),
        }
    }

    /// The page's scripts, where a script sends the form.
    fn scripts(&mut self, opened: &Opened, watch: &dyn Watch) -> Result<String, HttpUploadError> {
        let mut text = opened.page.script_text.clone();
        let scripted = opened.page.forms.iter().any(|form| !form.post && form.files().next().is_some());
        if !scripted {
            return Ok(text);
        }
        for script in opened.page.scripts.iter().take(MOST_SCRIPTS) {
            if let Some(path) = resolve(&opened.path, script) {
                text.push('\n');
                text.push_str(&self.fetch(&path, watch)?.text());
            }
        }
        Ok(text)
    }

    /// Sends the image, and waits for what comes back.
    fn send(
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
                let rejection = response.map(|response| judge(&response));
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
        let began = link.clock().now();
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
            self.keep_pace(link.clock(), began, progress.sent);
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
        let deadline = within(link, self.options.stall_within);
        // Loaders count what came, and some are content without the last line.
        match link.write_all(&envelope.closing, deadline) {
            Ok(()) | Err(LinkError::Disconnected { .. } | LinkError::Io { .. }) => Ok(()),
            Err(error) => Err(Stopped::Broken(error)),
        }
    }

    /// Rests as long as the rate asks for.
    fn keep_pace(&self, clock: &dyn Clock, began: Moment, sent: u64) {
        let Some(rate) = self.options.rate.filter(|rate| *rate > 0) else { return };
        let due = Duration::from_micros(sent.saturating_mul(1_000_000) / rate);
        let ahead = due.saturating_sub(clock.now().since(began));
        if ahead > Duration::from_millis(5) {
            clock.sleep(ahead);
        }
    }

    /// Reads the verdict; where the unit asks whether to go on, compares and says yes.
    fn conclude(&mut self, uploaded: &mut Uploaded, reply: Came, md5: &str) -> Result<(), HttpUploadError> {
        let mut reply = reply;
        for round in 0..=MOST_CONFIRMATIONS {
            let response = match reply {
                Came::Response(response) => response,
                Came::End => {
                    uploaded.verdict = Verdict::Silent;
                    return Ok(());
                }
                Came::Nothing => {
                    return Err(HttpUploadError::NoVerdict { waited: self.options.verdict_within });
                }
            };
            let verdict = judge(&response);
            let request = match &verdict {
                Verdict::Received { length, md5: received } => {
                    if *length != uploaded.bytes || received != md5 {
                        return Err(damaged(
                            format!("{length} bytes with MD5 {received}"),
                            uploaded.bytes,
                            md5,
                        ));
                    }
                    uploaded.digest_agrees = true;
                    Some(wire::get(&self.options.confirm_path, &self.host()))
                }
                Verdict::Rejected { reason, says } if *reason != Reason::NotTaken => {
                    return Err(HttpUploadError::Rejected { reason: *reason, says: says.clone() });
                }
                _ => self.confirmation(uploaded, &response, md5)?,
            };
            match (request, verdict) {
                // From here on the unit may be writing: nobody can stop it.
                (Some(request), _) if round < MOST_CONFIRMATIONS => {
                    reply = match self.exchange(
                        &request,
                        self.options.verdict_within,
                        &debrick_target::Silent,
                    )? {
                        Some(response) => Came::Response(response),
                        None => Came::End,
                    };
                }
                (_, Verdict::Rejected { reason, says }) => {
                    return Err(HttpUploadError::Rejected { reason, says });
                }
                (_, verdict) => {
                    uploaded.verdict = verdict;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// The request that says yes, where the answer is a page that only has to be confirmed. The MD5 that such a page
    /// shows is compared first.
    fn confirmation(
        &self,
        uploaded: &mut Uploaded,
        response: &Response,
        md5: &str,
    ) -> Result<Option<Vec<u8>>, HttpUploadError> {
        let page = Page::read(&response.text());
        let Some(form) = page.forms.iter().find(|form| form.only_confirms()) else { return Ok(None) };
        let action = form.action.as_deref().unwrap_or_default();
        let Some(path) = resolve(&uploaded.path, action).filter(|path| !is_boot_critical(path)) else {
            return Ok(None);
        };
        let shown = md5s(&page.text);
        if !shown.is_empty() {
            if !shown.iter().any(|other| other == md5) {
                return Err(damaged(format!("an image with MD5 {}", shown.join(", ")), uploaded.bytes, md5));
            }
            uploaded.digest_agrees = true;
        }
        let (fields, host) = (form.hidden(), self.host());
        if form.post {
            return Ok(Some(wire::post_fields(&path, &host, &fields)));
        }
        let query = wire::post_fields("/", "", &fields);
        let query = query.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("{path}{mark}{}", String::from_utf8_lossy(query));
        Ok(wire::is_path(&path).then(|| wire::get(&path, &host)))
    }
}

impl Opaque for Uploader<'_> {
    fn offer(&mut self, name: &str, image: &dyn Source, watch: &mut dyn Watch) -> Result<(), TargetError> {
        let operation = format!("take {name} by its page");
        self.upload(name, image, watch).map(|_| ()).map_err(|error| error.into_target(operation))
    }
}

/// An upload whose last byte is sent.
struct Sent {
    reply: Came,
    took: Duration,
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

fn opened(path: String, response: &Response, page: Page) -> Opened {
    Opened { path, server: response.header("server").map(str::to_owned), page }
}

fn damaged(received: String, bytes: u64, md5: &str) -> HttpUploadError {
    HttpUploadError::Damaged { received, sent: format!("{bytes} bytes with MD5 {md5}") }
}

fn failed(operation: &str) -> impl FnOnce(LinkError) -> HttpUploadError {
    let operation = operation.to_owned();
    move |source| HttpUploadError::Link { operation, source }
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
