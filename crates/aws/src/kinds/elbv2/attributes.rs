//! Attributes: texts by key on AWS, typed here. None is an input of a create; keys that globe does not manage are left
//! alone, since AWS keeps adding some.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{LoadBalancerAttribute, TargetGroupAttribute};
use globe_model::Changes;
use serde::{Deserialize, Serialize};

const PROTECTION: &str = "deletion_protection.enabled";
const IDLE: &str = "idle_timeout.timeout_seconds";
const DROP_INVALID: &str = "routing.http.drop_invalid_header_fields.enabled";
const DEREGISTRATION: &str = "deregistration_delay.timeout_seconds";

/// The attributes of a load balancer that globe manages; the default is AWS's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadBalancerAttributes {
    /// Whether deleting is refused.
    pub deletion_protection: bool,
    /// Seconds without traffic after which a connection is closed, 1 to 4000.
    pub idle_timeout: u32,
    /// Whether header fields that are not valid are dropped instead of passed on.
    pub drop_invalid_headers: bool,
}

impl Default for LoadBalancerAttributes {
    fn default() -> Self {
        Self { deletion_protection: false, idle_timeout: 60, drop_invalid_headers: false }
    }
}

impl LoadBalancerAttributes {
    /// What AWS says; what it does not say has its default.
    pub fn from_live(live: Vec<LoadBalancerAttribute>) -> Self {
        let live: BTreeMap<_, _> = live.into_iter().filter_map(|one| Some((one.key?, one.value?))).collect();
        let default = Self::default();
        Self {
            deletion_protection: parsed(&live, PROTECTION, default.deletion_protection),
            idle_timeout: parsed(&live, IDLE, default.idle_timeout),
            drop_invalid_headers: parsed(&live, DROP_INVALID, default.drop_invalid_headers),
        }
    }

    /// The same, with deleting allowed.
    pub fn unprotected() -> BTreeMap<String, String> {
        BTreeMap::from([(PROTECTION.to_owned(), false.to_string())])
    }

    /// The keys and values that make `live` into `self`.
    pub fn over(&self, live: &Self) -> BTreeMap<String, String> {
        let had = live.texts();
        self.texts().into_iter().filter(|(key, value)| had.get(key) != Some(value)).collect()
    }

    /// Adds the fields that differ.
    pub fn compare(&self, live: &Self, found: Changes) -> Changes {
        found
            .field("deletion_protection", &live.deletion_protection, &self.deletion_protection)
            .field("idle_timeout", &live.idle_timeout, &self.idle_timeout)
            .field("drop_invalid_headers", &live.drop_invalid_headers, &self.drop_invalid_headers)
    }

    fn texts(&self) -> BTreeMap<String, String> {
        let texts = [
            (PROTECTION, self.deletion_protection.to_string()),
            (IDLE, self.idle_timeout.to_string()),
            (DROP_INVALID, self.drop_invalid_headers.to_string()),
        ];
        texts.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// The attributes of a target group that globe manages; the default is AWS's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetGroupAttributes {
    /// Seconds that a target has for finishing requests after it was taken out, 0 to 3600.
    pub deregistration_delay: u32,
}

impl Default for TargetGroupAttributes {
    fn default() -> Self {
        Self { deregistration_delay: 300 }
    }
}

impl TargetGroupAttributes {
    /// What AWS says; what it does not say has its default.
    pub fn from_live(live: Vec<TargetGroupAttribute>) -> Self {
        let live: BTreeMap<_, _> = live.into_iter().filter_map(|one| Some((one.key?, one.value?))).collect();
        Self { deregistration_delay: parsed(&live, DEREGISTRATION, Self::default().deregistration_delay) }
    }

    /// The keys and values that make `live` into `self`.
    pub fn over(&self, live: &Self) -> BTreeMap<String, String> {
        let differs = self != live;
        let delay = differs.then(|| (DEREGISTRATION.to_owned(), self.deregistration_delay.to_string()));
        delay.into_iter().collect()
    }
}

fn parsed<T: std::str::FromStr>(live: &BTreeMap<String, String>, key: &str, default: T) -> T {
    live.get(key).and_then(|value| value.parse().ok()).unwrap_or(default)
}
