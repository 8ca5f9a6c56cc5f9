"""KMS, CloudWatch Logs, EventBridge, SNS, CloudWatch, CloudTrail, Secrets Manager and Parameter Store."""

import json

from asker import HERE, THERE, many, pages

RULE = json.dumps({"source": ["aws.ec2"]})


def keys(aws):
    kms, there = aws.client("kms"), aws.client("kms", THERE)
    made = kms.create_key(MultiRegion=True, Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]
    key = made["KeyId"]
    aws.true("a multi-region key's id says so", lambda: key.startswith("mrk-"))
    aws.equal("it is enabled at once", "Enabled", lambda: made["KeyState"])
    aws.refused("an unknown key is not found", "NotFoundException", lambda: kms.describe_key(KeyId="01234567-89ab-cdef-0123-456789abcdef"))
    kms.create_alias(AliasName="alias/web", TargetKeyId=key)
    aws.refused("an alias is taken once", "AlreadyExistsException", lambda: kms.create_alias(AliasName="alias/web", TargetKeyId=key))
    aws.refused("an alias has its prefix", ("InvalidAliasNameException", "ValidationException"), lambda: kms.create_alias(AliasName="web", TargetKeyId=key))
    aws.refused("aliases of AWS's own are refused", "NotAuthorizedException", lambda: kms.create_alias(AliasName="alias/aws/web", TargetKeyId=key))
    aws.equal("a key is found by its alias", key, lambda: kms.describe_key(KeyId="alias/web")["KeyMetadata"]["KeyId"])
    aws.refused("an unknown alias does not go", "NotFoundException", lambda: kms.delete_alias(AliasName="alias/none"))
    replica = kms.replicate_key(KeyId=key, ReplicaRegion=THERE)["ReplicaKeyMetadata"]
    aws.equal("a replica is being created at first", "Creating", lambda: replica["KeyState"])
    aws.becomes("and enabled later", "Enabled", lambda: there.describe_key(KeyId=key)["KeyMetadata"]["KeyState"])
    aws.refused("a region has one replica", "AlreadyExistsException", lambda: kms.replicate_key(KeyId=key, ReplicaRegion=THERE))
    plain = kms.create_key()["KeyMetadata"]["KeyId"]
    aws.refused("a key of one region is not replicated", "UnsupportedOperationException", lambda: kms.replicate_key(KeyId=plain, ReplicaRegion=THERE))
    aws.refused("a key waits seven days at least", "ValidationException", lambda: kms.schedule_key_deletion(KeyId=plain, PendingWindowInDays=6))
    kms.schedule_key_deletion(KeyId=plain, PendingWindowInDays=7)
    state = lambda key: kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    aws.equal("a key is pending until it goes", "PendingDeletion", lambda: state(plain))
    aws.refused("it does nothing meanwhile", "KMSInvalidStateException", lambda: kms.encrypt(KeyId=plain, Plaintext=b"x"))
    aws.refused("it is not scheduled twice", "KMSInvalidStateException", lambda: kms.schedule_key_deletion(KeyId=plain, PendingWindowInDays=7))
    kms.cancel_key_deletion(KeyId=plain)
    aws.equal("a key that stays is disabled", "Disabled", lambda: state(plain))
    aws.refused("a disabled key does nothing", "DisabledException", lambda: kms.encrypt(KeyId=plain, Plaintext=b"x"))
    aws.refused("a policy is JSON", "MalformedPolicyDocumentException", lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy="{"))
    aws.refused("more than fifty tags are refused", ("LimitExceededException", "TagException"), lambda: kms.tag_resource(KeyId=key, Tags=[{"TagKey": tag["Key"], "TagValue": "x"} for tag in many(51)]))
    aws.equal("pages are as long as asked", [1, 1], lambda: pages(kms.list_keys, "Keys", "Marker", "NextMarker", Limit=1))
    aws.refused("a marker that nobody gave is refused", "InvalidMarkerException", lambda: kms.list_keys(Marker="made-up"))


