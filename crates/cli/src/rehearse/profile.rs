//! What commands look like where nothing goes wrong: which calls they make, and how long they take.

use std::collections::BTreeMap;
use std::time::Duration;

use globe_sandbox::CallLog;

use super::survey::Census;
use super::trace::is_read;

/// One operation in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// `CreateVpc`
    pub action: String,
    /// Region.
    pub region: String,
    /// How often it is called.
    pub calls: u32,
}

/// One command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActProfile {
    /// Operations that change something.
    pub writes: Vec<Used>,
    /// Operations that read.
    pub reads: Vec<Used>,
    /// How long it takes.
    pub took: Duration,
}

impl ActProfile {
    /// Of a command that made these calls in this time.
    pub fn new(calls: &[CallLog], took: Duration) -> Self {
        let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for call in calls {
            *counts.entry((&call.action, &call.region)).or_default() += 1;
        }
        let used = |((action, region), calls): ((&str, &str), u32)| Used {
            action: action.to_owned(),
            region: region.to_owned(),
            calls,
        };
        let (reads, writes) = counts.into_iter().map(used).partition(|used| is_read(&used.action));
        Self { writes, reads, took }
    }
}

/// All commands, and what they leave in the account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// `up`, `diff`, `up` of the edited file, `down`.
    pub acts: [ActProfile; 4],
    /// After each.
    pub census: [Census; 4],
    /// Before anything.
    pub empty: Census,
}
