//! The paths that a source mentions: in `use` and wherever else one stands.
//!
//! Groups are unfolded, `super` is counted from where it stands, and a name that was brought in by
//! `use` stands for its whole path. Names that the compiler would find in other ways (a glob, a
//! macro's body) are not followed.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

/// A path, from its crate on, and the line it begins on.
#[derive(Debug)]
pub(crate) struct Mention {
    pub(crate) path: String,
    pub(crate) line: usize,
}

/// Every path in a source file; those of the project begin with `crate`.
pub(crate) fn mentions(file: &str, source: &str) -> Vec<Mention> {
    let tokens = tokens(source);
    let mut reader = Reader {
        tokens: &tokens,
        modules: modules_of(file),
        inline: Vec::new(),
        imported: HashMap::new(),
        found: Vec::new(),
    };
    reader.read();
    reader.found
}

/// `src/a/b.rs` is the module `a::b`, and `src/a/mod.rs` is `a`.
fn modules_of(file: &str) -> Vec<String> {
    let stem = file.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
    let stem = stem.strip_suffix("/mod").unwrap_or(stem);
    let is_root = ["lib", "main"].contains(&stem);
    stem.split('/').filter(|_| !is_root).map(str::to_owned).collect()
}

struct Reader<'t> {
    tokens: &'t [Token],
    /// Where we are: the file's own modules, then those that are opened in it.
    modules: Vec<String>,
    /// For each brace that is open, whether it opened a module.
    inline: Vec<bool>,
    /// Names that `use` brought in.
    imported: HashMap<String, Vec<String>>,
    found: Vec<Mention>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while let Some(token) = self.tokens.get(at) {
            let text = token.text.as_str();
            let name = self.text(at + 1).to_owned();
            match text {
                "mod" if self.text(at + 2) == "{" => {
                    self.modules.push(name);
                    self.inline.push(true);
                    at += 3;
                }
                "{" => {
                    self.inline.push(false);
                    at += 1;
                }
                "}" => {
                    if self.inline.pop() == Some(true) {
                        self.modules.pop();
                    }
                    at += 1;
                }
                "use" => at = self.tree(at + 1, &[], true),
                // A member or a method is no path.
                "." => at += 2,
                _ if is_name(text) => at = self.tree(at, &[], false),
                _ => at += 1,
            }
        }
    }

    /// One path, or a group of them; returns what stands behind.
    fn tree(&mut self, mut at: usize, prefix: &[String], is_use: bool) -> usize {
        let line = self.tokens.get(at).map_or(0, |token| token.line);
        let mut path = prefix.to_vec();
        if self.text(at) == "::" {
            at += 1;
        }
        loop {
            match self.text(at) {
                "{" if is_use => return self.group(at + 1, &path),
                // `self` at the end of a group is the group's own name.
                "self" if !path.is_empty() => {}
                text if is_name(text) => path.push(text.to_owned()),
                _ => {}
            }
            if self.text(at + 1) != "::"
                || !(is_name(self.text(at + 2)) || self.text(at + 2) == "{")
            {
                break;
            }
            at += 2;
        }
        at += 1;
        let mut name = path.last().cloned().unwrap_or_default();
        if is_use && self.text(at) == "as" {
            name = self.text(at + 1).to_owned();
            at += 2;
        }
        let path = self.resolve(path);
        // What comes in as `_` has no name.
        if is_use && name != "_" {
            self.imported.insert(name, path.clone());
        }
        self.found.push(Mention { path: path.join("::"), line });
        at
    }

    fn group(&mut self, mut at: usize, prefix: &[String]) -> usize {
        while at < self.tokens.len() && self.text(at) != "}" {
            at = if self.text(at) == "," { at + 1 } else { self.tree(at, prefix, true) };
        }
        at + 1
    }

    /// The path from its crate on.
    fn resolve(&self, path: Vec<String>) -> Vec<String> {
        let root = |rest: &[String]| [&["crate".to_owned()], rest].concat();
        let supers = path.iter().take_while(|name| *name == "super").count();
        match path.first().map(String::as_str) {
            Some("portcullis") => root(&path[1..]),
            Some("super") => {
                let left = self.modules.len().saturating_sub(supers);
                root(&[&self.modules[..left], &path[supers..]].concat())
            }
            Some("self") => root(&[&self.modules, &path[1..]].concat()),
            Some(first) => match self.imported.get(first) {
                Some(whole) => [whole, &path[1..]].concat(),
                None => path,
            },
            None => path,
        }
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| &token.text)
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// A name, `::`, or any other single character.
struct Token {
    text: String,
    line: usize,
}

