//! Where observations come from: the label, logs, firmware files, the console, USB, a network port, SSH.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use debrick_catalog::Recogniser;
use debrick_lan::Stage;
use debrick_link::{Deadline, Link, LinkError};
use debrick_link_os::OsClock;
use debrick_model::{MacAddress, Observation, Property, Sighting};
use debrick_uboot_console::host::{Console, ConsoleConfig, observations};

use crate::args::Identify;
use crate::commands::Context;
use crate::commands::identify::over_ssh;
use crate::ear::Ear;
use crate::failure::Failure;
use crate::file_source::FileSource;
use crate::stop::Stop;
use crate::{input, out};

/// The largest log that is read, in bytes.
const LARGEST_LOG: u64 = 256 << 20;

/// How much of what a console says is kept, in bytes. What comes after it is not listened to.
const LONGEST_LISTENING: usize = 4 << 20;

/// How often listening looks whether somebody wants to stop.
const LOOK_AROUND: Duration = Duration::from_millis(200);

/// How long a bootloader has for its answers.
const ANSWERS: Duration = Duration::from_secs(30);

/// Everything that the operator pointed to.
pub(super) fn collect(
    context: &Context,
    recogniser: &Recogniser,
    args: &Identify,
) -> Result<Vec<Sighting>, Failure> {
    let mut seen: Vec<Sighting> = args.label.iter().map(|text| label(text)).collect();
    for path in &args.log {
        let log = read_log(path)?;
        seen.extend(of_log(recogniser, &path.display().to_string(), &log));
    }
    for (index, text) in args.symptom.iter().enumerate() {
        seen.extend(recogniser.mentions(&format!("symptom {}", index + 1), text.as_bytes(), &[]));
    }
    for path in &args.image {
        seen.extend(of_image(path)?);
    }
    if args.usb {
        seen.extend(of_usb(context, recogniser));
    }
    if let Some(interface) = &args.lan {
        seen.extend(of_lan(context, interface, args)?);
    }
    if let Some(spec) = &args.console {
        seen.extend(of_console(context, recogniser, spec, args)?);
    }
    if let Some(target) = &args.ssh {
        seen.extend(over_ssh::of_ssh(context, target, args)?);
    }
    Ok(seen)
}

/// Tells a person what is going on; a script has no use for it.
fn say(context: &Context, text: &str) {
    if !context.json {
        out::note(text);
    }
}

fn sighting(property: Property, value: &str, source: &str, witness: &str, input: &str) -> Sighting {
    let observation =
        Observation { property, value: value.trim().into(), source: source.into(), witness: witness.into() };
    Sighting { observation, input: input.to_owned(), line: None }
}

fn label(text: &str) -> Sighting {
    sighting(Property::Model, text, "the label, read by the operator", "operator", "--label")
}

fn of_log(recogniser: &Recogniser, input: &str, log: &[u8]) -> Vec<Sighting> {
    let mut seen = debrick_diagnose::observe(input, log, &recogniser.ready_texts());
    let mentions = recogniser.mentions(input, log, &seen);
    seen.extend(mentions);
    seen
}

/// A log, as bytes; `-` is standard input.
fn read_log(path: &Path) -> Result<Vec<u8>, Failure> {
    if path != Path::new("-") {
        return Ok(of_bytes(input::bytes(path, LARGEST_LOG)?));
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST_LOG + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::file("reading", path, &error))?;
    if bytes.len() as u64 > LARGEST_LOG {
        return Err(Failure::new(
            "file-too-large",
            format!("standard input holds more than {LARGEST_LOG} bytes"),
            "Give the part of the log from power-on to the running system. Nothing was done to the unit.",
        ));
    }
    Ok(of_bytes(bytes))
}

/// A log as the unit wrote it: PowerShell keeps text as UTF-16 behind the mark FF FE.
fn of_bytes(bytes: Vec<u8>) -> Vec<u8> {
    let Some(text) = bytes.strip_prefix(&[0xff, 0xfe]) else { return bytes };
    let units: Vec<u16> = text.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units).into_bytes()
}

/// What a firmware file says it is for.
fn of_image(path: &Path) -> Result<Vec<Sighting>, Failure> {
    let facts = debrick_image::inspect(&FileSource::open(path)?)?;
    let input = path.display().to_string();
    let claim = |property, value: &str| {
        sighting(property, value, "what the file says it is for; the unit may be another", "image", &input)
    };
    let mut seen = Vec::new();
    if let Some(model) = &facts.model {
        let vendor = facts.vendor.as_deref().unwrap_or_default();
        seen.push(claim(Property::Model, &format!("{vendor} {model}")));
    } else if let Some(vendor) = &facts.vendor {
        seen.push(claim(Property::Vendor, vendor));
    }
    seen.extend(facts.hardware_revision.iter().map(|value| claim(Property::HardwareRevision, value)));
    seen.extend(facts.board_ids.iter().map(|value| claim(Property::BoardId, value)));
    Ok(seen)
}

