//! VPC and subnet.

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
    bench.replaces::<Vpc>(&vpc, &VpcSpec { cidr: "10.1.0.0/16".into(), ..vpc_spec.clone() }, "cidr").await;

    let subnet = Address::new(REGION, "ec2/subnet", "main-a");
    let spec = SubnetSpec {
        vpc: Ref::to(REGION, "main"),
        cidr: "10.0.0.0/20".into(),
        zone: format!("{REGION}a"),
        public: true,
        tags: tags("main-a"),
    };
    bench.up::<Subnet>(&subnet, &spec).await;
    bench.patches::<Subnet>(&subnet, &SubnetSpec { public: false, ..spec.clone() }).await;
    bench.replaces::<Subnet>(&subnet, &SubnetSpec { zone: format!("{REGION}b"), ..spec }, "zone").await;

    bench.refuses_delete(&vpc).await;
    bench.down().await;
}
