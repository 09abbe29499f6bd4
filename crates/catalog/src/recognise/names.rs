//! What an observation means: the devices whose record has that name.

use std::collections::{BTreeSet, HashMap};

use debrick_model::{Observation, Property};

use super::IMAGE;
use super::words::{
    OTHER_MODEL, SHORTEST_ALONE, drop_last_words, is_generic, is_telling, parts_of_model, plain, plain_id,
    revision, take_revision, words,
};
use crate::device::{Device, Kind};

/// Devices that share an id point to each of them up to this number.
const FEW: usize = 4;

/// The witness of boot ROMs.
const CHIP: &str = "chip";

/// The most words of a vendor's name.
const LONGEST_VENDOR: usize = 4;

/// The most words of a label that are one name.
const LONGEST_NAME: usize = 7;

/// What an observation means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One of these devices.
    Devices(Vec<usize>),
    /// One of these, but of a hardware revision that none of them has.
    OtherRevision(Vec<usize>),
    /// It is compatible with these, and others may say it too: it does not contradict.
    Consistent(Vec<usize>),
    /// It points to these without saying that the unit is one of them: it neither proves nor contradicts.
    Mentioned(Vec<usize>),
    /// A chip: as a record of its own, and as its plain name.
    Chip { family: Option<usize>, name: String },
    /// No device of the catalog, and one of this maker, in its plain form.
    OtherOf(String),
    /// No device of the catalog.
    Nothing,
    /// It does not speak about which device it is.
    Silent,
}

/// The names of all devices.
#[derive(Debug)]
pub(super) struct Naming {
    devices: Vec<Known>,
    vendors: Vendors,
    /// Devices by plain name: models, with and without their makers and variants.
    names: HashMap<String, Vec<usize>>,
    /// Devices by what firmware calls their boards. Firmware of one device often runs on others of its kind, so that boards
    /// may have the name of another device.
    boards: HashMap<String, Vec<usize>>,
    /// Devices by what a phone's software calls them.
    codenames: HashMap<String, Vec<usize>>,
    /// Devices by USB id and by the file that they ask for.
    usb: HashMap<String, Vec<usize>>,
    files: HashMap<String, Vec<usize>>,
    /// What the modes are called in which a USB id is seen.
    usb_modes: HashMap<String, BTreeSet<String>>,
    /// Devices by the ids in headers of firmware for them.
    headers: HashMap<String, Vec<usize>>,
    /// Chips by the signature that they give.
    signatures: HashMap<String, Vec<usize>>,
}

/// The makers that the catalog knows, as they write themselves.
#[derive(Debug, Default)]
pub(super) struct Vendors(HashMap<String, String>);

impl Vendors {
    /// A name as a device's maker and model; the maker is the longest that the name begins with, or what stands before the
    /// comma of a board's name.
    pub(super) fn split(&self, text: &str) -> (Option<String>, String) {
        let text = text.trim();
        if let Some((vendor, model)) = text.split_once(',')
            && !vendor.contains(' ')
            && !model.trim().is_empty()
        {
            let known = self.0.get(&plain(vendor)).cloned();
            return (Some(known.unwrap_or_else(|| vendor.to_owned())), model.trim().to_owned());
        }
        let ends = text.match_indices([' ', '-', '_']).map(|(at, _)| at).take(LONGEST_VENDOR);
        let whole = ends.filter_map(|end| self.0.get(&plain(&text[..end])).map(|vendor| (end, vendor)));
        match whole.last() {
            Some((end, vendor)) => (Some(vendor.clone()), text[end + 1..].trim().to_owned()),
            None => (None, text.to_owned()),
        }
    }
}

/// What is kept of a record.
#[derive(Debug)]
struct Known {
    id: String,
    title: String,
    /// Vendor and model, plain.
    model: String,
    vendor: String,
    kind: Kind,
    soc: String,
    revisions: Vec<String>,
    ready: Option<String>,
}

