//! Properties: whatever a unit sends, nothing panics, nothing grows without bounds, and nothing boot-critical is chosen.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing there")]

use debrick_http_upload::page::{Page, resolve, upload_path_of};
use debrick_http_upload::verdict::judge;
use debrick_http_upload::wire::{LONGEST_BODY, Response, is_path, read_response};
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_bytes_are_a_response_once_they_end(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let response = read_response(&bytes, true).unwrap();
        prop_assert!(response.body.len() <= bytes.len());
        let _ = judge(&response, "");
    }

    #[test]
    fn heads_of_any_kind_are_read(head in "HTTP/1\\.[01] [2-5][0-9]{2}( [a-z]*)?(\r?\n[A-Za-z-]{0,20}[: ][ -~]{0,30}){0,6}\r?\n\r?\n", body in "[ -~]{0,200}") {
        let bytes = format!("{head}{body}").into_bytes();
        let response = read_response(&bytes, true).unwrap();
        prop_assert!(response.status.is_some());
    }

    #[test]
    fn a_response_is_read_alike_however_it_is_cut(cut in 0usize..80) {
        let bytes: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 12\r\nX: y\r\n\r\nhello, world";
        let part = &bytes[..cut.min(bytes.len())];
        let response = read_response(part, false);
        prop_assert_eq!(response.is_some(), cut >= bytes.len());
    }

    #[test]
    fn any_page_is_read_within_bounds(html in "(<[a-z!/]{0,8}( [a-z]{1,8}=[\"']?[ -~]{0,20}[\"']?){0,3}>?[ -~]{0,30}){0,40}") {
        let page = Page::read(&html);
        prop_assert!(page.text.len() <= 16 * 1024 + 1);
        prop_assert!(page.forms.len() <= 17);
        let response = Response { status: Some(200), body: html.into_bytes(), whole: true, ..Response::default() };
        let _ = judge(&response, "");
    }

    #[test]
    fn what_a_page_leads_to_can_stand_in_a_request(to in "[ -~]{0,60}") {
        if let Some(path) = resolve("/a/b.htm", &to) {
            prop_assert!(is_path(&path));
        }
        if let Some(path) = upload_path_of(&to) {
            prop_assert!(is_path(&path));
        }
    }
}

#[test]
fn a_page_without_end_is_cut() {
    let mut bytes = b"HTTP/1.0 200 OK\r\n\r\n".to_vec();
    bytes.resize(4 * LONGEST_BODY, b'<');
    let response = read_response(&bytes, false).unwrap();
    assert_eq!(response.body.len(), LONGEST_BODY);
    let page = Page::read(&response.text());
    assert!(page.text.len() <= 16 * 1024);
    let zeros = read_response(&vec![0; 4 * LONGEST_BODY], false).unwrap();
    assert_eq!((zeros.status, zeros.body.len()), (None, LONGEST_BODY));
}
