//! Everything that a person or a script reads, as pure functions from plans, events and records to text.
//!
//! Nothing here prints, and nothing asks whether it writes to a terminal: the caller says so with [`Style`].
//! Texts of several lines end with a line break; single lines ([`event_line`], all `*_json`) do not.
//!
//! Whatever comes from AWS or from the file is made harmless first: control characters and characters that turn the
//! direction of writing are shown as escapes, and values of fields named like a password, secret or token are shown as
//! `(sensitive)`.

mod calls;
mod critical;
mod event_line;
pub mod json;
mod layout;
mod picture;
mod plan;
mod progress;
#[cfg(test)]
mod sample;
mod state;
mod style;
mod summary;
mod unread;
mod value;
mod words;

pub use calls::{calls_json, calls_text};
pub use critical::{ChainLink, Source, chain_json, chain_text};
pub use event_line::event_line;
pub use json::{SCHEMA_VERSION, event_json, json_line, plan_json, summary_json};
pub use picture::{dot, mermaid};
pub use plan::{plan_markdown, plan_text};
pub use progress::{ProgressModel, Running, ScopeProgress};
pub use state::{history_text, ledger_text, record_text, state_list_text};
pub use style::{Detail, Style};
pub use summary::summary_text;
pub use words::{counted, duration_words, rfc3339};
