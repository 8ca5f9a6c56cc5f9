//! A whole file, read and checked.

use std::collections::BTreeMap;

use globe_model::{Region, Tags};
use indexmap::IndexMap;
use ipnet::Ipv4Net;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Bucket, Certificate, LoadBalancer, Moved, Network, Record, Service, Table, Zone};

/// One region of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RegionConfig {
    /// The address range of its networks, from /16 to /28; ranges of two regions never overlap.
    #[schemars(with = "String", regex(pattern = "^[0-9]{1,3}(\\.[0-9]{1,3}){3}/(1[6-9]|2[0-8])$"))]
    pub cidr: Ipv4Net,
    /// The body of law it is under, such as `eu`: a word of your own, to select regions with.
    #[schemars(regex(pattern = "^[a-z][a-z0-9-]*$"))]
    pub jurisdiction: Option<String>,
}

/// One component as it is in each region, with the overrides applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Regional<T>(BTreeMap<Region, T>);

impl<T> Default for Regional<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T> Regional<T> {
    /// The component in one region.
    pub fn get(&self, region: &Region) -> Option<&T> {
        self.0.get(region)
    }

    /// The component in every region, by the region's name.
    pub fn iter(&self) -> impl Iterator<Item = (&Region, &T)> {
        self.0.iter()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.values_mut()
    }

    pub(crate) fn insert(&mut self, region: Region, value: T) {
        self.0.insert(region, value);
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&Region) -> bool) {
        self.0.retain(|region, _| keep(region));
    }
}

/// Everything that one file describes. Maps keep the order of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stack {
    /// Prefixes every name and tags every resource.
    pub name: String,
    /// The twelve digits of the AWS account.
    pub account: String,
    /// The region that holds the writers.
    pub primary: Region,
    /// The user's tags, on every taggable resource.
    pub tags: Tags,
    /// The regions.
    pub regions: IndexMap<Region, RegionConfig>,
    /// VPCs, per region.
    pub networks: IndexMap<String, Regional<Network>>,
    /// Load balancers, per region.
    pub load_balancers: IndexMap<String, Regional<LoadBalancer>>,
    /// Services, per region.
    pub services: IndexMap<String, Regional<Service>>,
    /// Buckets, per region.
    pub buckets: IndexMap<String, Regional<Bucket>>,
    /// DynamoDB tables.
    pub tables: IndexMap<String, Table>,
    /// Hosted zones.
    pub zones: IndexMap<String, Zone>,
    /// Certificates.
    pub certificates: IndexMap<String, Certificate>,
    /// DNS records.
    pub records: IndexMap<String, Record>,
    /// What stands under another name now.
    pub moved: Vec<Moved>,
    /// `protect` of the components whose block says it, by their full names (`bucket.files`).
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub protect: IndexMap<String, bool>,
}

impl Stack {
    /// The region that answers where one must: the primary, or the first of those in use where the primary is none of them.
    pub fn home(&self) -> &Region {
        let home = self.regions.keys().find(|region| **region == self.primary).or_else(|| self.regions.keys().next());
        home.unwrap_or(&self.primary)
    }

    /// All regions but the primary, in the order of the file.
    pub fn secondaries(&self) -> impl Iterator<Item = &Region> {
        self.regions.keys().filter(|region| **region != self.primary)
    }

    /// The network of this name in a region, with its overrides applied.
    pub fn network(&self, name: &str, region: &Region) -> Option<&Network> {
        self.networks.get(name)?.get(region)
    }

    /// The load balancer of this name in a region, with its overrides applied.
    pub fn load_balancer(&self, name: &str, region: &Region) -> Option<&LoadBalancer> {
        self.load_balancers.get(name)?.get(region)
    }

    /// The service of this name in a region, with its overrides applied.
    pub fn service(&self, name: &str, region: &Region) -> Option<&Service> {
        self.services.get(name)?.get(region)
    }

    /// The bucket of this name in a region, with its overrides applied.
    pub fn bucket(&self, name: &str, region: &Region) -> Option<&Bucket> {
        self.buckets.get(name)?.get(region)
    }

    /// The whole domain name of a record, without the last dot.
    pub fn full_name(&self, record: &Record) -> Option<String> {
        Some(record.full_name(&self.zones.get(&record.zone)?.domain))
    }
}
