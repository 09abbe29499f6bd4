use super::super::said::seen::GONE;
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
    let words = Words::new(&["power|mains ~ fail-|cut", "刷 ~ 断电", "stopp- ~ at ~ percent"]);
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

/// The lists themselves are looked at as the program is built.
#[test]
fn what_can_never_be_found_is_known() {
    for words in [
        " does not ",
        "kaputt",
        "stopp- ~ at ~ percent",
        "刷 ~ 断电",
        "не|уже ~ работа-",
        "a|b ~ c",
        "läuft",
        "нет",
    ] {
        assert!(can_be_found(words.as_bytes()), "{words}");
    }
    for words in ["Dead", "won't", "a  b", "to", "100%", "read-only", "Нет", "Über", "刷，机", "it’s", ""]
    {
        assert!(!can_be_found(words.as_bytes()), "{words}");
    }
}
