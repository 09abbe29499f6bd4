//! Bring the unit into its recovery mode: a person is led, and what can be sensed says when it is there.

use std::time::Duration;

use debrick_catalog::{Action, Door};
use debrick_coach::{Coach, Ending, Procedure, Seen};
use debrick_model::{
    Answer, EventBody, EvidenceKind, MacAddress, Observation, Property, Request, RequestKind, Step,
};

use super::DoorRepair;
use super::sense::Sensing;
use super::ways::way_of;
use crate::error::EngineError;
use crate::past::WHICH_UNIT;
use crate::session::Done;

/// A person who does nothing at all is waited for by the coach; this bounds all attempts together.
const LONGEST: Duration = Duration::from_secs(3600);

/// The most stations that are asked about one after the other, because they may not be the unit.
const MOST_STRANGERS: usize = 3;

/// How long the wire is listened to at most, before somebody's word counts.
const LISTENS_FOR: Duration = Duration::from_secs(30);

impl DoorRepair<'_> {
    /// Leads the operator into the mode of a door, unless the unit was found in it and nothing asks for a fresh entry.
    pub(super) fn enter(&mut self, door: &Door, fresh: bool) -> Result<(), EngineError> {
        let attempt = self.session.begin(Step::EnterRecovery)?;
        let result = match self.lead(door, fresh) {
            Err(EngineError::SeveralUnits { units }) if self.can_choose(door) => {
                self.choose(units).and_then(|()| self.lead(door, true))
            }
            led => led,
        };
        let result = self.make_sure_who_asks(door, result);
        self.session.end(Step::EnterRecovery, attempt, result)
    }

    fn lead(&mut self, door: &Door, fresh: bool) -> Result<Done<()>, EngineError> {
        if !fresh && self.is_open {
            return Ok(Done::with((), "It is in its recovery mode already."));
        }
        self.is_open = false;
        self.kept = None;
        self.testimony.clear();
        if let Some(request) = way_of(door, &self.stations).word() {
            return self.take_word(door, request);
        }
        // The port was given its address before: nobody has to do it by hand.
        let mut device = self.record.device.clone();
        for entry in &mut device.entry {
            entry.steps.retain(|step| step.action != Action::SetAddress);
        }
        let procedure = self.record.method_of(door).and_then(|method| Procedure::of(&device, method));
        let Some(procedure) = procedure else {
            return Err(EngineError::NoEntry { method: door.name.clone() });
        };
        let mut sensing = Sensing::of(door, &self.stations, &mut *self.network)?;
        if fresh {
            sensing.wait_for_power_off(self.session.clock.now());
        }
        let mut coach = Coach::new(procedure, sensing.senses(self.console.is_some()));
        let clock = self.session.clock.clone();
        let began = clock.now();
        let mut by = String::new();
        let mut cues = coach.start(Duration::ZERO);
        loop {
            for cue in &cues {
                if let debrick_coach::Cue::Reached { by: proof } = cue {
                    by.clone_from(proof);
                }
                self.session.cue(cue);
            }
            let now = clock.now().since(began);
            if coach.ending().is_some() || now > LONGEST {
                break;
            }
            self.session.stop_if_asked()?;
            cues = Vec::new();
            for said in self.session.said() {
                if said == Seen::Done {
                    sensing.power_was_off();
                }
                cues.extend(coach.take(clock.now().since(began), said));
            }
            let seen = sensing.look(&mut *self.network, self.console.as_mut(), &*clock)?;
            for one in seen {
                cues.extend(coach.take(clock.now().since(began), one));
            }
            cues.extend(coach.tick(clock.now().since(began)));
        }
        self.is_open = coach.ending() == Some(Ending::Reached);
        if self.is_open {
            self.gather(door, &mut sensing)?;
        }
        if !sensing.log.is_empty() {
            self.session.keep_evidence(EvidenceKind::SerialLog, "on the way into recovery", &sensing.log)?;
        }
        self.take_testimony(std::mem::take(&mut sensing.testimony));
        let attempts = coach.misses() + usize::from(self.is_open);
        let let_go = coach.let_go().filter(|_| self.is_open);
        self.session.record(EventBody::Coached {
            method: door.name.clone(),
            reached: self.is_open,
            by: by.clone(),
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            let_go_ms: let_go.map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX)),
            misses: coach.misses_in_words(),
        })?;
        self.kept = sensing.keep().filter(|_| self.is_open);
        self.must_be_alone()?;
        if self.is_open {
            let summary = format!("It is in its recovery mode after {attempts} attempts: {by}.");
            return Ok(Done::with((), summary.replace("after 1 attempts", "at the first attempt")));
        }
        Err(EngineError::NotEntered { method: door.name.clone(), attempts: coach.misses() })
    }

    /// Has somebody give their word where nothing can be sensed, and listens whether anything speaks against it.
    fn take_word(&mut self, door: &Door, request: Request) -> Result<Done<()>, EngineError> {
        let id = request.id.clone();
        if self.session.ask(request)? != Answer::Yes {
            return Err(EngineError::Declined { request: id });
        }
        let mut sensing = Sensing::of(door, &self.stations, &mut *self.network)?;
        if !sensing.senses(false).network {
            return Ok(Done::with((), "Somebody has given their word for it: nothing of it can be heard."));
        }
        let clock = self.session.clock.clone();
        let began = clock.now();
        while !sensing.is_open && clock.now().since(began) < LISTENS_FOR {
            self.session.stop_if_asked()?;
            sensing.look(&mut *self.network, self.console.as_mut(), &*clock)?;
        }
        self.is_open = sensing.is_open;
        self.kept = sensing.keep();
        self.must_be_alone()?;
        Ok(Done::with((), "Nobody else was heard on the cable, and somebody has given their word for it."))
    }

    /// Listens whether others are at the same door.
    pub(super) fn gather(&mut self, door: &Door, sensing: &mut Sensing) -> Result<(), EngineError> {
        let clock = self.session.clock.clone();
        let until = clock.now() + way_of(door, &self.stations).gathers();
        while clock.now() < until {
            self.session.stop_if_asked()?;
            sensing.look(&mut *self.network, self.console.as_mut(), &*clock)?;
        }
        Ok(())
    }

    /// Asks about the one that asked, where its Ethernet address is of another maker than the unit: it may have been switched
    /// on with the unit, or be behind it, and have asked where the unit did not. Who is not the unit is left alone, and
    /// the unit led into its mode once more.
    fn make_sure_who_asks(
        &mut self,
        door: &Door,
        mut led: Result<Done<()>, EngineError>,
    ) -> Result<Done<()>, EngineError> {
        for _ in 0..MOST_STRANGERS {
            let asks = self.kept.as_ref().filter(|_| led.is_ok()).and_then(|kept| kept.nameless());
            let Some((station, maker)) = asks.and_then(|station| Some((station, self.other_maker(station)?)))
            else {
                return led;
            };
            let seen = as_seen(&station.to_string(), &self.testimony);
            let text = format!(
                "The one that asks for firmware is {seen}. That Ethernet address is of {maker}, and the unit is of {}. Is it the MAC \
                 address on the label of the unit, or next to it? Answer with the address if it is the unit. If it is not, or if you \
                 cannot tell, leave it empty: nothing is sent there.",
                self.record.device.vendor
            );
            self.stations.chosen = self.ask_which(text, &[station.to_string()])?;
            if self.stations.chosen.is_some() {
                return led;
            }
            self.stations.strangers.insert(station);
            led = self.lead(door, true);
        }
        (self.is_open, self.kept) = (false, None);
        let units = self.stations.strangers.iter().map(ToString::to_string).collect();
        led.and(Err(EngineError::SeveralUnits { units }))
    }

    /// Who made a station, where that is somebody else than made the unit.
    fn other_maker(&self, station: MacAddress) -> Option<&'static str> {
        let vendor = &self.record.device.vendor;
        debrick_lan::maker(station).filter(|maker| !maker.eq_ignore_ascii_case(vendor))
    }

    fn can_choose(&self, door: &Door) -> bool {
        self.stations.chosen.is_none() && way_of(door, &self.stations).tells_units_apart()
    }

    /// Has somebody say which of several units is to be repaired; the others are left alone from then on.
    fn choose(&mut self, units: Vec<String>) -> Result<(), EngineError> {
        let seen: Vec<String> = units.iter().map(|unit| as_seen(unit, &self.testimony)).collect();
        let text = format!(
            "More than one unit asks to be repaired on this cable: {}. On the label of each, mostly on its underside, stands its MAC \
             address. Which one is to be repaired? The others are left alone. If you cannot tell, leave only that unit on the cable.",
            seen.join("; ")
        );
        self.stations.chosen = self.ask_which(text, &units)?;
        if self.stations.chosen.is_some() { Ok(()) } else { Err(EngineError::SeveralUnits { units }) }
    }

    /// Asks which of these stations the unit is; `None` where nobody can say, or it is none of them.
    pub(super) fn ask_which(
        &mut self,
        text: String,
        units: &[String],
    ) -> Result<Option<MacAddress>, EngineError> {
        let kind = RequestKind::Question { choices: units.to_vec() };
        let answer = self.session.ask(Request { id: WHICH_UNIT.into(), text, kind })?;
        let Answer::Text(said) = answer else { return Ok(None) };
        let said = MacAddress::parse(said.trim()).ok();
        Ok(said.filter(|said| units.contains(&said.to_string())))
    }

    /// Stops where several units were seen: which of them it is nobody knows.
    fn must_be_alone(&mut self) -> Result<(), EngineError> {
        let units = self.kept.as_ref().map(|kept| kept.several()).unwrap_or_default();
        if units.is_empty() {
            return Ok(());
        }
        (self.is_open, self.kept) = (false, None);
        Err(EngineError::SeveralUnits { units })
    }
}

/// A station, and how it was seen.
pub(super) fn as_seen(station: &str, testimony: &[Observation]) -> String {
    let said = testimony.iter().find(|said| said.property == Property::MacAddress && said.value == station);
    said.map_or_else(|| station.to_owned(), |said| format!("{station} ({})", said.source))
}
