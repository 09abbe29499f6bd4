//! Repairs that are interrupted, over and over, at moments drawn by lot: the program is killed, or the unit loses power.
//! Whatever happens, `debrick resume` must bring the unit back, and the journal must be whole.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::attend::{Bench, Deed, Intervention, Run, Sign, image_file};
use crate::judge::{Snapshot, check, say};
use crate::router::layout::noise;
use crate::router::{Brick, Lab, Unit, UnitOptions};

/// No case is killed more often.
const MOST_KILLS: usize = 3;
/// How likely a resumed run is killed again, in percent.
const KILLED_AGAIN: u64 = 30;

/// Draws lots; the same seed draws the same ones.
#[derive(Debug)]
struct Lots {
    drawn: std::vec::IntoIter<u64>,
}

impl Lots {
    /// Enough for one case.
    const MOST: usize = 64;

    fn new(seed: u64, case: usize) -> Self {
        let mixed =
            seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (case as u64).wrapping_mul(0xD1B5_4A32_D192_ED03);
        let bytes = noise(mixed, Self::MOST * 8);
        let words =
            bytes.chunks_exact(8).map(|word| word.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)));
        Self { drawn: words.collect::<Vec<_>>().into_iter() }
    }

    /// A number below `limit`.
    fn below(&mut self, limit: u64) -> u64 {
        self.drawn.next().unwrap_or(0) % limit.max(1)
    }
}

/// What a kind of brick is like to repair: how many events that takes, and how long writing.
struct Rhythm {
    brick: Brick,
    events: u64,
    flash_ms: u64,
}

/// Of five cases in a row, three have damaged firmware.
const RHYTHMS: [Rhythm; 5] = [
    Rhythm { brick: Brick::KernelBytesDamaged, events: 66, flash_ms: 5500 },
    Rhythm { brick: Brick::SettingsGarbage, events: 66, flash_ms: 1200 },
    Rhythm { brick: Brick::KernelBytesDamaged, events: 66, flash_ms: 5500 },
    Rhythm { brick: Brick::BootCommandLost, events: 60, flash_ms: 600 },
    Rhythm { brick: Brick::KernelBytesDamaged, events: 66, flash_ms: 5500 },
];

impl Rhythm {
    /// When to kill: half of the time after an event, otherwise somewhere within the backup or the writing.
    fn kill(&self, lots: &mut Lots) -> Intervention {
        let after_event = |lots: &mut Lots| (Sign::Events(1 + lots.below(self.events) as usize), 0);
        let (sign, ms) = match lots.below(4) {
            0 => (Sign::Step("backup"), lots.below(1800)),
            1 => (Sign::Step("flash"), lots.below(self.flash_ms)),
            _ => after_event(lots),
        };
        Intervention { sign, delay: Duration::from_millis(ms), deed: Deed::Kill }
    }
}

/// One case: a unit whose repair is killed and resumed until its session is closed. Returns a line for a person.
///
/// # Errors
/// What is not as it must be, in words.
pub fn kill(lab: &Lab, seed: u64, case: usize, program: &Path, folder: &Path) -> Result<String, String> {
    let rhythm = &RHYTHMS[case % RHYTHMS.len()];
    let options = UnitOptions::bricked(rhythm.brick);
    let mut lots = Lots::new(seed, case);
    let began = Instant::now();
    let mut unit = lab.unit(options).map_err(say)?;
    let outcome = kill_and_resume(lab, &mut unit, rhythm, &mut lots, program, folder);
    keep_console(&unit, folder);
    let kills = outcome?;
    Ok(format!(
        "{:<20} killed {:<60} repaired {:>5.1} s",
        rhythm.brick.name(),
        kills,
        began.elapsed().as_secs_f64()
    ))
}

