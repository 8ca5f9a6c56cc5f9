//! Killed at every boundary of every mutating call, the next run converges: exactly one of each resource, nothing
//! untagged, no question, an empty diff.
//!
//! Two boundaries are all there are, because nothing is remembered but what AWS has done and what the journal has
//! committed: killed before AWS acts, and killed after it acted but before its answer was committed. By default a sample
//! is tried; `cargo xtask crash --all` (`GLOBE_CRASH=all`) tries every one.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cloud::{Census, Cloud};
use crate::globe::{Place, Served};
use crate::stops::SMALL;

/// One region with every kind that one region can have.
const WHOLE: &str = r#"
stack = "whole"
account = "123456789012"
primary = "us-east-1"

[regions.us-east-1]
cidr = "10.0.0.0/16"

[network.main]
zones = 2
nat = "single"
endpoints = ["s3"]

[load_balancer.web]
network = "main"
certificate = "site"

[service.web]
load_balancer = "web"
port = 8080
image = "ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
instance_type = "m6i.large"
instances = { min = 1, desired = 1, max = 2 }
scale_on = { cpu = 60 }

[zone.main]
domain = "example.com"

[certificate.site]
domains = ["example.com"]
zone = "main"

[record.www]
zone = "main"
target = "load_balancer.web"
route = "simple"
health_check = "/"

[table.users]
partition_key = "id:S"
ttl = "expires_at"

[bucket.files]
replicate = "none"
"#;

/// Of the boundaries, every so many are tried by default.
const SAMPLE: usize = 7;
/// How long a call may take to come; the sandbox is fast, the machine may not be.
const PATIENCE: Duration = Duration::from_secs(60);

const UP: &[&str] = &["up", "--yes"];
const DOWN: &[&str] = &["down", "--regions", "all", "--yes", "--delete-data"];

fn is_read(action: &str) -> bool {
    ["Describe", "Get", "List", "Head"].iter().any(|prefix| action.starts_with(prefix))
}

/// Mutating calls with how often each is made.
fn writes(calls: &[Value]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for action in calls.iter().filter_map(|call| call["action"].as_str()).filter(|action| !is_read(action)) {
        *counts.entry(action.to_owned()).or_default() += 1;
    }
    counts
}

/// Every boundary of one command: (fault rule, action). `before` are the calls that came before the command.
fn boundaries(before: &BTreeMap<String, u32>, after: &BTreeMap<String, u32>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (action, count) in after {
        let earlier = before.get(action).copied().unwrap_or_default();
        for call in earlier + 1..=*count {
            for fault in ["hang-before", "hang-after"] {
                found.push((format!("{action}:{fault}:{call}"), action.clone()));
            }
        }
    }
    let all = std::env::var("GLOBE_CRASH").is_ok_and(|value| value == "all");
    found
        .into_iter()
        .enumerate()
        .filter(|(index, _)| all || index % SAMPLE == 0)
        .map(|(_, boundary)| boundary)
        .collect()
}

fn everything() -> bool {
    std::env::var("GLOBE_CRASH").is_ok_and(|value| value == "all")
}

fn stack() -> &'static str {
    if everything() { WHOLE } else { SMALL }
}

/// What a person would count: the region, the buckets, the roles, the records, zones and checks.
async fn count(cloud: &Cloud) -> (Census, usize, usize, usize, (usize, usize)) {
    let census = cloud.census("us-east-1").await;
    let (buckets, roles, records) = (cloud.buckets().await, cloud.roles().await, cloud.records().await);
    (census, buckets.len(), roles.len(), records.len(), cloud.zones_and_checks().await)
}

/// Runs a command until the call hangs, and kills it there. False when the call was never made.
fn kill_at(place: &Place, served: &Served, command: &[&str], action: &str) -> bool {
    let mut child = place.command(command).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("starts");
    let deadline = Instant::now() + PATIENCE;
    let hung = loop {
        let hangs = |call: &Value| call["action"] == action && call["status"] == 0;
        if served.calls().iter().any(hangs) {
            break true;
        }
        if child.try_wait().expect("can be asked").is_some() {
            break false;
        }
        assert!(Instant::now() < deadline, "{action} neither hangs nor does the run end");
        std::thread::sleep(Duration::from_millis(10));
    };
    // Fails only when it has ended by itself.
    let _ended = child.kill();
    child.wait().expect("is reaped");
    hung
}

/// Every object of the account bears the stack's mark.
async fn nothing_is_untagged(cloud: &Cloud) {
    let ec2 = cloud.ec2("us-east-1").await;
    for vpc in ec2.describe_vpcs().send().await.expect("describes").vpcs.unwrap_or_default() {
        assert!(vpc.tags().iter().any(|tag| tag.key() == Some("globe:stack")), "{vpc:?}");
    }
    for subnet in ec2.describe_subnets().send().await.expect("describes").subnets.unwrap_or_default() {
        assert!(subnet.tags().iter().any(|tag| tag.key() == Some("globe:stack")), "{subnet:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_boundary_of_up_the_next_up_converges() {
    let clean = Served::start();
    Place::new(stack(), Some(&clean.url)).globe(UP).exits(0);
    let expected = count(&Cloud::at(&clean.url)).await;
    let boundaries = boundaries(&BTreeMap::new(), &writes(&clean.calls()));
    let mut killed = 0;
    for (fault, action) in &boundaries {
        let served = Served::with(&[fault]);
        let place = Place::new(stack(), Some(&served.url));
        killed += usize::from(kill_at(&place, &served, UP, action));
        place.globe(UP).exits(0);
        place.globe(&["diff", "--exit-code"]).exits(0);
        let cloud = Cloud::at(&served.url);
        assert_eq!(count(&cloud).await, expected, "{fault}: one of each");
        nothing_is_untagged(&cloud).await;
    }
    nearly_all("up", killed, boundaries.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_boundary_of_down_the_next_down_converges() {
    let clean = Served::start();
    let place = Place::new(stack(), Some(&clean.url));
    place.globe(UP).exits(0);
    let before = writes(&clean.calls());
    place.globe(DOWN).exits(0);
    let boundaries = boundaries(&before, &writes(&clean.calls()));
    let mut killed = 0;
    for (fault, action) in &boundaries {
        let served = Served::with(&[fault]);
        let place = Place::new(stack(), Some(&served.url));
        place.globe(UP).exits(0);
        killed += usize::from(kill_at(&place, &served, DOWN, action));
        place.globe(DOWN).exits(0);
        let cloud = Cloud::at(&served.url);
        assert_eq!(count(&cloud).await, Default::default(), "{fault}: nothing is left");
        let listed = place.globe(&["--json", "state", "list"]).exits(0);
        assert_eq!(listed.stdout, "", "{fault}: nothing is recorded");
    }
    nearly_all("down", killed, boundaries.len());
}

/// A call that was repeated in the clean run because AWS was not ready for it may not be repeated in another.
#[expect(clippy::print_stderr, reason = "the figure that `cargo xtask crash` is run for")]
fn nearly_all(command: &str, killed: usize, boundaries: usize) {
    eprintln!("{command}: killed at {killed} of {boundaries} boundaries");
    assert!(
        killed * 10 >= boundaries * 9,
        "too many boundaries of {command} were never reached: {killed} of {boundaries}"
    );
}
