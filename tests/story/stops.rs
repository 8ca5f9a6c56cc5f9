//! Failures, lost answers and interrupts, from outside.

use std::process::Stdio;
use std::time::Duration;

use crate::cloud::Cloud;
use crate::globe::{Place, Said, Served};

/// One region, a network and a bucket: small enough to be stopped anywhere.
pub const SMALL: &str = r#"
stack = "small"
account = "123456789012"
primary = "us-east-1"

[regions.us-east-1]
cidr = "10.0.0.0/16"

[network.main]
zones = 2
nat = "single"

[bucket.files]
replicate = "none"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_stops_what_needs_it_and_the_next_run_finishes() {
    let place = Place::new(SMALL, None);
    let denied = ["--sandbox", "--fault", "CreateNatGateway:denied"];
    let said = place.globe(&[&denied[..], &["up", "--yes"]].concat()).exits(3);
    for expected in ["UnauthorizedOperation", "ec2/nat_gateway/main-a", "not tried", "request id"] {
        let all = format!("{}{}", said.stdout, said.stderr).to_lowercase();
        assert!(all.contains(&expected.to_lowercase()), "{expected} is missing:\n{}\n{}", said.stdout, said.stderr);
    }
    let rest = place.globe(&["--sandbox", "--json", "diff"]).exits(0).json_of("plan");
    let made: Vec<&str> =
        rest["steps"].as_array().expect("steps").iter().filter_map(|step| step["address"].as_str()).collect();
    assert!(made.contains(&"us-east-1/ec2/nat_gateway/main-a") && made.len() < 6, "only the rest is left: {made:?}");
    place.globe(&["--sandbox", "up", "--yes"]).exits(0);
    place.globe(&["--sandbox", "diff", "--exit-code"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_make_no_duplicates() {
    let place = Place::new(SMALL, None);
    let mut arguments = vec!["--sandbox"];
    for fault in [
        "CreateVpc:lost-after",
        "CreateNatGateway:error-after",
        "AllocateAddress:lost-before",
        "CreateSubnet:lost-after:2:2",
        "CreateBucket:error-after",
    ] {
        arguments.extend(["--fault", fault]);
    }
    arguments.extend(["up", "--yes"]);
    place.globe(&arguments).exits(0);
    place.globe(&["--sandbox", "diff", "--exit-code"]).exits(0);
    let listed = place.globe(&["--sandbox", "--json", "state", "list"]).exits(0).json();
    let world =
        std::fs::read_to_string(place.path().join(".globe/sandbox/world.jsonl")).expect("the sandbox keeps its world");
    let mut vpcs: Vec<&str> = world
        .lines()
        .filter(|line| line.contains("\"ec2/vpc\""))
        .filter_map(|line| line.split("vpc-").nth(1)?.get(..17))
        .collect();
    vpcs.sort_unstable();
    vpcs.dedup();
    assert_eq!(vpcs.len(), 1, "one VPC for all the lost answers; {} resources recorded", listed.len());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_the_next_run_finishes_without_a_question() {
    let served = Served::start();
    let place = Place::new(SMALL, Some(&served.url));
    let mut child =
        place.command(&["up", "--yes"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
    // Long enough to be in the middle of something, whatever it is.
    tokio::time::sleep(Duration::from_millis(400)).await;
    child.kill().expect("was running");
    child.wait().expect("is reaped");
    place.globe(&["up", "--yes"]).exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
    let census = Cloud::at(&served.url).census("us-east-1").await;
    assert_eq!((census.vpcs, census.subnets, census.nat_gateways, census.addresses), (1, 6, 1, 1));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn interrupted_it_says_what_remains_and_the_next_run_finishes() {
    let place = Place::new(SMALL, None);
    let up = ["--sandbox", "--time", "real", "up", "--yes"];
    let child = place.command(&up).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("starts");
    let pid = child.id().to_string();
    // In real time the NAT gateway alone takes minutes: it is being waited for now.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let sent = std::process::Command::new("kill").args(["-INT", &pid]).status().expect("sends");
    assert!(sent.success());
    let said = Said::of(&child.wait_with_output().expect("ends")).exits(3);
    assert!(said.stderr.contains("Stopping"), "{}", said.stderr);
    assert!(said.stdout.contains("ec2/nat_gateway") || said.stderr.contains("ec2/nat_gateway"), "{}", said.stdout);
    place.globe(&["--sandbox", "up", "--yes"]).exits(0);
    place.globe(&["--sandbox", "diff", "--exit-code"]).exits(0);
}
