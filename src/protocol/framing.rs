//! Messages out of a stream of bytes.
//!
//! Input is lines; a message is one JSON object, usually one a line. An object may span lines,
//! several may share one, and whatever is broken costs as little as possible: a message never
//! swallows its neighbour, and one that is too long costs bounded memory. How the bytes were split
//! into reads makes no difference.

use std::io::{self, Read};

use super::message::{self, Address, ApiRequest, Body, Incoming, Malformed};
use super::scan;
use super::syntax::{Progress, Syntax};

/// Bytes asked for at once: enough messages that neither a system call nor, where signatures are
/// checked on several threads, starting those costs anything beside them.
const BLOCK: usize = 512 * 1024;

/// Skipped at the very start of a stream.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Cuts a stream into messages.
pub struct Framer {
    /// What has been read; what is handled already stays until room is needed.
    bytes: Vec<u8>,
    cutter: Cutter,
}

/// Everything about a stream but its bytes.
struct Cutter {
    /// `start..end` of the bytes is still to be handled.
    start: usize,
    end: usize,
    /// So many bytes from `start` on are known to hold no newline.
    searched: usize,
    /// Nothing has been handled yet.
    untouched: bool,
    /// There is no more input.
    ended: bool,
    /// The longest message (bytes).
    limit: usize,
    /// The line at `start`, counted from 1.
    line: u64,
    /// Something of that line has been handled.
    within: bool,
    /// The rest of the line at `start` means nothing.
    discarding: bool,
    state: State,
    /// The object that was gathered last.
    gathered: Vec<u8>,
}

enum State {
    /// Between messages.
    Idle,
    /// In a message of several lines.
    Gathering(Gathering),
    /// Behind a broken message of several lines, up to a line that begins with `{`.
    Skipping,
}

struct Gathering {
    line: u64,
    syntax: Syntax,
    /// Its length so far, blanks included (bytes).
    length: usize,
}

/// What a stream holds next.
#[derive(Debug)]
pub enum Frame<'f> {
    /// A message, and the line it began on.
    Message(u64, Incoming<'f>),
    /// Nothing more without more input.
    Starved,
    /// Nothing more.
    Ended,
}

/// A frame, before anything is borrowed for it.
enum Cut {
    Nothing,
    Starved,
    Ended,
    Object { line: u64, range: std::ops::Range<usize> },
    Gathered { line: u64 },
    Broken { line: u64, why: Malformed },
}

/// The line at `start`, as far as it matters.
struct Line {
    /// Bytes of it that are there: all, or one more than the limit.
    visible: usize,
    /// All of it is there.
    whole: bool,
}

impl Framer {
    /// At the start of a stream whose messages are at most `limit` bytes long.
    pub fn new(limit: usize) -> Self {
        let cutter = Cutter {
            start: 0,
            end: 0,
            searched: 0,
            untouched: true,
            ended: false,
            limit,
            line: 1,
            within: false,
            discarding: false,
            state: State::Idle,
            gathered: Vec::new(),
        };
        Self { bytes: Vec::new(), cutter }
    }

    /// Reads once; at the end of the input there is nothing more to read.
    ///
    /// # Errors
    /// Whatever the input fails with; an interrupted read is tried again.
    pub fn fill(&mut self, input: &mut impl Read) -> io::Result<()> {
        let Self { bytes, cutter } = self;
        cutter.make_room(bytes);
        let room = cutter.end..cutter.end + BLOCK;
        let read = loop {
            match input.read(bytes.get_mut(room.clone()).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        cutter.end += read;
        cutter.ended = read == 0;
        Ok(())
    }

    /// Requests of common shape that wait in complete lines, for whoever looks ahead. It is a
    /// guess at what [`Self::next`] will return, and may miss some.
    pub fn requests_ahead(&self) -> impl Iterator<Item = ApiRequest<'_>> {
        let mut lines = self.cutter.unread(&self.bytes);
        let mut searched = self.cutter.searched;
        std::iter::from_fn(move || {
            let unseen = lines.get(searched..).unwrap_or_default();
            let newline = searched + memchr::memchr(b'\n', unseen)?;
            searched = 0;
            let (line, rest) = lines.split_at(newline + 1);
            lines = rest;
            Some(line.get(..newline).unwrap_or_default())
        })
        .filter_map(scan::request)
        .filter_map(|message| match message.body {
            Body::ApiRequest(request) => request.ok(),
            _ => None,
        })
    }

    /// The next message that has arrived.
    #[allow(clippy::should_implement_trait)] // it lends what it returns
    pub fn next(&mut self) -> Frame<'_> {
        let Self { bytes, cutter } = self;
        loop {
            // The common case first: a request of common shape, alone on its line.
            if let Some(range) = cutter.whole_line(bytes)
                && let Some(request) = bytes.get(range.clone()).and_then(scan::request)
            {
                let line = cutter.line;
                cutter.consume(range.len());
                return Frame::Message(line, Incoming::Message(request));
            }
            match cutter.cut(bytes) {
                Cut::Nothing => {}
                Cut::Starved => return Frame::Starved,
                Cut::Ended => return Frame::Ended,
                Cut::Broken { line, why } => {
                    return Frame::Message(line, Incoming::Malformed(Address::default(), why));
                }
                Cut::Object { line, range } => {
                    return Frame::Message(line, read(bytes.get(range).unwrap_or_default()));
                }
                Cut::Gathered { line } => {
                    return Frame::Message(line, read(&cutter.gathered));
                }
            }
        }
    }
}

