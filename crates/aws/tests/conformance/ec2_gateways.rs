//! Stories of ec2_gateways.

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &[];
