//! What globe asks of an AWS that enforces its published request limits, in virtual time.

use std::time::Duration;

use futures::future::join_all;
use globe_aws::AwsCloud;
use globe_model::{Address, Cloud};
use globe_sandbox::{Options, Sandbox};

use crate::bench::{REGION, cloud_on};

fn limited(latency: Duration) -> (Sandbox, AwsCloud) {
    let options = Options { limits: true, latency, ..Options::default() };
    let sandbox = Sandbox::open(options).expect("an in-memory sandbox opens");
    let cloud = cloud_on(&sandbox);
    (sandbox, cloud)
}

/// Calls made, and how many of these were throttled, by the sandbox's own log.
fn calls(sandbox: &Sandbox, action: &str) -> (usize, usize) {
    let log = sandbox.calls();
    let made = || log.iter().filter(|call| call.action == action);
    let codes = ["RequestLimitExceeded", "Throttling"];
    (made().count(), made().filter(|call| call.code.as_deref().is_some_and(|code| codes.contains(&code))).count())
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_calls_meets_no_throttle() {
    let (sandbox, cloud) = limited(Duration::ZERO);
    let began = tokio::time::Instant::now();
    let aws = cloud.scoped(&REGION.into()).aws;
    let vpcs = (0..300).map(|_| aws.ec2.create_vpc().cidr_block("10.0.0.0/16").send());
    let rules = (0..90).map(|_| aws.elbv2.describe_load_balancers().send());
    let groups = (0..90).map(|_| aws.elbv2.describe_target_groups().send());
    let zones = (0..90).map(|_| aws.route53.list_hosted_zones().send());
    let (vpcs, rules, groups, zones) = tokio::join!(join_all(vpcs), join_all(rules), join_all(groups), join_all(zones));
    assert!(vpcs.iter().all(Result::is_ok) && rules.iter().all(Result::is_ok));
    assert!(groups.iter().all(Result::is_ok) && zones.iter().all(Result::is_ok));
    assert_eq!(calls(&sandbox, "CreateVpc"), (300, 0));
    assert_eq!(calls(&sandbox, "DescribeLoadBalancers"), (90, 0));
    assert_eq!(calls(&sandbox, "ListHostedZones"), (90, 0));
    // Fifty at once, then five a second; a twentieth more for margins.
    let bound = Duration::from_secs((300 - 50) / 5);
    assert!(began.elapsed() < bound.mul_f64(1.05), "{:?} of virtual time", began.elapsed());
    assert!(cloud.meter().counts().iter().all(|count| count.throttles == 0));
}

#[tokio::test(start_paused = true)]
async fn regions_do_not_wait_for_each_other() {
    let (sandbox, cloud) = limited(Duration::ZERO);
    let began = tokio::time::Instant::now();
    let regions = ["eu-central-1", "us-east-1", "us-west-2", "ap-southeast-1"];
    let vpcs = regions.iter().flat_map(|region| {
        let aws = cloud.scoped(&(*region).into()).aws;
        (0..60).map(move |_| aws.ec2.create_vpc().cidr_block("10.0.0.0/16").send())
    });
    assert!(join_all(vpcs).await.iter().all(Result::is_ok));
    assert_eq!(calls(&sandbox, "CreateVpc"), (240, 0));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?} of virtual time", began.elapsed());
}

/// Another program has used up the account's tokens: what is sent before the first answer is throttled.
#[tokio::test(start_paused = true)]
async fn throttled_calls_are_counted_and_slow_the_others_down() {
    let (sandbox, cloud) = limited(Duration::from_millis(200));
    let other = cloud_on(&sandbox).scoped(&REGION.into()).aws;
    join_all((0..48).map(|_| other.ec2.create_vpc().cidr_block("10.0.0.0/16").send())).await;
    let aws = cloud.scoped(&REGION.into()).aws;
    let answers = join_all((0..20).map(|_| aws.ec2.create_vpc().cidr_block("10.0.0.0/16").send())).await;
    let refused = answers.iter().filter(|answer| answer.is_err()).count();
    assert!(refused > 10, "{refused} of 20 that were sent at once");
    let counted: u64 = cloud.meter().counts().iter().map(|count| count.throttles).sum();
    assert_eq!(counted, refused as u64);
    // Now the bucket is known to be empty: the next calls wait for it.
    let answers = join_all((0..20).map(|_| aws.ec2.create_vpc().cidr_block("10.0.0.0/16").send())).await;
    assert!(answers.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn forty_nat_gateways_share_every_poll() {
    let (sandbox, cloud) = limited(Duration::ZERO);
    let ec2 = cloud.scoped(&REGION.into()).aws.ec2;
    let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.expect("creates").vpc.expect("a VPC");
    let gateway = ec2.create_internet_gateway().send().await.expect("creates").internet_gateway.expect("a gateway");
    let attach = ec2.attach_internet_gateway().vpc_id(vpc.vpc_id().expect("an id"));
    attach.set_internet_gateway_id(gateway.internet_gateway_id).send().await.expect("attaches");
    let subnet = ec2.create_subnet().set_vpc_id(vpc.vpc_id).cidr_block("10.0.0.0/20").send().await.expect("creates");
    let subnet = subnet.subnet.and_then(|subnet| subnet.subnet_id).expect("an id");
    let gateways = (0..40).map(|_| async {
        let address = ec2.allocate_address().send().await.expect("allocates").allocation_id;
        let request = ec2.create_nat_gateway().subnet_id(&subnet).set_allocation_id(address);
        let made = request.send().await.expect("creates").nat_gateway.expect("a NAT gateway");
        made.nat_gateway_id.expect("an id")
    });
    let ids = join_all(gateways).await;
    let address =
        |number: usize| -> Address { format!("{REGION}/ec2/nat_gateway/nat-{number}").parse().expect("an address") };
    for poll in 1..=5 {
        let reads = ids.iter().enumerate().map(|(number, id)| {
            let (cloud, address) = (&cloud, address(number));
            async move { cloud.read(&address, id).await }
        });
        let lives = join_all(reads).await;
        assert!(lives.iter().all(|live| matches!(live, Ok(Some(_)))), "all forty are there");
        assert_eq!(calls(&sandbox, "DescribeNatGateways"), (poll, 0));
        sandbox.clock().sleep(Duration::from_secs(15)).await;
    }
}
