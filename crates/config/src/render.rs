//! Errors as a person reads them: with the lines of the file, as rustc prints them.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::{ConfigError, ConfigErrors, error::Span};

impl ConfigError {
    /// Renders the error with the lines of `source` around it; `source` is the text that was parsed.
    pub fn render(&self, source: &str, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let primary = AnnotationKind::Primary.span(clamp(self.span, source)).label(label(&self.label));
        let related = self.related.iter().map(|related| {
            let span = clamp(related.span, source);
            AnnotationKind::Context.span(span).label(related.label.as_str())
        });
        let snippet = Snippet::source(source).path(self.file.as_str()).annotation(primary).annotations(related);
        let group: Group<'_> = Level::ERROR.primary_title(self.message.as_str()).element(snippet);
        let group = match &self.help {
            Some(help) => group.element(Level::HELP.message(help.as_str())),
            None => group,
        };
        renderer.render(&[group])
    }
}

impl ConfigErrors {
    /// Renders all errors one after another, with an empty line between them and a count at the end.
    pub fn render(&self, source: &str, color: bool) -> String {
        let mut text = String::new();
        for error in self.iter() {
            text.push_str(&error.render(source, color));
            text.push_str("\n\n");
        }
        let count = self.iter().len();
        let noun = if count == 1 { "error" } else { "errors" };
        text.push_str(&format!("{count} {noun}\n"));
        text
    }
}

fn label(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// Keeps a span inside the text and on character boundaries, so that rendering against another text than the one
/// that was parsed is odd but never a panic.
fn clamp(span: Span, source: &str) -> std::ops::Range<usize> {
    let floor = |at: usize| (0..=at.min(source.len())).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0);
    let start = floor(span.start);
    start..floor(span.end).max(start)
}
