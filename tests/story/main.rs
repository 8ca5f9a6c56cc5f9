//! The built `globe` against `globe sandbox serve`, inspected through the AWS API, never through globe's own state.

mod cloud;
mod commands;
#[cfg(unix)]
mod crash;
mod globe;
mod policy;
mod reference;
mod rehearsal;
mod stops;
