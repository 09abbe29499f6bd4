//! Methods and the procedures that lead to them.

use std::net::Ipv4Addr;

use debrick_model::MacAddress;

use super::{Faults, LONGEST_WAIT, check_baud, check_usb};
use crate::device::Device;
use crate::entry::{Action, Entry, Step};
use crate::method::{Method, Protocol};
use crate::repairable::Transfer;

pub(super) fn check(device: &Device, is_family: bool, faults: &mut Faults) {
    if let Some(network) = &device.network {
        check_addresses(Some(network.unit), Some(network.host), "network", faults);
    }
    for (index, entry) in device.entry.iter().enumerate() {
        let path = format!("entry[{index}]");
        let is_new = device.entry[..index].iter().all(|other| other.name != entry.name);
        faults.require(
            is_new,
            &path,
            format!("two procedures are named {:?}", entry.name),
            "methods name them",
        );
        check_entry(entry, &path, faults);
    }
    for (index, method) in device.method.iter().enumerate() {
        let path = format!("method[{index}]");
        let name = &method.name;
        faults.require(!name.trim().is_empty(), &path, "a method has no name", "it is chosen by its name");
        let is_new = device.method[..index].iter().all(|other| other.name != *name);
        faults.require(
            is_new,
            &path,
            format!("two methods are named {name:?}"),
            "a method is chosen by its name",
        );
        check_parameters(method, &path, faults);
        check_way_in(device, method, &path, is_family, faults);
        if method.protocol == Some(Protocol::UbootConsole) {
            check_console(device, method, &path, faults);
        }
    }
}

fn check_parameters(method: &Method, path: &str, faults: &mut Faults) {
    let name = &method.name;
    let Some(protocol) = method.protocol else {
        faults.require(
            false,
            path,
            format!("method {name:?} has no protocol"),
            "neither here nor in a family",
        );
        return;
    };
    let (needed, allowed) = protocol.parameters();
    let given = method.given();
    for parameter in needed {
        faults.require(
            given.contains(parameter),
            path,
            format!("method {name:?} has no {}", parameter.id()),
            "its protocol cannot do without",
        );
    }
    for parameter in &given {
        faults.require(
            needed.contains(parameter) || allowed.contains(parameter),
            format!("{path}.{}", parameter.id()),
            format!("method {name:?} has {}, which {} does not know", parameter.id(), protocol.id()),
            "it would do nothing",
        );
    }
    check_addresses(method.unit, method.host, path, faults);
    check_station(method, path, faults);
    check_baud(method.baud, &format!("{path}.baud"), faults);
    check_baud(method.transfer_baud, &format!("{path}.transfer_baud"), faults);
    for id in &method.usb {
        check_usb(id, &format!("{path}.usb"), faults);
    }
    for file in method.file.iter().chain(&method.more_files) {
        let is_name = !file.is_empty()
            && !file.contains(char::is_control)
            && !file.contains(' ')
            && !file.contains("..");
        faults.require(
            is_name,
            format!("{path}.file"),
            format!("{file:?} is no file name"),
            "it is asked for letter by letter",
        );
    }
    let waits = [method.hold_seconds, method.hold_seconds_at_most];
    for seconds in waits.into_iter().flatten() {
        check_seconds(seconds, &format!("{path}.hold_seconds"), faults);
    }
    faults.require(
        method.hold_seconds_at_most.is_none_or(|most| method.hold_seconds.is_none_or(|least| least <= most)),
        format!("{path}.hold_seconds"),
        "a button is held longer than at most",
        "the least comes first",
    );
}

