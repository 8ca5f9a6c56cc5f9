"""DynamoDB, RDS and ElastiCache."""

from asker import FAR, HERE, THERE, pages, until
from network import a_subnet, a_vpc


def a_table(client, name="tab", **more):
    return client.create_table(TableName=name, **{
        "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST", **more})["TableDescription"]


def tables(aws):
    db = aws.client("dynamodb")
    made = a_table(db, Tags=[{"Key": "a", "Value": "b"}])
    state = lambda name="tab": db.describe_table(TableName=name)["Table"]["TableStatus"]
    aws.equal("a table is being created at first", "CREATING", lambda: made["TableStatus"])
    aws.refused("its name is taken", "ResourceInUseException", lambda: a_table(db))
    aws.becomes("it is active later", "ACTIVE", state)
    aws.refused("a key has a definition", "ValidationException", lambda: a_table(db, "xyz", KeySchema=[{"AttributeName": "other", "KeyType": "HASH"}]))
    aws.refused("a definition is used", "ValidationException", lambda: a_table(db, "xyz", AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("k", "z")]))
    aws.refused("a name has three characters", "ValidationException", lambda: db.create_table(TableName="ab", AttributeDefinitions=[], KeySchema=[]))
    aws.refused("provisioned tables say how much", "ValidationException", lambda: a_table(db, "xyz", BillingMode="PROVISIONED"))
    aws.refused("a table that is not there is not found", "ResourceNotFoundException", lambda: db.describe_table(TableName="none"))
    aws.refused("an update changes something", "ValidationException", lambda: db.update_table(TableName="tab"))
    put = lambda key, **more: db.put_item(TableName="tab", Item={"k": {"S": key}}, **more)
    for key in "abcde":
        put(key)
    aws.refused("an item has the key", "ValidationException", lambda: db.put_item(TableName="tab", Item={"z": {"S": "a"}}))
    aws.refused("a condition holds", "ConditionalCheckFailedException", lambda: put("a", ConditionExpression="attribute_not_exists(k)"))
    aws.equal("pages are as long as asked", 5, lambda: sum(pages(db.scan, "Items", "ExclusiveStartKey", "LastEvaluatedKey", TableName="tab", Limit=2)))
    for at in range(3):
        a_table(db, f"more-{at}")
    aws.equal("lists of names have pages", [3, 1], lambda: pages(db.list_tables, "TableNames", "ExclusiveStartTableName", "LastEvaluatedTableName", Limit=3))
    ttl = lambda enabled, name: db.update_time_to_live(TableName="tab", TimeToLiveSpecification={"Enabled": enabled, "AttributeName": name})
    aws.refused("expiry that is off is not switched off", "ValidationException", lambda: ttl(False, "at"))
    ttl(True, "at")
    aws.refused("expiry that is on is not switched on", "ValidationException", lambda: ttl(True, "at"))
    db.update_table(TableName="tab", DeletionProtectionEnabled=True)
    until(state, "ACTIVE")
    aws.refused("a protected table stays", "ValidationException", lambda: db.delete_table(TableName="tab"))
    # Protection that was changed a moment ago is not changed at once.
    aws.becomes("protection is lifted", "ok", lambda: (db.update_table(TableName="tab", DeletionProtectionEnabled=False), "ok")[1])
    until(state, "ACTIVE")
    aws.equal("a table is being deleted for a while", "DELETING", lambda: db.delete_table(TableName="tab")["TableDescription"]["TableStatus"])
    aws.refused("it is not deleted twice", "ResourceInUseException", lambda: db.delete_table(TableName="tab"))
    aws.becomes("it goes", "ResourceNotFoundException", state)
    aws.refused("another region has none of it", "ResourceNotFoundException", lambda: aws.client("dynamodb", THERE).describe_table(TableName="more-0"))


def global_tables(aws):
    db, there = aws.client("dynamodb"), aws.client("dynamodb", THERE)
    a_table(db)
    state = lambda client=db: client.describe_table(TableName="tab")["Table"]["TableStatus"]
    until(state, "ACTIVE")
    replicate = lambda region, verb="Create": db.update_table(TableName="tab", ReplicaUpdates=[{verb: {"RegionName": region}}])
    aws.refused("a table is no replica of itself", "ValidationException", lambda: replicate(HERE))
    aws.refused("a replica that is not there does not go", ("ReplicaNotFoundException", "ValidationException"), lambda: replicate(FAR, "Delete"))
    replicate(THERE)
    aws.refused("one replica comes at a time", "ResourceInUseException", lambda: replicate(FAR))
    shown = lambda: {each["RegionName"]: each["ReplicaStatus"] for each in db.describe_table(TableName="tab")["Table"].get("Replicas", [])}
    aws.becomes("a replica becomes active", "ACTIVE", lambda: shown().get(THERE))
    aws.becomes("and a table of its region", "ACTIVE", lambda: state(there))
    aws.equal("items have a stream now", "NEW_AND_OLD_IMAGES", lambda: db.describe_table(TableName="tab")["Table"]["StreamSpecification"]["StreamViewType"])
    until(state, "ACTIVE")
    aws.refused("a replica comes once", "ValidationException", lambda: replicate(THERE))
    db.put_item(TableName="tab", Item={"k": {"S": "a"}})
    aws.becomes("items go over", {"k": {"S": "a"}}, lambda: there.get_item(TableName="tab", Key={"k": {"S": "a"}}).get("Item"))
    aws.refused("a table with replicas stays", ("ValidationException", "ResourceInUseException"), lambda: db.delete_table(TableName="tab"))
    aws.refused("its stream stays", "ValidationException", lambda: db.update_table(TableName="tab", StreamSpecification={"StreamEnabled": False}))
    replicate(THERE, "Delete")
    aws.becomes("a replica goes", None, lambda: shown().get(THERE))
    aws.becomes("with its table", "ResourceNotFoundException", lambda: state(there))


