//! The built `globe` against `globe sandbox serve`, inspected through the AWS API, never through globe's own state.

mod brought;
mod calls;
mod cloud;
mod commands;
#[cfg(unix)]
mod crash;
mod globe;
#[cfg(unix)]
mod interrupts;
#[cfg(unix)]
mod leases;
mod moves;
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
mod truth;
