use serde_json::{Value, json};

use crate::client::{Client, DAY, pass};

async fn call(client: &Client, action: &str, input: Value) -> Result<Value, String> {
    client.json("secretsmanager", action, input).await
}

#[tokio::test(start_paused = true)]
async fn the_token_makes_a_create_repeatable_with_the_same_value_only() {
    let client = Client::new();
    let token = "0123456789abcdef0123456789abcdef";
    let create = |value: &str| json!({"Name": "a", "SecretString": value, "ClientRequestToken": token});
    let first = call(&client, "CreateSecret", create("x")).await.expect("a secret");
    assert_eq!(call(&client, "CreateSecret", create("x")).await, Ok(first.clone()));
    assert_eq!(call(&client, "CreateSecret", create("y")).await, Err("ResourceExistsException".into()));
    let versions = call(&client, "ListSecretVersionIds", json!({"SecretId": "a"})).await.expect("versions");
    assert_eq!(versions["Versions"].as_array().map(Vec::len), Some(1));
    let empty = json!({"Name": "b", "ClientRequestToken": token});
    call(&client, "CreateSecret", empty.clone()).await.expect("a secret without a value");
    assert_eq!(call(&client, "CreateSecret", empty).await, Err("ResourceExistsException".into()), "no value, no token");
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_through_the_recovery_window() {
    let client = Client::new();
    let create = json!({"Name": "a", "SecretString": "x"});
    call(&client, "CreateSecret", create.clone()).await.expect("a secret");
    call(&client, "DeleteSecret", json!({"SecretId": "a", "RecoveryWindowInDays": 7})).await.expect("scheduled");
    let read = call(&client, "GetSecretValue", json!({"SecretId": "a"})).await;
    assert_eq!(read, Err("InvalidRequestException".into()));
    assert_eq!(call(&client, "ListSecrets", json!({})).await.expect("a list")["SecretList"], json!([]));
    pass(6 * DAY).await;
    assert_eq!(call(&client, "CreateSecret", create.clone()).await, Err("InvalidRequestException".into()));
    call(&client, "RestoreSecret", json!({"SecretId": "a"})).await.expect("restored");
    pass(2 * DAY).await;
    call(&client, "GetSecretValue", json!({"SecretId": "a"})).await.expect("the value is there");
    call(&client, "DeleteSecret", json!({"SecretId": "a", "RecoveryWindowInDays": 7})).await.expect("scheduled");
    pass(7 * DAY + 1).await;
    call(&client, "CreateSecret", create).await.expect("the name is free");
}

#[tokio::test(start_paused = true)]
async fn replicas_follow_fail_and_hold_their_primary() {
    let home = Client::new();
    let (away, blocked) = (home.from("us-west-2"), home.from("eu-central-1"));
    call(&blocked, "CreateSecret", json!({"Name": "a", "SecretString": "other"})).await.expect("a secret");
    let regions = json!([{"Region": "us-west-2"}, {"Region": "eu-central-1"}]);
    let create = json!({"Name": "a", "SecretString": "x", "AddReplicaRegions": regions});
    call(&home, "CreateSecret", create).await.expect("the call itself succeeds");
    pass(5).await;
    let status = call(&home, "DescribeSecret", json!({"SecretId": "a"})).await.expect("a description");
    let of = |region: &str| {
        let rows = status["ReplicationStatus"].as_array().expect("rows");
        rows.iter().find(|row| row["Region"] == region).expect("the region")["Status"].clone()
    };
    assert_eq!((of("us-west-2"), of("eu-central-1")), (json!("InSync"), json!("Failed")));

    call(&home, "PutSecretValue", json!({"SecretId": "a", "SecretString": "y"})).await.expect("a version");
    let value = call(&away, "GetSecretValue", json!({"SecretId": "a"})).await.expect("a value");
    assert_eq!(value["SecretString"], "y");
    let write = call(&away, "PutSecretValue", json!({"SecretId": "a", "SecretString": "z"})).await;
    assert_eq!(write, Err("InvalidRequestException".into()));
    assert_eq!(call(&home, "DeleteSecret", json!({"SecretId": "a"})).await, Err("InvalidRequestException".into()));
    let all = json!({"SecretId": "a", "RemoveReplicaRegions": ["us-west-2", "eu-central-1"]});
    call(&home, "RemoveRegionsFromReplication", all).await.expect("removed");
    assert_eq!(call(&away, "DescribeSecret", json!({"SecretId": "a"})).await, Err("ResourceNotFoundException".into()));
    let other = call(&blocked, "GetSecretValue", json!({"SecretId": "a"})).await.expect("somebody else's stays");
    assert_eq!(other["SecretString"], "other");
    call(&home, "DeleteSecret", json!({"SecretId": "a"})).await.expect("scheduled");
}
