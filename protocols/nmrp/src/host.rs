//! The host half: finds a unit in recovery, gives it an address, sends the image, and waits until it is written.
//!
//! The steps are calls of their own, because something has to happen between them that only the caller can do: a
//! recovering bootloader mostly answers no ARP, so that the system has to be told where the unit's address is.
//! [`Host::flash`] is all of them in a row.

mod calling;
mod frames;
mod upload;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use debrick_link::{Clock, Frames, LinkError, Moment, Network};
use debrick_model::MacAddress;
use debrick_target::{Source, Watch};
use debrick_tftp::{ClientOptions, TftpError};

use crate::error::NmrpError;
use crate::wire::{Code, Message, Region};

pub use calling::Caller;

/// Addresses of other units that are remembered.
const MOST_OTHERS: usize = 16;

/// How long units take to answer that are not busy with something else.
const ANSWER_AT_ONCE: Duration = Duration::from_millis(20);

/// How long a repeated CLOSE_REQ is answered after the first.
const CLOSE_LINGER: Duration = Duration::from_millis(250);

/// How to recover a unit. [`HostOptions::default`] has what units and Netgear's own tool use.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// The only unit that is dealt with. Without it the one that answers, unless there are several.
    pub unit: Option<MacAddress>,
    /// The address that the unit is given.
    pub unit_address: Ipv4Addr,
    /// Its network mask.
    pub mask: Ipv4Addr,
    /// The region that the unit is set to; left alone without.
    pub region: Option<Region>,
    /// The name of the image, where the unit names none.
    pub file_name: String,
    /// Time between advertisements. A unit listens for about 3 s after its start.
    pub advertise_every: Duration,
    /// How long to advertise.
    pub advertise_within: Duration,
    /// How long others may answer after the first unit did, before one is taken for the only one. Where no region is set,
    /// the image is on its way to that one meanwhile, all but its end, without which nothing is written.
    pub gather: Duration,
    /// How long the unit may be silent until it asks for the image.
    pub reply_within: Duration,
    /// How long the unit may take to write the image.
    pub finish_within: Duration,
    /// How often the image is sent at most. Units that check it only afterwards ask for another one.
    pub most_uploads: u32,
    /// How the image is sent.
    pub transfer: ClientOptions,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            unit: None,
            unit_address: Ipv4Addr::new(10, 164, 183, 252),
            mask: Ipv4Addr::new(255, 255, 255, 0),
            region: None,
            file_name: "firmware".into(),
            advertise_every: Duration::from_secs(1),
            advertise_within: Duration::from_secs(60),
            gather: Duration::from_millis(300),
            reply_within: Duration::from_secs(10),
            finish_within: Duration::from_secs(30 * 60),
            most_uploads: 3,
            transfer: ClientOptions { block_size: Some(1456), ..ClientOptions::default() },
        }
    }
}

/// A unit's two addresses. The system has to know that they belong together before the image is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Its Ethernet address.
    pub unit: MacAddress,
    /// The IPv4 address that it is given.
    pub address: Ipv4Addr,
}

/// The unit has its TFTP server up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRequest {
    /// The name that it wants the image under, if it says one.
    pub file_name: Option<String>,
}

/// What became of a recovery that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flashed {
    /// The unit.
    pub unit: MacAddress,
    /// Other units that were heard on the wire, and left alone.
    pub others: Vec<MacAddress>,
    /// Bytes of the image.
    pub bytes: u64,
    /// How often it was sent: more than once where the unit asked again.
    pub uploads: u32,
    /// Whether the unit acknowledged the end of the image. Some begin to write it without.
    pub acknowledged: bool,
    /// How often the unit said that it is still busy.
    pub keep_alives: u32,
    /// From the first advertisement to the unit's CLOSE_REQ.
    pub took: Duration,
}

/// How an upload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uploaded {
    /// Bytes of the image.
    pub bytes: u64,
    /// Whether the unit acknowledged its end.
    pub acknowledged: bool,
}

/// What a unit does once it has the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// It has said that it is done.
    Closed,
    /// It asks for an image again.
    AsksAgain(UploadRequest),
}

/// Recovers one unit through one interface.
pub struct Host {
    frames: Box<dyn Frames>,
    options: HostOptions,
    unit: Option<MacAddress>,
    others: BTreeSet<MacAddress>,
    /// Until when others count that answer, where none was chosen.
    gather_until: Option<Moment>,
    /// Others that answered in that time.
    rivals: BTreeSet<MacAddress>,
    keep_alives: u32,
    has_closed: bool,
}

