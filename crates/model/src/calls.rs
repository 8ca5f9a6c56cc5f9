//! What was asked of AWS.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// How often one operation was called in one region, and how that went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallCount {
    /// Service, as request signatures name it.
    pub service: String,
    /// Operation, as the service names it.
    pub operation: String,
    /// Region that the request was signed for; global services have one of their own.
    pub region: String,
    /// How often it was sent.
    pub calls: u64,
    /// How many of these were sent because an earlier one had failed.
    pub retries: u64,
    /// How many of these AWS refused because there were too many.
    pub throttles: u64,
    /// Time from sending to answer, all together; waiting for a turn is no part of it.
    #[serde(rename = "total_seconds", serialize_with = "seconds")]
    pub total: Duration,
    /// The longest of them.
    #[serde(rename = "longest_seconds", serialize_with = "seconds")]
    pub longest: Duration,
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}
