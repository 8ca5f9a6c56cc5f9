//! The journal on SQLite and PostgreSQL.
//!
//! # Flow
//! [`Store`] turns every method of [`globe_model::Journal`] into an operation and hands it to one task, which owns the
//! one connection. The task takes whatever is queued, carries it out in one transaction (a savepoint for each, so that
//! one refused write does not fail the others), commits once and answers all: the more is going on, the fewer commits.
//!
//! # Layout
//! `events` is only ever appended to. `resources`, `intents`, `regions` and `ledger` are projections that the same transaction
//! brings up to date, by the code that also rebuilds them from the events. `leases` are not events.
//!
//! # Guarantees
//! What was answered is on disk. A write checks within its transaction that each scope it needs is still leased under
//! the same number. No error text holds a password: databases are named without credentials.

mod archive;
mod backup;
mod bulk;
mod connect;
mod entry;
mod fault;
mod file;
mod forsake;
mod identity;
mod job;
mod json;
mod lease;
mod location;
mod moved;
mod pace;
mod projection;
mod queue;
mod read;
mod run;
mod schema;
mod session;
mod step;
mod store;
mod transfer;
mod worker;

pub use archive::{Archive, ArchiveError};
pub use store::{Migrated, Store};
