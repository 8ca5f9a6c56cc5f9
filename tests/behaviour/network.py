"""EC2's networks: VPC, subnet, gateways, addresses, routes, groups, endpoints, templates, peering, flow logs."""

from asker import HERE, THERE, many, pages, tagged, until

ANYWHERE = "0.0.0.0/0"


def a_vpc(ec2, cidr="10.0.0.0/16", **more):
    return ec2.create_vpc(CidrBlock=cidr, **more)["Vpc"]["VpcId"]


def a_subnet(ec2, vpc, cidr="10.0.0.0/24", zone=f"{HERE}a"):
    return ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]


def attached(ec2, vpc):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return gateway


def by(name, *values):
    return [{"Name": name, "Values": list(values)}]


def vpcs(aws):
    ec2 = aws.client("ec2")
    cut = ec2.create_vpc(CidrBlock="100.68.0.18/18")["Vpc"]
    aws.equal("host bits of a CIDR are cut off", "100.68.0.0/18", lambda: cut["CidrBlock"])
    aws.equal("a VPC is pending in the answer to its create", "pending", lambda: cut["State"])
    one = a_vpc(ec2, TagSpecifications=tagged("vpc", Name="acme-one", env="prod"))
    two = a_vpc(ec2, "10.1.0.0/16", TagSpecifications=tagged("vpc", Name="acme-two", env="dev"))
    for wrong in ("10.0.0.0/8", "10.0.0.0/29"):
        aws.refused(f"{wrong} is no VPC's size", "InvalidVpc.Range", lambda wrong=wrong: a_vpc(ec2, wrong))
    for wrong in ("10.0.0.0", "ten", "10.0.0.256/16"):
        aws.refused(f"{wrong} is no CIDR", "InvalidParameterValue", lambda wrong=wrong: a_vpc(ec2, wrong))
    aws.refused("a dry run makes nothing", "DryRunOperation", lambda: a_vpc(ec2, DryRun=True), 412)
    aws.refused(
        "tags for another type are refused", "InvalidParameterValue",
        lambda: a_vpc(ec2, TagSpecifications=tagged("subnet", a="b")),
    )
    aws.refused(
        "more than fifty tags are refused", "TagLimitExceeded",
        lambda: a_vpc(ec2, TagSpecifications=[{"ResourceType": "vpc", "Tags": many(51)}]),
    )
    aws.refused(
        "tag keys of AWS's own are refused", "InvalidParameterValue",
        lambda: ec2.create_tags(Resources=[one], Tags=[{"Key": "aws:x", "Value": "y"}]),
    )
    named = lambda *values: sorted(found["VpcId"] for found in ec2.describe_vpcs(Filters=by(*values))["Vpcs"])
    aws.equal("a wildcard matches any text", sorted([one, two]), lambda: named("tag:Name", "acme-*"))
    aws.equal("a question mark matches one character", [], lambda: named("tag:Name", "acme-?"))
    aws.equal("several values of a filter are alternatives", sorted([one, two]), lambda: named("tag:env", "dev", "prod"))
    aws.equal("tag values have a case", [], lambda: named("tag:env", "PROD"))
    aws.equal("an unknown id in a filter is no error", [one], lambda: named("vpc-id", one, "vpc-0123456789abcdef0"))
    aws.equal("the filter cidr is an older name of cidr-block-association's", [two], lambda: named("cidr", "10.1.0.0/16"))
    aws.equal(
        "the filter cidr-block-association.cidr-block looks into the list", [two],
        lambda: named("cidr-block-association.cidr-block", "10.1.0.0/16"),
    )
    aws.equal("is-default is false for what somebody made", 3, lambda: len(named("is-default", "false")))
    aws.refused("an unknown filter is refused", "InvalidParameterValue", lambda: named("colour", "red"))
    aws.refused(
        "an unknown id in a list fails it whole", "InvalidVpcID.NotFound",
        lambda: ec2.describe_vpcs(VpcIds=[one, "vpc-0123456789abcdef0"]),
    )
    for _ in range(5):
        a_vpc(ec2, "10.9.0.0/16")
    aws.equal("pages are as long as asked", [5, 3], lambda: pages(ec2.describe_vpcs, "Vpcs", "NextToken", MaxResults=5))
    aws.refused("pages have at least five rows", "InvalidParameterValue", lambda: ec2.describe_vpcs(MaxResults=4))
    aws.refused("pages have at most a thousand rows", "InvalidParameterValue", lambda: ec2.describe_vpcs(MaxResults=1001))
    aws.refused(
        "a token that nobody gave is refused", ("InvalidNextToken", "InvalidParameterValue"),
        lambda: ec2.describe_vpcs(MaxResults=5, NextToken="made-up"),
    )
    aws.refused(
        "two attributes in one modify are refused", "InvalidParameterCombination",
        lambda: ec2.modify_vpc_attribute(VpcId=one, EnableDnsSupport={"Value": True}, EnableDnsHostnames={"Value": True}),
    )
    ec2.modify_vpc_attribute(VpcId=one, EnableDnsHostnames={"Value": True})
    attribute = lambda name: ec2.describe_vpc_attribute(VpcId=one, Attribute=name)
    aws.equal("an attribute reads back", True, lambda: attribute("enableDnsHostnames")["EnableDnsHostnames"]["Value"])
    aws.equal("DNS support is on from the start", True, lambda: attribute("enableDnsSupport")["EnableDnsSupport"]["Value"])
    aws.refused("a VPC that is gone is not found", "InvalidVpcID.NotFound", lambda: ec2.delete_vpc(VpcId="vpc-0123456789abcdef0"))
    a_subnet(ec2, one)
    aws.refused("a VPC with a subnet stays", "DependencyViolation", lambda: ec2.delete_vpc(VpcId=one))
    aws.works("an empty VPC goes with its default parts", lambda: ec2.delete_vpc(VpcId=two))
    aws.equal("nothing of it is left", 0, lambda: len(ec2.describe_security_groups(Filters=by("vpc-id", two))["SecurityGroups"]))
    aws.equal("another region has none of it", 0, lambda: len(aws.client("ec2", THERE).describe_vpcs(VpcIds=[])["Vpcs"]))