impl Meaning {
    /// The devices that it fits.
    pub(super) fn fits(&self) -> impl Iterator<Item = usize> {
        let (devices, chip) = match self {
            Self::Devices(devices)
            | Self::OtherRevision(devices)
            | Self::Consistent(devices)
            | Self::Mentioned(devices) => (devices.as_slice(), None),
            Self::Chip { family, .. } => (&[][..], *family),
            Self::OtherOf(_) | Self::Nothing | Self::Silent => (&[][..], None),
        };
        devices.iter().copied().chain(chip)
    }

    pub(super) fn names_a_device(&self) -> bool {
        matches!(self, Self::Devices(_) | Self::OtherRevision(_))
    }

    /// Whether it counts towards the witnesses that a device needs.
    pub(super) fn is_testimony(&self) -> bool {
        matches!(self, Self::Devices(_) | Self::Consistent(_) | Self::Chip { .. })
    }
}

impl Naming {
    pub(super) fn new(devices: Vec<Device>) -> Self {
        let mut naming = Self {
            devices: Vec::with_capacity(devices.len()),
            vendors: Vendors::default(),
            names: HashMap::new(),
            boards: HashMap::new(),
            codenames: HashMap::new(),
            usb: HashMap::new(),
            files: HashMap::new(),
            usb_modes: HashMap::new(),
            headers: HashMap::new(),
            signatures: HashMap::new(),
        };
        for device in devices {
            naming.add(&device);
        }
        naming
    }

    fn add(&mut self, device: &Device) {
        let index = self.devices.len();
        let (vendor, model) = (plain(&device.vendor), plain(&device.model));
        self.vendors.0.entry(vendor.clone()).or_insert_with(|| device.vendor.clone());
        let variant = device.variant.as_deref().map(plain).unwrap_or_default();
        let mut own: Vec<String> = vec![format!("{vendor}{model}"), format!("{vendor}{model}{variant}")];
        own.extend([model.clone(), format!("{model}{variant}")].into_iter().filter(|name| is_telling(name)));
        for other in device.aliases.iter().chain(&device.model_numbers) {
            let other = plain(other);
            own.push(format!("{vendor}{other}"));
            if is_telling(&other) {
                own.push(other);
            }
        }
        put(&mut self.boards, device.board_ids.iter().map(|board| plain(board)), index);
        for board in &device.board_ids {
            // Boards are named after makers in a short form: `ubnt,…`.
            if let Some((prefix, _)) = board.split_once(',') {
                self.vendors.0.entry(plain(prefix)).or_insert_with(|| device.vendor.clone());
            }
        }
        for joined in parts_of_model(&device.model) {
            own.extend([format!("{vendor}{joined}"), format!("{vendor}{joined}{variant}")]);
            own.extend([format!("{joined}{variant}"), joined].into_iter().filter(|name| is_telling(name)));
        }
        put(&mut self.names, own, index);
        if matches!(device.kind(), Kind::Phone | Kind::Tablet) {
            let last = device.id.split_once('-').map(|(_, rest)| plain(rest));
            put(&mut self.codenames, device.aliases.iter().map(|name| plain(name)).chain(last), index);
        }
        for mode in &device.usb {
            self.usb_modes.entry(mode.id.to_lowercase()).or_default().insert(mode.mode.clone());
        }
        for method in &device.method {
            for id in &method.usb {
                self.usb_modes.entry(id.to_lowercase()).or_default().insert(method.name.clone());
            }
        }
        let ids = device.usb.iter().map(|mode| mode.id.to_lowercase());
        let of_methods =
            device.method.iter().flat_map(|method| method.usb.iter().map(|id| id.to_lowercase()));
        put(&mut self.usb, ids.chain(of_methods), index);
        let files = device.method.iter().flat_map(|method| method.file.iter().chain(&method.more_files));
        let headers = device.header_ids.values().flatten().map(|id| plain_id(id));
        put(&mut self.headers, headers, index);
        put(&mut self.files, files.map(|file| file.to_lowercase()), index);
        let signature = device.chip.as_ref().and_then(|chip| chip.ids.get("signature"));
        put(&mut self.signatures, signature.map(|id| id.to_lowercase()), index);
        let revisions = device.hardware_revisions.iter().chain(&device.variant);
        self.devices.push(Known {
            id: device.id.clone(),
            title: device.title(),
            model: format!("{vendor}{model}"),
            vendor,
            kind: device.kind(),
            soc: device.soc.as_deref().map(plain).unwrap_or_default(),
            // One record may be for several: `v1/v2`.
            revisions: revisions.flat_map(|text| text.split('/')).map(revision).collect(),
            ready: device.console.as_ref().and_then(|console| console.ready.clone()),
        });
    }

