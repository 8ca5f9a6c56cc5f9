"""Route 53, Certificate Manager, IAM, CloudFront and WAF."""

import json

from asker import HERE, THERE, many, pages

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
READ = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]})


def a_set(name="www.example.com", kind="A", values=("192.0.2.1",), **more):
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values], **more}


def zones_and_records(aws):
    dns = aws.client("route53")
    create = lambda name="example.com", reference="r-1", **more: dns.create_hosted_zone(Name=name, CallerReference=reference, **more)
    made = create(HostedZoneConfig={"Comment": "c"})
    zone = made["HostedZone"]["Id"]
    aws.equal("a zone is made", 201, lambda: made["ResponseMetadata"]["HTTPStatusCode"])
    aws.equal("it has four name servers", 4, lambda: len(made["DelegationSet"]["NameServers"]))
    aws.equal("it begins with two records", ["NS", "SOA"], lambda: [each["Type"] for each in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]])
    aws.refused("a reference is used once", "HostedZoneAlreadyExists", lambda: create("example.org"), 409)
    aws.works("a name may have several zones", lambda: create(reference="r-2"))
    aws.refused("a name is a domain's", "InvalidDomainName", lambda: create("exa mple.com", "r-3"))
    aws.refused("an unknown zone is not found", "NoSuchHostedZone", lambda: dns.get_hosted_zone(Id="Z0123456789ABCDEFGHIJ"), 404)
    change = lambda *changes, zone=zone: dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]})
    info = change(("CREATE", a_set()))["ChangeInfo"]
    aws.equal("a change is pending at first", "PENDING", lambda: info["Status"])
    aws.becomes("and in sync later", "INSYNC", lambda: dns.get_change(Id=info["Id"])["ChangeInfo"]["Status"])
    bad = "InvalidChangeBatch"
    aws.refused("a create never overwrites", bad, lambda: change(("CREATE", a_set(values=["192.0.2.9"]))))
    aws.works("an upsert does", lambda: change(("UPSERT", a_set(values=["192.0.2.9"]))))
    aws.refused("a delete says what is there", bad, lambda: change(("DELETE", a_set())))
    aws.refused("a name lies in its zone", bad, lambda: change(("CREATE", a_set("www.example.org"))))
    aws.refused("an alias name has no other record", bad, lambda: change(("CREATE", a_set("www.example.com", "CNAME", ["a.example.com"]))))
    aws.refused("the zone's own name is no alias", bad, lambda: change(("CREATE", a_set("example.com", "CNAME", ["a.example.com"]))))
    aws.refused("an address is one", bad, lambda: change(("CREATE", a_set("x.example.com", values=["192.0.2.300"]))))
    aws.refused("a text stands in quotes", bad, lambda: change(("CREATE", a_set("t.example.com", "TXT", ["no quotes"]))))
    aws.refused("a batch changes something", ("MalformedInput", "InvalidInput", bad), lambda: change())
    aws.refused("an action is known", ("InvalidInput", "MalformedInput", bad), lambda: change(("REPLACE", a_set())))
    aws.refused("a batch is all or nothing", bad, lambda: change(("CREATE", a_set("one.example.com")), ("DELETE", a_set("none.example.com"))))
    listed = lambda **given: [each["Name"] for each in dns.list_resource_record_sets(HostedZoneId=zone, **given)["ResourceRecordSets"]]
    aws.true("nothing of it is done", lambda: "one.example.com." not in listed())
    aws.refused("the zone's own records stay", bad, lambda: change(("DELETE", [each for each in dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"] if each["Type"] == "NS"][0])))
    weighted = lambda name, weight=1, **more: a_set("w.example.com", SetIdentifier=name, Weight=weight, **more)
    change(("CREATE", weighted("a")), ("CREATE", weighted("b")))
    aws.refused("a simple record has no company", bad, lambda: change(("CREATE", a_set("w.example.com"))))
    aws.refused("one policy per name and type", bad, lambda: change(("CREATE", a_set("w.example.com", SetIdentifier="c", Region=THERE))))
    aws.refused("a weight is at most 255", ("InvalidInput", bad), lambda: change(("CREATE", weighted("c", 256))))
    aws.refused("a policy has an identifier", ("InvalidInput", bad), lambda: change(("CREATE", a_set("v.example.com", Weight=1))))
    latency = lambda name, region: a_set("l.example.com", SetIdentifier=name, Region=region)
    change(("CREATE", latency("a", HERE)))
    aws.refused("a region comes once", bad, lambda: change(("CREATE", latency("b", HERE))))
    failover = lambda name, role, **more: a_set("f.example.com", SetIdentifier=name, Failover=role, **more)
    probe = dns.create_health_check(CallerReference="f", HealthCheckConfig={"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 80})["HealthCheck"]["Id"]
    change(("CREATE", failover("a", "PRIMARY", HealthCheckId=probe)))
    aws.refused("there is one primary", bad, lambda: change(("CREATE", failover("b", "PRIMARY", HealthCheckId=probe))))
    geo = lambda name, **place: a_set("g.example.com", SetIdentifier=name, GeoLocation=place)
    change(("CREATE", geo("eu", ContinentCode="EU")), ("CREATE", geo("all", CountryCode="*")))
    aws.refused("a place comes once", bad, lambda: change(("CREATE", geo("eu2", ContinentCode="EU"))))
    aws.refused("a continent is known", ("InvalidInput", bad), lambda: change(("CREATE", geo("xx", ContinentCode="XX"))))
    answers = lambda name: a_set("m.example.com", SetIdentifier=name, MultiValueAnswer=True)
    aws.works("several answers are a policy", lambda: change(("CREATE", answers("a")), ("CREATE", answers("b"))))
    aws.refused("a health check is there", ("NoSuchHealthCheck", bad), lambda: change(("CREATE", weighted("h", HealthCheckId="01234567-89ab-cdef-0123-456789abcdef"))), None)
    alias = lambda to: {"Name": "alias.example.com", "Type": "A", "AliasTarget": {"HostedZoneId": zone.split("/")[-1], "DNSName": to, "EvaluateTargetHealth": False}}
    aws.refused("an alias in the zone leads somewhere", bad, lambda: change(("CREATE", alias("none.example.com"))))
    aws.works("to a record that is there", lambda: change(("CREATE", alias("www.example.com"))))
    aws.refused("an alias has no TTL", ("InvalidInput", bad), lambda: change(("UPSERT", {**alias("www.example.com"), "TTL": 60})))
    first = dns.list_resource_record_sets(HostedZoneId=zone, MaxItems="2")
    aws.true("pages say where the next begins", lambda: first["IsTruncated"] and first["NextRecordName"] and first["NextRecordType"])
    aws.equal("a list begins at a name", "g.example.com.", lambda: listed(StartRecordName="g.example.com")[0])
    change(("CREATE", a_set("*.example.com")))
    aws.true("an asterisk is written as its code", lambda: "\\052.example.com." in listed())
    aws.refused("a zone with records stays", "HostedZoneNotEmpty", lambda: dns.delete_hosted_zone(Id=zone))
    check = lambda reference="h-1", **more: dns.create_health_check(CallerReference=reference, HealthCheckConfig={"Type": "HTTPS", "FullyQualifiedDomainName": "www.example.com", "Port": 443, "ResourcePath": "/", **more})["HealthCheck"]
    made = check()
    aws.equal("the same reference is the same check", made["Id"], lambda: check()["Id"])
    aws.refused("a reference with other settings is used", "HealthCheckAlreadyExists", lambda: check(Port=80), 409)
    aws.refused("an interval is ten or thirty", "InvalidInput", lambda: check("h-2", RequestInterval=20))
    aws.refused("a threshold has bounds", "InvalidInput", lambda: check("h-3", FailureThreshold=11))
    aws.refused("an old version is not updated", "HealthCheckVersionMismatch", lambda: dns.update_health_check(HealthCheckId=made["Id"], HealthCheckVersion=9, Port=80), 409)
    aws.works("it goes", lambda: dns.delete_health_check(HealthCheckId=made["Id"]))
    aws.refused("an unknown one is not found", "NoSuchHealthCheck", lambda: dns.delete_health_check(HealthCheckId=made["Id"]), 404)
    tag = lambda count: dns.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone.split("/")[-1], AddTags=many(count))
    aws.refused("a call adds at most ten tags", "InvalidInput", lambda: tag(11))


def certificates(aws):
    acm = aws.client("acm")
    request = lambda name="example.com", **more: acm.request_certificate(DomainName=name, ValidationMethod="DNS", **more)["CertificateArn"]
    arn = request(IdempotencyToken="t1")
    aws.equal("the same token is the same certificate", arn, lambda: request(IdempotencyToken="t1"))
    aws.true("without a token it is another", lambda: request() != arn)
    aws.refused("a domain is one", ("ValidationException", "InvalidParameterException", "InvalidDomainValidationOptionsException"), lambda: request("exa mple"))
    aws.refused("ten names are the quota", "LimitExceededException", lambda: request(SubjectAlternativeNames=[f"n{at}.example.com" for at in range(11)]))
    aws.refused("a token has no hyphen", "ValidationException", lambda: request(IdempotencyToken="a-b"))
    aws.refused("an unknown one is not found", "ResourceNotFoundException", lambda: acm.describe_certificate(CertificateArn=arn[:-1] + ("0" if arn[-1] != "0" else "1")))
    aws.refused("an ARN is one", ("InvalidArnException", "ValidationException"), lambda: acm.describe_certificate(CertificateArn="none"))
    shown = lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]
    aws.becomes("the proof is shown after a while", "CNAME", lambda: shown()["DomainValidationOptions"][0].get("ResourceRecord", {}).get("Type"))
    aws.equal("it waits for its proof", "PENDING_VALIDATION", lambda: shown()["Status"])
    aws.equal("its name is among its names", ["example.com"], lambda: shown()["SubjectAlternativeNames"])
    aws.refused("tags of AWS's own are refused", ("InvalidTagException", "TagPolicyException", "ValidationException"), lambda: acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "aws:x", "Value": "y"}]))
    aws.refused("more than fifty tags are refused", ("TooManyTagsException", "ValidationException"), lambda: acm.add_tags_to_certificate(CertificateArn=arn, Tags=many(51)))
    aws.equal("states are a filter", 0, lambda: len(acm.list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]))
    aws.equal("pages are as long as asked", [1, 1], lambda: pages(acm.list_certificates, "CertificateSummaryList", "NextToken", MaxItems=1))
    acm.delete_certificate(CertificateArn=arn)
    aws.refused("it goes once", "ResourceNotFoundException", lambda: acm.delete_certificate(CertificateArn=arn))