def subnets(aws):
    ec2 = aws.client("ec2")
    vpc = a_vpc(ec2)
    one = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=f"{HERE}a", TagSpecifications=tagged("subnet", a="b"))
    subnet = one["Subnet"]["SubnetId"]
    aws.equal("tags of the create are in its answer", [{"Key": "a", "Value": "b"}], lambda: one["Subnet"]["Tags"])
    aws.equal("five addresses are AWS's", 251, lambda: one["Subnet"]["AvailableIpAddressCount"])
    make = lambda cidr, **more: ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, **more)
    aws.refused("overlapping subnets are refused", "InvalidSubnet.Conflict", lambda: make("10.0.0.128/25"))
    aws.refused("a subnet lies within its VPC", "InvalidSubnet.Range", lambda: make("10.1.0.0/24"))
    aws.refused("a subnet has at least sixteen addresses", "InvalidSubnet.Range", lambda: make("10.0.1.0/29"))
    aws.refused("a zone of another region is refused", "InvalidParameterValue", lambda: make("10.0.2.0/24", AvailabilityZone=f"{THERE}a"))
    aws.refused("a subnet needs a VPC that is there", "InvalidVpcID.NotFound", lambda: ec2.create_subnet(VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.3.0/24"))
    aws.refused("a subnet needs a CIDR", "MissingParameter", lambda: ec2.create_subnet(VpcId=vpc))
    aws.refused("two attributes in one modify are refused", "InvalidParameterCombination", lambda: ec2.modify_subnet_attribute(
        SubnetId=subnet, MapPublicIpOnLaunch={"Value": True}, EnableDns64={"Value": True}))
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    read = lambda **given: ec2.describe_subnets(**given)["Subnets"]
    aws.equal("a modified attribute reads back", True, lambda: read(SubnetIds=[subnet])[0]["MapPublicIpOnLaunch"])
    aws.equal("filters are all to be met", [], lambda: read(Filters=by("vpc-id", vpc) + by("availability-zone", f"{HERE}b")))
    aws.equal("the filter map-public-ip-on-launch takes texts", 1, lambda: len(read(Filters=by("map-public-ip-on-launch", "true"))))
    aws.equal("the filter tag-key takes keys", 1, lambda: len(read(Filters=by("tag-key", "a"))))
    aws.refused("an unknown id fails the list", "InvalidSubnetID.NotFound", lambda: read(SubnetIds=[subnet, "subnet-0123456789abcdef0"]))
    interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    aws.equal("an interface takes an address", 250, lambda: read(SubnetIds=[subnet])[0]["AvailableIpAddressCount"])
    aws.refused("a subnet with an interface stays", "DependencyViolation", lambda: ec2.delete_subnet(SubnetId=subnet))
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    aws.works("a free subnet goes", lambda: ec2.delete_subnet(SubnetId=subnet))
    aws.refused("a subnet goes once", "InvalidSubnetID.NotFound", lambda: ec2.delete_subnet(SubnetId=subnet))
    aws.works("its addresses are free again", lambda: make("10.0.0.0/24"))


def gateways(aws):
    ec2 = aws.client("ec2")
    vpc, other = a_vpc(ec2), a_vpc(ec2, "10.1.0.0/16")
    subnet = a_subnet(ec2, vpc)
    gateway = attached(ec2, vpc)
    attach = lambda gateway, vpc: ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    aws.refused("a gateway is attached once", "Resource.AlreadyAssociated", lambda: attach(gateway, other))
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.refused("a VPC has one gateway", ("Resource.AlreadyAssociated", "InvalidParameterValue"), lambda: attach(second, vpc))
    aws.refused("an attached gateway stays", "DependencyViolation", lambda: ec2.delete_internet_gateway(InternetGatewayId=gateway))
    aws.refused("what is not attached cannot be detached", "Gateway.NotAttached", lambda: ec2.detach_internet_gateway(InternetGatewayId=second, VpcId=vpc))
    aws.refused("an unknown gateway is not found", "InvalidInternetGatewayID.NotFound", lambda: attach("igw-0123456789abcdef0", other))
    found = lambda: ec2.describe_internet_gateways(Filters=by("attachment.vpc-id", vpc))["InternetGateways"]
    aws.equal("attachments are a filter", [gateway], lambda: [each["InternetGatewayId"] for each in found()])
    aws.equal("an attached gateway is available", "available", lambda: found()[0]["Attachments"][0]["State"])

    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    create = lambda **more: ec2.create_nat_gateway(SubnetId=subnet, **more)["NatGateway"]["NatGatewayId"]
    nat = create(AllocationId=address, ClientToken="t-1")
    aws.equal("the same token is the same gateway", nat, lambda: create(AllocationId=address, ClientToken="t-1"))
    aws.refused("a token with other parameters is refused", "IdempotentParameterMismatch", lambda: create(ConnectivityType="private", ClientToken="t-1"))
    state = lambda nat: ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]
    aws.equal("a gateway is pending at first", "pending", lambda: state(nat)["State"])
    again = create(AllocationId=address)
    aws.becomes("a gateway with a taken address fails", "failed", lambda: state(again)["State"])
    aws.equal("and says why", "Resource.AlreadyAssociated", lambda: state(again).get("FailureCode"))
    private = create(ConnectivityType="private")
    aws.becomes("a private gateway needs no address", "available", lambda: state(private)["State"])
    aws.becomes("a gateway becomes available", "available", lambda: state(nat)["State"])
    aws.equal("its address is associated", 1, lambda: len(ec2.describe_addresses(Filters=by("allocation-id", address) + by("network-interface-id", "eni-*"))["Addresses"]))
    listed = lambda *values: sorted(each["NatGatewayId"] for each in ec2.describe_nat_gateways(Filter=by(*values))["NatGateways"])
    aws.equal("states are a filter", sorted([nat, private]), lambda: listed("state", "available", "pending"))
    aws.refused("an unknown gateway is not found", "NatGatewayNotFound", lambda: state("nat-0123456789abcdef0"))
    aws.refused("an address in use stays", "InvalidIPAddress.InUse", lambda: ec2.release_address(AllocationId=address))
    aws.refused("a gateway holds its subnet", "DependencyViolation", lambda: ec2.delete_subnet(SubnetId=subnet))
    aws.refused("an address in use holds the way out", "DependencyViolation", lambda: ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc))
    aws.refused("a public gateway needs an address", "MissingParameter", lambda: create())
    ec2.delete_nat_gateway(NatGatewayId=nat)
    aws.equal("a gateway is deleting for a while", "deleting", lambda: state(nat)["State"])
    aws.becomes("a deleted gateway stays listed", "deleted", lambda: state(nat)["State"])
    aws.works("its address is free then", lambda: ec2.release_address(AllocationId=address))
    aws.refused("an address is released once", "InvalidAllocationID.NotFound", lambda: ec2.release_address(AllocationId=address))
    aws.refused("an unknown address fails the list", "InvalidAllocationID.NotFound", lambda: ec2.describe_addresses(AllocationIds=[address]))