def log_groups(aws):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/globe/web")
    aws.refused("a name is taken once", "ResourceAlreadyExistsException", lambda: logs.create_log_group(logGroupName="/globe/web"))
    aws.refused("a name has no blank", "InvalidParameterException", lambda: logs.create_log_group(logGroupName="a b"))
    aws.refused("a retention is one of some", "InvalidParameterException", lambda: logs.put_retention_policy(logGroupName="/globe/web", retentionInDays=2))
    aws.refused("an unknown group is not found", "ResourceNotFoundException", lambda: logs.put_retention_policy(logGroupName="none", retentionInDays=7))
    logs.put_retention_policy(logGroupName="/globe/web", retentionInDays=7)
    groups = lambda **given: logs.describe_log_groups(**given)["logGroups"]
    aws.equal("it reads back", 7, lambda: groups(logGroupNamePrefix="/globe")[0]["retentionInDays"])
    aws.equal("an unknown prefix is no error", [], lambda: groups(logGroupNamePrefix="/none"))
    aws.refused("prefix and pattern do not go together", "InvalidParameterException", lambda: groups(logGroupNamePrefix="/g", logGroupNamePattern="web"))
    logs.create_log_stream(logGroupName="/globe/web", logStreamName="s")
    aws.refused("a stream's name is taken once", "ResourceAlreadyExistsException", lambda: logs.create_log_stream(logGroupName="/globe/web", logStreamName="s"))
    logs.create_log_group(logGroupName="/globe/api")
    aws.equal("pages are as long as asked", [1, 1], lambda: pages(logs.describe_log_groups, "logGroups", "nextToken", limit=1))
    aws.refused("pages have at most fifty rows", "InvalidParameterException", lambda: groups(limit=51))
    logs.delete_log_group(logGroupName="/globe/web")
    aws.refused("a group goes once", "ResourceNotFoundException", lambda: logs.delete_log_group(logGroupName="/globe/web"))


def buses(aws):
    events = aws.client("events")
    events.create_event_bus(Name="web")
    aws.refused("a bus's name is taken", "ResourceAlreadyExistsException", lambda: events.create_event_bus(Name="web"))
    aws.refused("default is AWS's", ("ValidationException", "ResourceAlreadyExistsException"), lambda: events.create_event_bus(Name="default"))
    aws.refused("an unknown bus is not found", "ResourceNotFoundException", lambda: events.put_rule(Name="r", EventBusName="none", EventPattern=RULE))
    aws.refused("a rule has a pattern or a schedule", "ValidationException", lambda: events.put_rule(Name="r"))
    aws.refused("a pattern is JSON", "InvalidEventPatternException", lambda: events.put_rule(Name="r", EventPattern="{"))
    aws.refused("a schedule is one", "ValidationException", lambda: events.put_rule(Name="r", ScheduleExpression="now and then"))
    aws.refused("schedules are the default bus's", "ValidationException", lambda: events.put_rule(Name="r", EventBusName="web", ScheduleExpression="rate(1 hour)"))
    first = events.put_rule(Name="r", EventBusName="web", EventPattern=RULE)["RuleArn"]
    aws.equal("a rule is put again", first, lambda: events.put_rule(Name="r", EventBusName="web", EventPattern=RULE)["RuleArn"])
    topic = aws.client("sns").create_topic(Name="t")["TopicArn"]
    events.put_targets(Rule="r", EventBusName="web", Targets=[{"Id": "1", "Arn": topic}])
    aws.refused("a rule with targets stays", "ValidationException", lambda: events.delete_rule(Name="r", EventBusName="web"))
    aws.refused("a bus with rules stays", "ValidationException", lambda: events.delete_event_bus(Name="web"))
    events.remove_targets(Rule="r", EventBusName="web", Ids=["1"])
    aws.works("a free rule goes", lambda: events.delete_rule(Name="r", EventBusName="web"))
    aws.works("what is gone goes again", lambda: events.delete_rule(Name="r", EventBusName="web"))
    aws.works("a free bus goes", lambda: events.delete_event_bus(Name="web"))
    aws.refused("an entry says what", "ValidationException", lambda: events.put_events(Entries=[]))


def topics(aws):
    sns = aws.client("sns")
    arn = sns.create_topic(Name="web", Tags=[{"Key": "a", "Value": "b"}])["TopicArn"]
    aws.equal("the same again is the same", arn, lambda: sns.create_topic(Name="web", Tags=[{"Key": "a", "Value": "b"}])["TopicArn"])
    aws.refused("with other tags it is not", "InvalidParameter", lambda: sns.create_topic(Name="web", Tags=[{"Key": "a", "Value": "c"}]))
    aws.refused("a name has no blank", "InvalidParameter", lambda: sns.create_topic(Name="a b"))
    aws.refused("a FIFO topic's name says so", "InvalidParameter", lambda: sns.create_topic(Name="x", Attributes={"FifoTopic": "true"}))
    aws.refused("an unknown topic is not found", "NotFound", lambda: sns.get_topic_attributes(TopicArn=arn + "x"), 404)
    aws.refused("an unknown attribute is refused", "InvalidParameter", lambda: sns.set_topic_attributes(TopicArn=arn, AttributeName="Colour", AttributeValue="red"))
    aws.equal("mail waits for its reader", "pending confirmation", lambda: sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="someone@example.com")["SubscriptionArn"])
    aws.refused("a protocol is known", "InvalidParameter", lambda: sns.subscribe(TopicArn=arn, Protocol="pigeon", Endpoint="home"))
    aws.refused("an unknown topic has no subscribers", "NotFound", lambda: sns.subscribe(TopicArn=arn + "x", Protocol="email", Endpoint="someone@example.com"), 404)
    aws.refused("an unknown topic is not published to", "NotFound", lambda: sns.publish(TopicArn=arn + "x", Message="m"), 404)
    sns.delete_topic(TopicArn=arn)
    aws.works("what is gone goes again", lambda: sns.delete_topic(TopicArn=arn))