def identities(aws):
    iam = aws.client("iam")
    role = lambda name="web", **more: iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, **more)["Role"]
    made = role(Tags=[{"Key": "a", "Value": "b"}])
    aws.refused("names have no case", "EntityAlreadyExists", lambda: role("WEB"), 409)
    aws.refused("a name has no blank", "ValidationError", lambda: role("a b"))
    aws.refused("a session lasts an hour at least", "ValidationError", lambda: role("x", MaxSessionDuration=60))
    aws.refused("a policy is JSON", "MalformedPolicyDocument", lambda: iam.create_role(RoleName="x", AssumeRolePolicyDocument="{"))
    aws.refused("an unknown role is not found", "NoSuchEntity", lambda: iam.get_role(RoleName="none"), 404)
    aws.true("an id has its kind", lambda: made["RoleId"].startswith("AROA"))
    aws.refused("a policy's effect is known", "MalformedPolicyDocument", lambda: iam.put_role_policy(RoleName="web", PolicyName="p", PolicyDocument=READ.replace("Allow", "Maybe")))
    iam.put_role_policy(RoleName="web", PolicyName="p", PolicyDocument=READ)
    aws.refused("a role with a policy stays", "DeleteConflict", lambda: iam.delete_role(RoleName="web"), 409)
    iam.delete_role_policy(RoleName="web", PolicyName="p")
    aws.refused("a policy goes once", "NoSuchEntity", lambda: iam.delete_role_policy(RoleName="web", PolicyName="p"), 404)
    policy = iam.create_policy(PolicyName="read", PolicyDocument=READ)["Policy"]["Arn"]
    aws.refused("a policy's name is taken", "EntityAlreadyExists", lambda: iam.create_policy(PolicyName="read", PolicyDocument=READ), 409)
    iam.attach_role_policy(RoleName="web", PolicyArn=policy)
    aws.works("a policy is attached again", lambda: iam.attach_role_policy(RoleName="web", PolicyArn=policy))
    aws.refused("an unknown policy is not attached", "NoSuchEntity", lambda: iam.attach_role_policy(RoleName="web", PolicyArn=policy.replace("read", "none")), 404)
    aws.refused("a policy in use stays", "DeleteConflict", lambda: iam.delete_policy(PolicyArn=policy), 409)
    versions = lambda: [iam.create_policy_version(PolicyArn=policy, PolicyDocument=READ) for _ in range(5)]
    aws.refused("a policy has five versions", "LimitExceeded", lambda: versions()[0], 409)
    aws.refused("the default version stays", "DeleteConflict", lambda: iam.delete_policy_version(PolicyArn=policy, VersionId="v1"), 409)
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    aws.refused("a profile has one role", "LimitExceeded", lambda: (role("api"), iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="api"))[1], 409)
    aws.refused("a profile with a role stays", "DeleteConflict", lambda: iam.delete_instance_profile(InstanceProfileName="web"), 409)
    role("in-a-path", Path="/a/b/")
    aws.equal("paths are a filter", ["in-a-path"], lambda: [each["RoleName"] for each in iam.list_roles(PathPrefix="/a/")["Roles"]])
    aws.equal("pages are as long as asked", [2, 1], lambda: pages(iam.list_roles, "Roles", "Marker", MaxItems=2))
    aws.refused("a marker that nobody gave is refused", ("ValidationError", "InvalidInput"), lambda: iam.list_roles(Marker="made-up"))
    aws.refused("a role has fifty tags", "LimitExceeded", lambda: iam.tag_role(RoleName="web", Tags=many(50)), 409)
    aws.equal("tags are told one by one", ["a"], lambda: [each["Key"] for each in iam.list_role_tags(RoleName="web")["Tags"]])


