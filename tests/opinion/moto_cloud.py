"""The account as boto3 sees it; none of globe's readers."""

import boto3
from botocore.config import Config

from globe import ACCOUNT


class Cloud:
    """Clients for the AWS at a URL, and what a person would count."""

    def __init__(self, url):
        self.url, self.made = url, {}

    def client(self, service, region="us-east-1"):
        """A client; moto answers what it lacks with 500, so nothing is tried again."""
        if (service, region) not in self.made:
            self.made[service, region] = boto3.client(
                service, region_name=region, endpoint_url=self.url, aws_access_key_id=ACCOUNT,
                aws_secret_access_key="opinion", config=Config(retries={"max_attempts": 0}))
        return self.made[service, region]

    def vpcs(self, region):
        return [vpc for vpc in self.client("ec2", region).describe_vpcs()["Vpcs"] if not vpc["IsDefault"]]

    def of_stack(self, region, operation, key, **arguments):
        """What an EC2 operation lists, if it is tagged as this stack's."""
        found = getattr(self.client("ec2", region), operation)(**arguments)[key]
        return [one for one in found if tags(one).get("globe:stack") == "opinion"]

    def census(self, region):
        """How much there is in a region; AWS's own default objects do not count."""
        elb, scaling = self.client("elbv2", region), self.client("autoscaling", region)
        nats = self.of_stack(region, "describe_nat_gateways", "NatGateways")
        count = {
            "vpcs": self.vpcs(region),
            "subnets": self.of_stack(region, "describe_subnets", "Subnets"),
            "route tables": self.of_stack(region, "describe_route_tables", "RouteTables"),
            "internet gateways": self.of_stack(region, "describe_internet_gateways", "InternetGateways"),
            "NAT gateways": [nat for nat in nats if nat["State"] != "deleted"],
            "addresses": self.client("ec2", region).describe_addresses()["Addresses"],
            "security groups": self.of_stack(region, "describe_security_groups", "SecurityGroups"),
            "launch templates": self.client("ec2", region).describe_launch_templates()["LaunchTemplates"],
            "load balancers": elb.describe_load_balancers()["LoadBalancers"],
            "target groups": elb.describe_target_groups()["TargetGroups"],
            "groups": scaling.describe_auto_scaling_groups()["AutoScalingGroups"],
            "policies": scaling.describe_policies()["ScalingPolicies"],
            "certificates": self.client("acm", region).list_certificates()["CertificateSummaryList"],
            "tables": self.client("dynamodb", region).list_tables()["TableNames"],
        }
        return {name: len(found) for name, found in count.items()}

    def records(self):
        """Every record of every zone, but the zone's own."""
        dns = self.client("route53")
        zones = [zone["Id"] for zone in dns.list_hosted_zones()["HostedZones"]]
        sets = (found for zone in zones for found in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"])
        return [found for found in sets if found["Type"] not in ("NS", "SOA")]


def tags(described):
    """The tags of one thing that EC2 described."""
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