impl Cutter {
    /// Makes room for one block behind `end`.
    fn make_room(&mut self, bytes: &mut Vec<u8>) {
        if bytes.len() < self.end + BLOCK {
            bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if bytes.len() < self.end + BLOCK {
            // Twice, so that small reads do not move the bytes each time.
            bytes.resize((self.end + 2 * BLOCK).next_multiple_of(BLOCK), 0);
        }
    }

    /// The line at `start`, where it may be a message for itself and all of it is there. Not
    /// within a line: looking at the rest of it anew for each of its objects would take forever.
    fn whole_line(&mut self, bytes: &[u8]) -> Option<std::ops::Range<usize>> {
        if self.within || self.discarding || !matches!(self.state, State::Idle) {
            return None;
        }
        if self.unread(bytes).first() != Some(&b'{') {
            return None;
        }
        let line = self.line_ahead(bytes)?;
        (line.whole && line.visible <= self.limit).then(|| self.start..self.start + line.visible)
    }

    /// One step: some bytes are consumed, or the state changes, or more input is needed.
    fn cut(&mut self, bytes: &[u8]) -> Cut {
        if self.discarding {
            return self.discard(bytes);
        }
        if self.untouched {
            let unread = self.unread(bytes);
            if unread.starts_with(BYTE_ORDER_MARK) {
                self.consume(BYTE_ORDER_MARK.len());
            } else if BYTE_ORDER_MARK.starts_with(unread) && !self.ended {
                return Cut::Starved;
            }
        }
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r');
        let blanks = self.unread(bytes).iter().take_while(blank).count();
        self.consume(blanks);
        if let State::Gathering(gathering) = &mut self.state {
            gathering.length += blanks;
        }
        match self.unread(bytes).first() {
            None if !self.ended => Cut::Starved,
            None => self.end_of_input(),
            Some(b'\n') => self.blank_line(),
            Some(&first) => match self.line_ahead(bytes) {
                Some(line) => self.cut_line(bytes, &line, first),
                None => Cut::Starved,
            },
        }
    }

    fn cut_line(&mut self, bytes: &[u8], line: &Line, first: u8) -> Cut {
        match &self.state {
            State::Skipping if first == b'{' => {
                self.state = State::Idle;
                Cut::Nothing
            }
            State::Skipping => {
                self.discarding = true;
                Cut::Nothing
            }
            State::Idle if first == b'{' => self.cut_object(bytes, line),
            State::Idle => self.broken_line(Malformed::NoObject),
            State::Gathering(gathering) => {
                let began = gathering.line;
                if first == b'{' && self.starts_anew(bytes, line) {
                    self.state = State::Idle;
                    return Cut::Broken { line: began, why: Malformed::Incomplete };
                }
                self.gather(bytes, line, first)
            }
        }
    }

    /// An object, or the first line of one.
    fn cut_object(&mut self, bytes: &[u8], line: &Line) -> Cut {
        let mut syntax = Syntax::new();
        match self.judge(bytes, &mut syntax, line) {
            Progress::Complete(length) if length <= self.limit => {
                let range = self.start..self.start + length;
                self.consume(length);
                Cut::Object { line: self.line, range }
            }
            Progress::Broken(_) => self.broken_line(Malformed::Syntax),
            Progress::Incomplete if line.whole && line.visible <= self.limit => {
                // Inside a string or a word, the end of the line is the error.
                if syntax.feed(b"\n") != Progress::Incomplete {
                    return self.broken_line(Malformed::Syntax);
                }
                self.gathered.clear();
                let (began, length) = (self.line, line.visible + 1);
                self.take_line(bytes, line);
                self.state = State::Gathering(Gathering { line: began, syntax, length });
                Cut::Nothing
            }
            _ => self.broken_line(Malformed::TooLong(self.limit)),
        }
    }

    /// One more line of a message of several lines.
    fn gather(&mut self, bytes: &[u8], line: &Line, first: u8) -> Cut {
        let State::Gathering(mut gathering) = std::mem::replace(&mut self.state, State::Skipping)
        else {
            return Cut::Nothing;
        };
        let began = gathering.line;
        let room = self.limit.saturating_sub(gathering.length);
        let fits = line.whole && line.visible <= room;
        let part = Line { visible: line.visible.min(room), whole: fits };
        let mut progress = self.judge(bytes, &mut gathering.syntax, &part);
        if fits && progress == Progress::Incomplete {
            progress = gathering.syntax.feed(b"\n");
        }
        match progress {
            Progress::Complete(length) => {
                let rest = self.unread(bytes).get(..length).unwrap_or_default();
                self.gathered.extend_from_slice(rest);
                self.consume(length);
                self.state = State::Idle;
                Cut::Gathered { line: began }
            }
            Progress::Broken(_) => {
                // The line may be the next message, which the broken one must not swallow.
                if first == b'{' {
                    self.state = State::Idle;
                } else {
                    self.discarding = true;
                }
                Cut::Broken { line: began, why: Malformed::Syntax }
            }
            Progress::Incomplete if fits => {
                gathering.length += line.visible + 1;
                self.take_line(bytes, line);
                self.state = State::Gathering(gathering);
                Cut::Nothing
            }
            Progress::Incomplete => {
                self.discarding = true;
                Cut::Broken { line: began, why: Malformed::TooLong(self.limit) }
            }
        }
    }

    /// True where a message of its own begins the line, whatever stands behind it.
    fn starts_anew(&self, bytes: &[u8], line: &Line) -> bool {
        match self.judge(bytes, &mut Syntax::new(), line) {
            Progress::Complete(length) if length <= self.limit => self
                .unread(bytes)
                .get(..length)
                .and_then(|object| std::str::from_utf8(object).ok())
                .is_some_and(message::is_envelope),
            _ => false,
        }
    }

    /// The syntax of what is visible of a line; bytes that are not UTF-8 break it.
    fn judge(&self, bytes: &[u8], syntax: &mut Syntax, line: &Line) -> Progress {
        let visible = self.unread(bytes).get(..line.visible).unwrap_or_default();
        let progress = syntax.feed(visible);
        let judged = match progress {
            Progress::Complete(length) => visible.get(..length).unwrap_or_default(),
            _ => visible,
        };
        match std::str::from_utf8(judged) {
            // Cut off within a character, which may still be completed.
            Err(error) if error.error_len().is_none() && !line.whole => progress,
            Err(error) => Progress::Broken(error.valid_up_to()),
            Ok(_) => progress,
        }
    }

    /// The rest of the line is one malformed message.
    fn broken_line(&mut self, why: Malformed) -> Cut {
        self.discarding = true;
        Cut::Broken { line: self.line, why }
    }

    fn blank_line(&mut self) -> Cut {
        self.consume_newline();
        if let State::Gathering(gathering) = &mut self.state {
            if gathering.length > self.limit {
                let line = gathering.line;
                self.state = State::Skipping;
                return Cut::Broken { line, why: Malformed::TooLong(self.limit) };
            }
            gathering.length += 1;
        }
        Cut::Nothing
    }

    fn end_of_input(&mut self) -> Cut {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Gathering(gathering) => {
                Cut::Broken { line: gathering.line, why: Malformed::Incomplete }
            }
            _ => Cut::Ended,
        }
    }

