"""Load balancers and Auto Scaling groups."""

from asker import HERE, many, pages
from network import a_subnet, a_vpc, attached

UNKNOWN = "arn:aws:elasticloadbalancing:us-east-1:123456789012"


def a_network(aws, zones="abc"):
    ec2 = aws.client("ec2")
    vpc = a_vpc(ec2)
    attached(ec2, vpc)
    return vpc, [a_subnet(ec2, vpc, f"10.0.{at}.0/24", f"{HERE}{zone}") for at, zone in enumerate(zones)]


def load_balancers(aws):
    elb, (vpc, subnets) = aws.client("elbv2"), a_network(aws)
    create = lambda name="web", **more: elb.create_load_balancer(Name=name, **{"Subnets": subnets[:2], **more})["LoadBalancers"][0]
    made = create(Tags=[{"Key": "a", "Value": "b"}])
    arn = made["LoadBalancerArn"]
    shown = lambda **given: elb.describe_load_balancers(**given)["LoadBalancers"]
    aws.equal("it is provisioning at first", "provisioning", lambda: made["State"]["Code"])
    aws.becomes("and active later", "active", lambda: shown(Names=["web"])[0]["State"]["Code"])
    aws.equal("the same again is the same", arn, lambda: create(Tags=[{"Key": "a", "Value": "b"}])["LoadBalancerArn"])
    aws.refused("the name with other settings is taken", "DuplicateLoadBalancerName", lambda: create(Scheme="internal"))
    for name in ("internal-web", "-web", "web_1", "w" * 33):
        aws.refused(f"{name} is no name", "ValidationError", lambda name=name: create(name))
    aws.refused("one subnet is too few", "ValidationError", lambda: create("one", Subnets=subnets[:1]))
    aws.refused("a subnet is there", "SubnetNotFound", lambda: create("two", Subnets=[subnets[0], "subnet-0123456789abcdef0"]))
    aws.refused("a group is there", "InvalidSecurityGroup", lambda: create("three", SecurityGroups=["sg-0123456789abcdef0"]))
    aws.refused("one unknown name fails all", "LoadBalancerNotFound", lambda: shown(Names=["web", "none"]))
    aws.refused("one unknown ARN fails all", "LoadBalancerNotFound", lambda: shown(LoadBalancerArns=[f"{UNKNOWN}:loadbalancer/app/none/0123456789abcdef"]))
    modify = lambda key, value: elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": value}])
    aws.refused("unknown attributes are refused", ("InvalidConfigurationRequest", "ValidationError"), lambda: modify("colour", "red"))
    aws.refused("an attribute has bounds", ("InvalidConfigurationRequest", "ValidationError"), lambda: modify("idle_timeout.timeout_seconds", "4001"))
    modify("deletion_protection.enabled", "true")
    aws.refused("a protected one stays", "OperationNotPermitted", lambda: elb.delete_load_balancer(LoadBalancerArn=arn))
    modify("deletion_protection.enabled", "false")
    aws.refused("more than fifty tags are refused", "TooManyTags", lambda: elb.add_tags(ResourceArns=[arn], Tags=many(51)))
    aws.refused("a key comes once", ("DuplicateTagKeys", "ValidationError"), lambda: elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]))
    create("api")
    aws.equal("pages are as long as asked", [1, 1], lambda: pages(elb.describe_load_balancers, "LoadBalancers", "Marker", "NextMarker", PageSize=1))
    aws.refused("a marker that nobody gave is refused", "ValidationError", lambda: elb.describe_load_balancers(Marker="made-up"))
    aws.works("it goes", lambda: elb.delete_load_balancer(LoadBalancerArn=arn))
    aws.works("what is gone goes again", lambda: elb.delete_load_balancer(LoadBalancerArn=arn))
    aws.refused("its interfaces hold the subnets for a while", "DependencyViolation", lambda: aws.client("ec2").delete_subnet(SubnetId=subnets[0]))


