//! Stories of elbv2.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
