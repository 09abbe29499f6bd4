//! What a page says: its title, its words, and the forms that take a file. Read with the tokenizer of the HTML
//! standard, because these pages were written for browsers, not for rules.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Most forms, inputs of a form, and links that are kept.
const MOST_FORMS: usize = 16;
const MOST_INPUTS: usize = 64;
const MOST_LINKS: usize = 64;

/// Most bytes that are kept of the words, and of the scripts.
const MOST_TEXT: usize = 16 * 1024;

/// Most bytes of a name or value that are kept.
const MOST_VALUE: usize = 256;

/// Most tokens that are looked at.
const MOST_TOKENS: usize = 100_000;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Its title.
    pub title: Option<String>,
    /// Its words, with single blanks between them.
    pub text: String,
    /// Its forms. Inputs outside any form are a form of their own, without action.
    pub forms: Vec<Form>,
    /// Where its links lead.
    pub links: Vec<String>,
    /// Where its scripts are.
    pub scripts: Vec<String>,
    /// The scripts that it holds itself.
    pub script_text: String,
    /// Where it leads by itself (`<meta http-equiv=refresh>`).
    pub refresh: Option<String>,
}

/// A form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// Where it goes, as the page says it.
    pub action: Option<String>,
    /// Whether it is sent by POST.
    pub post: bool,
    /// Its inputs.
    pub inputs: Vec<Input>,
}

/// An input of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What it takes.
    pub kind: InputKind,
    /// Its name; an input without a name is not sent.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What is written on it: a button's text.
    pub label: String,
}

/// What an input takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// A file.
    File,
    /// Nothing: it is sent as it is. A box that is ticked is one, too.
    Hidden,
    /// A button that sends the form.
    Submit,
    /// A password.
    Password,
    /// Something else that a person fills in.
    Other,
}

impl Page {
    /// Reads a page; anything at all can be one.
    pub fn read(html: &str) -> Self {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut reading = Reading::default();
        for token in Tokenizer::new_with_emitter(html, emitter).take(MOST_TOKENS) {
            match token {
                Ok(Token::StartTag(tag)) => reading.open(&tag),
                Ok(Token::EndTag(tag)) => reading.close(&tag.name),
                Ok(Token::String(text)) => reading.words(&String::from_utf8_lossy(&text)),
                _ => {}
            }
        }
        reading.finish()
    }

    /// Whether it has an input for a file.
    pub fn takes_files(&self) -> bool {
        self.forms.iter().any(|form| form.files().next().is_some())
    }

    /// Whether it asks for a password: a running system does, a bootloader has nobody to tell apart.
    pub fn asks_for_password(&self) -> bool {
        let is_password = |input: &Input| input.kind == InputKind::Password;
        self.forms.iter().any(|form| form.inputs.iter().any(is_password))
    }
}

impl Form {
    /// The names of its inputs for files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().filter(|input| input.kind == InputKind::File).map(|input| input.name.as_str())
    }

    /// What is sent beside the file: hidden inputs, and the first button that has a name.
    pub fn hidden(&self) -> Vec<(String, String)> {
        let hidden = self.inputs.iter().filter(|input| input.kind == InputKind::Hidden);
        let button = self.inputs.iter().find(|input| input.kind == InputKind::Submit);
        hidden
            .chain(button)
            .filter(|input| !input.name.is_empty())
            .map(|input| (input.name.clone(), input.value.clone()))
            .collect()
    }

    /// Whether its button says, as far as words go, that an update goes on with it, and nothing else: a page may also offer
    /// to restart, or to clear the settings.
    pub fn goes_on_with_update(&self) -> bool {
        const ON: &[&str] =
            &["update", "upgrade", "flash", "confirm", "proceed", "continue", "write", "更新", "升级", "确"];
        const ELSE: &[&str] = &[
            "reboot", "restart", "reset", "default", "erase", "factory", "cancel", "back", "clear", "format",
            "stop", "boot", "重启", "恢复", "取消", "返回",
        ];
        let buttons = self.inputs.iter().filter(|input| input.kind == InputKind::Submit);
        let mut words = self.action.clone().unwrap_or_default();
        for button in buttons {
            words = format!("{words} {} {} {}", button.name, button.value, button.label);
        }
        let words = words.to_lowercase();
        let any = |list: &[&str]| list.iter().any(|word| words.contains(word));
        any(ON) && !any(ELSE)
    }

    /// Whether it only has to be sent as it is: there is a button, and nothing to fill in.
    pub fn only_confirms(&self) -> bool {
        let to_fill_in = |input: &Input| !matches!(input.kind, InputKind::Hidden | InputKind::Submit);
        !self.inputs.iter().any(to_fill_in) && self.inputs.iter().any(|input| input.kind == InputKind::Submit)
    }
}

#[derive(Default)]
struct Reading {
    page: Page,
    form: Option<Form>,
    loose: Form,
    within: Within,
    is_in_button: bool,
}

#[derive(Default, PartialEq, Eq)]
enum Within {
    #[default]
    Body,
    Title,
    Script,
    Style,
}

