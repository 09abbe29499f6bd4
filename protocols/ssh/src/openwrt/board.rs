//! What a system says of itself, as text, and what that means.
//!
//! `ubus call system board` (procd), `/etc/board.json` (base-files, `board_detect`), `/etc/openwrt_release`. Nothing of it
//! has to be there: builds differ, and damaged systems more so.

use debrick_model::{MacAddress, Observation, Property};
use serde_json::Value;

/// Who speaks, in the sense of decision 0011: everything that the running system says is one witness.
const WITNESS: &str = "firmware";

/// The longest value that is taken, in letters.
const LONGEST: usize = 128;

/// How far layouts are the same: OpenWrt's `compat_version`, two numbers. Systems of another major number need another
/// way of installing; those of another minor number cannot use each other's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Compat {
    /// Layouts that `sysupgrade` cannot turn into each other.
    pub major: u32,
    /// Settings that do not fit each other.
    pub minor: u32,
}

impl Compat {
    /// What a system has that says nothing.
    pub const FIRST: Self = Self { major: 1, minor: 0 };

    /// Reads `1.1`. `None` if it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once('.')?;
        Some(Self { major: number(major)?, minor: number(minor)? })
    }

    /// Whether an image of `image` can be installed with `sysupgrade` on a unit with this layout, and whether the settings
    /// may stay.
    pub fn upgrade_to(self, image: Self) -> Upgrading {
        if self.major != image.major {
            Upgrading::Impossible
        } else if self.minor != image.minor {
            Upgrading::WithoutSettings
        } else {
            Upgrading::WithSettings
        }
    }
}

fn number(text: &str) -> Option<u32> {
    // `parse` takes a plus sign, too.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl std::fmt::Display for Compat {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{}", self.major, self.minor)
    }
}

/// How an image of another layout can be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrading {
    /// With `sysupgrade`; the settings may stay.
    WithSettings,
    /// With `sysupgrade -n` only.
    WithoutSettings,
    /// Not with `sysupgrade`.
    Impossible,
}

/// What a running system says of itself, and where each thing was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct System {
    /// The board's id: `tplink,archer-c7-v5`.
    pub board_name: Option<String>,
    /// The model in words.
    pub model: Option<String>,
    /// `OpenWrt`, or what a fork calls itself.
    pub distribution: Option<String>,
    /// `23.05.3`, `SNAPSHOT`.
    pub version: Option<String>,
    /// `r23809-234f1a2efa`.
    pub revision: Option<String>,
    /// `ath79/generic`.
    pub target: Option<String>,
    /// The running kernel's version.
    pub kernel: Option<String>,
    /// `squashfs`, `ext4`, `ubifs`; `initramfs` or `tmpfs` where the system runs from memory.
    pub rootfs_type: Option<String>,
    /// The layout. [`Compat::FIRST`] where nothing is said.
    pub compat: Option<Compat>,
    /// All claims, in the order in which they were read.
    claims: Vec<Observation>,
}

impl System {
    /// Takes `ubus call system board` in.
    pub fn add_ubus_board(&mut self, json: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(json) else { return false };
        let source = "`ubus call system board`";
        let release = &value["release"];
        set(&mut self.board_name, text(&value["board_name"]));
        set(&mut self.model, text(&value["model"]));
        set(&mut self.kernel, text(&value["kernel"]));
        set(&mut self.rootfs_type, text(&value["rootfs_type"]));
        set(&mut self.distribution, text(&release["distribution"]));
        set(&mut self.version, text(&release["version"]));
        set(&mut self.revision, text(&release["revision"]));
        set(&mut self.target, text(&release["target"]));
        self.claim(Property::BoardId, text(&value["board_name"]), source);
        self.claim(Property::Model, text(&value["model"]), source);
        self.claim(Property::Chip, text(&value["system"]), source);
        self.claim_version(source);
        value.is_object()
    }

