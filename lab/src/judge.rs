//! Judges from outside what came of a run: by the unit's storage and its web page, never by what the program says.

use std::path::Path;

use crate::attend::{Bench, image_file};
use crate::router::{
    Brick, EnvironmentState, Image, Lab, LabError, Model, Region, SettingsState, Storage, Unit, UnitOptions,
};

/// Storage is compared in pieces of this size.
const PIECE: usize = 4096;

/// Everything that a unit's storage held at some moment.
#[derive(Debug)]
pub struct Snapshot {
    storages: Vec<(Storage, Vec<u8>)>,
}

impl Snapshot {
    /// What it holds now.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn of(unit: &Unit) -> Result<Self, LabError> {
        let mut storages = vec![(Storage::Emmc, unit.content(Storage::Emmc)?)];
        if unit.model().environment().is_some() {
            storages.push((Storage::Nor, unit.content(Storage::Nor)?));
        }
        Ok(Self { storages })
    }

    /// Where it differs now, apart from `expected` regions.
    ///
    /// # Errors
    /// [`LabError::File`].
    pub fn changed_outside(&self, unit: &Unit, expected: &[Region]) -> Result<Option<String>, LabError> {
        for (storage, before) in &self.storages {
            let now = unit.content(*storage)?;
            for (index, (old, new)) in before.chunks(PIECE).zip(now.chunks(PIECE)).enumerate() {
                let start = (index * PIECE) as u64;
                let is_expected = |region: &Region| {
                    region.storage == *storage
                        && (region.offset..region.offset + region.size).contains(&start)
                };
                if old != new && !expected.iter().any(is_expected) {
                    return Ok(Some(format!("the 4 KiB at {start:#x} of {storage:?} were changed")));
                }
            }
        }
        Ok(None)
    }
}

/// How the repair of a brick must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    /// The exit code.
    pub exit_code: i32,
    /// The causes that may have been found.
    pub causes: &'static [&'static str],
    /// The version that runs in the end.
    pub version: Option<&'static str>,
}

/// What the repair of a brick must come to, on a unit that ran 1.0.4 and is given 2.0.1.
#[must_use]
pub fn expectation(brick: Brick) -> Expectation {
    let (exit_code, causes, version): (i32, &'static [&'static str], Option<&'static str>) = match brick {
        Brick::Healthy => (0, &["no-fault"], Some("1.0.4")),
        Brick::KernelBytesDamaged | Brick::NorKernelDamaged => (0, &["image-corrupt"], Some("2.0.1")),
        Brick::RamdiskDamaged => (0, &["image-corrupt", "rootfs-corrupt"], Some("2.0.1")),
        Brick::ImageCutShort | Brick::FirmwareErased => {
            (0, &["image-incomplete", "image-corrupt"], Some("2.0.1"))
        }
        Brick::InterruptedUpdate => {
            (0, &["update-interrupted", "image-corrupt", "image-incomplete"], Some("2.0.1"))
        }
        Brick::ImageOtherArchitecture | Brick::ImageOtherArchitectureMips => {
            (0, &["image-wrong-device"], Some("2.0.1"))
        }
        Brick::BootCommandLost | Brick::BootEnvironmentBadCrc => {
            (0, &["boot-environment-corrupt"], Some("1.0.4"))
        }
        Brick::SettingsGarbage => (0, &["settings-corrupt"], Some("1.0.4")),
        Brick::NorThatLies => (10, &["image-corrupt"], None),
    };
    Expectation { exit_code, causes, version }
}

/// The regions that the repair of a brick may change.
#[must_use]
pub fn may_change(options: UnitOptions) -> Vec<Region> {
    let model = options.model;
    match options.brick {
        Brick::Healthy => vec![],
        Brick::BootCommandLost | Brick::BootEnvironmentBadCrc => model.environment().into_iter().collect(),
        Brick::SettingsGarbage => vec![model.settings()],
        _ => vec![model.firmware()],
    }
}

/// Breaks a unit, has it repaired, and judges the result from outside. Returns a line for a person.
///
/// # Errors
/// What differs from the expectation, in words.
pub fn prove(lab: &Lab, options: UnitOptions, program: &Path, folder: &Path) -> Result<String, String> {
    let mut unit = lab.unit(options).map_err(say)?;
    let before = Snapshot::of(&unit).map_err(say)?;
    let image = image_file(lab, options.newer()).map_err(say)?;
    unit.power_on().map_err(say)?;
    let mut bench = Bench::new(&mut unit, program, folder).map_err(say)?;
    let run = bench.rescue(Some(&image), &["--soak", "1"], None).map_err(say)?;
    let expected = expectation(options.brick);
    if run.exit_code != Some(expected.exit_code) {
        return Err(format!(
            "exit code {:?} and not {}:\n{}",
            run.exit_code,
            expected.exit_code,
            run.last_words()
        ));
    }
    if !expected.causes.contains(&run.cause()) {
        return Err(format!("the cause found was {}, and not one of {:?}", run.cause(), expected.causes));
    }
    if !expected.causes.contains(&run.first_cause()) {
        let first = run.first_cause();
        return Err(format!("by its console the cause was {first}, and not one of {:?}", expected.causes));
    }
    check(lab, &unit, &before)?;
    Ok(format!(
        "{:<9} {:<29} diagnosed {:<25} ended {:<14} {:>5.1} s",
        options.model.id(),
        options.brick.name(),
        run.cause(),
        run.ending(),
        run.took.as_secs_f64()
    ))
}

/// Compares what a repaired unit is with what it must be. `before` is the unit as it was broken.
///
/// # Errors
/// What differs, in words.
pub fn check(lab: &Lab, unit: &Unit, before: &Snapshot) -> Result<(), String> {
    let options = unit.options();
    if !unit.factory_untouched().map_err(say)? {
        return Err("the factory data is not what it was".into());
    }
    if let Some(change) = before.changed_outside(unit, &may_change(options)).map_err(say)? {
        return Err(format!("{change}, and nothing there was to be repaired"));
    }
    match expectation(options.brick).version {
        Some(version) => check_running(lab, unit, version),
        None => Ok(()),
    }
}

/// Whether a unit holds and runs the firmware of this version, with everything else that it needs.
///
/// # Errors
/// What differs, in words.
pub fn check_running(lab: &Lab, unit: &Unit, version: &str) -> Result<(), String> {
    let options = unit.options();
    check_firmware(lab, unit, version)?;
    let environment = unit.environment().map_err(say)?;
    if environment != EnvironmentState::Nowhere && environment.get("bootcmd").is_none() {
        return Err(format!("the environment has no boot command: {environment:?}"));
    }
    match unit.settings().map_err(say)? {
        SettingsState::Valid(_) => {}
        other => return Err(format!("the settings are {other:?}")),
    }
    if options.model == Model::R1n {
        // Its firmware is too small for a network: the console is all there is.
        return Ok(());
    }
    let page = unit.http_get("/").map_err(say)?;
    let wanted = format!("ACME {} {version}\n", options.model.name());
    if page == wanted { Ok(()) } else { Err(format!("the unit says {page:?}, and not {wanted:?}")) }
}

fn check_firmware(lab: &Lab, unit: &Unit, version: &str) -> Result<(), String> {
    let options = unit.options();
    let image = if version == options.installed.version() { options.installed } else { options.newer() };
    let wanted = lab.firmware(image).map_err(say)?;
    if unit.holds(unit.model().firmware(), &wanted).map_err(say)? {
        Ok(())
    } else {
        Err(format!("the firmware region does not hold {}", Image::file_name(image)))
    }
}

pub(crate) fn say(error: LabError) -> String {
    error.to_string()
}
