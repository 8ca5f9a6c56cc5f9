//! Engines: versions as they read back and the parameter group families.

use super::super::shelf::{clash, invalid};
use crate::call::ApiError;

/// The newest version of each.
const VERSIONS: [(&str, &str); 2] = [("valkey", "8.1.0"), ("redis", "7.1.0")];

/// The version that a request means; facts: "7.1" reads back "7.1.0".
///
/// # Errors
/// For an engine that replication groups do not have.
pub fn version(engine: &str, asked: Option<&str>) -> Result<String, ApiError> {
    let newest = VERSIONS.iter().find(|(name, _)| *name == engine).map(|(_, newest)| *newest);
    let newest = newest.ok_or_else(|| invalid(format!("Invalid engine: {engine}")))?;
    let asked = asked.unwrap_or(newest).replace(".x", ".2");
    if !asked.split('.').all(|part| part.parse::<u32>().is_ok()) {
        return Err(clash(format!("Cannot find version {asked} for {engine}")));
    }
    let missing = 3usize.saturating_sub(asked.split('.').count());
    Ok(format!("{asked}{}", ".0".repeat(missing)))
}

/// Whether `to` comes before `from`.
pub fn is_older(to: &str, from: &str) -> bool {
    let parts = |version: &str| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    parts(to) < parts(from)
}

/// `valkey8`, `redis7`, `redis6.x`.
pub fn family(engine: &str, version: &str) -> String {
    let major = version.split('.').next().unwrap_or_default();
    if engine == "redis" && major == "6" { "redis6.x".to_owned() } else { format!("{engine}{major}") }
}
