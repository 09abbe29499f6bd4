//! How a unit is brought into a mode of recovery: typed steps, each with the sign that proves it.
//!
//! A step that leaves its buttons, seconds or sign out takes those of the method that uses the procedure, so that one
//! procedure of a family serves many devices.

use serde::{Deserialize, Serialize};

use crate::method::Method;
use crate::sources::Sources;

/// A procedure that brings a unit into a mode of recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name, unique in the record.
    pub name: String,
    /// What the unit does once it is there, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reaches: Option<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Where this is from.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub source: Sources,
}

/// One step of a procedure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What is done.
    #[serde(rename = "do")]
    pub action: Action,
    /// The buttons it is done with; those of the method where a step that needs some names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<String>,
    /// For how many seconds, at least; those of the method where a step that needs them names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// For how many seconds, at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds_at_most: Option<u32>,
    /// What is typed, run, chosen, or where the plug goes: the object of the action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// The sign that proves it; the step ends when it is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,
}

/// What is done in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Switch it off, and take its power away where it has no battery.
    PowerOff,
    /// Switch it on, or give it power.
    PowerOn,
    /// Restart it.
    Restart,
    /// Plug a network cable in; `what` is the port of the unit.
    ConnectNetwork,
    /// Plug a USB cable in.
    ConnectUsb,
    /// Connect a serial adapter.
    ConnectSerial,
    /// Give this computer the address of the method.
    SetAddress,
    /// Press buttons and keep them pressed.
    Hold,
    /// Let buttons go, after the seconds or at the sign.
    Release,
    /// Press buttons once, briefly.
    Press,
    /// Connect a pin to ground, or set a switch; `what` names it.
    Strap,
    /// Wait for the seconds, or for the sign.
    Wait,
    /// Type something at the console; `what` is what.
    Type,
    /// Run a command on this computer; `what` is the command.
    Run,
    /// Choose an entry of a menu on the screen; `what` is its name.
    Choose,
    /// Open a page of the unit; `what` is its path.
    OpenPage,
}

/// What is seen when a step has worked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "see", deny_unknown_fields)]
pub enum Sign {
    /// A light does this: `power LED blinks slowly`.
    Light {
        /// Which light; absent: any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        light: Option<String>,
        /// What it does.
        does: String,
    },
    /// The network port has a link.
    Link,
    /// The unit asks who has this computer's address.
    Arp,
    /// The unit asks for an address by BOOTP or DHCP.
    Bootp,
    /// The unit asks for a file by TFTP.
    TftpRequest {
        /// The file; absent: that of the method.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
    },
    /// The unit answers at its address.
    Answers,
    /// A page can be opened.
    Page,
    /// A USB device appears.
    Usb {
        /// Vendor and product: `05c6:9008`; absent: that of the method.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// The console prints this.
    Console {
        /// The text.
        text: String,
    },
    /// The screen shows this.
    Screen {
        /// The text, logo or picture.
        shows: String,
    },
    /// It vibrates.
    Vibration,
    /// It beeps.
    Beep {
        /// How often.
        times: u32,
    },
}

/// What a pattern of lights means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LightPattern {
    /// Which light: `power`.
    pub light: String,
    /// What it does: `blinks orange slowly`.
    pub does: String,
    /// What that means.
    pub means: String,
    /// Where this is from.
    #[serde(default, skip_serializing_if = "Sources::is_empty")]
    pub source: Sources,
}

impl Action {
    /// Whether it is done with buttons.
    pub fn takes_buttons(self) -> bool {
        matches!(self, Self::Hold | Self::Release | Self::Press)
    }

    /// Whether it needs an object.
    pub fn needs_object(self) -> bool {
        matches!(self, Self::Strap | Self::Type | Self::Run | Self::Choose | Self::OpenPage)
    }
}

impl Entry {
    /// The steps with what the method says filled in.
    pub fn steps_for(&self, method: &Method) -> Vec<Step> {
        let fill = |step: &Step| {
            let mut step = step.clone();
            if step.action.takes_buttons() && step.buttons.is_empty() {
                step.buttons.clone_from(&method.buttons);
            }
            if step.action == Action::Release && step.seconds.is_none() {
                step.seconds = method.hold_seconds;
                step.seconds_at_most = step.seconds_at_most.or(method.hold_seconds_at_most);
                step.sign = step.sign.or_else(|| method.sign.clone());
            }
            if let Some(Sign::TftpRequest { file }) = &mut step.sign
                && file.is_none()
            {
                file.clone_from(&method.file);
            }
            if let Some(Sign::Usb { id }) = &mut step.sign
                && id.is_none()
            {
                *id = method.usb.first().cloned();
            }
            step
        };
        self.steps.iter().map(fill).collect()
    }
}

