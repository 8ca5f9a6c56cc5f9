//! A record set as globe wants it, and as the SDK says it.

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_route53::types::{
    AliasTarget, GeoLocation, ResourceRecord, ResourceRecordSet, ResourceRecordSetFailover, ResourceRecordSetRegion,
    RrType,
};
use globe_model::{CallError, ErrorClass};
use serde::{Deserialize, Serialize};

use super::names::{plain, target};

/// What makes a record other than simple.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routed {
    /// Tells the sets of one name and type apart; 1 to 128 characters.
    pub set_identifier: String,
    /// Which of them answers.
    pub policy: Policy,
}

/// Which of several sets answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// A share of the answers: weight by sum of weights.
    Weighted {
        /// 0 (never) to 255.
        weight: u8,
    },
    /// The region with the lowest latency to the client.
    Latency {
        /// Where this set's target is.
        region: String,
    },
    /// The primary while it is healthy.
    Failover(FailoverRole),
    /// Where the client is.
    Geolocation(Place),
    /// A policy that globe does not make; its record is someone else's work.
    Other(String),
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailoverRole {
    /// Answers while it is healthy, and when both are not.
    Primary,
    /// Answers while the primary is not healthy.
    Secondary,
}

/// Where a client is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// `AF`, `AN`, `AS`, `EU`, `OC`, `NA` or `SA`.
    Continent(String),
    /// Two letters, ISO 3166-1.
    Country(String),
    /// A part of a country: `CA` of `US`.
    Subdivision {
        /// `US` or `UA`.
        country: String,
        /// The part's code without the country.
        part: String,
    },
    /// Everywhere else. Without it such clients get no answer.
    Default,
}

/// What a record answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordValue {
    /// The addresses of another AWS object.
    Alias {
        /// Its DNS name, in plain spelling.
        dns_name: String,
        /// The hosted zone of its service.
        zone_id: String,
        /// Whether an unhealthy target takes this set out of the answers.
        evaluate_target_health: bool,
    },
    /// These.
    Values {
        /// Seconds for which resolvers keep them.
        ttl: u32,
        /// Without order.
        values: BTreeSet<String>,
    },
}

/// One record set: both what AWS is told and what AWS says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSet {
    /// `Z...`
    pub zone_id: String,
    /// Whole name in plain spelling: `www.example.com`, `*.example.com`.
    pub name: String,
    /// `A`, `AAAA`, `CNAME`, ...
    pub record_type: String,
    /// `None` for a simple record.
    pub routed: Option<Routed>,
    /// The answer.
    pub value: RecordValue,
    /// Takes this set out of the answers while it is unhealthy.
    pub health_check_id: Option<String>,
}

/// What a record is called: there is no id of AWS's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordId {
    /// `Z...`
    pub zone_id: String,
    /// Name in plain spelling.
    pub name: String,
    /// Type.
    pub record_type: String,
    /// Set identifier; empty for a simple record.
    pub set_identifier: String,
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}|{}", self.zone_id, self.name, self.record_type, self.set_identifier)
    }
}

impl RecordId {
    /// Reads `ZONE|name|type|setid`. `None` for a text that is no such id.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '|').map(str::to_owned);
        Some(Self {
            zone_id: parts.next()?,
            name: parts.next()?,
            record_type: parts.next()?,
            set_identifier: parts.next()?,
        })
    }

    /// The id of a set that AWS lists in a zone.
    pub fn of(zone_id: &str, set: &ResourceRecordSet) -> Self {
        Self {
            zone_id: zone_id.to_owned(),
            name: plain(&set.name),
            record_type: set.r#type.as_str().to_owned(),
            set_identifier: set.set_identifier.clone().unwrap_or_default(),
        }
    }
}

impl RecordSet {
    /// Its id.
    pub fn id(&self) -> RecordId {
        RecordId {
            zone_id: self.zone_id.clone(),
            name: self.name.clone(),
            record_type: self.record_type.clone(),
            set_identifier: self.routed.as_ref().map(|routed| routed.set_identifier.clone()).unwrap_or_default(),
        }
    }

    /// The weight, if its policy has one.
    pub fn weight(&self) -> Option<u8> {
        match self.routed.as_ref()?.policy {
            Policy::Weighted { weight } => Some(weight),
            _ => None,
        }
    }