    /// Takes `/etc/board.json` in.
    pub fn add_board_json(&mut self, json: &str) -> bool {
        let Ok(value) = serde_json::from_str::<Value>(json) else { return false };
        let source = "/etc/board.json";
        set(&mut self.board_name, text(&value["model"]["id"]));
        set(&mut self.model, text(&value["model"]["name"]));
        self.claim(Property::BoardId, text(&value["model"]["id"]), source);
        self.claim(Property::Model, text(&value["model"]["name"]), source);
        if self.compat.is_none() {
            self.compat = text(&value["system"]["compat_version"]).and_then(|text| Compat::parse(&text));
        }
        let label = text(&value["system"]["label_macaddr"]);
        let label = label.filter(|label| label.parse::<MacAddress>().is_ok());
        self.claim(Property::MacAddress, label, source);
        value.is_object()
    }

    /// Takes `/etc/openwrt_release` in: assignments of the shell, `DISTRIB_ID='OpenWrt'`.
    pub fn add_release(&mut self, file: &str) -> bool {
        let source = "/etc/openwrt_release";
        let mut found = false;
        for line in file.lines().take(100) {
            let Some((name, value)) = line.trim().split_once('=') else { continue };
            let value = text_of(value.trim_matches(|quote| quote == '\'' || quote == '"'));
            found |= name.starts_with("DISTRIB_") && value.is_some();
            match name {
                "DISTRIB_ID" => set(&mut self.distribution, value),
                "DISTRIB_RELEASE" => set(&mut self.version, value),
                "DISTRIB_REVISION" => set(&mut self.revision, value),
                "DISTRIB_TARGET" => set(&mut self.target, value),
                "DISTRIB_ARCH" => self.claim(Property::Architecture, value, source),
                _ => {}
            }
        }
        self.claim_version(source);
        found
    }

    /// Takes `/tmp/sysinfo/board_name` in.
    pub fn add_board_name(&mut self, file: &str) {
        set(&mut self.board_name, text_of(file));
        self.claim(Property::BoardId, text_of(file), "/tmp/sysinfo/board_name");
    }

    /// Takes `/tmp/sysinfo/model` in.
    pub fn add_model(&mut self, file: &str) {
        set(&mut self.model, text_of(file));
        self.claim(Property::Model, text_of(file), "/tmp/sysinfo/model");
    }

    /// Takes `/proc/cmdline` in: older systems are told their board there.
    pub fn add_command_line(&mut self, line: &str) {
        let board = line.split_ascii_whitespace().find_map(|word| word.strip_prefix("board="));
        self.claim(Property::BoardId, board.and_then(text_of), "the kernel's command line");
    }

    /// Takes the answer of `uci get system.@system[0].compat_version` in, which is what `sysupgrade` goes by.
    pub fn add_compat(&mut self, answer: &str) {
        if let Some(compat) = Compat::parse(answer) {
            self.compat = Some(compat);
        }
    }

    /// The layout that `sysupgrade` goes by.
    pub fn compat(&self) -> Compat {
        self.compat.unwrap_or(Compat::FIRST)
    }

    /// Whether the system runs from memory, as after a start over the network: it keeps no settings.
    pub fn runs_from_memory(&self) -> bool {
        matches!(self.rootfs_type.as_deref(), Some("initramfs" | "tmpfs" | "ramfs"))
    }

    /// What it says about the unit. All of it is one witness.
    pub fn observations(&self) -> &[Observation] {
        &self.claims
    }

    fn claim_version(&mut self, source: &str) {
        if let (Some(distribution), Some(version)) = (&self.distribution, &self.version) {
            let value = format!("{distribution} {version}");
            self.claim(Property::Version, Some(value), source);
        }
    }

    fn claim(&mut self, property: Property, value: Option<String>, source: &str) {
        let Some(value) = value else { return };
        let is_new = |seen: &Observation| seen.property != property || seen.value != value;
        if self.claims.iter().all(is_new) {
            let (source, witness) = (source.to_owned(), WITNESS.to_owned());
            self.claims.push(Observation { property, value, source, witness });
        }
    }
}

