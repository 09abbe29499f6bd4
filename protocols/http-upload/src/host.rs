//! The host half: opens the page, finds the form, sends the image, and reads what comes back.

mod exchange;
mod send;

use std::net::SocketAddr;
use std::time::Duration;

use debrick_link::{Deadline, Link, LinkError, Moment, Network};
use debrick_target::{Opaque, Source, TargetError, Watch};

use crate::choose::{choose, is_boot_critical};
use crate::error::HttpUploadError;
use crate::page::{Page, resolve};
use crate::verdict::{Reason, Verdict, judge, md5s};
use crate::wire::{self, Response};

use exchange::{Came, read_reply};

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
            // One segment after the other: D-Link's COVR-P2500 loses its way when a second one comes before it has
            // acknowledged the first, and a bootloader on the same cable does so within a millisecond.
            piece: 1024,
            rate: Some(512 * 1024),
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
                Some(status) if status >= 400 && page.asks_for_password() => {
                    return Err(HttpUploadError::NeedsPassword { path });
                }
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

    /// Opens the page, and makes sure that it is one that takes firmware: it has a form for a file, and asks for no password,
    /// as the page of a running system does. Nothing is changed on the unit.
    pub fn find_form(&mut self, watch: &dyn Watch) -> Result<Opened, HttpUploadError> {
        let opened = self.look(watch)?;
        if opened.page.asks_for_password() {
            return Err(HttpUploadError::NeedsPassword { path: opened.path });
        }
        if !opened.page.takes_files() {
            return Err(HttpUploadError::NoForm { path: opened.path, title: opened.page.title });
        }
        let scripts = self.scripts(&opened, watch)?;
        choose(&opened.page, &opened.path, self.options.field.as_deref(), &scripts)?;
        Ok(opened)
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
        if opened.page.asks_for_password() {
            return Err(HttpUploadError::NeedsPassword { path: opened.path });
        }
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
        self.conclude(&mut uploaded, &opened.page.text, sent.reply, &md5)?;
        if uploaded.verdict == Verdict::Silent && self.is_still_there(&opened.path) {
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
            Some(response) => match judge(&response, "") {
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

    /// Reads the verdict; where the unit asks whether to go on, compares and says yes.
    fn conclude(
        &mut self,
        uploaded: &mut Uploaded,
        form: &str,
        reply: Came,
        md5: &str,
    ) -> Result<(), HttpUploadError> {
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
            let verdict = judge(&response, form);
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
        let Some(form) = page.forms.iter().find(|form| form.only_confirms() && form.goes_on_with_update())
        else {
            return Ok(None);
        };
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
