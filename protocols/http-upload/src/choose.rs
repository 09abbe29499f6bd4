//! Which form, and which of its fields, takes firmware. Never one that takes a bootloader, calibration or a partition
//! table: a page that offers those too is common, and a mistake there ends the unit.

use crate::error::HttpUploadError;
use crate::page::{Form, Page, resolve, upload_path_of};

/// What a field, or a page, is called that writes something without which the unit cannot be recovered: u-boot_mod has
/// `uboot` and `art`, MediaTek's pages `bl2`, `fip`, `gpt`, `factory`, `uboot`, others `cfe`, `eeprom`, `bootloader`.
const BOOT_CRITICAL: &[&str] = &[
    "uboot",
    "bootloader",
    "bootload",
    "boot",
    "boot0",
    "boot1",
    "bootbase",
    "preloader",
    "bl1",
    "bl2",
    "bl31",
    "fip",
    "spl",
    "atf",
    "gpt",
    "mbr",
    "ptable",
    "partition",
    "art",
    "factory",
    "eeprom",
    "caldata",
    "calibration",
    "cfe",
    "breed",
    "loader",
    "urlader",
    "env",
    "nvram",
    "programmer",
    "fullflash",
    "fulldump",
    "allflash",
    "simg",
];

/// Names of fields for firmware, best first.
const FIRMWARE: &[&str] =
    &["firmware", "fw", "image", "file", "files", "upload", "uploadfile", "filename", "datafile"];

/// Where a file goes, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) path: String,
    pub(crate) field: String,
    pub(crate) hidden: Vec<(String, String)>,
}

/// Whether a name or a path stands for something that must not be written here: `uboot`, `u-boot`, `/uboot.html`.
pub(crate) fn is_boot_critical(name: &str) -> bool {
    let last = name.split('?').next().unwrap_or_default();
    let last = last.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let stem = last.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let letters: String = stem.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut pieces = stem.split(|letter: char| !letter.is_ascii_alphanumeric());
    BOOT_CRITICAL.contains(&letters.as_str())
        || letters.contains("uboot")
        || letters.contains("bootloader")
        || pieces.any(|piece| BOOT_CRITICAL.contains(&piece))
}

/// Chooses from the page at `page_path`. What the page says comes first; `wanted` is a field that the device's record
/// names, `scripts` what the page's scripts say.
pub(crate) fn choose(
    page: &Page,
    page_path: &str,
    wanted: Option<&str>,
    scripts: &str,
) -> Result<Target, HttpUploadError> {
    if is_boot_critical(page_path) {
        return Err(HttpUploadError::BootCritical { name: page_path.to_owned() });
    }
    if let Some(name) = wanted.filter(|name| is_boot_critical(name)) {
        return Err(HttpUploadError::BootCritical { name: name.to_owned() });
    }
    let all: Vec<(&Form, &str)> =
        page.forms.iter().flat_map(|form| form.files().map(move |name| (form, name))).collect();
    let harmless: Vec<(&Form, &str)> = all
        .iter()
        .filter(|(form, name)| {
            !is_boot_critical(name)
                && !form.action.as_deref().is_some_and(is_boot_critical)
                && !name.is_empty()
        })
        .copied()
        .collect();
    let by_name = |wanted: &str| harmless.iter().find(|(_, name)| name.eq_ignore_ascii_case(wanted)).copied();
    let chosen = match harmless.as_slice() {
        [only] => Some(*only),
        _ => wanted.and_then(by_name).or_else(|| FIRMWARE.iter().find_map(|name| by_name(name))),
    };
    match chosen {
        Some((form, name)) => target(form, name, page_path, scripts),
        None if all.is_empty() => match wanted {
            Some(field) => {
                let path = upload_path_of(scripts).unwrap_or_else(|| page_path.to_owned());
                Ok(Target { path, field: field.to_owned(), hidden: Vec::new() })
            }
            None => Err(HttpUploadError::NoForm { path: page_path.to_owned(), title: page.title.clone() }),
        },
        None => {
            let fields = all.iter().map(|(_, name)| (*name).to_owned()).collect();
            match harmless.is_empty() {
                true => Err(HttpUploadError::OnlyBootCritical { fields }),
                false => Err(HttpUploadError::Ambiguous { fields }),
            }
        }
    }
}

