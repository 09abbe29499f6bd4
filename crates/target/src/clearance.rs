//! Leave to write, as a value.
//!
//! Whatever changes a device takes a [`Clearance`], and only [`clear`] makes one: from gates that all stand open, or were
//! waived one by one by a person. A clearance names what it is for, and serves nothing else.

use debrick_model::{Coded, Digest, Gate, GateOutcome, GateResult, Waiver};

/// What is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The names of the regions, or `environment`.
    pub regions: Vec<String>,
    /// Digests of the contents that may be written; none for erasing and for bootloader variables.
    pub contents: Vec<Digest>,
}

/// Proof that all gates were open, or waived, for one scope.
#[derive(Debug)]
pub struct Clearance {
    scope: Scope,
    waivers: Vec<Waiver>,
}

/// Gates are shut.
#[derive(Debug, thiserror::Error)]
#[error("nothing may be written: {}", shut.iter().map(|result| format!("the {} gate is shut", result.gate)).collect::<Vec<_>>().join(", "))]
pub struct Refusal {
    /// The gates that are shut, with their reasons.
    pub shut: Vec<GateResult>,
}

/// Makes a clearance if every gate passed or was waived. A gate that nobody looked at is shut.
pub fn clear(results: &[GateResult], waivers: &[Waiver], scope: Scope) -> Result<Clearance, Refusal> {
    let (shut, used) = look_at(results, waivers);
    if shut.is_empty() { Ok(Clearance { scope, waivers: used }) } else { Err(Refusal { shut }) }
}

/// The gates that would be shut now, but for those that are looked at later: so that nobody works for a repair that ends at a
/// gate which could be seen before.
///
/// # Errors
/// [`Refusal`] with those gates.
pub fn look_ahead(results: &[GateResult], waivers: &[Waiver], later: &[Gate]) -> Result<(), Refusal> {
    let (mut shut, _) = look_at(results, waivers);
    shut.retain(|result| result.outcome == GateOutcome::Fail || !later.contains(&result.gate));
    if shut.is_empty() { Ok(()) } else { Err(Refusal { shut }) }
}

/// The gates that are shut, and the waivers that open others.
fn look_at(results: &[GateResult], waivers: &[Waiver]) -> (Vec<GateResult>, Vec<Waiver>) {
    let mut shut = Vec::new();
    let mut used = Vec::new();
    for gate in Gate::ALL {
        let result = results.iter().rev().find(|result| result.gate == gate).cloned().unwrap_or(GateResult {
            gate,
            outcome: GateOutcome::Unknown,
            reasons: vec!["It was not looked at.".into()],
        });
        if result.outcome == GateOutcome::Pass {
            continue;
        }
        match waivers.iter().find(|waiver| waiver.gate == gate) {
            Some(waiver) if gate.can_be_waived() => used.push(waiver.clone()),
            _ => shut.push(result),
        }
    }
    (shut, used)
}

impl Clearance {
    /// What it is for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The waivers it rests on.
    pub fn waivers(&self) -> &[Waiver] {
        &self.waivers
    }

    /// Whether this region may be changed.
    pub fn covers(&self, region: &str) -> bool {
        self.scope.regions.iter().any(|name| name == region)
    }

    /// Whether this content may be written to this region.
    pub fn covers_content(&self, region: &str, content: Digest) -> bool {
        self.covers(region) && self.scope.contents.contains(&content)
    }
}

impl Coded for Refusal {
    fn code(&self) -> &'static str {
        "gate-shut"
    }

    fn next_step(&self) -> String {
        let reasons: Vec<&str> =
            self.shut.iter().flat_map(|result| result.reasons.iter().map(String::as_str)).collect();
        format!("Nothing was written. {}", reasons.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(shut: &[Gate]) -> Vec<GateResult> {
        let outcome = |gate| if shut.contains(&gate) { GateOutcome::Fail } else { GateOutcome::Pass };
        Gate::ALL.map(|gate| GateResult { gate, outcome: outcome(gate), reasons: vec![] }).to_vec()
    }

    fn check(shut: &[Gate], waived: &[Gate], expected: Result<(), Vec<Gate>>) {
        let waivers: Vec<_> =
            waived.iter().map(|gate| Waiver { gate: *gate, because: "I know".into() }).collect();
        let scope = Scope { regions: vec!["firmware".into()], contents: vec![] };
        let got = clear(&results(shut), &waivers, scope)
            .map(|_| ())
            .map_err(|refusal| refusal.shut.iter().map(|result| result.gate).collect::<Vec<_>>());
        assert_eq!(got, expected);
    }

    #[test]
    fn gates_keep_shut() {
        check(&[], &[], Ok(()));
        check(&[Gate::Fitness], &[], Err(vec![Gate::Fitness]));
        check(&[Gate::Fitness], &[Gate::Fitness], Ok(()));
        check(&[Gate::Provenance], &[], Err(vec![Gate::Provenance]));
        check(&[Gate::Provenance], &[Gate::Provenance], Ok(()));
        check(&[Gate::Fitness, Gate::Backup], &[Gate::Fitness], Err(vec![Gate::Backup]));
        check(&[Gate::Identity], &[Gate::Identity], Err(vec![Gate::Identity]));
        check(&[Gate::Integrity], &[Gate::Integrity], Err(vec![Gate::Integrity]));
    }

    #[test]
    fn the_last_look_at_a_gate_counts_and_an_unseen_gate_is_shut() {
        let scope = Scope { regions: vec![], contents: vec![] };
        let mut seen = results(&[]);
        seen.push(GateResult { gate: Gate::Backup, outcome: GateOutcome::Fail, reasons: vec![] });
        assert!(clear(&seen, &[], scope.clone()).is_err());
        assert_eq!(clear(&seen[..4], &[], scope).unwrap_err().shut.len(), 2);
    }

    #[test]
    fn looking_ahead_spares_what_is_not_known_yet_and_nothing_that_failed() {
        let with = |outcome| {
            let mut seen = results(&[]);
            seen.push(GateResult { gate: Gate::Identity, outcome, reasons: vec![] });
            look_ahead(&seen, &[], &[Gate::Identity]).is_ok()
        };
        assert!(with(GateOutcome::Unknown) && with(GateOutcome::Pass) && !with(GateOutcome::Fail));
        assert!(look_ahead(&results(&[Gate::Backup]), &[], &[Gate::Identity]).is_err());
    }

    #[test]
    fn a_clearance_serves_only_its_scope() {
        let image = Digest::new([1; 32]);
        let scope = Scope { regions: vec!["firmware".into()], contents: vec![image] };
        let clearance = clear(&results(&[]), &[], scope).unwrap();
        assert!(clearance.covers_content("firmware", image));
        assert!(!clearance.covers_content("firmware", Digest::new([2; 32])));
        assert!(!clearance.covers_content("boot", image));
    }
}
