//! `debrick devices show`: everything that is known of a device.

use debrick_catalog::{Confidence, Device, Method, OperationStatus, Signing, TestStatus, VersionRule};
use debrick_model::RegionRole;
use serde_json::json;

use crate::commands::Context;
use crate::failure::Failure;
use crate::{json, out};

pub(super) fn show(context: &Context, device: &Device) -> Result<i32, Failure> {
    let repairable = device.repairable();
    if context.json {
        let console = match &repairable {
            Ok(_) => json!({ "complete": true }),
            Err(debrick_catalog::CatalogError::Incomplete { missing, .. }) => {
                json!({ "complete": false, "missing": missing })
            }
            Err(_) => json!({ "complete": false }),
        };
        json::line("debrick.device-record/1", &json!({ "device": device, "console_repair": console }));
        return Ok(0);
    }
    let mut page = Page { context, lines: Vec::new() };
    page.head(device);
    page.layout(device);
    for method in &device.method {
        page.method(device, method);
    }
    page.rest(device);
    // Only a device with a console is ever repaired over it.
    if let (Err(error), Some(_)) = (&repairable, &device.console) {
        page.section("For `debrick rescue` over its console, this is missing");
        if let debrick_catalog::CatalogError::Incomplete { missing, .. } = error {
            missing.iter().for_each(|what| page.item(what));
        }
    }
    page.section("Sources");
    device.source.0.iter().for_each(|source| page.item(source));
    for line in page.lines {
        out::data(&out::harmless(&line));
    }
    Ok(0)
}

struct Page<'a> {
    context: &'a Context,
    lines: Vec<String>,
}

