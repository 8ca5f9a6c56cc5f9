//! Stories of ec2_access.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