def routes(aws):
    ec2 = aws.client("ec2")
    vpc, other = a_vpc(ec2), a_vpc(ec2, "10.1.0.0/16")
    subnet, gateway = a_subnet(ec2, vpc), attached(ec2, vpc)
    create = lambda vpc, **more: ec2.create_route_table(VpcId=vpc, **more)["RouteTable"]["RouteTableId"]
    table = create(vpc, ClientToken="t")
    aws.equal("the same token is the same table", table, lambda: create(vpc, ClientToken="t"))
    aws.refused("a token with another VPC is refused", "IdempotentParameterMismatch", lambda: create(other, ClientToken="t"))
    read = lambda table: ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]
    aws.equal("a table begins with the local route", [("10.0.0.0/16", "local", "CreateRouteTable")], lambda: [
        (route["DestinationCidrBlock"], route["GatewayId"], route["Origin"]) for route in read(table)["Routes"]])
    route = lambda call, **more: call(RouteTableId=table, **more)
    route(ec2.create_route, DestinationCidrBlock=ANYWHERE, GatewayId=gateway)
    aws.refused("a destination has one route", "RouteAlreadyExists", lambda: route(ec2.create_route, DestinationCidrBlock=ANYWHERE, GatewayId=gateway))
    aws.refused("a route has one destination", "InvalidParameterCombination", lambda: route(
        ec2.create_route, DestinationCidrBlock="1.0.0.0/8", DestinationIpv6CidrBlock="::/0", GatewayId=gateway))
    aws.refused("what is not there is not replaced", "InvalidParameterValue", lambda: route(ec2.replace_route, DestinationCidrBlock="2.0.0.0/8", GatewayId=gateway))
    aws.refused("what is not there is not deleted", "InvalidRoute.NotFound", lambda: route(ec2.delete_route, DestinationCidrBlock="2.0.0.0/8"))
    aws.refused("the local route stays", "InvalidParameterValue", lambda: route(ec2.delete_route, DestinationCidrBlock="10.0.0.0/16"))
    aws.refused("a route needs a gateway that is there", "InvalidGatewayID.NotFound", lambda: route(
        ec2.create_route, DestinationCidrBlock="3.0.0.0/8", GatewayId="igw-0123456789abcdef0"))
    aws.refused("a route needs a NAT gateway that is there", "InvalidNatGatewayID.NotFound", lambda: route(
        ec2.create_route, DestinationCidrBlock="3.0.0.0/8", NatGatewayId="nat-0123456789abcdef0"))
    associated = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    second = create(vpc)
    aws.refused("a subnet has one table", "Resource.AlreadyAssociated", lambda: ec2.associate_route_table(RouteTableId=second, SubnetId=subnet))
    aws.refused("a table with a subnet stays", "DependencyViolation", lambda: ec2.delete_route_table(RouteTableId=table))
    moved = ec2.replace_route_table_association(AssociationId=associated, RouteTableId=second)["NewAssociationId"]
    aws.true("a moved association has a new id", lambda: moved != associated)
    aws.refused("the old id is gone", "InvalidAssociationID.NotFound", lambda: ec2.disassociate_route_table(AssociationId=associated))
    main = ec2.describe_route_tables(Filters=by("vpc-id", vpc) + by("association.main", "true"))["RouteTables"]
    aws.equal("a VPC has one main table", 1, lambda: len(main))
    aws.refused("the main table stays", "DependencyViolation", lambda: ec2.delete_route_table(RouteTableId=main[0]["RouteTableId"]))
    aws.refused("the main association stays", "InvalidParameterValue", lambda: ec2.disassociate_route_table(
        AssociationId=main[0]["Associations"][0]["RouteTableAssociationId"]))
    by_subnet = lambda: [each["RouteTableId"] for each in ec2.describe_route_tables(Filters=by("association.subnet-id", subnet))["RouteTables"]]
    aws.equal("subnets are a filter", [second], by_subnet)
    aws.refused("pages have at most a hundred tables", "InvalidParameterValue", lambda: ec2.describe_route_tables(MaxResults=101))
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    aws.equal("a route to a detached gateway leads nowhere", "blackhole", lambda: [
        each["State"] for each in read(table)["Routes"] if each.get("GatewayId") == gateway][0])
    aws.works("a table without subnets goes", lambda: ec2.delete_route_table(RouteTableId=table))
    aws.refused("a table goes once", ("InvalidRouteTableID.NotFound", "InvalidRouteTableId.NotFound"), lambda: ec2.delete_route_table(RouteTableId=table))


