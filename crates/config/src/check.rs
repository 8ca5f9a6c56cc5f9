//! Checks between components, once each of them has been read.

use std::collections::BTreeMap;

use globe_model::Region;

use crate::domain::{DOMAIN_MAX, is_within};
use crate::error::{ErrorKind, Span};
use crate::read::{Component, Context, Parts, Problem};
use crate::{Certificate, Image, LoadBalancer, Network, Record, RecordType, Regional, Service, Target, Zone};

/// The parts that could be read.
fn readable<T>(parts: &Parts<T>) -> impl Iterator<Item = (&str, &T)> {
    parts.iter().filter_map(|(name, part)| Some((name.as_str(), part.as_ref().ok()?)))
}

/// Two zones for one domain: each would have its own name servers, and one would never be asked.
pub(crate) fn zones(cx: &Context<'_>, zones: &Parts<Zone>) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for (name, zone) in readable(zones) {
        let span = cx.place(Component::Zone, name, "domain");
        if let Some(first) = seen.insert(&zone.domain, span) {
            let message = format!("two zones for `{}`", zone.domain);
            let problem = Problem::new(ErrorKind::Duplicate, span, message).related(first, "the first");
            cx.report(problem.help("put all records of the domain into one zone"));
        }
    }
}

/// A certificate is proved in its zone, so its names must lie there.
pub(crate) fn certificates(cx: &Context<'_>, zones: &Parts<Zone>, certificates: &Parts<Certificate>) {
    for (name, certificate) in readable(certificates) {
        let Some(Ok(zone)) = zones.get(&certificate.zone) else { continue };
        let outside = |domain: &&String| !is_within(domain.strip_prefix("*.").unwrap_or(domain), &zone.domain);
        for domain in certificate.domains.iter().filter(outside) {
            let message =
                format!("`{domain}` is not within `{}`, the domain of `zone.{}`", zone.domain, certificate.zone);
            let span = cx.place(Component::Certificate, name, "domains");
            let problem = Problem::new(ErrorKind::InvalidValue, span, message);
            let zone_span = cx.place(Component::Zone, &certificate.zone, "domain");
            cx.report(problem.related(zone_span, "the zone").help("ACM could not validate it there"));
        }
    }
}

/// An Application Load Balancer stands in at least two zones.
pub(crate) fn load_balancers(
    cx: &Context<'_>,
    networks: &Parts<Regional<Network>>,
    load_balancers: &Parts<Regional<LoadBalancer>>,
) {
    for (name, regional) in readable(load_balancers) {
        let narrow = regional.iter().find_map(|(region, load_balancer)| {
            let network = networks.get(&load_balancer.network)?.as_ref().ok()?.get(region)?;
            (network.zones < 2).then_some((region, &load_balancer.network))
        });
        if let Some((region, network)) = narrow {
            let message = format!("`load_balancer.{name}` needs two zones; `network.{network}` has one in {region}");
            let span = cx.place(Component::LoadBalancer, name, "network");
            let zones = cx.place(Component::Network, network, "zones");
            let problem = Problem::new(ErrorKind::InvalidValue, span, message).related(zones, "the network's zones");
            cx.report(problem.help("set `zones` to 2 or more"));
        }
    }
}

/// Two services for one path of a load balancer, and images that another region does not have.
pub(crate) fn services(cx: &Context<'_>, services: &Parts<Regional<Service>>) {
    let mut paths: BTreeMap<(&str, &str, &Region), &str> = BTreeMap::new();
    for (name, regional) in readable(services) {
        for (region, service) in regional.iter() {
            if let Some(first) = paths.insert((&service.load_balancer, &service.path, region), name) {
                let load_balancer = &service.load_balancer;
                let path = &service.path;
                let message =
                    format!("`service.{first}` and `service.{name}` both answer `{path}` on `{load_balancer}`");
                let place = |name| cx.place(Component::Service, name, "path");
                let problem = Problem::new(ErrorKind::Duplicate, place(name), message);
                cx.report(problem.related(place(first), "the first").help("give one of them another path"));
            }
        }
        shared_image(cx, name, regional);
    }
}

