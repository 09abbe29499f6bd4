//! What the page says that comes back after an upload.
//!
//! No page proves that anything was written: some say "success" whatever happened. So the best verdict is "accepted". A
//! rejection is believed only where nothing on the page speaks against it, because a unit that is taken for one that
//! refused gets switched off, and it may be writing.
//!
//! Phrases are those of u-boot_mod's and MediaTek's pages (their sources), and of reports about D-Link's, Netgear's and
//! CFE's; the Chinese ones those of loaders made for that market.

use std::fmt;

use crate::page::Page;
use crate::wire::Response;

/// Why an image was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It is for another region.
    Region,
    /// It is for another device, or its header is not the one that is expected.
    Header,
    /// It is too large, or too small.
    Size,
    /// Its checksum is wrong.
    Checksum,
    /// Its signature is wrong or missing.
    Signature,
    /// The page with the form came back: nothing was taken.
    NotTaken,
    /// It does not say.
    Unsaid,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Region => "it is for another region",
            Self::Header => "it is not for this device",
            Self::Size => "its size does not fit",
            Self::Checksum => "its checksum is wrong",
            Self::Signature => "its signature is wrong or missing",
            Self::NotTaken => "the page with the form came back",
            Self::Unsaid => "no reason was given",
        })
    }
}

/// What the unit says of the image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It says that it takes the image. That proves nothing.
    Accepted {
        /// Its words, shortened.
        says: String,
    },
    /// It says something that is neither.
    Unclear {
        /// Its words, shortened.
        says: String,
    },
    /// It said nothing, and closed the connection: many restart at once.
    Silent,
    /// It does not take the image.
    Rejected {
        /// Why.
        reason: Reason,
        /// Its words, shortened.
        says: String,
    },
    /// It has received this much, with this MD5, and waits to be told to go on (MediaTek's failsafe page).
    Received {
        /// Bytes.
        length: u64,
        /// MD5 of what it received, in lower case.
        md5: String,
    },
}

/// Most bytes of its words that are kept.
const MOST_WORDS: usize = 300;

const ACCEPTED: &[&str] = &[
    "success",
    "update in progress",
    "upgrade in progress",
    "upgrading",
    "updating",
    "flashing",
    "rebooting",
    "restarting",
    "is being written",
    "is being programmed",
    "writing",
    "will reboot",
    "will restart",
    "upload complete",
    "uploaded complete",
    "update complete",
    "upgrade complete",
    "please wait",
    "do not power off",
    "don't turn off",
    "do not turn off",
    "do not unplug",
    "成功",
    "正在更新",
    "正在升级",
    "正在刷",
    "请稍候",
    "请稍等",
];

const REJECTED: &[&str] = &[
    "fail",
    "error",
    "invalid",
    "incorrect",
    "illegal",
    "not correct",
    "not valid",
    "not accepted",
    "not allowed",
    "not supported",
    "unsupported",
    "rejected",
    "refused",
    "mismatch",
    "does not match",
    "doesn't match",
    "wrong",
    "corrupt",
    "too large",
    "too big",
    "too small",
    "not enough",
    "bad image",
    "bad file",
    "bad firmware",
    "bad request",
    "not found",
    "失败",
    "错误",
    "无效",
    "不正确",
    "过大",
    "不匹配",
];

/// The first that is found counts.
const REASONS: &[(Reason, &[&str])] = &[
    (Reason::Region, &["region", "country", "地区"]),
    (Reason::Signature, &["signature", "signed", "签名"]),
    (Reason::Checksum, &["checksum", "crc", "md5", "corrupt", "verify", "verification", "integrity", "校验"]),
    (Reason::Size, &["too large", "too big", "too small", "size", "not enough", "exceed", "过大", "大小"]),
    (
        Reason::Header,
        &[
            "header",
            "magic",
            "hardware",
            "board",
            "model",
            "product",
            "device id",
            "not for this",
            "wrong file",
            "wrong image",
            "wrong firmware",
            "invalid file",
            "invalid image",
            "invalid firmware",
            "bad image",
            "bad file",
            "bad firmware",
            "image type",
            "file is incorrect",
            "firmware is incorrect",
            "image is not correct",
            "not match",
            "mismatch",
            "不匹配",
        ],
    ),
];

/// What stands on no page that only asks for a file; warnings there speak of restarting and of power, too.
const TAKEN: &[&str] = &["success", "in progress", "complete", "成功"];

/// Judges what came back. `form` are the words of the page that the file was sent with: warnings that stood there before
/// are no answer.
pub fn judge(response: &Response, form: &str) -> Verdict {
    let body = response.text();
    if let Some(received) = received(&body) {
        return received;
    }
    let page = Page::read(&body);
    let words = match &page.title {
        Some(title) if !page.text.starts_with(title.as_str()) => format!("{title}. {}", page.text),
        _ => page.text.clone(),
    };
    let says = words[..words.floor_char_boundary(MOST_WORDS)].trim().to_owned();
    let (title, words) = (page.title.as_deref().unwrap_or_default().to_lowercase(), words.to_lowercase());
    let any = |list: &[&str], text: &str| list.iter().any(|phrase| text.contains(phrase));
    let (accepts, rejects) = (any(ACCEPTED, &words), any(REJECTED, &words));
    let rejected = |says| {
        let reason = REASONS.iter().find(|(_, phrases)| any(phrases, &words)).map(|(reason, _)| *reason);
        Verdict::Rejected { reason: reason.unwrap_or(Reason::Unsaid), says }
    };
    match response.status {
        Some(413) => return Verdict::Rejected { reason: Reason::Size, says },
        Some(status) if status >= 400 => return rejected(format!("{status} {says}").trim().to_owned()),
        _ => {}
    }
    // A page that asks for a file again has taken none, unless it says so.
    if page.takes_files() {
        let (taken, is_the_same) = (any(TAKEN, &words), !form.is_empty() && page.text == form);
        return match (is_the_same, taken, rejects) {
            (false, true, _) => Verdict::Unclear { says },
            (false, false, true) => rejected(says),
            _ => Verdict::Rejected { reason: Reason::NotTaken, says },
        };
    }
    // Where the words speak both ways, the title decides, if it speaks one way.
    match (accepts, rejects) {
        (true, false) => Verdict::Accepted { says },
        (false, true) => rejected(says),
        (true, true) if any(REJECTED, &title) && !any(ACCEPTED, &title) => rejected(says),
        (true, true) if any(ACCEPTED, &title) && !any(REJECTED, &title) => Verdict::Accepted { says },
        _ if says.is_empty() && body.trim().is_empty() => Verdict::Silent,
        _ => Verdict::Unclear { says },
    }
}

