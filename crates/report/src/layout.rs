//! Paragraphs of toned words, broken into lines.
//!
//! A column is a `char`: names in AWS are ASCII, and where a value is not, a line may look a little longer.

use crate::style::{Style, Tone};

/// A piece of one tone.
#[derive(Clone, Debug)]
struct Span {
    tone: Tone,
    text: String,
}

/// What no line break may part.
#[derive(Clone, Debug, Default)]
struct Word {
    column: usize,
    spans: Vec<Span>,
}

impl Word {
    fn len(&self) -> usize {
        self.spans.iter().map(|span| span.text.chars().count()).sum()
    }
}

/// Words that are wrapped together, and the column where further lines begin.
#[derive(Clone, Debug)]
pub(crate) struct Paragraph {
    hang: usize,
    column: usize,
    words: Vec<Word>,
}

impl Paragraph {
    /// Begins at a column; further lines begin there too.
    pub(crate) fn new(column: usize) -> Self {
        Self { hang: column, column, words: Vec::new() }
    }

    /// An empty line.
    pub(crate) fn blank() -> Self {
        Self::new(0)
    }

    /// Further lines begin at `column`.
    pub(crate) fn hang(mut self, column: usize) -> Self {
        self.hang = column;
        self
    }

    /// The next word begins at `column`, or later when that is taken.
    pub(crate) fn at(mut self, column: usize) -> Self {
        self.column = column;
        self
    }

    /// Adds prose: any white space, line breaks too, parts words.
    pub(crate) fn prose(self, tone: Tone, text: &str) -> Self {
        text.split_whitespace().fold(self, |paragraph, word| paragraph.word(tone, word))
    }

    /// Adds text in which every space counts.
    pub(crate) fn exact(self, tone: Tone, text: &str) -> Self {
        text.split(' ').fold(self, |paragraph, word| paragraph.word(tone, word))
    }

    /// Adds one word, which may hold spaces.
    pub(crate) fn word(mut self, tone: Tone, text: &str) -> Self {
        let column = std::mem::take(&mut self.column);
        self.words.push(Word { column, spans: vec![Span { tone, text: printable(text) }] });
        self
    }

    /// Adds to the last word.
    pub(crate) fn glued(mut self, tone: Tone, text: &str) -> Self {
        match self.words.last_mut() {
            Some(word) => {
                word.spans.push(Span { tone, text: printable(text) });
                self
            }
            None => self.word(tone, text),
        }
    }

    /// The lines, none longer than the style's width unless one word alone is.
    pub(crate) fn lines(&self, style: Style) -> Vec<String> {
        let mut lines = Lines { style, all: Vec::new(), line: String::new(), written: 0, cursor: None };
        for word in &self.words {
            lines.place(word, self.hang);
        }
        lines.all.push(lines.line);
        lines.all
    }
}

struct Lines {
    style: Style,
    all: Vec<String>,
    line: String,
    /// Columns written to `line`.
    written: usize,
    /// Where the last word of this line ended, empty words included.
    cursor: Option<usize>,
}

impl Lines {
    fn place(&mut self, word: &Word, hang: usize) {
        let (len, width) = (word.len(), self.style.columns());
        let mut start = word.column.max(self.cursor.map_or(0, |end| end + 1));
        if start + len > width {
            start = hang.min(width.saturating_sub(len));
            if self.cursor.is_some() {
                self.all.push(std::mem::take(&mut self.line));
                self.written = 0;
            }
        }
        self.cursor = Some(start + len);
        if len > 0 {
            self.line.push_str(&" ".repeat(start - self.written));
            self.written = start + len;
            for span in &word.spans {
                self.line.push_str(&if self.style.color { span.tone.paint(&span.text) } else { span.text.clone() });
            }
        }
    }
}

/// All paragraphs, with a line break after every line.
pub(crate) fn render<'a>(paragraphs: impl IntoIterator<Item = &'a Paragraph>, style: Style) -> String {
    let mut text = String::new();
    for line in paragraphs.into_iter().flat_map(|paragraph| paragraph.lines(style)) {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Escapes what would move the cursor, colour the screen or turn the direction of writing.
pub(crate) fn printable(text: &str) -> String {
    let harmful = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if harmful(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// Prose from elsewhere on one line: white space of any kind becomes one space.
pub(crate) fn one_line(text: &str) -> String {
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow() -> Style {
        Style { width: 40, ..Style::PLAIN }
    }

    #[test]
    fn words_wrap_under_the_hanging_column() {
        let paragraph = Paragraph::new(2).hang(10).word(Tone::Create, "+").at(10).prose(
            Tone::Plain,
            "one two three four five six\nseven eight nine a-word-that-is-much-longer-than-forty-columns-are ten",
        );
        insta::assert_snapshot!(render([&paragraph], narrow()), @r"
          +       one two three four five six
                  seven eight nine
        a-word-that-is-much-longer-than-forty-columns-are
                  ten
        ");
    }

    #[test]
    fn spaces_inside_values_are_kept() {
        let paragraph = Paragraph::new(0).exact(Tone::Plain, "\"a  b\"").word(Tone::Plain, "c");
        assert_eq!(render([&paragraph], narrow()), "\"a  b\" c\n");
    }

    #[test]
    fn a_word_that_fits_the_width_is_never_pushed_out_by_its_indent() {
        let word = "x".repeat(38);
        let paragraph = Paragraph::new(6).word(Tone::Plain, &word);
        assert_eq!(paragraph.lines(narrow()), [format!("  {word}")]);
    }

    #[test]
    fn escape_sequences_of_others_are_shown_not_obeyed() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\u{7}"), "a\\u{1b}[31mb\\u{202e}c\\u{7}");
        assert_eq!(one_line("two\r\n lines"), "two lines");
    }
}
