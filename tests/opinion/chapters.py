"""The story's chapters: each does something with globe, and yields checks that look at the account with boto3."""

from moto_cloud import tags

PRIMARY, SECONDARY = "us-east-1", "eu-central-1"
REGIONAL = {
    "vpcs": 1, "subnets": 6, "route tables": 4, "internet gateways": 1, "NAT gateways": 1, "addresses": 1,
    "security groups": 2, "launch templates": 1, "load balancers": 1, "target groups": 1, "groups": 1, "policies": 1,
    "certificates": 1, "tables": 0,
}
EMPTY = dict.fromkeys(REGIONAL, 0)
# Who answers whom: two geolocation, two latency, two failover and two weighted records.
ROUTED = {"Weight": 2, "Region": 2, "GeoLocation": 2, "Failover": 2}


def same(found, wanted):
    assert found == wanted, f"found {found}, not {wanted}"


def it_comes_up(place, cloud):
    place.globe("up", "--yes")

    def each_region_holds_what_the_file_says():
        same(cloud.census(PRIMARY), REGIONAL)
        same(cloud.census(SECONDARY), {**REGIONAL, "tables": 1})

    def private_subnets_reach_out_through_the_nat_gateway_and_public_ones_directly():
        tables = cloud.of_stack(PRIMARY, "describe_route_tables", "RouteTables")
        doors = [key for table in tables for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"
                 for key in ("GatewayId", "NatGatewayId") if route.get(key)]
        same(sorted(doors), ["GatewayId", "NatGatewayId", "NatGatewayId"])

    def public_subnets_and_no_others_give_public_addresses():
        subnets = cloud.of_stack(PRIMARY, "describe_subnets", "Subnets")
        public = {tags(subnet)["Name"] for subnet in subnets if subnet["MapPublicIpOnLaunch"]}
        same(public, {"opinion-main-public-a", "opinion-main-public-b"})

    def everything_that_ec2_tags_has_the_tags_of_the_file():
        found = cloud.client("ec2", PRIMARY).describe_tags(Filters=[{"Name": "key", "Values": ["globe:stack"]}])["Tags"]
        own = cloud.client("ec2", PRIMARY).describe_tags(Filters=[{"Name": "key", "Values": ["owner"]}])["Tags"]
        assert found, "nothing is tagged"
        same({tag["ResourceId"] for tag in found} - {tag["ResourceId"] for tag in own}, set())

    def the_load_balancer_redirects_to_https_with_the_issued_certificate():
        elb = cloud.client("elbv2", SECONDARY)
        arn = elb.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = {one["Port"]: one for one in elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]}
        same(sorted(listeners), [80, 443])
        same(listeners[80]["DefaultActions"][0]["Type"], "redirect")
        issued = cloud.client("acm", SECONDARY).list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
        same([one["CertificateArn"] for one in listeners[443]["Certificates"]], [one["CertificateArn"] for one in issued])

    def the_group_runs_the_template_in_private_subnets_behind_the_load_balancer():
        group = cloud.client("autoscaling", PRIMARY).describe_auto_scaling_groups()["AutoScalingGroups"][0]
        target = cloud.client("elbv2", PRIMARY).describe_target_groups()["TargetGroups"][0]
        same((group["MinSize"], group["DesiredCapacity"], group["MaxSize"]), (1, 1, 4))
        same(group["TargetGroupARNs"], [target["TargetGroupArn"]])
        subnets = {one["SubnetId"]: tags(one)["Name"] for one in cloud.of_stack(PRIMARY, "describe_subnets", "Subnets")}
        names = {subnets[id] for id in group["VPCZoneIdentifier"].split(",")}
        same(names, {"opinion-main-private-a", "opinion-main-private-b"})

    def records_route_as_the_file_says():
        records = [record for record in cloud.records() if record["Type"] != "CNAME"]
        same({key: sum(key in record for record in records) for key in ROUTED}, ROUTED)
        assert all("AliasTarget" in record for record in records), "a record is no alias"

    def the_table_has_its_keys_and_its_time_to_live():
        data = cloud.client("dynamodb", SECONDARY)
        name = data.list_tables()["TableNames"][0]
        keys = {key["AttributeName"]: key["KeyType"] for key in data.describe_table(TableName=name)["Table"]["KeySchema"]}
        same(keys, {"user_id": "HASH", "field": "RANGE"})
        live = data.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        same((live["TimeToLiveStatus"], live["AttributeName"]), ("ENABLED", "expires_at"))

    def a_second_look_finds_no_change():
        same(place.changes(), [])

    yield from (
        each_region_holds_what_the_file_says,
        private_subnets_reach_out_through_the_nat_gateway_and_public_ones_directly,
        public_subnets_and_no_others_give_public_addresses,
        everything_that_ec2_tags_has_the_tags_of_the_file,
        the_load_balancer_redirects_to_https_with_the_issued_certificate,
        the_group_runs_the_template_in_private_subnets_behind_the_load_balancer,
        records_route_as_the_file_says,
        the_table_has_its_keys_and_its_time_to_live,
        a_second_look_finds_no_change,
    )


