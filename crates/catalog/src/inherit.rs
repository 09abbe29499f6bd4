//! How records build on each other: a device on its families, a hand-written record on an imported one.
//!
//! What a record says itself wins. Lists of named things (methods, procedures) are put together by name; lists of plain
//! facts (lights, stop rules, sources) are joined; everything else is taken from below only where it is absent above.

use crate::device::{ConsoleFacts, Device, FirmwareFacts, PowerFacts};
use crate::entry::Entry;
use crate::method::Method;

/// The longest chain of families.
pub(crate) const DEEPEST: usize = 8;

/// The most families that one record stands on, each counted as often as it is reached.
const MOST: usize = 64;

/// Why a record cannot be put together with its families.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InheritanceFault {
    /// There is no family of this name.
    UnknownFamily(String),
    /// A family builds on itself; the families of the circle, in order.
    Cycle(Vec<String>),
    /// The chain of families is longer than any has to be, or there are too many of them.
    TooDeep(String),
}

/// The record on top of everything that its families say. `family` finds a family as it is written.
pub(crate) fn resolve(
    device: Device,
    family: &dyn Fn(&str) -> Option<Device>,
) -> Result<Device, InheritanceFault> {
    climb(device, family, &mut Vec::new(), &mut 0)
}

fn climb(
    record: Device,
    family: &dyn Fn(&str) -> Option<Device>,
    path: &mut Vec<String>,
    reached: &mut usize,
) -> Result<Device, InheritanceFault> {
    let mut whole = record;
    for name in whole.families.clone() {
        if let Some(start) = path.iter().position(|passed| *passed == name) {
            let mut circle = path[start..].to_vec();
            circle.push(name);
            return Err(InheritanceFault::Cycle(circle));
        }
        *reached += 1;
        if path.len() >= DEEPEST || *reached > MOST {
            return Err(InheritanceFault::TooDeep(name));
        }
        let Some(below) = family(&name) else { return Err(InheritanceFault::UnknownFamily(name)) };
        path.push(name);
        let below = climb(below, family, path, reached)?;
        path.pop();
        whole = over_family(whole, below);
    }
    Ok(whole)
}

/// A record over a family: what is the family's own (its id, what it is about, how far it was tried) stays there.
fn over_family(device: Device, mut family: Device) -> Device {
    family.id.clear();
    family.schema.clear();
    family.families.clear();
    family.about = None;
    let status = device.status;
    Device { status, ..over(device, family) }
}

/// `above` over `below`: a field of `below` shows where `above` says nothing.
pub(crate) fn over(above: Device, below: Device) -> Device {
    let mut source = above.source;
    source.add(below.source);
    let mut lent = below.method;
    lent.retain(|method| !above.without.contains(&method.name));
    Device {
        schema: text(above.schema, below.schema),
        id: text(above.id, below.id),
        kind: above.kind.or(below.kind),
        families: joined(above.families, below.families),
        about: above.about.or(below.about),
        vendor: text(above.vendor, below.vendor),
        model: text(above.model, below.model),
        variant: above.variant.or(below.variant),
        aliases: joined(above.aliases, below.aliases),
        model_numbers: joined(above.model_numbers, below.model_numbers),
        hardware_revisions: list(above.hardware_revisions, below.hardware_revisions),
        sales_regions: list(above.sales_regions, below.sales_regions),
        board_ids: list(above.board_ids, below.board_ids),
        header_ids: below.header_ids.into_iter().chain(above.header_ids).collect(),
        soc: above.soc.or(below.soc),
        architecture: above.architecture.or(below.architecture),
        source,
        checked: above.checked,
        status: if above.status.is_untested() { below.status } else { above.status },
        power: either(above.power, below.power, |above, below| PowerFacts {
            supply: above.supply.or(below.supply),
            cycle: above.cycle.or(below.cycle),
        }),
        console: either(above.console, below.console, console_over),
        network: above.network.or(below.network),
        storage: list(above.storage, below.storage),
        environment: if above.environment.is_empty() { below.environment } else { above.environment },
        firmware: either(above.firmware, below.firmware, |above, below| FirmwareFacts {
            region: above.region.or(below.region),
            formats: list(above.formats, below.formats),
            largest: above.largest.or(below.largest),
            largest_kernel: above.largest_kernel.or(below.largest_kernel),
            origin: above.origin.or(below.origin),
            signed: above.signed.or(below.signed),
        }),
        settings: above.settings.or(below.settings),
        observe: list(above.observe, below.observe),
        version: joined(above.version, below.version),
        buttons: list(above.buttons, below.buttons),
        light: joined(above.light, below.light),
        entry: entries_over(above.entry, below.entry),
        method: methods_over(above.method, lent),
        without: joined(above.without, below.without),
        usb: joined(above.usb, below.usb),
        chip: above.chip.or(below.chip),
        lock: above.lock.or(below.lock),
        smoke: list(above.smoke, below.smoke),
        stop: joined(above.stop, below.stop),
        help: joined(above.help, below.help),
    }
}

