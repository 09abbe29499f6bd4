//! The steps of a catalog's entry, as moves of a person, and what proves that the mode was reached.

use std::time::Duration;

use debrick_catalog::{Action, Device, Method, Protocol, Sign, Step};
use serde::Serialize;

/// Something that was sensed, or that the person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "seen", content = "what")]
pub enum Seen {
    /// The network port got a link.
    LinkUp,
    /// The network port lost its link.
    LinkDown,
    /// The unit asked who has this computer's address.
    Arp,
    /// The unit asked for an address.
    Bootp,
    /// The unit asked for a file of this name by TFTP.
    TftpRequest(String),
    /// The unit answers at its address.
    Answers,
    /// A page of the unit can be opened.
    Page,
    /// A page of the unit can be opened, and it is that of its running system.
    SystemPage,
    /// A USB device came: `05c6:9008`.
    Usb(String),
    /// A USB device went.
    UsbGone(String),
    /// The console printed this line.
    Console(String),
    /// The person did what they were asked to.
    Done,
    /// The person sees the sign that they were asked about, or does not.
    SeesIt(bool),
}

/// What a person does in a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// Something that takes as long as it takes.
    Hands,
    /// Take its power away.
    PowerOff,
    /// Press a button and keep it pressed: the next move follows at once.
    Hold,
    /// Give it power. Seconds count from here.
    Begin,
    /// Let the button go.
    LetGo,
    /// Wait for something.
    Wait,
}

/// One move of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// What is done.
    pub moved: Moved,
    /// The words for it.
    pub text: String,
    /// For how long, at least.
    pub least: Option<Duration>,
    /// For how long, at most.
    pub most: Option<Duration>,
    /// What proves it.
    pub sign: Option<Sign>,
}

/// A procedure, ready to be coached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedure {
    /// The moves, in order. Exactly one is [`Moved::Begin`].
    pub moves: Vec<Move>,
    /// What proves that the mode is reached; any of them.
    pub goals: Vec<Sign>,
    /// What the unit does once it is there, for a person.
    pub reaches: String,
}

impl Procedure {
    /// The procedure of a method of a device; `None` where the catalog knows no steps.
    pub fn of(device: &Device, method: &Method) -> Option<Self> {
        let entry = device.entry.iter().find(|entry| Some(&entry.name) == method.entry.as_ref())?;
        let steps = entry.steps_for(method);
        let mut moves: Vec<Move> = steps.iter().map(|step| as_move(step, method)).collect();
        make_one_begin(&mut moves, &steps)?;
        let last_sign = steps.iter().rev().find_map(|step| step.sign.clone());
        let mut goals = goals(method);
        goals.extend(last_sign.clone().filter(|sign| !goals.contains(sign)));
        let reaches = match (&entry.reaches, &last_sign) {
            (Some(reaches), _) => reaches.clone(),
            (None, Some(sign)) => sign.in_words(),
            (None, None) => "it waits for firmware".into(),
        };
        Some(Self { moves, goals, reaches })
    }

    /// Whether something proves that the mode is reached.
    pub fn is_reached_by(&self, seen: &Seen) -> bool {
        self.goals.iter().any(|goal| proves(goal, seen))
    }

    /// The move of letting go, and its place.
    pub(crate) fn letting_go(&self) -> Option<(usize, &Move)> {
        self.moves.iter().enumerate().find(|(_, one)| one.moved == Moved::LetGo)
    }
}

fn as_move(step: &Step, method: &Method) -> Move {
    let moved = match step.action {
        Action::Hold => Moved::Hold,
        Action::PowerOn | Action::Restart => Moved::Begin,
        Action::Release => Moved::LetGo,
        Action::Wait => Moved::Wait,
        Action::PowerOff => Moved::PowerOff,
        Action::ConnectNetwork
        | Action::ConnectUsb
        | Action::ConnectSerial
        | Action::SetAddress
        | Action::Press
        | Action::Strap
        | Action::Type
        | Action::Run
        | Action::Choose
        | Action::OpenPage => Moved::Hands,
    };
    let seconds = |seconds: u32| Duration::from_secs(seconds.into());
    Move {
        moved,
        text: step.in_words(method),
        least: step.seconds.map(seconds),
        most: step.seconds_at_most.map(seconds),
        sign: step.sign.clone(),
    }
}

/// Sees to it that seconds count from one move: the last that gives power; else the plugging in, or the first move,
/// after a button is held; else the holding itself.
fn make_one_begin(moves: &mut [Move], steps: &[Step]) -> Option<()> {
    let last_begin = moves.iter().rposition(|one| one.moved == Moved::Begin);
    let hold = moves.iter().position(|one| one.moved == Moved::Hold);
    let usb = steps.iter().rposition(|step| step.action == Action::ConnectUsb);
    let begin = last_begin
        .or_else(|| usb.filter(|usb| hold.is_some_and(|hold| hold < *usb)))
        .or(hold)
        .or_else(|| moves.len().checked_sub(1))?;
    for (place, one) in moves.iter_mut().enumerate() {
        if place == begin {
            one.moved = Moved::Begin;
        } else if one.moved == Moved::Begin {
            one.moved = Moved::Hands;
        }
    }
    Some(())
}