def alarms(aws):
    watch = aws.client("cloudwatch")
    put = lambda name="cpu", **more: watch.put_metric_alarm(AlarmName=name, **{
        "Namespace": "AWS/EC2", "MetricName": "CPUUtilization", "Statistic": "Average", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 80.0, "ComparisonOperator": "GreaterThanThreshold", **more})
    put()
    shown = lambda **given: watch.describe_alarms(**given)["MetricAlarms"]
    aws.equal("an alarm knows nothing at first", "INSUFFICIENT_DATA", lambda: shown(AlarmNames=["cpu"])[0]["StateValue"])
    aws.works("an alarm is put again", lambda: put(Threshold=90.0))
    aws.equal("and reads back", 90.0, lambda: shown(AlarmNames=["cpu"])[0]["Threshold"])
    aws.equal("an unknown name is no error", [], lambda: shown(AlarmNames=["none"]))
    aws.refused("a period is ten, thirty or minutes", ("ValidationError", "InvalidParameterValue"), lambda: put("x", Period=45))
    aws.refused("a comparison is known", ("ValidationError", "InvalidParameterValue"), lambda: put("x", ComparisonOperator="MoreOrLess"))
    aws.refused("an alarm has a metric", ("ValidationError", "MissingParameter", "InvalidParameterCombination"), lambda: watch.put_metric_alarm(
        AlarmName="x", EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold"))
    aws.refused("a state is known", ("ValidationError", "InvalidParameterValue"), lambda: watch.set_alarm_state(AlarmName="cpu", StateValue="BAD", StateReason="r"))
    aws.refused("an unknown alarm has no state", "ResourceNotFound", lambda: watch.set_alarm_state(AlarmName="none", StateValue="OK", StateReason="r"), 404)
    put("memory")
    aws.equal("prefixes are a filter", ["memory"], lambda: [each["AlarmName"] for each in shown(AlarmNamePrefix="mem")])
    aws.equal("pages are as long as asked", [1, 1], lambda: pages(watch.describe_alarms, "MetricAlarms", "NextToken", MaxRecords=1))
    aws.refused("a token that nobody gave is refused", "InvalidNextToken", lambda: watch.describe_alarms(NextToken="made-up"))
    aws.works("what is not there goes as well", lambda: watch.delete_alarms(AlarmNames=["none"]))
    aws.refused("a dashboard is JSON", ("InvalidParameterInput", "DashboardInvalidInputError"), lambda: watch.put_dashboard(DashboardName="d", DashboardBody="{"))
    aws.refused("an unknown dashboard is not found", ("ResourceNotFound", "DashboardNotFoundError"), lambda: watch.get_dashboard(DashboardName="none"), 404)


def trails(aws):
    trail, s3 = aws.client("cloudtrail"), aws.client("s3")
    s3.create_bucket(Bucket="behaviour-trail")
    create = lambda name="web", bucket="behaviour-trail", **more: trail.create_trail(Name=name, S3BucketName=bucket, **more)
    aws.refused("a bucket lets it write", "InsufficientS3BucketPolicyException", create)
    aws.refused("a bucket is there", "S3BucketDoesNotExistException", lambda: create(bucket="behaviour-none"))
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": action, "Resource": f"arn:aws:s3:::behaviour-trail{path}"}
                                                     for action, path in (("s3:GetBucketAcl", ""), ("s3:PutObject", f"/AWSLogs/{aws.id}/*"))]}
    s3.put_bucket_policy(Bucket="behaviour-trail", Policy=json.dumps(allow))
    aws.works("then it is made", create)
    aws.refused("a name is taken once", "TrailAlreadyExistsException", create)
    aws.refused("a name has three characters", "InvalidTrailNameException", lambda: create("ab"))
    aws.equal("it does not log before it is told to", False, lambda: trail.get_trail_status(Name="web")["IsLogging"])
    aws.refused("an unknown trail is not found", "TrailNotFoundException", lambda: trail.start_logging(Name="none"))
    aws.works("it goes", lambda: trail.delete_trail(Name="web"))
    aws.refused("it goes once", "TrailNotFoundException", lambda: trail.delete_trail(Name="web"))


