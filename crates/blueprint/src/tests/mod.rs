//! The reference stack, expanded.

use std::collections::{BTreeMap, BTreeSet};

use globe_aws::kind_table;
use globe_model::{Address, Need, Scope};

use super::*;

fn reference() -> Stack {
    let text = include_str!("../../../../config/globe.toml");
    globe_config::parse("globe.toml", text).expect("the reference stack is valid")
}

fn graph(stack: &Stack) -> Graph {
    expand(stack, &Facts::nominal(stack), &kind_table()).expect("expands")
}

mod names;

fn region(name: &str) -> Region {
    Region::new(name)
}

#[test]
fn the_reference_stack_has_its_resources() {
    let graph = graph(&reference());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in graph.resources() {
        *counts.entry(resource.address.kind.as_str()).or_default() += 1;
    }
    for (kind, count) in [
        ("ec2/vpc", 4),
        ("ec2/subnet", 36),
        ("ec2/nat_gateway", 6),
        ("ec2/vpc_endpoint", 8),
        ("elbv2/listener", 8),
        ("acm/certificate", 4),
        ("s3/replication", 4),
        ("dynamodb/table", 5),
        ("route53/zone", 1),
        ("route53/health_check", 4),
        ("route53/record", 13),
    ] {
        assert_eq!(counts.get(kind), Some(&count), "{kind} of {counts:?}");
    }
}

#[test]
fn without_a_region_nothing_of_it_and_no_tie_to_it_is_left() {
    let stack = reference();
    let gone = region("eu-central-1");
    let rest: BTreeSet<Region> = stack.regions.keys().filter(|region| **region != gone).cloned().collect();
    let smaller = graph(&stack.restricted_to(&rest));
    let scope = Scope::Region(gone);
    for resource in smaller.resources() {
        assert_ne!(resource.address.scope, scope);
        assert!(!resource.address.name.contains("eu-central-1"), "{}", resource.address);
        let spec = resource.spec.json().expect("a spec is JSON").to_string();
        assert!(!spec.contains("eu-central-1"), "{}: {spec}", resource.address);
    }
    let whole = graph(&stack);
    let addresses: BTreeSet<&Address> = whole.resources().map(|resource| &resource.address).collect();
    assert!(smaller.resources().all(|resource| addresses.contains(&resource.address)), "addresses are for ever");
}

#[test]
fn a_validation_record_waits_for_the_challenge_not_for_the_issue() {
    let graph = graph(&reference());
    let records = graph.resources().filter(|resource| resource.address.name.contains("validation"));
    let needs: Vec<_> =
        records.flat_map(|record| &record.upstream).filter(|(to, _)| to.kind == "acm/certificate").collect();
    assert_eq!(needs.len(), 1, "example.com and *.example.com share one record");
    assert!(needs.iter().all(|(_, need)| *need == Need::Exists));
}

#[test]
fn too_few_zones_are_named() {
    let stack = reference();
    let mut facts = Facts::nominal(&stack);
    facts.zones.insert(region("us-west-2"), vec!["us-west-2a".into()]);
    let error = expand(&stack, &facts, &kind_table()).expect_err("refused");
    assert_eq!(error.to_string(), "network `main` wants 3 availability zones, and us-west-2 offers 1");
}
