//! VPC and subnet.

use aws_sdk_ec2::types::AttributeBooleanValue;
use globe_aws::kinds::ec2::{Subnet, SubnetSpec, Vpc, VpcSpec};
use globe_model::{Address, Ref};

use crate::bench::{Bench, REGION, tags};

/// Kinds whose story this file tells.
pub const KINDS: &[&str] = &["ec2/vpc", "ec2/subnet"];
/// Those of its stories that need every action its kinds declare.
pub const STORIES: &[fn()] = &[a_network_comes_changes_and_goes];

#[tokio::test(start_paused = true)]
pub async fn a_network_comes_changes_and_goes() {
    let mut bench = Bench::new();
    let vpc = Address::new(REGION, "ec2/vpc", "main");
    let vpc_spec = VpcSpec { cidr: "10.0.0.0/16".into(), tags: tags("main") };
    bench.up::<Vpc>(&vpc, &vpc_spec).await;
    bench.patches::<Vpc>(&vpc, &VpcSpec { tags: tags("renamed"), ..vpc_spec.clone() }).await;
    let vpc_spec = VpcSpec { cidr: "10.1.0.0/16".into(), ..vpc_spec };
    bench.replace::<Vpc>(&vpc, &vpc_spec, "cidr").await;
    // Somebody takes names away from the network, one attribute per call.
    let ec2 = bench.scoped(REGION).aws.ec2;
    let off = || AttributeBooleanValue::builder().value(false).build();
    let id = bench.id(&vpc);
    ec2.modify_vpc_attribute().vpc_id(&id).enable_dns_hostnames(off()).send().await.expect("no host names");
    ec2.modify_vpc_attribute().vpc_id(&id).enable_dns_support(off()).send().await.expect("no resolver");
    bench.patches::<Vpc>(&vpc, &vpc_spec).await;

    let subnet = Address::new(REGION, "ec2/subnet", "main-a");
    let spec = SubnetSpec {
        vpc: Ref::to(REGION, "main"),
        cidr: "10.1.0.0/20".into(),
        zone: format!("{REGION}a"),
        public: true,
        tags: tags("main-a"),
    };
    bench.up::<Subnet>(&subnet, &spec).await;
    bench.patches::<Subnet>(&subnet, &SubnetSpec { public: false, ..spec.clone() }).await;
    let elsewhere = SubnetSpec { vpc: bench.other_vpc(), ..spec.clone() };
    bench.replaces::<Subnet>(&subnet, &elsewhere, "vpc_id").await;
    bench.replaces::<Subnet>(&subnet, &SubnetSpec { cidr: "10.1.16.0/20".into(), ..spec.clone() }, "cidr").await;
    // The same network in another zone: the old one is in the way of the new one.
    bench.replace::<Subnet>(&subnet, &SubnetSpec { zone: format!("{REGION}b"), ..spec }, "zone").await;

    bench.refuses_delete(&vpc).await;
    bench.down().await;
}
