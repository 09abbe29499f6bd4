//! Named things that can happen around a repair, each on a unit of its own and judged from outside: firmware that must
//! not be written, a disk that is full, two repairs at once, Ctrl-C, a repair without a network.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::attend::{Bench, Deed, Intervention, Run, Sign, image_file};
use crate::judge::{Snapshot, check, check_running, say};
use crate::router::layout::factory;
use crate::router::{Brick, Image, Lab, Model, UnitOptions};
use crate::trials::keep_console;

/// Where the sessions of a state folder are.
const SESSIONS: &str = "sessions";

/// One scenario.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its stable name.
    pub name: &'static str,
    /// What must come of it, in a sentence.
    pub tells: &'static str,
    act: fn(&Stage<'_>) -> Result<String, String>,
}

/// Every scenario.
pub const ALL: [Scenario; 13] = [
    Scenario { name: "wrong-model", tells: "firmware of another model is refused", act: wrong_model },
    Scenario { name: "downgrade", tells: "older firmware is refused without a waiver", act: downgrade },
    Scenario { name: "damaged-image", tells: "a damaged file is refused", act: damaged_image },
    Scenario { name: "cut-short-image", tells: "half a file is refused", act: cut_short_image },
    Scenario { name: "no-image", tells: "without a file the operator is asked for one", act: no_image },
    Scenario {
        name: "no-room-for-image",
        tells: "a full disk stops it at the start",
        act: no_room_for_image,
    },
    Scenario {
        name: "no-room-for-backups",
        tells: "a nearly full disk is refused",
        act: no_room_for_backups,
    },
    Scenario { name: "care", tells: "backup, verify-backup and restore change nothing else", act: care },
    Scenario { name: "restore-brings-back", tells: "restore undoes a change", act: restore_brings_back },
    Scenario { name: "two-sessions", tells: "a second rescue on the port is refused", act: two_sessions },
    Scenario {
        name: "interrupt",
        tells: "Ctrl-C while writing stops it, and resume repairs",
        act: interrupt,
    },
    Scenario { name: "no-network", tells: "the console alone is enough", act: no_network },
    Scenario {
        name: "bundle-replays",
        tells: "a failed repair is packed without secrets and replays",
        act: bundle_replays,
    },
];

/// Plays a scenario. Returns a line for a person.
///
/// # Errors
/// What is not as it must be, in words.
pub fn play(lab: &Lab, scenario: Scenario, program: &Path, folder: &Path) -> Result<String, String> {
    let began = std::time::Instant::now();
    let line = (scenario.act)(&Stage { lab, program, folder })?;
    Ok(format!("{:<55} {line:<45} {:>5.1} s", scenario.tells, began.elapsed().as_secs_f64()))
}

/// What a scenario has at hand.
struct Stage<'a> {
    lab: &'a Lab,
    program: &'a Path,
    folder: &'a Path,
}