def secrets(aws):
    manager = aws.client("secretsmanager")
    create = lambda name="web", value="v1", **more: manager.create_secret(Name=name, SecretString=value, **more)
    token = "01234567-89ab-cdef-0123-456789abcdef"
    made = create(ClientRequestToken=token)
    aws.equal("the same token is the same secret", made["ARN"], lambda: create(ClientRequestToken=token)["ARN"])
    aws.refused("a name is taken once", "ResourceExistsException", create)
    aws.refused("a token with another value is refused", ("ResourceExistsException", "InvalidRequestException"), lambda: create(value="v2", ClientRequestToken=token))
    aws.refused("an unknown secret is not found", "ResourceNotFoundException", lambda: manager.get_secret_value(SecretId="none"))
    first = made["VersionId"]
    second = manager.put_secret_value(SecretId="web", SecretString="v2")["VersionId"]
    aws.equal("the value before is kept", "v1", lambda: manager.get_secret_value(SecretId="web", VersionStage="AWSPREVIOUS")["SecretString"])
    aws.equal("a version is found by its id", "v1", lambda: manager.get_secret_value(SecretId="web", VersionId=first)["SecretString"])
    aws.true("a new value is a new version", lambda: first != second)
    aws.refused("a window is seven days at least", ("InvalidParameterException", "ValidationException"), lambda: manager.delete_secret(SecretId="web", RecoveryWindowInDays=6))
    aws.refused("by force or with a window", "InvalidParameterException", lambda: manager.delete_secret(SecretId="web", RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True))
    manager.delete_secret(SecretId="web")
    aws.refused("a deleted secret is not read", "InvalidRequestException", lambda: manager.get_secret_value(SecretId="web"))
    aws.refused("its name is not free", "InvalidRequestException", create)
    aws.works("it comes back", lambda: manager.restore_secret(SecretId="web"))
    manager.delete_secret(SecretId="web", ForceDeleteWithoutRecovery=True)
    aws.becomes("by force it goes", "ResourceNotFoundException", lambda: manager.describe_secret(SecretId="web"))
    for at in range(3):
        create(f"s-{at}")
    aws.equal("pages are as long as asked", [2, 1], lambda: pages(manager.list_secrets, "SecretList", "NextToken", MaxResults=2))
    aws.refused("a token that nobody gave is refused", "InvalidNextTokenException", lambda: manager.list_secrets(NextToken="made-up"))
    aws.equal("names are a filter by their beginning", ["s-1"], lambda: [each["Name"] for each in manager.list_secrets(Filters=[{"Key": "name", "Values": ["s-1"]}])["SecretList"]])


def parameters(aws):
    ssm = aws.client("ssm")
    put = lambda name="/web/a", value="1", **more: ssm.put_parameter(Name=name, Value=value, **{"Type": "String", **more})
    aws.equal("versions begin at one", 1, lambda: put()["Version"])
    aws.refused("a parameter is not overwritten unasked", "ParameterAlreadyExists", put)
    aws.equal("a new value is a new version", 2, lambda: put(value="2", Overwrite=True)["Version"])
    aws.refused("an unknown one is not found", "ParameterNotFound", lambda: ssm.get_parameter(Name="none"))
    aws.equal("unknown names are in a list", ["none"], lambda: ssm.get_parameters(Names=["/web/a", "none"])["InvalidParameters"])
    aws.equal("a version is asked for by number", "1", lambda: ssm.get_parameter(Name="/web/a:1")["Parameter"]["Value"])
    aws.refused("names of AWS's own are refused", ("ValidationException", "AccessDeniedException"), lambda: put("/aws/x"))
    aws.refused("tags and overwriting do not go together", "ValidationException", lambda: put(Overwrite=True, Tags=[{"Key": "a", "Value": "b"}]))
    put("/web/b/c")
    by_path = lambda **given: sorted(each["Name"] for each in ssm.get_parameters_by_path(Path="/web", **given)["Parameters"])
    aws.equal("a path is one level", ["/web/a"], by_path)
    aws.equal("or all", ["/web/a", "/web/b/c"], lambda: by_path(Recursive=True))
    aws.refused("a path's page has at most ten", "ValidationException", lambda: by_path(MaxResults=11))
    aws.refused("a call asks for at most ten", "ValidationException", lambda: ssm.get_parameters(Names=[f"n{at}" for at in range(11)]))
    aws.equal("what goes is told apart from what was not there", (["/web/a"], ["none"]), lambda: (lambda answer: (answer["DeletedParameters"], answer["InvalidParameters"]))(ssm.delete_parameters(Names=["/web/a", "none"])))
    aws.refused("it goes once", "ParameterNotFound", lambda: ssm.delete_parameter(Name="/web/a"))


CHAPTERS = [keys, log_groups, buses, topics, alarms, trails, secrets, parameters]
