//! Offering an image to an opaque device, as carefully as such a device allows.

use debrick_model::Digest;

use crate::capability::{Opaque, Watch};
use crate::clearance::Clearance;
use crate::digest::sha256;
use crate::error::TargetError;
use crate::source::Source;

/// An image that is offered.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    /// The region that the clearance names it under.
    pub region: &'a str,
    /// The name that the file is offered under.
    pub name: &'a str,
    /// Its bytes.
    pub content: &'a dyn Source,
    /// The digest that was cleared.
    pub digest: Digest,
}

/// Offers an image that was cleared, and returns once the device says that it has all of it. Our own copy is read once
/// before: what is sent is what was judged.
///
/// That it was accepted proves nothing: only the first boot does.
///
/// # Errors
/// [`TargetError::NotCleared`] where the clearance is for something else, or our copy is not what was cleared; whatever the
/// device or the link says.
pub fn offer(
    target: &mut dyn Opaque,
    clearance: &Clearance,
    offer: &Offer<'_>,
    watch: &mut dyn Watch,
) -> Result<(), TargetError> {
    if !clearance.covers_content(offer.region, offer.digest) {
        return Err(TargetError::NotCleared { what: format!("{} for {:?}", offer.name, offer.region) });
    }
    let held = sha256(offer.content)
        .map_err(|source| TargetError::Source { operation: "read our own copy".into(), source })?;
    if held != offer.digest {
        return Err(TargetError::NotCleared {
            what: format!("our copy of {}, which has changed,", offer.name),
        });
    }
    target.offer(offer.name, offer.content, watch)
}

#[cfg(test)]
mod tests {
    use debrick_model::{Gate, GateOutcome, GateResult};

    use super::*;
    use crate::capability::Silent;
    use crate::clearance::{Scope, clear};

    #[derive(Default)]
    struct Taking(u64);

    impl Opaque for Taking {
        fn offer(&mut self, _: &str, image: &dyn Source, _: &mut dyn Watch) -> Result<(), TargetError> {
            self.0 += image.len();
            Ok(())
        }
    }

    fn check(region: &str, cleared: Digest, claimed: Digest, sent: u64) {
        let image = vec![7_u8; 100];
        let results = Gate::ALL.map(|gate| GateResult { gate, outcome: GateOutcome::Pass, reasons: vec![] });
        let scope = Scope { regions: vec!["firmware".into()], contents: vec![cleared] };
        let clearance = clear(&results, &[], scope).unwrap();
        let part = Offer { region, name: "r.bin", content: &image, digest: claimed };
        let mut target = Taking::default();
        let result = offer(&mut target, &clearance, &part, &mut Silent);
        assert_eq!((result.is_ok(), target.0), (sent > 0, sent));
    }

    #[test]
    fn only_what_was_cleared_is_offered() {
        let image = sha256(&vec![7_u8; 100]).unwrap();
        let other = Digest::new([1; 32]);
        check("firmware", image, image, 100);
        check("boot", image, image, 0);
        check("firmware", other, image, 0);
        check("firmware", other, other, 0);
    }
}
