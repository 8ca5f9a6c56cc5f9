//! Patterns over addresses, and what a user consents to with them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Address, DataPolicy};

/// A pattern over addresses: `*` is any text, slashes included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

impl Glob {
    /// A pattern; one without `*` matches one address.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self(pattern.into())
    }

    /// Whether every address matches.
    pub fn is_everything(&self) -> bool {
        self.0 == "*"
    }

    /// Whether `address` matches.
    pub fn matches(&self, address: &Address) -> bool {
        let text = address.to_string();
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else { return false };
        let parts: Vec<&str> = parts.collect();
        let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
        for part in middle {
            let Some(at) = rest.find(part) else { return false };
            rest = rest.get(at + part.len()..).unwrap_or_default();
        }
        rest.ends_with(last)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the user agrees to lose. It is part of the command, never of a plan: whoever carries out a plan file says it
/// anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// `--delete-data`: addresses whose data may go with them.
    pub delete_data: Vec<Glob>,
}

impl Consent {
    /// Consent to the loss of everything.
    #[must_use]
    pub fn to_everything() -> Self {
        Self { delete_data: vec![Glob::new("*")] }
    }

    /// Whether the delete of `address` may destroy data.
    pub fn policy(&self, address: &Address) -> DataPolicy {
        if self.delete_data.iter().any(|glob| glob.matches(address)) { DataPolicy::Delete } else { DataPolicy::Keep }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_addresses() {
        let address: Address = "eu-central-1/ec2/subnet/main-private-a".parse().expect("an address");
        for (pattern, expected) in [
            ("*", true),
            ("eu-central-1/*", true),
            ("*/ec2/subnet/*", true),
            ("*private*", true),
            ("eu-central-1/ec2/subnet/main-private-a", true),
            ("eu-central-1/ec2/subnet/main-private", false),
            ("us-*", false),
            ("*-b", false),
        ] {
            assert_eq!(Glob::new(pattern).matches(&address), expected, "{pattern}");
        }
    }

    #[test]
    fn consent_is_for_what_it_names_and_nothing_else() {
        let (files, logs) =
            (Address::new("us-east-1", "s3/bucket", "files"), Address::new("us-east-1", "s3/bucket", "logs"));
        let consent = Consent { delete_data: vec![Glob::new("*/files")] };
        assert_eq!((consent.policy(&files), consent.policy(&logs)), (DataPolicy::Delete, DataPolicy::Keep));
        assert_eq!(Consent::default().policy(&files), DataPolicy::Keep);
        assert_eq!(Consent::to_everything().policy(&logs), DataPolicy::Delete);
    }
}
