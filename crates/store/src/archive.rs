//! A stack's whole history outside a database: what is copied, exported and imported.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the format that this globe writes.
pub(crate) const VERSION: u32 = 2;
/// The oldest that it reads: of version 1, no event says what the state belongs to.
const OLDEST: u64 = 1;

/// All events of one stack, in order. Leases are not part of it, and what follows from the events is made anew where
/// they are brought in.
#[derive(Clone, Debug, PartialEq)]
pub struct Archive {
    pub(crate) stack: String,
    pub(crate) events: Vec<Line>,
    /// What the database held that follows from the events, for comparing; unknown of a file.
    pub(crate) derived: Option<BTreeMap<String, String>>,
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    globe_state: u32,
    stack: String,
    events: usize,
}

/// One event, as it lies in the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) run: String,
    pub(crate) what: String,
    pub(crate) address: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) payload: Value,
}

/// A file that is no export of a state, or not a whole one.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It cannot be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It does not begin as an export does.
    #[error("it does not begin with a line that `globe state export` writes")]
    Foreign,
    /// A newer globe wrote it.
    #[error("a newer globe has written it (format {found}, this globe knows {VERSION}); upgrade globe")]
    Newer {
        /// The version that it says.
        found: u64,
    },
    /// A line is not what an export holds.
    #[error("line {line} is damaged: {reason}")]
    Damaged {
        /// Counted from 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// It ends too early.
    #[error("it is cut short: {found} of {expected} events are there")]
    Short {
        /// How many there are.
        found: usize,
        /// How many its first line promises.
        expected: usize,
    },
}

impl Archive {
    /// The stack's name.
    pub fn stack(&self) -> &str {
        &self.stack
    }

    /// How many events it has.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether nothing has happened yet; such a stack is never exported.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Writes JSON lines: first the format's version, the stack and the number of events, then every event.
    ///
    /// # Errors
    /// When `to` does not take it.
    pub fn write(&self, to: &mut impl Write) -> std::io::Result<()> {
        let header = Header { globe_state: VERSION, stack: self.stack.clone(), events: self.events.len() };
        writeln!(to, "{}", serde_json::to_string(&header)?)?;
        for event in &self.events {
            writeln!(to, "{}", serde_json::to_string(event)?)?;
        }
        to.flush()
    }

    /// Reads what [`Archive::write`] wrote, all of it.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    pub fn read(from: impl BufRead) -> Result<Self, ArchiveError> {
        let mut lines = from.lines();
        let first: Value = match lines.next() {
            Some(line) => serde_json::from_str(&line?).map_err(|_| ArchiveError::Foreign)?,
            None => return Err(ArchiveError::Foreign),
        };
        match first["globe_state"].as_u64() {
            Some(version) if (OLDEST..=u64::from(VERSION)).contains(&version) => {}
            Some(found) => return Err(ArchiveError::Newer { found }),
            None => return Err(ArchiveError::Foreign),
        }
        let header: Header = serde_json::from_value(first).map_err(|_| ArchiveError::Foreign)?;
        let mut events = Vec::new();
        for (index, line) in lines.enumerate() {
            events.push(event(index, &line?)?);
        }
        if events.len() < header.events {
            return Err(ArchiveError::Short { found: events.len(), expected: header.events });
        }
        if let Some(surplus) = events.get(header.events) {
            let reason = format!("event {} is one more than the first line says", surplus.seq);
            return Err(ArchiveError::Damaged { line: header.events + 2, reason });
        }
        Ok(Self { stack: header.stack, events, derived: None })
    }
}

/// The event on the line after the header and `index` others; events are numbered without a gap.
fn event(index: usize, line: &str) -> Result<Line, ArchiveError> {
    let damaged = |reason: String| ArchiveError::Damaged { line: index + 2, reason };
    let event: Line = serde_json::from_str(line).map_err(|error| damaged(error.to_string()))?;
    if usize::try_from(event.seq).ok() != Some(index + 1) {
        return Err(damaged(format!("event {} is where event {} belongs", event.seq, index + 1)));
    }
    Ok(event)
}