def target_groups_and_listeners(aws):
    elb, (vpc, subnets) = aws.client("elbv2"), a_network(aws)
    create = lambda name="web", **more: elb.create_target_group(Name=name, **{"Protocol": "HTTP", "Port": 80, "VpcId": vpc, **more})["TargetGroups"][0]["TargetGroupArn"]
    group = create()
    aws.equal("the same again is the same", group, create)
    aws.refused("the name with another port is taken", "DuplicateTargetGroupName", lambda: create(Port=81))
    aws.refused("a group needs a VPC", "ValidationError", lambda: elb.create_target_group(Name="x", Protocol="HTTP", Port=80))
    aws.refused("a time-out is shorter than the interval", "ValidationError", lambda: create("y", HealthCheckIntervalSeconds=5, HealthCheckTimeoutSeconds=10))
    aws.refused("a threshold has bounds", "ValidationError", lambda: create("z", HealthyThresholdCount=11))
    shown = elb.describe_target_groups(TargetGroupArns=[group])["TargetGroups"][0]
    aws.equal("health checks have defaults", ("/", 30, 6, 5, 2, "200", "traffic-port"), lambda: tuple(shown[key] for key in (
        "HealthCheckPath", "HealthCheckIntervalSeconds", "HealthCheckTimeoutSeconds", "HealthyThresholdCount", "UnhealthyThresholdCount"))
        + (shown["Matcher"]["HttpCode"], shown["HealthCheckPort"]))
    lb = elb.create_load_balancer(Name="web", Subnets=subnets[:2])["LoadBalancers"][0]["LoadBalancerArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group}]
    listen = lambda port=80, **more: elb.create_listener(LoadBalancerArn=lb, **{"Protocol": "HTTP", "Port": port, "DefaultActions": forward, **more})["Listeners"][0]["ListenerArn"]
    listener = listen()
    aws.refused("a port has one listener", "DuplicateListener", lambda: listen(DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]))
    aws.refused("HTTPS needs a certificate", ("ValidationError", "CertificateNotFound"), lambda: listen(443, Protocol="HTTPS"))
    aws.refused("a certificate is there", "CertificateNotFound", lambda: listen(443, Protocol="HTTPS", Certificates=[
        {"CertificateArn": f"arn:aws:acm:{HERE}:{aws.id}:certificate/01234567-89ab-cdef-0123-456789abcdef"}]))
    aws.refused("a target group is there", "TargetGroupNotFound", lambda: listen(81, DefaultActions=[
        {"Type": "forward", "TargetGroupArn": f"arn:aws:elasticloadbalancing:{HERE}:{aws.id}:targetgroup/none/0123456789abcdef"}]))
    aws.refused("a load balancer is there", "LoadBalancerNotFound", lambda: elb.describe_listeners(LoadBalancerArn=f"{UNKNOWN}:loadbalancer/app/none/0123456789abcdef"))
    aws.refused("a group in use stays", "ResourceInUse", lambda: elb.delete_target_group(TargetGroupArn=group))
    path = [{"Field": "path-pattern", "Values": ["/api/*"]}]
    rule = lambda priority=1, conditions=None: elb.create_rule(ListenerArn=listener, Priority=priority, Conditions=conditions or path, Actions=forward)["Rules"][0]["RuleArn"]
    made = rule()
    aws.refused("a priority has one rule", "PriorityInUse", rule)
    aws.refused("priorities begin at one", "ValidationError", lambda: rule(0))
    aws.refused("priorities end at 50000", "ValidationError", lambda: rule(50001))
    aws.refused("a condition's field is known", "ValidationError", lambda: rule(5, [{"Field": "colour", "Values": ["red"]}]))
    default = [each for each in elb.describe_rules(ListenerArn=listener)["Rules"] if each["IsDefault"]][0]
    aws.equal("the default rule's priority is a word", "default", lambda: default["Priority"])
    aws.refused("the default rule stays", "OperationNotPermitted", lambda: elb.delete_rule(RuleArn=default["RuleArn"]))
    second = rule(2)
    swap = [{"RuleArn": made, "Priority": 2}, {"RuleArn": second, "Priority": 1}]
    aws.works("two rules swap their priorities at once", lambda: elb.set_rule_priorities(RulePriorities=swap))
    other = elb.create_load_balancer(Name="other", Subnets=subnets[:2])["LoadBalancers"][0]["LoadBalancerArn"]
    aws.refused("a group serves one load balancer", "TargetGroupAssociationLimit", lambda: elb.create_listener(LoadBalancerArn=other, Protocol="HTTP", Port=80, DefaultActions=forward))
    elb.delete_listener(ListenerArn=listener)
    aws.refused("a listener goes once", "ListenerNotFound", lambda: elb.delete_listener(ListenerArn=listener))
    aws.refused("its rules went along", "RuleNotFound", lambda: elb.describe_rules(RuleArns=[made]))
    aws.works("a free group goes", lambda: elb.delete_target_group(TargetGroupArn=group))
    aws.works("what is gone goes again", lambda: elb.delete_target_group(TargetGroupArn=group))


