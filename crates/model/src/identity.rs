//! What a state belongs to: an account, a world, and the identity that marks every object made from it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The random identity of a stack's state: 32 hexadecimal digits. Every object that globe makes bears it, so that two
/// stacks of one name are told apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerId(String);

impl OwnerId {
    /// A fresh one.
    #[must_use]
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().simple().to_string())
    }

    /// One that was read from the journal or from a tag.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the objects of a state live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum World {
    /// AWS, or what answers in its place over the network.
    Real,
    /// The AWS inside the process.
    Sandbox,
}

impl World {
    /// Its name in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Sandbox => "sandbox",
        }
    }

    /// The world of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Real, Self::Sandbox].into_iter().find(|world| world.as_str() == name)
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Real => "the real AWS",
            Self::Sandbox => "the sandbox",
        })
    }
}

/// What a stack's state belongs to, for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The AWS account.
    pub account: String,
    /// The world.
    pub world: World,
    /// The mark of its objects.
    pub owner: OwnerId,
}

/// What a command takes a state to belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the stack.
    pub stack: String,
    /// The AWS account of the file.
    pub account: String,
    /// The world that the command works in.
    pub world: World,
    /// The owner that objects found in AWS bear already, if the state is being recovered from them.
    pub owner: Option<OwnerId>,
}
