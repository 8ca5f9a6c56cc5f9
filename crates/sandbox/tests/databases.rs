//! RDS and ElastiCache through the wire: states over time, conflicts, and what crosses regions.

use std::time::Duration;

use bytes::Bytes;
use globe_sandbox::{Options, Sandbox};
use http::Request;

const NEW: &str = "Action=CreateDBInstance&DBInstanceIdentifier=Main&DBInstanceClass=db.t4g.micro&Engine=postgres\
                   &EngineVersion=16&AllocatedStorage=100&MasterUsername=globe&MasterUserPassword=12345678\
                   &Tags.Tag.1.Key=a&Tags.Tag.1.Value=b";

struct Aws(Sandbox);

impl Aws {
    fn new() -> Self {
        Self(Sandbox::open(Options::default()).expect("a sandbox in memory opens"))
    }

    async fn ask(&self, service: &str, region: &str, body: &str) -> String {
        let credential = format!("AWS4-HMAC-SHA256 Credential=123456789012/20261123/{region}/{service}/aws4_request");
        let request = Request::post("/").header("authorization", credential).body(Bytes::from(body.to_owned()));
        let answer = self.0.handle(request.expect("a request")).await.expect("nothing is lost");
        String::from_utf8_lossy(answer.body()).into_owned()
    }

    async fn rds(&self, body: &str) -> String {
        self.ask("rds", "eu-central-1", body).await
    }

    async fn status(&self) -> String {
        let answer = self.rds("Action=DescribeDBInstances&DBInstanceIdentifier=main").await;
        text(&answer, "DBInstanceStatus")
    }
}

/// The text of the first element of a name; empty if there is none.
fn text(answer: &str, element: &str) -> String {
    let after = answer.split(&format!("<{element}>")).nth(1).unwrap_or_default();
    after.split(&format!("</{element}>")).next().unwrap_or_default().to_owned()
}

