//! An AWS that runs inside the process.
//!
//! The same SDK, the same requests on the wire, no account: [`Sandbox::http_client`] answers the SDK's HTTP client
//! directly, `serve` answers the same requests over HTTP for other programs. Services live in `services/`, one file
//! per service or family of operations, on one small [`world::World`] of objects with tags, references, tokens and states that
//! change at their time. Behaviour follows what AWS documents, not what its emulators do.

mod call;
mod client;
mod clock;
mod error;
mod fault;
mod ledger;
mod limits;
mod misfortune;
mod policy;
mod sandbox;
mod serve;
mod services;
mod torn;
mod wire;
pub mod world;

pub use call::{ApiError, Call, Reply};
pub use clock::SandboxClock;
pub use error::SandboxError;
pub use fault::{Fault, FaultRule, FaultRuleError, Faults, When};
pub use ledger::lock;
pub use policy::{Policy, PolicyError};
pub use sandbox::{CALLER, CallLog, Cut, HeldCall, Options, Sandbox};
pub use serve::serve;
