//! Interface endpoints.

use super::{Aws, HOME, all, first};

#[tokio::test(start_paused = true)]
async fn an_interface_endpoint_holds_its_subnets_until_some_time_after_it() {
    let aws = Aws::new();
    let vpc = aws.vpc(HOME, "10.0.0.0/16").await;
    let mut subnets = Vec::new();
    for (block, zone) in [("10.0.0.0/24", 'a'), ("10.0.1.0/24", 'b'), ("10.0.2.0/24", 'b')] {
        let create = format!("CreateSubnet&VpcId={vpc}&CidrBlock={block}&AvailabilityZone={HOME}{zone}");
        subnets.push(first(&aws.ec2(&create).await, "subnetId"));
    }
    let [a, b, b2] = subnets.as_slice() else { panic!("three subnets") };
    let create = |subnets: &str| {
        format!(
            "CreateVpcEndpoint&VpcId={vpc}&ServiceName=com.amazonaws.{HOME}.ssm&VpcEndpointType=Interface\
             &PrivateDnsEnabled=true{subnets}"
        )
    };
    let refused = aws.ec2(&create(&format!("&SubnetId.1={a}"))).await;
    assert_eq!(first(&refused, "Code"), "InvalidParameter", "no host names in the VPC");
    aws.ec2(&format!("ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=true")).await;
    let refused = aws.ec2(&create(&format!("&SubnetId.1={b}&SubnetId.2={b2}"))).await;
    assert_eq!(first(&refused, "Code"), "DuplicateSubnetsInSameZone");
    let made = aws.ec2(&create(&format!("&SubnetId.1={a}"))).await;
    let id = first(&made, "vpcEndpointId");
    assert_eq!(first(&made, "groupName"), "default", "{made}");
    let rival = aws.ec2(&create(&format!("&SubnetId.1={b}"))).await;
    assert_eq!(first(&rival, "Code"), "InvalidParameter", "the names are taken");
    aws.pass(61).await;
    let seen = aws.ec2("DescribeVpcEndpoints").await;
    assert_eq!(first(&seen, "state"), "available");

    aws.ec2(&format!("ModifyVpcEndpoint&VpcEndpointId={id}&AddSubnetId.1={b}&RemoveSubnetId.1={a}")).await;
    let seen = first(&aws.ec2("DescribeVpcEndpoints").await, "subnetIdSet");
    assert_eq!(all(&seen, "item"), [b.as_str()]);
    assert_eq!(first(&aws.ec2(&format!("DeleteSubnet&SubnetId={a}")).await, "Code"), "DependencyViolation");
    aws.ec2(&format!("DeleteVpcEndpoints&VpcEndpointId.1={id}")).await;
    aws.pass(10).await;
    assert_eq!(first(&aws.ec2("DescribeVpcEndpoints").await, "vpcEndpointId"), "");
    assert_eq!(first(&aws.ec2(&format!("DeleteSubnet&SubnetId={b}")).await, "Code"), "DependencyViolation");
    aws.pass(60).await;
    for subnet in [a, b] {
        assert_eq!(first(&aws.ec2(&format!("DeleteSubnet&SubnetId={subnet}")).await, "return"), "true");
    }
}
