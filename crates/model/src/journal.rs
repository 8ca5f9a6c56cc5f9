//! The port behind which the state lies.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Action, Address, CallError, Claim, Command, Departing, Desired, Identity, Outputs, OwnerId, Pace, Region, Request,
    Scope, Spec, Timestamp, Token, World,
};

/// What is recorded of one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its address.
    pub address: Address,
    /// Its AWS identity.
    pub id: String,
    /// The spec of the last run that touched it.
    pub spec: Spec,
    /// The lowered form that was applied.
    pub desired: Desired,
    /// Its outputs; `None` until it was ready once.
    pub outputs: Option<Outputs>,
    /// When it was last written.
    pub at: Timestamp,
}

/// The journal as one run sees it at its start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Head {
    /// Number of the last event of the stack; 0 when there is none.
    pub seq: u64,
    /// The AWS account that the stack lives in, from its first run.
    pub account: Option<String>,
    /// The world that the stack lives in, from its first run; of a state that an earlier globe wrote, from the first
    /// run of this one.
    pub world: Option<World>,
    /// The mark of the stack's objects, made by the same run.
    pub owner: Option<OwnerId>,
    /// Where the writer of a component is, by the component's key, such as `bucket.assets`. What is not here is where the
    /// file intends it.
    pub roles: BTreeMap<String, Region>,
    /// Current resources.
    pub records: BTreeMap<Address, Record>,
    /// Replaced objects that are still to be deleted.
    pub deposed: Vec<Record>,
    /// Intents without an outcome.
    pub open: Vec<Intent>,
    /// Regions that were removed on purpose, or given up.
    pub down: BTreeSet<Region>,
    /// Regions whose removal was begun and has not come to its end.
    pub leaving: BTreeSet<Region>,
    /// Regions of `down` that were given up while objects may have stood there.
    pub forgotten: BTreeSet<Region>,
    /// Recorded objects, current or replaced, whose delete AWS has accepted and that were not seen gone: address and id.
    pub deleting: BTreeSet<(Address, String)>,
    /// What AWS deletes slowly, by address and id.
    pub ledger: Vec<Departing>,
    /// Resources that no command may delete, by the component whose block said so last.
    pub protected: BTreeMap<Address, String>,
}

/// The same AWS object under another address: recorded, never deleted and made anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// Where it was recorded. Several old addresses may lead to one new one, where AWS changes as one object what an
    /// earlier globe counted as several.
    pub from: Address,
    /// The record as it stands at its new address, in the same scope.
    pub record: Record,
}

/// What an intent is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentAction {
    /// The one call that yields an identity.
    Create,
    /// Calls that may be repeated.
    Update,
    /// The call that starts a delete.
    Delete,
}

/// Written and committed before a mutating call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Random token; also the intent's key.
    pub token: Token,
    /// The run it belongs to.
    pub run: String,
    /// Which resource.
    pub address: Address,
    /// What is about to be done.
    pub action: IntentAction,
    /// The identity, if it has one.
    pub id: Option<String>,
    /// The spec behind it; `None` for deletes.
    pub spec: Option<Spec>,
    /// What AWS is asked for; `None` for deletes.
    pub request: Option<Request>,
}

/// Committed after the call and before anything downstream starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It exists under this id. Another current record of the address becomes deposed.
    Created {
        /// The new identity.
        id: String,
    },
    /// The change was made.
    Updated,
    /// The delete was accepted, or it was gone already. The record stays until [`Journal::forget`].
    Deleting,
    /// It provably did nothing.
    Failed {
        /// AWS's words.
        error: CallError,
    },
}

/// A fencing number: a write with an old one is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// Which scope of the stack.
    pub scope: Scope,
    /// Grows with every take-over.
    pub number: i64,
}

/// Who asks for a lease, on what, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct LeaseRequest {
    /// Name of the stack.
    pub stack: String,
    /// The scopes wanted: all or none are granted.
    pub scopes: Vec<Scope>,
    /// Who asks: `user@host pid`.
    pub holder: String,
    /// How long it lasts without a heartbeat.
    pub ttl: Duration,
}

/// The right to change some scopes of one stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    /// Name of the stack.
    pub stack: String,
    /// Who holds it.
    pub holder: String,
    /// One fence per scope.
    pub fences: Vec<Fence>,
    /// When it ends without a heartbeat.
    pub expires: Timestamp,
}

