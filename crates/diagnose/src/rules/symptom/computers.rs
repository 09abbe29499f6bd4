//! What people say of the computer that they work with.

use debrick_model::{Action as A, Cause as C, State as S};

use crate::rule::Level::Said;
use crate::rule::{Rule, rule};

pub(super) static RULES: &[Rule] = &[
    rule(
        "said-permission",
        Said,
        &[
            "not in dialout",
            "dialout",
            "not in the group",
            "without sudo",
            "needs sudo",
            "with sudo it works",
            "udev rule",
            "as administrator",
            "run as admin",
            "no rights",
            "keine Rechte",
            "Zugriff verweigert",
            "permission refusée",
            "permiso denegado",
            "нет прав",
            "отказано в доступе",
            "权限",
            "權限",
            "brak uprawnień",
        ],
        "This computer does not let the program in.",
        &[(C::HostPermission, 0.7)],
    )
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::InstallDriverOrPermission])
    .from("symptom answers", "With sudo it works."),
    rule(
        "said-port-taken",
        Said,
        &[
            "another program is using",
            "port is in use",
            "serial monitor open",
            "serial monitor is open",
            "serial monitor was open",
            "cura was",
            "octoprint was",
            "already in use",
            "Port belegt",
            "wird bereits verwendet",
            "порт занят",
            "端口被占用",
            "被佔用",
            "port zajęty",
            "opened by another",
        ],
        "Another program holds the port.",
        &[(C::HostPortConflict, 0.75)],
    )
    .states(&[(S::RefusedUnharmed, 0.4), (S::Unknown, 0.3)])
    .actions(&[A::FreePortOrStopProcess])
    .from("symptom answers", "The serial monitor was open in another window."),
    rule(
        "said-driver",
        Said,
        &[
            "no driver",
            "driver missing",
            "install driver",
            "installed the driver",
            "driver issue",
            "device manager",
            "yellow exclamation",
            "unknown device",
            "Treiber",
            "драйвер",
            "驱动",
            "驅動",
            "sterownik",
            "pilote",
            "controlador",
        ],
        "A driver is missing on this computer.",
        &[(C::HostPermission, 0.55)],
    )
    .states(&[(S::Unknown, 0.3)])
    .actions(&[A::InstallDriverOrPermission])
    .from("symptom answers", "The device manager shows a yellow exclamation mark."),
];