def scaling(aws):
    asg, (vpc, subnets), ec2 = aws.client("autoscaling"), a_network(aws), aws.client("ec2")
    ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro"})
    template = {"LaunchTemplateName": "web", "Version": "$Latest"}
    create = lambda name="web", **more: asg.create_auto_scaling_group(AutoScalingGroupName=name, **{
        "MinSize": 1, "MaxSize": 3, "LaunchTemplate": template, "VPCZoneIdentifier": ",".join(subnets[:2]), **more})
    create()
    aws.refused("a name is taken once, identical or not", "AlreadyExists", create)
    aws.refused("the least is not more than the most", "ValidationError", lambda: create("x", MinSize=4))
    aws.refused("what is desired lies between", "ValidationError", lambda: create("x", DesiredCapacity=9))
    aws.refused("names have no colon", "ValidationError", lambda: create("a:b"))
    aws.refused("a template is there", "ValidationError", lambda: create("x", LaunchTemplate={"LaunchTemplateName": "none"}))
    aws.refused("a group needs something to launch", "ValidationError", lambda: asg.create_auto_scaling_group(AutoScalingGroupName="x", MinSize=0, MaxSize=1, VPCZoneIdentifier=subnets[0]))
    groups = lambda *names: asg.describe_auto_scaling_groups(AutoScalingGroupNames=list(names))["AutoScalingGroups"]
    aws.equal("unknown names are no error", ["web"], lambda: [each["AutoScalingGroupName"] for each in groups("web", "none")])
    aws.becomes("instances come into service", ["InService"], lambda: [each["LifecycleState"] for each in groups("web")[0]["Instances"]])
    aws.refused("an unknown group is not updated", "ValidationError", lambda: asg.update_auto_scaling_group(AutoScalingGroupName="none", MinSize=0))
    asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=2)
    aws.equal("a higher least drags what is desired", 2, lambda: groups("web")[0]["DesiredCapacity"])
    aws.refused("a group with instances stays", ("ResourceInUse", "ScalingActivityInProgress"), lambda: asg.delete_auto_scaling_group(AutoScalingGroupName="web"))
    put = lambda value=50.0, group="web": asg.put_scaling_policy(AutoScalingGroupName=group, PolicyName="cpu", PolicyType="TargetTrackingScaling", TargetTrackingConfiguration={
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"}, "TargetValue": value})["PolicyARN"]
    first = put()
    aws.equal("a policy is put again", first, lambda: put(60.0))
    aws.refused("a policy needs its group", "ValidationError", lambda: put(group="none"))
    aws.equal("policies of all groups are listed", 1, lambda: len(asg.describe_policies()["ScalingPolicies"]))
    tag = {"ResourceId": "web", "ResourceType": "auto-scaling-group", "Key": "a", "Value": "b", "PropagateAtLaunch": False}
    asg.create_or_update_tags(Tags=[tag])
    aws.equal("tags are a filter", ["web"], lambda: [each["AutoScalingGroupName"] for each in asg.describe_auto_scaling_groups(Filters=[{"Name": "tag:a", "Values": ["b"]}])["AutoScalingGroups"]])
    create("api", MinSize=0)
    aws.equal("pages are as long as asked", [1, 1], lambda: pages(asg.describe_auto_scaling_groups, "AutoScalingGroups", "NextToken", MaxRecords=1))
    aws.refused("a token that nobody gave is refused", "InvalidNextToken", lambda: asg.describe_auto_scaling_groups(NextToken="made-up"))
    asg.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    aws.equal("a group on its way out says so", "Delete in progress", lambda: groups("web")[0].get("Status"))
    aws.refused("it is not changed any more", "ValidationError", lambda: asg.update_auto_scaling_group(AutoScalingGroupName="web", MinSize=0))
    aws.becomes("it goes", [], lambda: groups("web"))
    aws.refused("a group goes once", "ValidationError", lambda: asg.delete_auto_scaling_group(AutoScalingGroupName="web"))


CHAPTERS = [load_balancers, target_groups_and_listeners, scaling]