fn set(field: &mut Option<String>, value: Option<String>) {
    if field.is_none() {
        *field = value;
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().and_then(text_of)
}

/// A value that says something, in one line.
fn text_of(text: &str) -> Option<String> {
    let text = text.trim_matches(|symbol: char| symbol.is_whitespace() || symbol == '\0');
    let is_readable =
        !text.chars().any(|symbol| symbol.is_control() || symbol == char::REPLACEMENT_CHARACTER);
    (!text.is_empty() && is_readable && text.chars().count() <= LONGEST).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded forms, with another device's names.
    const BOARD: &str = r#"{"kernel":"5.15.150","hostname":"OpenWrt","system":"Acme SoC ver 1 rev 0","model":"Acme R1",
        "board_name":"acme,r1","rootfs_type":"squashfs","release":{"distribution":"OpenWrt","version":"23.05.3",
        "revision":"r23809-234f1a2efa","target":"ath79/generic","description":"OpenWrt 23.05.3 r23809-234f1a2efa"}}"#;

    #[test]
    fn a_board_tells_its_names_once() {
        let mut system = System::default();
        assert!(system.add_ubus_board(BOARD));
        system.add_board_name("acme,r1\n");
        system.add_model("Acme R1\n");
        assert!(
            system.add_release("DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='23.05.3'\nDISTRIB_ARCH='mips_24kc'\n")
        );
        let claims: Vec<_> = system.claims.iter().map(|seen| (seen.property, seen.value.as_str())).collect();
        assert_eq!(
            claims,
            [
                (Property::BoardId, "acme,r1"),
                (Property::Model, "Acme R1"),
                (Property::Chip, "Acme SoC ver 1 rev 0"),
                (Property::Version, "OpenWrt 23.05.3"),
                (Property::Architecture, "mips_24kc"),
            ]
        );
        assert!(system.claims.iter().all(|seen| seen.speaker() == "firmware"));
        assert!(!system.runs_from_memory());
    }

    #[test]
    fn a_board_json_tells_layout_and_label() {
        let mut system = System::default();
        let json = r#"{"model":{"id":"acme,r1","name":"Acme R1"},
            "system":{"compat_version":"2.1","label_macaddr":"02:00:5e:10:00:01"}}"#;
        assert!(system.add_board_json(json));
        assert_eq!(
            (system.compat(), system.board_name.as_deref()),
            (Compat { major: 2, minor: 1 }, Some("acme,r1"))
        );
        assert_eq!(system.claims.last().unwrap().property, Property::MacAddress);
        system.add_compat("1.0\n");
        assert_eq!(system.compat(), Compat::FIRST);
        system.add_compat("uci: Entry not found");
        assert_eq!(system.compat(), Compat::FIRST);
    }

    #[test]
    fn older_systems_are_told_their_board_on_the_command_line() {
        let mut system = System::default();
        system.add_command_line("console=ttyS0,115200 board=ARCHER-C7 rootfstype=squashfs\n");
        assert_eq!(system.claims[0].value, "ARCHER-C7");
        assert_eq!(system.compat(), Compat::FIRST);
    }

    #[test]
    fn layouts_are_compared() {
        let parse = |text| Compat::parse(text).unwrap();
        let check = |unit, image, expected| assert_eq!(parse(unit).upgrade_to(parse(image)), expected);
        check("1.0", "1.0", Upgrading::WithSettings);
        check("1.0", "1.1", Upgrading::WithoutSettings);
        check("1.1", "1.0", Upgrading::WithoutSettings);
        check("1.1", "2.0", Upgrading::Impossible);
        check("1.1", "2.1", Upgrading::Impossible);
        for bad in ["", "1", "1.", ".1", "1.0.0", "+1.0", "a.b", "99999999999.0"] {
            assert_eq!(Compat::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_says_nothing_is_no_claim() {
        let mut system = System::default();
        assert!(!system.add_ubus_board("Command failed: Not found"));
        assert!(system.add_ubus_board(r#"{"model":"","board_name":7,"system":"a\u0007b"}"#));
        system.add_model(&"x".repeat(500));
        assert_eq!(system.observations(), &[]);
    }
}
