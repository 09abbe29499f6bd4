//! What people say that they tried more than once, and what they added to a unit before it stopped.
//!
//! Phrases with gaps: see [`Words`].

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::praise::ENDED_WELL;
use super::super::said::seen::WORKS_AGAIN;
use super::super::words::Words;
use super::Conclusion;

/// What was written is read back differently.
static VERIFY_FAILS: Words = Words::new(&[
    "verif- ~ fail-|error|errors|mismatch|differ-",
    "fail-|error|errors ~ verif-",
    "верификац-|проверк- ~ неудач-|ошибк-|не прош-|потерпел-",
    "校验 ~ 失败|错误|不一致",
    "überprüfung|verifizierung ~ fehl-|schlägt",
]);

/// It was tried again.
static TRIED_AGAIN: Words = Words::new(&[
    "second|third|fourth|subsequent|several|repeated|every|each|more ~ attempt|attempts|try|tries|time|times",
    "втор-|треть-|нескольк- ~ попытк-|раз",
    "多次|每次|第二次|第三次",
    "mehrmals|zweiten versuch|dritten versuch",
]);

/// An update ended before it was over.
static FAILS_IN_TRANSFER: Words = Words::new(&[
    "update|webupdate|upgrade|flash|flashing ~ fails|failed|stops|stopped|breaks off ~ during|while|in the middle",
]);

/// Of its programs no more than the boot loader starts.
static ONLY_LOADER: Words = Words::new(&[
    "only|just ~ bootloader|boot loader|u boot|uboot ~ started|starts|runs|running|left|comes|available|works",
    "only|just ~ starts|runs|boots ~ bootloader|boot loader|u boot|uboot",
    "emergency ~ state|mode",
]);

/// A disk was added.
static DISK_ADDED: Words = Words::new(&[
    "connect-|attach-|plug-|add-|insert- ~ second|another|additional|extra|new|2nd ~ disk|drive|stick|hdd|ssd",
    "second|another|additional|extra|2nd ~ disk|drive|stick|hdd|ssd ~ connect-|attach-|plug-|add-|insert-",
]);

/// It does not start.
static NO_START: Words = Words::new(&[
    "no longer|not|n t|never|won t|fails to ~ boot|boots|start|starts|come up|comes up",
    "stuck|hangs|stops ~ boot|booting|startup",
]);

pub(crate) static REPEATS: &[Conclusion] = &[
    Conclusion {
        all: &[&VERIFY_FAILS, &TRIED_AGAIN],
        near: &[],
        none: &[&WORKS_AGAIN, &ENDED_WELL],
        says: "What is written is not read back, however often it is tried.",
        causes: &[(C::FlashHardwareFault, 0.47), (C::LinkFault, 0.25)],
        state: None,
        actions: &[A::ReplaceHardware, A::SeekProfessional, A::SwapCableOrPort],
    },
    Conclusion {
        all: &[&FAILS_IN_TRANSFER, &ONLY_LOADER],
        near: &[],
        none: &[&WORKS_AGAIN],
        says: "An update ended before it was over, and no more than the boot loader is left.",
        causes: &[(C::UpdateInterrupted, 0.5), (C::ImageIncomplete, 0.4)],
        state: Some((S::BootloaderOnly, 0.4)),
        actions: &[A::ReflashCorrectImage, A::ReflashSameImage],
    },
    Conclusion {
        all: &[],
        near: &[&DISK_ADDED, &NO_START],
        none: &[&WORKS_AGAIN],
        says: "A disk was added, and it does not start any more: the disks may have other names now, or too little power.",
        causes: &[(C::BootEnvironmentCorrupt, 0.47), (C::PowerFault, 0.28)],
        state: None,
        actions: &[A::FixBootEnvironment, A::PowerCycleAndRetry, A::FixPower],
    },
];

#[cfg(test)]
mod tests {
    use debrick_model::{Cause as C, EvidenceKind};

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    #[test]
    fn what_was_tried_more_than_once_and_what_was_added() {
        for (account, cause) in [
            (
                "The write finishes, and verification fails on the second and third attempt, at any speed.",
                C::FlashHardwareFault,
            ),
            (
                "When the update fails during the upload, the unit is in an emergency state: only the bootloader is started.",
                C::UpdateInterrupted,
            ),
            ("I connected a second disk to it and the machine no longer boots.", C::BootEnvironmentCorrupt),
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
            let diagnosis = by_rules_alone(&evidence);
            assert_eq!(diagnosis.cause(), cause, "{account}: {:?}", diagnosis.findings);
        }
    }
}