    pub(super) fn id(&self, device: usize) -> &str {
        self.devices.get(device).map_or("", |known| &known.id)
    }

    pub(super) fn index_of(&self, id: &str) -> Option<usize> {
        self.devices.iter().position(|known| known.id == id)
    }

    pub(super) fn title(&self, device: usize) -> &str {
        self.devices.get(device).map_or("", |known| &known.title)
    }

    pub(super) fn is_chip(&self, device: usize) -> bool {
        self.devices.get(device).is_some_and(|known| known.kind == Kind::ChipFamily)
    }

    /// Whether a plain name has the maker of each of the devices before the model.
    pub(super) fn begins_with_vendor(&self, devices: &[usize], name: &str) -> bool {
        let has_vendor = |known: &Known| {
            let rest = name.strip_prefix(known.vendor.as_str());
            rest.is_some_and(|rest| rest.len() >= SHORTEST_ALONE)
        };
        devices.iter().all(|index| self.devices.get(*index).is_some_and(has_vendor))
    }

    /// The modes in which a USB id is seen, and of how many devices.
    pub(super) fn usb_modes(&self, id: &str) -> Option<(String, usize)> {
        let modes: Vec<&str> = self.usb_modes.get(id)?.iter().map(String::as_str).collect();
        Some((modes.join(", "), self.usb.get(id).map_or(0, Vec::len)))
    }

    /// Vendor and model, the same for all revisions.
    pub(super) fn model(&self, device: usize) -> &str {
        self.devices.get(device).map_or("", |known| &known.model)
    }

    pub(super) fn vendors(&self) -> &Vendors {
        &self.vendors
    }

    pub(super) fn ready_texts(&self) -> Vec<String> {
        self.devices.iter().filter_map(|known| known.ready.clone()).collect()
    }

    /// Whether an observation agrees with a device or contradicts it; `None` where it says neither.
    pub(super) fn speaks_for(&self, meaning: &Meaning, device: usize) -> Option<bool> {
        match meaning {
            Meaning::Devices(devices) => Some(devices.contains(&device)),
            Meaning::OtherRevision(_) => Some(false),
            Meaning::Consistent(devices) | Meaning::Mentioned(devices) => {
                devices.contains(&device).then_some(true)
            }
            Meaning::Chip { family, name } => {
                let known = self.devices.get(device)?;
                if *family == Some(device) {
                    return Some(true);
                }
                if known.kind == Kind::ChipFamily {
                    return family.map(|_| false);
                }
                let is_same = known.soc.len() >= SHORTEST_ALONE
                    && (name.contains(&known.soc) || known.soc.contains(name.as_str()));
                is_same.then_some(true)
            }
            Meaning::OtherOf(vendor) => {
                let known = self.devices.get(device)?;
                (known.vendor != *vendor).then_some(false)
            }
            Meaning::Nothing | Meaning::Silent => None,
        }
    }

