//! Files that are right, and what is made of them.

use std::collections::BTreeSet;

use globe_config::{Image, Location, Nat, Route, Stack, StorageClass, Target, parse, starter};
use globe_model::Region;

const REFERENCE: &str = include_str!("../../../config/globe.toml");

fn stack(text: &str) -> Stack {
    parse("globe.toml", text).unwrap_or_else(|errors| panic!("{}", errors.render(text, false)))
}

fn region(name: &str) -> Region {
    Region::new(name)
}

/// The reference with one piece of its text replaced.
fn edited(from: &str, to: &str) -> Stack {
    assert!(REFERENCE.contains(from), "the reference has no {from}");
    stack(&REFERENCE.replace(from, to))
}

#[test]
fn the_reference_is_read_as_it_is_written() {
    let stack = stack(REFERENCE);
    let regions: Vec<&str> = stack.regions.keys().map(Region::as_str).collect();
    assert_eq!(regions, ["us-east-1", "us-west-2", "eu-central-1", "ap-southeast-1"]);
    assert_eq!((stack.name.as_str(), stack.primary.as_str()), ("acme", "us-east-1"));
    assert_eq!(stack.tags.0.get("cost-center").map(String::as_str), Some("platform"));
    let records: Vec<(&str, &str)> =
        stack.records.iter().map(|(name, record)| (name.as_str(), record.policy())).collect();
    assert_eq!(records, [("www", "geolocation"), ("api", "latency"), ("admin", "failover"), ("beta", "weighted")]);
    assert_eq!(stack.full_name(&stack.records["www"]).as_deref(), Some("www.example.com"));
    assert_eq!(stack.tables["user-profiles"].regions_in(&stack).collect::<Vec<_>>(), [&region("eu-central-1")]);
    assert_eq!(stack.tables["user-sessions"].regions_in(&stack).count(), 4);
    let assets = stack.bucket("assets", &region("us-west-2")).expect("a bucket per region");
    assert_eq!((assets.time_control, assets.replica_class), (true, Some(StorageClass::StandardIa)));
}

#[test]
fn overrides_change_the_regions_they_select() {
    let stack = stack(REFERENCE);
    let nat = |name| stack.network("main", &region(name)).expect("a network per region").nat;
    assert_eq!((nat("us-east-1"), nat("eu-central-1")), (Nat::PerZone, Nat::Single));
    let instance = |name| stack.service("web", &region(name)).expect("a service per region").instance_type.as_str();
    assert_eq!((instance("us-east-1"), instance("us-west-2")), ("m6i.xlarge", "m6i.large"));
}

#[test]
fn the_narrower_selector_wins_whatever_the_order() {
    let stack = edited(
        "[service.web.for.primary]",
        "[service.web.for.eu-central-1]\ninstance_type = \"c6i.large\"\n[service.web.for.eu]\ninstance_type = \
         \"r6i.large\"\ninstances = { max = 20 }\n[service.web.for.secondary]\ninstance_type = \"t3.large\"\ninstances = \
         { max = 15 }\n[service.web.for.primary]",
    );
    let service = |name| stack.service("web", &region(name)).expect("a service per region");
    assert_eq!(service("eu-central-1").instance_type, "c6i.large");
    assert_eq!(service("eu-central-1").instances.max, 20);
    assert_eq!(service("eu-central-1").instances.min, 2, "what an override does not say stays");
    assert_eq!((service("us-west-2").instance_type.as_str(), service("us-west-2").instances.max), ("t3.large", 15));
    assert_eq!(service("us-east-1").instance_type, "m6i.xlarge");
}

#[test]
fn a_required_key_may_come_from_an_override_for_every_region() {
    let ami = |name: &str, id: &str| format!("[service.web.for.{name}]\nimage = \"ami-0123456789abcdef{id}\"\n");
    let overrides = ami("us-west-2", "1") + &ami("eu-central-1", "2") + &ami("ap-southeast-1", "3");
    let line = REFERENCE.lines().find(|line| line.starts_with("image ")).expect("an image");
    let text = REFERENCE.replace(line, "").replace(
        "instance_type = \"m6i.xlarge\"\n",
        &format!("instance_type = \"m6i.xlarge\"\nimage = \"ami-01234567\"\n{overrides}"),
    );
    let lookups = stack(&text).lookups();
    assert_eq!(lookups.len(), 4);
    let west = lookups.iter().find(|lookup| lookup.region == region("us-west-2")).expect("one per region");
    assert_eq!(west.image, Image::Ami("ami-0123456789abcdef1".into()));
}

