//! Faults on request: what a network, a busy service, a careless permission or bad luck does to a call.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::world::Seconds;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The request never arrives. On all calls of a region for a while: the region is dark.
    LostBefore,
    /// AWS does it; the answer never arrives.
    LostAfter,
    /// AWS does it; the connection is cut in the middle of the answer's body.
    CutAfter,
    /// AWS does it and says HTTP 500.
    ErrorAfter,
    /// AWS does nothing and says HTTP 503.
    Unavailable,
    /// Throttled: nothing is done.
    Throttled,
    /// The caller lacks the permission.
    Denied,
    /// A quota is exhausted: nothing is done.
    Quota,
    /// The caller's session token has expired: nothing is done.
    Expired,
    /// The request arrives, and nothing comes back; AWS does nothing, unless the call is released.
    HangBefore,
    /// AWS does it, and nothing comes back, unless the call is released.
    HangAfter,
    /// AWS does it, and what it makes stays as it is at first until the faults end.
    NeverReady,
    /// AWS does it, and what it makes fails while it is being made.
    FailsCreating,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::LostBefore,
        Self::LostAfter,
        Self::CutAfter,
        Self::ErrorAfter,
        Self::Unavailable,
        Self::Throttled,
        Self::Denied,
        Self::Quota,
        Self::Expired,
        Self::HangBefore,
        Self::HangAfter,
        Self::NeverReady,
        Self::FailsCreating,
    ];

    /// `lost-before`, as rules spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::LostBefore => "lost-before",
            Self::LostAfter => "lost-after",
            Self::CutAfter => "cut-after",
            Self::ErrorAfter => "error-after",
            Self::Unavailable => "unavailable",
            Self::Throttled => "throttled",
            Self::Denied => "denied",
            Self::Quota => "quota",
            Self::Expired => "expired",
            Self::HangBefore => "hang-before",
            Self::HangAfter => "hang-after",
            Self::NeverReady => "never-ready",
            Self::FailsCreating => "fails-creating",
        }
    }
}

/// Which of the calls that a rule is about it hits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// By their number.
    Calls {
        /// The first, from 1.
        first: u32,
        /// How many.
        count: u32,
    },
    /// By their time, in seconds of sandbox time since the rule was made.
    Span {
        /// The beginning.
        from: Seconds,
        /// How long.
        length: Seconds,
    },
}

/// One rule: this fault, on this operation, for some of its calls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultRule {
    /// `CreateNatGateway`, or `*`.
    pub action: String,
    /// A region, or `*`.
    pub region: String,
    /// What happens.
    pub fault: Fault,
    /// To which calls.
    pub when: When,
}

/// A text that is not a fault rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a fault; write ACTION[@REGION]:FAULT[:FIRST[:COUNT]], or ACTION[@REGION]:FAULT:FROMs[:LENGTHs] for a span of time in seconds, FAULT being {all}", all = Fault::ALL.map(Fault::name).join(", ")
)]
pub struct FaultRuleError(String);

impl FromStr for FaultRule {
    type Err = FaultRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| FaultRuleError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<FaultRule> {
    let mut parts = text.split(':');
    let target = parts.next().filter(|target| !target.is_empty())?;
    let (action, region) = target.split_once('@').unwrap_or((target, "*"));
    let name = parts.next()?;
    let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name)?;
    let when = match (parts.next(), parts.next(), parts.next()) {
        (Some(from), length, None) if from.ends_with('s') => {
            When::Span { from: seconds(from)?, length: length.map_or(Some(Seconds::INFINITY), seconds)? }
        }
        (first, count, None) => {
            let number = |text: Option<&str>| text.map_or(Some(1), |text| text.parse().ok());
            When::Calls { first: number(first)?, count: number(count)? }
        }
        _ => return None,
    };
    Some(FaultRule { action: action.into(), region: region.into(), fault, when })
}

/// `90s`
fn seconds(text: &str) -> Option<Seconds> {
    text.strip_suffix('s')?.parse::<Seconds>().ok().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}

impl std::fmt::Display for FaultRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { action, region, fault, when } = self;
        write!(f, "{action}@{region}:{}", fault.name())?;
        match when {
            When::Calls { first, count } => write!(f, ":{first}:{count}"),
            When::Span { from, length } if length.is_finite() => write!(f, ":{from}s:{length}s"),
            When::Span { from, .. } => write!(f, ":{from}s"),
        }
    }
}

/// All rules, with how often each has matched, and since when they hold.
#[derive(Debug, Default)]
pub struct Faults {
    rules: Vec<(FaultRule, u32)>,
    since: Seconds,
}

impl Faults {
    /// Starts with these rules, at this moment.
    pub fn new(rules: impl IntoIterator<Item = FaultRule>, since: Seconds) -> Self {
        Self { rules: rules.into_iter().map(|rule| (rule, 0)).collect(), since }
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
    pub fn strike(&mut self, action: &str, region: &str, now: Seconds) -> Option<Fault> {
        let age = now - self.since;
        let mut struck = None;
        for (rule, seen) in &mut self.rules {
            if matches_part(&rule.action, action) && matches_part(&rule.region, region) {
                *seen += 1;
                let hit = match rule.when {
                    When::Calls { first, count } => *seen >= first && *seen - first < count,
                    When::Span { from, length } => age >= from && age < from + length,
                };
                struck = struck.or(hit.then_some(rule.fault));
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

    fn rule(text: &str) -> FaultRule {
        text.parse().expect("a rule")
    }

    #[test]
    fn a_rule_hits_the_calls_it_names() {
        let mut faults = Faults::new([rule("CreateVpc@us-east-1:lost-after:2:2")], 0.0);
        let hits: Vec<_> = (0..4).map(|_| faults.strike("CreateVpc", "us-east-1", 0.0)).collect();
        assert_eq!(hits, [None, Some(Fault::LostAfter), Some(Fault::LostAfter), None]);
        assert_eq!(faults.strike("CreateVpc", "us-west-2", 0.0), None);
    }

    #[test]
    fn a_region_goes_dark_and_comes_back() {
        let mut faults = Faults::new([rule("*@us-east-1:lost-before:60s:30s")], 1000.0);
        let hits = [1059.0, 1060.0, 1089.0, 1090.0].map(|now| faults.strike("DescribeVpcs", "us-east-1", now));
        assert_eq!(hits, [None, Some(Fault::LostBefore), Some(Fault::LostBefore), None]);
        let mut faults = Faults::new([rule("*:expired:5s")], 0.0);
        assert_eq!(faults.strike("CreateVpc", "r", 1e9), Some(Fault::Expired), "without a length it never ends");
    }

    #[test]
    fn what_is_written_is_read_back() {
        for fault in Fault::ALL {
            for when in ["2:3", "1.5s:60s", "60s"] {
                let text = format!("CreateVpc@us-east-1:{}:{when}", fault.name());
                assert_eq!(rule(&text).to_string(), text);
            }
            assert_eq!(serde_json::json!(fault), fault.name(), "JSON and rules spell it alike");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let wrong = ["", "CreateVpc", "CreateVpc:sometimes", ":lost-after", "CreateVpc:lost-after:x"];
        let spans = ["*:lost-after:5s:5", "*:lost-after:-5s", "*:lost-after:5:5s", "*:lost-after:5s:5s:5s"];
        for wrong in wrong.iter().chain(&spans) {
            assert!(wrong.parse::<FaultRule>().is_err(), "{wrong}");
        }
    }
}
