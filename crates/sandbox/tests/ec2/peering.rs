//! Peering between regions.

use super::{AWAY, Aws, HOME, all, first};

async fn pair(aws: &Aws, away: &str) -> (String, String, String) {
    let (near, far) = (aws.vpc(HOME, "10.0.0.0/16").await, aws.vpc(AWAY, away).await);
    let create = format!("CreateVpcPeeringConnection&VpcId={near}&PeerVpcId={far}&PeerRegion={AWAY}");
    let tag = "&TagSpecification.1.ResourceType=vpc-peering-connection&TagSpecification.1.Tag.1.Key=k\
               &TagSpecification.1.Tag.1.Value=v";
    let id = first(&aws.ec2(&format!("{create}{tag}")).await, "vpcPeeringConnectionId");
    (near, far, id)
}

async fn seen(aws: &Aws, region: &str, id: &str) -> String {
    aws.ec2_in(region, &format!("DescribeVpcPeeringConnections&VpcPeeringConnectionId.1={id}")).await
}

#[tokio::test(start_paused = true)]
async fn both_sides_see_one_connection_through_its_life() {
    let aws = Aws::new();
    let (near, far, id) = pair(&aws, "10.1.0.0/16").await;
    assert_eq!(first(&seen(&aws, HOME, &id).await, "code"), "initiating-request");
    aws.pass(3).await;
    let there = seen(&aws, AWAY, &id).await;
    assert_eq!(first(&there, "code"), "pending-acceptance");
    assert!(!there.contains("<key>k</key>"), "tags belong to the requester's side: {there}");
    let accept = format!("AcceptVpcPeeringConnection&VpcPeeringConnectionId={id}");
    assert_eq!(first(&aws.ec2(&accept).await, "Code"), "OperationNotPermitted", "not from the requester's side");
    assert_eq!(first(&aws.ec2_in(AWAY, &accept).await, "code"), "provisioning");

    let table = first(&aws.ec2(&format!("CreateRouteTable&VpcId={near}")).await, "routeTableId");
    let route = format!("&RouteTableId={table}&DestinationCidrBlock=10.1.0.0/16&VpcPeeringConnectionId={id}");
    aws.ec2(&format!("CreateRoute{route}")).await;
    let routes = format!("DescribeRouteTables&RouteTableId.1={table}");
    assert_eq!(all(&aws.ec2(&routes).await, "state"), ["active", "blackhole"], "leads nowhere yet");
    aws.pass(11).await;
    for region in [HOME, AWAY] {
        let side = seen(&aws, region, &id).await;
        assert_eq!(first(&side, "code"), "active");
        assert_eq!(all(&side, "cidrBlock").len(), 4, "both blocks show: {side}");
    }
    assert_eq!(all(&aws.ec2(&routes).await, "state"), ["active", "active"]);
    let again = format!("CreateVpcPeeringConnection&VpcId={near}&PeerVpcId={far}&PeerRegion={AWAY}");
    assert_eq!(first(&aws.ec2(&again).await, "Code"), "VpcPeeringConnectionAlreadyExists");
    let delete_vpc = format!("DeleteVpc&VpcId={far}");
    assert_eq!(first(&aws.ec2_in(AWAY, &delete_vpc).await, "Code"), "DependencyViolation");

    let delete = format!("DeleteVpcPeeringConnection&VpcPeeringConnectionId={id}");
    aws.ec2_in(AWAY, &delete).await;
    assert_eq!(first(&seen(&aws, HOME, &id).await, "code"), "deleting");
    aws.pass(6).await;
    assert_eq!(first(&seen(&aws, HOME, &id).await, "code"), "deleted");
    assert_eq!(all(&aws.ec2(&routes).await, "state"), ["active", "blackhole"]);
    assert_eq!(first(&aws.ec2(&delete).await, "Code"), "InvalidStateTransition");
    assert_eq!(first(&aws.ec2_in(AWAY, &delete_vpc).await, "Code"), "");
    aws.pass(3 * 3600).await;
    assert_eq!(first(&seen(&aws, AWAY, &id).await, "Code"), "InvalidVpcPeeringConnectionID.NotFound");
    assert_eq!(first(&seen(&aws, HOME, &id).await, "code"), "deleted", "the other party sees it for two days");
}

#[tokio::test(start_paused = true)]
async fn overlapping_blocks_fail_after_the_create() {
    let aws = Aws::new();
    let (_, _, id) = pair(&aws, "10.0.128.0/17").await;
    aws.pass(3).await;
    assert_eq!(first(&seen(&aws, HOME, &id).await, "code"), "failed");
    assert_eq!(first(&seen(&aws, AWAY, &id).await, "Code"), "InvalidVpcPeeringConnectionID.NotFound");
}

#[tokio::test(start_paused = true)]
async fn names_resolve_across_only_where_both_sides_have_names() {
    let aws = Aws::new();
    let (near, far, id) = pair(&aws, "10.1.0.0/16").await;
    let option = |side: &str| {
        format!(
            "ModifyVpcPeeringConnectionOptions&VpcPeeringConnectionId={id}&{side}PeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc=true"
        )
    };
    assert_eq!(first(&aws.ec2(&option("Requester")).await, "Code"), "OperationNotPermitted", "not active yet");
    aws.ec2_in(AWAY, &format!("AcceptVpcPeeringConnection&VpcPeeringConnectionId={id}")).await;
    aws.pass(11).await;
    assert_eq!(first(&aws.ec2(&option("Accepter")).await, "Code"), "OperationNotPermitted", "another region's option");
    let refused = first(&aws.ec2(&option("Requester")).await, "Code");
    assert_eq!(refused, "InvalidVpcPeeringConnectionState.DnsHostnamesDisabled");
    for (region, vpc) in [(HOME, near), (AWAY, far)] {
        aws.ec2_in(region, &format!("ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=true")).await;
    }
    let set = aws.ec2(&option("Requester")).await;
    assert_eq!(first(&set, "allowDnsResolutionFromRemoteVpc"), "true", "{set}");
    assert!(seen(&aws, HOME, &id).await.contains("<allowDnsResolutionFromRemoteVpc>true"));
    assert!(!seen(&aws, AWAY, &id).await.contains("<allowDnsResolutionFromRemoteVpc>true"));
}