def somebody_changes_things(place, cloud):
    ec2, scaling = cloud.client("ec2", SECONDARY), cloud.client("autoscaling", PRIMARY)
    subnets = cloud.of_stack(SECONDARY, "describe_subnets", "Subnets")
    changed = next(one["SubnetId"] for one in subnets if tags(one)["Name"] == "opinion-main-public-a")
    ec2.modify_subnet_attribute(SubnetId=changed, MapPublicIpOnLaunch={"Value": False})
    group = scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["AutoScalingGroupName"]
    scaling.update_auto_scaling_group(AutoScalingGroupName=group, MaxSize=9)

    def drift_is_found_where_it_is_and_nowhere_else():
        same(place.changes(), [f"update {SECONDARY}/ec2/subnet/main-public-a", f"update {PRIMARY}/autoscaling/group/web"])

    def drift_is_mended():
        place.globe("up", "--yes")
        same(ec2.describe_subnets(SubnetIds=[changed])["Subnets"][0]["MapPublicIpOnLaunch"], True)
        same(scaling.describe_auto_scaling_groups()["AutoScalingGroups"][0]["MaxSize"], 4)
        same(place.changes(), [])

    yield from (drift_is_found_where_it_is_and_nowhere_else, drift_is_mended)


def the_file_changes(place, cloud):
    file = (place.folder / "globe.toml").read_text(encoding="utf-8")
    place.write(file.replace("max = 4 }", "max = 5 }").replace("us-east-1 = 90", "us-east-1 = 70"))

    def the_change_is_planned_and_made():
        wanted = [f"update {SECONDARY}/autoscaling/group/web", f"update {PRIMARY}/autoscaling/group/web",
                  "update global/route53/record/beta-us-east-1"]
        same(sorted(place.changes()), sorted(wanted))
        place.globe("up", "--yes")
        weights = {record["SetIdentifier"]: record["Weight"] for record in cloud.records() if "Weight" in record}
        same(weights, {PRIMARY: 70, SECONDARY: 10})
        same(place.changes(), [])

    yield the_change_is_planned_and_made


def a_region_goes(place, cloud):
    place.globe("down", "--region", SECONDARY, "--yes", "--delete-data")

    def nothing_of_the_region_is_left():
        same(cloud.census(SECONDARY), EMPTY)
        same([record for record in cloud.records() if record.get("SetIdentifier") == SECONDARY], [])

    def the_other_region_is_as_it_was():
        same(cloud.census(PRIMARY), REGIONAL)
        same({key: sum(key in record for record in cloud.records()) for key in ROUTED}, dict.fromkeys(ROUTED, 1))

    yield from (nothing_of_the_region_is_left, the_other_region_is_as_it_was)


def all_goes(place, cloud):
    place.globe("down", "--regions", "all", "--yes", "--delete-data")

    def the_account_is_empty():
        same((cloud.census(PRIMARY), cloud.census(SECONDARY)), (EMPTY, EMPTY))
        dns, iam = cloud.client("route53"), cloud.client("iam")
        same((dns.list_hosted_zones()["HostedZones"], dns.list_health_checks()["HealthChecks"]), ([], []))
        same([role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith("opinion")], [])

    yield the_account_is_empty


CHAPTERS = (it_comes_up, somebody_changes_things, the_file_changes, a_region_goes, all_goes)