def a_distribution(reference="d-1", **more):
    return {
        "CallerReference": reference, "Comment": "", "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [{"Id": "o", "DomainName": "www.example.com", "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}}]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}, **more}


def distributions(aws):
    cdn = aws.client("cloudfront")
    create = lambda *given, **more: cdn.create_distribution(DistributionConfig=a_distribution(*given, **more))
    made = create()
    which, tag = made["Distribution"]["Id"], made["ETag"]
    aws.equal("it is in progress at first", "InProgress", lambda: made["Distribution"]["Status"])
    aws.refused("a reference with other settings is used", "DistributionAlreadyExists", lambda: create(Comment="other"), 409)
    aws.refused("a behaviour's origin is there", "NoSuchOrigin", lambda: create("d-2", DefaultCacheBehavior={"TargetOriginId": "x", "ViewerProtocolPolicy": "allow-all", "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}), 404)
    aws.refused("a name needs a certificate", ("InvalidViewerCertificate", "InvalidArgument"), lambda: create("d-3", Aliases={"Quantity": 1, "Items": ["www.example.com"]}))
    aws.refused("an unknown one is not found", "NoSuchDistribution", lambda: cdn.get_distribution(Id="E0123456789ABC"), 404)
    aws.refused("an update says which version", "InvalidIfMatchVersion", lambda: cdn.update_distribution(Id=which, DistributionConfig=a_distribution()))
    aws.refused("an old version is not updated", ("PreconditionFailed", "InvalidIfMatchVersion"), lambda: cdn.update_distribution(Id=which, IfMatch="E0000000000000", DistributionConfig=a_distribution()), None)
    aws.refused("an enabled one stays", "DistributionNotDisabled", lambda: cdn.delete_distribution(Id=which, IfMatch=tag), 409)
    state = lambda: cdn.get_distribution(Id=which)["Distribution"]["Status"]
    aws.becomes("it is deployed later", "Deployed", state)
    tag = cdn.update_distribution(Id=which, IfMatch=tag, DistributionConfig=a_distribution(Enabled=False))["ETag"]
    aws.refused("one that is being disabled stays", ("DistributionNotDisabled", "ResourceInUse"), lambda: cdn.delete_distribution(Id=which, IfMatch=tag), 409)
    aws.becomes("it is disabled later", "Deployed", state)
    aws.works("it goes", lambda: cdn.delete_distribution(Id=which, IfMatch=tag))
    control = {"Name": "oac", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"}
    cdn.create_origin_access_control(OriginAccessControlConfig=control)
    aws.refused("a control's name is taken", "OriginAccessControlAlreadyExists", lambda: cdn.create_origin_access_control(OriginAccessControlConfig=control), 409)


def firewalls(aws):
    waf = aws.client("wafv2")
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
    create = lambda name="web", **more: waf.create_web_acl(Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen, Rules=[], **more)["Summary"]
    made = create()
    aws.refused("a name is taken once", "WAFDuplicateItemException", create)
    aws.refused("what is CloudFront's is made in us-east-1", "WAFInvalidParameterException", lambda: aws.client("wafv2", THERE).create_web_acl(
        Name="x", Scope="CLOUDFRONT", DefaultAction={"Allow": {}}, VisibilityConfig=seen, Rules=[]))
    update = lambda lock: waf.update_web_acl(Name="web", Scope="REGIONAL", Id=made["Id"], DefaultAction={"Block": {}}, VisibilityConfig=seen, Rules=[], LockToken=lock)
    following = update(made["LockToken"])["NextLockToken"]
    aws.refused("an old lock is refused", "WAFOptimisticLockException", lambda: update(made["LockToken"]))
    aws.refused("an unknown one is not found", "WAFNonexistentItemException", lambda: waf.get_web_acl(Name="none", Scope="REGIONAL", Id=made["Id"]))
    aws.works("it goes with the last lock", lambda: waf.delete_web_acl(Name="web", Scope="REGIONAL", Id=made["Id"], LockToken=following))


CHAPTERS = [zones_and_records, certificates, identities, distributions, firewalls]
