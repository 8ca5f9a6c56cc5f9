//! Instances from start to an hour after their end.

use super::{Aws, HOME, all, first};

async fn place(aws: &Aws) -> (String, String) {
    let vpc = aws.vpc(HOME, "10.0.0.0/16").await;
    let subnet = first(&aws.ec2(&format!("CreateSubnet&VpcId={vpc}&CidrBlock=10.0.0.0/24")).await, "subnetId");
    let image = first(&aws.ec2("DescribeImages&Filter.1.Name=architecture&Filter.1.Value.1=x86_64").await, "imageId");
    (subnet, image)
}

#[tokio::test(start_paused = true)]
async fn a_token_starts_instances_once_and_they_stay_listed_for_an_hour() {
    let aws = Aws::new();
    let (subnet, image) = place(&aws).await;
    let run = format!(
        "RunInstances&ImageId={image}&InstanceType=t3.micro&SubnetId={subnet}&MinCount=2&MaxCount=2&ClientToken=t\
         &TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=k&TagSpecification.1.Tag.1.Value=v"
    );
    let made = aws.ec2(&run).await;
    let ids = all(&made, "instanceId");
    assert_eq!(all(&first(&made, "instancesSet"), "name"), ["pending", "pending"], "{made}");
    aws.pass(21).await;
    let again = aws.ec2(&run).await;
    assert_eq!(
        (all(&again, "instanceId"), first(&again, "reservationId")),
        (ids.clone(), first(&made, "reservationId"))
    );
    let other = aws.ec2(&run.replace("t3.micro", "t3.small")).await;
    assert_eq!(first(&other, "Code"), "IdempotentParameterMismatch");
    let tagged = aws.ec2("DescribeInstances&Filter.1.Name=tag:k&Filter.1.Value.1=v&MaxResults=5").await;
    assert_eq!((all(&tagged, "reservationId").len(), first(&tagged, "name")), (1, "running".into()));
    assert_eq!(first(&aws.ec2("DescribeInstanceStatus").await, "status"), "initializing");
    aws.pass(120).await;
    assert_eq!(first(&aws.ec2("DescribeInstanceStatus").await, "status"), "ok");

    let one = ids.first().expect("two instances");
    let change = aws.ec2(&format!("TerminateInstances&InstanceId.1={one}")).await;
    assert_eq!(all(&change, "name"), ["shutting-down", "running"]);
    let delete = format!("DeleteSubnet&SubnetId={subnet}");
    aws.pass(31).await;
    assert_eq!(first(&aws.ec2(&delete).await, "Code"), "DependencyViolation", "the other one is there");
    aws.ec2(&format!("TerminateInstances&InstanceId.1={}", ids.last().expect("two instances"))).await;
    aws.pass(31).await;
    assert_eq!(first(&aws.ec2(&delete).await, "Code"), "");
    let gone = aws.ec2(&format!("DescribeInstances&InstanceId.1={one}")).await;
    assert_eq!((first(&gone, "name"), first(&gone, "subnetId")), ("terminated".into(), String::new()));
    assert_eq!(first(&aws.ec2("DescribeInstanceStatus").await, "instanceId"), "");
    aws.pass(3600).await;
    let gone = aws.ec2(&format!("DescribeInstances&InstanceId.1={one}")).await;
    assert_eq!(first(&gone, "Code"), "InvalidInstanceID.NotFound");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_start_is_refused() {
    let aws = Aws::new();
    let (subnet, image) = place(&aws).await;
    let run = |image: &str, kind: &str, subnet: &str| {
        format!("RunInstances&ImageId={image}&InstanceType={kind}&SubnetId={subnet}&MinCount=1&MaxCount=1")
    };
    for (image, kind, subnet, expected) in [
        ("ami-0none", "t3.micro", subnet.as_str(), "InvalidAMIID.NotFound"),
        (image.as_str(), "t9.micro", subnet.as_str(), "InvalidParameterValue"),
        (image.as_str(), "t4g.micro", subnet.as_str(), "InvalidParameterValue"),
        (image.as_str(), "t3.micro", "subnet-0none", "InvalidSubnetID.NotFound"),
    ] {
        assert_eq!(first(&aws.ec2(&run(image, kind, subnet)).await, "Code"), expected, "{kind} of {image} in {subnet}");
    }
    let paged = aws.ec2("DescribeInstances&InstanceId.1=i-0none&MaxResults=5").await;
    assert_eq!(first(&paged, "Code"), "InvalidParameterCombination");
}

#[tokio::test(start_paused = true)]
async fn types_are_offered_per_zone_and_found_by_wildcard() {
    let aws = Aws::new();
    let asked = "DescribeInstanceTypeOfferings&LocationType=availability-zone&Filter.1.Name=instance-type\
                 &Filter.1.Value.1=t4g.*&Filter.2.Name=location&Filter.2.Value.1=us-east-1b";
    let found = aws.ec2(asked).await;
    assert_eq!(all(&found, "location").len(), 7, "seven sizes: {found}");
    let unknown = aws.ec2("DescribeInstanceTypes&InstanceType.1=t3.micro&InstanceType.2=x9.huge").await;
    assert_eq!(first(&unknown, "Code"), "InvalidInstanceType");
}
