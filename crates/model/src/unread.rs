//! What was to be read and could not be.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Address, CallError, ErrorClass, Scope, Timestamp};

/// A part of one scope that was chosen and could not be read. Nothing is known of it and nothing is planned there: it
/// is neither unchanged nor done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unread {
    /// Where.
    pub scope: Scope,
    /// Whether the scope did not answer at all; otherwise AWS answered and refused.
    pub silent: bool,
    /// Which resources.
    pub addresses: BTreeSet<Address>,
    /// The first failure, in AWS's words without its request id.
    pub reason: String,
    /// When it was found out, in AWS's time.
    pub since: Timestamp,
}

impl Unread {
    /// Whether an error says that nobody answers.
    pub fn is_silence(error: &CallError) -> bool {
        error.class == ErrorClass::Ambiguous
    }

    /// Adds one resource to what could not be read, beside those that failed in the same way in the same scope.
    pub fn note(all: &mut Vec<Self>, address: &Address, error: &CallError, since: Timestamp) {
        let silent = Self::is_silence(error);
        let place = all.iter().position(|unread| unread.scope == address.scope && unread.silent == silent);
        if let Some(unread) = place.and_then(|place| all.get_mut(place)) {
            unread.addresses.insert(address.clone());
            return;
        }
        let reason = CallError { request_id: None, ..error.clone() }.to_string();
        let (scope, addresses) = (address.scope.clone(), BTreeSet::from([address.clone()]));
        all.push(Self { scope, silent, addresses, reason, since });
    }
}