/// What a protocol itself shows once the unit is ready for it.
fn goals(method: &Method) -> Vec<Sign> {
    match method.protocol {
        Some(Protocol::TftpPull | Protocol::ConsoleTftp) => {
            vec![Sign::TftpRequest { file: method.file.clone() }]
        }
        Some(Protocol::BootpTftp | Protocol::MikrotikNetboot) => {
            vec![Sign::Bootp, Sign::TftpRequest { file: method.file.clone() }]
        }
        Some(Protocol::HttpUpload | Protocol::ConsoleHttp) => vec![Sign::Page],
        Some(Protocol::Nmrp | Protocol::EvaFtp) => vec![Sign::Answers],
        _ => method.usb.iter().map(|id| Sign::Usb { id: Some(id.clone()) }).collect(),
    }
}

/// Whether what was seen is the sign.
pub(crate) fn proves(sign: &Sign, seen: &Seen) -> bool {
    match (sign, seen) {
        (Sign::Link, Seen::LinkUp)
        | (Sign::Arp, Seen::Arp)
        | (Sign::Bootp, Seen::Bootp)
        | (Sign::Answers, Seen::Answers)
        | (Sign::Page, Seen::Page)
        | (Sign::TftpRequest { file: None }, Seen::TftpRequest(_))
        | (Sign::Usb { id: None }, Seen::Usb(_)) => true,
        (Sign::TftpRequest { file: Some(file) }, Seen::TftpRequest(asked)) => file == asked,
        (Sign::Usb { id: Some(id) }, Seen::Usb(came)) => id.eq_ignore_ascii_case(came),
        (Sign::Console { text }, Seen::Console(line)) => line.contains(text.as_str()),
        _ => false,
    }
}

/// What was seen, as half a sentence.
pub(crate) fn in_words(seen: &Seen) -> String {
    match seen {
        Seen::LinkUp => "the network port got a link".into(),
        Seen::LinkDown => "the network port lost its link".into(),
        Seen::Arp => "the device looked for this computer".into(),
        Seen::Bootp => "the device asked for an address".into(),
        Seen::TftpRequest(file) => format!("the device asked for the file {file}"),
        Seen::Answers => "the device answered".into(),
        Seen::Page => "its page can be opened".into(),
        Seen::SystemPage => "the page of its running system can be opened".into(),
        Seen::Usb(id) => format!("the USB device {id} came"),
        Seen::UsbGone(id) => format!("the USB device {id} went"),
        Seen::Console(line) => format!("the console said \"{}\"", line.trim()),
        Seen::Done => "you did it".into(),
        Seen::SeesIt(true) => "you see it".into(),
        Seen::SeesIt(false) => "you do not see it".into(),
    }
}

/// Whether something shows that the unit starts its own system, and so has missed the mode.
pub(crate) fn starts_normally(seen: &Seen) -> bool {
    /// What bootloaders and kernels print on the way to the system.
    const STARTS: [&str; 3] = ["Starting kernel", "Linux version ", "booting the kernel."];
    match seen {
        Seen::SystemPage => true,
        Seen::Console(line) => STARTS.iter().any(|start| line.contains(start)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use debrick_catalog::Catalog;

    fn of(id: &str) -> Procedure {
        let device = Catalog::builtin().find(id).unwrap();
        let found = device.method.iter().find_map(|method| Procedure::of(&device, method));
        found.unwrap_or_else(|| panic!("{id} has no procedure"))
    }

    #[test]
    fn a_router_is_held_switched_on_and_let_go() {
        let procedure = of("tplink-archer-c7-v5");
        let moves: Vec<Moved> = procedure.moves.iter().map(|one| one.moved).collect();
        let at = |wanted| moves.iter().position(|moved| *moved == wanted).unwrap();
        assert!(at(Moved::Hold) < at(Moved::Begin) && at(Moved::Begin) < at(Moved::LetGo), "{moves:?}");
        let asks = Seen::TftpRequest("ArcherC7v5_tp_recovery.bin".into());
        assert!(procedure.is_reached_by(&asks), "{:?}", procedure.goals);
        assert!(!procedure.is_reached_by(&Seen::TftpRequest("other.bin".into())));
    }

    #[test]
    fn a_page_of_its_system_is_no_page_of_its_bootloader() {
        let procedure = of("glinet-gl-mt3000");
        assert!(procedure.is_reached_by(&Seen::Page), "{:?}", procedure.goals);
        assert!(!procedure.is_reached_by(&Seen::SystemPage));
        assert!(starts_normally(&Seen::SystemPage) && !starts_normally(&Seen::Page));
    }

    #[test]
    fn every_procedure_of_the_catalog_can_be_coached() {
        let mut count = 0;
        for device in Catalog::builtin().all().unwrap() {
            for method in device.method.iter().filter(|method| method.entry.is_some()) {
                let procedure = Procedure::of(&device, method);
                let procedure = procedure.unwrap_or_else(|| panic!("{} {}", device.id, method.name));
                let begins = procedure.moves.iter().filter(|one| one.moved == Moved::Begin).count();
                assert_eq!(begins, 1, "{} {}", device.id, method.name);
                count += 1;
            }
        }
        assert!(count > 1000, "{count}");
    }
}
