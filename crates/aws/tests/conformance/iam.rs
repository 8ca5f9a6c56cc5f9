//! Stories of iam.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