def groups(aws):
    ec2 = aws.client("ec2")
    vpc = a_vpc(ec2)
    create = lambda name, **more: ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc, **more)["GroupId"]
    one, two = create("one"), create("two", TagSpecifications=tagged("security-group", role="db"))
    aws.refused("names are the VPC's own", "InvalidGroup.Duplicate", lambda: create("one"))
    aws.refused("names do not begin with sg-", "InvalidParameterValue", lambda: create("sg-one"))
    aws.refused("a group needs a VPC that is there", "InvalidVpcID.NotFound", lambda: ec2.create_security_group(GroupName="x", Description="d", VpcId="vpc-0123456789abcdef0"))
    aws.refused("a description is needed", "MissingParameter", lambda: ec2.create_security_group(GroupName="x", VpcId=vpc))
    tcp = lambda port, **more: [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **more}]
    world = {"IpRanges": [{"CidrIp": ANYWHERE}]}
    allow = lambda permissions, group=one: ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)
    rules = allow(tcp(80, **world))["SecurityGroupRules"]
    aws.true("rules have ids", lambda: rules[0]["SecurityGroupRuleId"].startswith("sgr-"))
    aws.refused("a rule is added once", "InvalidPermission.Duplicate", lambda: allow(tcp(80, **world)))
    aws.refused("ports have an order", "InvalidParameterValue", lambda: allow([{"IpProtocol": "tcp", "FromPort": 90, "ToPort": 80, **world}]))
    aws.refused("ports are 16 bits", "InvalidParameterValue", lambda: allow(tcp(70000, **world)))
    aws.refused("a CIDR is one", "InvalidParameterValue", lambda: allow(tcp(81, IpRanges=[{"CidrIp": "any"}])))
    aws.refused("a rule's group is there", "InvalidGroup.NotFound", lambda: allow(tcp(82, UserIdGroupPairs=[{"GroupId": "sg-0123456789abcdef0"}])))
    aws.refused("a rule has a source", ("InvalidParameterValue", "MissingParameter"), lambda: allow(tcp(83)))
    allow(tcp(5432, UserIdGroupPairs=[{"GroupId": one}]), two)
    aws.refused("a group that a rule names stays", "DependencyViolation", lambda: ec2.delete_security_group(GroupId=one))
    answer = ec2.revoke_security_group_ingress(GroupId=one, IpPermissions=tcp(99, **world))
    aws.equal("an unknown rule is named, not refused", 1, lambda: len(answer["UnknownIpPermissions"]))
    aws.refused("an unknown rule id is refused", "InvalidSecurityGroupRuleId.NotFound", lambda: ec2.revoke_security_group_ingress(
        GroupId=one, SecurityGroupRuleIds=["sgr-0123456789abcdef0"]))
    aws.equal("all may leave from the start", "-1", lambda: ec2.describe_security_groups(GroupIds=[one])["SecurityGroups"][0]["IpPermissionsEgress"][0]["IpProtocol"])
    listed = lambda *values: sorted(each["GroupId"] for each in ec2.describe_security_groups(Filters=by(*values))["SecurityGroups"])
    aws.equal("names are a filter with wildcards", sorted([one, two]), lambda: listed("group-name", "one", "tw?"))
    aws.equal("sources are a filter", [two], lambda: listed("ip-permission.group-id", one))
    aws.equal("ports are a filter", [two], lambda: listed("ip-permission.from-port", "5432"))
    aws.equal("networks are a filter", [one], lambda: listed("ip-permission.cidr", ANYWHERE))
    rule = rules[0]["SecurityGroupRuleId"]
    change = {"SecurityGroupRuleId": rule, "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 81, "CidrIpv4": ANYWHERE}}
    ec2.modify_security_group_rules(GroupId=one, SecurityGroupRules=[change])
    ids = lambda group: [each["SecurityGroupRuleId"] for each in ec2.describe_security_group_rules(Filters=by("group-id", group))["SecurityGroupRules"]]
    aws.equal("a modified rule keeps its id", True, lambda: rule in ids(one))
    aws.refused("an unknown group fails the list", ("InvalidGroup.NotFound", "InvalidGroupId.NotFound"), lambda: ec2.describe_security_groups(GroupIds=["sg-0123456789abcdef0"]))
    aws.refused("what is no id is malformed", "InvalidGroupId.Malformed", lambda: ec2.describe_security_groups(GroupIds=["one"]))
    default = listed("group-name", "default")[0]
    aws.refused("the default group stays", "CannotDelete", lambda: ec2.delete_security_group(GroupId=default))
    ec2.delete_security_group(GroupId=two)
    aws.works("a group that no rule names goes", lambda: ec2.delete_security_group(GroupId=one))
    aws.refused("a group goes once", "InvalidGroup.NotFound", lambda: ec2.delete_security_group(GroupId=one))


def endpoints(aws):
    ec2 = aws.client("ec2")
    vpc = a_vpc(ec2)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    create = lambda service="s3", **more: ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{HERE}.{service}", **more)["VpcEndpoint"]
    made = create(RouteTableIds=[table], ClientToken="t")
    endpoint = made["VpcEndpointId"]
    aws.equal("an endpoint is a gateway's if it does not say", "Gateway", lambda: made["VpcEndpointType"])
    aws.equal("the same token is the same endpoint", endpoint, lambda: create(RouteTableIds=[table], ClientToken="t")["VpcEndpointId"])
    aws.refused("a token with other parameters is refused", "IdempotentParameterMismatch", lambda: create("dynamodb", ClientToken="t"))
    aws.refused("a table routes to a service once", "RouteAlreadyExists", lambda: create(RouteTableIds=[table]))
    aws.refused("a service is one of the region's", "InvalidServiceName", lambda: create("nothing"))
    aws.refused("a service is named whole", "InvalidServiceName", lambda: ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{THERE}.s3"))
    aws.refused("a table is there", ("InvalidRouteTableId.NotFound", "InvalidRouteTableID.NotFound"), lambda: create("dynamodb", RouteTableIds=["rtb-0123456789abcdef0"]))
    has = lambda: [route for route in ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"] if route.get("GatewayId") == endpoint]
    aws.true("its tables get a route", has)
    aws.refused("a VPC with an endpoint stays", "DependencyViolation", lambda: ec2.delete_vpc(VpcId=vpc))
    listed = lambda *values: [each["VpcEndpointId"] for each in ec2.describe_vpc_endpoints(Filters=by(*values))["VpcEndpoints"]]
    aws.equal("services are a filter", [endpoint], lambda: listed("service-name", "com.amazonaws.*.s3"))
    aws.equal("types are a filter", [endpoint], lambda: listed("vpc-endpoint-type", "Gateway"))
    aws.refused("an unknown endpoint is not found", "InvalidVpcEndpointId.NotFound", lambda: ec2.describe_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"]))
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveRouteTableIds=[table])
    aws.equal("a table taken out loses its route", [], has)
    answer = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint, "vpce-0123456789abcdef0"])
    aws.equal("what is not there is in the list of failures", ["vpce-0123456789abcdef0"], lambda: [each["ResourceId"] for each in answer["Unsuccessful"]])


def templates(aws):
    ec2 = aws.client("ec2")
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro"}
    create = lambda name="web", **more: ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data, **more)["LaunchTemplate"]
    made = create(ClientToken="t")
    aws.equal("the same token is the same template", made["LaunchTemplateId"], lambda: create(ClientToken="t")["LaunchTemplateId"])
    aws.refused("a token with another name is refused", "IdempotentParameterMismatch", lambda: create("api", ClientToken="t"))
    aws.refused("names are unique", "InvalidLaunchTemplateName.AlreadyExistsException", lambda: create())
    aws.refused("names have three characters", "InvalidLaunchTemplateName.MalformedException", lambda: create("ab"))
    aws.refused("names have no blanks", "InvalidLaunchTemplateName.MalformedException", lambda: create("a b c"))
    version = lambda **given: ec2.create_launch_template_version(LaunchTemplateName="web", **given)["LaunchTemplateVersion"]
    inherited = version(SourceVersion="1", LaunchTemplateData={"InstanceType": "t3.large"})
    aws.equal("a version inherits from its source", "ami-0123456789abcdef0", lambda: inherited["LaunchTemplateData"]["ImageId"])
    alone = version(LaunchTemplateData={"InstanceType": "t3.large"})
    aws.true("a version without a source stands alone", lambda: "ImageId" not in alone["LaunchTemplateData"])
    shown = lambda: ec2.describe_launch_templates(LaunchTemplateNames=["web"])["LaunchTemplates"][0]
    aws.equal("a new version is not the default", (1, 3), lambda: (shown()["DefaultVersionNumber"], shown()["LatestVersionNumber"]))
    aws.refused("an unknown version does not become the default", "InvalidLaunchTemplateId.VersionNotFound", lambda: ec2.modify_launch_template(LaunchTemplateName="web", DefaultVersion="9"))
    numbers = lambda **given: [each["VersionNumber"] for each in ec2.describe_launch_template_versions(LaunchTemplateName="web", **given)["LaunchTemplateVersions"]]
    aws.equal("versions have bounds", [2], lambda: numbers(MinVersion="2", MaxVersion="2"))
    aws.equal("the default and the latest have names", {1, 3}, lambda: set(numbers(Versions=["$Default", "$Latest"])))
    gone = ec2.delete_launch_template_versions(LaunchTemplateName="web", Versions=["1", "2", "8"])
    aws.equal("the default version stays", ["1", "8"], lambda: sorted(str(each["VersionNumber"]) for each in gone["UnsuccessfullyDeletedLaunchTemplateVersions"]))
    aws.refused("an unknown name is not found", "InvalidLaunchTemplateName.NotFoundException", lambda: ec2.describe_launch_templates(LaunchTemplateNames=["none"]))
    aws.refused("an unknown id is not found", "InvalidLaunchTemplateId.NotFound", lambda: ec2.delete_launch_template(LaunchTemplateId="lt-0123456789abcdef0"))
    aws.refused("a template goes by id or by name", "InvalidParameterCombination", lambda: ec2.delete_launch_template(LaunchTemplateId=made["LaunchTemplateId"], LaunchTemplateName="web"))
    aws.works("a deleted name is free at once", lambda: (ec2.delete_launch_template(LaunchTemplateName="web"), create()))


