//! Stories of acm.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
