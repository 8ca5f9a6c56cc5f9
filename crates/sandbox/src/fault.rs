//! Faults on request: what a network, a busy service or a careless permission does to a call.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The request never arrives.
    LostBefore,
    /// AWS does it; the answer never arrives.
    LostAfter,
    /// AWS does it and says HTTP 500.
    ErrorAfter,
    /// AWS does nothing and says HTTP 503.
    Unavailable,
    /// Throttled: nothing is done.
    Throttled,
    /// The caller lacks the permission.
    Denied,
    /// The request arrives, and nothing comes back; AWS does nothing, unless the call is released.
    HangBefore,
    /// AWS does it, and nothing comes back, unless the call is released.
    HangAfter,
}

/// One rule: this fault, on this operation, for some of its calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// `CreateNatGateway`, or `*`.
    pub action: String,
    /// A region, or `*`.
    pub region: String,
    /// The first call that it hits, from 1.
    pub first: u32,
    /// How many calls it hits.
    pub count: u32,
    /// What happens.
    pub fault: Fault,
}

/// A text that is not a fault rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a fault; write ACTION[@REGION]:FAULT[:FIRST[:COUNT]], FAULT being lost-before, lost-after, error-after, unavailable, throttled, denied, hang-before or hang-after"
)]
pub struct FaultRuleError(String);

impl FromStr for FaultRule {
    type Err = FaultRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || FaultRuleError(text.to_owned());
        let mut parts = text.split(':');
        let target = parts.next().filter(|target| !target.is_empty()).ok_or_else(wrong)?;
        let (action, region) = target.split_once('@').unwrap_or((target, "*"));
        let fault = parts.next().ok_or_else(wrong)?;
        let fault = serde_json::from_value(fault.into()).map_err(|_| wrong())?;
        let mut number = |default: u32| parts.next().map_or(Ok(default), |text| text.parse().map_err(|_| wrong()));
        Ok(Self { action: action.into(), region: region.into(), first: number(1)?, count: number(1)?, fault })
    }
}

/// All rules, with how often each has matched.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<(FaultRule, u32)>,
}

impl Faults {
    /// Starts with these rules.
    pub fn new(rules: impl IntoIterator<Item = FaultRule>) -> Self {
        Self { rules: rules.into_iter().map(|rule| (rule, 0)).collect() }
    }

    /// One rule more, which counts calls from now on.
    pub fn add(&mut self, rule: FaultRule) {
        self.rules.push((rule, 0));
    }

    /// From now on nothing goes wrong.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// Counts this call and says what goes wrong with it.
    pub fn strike(&mut self, action: &str, region: &str) -> Option<Fault> {
        let mut struck = None;
        for (rule, seen) in &mut self.rules {
            if matches_part(&rule.action, action) && matches_part(&rule.region, region) {
                *seen += 1;
                if *seen >= rule.first && *seen - rule.first < rule.count {
                    struck = struck.or(Some(rule.fault));
                }
            }
        }
        struck
    }
}

fn matches_part(rule: &str, value: &str) -> bool {
    rule == "*" || rule.eq_ignore_ascii_case(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_hits_the_calls_it_names() {
        let rule: FaultRule = "CreateVpc@us-east-1:lost-after:2:2".parse().expect("a rule");
        let mut faults = Faults::new([rule]);
        let hits: Vec<_> = (0..4).map(|_| faults.strike("CreateVpc", "us-east-1")).collect();
        assert_eq!(hits, [None, Some(Fault::LostAfter), Some(Fault::LostAfter), None]);
        assert_eq!(faults.strike("CreateVpc", "us-west-2"), None);
    }

    #[test]
    fn nonsense_is_refused() {
        for wrong in ["", "CreateVpc", "CreateVpc:sometimes", ":lost-after", "CreateVpc:lost-after:x"] {
            assert!(wrong.parse::<FaultRule>().is_err(), "{wrong}");
        }
    }
}
