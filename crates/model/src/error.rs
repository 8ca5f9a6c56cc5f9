//! What a failed AWS call means, classed once.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What to do about a failed call. Decided in `aws/`, acted upon in `engine/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Too many requests: the call did nothing; slow down and repeat.
    Throttled,
    /// Something made a moment ago is not visible yet: repeat.
    NotYetConsistent,
    /// Another operation on the same object is under way: wait and repeat.
    Conflict,
    /// A dependent still exists: wait for it to go, then repeat.
    Dependency,
    /// The answer was lost (timeout, connection, HTTP 5xx): the call may have succeeded; find out, then repeat.
    Ambiguous,
    /// A service quota is exhausted: a person must raise it.
    Quota,
    /// The caller lacks a permission.
    Denied,
    /// AWS refuses the request as it is.
    Invalid,
    /// An object of this name exists already.
    AlreadyExists,
    /// The object is not there.
    Gone,
    /// It holds data and deleting data was not asked for.
    HoldsData,
    /// Anything else; not repeated.
    Broken,
}

impl ErrorClass {
    /// Whether the same call may succeed later without anybody's doing.
    pub fn heals(self) -> bool {
        matches!(self, Self::Throttled | Self::NotYetConsistent | Self::Conflict | Self::Dependency | Self::Ambiguous)
    }
}

/// A failed AWS call in AWS's own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct CallError {
    /// What it means.
    pub class: ErrorClass,
    /// `ec2:CreateSubnet`, as IAM spells it.
    pub operation: String,
    /// AWS's error code, such as `InvalidSubnet.Conflict`.
    pub code: Option<String>,
    /// AWS's message, unchanged.
    pub message: String,
    /// AWS's request id, for a support case.
    pub request_id: Option<String>,
}

impl CallError {
    /// An error of globe's own making about an AWS operation, for what no answer of AWS says.
    pub fn new(class: ErrorClass, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class, operation: operation.into(), code: None, message: message.into(), request_id: None }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        write!(f, "{}", self.message)?;
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}