    /// What an observation means.
    pub(super) fn meaning(&self, seen: &Observation) -> Meaning {
        let value = seen.value.as_str();
        match seen.property {
            _ if is_generic(&plain(value)) => Meaning::Silent,
            _ if seen.witness == IMAGE => self.of_file(seen),
            Property::Model if seen.witness == "operator" => self.label(value),
            Property::Model => self.name(value),
            Property::BoardId => self.board(value),
            Property::Codename => match self.codenames.get(&plain(value)) {
                Some(found) => Meaning::Devices(found.clone()),
                None => self.name(value),
            },
            Property::ReadyText => {
                let fits = |known: &Known| known.ready.as_deref() == Some(value);
                let found = (0..self.devices.len()).filter(|index| fits(&self.devices[*index])).collect();
                Meaning::Devices(found)
            }
            Property::UsbId => few(self.usb.get(&value.to_lowercase())),
            Property::RequestedFile => self.file(value),
            Property::Chip => self.chip(value, seen.witness == CHIP),
            Property::Mention => self.mention(value),
            _ => Meaning::Silent,
        }
    }

    /// What a firmware file says it is for: it points there, whatever it says.
    fn of_file(&self, seen: &Observation) -> Meaning {
        let name = match seen.property {
            Property::Model => self.name(&seen.value),
            Property::BoardId => self.board(&seen.value),
            _ => return Meaning::Silent,
        };
        match (name, self.headers.get(&plain_id(&seen.value))) {
            (Meaning::Devices(found), _) => Meaning::Mentioned(found),
            (_, Some(found)) => Meaning::Mentioned(found.clone()),
            _ => Meaning::Silent,
        }
    }

    /// A file that a bootloader asks for: a name that has the model in it speaks of the device.
    fn file(&self, value: &str) -> Meaning {
        let Some(found) = self.files.get(&value.to_lowercase()) else { return Meaning::Silent };
        let name = plain(value);
        let has_model = |index: &usize| {
            let known = &self.devices[*index];
            let own = known.model.strip_prefix(known.vendor.as_str()).unwrap_or(&known.model);
            // A model of a letter and a number stands in many names; with its maker before it, in its own.
            (own.len() >= SHORTEST_ALONE && name.contains(own)) || name.contains(&known.model)
        };
        if found.iter().all(has_model) { Meaning::Devices(found.clone()) } else { few(Some(found)) }
    }

    fn mention(&self, value: &str) -> Meaning {
        if let Some(found) = self.codenames.get(&plain(value)).filter(|_| value.len() >= SHORTEST_ALONE) {
            return few(Some(found));
        }
        match (self.name(value), self.label(value)) {
            (Meaning::Devices(found), _) | (_, Meaning::Devices(found)) => Meaning::Mentioned(found),
            _ => Meaning::Silent,
        }
    }

    /// What firmware calls the board.
    fn board(&self, text: &str) -> Meaning {
        match self.boards.get(&plain(text)) {
            Some(found) => Meaning::Devices(found.clone()),
            None => self.name(text),
        }
    }

    /// A name as firmware writes it: all of it has to fit, but for a revision and words like `board`.
    pub(super) fn name(&self, text: &str) -> Meaning {
        if let Some(found) = self.names.get(&plain(text)) {
            return Meaning::Devices(found.clone());
        }
        if let model @ (Meaning::Devices(_) | Meaning::OtherRevision(_)) = self.model_and_revision(text) {
            return model;
        }
        match self.boards.get(&plain(text)) {
            Some(found) => Meaning::Devices(found.clone()),
            None => Meaning::Nothing,
        }
    }

    fn model_and_revision(&self, text: &str) -> Meaning {
        let mut words = words(text);
        drop_last_words(&mut words);
        let last = words.len().saturating_sub(1);
        let said = take_revision(&mut words, last);
        drop_last_words(&mut words);
        match self.names.get(&words.concat()) {
            Some(found) => self.of_revision(found, said.as_deref()),
            None => Meaning::Nothing,
        }
    }

    /// A label: the longest name in it counts, with the revision that it gives.
    fn label(&self, text: &str) -> Meaning {
        let all = words(text);
        let mut words = all.clone();
        let said = take_revision(&mut words, 1);
        // What looks like a revision may be a part of the model's name.
        let (whole, without) = (self.longest_name(&all), self.longest_name(&words));
        match (whole, without) {
            (Some((long, found)), Some((short, _))) if long > short => Meaning::Devices(found),
            (_, Some((_, found))) => self.of_revision(&found, said.as_deref()),
            (Some((_, found)), None) => Meaning::Devices(found),
            (None, None) => match self.vendors.split(text) {
                (Some(vendor), _) => Meaning::OtherOf(plain(&vendor)),
                (None, _) => Meaning::Nothing,
            },
        }
    }

