//! Single commands: words, redirections, and what the program says. No more of the shell than the host half uses; what is
//! not understood is answered as a shell answers what it does not find.

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::{Ending, OpenwrtLike, Reply, UpgradeQuirk, archive, image};

/// A command line, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
struct Line {
    words: Vec<String>,
    /// `> file`.
    output_to: Option<String>,
    /// `2>&1`.
    errors_to_output: bool,
}

pub(super) fn answer(system: &mut OpenwrtLike, command: &str, input: &[u8]) -> Reply {
    let Some(line) = parse(command) else {
        return failure(2, "ash: syntax error: unterminated quoted string");
    };
    let words: Vec<&str> = line.words.iter().map(String::as_str).collect();
    let mut reply = run(system, &words, input);
    if line.errors_to_output {
        let errors = std::mem::take(&mut reply.errors);
        reply.output.extend(errors);
    }
    if let Some(path) = line.output_to {
        let content = std::mem::take(&mut reply.output);
        if let Err(error) = store(system, &path, content) {
            return error;
        }
    }
    reply
}

fn run(system: &mut OpenwrtLike, words: &[&str], input: &[u8]) -> Reply {
    match words {
        ["cat"] => success(upload(system, input)),
        ["cat", path] => cat(system, path),
        ["rm", "-f", path] => remove(system, path),
        ["wc", "-c", path] => match read(system, path) {
            Ok(content) => success(format!("{} {path}\n", content.len())),
            Err(error) => error,
        },
        ["sha256sum", "-c", "-"] if !system.quirks.no_sha256sum => check_sums(system, input),
        ["sha256sum", path] if !system.quirks.no_sha256sum => {
            sum(system, path, |content| hex(&Sha256::digest(content)))
        }
        ["md5sum", path] if !system.quirks.no_md5sum => {
            sum(system, path, |content| hex(&Md5::digest(content)))
        }
        ["sha256sum", ..] => missing(system, "no_sha256sum", words),
        ["md5sum", ..] => missing(system, "no_md5sum", words),
        ["ubus", "call", "system", "board"] if !system.quirks.no_ubus => success(system.config.board()),
        ["ubus", "call", "network.interface.lan", "status"] if !system.quirks.no_ubus => success(
            r#"{"up":true,"ipv4-address":[{"address":"192.168.1.1","mask":24}],"route":[]}"#.to_owned()
                + "\n",
        ),
        ["ubus", ..] => missing(system, "no_ubus", words),
        ["uci", "-q", "get", "system.@system[0].compat_version"] => compat(system),
        ["nslookup", "localhost", "127.0.0.1"] => {
            success("Server:\t\t127.0.0.1\nAddress:\t127.0.0.1:53\n\nName:\tlocalhost\nAddress: 127.0.0.1\n")
        }
        ["ls", "/sys/class/ieee80211"] => success("phy0\n"),
        ["df", "-kP", "/tmp"] => success(format!(
            "Filesystem           1024-blocks    Used Available Capacity Mounted on\n\
             tmpfs                    62500      2500 {:>9}   4% /tmp\n",
            system.config.free_kib
        )),
        ["nanddump", "--bb=padbad", path] if !system.quirks.no_nanddump => cat(system, path),
        ["nanddump", ..] => missing(system, "no_nanddump", words),
        ["sysupgrade", "-b", "-"] => match archive::pack(&system.files) {
            Ok(packed) => success(packed),
            Err(error) => failure(1, &format!("tar: {error}")),
        },
        ["sysupgrade", "-r", path] => restore(system, path),
        ["sysupgrade", "-T", path] => test(system, path, true),
        ["sysupgrade", "-T", "-n", path] => test(system, path, false),
        ["sysupgrade", "-n", path] => upgrade(system, path, false),
        ["sysupgrade", path] => upgrade(system, path, true),
        ["reboot"] => {
            system.is_running = false;
            Reply { output: vec![], errors: vec![], ending: Ending::HungUp }
        }
        _ => failure(127, &format!("ash: {}: not found", words.first().unwrap_or(&""))),
    }
}

