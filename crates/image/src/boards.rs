//! Which device an id in a firmware header means.
//!
//! The table `data/boards.tsv` is written by `cargo xtask import-facts boards` from OpenWrt's device definitions
//! (`target/linux/*/image/*.mk` and the device trees): an id that several devices share has only what they agree in.
//! It is searched where it lies: nothing is read or allocated at start.

use std::cmp::Ordering;

/// One line for each id, sorted: kind, id in lower case, vendor, model, revision, with tabs between them.
const TABLE: &str = include_str!("../data/boards.tsv");

/// Where an id comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `compatible` of a device tree, or a board name of OpenWrt: `linksys,e8450`.
    Compatible,
    /// Hardware id of a TP-Link header, as `0xc7000002`; with the hardware revision behind a colon
    /// (`0xc2000001:0x3a`) it tells more models apart.
    TplinkHwid,
    /// Signature of a Seama, WRGG or DAP header: `wrgac65_dlink.2015_dir842`.
    Seama,
    /// Board id of a CHK header, or hardware id or model of a DNI or encrypted image.
    NetgearBoard,
    /// Board or type of a Ubiquiti header: `XM`.
    UbntBoard,
    /// Board of a TP-Link safeloader image, as its packer calls it: `ARCHER-A7-V5`.
    Safeloader,
    /// Hardware id of a Sercomm header: `DBE`.
    SercommHwid,
    /// Board of a Zyxel header, or the model letters of its version: `AAZI`.
    ZyxelBoard,
    /// Board id of a Broadcom image tag: `963281T_TEF`.
    CfeBoard,
    /// ROM id or hardware id of a D-Link header: `DLK6E3803001`.
    DlinkRom,
    /// Product id of an Asus trailer or header: `RT-AC68U`.
    AsusProduct,
    /// Any of these, and ids of other makers' headers.
    Any,
}

/// A device. What its id does not tell is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Board {
    /// Maker, as it is shown to people: `TP-Link`.
    pub(crate) vendor: &'static str,
    /// Model without revision: `Archer C7`.
    pub(crate) model: &'static str,
    /// Hardware revision: `v2`.
    pub(crate) revision: &'static str,
}

impl Kind {
    /// The words in the table that this kind is looked up under.
    fn words(self) -> &'static [&'static str] {
        match self {
            Self::Compatible => &["compatible"],
            Self::TplinkHwid => &["tplink-hwid"],
            Self::Seama => &["seama"],
            Self::NetgearBoard => &["netgear-board"],
            Self::UbntBoard => &["ubnt-board"],
            Self::Safeloader => &["safeloader"],
            Self::SercommHwid => &["sercomm-hwid"],
            Self::ZyxelBoard => &["zyxel-board"],
            Self::CfeBoard => &["cfe-board"],
            Self::DlinkRom => &["dlink-rom"],
            Self::AsusProduct => &["asus-product"],
            Self::Any => &[
                "compatible",
                "netgear-board",
                "seama",
                "asus-product",
                "zyxel-board",
                "cfe-board",
                "dlink-rom",
                "safeloader",
                "sercomm-hwid",
                "other",
            ],
        }
    }
}

/// What is known of an id; upper and lower case do not matter.
pub(crate) fn lookup(kind: Kind, id: &str) -> Option<Board> {
    if kind == Kind::TplinkHwid {
        let numbers: Option<Vec<String>> = id.split(':').map(hex_word).collect();
        return find("tplink-hwid", &numbers?.join(":"));
    }
    kind.words().iter().find_map(|word| find(word, id.trim()))
}

/// The name of a maker by its device-tree prefix, or another spelling in small letters: `linksys`, `tp-link`.
pub(crate) fn vendor_name(prefix: &str) -> Option<&'static str> {
    find("vendor", prefix.trim()).map(|board| board.vendor)
}

/// A number in the form of the table; hex digits with or without `0x`.
fn hex_word(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    u32::from_str_radix(digits, 16).ok().map(|number| format!("{number:08x}"))
}

/// Binary search over the lines of the table.
fn find(kind: &str, id: &str) -> Option<Board> {
    let wanted = (kind, id);
    let mut rest = TABLE;
    // Every round leaves at most about half of the text.
    while !rest.is_empty() {
        let middle = rest.len() / 2;
        let start = rest.as_bytes()[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let (before, from) = rest.split_at_checked(start)?;
        let (line, after) = from.split_once('\n')?;
        let mut fields = line.split('\t');
        let (line_kind, line_id) = (fields.next()?, fields.next()?);
        match compare(wanted, (line_kind, line_id)) {
            Ordering::Less => rest = before,
            Ordering::Greater => rest = after,
            Ordering::Equal => {
                return Some(Board {
                    vendor: fields.next()?,
                    model: fields.next()?,
                    revision: fields.next()?,
                });
            }
        }
    }
    None
}

/// The order of the table: by kind, then by id in small letters.
fn compare(wanted: (&str, &str), line: (&str, &str)) -> Ordering {
    let small = |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<_>>();
    wanted.0.cmp(line.0).then_with(|| small(wanted.1).as_slice().cmp(line.1.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_many_kinds() {
        let check = |kind, id, vendor, model, revision| {
            assert_eq!(lookup(kind, id), Some(Board { vendor, model, revision }), "{id}");
        };
        check(Kind::TplinkHwid, "0xC7000002", "TP-Link", "Archer C7", "v2");
        check(Kind::TplinkHwid, "75000001", "TP-Link", "Archer C7", "v1");
        check(Kind::TplinkHwid, "0xc2000001:0x3a", "TP-Link", "Archer C20i", "v1");
        check(Kind::Compatible, "linksys,e8450-ubi", "Linksys", "E8450", "");
        check(Kind::Compatible, "TPLINK,RE210-V1", "TP-Link", "RE210", "v1");
        check(Kind::Seama, "wrgac65_dlink.2015_dir842", "D-Link", "DIR-842", "");
        check(Kind::NetgearBoard, "U12H270T00_NETGEAR", "Netgear", "R7000", "");
        check(Kind::SercommHwid, "DBE", "Beeline", "SmartBox GIGA", "");
        check(Kind::Any, "RT-AC68U", "Asus", "RT-AC68U", "");
        assert_eq!(lookup(Kind::Any, "no such board"), None);
        assert_eq!(lookup(Kind::TplinkHwid, "é"), None);
        assert_eq!(lookup(Kind::Compatible, ""), None);
    }

    #[test]
    fn makers() {
        for (prefix, name) in
            [("linksys", "Linksys"), ("tplink", "TP-Link"), ("dlink", "D-Link"), ("ASUS", "Asus")]
        {
            assert_eq!(vendor_name(prefix), Some(name));
        }
        assert_eq!(vendor_name("nobody"), None);
    }

    /// Every line can be found, so the table is sorted as the search expects.
    #[test]
    fn the_table_is_sound() {
        for line in TABLE.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [kind, id, vendor, model, revision] = fields[..] else { panic!("{line}") };
            assert_eq!(find(kind, id), Some(Board { vendor, model, revision }), "{line}");
        }
    }
}
