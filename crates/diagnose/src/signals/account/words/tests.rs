use super::super::partly::{
    A_PART_FAILS, A_PART_WORKS, AT_TIMES, DONE_IN_SPITE_OF, NOT_IN_MODE, STANDS_IN_MODE, STOPPED_AT_A_SHARE,
    THEN_IT_WENT, WAITED_FOR,
};
use super::super::standing::{
    AGAIN_AND_AGAIN, AS_ALWAYS, IN_ITS_MODE, MODE_NOT_REACHED, NOW_AND_THEN, REFUSED,
};
use super::super::turns::{
    HANGS_AT_RESTART, HELPED_BY_HAND, NOT_JOINING, NOW_IT_STARTS, POWER_BY_HAND, WHEN_IT_WAS_SET, WIPE_FAILED,
};
use super::super::{
    accident::*, circumstances::*, computer::*, done::*, fates::*, life::*, lights::*, means::*, mishaps::*,
    mismatched::*, network::*, outcome::*, parts::*, praise::*, seen::*, settings::*, shown::*, tools::*,
    versions::*, well::*,
};
use super::*;

#[test]
fn texts_are_made_plain() {
    assert_eq!(plain("Won't  boot!\nНе ВКЛЮЧАЕТСЯ…"), " won t boot не включается ");
    assert_eq!(plain(""), " ");
    assert!(GONE.are_in(&plain("It won't boot")));
    assert!(!GONE.are_in(&plain("All is well")));
}

#[test]
fn phrases_have_gaps() {
    let words = Words(&["power|mains ~ fail-|cut", "刷 ~ 断电", "stopp- ~ at ~ percent"]);
    for text in [
        "The power has suddenly failed",
        "the mains were cut",
        "刷机时断电了",
        "it stopped once at 20 percent",
    ] {
        assert!(words.are_in(&plain(text)), "{text}");
    }
    for text in [
        "it failed when the power was there",
        "the powerful cut",
        "the power came and nothing else of all that failed",
        "stop at percent",
    ] {
        assert!(!words.are_in(&plain(text)), "{text}");
    }
}

#[test]
fn denials_are_one() {
    let check = |text: &str, expected: Option<&str>| {
        assert_eq!(denials_as_one(&plain(text)).as_deref(), expected, "{text}");
    };
    check("It couldn't even be detected.", Some(" it not detected "));
    check("The router no longer seems to boot", Some(" the router not seems to boot "));
    check("The tool was unable to properly connect", Some(" the tool was not connect "));
    check("It is fine", None);
    check("It is not seen", Some(" it not seen "));
}

#[test]
fn versions_that_work() {
    for text in ["2.5.5 works ok", "With r2972 it boots", "Version v17 is running fine.", "1.9.12a läuft"] {
        assert!(names_working_version(text), "{text}");
    }
    for text in [
        "2.5.5 does not work fine",
        "192.168.1.1 works",
        "it has 3.3V ok",
        "the update to 2.5.6. Now it works",
        "2.4ghz works",
        "I have 2 boards that work fine",
    ] {
        assert!(!names_working_version(text), "{text}");
    }
}