def peerings(aws):
    here, there = aws.client("ec2"), aws.client("ec2", THERE)
    one, two, same = a_vpc(here), a_vpc(there, "10.1.0.0/16"), a_vpc(there, "10.0.0.0/16")
    ask = lambda vpc: here.create_vpc_peering_connection(VpcId=one, PeerVpcId=vpc, PeerRegion=THERE)["VpcPeeringConnection"]
    peering = ask(two)["VpcPeeringConnectionId"]
    state = lambda client, which: client.describe_vpc_peering_connections(VpcPeeringConnectionIds=[which])["VpcPeeringConnections"][0]["Status"]["Code"]
    aws.becomes("a request waits for the other side", "pending-acceptance", lambda: state(there, peering))
    aws.refused("the requester's region does not accept", "OperationNotPermitted", lambda: here.accept_vpc_peering_connection(VpcPeeringConnectionId=peering))
    overlapping = ask(same)["VpcPeeringConnectionId"]
    aws.becomes("overlapping networks fail", "failed", lambda: state(here, overlapping))
    there.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
    aws.becomes("an accepted one is active here", "active", lambda: state(here, peering))
    aws.becomes("and there", "active", lambda: state(there, peering))
    aws.refused("what is active is not accepted again", "InvalidStateTransition", lambda: there.accept_vpc_peering_connection(VpcPeeringConnectionId=peering))
    aws.refused("an unknown one is not found", "InvalidVpcPeeringConnectionID.NotFound", lambda: there.accept_vpc_peering_connection(VpcPeeringConnectionId="pcx-0123456789abcdef0"))
    there.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
    aws.becomes("either side ends it", "deleted", lambda: state(here, peering))