impl Stage<'_> {
    /// Switches on a unit and lets `act` work on it. Afterwards everything must be as [`check`] wants it.
    fn with_unit(
        &self,
        options: UnitOptions,
        act: impl FnOnce(&mut Bench<'_>, &Snapshot) -> Result<String, String>,
    ) -> Result<String, String> {
        let mut unit = self.lab.unit(options).map_err(say)?;
        let before = Snapshot::of(&unit).map_err(say)?;
        unit.power_on().map_err(say)?;
        let outcome = Bench::new(&mut unit, self.program, self.folder)
            .map_err(say)
            .and_then(|mut bench| act(&mut bench, &before));
        keep_console(&unit, self.folder);
        outcome
    }

    fn image(&self, image: Image) -> Result<PathBuf, String> {
        image_file(self.lab, image).map_err(say)
    }

    /// A damaged unit and a file that must not be written to it.
    fn refused(&self, options: UnitOptions, image: Option<Image>, exit_code: i32) -> Result<String, String> {
        let image = image.map(|image| self.image(image)).transpose()?;
        self.with_unit(options, |bench, before| {
            let run = bench.rescue(image.as_deref(), &[], None).map_err(say)?;
            must_end(&run, exit_code)?;
            must_be_untouched(bench, before, &run)?;
            if !bench.journal_is_intact().map_err(say)? {
                return Err("the journal is not intact".into());
            }
            Ok(format!("exit {exit_code}, {}", run.ending()))
        })
    }

    /// A damaged unit, and a disk with this much room for everything.
    fn crowded(&self, mebibytes: u32, exit_code: i32) -> Result<String, String> {
        let image = self.image(Image::R1V2)?;
        self.with_unit(UnitOptions::bricked(Brick::KernelBytesDamaged), |bench, before| {
            let disk = SmallDisk::mount(&self.folder.join("disk"), mebibytes)?;
            bench.keep_state_in(&disk.0.join("state"));
            let run = bench.rescue(Some(&image), &[], None).map_err(say)?;
            must_end(&run, exit_code)?;
            must_be_untouched(bench, before, &run)?;
            let why = run.error_code().unwrap_or_else(|| run.ending()).to_owned();
            Ok(format!("exit {exit_code}, {why}"))
        })
    }
}

fn must_end(run: &Run, exit_code: i32) -> Result<(), String> {
    if run.exit_code == Some(exit_code) {
        return Ok(());
    }
    Err(format!(
        "exit code {:?} ({}) and not {exit_code}:\n{}",
        run.exit_code,
        run.ending(),
        run.last_words()
    ))
}

fn must_be_untouched(bench: &mut Bench<'_>, before: &Snapshot, run: &Run) -> Result<(), String> {
    if run.meant_to_write() {
        return Err("it announced that it would write".into());
    }
    match before.changed_outside(bench.unit(), &[]).map_err(say)? {
        Some(change) => Err(change),
        None => Ok(()),
    }
}

fn wrong_model(stage: &Stage<'_>) -> Result<String, String> {
    stage.refused(UnitOptions::bricked(Brick::KernelBytesDamaged), Some(Image::R2V2), 12)
}

fn downgrade(stage: &Stage<'_>) -> Result<String, String> {
    let unit = UnitOptions { installed: Image::R1V2, ..UnitOptions::bricked(Brick::KernelBytesDamaged) };
    stage.refused(unit, Some(Image::R1V1), 12)
}

fn damaged_image(stage: &Stage<'_>) -> Result<String, String> {
    stage.refused(UnitOptions::bricked(Brick::KernelBytesDamaged), Some(Image::R1V2Damaged), 12)
}

fn cut_short_image(stage: &Stage<'_>) -> Result<String, String> {
    stage.refused(UnitOptions::bricked(Brick::KernelBytesDamaged), Some(Image::R1V2CutShort), 12)
}

fn no_image(stage: &Stage<'_>) -> Result<String, String> {
    stage.refused(UnitOptions::bricked(Brick::KernelBytesDamaged), None, 11)
}

fn no_room_for_image(stage: &Stage<'_>) -> Result<String, String> {
    stage.crowded(8, 1)
}

fn no_room_for_backups(stage: &Stage<'_>) -> Result<String, String> {
    stage.crowded(12, 12)
}

fn care(stage: &Stage<'_>) -> Result<String, String> {
    stage.with_unit(UnitOptions::bricked(Brick::Healthy), |bench, before| {
        let backup = bench.about_unit("backup", &[], None).map_err(say)?;
        must_end(&backup, 0)?;
        must_be_untouched(bench, before, &backup)?;
        let session = backup.session().ok_or("backup names no session")?.to_owned();

        let proof = bench.run(&["verify-backup".to_owned(), session.clone()], None).map_err(say)?;
        must_end(&proof, 0)?;
        wait_until_ready(bench)?;

        let restore = bench.about_unit("restore", &["--session", &session], None).map_err(say)?;
        must_end(&restore, 0)?;
        if let Some(change) = before.changed_outside(bench.unit(), &[]).map_err(say)? {
            return Err(change);
        }
        wait_until_ready(bench)?;
        check_running(stage.lab, bench.unit(), "1.0.4")?;
        Ok("backed up, proven, written back".into())
    })
}