def databases(aws):
    rds, ec2 = aws.client("rds"), aws.client("ec2")
    vpc = a_vpc(ec2)
    subnets = [a_subnet(ec2, vpc, f"10.0.{at}.0/24", f"{HERE}{zone}") for at, zone in enumerate("ab")]
    group = lambda name="main", ids=None: rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=ids or subnets)
    aws.equal("names are lower-cased", "main", lambda: group("Main")["DBSubnetGroup"]["DBSubnetGroupName"])
    aws.refused("a name is taken once", "DBSubnetGroupAlreadyExists", group)
    aws.refused("a group spans two zones", "DBSubnetGroupDoesNotCoverEnoughAZs", lambda: group("one", subnets[:1]))
    aws.refused("default is AWS's", "InvalidParameterValue", lambda: group("default"))
    create = lambda name="db", **more: rds.create_db_instance(DBInstanceIdentifier=name, **{
        "Engine": "postgres", "DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20, "MasterUsername": "globe", "MasterUserPassword": "not-a-secret-1",
        "DBSubnetGroupName": "main", **more})["DBInstance"]
    for name in ("1db", "db-", "d--b", "d" * 64):
        aws.refused(f"{name} is no name", "InvalidParameterValue", lambda name=name: create(name))
    aws.refused("a password has eight characters", "InvalidParameterValue", lambda: create(MasterUserPassword="short"))
    aws.refused("a password has no slash", "InvalidParameterValue", lambda: create(MasterUserPassword="a/b@c\"d e"))
    aws.refused("storage has a least", ("InvalidParameterValue", "InvalidParameterCombination"), lambda: create(AllocatedStorage=1))
    aws.refused("a group is there", "DBSubnetGroupNotFoundFault", lambda: create(DBSubnetGroupName="none"), 404)
    aws.refused("an engine is known", "InvalidParameterValue", lambda: create(Engine="oracle-of-delphi"))
    made = create(DeletionProtection=True)
    state = lambda name="db": rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["DBInstanceStatus"]
    aws.equal("an instance is being created at first", "creating", lambda: made["DBInstanceStatus"])
    aws.refused("its name is taken", "DBInstanceAlreadyExists", create)
    aws.refused("it cannot be changed yet", "InvalidDBInstanceState", lambda: rds.modify_db_instance(DBInstanceIdentifier="db", BackupRetentionPeriod=2, ApplyImmediately=True))
    aws.becomes("it is available later", "available", state)
    aws.refused("a protected one stays", "InvalidParameterCombination", lambda: rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True))
    rds.modify_db_instance(DBInstanceIdentifier="db", DeletionProtection=False, ApplyImmediately=True)
    aws.refused("a delete says what becomes of the data", "InvalidParameterCombination", lambda: rds.delete_db_instance(DBInstanceIdentifier="db"))
    aws.refused("a group in use stays", "InvalidDBSubnetGroupStateFault", lambda: rds.delete_db_subnet_group(DBSubnetGroupName="main"))
    aws.refused("an unknown one is not found", "DBInstanceNotFound", lambda: state("none"), 404)
    aws.refused("pages have at least twenty rows", "InvalidParameterValue", lambda: rds.describe_db_instances(MaxRecords=5))
    rds.delete_db_instance(DBInstanceIdentifier="db", FinalDBSnapshotIdentifier="last")
    aws.becomes("it goes", "DBInstanceNotFound", state)
    aws.equal("the last snapshot stays", ["last"], lambda: [each["DBSnapshotIdentifier"] for each in rds.describe_db_snapshots()["DBSnapshots"]])
    aws.works("a free group goes", lambda: rds.delete_db_subnet_group(DBSubnetGroupName="main"))


def caches(aws):
    cache = aws.client("elasticache")
    create = lambda name="web", **more: cache.create_replication_group(ReplicationGroupId=name, ReplicationGroupDescription="d", **{
        "Engine": "valkey", "CacheNodeType": "cache.t4g.micro", "NumCacheClusters": 2, "AutomaticFailoverEnabled": True, **more})["ReplicationGroup"]
    aws.equal("a group is being created at first", "creating", lambda: create()["Status"])
    aws.refused("its name is taken", "ReplicationGroupAlreadyExists", create)
    aws.refused("a name is short", "InvalidParameterValue", lambda: create("w" * 41))
    aws.refused("failover needs a second node", ("InvalidParameterValue", "InvalidParameterCombination"), lambda: create("one", NumCacheClusters=1))
    state = lambda: cache.describe_replication_groups(ReplicationGroupId="web")["ReplicationGroups"][0]["Status"]
    aws.refused("it cannot be changed yet", "InvalidReplicationGroupState", lambda: cache.modify_replication_group(ReplicationGroupId="web", ReplicationGroupDescription="x", ApplyImmediately=True))
    aws.becomes("it is available later", "available", state)
    aws.refused("an unknown one is not found", "ReplicationGroupNotFoundFault", lambda: cache.describe_replication_groups(ReplicationGroupId="none"), 404)
    aws.refused("an unknown subnet group is not found", "CacheSubnetGroupNotFoundFault", lambda: cache.describe_cache_subnet_groups(CacheSubnetGroupName="none"), None)
    cache.delete_replication_group(ReplicationGroupId="web")
    aws.becomes("it goes", "ReplicationGroupNotFoundFault", state)


CHAPTERS = [tables, global_tables, databases, caches]
