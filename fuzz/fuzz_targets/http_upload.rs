//! What a bootloader's page answers: heads, pages, forms, verdicts.
#![no_main]

use debrick_http_upload::page::{Page, resolve, upload_path_of};
use debrick_http_upload::{verdict, wire};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let half = wire::read_response(&bytes[..bytes.len() / 2], false);
    assert!(half.is_none_or(|response| response.body.len() <= wire::LONGEST_BODY));
    let Some(response) = wire::read_response(bytes, true) else { return };
    let page = Page::read(&response.text());
    let _ = (verdict::judge(&response, ""), verdict::judge(&response, &page.text));
    for form in &page.forms {
        let _ = (form.hidden(), form.only_confirms(), form.goes_on_with_update());
        let path = form.action.as_deref().and_then(|action| resolve("/a/b.htm", action));
        assert!(path.is_none_or(|path| wire::is_path(&path)));
    }
    let _ = upload_path_of(&page.script_text);
});