/// The devices at this computer's USB ports that the catalog knows; others are nobody's business.
fn of_usb(context: &Context, recogniser: &Recogniser) -> Vec<Sighting> {
    let mut seen = Vec::new();
    let devices = debrick_link_os::host::usb_devices(Path::new("/"));
    for device in &devices {
        let id = format!("{:04x}:{:04x}", device.vendor_id, device.product_id);
        let Some((modes, count)) = recogniser.usb_modes(&id) else { continue };
        let input = format!("USB port {}", device.bus_path.as_deref().unwrap_or("?"));
        let plural = if count == 1 { "device has it" } else { "devices have it" };
        let source = format!("its USB id, as in the mode {modes}; {count} {plural}");
        seen.push(sighting(Property::UsbId, &id, &source, "usb", &input));
        if let Some(product) = &device.product {
            let name = format!("{} {product}", device.manufacturer.as_deref().unwrap_or_default());
            seen.push(sighting(Property::Mention, &name, "its USB descriptors", "usb", &input));
        }
        if let Some(serial) = &device.serial_number {
            seen.push(sighting(Property::Serial, serial, "its USB descriptors", "usb", &input));
        }
    }
    if devices.is_empty() {
        say(context, "Nothing is plugged in at the USB ports.");
    } else if seen.is_empty() {
        let count = devices.len();
        say(context, &format!("The catalog knows none of what is plugged in at the USB ports ({count})."));
    }
    seen
}

/// What the unit says over its console; where the operator wants it, what its bootloader answers.
fn of_console(
    context: &Context,
    recogniser: &Recogniser,
    spec: &str,
    args: &Identify,
) -> Result<Vec<Sighting>, Failure> {
    if spec == "pty:" {
        let next = "Name the port that the unit is wired to, for example /dev/ttyUSB0.";
        return Err(Failure::usage("pty: makes a new terminal, to which no unit is wired", next));
    }
    let mut link = debrick_link_os::open(spec)?;
    let patience = Duration::from_secs(u64::from(args.seconds));
    if args.ask {
        return ask(context, recogniser, spec, link, patience);
    }
    let stop = Stop::listen()?;
    say(
        context,
        &format!(
            "Listening to {spec} for {} seconds; nothing is sent. Switch the unit on now. Ctrl-C ends it early.",
            args.seconds
        ),
    );
    let log = listen(&mut *link, patience, &stop)?;
    Ok(of_log(recogniser, spec, &log))
}

/// All that is said until the time is over, somebody wants to stop, or the line is gone.
fn listen(link: &mut dyn Link, patience: Duration, stop: &Stop) -> Result<Vec<u8>, LinkError> {
    let end = Deadline::after(&OsClock, patience);
    let (mut log, mut buffer) = (Vec::new(), [0; 4096]);
    while !end.has_passed(&OsClock) && !stop.is_wanted() && log.len() < LONGEST_LISTENING {
        match link.read(&mut buffer, Deadline::after(&OsClock, LOOK_AROUND).or_earlier(end)) {
            Ok(count) => log.extend_from_slice(&buffer[..count]),
            Err(error) if error.is_timeout() => {}
            Err(LinkError::Disconnected { .. }) if !log.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(log)
}

/// Stops the unit's start, and reads the bootloader's version and variables. Nothing is changed; the unit then waits.
fn ask(
    context: &Context,
    recogniser: &Recogniser,
    spec: &str,
    link: Box<dyn Link>,
    patience: Duration,
) -> Result<Vec<Sighting>, Failure> {
    let mut console = Console::new(link, ConsoleConfig::default());
    say(context, "Switch the unit off and on now; its start will be stopped at the bootloader's prompt.");
    console.interrupt(Deadline::after(&OsClock, patience))?;
    let heard = console.take_log();
    console.features(Deadline::after(&OsClock, ANSWERS))?;
    let (variables, version) = (console.environment()?, console.version()?);
    let mut seen = of_log(recogniser, spec, &heard);
    let asked = observations(&variables, &version);
    seen.extend(asked.into_iter().map(|observation| Sighting {
        observation,
        input: spec.to_owned(),
        line: None,
    }));
    say(
        context,
        "The unit waits at its bootloader's prompt. Nothing was changed; switch it off and on to start it.",
    );
    Ok(seen)
}

/// What the unit says on a network port. Of several stations, the one that is named, or that waits for firmware or starts;
/// or the only one.
fn of_lan(context: &Context, interface: &str, args: &Identify) -> Result<Vec<Sighting>, Failure> {
    let stop = Stop::listen()?;
    let mut ear = Ear::open(context, interface)?;
    say(
        context,
        &format!(
            "Listening on {interface} for {} seconds. Switch the unit off and on now. Ctrl-C ends it early.",
            args.seconds
        ),
    );
    while !stop.is_wanted() && ear.elapsed() < Duration::from_secs(args.seconds.into()) {
        ear.listen(LOOK_AROUND)?;
        if args.look {
            ear.look();
        }
    }
    let judgement = debrick_lan::judge(ear.stations(), &[], args.unit);
    let may_be: Vec<MacAddress> =
        judgement.stations.iter().filter(|one| one.stage != Stage::Helper).map(|one| one.station).collect();
    let unit = match (judgement.probably, may_be.as_slice()) {
        (Some(unit), _) => unit,
        (None, [unit]) => *unit,
        (None, []) => {
            say(context, "Nobody was heard on the network port.");
            return Ok(Vec::new());
        }
        (None, several) => {
            return Err(Failure::usage(
                "several stations were heard, and which of them is the unit cannot be told",
                "Name it with --unit, or connect the unit to this computer alone.",
            )
            .with_choices(several.iter().map(|one| format!("  --unit {one}")).collect()));
        }
    };
    let seen = ear.stations().get(unit).map(|station| debrick_lan::observe(station, interface));
    ear.close()?;
    Ok(seen.unwrap_or_default())
}
