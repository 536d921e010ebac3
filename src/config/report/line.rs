//! A line of a source, as it may be shown.

use std::ops::Range;

use annotate_snippets::{Annotation, Snippet};

use super::is_unprintable;
use crate::config::node::Place;
use crate::config::source::Source;

/// One line of a source, without what is hidden, and what of it is meant.
pub(super) struct ShownLine {
    text: String,
    number: usize,
    /// What is meant.
    pub(super) marked: Range<usize>,
}

/// What stands in place of what is not shown.
const HIDDEN: &str = "[hidden]";

impl ShownLine {
    /// The line that a place begins in; none where there is nothing in it.
    pub(super) fn of(source: &Source, place: Place) -> Option<Self> {
        /// Of a document that is all one line, so much is shown before and behind.
        const AROUND: usize = 100;
        let (number, _) = source.line_column(place.start);
        let whole = source.line(number);
        let marked =
            place.start.min(whole.end)..place.end.min(whole.end).max(place.start.min(whole.end));
        let window = boundary(&source.text, marked.start.saturating_sub(AROUND).max(whole.start))
            ..boundary(
                &source.text,
                (marked.end.min(marked.start + AROUND) + AROUND).min(whole.end),
            );
        let mut line = Self { text: String::new(), number: number + 1, marked: 0..0 };
        let mut at = window.start;
        for hidden in source.hidden_within(&window) {
            if hidden.end <= at {
                continue;
            }
            line.push(&source.text, at..hidden.start.max(at), &marked);
            line.push_hidden(at.max(hidden.start)..hidden.end, &marked);
            at = hidden.end;
        }
        line.push(&source.text, at..window.end, &marked);
        if marked.start >= at.max(window.end) {
            line.marked = line.text.len()..line.text.len();
        }
        (!line.text.is_empty()).then_some(line)
    }

    fn push(&mut self, source: &str, part: Range<usize>, marked: &Range<usize>) {
        let text = source.get(part.clone()).unwrap_or_default();
        let shift = |offset: usize, start: usize| start + (offset - part.start);
        if part.contains(&marked.start) {
            let start = shift(marked.start, self.text.len());
            self.marked = start..start;
        }
        let reached = marked.end.min(part.end);
        if reached > part.start && marked.start < part.end {
            self.marked.end = shift(reached, self.text.len());
        }
        self.text.push_str(&printable_line(text));
    }

    fn push_hidden(&mut self, part: Range<usize>, marked: &Range<usize>) {
        let start = self.text.len();
        self.text.push_str(HIDDEN);
        let touched =
            marked.start < part.end && (marked.end > part.start || marked.start >= part.start);
        if touched {
            if marked.start >= part.start {
                self.marked.start = start;
            }
            self.marked.end = self.text.len();
        }
    }

    pub(super) fn snippet<'a>(&self) -> Snippet<'a, Annotation<'a>> {
        Snippet::source(self.text.clone()).line_start(self.number)
    }
}

/// The next place where a character begins, at an offset or behind it.
fn boundary(text: &str, offset: usize) -> usize {
    (offset..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

/// The same for a line of a source, where each character must keep its length.
fn printable_line(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => '\t',
        // As long in UTF-8 as what they stand for.
        c if is_unprintable(c) && c.len_utf8() == 1 => '?',
        c if is_unprintable(c) && c.len_utf8() == 2 => '¿',
        c if is_unprintable(c) => '\u{fffd}',
        c => c,
    };
    text.chars().map(shown).collect()
}
