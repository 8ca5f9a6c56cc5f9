//! Address blocks of VPCs and subnets.

use super::{Aws, all, first};

#[tokio::test(start_paused = true)]
async fn an_ipv6_block_is_associated_after_a_while_and_then_holds_subnets() {
    let aws = Aws::new();
    let vpc = aws.ec2("CreateVpc&CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true").await;
    let (id, block) = (first(&vpc, "vpcId"), first(&vpc, "ipv6CidrBlock"));
    assert!(vpc.contains("<ipv6CidrBlockState><state>associating"), "{vpc}");
    let subnet = format!("{}/64", block.trim_end_matches("/56"));
    let create = format!("CreateSubnet&VpcId={id}&CidrBlock=10.0.0.0/24&Ipv6CidrBlock={subnet}");
    assert_eq!(first(&aws.ec2(&create).await, "Code"), "InvalidSubnet.Range", "not associated yet");
    aws.pass(6).await;
    let made = aws.ec2(&create).await;
    assert_eq!(first(&made, "ipv6CidrBlock"), subnet);
    let second = aws.ec2(&format!("CreateSubnet&VpcId={id}&CidrBlock=10.0.1.0/24&Ipv6CidrBlock={subnet}")).await;
    assert_eq!(first(&second, "Code"), "InvalidSubnet.Conflict");
    let tables = aws.ec2(&format!("DescribeRouteTables&Filter.1.Name=vpc-id&Filter.1.Value.1={id}")).await;
    assert_eq!(all(&tables, "destinationIpv6CidrBlock"), [block], "the local route");
}

#[tokio::test(start_paused = true)]
async fn further_blocks_come_and_go_and_the_first_one_stays() {
    let aws = Aws::new();
    let made = aws.ec2("CreateVpc&CidrBlock=10.0.0.0/16").await;
    let (id, primary) = (first(&made, "vpcId"), first(&made, "associationId"));
    let add = |block: &str| format!("AssociateVpcCidrBlock&VpcId={id}&CidrBlock={block}");
    assert_eq!(first(&aws.ec2(&add("10.0.8.0/24")).await, "Code"), "CidrConflict");
    let association = first(&aws.ec2(&add("10.1.0.0/16")).await, "associationId");
    aws.ec2(&add("10.2.0.0/16")).await;
    aws.pass(6).await;
    let vpc = aws.ec2("DescribeVpcs").await;
    assert_eq!(vpc.matches("<state>associated</state>").count(), 3, "both, though they overlapped in time: {vpc}");
    let subnet = first(&aws.ec2(&format!("CreateSubnet&VpcId={id}&CidrBlock=10.1.3.0/24")).await, "subnetId");
    let take = |association: &str| format!("DisassociateVpcCidrBlock&AssociationId={association}");
    assert_eq!(first(&aws.ec2(&take(&association)).await, "Code"), "InvalidCidrBlock.InUse");
    aws.ec2(&format!("DeleteSubnet&SubnetId={subnet}")).await;
    assert_eq!(first(&aws.ec2(&take(&association)).await, "state"), "disassociating");
    aws.pass(6).await;
    assert!(!aws.ec2("DescribeVpcs").await.contains("10.1.0.0/16"));
    assert_eq!(first(&aws.ec2(&take(&primary)).await, "Code"), "OperationNotPermitted");
}

#[tokio::test(start_paused = true)]
async fn tags_are_found_by_filter_and_refused_beyond_their_number() {
    let aws = Aws::new();
    let (one, other) = (aws.vpc(super::HOME, "10.0.0.0/16").await, aws.vpc(super::HOME, "10.1.0.0/16").await);
    let tag = |id: &str, from: usize, to: usize| {
        let tags: String = (from..=to).map(|at| format!("&Tag.{at}.Key=k{at}&Tag.{at}.Value=v")).collect();
        format!("CreateTags&ResourceId.1={id}{tags}")
    };
    assert_eq!(first(&aws.ec2(&tag(&one, 1, 50)).await, "return"), "true");
    assert_eq!(first(&aws.ec2(&tag(&one, 51, 51)).await, "Code"), "TagLimitExceeded");
    assert_eq!(first(&aws.ec2(&tag(&one, 50, 50)).await, "return"), "true", "the same key is no further tag");
    aws.ec2(&tag(&other, 7, 8)).await;
    let found = format!("DescribeTags&Filter.1.Name=resource-id&Filter.1.Value.1={other}");
    assert_eq!(all(&aws.ec2(&found).await, "key"), ["k7", "k8"]);
    let found = "DescribeTags&Filter.1.Name=key&Filter.1.Value.1=k7&Filter.2.Name=resource-type&Filter.2.Value.1=vpc";
    assert_eq!(all(&aws.ec2(found).await, "resourceId").len(), 2);
    assert_eq!(first(&aws.ec2(&tag("pcx-0none", 1, 1)).await, "Code"), "InvalidVpcPeeringConnectionID.NotFound");
    assert_eq!(first(&aws.ec2("DescribeVpcs&MaxResults=1").await, "Code"), "InvalidParameterValue");
}
