//! What the engine says while it works. It never prints.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Action, Address, CallError, Command, Unread};

/// A step that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Which resource.
    pub address: Address,
    /// What was attempted.
    pub action: Action,
    /// AWS's words, or globe's own where AWS was not reached.
    pub error: CallError,
    /// What to do next, if globe knows.
    pub hint: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Steps that are done.
    pub done: Vec<(Address, Action)>,
    /// Steps that failed.
    pub failed: Vec<Failure>,
    /// Steps that were not tried, with what stopped them.
    pub not_tried: Vec<(Address, String)>,
    /// Of those that failed or were cut off, the ones that may have changed something before.
    #[serde(default)]
    pub begun: BTreeSet<Address>,
    /// What was chosen and could not be read when the plan was made.
    #[serde(default)]
    pub unread: Vec<Unread>,
    /// The run was interrupted.
    pub interrupted: bool,
}

impl Summary {
    /// Whether everything that was asked for is done: all that was planned, and nothing was left unread.
    pub fn is_complete(&self) -> bool {
        self.is_carried_out() && self.unread.is_empty()
    }

    /// Whether everything planned was done.
    pub fn is_carried_out(&self) -> bool {
        self.failed.is_empty() && self.not_tried.is_empty() && !self.interrupted
    }
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run began.
    RunStarted {
        /// Its id.
        run: String,
        /// What it does.
        command: Command,
        /// How many steps it has.
        steps: usize,
    },
    /// An open intent of an earlier run was settled.
    Recovered {
        /// Which resource.
        address: Address,
        /// What was found.
        finding: String,
    },
    /// A step began.
    Started {
        /// Which resource.
        address: Address,
        /// What is done to it.
        action: Action,
    },
    /// A step waits for AWS.
    Waiting {
        /// Which resource.
        address: Address,
        /// What for, as in "state pending".
        what: String,
    },
    /// A call failed and will be repeated.
    Retrying {
        /// Which resource.
        address: Address,
        /// Why.
        error: CallError,
        /// When.
        after: Duration,
    },
    /// A step is done.
    Done {
        /// Which resource.
        address: Address,
        /// What was done.
        action: Action,
        /// Its AWS identity.
        id: Option<String>,
        /// How long it took.
        elapsed: Duration,
    },
    /// A step failed.
    Failed(Failure),
    /// The user asked to stop: nothing new is started.
    Stopping {
        /// Steps still in flight.
        in_flight: usize,
    },
    /// The run ended.
    RunFinished {
        /// How.
        summary: Summary,
    },
}