fn success(output: impl Into<Vec<u8>>) -> Reply {
    Reply { output: output.into(), errors: vec![], ending: Ending::Exited(0) }
}

fn failure(status: u32, text: &str) -> Reply {
    Reply { output: vec![], errors: format!("{text}\n").into_bytes(), ending: Ending::Exited(status) }
}

fn missing(system: &mut OpenwrtLike, quirk: &'static str, words: &[&str]) -> Reply {
    system.fire(quirk);
    failure(127, &format!("ash: {}: not found", words.first().unwrap_or(&"")))
}

fn no_such_file(path: &str) -> Reply {
    failure(1, &format!("cat: can't open '{path}': No such file or directory"))
}

fn read(system: &mut OpenwrtLike, path: &str) -> Result<Vec<u8>, Reply> {
    if let Some(number) = path.strip_prefix("/dev/mtd").and_then(|number| number.parse::<usize>().ok()) {
        let flash = system.config.flash.get(number).ok_or_else(|| no_such_file(path))?;
        let mut bytes = flash.bytes.clone();
        if system.quirks.wrong_readings > 0 {
            system.quirks.wrong_readings -= 1;
            system.fire("wrong_readings");
            // Another byte each time, so that no two wrong readings agree.
            let at = system.quirks.wrong_readings as usize % bytes.len().max(1);
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 0x10;
            }
        }
        return Ok(bytes);
    }
    let content = system.config.kernel_file(path).or_else(|| system.files.get(path).cloned());
    content.ok_or_else(|| no_such_file(path))
}

fn cat(system: &mut OpenwrtLike, path: &str) -> Reply {
    read(system, path).map_or_else(|error| error, success)
}

fn sum(system: &mut OpenwrtLike, path: &str, digest: fn(&[u8]) -> String) -> Reply {
    match read(system, path) {
        Ok(content) => success(format!("{}  {path}\n", digest(&content))),
        Err(error) => error,
    }
}

/// What arrives of an upload.
fn upload(system: &mut OpenwrtLike, input: &[u8]) -> Vec<u8> {
    let mut content = input.to_vec();
    if system.quirks.damaged_uploads > 0 && !content.is_empty() {
        system.quirks.damaged_uploads -= 1;
        system.fire("damaged_uploads");
        let middle = content.len() / 2;
        content[middle] ^= 1;
    }
    content
}

fn store(system: &mut OpenwrtLike, path: &str, content: Vec<u8>) -> Result<(), Reply> {
    if !path.starts_with("/tmp/") && system.quirks.read_only_overlay {
        system.fire("read_only_overlay");
        return Err(failure(1, &format!("ash: can't create {path}: Read-only file system")));
    }
    system.files.insert(path.to_owned(), content);
    Ok(())
}

fn remove(system: &mut OpenwrtLike, path: &str) -> Reply {
    system.files.remove(path);
    success("")
}

fn check_sums(system: &mut OpenwrtLike, input: &[u8]) -> Reply {
    let mut output = String::new();
    let mut failed = 0;
    for line in String::from_utf8_lossy(input).lines() {
        let Some((wanted, path)) = line.split_once("  ") else { continue };
        let is_right = read(system, path).is_ok_and(|content| hex(&Sha256::digest(&content)) == wanted);
        failed += u32::from(!is_right);
        output.push_str(&format!("{path}: {}\n", if is_right { "OK" } else { "FAILED" }));
    }
    let status = u32::from(failed > 0);
    Reply { output: output.into_bytes(), errors: vec![], ending: Ending::Exited(status) }
}

fn compat(system: &OpenwrtLike) -> Reply {
    let config =
        system.files.get("/etc/config/system").map(|content| String::from_utf8_lossy(content).into_owned());
    let compat = config.iter().flat_map(|text| text.lines()).find_map(|line| {
        line.trim().strip_prefix("option compat_version ").map(|value| value.trim_matches('\'').to_owned())
    });
    compat.map_or_else(|| failure(1, ""), |compat| success(format!("{compat}\n")))
}

