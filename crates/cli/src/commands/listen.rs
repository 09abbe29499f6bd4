//! `debrick listen`: who says what on a network port, and what can be done with it now.

use std::time::Duration;

use debrick_lan::{Fit, Heard, Judged, Judgement, Stage, judge, maker};
use debrick_link_os::Loan;
use debrick_model::{Ending, MacAddress};
use serde_json::json;

use crate::args::Listen;
use crate::commands::Context;
use crate::ear::{Ear, Noticed};
use crate::failure::Failure;
use crate::stop::Stop;
use crate::{exit, json, out};

/// How often a wish to stop is looked for, and the link.
const LOOK_UP: Duration = Duration::from_millis(100);

/// How many stations, and devices of one station, people are shown.
const STATIONS_SHOWN: usize = 8;
const FITS_SHOWN: usize = 5;

pub(super) fn listen(context: &Context, args: &Listen) -> Result<i32, Failure> {
    let stop = Stop::listen()?;
    let loan = Loan {
        addresses: args.address.clone(),
        may_carry_default_route: args.allow_default_route,
        ..Loan::to_listen(args.lan.clone())
    };
    let mut ear = Ear::with(context, &loan)?;
    let only = if args.look { "Pages are looked at; nothing else is sent." } else { "Nothing is sent." };
    out::note(&format!(
        "Listening on {}. {only} Switch the device off and on. Ctrl-C ends this and says what it means.",
        out::harmless(&args.lan)
    ));
    if ear.has_link() != Some(true) {
        out::note("There is no link yet: is the cable in, and has the device power?");
    }
    let until = args.seconds.map(|seconds| Duration::from_secs(seconds.into()));
    while !stop.is_wanted() && until.is_none_or(|until| ear.elapsed() < until) {
        let left = until.map_or(LOOK_UP, |until| until.saturating_sub(ear.elapsed()).min(LOOK_UP));
        let mut noticed = ear.listen(left)?;
        if args.look {
            noticed.extend(ear.look());
        }
        for one in &noticed {
            tell(context, ear.elapsed(), one);
        }
    }
    let judgement = judge(ear.stations(), &context.catalog()?.all()?, args.unit);
    let frames = ear.stations().frames();
    let code = match judgement.probably {
        Some(_) => 0,
        None => exit::of(Ending::NeedsOperator),
    };
    ear.close()?;
    if context.json {
        let mut value = json!(judgement);
        value["interface"] = json!(args.lan);
        value["frames"] = json!(frames);
        value["exit_code"] = json!(code);
        json::line("debrick.listen/1", &value);
    } else {
        out::note("");
        show(context, &judgement);
    }
    Ok(code)
}

fn tell(context: &Context, after: Duration, noticed: &Noticed) {
    let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    if context.json {
        let mut value = match noticed {
            Noticed::Link(has_link) => json!({ "heard": "link", "has_link": has_link }),
            Noticed::Heard(heard) => json!(heard),
        };
        value["after_ms"] = json!(after_ms);
        if let Noticed::Heard(heard) = noticed {
            value["maker"] = json!(maker(heard.station));
            value["says"] = json!(heard.word.in_words());
        }
        json::line("debrick.heard/1", &value);
        return;
    }
    let style = context.style;
    let at = style.faint(&format!("{:>6.1} s", after.as_secs_f64()));
    let text = match noticed {
        Noticed::Link(true) => "the cable has a link".to_owned(),
        Noticed::Link(false) => style.warn("the cable has no link any more"),
        Noticed::Heard(Heard { station, word, .. }) => {
            format!("{} {}", style.strong(&name(*station)), out::harmless(&word.in_words()))
        }
    };
    out::data(&format!("{at}  {text}"));
}

/// `a0:63:91:01:02:03 (Netgear)`.
pub(super) fn name(station: MacAddress) -> String {
    match maker(station) {
        Some(maker) => format!("{station} ({maker})"),
        None => station.to_string(),
    }
}

fn show(context: &Context, judgement: &Judgement) {
    let style = context.style;
    let verdict = match (judgement.probably, judgement.stations.is_empty()) {
        (Some(unit), _) => style.good(&format!("The unit is probably {}.", name(unit))),
        (None, true) => "Nobody was heard. Check the cable and the unit's power, and begin to listen before it is switched \
                         on."
            .to_owned(),
        (None, false) => "Which of these is the unit cannot be told; --unit names it.".to_owned(),
    };
    out::data(&verdict);
    for one in judgement.stations.iter().take(STATIONS_SHOWN) {
        show_station(context, one);
    }
    let more = judgement.stations.len().saturating_sub(STATIONS_SHOWN);
    if more > 0 {
        out::data(&format!("and {more} more stations"));
    }
    if judgement.left_out > 0 {
        out::note(&format!("{} more things were said than are kept.", judgement.left_out));
    }
}

fn show_station(context: &Context, one: &Judged) {
    let style = context.style;
    let addresses: Vec<String> = one.addresses.iter().map(ToString::to_string).collect();
    let at = if addresses.is_empty() { String::new() } else { format!(", {}", addresses.join(", ")) };
    out::data(&format!("\n{}{at}: {}", style.strong(&name(one.station)), one.stage.in_words()));
    for said in one.said(&one.because) {
        out::data(&out::harmless(&format!("  because it {said}")));
    }
    if one.stage == Stage::Unknown {
        for kept in one.words.iter().take(FITS_SHOWN) {
            out::data(&out::harmless(&format!("  it {}", kept.word.in_words())));
        }
    }
    for fit in one.fits.iter().take(FITS_SHOWN) {
        show_fit(one, fit);
    }
    let more = one.fits.len().saturating_sub(FITS_SHOWN) + one.more_fits;
    if more > 0 {
        out::data(&format!("  and {more} more devices fit"));
    }
}

fn show_fit(one: &Judged, fit: &Fit) {
    out::data(&out::harmless(&format!("  {}  {}", fit.device, fit.title)));
    if fit.works_now.is_empty() {
        for said in one.said(&fit.because) {
            out::data(&out::harmless(&format!("    fits, because it {said}")));
        }
    }
    for works in &fit.works_now {
        let mut text = format!("    {} would work now", works.method);
        if let Some(host) = works.host {
            text += &format!(", with {host} for this computer");
        }
        if let Some(file) = &works.file {
            text += &format!(", and the file {file}");
        }
        out::data(&out::harmless(&format!("{text}: it {}", one.said(&works.because).join("; it "))));
    }
}
