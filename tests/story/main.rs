//! The built `globe` against `globe sandbox serve`, inspected through the AWS API, never through globe's own state.

mod calls;
mod cloud;
mod commands;
#[cfg(unix)]
mod crash;
mod globe;
mod pace;
mod policy;
#[cfg(unix)]
#[path = "../../crates/store/tests/journal/postgres.rs"]
mod postgres;
mod reference;
mod rehearsal;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod state;
mod stops;
