use serde_json::json;

use crate::client::Client;

#[tokio::test(start_paused = true)]
async fn a_group_takes_along_what_hangs_on_it_unless_it_is_protected() {
    let client = Client::new();
    let group = json!({"logGroupName": "g", "deletionProtectionEnabled": true});
    client.json("logs", "CreateLogGroup", group.clone()).await.expect("a group");
    assert_eq!(client.json("logs", "CreateLogGroup", group).await, Err("ResourceAlreadyExistsException".into()));
    client.json("logs", "CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"})).await.expect("a stream");
    let name = json!({"logGroupName": "g"});
    assert_eq!(client.json("logs", "DeleteLogGroup", name.clone()).await, Err("ValidationException".into()));
    let open = json!({"logGroupIdentifier": "g", "deletionProtectionEnabled": false});
    client.json("logs", "PutLogGroupDeletionProtection", open).await.expect("open");
    client.json("logs", "DeleteLogGroup", name.clone()).await.expect("deleted");
    client.json("logs", "CreateLogGroup", name.clone()).await.expect("a new group");
    let streams = client.json("logs", "DescribeLogStreams", name).await.expect("a list");
    assert_eq!(streams["logStreams"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn retention_is_one_of_the_published_spans_and_lists_come_in_pages() {
    let client = Client::new();
    for name in ["a/1", "a/2", "a/3", "b"] {
        client.json("logs", "CreateLogGroup", json!({"logGroupName": name})).await.expect("a group");
    }
    let retain = |days: u32| json!({"logGroupName": "b", "retentionInDays": days});
    client.json("logs", "PutRetentionPolicy", retain(14)).await.expect("retained");
    assert_eq!(client.json("logs", "PutRetentionPolicy", retain(15)).await, Err("InvalidParameterException".into()));
    let first = client
        .json("logs", "DescribeLogGroups", json!({"logGroupNamePrefix": "a/", "limit": 2}))
        .await
        .expect("a page");
    assert_eq!(first["logGroups"].as_array().map(Vec::len), Some(2));
    let rest = json!({"logGroupNamePrefix": "a/", "limit": 2, "nextToken": first["nextToken"]});
    let rest = client.json("logs", "DescribeLogGroups", rest).await.expect("a page");
    assert_eq!(rest["logGroups"][0]["logGroupName"], "a/3");
    assert_eq!(rest.get("nextToken"), None);
}