/// `SIZE MD5`, and perhaps a layout (bl-mt798x, failsafe/failsafe.c, `upload_handler`).
fn received(body: &str) -> Option<Verdict> {
    let mut words = body.split_ascii_whitespace();
    let length = words.next()?.parse().ok()?;
    let md5 = words.next().filter(|word| is_md5(word))?.to_ascii_lowercase();
    words.nth(1).is_none().then_some(Verdict::Received { length, md5 })
}

/// The MD5 digests that stand on a page.
pub(crate) fn md5s(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| is_md5(word)).take(16).map(str::to_ascii_lowercase).collect()
}

fn is_md5(word: &str) -> bool {
    word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Verdict {
        let body = body.as_bytes().to_vec();
        judge(&Response { status: Some(status), body, whole: true, ..Response::default() }, "")
    }

    fn check_rejected(status: u16, body: &str, expected: Reason) {
        match of(status, body) {
            Verdict::Rejected { reason, .. } => assert_eq!(reason, expected, "{body}"),
            other => panic!("{body}: {other:?}"),
        }
    }

    fn check_accepted(body: &str) {
        assert!(matches!(of(200, body), Verdict::Accepted { .. }), "{body}: {:?}", of(200, body));
    }

    #[test]
    fn pages_are_understood() {
        check_accepted("<title>Update in progress</title><p>Your file was successfully uploaded!");
        check_accepted("Upgrade successfully!");
        check_accepted("success");
        check_accepted("<h1>Device is upgrading the firmware</h1>");
        check_accepted("<b>更新成功</b>");
        check_rejected(200, "failed", Reason::Unsaid);
        check_rejected(200, "fail", Reason::Unsaid);
        check_rejected(200, "{\"status\":\"error\",\"text\":\"CRC\"}", Reason::Checksum);
        check_rejected(
            200,
            "<title>Update failed</title><h1>UPDATE FAILED</h1>Something went wrong during update. Probably you have \
             chosen wrong file (too big or too small). More information is in the console while it is updating.",
            Reason::Size,
        );
        check_rejected(200, "Upgrade failed: wrong region code", Reason::Region);
        check_rejected(200, "The header of the image is incorrect", Reason::Header);
        check_rejected(200, "Invalid firmware image", Reason::Header);
        check_rejected(200, "The check failed: this image is not for this device", Reason::Header);
        check_rejected(200, "The file is too large", Reason::Size);
        check_rejected(413, "", Reason::Size);
        check_rejected(500, "", Reason::Unsaid);
        check_rejected(200, "<form method=post><input type=file name=firmware></form>", Reason::NotTaken);
    }

    #[test]
    fn warnings_of_the_form_are_no_answer() {
        let page = "<p>A wrong file may be fatal. Do not power off while it is updating; the unit will restart.</p>\
                    <form method=post><input type=file name=firmware></form>";
        let body = page.as_bytes().to_vec();
        let response = Response { status: Some(200), body, whole: true, ..Response::default() };
        let form = Page::read(page).text;
        let not_taken = |verdict| matches!(verdict, Verdict::Rejected { reason: Reason::NotTaken, .. });
        assert!(not_taken(judge(&response, &form)));
        let plain = "<p>Do not power off. The unit will restart.</p><form method=post><input type=file name=a></form>";
        assert!(not_taken(of(200, plain)));
        check_rejected(200, &format!("<b>Invalid image: wrong region</b>{plain}"), Reason::Region);
        assert!(matches!(of(200, &format!("<b>Upload complete</b>{plain}")), Verdict::Unclear { .. }));
    }

    #[test]
    fn what_is_not_clear_is_not_called_a_rejection() {
        let both = "The update was a success. If an error is shown, wait.";
        assert!(matches!(of(200, both), Verdict::Unclear { .. }));
        assert!(matches!(of(200, "<p>ok"), Verdict::Unclear { .. }));
        assert_eq!(of(200, ""), Verdict::Silent);
    }

    #[test]
    fn digests_are_seen() {
        let md5 = "D41D8CD98F00B204E9800998ECF8427E";
        let expected = Verdict::Received { length: 12, md5: md5.to_ascii_lowercase() };
        assert_eq!(of(200, &format!("12 {md5}")), expected);
        assert_eq!(of(200, &format!("12 {md5} default")), expected);
        assert!(!matches!(of(200, &format!("12 {md5} a b")), Verdict::Received { .. }));
        assert_eq!(md5s(&format!("<td>MD5:{md5}</td>")), [md5.to_ascii_lowercase()]);
    }
}
