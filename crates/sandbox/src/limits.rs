//! Published request limits, enforced: the token buckets of `config/limits.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::world::Seconds;

const TEXT: &str = include_str!("../../../config/limits.toml");

/// Capacity and refill per second of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
struct Budget {
    capacity: f64,
    refill: f64,
}

#[derive(Debug, Deserialize)]
struct Entry {
    actions: Vec<String>,
    #[serde(default)]
    together: bool,
    #[serde(flatten)]
    budget: Budget,
}

impl Entry {
    fn names(&self, action: &str) -> bool {
        let names = |pattern: &String| match pattern.strip_suffix('*') {
            Some(prefix) => action.starts_with(prefix),
            None => action == pattern,
        };
        self.actions.iter().any(names)
    }
}

#[derive(Debug, Deserialize)]
struct Service {
    name: String,
    per: String,
    buckets: Vec<Entry>,
}

/// The file, as far as the sandbox needs it.
#[derive(Debug, Deserialize)]
struct Table {
    other: Budget,
    #[serde(rename = "service")]
    services: Vec<Service>,
}

impl Table {
    /// A test proves that the file parses.
    fn built_in() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            let other = Budget { capacity: 100.0, refill: 20.0 };
            toml::from_str(TEXT).unwrap_or(Table { other, services: Vec::new() })
        });
        &TABLE
    }

    /// The buckets that a call takes from, by name: its action's own, and those that it shares.
    fn draws(&self, service: &str, action: &str) -> Vec<(String, Budget)> {
        let entries = self.services.iter().filter(|found| found.name == service).flat_map(|service| &service.buckets);
        let named: Vec<(usize, &Entry)> = entries.enumerate().filter(|(_, entry)| entry.names(action)).collect();
        let own = named.iter().find(|(_, entry)| !entry.together).map_or(self.other, |(_, entry)| entry.budget);
        let shared = named.iter().filter(|(_, entry)| entry.together);
        let shared = shared.map(|(index, entry)| (format!("together {index}"), entry.budget));
        std::iter::once((action.to_owned(), own)).chain(shared).collect()
    }

    fn is_per_account(&self, service: &str) -> bool {
        self.services.iter().any(|found| found.name == service && found.per == "account")
    }
}

/// Account, region (none for what is limited per account), service, bucket.
type Key = (String, String, String, String);

/// The buckets of everybody who calls.
#[derive(Debug, Default)]
pub struct Buckets {
    levels: BTreeMap<Key, (f64, Seconds)>,
}

impl Buckets {
    /// Takes one call out of all of its buckets; false, and nothing taken, when one of them is empty.
    pub fn admit(&mut self, account: &str, region: &str, service: &str, action: &str, now: Seconds) -> bool {
        let table = Table::built_in();
        let region = if table.is_per_account(service) { "" } else { region };
        let key = |bucket| (account.to_owned(), region.to_owned(), service.to_owned(), bucket);
        let draws = table.draws(service, action).into_iter().map(|(bucket, budget)| (key(bucket), budget));
        let draws: Vec<(Key, Budget)> = draws.collect();
        for (key, budget) in &draws {
            let (level, since) = self.levels.entry(key.clone()).or_insert((budget.capacity, now));
            *level = (*level + (now - *since).max(0.0) * budget.refill).min(budget.capacity);
            *since = now;
        }
        let admitted = draws.iter().all(|(key, _)| self.levels.get(key).is_some_and(|(level, _)| *level >= 1.0));
        if admitted {
            for (key, _) in &draws {
                self.levels.entry(key.clone()).and_modify(|(level, _)| *level -= 1.0);
            }
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_parses() {
        let table: Table = toml::from_str(TEXT).expect("config/limits.toml parses");
        assert!(table.services.iter().any(|service| service.name == "ec2"));
        assert!(table.services.iter().all(|service| matches!(service.per.as_str(), "region" | "account")));
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let mut buckets = Buckets::default();
        let mut admit = |now| buckets.admit("1", "r", "ec2", "CreateNatGateway", now);
        assert_eq!((0..12).filter(|_| admit(0.0)).count(), 10);
        assert!(!admit(0.5));
        assert!(admit(2.0));
    }

    #[test]
    fn actions_share_what_is_limited_together() {
        let mut buckets = Buckets::default();
        let mut admit = |region, action| buckets.admit("1", region, "elasticloadbalancing", action, 0.0);
        assert_eq!((0..30).filter(|_| admit("r", "DescribeRules")).count(), 30);
        assert_eq!((0..30).filter(|_| admit("r", "DescribeListeners")).count(), 10);
        assert!(admit("s", "DescribeListeners"), "another region has buckets of its own");
    }

    #[test]
    fn a_global_service_is_limited_per_account() {
        let mut buckets = Buckets::default();
        let mut admit = |account, region| buckets.admit(account, region, "route53", "GetHostedZone", 0.0);
        let admitted = (0..60).filter(|call| admit("1", if call % 2 == 0 { "r" } else { "s" })).count();
        assert_eq!(admitted, 50);
        assert!(admit("2", "r"));
    }
}