#[test]
fn restricting_drops_what_names_inactive_regions() {
    let whole = edited("AS = \"ap-southeast-1\"", "AS = \"ap-southeast-1\", NA = \"us-west-2\"");
    let stack = whole.restricted_to(&BTreeSet::from([region("us-west-2")]));
    let regions: Vec<&str> = stack.regions.keys().map(Region::as_str).collect();
    assert_eq!((regions, stack.home().as_str()), (vec!["us-west-2"], "us-west-2"));
    assert!(stack.network("main", &region("eu-central-1")).is_none());
    assert!(!stack.tables.contains_key("user-profiles"), "its only region is inactive");
    let Target::LoadBalancer { route: Route::Geolocation(places), .. } = &stack.records["www"].target else {
        panic!("www is a geolocation");
    };
    let places: Vec<String> = places.iter().map(|(location, region)| format!("{location}={region}")).collect();
    assert_eq!(places, ["*=us-west-2", "NA=us-west-2"], "nobody is left without an answer");
}

#[test]
fn restricting_keeps_the_roles_of_a_failover_and_moves_the_default_place_to_the_primary() {
    let text = REFERENCE
        .replace("failover = [\"us-east-1\", \"us-west-2\"]", "failover = [\"us-west-2\", \"us-east-1\"]")
        .replace("\"*\" = \"us-east-1\"", "\"*\" = \"us-west-2\"")
        .replace("us-east-1 = 90, us-west-2 = 10", "us-west-2 = 10");
    let stack = stack(&text).restricted_to(&BTreeSet::from([region("us-east-1")]));
    assert!(!stack.records.contains_key("beta"), "no active region has a share");
    match &stack.records["admin"].target {
        Target::LoadBalancer { route: Route::Failover(ends), .. } => {
            assert_eq!((&ends.primary, &ends.standby), (&None, &Some(region("us-east-1"))));
        }
        other => panic!("admin is a failover, not {other:?}"),
    }
    match &stack.records["www"].target {
        Target::LoadBalancer { route: Route::Geolocation(places), .. } => {
            assert_eq!(places.get(&Location::Default), Some(&region("us-east-1")));
        }
        other => panic!("www is a geolocation, not {other:?}"),
    }
    assert_eq!(stack, stack.restricted_to(&BTreeSet::from([region("us-east-1")])));
}

#[test]
fn restricting_to_all_regions_changes_nothing() {
    let whole = stack(REFERENCE);
    assert_eq!(whole.restricted_to(&whole.regions.keys().cloned().collect()), whole);
}

#[test]
fn the_starter_is_valid() {
    let stack = stack(starter());
    assert_eq!(stack.services.len(), 1);
    assert!(stack.load_balancers["web"].iter().all(|(_, load_balancer)| load_balancer.certificate.is_none()));
}

#[test]
fn replication_with_one_region_is_harmless_and_needs_no_route() {
    let text = "stack = \"solo\"\naccount = \"123456789012\"\nprimary = \"eu-west-1\"\n[regions.eu-west-1]\ncidr = \
                \"10.0.0.0/20\"\n[bucket.files]\nreplicate = \"mesh\"\n[network.main]\n[load_balancer.web]\nnetwork = \
                \"main\"\n[zone.main]\ndomain = \"example.org\"\n[record.apex]\nname = \"@\"\nzone = \"main\"\ntarget = \
                \"load_balancer.web\"\n[record.mail]\nname = \"@\"\nzone = \"main\"\ntype = \"MX\"\nvalues = [\"10 \
                mail.example.org\"]";
    let stack = stack(text);
    assert_eq!(stack.full_name(&stack.records["apex"]).as_deref(), Some("example.org"));
    match &stack.records["apex"].target {
        Target::LoadBalancer { route, .. } => assert_eq!(route, &Route::Simple),
        other => panic!("apex is an alias, not {other:?}"),
    }
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_matter() {
    let windows = format!("\u{feff}{}", REFERENCE.replace('\n', "\r\n"));
    assert_eq!(stack(&windows), stack(REFERENCE));
    let broken = windows.replace("\"latency\"", "\"latincy\"");
    let errors = parse("globe.toml", &broken).expect_err("a wrong policy");
    let error = errors.iter().next().expect("one error");
    let line = REFERENCE.lines().position(|line| line.contains("\"latency\"")).expect("a latency record");
    assert_eq!((error.text.as_str(), error.line, error.column), ("\"latincy\"", line + 1, 11));
}
