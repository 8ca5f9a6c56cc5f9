//! What is to be done, with nothing left to decide.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Address, DataPolicy, Need, Region, Timestamp};

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
    pub spec: Option<Value>,
    /// The lowered form for display; may hold stand-ins; `None` for deletes.
    pub desired: Option<Value>,
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
    /// The journal's sequence number that this plan was made from; another head refuses it.
    pub parent: u64,
    /// Whether deletes may destroy data.
    #[serde(default)]
    pub data: DataPolicy,
    /// Regions that a complete run leaves removed on purpose.
    #[serde(default)]
    pub leaves_down: BTreeSet<Region>,
    /// Regions that a complete run leaves in use.
    #[serde(default)]
    pub leaves_up: BTreeSet<Region>,
    /// Roles that the run records at its begin: where a component's writer is, by the component's key.
    #[serde(default)]
    pub roles: BTreeMap<String, Region>,
    /// What is done. Sorted by address; the order of execution is in `after`.
    pub steps: Vec<Step>,
    /// Outputs of unchanged resources that steps refer to.
    pub known: BTreeMap<Address, Value>,
}

impl Plan {
    /// The version that this globe writes.
    pub const VERSION: u32 = 1;

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
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
        /// AWS's words.
        error: String,
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
    /// The notices that refuse the plan.
    pub fn refusals(&self) -> impl Iterator<Item = &Notice> {
        self.notices.iter().filter(|notice| matches!(notice, Notice::Refused { .. }))
    }
}
