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
}

/// What makes one set of tags into another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagPatch {
    /// Keys to set, with their values.
    pub set: BTreeMap<String, String>,
    /// Keys to remove.
    pub remove: Vec<String>,
}

impl TagPatch {
    /// What makes `live` into `desired`.
    pub fn between(live: &Tags, desired: &Tags) -> Self {
        let differs = |(key, value): &(&String, &String)| live.0.get(*key) != Some(*value);
        Self {
            set: desired.0.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect(),
            remove: live.0.keys().filter(|key| !desired.0.contains_key(*key)).cloned().collect(),
        }
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(pairs: &[(&str, &str)]) -> Tags {
        Tags(pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect())
    }

    #[test]
    fn a_patch_sets_what_differs_and_removes_what_is_not_wanted() {
        let patch = TagPatch::between(
            &tags(&[("a", "1"), ("b", "2"), ("d", "4")]),
            &tags(&[("a", "1"), ("b", "3"), ("c", "4")]),
        );
        assert_eq!(patch.set, tags(&[("b", "3"), ("c", "4")]).0);
        assert_eq!(patch.remove, ["d"]);
        assert!(TagPatch::between(&tags(&[("a", "1")]), &tags(&[("a", "1")])).is_empty());
    }

    #[test]
    fn tags_of_aws_and_of_globe_are_nobodys_drift() {
        let live = Tags::from_live([("aws:autoscaling:groupName", "x"), (OWNER_STACK, "acme"), ("team", "sre")]);
        assert_eq!(live, tags(&[("team", "sre")]));
    }
}
