//! Stories of autoscaling.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