impl Step {
    /// The step as a sentence.
    pub fn in_words(&self, method: &Method) -> String {
        let buttons =
            if self.buttons.is_empty() { "the button".to_owned() } else { self.buttons.join(" and ") };
        let what = self.what.as_deref().unwrap_or_default();
        let seconds = match (self.seconds, self.seconds_at_most) {
            (Some(least), Some(most)) => Some(format!("{least} to {most} seconds")),
            (Some(1), None) => Some("1 second".to_owned()),
            (Some(least), None) => Some(format!("{least} seconds")),
            (None, Some(most)) => Some(format!("at most {most} seconds")),
            (None, None) => None,
        };
        let sign = self.sign.as_ref().map(Sign::in_words);
        let mut text = match self.action {
            Action::PowerOff => "Switch it off, and take its power away where it has no battery".to_owned(),
            Action::PowerOn => "Switch it on".to_owned(),
            Action::Restart => "Restart it".to_owned(),
            Action::ConnectNetwork if what.is_empty() => "Connect a network cable to a LAN port".to_owned(),
            Action::ConnectNetwork => format!("Connect a network cable to the port {what}"),
            Action::ConnectUsb => "Connect it to this computer by USB".to_owned(),
            Action::ConnectSerial => "Connect a serial adapter to its console".to_owned(),
            Action::SetAddress => match method.host {
                Some(host) => format!("Give this computer the address {host}/24"),
                None => "Give this computer an address in the network of the unit".to_owned(),
            },
            Action::Hold => format!("Hold {buttons}"),
            Action::Release => match (&seconds, &sign) {
                (Some(seconds), Some(sign)) => {
                    return format!("Let {buttons} go after {seconds}, when {sign}.");
                }
                (Some(seconds), None) => return format!("Let {buttons} go after {seconds}."),
                (None, Some(sign)) => return format!("Let {buttons} go when {sign}."),
                (None, None) => format!("Let {buttons} go once the mode has begun"),
            },
            Action::Press => format!("Press {buttons} briefly"),
            Action::Strap => format!("Set {what}"),
            Action::Wait => match (&seconds, &sign) {
                (Some(seconds), Some(sign)) => return format!("Wait {seconds}, until {sign}."),
                (Some(seconds), None) => return format!("Wait {seconds}."),
                (None, Some(sign)) => return format!("Wait until {sign}."),
                (None, None) => "Wait".to_owned(),
            },
            Action::Type => format!("Type {what:?} at the console"),
            Action::Run => format!("Run `{what}` on this computer"),
            Action::Choose => format!("Choose \"{what}\" on the screen"),
            Action::OpenPage => match method.unit {
                Some(unit) => format!("Open http://{unit}{what}"),
                None => format!("Open the page {what} of the unit"),
            },
        };
        if let Some(seconds) = seconds {
            text += &format!(" for {seconds}");
        }
        if let Some(sign) = sign {
            text += &format!(", until {sign}");
        }
        text + "."
    }
}

impl Sign {
    /// The sign as half a sentence.
    pub fn in_words(&self) -> String {
        match self {
            Self::Light { light: Some(light), does } => format!("the {light} light {does}"),
            Self::Light { light: None, does } => format!("a light {does}"),
            Self::Link => "the network port has a link".into(),
            Self::Arp => "the unit looks for this computer's address".into(),
            Self::Bootp => "the unit asks for an address".into(),
            Self::TftpRequest { file: Some(file) } => format!("the unit asks for the file {file}"),
            Self::TftpRequest { file: None } => "the unit asks for a file".into(),
            Self::Answers => "the unit answers".into(),
            Self::Page => "its page can be opened".into(),
            Self::Usb { id: Some(id) } => format!("the USB device {id} appears"),
            Self::Usb { id: None } => "a USB device appears".into(),
            Self::Console { text } => format!("the console prints \"{text}\""),
            Self::Screen { shows } => format!("the screen shows {shows}"),
            Self::Vibration => "it vibrates".into(),
            Self::Beep { times: 1 } => "it beeps once".into(),
            Self::Beep { times } => format!("it beeps {times} times"),
        }
    }
}