fn console_over(above: ConsoleFacts, below: ConsoleFacts) -> ConsoleFacts {
    ConsoleFacts {
        baud: above.baud.or(below.baud),
        wiring: above.wiring.or(below.wiring),
        pins: list(above.pins, below.pins),
        volts: above.volts.or(below.volts),
        header: above.header.or(below.header),
        stop: above.stop.or(below.stop),
        ready: above.ready.or(below.ready),
        boot_seconds: above.boot_seconds.or(below.boot_seconds),
        restart: above.restart.or(below.restart),
    }
}

/// Methods of the record in its own order, each with what its namesake lends; then those that only the family has.
fn methods_over(above: Vec<Method>, below: Vec<Method>) -> Vec<Method> {
    let mut rest = below;
    let mut methods = Vec::with_capacity(above.len() + rest.len());
    for method in above {
        let namesake = rest.iter().position(|other| other.name == method.name);
        methods.push(match namesake {
            Some(index) => method_over(method, rest.remove(index)),
            None => method,
        });
    }
    methods.extend(rest);
    methods
}

fn method_over(above: Method, below: Method) -> Method {
    let mut source = above.source;
    source.add(below.source);
    Method {
        name: above.name,
        protocol: above.protocol.or(below.protocol),
        purpose: above.purpose.or(below.purpose),
        confidence: above.confidence.or(below.confidence),
        source,
        about: above.about.or(below.about),
        entry: above.entry.or(below.entry),
        buttons: list(above.buttons, below.buttons),
        hold_seconds: above.hold_seconds.or(below.hold_seconds),
        hold_seconds_at_most: match above.hold_seconds {
            Some(_) => above.hold_seconds_at_most,
            None => above.hold_seconds_at_most.or(below.hold_seconds_at_most),
        },
        sign: above.sign.or(below.sign),
        transfer: above.transfer.or(below.transfer),
        ram: above.ram.or(below.ram),
        transfer_baud: above.transfer_baud.or(below.transfer_baud),
        unit: above.unit.or(below.unit),
        host: above.host.or(below.host),
        station: above.station.or(below.station),
        port: above.port.or(below.port),
        socket: above.socket.or(below.socket),
        file: above.file.or(below.file),
        more_files: list(above.more_files, below.more_files),
        path: above.path.or(below.path),
        field: above.field.or(below.field),
        load_address: above.load_address.or(below.load_address),
        write_address: above.write_address.or(below.write_address),
        baud: above.baud.or(below.baud),
        usb: list(above.usb, below.usb),
        partitions: list(above.partitions, below.partitions),
        part: above.part.or(below.part),
        tool: above.tool.or(below.tool),
        formats: list(above.formats, below.formats),
    }
}

fn entries_over(mut above: Vec<Entry>, below: Vec<Entry>) -> Vec<Entry> {
    for entry in below {
        if !above.iter().any(|own| own.name == entry.name) {
            above.push(entry);
        }
    }
    above
}

fn text(above: String, below: String) -> String {
    if above.is_empty() { below } else { above }
}

fn list<T>(above: Vec<T>, below: Vec<T>) -> Vec<T> {
    if above.is_empty() { below } else { above }
}

fn joined<T: PartialEq>(mut above: Vec<T>, below: Vec<T>) -> Vec<T> {
    for item in below {
        if !above.contains(&item) {
            above.push(item);
        }
    }
    above
}