impl Lease {
    /// The fence for `scope`, if the lease covers it.
    pub fn fence(&self, scope: &Scope) -> Option<&Fence> {
        self.fences.iter().find(|fence| fence.scope == *scope)
    }
}

/// Who holds a scope now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holding {
    /// Which scope of the stack.
    pub scope: Scope,
    /// Who holds it.
    pub holder: String,
    /// Its fencing number.
    pub number: i64,
    /// When it was taken.
    pub since: Timestamp,
    /// Its last heartbeat.
    pub heard: Timestamp,
    /// When it ends without a heartbeat.
    pub expires: Timestamp,
}

/// The start of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunStart {
    /// UUID v7.
    pub run: String,
    /// Name of the stack.
    pub stack: String,
    /// AWS account.
    pub account: String,
    /// What it does.
    pub command: Command,
    /// The plan's parent; the journal refuses when something has changed since in a scope of the lease or of `reads`.
    pub parent: u64,
    /// Scopes whose resources the plan uses without changing them.
    pub reads: BTreeSet<Scope>,
    /// How many steps it has.
    pub steps: usize,
    /// Records that change their addresses before the first step, in this order; all of them in scopes of the lease.
    pub moves: Vec<Move>,
    /// Resources that are protected from now on, by component; `None` is protected no longer.
    pub protects: BTreeMap<Address, Option<String>>,
    /// Regions that are to be removed on purpose: no other run makes anything there until they are asked for again.
    pub leaving: BTreeSet<Region>,
    /// Regions that are wanted again.
    pub returning: BTreeSet<Region>,
    /// Roles that change, by the component's key.
    pub roles: BTreeMap<String, Region>,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunEnd {
    /// The run.
    pub run: String,
    /// Steps done.
    pub done: usize,
    /// Steps failed.
    pub failed: usize,
    /// Steps not tried.
    pub not_tried: usize,
    /// Regions that are to be left removed on purpose, whether all of them is gone yet or not.
    pub down: BTreeSet<Region>,
    /// Regions left in use.
    pub up: BTreeSet<Region>,
}

/// One event for `globe state history`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// Sequence number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Run it belongs to.
    pub run: String,
    /// `identified`, `run_started`, `moved`, `role`, `intent`, `created`, `settled`, `updated`, `deleting`, `postponed`,
    /// `forgotten`, `failed`, `intent_settled`, `region_forgotten`, `run_finished`.
    pub what: String,
    /// Which resource, if it is about one.
    pub address: Option<Address>,
    /// The action of an intent.
    pub action: Option<Action>,
    /// Its id, its error, its counts.
    pub detail: Value,
}

/// A failing store. Nothing was written unless said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The database could not be opened or has gone away.
    #[error("could not {attempt} in the state database {database}")]
    Database {
        /// What was being attempted.
        attempt: String,
        /// Which database, without credentials.
        database: String,
        /// The driver's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process holds a scope.
    #[error("{scope} of stack {stack} is being changed by {holder}")]
    Leased {
        /// Stack.
        stack: String,
        /// Scope.
        scope: Scope,
        /// Who.
        holder: String,
        /// Until when, without a heartbeat.
        expires: Timestamp,
    },
    /// This process lost its lease: all its writes are refused.
    #[error("the lease on {scope} was lost; nothing more was written")]
    Fenced {
        /// Scope.
        scope: Scope,
    },
    /// The plan is older than the state.
    #[error(
        "{scope} has changed since the plan was made (from state {parent}; the state is at {head} by now); make a new plan"
    )]
    StalePlan {
        /// The plan's parent.
        parent: u64,
        /// The journal's head.
        head: u64,
        /// A scope in which something has happened since.
        scope: Scope,
    },
    /// The plan is younger than the state: it was made from another one.
    #[error("the plan was made from state {parent}, and this state is only at {head}: it was made from another state")]
    OtherState {
        /// The plan's parent.
        parent: u64,
        /// The journal's head.
        head: u64,
    },
    /// The stack's state belongs to another account.
    #[error("the state of stack {stack} belongs to account {recorded}; this file says {claimed}")]
    OtherAccount {
        /// Stack.
        stack: String,
        /// The account of the state.
        recorded: String,
        /// The account of the file.
        claimed: String,
    },
    /// The stack's state belongs to the other world.
    #[error("the state of stack {stack} belongs to {recorded}; this command works in {claimed}")]
    OtherWorld {
        /// Stack.
        stack: String,
        /// The world of the state.
        recorded: World,
        /// The world of the command.
        claimed: World,
    },
    /// A state was to be brought in where there is one already.
    #[error("the state database {database} has a state of stack {stack} already; nothing was written")]
    Occupied {
        /// Which database.
        database: String,
        /// Stack.
        stack: String,
    },
    /// The state was written by a newer globe, or is damaged.
    #[error("the state database {database} cannot be used: {reason}")]
    Unusable {
        /// Which database.
        database: String,
        /// Why, and what to do.
        reason: String,
    },
}

