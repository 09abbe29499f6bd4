//! `debrick trust`, and what trusted keys change for `debrick image check`.

use crate::program::Place;

/// A key of signify and a signature with it, over `hello\n`, made by signify-openbsd.
pub(crate) const KEY: &str =
    "untrusted comment: signify public key\nRWQk85++T2gJsqFmp1eFPKTflYXzB/yGT7xbBG/TmEyujqBo3XL2NEZ0\n";
pub(crate) const SIGNATURE: &str = "untrusted comment: verify with k.pub\nRWQk85++T2gJsn5GZLbltAaFnmj1ZFT66uG2ZC9RyfM0XWlYoe7p02c0XUbL83qERXofrAD52+evFP7g7HFobsDPRMHDTQkxNA4=\n";

/// A key of OpenPGP and a signature with it, over `hello\n`, made by GnuPG.
const OPENPGP_KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEaVW5ABYJKwYBBAHaRw8BAQdAAbIHyGdoM11M0lu74RnejDD+oYK5vxU0AXBP
9c0neaO0HEFjbWUgPGZpcm13YXJlQGFjbWUuZXhhbXBsZT6IkAQTFggAOBYhBLeo
u1b3jKuYkQbiusj4HMRFaDeIBQJpVbkAAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4B
AheAAAoJEMj4HMRFaDeIK84BAMEedsAHsaN9Nvl26HFtrl7Wqo38D3dtLZXOFYum
m4DIAQD1OoSZ1ThN23IWnxEBcDChrMHHt4MM0uClEqUCx9GYBw==
=vcHW
-----END PGP PUBLIC KEY BLOCK-----";
/// The same key, to which its owner gave ten years since.
const OPENPGP_KEY_RENEWED: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEaVW5ABYJKwYBBAHaRw8BAQdAAbIHyGdoM11M0lu74RnejDD+oYK5vxU0AXBP
9c0neaO0HEFjbWUgPGZpcm13YXJlQGFjbWUuZXhhbXBsZT6IlgQTFggAPgIbAwUL
CQgHAgYVCgkICwIEFgIDAQIeAQIXgBYhBLeou1b3jKuYkQbiusj4HMRFaDeIBQJp
fpeABQkS9OGAAAoJEMj4HMRFaDeIfFIBAKQ8gt0Cozj+DZt2V7AqswWjqeI/fawQ
Nnc1VT86JB1cAQDyzUpVy1SuNbEn4h1hCcgn8YbGr1XPVArrrrsLsCRTDg==
=gGXR
-----END PGP PUBLIC KEY BLOCK-----";
const OPENPGP_SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----

iHUEABYIAB0WIQS3qLtW94yrmJEG4rrI+BzERWg3iAUCaVW5AAAKCRDI+BzERWg3
iCUpAP9VNBQuHSX8n17Mczw9AprynUvcsKLZQ0Ls1oLfBM63mgD+NbFAjXzMcRCA
tyTIWgPIWOi5YjnVSlmAtNsG2M+vvAQ=
=vW9u
-----END PGP SIGNATURE-----";