impl Reading {
    fn open(&mut self, tag: &StartTag<()>) {
        let attribute = |name: &str| {
            let value = tag.attributes.get(name.as_bytes())?;
            Some(shortened(&String::from_utf8_lossy(value), MOST_VALUE))
        };
        match tag.name.as_slice() {
            b"title" => self.within = Within::Title,
            b"style" => self.within = Within::Style,
            b"script" => {
                self.within = Within::Script;
                self.page.scripts.extend(attribute("src").filter(|_| self.page.scripts.len() < MOST_LINKS));
            }
            b"form" => {
                self.close_form();
                let post = attribute("method").is_some_and(|method| method.eq_ignore_ascii_case("post"));
                let action = attribute("action").filter(|action| !action.trim().is_empty());
                self.form = Some(Form { action, post, inputs: Vec::new() });
            }
            b"input" => {
                let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
                let ticked = tag.attributes.contains_key(&b"checked"[..]);
                let kind = match kind.as_str() {
                    "file" => InputKind::File,
                    "hidden" => InputKind::Hidden,
                    "password" => InputKind::Password,
                    "submit" | "image" => InputKind::Submit,
                    "checkbox" | "radio" if ticked => InputKind::Hidden,
                    // One that is not ticked is not sent; other buttons never are.
                    "checkbox" | "radio" | "button" | "reset" => return,
                    _ => InputKind::Other,
                };
                self.input(kind, attribute("name"), attribute("value"));
            }
            b"button" => {
                let kind = attribute("type").unwrap_or_default().to_ascii_lowercase();
                if kind.is_empty() || kind == "submit" {
                    self.is_in_button = true;
                    self.input(InputKind::Submit, attribute("name"), attribute("value"));
                }
            }
            b"select" | b"textarea" => self.input(InputKind::Other, attribute("name"), None),
            b"a" => self.page.links.extend(attribute("href").filter(|_| self.page.links.len() < MOST_LINKS)),
            b"meta" if attribute("http-equiv").is_some_and(|name| name.eq_ignore_ascii_case("refresh")) => {
                let content = attribute("content").unwrap_or_default();
                let at = content.to_ascii_lowercase().find("url=").map(|at| at + 4);
                let url = at.and_then(|at| content.get(at..));
                self.page.refresh = url.map(|url| url.trim_matches(['\'', '"', ' ']).to_owned());
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &[u8]) {
        match name {
            b"title" | b"script" | b"style" => self.within = Within::Body,
            b"form" => self.close_form(),
            b"button" => self.is_in_button = false,
            _ => {}
        }
    }

    fn words(&mut self, text: &str) {
        match self.within {
            Within::Style => {}
            Within::Script => append(&mut self.page.script_text, text),
            Within::Title => append(self.page.title.get_or_insert_default(), &with_single_blanks(text)),
            Within::Body => {
                let words = with_single_blanks(text);
                if self.is_in_button
                    && let Some(button) = self.form.as_mut().unwrap_or(&mut self.loose).inputs.last_mut()
                {
                    button.label.push_str(&shortened(&words, MOST_VALUE.saturating_sub(button.label.len())));
                }
                if !words.is_empty() {
                    if !self.page.text.is_empty() {
                        append(&mut self.page.text, " ");
                    }
                    append(&mut self.page.text, &words);
                }
            }
        }
    }

    fn input(&mut self, kind: InputKind, name: Option<String>, value: Option<String>) {
        let form = self.form.as_mut().unwrap_or(&mut self.loose);
        if form.inputs.len() < MOST_INPUTS {
            let (name, value) = (name.unwrap_or_default(), value.unwrap_or_default());
            let label = if kind == InputKind::Submit { value.clone() } else { String::new() };
            let input = Input { kind, name, value, label };
            form.inputs.push(input);
        }
    }

    fn close_form(&mut self) {
        if let Some(form) = self.form.take()
            && self.page.forms.len() < MOST_FORMS
        {
            self.page.forms.push(form);
        }
    }

    fn finish(mut self) -> Page {
        self.close_form();
        let is_asked_for = |input: &Input| matches!(input.kind, InputKind::File | InputKind::Password);
        if self.loose.inputs.iter().any(is_asked_for) {
            self.page.forms.push(self.loose);
        }
        self.page
    }
}

fn with_single_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn append(to: &mut String, text: &str) {
    let room = MOST_TEXT.saturating_sub(to.len());
    to.push_str(&shortened(text, room));
}

fn shortened(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

/// Where a page of the unit at `path` leads with `to`, if that is a path on the same unit.
pub fn resolve(path: &str, to: &str) -> Option<String> {
    let to = to.trim().split('#').next().unwrap_or_default();
    let resolved = if let Some(rest) = to.strip_prefix("http://") {
        // The unit calls itself by its own name or address; there is nobody else on its wire.
        rest.find('/').map_or("/".to_owned(), |at| rest[at..].to_owned())
    } else if to.starts_with("//") || to.contains("://") || to.starts_with("javascript:") {
        return None;
    } else if to.is_empty() {
        path.to_owned()
    } else if to.starts_with('/') {
        to.to_owned()
    } else if to.starts_with('?') {
        format!("{}{to}", path.split('?').next().unwrap_or_default())
    } else {
        let folder = path.split('?').next().unwrap_or_default();
        let folder = folder.rfind('/').map_or("/", |at| &folder[..=at]);
        format!("{folder}{}", to.strip_prefix("./").unwrap_or(to))
    };
    crate::wire::is_path(&resolved).then_some(resolved)
}

/// The path that a script sends files to: the first text in quotes that is a path and speaks of uploading.
pub fn upload_path_of(script: &str) -> Option<String> {
    let pieces = script.split(['"', '\'', '`']);
    let mut paths = pieces.filter(|piece| piece.starts_with('/') && piece.len() < 128);
    let path = paths.find(|piece| piece.to_ascii_lowercase().contains("upload"))?;
    crate::wire::is_path(path).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_as_browsers_read_them() {
        let page = Page::read(
            "<HTML><head><TITLE> Firmware\n update</TITLE><style>a{b:c}</style><script src=/i.js>if (a<b) x()</script>\
             <meta http-equiv=Refresh content=\"3; URL='/next'\"></head><body>Choose &amp; send <b>it</b>\
             <form method=post ENCTYPE='multipart/form-data' action=up.cgi><input type=hidden name=a value=1>\
             <input type=FILE name='firmware'><input type=checkbox name=c value=2 checked><input type=checkbox name=d>\
             <input type=submit name=go value=Go></form><a href='do.htm?cmd=nvram+erase'>erase</a>",
        );
        assert_eq!(page.title.as_deref(), Some("Firmware update"));
        assert_eq!(page.text, "Choose & send it erase");
        assert_eq!(page.scripts, ["/i.js"]);
        assert_eq!(page.script_text, "if (a<b) x()");
        assert_eq!(page.refresh.as_deref(), Some("/next"));
        assert_eq!(page.links, ["do.htm?cmd=nvram+erase"]);
        let [form] = page.forms.as_slice() else { panic!("{:?}", page.forms) };
        assert!(form.post && form.action.as_deref() == Some("up.cgi") && !form.only_confirms());
        assert_eq!(form.files().collect::<Vec<_>>(), ["firmware"]);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(form.hidden(), [pair("a", "1"), pair("c", "2"), pair("go", "Go")]);
    }

    #[test]
    fn inputs_outside_forms_count() {
        let page = Page::read("<input type=file name=fw><input type=button onclick='upload()'>");
        assert!(page.takes_files() && !page.forms[0].post);
        assert!(Page::read("<form><button>Go</button></form>").forms[0].only_confirms());
    }

    #[test]
    fn a_page_that_asks_for_a_password_is_known() {
        let check = |html: &str, expected: bool| {
            let page = Page::read(html);
            assert_eq!(page.asks_for_password(), expected, "{html}");
            assert!(page.forms.iter().all(|form| !expected || !form.only_confirms()), "{html}");
        };
        check(
            "<form method=post><input name=u><input type=PassWord name=p><button>Log in</button></form>",
            true,
        );
        check("<div><input type=password id=pw><button onclick='go()'>Log in</button></div>", true);
        check("<form method=post><input type=file name=firmware></form>", false);
        check("<form><input type=text name=password></form>", false);
    }

    #[test]
    fn only_a_button_that_goes_on_is_pressed() {
        let check = |html: &str, expected: bool| {
            let form = &Page::read(&format!("<form method=post {html}</form>")).forms[0];
            assert_eq!(form.only_confirms() && form.goes_on_with_update(), expected, "{html}");
        };
        check("action=/confirm><button>Yes</button>", true);
        check("><button type=submit>Update <b>now</b></button>", true);
        check("><input type=submit value=Upgrade>", true);
        check("><input type=submit value=更新>", true);
        check("><button>Yes</button>", false);
        check("action=/update><button>Reboot now</button>", false);
        check("action=/reset.cgi><input type=submit value=Continue>", false);
        check("><input type=submit value='Update'><input type=submit name=factory value='x'>", false);
    }

    #[test]
    fn addresses_lead_to_paths_of_the_unit() {
        let check = |path, to, expected: Option<&str>| assert_eq!(resolve(path, to).as_deref(), expected);
        check("/", "upload.cgi", Some("/upload.cgi"));
        check("/a/b.htm?x=1", "./c.cgi?y=2", Some("/a/c.cgi?y=2"));
        check("/a/b", "/c#d", Some("/c"));
        check("/a/b?c", "?d", Some("/a/b?d"));
        check("/a", "", Some("/a"));
        check("/a", "http://192.168.0.1/c", Some("/c"));
        check("/a", "http://192.168.0.1", Some("/"));
        check("/a", "https://192.168.0.1/c", None);
        check("/a", "javascript:go()", None);
        check("/a", "/a b", None);
        assert_eq!(upload_path_of("ajax({ url: '/upload', data: \"/x\" })").as_deref(), Some("/upload"));
        assert_eq!(upload_path_of("upload('firmware')"), None);
    }
}