fn restore_brings_back(stage: &Stage<'_>) -> Result<String, String> {
    stage.with_unit(UnitOptions::bricked(Brick::Healthy), |bench, before| {
        let backup = bench.about_unit("backup", &[], None).map_err(say)?;
        must_end(&backup, 0)?;
        let session = backup.session().ok_or("backup names no session")?.to_owned();

        let unit = bench.unit();
        let settings = unit.model().settings();
        unit.power_off();
        unit.write(settings, &vec![0; settings.size as usize]).map_err(say)?;
        unit.power_on().map_err(say)?;
        wait_until_ready(bench)?;
        if before.changed_outside(bench.unit(), &[]).map_err(say)?.is_none() {
            return Err("blank settings should have become new ones".into());
        }

        let only = ["--session", &session, "--region", "settings"];
        let restore = bench.about_unit("restore", &only, None).map_err(say)?;
        must_end(&restore, 0)?;
        if let Some(change) = before.changed_outside(bench.unit(), &[]).map_err(say)? {
            return Err(format!("after the restore {change}"));
        }
        wait_until_ready(bench)?;
        check_running(stage.lab, bench.unit(), "1.0.4")?;
        Ok("the owner's settings are back".into())
    })
}

fn wait_until_ready(bench: &mut Bench<'_>) -> Result<(), String> {
    let unit = bench.unit();
    let mark = unit.mark();
    // It may have become ready before we looked; then its page answers.
    if unit.http_get("/").is_ok() {
        return Ok(());
    }
    unit.wait_for("READY ACME", mark, Duration::from_secs(60)).map(drop).map_err(say)
}

fn two_sessions(stage: &Stage<'_>) -> Result<String, String> {
    let image = stage.image(Image::R1V2)?;
    stage.with_unit(UnitOptions::bricked(Brick::KernelBytesDamaged), |bench, before| {
        let step = Sign::Step("flash");
        let rival = Intervention { sign: step, delay: Duration::from_millis(300), deed: Deed::Rival };
        let run = bench.rescue(Some(&image), &[], Some(rival)).map_err(say)?;
        let second = run.rival.as_deref().ok_or("the second rescue was not started in time")?;
        if second.exit_code != Some(1) || second.error_code() != Some("link-busy") {
            let (code, error) = (second.exit_code, second.error_code());
            return Err(format!("the second ended with {code:?}, {error:?}:\n{}", second.last_words()));
        }
        let took = second.took;
        must_end(&run, 0)?;
        check(stage.lab, bench.unit(), before)?;
        let sessions = std::fs::read_dir(bench.state().join(SESSIONS)).map_or(0, Iterator::count);
        if sessions != 1 {
            return Err(format!("{sessions} sessions were recorded, and not 1"));
        }
        Ok(format!("link-busy after {:.1} s; the first repaired", took.as_secs_f64()))
    })
}

fn interrupt(stage: &Stage<'_>) -> Result<String, String> {
    let image = stage.image(Image::R1V2)?;
    stage.with_unit(UnitOptions::bricked(Brick::KernelBytesDamaged), |bench, before| {
        let step = Sign::Step("flash");
        let stop = Intervention { sign: step, delay: Duration::from_millis(1500), deed: Deed::Interrupt };
        let run = bench.rescue(Some(&image), &[], Some(stop)).map_err(say)?;
        must_end(&run, 14)?;
        let resumed = bench.resume(&[], None).map_err(say)?;
        must_end(&resumed, 0)?;
        if !bench.journal_is_intact().map_err(say)? {
            return Err("the journal is not intact".into());
        }
        check(stage.lab, bench.unit(), before)?;
        Ok(format!("exit 14, then {}", resumed.ending()))
    })
}

