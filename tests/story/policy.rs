//! What `globe policy` prints is enough, and nothing of it is too much.

use serde_json::Value;

use crate::globe::{Place, Ran};
use crate::stops::SMALL;

const REFERENCE: &str = include_str!("../../config/globe.toml");

/// A place with the policy for a command in `FILE`.
fn print(place: &Place, command: &str, file: &str) -> Value {
    let said = place.globe(&["policy", "--for", command]).exits(0);
    std::fs::write(place.path().join(file), &said.stdout).expect("writes");
    serde_json::from_str(&said.stdout).expect("a policy is JSON")
}

/// Runs a command in a sandbox that enforces a policy.
fn under(place: &Place, policy: &str, arguments: &[&str]) -> Ran {
    let sandbox = ["--sandbox", "--time", "virtual", "--sandbox-policy", policy];
    place.globe(&[&sandbox[..], arguments].concat())
}

/// Takes an action out of a policy.
fn without(policy: &Value, action: &str) -> String {
    let mut policy = policy.clone();
    let mut taken = 0;
    let statements = policy["Statement"].as_array_mut().expect("statements");
    statements.retain_mut(|statement| match &mut statement["Action"] {
        Value::Array(actions) => {
            let before = actions.len();
            actions.retain(|one| one != action);
            taken += before - actions.len();
            true
        }
        one => {
            taken += usize::from(one == action);
            one != action
        }
    });
    assert!(taken > 0, "{action} is not in the policy");
    policy.to_string()
}

fn world(place: &Place) -> String {
    std::fs::read_to_string(place.path().join(".globe/sandbox/world.jsonl")).unwrap_or_default()
}

#[test]
fn the_reference_stack_lives_and_goes_with_its_policies() {
    let place = Place::new(REFERENCE, None);
    for command in ["diff", "up", "down", "all"] {
        print(&place, command, &format!("{command}.json"));
    }
    under(&place, "up.json", &["up", "--regions", "all", "--yes"]).exits(0);
    under(&place, "diff.json", &["diff", "--exit-code"]).exits(0);
    under(&place, "all.json", &["down", "--region", "eu-central-1", "--yes", "--delete-data", "*"]).exits(0);
    under(&place, "up.json", &["up", "--region", "eu-central-1", "--yes"]).exits(0);
    place.write(&REFERENCE.replace("max = 12 }", "max = 9 }").replace("cost-center = \"platform\"", ""));
    under(&place, "up.json", &["up", "--yes"]).exits(0);
    under(&place, "down.json", &["down", "--regions", "all", "--yes", "--delete-data", "*"]).exits(0);
    assert!(place.globe(&["--sandbox", "state", "list"]).exits(0).stdout.is_empty(), "nothing is left");
}

#[test]
fn what_may_only_read_changes_nothing() {
    let place = Place::new(SMALL, None);
    print(&place, "diff", "diff.json");
    under(&place, "diff.json", &["diff", "--exit-code"]).exits(2);
    let said = under(&place, "diff.json", &["up", "--yes"]).exits(1);
    assert!(said.stdout.contains(r#"{"Effect":"Allow","Action":"s3:CreateBucket","Resource":"*"}"#), "{}", said.stdout);
    assert_eq!(world(&place), "", "nothing was made in AWS");
}

#[test]
fn a_permission_to_read_that_lacks_is_named_before_the_first_write() {
    let place = Place::new(SMALL, None);
    let policy = print(&place, "all", "all.json");
    for (action, address) in [
        ("ec2:DescribeVpcs", "us-east-1/ec2/vpc/main"),
        ("ec2:DescribeNatGateways", "us-east-1/ec2/nat_gateway/main-a"),
        ("s3:GetBucketTagging", "us-east-1/s3/bucket/files"),
    ] {
        std::fs::write(place.path().join("less.json"), without(&policy, action)).expect("writes");
        let said = under(&place, "less.json", &["up", "--yes"]).exits(4);
        let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
        for expected in [action, address, &statement] {
            assert!(said.stderr.contains(expected), "{expected} is missing:\n{}", said.stderr);
        }
        assert_eq!(world(&place), "", "nothing was made in AWS");
    }
}

#[test]
fn a_permission_to_write_that_lacks_is_named_and_the_next_run_finishes() {
    let place = Place::new(SMALL, None);
    let policy = print(&place, "up", "up.json");
    for (action, address) in
        [("ec2:CreateNatGateway", "ec2/nat_gateway/main-a"), ("s3:PutLifecycleConfiguration", "s3/bucket/files")]
    {
        std::fs::write(place.path().join("less.json"), without(&policy, action)).expect("writes");
        let said = under(&place, "less.json", &["up", "--yes"]).exits(3);
        let all = format!("{}{}", said.stdout, said.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        for expected in [action, address, "is not authorized to perform"] {
            assert!(all.contains(expected), "{expected} is missing:\n{all}");
        }
        under(&place, "up.json", &["up", "--yes"]).exits(0);
        print(&place, "all", "all.json");
        under(&place, "all.json", &["down", "--regions", "all", "--yes", "--delete-data", "*"]).exits(0);
    }
}
