//! `config/limits.toml`: AWS's request-rate budgets as data.

use std::sync::LazyLock;

use serde::Deserialize;

/// The one file; the sandbox enforces the same.
const TEXT: &str = include_str!("../../../../config/limits.toml");

/// Capacity and refill of one token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Budget {
    /// Calls that may come at once.
    pub capacity: f64,
    /// Calls per second after that.
    pub refill: f64,
}

/// Whether a service limits each region by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// Buckets of its own in every region.
    Region,
    /// One set of buckets for all regions.
    Account,
}

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// AWS's documentation.
    Published,
    /// Others, on AWS.
    Measured,
    /// Neither.
    Assumed,
}

/// A bucket that a call takes a token from.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// Its name within the service.
    pub bucket: String,
    /// Its figures.
    pub budget: Budget,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    actions: Vec<String>,
    #[serde(default)]
    together: bool,
    capacity: f64,
    refill: f64,
    #[serde(rename = "basis")]
    _basis: Option<Basis>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    name: String,
    per: Per,
    #[serde(rename = "basis")]
    _basis: Basis,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "as_of")]
    _as_of: String,
    buckets: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Other {
    #[serde(rename = "basis")]
    _basis: Basis,
    capacity: f64,
    refill: f64,
}

/// All budgets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    other: Other,
    #[serde(rename = "service")]
    services: Vec<Service>,
}

impl Table {
    /// The table that globe is built with. A test proves that it parses: what would be left of a damaged one is figures
    /// that hold back nobody, and AWS's own throttling.
    pub fn built_in() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            let none = Other { _basis: Basis::Assumed, capacity: 100.0, refill: 20.0 };
            toml::from_str(TEXT).unwrap_or(Table { other: none, services: Vec::new() })
        });
        &TABLE
    }

    /// Names of the services that it has figures for.
    #[cfg(test)]
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.services.iter().map(|service| service.name.as_str())
    }

    fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// Whether `service` limits each region by itself.
    pub fn per(&self, service: &str) -> Per {
        self.service(service).map_or(Per::Region, |service| service.per)
    }

    /// The buckets that one call takes a token from: the action's own first, then those it shares.
    pub fn draws(&self, service: &str, action: &str) -> Vec<Draw> {
        let Some(service) = self.service(service) else {
            return vec![self.other(action)];
        };
        let entries = || service.buckets.iter().enumerate().filter(|(_, entry)| entry.names(action));
        let own = entries().find(|(_, entry)| !entry.together);
        let own = own.map_or_else(|| self.other(action), |(_, entry)| entry.draw(action.to_owned()));
        let shared = entries().filter(|(_, entry)| entry.together);
        std::iter::once(own).chain(shared.map(|(index, entry)| entry.draw(format!("together {index}")))).collect()
    }

    fn other(&self, action: &str) -> Draw {
        let budget = Budget { capacity: self.other.capacity, refill: self.other.refill };
        Draw { bucket: action.to_owned(), budget }
    }

    /// The most calls that any bucket of `service` lets through at once.
    pub fn burst(&self, service: &str) -> f64 {
        let capacities = self.service(service).map(|service| service.buckets.iter().map(|entry| entry.capacity));
        capacities.into_iter().flatten().reduce(f64::max).unwrap_or(self.other.capacity)
    }
}

impl Entry {
    fn names(&self, action: &str) -> bool {
        self.actions.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => action.starts_with(prefix),
            None => action == pattern,
        })
    }

    fn draw(&self, bucket: String) -> Draw {
        Draw { bucket, budget: Budget { capacity: self.capacity, refill: self.refill } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(service: &str, action: &str) -> (f64, f64) {
        let own = Table::built_in().draws(service, action).remove(0).budget;
        (own.capacity, own.refill)
    }

    #[test]
    fn the_file_is_sound() {
        let table: Table = toml::from_str(TEXT).expect("config/limits.toml parses");
        let mut names: Vec<&str> = table.services.iter().map(|service| service.name.as_str()).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a service is there twice");
        for service in &table.services {
            for entry in &service.buckets {
                assert!(entry.capacity >= 1.0 && entry.refill > 0.0, "{}: {entry:?}", service.name);
                assert!(!entry.actions.is_empty(), "{}: {entry:?}", service.name);
            }
            let last = service.buckets.last().expect("a service has buckets");
            assert!(last.actions == ["*"] && !last.together, "the last bucket of {} names the rest", service.name);
            assert!(service._as_of.len() == 7 && service._as_of.starts_with("20"), "{}", service.name);
            assert!(!service._source.is_empty(), "{}", service.name);
        }
    }

    #[test]
    fn the_first_entry_that_names_an_action_holds() {
        assert_eq!(budget("ec2", "CreateNatGateway"), (10.0, 1.0));
        assert_eq!(budget("ec2", "CreateVpc"), (50.0, 5.0));
        assert_eq!(budget("ec2", "DescribeVpcs"), (100.0, 20.0));
        assert_eq!(budget("elasticloadbalancing", "CreateLoadBalancer"), (10.0, 0.2));
        assert_eq!(budget("some-new-service", "CreateThing"), (100.0, 20.0));
        assert_eq!((Table::built_in().per("route53"), Table::built_in().per("ec2")), (Per::Account, Per::Region));
    }

    #[test]
    fn shared_buckets_come_beside_the_actions_own() {
        let draws = Table::built_in().draws("elasticloadbalancing", "SetSubnets");
        let figures: Vec<_> = draws.iter().map(|draw| (draw.budget.capacity, draw.budget.refill)).collect();
        assert_eq!(figures, [(10.0, 0.2), (40.0, 10.0)]);
        let other = Table::built_in().draws("elasticloadbalancing", "DescribeRules");
        assert_eq!(draws[1].bucket, other[1].bucket, "it is the same bucket for all actions");
        assert_ne!(draws[0].bucket, other[0].bucket);
    }
}