fn target(form: &Form, name: &str, page_path: &str, scripts: &str) -> Result<Target, HttpUploadError> {
    // A form that is not sent by POST cannot carry a file: a script sends it.
    let scripted = if form.post { None } else { upload_path_of(scripts) };
    let path = match (scripted, form.action.as_deref()) {
        (Some(path), _) => path,
        (None, Some(action)) if action.trim_start().starts_with("https://") => {
            return Err(HttpUploadError::NeedsTls { to: action.to_owned() });
        }
        (None, Some(action)) => resolve(page_path, action).ok_or_else(|| HttpUploadError::BadParameter {
            what: "the form's action",
            value: action.to_owned(),
        })?,
        (None, None) => page_path.to_owned(),
    };
    if is_boot_critical(&path) {
        return Err(HttpUploadError::BootCritical { name: path });
    }
    Ok(Target { path, field: name.to_owned(), hidden: form.hidden() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_boot_critical_is_known_by_its_name() {
        for name in [
            "uboot",
            "U-Boot",
            "/uboot.html",
            "/bl2.html",
            "art",
            "fip",
            "gpt",
            "bootloader",
            "uboot_file",
            "new-uboot",
            "/cgi-bin/art.cgi?x=1",
            "update-bl2",
            "mtd_env",
        ] {
            assert!(is_boot_critical(name), "{name}");
        }
        for name in
            ["firmware", "/", "/upload", "files", "/index.html", "start", "smart", "image", "initramfs"]
        {
            assert!(!is_boot_critical(name), "{name}");
        }
    }

    fn check(html: &str, wanted: Option<&str>, expected: Result<(&str, &str), &str>) {
        let page = Page::read(html);
        let chosen = choose(&page, "/", wanted, &page.script_text);
        let seen = chosen.as_ref().map(|it| (it.path.as_str(), it.field.as_str()));
        match (seen, expected) {
            (Ok(seen), Ok(expected)) => assert_eq!(seen, expected, "{html}"),
            (Err(error), Err(expected)) => assert_eq!(debrick_model::Coded::code(error), expected, "{html}"),
            (seen, expected) => panic!("{html}: {seen:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn the_page_says_where_the_file_goes() {
        let file = |name: &str| format!("<input type=file name={name}>");
        let form = |action: &str, inside: &str| format!("<form method=post {action}>{inside}</form>");
        check(&form("", &file("firmware")), None, Ok(("/", "firmware")));
        check(&form("action=f2.htm", &file("files")), None, Ok(("/f2.htm", "files")));
        // The page is right, the record is the fallback.
        check(&form("action=f2.htm", &file("files")), Some("firmware"), Ok(("/f2.htm", "files")));
        check("<p>hello", Some("firmware"), Ok(("/", "firmware")));
        check("<p>hello", None, Err("http-no-form"));
        // Nothing boot-critical, whoever asks for it.
        check(&form("", &file("uboot")), None, Err("http-boot-critical"));
        check(&form("", &file("uboot")), Some("uboot"), Err("http-boot-critical"));
        check(&form("action=/uboot.cgi", &file("file")), None, Err("http-boot-critical"));
        let many = format!("{}{}{}", file("bootloader"), file("eeprom"), file("fw1"));
        check(&form("", &many), None, Ok(("/", "fw1")));
        let two = format!("{}{}", file("kernel"), file("rootfs"));
        check(&form("", &two), None, Err("http-ambiguous-form"));
        check(&form("", &two), Some("rootfs"), Ok(("/", "rootfs")));
        // A script sends it.
        let scripted = "<form><input type=file name=firmware></form><script>ajax({url: '/upload'})</script>";
        check(scripted, None, Ok(("/upload", "firmware")));
        check(&form("action=https://10.0.0.1/u", &file("fw")), None, Err("http-needs-tls"));
    }
}
