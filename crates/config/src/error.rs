//! What is wrong with a configuration file, as data.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// The class of a [`ConfigError`]; stable names for `--json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The text is not TOML.
    Syntax,
    /// A key that no globe knows.
    UnknownKey,
    /// A component kind that no globe knows.
    UnknownComponent,
    /// A component or key of globe's design that this version does not build yet.
    NotBuilt,
    /// A key that must be there is not.
    MissingKey,
    /// A value of another type than the key wants.
    WrongType,
    /// A value of the right type that cannot be right.
    InvalidValue,
    /// Not a region of AWS, or not one of this stack's.
    UnknownRegion,
    /// A reference to a component that is not in the file.
    UnknownReference,
    /// A reference to a component of another kind than the key wants.
    WrongReference,
    /// The address ranges of two regions overlap.
    CidrOverlap,
    /// The subnets of a network do not fit in its region's range.
    SubnetsDoNotFit,
    /// Record sets that AWS would refuse or that contradict each other.
    Routing,
    /// A name that is longer than AWS allows once the stack and the region are in it.
    NameTooLong,
    /// `primary` is not one of the regions.
    Primary,
    /// A `for.<selector>` that matches no region.
    Selector,
    /// Two components claim the same thing.
    Duplicate,
}

impl ErrorKind {
    /// Whether the error says that something is absent; such errors are guesses when the text could not be read whole.
    pub(crate) fn is_absence(self) -> bool {
        matches!(self, Self::MissingKey | Self::UnknownReference | Self::UnknownRegion | Self::Primary | Self::Selector)
    }
}

/// A byte range of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// Another place of the file that belongs to an error.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// Line of its first character, from 1.
    pub line: usize,
    /// Column of its first character, from 1, in characters.
    pub column: usize,
    /// What it has to do with the error.
    pub label: String,
}

/// One error of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigError {
    /// Its class.
    pub kind: ErrorKind,
    /// What is wrong, in one line.
    pub message: String,
    /// The file as the user named it.
    pub file: String,
    /// Line of the first offending character, from 1.
    pub line: usize,
    /// Column of the first offending character, from 1, in characters.
    pub column: usize,
    /// Where the offending text is.
    pub span: Span,
    /// The offending text itself.
    pub text: String,
    /// A word under the offending text; may be empty.
    pub label: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What may have been meant, best first.
    pub candidates: Vec<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

/// All errors of a file, in the order of the text; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Wraps errors that are already in order.
    pub(crate) fn new(errors: Vec<ConfigError>) -> Self {
        Self(errors)
    }

    /// The errors one by one.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