fn kill_and_resume(
    lab: &Lab,
    unit: &mut Unit,
    rhythm: &Rhythm,
    lots: &mut Lots,
    program: &Path,
    folder: &Path,
) -> Result<String, String> {
    let before = Snapshot::of(unit).map_err(say)?;
    let image = image_file(lab, unit.options().newer()).map_err(say)?;
    unit.power_on().map_err(say)?;
    let mut bench = Bench::new(unit, program, folder).map_err(say)?;
    // Restarting once more takes a third of the time; every other case does without.
    let soak = ["--soak", if lots.below(2) == 0 { "0" } else { "1" }];
    let mut kills = Vec::new();
    let planned = rhythm.kill(lots);
    let mut run = bench.rescue(Some(&image), &soak, Some(planned)).map_err(say)?;
    let mut last = planned;
    while run.exit_code.is_none() {
        kills.push(moment(&last, &run));
        if run.ending() != "not closed" {
            // The journal was complete; only the exit line was not printed.
            break;
        }
        let again = kills.len() < MOST_KILLS && lots.below(100) < KILLED_AGAIN;
        let next = again.then(|| rhythm.kill(lots));
        run = bench.resume(&soak, next).map_err(say)?;
        last = next.unwrap_or(last);
    }
    let kills = if kills.is_empty() { "never, it was done before".to_owned() } else { kills.join(", ") };
    if run.exit_code.is_some_and(|code| code != 0) || run.ending() != "repaired" {
        let (code, ending) = (run.exit_code, run.ending());
        return Err(format!("killed {kills}: exit code {code:?}, ended {ending}:\n{}", run.last_words()));
    }
    if !bench.journal_is_intact().map_err(say)? {
        return Err(format!("killed {kills}: the journal is not intact"));
    }
    check(lab, unit, &before).map_err(|reason| format!("killed {kills}: {reason}"))?;
    Ok(kills)
}

fn moment(planned: &Intervention, run: &Run) -> String {
    let after = run.struck_after.as_deref().unwrap_or("?");
    match planned.sign {
        Sign::Events(count) => format!("at event {count} ({after})"),
        Sign::Step(step) => format!("in {step} +{} ms ({after})", planned.delay.as_millis()),
    }
}

/// One case: a unit whose plug is pulled while its firmware is written. Returns a line for a person.
///
/// # Errors
/// What is not as it must be, in words.
pub fn power_cut(lab: &Lab, seed: u64, case: usize, program: &Path, folder: &Path) -> Result<String, String> {
    let mut lots = Lots::new(seed, case);
    let began = Instant::now();
    let mut unit = lab.unit(UnitOptions::bricked(Brick::KernelBytesDamaged)).map_err(say)?;
    let delay = Duration::from_millis(lots.below(4500));
    let outcome = cut_and_resume(lab, &mut unit, delay, program, folder);
    keep_console(&unit, folder);
    let first = outcome?;
    let after = format!("power cut {} ms into flash", delay.as_millis());
    Ok(format!("{after:<30} then {first:<40} repaired {:>5.1} s", began.elapsed().as_secs_f64()))
}

fn cut_and_resume(
    lab: &Lab,
    unit: &mut Unit,
    delay: Duration,
    program: &Path,
    folder: &Path,
) -> Result<String, String> {
    let before = Snapshot::of(unit).map_err(say)?;
    let image = image_file(lab, unit.options().newer()).map_err(say)?;
    unit.power_on().map_err(say)?;
    let mut bench = Bench::new(unit, program, folder).map_err(say)?;
    let cut = Intervention { sign: Sign::Step("flash"), delay, deed: Deed::PowerOff };
    let run = bench.rescue(Some(&image), &["--soak", "1"], Some(cut)).map_err(say)?;
    let first = format!("exit {:?} {}", run.exit_code.unwrap_or(-1), run.ending());
    if run.struck_after.is_none() {
        return Err(format!("the plug was not pulled in time: {first}"));
    }
    // It may say that it stopped or that it needs its operator; not that all is well, and not just fall over.
    if !matches!(run.exit_code, Some(10 | 11 | 13)) || run.ending() == "not closed" {
        return Err(format!("after the power cut: {first}:\n{}", run.last_words()));
    }
    if !run.failed_with("link-disconnected") {
        return Err(format!(
            "the journal does not say that the link was lost: {first}:\n{}",
            run.last_words()
        ));
    }
    if !bench.journal_is_intact().map_err(say)? {
        return Err("after the power cut the journal is not intact".into());
    }
    bench.unit().power_on().map_err(say)?;
    let resumed = bench.resume(&[], None).map_err(say)?;
    if resumed.exit_code != Some(0) || resumed.ending() != "repaired" {
        let (code, ending) = (resumed.exit_code, resumed.ending());
        return Err(format!("resume: exit code {code:?}, ended {ending}:\n{}", resumed.last_words()));
    }
    if !bench.journal_is_intact().map_err(say)? {
        return Err("the journal is not intact".into());
    }
    check(lab, unit, &before)?;
    Ok(first)
}

/// Leaves the unit's console beside the program's state, for whoever has to find out what went wrong.
pub(crate) fn keep_console(unit: &Unit, folder: &Path) {
    if let Ok(log) = unit.console_log() {
        let _ = std::fs::write(folder.join("console.log"), log);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_repeat_from_their_seed_and_differ_between_cases() {
        let draw = |seed, case| {
            let mut lots = Lots::new(seed, case);
            (0..8).map(|_| lots.below(1 << 40)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }
}