/// Addresses that a unit and a computer can have on one cable.
fn check_addresses(unit: Option<Ipv4Addr>, host: Option<Ipv4Addr>, path: &str, faults: &mut Faults) {
    for (name, address) in [("unit", unit), ("host", host)] {
        let Some(address) = address else { continue };
        let last = address.octets()[3];
        let is_possible = !address.is_unspecified()
            && !address.is_loopback()
            && !address.is_multicast()
            && !address.is_broadcast()
            && address.octets()[0] < 224
            && last != 0
            && last != 255;
        faults.require(
            is_possible,
            format!("{path}.{name}"),
            format!(
                "{address} cannot be the address of a {}",
                if name == "unit" { "unit" } else { "computer" }
            ),
            "it is an address of one device on a network",
        );
    }
    let (Some(unit), Some(host)) = (unit, host) else { return };
    faults.require(
        unit != host,
        format!("{path}.host"),
        format!("unit and computer both have {unit}"),
        "two devices on one cable need two addresses",
    );
    faults.require(
        unit.octets()[..3] == host.octets()[..3],
        format!("{path}.host"),
        format!("{unit} and {host} are in different networks"),
        "bootloaders know no gateway",
    );
}

/// The Ethernet address of one station, and what it is needed for.
fn check_station(method: &Method, path: &str, faults: &mut Faults) {
    let Some(station) = method.station else { return };
    let path = format!("{path}.station");
    let is_of_one = !station.is_group() && station != MacAddress::new([0; 6]);
    faults.require(
        is_of_one,
        &path,
        format!("{station} cannot be the Ethernet address of a unit"),
        "it is the address of one station",
    );
    faults.require(
        method.unit.is_some(),
        &path,
        format!("method {:?} says which station has an address, and not which address", method.name),
        "unit is what is looked up",
    );
}

fn check_way_in(device: &Device, method: &Method, path: &str, is_family: bool, faults: &mut Faults) {
    let Some(name) = &method.entry else { return };
    let Some(entry) = device.entry.iter().find(|entry| entry.name == *name) else {
        faults.require(
            false,
            format!("{path}.entry"),
            format!("there is no procedure {name:?}"),
            "a method names one of the record or of its families",
        );
        return;
    };
    // A family may leave it to the device to name the button.
    if is_family {
        return;
    }
    let has_buttons =
        entry.steps_for(method).iter().all(|step| !step.action.takes_buttons() || !step.buttons.is_empty());
    faults.require(
        has_buttons,
        format!("{path}.entry"),
        format!("the procedure {name:?} holds a button, and the method {:?} does not say which", method.name),
        "nobody could follow it",
    );
}

fn check_entry(entry: &Entry, path: &str, faults: &mut Faults) {
    faults.require(
        !entry.steps.is_empty(),
        path,
        format!("the procedure {:?} has no steps", entry.name),
        "it leads nowhere",
    );
    let mut held = false;
    for (index, step) in entry.steps.iter().enumerate() {
        let path = format!("{path}.steps[{index}]");
        check_step(step, &path, faults);
        if step.action == Action::Release {
            faults.require(held, &path, "buttons are let go that were not held", "hold comes before release");
        }
        held |= step.action == Action::Hold;
    }
}

fn check_step(step: &Step, path: &str, faults: &mut Faults) {
    faults.require(
        !step.action.needs_object() || step.what.as_ref().is_some_and(|what| !what.is_empty()),
        path,
        "a step does not say what",
        "strap, type, run, choose and open-page need it",
    );
    faults.require(
        step.action != Action::Wait || step.seconds.is_some() || step.sign.is_some(),
        path,
        "a step waits for nothing",
        "a wait ends after seconds or with a sign",
    );
    for seconds in [step.seconds, step.seconds_at_most].into_iter().flatten() {
        check_seconds(seconds, path, faults);
    }
}

fn check_seconds(seconds: u32, path: &str, faults: &mut Faults) {
    faults.require(
        seconds <= LONGEST_WAIT,
        path,
        format!("{seconds} seconds"),
        "no step takes longer than 15 minutes; are these milliseconds?",
    );
}

fn check_console(device: &Device, method: &Method, path: &str, faults: &mut Faults) {
    faults.require(
        device.network.is_some() || method.transfer != Some(Transfer::Tftp),
        path,
        format!("method {:?} needs addresses, and there are none", method.name),
        "a transfer by TFTP needs the table network",
    );
    faults.require(
        method.ram.is_none_or(|ram| ram.size >= 1 << 20),
        format!("{path}.ram"),
        format!("method {:?} has less than 1 MiB of memory", method.name),
        "sizes are in bytes, and transfers need room",
    );
}
