//! The program without root: `doctor` says which rights it lacks and how they are given; with exactly those a user who has
//! no others listens to a port, serves on it, and repairs a unit that answers no ARP, which takes addresses and ARP entries.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use debrick_virtual_bench::{FirmwareOptions, VirtualRouter};

use super::program::Run;
use super::unit::{Deed, Hands, with_router};
use super::{SIZE, Stage, router_without_arp};
use crate::lan::must;
use crate::lan::wire::{HOST, Lan, UNIT_MAC, run};

/// The user who owns nothing.
const NOBODY: u32 = 65534;

/// The rights, as a file has them.
const ALL: [&str; 3] = ["cap_net_raw", "cap_net_admin", "cap_net_bind_service"];

/// A copy of the program in a folder that everybody may enter; both go away with this value.
struct Copy {
    folder: PathBuf,
    file: PathBuf,
}

impl Copy {
    fn of(program: &Path) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("debrick-lab-rights-{}", std::process::id()));
        let file = folder.join("debrick");
        let copy = Self { folder, file };
        let make = || {
            fs::create_dir_all(&copy.folder)?;
            fs::set_permissions(&copy.folder, Permissions::from_mode(0o755))?;
            fs::copy(program, &copy.file)?;
            fs::set_permissions(&copy.file, Permissions::from_mode(0o755))
        };
        make().map_err(|error| format!("cannot make {}: {error}", copy.file.display()))?;
        Ok(copy)
    }

    /// Gives the file these rights and no others.
    fn give(&self, rights: &str) -> Result<(), String> {
        run(Command::new("setcap").arg(rights).arg(&self.file))?.must_succeed().map(drop)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn doctor(stage: &Stage, hands: &Hands) -> Result<Run, String> {
    stage.program.run(&["doctor", "--lan", HOST, "--seconds", "1"], hands, None)
}

/// What `doctor` says of rights: the sentence, and what to do.
fn said(run: &Run) -> Result<(String, String), String> {
    let found = run.finding("lan-rights").ok_or_else(|| format!("it says nothing: {}", run.last_words()))?;
    let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
    Ok((text("says"), text("mend")))
}

/// Nobody's copy of the program says what it lacks; given that by its own words, it repairs a unit over a borrowed port.
pub fn nobody_repairs_a_unit_without_arp(folder: &Path, program: &Path) -> Result<String, String> {
    let copy = Copy::of(program)?;
    let lan = Lan::create(None)?;
    // Whoever runs it has to reach its state.
    let place = copy.folder.join("work");
    fs::create_dir_all(&place).map_err(|error| format!("{}: {error}", folder.display()))?;
    let options = FirmwareOptions { size: SIZE, ..Default::default() };
    let mut stage = Stage::set(&lan, &copy.file, &place, &options)?;
    stage.program.run_as(NOBODY)?;
    stage.program.switches_on_when_sending = true;
    let (run, mut router) = with_router(&lan, router_without_arp(), |hands| {
        hands.switch_on()?;
        let rights = rights_by_its_own_words(&stage, &copy, hands)?;
        // Without any one of them exactly that one is missed.
        for missing in ALL {
            let others: Vec<&str> = ALL.into_iter().filter(|right| *right != missing).collect();
            copy.give(&format!("{}+ep", others.join(",")))?;
            let (lacks, _) = said(&doctor(&stage, hands)?)?;
            let named: Vec<&str> = ALL
                .into_iter()
                .filter(|right| lacks.contains(&format!("{} ", right.to_uppercase())))
                .collect();
            must(named == [missing], || format!("without {missing}: {lacks}"))?;
        }
        copy.give(&rights)?;
        let content = doctor(&stage, hands)?;
        for check in ["lan-rights", "lan-listening", "lan-tftp-port"] {
            let level = content.finding(check).map(|found| found["level"].clone());
            must(level.as_ref().is_some_and(|level| level == "good"), || format!("{check}: {level:?}"))?;
        }
        let before = stage.computer.look()?;
        hands.act(Deed::Off);
        let run = stage.rescue("tftp-waiting", &[], hands, None)?;
        run.must_end(0)?;
        hands.wait_until("it runs", VirtualRouter::is_ready)?;
        before.is_as(&stage.computer.look()?)?;
        Ok(run)
    })?;
    stage.is_repaired(&mut router)?;
    Ok(format!(
        "{} and no more: user {NOBODY} repaired {UNIT_MAC}, which answers no ARP, in {:.1} s; the interface is as before",
        ALL.join(", "),
        run.took()
    ))
}

/// Nobody has any right yet: which `doctor` wants, and for which file.
fn rights_by_its_own_words(stage: &Stage, copy: &Copy, hands: &Hands) -> Result<String, String> {
    let (lacks, mend) = said(&doctor(stage, hands)?)?;
    let names_all = ALL.iter().all(|right| lacks.contains(&right.to_uppercase()));
    must(names_all, || format!("it does not name all: {lacks}"))?;
    let words: Vec<&str> = mend.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "setcap").ok_or_else(|| format!("no setcap in {mend}"))?;
    let rights = words.get(at + 1).copied().unwrap_or_default();
    must(rights == format!("{}+ep", ALL.join(",")), || format!("other rights: {mend}"))?;
    must(words.get(at + 2).copied() == copy.file.to_str(), || format!("another file: {mend}"))?;
    Ok(rights.to_owned())
}
