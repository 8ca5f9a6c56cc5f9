//! How text may look, and the few tones it has.

/// How much of a plan is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Steps that look alike share a line; long values are cut.
    #[default]
    Compact,
    /// Every step on its own, with its identity and, for a create, its fields.
    Full,
}

/// What the place where text goes to can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are written. The text is the same without them.
    pub color: bool,
    /// Columns; fewer than 40 count as 40.
    pub width: usize,
    /// Whether arrows and ellipses may be other than ASCII.
    pub unicode: bool,
    /// How much is shown.
    pub detail: Detail,
}

impl Style {
    /// ASCII without colours in 80 columns: what suits a pipe or a log file.
    pub const PLAIN: Self = Self { color: false, width: 80, unicode: false, detail: Detail::Compact };

    /// Below this, indented text would have no room.
    const NARROWEST: usize = 40;

    pub(crate) fn is_full(self) -> bool {
        self.detail == Detail::Full
    }

    pub(crate) fn columns(self) -> usize {
        self.width.max(Self::NARROWEST)
    }

    pub(crate) fn arrow(self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    pub(crate) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

/// What a piece of text means to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Strong,
    Dim,
    Create,
    Update,
    Replace,
    Delete,
    Adopt,
}

impl Tone {
    /// `text` in this tone, with ANSI codes around it.
    pub(crate) fn paint(self, text: &str) -> String {
        let style = owo_colors::Style::new();
        let style = match self {
            Self::Plain => return text.to_owned(),
            Self::Strong => style.bold(),
            Self::Dim => style.dimmed(),
            Self::Create => style.green(),
            Self::Update => style.yellow(),
            Self::Replace => style.magenta(),
            Self::Delete => style.red(),
            Self::Adopt => style.cyan(),
        };
        style.style(text).to_string()
    }
}
