//! The port behind which AWS lies.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Address, CallError, Desired, Live, Patch, Scope};

/// The random token of one intent: a UUID without hyphens (32 characters), which fits every AWS token
/// (ACM's allows only `\w{1,32}`). Never a hash of inputs: AWS remembers tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// A fresh random token.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// A token read back from the journal, or chosen by a test.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The token's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a delete may destroy data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataPolicy {
    /// Refuse: the default.
    #[default]
    Keep,
    /// The user said `--delete-data`.
    Delete,
}

/// Data that goes with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// What would be lost, as in "is a table; its items would be lost".
    pub what: String,
    /// Scopes in which the resource of the same kind and name holds the same data: nothing is lost as long as one of
    /// them stays.
    pub elsewhere: BTreeSet<Scope>,
}

impl Risk {
    /// Data that is nowhere else.
    pub fn of(what: impl Into<String>) -> Self {
        Self { what: what.into(), elsewhere: BTreeSet::new() }
    }
}

/// A resource to look for: where names are deterministic, the name is in `desired`.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its address.
    pub address: Address,
    /// Its lowered form; may hold stand-ins where upstream does not exist.
    pub desired: Desired,
}

/// An AWS object that may be the resource at `address`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The address that its tags or name say.
    pub address: Address,
    /// Its AWS identity.
    pub id: String,
    /// The token of the intent that made it, if it carries one.
    pub nonce: Option<String>,
}

/// AWS, by addresses and ids. All reads go through one batcher; all errors are classed.
#[async_trait]
pub trait Cloud: Send + Sync {
    /// Reads one object; concurrent reads of one kind and scope share calls. `None` is "AWS says it is not there".
    async fn read(&self, address: &Address, id: &str) -> Result<Option<Live>, CallError>;
    /// Looks for this stack's objects of one kind in one scope, by owner tag or deterministic name.
    async fn discover(&self, kind: &str, scope: &Scope, wanted: &[Wanted]) -> Result<Vec<Candidate>, CallError>;
    /// Exactly one mutating call; returns the identity.
    async fn create(&self, address: &Address, desired: &Desired, token: &Token) -> Result<String, CallError>;
    /// Changes in place; may be repeated.
    async fn update(&self, address: &Address, id: &str, patch: &Patch) -> Result<(), CallError>;
    /// Starts deleting; deleting what is gone succeeds.
    async fn delete(&self, address: &Address, id: &str, data: DataPolicy) -> Result<(), CallError>;
    /// What data deleting this object would destroy, if it would.
    async fn data_at_risk(&self, address: &Address, id: &str) -> Result<Option<Risk>, CallError>;
}