/// A source without its comments, texts, letters, numbers and lifetimes.
fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source.chars().peekable();
    let mut line = 1;
    while let Some(c) = rest.next() {
        match c {
            '\n' => line += 1,
            '/' if rest.peek() == Some(&'/') => while rest.next_if(|c| *c != '\n').is_some() {},
            '/' if rest.next_if_eq(&'*').is_some() => line += skip_comment(&mut rest),
            '"' => line += skip_text(&mut rest),
            '\'' => skip_letter_or_lifetime(&mut rest),
            ':' if rest.next_if_eq(&':').is_some() => {
                tokens.push(Token { text: "::".to_owned(), line });
            }
            _ if c.is_alphanumeric() || c == '_' => {
                let mut text = c.to_string();
                while let Some(c) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                    text.push(c);
                }
                let is_raw = ["r", "br", "cr"].contains(&text.as_str());
                match rest.peek().copied() {
                    Some('"' | '#') if is_raw => line += skip_raw_text(&mut rest),
                    Some('"') if ["b", "c"].contains(&text.as_str()) => {}
                    _ => tokens.push(Token { text, line }),
                }
            }
            _ if c.is_whitespace() => {}
            _ => tokens.push(Token { text: c.to_string(), line }),
        }
    }
    tokens
}

/// Behind `/*`, which may be nested; returns how many lines it has.
fn skip_comment(rest: &mut Peekable<Chars<'_>>) -> usize {
    let (mut depth, mut lines) = (1, 0);
    while depth > 0 {
        match rest.next() {
            Some('/') if rest.next_if_eq(&'*').is_some() => depth += 1,
            Some('*') if rest.next_if_eq(&'/').is_some() => depth -= 1,
            Some('\n') => lines += 1,
            Some(_) => {}
            None => break,
        }
    }
    lines
}

/// Behind `"`.
fn skip_text(rest: &mut Peekable<Chars<'_>>) -> usize {
    let mut lines = 0;
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => lines += usize::from(rest.next() == Some('\n')),
            _ => lines += usize::from(c == '\n'),
        }
    }
    lines
}

/// Behind `r`.
fn skip_raw_text(rest: &mut Peekable<Chars<'_>>) -> usize {
    let mut hashes = 0;
    while rest.next_if_eq(&'#').is_some() {
        hashes += 1;
    }
    // `r#type` is a name.
    if rest.next_if_eq(&'"').is_none() {
        return 0;
    }
    let mut lines = 0;
    while let Some(c) = rest.next() {
        lines += usize::from(c == '\n');
        if c == '"' && (0..hashes).all(|_| rest.next_if_eq(&'#').is_some()) {
            break;
        }
    }
    lines
}

/// Behind `'`: `'a'`, `'\n'`, or the lifetime `'a`.
fn skip_letter_or_lifetime(rest: &mut Peekable<Chars<'_>>) {
    match rest.next() {
        Some('\\') => {
            rest.next();
            while rest.next().is_some_and(|c| c != '\'') {}
        }
        Some(_) if rest.next_if_eq(&'\'').is_some() => {}
        _ => while rest.next_if(|c| c.is_alphanumeric() || *c == '_').is_some() {},
    }
}