def flow_logs(aws):
    ec2 = aws.client("ec2")
    vpc = a_vpc(ec2)
    aws.client("s3").create_bucket(Bucket="behaviour-flow-logs")
    give = {"ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::behaviour-flow-logs"}
    create = lambda vpc, **more: ec2.create_flow_logs(ResourceIds=[vpc], **{**give, **more})
    made = create(vpc, ClientToken="t")["FlowLogIds"]
    aws.equal("the same token is the same flow log", made, lambda: create(vpc, ClientToken="t")["FlowLogIds"])
    aws.refused("the same again already exists", "FlowLogAlreadyExists", lambda: raise_unsuccessful(create(vpc)), None)
    aws.refused("an interval is one or ten minutes", "InvalidParameter", lambda: create(vpc, MaxAggregationInterval=120))
    shown = lambda: ec2.describe_flow_logs(FlowLogIds=made)["FlowLogs"][0]
    aws.equal("ten minutes are the default", 600, lambda: shown()["MaxAggregationInterval"])
    aws.equal("it is active", "ACTIVE", lambda: shown()["FlowLogStatus"])
    listed = lambda *values: [each["FlowLogId"] for each in ec2.describe_flow_logs(Filter=by(*values))["FlowLogs"]]
    aws.equal("resources are a filter", made, lambda: listed("resource-id", vpc))
    gone = ec2.delete_flow_logs(FlowLogIds=["fl-0123456789abcdef0"])
    aws.equal("an unknown one is in the list of failures", "InvalidFlowLogId.NotFound", lambda: gone["Unsuccessful"][0]["Error"]["Code"])


