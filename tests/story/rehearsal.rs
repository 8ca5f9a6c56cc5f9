//! A rehearsal of a user's file.

use crate::globe::Place;

const ONE: &str = include_str!("../rehearsal/one.toml");

#[test]
fn a_rehearsal_says_what_to_expect_and_leaves_no_trace() {
    let place = Place::new(ONE, None);
    let said = place.globe(&["--json", "rehearse", "--seeds", "2"]).exits(0);
    let up = said.json_of("expected");
    assert_eq!(up["command"], "up");
    assert!(
        up["regions"]["us-east-1"].as_f64().is_some_and(|seconds| seconds > 60.0),
        "a NAT gateway takes its time: {up}"
    );
    let critical = up["critical"].as_array().expect("a path");
    let longest =
        critical.iter().max_by(|a, b| a["seconds"].as_f64().partial_cmp(&b["seconds"].as_f64()).expect("numbers"));
    assert_eq!(longest.expect("a link")["address"], "us-east-1/ec2/nat_gateway/main-a");
    assert_eq!(said.json_of("rehearsed")["seeds"], 2);
    assert!(!place.path().join(".globe").exists(), "nothing is written beside the file");
}

#[test]
fn a_region_can_be_lost_if_there_is_one() {
    let place = Place::new(ONE, None);
    let said = place.globe(&["rehearse", "--lose", "mars-north-1"]).exits(64);
    assert!(said.stderr.contains("its regions are us-east-1"), "{}", said.stderr);
    let said = place.globe(&["rehearse", "--seed", "3", "--lose", "us-east-1", "--back-after", "30"]).exits(0);
    assert!(said.stdout.contains("lost-before") && !said.stdout.contains("throttled"), "{}", said.stdout);
}
