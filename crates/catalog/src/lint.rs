//! What a record must keep to beyond its shape, and the check of a whole folder of records.

mod folder;
mod methods;
mod storage;

use std::fmt;

use crate::device::Device;

pub use folder::{LintReport, lint_folder};
pub(crate) use folder::{checked, read, record_files};

/// The longest name, title or source, in bytes.
const LONGEST_NAME: usize = 200;

/// The longest wait that any procedure asks for, in seconds.
const LONGEST_WAIT: u32 = 900;

/// Something that is wrong in a file of records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The record's id; empty where the fault is in no record.
    pub record: String,
    /// What is wrong.
    pub what: String,
    /// Why that is wrong.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.record.is_empty() {
            write!(f, "{}: ", self.record)?;
        }
        write!(f, "{} ({})", self.what, self.why)
    }
}

/// Something that is wrong in a record: at which field, what, and why.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RecordFault {
    /// The field: `method[0].file`; empty for the whole record.
    pub(crate) path: String,
    pub(crate) what: String,
    pub(crate) why: &'static str,
}

/// Gathers faults.
#[derive(Default)]
struct Faults(Vec<RecordFault>);

impl Faults {
    fn require(&mut self, holds: bool, path: impl Into<String>, what: impl Into<String>, why: &'static str) {
        if !holds {
            self.0.push(RecordFault { path: path.into(), what: what.into(), why });
        }
    }
}

/// Everything that is wrong with a record that stands on its families.
pub(crate) fn faults(device: &Device, is_family: bool) -> Vec<RecordFault> {
    let mut faults = Faults::default();
    names(device, is_family, &mut faults);
    console(device, &mut faults);
    storage::check(device, &mut faults);
    methods::check(device, is_family, &mut faults);
    texts(device, &mut faults);
    faults.0
}

fn names(device: &Device, is_family: bool, faults: &mut Faults) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    faults.require(
        !device.id.is_empty() && device.id.chars().all(plain) && device.id.len() <= LONGEST_NAME,
        "id",
        format!("the id {:?} is not plain", device.id),
        "an id has lower-case letters, digits and hyphens",
    );
    faults.require(
        !device.source.is_empty(),
        "source",
        "there is no source",
        "a fact that nobody can look up does not belong into the catalog",
    );
    faults.require(
        device.checked.as_deref().is_none_or(is_day),
        "checked",
        format!("{:?} is no day", device.checked.as_deref().unwrap_or_default()),
        "it is the day of the check, year first: 2026-11-21",
    );
    if is_family {
        faults.require(
            device.checked.is_none(),
            "checked",
            "a family says that it was checked",
            "each device that builds on it is checked for itself, with what it takes from its families",
        );
        return;
    }
    for (field, value) in [("vendor", &device.vendor), ("model", &device.model)] {
        faults.require(
            !value.trim().is_empty(),
            field,
            format!("there is no {field}"),
            "a device is found by its vendor and model",
        );
    }
    for (name, ids) in [("board_ids", &device.board_ids), ("model_numbers", &device.model_numbers)] {
        for (index, id) in ids.iter().enumerate() {
            faults.require(
                !ids[..index].contains(id),
                format!("{name}[{index}]"),
                format!("{id:?} stands there twice"),
                "each is one name",
            );
        }
    }
}

/// Whether a text is a day of the calendar, year first: `2026-11-21`.
fn is_day(text: &str) -> bool {
    let digits = text.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.len() != 10 || !digits {
        return false;
    }
    let number = |range: std::ops::Range<usize>| {
        text.get(range).and_then(|part| part.parse::<u32>().ok()).unwrap_or_default()
    };
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Line rates that serial ports and bootloaders use.
const BAUDS: [u32; 17] = [
    300, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 74880, 115_200, 230_400, 250_000, 460_800, 921_600,
    1_000_000, 1_500_000, 3_000_000,
];

fn check_baud(baud: Option<u32>, path: &str, faults: &mut Faults) {
    faults.require(
        baud.is_none_or(|baud| BAUDS.contains(&baud)),
        path,
        format!("{} bits a second is no line rate", baud.unwrap_or_default()),
        "consoles use one of the usual rates, such as 115200",
    );
}

fn console(device: &Device, faults: &mut Faults) {
    let Some(console) = &device.console else { return };
    check_baud(console.baud, "console.baud", faults);
    faults.require(
        console.volts.is_none_or(|volts| (1.0..=15.0).contains(&volts)),
        "console.volts",
        format!("{} volts", console.volts.unwrap_or_default()),
        "serial pins have 1 to 15 volts; are these millivolts?",
    );
    faults.require(
        console.boot_seconds.is_none_or(|seconds| (1..=LONGEST_WAIT).contains(&seconds)),
        "console.boot_seconds",
        format!("{} seconds to start", console.boot_seconds.unwrap_or_default()),
        "nothing takes longer than 15 minutes; are these milliseconds?",
    );
    faults.require(
        console.ready.as_ref().is_none_or(|ready| !ready.trim().is_empty()),
        "console.ready",
        "the text that tells that the system has started is empty",
        "an empty text is printed by everything",
    );
    faults.require(
        console.stop.as_ref().is_none_or(|stop| !stop.keys.is_empty()),
        "console.stop",
        "the key that stops the bootloader is empty",
        "nothing would be sent",
    );
}

fn texts(device: &Device, faults: &mut Faults) {
    let variant = device.variant.iter().map(|variant| ("variant", variant));
    let lists = [
        ("aliases", &device.aliases),
        ("model_numbers", &device.model_numbers),
        ("buttons", &device.buttons),
    ];
    let listed = lists.into_iter().flat_map(|(name, list)| list.iter().map(move |item| (name, item)));
    for (name, value) in
        [("vendor", &device.vendor), ("model", &device.model)].into_iter().chain(variant).chain(listed)
    {
        let is_clean =
            !value.contains(char::is_control) && value.trim() == value && value.len() <= LONGEST_NAME;
        faults.require(
            is_clean,
            name,
            format!("{value:?} is no name"),
            "a name is short and has no space around it",
        );
    }
    for (index, rule) in device.stop.iter().enumerate() {
        let is_whole = [&rule.when, &rule.because, &rule.instead].iter().all(|text| !text.trim().is_empty());
        faults.require(
            is_whole,
            format!("stop[{index}]"),
            "a stop rule has an empty part",
            "it says when, why and what instead",
        );
    }
    for (index, helper) in device.help.iter().enumerate() {
        let is_whole = [&helper.name, &helper.does].iter().all(|text| !text.trim().is_empty());
        faults.require(
            is_whole && !helper.source.is_empty(),
            format!("help[{index}]"),
            "a helper has an empty part",
            "it says who helps, with what, and where that is from",
        );
        let at = helper.at.as_deref().unwrap_or("https://");
        faults.require(
            at.starts_with("https://"),
            format!("help[{index}].at"),
            format!("{at:?} is no address"),
            "it is an address on the web that begins with https://",
        );
    }
    for (index, usb) in device.usb.iter().enumerate() {
        check_usb(&usb.id, &format!("usb[{index}].id"), faults);
    }
}

fn check_usb(id: &str, path: &str, faults: &mut Faults) {
    let hex =
        |part: &str| part.len() == 4 && part.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    faults.require(
        id.split_once(':').is_some_and(|(vendor, product)| hex(vendor) && hex(product)),
        path,
        format!("{id:?} is no USB identity"),
        "it is vendor and product in lower-case hexadecimal: 05c6:9008",
    );
}