impl Page<'_> {
    fn section(&mut self, title: &str) {
        self.lines.push(String::new());
        self.lines.push(format!("{title}:"));
    }

    fn item(&mut self, text: &str) {
        self.lines.push(format!("  {text}"));
    }

    fn field(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.lines.push(format!("  {name:<14}{value}"));
        }
    }

    fn head(&mut self, device: &Device) {
        let title = self.context.style.strong(&device.title());
        self.lines.push(format!("{title}  ({}, {})", device.id, device.kind().id()));
        if let Some(about) = &device.about {
            self.item(about);
        }
        self.field("also called", &device.aliases.join(", "));
        self.field("model numbers", &device.model_numbers.join(", "));
        self.field("revisions", &device.hardware_revisions.join(", "));
        self.field("regions", &device.sales_regions.join(", "));
        self.field("board ids", &device.board_ids.join(", "));
        for (kind, ids) in &device.header_ids {
            self.field("header id", &format!("{} ({kind})", ids.join(", ")));
        }
        self.field("chip", device.soc.as_deref().unwrap_or_default());
        self.field("architecture", device.architecture.as_deref().unwrap_or_default());
        self.field("buttons", &device.buttons.join(", "));
        if let Some(console) = &device.console {
            let mut parts: Vec<String> =
                console.baud.map(|baud| format!("{baud} bits a second")).into_iter().collect();
            parts.extend(console.volts.map(|volts| format!("{volts} V")));
            parts.extend(console.header.as_ref().map(|header| format!("at {header}")));
            parts.extend((!console.pins.is_empty()).then(|| console.pins.join(" ")));
            parts.extend(console.wiring.clone());
            self.field("console", &parts.join(", "));
        }
        if let Some(lock) = &device.lock {
            let can = match lock.can_be_unlocked {
                Some(true) => "can be unlocked by its owner",
                Some(false) => "cannot be unlocked in a way that its maker provides",
                None => "not known whether it can be unlocked",
            };
            let needs = lock.needs.as_ref().map(|needs| format!("; needs: {needs}")).unwrap_or_default();
            let command = lock.command.as_ref().map(|command| format!("; `{command}`")).unwrap_or_default();
            self.field("bootloader", &format!("{can}{needs}{command}"));
            if let Some(two) = lock.two_slots {
                self.field("slots", if two { "two (A and B)" } else { "one" });
            }
        }
        for rule in &device.version {
            self.field(
                "version",
                &match rule {
                    VersionRule::Console { after } => format!("after {after:?} on the console"),
                    VersionRule::Web { path } => format!("on its page {path}"),
                    VersionRule::Command { run } => format!("`{run}`"),
                    VersionRule::Screen { place } => place.clone(),
                },
            );
        }
        for usb in &device.usb {
            self.field("USB", &format!("{} in the mode {}", usb.id, usb.mode));
        }
        if let Some(chip) = &device.chip {
            chip.ids.iter().for_each(|(name, id)| self.field(name, id));
            chip.offsets.iter().for_each(|(name, offset)| self.field(name, &format!("at {offset:#x}")));
            self.field("flash", &chip.flash_size.map(|size| format!("{size} bytes")).unwrap_or_default());
            self.field("low at start", &chip.strap_low.join(", "));
            self.field("interfaces", &chip.interfaces.join(", "));
        }
        self.field("tried", &tried(&device.status));
        let checked = device.checked.as_ref().map(|day| format!("by hand, on {day}, with its sources"));
        self.field("checked", &checked.unwrap_or_default());
    }

    fn layout(&mut self, device: &Device) {
        if let Some(firmware) = &device.firmware {
            self.section("Firmware");
            self.field("goes to", firmware.region.as_deref().unwrap_or_default());
            self.field("formats", &firmware.formats.join(", "));
            let bytes = |size: Option<u64>| size.map(|size| format!("{size} bytes")).unwrap_or_default();
            self.field("at most", &bytes(firmware.largest));
            self.field("its kernel", &bytes(firmware.largest_kernel));
            self.field("from", firmware.origin.as_deref().unwrap_or_default());
            let signed = firmware.signed.map(|signing| match signing {
                Signing::Unsigned => "not signed",
                Signing::CheckedByUpdater => "its signature is checked by the updater",
                Signing::CheckedByBootloader => "its signature is checked by the bootloader",
                Signing::MadePerUnit => "handed out by its maker for one unit",
            });
            self.field("signature", signed.unwrap_or_default());
        }
        if device.regions().next().is_some() {
            self.section("Storage (bytes in hexadecimal)");
        }
        for region in device.regions() {
            let note = match region.role {
                RegionRole::Unique => "  unique to the unit: never lose it",
                RegionRole::BootCritical => "  the unit cannot start without it",
                _ => "",
            };
            self.item(&format!(
                "{:>10x} +{:<9x} {:<14} {}{note}",
                region.offset,
                region.size,
                region.role.id(),
                region.name
            ));
        }
    }

    fn method(&mut self, device: &Device, method: &Method) {
        let protocol = method.protocol.map_or("?", |protocol| protocol.id());
        let driven = match device.tried(method) {
            TestStatus::Untested => "; by hand: this program does not do it yet",
            _ => "",
        };
        self.section(&format!("Method {} ({protocol}{driven})", method.name));
        if let Some(protocol) = method.protocol {
            self.item(protocol.about());
        }
        if method.confidence == Some(Confidence::Medium) {
            self.item("A hint, drawn from text by rule: check it before you rely on it.");
        }
        if let Some(about) = &method.about {
            self.item(about);
        }
        let json = json!(method);
        let about_it = [
            "name",
            "protocol",
            "confidence",
            "source",
            "about",
            "entry",
            "buttons",
            "hold_seconds",
            "hold_seconds_at_most",
            "sign",
        ];
        for (name, value) in
            json.as_object().into_iter().flatten().filter(|(name, _)| !about_it.contains(&name.as_str()))
        {
            let is_address = matches!(name.as_str(), "load_address" | "write_address");
            let text = match value {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Number(number) if is_address => {
                    format!("{:#x}", number.as_u64().unwrap_or_default())
                }
                serde_json::Value::Array(items) => {
                    items.iter().filter_map(|item| item.as_str()).collect::<Vec<_>>().join(", ")
                }
                other => other.to_string(),
            };
            self.field(name, &text);
        }
        if let Some(entry) = device.entry.iter().find(|entry| Some(&entry.name) == method.entry.as_ref()) {
            for (number, step) in entry.steps_for(method).iter().enumerate() {
                self.item(&format!("{:>2}. {}", number + 1, step.in_words(method)));
            }
            if let Some(reaches) = &entry.reaches {
                self.item(&format!("    Then {reaches}."));
            }
        } else if !method.buttons.is_empty() {
            self.field("buttons", &method.buttons.join(" and "));
        }
        self.field("source", &method.source.in_words());
    }

    fn rest(&mut self, device: &Device) {
        if !device.light.is_empty() {
            self.section("Lights");
        }
        for light in &device.light {
            self.item(&format!("{} {}: {}", light.light, light.does, light.means));
        }
        if !device.stop.is_empty() {
            self.section("Stop when");
        }
        for rule in &device.stop {
            self.item(&format!("{}: {}. Instead: {}.", rule.when, rule.because, rule.instead));
        }
        if !device.help.is_empty() {
            self.section("Who can help");
        }
        for helper in &device.help {
            let at = helper.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
            self.item(&format!("{}{at}: {}", helper.name, helper.does));
        }
    }
}

fn tried(status: &OperationStatus) -> String {
    format!(
        "identify {}, backup {}, flash {}, first boot {}",
        status.identify.id(),
        status.backup.id(),
        status.flash.id(),
        status.first_boot.id()
    )
}
