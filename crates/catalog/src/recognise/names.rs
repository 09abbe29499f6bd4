//! What an observation means: the devices whose record has that name.

use std::collections::HashMap;

use debrick_model::{Observation, Property};

use crate::device::{Device, Kind};

/// A name shorter than this means a device only together with its vendor.
const SHORTEST_ALONE: usize = 4;

/// The most words of a label that are one name.
const LONGEST_NAME: usize = 7;

/// Names that say nothing: machines without hardware of their own, and blanks that nobody filled in.
const GENERIC: &[&str] = &[
    "linuxdummyvirt",
    "genericdtbasedsystem",
    "genericdtsystem",
    "qcom",
    "default",
    "unknown",
    "generic",
    "tobefilledbyoem",
    "systemproductname",
];

/// Words after a model that make it another model.
const OTHER_MODEL: &[&str] =
    &["pro", "plus", "max", "lite", "mini", "ultra", "outdoor", "lr", "xl", "neo", "se", "fe", "hd", "nano"];

/// Words that names of boards end with and records leave out.
const LAST_WORDS: &[&str] = &["board", "router", "development", "platform", "dt"];

/// Words before a hardware revision.
const BEFORE_REVISION: &[&str] = &["v", "ver", "version", "rev", "revision", "hw", "h", "w", "hardware"];

/// What an observation means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One of these devices.
    Devices(Vec<usize>),
    /// One of these, but of a hardware revision that none of them has.
    OtherRevision(Vec<usize>),
    /// It is compatible with these, and others may say it too: it does not contradict.
    Consistent(Vec<usize>),
    /// A chip: as a record of its own, and as its plain name.
    Chip { family: Option<usize>, name: String },
    /// No device of the catalog.
    Nothing,
    /// It does not speak about which device it is.
    Silent,
}

/// The names of all devices.
#[derive(Debug)]
pub(super) struct Naming {
    devices: Vec<Known>,
    /// Devices by plain name.
    names: HashMap<String, Vec<usize>>,
    /// Devices by what a phone's software calls them.
    codenames: HashMap<String, Vec<usize>>,
    /// Devices by USB id and by the file that they ask for.
    usb: HashMap<String, Vec<usize>>,
    files: HashMap<String, Vec<usize>>,
    /// Chips by the signature that they give.
    signatures: HashMap<String, Vec<usize>>,
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
            Self::Devices(devices) | Self::OtherRevision(devices) | Self::Consistent(devices) => {
                (devices.as_slice(), None)
            }
            Self::Chip { family, .. } => (&[][..], *family),
            Self::Nothing | Self::Silent => (&[][..], None),
        };
        devices.iter().copied().chain(chip)
    }

    pub(super) fn names_a_device(&self) -> bool {
        matches!(self, Self::Devices(_) | Self::OtherRevision(_))
    }
}

