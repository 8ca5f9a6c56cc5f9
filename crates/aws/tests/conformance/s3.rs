//! Stories of s3.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
