//! `record`: who answers whom. One record set per region or place, each with a health check if the file asks for one.

use std::collections::BTreeSet;

use globe_aws::kinds::elbv2::LoadBalancer;
use globe_aws::kinds::route53::{
    FailoverRole, HealthCheck, HealthCheckSpec, Place, Policy, Probe, ProbeTarget, Record, RecordContent, RecordSpec,
    Routed,
};
use globe_config::{Location, Route, Stack, Target};
use globe_model::{Ref, Region, Scope};

use crate::cx::Cx;
use crate::load_balancer;

/// Seconds between two checks of one checker; the cheaper of Route 53's two.
const INTERVAL: u16 = 30;
/// Checks in a row that change the verdict: Route 53's default.
const THRESHOLD: u8 = 3;

/// One record set to be: its name within the record, its region, its policy.
struct Answer {
    suffix: String,
    region: Region,
    policy: Option<Policy>,
}

/// Adds all records and the health checks they need; equal checks are shared.
pub fn expand(cx: &mut Cx<'_>) {
    let mut checks: BTreeSet<String> = BTreeSet::new();
    let stack = cx.stack;
    for (name, record) in &stack.records {
        cx.of_component("record", name);
        let zone = Ref::to(Scope::Global, record.zone.as_str());
        let Some(full) = stack.full_name(record) else { continue };
        match &record.target {
            Target::Literal(literal) => {
                let content = RecordContent::Values {
                    name: full,
                    record_type: literal.record_type.as_str().to_owned(),
                    ttl: literal.ttl,
                    values: literal.wire_values(),
                };
                let spec = RecordSpec { zone, content, routed: None, health_check: None };
                cx.graph.add::<Record>(Scope::Global, name.as_str(), &spec);
            }
            Target::LoadBalancer { name: balancer, route, health_check } => {
                for answer in answers(stack, route) {
                    let Answer { suffix, region, policy } = answer;
                    let path = health_check.as_deref();
                    let check = path.map(|path| check(cx, &mut checks, balancer, &region, path));
                    let content = RecordContent::Alias {
                        name: full.clone(),
                        record_type: record.record_type().as_str().to_owned(),
                        target: Ref::<LoadBalancer>::to(region, balancer.as_str()),
                    };
                    let routed = policy.map(|policy| Routed { set_identifier: suffix.clone(), policy });
                    let address = if routed.is_some() { format!("{name}-{suffix}") } else { name.clone() };
                    let spec = RecordSpec { zone: zone.clone(), content, routed, health_check: check };
                    cx.graph.add::<Record>(Scope::Global, address, &spec);
                }
            }
        }
    }
}

fn answers(stack: &Stack, route: &Route) -> Vec<Answer> {
    let by_region = |region: &Region, policy| Answer { suffix: region.to_string(), region: region.clone(), policy };
    match route {
        Route::Simple => vec![by_region(stack.home(), None)],
        Route::Latency => {
            let latency = |region: &Region| Policy::Latency { region: region.to_string() };
            stack.regions.keys().map(|region| by_region(region, Some(latency(region)))).collect()
        }
        Route::Weighted(weights) => {
            let weighted =
                |(region, weight): (&Region, &u8)| by_region(region, Some(Policy::Weighted { weight: *weight }));
            weights.iter().map(weighted).collect()
        }
        Route::Failover(ends) => {
            let ends = [(&ends.primary, FailoverRole::Primary), (&ends.standby, FailoverRole::Secondary)];
            let end = |(region, role): (&Option<Region>, FailoverRole)| {
                region.as_ref().map(|region| by_region(region, Some(Policy::Failover(role))))
            };
            ends.into_iter().filter_map(end).collect()
        }
        Route::Geolocation(places) => places
            .iter()
            .map(|(location, region)| {
                let (suffix, place) = place(location);
                Answer { suffix, region: region.clone(), policy: Some(Policy::Geolocation(place)) }
            })
            .collect(),
    }
}

fn place(location: &Location) -> (String, Place) {
    match location {
        Location::Default => ("default".into(), Place::Default),
        Location::Continent(code) => (format!("continent-{code}"), Place::Continent(code.clone())),
        Location::Country(code) => (format!("country-{code}"), Place::Country(code.clone())),
        Location::Subdivision { country, part } => {
            (format!("country-{country}-{part}"), Place::Subdivision { country: country.clone(), part: part.clone() })
        }
    }
}

/// A check of one load balancer's path; records that ask for the same share it.
fn check(
    cx: &mut Cx<'_>,
    made: &mut BTreeSet<String>,
    balancer: &str,
    region: &Region,
    path: &str,
) -> Ref<HealthCheck> {
    let name = format!("{balancer}-{region}{}", path.trim_end_matches('/'));
    if made.insert(name.clone()) {
        let secure = load_balancer::is_secure(cx, balancer, region);
        let spec = HealthCheckSpec {
            target: ProbeTarget::LoadBalancer(Ref::to(region.clone(), balancer)),
            probe: if secure { Probe::Https } else { Probe::Http },
            port: if secure { 443 } else { 80 },
            path: path.to_owned(),
            interval: INTERVAL,
            threshold: THRESHOLD,
            tags: cx.tags(&format!("{balancer}-{region}")),
        };
        cx.graph.add::<HealthCheck>(Scope::Global, name.as_str(), &spec);
    }
    Ref::to(Scope::Global, name)
}