/// Append-only events and what follows from them.
///
/// # Guarantees
/// Every method is durable when it returns. All writes but `identify`, `acquire` and `evict` are refused with [`JournalError::Fenced`] once
/// another holder has taken the scope over.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The state of a stack now.
    async fn head(&self, stack: &str) -> Result<Head, JournalError>;
    /// Says what the stack's state belongs to; the first time, records it with a new owner, or with the claimed one. The
    /// answer is the same for ever after. Needs no lease: whoever comes second finds what the first has made.
    ///
    /// # Errors
    /// [`JournalError::OtherAccount`] and [`JournalError::OtherWorld`].
    async fn identify(&self, claim: &Claim) -> Result<Identity, JournalError>;
    /// Takes all the scopes, or none.
    async fn acquire(&self, request: &LeaseRequest) -> Result<Lease, JournalError>;
    /// Heartbeat: the lease lasts for `ttl` from now.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Timestamp, JournalError>;
    /// Gives the scopes back.
    async fn release(&self, lease: &Lease) -> Result<(), JournalError>;
    /// Who holds scopes of a stack, expired or not.
    async fn holdings(&self, stack: &str) -> Result<Vec<Holding>, JournalError>;
    /// Takes a scope from its holder, all of whose writes are refused from then on; false if it holds it no longer.
    async fn evict(&self, stack: &str, holding: &Holding) -> Result<bool, JournalError>;
    /// Starts a run and records its moves; refuses a plan if one of its scopes has changed since its parent. What happens
    /// in other scopes meanwhile does not matter: runs on two regions go on at the same time. With a record move its
    /// delete mark, its entry in the ledger, its open intents, and whatever refers to it.
    async fn begin(&self, lease: &Lease, start: &RunStart) -> Result<(), JournalError>;
    /// Commits an intent. The call may be made once this returns.
    async fn intend(&self, lease: &Lease, intent: &Intent) -> Result<(), JournalError>;
    /// Commits what came of an intent.
    async fn conclude(&self, lease: &Lease, intent: &Intent, outcome: &Outcome) -> Result<(), JournalError>;
    /// Records a resource as it now is: outputs known, spec and desired as applied. Also adopts.
    async fn settle(&self, lease: &Lease, run: &str, record: &Record) -> Result<(), JournalError>;
    /// Moves an object from the records to the ledger; of one that is there already, moves its due time.
    async fn postpone(&self, lease: &Lease, run: &str, departing: &Departing) -> Result<(), JournalError>;
    /// Strikes out a resource that AWS no longer has, from the records or from the ledger.
    async fn forget(&self, lease: &Lease, run: &str, address: &Address, id: &str) -> Result<(), JournalError>;
    /// Ends an open intent by a person's word: `made` is the object that it made, `None` if there is none.
    async fn settle_intent(&self, lease: &Lease, intent: &Intent, made: Option<&str>) -> Result<(), JournalError>;
    /// Gives a region up: strikes out all that is recorded of it, and leaves it out of runs until it is named. The event
    /// keeps what was struck out.
    async fn forget_region(&self, lease: &Lease, run: &str, region: &Region) -> Result<(), JournalError>;
    /// Ends a run.
    async fn finish(&self, lease: &Lease, end: &RunEnd) -> Result<(), JournalError>;
    /// The newest events of a stack, newest first, at most `limit`.
    async fn history(&self, stack: &str, limit: u32) -> Result<Vec<HistoryEntry>, JournalError>;
    /// How long kinds took in the newest runs of a stack, by the journal's clock. A journal that keeps no history knows
    /// nothing, and what is not known is taken from [`crate::Kind::DURATIONS`].
    async fn pace(&self, _stack: &str) -> Result<Pace, JournalError> {
        Ok(Pace::default())
    }
}