impl Host {
    /// A host on an interface that was opened for frames of [`crate::ETHER_TYPE`].
    pub fn new(frames: Box<dyn Frames>, options: HostOptions) -> Self {
        Self {
            frames,
            options,
            unit: None,
            others: BTreeSet::new(),
            gather_until: None,
            rivals: BTreeSet::new(),
            keep_alives: 0,
            has_closed: false,
        }
    }

    /// Other units that were heard on the wire so far, and left alone.
    pub fn others(&self) -> Vec<MacAddress> {
        self.others.iter().copied().collect()
    }

    /// All of it: from the first advertisement until the unit says that it has written the image. `local` is the address
    /// of this computer in the unit's network; `neighbour` makes the system send to the unit without asking for its
    /// Ethernet address, and is called once.
    ///
    /// It can be cancelled until all of the image has been sent.
    pub fn flash(
        &mut self,
        network: &mut dyn Network,
        local: Ipv4Addr,
        neighbour: &mut dyn FnMut(Neighbour) -> Result<(), LinkError>,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<Flashed, NmrpError> {
        let began = self.now();
        let unit = self.find(watch)?;
        let address = self.options.unit_address;
        neighbour(Neighbour { unit, address }).map_err(|source| NmrpError::Neighbour {
            unit,
            address,
            source,
        })?;
        let flashed = self.deliver(network, local, image, watch)?;
        Ok(Flashed { took: self.now().since(began), ..flashed })
    }

    /// The rest of it, once the unit is found or chosen and the system knows where its address is.
    pub fn deliver(
        &mut self,
        network: &mut dyn Network,
        local: Ipv4Addr,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<Flashed, NmrpError> {
        let began = self.now();
        let unit = self.unit_or_nobody();
        let mut request = self.configure(watch)?;
        for uploads in 1..=self.options.most_uploads {
            let uploaded = self.upload(network, IpAddr::V4(local), &request, image, watch)?;
            match self.await_close()? {
                After::AsksAgain(again) => request = again,
                After::Closed => {
                    return Ok(Flashed {
                        unit,
                        others: self.others(),
                        bytes: uploaded.bytes,
                        uploads,
                        acknowledged: uploaded.acknowledged,
                        keep_alives: self.keep_alives,
                        took: self.now().since(began),
                    });
                }
            }
        }
        self.close();
        Err(NmrpError::Rejected { unit, uploads: self.options.most_uploads })
    }

    /// Advertises until a unit asks to be configured. Where none was chosen, others that answer at the same time make it
    /// fail with [`NmrpError::SeveralUnits`], or the steps that follow.
    pub fn find(&mut self, watch: &dyn Watch) -> Result<MacAddress, NmrpError> {
        let began = self.now();
        let mut advertisements = 0;
        let mut advertise_at = began;
        loop {
            let now = self.now();
            if watch.cancelled() {
                return Err(NmrpError::Cancelled);
            }
            let waited = now.since(began);
            if waited >= self.options.advertise_within {
                return Err(match self.options.unit {
                    Some(wanted) if !self.others.is_empty() => {
                        NmrpError::OtherUnit { wanted, others: self.others(), waited }
                    }
                    _ => NmrpError::NoUnit { advertisements, waited },
                });
            }
            if now >= advertise_at {
                self.send(MacAddress::BROADCAST, &Message::advertise())?;
                advertisements += 1;
                advertise_at = now + self.options.advertise_every;
            }
            let Some((from, message)) = self.receive(advertise_at)? else { continue };
            if !is_answer(&message) {
                continue;
            }
            match self.options.unit {
                Some(wanted) if wanted != from => self.note(from),
                wanted => {
                    self.unit = Some(from);
                    self.gather_until = wanted.is_none().then_some(now + self.options.gather);
                    // Most answer at once. A region is stored at once, too: not on a unit that was not meant.
                    let all = self.options.region.is_some();
                    let span = if all { self.options.gather } else { ANSWER_AT_ONCE };
                    self.gather(now + span, watch)?;
                    return Ok(from);
                }
            }
        }
    }

    /// Waits until nobody else can answer any more, or until `at_most`.
    fn gather(&mut self, at_most: Moment, watch: &dyn Watch) -> Result<(), NmrpError> {
        while let Some(until) = self.gather_until.map(|until| until.min(at_most))
            && self.now() < until
        {
            if watch.cancelled() {
                return Err(NmrpError::Cancelled);
            }
            self.receive_from_unit(until)?;
            self.must_be_alone()?;
        }
        self.must_be_alone()
    }

    /// Fails where another unit has answered, too; the one that was begun with is let go.
    fn must_be_alone(&mut self) -> Result<(), NmrpError> {
        if self.rivals.is_empty() {
            return Ok(());
        }
        self.close();
        let units = self.rivals.iter().copied().chain(self.unit).collect::<BTreeSet<_>>();
        Err(NmrpError::SeveralUnits { units: units.into_iter().collect() })
    }

    /// Gives the unit its address, and waits until it asks for the image.
    pub fn configure(&mut self, watch: &dyn Watch) -> Result<UploadRequest, NmrpError> {
        let Some(unit) = self.unit else {
            return Err(NmrpError::NoUnit { advertisements: 0, waited: Duration::ZERO });
        };
        let configuration =
            Message::configuration(self.options.unit_address, self.options.mask, self.options.region);
        self.send(unit, &configuration)?;
        let began = self.now();
        let until = began + self.options.reply_within;
        while self.now() < until {
            if watch.cancelled() {
                self.close();
                return Err(NmrpError::Cancelled);
            }
            self.must_be_alone()?;
            match self.receive_from_unit(until)? {
                Some(message) if message.code == Code::ConfigureRequest => self.send(unit, &configuration)?,
                Some(message) if message.code == Code::UploadRequest => {
                    return Ok(UploadRequest { file_name: message.file_name });
                }
                _ if self.has_closed => return Err(NmrpError::ClosedEarly { unit, bytes: 0 }),
                _ => {}
            }
        }
        Err(NmrpError::NoUploadRequest { unit, waited: self.now().since(began) })
    }

    /// Sends the image to the unit's TFTP server, and answers what the unit says by NMRP meanwhile.
    pub fn upload(
        &mut self,
        network: &mut dyn Network,
        local: IpAddr,
        request: &UploadRequest,
        image: &dyn Source,
        watch: &mut dyn Watch,
    ) -> Result<Uploaded, NmrpError> {
        let unit = self.unit_or_nobody();
        // What is over with its first blocks would be written before others had time to answer.
        if image.len() <= upload::held_back(&self.options.transfer) {
            self.gather(self.now() + self.options.gather, watch)?;
        }
        let outcome = upload::push(self, network, local, request, image, watch);
        self.must_be_alone()?;
        match outcome {
            Ok(done) => Ok(Uploaded { bytes: done.bytes, acknowledged: true }),
            // It has everything; what it does with it shows in what it says by NMRP.
            Err((TftpError::Stalled { all_sent: true, .. }, _)) => {
                Ok(Uploaded { bytes: image.len(), acknowledged: false })
            }
            Err((TftpError::Cancelled, bytes)) if self.has_closed => {
                Err(NmrpError::ClosedEarly { unit, bytes })
            }
            Err((TftpError::Cancelled, _)) => {
                self.close();
                Err(NmrpError::Cancelled)
            }
            Err((source, _)) => {
                self.close();
                Err(NmrpError::Upload { unit, source })
            }
        }
    }

    /// Waits until the unit has written the image and says so, or asks for an image again. It cannot be cancelled: the
    /// unit is writing.
    pub fn await_close(&mut self) -> Result<After, NmrpError> {
        let unit = self.unit_or_nobody();
        let began = self.now();
        let until = began + self.options.finish_within;
        while !self.has_closed {
            if self.now() >= until {
                return Err(NmrpError::NotClosed { unit, waited: self.now().since(began) });
            }
            if let Some(message) = self.receive_from_unit(until)?
                && message.code == Code::UploadRequest
            {
                return Ok(After::AsksAgain(UploadRequest { file_name: message.file_name }));
            }
        }
        let until = self.now() + CLOSE_LINGER;
        while self.now() < until {
            self.receive_from_unit(until)?;
        }
        Ok(After::Closed)
    }

    /// Tells the unit that nothing more comes. It is not known whether every unit listens.
    fn close(&mut self) {
        if let Some(unit) = self.unit {
            // What cannot be sent is as good as lost; the unit gives up by itself.
            let _ = self.send(unit, &Message::bare(Code::CloseRequest));
        }
    }

    fn note(&mut self, other: MacAddress) {
        if self.others.len() < MOST_OTHERS {
            self.others.insert(other);
        }
    }

    /// Hears another unit: one that answers in time may be the one that was meant.
    fn note_answer(&mut self, other: MacAddress, message: &Message) {
        self.note(other);
        let counts = self.gather_until.is_some_and(|until| self.now() < until);
        if counts && is_answer(message) && self.rivals.len() < MOST_OTHERS {
            self.rivals.insert(other);
        }
    }

    fn unit_or_nobody(&self) -> MacAddress {
        self.unit.unwrap_or(MacAddress::new([0; 6]))
    }

    fn clock(&self) -> &dyn Clock {
        self.frames.clock()
    }

    fn now(&self) -> Moment {
        self.clock().now()
    }
}

/// Whether a message is what a unit says to an advertisement. One that was configured before this program began asks for
/// the image at once.
fn is_answer(message: &Message) -> bool {
    matches!(message.code, Code::ConfigureRequest | Code::UploadRequest)
}
