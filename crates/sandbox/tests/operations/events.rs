use serde_json::{Value, json};

use crate::client::{Client, pass};

async fn call(client: &Client, action: &str, input: Value) -> Result<Value, String> {
    client.json("events", action, input).await
}

#[tokio::test(start_paused = true)]
async fn targets_hold_rules_and_rules_hold_buses() {
    let client = Client::new();
    let bus = call(&client, "CreateEventBus", json!({"Name": "b"})).await.expect("a bus");
    let rule = json!({"Name": "r", "EventBusName": "b", "EventPattern": "{\"source\":[\"x\"]}", "Description": "d"});
    call(&client, "PutRule", rule).await.expect("a rule");
    let target = json!([{"Id": "1", "Arn": "arn:aws:sns:us-east-1:123456789012:t"}]);
    call(&client, "PutTargets", json!({"Rule": "r", "EventBusName": "b", "Targets": target})).await.expect("a target");
    call(&client, "CreateArchive", json!({"ArchiveName": "a", "EventSourceArn": bus["EventBusArn"]}))
        .await
        .expect("an archive");

    let name = json!({"Name": "r", "EventBusName": "b"});
    assert_eq!(call(&client, "DeleteRule", name.clone()).await, Err("ValidationException".into()));
    call(&client, "RemoveTargets", json!({"Rule": "r", "EventBusName": "b", "Ids": ["1"]})).await.expect("removed");
    call(&client, "DeleteRule", name.clone()).await.expect("deleted");
    call(&client, "DeleteRule", name).await.expect("deleted again");
    let bus = json!({"Name": "b"});
    call(&client, "DeleteArchive", json!({"ArchiveName": "a"})).await.expect("deleted");
    assert_eq!(
        call(&client, "DeleteEventBus", bus.clone()).await,
        Err("ValidationException".into()),
        "the managed rule"
    );
    pass(3).await;
    call(&client, "DeleteEventBus", bus.clone()).await.expect("deleted");
    call(&client, "DeleteEventBus", bus).await.expect("deleted again");
}

#[tokio::test(start_paused = true)]
async fn a_repeated_put_forgets_what_is_left_out_and_ignores_tags() {
    let client = Client::new();
    let tags = |value: &str| json!([{"Key": "a", "Value": value}]);
    let rule = json!({"Name": "r", "ScheduleExpression": "rate(1 day)", "Description": "d", "Tags": tags("1")});
    let first = call(&client, "PutRule", rule).await.expect("a rule");
    let again = json!({"Name": "r", "ScheduleExpression": "rate(2 days)", "Tags": tags("2")});
    assert_eq!(call(&client, "PutRule", again).await, Ok(first.clone()));
    let shown = call(&client, "DescribeRule", json!({"Name": "r"})).await.expect("a rule");
    assert_eq!(shown.get("Description"), None);
    let kept = call(&client, "ListTagsForResource", json!({"ResourceARN": first["RuleArn"]})).await.expect("tags");
    assert_eq!(kept["Tags"], tags("1"));
    let elsewhere = call(&client.from("us-west-2"), "DescribeRule", json!({"Name": "r"})).await;
    assert_eq!(elsewhere, Err("ResourceNotFoundException".into()));
}
