//! Where errors are collected.

use std::cell::RefCell;

use crate::error::{ConfigError, ConfigErrors, ErrorKind, Related, Span};
use crate::suggest;

/// An error has been reported, or will be when its table has been read; the value that was being read does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reported(());

/// An error on its way into the [`Sink`].
#[must_use = "an error must be reported to a context"]
pub(crate) struct Problem {
    kind: ErrorKind,
    span: Span,
    message: String,
    label: String,
    help: Option<String>,
    candidates: Vec<String>,
    related: Vec<(Span, String)>,
}

impl Problem {
    pub(crate) fn new(kind: ErrorKind, span: Span, message: impl Into<String>) -> Self {
        let (label, help, candidates, related) = (String::new(), None, Vec::new(), Vec::new());
        Self { kind, span, message: message.into(), label, help, candidates, related }
    }

    /// A word under the offending text.
    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What to do about it.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Another place that belongs to it.
    pub(crate) fn related(mut self, span: Span, label: impl Into<String>) -> Self {
        self.related.push((span, label.into()));
        self
    }

    /// What may have been meant, best first.
    pub(crate) fn candidates(&self) -> &[String] {
        &self.candidates
    }

    /// What was most likely meant.
    pub(crate) fn best(&self) -> Option<&str> {
        self.candidates.first().map(String::as_str)
    }

    /// Proposes the words closest to `word`; without a close one, names them all if they are few.
    pub(crate) fn meant<S: AsRef<str>>(mut self, word: &str, words: &[S]) -> Self {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        self.candidates = suggest::closest(word, words.iter().copied());
        self.help = suggest::question(&self.candidates).or(self.help);
        if self.help.is_none() && (1..=16).contains(&words.len()) {
            let verb = if words.len() == 1 { "there is only" } else { "one of" };
            self.help = Some(format!("{verb} {}", suggest::list(&words, "or")));
        }
        self
    }
}

/// Collects errors about one text.
pub(crate) struct Sink<'s> {
    file: &'s str,
    text: &'s str,
    /// Byte offsets at which lines start.
    lines: Vec<usize>,
    errors: RefCell<Vec<ConfigError>>,
}

impl<'s> Sink<'s> {
    pub(crate) fn new(file: &'s str, text: &'s str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { file, text, lines, errors: RefCell::default() }
    }

    /// Takes an error in; the same error twice (a block is read once per region) counts once.
    pub(crate) fn report(&self, problem: Problem) -> Reported {
        let error = self.located(problem);
        let mut errors = self.errors.borrow_mut();
        if !errors.contains(&error) {
            errors.push(error);
        }
        Reported(())
    }

    /// For an error that its reader reports later.
    pub(crate) fn promised(&self) -> Reported {
        Reported(())
    }

    fn located(&self, problem: Problem) -> ConfigError {
        let (line, column) = self.position(problem.span);
        let text = self.text_of(problem.span).unwrap_or_default();
        let related = problem.related.into_iter().map(|(span, label)| {
            let (line, column) = self.position(span);
            Related { span, line, column, label }
        });
        ConfigError {
            kind: problem.kind,
            message: problem.message,
            file: self.file.to_owned(),
            line,
            column,
            span: problem.span,
            text: text.to_owned(),
            label: problem.label,
            help: problem.help,
            candidates: problem.candidates,
            related: related.collect(),
        }
    }

    /// What is written at a place.
    pub(crate) fn text_of(&self, span: Span) -> Option<&'s str> {
        self.text.get(span.start..span.end)
    }

    /// Line and column from 1; the column counts characters.
    fn position(&self, span: Span) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= span.start);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..span.start).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    /// All errors in the order of the text, if there are any.
    ///
    /// Where the text is not TOML the tree has holes: what then seems absent may only be unreadable, and what stands
    /// on a broken line is not what the user wrote, so such errors wait until the syntax is mended.
    pub(crate) fn finish(self) -> Option<ConfigErrors> {
        let mut errors = self.errors.into_inner();
        let broken: Vec<usize> = errors.iter().filter(|e| e.kind == ErrorKind::Syntax).map(|e| e.line).collect();
        if !broken.is_empty() {
            errors.retain(|error| {
                error.kind == ErrorKind::Syntax || !(error.kind.is_absence() || broken.contains(&error.line))
            });
        }
        errors.sort_by(|a, b| (a.span, a.kind, &a.message).cmp(&(b.span, b.kind, &b.message)));
        (!errors.is_empty()).then(|| ConfigErrors::new(errors))
    }
}
