//! Carries plans out: intent, call, outcome; longest path first; nothing lost, nothing decided, nothing printed.
//!
//! `schedule` is the run's state without IO; `run` drives it on tokio. `observe` reads the inventory, `recover`
//! settles what an earlier run left open, `guard` asks what data a plan would destroy.

mod chain;
mod delete;
mod find;
mod guard;
mod lease;
mod leave;
mod make;
mod observe;
mod pace;
mod recover;
mod retry;
mod run;
mod schedule;
mod shared;
mod turn;

pub use chain::{chain, chain_of_graph};
pub use guard::guard;
pub use lease::{Heartbeat, LEASE_TTL, Tenure};
pub use observe::{Look, observe};
pub use recover::{RecoverError, Recovered, recover};
pub use run::{RunError, record_moves, run};
pub use schedule::{Phase, Schedule};
pub use shared::{Ports, Stop};
