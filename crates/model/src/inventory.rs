//! What AWS says exists.

use std::collections::BTreeMap;

use crate::{Address, CallError, Candidate, Live, Timestamp};

/// What is known about one address.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// It exists.
    Live {
        /// Its AWS identity.
        id: String,
        /// The kind's `Live`.
        live: Live,
        /// Found by tag or name, not by a recorded id.
        discovered: bool,
    },
    /// AWS says that the recorded id is not there.
    Gone {
        /// The recorded id.
        id: String,
    },
    /// It could not be read; why.
    Unknown(CallError),
    /// Several objects claim this address; a person must decide.
    Ambiguous(Vec<Candidate>),
    /// It was not asked for: the command is about something else.
    Unasked,
}

/// Observations by address. An address that is not in it was looked for and not found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    /// By address.
    pub seen: BTreeMap<Address, Observation>,
    /// When it was read, in AWS's time.
    pub at: Timestamp,
}

impl Inventory {
    /// What is known about `address`.
    pub fn get(&self, address: &Address) -> Option<&Observation> {
        self.seen.get(address)
    }

    /// What could not be read, and why.
    pub fn errors(&self) -> impl Iterator<Item = (&Address, &CallError)> {
        self.seen.iter().filter_map(|(address, observation)| match observation {
            Observation::Unknown(error) => Some((address, error)),
            _ => None,
        })
    }
}