    /// The routing without the weight: what cannot be changed in place.
    pub fn fixed_routing(&self) -> Option<Routed> {
        let mut routed = self.routed.clone();
        if let Some(Routed { policy: Policy::Weighted { weight }, .. }) = &mut routed {
            *weight = 0;
        }
        routed
    }

    /// The answer in the spelling in which it is compared: trailing dots of host names do not count.
    pub fn compared_value(&self) -> RecordValue {
        let host_names = matches!(self.record_type.as_str(), "CNAME" | "NS" | "PTR");
        match &self.value {
            RecordValue::Values { ttl, values } if host_names => {
                RecordValue::Values { ttl: *ttl, values: values.iter().map(|value| plain(value)).collect() }
            }
            other => other.clone(),
        }
    }

    /// What a set says that AWS lists.
    pub fn from_live(zone_id: &str, set: ResourceRecordSet) -> Self {
        let id = RecordId::of(zone_id, &set);
        let routed = policy(&set).map(|policy| Routed { set_identifier: id.set_identifier, policy });
        let value = match set.alias_target {
            Some(alias) => RecordValue::Alias {
                dns_name: target(&alias.dns_name),
                zone_id: alias.hosted_zone_id,
                evaluate_target_health: alias.evaluate_target_health,
            },
            None => RecordValue::Values {
                ttl: set.ttl.and_then(|ttl| ttl.try_into().ok()).unwrap_or_default(),
                values: set.resource_records.unwrap_or_default().into_iter().map(|record| record.value).collect(),
            },
        };
        Self {
            zone_id: id.zone_id,
            name: id.name,
            record_type: id.record_type,
            routed,
            value,
            health_check_id: set.health_check_id,
        }
    }

    /// What AWS is told.
    ///
    /// # Errors
    /// When the SDK finds it incomplete, which would be an error of globe's.
    pub fn to_sdk(&self) -> Result<ResourceRecordSet, CallError> {
        let broken = |error: aws_smithy_types::error::operation::BuildError| {
            CallError::new(ErrorClass::Broken, "route53:ChangeResourceRecordSets", error.to_string())
        };
        let set = ResourceRecordSet::builder().name(&self.name).r#type(RrType::from(self.record_type.as_str()));
        let set = set.set_health_check_id(self.health_check_id.clone());
        let set = match &self.value {
            RecordValue::Alias { dns_name, zone_id, evaluate_target_health } => {
                let alias = AliasTarget::builder().dns_name(dns_name).hosted_zone_id(zone_id);
                set.alias_target(alias.evaluate_target_health(*evaluate_target_health).build().map_err(broken)?)
            }
            RecordValue::Values { ttl, values } => {
                let records = values.iter().map(|value| ResourceRecord::builder().value(value).build());
                let records = records.collect::<Result<Vec<_>, _>>().map_err(broken)?;
                set.ttl(i64::from(*ttl)).set_resource_records(Some(records))
            }
        };
        let mut set = set.build().map_err(broken)?;
        if let Some(routed) = &self.routed {
            set.set_identifier = Some(routed.set_identifier.clone());
            route(&mut set, &routed.policy);
        }
        Ok(set)
    }
}

fn route(set: &mut ResourceRecordSet, policy: &Policy) {
    match policy {
        Policy::Weighted { weight } => set.weight = Some(i64::from(*weight)),
        Policy::Latency { region } => set.region = Some(ResourceRecordSetRegion::from(region.as_str())),
        Policy::Failover(FailoverRole::Primary) => set.failover = Some(ResourceRecordSetFailover::Primary),
        Policy::Failover(FailoverRole::Secondary) => set.failover = Some(ResourceRecordSetFailover::Secondary),
        Policy::Geolocation(place) => {
            let geo = GeoLocation::builder();
            set.geo_location = Some(match place {
                Place::Continent(code) => geo.continent_code(code).build(),
                Place::Country(code) => geo.country_code(code).build(),
                Place::Subdivision { country, part } => geo.country_code(country).subdivision_code(part).build(),
                Place::Default => geo.country_code("*").build(),
            });
        }
        // AWS refuses a set identifier without a policy: an `Other` cannot be wanted by mistake.
        Policy::Other(_) => {}
    }
}

