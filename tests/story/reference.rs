//! The reference stack, from nothing to nothing.

use aws_sdk_ec2::types::{AttributeBooleanValue, Filter};
use serde_json::Value;

use crate::cloud::{Census, Cloud};
use crate::globe::{Place, Served};

const REFERENCE: &str = include_str!("../../config/globe.toml");
const REGIONS: [&str; 4] = ["ap-southeast-1", "eu-central-1", "us-east-1", "us-west-2"];

/// `action address` of every step of a plan in JSON.
fn steps(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().expect("a plan has steps");
    steps.iter().map(|step| format!("{} {}", step["action"], step["address"]).replace('"', "")).collect()
}

fn regional(nat_gateways: usize, tables: usize) -> Census {
    Census {
        vpcs: 1,
        subnets: 9,
        nat_gateways,
        addresses: nat_gateways,
        security_groups: 2,
        load_balancers: 1,
        target_groups: 1,
        groups: 1,
        templates: 1,
        certificates: 1,
        tables,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_regions_come_change_lose_one_and_go() {
    let served = Served::start();
    let cloud = Cloud::at(&served.url);
    let place = Place::new(REFERENCE, Some(&served.url));

    place.globe(&["up", "--regions", "all", "--yes"]).exits(0);
    for region in REGIONS {
        let nats = if region == "us-east-1" { 3 } else { 1 };
        let tables = if region == "eu-central-1" { 2 } else { 1 };
        assert_eq!(cloud.census(region).await, regional(nats, tables), "{region}");
    }
    assert_eq!((cloud.buckets().await.len(), cloud.records().await.len()), (4, 13));
    assert_eq!(cloud.zones_and_checks().await, (1, 4));
    place.globe(&["diff", "--exit-code"]).exits(0);

    the_file_changes(&place);
    somebody_changes_things(&place, &cloud).await;
    a_region_goes_and_returns(&place, &cloud).await;
    the_primary_goes_and_returns(&place, &cloud).await;

    place.globe(&["down", "--regions", "all", "--yes"]).exits(4);
    assert_eq!(cloud.buckets().await.len(), 4, "a refused down changes nothing");
    place.globe(&["down", "--regions", "all", "--yes", "--delete-data", "*"]).exits(0);
    for region in REGIONS {
        assert_eq!(cloud.census(region).await, Census::default(), "{region} is empty");
    }
    assert_eq!((cloud.buckets().await, cloud.roles().await, cloud.records().await), Default::default());
    assert_eq!(cloud.zones_and_checks().await, (0, 0));
    let again = place.globe(&["down", "--regions", "all", "--yes", "--delete-data", "*"]).exits(0);
    assert!(again.stdout.contains("Nothing to do"), "{}", again.stdout);
}

fn the_file_changes(place: &Place) {
    place.write(&REFERENCE.replace("max = 12 }", "max = 9 }"));
    let plan = place.globe(&["--json", "diff", "--exit-code"]).exits(2).json_of("plan");
    let expected: Vec<String> = REGIONS.iter().map(|region| format!("update {region}/autoscaling/group/web")).collect();
    assert_eq!(steps(&plan), expected);
    for step in plan["steps"].as_array().expect("steps") {
        assert!(
            step["changes"].as_array().is_some_and(|changes| changes.iter().all(|change| change["cause"] == "file"))
        );
    }
    place.globe(&["up", "--yes"]).exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
}

async fn somebody_changes_things(place: &Place, cloud: &Cloud) {
    let ec2 = cloud.ec2("us-west-2").await;
    let filter = Filter::builder().name("tag:Name").values("acme-main-public-a").build();
    let subnets = ec2.describe_subnets().filters(filter).send().await.expect("describes").subnets.unwrap_or_default();
    let id = subnets[0].subnet_id.clone().expect("has an id");
    let off = AttributeBooleanValue::builder().value(false).build();
    ec2.modify_subnet_attribute().subnet_id(&id).map_public_ip_on_launch(off).send().await.expect("modifies");

    let plan = place.globe(&["--json", "diff", "--exit-code"]).exits(2).json_of("plan");
    assert_eq!(steps(&plan), ["update us-west-2/ec2/subnet/main-public-a"]);
    assert_eq!(plan["steps"][0]["changes"][0]["cause"], "drift");
    place.globe(&["up", "--yes"]).exits(0);
    let subnets = ec2.describe_subnets().subnet_ids(&id).send().await.expect("describes").subnets.unwrap_or_default();
    assert_eq!(subnets[0].map_public_ip_on_launch, Some(true), "mended");
}

async fn a_region_goes_and_returns(place: &Place, cloud: &Cloud) {
    let gone = "eu-central-1";
    let refused = place.globe(&["down", "--region", gone, "--yes"]).exits(4);
    assert!(refused.stderr.contains("--delete-data"), "{}", refused.stderr);
    place.globe(&["down", "--region", gone, "--yes", "--delete-data", "*"]).exits(0);
    assert_eq!(cloud.census(gone).await, Census::default());
    assert_eq!(cloud.buckets().await.len(), 3);
    let tied = |(_, set): &(String, Option<String>)| set.as_deref() == Some(gone);
    assert!(!cloud.records().await.iter().any(tied), "no record of it is left");
    assert_eq!(cloud.census("us-west-2").await, regional(1, 1), "the others are as they were");
    place.globe(&["diff", "--exit-code", "--regions", "us-east-1,us-west-2,ap-southeast-1"]).exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);

    place.globe(&["up", "--region", gone, "--yes"]).exits(0);
    assert_eq!(cloud.census(gone).await, regional(1, 2));
    place.globe(&["diff", "--exit-code"]).exits(0);
}

/// `primary` places what is made first and binds nothing: its region goes and returns as any other does.
async fn the_primary_goes_and_returns(place: &Place, cloud: &Cloud) {
    let primary = "us-east-1";
    place.globe(&["down", "--region", primary, "--yes", "--delete-data", "*/s3/bucket/*"]).exits(0);
    assert_eq!(cloud.census(primary).await, Census::default());
    place.globe(&["diff", "--exit-code"]).exits(0);
    place.globe(&["up", "--region", primary, "--yes"]).exits(0);
    place.globe(&["diff", "--exit-code"]).exits(0);
}