async fn pass(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn an_instance_backs_up_before_it_is_available_and_reads_back_what_aws_chose() {
    let aws = Aws::new();
    let made = aws.rds(NEW).await;
    assert_eq!(text(&made, "DBInstanceIdentifier"), "main", "identifiers are lower-cased");
    assert!(made.contains("<TagList><Tag><Key>a</Key><Value>b</Value></Tag></TagList>"), "{made}");
    assert!(text(&made, "EngineVersion").starts_with("16."), "a short version reads back in full");
    assert_eq!(text(&made, "Endpoint"), "", "nothing answers yet");
    assert_eq!(text(&aws.rds(NEW).await, "Code"), "DBInstanceAlreadyExists");
    assert_eq!(
        text(&aws.rds("Action=DeleteDBInstance&DBInstanceIdentifier=main&SkipFinalSnapshot=true").await, "Code"),
        "InvalidDBInstanceState"
    );
    pass(400).await;
    assert_eq!(aws.status().await, "backing-up");
    pass(100).await;
    assert_eq!(aws.status().await, "available");
}

#[tokio::test(start_paused = true)]
async fn a_change_waits_for_the_window_and_an_immediate_one_takes_it_along() {
    let aws = Aws::new();
    aws.rds(NEW).await;
    pass(500).await;
    let wait = aws.rds("Action=ModifyDBInstance&DBInstanceIdentifier=main&DBInstanceClass=db.r7g.large").await;
    assert!(text(&wait, "PendingModifiedValues").contains("db.r7g.large"), "{wait}");
    pass(1000).await;
    let still = aws.rds("Action=DescribeDBInstances").await;
    assert!(still.contains("<DBInstanceClass>db.t4g.micro</DBInstanceClass>"), "the old value shows: {still}");
    aws.rds("Action=ModifyDBInstance&DBInstanceIdentifier=main&AllocatedStorage=105&ApplyImmediately=true").await;
    assert_eq!(aws.status().await, "available", "the status follows a little later");
    pass(20).await;
    assert_eq!(aws.status().await, "modifying");
    pass(700).await;
    let done = aws.rds("Action=DescribeDBInstances").await;
    assert_eq!(text(&done, "PendingModifiedValues"), "");
    assert_eq!(text(&done, "DBInstanceClass"), "db.r7g.large");
    assert_eq!(text(&done, "AllocatedStorage"), "110", "less than 10 % more becomes 10 %");
    let again = "Action=ModifyDBInstance&DBInstanceIdentifier=main&AllocatedStorage=200&ApplyImmediately=true";
    assert_eq!(text(&aws.rds(again).await, "Code"), "InvalidParameterCombination", "storage rests for hours");
}

#[tokio::test(start_paused = true)]
async fn a_replica_in_another_region_holds_its_source_until_the_snapshot_is_taken() {
    let aws = Aws::new();
    aws.rds(NEW).await;
    pass(500).await;
    let replica = "Action=CreateDBInstanceReadReplica&DBInstanceIdentifier=copy\
                   &SourceDBInstanceIdentifier=arn:aws:rds:eu-central-1:123456789012:db:main";
    let made = aws.ask("rds", "us-east-1", replica).await;
    assert_eq!(text(&made, "DBInstanceArn"), "arn:aws:rds:us-east-1:123456789012:db:copy");
    assert_eq!(text(&made, "BackupRetentionPeriod"), "0");
    let change = "Action=ModifyDBInstance&DBInstanceIdentifier=main&DeletionProtection=true";
    assert_eq!(text(&aws.rds(change).await, "Code"), "InvalidDBInstanceState");
    let source = aws.rds("Action=DescribeDBInstances").await;
    assert_eq!(
        text(&source, "ReadReplicaDBInstanceIdentifier"),
        "arn:aws:rds:us-east-1:123456789012:db:copy",
        "{source}"
    );
    pass(1300).await;
    let read = "Action=DescribeDBInstances&DBInstanceIdentifier=copy";
    assert_eq!(text(&aws.ask("rds", "us-east-1", read).await, "Status"), "replicating");
    aws.ask("rds", "us-east-1", "Action=PromoteReadReplica&DBInstanceIdentifier=copy").await;
    assert_eq!(text(&aws.ask("rds", "us-east-1", read).await, "DBInstanceStatus"), "available", "at first");
    pass(310).await;
    let promoted = aws.ask("rds", "us-east-1", read).await;
    assert_eq!(text(&promoted, "ReadReplicaSourceDBInstanceIdentifier"), "");
    assert_eq!(text(&promoted, "BackupRetentionPeriod"), "1");
}

#[tokio::test(start_paused = true)]
async fn a_managed_password_forbids_replicas() {
    let aws = Aws::new();
    aws.rds(&NEW.replace("MasterUserPassword=12345678", "ManageMasterUserPassword=true")).await;
    pass(500).await;
    let replica = "Action=CreateDBInstanceReadReplica&DBInstanceIdentifier=copy&SourceDBInstanceIdentifier=main";
    assert_eq!(text(&aws.rds(replica).await, "Code"), "InvalidParameterCombination");
}

#[tokio::test(start_paused = true)]
async fn a_static_parameter_waits_for_a_reboot() {
    let aws = Aws::new();
    aws.rds("Action=CreateDBParameterGroup&DBParameterGroupName=p&DBParameterGroupFamily=postgres16&Description=d")
        .await;
    aws.rds(&format!("{NEW}&DBParameterGroupName=p")).await;
    pass(500).await;
    let set = "Action=ModifyDBParameterGroup&DBParameterGroupName=p&Parameters.Parameter.1.ParameterName=max_connections\
               &Parameters.Parameter.1.ParameterValue=9&Parameters.Parameter.1.ApplyMethod=";
    assert_eq!(text(&aws.rds(&format!("{set}immediate")).await, "Code"), "InvalidParameterCombination");
    aws.rds(&format!("{set}pending-reboot")).await;
    pass(60).await;
    let apply = |answer: String| text(&answer, "ParameterApplyStatus");
    assert_eq!(apply(aws.rds("Action=DescribeDBInstances").await), "pending-reboot");
    aws.rds("Action=RebootDBInstance&DBInstanceIdentifier=main").await;
    pass(100).await;
    assert_eq!(apply(aws.rds("Action=DescribeDBInstances").await), "in-sync");
    let delete = "Action=DeleteDBParameterGroup&DBParameterGroupName=p";
    assert_eq!(text(&aws.rds(delete).await, "Code"), "InvalidDBParameterGroupState", "in use");
}

#[tokio::test(start_paused = true)]
async fn a_replication_group_takes_one_change_at_a_time() {
    let aws = Aws::new();
    let ask = async |body: &str| aws.ask("elasticache", "eu-central-1", body).await;
    let made =
        ask("Action=CreateReplicationGroup&ReplicationGroupId=cache&ReplicationGroupDescription=d&Engine=valkey\
                    &EngineVersion=8.0&NumCacheClusters=2&AutomaticFailoverEnabled=true")
        .await;
    assert_eq!(text(&made, "AtRestEncryptionEnabled"), "true", "Valkey encrypts at rest unless told otherwise");
    let arn = text(&made, "ARN");
    let tags = format!("Action=ListTagsForResource&ResourceName={arn}");
    assert_eq!(text(&ask(&tags).await, "Code"), "InvalidReplicationGroupState", "no tags before it is available");
    pass(430).await;
    assert_eq!(text(&ask("Action=DescribeReplicationGroups").await, "Status"), "available");
    let more = "Action=IncreaseReplicaCount&ReplicationGroupId=cache&NewReplicaCount=2&ApplyImmediately=true";
    ask(more).await;
    assert_eq!(text(&ask(more).await, "Code"), "InvalidReplicationGroupState");
    pass(60).await;
    assert_eq!(text(&ask("Action=DescribeReplicationGroups").await, "Status"), "modifying");
    pass(400).await;
    let clusters = ask("Action=DescribeCacheClusters").await;
    assert_eq!(clusters.matches("<CacheCluster>").count(), 3);
    assert_eq!(text(&clusters, "EngineVersion"), "8.0.0");
    let fewer = "Action=DecreaseReplicaCount&ReplicationGroupId=cache&NewReplicaCount=0&ApplyImmediately=true";
    assert_eq!(text(&ask(fewer).await, "Code"), "InvalidParameterCombination", "failover needs a replica");
}
