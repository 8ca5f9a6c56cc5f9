//! Data to standard output, everything else to standard error; colour only where it belongs.

use std::io::{IsTerminal, Write};

use globe_report::{Detail, Style};
use serde::Serialize;

use crate::args::Global;
use crate::failure::Failure;

/// Width where the terminal does not say: what pull requests and logs show without wrapping.
const WIDTH: usize = 80;

/// Where and how to write.
#[derive(Clone, Debug)]
pub struct Out {
    /// One JSON object per line.
    pub json: bool,
    /// Say less.
    pub quiet: bool,
    /// Say more.
    pub verbose: u8,
    no_color: bool,
}

impl Out {
    /// As the arguments and the environment say.
    pub fn new(global: &Global) -> Self {
        let no_color = global.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { json: global.json, quiet: global.quiet, verbose: global.verbose, no_color }
    }

    /// Whether a person watches standard error.
    pub fn watched(&self) -> bool {
        std::io::stderr().is_terminal() && !self.json && !self.quiet
    }

    /// Whether a person can answer.
    pub fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !self.json
    }

    /// Style of standard output.
    pub fn style(&self) -> Style {
        self.style_of(std::io::stdout().is_terminal())
    }

    /// Style of standard error.
    pub fn note_style(&self) -> Style {
        self.style_of(std::io::stderr().is_terminal())
    }

    fn style_of(&self, terminal: bool) -> Style {
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
        let width = if terminal { columns.unwrap_or(WIDTH).clamp(40, 160) } else { WIDTH };
        let detail = if self.verbose > 0 { Detail::Full } else { Detail::Compact };
        Style { color: terminal && !self.no_color, width, unicode: terminal, detail }
    }

    /// Writes data. A closed pipe (`globe state list | head`) ends the writing, not the program.
    pub fn data(&self, text: &str) {
        let mut stdout = std::io::stdout().lock();
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        let _closed = write!(stdout, "{text}{newline}").and_then(|()| stdout.flush());
    }

    /// Writes a JSON line.
    pub fn json_line(&self, kind: &str, value: &impl Serialize) {
        self.data(&globe_report::json_line(kind, value));
    }

    /// Says something beside the data.
    pub fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            self.complain(text);
        }
    }

    /// Says something that must be heard.
    pub fn complain(&self, text: &str) {
        let mut stderr = std::io::stderr().lock();
        let newline = if text.ends_with('\n') { "" } else { "\n" };
        let _closed = write!(stderr, "{text}{newline}").and_then(|()| stderr.flush());
    }

    /// Says why a command did not do what it was asked for.
    pub fn failure(&self, failure: &Failure) {
        if self.json {
            self.json_line("error", failure);
            return;
        }
        if let Some(rendered) = &failure.rendered {
            self.complain(rendered);
        } else {
            self.complain(&format!("error: {}", failure.message));
        }
        for cause in &failure.causes {
            self.complain(&format!("  because: {cause}"));
        }
        for hint in &failure.hints {
            self.complain(&format!("  hint: {hint}"));
        }
    }
}
