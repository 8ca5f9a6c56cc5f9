//! Policies of DynamoDB tables.

use serde_json::{Value, json};

use super::{Aws, HOME};

const ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/items";
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

async fn call(aws: &Aws, action: &str, input: Value) -> Value {
    let answer = aws.send("dynamodb", HOME, Some(&format!("DynamoDB_20120810.{action}")), &input.to_string()).await;
    serde_json::from_str(&answer).expect("JSON")
}

#[tokio::test(start_paused = true)]
async fn a_policy_has_revisions_and_holds_its_table_for_a_moment() {
    let aws = Aws::new();
    let table = json!({
        "TableName": "items", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]});
    call(&aws, "CreateTable", table).await;
    aws.pass(10).await;
    let named = json!({"ResourceArn": ARN});
    assert_eq!(call(&aws, "GetResourcePolicy", named.clone()).await["__type"], "PolicyNotFoundException");
    let put =
        |policy: &str, expected: &Value| json!({"ResourceArn": ARN, "Policy": policy, "ExpectedRevisionId": expected});
    let first = call(&aws, "PutResourcePolicy", put(POLICY, &"NO_POLICY".into())).await["RevisionId"].clone();
    let stale = call(&aws, "PutResourcePolicy", put(POLICY, &"NO_POLICY".into())).await;
    assert_eq!(stale["__type"], "PolicyNotFoundException");
    let other = POLICY.replace("[]", r#"[{"Effect":"Deny"}]"#);
    let second = call(&aws, "PutResourcePolicy", put(&other, &first)).await["RevisionId"].clone();
    assert_ne!(first, second);
    let live = call(&aws, "GetResourcePolicy", named.clone()).await;
    assert_eq!((&live["Policy"], &live["RevisionId"]), (&Value::from(other), &second));
    let busy = call(&aws, "DeleteTable", json!({"TableName": "items"})).await;
    assert_eq!(busy["__type"], "ResourceInUseException");
    assert_eq!(call(&aws, "DeleteResourcePolicy", named.clone()).await["RevisionId"], second);
    assert_eq!(call(&aws, "DeleteResourcePolicy", named).await, json!({}), "twice is fine");
    aws.pass(3).await;
    assert_eq!(
        call(&aws, "DeleteTable", json!({"TableName": "items"})).await["TableDescription"]["TableStatus"],
        "DELETING"
    );
    let wrong = json!({"ResourceArn": ARN, "Policy": "no document"});
    assert_eq!(call(&aws, "PutResourcePolicy", wrong).await["__type"], "ResourceNotFoundException", "the table goes");
}