/// What [`plain`] never makes can never be found.
#[test]
fn every_word_can_be_found() {
    for words in [
        &WROTE,
        &GONE,
        &LOOPS,
        &SILENT,
        &NO_NETWORK,
        &BROKEN_OFF,
        &UNFINISHED,
        &BAD_STORAGE,
        &MANY_IMAGES,
        &DIFFERENT_EACH_TIME,
        &LOADER_WRITTEN,
        &BACK_TO_STOCK,
        &OTHER_MEDIUM_WORKS,
        &CHANGED_DRIVER,
        &ENTERS_MODE,
        &DRIVER,
        &OUTSIDE_DAMAGE,
        &SUDDENLY,
        &SETTLES,
        &WORKS_AGAIN,
        &STOPPED,
        &WIRES,
        &VIRTUAL_MACHINE,
        &OTHER_SUPPLY,
        &TOOLS,
        &FAILS,
        &AFTERWARDS,
        &OTHER_TOOL_WORKS,
        &NO_LOSS,
        &BIOS_WRITTEN,
        &DEEPLY_GONE,
        &POWER_CYCLE_HELPS,
        &STILL_RUNS,
        &NOT_TAKEN,
        &CARD,
        &EMPTY_FILE,
        &ENDED_WELL,
        &ONLY_LOOKED_BROKEN,
        &ANOTHER_ADDRESS,
        &BETWEEN,
        &CANCELLED,
        &FROM_MEMORY,
        &TO_RECOVERY,
        &OTHER_CABLE,
        &OLD_AGAIN,
        &SOME_LIGHT,
        &PARTITIONS_TOUCHED,
        &SHOWS_ROM,
        &FOUND_THE_WAY_IN,
        &WEB_FLASHER,
        &BY_MISTAKE,
        &SETTINGS_LOST,
        &FILES_DELETED,
        &LOADER_SPEAKS,
        &OLD_LOADER,
        &INSTEAD_OF,
        &WORKED,
        &DELETED,
        &WENT_BACK,
        &HELPED,
        &FROM_A_VERSION_ON,
        &RESET_TO_FACTORY,
        &KEPT_SETTINGS,
        &ONLY_LOADER,
        &OTHER_OPTION,
        &KNOWN_BUG,
        &RUN_FROM,
        &JUST_WORKS,
        &RESTART_HANGS,
        &NOT_UNLOCKED,
        &MARKED_CORRUPT,
        &UPDATES_AGAIN,
        &NOT_NEWER,
        &NOT_ENUMERATED,
        &AFTER_WRITING,
        &BAD_FILE,
        &WRONG_BUILD,
        &NO_ROOM,
        &STRAPS,
        &STRAPPED,
        &MODULES,
        &BAD_LOADER,
        &GOES_BLACK,
        &NO_CONSOLE,
        &FAILED_WRITE,
        &KIND_OF_PORT,
        &ENTERING,
        &ENDLESSLY,
        &SLOTS,
        &CHARGED,
        &PART_FAILS,
        &CARD_MADE_ANEW,
        &RECOVERY_SYSTEM,
        &OTHER_RELEASE,
        &FORCED,
        &PART_ONLY,
        &LOADER_AGAIN,
        &NO_HELP,
        &RELAPSED,
        &TEMPERATURE,
        &NONE_HELPED,
        &FAILED_UPDATE,
        &TABLE_GONE,
        &NORMAL,
        &SPOILED,
        &STAYS,
        &NOW_AND_THEN,
        &NOTHING_DONE,
        &GETS_TO,
        &NO_BATTERY,
        &IN_USE,
        &DROPPED_SETTINGS,
        &WAY_IN,
        &NOT_THERE,
        &OVER_NETWORK,
        &NOT_REACHED,
        &BREAKS_OFF,
        &WENT_BADLY,
        &POWER_LOST,
        &BROKE_OFF,
        &NOT_DONE_YET,
        &WRITING,
        &LIGHTNING,
        &WET_OR_DROPPED,
        &NO_LIGHTS,
        &SUPPLY,
        &SUPPLY_IS_BAD,
        &UNDER_LOAD,
        &NO_RIGHT,
        &OTHER_COMPUTER_SEES,
        &NOT_FOUND,
        &PORT_BUSY,
        &A_PORT,
        &CABLE,
        &BREAKS_OFF_ANYWHERE,
        &TRIES_TO_ENTER,
        &STARTS_AS_EVER,
        &ALWAYS_RECOVERY,
        &HOST_ADDRESS,
        &NETWORK_TOOL,
        &A_TOOL,
        &OLD_TOOL,
        &FOR_ANOTHER,
        &NOT_WHOLE,
        &DIGEST_DIFFERS,
        &TOO_LARGE,
        &ROOM_FOR_FIRMWARE,
        &CHANGED_SETTING,
        &RESET_HELPS,
        &ADDRESS_LOST,
        &NOT_TRUSTED,
        &IS_LOCKED,
        &NOT_BACKWARDS,
        &FULL,
        &LOADER_TOUCHED,
        &NOTHING_AT_ALL,
        &LOADER_SETTINGS,
        &LOADER_DEFAULTS,
        &TAKES_DEFAULTS,
        &SAME_SLOT,
        &UPDATER,
        &OTHERS_TOO,
        &OTHER_VERSION_FINE,
        &SAME_PLACE,
        &STORAGE,
        &PARTITIONS_CHANGED,
        &MEDIUM,
        &MEDIUM_WRONG,
        &LOADER_TOO_OLD,
        &CANNOT_READ,
        &FINE_AFTER_ALL,
        &LIGHT_IS_FINE,
        &SURELY_FINE,
        &REMEDIED,
        &ASKS_IF_NORMAL,
        &AGAIN_AND_AGAIN,
        &A_PART_FAILS,
        &A_PART_WORKS,
        &AT_TIMES,
        &DONE_IN_SPITE_OF,
        &NOT_IN_MODE,
        &STANDS_IN_MODE,
        &STOPPED_AT_A_SHARE,
        &THEN_IT_WENT,
        &WAITED_FOR,
        &HANGS_AT_RESTART,
        &HELPED_BY_HAND,
        &NOT_JOINING,
        &NOW_IT_STARTS,
        &POWER_BY_HAND,
        &WHEN_IT_WAS_SET,
        &WIPE_FAILED,
        &AS_ALWAYS,
        &IN_ITS_MODE,
        &MODE_NOT_REACHED,
        &NOW_AND_THEN,
        &REFUSED,
        &MEMORY,
        &MEMORY_CHANGED,
    ] {
        for phrase in words.0 {
            let least = if is_phrase(phrase) { 1 } else { 3 };
            for word in phrase.split(['~', '|']).map(|word| word.trim_end_matches([' ', '-'])) {
                assert!(plain(word).contains(word.trim()) && word.trim().len() >= least, "{phrase:?}");
            }
        }
    }
}
