//! What is to be done, with nothing left to decide.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Address, CallError, Desired, Move, Need, Outputs, Region, Scope, Spec, Timestamp, Unread};

/// What the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Make AWS as the file says.
    Up,
    /// Remove regions, or all.
    Down,
    /// Finish what earlier runs left to be deleted.
    Gc,
    /// Record other addresses; AWS is not asked.
    Move,
}

/// What a step does to its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Make it.
    Create,
    /// Change it in place.
    Update,
    /// Record an object that exists and is this stack's; change it if it differs.
    Adopt,
    /// Remove it.
    Delete,
    /// Strike from the journal what AWS no longer has.
    Forget,
}

/// Why a field changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The file says something else than at the last run.
    File,
    /// AWS has something else than at the last run.
    Drift,
    /// Something it refers to is made anew.
    Upstream,
}

/// A field that changes, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Name in the kind's `Desired`.
    pub field: String,
    /// The live value.
    pub from: Value,
    /// The wanted value; stand-ins are "known after apply".
    pub to: Value,
    /// Why.
    pub cause: Cause,
}

/// An edge of the plan: this step waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    /// Index of the other step in [`Plan::steps`].
    pub step: usize,
    /// How far the other must be.
    pub need: Need,
}

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Which resource.
    pub address: Address,
    /// What is done.
    pub action: Action,
    /// Half of a replacement: a delete and a create of one address.
    #[serde(default)]
    pub replacement: bool,
    /// The AWS identity acted upon; of a create, the recorded one that AWS no longer has.
    pub id: Option<String>,
    /// What is wanted; `None` for deletes.
    pub spec: Option<Spec>,
    /// The lowered form for display; may hold stand-ins; `None` for deletes.
    pub desired: Option<Desired>,
    /// The fields behind an update or a replacement.
    pub changes: Vec<FieldChange>,
    /// In words, where no field says it: "not in the file any more", "deleted behind globe's back".
    pub reason: Option<String>,
    /// Not to be done earlier, in AWS's time: of a create, AWS keeps the name until then; of a delete, it is in the
    /// ledger and due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// Which steps come first.
    pub after: Vec<Link>,
}

impl Step {
    /// Nothing but what is done to what: no spec, no reason, and it waits for nothing.
    pub fn bare(address: Address, action: Action, id: Option<String>) -> Self {
        Self {
            address,
            action,
            replacement: false,
            id,
            spec: None,
            desired: None,
            changes: Vec::new(),
            reason: None,
            not_before: None,
            after: Vec::new(),
        }
    }
}

/// An immutable list of steps, child of one journal head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of this format.
    pub version: u32,
    /// Name of the stack.
    pub stack: String,
    /// AWS account.
    pub account: String,
    /// What was asked for.
    pub command: Command,
    /// The journal's sequence number that this plan was made from; the plan is stale once something has happened since
    /// in a scope that it is about.
    pub parent: u64,
    /// Regions that are to be left removed on purpose.
    #[serde(default)]
    pub leaves_down: BTreeSet<Region>,
    /// Regions that are to be left in use.
    #[serde(default)]
    pub leaves_up: BTreeSet<Region>,
    /// Records that change their addresses when the run begins, in this order; nothing in AWS changes with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub moves: Vec<Move>,
    /// Resources that are protected from now on, by the component whose block says so; `None` is protected no longer.
    #[serde(default)]
    pub protects: BTreeMap<Address, Option<String>>,
    /// What was chosen and could not be read: the plan says nothing of it.
    #[serde(default)]
    pub unread: Vec<Unread>,
    /// Roles that the run records at its begin: where a component's writer is, by the component's key.
    #[serde(default)]
    pub roles: BTreeMap<String, Region>,
    /// What is done. Sorted by address; the order of execution is in `after`.
    pub steps: Vec<Step>,
    /// Outputs of unchanged resources that steps refer to.
    pub known: BTreeMap<Address, Outputs>,
}

impl Plan {
    /// The version that this globe writes.
    pub const VERSION: u32 = 2;

    /// Whether there is nothing to do in AWS; moves may still be to be recorded.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether everything that was chosen could be read.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty()
    }

    /// The scopes that the plan changes something in.
    pub fn scopes(&self) -> BTreeSet<Scope> {
        let moved = self.moves.iter().map(|moved| &moved.record.address);
        let all = self.steps.iter().map(|step| &step.address).chain(self.protects.keys()).chain(moved);
        all.map(|address| address.scope.clone()).collect()
    }
}

/// Why something is not in the plan, or what the reader should know beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// It could not be read; nothing is planned for it.
    Unreadable {
        /// Which.
        address: Address,
        /// AWS's words, or globe's own where its answer could not be used.
        error: CallError,
    },
    /// It is left as it is, because nothing is known of what it needs, or of what uses it.
    Blocked {
        /// Which.
        address: Address,
        /// What nothing is known of.
        by: Address,
        /// It could not be read; otherwise it was not selected, and so not looked at.
        unread: bool,
    },
    /// Its delete destroys data, and the command has not agreed to that.
    NeedsConsent {
        /// Which.
        address: Address,
        /// What would be lost.
        what: String,
    },
    /// Outside the chosen regions or addresses.
    NotSelected {
        /// Which.
        address: Address,
        /// What would be done.
        action: Action,
    },
    /// Part of the plan though not selected, because `needed_by` needs it.
    PulledIn {
        /// Which.
        address: Address,
        /// Who needs it.
        needed_by: Address,
    },
    /// One component is gone from the file and an equal one is new: it may be the same under another name.
    MayHaveMoved {
        /// A resource that would be made.
        address: Address,
        /// The one that would go.
        from: Address,
        /// What to add to the file, if it is the same: `"table.orders" = "table.purchases"`.
        line: String,
    },
    /// Refuses the plan: this would be lost or would break.
    Refused {
        /// Which.
        address: Address,
        /// Why, and what to do.
        reason: String,
    },
}

/// The plan's companion: why nothing happens, what blocks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanReport {
    /// Resources that are as wanted.
    pub unchanged: usize,
    /// Everything else worth saying.
    pub notices: Vec<Notice>,
}

impl PlanReport {
    /// Addresses whose deletes need a consent that the command does not give, and what would be lost.
    pub fn unconsented(&self) -> impl Iterator<Item = (&Address, &str)> {
        self.notices.iter().filter_map(|notice| match notice {
            Notice::NeedsConsent { address, what } => Some((address, what.as_str())),
            _ => None,
        })
    }

    /// The notices that refuse the plan.
    pub fn refusals(&self) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(|notice| matches!(notice, Notice::Refused { .. }))
    }
}
