//! Stories of dynamodb.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
