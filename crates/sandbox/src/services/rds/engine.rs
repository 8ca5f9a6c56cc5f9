//! Engines: ports, parameter group families, and which full version a short one means.

use serde_json::Value;

use super::super::shelf::{clash, invalid};
use crate::call::ApiError;

/// The newest full version of each major version, newest major version first.
const VERSIONS: &[(&str, &[&str])] = &[
    ("postgres", &["17.6", "16.10", "15.14", "14.19", "13.22", "18.1"]),
    ("mysql", &["8.0.43", "8.4.6", "5.7.44"]),
    ("mariadb", &["11.4.8", "11.8.3", "10.11.14", "10.6.23", "10.5.29"]),
];

/// How many parts of a version name the major version: one for PostgreSQL, two for the others.
fn major_parts(engine: &str) -> usize {
    if engine == "postgres" { 1 } else { 2 }
}

/// The major version: `16` of `16.3`, `8.0` of `8.0.43`.
pub fn major(engine: &str, version: &str) -> String {
    version.split('.').take(major_parts(engine)).collect::<Vec<_>>().join(".")
}

/// The full version that a request means: "16" reads back as "16.x", none as the default.
///
/// # Errors
/// For an engine that RDS does not have, or a major version that it does not.
pub fn version(engine: &str, asked: Option<&str>) -> Result<String, ApiError> {
    let known = VERSIONS.iter().find(|(name, _)| *name == engine);
    let Some((_, known)) = known else {
        return match OTHERS.contains(&engine) {
            true => Ok(asked.unwrap_or("1").to_owned()),
            false => Err(invalid(format!("Invalid DB engine: {engine}"))),
        };
    };
    let unknown = |asked: &str| clash(format!("Cannot find version {asked} for {engine}"));
    let Some(asked) = asked else { return known.first().map(ToString::to_string).ok_or_else(|| unknown("")) };
    let newest = known.iter().find(|full| major(engine, full) == major(engine, asked)).ok_or_else(|| unknown(asked))?;
    let is_full = asked.split('.').count() > major_parts(engine);
    Ok(if is_full { asked.to_owned() } else { (*newest).to_owned() })
}

/// The engines of RDS whose versions the sandbox does not know (RDS API Reference, `CreateDBInstance`).
const OTHERS: [&str; 20] = [
    "aurora-mysql",
    "aurora-postgresql",
    "custom-oracle-ee",
    "custom-oracle-ee-cdb",
    "custom-oracle-se2",
    "custom-oracle-se2-cdb",
    "custom-sqlserver-ee",
    "custom-sqlserver-se",
    "custom-sqlserver-web",
    "custom-sqlserver-dev",
    "db2-ae",
    "db2-se",
    "oracle-ee",
    "oracle-ee-cdb",
    "oracle-se2",
    "oracle-se2-cdb",
    "sqlserver-ee",
    "sqlserver-se",
    "sqlserver-ex",
    "sqlserver-web",
];

/// Whether `to` comes before `from`.
pub fn is_older(to: &str, from: &str) -> bool {
    let parts = |version: &str| version.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    parts(to) < parts(from)
}

/// Default port.
pub fn port(engine: &str) -> i64 {
    match engine.split('-').next() {
        Some("postgres") => 5432,
        Some("oracle") => 1521,
        Some("sqlserver") => 1433,
        Some("db2") => 50000,
        _ => 3306,
    }
}

/// `postgres16`.
pub fn family(engine: &str, version: &str) -> String {
    format!("{engine}{}", major(engine, version))
}

/// Licence model of an engine.
pub fn license(engine: &str) -> &'static str {
    match engine.split('-').next() {
        Some("postgres") => "postgresql-license",
        Some("mysql" | "mariadb") => "general-public-license",
        Some("sqlserver") => "license-included",
        _ => "bring-your-own-license",
    }
}

/// Refuses a password that the engine does not take: 8 to 128 characters (PostgreSQL) or 41, none of `/`, `"`, `@`.
///
/// # Errors
/// When it is too short, too long or has one of those.
pub fn check_password(engine: &str, password: &str) -> Result<(), ApiError> {
    let longest = if engine == "postgres" { 128 } else { 41 };
    if !(8..=longest).contains(&password.len()) {
        let message = format!("The parameter MasterUserPassword is not a valid password: 8 to {longest} characters.");
        return Err(invalid(message));
    }
    let forbidden = password.chars().any(|one| matches!(one, '/' | '@' | '"' | ' ') || !one.is_ascii_graphic());
    match forbidden {
        true => Err(invalid(
            "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', \
             '@', '\"', ' ' may be used.",
        )),
        false => Ok(()),
    }
}

/// A whole number, as text or as a number.
pub fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
