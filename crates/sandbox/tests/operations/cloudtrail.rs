use serde_json::{Value, json};

use crate::client::Client;

async fn call(client: &Client, action: &str, input: Value) -> Result<Value, String> {
    client.json("cloudtrail", action, input).await
}

/// The policy that AWS documents, for one trail.
fn policy(trail: &str) -> String {
    let source = format!("arn:aws:cloudtrail:us-east-1:123456789012:trail/{trail}");
    let statement = |action: &str, resource: &str| {
        json!({"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": action,
            "Resource": resource, "Condition": {"StringEquals": {"aws:SourceArn": source}}})
    };
    let all = [
        statement("s3:GetBucketAcl", "arn:aws:s3:::globe-logs"),
        statement("s3:PutObject", "arn:aws:s3:::globe-logs/AWSLogs/123456789012/*"),
    ];
    json!({"Version": "2012-10-17", "Statement": all}).to_string()
}

#[tokio::test(start_paused = true)]
async fn the_bucket_must_let_the_trail_write() {
    let client = Client::new();
    let create = json!({"Name": "trail", "S3BucketName": "globe-logs", "IsMultiRegionTrail": true});
    assert_eq!(call(&client, "CreateTrail", create.clone()).await, Err("S3BucketDoesNotExistException".into()));
    client.send("s3", &[], "/globe-logs", "PUT", String::new()).await;
    for text in [None, Some(policy("another"))] {
        if let Some(text) = text {
            client.send("s3", &[], "/globe-logs?policy", "PUT", text).await;
        }
        let refused = call(&client, "CreateTrail", create.clone()).await;
        assert_eq!(refused, Err("InsufficientS3BucketPolicyException".into()));
    }
    client.send("s3", &[], "/globe-logs?policy", "PUT", policy("trail")).await;
    call(&client, "CreateTrail", create.clone()).await.expect("a trail");
    assert_eq!(call(&client, "CreateTrail", create).await, Err("TrailAlreadyExistsException".into()));

    let name = json!({"Name": "trail"});
    let status = call(&client, "GetTrailStatus", name.clone()).await.expect("a status");
    assert_eq!(status["IsLogging"], false, "a new trail does not log");
    let away = client.from("eu-central-1");
    assert_eq!(call(&away, "StartLogging", name.clone()).await, Err("InvalidHomeRegionException".into()));
    for (shadows, count) in [(true, 1), (false, 0)] {
        let list = call(&away, "DescribeTrails", json!({"includeShadowTrails": shadows})).await.expect("trails");
        assert_eq!(list["trailList"].as_array().map(Vec::len), Some(count));
    }
    call(&client, "DeleteTrail", name.clone()).await.expect("deleted");
    assert_eq!(call(&client, "GetTrail", name).await, Err("TrailNotFoundException".into()));
}
