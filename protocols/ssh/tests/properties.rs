//! What systems say is hostile until it is checked: any text is read without a panic, and what is well formed comes back.

use debrick_ssh::Fingerprint;
use debrick_ssh::openwrt::messages::{complaints, has_begun};
use debrick_ssh::openwrt::partitions::parse_mtd;
use debrick_ssh::openwrt::settings::inspect;
use debrick_ssh::openwrt::upgrade::{free_in_df, free_memory};
use debrick_ssh::openwrt::{Compat, System};
use debrick_ssh::shell::quoted;
use proptest::prelude::*;

/// Texts that look like what systems say.
fn texts() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "mtd0: 00040000 00010000 \"u-boot\"\n",
        "Device ",
        " not supported by this image\n",
        "Supported devices:",
        "upgrade: ",
        "(1.0->2.0)",
        "The device is supported, but",
        "MemAvailable:",
        " kB\n",
        "DISTRIB_ID=",
        "'",
        "\"",
        "{\"model\":",
        "{\"system\":{\"compat_version\":",
        "}",
        ":",
        "=",
        "board=",
        "\n",
        "\t",
        "\u{0}",
        "é",
        "1",
        "ffffffffffffffffff",
    ]);
    let word = prop_oneof![words.prop_map(str::to_owned), any::<String>()];
    prop::collection::vec(word, 0..20).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_text_is_read(text in texts()) {
        let mut system = System::default();
        system.add_ubus_board(&text);
        system.add_board_json(&text);
        system.add_release(&text);
        system.add_board_name(&text);
        system.add_model(&text);
        system.add_command_line(&text);
        system.add_compat(&text);
        for seen in system.observations() {
            prop_assert!(!seen.value.is_empty() && seen.value.chars().count() <= 300, "{seen:?}");
            prop_assert!(!seen.value.chars().any(char::is_control), "{seen:?}");
        }
        prop_assert!(parse_mtd(&text).len() <= 128);
        prop_assert!(complaints(&text).len() <= 20);
        has_begun(&text);
        free_in_df(&text);
        free_memory(&text);
        Fingerprint::parse(&text);
    }

    #[test]
    fn partitions_come_back(number in 0u32..1000, size in any::<u32>(), name in "[ -!#-~]{1,40}") {
        let line = format!("dev:    size   erasesize  name\nmtd{number}: {size:08x} 00010000 \"{name}\"\n");
        let list = parse_mtd(&line);
        prop_assert_eq!(list.len(), 1);
        prop_assert_eq!((list[0].number, list[0].size, &list[0].name), (number, u64::from(size), &name));
    }

    #[test]
    fn names_come_back_from_json(model in "[!-~][ -~]{0,30}[!-~]", board in "[a-z0-9,-]{1,40}") {
        let json = serde_json::json!({ "model": { "id": board, "name": model } }).to_string();
        let mut system = System::default();
        prop_assert!(system.add_board_json(&json));
        prop_assert_eq!(system.board_name, Some(board));
        prop_assert_eq!(system.model.as_deref(), Some(model.trim()));
    }

    #[test]
    fn layouts_come_back(major in any::<u32>(), minor in any::<u32>()) {
        let compat = Compat { major, minor };
        prop_assert_eq!(Compat::parse(&compat.to_string()), Some(compat));
    }

    #[test]
    fn any_bytes_are_no_archive_or_one(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = inspect(&bytes);
        let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
        packed.extend(&bytes);
        prop_assert!(inspect(&packed).is_err());
    }

    /// The shell that is on this computer takes a quoted word for what it is.
    #[test]
    fn a_quoted_word_has_no_quote_that_is_left_open(word in "[^\u{0}]{0,40}") {
        let text = quoted(&word);
        prop_assert!(text.starts_with('\'') && text.ends_with('\''));
        let unquoted: String = text.split(r"'\''").map(|part| part.trim_matches('\'')).collect::<Vec<_>>().join("'");
        prop_assert_eq!(unquoted.len(), word.len());
        prop_assert_eq!(unquoted, word);
    }
}