/// An AMI id belongs to one region: the same id in two cannot be right.
fn shared_image(cx: &Context<'_>, name: &str, regional: &Regional<Service>) {
    let mut seen: BTreeMap<&str, &Region> = BTreeMap::new();
    for (region, service) in regional.iter() {
        let Image::Ami(id) = &service.image else { continue };
        if let Some(first) = seen.insert(id, region) {
            let message = format!("`{id}` cannot be in both {first} and {region}: an AMI id belongs to one region");
            let span = cx.place(Component::Service, name, "image");
            let help = format!("use \"ssm:...\", or set it in `[service.{name}.for.<region>]`");
            cx.report(Problem::new(ErrorKind::InvalidValue, span, message).help(help));
            return;
        }
    }
}

/// Record sets that Route 53 would refuse beside each other, and names that the zone cannot hold.
pub(crate) fn records(cx: &Context<'_>, zones: &Parts<Zone>, records: &Parts<Record>) {
    let mut seen: BTreeMap<(&str, String), Vec<(&str, &Record)>> = BTreeMap::new();
    for (name, record) in readable(records) {
        let Some(Ok(zone)) = zones.get(&record.zone) else { continue };
        check_record_name(cx, name, record, zone);
        let others = seen.entry((&record.zone, record.full_name(&zone.domain))).or_default();
        if let Some((first, problem)) = others
            .iter()
            .find_map(|(first, other)| Some((*first, clash(other, record, &record.full_name(&zone.domain))?)))
        {
            let span = cx.key_of(Component::Record, name);
            let problem = Problem::new(ErrorKind::Routing, span, problem);
            let problem = problem.related(cx.key_of(Component::Record, first), "the first");
            cx.report(problem.help("keep one of the two, or set another `name`"));
        }
        others.push((name, record));
    }
}

/// Why two records of one name cannot stand beside each other.
fn clash(first: &Record, second: &Record, name: &str) -> Option<String> {
    let (a, b) = (first.record_type(), second.record_type());
    if a == b && first.policy() == second.policy() {
        Some(format!("two records of type {} for `{name}`", a.as_str()))
    } else if a == b {
        let (first, second) = (first.policy(), second.policy());
        Some(format!("contradictory routing for `{name}`: {first} and {second}; Route 53 takes one policy per name"))
    } else if a == RecordType::Cname || b == RecordType::Cname {
        Some(format!("a CNAME for `{name}` excludes every other record of that name"))
    } else {
        None
    }
}

fn check_record_name(cx: &Context<'_>, name: &str, record: &Record, zone: &Zone) {
    let domain = &zone.domain;
    let span = cx.place(Component::Record, name, "name");
    let problem = match &record.label {
        Some(label) if is_within(label, domain) => {
            let bare = label.strip_suffix(domain.as_str()).unwrap_or_default().trim_end_matches('.');
            let bare = if bare.is_empty() { "@" } else { bare };
            let message = format!("the zone adds `.{domain}`: this would be `{}`", record.full_name(domain));
            Problem::new(ErrorKind::InvalidValue, span, message).help(format!("write name = \"{bare}\""))
        }
        _ if record.full_name(domain).len() > DOMAIN_MAX => {
            let message = format!("`{}` is longer than {DOMAIN_MAX} characters", record.full_name(domain));
            Problem::new(ErrorKind::NameTooLong, span, message)
        }
        None if matches!(&record.target, Target::Literal(literal) if reserved_at_apex(literal.record_type)) => {
            let record_type = record.record_type().as_str();
            let message = format!("`{domain}` itself cannot have a {record_type} record of yours");
            Problem::new(ErrorKind::Routing, span, message).help("DNS keeps NS and SOA there, made with the zone")
        }
        _ => return,
    };
    cx.report(problem);
}

/// The zone's own domain has the zone's NS records, and beside those no CNAME may stand.
fn reserved_at_apex(record_type: RecordType) -> bool {
    matches!(record_type, RecordType::Cname | RecordType::Ns)
}
