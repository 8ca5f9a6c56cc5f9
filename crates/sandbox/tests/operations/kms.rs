use serde_json::{Value, json};

use crate::client::{Client, DAY, pass};

async fn state(client: &Client, id: &str) -> Result<String, String> {
    let answer = client.json("kms", "DescribeKey", json!({"KeyId": id})).await?;
    Ok(answer["KeyMetadata"]["KeyState"].as_str().expect("a state").to_owned())
}

async fn create(client: &Client, input: Value) -> String {
    let answer = client.json("kms", "CreateKey", input).await.expect("a key");
    answer["KeyMetadata"]["KeyId"].as_str().expect("an id").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_primary_waits_for_its_last_replica_and_then_its_own_window() {
    let home = Client::new();
    let away = home.from("eu-central-1");
    let id = create(&home, json!({"MultiRegion": true})).await;
    let replicate = json!({"KeyId": id, "ReplicaRegion": "eu-central-1"});
    home.json("kms", "ReplicateKey", replicate.clone()).await.expect("a replica");
    assert_eq!(state(&away, &id).await.as_deref(), Ok("Creating"));
    assert_eq!(home.json("kms", "ReplicateKey", replicate).await, Err("AlreadyExistsException".into()));
    pass(11).await;
    assert_eq!(state(&away, &id).await.as_deref(), Ok("Enabled"));

    let end = json!({"KeyId": id, "PendingWindowInDays": 7});
    let answer = home.json("kms", "ScheduleKeyDeletion", end.clone()).await.expect("scheduled");
    assert_eq!((&answer["KeyState"], &answer["DeletionDate"]), (&json!("PendingReplicaDeletion"), &Value::Null));
    pass(8 * DAY).await;
    assert_eq!(state(&home, &id).await.as_deref(), Ok("PendingReplicaDeletion"), "its replica still lives");

    away.json("kms", "ScheduleKeyDeletion", end).await.expect("scheduled");
    pass(7 * DAY + 1).await;
    assert_eq!(state(&away, &id).await, Err("NotFoundException".into()));
    assert_eq!(state(&home, &id).await.as_deref(), Ok("PendingDeletion"), "its own window begins now");
    pass(7 * DAY).await;
    assert_eq!(state(&home, &id).await, Err("NotFoundException".into()));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_deletion_leaves_the_key_disabled_and_there_for_good() {
    let client = Client::new();
    let id = create(&client, json!({})).await;
    let key = json!({"KeyId": id});
    client.json("kms", "ScheduleKeyDeletion", key.clone()).await.expect("scheduled");
    assert_eq!(client.json("kms", "EnableKey", key.clone()).await, Err("KMSInvalidStateException".into()));
    client.json("kms", "CancelKeyDeletion", key.clone()).await.expect("cancelled");
    pass(40 * DAY).await;
    assert_eq!(state(&client, &id).await.as_deref(), Ok("Disabled"));
    assert_eq!(client.json("kms", "CancelKeyDeletion", key).await, Err("KMSInvalidStateException".into()));
}

#[tokio::test(start_paused = true)]
async fn an_alias_blocks_its_name_until_its_key_is_gone() {
    let client = Client::new();
    let (old, new) = (create(&client, json!({})).await, create(&client, json!({})).await);
    let alias = |key: &str| json!({"AliasName": "alias/a", "TargetKeyId": key});
    client.json("kms", "CreateAlias", alias(&old)).await.expect("an alias");
    client
        .json("kms", "ScheduleKeyDeletion", json!({"KeyId": old, "PendingWindowInDays": 7}))
        .await
        .expect("scheduled");
    assert_eq!(client.json("kms", "CreateAlias", alias(&new)).await, Err("AlreadyExistsException".into()));
    pass(7 * DAY + 1).await;
    client.json("kms", "CreateAlias", alias(&new)).await.expect("the name is free");
    assert_eq!(state(&client, "alias/a").await.as_deref(), Ok("Enabled"));
    let writes = client.json("kms", "ScheduleKeyDeletion", json!({"KeyId": "alias/a"})).await;
    assert_eq!(writes, Err("NotFoundException".into()), "only reads take an alias");
}

#[tokio::test(start_paused = true)]
async fn ciphertext_crosses_regions_only_with_a_multi_region_key() {
    let home = Client::new();
    let away = home.from("us-west-2");
    for (multi, expected) in [(false, false), (true, true)] {
        let id = create(&home, json!({"MultiRegion": multi})).await;
        if multi {
            home.json("kms", "ReplicateKey", json!({"KeyId": id, "ReplicaRegion": "us-west-2"}))
                .await
                .expect("a replica");
            pass(11).await;
        }
        let sealed = home.json("kms", "Encrypt", json!({"KeyId": id, "Plaintext": "aGk="})).await.expect("sealed");
        let opened = away.json("kms", "Decrypt", json!({"CiphertextBlob": sealed["CiphertextBlob"]})).await;
        assert_eq!(opened.is_ok_and(|opened| opened["Plaintext"] == "aGk="), expected, "multi-region: {multi}");
    }
}
