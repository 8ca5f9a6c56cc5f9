//! `[network.<name>]`: a VPC per region, with its subnets and gateways.

use schemars::JsonSchema;
use serde::Serialize;

use crate::carve::MAX_ZONES;
use crate::error::ErrorKind;
use crate::read::{Problem, Read, Reader, integer, list, one_of};

/// A VPC in every region: one public, one private and one data subnet in each availability zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Network {
    /// How many availability zones to use, 1 to 6. A load balancer needs two.
    #[schemars(default = "default_zones", range(min = 1, max = 6))]
    pub zones: u8,
    /// How private subnets reach the internet: a NAT gateway per zone, one for all zones, or none.
    #[schemars(default)]
    pub nat: Nat,
    /// Gateway endpoints, free of charge: private ways to S3 and DynamoDB.
    #[schemars(default, extend("uniqueItems" = true))]
    pub endpoints: Vec<GatewayEndpoint>,
}

/// How private subnets reach the internet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nat {
    /// A NAT gateway in every zone: the loss of a zone costs the other zones nothing.
    PerZone,
    /// One NAT gateway in the first zone, for all: cheaper, and lost with its zone.
    #[default]
    Single,
    /// No way out.
    None,
}

/// An AWS service with a gateway endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GatewayEndpoint {
    /// Amazon S3.
    S3,
    /// Amazon DynamoDB.
    Dynamodb,
}

impl GatewayEndpoint {
    /// The service's part of `com.amazonaws.<region>.<service>`.
    pub fn service(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Dynamodb => "dynamodb",
        }
    }
}

const NATS: &[(&str, Nat)] = &[("per-zone", Nat::PerZone), ("single", Nat::Single), ("none", Nat::None)];
const ENDPOINTS: &[(&str, GatewayEndpoint)] = &[("s3", GatewayEndpoint::S3), ("dynamodb", GatewayEndpoint::Dynamodb)];

fn default_zones() -> u8 {
    3
}

impl Network {
    /// Keys that must be the same in all regions: none.
    pub(crate) const FIXED: &[&str] = &[];

    pub(crate) fn read(reader: &Reader<'_>) -> Read<Self> {
        let zones = reader.or("zones", default_zones(), integer(1..=MAX_ZONES));
        let nat = reader.or("nat", Nat::default(), one_of(NATS));
        let endpoints = reader.or("endpoints", Vec::new(), list(one_of(ENDPOINTS)));
        let network = Self { zones: zones?, nat: nat?, endpoints: endpoints? };
        network.check_room(reader)?;
        Ok(network)
    }

    /// Refuses more zones than the ranges of the regions hold.
    fn check_room(&self, reader: &Reader<'_>) -> Read<()> {
        let mut result = Ok(());
        for (region, declared) in reader.cx.regions.iter().filter(|(region, _)| reader.is_for(region)) {
            let Some((cidr, span)) = declared.cidr else { continue };
            let Err(error) = Self::subnets(cidr, self.zones) else { continue };
            let message = format!("the subnets of `{}` do not fit in {region}: {error}", reader.title);
            let problem = Problem::new(ErrorKind::SubnetsDoNotFit, reader.span_of("zones"), message);
            let problem = problem.related(span, format!("the range of {region}"));
            let help = match error {
                crate::CarveError::TooNarrow { needs, .. } => format!("widen it to /{needs}, or use fewer zones"),
                crate::CarveError::Zones(_) => "use 1 to 6 zones".to_owned(),
            };
            result = Err(reader.cx.report(problem.help(help)));
        }
        result
    }
}