    fn discard(&mut self, bytes: &[u8]) -> Cut {
        match memchr::memchr(b'\n', self.unread(bytes)) {
            Some(newline) => {
                self.consume(newline);
                self.consume_newline();
                self.discarding = false;
                Cut::Nothing
            }
            None => {
                self.consume(self.end - self.start);
                if self.ended { self.end_of_input() } else { Cut::Starved }
            }
        }
    }

    /// The line at `start`, once all of it is there or more than the limit.
    fn line_ahead(&mut self, bytes: &[u8]) -> Option<Line> {
        let unread = self.unread(bytes);
        let visible = unread.len().min(self.limit + 1);
        let unseen = unread.get(self.searched..visible).unwrap_or_default();
        if let Some(newline) = memchr::memchr(b'\n', unseen) {
            self.searched += newline;
            return Some(Line { visible: self.searched, whole: true });
        }
        let whole = self.ended && visible == unread.len();
        self.searched = self.searched.max(visible);
        (whole || visible > self.limit).then_some(Line { visible, whole })
    }

    /// Appends a line to what is gathered, and consumes it with its newline.
    fn take_line(&mut self, bytes: &[u8], line: &Line) {
        let whole = self.unread(bytes).get(..line.visible).unwrap_or_default();
        self.gathered.extend_from_slice(whole);
        self.gathered.push(b'\n');
        self.consume(line.visible);
        if self.unread(bytes).first() == Some(&b'\n') {
            self.consume_newline();
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.searched = self.searched.saturating_sub(bytes);
        self.untouched &= bytes == 0;
        self.within |= bytes > 0;
    }

    fn consume_newline(&mut self) {
        self.consume(1);
        self.line += 1;
        self.within = false;
    }

    fn unread<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }
}

fn read(object: &[u8]) -> Incoming<'_> {
    match std::str::from_utf8(object) {
        Ok(text) => message::read(text),
        Err(_) => Incoming::Malformed(Address::default(), Malformed::Syntax),
    }
}