fn restore(system: &mut OpenwrtLike, path: &str) -> Reply {
    let Some(packed) = system.files.get(path) else {
        return failure(1, &format!("Backup archive '{path}' not found."));
    };
    let files = match archive::unpack(packed) {
        Ok(files) => files,
        Err(error) => return failure(1, &format!("tar: {error}")),
    };
    if system.quirks.read_only_overlay {
        system.fire("read_only_overlay");
        return failure(1, "tar: can't remove old file etc/config/network: Read-only file system");
    }
    system.files.extend(files);
    success("")
}

/// The messages that shut an image out, each with `upgrade:` before it, as its newer versions write.
fn objections(system: &OpenwrtLike, path: &str, keeps_settings: bool) -> Option<String> {
    let Some(content) = system.files.get(path) else { return Some("upgrade: Image not found.\n".into()) };
    let objections = image::objections(&system.config, content, keeps_settings);
    if objections.is_empty() {
        return None;
    }
    let date = "Thu Feb 29 10:00:00 UTC 2024 upgrade:";
    let lines: String = objections.iter().map(|text| format!("{date} {text}\n")).collect();
    Some(format!("{lines}Image check failed.\n"))
}

fn test(system: &OpenwrtLike, path: &str, keeps_settings: bool) -> Reply {
    match objections(system, path, keeps_settings) {
        None => success(""),
        Some(text) => Reply { output: vec![], errors: text.into_bytes(), ending: Ending::Exited(1) },
    }
}

fn upgrade(system: &mut OpenwrtLike, path: &str, keeps_settings: bool) -> Reply {
    if let Some(text) = objections(system, path, keeps_settings) {
        return Reply { output: vec![], errors: text.into_bytes(), ending: Ending::Exited(1) };
    }
    let quirk = system.quirks.upgrade;
    if quirk == UpgradeQuirk::Refused {
        system.fire("upgrade");
        return failure(1, "Command failed: Permission denied");
    }
    let content = system.files.get(path).cloned().unwrap_or_default();
    system.written = Some((content, keeps_settings));
    system.is_running = false;
    let announced = "Thu Feb 29 10:00:02 UTC 2024 upgrade: Commencing upgrade. Closing all shell sessions.\n";
    let lost = "Command failed: ubus call system sysupgrade (Connection failed)\n";
    let (text, ending) = match quirk {
        UpgradeQuirk::AnnouncedAndHungUp | UpgradeQuirk::Refused => (announced.to_owned(), Ending::HungUp),
        UpgradeQuirk::AnnouncedAndFailed => (format!("{announced}{lost}"), Ending::Exited(255)),
        UpgradeQuirk::AnnouncedAndSilent => (announced.to_owned(), Ending::Silent),
        UpgradeQuirk::HungUp => (String::new(), Ending::HungUp),
    };
    if quirk != UpgradeQuirk::default() {
        system.fire("upgrade");
    }
    Reply { output: vec![], errors: text.into_bytes(), ending }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Words, single quotes, a backslash, `>` and `2>&1`. `None` where a quote is not closed.
fn parse(command: &str) -> Option<Line> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut symbols = command.chars();
    while let Some(symbol) = symbols.next() {
        match symbol {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match symbols.next()? {
                        '\'' => break,
                        inside => word.push(inside),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(symbols.next()?),
            symbol if symbol.is_whitespace() => words.extend(word.take()),
            symbol => word.get_or_insert_default().push(symbol),
        }
    }
    words.extend(word);
    let mut line = Line::default();
    let mut rest = words.into_iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            ">" => line.output_to = rest.next(),
            "2>&1" => line.errors_to_output = true,
            _ => line.words.push(word),
        }
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_apart() {
        let line = parse(r"cat  > '/tmp/it'\''s here' 2>&1").unwrap();
        assert_eq!(line.words, ["cat"]);
        assert_eq!((line.output_to.as_deref(), line.errors_to_output), (Some("/tmp/it's here"), true));
        assert_eq!(parse("cat 'a"), None);
        assert_eq!(parse("").unwrap(), Line::default());
    }
}