#[test]
fn keys_come_and_go() {
    let place = Place::new();
    let file = place.file("maker.pub", KEY);
    let run = place.run(&["trust", "list"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""));
    let run = place.run(&["trust", "add", &file, "--name", "maker", "--for", "Acme"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(place.run(&["trust", "list"]).stdout.starts_with("maker "));
    let run = place.run(&["--json", "trust", "show", "maker"]);
    let shown: serde_json::Value = serde_json::from_str(run.stdout.trim()).unwrap();
    assert_eq!((&shown["kind"], &shown["vendors"][0]), (&"signify".into(), &"Acme".into()));
    for (arguments, code) in [
        (&["trust", "add", &file, "--name", "maker"][..], "trust-name-taken"),
        (&["trust", "add", &file, "--name", "other"], "trust-key-known"),
        (&["trust", "remove", "nobody"], "trust-name-unknown"),
        (&["trust", "show", "nobody"], "trust-name-unknown"),
        (&["trust", "add", &place.file("noise", [7; 99]), "--name", "x"], "trust-key-unknown"),
        (
            &["trust", "add", &place.file("own", "-----BEGIN PRIVATE KEY-----"), "--name", "x"],
            "trust-key-secret",
        ),
        (&["trust", "add", "missing", "--name", "x"], "file-unusable"),
    ] {
        place.refuses(arguments, 1, code);
    }
    assert_eq!(place.run(&["trust", "remove", "maker"]).code, Some(0));
    assert_eq!(place.run(&["trust", "list"]).stdout, "");
}

#[test]
fn what_a_revoked_key_signs_is_refused() {
    let place = Place::new();
    let (key, image) = (place.file("maker.pub", KEY), place.file("image", "hello\n"));
    let signature = place.file("image.sig", SIGNATURE);
    let judged = || {
        let run = place.run(&["--json", "image", "check", &image, "--signature", &signature]);
        let value: serde_json::Value = serde_json::from_str(run.stdout.trim()).unwrap();
        (value["provenance"]["verdict"].as_str().unwrap().to_owned(), value["provenance"].to_string())
    };
    assert_eq!(place.run(&["trust", "add", &key, "--name", "maker"]).code, Some(0));
    assert_eq!(judged().0, "pass");
    place.refuses(&["trust", "revoke", "maker"], 2, "usage");
    place.refuses(&["trust", "revoke", "nobody", "--because", "x"], 1, "trust-name-unknown");
    place.refuses(&["trust", "revoke", "--file", &key], 1, "trust-revoker-unknown");
    assert_eq!(judged().0, "pass");
    let run = place.run(&["--json", "trust", "revoke", "maker", "--because", "it leaked"]);
    let revoked: serde_json::Value = serde_json::from_str(run.stdout.trim()).unwrap();
    assert_eq!(revoked["revoked"][0]["because"], "it leaked", "{}", run.stdout);
    let number = revoked["revoked"][0]["id"].as_str().unwrap();
    let (verdict, said) = judged();
    assert!(verdict == "fail" && said.contains("it leaked"), "{said}");
    assert!(place.run(&["trust", "list"]).stdout.contains("REVOKED: it leaked"));

    // Forgotten, it is still not to be believed, until that is taken back, too.
    assert_eq!(place.run(&["trust", "remove", "maker"]).code, Some(0));
    place.refuses(&["trust", "add", &key, "--name", "maker"], 1, "trust-key-revoked");
    assert_eq!(judged().0, "fail");
    assert_eq!(place.run(&["trust", "remove", number]).code, Some(0));
    assert_eq!(judged().0, "unknown");
    assert_eq!(place.run(&["trust", "add", &key, "--name", "maker"]).code, Some(0));
    assert_eq!(judged().0, "pass");
}

#[test]
fn a_damaged_store_trusts_nobody() {
    let place = Place::new();
    let file = place.file("maker.pub", KEY);
    assert_eq!(place.run(&["trust", "add", &file, "--name", "maker"]).code, Some(0));
    let store = place.path("state/trust.json");
    for (content, code) in [
        ("", "trust-store-damaged"),
        ("{\"schema\":\"debrick.trust/1\"}", "trust-store-damaged"),
        ("{\"schema\":\"debrick.trust/9\",\"keys\":{}}", "trust-store-foreign"),
    ] {
        std::fs::write(&store, content).unwrap();
        for arguments in [&["trust", "list"][..], &["image", "check", &file]] {
            place.refuses(arguments, 1, code);
        }
    }
}

#[test]
fn a_trusted_signature_is_believed() {
    let place = Place::new();
    let (key, image) = (place.file("maker.pub", KEY), place.file("image", "hello\n"));
    let signature = place.file("image.sig", SIGNATURE);
    let verdict = || {
        let run = place.run(&["--json", "image", "check", &image, "--signature", &signature]);
        let value: serde_json::Value = serde_json::from_str(run.stdout.trim()).unwrap();
        value["provenance"]["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict(), "unknown");
    assert_eq!(place.run(&["trust", "add", &key, "--name", "maker"]).code, Some(0));
    assert_eq!(verdict(), "pass");
    std::fs::write(&image, "jello\n").unwrap();
    assert_eq!(verdict(), "fail");
}

#[test]
fn an_openpgp_key_signs_a_file() {
    let place = Place::new();
    let (key, image) = (place.file("acme.asc", OPENPGP_KEY), place.file("image", "hello\n"));
    let signature = place.file("image.asc", OPENPGP_SIGNATURE);
    let run = place.run(&["--json", "trust", "add", &key, "--name", "acme"]);
    let added: serde_json::Value = serde_json::from_str(run.stdout.trim()).unwrap();
    assert_eq!(added["kind"], "openpgp", "{}", run.stderr);
    assert_eq!(added["id"], "b7a8bb56f78cab989106e2bac8f81cc445683788");
    let judged = || place.run(&["image", "check", &image, "--signature", &signature]).stdout;
    assert!(judged().contains("made by acme"), "{}", judged());
    std::fs::write(&image, "jello\n").unwrap();
    assert!(judged().contains("of other contents"), "{}", judged());
    place.refuses(&["trust", "add", &key, "--name", "again"], 1, "trust-key-known");
    // A newer copy takes the place of the older one, under its name.
    let renewed = place.file("acme-2.asc", OPENPGP_KEY_RENEWED);
    let shown = || place.run(&["--json", "trust", "show", "acme"]).stdout;
    let before = shown();
    place.refuses(&["trust", "add", &renewed, "--name", "again"], 1, "trust-key-known");
    assert_eq!(place.run(&["trust", "add", &renewed, "--name", "acme"]).code, Some(0));
    assert_ne!(shown(), before);
    assert_eq!(place.run(&["trust", "list"]).stdout.lines().count(), 1);
}
