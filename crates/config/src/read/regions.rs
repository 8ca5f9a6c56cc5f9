//! Reads `[regions]`.

use globe_model::Region;
use indexmap::IndexMap;
use ipnet::Ipv4Net;

use super::context::{Context, DeclaredRegion};
use super::reader::{Read, Reader};
use super::sink::Problem;
use super::tree::{Entry, Node};
use super::values;
use crate::error::{ErrorKind, Span};
use crate::stack::RegionConfig;
use crate::{AWS_REGIONS, is_aws_region};

/// Reads the regions, and tells the context which there are.
pub(crate) fn read_regions(cx: &mut Context<'_>) -> Read<IndexMap<Region, RegionConfig>> {
    let Some(entry) = cx.root.get("regions") else {
        let problem = Problem::new(ErrorKind::MissingKey, Span::default(), "missing key `regions` in the file");
        return Err(cx.report(problem.help("add `[regions.us-east-1]` with `cidr = \"10.0.0.0/16\"`")));
    };
    let table = values::table(cx, &entry.node)?;
    if table.is_empty() {
        return Err(cx.report(values::invalid(&entry.node, "a stack has at least one region")));
    }
    let mut configs = Ok(IndexMap::new());
    for (name, entry) in table {
        match read_region(cx, name, entry) {
            Ok((region, config)) => {
                if let Ok(configs) = &mut configs {
                    configs.insert(region, config);
                }
            }
            Err(reported) => configs = Err(reported),
        }
    }
    configs
}

fn read_region(cx: &mut Context<'_>, name: &str, entry: &Entry) -> Read<(Region, RegionConfig)> {
    let region = Region::new(name);
    if !is_aws_region(name) {
        let known: Vec<&str> = AWS_REGIONS.iter().map(|(region, _)| *region).collect();
        let problem = Problem::new(ErrorKind::UnknownRegion, entry.key, format!("AWS has no region `{name}`"));
        let help = format!("as of {}; a newer globe may know it", crate::AWS_REGIONS_AS_OF);
        let problem = problem.label("unknown region").help(help).meant(name, &known);
        cx.misspelt_regions.extend(problem.candidates().iter().cloned());
        return Err(cx.report(problem));
    }
    let (cidr, jurisdiction) = match values::table_or(cx, &entry.node, || {
        format!("write `[regions.{name}]` and `cidr = \"10.0.0.0/16\"` below it")
    }) {
        Ok(table) => {
            let reader = Reader::new(cx, table, entry.key, format!("regions.{name}"));
            let cidr = reader.required("cidr", |cx, node| Ok((region_cidr(cx, node)?, node.span)));
            let jurisdiction = reader.optional("jurisdiction", jurisdiction);
            reader.finish();
            (cidr, jurisdiction)
        }
        Err(reported) => (Err(reported), Err(reported)),
    };
    let cidr = cidr.and_then(|(cidr, span)| apart(cx, name, cidr, span));
    let declared = DeclaredRegion { cidr: cidr.ok(), jurisdiction: jurisdiction.clone().ok().flatten() };
    cx.regions.insert(region.clone(), declared);
    Ok((region, RegionConfig { cidr: cidr?.0, jurisdiction: jurisdiction? }))
}

/// Refuses a range that overlaps the range of a region before it.
fn apart(cx: &Context<'_>, name: &str, cidr: Ipv4Net, span: Span) -> Read<(Ipv4Net, Span)> {
    let overlapping = cx.regions.iter().find_map(|(region, declared)| {
        let (other, other_span) = declared.cidr?;
        (cidr.contains(&other) || other.contains(&cidr)).then_some((region, other, other_span))
    });
    let Some((region, other, other_span)) = overlapping else { return Ok((cidr, span)) };
    let message = format!("the ranges of {name} and {region} overlap: {cidr} and {other}");
    let problem =
        Problem::new(ErrorKind::CidrOverlap, span, message).label("overlaps").related(other_span, region.as_str());
    Err(cx.report(match free_range(cx, cidr.prefix_len()) {
        Some(free) => problem.help(format!("{free} is free")),
        None => problem,
    }))
}

/// The first private range of a width that no region has.
fn free_range(cx: &Context<'_>, prefix: u8) -> Option<Ipv4Net> {
    let taken: Vec<Ipv4Net> = cx.regions.values().filter_map(|region| Some(region.cidr?.0)).collect();
    let private = Ipv4Net::new(std::net::Ipv4Addr::new(10, 0, 0, 0), 8).ok()?;
    private.subnets(prefix).ok()?.take(4096).find(|free| !taken.iter().any(|t| t.contains(free) || free.contains(t)))
}

/// Ranges in which AWS makes no VPC (VPC user guide, "VPC CIDR blocks").
const REFUSED: [&str; 4] = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"];

fn region_cidr(cx: &Context<'_>, node: &Node) -> Read<Ipv4Net> {
    let text = values::text(cx, node)?;
    let Ok(cidr) = text.parse::<Ipv4Net>() else {
        let message = format!("`{text}` is not an IPv4 range");
        return Err(cx.report(values::invalid(node, message).help("write it as \"10.0.0.0/16\"")));
    };
    if !(16..=28).contains(&cidr.prefix_len()) {
        let message = format!("a VPC's range is from /16 to /28, not /{}", cidr.prefix_len());
        return Err(cx.report(values::invalid(node, message)));
    }
    if cidr.trunc() != cidr {
        let message = format!("{cidr} is not the first address of its range");
        return Err(cx.report(values::invalid(node, message).help(format!("write \"{}\"", cidr.trunc()))));
    }
    let refused = REFUSED.iter().find(|refused| refused.parse::<Ipv4Net>().is_ok_and(|net| net.contains(&cidr)));
    match refused {
        Some(refused) => Err(cx.report(values::invalid(node, format!("AWS makes no VPC within {refused}")))),
        None => Ok(cidr),
    }
}

fn jurisdiction(cx: &Context<'_>, node: &Node) -> Read<String> {
    let name = values::text(cx, node)?;
    let word = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !word {
        let message = format!("`{name}` cannot be a jurisdiction's name");
        return Err(cx.report(values::invalid(node, message).help("lower-case letters, digits and hyphens: \"eu\"")));
    }
    if matches!(name.as_str(), "primary" | "secondary") || is_aws_region(&name) {
        let message = format!("`{name}` already means something in `for.{name}`: choose another name");
        return Err(cx.report(values::invalid(node, message)));
    }
    Ok(name)
}