fn either<T>(above: Option<T>, below: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (above, below) {
        (Some(above), Some(below)) => Some(both(above, below)),
        (above, below) => above.or(below),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Sources;

    fn record(id: &str, families: &[&str]) -> Device {
        let families = families.iter().map(|name| (*name).to_owned()).collect();
        Device { id: id.into(), families, source: Sources(vec![id.into()]), ..Device::default() }
    }

    fn method(name: &str, file: Option<&str>, button: &str) -> Method {
        let buttons = if button.is_empty() { vec![] } else { vec![button.to_owned()] };
        Method { name: name.into(), file: file.map(str::to_owned), buttons, ..Method::default() }
    }

    #[test]
    fn families_lend_what_is_absent() {
        let mut device = record("d", &["near", "far"]);
        device.method = vec![method("push", Some("own.bin"), "")];
        let family = |name: &str| {
            let mut family = record(name, if name == "near" { &["root"] } else { &[] });
            match name {
                "near" => {
                    family.method = vec![method("nmrp", None, ""), method("push", Some("near.bin"), "reset")]
                }
                "far" => {
                    family.method = vec![method("push", Some("far.bin"), "wps"), method("web", None, "")]
                }
                "root" => family.soc = Some("chip".into()),
                _ => return None,
            }
            Some(family)
        };
        let whole = resolve(device, &family).unwrap();
        let methods: Vec<&str> = whole.method.iter().map(|method| method.name.as_str()).collect();
        assert_eq!(methods, ["push", "nmrp", "web"]);
        assert_eq!(
            (whole.method[0].file.as_deref(), whole.method[0].buttons.join("")),
            (Some("own.bin"), "reset".into())
        );
        assert_eq!((whole.id.as_str(), whole.soc.as_deref()), ("d", Some("chip")));
        assert_eq!(whole.source.0, ["d", "near", "root", "far"]);
    }

    #[test]
    fn circles_gaps_and_depths_are_found() {
        let ring = |name: &str| {
            let next = if name == "a" { "b" } else { "a" };
            Some(record(name, &[next]))
        };
        let cycle =
            |names: &[&str]| InheritanceFault::Cycle(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(resolve(record("d", &["a"]), &ring), Err(cycle(&["a", "b", "a"])));
        assert_eq!(
            resolve(record("d", &["gone"]), &|_| None),
            Err(InheritanceFault::UnknownFamily("gone".into()))
        );
        let endless = |name: &str| Some(record(name, &[format!("{name}x").as_str()]));
        assert!(matches!(resolve(record("d", &["a"]), &endless), Err(InheritanceFault::TooDeep(_))));
        // Eight families on each of seven levels would be two million.
        let wide = |name: &str| {
            let next: Vec<String> = (0..8).map(|number| format!("{name}{number}")).collect();
            let next: Vec<&str> = next.iter().map(String::as_str).collect();
            Some(record(name, if name.len() < 8 { &next } else { &[] }))
        };
        assert!(matches!(resolve(record("d", &["a"]), &wide), Err(InheritanceFault::TooDeep(_))));
    }

    #[test]
    fn what_a_record_is_without_comes_from_nowhere() {
        let mut above = record("d", &["f"]);
        above.without = vec!["wrong".into()];
        let mut below = record("d", &[]);
        below.method = vec![method("right", None, ""), method("wrong", None, "")];
        let family = |_: &str| {
            Some(Device {
                method: vec![method("wrong", None, ""), method("web", None, "")],
                ..record("f", &[])
            })
        };
        let whole = resolve(over(above, below), &family).unwrap();
        let methods: Vec<&str> = whole.method.iter().map(|method| method.name.as_str()).collect();
        assert_eq!(methods, ["right", "web"]);
    }

    #[test]
    fn a_check_holds_for_the_record_that_says_so() {
        let checked = |id: &str| Device { checked: Some("2026-11-21".into()), ..record(id, &[]) };
        assert_eq!(over(record("d", &[]), checked("d")).checked, None);
        assert_eq!(over(checked("d"), record("d", &[])).checked.as_deref(), Some("2026-11-21"));
    }

    #[test]
    fn hold_times_are_a_pair() {
        let below = Method { hold_seconds: Some(5), hold_seconds_at_most: Some(10), ..Method::default() };
        let above = Method { hold_seconds: Some(20), ..Method::default() };
        assert_eq!(method_over(above, below).hold_seconds_at_most, None);
    }
}
