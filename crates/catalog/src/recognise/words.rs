//! How names are written: their words, their revisions, and what of them says nothing.

/// A name shorter than this means a device only together with its vendor.
pub(super) const SHORTEST_ALONE: usize = 4;

/// Names that say nothing: machines without hardware of their own, and blanks that nobody filled in.
const GENERIC: &[&str] = &[
    "linuxdummyvirt",
    "genericdtbasedsystem",
    "genericdtsystem",
    "qcom",
    "default",
    "unknown",
    "generic",
    "tobefilledbyoem",
    "systemproductname",
    "notspecified",
    "none",
    "null",
    "arm",
    "arm64",
    "armv7",
    "aarch64",
    "mips",
    "mips64",
    "mipsr3000",
    "x8664",
    "riscv",
    "riscv64",
    "powerpc",
    "advancedmicrodevicesx8664",
];

/// What names begin with that say nothing.
const GENERIC_STARTS: &[&str] =
    &["tobefilledbyoem", "systemmanufacturer", "ralinkapsoc", "mediatekapsoc", "qemu"];

/// Words after a model that make it another model.
pub(super) const OTHER_MODEL: &[&str] =
    &["pro", "plus", "max", "lite", "mini", "ultra", "outdoor", "lr", "xl", "neo", "se", "fe", "hd", "nano"];

/// Words that names of boards end with and records leave out.
const LAST_WORDS: &[&str] = &["board", "router", "development", "platform", "dt"];

/// Words before a hardware revision.
const BEFORE_REVISION: &[&str] = &["v", "ver", "version", "rev", "revision", "hw", "h", "w", "hardware"];

pub(super) fn is_generic(name: &str) -> bool {
    GENERIC.contains(&name) || GENERIC_STARTS.iter().any(|start| name.starts_with(start))
}

/// Takes off the words that names of boards end with and records leave out.
pub(super) fn drop_last_words(words: &mut Vec<String>) {
    while words.last().is_some_and(|word| LAST_WORDS.contains(&word.as_str())) {
        words.pop();
    }
}

/// Takes off the last hardware revision, with what stands behind it, if it is the word number `least` or a later one.
pub(super) fn take_revision(words: &mut Vec<String>, least: usize) -> Option<String> {
    for index in (least.max(1)..words.len()).rev() {
        let is_marked = BEFORE_REVISION.contains(&words[index - 1].as_str());
        let word = words[index].as_str();
        let is_number =
            word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
        let rest = ["ver", "rev", "v"].iter().find_map(|mark| word.strip_prefix(mark));
        let is_joined = rest.is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                && rest.bytes().all(|c| c.is_ascii_digit() || c == b'.')
        });
        if is_joined || (is_marked && is_number && word.len() <= 3) {
            let said = revision(word);
            words.truncate(index);
            while words.len() > 1 && words.last().is_some_and(|last| BEFORE_REVISION.contains(&last.as_str()))
            {
                words.pop();
            }
            return Some(said);
        }
    }
    None
}

/// A revision in one form: `v5.0`, `Ver 5` and `5` are the same.
pub(super) fn revision(text: &str) -> String {
    let lower = text.to_lowercase();
    let rest = ["version", "revision", "ver", "rev", "v"]
        .iter()
        .find_map(|mark| lower.strip_prefix(mark))
        .unwrap_or(&lower)
        .trim_matches([' ', '.', ':']);
    rest.strip_suffix(".0").unwrap_or(rest).trim_start_matches('0').to_owned()
}

/// The models that one with a stroke stands for: `TL-WR841N/ND` is `TL-WR841N` and `TL-WR841ND`.
pub(super) fn parts_of_model(model: &str) -> Vec<String> {
    let mut parts = model.split('/').map(str::trim);
    let Some(first) = parts.next().filter(|first| first.len() < model.len()) else { return Vec::new() };
    let stem = first.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    let mut models = vec![plain(first)];
    for part in parts.filter(|part| !part.is_empty()) {
        // Letters alone replace the letters of the first; anything longer is a model of its own.
        let is_ending = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_alphabetic());
        models.push(if is_ending { plain(&format!("{stem}{part}")) } else { plain(part) });
    }
    models
}

/// Whether a name without its vendor means one device: it is long, or has a digit.
pub(super) fn is_telling(name: &str) -> bool {
    name.len() >= SHORTEST_ALONE && (name.len() >= 8 || name.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Words in lower case; dots stay within them, and what else is no letter parts them.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-' && c != '+')
        .take(60)
        .map(|word| word.trim_matches('.').to_lowercase())
        .filter(|word| !word.is_empty())
        .map(|word| match word.starts_with('v') || word.starts_with(|c: char| c.is_ascii_digit()) {
            true => word,
            false => plain(&word),
        })
        .map(|word| if revision_like(&word) { word } else { plain(&word) })
        .filter(|word| !word.is_empty())
        .collect()
}

fn revision_like(word: &str) -> bool {
    word.trim_start_matches('v').bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// An id of a header, without what marks it as hexadecimal.
pub(super) fn plain_id(id: &str) -> String {
    let id = plain(id);
    id.strip_prefix("0x").map(str::to_owned).unwrap_or(id)
}

/// Letters and digits only, in lower case.
pub(super) fn plain(text: &str) -> String {
    text.replace('+', "plus").chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
