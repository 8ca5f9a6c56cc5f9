//! The nouns of globe, and the ports between its rooms.
//!
//! This crate holds no behaviour that talks to anything: no SDK, no SQL, no clock of its own. A [`Kind`] says what
//! one type of AWS object is; [`Plan`] and [`Event`] are what the rooms hand to each other; [`Cloud`], [`Journal`]
//! and [`Clock`] are the three ports behind which the world lies.

mod address;
mod calls;
mod clock;
mod cloud;
mod error;
mod event;
mod glob;
mod identity;
mod inventory;
mod journal;
mod kind;
mod leaving;
mod noun;
mod pace;
mod permission;
mod plan;
mod registry;
mod tags;
mod unknown;
mod unread;

pub use address::{Address, AddressError, Ref, Region, Scope};
pub use calls::CallCount;
pub use clock::{Clock, Timestamp};
pub use cloud::{Candidate, Cloud, DataPolicy, Risk, Token, Wanted};
pub use error::{CallError, ErrorClass};
pub use event::{Event, Failure, Summary};
pub use glob::{Consent, Glob};
pub use identity::{Claim, Identity, OwnerId, World};
pub use inventory::{Inventory, Observation};
pub use journal::{
    Fence, Head, HistoryEntry, Holding, Intent, IntentAction, Journal, JournalError, Lease, LeaseRequest, Move,
    Outcome, Record, RunEnd, RunStart,
};
pub use kind::{
    Change, Changes, Durations, Edge, Highlight, Kind, KindNoun, Need, Pending, Readiness, Recovery, ReplaceOrder,
    Upstream, Verdict, changes,
};
pub use leaving::{Departing, Leaving, Manner, NameHold};
pub use noun::{Desired, Live, Misfit, Noun, Opened, Outputs, Patch, Request, Spec};
pub use pace::{Pace, Work};
pub use permission::Missing;
pub use plan::{Action, Cause, Command, FieldChange, Link, Notice, Plan, PlanReport, Step};
pub use registry::{Comparison, ErasedKind, KindTable, Merged, Retired, erased};
pub use tags::{OWNER_ADDRESS, OWNER_NONCE, OWNER_STACK, Owner, TagPatch, Tags};
pub use unknown::{is_unknown, mentions_unknown, unknown};
pub use unread::Unread;