impl Naming {
    pub(super) fn new(devices: Vec<Device>) -> Self {
        let mut naming = Self {
            devices: Vec::with_capacity(devices.len()),
            names: HashMap::new(),
            codenames: HashMap::new(),
            usb: HashMap::new(),
            files: HashMap::new(),
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
        for board in &device.board_ids {
            own.push(plain(board));
        }
        put(&mut self.names, own, index);
        if matches!(device.kind(), Kind::Phone | Kind::Tablet) {
            let last = device.id.split_once('-').map(|(_, rest)| plain(rest));
            put(&mut self.codenames, device.aliases.iter().map(|name| plain(name)).chain(last), index);
        }
        let ids = device.usb.iter().map(|mode| mode.id.to_lowercase());
        let of_methods =
            device.method.iter().flat_map(|method| method.usb.iter().map(|id| id.to_lowercase()));
        put(&mut self.usb, ids.chain(of_methods), index);
        let files = device.method.iter().flat_map(|method| method.file.iter().chain(&method.more_files));
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
            revisions: revisions.map(|text| revision(text)).collect(),
            ready: device.console.as_ref().and_then(|console| console.ready.clone()),
        });
    }

    pub(super) fn id(&self, device: usize) -> &str {
        self.devices.get(device).map_or("", |known| &known.id)
    }

    pub(super) fn title(&self, device: usize) -> &str {
        self.devices.get(device).map_or("", |known| &known.title)
    }

    /// Vendor and model, the same for all revisions.
    pub(super) fn model(&self, device: usize) -> &str {
        self.devices.get(device).map_or("", |known| &known.model)
    }

    pub(super) fn ready_texts(&self) -> Vec<String> {
        self.devices.iter().filter_map(|known| known.ready.clone()).collect()
    }

    /// Whether an observation agrees with a device or contradicts it; `None` where it says neither.
    pub(super) fn speaks_for(&self, meaning: &Meaning, device: usize) -> Option<bool> {
        match meaning {
            Meaning::Devices(devices) => Some(devices.contains(&device)),
            Meaning::OtherRevision(_) => Some(false),
            Meaning::Consistent(devices) => devices.contains(&device).then_some(true),
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
            Meaning::Nothing | Meaning::Silent => None,
        }
    }

    /// What an observation means.
    pub(super) fn meaning(&self, seen: &Observation) -> Meaning {
        let value = seen.value.as_str();
        let among = |map: &HashMap<String, Vec<usize>>| {
            map.get(&value.to_lowercase()).map_or(Meaning::Silent, |found| Meaning::Consistent(found.clone()))
        };
        match seen.property {
            _ if GENERIC.contains(&plain(value).as_str()) => Meaning::Silent,
            Property::Model if seen.witness == "operator" => self.label(value),
            Property::Model => self.name(value),
            Property::BoardId => self.name(value),
            Property::Codename => match self.codenames.get(&plain(value)) {
                Some(found) => Meaning::Devices(found.clone()),
                None => self.name(value),
            },
            Property::ReadyText => {
                let fits = |known: &Known| known.ready.as_deref() == Some(value);
                let found = (0..self.devices.len()).filter(|index| fits(&self.devices[*index])).collect();
                Meaning::Devices(found)
            }
            Property::UsbId => among(&self.usb),
            Property::RequestedFile => among(&self.files),
            Property::Chip => self.chip(value),
            _ => Meaning::Silent,
        }
    }

    /// A name as firmware writes it: all of it has to fit, but for a revision and words like `board`.
    fn name(&self, text: &str) -> Meaning {
        if let Some(found) = self.names.get(&plain(text)) {
            return Meaning::Devices(found.clone());
        }
        let mut words = words(text);
        let said = take_revision(&mut words);
        while words.last().is_some_and(|word| LAST_WORDS.contains(&word.as_str())) {
            words.pop();
        }
        match self.names.get(&words.concat()) {
            Some(found) => self.of_revision(found, said.as_deref()),
            None => Meaning::Nothing,
        }
    }

    /// A label: the longest name in it counts, with the revision that it gives.
    fn label(&self, text: &str) -> Meaning {
        let mut words = words(text);
        let said = take_revision(&mut words);
        let mut best: Option<(usize, Vec<usize>)> = None;
        for start in 0..words.len() {
            for end in start + 1..=words.len().min(start + LONGEST_NAME) {
                let name = words[start..end].concat();
                let is_other = words.get(end).is_some_and(|next| OTHER_MODEL.contains(&next.as_str()));
                let Some(found) = self.names.get(&name).filter(|_| !is_other) else { continue };
                // Another vendor on the label makes it another device.
                let vendors: Vec<usize> = found
                    .iter()
                    .copied()
                    .filter(|index| {
                        let vendor = &self.devices[*index].vendor;
                        name.starts_with(vendor.as_str())
                            || words.concat().contains(vendor.as_str())
                            || start == 0
                    })
                    .collect();
                if !vendors.is_empty() && best.as_ref().is_none_or(|(length, _)| name.len() > *length) {
                    best = Some((name.len(), vendors));
                }
            }
        }
        match best {
            Some((_, found)) => self.of_revision(&found, said.as_deref()),
            None => Meaning::Nothing,
        }
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

    fn chip(&self, value: &str) -> Meaning {
        let name = plain(value);
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

/// Whether what follows a chip's name is its package, and not the rest of another chip's name: `d0wdv3`, not `s2`.
fn is_package(rest: &str) -> bool {
    rest.is_empty() || (rest.len() > 3 && !rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// Takes a hardware revision off the end of a name, or from behind a word that announces it.
fn take_revision(words: &mut Vec<String>) -> Option<String> {
    for index in (1..words.len()).rev() {
        let is_marked = BEFORE_REVISION.contains(&words[index - 1].as_str());
        let word = words[index].as_str();
        let is_number =
            word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        let rest = ["ver", "rev", "v"].iter().find_map(|mark| word.strip_prefix(mark));
        let is_joined = rest.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                && rest.bytes().all(|c| c.is_ascii_digit() || c == b'.')
        });
        if is_joined || (is_marked && is_number && word.len() <= 3) {
            let said = revision(word);
            words.truncate(index);
            while words.len() > 1 && words.last().is_some_and(|last| BEFORE_REVISION.contains(&last.as_str()))
            {
                words.pop();
            }
            return Some(said);
        }
    }
    None
}

/// A revision in one form: `v5.0`, `Ver 5` and `5` are the same.
fn revision(text: &str) -> String {
    let lower = text.to_lowercase();
    let rest = ["version", "revision", "ver", "rev", "v"]
        .iter()
        .find_map(|mark| lower.strip_prefix(mark))
        .unwrap_or(&lower)
        .trim_matches([' ', '.', ':']);
    rest.strip_suffix(".0").unwrap_or(rest).trim_start_matches('0').to_owned()
}

fn put(map: &mut HashMap<String, Vec<usize>>, names: impl IntoIterator<Item = String>, index: usize) {
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        let devices = map.entry(name).or_default();
        if devices.last() != Some(&index) {
            devices.push(index);
        }
    }
}

/// Whether a name without its vendor means one device: it is long, or has a digit.
fn is_telling(name: &str) -> bool {
    name.len() >= SHORTEST_ALONE && (name.len() >= 8 || name.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Words in lower case; dots stay within them, and what else is no letter parts them.
fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-' && c != '+')
        .take(60)
        .map(|word| word.trim_matches('.').to_lowercase())
        .filter(|word| !word.is_empty())
        .map(|word| match word.starts_with('v') || word.starts_with(|c: char| c.is_ascii_digit()) {
            true => word,
            false => plain(&word),
        })
        .map(|word| if revision_like(&word) { word } else { plain(&word) })
        .filter(|word| !word.is_empty())
        .collect()
}

fn revision_like(word: &str) -> bool {
    word.trim_start_matches('v').bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// Letters and digits only, in lower case.
fn plain(text: &str) -> String {
    text.replace('+', "plus").chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
