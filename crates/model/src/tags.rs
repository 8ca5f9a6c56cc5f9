//! Tags, and the three that say whose a resource is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Address, Token};

/// Names the stack that owns an AWS object.
pub const OWNER_STACK: &str = "globe:stack";
/// Holds the address of an AWS object.
pub const OWNER_ADDRESS: &str = "globe:address";
/// Holds the token of the intent that made an AWS object, so that a lost answer can be found again.
pub const OWNER_NONCE: &str = "globe:nonce";

/// User tags: key to value. Never holds `globe:*` or `aws:*` keys, see [`Tags::from_live`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(pub BTreeMap<String, String>);

impl Tags {
    /// Keeps what a user can manage: tags of AWS (`aws:*`) and globe's own (`globe:*`) are not part of any diff.
    pub fn from_live<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let pairs = pairs.into_iter().map(|(key, value)| (key.into(), value.into()));
        Self(pairs.filter(|(key, _)| !key.starts_with("aws:") && !key.starts_with("globe:")).collect())
    }

    /// A copy with one tag more, or with another value for it.
    pub fn with(&self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let mut tags = self.clone();
        tags.0.insert(key.into(), value.into());
        tags
    }

    /// Tags to set so that `live` becomes `self`.
    pub fn to_set(&self, live: &Tags) -> BTreeMap<String, String> {
        let differs = |(key, value): &(&String, &String)| live.0.get(*key) != Some(*value);
        self.0.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Keys to remove so that `live` becomes `self`.
    pub fn to_remove(&self, live: &Tags) -> Vec<String> {
        live.0.keys().filter(|key| !self.0.contains_key(*key)).cloned().collect()
    }
}

/// Whose objects a run makes and looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Name of the stack.
    pub stack: String,
    /// The twelve digits of the AWS account.
    pub account: String,
}

impl Owner {
    /// All tags an object is born with: the user's and the three that mark it as this stack's.
    pub fn birth_tags(&self, tags: &Tags, address: &Address, token: &Token) -> BTreeMap<String, String> {
        let mut all = tags.0.clone();
        all.insert(OWNER_STACK.into(), self.stack.clone());
        all.insert(OWNER_ADDRESS.into(), address.to_string());
        all.insert(OWNER_NONCE.into(), token.as_str().to_owned());
        all
    }
}
