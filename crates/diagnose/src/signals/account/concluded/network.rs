//! What people say of a repair over the network: the unit does not come for its file, does not answer, or breaks off.

use debrick_model::{Action as A, Cause as C, State as S};

use super::super::said::done::WROTE;
use super::super::said::seen::{GONE, LOOPS, WORKS_AGAIN};
use super::super::words::Words;
use super::Conclusion;

/// The ways of a repair over the network.
pub(crate) static OVER_NETWORK: Words = Words::new(&[
    " tftp",
    " bootp",
    " nmrp",
    " pxe ",
    " tiny pxe",
    " failsafe",
    " firmware restoration",
    " rescue utility",
    " recovery utility",
    " recovery page",
    " recovery web",
    " recovery server",
    " netinstall",
    " miwifi repair",
    " repair tool",
    "через tftp",
    "tftp服务",
    "修复工具",
]);

/// Nothing comes from the unit, or it does not answer.
pub(crate) static NOT_REACHED: Words = Words::new(&[
    " can t get a connection",
    " cannot get a connection",
    " no connection",
    " not connect",
    " not ping",
    " not reach",
    " not answer",
    " not request",
    " not detect",
    " nothing shows",
    " nothing in the log",
    " nothing appears in",
    " no request",
    " never requests",
    " doesn t request",
    " does not request",
    " not requesting",
    " no incoming",
    " only outgoing",
    " no packets",
    " no traffic",
    " not detecting",
    " doesn t detect",
    " does not detect",
    " times out",
    " timed out",
    " timeout",
    " time out",
    " timing out",
    " unable to connect",
    " unable to ping",
    " unable to reach",
    " can t connect",
    " cannot connect",
    " couldn t connect",
    " can t ping",
    " cannot ping",
    " no ping",
    " no reply",
    " no answer",
    " doesn t answer",
    " does not answer",
    " not respond",
    " no response",
    " never connects",
    " doesn t connect",
    " won t connect",
    " fails to connect",
    " keine verbindung",
    " keine antwort",
    " zeitüberschreitung",
    "не подключ",
    "не запрашива",
    "нет запрос",
    "нет ответа",
    "таймаут",
    "не пингу",
    "连接不上",
    "超时",
    "没有请求",
    "ping不通",
    " aucune réponse",
    " sin respuesta",
    " brak odpowiedzi",
]);

/// The transfer begins and does not come to its end.
pub(crate) static BREAKS_OFF: Words = Words::new(&[
    " reboots during",
    " rebooting during",
    " reboots while",
    " rebooting while",
    " resets during",
    " reboots in the middle",
    " during the transfer",
    " during transfer",
    " in the middle of the transfer",
    " stops after a few",
    " stops at block",
    " jumps back to",
    " starts over again",
    " retransmi",
    " transfer stops",
    " transfer stalls",
    " transfer aborts",
    " transfer is aborted",
    " transfer gets",
    "передача обрыва",
    "传输中断",
]);

pub(crate) static NETWORK: &[Conclusion] = &[
    Conclusion {
        all: &[],
        near: &[&OVER_NETWORK, &NOT_REACHED],
        none: &[&WROTE, &WORKS_AGAIN],
        says: "The unit does not come to the computer that has its firmware.",
        causes: &[
            (C::NotInRecoveryMode, 0.46),
            (C::LinkFault, 0.33),
            (C::ToolMismatch, 0.17),
            (C::HostPermission, 0.1),
        ],
        state: Some((S::Unknown, 0.3)),
        actions: &[A::EnterRecoveryMode, A::SwapCableOrPort, A::FixNetworkSettings],
    },
    Conclusion {
        all: &[&WROTE],
        near: &[&OVER_NETWORK, &NOT_REACHED],
        none: &[&GONE, &LOOPS, &WORKS_AGAIN],
        says: "The unit does not come to the computer that has its firmware.",
        causes: &[(C::NotInRecoveryMode, 0.4), (C::LinkFault, 0.3), (C::ToolMismatch, 0.2)],
        state: Some((S::Unknown, 0.3)),
        actions: &[A::EnterRecoveryMode, A::SwapCableOrPort, A::FixNetworkSettings],
    },
    Conclusion {
        all: &[],
        near: &[&OVER_NETWORK, &BREAKS_OFF],
        none: &[&WORKS_AGAIN],
        says: "The repair over the network begins and breaks off.",
        causes: &[(C::LinkFault, 0.43), (C::ToolMismatch, 0.32), (C::PowerFault, 0.15)],
        state: Some((S::RecoveryMode, 0.35)),
        actions: &[A::SwapCableOrPort, A::ChangeToolOrOption],
    },
];

#[cfg(test)]
mod tests {
    use debrick_model::EvidenceKind;

    use crate::case::Evidence;
    use crate::trial::by_rules_alone;

    use super::*;

    #[test]
    fn a_repair_over_the_network_that_does_not_begin_or_breaks_off() {
        for (account, cause, action) in [
            (
                "I hold reset for ten seconds, but my TFTP server sees no request from the router.",
                C::NotInRecoveryMode,
                A::EnterRecoveryMode,
            ),
            (
                "Asus Firmware Restoration says that it cannot connect to the router in rescue mode.",
                C::NotInRecoveryMode,
                A::EnterRecoveryMode,
            ),
            ("Роутер не запрашивает файл, tftp сервер молчит.", C::NotInRecoveryMode, A::EnterRecoveryMode),
            (
                "The box asks for its file by TFTP, and the transfer stops at block 100 each time.",
                C::LinkFault,
                A::SwapCableOrPort,
            ),
        ] {
            let evidence =
                [Evidence { kind: EvidenceKind::Symptom, name: "answers".into(), text: account.into() }];
            let diagnosis = by_rules_alone(&evidence);
            let first = diagnosis.actions.first().map(|proposed| proposed.action);
            assert_eq!((diagnosis.cause(), first), (cause, Some(action)), "{account}: {diagnosis:?}");
        }
    }
}
