//! What AWS deletes slowly.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Address, Timestamp};

/// How objects of a kind leave that are not gone minutes after their delete was asked for. A run does not wait for
/// them: they go to the ledger, and `globe gc` finishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// What keeps them.
    pub manner: Manner,
    /// How long it takes, counted from the delete call.
    pub window: Duration,
    /// Whether another can be made under the name meanwhile.
    pub name: NameHold,
}

/// What keeps an object whose delete was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// AWS accepts the delete and carries it out by itself when the window is over: KMS keys, secrets with a recovery
    /// window. Until then it can be seen and is of no use.
    Scheduled,
    /// AWS refuses the delete ([`crate::ErrorClass::Dependency`]) until something of its own has gone: replicas of
    /// edge functions. The delete is asked for again when the window is over.
    Repeated,
    /// It goes at once, and only its name stays blocked.
    Gone,
}

/// Whether a name can be used again while its former bearer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameHold {
    /// It can, or there is none.
    Free,
    /// AWS keeps it: nothing is made at the address before it is due.
    Kept,
}

/// One entry of the ledger: an object that is not part of the stack any more and that AWS still has, or whose name it
/// still keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departing {
    /// What it was.
    pub address: Address,
    /// Its AWS identity.
    pub id: String,
    /// When its delete was asked for, in AWS's time.
    pub since: Timestamp,
    /// When AWS is to have finished, in AWS's time.
    pub due: Timestamp,
    /// Whether its name can be used meanwhile.
    pub name: NameHold,
}