fn no_network(stage: &Stage<'_>) -> Result<String, String> {
    let options = UnitOptions::bricked(Brick::KernelBytesDamaged);
    let image = stage.image(options.installed)?;
    stage.with_unit(options, |bench, before| {
        let run = bench.rescue(Some(&image), &["--no-network"], None).map_err(say)?;
        must_end(&run, 0)?;
        let unit = bench.unit();
        if let Some(change) = before.changed_outside(unit, &[unit.model().firmware()]).map_err(say)? {
            return Err(change);
        }
        check_running(stage.lab, unit, options.installed.version())?;
        let sent = run.events.iter().filter_map(|event| event["sent"].as_u64()).sum::<u64>();
        Ok(format!("{} bytes over the console", sent))
    })
}

/// A repair that fails on a flash that lies, handed to somebody else as an archive.
fn bundle_replays(stage: &Stage<'_>) -> Result<String, String> {
    let options = UnitOptions::bricked(Brick::NorThatLies);
    let image = stage.image(options.newer())?;
    stage.with_unit(options, |bench, _| {
        let run = bench.rescue(Some(&image), &[], None).map_err(say)?;
        must_end(&run, 10)?;
        let archive = stage.folder.join("case.tar.gz").display().to_string();
        let packed = bench.run(&["bundle".into(), "--output".into(), archive.clone()], None).map_err(say)?;
        must_end(&packed, 0)?;
        has_no_secret(Path::new(&archive), bench.unit().model())?;

        // Somebody else has the archive and the maker's file, and nothing of the session.
        bench.keep_state_in(&stage.folder.join("elsewhere"));
        let file = image.display().to_string();
        let replay = bench.run(&["replay".into(), archive, "--image".into(), file], None).map_err(say)?;
        must_end(&replay, 0)?;
        let said = replay.events.last().cloned().unwrap_or_default();
        if said["same"] != true || said["ending"] != run.ending() {
            return Err(format!("it does not come out the same: {said}"));
        }
        Ok(format!("{}; {} events the same", run.ending(), said["events"]))
    })
}

/// Looks for what is the unit's and its owner's own in every file of an archive, in what recordings hold as well.
fn has_no_secret(archive: &Path, model: Model) -> Result<(), String> {
    let output = Command::new("tar").arg("-xzOf").arg(archive).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("tar cannot read {}", archive.display()));
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut heard = Vec::new();
    for line in text.lines().filter(|line| line.contains(r#""event":"received""#)) {
        let digits =
            line.split(r#""data":""#).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        let pairs = (0..digits.len() / 2).filter_map(|at| digits.get(2 * at..2 * at + 2));
        heard.extend(pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()));
    }
    if heard.len() < 10_000 {
        return Err(format!("the archive holds {} bytes of what the unit said", heard.len()));
    }
    let heard = String::from_utf8_lossy(&heard).into_owned();
    // What memory dumps show as numbers, in one row.
    let shown: String = heard
        .lines()
        .filter_map(|line| line.split_once(": "))
        .flat_map(|(_, numbers)| numbers.split(' ').map_while(|word| u8::from_str_radix(word, 16).ok()))
        .map(char::from)
        .collect();
    text.push_str(&heard);
    text.push_str(&shown);
    let factory = String::from_utf8_lossy(&factory(model)).into_owned();
    let own = |key: &str| factory.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned);
    let (Some(serial), Some(mac)) = (own("serial="), own("mac=")) else {
        return Err(format!("the unit's own data has no serial number or address: {factory:?}"));
    };
    for secret in [serial.as_str(), mac.as_str(), "attic-router"] {
        if text.contains(secret) {
            return Err(format!("{secret:?} is in the archive"));
        }
    }
    Ok(())
}

/// A file system in memory, so that a disk can be full.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path, mebibytes: u32) -> Result<Self, String> {
        std::fs::create_dir_all(at).map_err(|error| error.to_string())?;
        let size = format!("size={mebibytes}m");
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status();
        match status {
            Ok(status) if status.success() => Ok(Self(at.to_owned())),
            other => Err(format!("a file system of {mebibytes} MiB cannot be mounted: {other:?}")),
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