    /// The devices with the longest name among the words of a label, and how long it is.
    fn longest_name(&self, words: &[String]) -> Option<(usize, Vec<usize>)> {
        let mut best: Option<(usize, Vec<usize>)> = None;
        for start in 0..words.len() {
            for end in start + 1..=words.len().min(start + LONGEST_NAME) {
                let name = plain(&words[start..end].concat());
                let is_other = words.get(end).is_some_and(|next| OTHER_MODEL.contains(&next.as_str()));
                let Some(found) = self.names.get(&name).filter(|_| !is_other) else { continue };
                // Another vendor on the label makes it another device.
                let has_vendor = |index: &usize| {
                    let vendor = self.devices[*index].vendor.as_str();
                    name.starts_with(vendor) || words.concat().contains(vendor) || start == 0
                };
                let fitting: Vec<usize> = found.iter().copied().filter(has_vendor).collect();
                if !fitting.is_empty() && best.as_ref().is_none_or(|(length, _)| name.len() > *length) {
                    best = Some((name.len(), fitting));
                }
            }
        }
        best
    }

    /// Those of the devices that are of a revision.
    fn of_revision(&self, found: &[usize], said: Option<&str>) -> Meaning {
        let Some(said) = said else { return Meaning::Devices(found.to_vec()) };
        let has = |index: &&usize| self.devices[**index].revisions.iter().any(|one| one == said);
        let fitting: Vec<usize> = found.iter().filter(has).copied().collect();
        if !fitting.is_empty() {
            return Meaning::Devices(fitting);
        }
        let open: Vec<usize> =
            found.iter().filter(|index| self.devices[**index].revisions.is_empty()).copied().collect();
        if open.is_empty() { Meaning::OtherRevision(found.to_vec()) } else { Meaning::Devices(open) }
    }

    /// A chip that was asked itself is what lies on the bench; one that firmware names is a part of some device.
    fn chip(&self, value: &str, is_asked: bool) -> Meaning {
        let name = plain(value);
        if !is_asked {
            return Meaning::Chip { family: None, name };
        }
        if let Some([family]) = self.signatures.get(&value.to_lowercase()).map(Vec::as_slice) {
            return Meaning::Chip { family: Some(*family), name };
        }
        let mut best: Option<(usize, usize)> = None;
        for (index, known) in self.devices.iter().enumerate() {
            let own = known.model.strip_prefix(known.vendor.as_str()).unwrap_or(&known.model);
            if known.kind == Kind::ChipFamily
                && own.len() > SHORTEST_ALONE
                && name.strip_prefix(own).is_some_and(is_package)
                && best.is_none_or(|(length, _)| own.len() > length)
            {
                best = Some((own.len(), index));
            }
        }
        Meaning::Chip { family: best.map(|(_, index)| index), name }
    }
}

/// What is shared by a few devices points to them; what many share says nothing.
fn few(found: Option<&Vec<usize>>) -> Meaning {
    match found {
        Some(found) if found.len() <= FEW => Meaning::Mentioned(found.clone()),
        Some(found) => Meaning::Consistent(found.clone()),
        None => Meaning::Silent,
    }
}

/// Whether what follows a chip's name is its package, and not the rest of another chip's name: `d0wdv3`, not `s2`.
fn is_package(rest: &str) -> bool {
    rest.is_empty() || (rest.len() > 3 && !rest.starts_with(|first: char| first.is_ascii_digit()))
}

fn put(map: &mut HashMap<String, Vec<usize>>, names: impl IntoIterator<Item = String>, index: usize) {
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        let devices = map.entry(name).or_default();
        if devices.last() != Some(&index) {
            devices.push(index);
        }
    }
}
