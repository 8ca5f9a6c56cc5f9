//! How long it will take, and why.

use serde_json::Value;

use crate::globe::{Place, Served};
use crate::stops::SMALL;

/// The resources of the longest chain, and where their durations come from.
fn chain(place: &Place) -> (f64, Vec<(String, String)>) {
    let said = place.globe(&["graph", "--critical-path", "--json"]).exits(0).json_of("critical_path");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let links = said["chain"].as_array().expect("a list").iter();
    let links = links.map(|link| (text(&link["address"]), text(&link["source"]))).collect();
    (said["total_seconds"].as_f64().expect("a number"), links)
}

#[test]
fn the_plan_says_how_long_and_the_longest_chain_why() {
    let place = Place::new(SMALL, None);
    let (total, links) = chain(&place);
    assert!(links.iter().any(|(address, _)| address == "us-east-1/ec2/nat_gateway/main-a"), "{links:?}");
    assert!(links.iter().all(|(_, source)| source == "typical"), "nothing was ever made: {links:?}");
    let said = place.globe(&["graph", "--critical-path"]).exits(0);
    assert!(said.stdout.contains("us-east-1/ec2/nat_gateway/main-a"), "{}", said.stdout);
    let plan = place.globe(&["--sandbox", "diff", "--json"]).exits(0).json_of("plan");
    assert_eq!(plan["estimate_seconds"], total);
    for more in [&["--sandbox", "diff"][..], &["--sandbox", "diff", "--markdown"]] {
        let said = place.globe(more).exits(0);
        assert!(said.stdout.contains("if nothing but AWS limits it"), "{}", said.stdout);
    }
}

#[test]
fn a_stack_that_has_been_up_knows_its_own_pace() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    place.globe(&["up", "--yes"]).exits(0);
    let (_, links) = chain(&place);
    assert!(links.iter().all(|(_, source)| source == "history"), "{links:?}");
}