fn policy(set: &ResourceRecordSet) -> Option<Policy> {
    if let Some(weight) = set.weight {
        return Some(Policy::Weighted { weight: weight.try_into().unwrap_or(u8::MAX) });
    }
    if let Some(region) = &set.region {
        return Some(Policy::Latency { region: region.as_str().to_owned() });
    }
    if let Some(role) = &set.failover {
        let primary = *role == ResourceRecordSetFailover::Primary;
        return Some(Policy::Failover(if primary { FailoverRole::Primary } else { FailoverRole::Secondary }));
    }
    if let Some(geo) = &set.geo_location {
        return Some(geolocation(geo));
    }
    set.set_identifier.as_ref().map(|_| Policy::Other("multivalue, geoproximity or IP-based".to_owned()))
}

fn geolocation(geo: &GeoLocation) -> Policy {
    match (&geo.continent_code, geo.country_code.as_deref(), &geo.subdivision_code) {
        (Some(continent), _, _) => Policy::Geolocation(Place::Continent(continent.clone())),
        (None, Some("*"), _) => Policy::Geolocation(Place::Default),
        (None, Some(country), None) => Policy::Geolocation(Place::Country(country.to_owned())),
        (None, Some(country), Some(part)) => {
            Policy::Geolocation(Place::Subdivision { country: country.to_owned(), part: part.to_owned() })
        }
        _ => Policy::Other("geolocation of a subdivision".to_owned()),
    }
}

/// Name and type of the sets that keep a zone from being deleted: all but the NS and SOA of its apex, which is the
/// name that the SOA has.
pub fn not_the_zones_own(sets: &[ResourceRecordSet]) -> Vec<String> {
    let apex = sets.iter().find(|set| set.r#type == RrType::Soa).map(|set| set.name.as_str());
    let own =
        |set: &&ResourceRecordSet| Some(set.name.as_str()) == apex && matches!(set.r#type, RrType::Ns | RrType::Soa);
    let left = sets.iter().filter(|set| !own(set));
    left.map(|set| format!("{} {}", plain(&set.name), set.r#type.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alias(policy: Policy) -> RecordSet {
        RecordSet {
            zone_id: "Z1".into(),
            name: "*.example.com".into(),
            record_type: "A".into(),
            routed: Some(Routed { set_identifier: "a|b".into(), policy }),
            value: RecordValue::Alias {
                dns_name: "web.elb.amazonaws.com".into(),
                zone_id: "Z2".into(),
                evaluate_target_health: true,
            },
            health_check_id: Some("h".into()),
        }
    }

    #[test]
    fn every_policy_survives_the_way_to_aws_and_back() {
        for policy in [
            Policy::Weighted { weight: 255 },
            Policy::Latency { region: "eu-central-1".into() },
            Policy::Failover(FailoverRole::Primary),
            Policy::Failover(FailoverRole::Secondary),
            Policy::Geolocation(Place::Continent("EU".into())),
            Policy::Geolocation(Place::Country("US".into())),
            Policy::Geolocation(Place::Subdivision { country: "US".into(), part: "CA".into() }),
            Policy::Geolocation(Place::Default),
        ] {
            let wanted = alias(policy);
            assert_eq!(RecordSet::from_live("Z1", wanted.to_sdk().expect("complete")), wanted);
        }
    }

    #[test]
    fn an_id_survives_its_text_form() {
        let id = alias(Policy::Weighted { weight: 1 }).id();
        assert_eq!(id.to_string(), "Z1|*.example.com|A|a|b");
        assert_eq!(RecordId::parse(&id.to_string()), Some(id));
        assert_eq!(RecordId::parse("Z1|x|A"), None);
    }

    #[test]
    fn what_aws_adds_to_names_is_no_difference() {
        let mut live = alias(Policy::Weighted { weight: 1 }).to_sdk().expect("complete");
        live.name = r"\052.example.com.".into();
        if let Some(alias) = &mut live.alias_target {
            alias.dns_name = "dualstack.Web.elb.amazonaws.com.".into();
        }
        assert_eq!(RecordSet::from_live("Z1", live), alias(Policy::Weighted { weight: 1 }));
    }
}