def raise_unsuccessful(answer):
    """Turns a failure inside a successful answer into an error."""
    from botocore.exceptions import ClientError
    for failed in answer.get("Unsuccessful", []):
        raise ClientError({"Error": failed["Error"], "ResponseMetadata": {"HTTPStatusCode": 200}}, "in an answer")
    return answer


def tagging(aws):
    ec2 = aws.client("ec2")
    vpc, subnet = a_vpc(ec2), None
    subnet = a_subnet(ec2, vpc)
    ec2.create_tags(Resources=[vpc, subnet], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "a", "Value": "3"}])
    rows = lambda *filters: sorted((each["ResourceId"], each["Key"], each["Value"]) for each in ec2.describe_tags(Filters=sum((by(*each) for each in filters), []))["Tags"])
    aws.equal("a tag is overwritten", [(vpc, "a", "3")], lambda: rows(("resource-id", vpc), ("key", "a")))
    aws.equal("types are a filter", [(subnet, "a", "1"), (subnet, "b", "2")], lambda: rows(("resource-type", "subnet")))
    ec2.delete_tags(Resources=[subnet], Tags=[{"Key": "a", "Value": "other"}])
    aws.equal("a tag of another value stays", 1, lambda: len(rows(("resource-id", subnet), ("key", "a"))))
    ec2.delete_tags(Resources=[subnet], Tags=[{"Key": "a"}])
    aws.equal("a tag goes by its key", 0, lambda: len(rows(("resource-id", subnet), ("key", "a"))))
    aws.works("a tag that is not there goes as well", lambda: ec2.delete_tags(Resources=[subnet], Tags=[{"Key": "zzz"}]))
    ec2.delete_tags(Resources=[subnet])
    aws.equal("without keys all tags go", [], lambda: rows(("resource-id", subnet)))
    aws.refused("one unknown resource tags none", "InvalidVpcID.NotFound", lambda: ec2.create_tags(
        Resources=[subnet, "vpc-0123456789abcdef0"], Tags=[{"Key": "c", "Value": "3"}]))
    aws.equal("none is tagged then", [], lambda: rows(("resource-id", subnet)))
    aws.refused("a key has at most 127 characters", "InvalidParameterValue", lambda: ec2.create_tags(Resources=[vpc], Tags=[{"Key": "k" * 129, "Value": ""}]))
    aws.refused("a value has at most 256 characters", "InvalidParameterValue", lambda: ec2.create_tags(Resources=[vpc], Tags=[{"Key": "k", "Value": "v" * 257}]))
    aws.refused("an unknown operation is refused", "InvalidAction", lambda: aws.client("ec2").create_fpga_image(InputStorageLocation={}), None)


CHAPTERS = [vpcs, subnets, gateways, routes, groups, endpoints, templates, peerings, flow_logs, tagging]
