"""S3: buckets, objects, settings and replication."""

import json

from asker import HERE, THERE, pages, until


def a_bucket(aws, name, region=HERE, versions=True):
    s3 = aws.client("s3", region)
    where = {} if region == HERE else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **where)
    if versions:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3


def buckets(aws):
    s3 = a_bucket(aws, "behaviour-one", versions=False)
    for name in ("ab", "Upper-Case", "under_score", "192.168.0.1", "xn--bucket", "a" * 64):
        aws.refused(f"{name} is no name", "InvalidBucketName", lambda name=name: s3.create_bucket(Bucket=name))
    aws.works("in us-east-1 an own bucket is made again", lambda: s3.create_bucket(Bucket="behaviour-one"))
    west = a_bucket(aws, "behaviour-two", THERE, versions=False)
    again = lambda: west.create_bucket(Bucket="behaviour-two", CreateBucketConfiguration={"LocationConstraint": THERE})
    aws.refused("elsewhere it is not", "BucketAlreadyOwnedByYou", again, 409)
    aws.refused("a region's endpoint makes the region's buckets", "IllegalLocationConstraintException", lambda: west.create_bucket(Bucket="behaviour-three"))
    aws.refused("a bucket that is not there is not found", "NoSuchBucket", lambda: s3.list_objects_v2(Bucket="behaviour-none"), 404)
    aws.refused("its head is an empty 404", "404", lambda: s3.head_bucket(Bucket="behaviour-none"), 404)
    aws.equal("us-east-1 has no name of its own", None, lambda: s3.get_bucket_location(Bucket="behaviour-one").get("LocationConstraint"))
    aws.equal("other regions have", THERE, lambda: west.get_bucket_location(Bucket="behaviour-two")["LocationConstraint"])
    for name, code, ask in (
        ("lifecycle", "NoSuchLifecycleConfiguration", s3.get_bucket_lifecycle_configuration),
        ("policy", "NoSuchBucketPolicy", s3.get_bucket_policy), ("tags", "NoSuchTagSet", s3.get_bucket_tagging),
        ("CORS", "NoSuchCORSConfiguration", s3.get_bucket_cors), ("website", "NoSuchWebsiteConfiguration", s3.get_bucket_website),
        ("replication", "ReplicationConfigurationNotFoundError", s3.get_bucket_replication),
    ):
        aws.refused(f"a bucket without {name} says so", code, lambda ask=ask: ask(Bucket="behaviour-one"), 404)
    aws.equal("versioning was never on", None, lambda: s3.get_bucket_versioning(Bucket="behaviour-one").get("Status"))
    aws.equal("encryption is always on", "AES256", lambda: s3.get_bucket_encryption(Bucket="behaviour-one")["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"])
    aws.true("the public is kept out from the start", lambda: all(s3.get_public_access_block(Bucket="behaviour-one")["PublicAccessBlockConfiguration"].values()))
    aws.equal("the owner owns what is written", "BucketOwnerEnforced", lambda: s3.get_bucket_ownership_controls(Bucket="behaviour-one")["OwnershipControls"]["Rules"][0]["ObjectOwnership"])
    open_to_all = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::behaviour-one/*"}]}
    aws.refused("a public policy is kept out", "AccessDenied", lambda: s3.put_bucket_policy(Bucket="behaviour-one", Policy=json.dumps(open_to_all)), 403)
    aws.refused("a policy is JSON", "MalformedPolicy", lambda: s3.put_bucket_policy(Bucket="behaviour-one", Policy="{"))
    aws.refused("a lifecycle rule does something", ("InvalidRequest", "MalformedXML"), lambda: s3.put_bucket_lifecycle_configuration(Bucket="behaviour-one", LifecycleConfiguration={"Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}}]}))
    for key in ("a/1", "a/2", "b", "c"):
        s3.put_object(Bucket="behaviour-one", Key=key, Body=b"text")
    listing = s3.list_objects_v2(Bucket="behaviour-one", Delimiter="/")
    aws.equal("a delimiter makes folders", (["a/"], ["b", "c"]), lambda: ([each["Prefix"] for each in listing["CommonPrefixes"]], [each["Key"] for each in listing["Contents"]]))
    aws.equal("pages are as long as asked", [3, 1], lambda: pages(s3.list_objects_v2, "Contents", "ContinuationToken", "NextContinuationToken", Bucket="behaviour-one", MaxKeys=3))
    aws.refused("a token that nobody gave is refused", "InvalidArgument", lambda: s3.list_objects_v2(Bucket="behaviour-one", ContinuationToken="made-up"))
    aws.refused("an object that is not there is not found", "NoSuchKey", lambda: s3.get_object(Bucket="behaviour-one", Key="none"), 404)
    aws.refused("one that must not be there is in the way", "PreconditionFailed", lambda: s3.put_object(Bucket="behaviour-one", Key="b", Body=b"x", IfNoneMatch="*"), 412)
    aws.refused("an unchanged one is not sent", "304", lambda: s3.get_object(Bucket="behaviour-one", Key="b", IfNoneMatch=s3.head_object(Bucket="behaviour-one", Key="b")["ETag"]), 304)
    aws.equal("a range is a part", (b"ex", "bytes 1-2/4"), lambda: (lambda answer: (answer["Body"].read(), answer["ContentRange"]))(s3.get_object(Bucket="behaviour-one", Key="b", Range="bytes=1-2")))
    aws.refused("a range lies within", "InvalidRange", lambda: s3.get_object(Bucket="behaviour-one", Key="b", Range="bytes=9-"), 416)
    aws.works("deleting what is not there succeeds", lambda: s3.delete_object(Bucket="behaviour-one", Key="none"))
    aws.refused("a bucket with objects stays", "BucketNotEmpty", lambda: s3.delete_bucket(Bucket="behaviour-one"), 409)
    gone = s3.delete_objects(Bucket="behaviour-one", Delete={"Objects": [{"Key": key} for key in ("a/1", "a/2", "b", "c", "none")]})
    aws.equal("many go at once", 5, lambda: len(gone["Deleted"]))
    aws.works("an empty bucket goes", lambda: s3.delete_bucket(Bucket="behaviour-one"))
    aws.refused("a bucket goes once", "NoSuchBucket", lambda: s3.delete_bucket(Bucket="behaviour-one"), 404)


def versions(aws):
    s3 = a_bucket(aws, "behaviour-versions")
    first = s3.put_object(Bucket="behaviour-versions", Key="k", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket="behaviour-versions", Key="k", Body=b"2")["VersionId"]
    aws.equal("an old version is still there", b"1", lambda: s3.get_object(Bucket="behaviour-versions", Key="k", VersionId=first)["Body"].read())
    marker = s3.delete_object(Bucket="behaviour-versions", Key="k")
    aws.equal("a delete writes a marker", True, lambda: marker["DeleteMarker"])
    aws.refused("what a marker hides is not found", "NoSuchKey", lambda: s3.get_object(Bucket="behaviour-versions", Key="k"), 404)
    aws.refused("a marker is not got", "MethodNotAllowed", lambda: s3.get_object(Bucket="behaviour-versions", Key="k", VersionId=marker["VersionId"]), 405)
    listed = s3.list_object_versions(Bucket="behaviour-versions")
    aws.equal("versions and markers are listed, newest first", ([second, first], [marker["VersionId"]]), lambda: ([each["VersionId"] for each in listed["Versions"]], [each["VersionId"] for each in listed["DeleteMarkers"]]))
    aws.refused("a bucket with versions stays", "BucketNotEmpty", lambda: s3.delete_bucket(Bucket="behaviour-versions"), 409)
    s3.delete_object(Bucket="behaviour-versions", Key="k", VersionId=marker["VersionId"])
    aws.equal("without the marker it is there again", b"2", lambda: s3.get_object(Bucket="behaviour-versions", Key="k")["Body"].read())
    s3.put_bucket_versioning(Bucket="behaviour-versions", VersioningConfiguration={"Status": "Suspended"})
    aws.equal("suspended versioning writes the version null", "null", lambda: s3.put_object(Bucket="behaviour-versions", Key="k", Body=b"3").get("VersionId", "null"))
    aws.refused("an unknown version is not found", ("NoSuchVersion", "InvalidArgument"), lambda: s3.get_object(Bucket="behaviour-versions", Key="k", VersionId="0" * 32), None)


def replication(aws):
    here, there = a_bucket(aws, "behaviour-source"), a_bucket(aws, "behaviour-target", THERE)
    a_bucket(aws, "behaviour-plain", THERE, versions=False)
    role = f"arn:aws:iam::{aws.id}:role/replication"
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    aws.client("iam").create_role(RoleName="replication", AssumeRolePolicyDocument=json.dumps(trust))
    rule = lambda name="a", to="behaviour-target", priority=1, **more: {
        "ID": name, "Status": "Enabled", "Priority": priority, "Filter": {"Prefix": ""}, "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{to}"}, **more}
    put = lambda *rules, bucket="behaviour-source": here.put_bucket_replication(Bucket=bucket, ReplicationConfiguration={"Role": role, "Rules": list(rules)})
    aws.refused("both ends keep versions", "InvalidRequest", lambda: put(rule(to="behaviour-plain")))
    aws.refused("a target is there", "InvalidRequest", lambda: put(rule(to="behaviour-none")))
    aws.refused("a rule's id comes once", ("InvalidArgument", "InvalidRequest"), lambda: put(rule(), rule(priority=2)))
    aws.refused("a priority comes once", "InvalidRequest", lambda: put(rule(), rule("b")))
    aws.refused("V2 rules say what becomes of markers", ("InvalidRequest", "MalformedXML"), lambda: put({key: value for key, value in rule().items() if key != "DeleteMarkerReplication"}))
    here.put_object(Bucket="behaviour-source", Key="before", Body=b"0")
    put(rule())
    here.put_object(Bucket="behaviour-source", Key="after", Body=b"1")
    aws.becomes("what is written afterwards goes over", "REPLICA", lambda: there.head_object(Bucket="behaviour-target", Key="after").get("ReplicationStatus"))
    aws.becomes("and says so at home", "COMPLETED", lambda: here.head_object(Bucket="behaviour-source", Key="after").get("ReplicationStatus"))
    aws.refused("what was there before does not", "404", lambda: there.head_object(Bucket="behaviour-target", Key="before"), 404)
    aws.refused("versioning is not suspended under a rule", "InvalidBucketState", lambda: here.put_bucket_versioning(Bucket="behaviour-source", VersioningConfiguration={"Status": "Suspended"}), 409)
    here.delete_object(Bucket="behaviour-source", Key="after")
    aws.becomes("markers go over", "404", lambda: there.head_object(Bucket="behaviour-target", Key="after").get("ReplicationStatus"))
    aws.works("a configuration goes", lambda: here.delete_bucket_replication(Bucket="behaviour-source"))
    aws.works("and goes again", lambda: here.delete_bucket_replication(Bucket="behaviour-source"))


CHAPTERS = [buckets, versions, replication]
