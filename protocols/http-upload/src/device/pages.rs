//! The pages of the bootloader, in words of our own.

use super::config::{Confirmation, HttpConfig, HttpQuirks};
use crate::verdict::Reason;

#[derive(Debug)]
pub(super) struct Pages {
    index: String,
    script: String,
}

impl Pages {
    pub(super) fn new(config: &HttpConfig) -> Self {
        let mut inputs = String::new();
        for (name, value) in &config.hidden {
            inputs.push_str(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"));
        }
        for field in config.other_fields.iter().chain([&config.field]) {
            inputs.push_str(&format!("<input type=\"file\" name=\"{field}\">"));
        }
        let scripted = config.confirms == Confirmation::Digest;
        let action = config.action.as_deref().unwrap_or("/upload");
        let form = match (scripted, &config.action) {
            (true, _) => {
                format!("<form id=\"form\">{inputs}<input type=\"button\" onclick=\"send()\"></form>")
            }
            (false, action) => {
                let action = action.as_ref().map(|to| format!(" action=\"{to}\"")).unwrap_or_default();
                format!(
                    "<form method=\"post\" enctype=\"multipart/form-data\"{action}>{inputs}<input type=\"submit\" \
                     value=\"Update\"></form>"
                )
            }
        };
        let head = if scripted { "<script src=\"/index.js\"></script>" } else { "" };
        let index = format!(
            "<!DOCTYPE html><html><head><title>{}</title>{head}</head><body><h1>{}</h1><p>Choose the file with the \
             firmware for this unit. A wrong file may be fatal. Do not power off while it is updating; the unit will \
             restart.</p>{form}<p><a href=\"do.htm?cmd=nvram+erase\">Clear the settings</a></p></body></html>",
            config.title, config.title
        );
        Self { index, script: format!("function send() {{ ajax({{ url: '{action}', data: form }}) }}\n") }
    }

    pub(super) fn index(&self, quirks: HttpQuirks) -> Vec<u8> {
        page(200, "text/html", &self.index, quirks)
    }

    pub(super) fn script(&self, quirks: HttpQuirks) -> Vec<u8> {
        page(200, "text/javascript", &self.script, quirks)
    }

    pub(super) fn not_found(&self, quirks: HttpQuirks) -> Vec<u8> {
        page(404, "text/html", "<title>Not here</title><p>There is no such page.</p>", quirks)
    }

    pub(super) fn words(&self, text: &str, quirks: HttpQuirks) -> Vec<u8> {
        page(200, "text/plain", text, quirks)
    }

    pub(super) fn done(&self, quirks: HttpQuirks) -> Vec<u8> {
        let html = "<title>Update in progress</title><h1>UPDATE IN PROGRESS</h1><p>The file was received successfully. The \
                    unit restarts by itself.</p>";
        page(200, "text/html", html, quirks)
    }

    pub(super) fn confirmation(&self, length: usize, md5: &str, quirks: HttpQuirks) -> Vec<u8> {
        let html = format!(
            "<title>Confirm</title><table><tr><td>Size</td><td>{length}</td></tr><tr><td>MD5</td><td>{md5}</td></tr></table>\
             <form method=\"post\" action=\"/confirm\"><input type=\"hidden\" name=\"token\" value=\"{length}\"><button \
             type=\"submit\">Update</button></form>"
        );
        page(200, "text/html", &html, quirks)
    }

    pub(super) fn refused(&self, reason: Reason, quirks: HttpQuirks) -> Vec<u8> {
        let why = match reason {
            Reason::Region => "The region code of the image is not that of this unit.",
            Reason::Header => "The header of the image is incorrect.",
            Reason::Size => "The file is too large for the flash memory.",
            Reason::Checksum => "The checksum of the image is wrong.",
            Reason::Signature => "The image has no valid signature.",
            Reason::NotTaken => return self.index(quirks),
            Reason::Unsaid => "Something went wrong.",
        };
        self.refused_with(why, quirks)
    }

    pub(super) fn refused_with(&self, why: &str, quirks: HttpQuirks) -> Vec<u8> {
        let html = format!("<title>Update failed</title><h1>UPDATE FAILED</h1><p>{why}</p>");
        page(200, "text/html", &html, quirks)
    }
}

fn page(status: u16, kind: &str, body: &str, quirks: HttpQuirks) -> Vec<u8> {
    if quirks.bare_pages {
        return body.as_bytes().to_vec();
    }
    let words = if status == 200 { "OK" } else { "File not found" };
    if quirks.wrong_heads {
        return format!("HTTP/1.0 {status} {words}\nServer uIP 0.9\nContent type: {kind}\n\n{body}")
            .into_bytes();
    }
    let length = if quirks.short_pages {
        format!("Content-Length: {}\r\n", body.len() + 7)
    } else {
        // uIP's pages say nothing of their length: they end with the connection.
        String::new()
    };
    let head = format!(
        "HTTP/1.0 {status} {words}\r\nServer: uIP/0.9 (http://dunkels.com/adam/uip/)\r\nContent-type: {kind}\r\n{length}"
    );
    format!("{head}Connection: close\r\n\r\n{body}").into_bytes()
}
