//! Stories of route53.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
